//! Transcripts of a group: generations, zombies, and what a refused mark does and does not prevent.

mod support;

use semel_models::observation::Observation;
use semel_models::vocabulary::Topology;
use semel_sim::net::Transport;
use semel_sim::time::Span;
use support::{Stage, read};

const GROUP: &str = r#"(
    promise: [],
    publish: (retry: Backoff(timeout: "100ms", delay_min: "20ms", jitter: 0)),
    work: Loop(
        mark: After,
        reset: Earliest,
        right: Group(session: "300ms", heartbeat: "100ms", initial_delay: "5ms", poll_interval: "2s"),
    ),
)"#;

fn two() -> Stage {
    let topology = Topology {
        partitions: 2,
        consumers: 2,
        ..Topology::default()
    };
    Stage {
        topology,
        records: 8,
        pace: Span::millis(40),
        ..Stage::default()
    }
}

#[test]
fn two_members_share_the_partitions_in_one_generation() {
    let run = two().run(GROUP);
    insta::assert_snapshot!(run.about(&["Join", "Granted", "Assigned"]));
    assert!((0..8).all(|record| run.effects(record) == 1));
}

/// The answer to a member's request is lost. It asks again, under the same number, and is told what it had been told:
/// nobody has to form a new generation for that.
#[test]
fn a_lost_answer_begins_no_new_generation() {
    let run = Stage {
        faults: vec![read("Drop(packet: Joined(), nth: 1)")],
        ..two()
    }
    .run(&GROUP.replace("mark: After,", "mark: After, fetch_timeout: \"100ms\","));
    insta::assert_snapshot!(run.about(&["Join", "Granted", "Assigned"]));
}

/// F045 with a pause: the zombie wakes up after its session, finishes what it had in hand, and its mark is refused.
#[test]
fn a_zombie_s_effect_stands_and_its_mark_is_refused() {
    let pause = r#"Pause(node: "consumer-0", after: Delivered(consumer: 0), down: "900ms")"#;
    let run = Stage {
        faults: vec![read(pause)],
        ..two()
    }
    .run(GROUP);
    insta::assert_snapshot!(run.about(&[
        "Pause",
        "back",
        "Granted",
        "Assigned",
        "accepted: false"
    ]));
    let refused = |seen: &&Observation| {
        matches!(
            seen,
            Observation::Progress {
                accepted: false,
                ..
            }
        )
    };
    assert!(
        run.seen.iter().any(|seen| refused(&seen)),
        "a stale mark is refused"
    );
    assert!(
        (0..8).any(|record| run.effects(record) == 2),
        "and its effect is not"
    );
}

/// A member that dies is out after a session; the survivor takes over and nothing is lost.
#[test]
fn a_dead_member_s_partitions_go_to_the_living() {
    let crash = r#"Crash(node: "consumer-1", at: "100ms", down: "5s")"#;
    let run = Stage {
        faults: vec![read(crash)],
        ..two()
    }
    .run(GROUP);
    insta::assert_snapshot!(run.about(&["Crash", "back", "Join", "Granted", "Assigned"]));
    assert!((0..8).all(|record| run.effects(record) >= 1));
}

/// Two members die, and one of them comes back while the other is still in its session. When that session ends, nobody
/// is missing any more, and the next generation begins: it does not wait out the poll interval for a member that is
/// gone.
#[test]
fn a_join_is_complete_when_the_member_it_waits_for_is_out() {
    let run = Stage {
        faults: vec![
            read(r#"Crash(node: "consumer-0", at: "100ms", down: "20ms")"#),
            read(r#"Crash(node: "consumer-1", at: "100ms", down: "5s")"#),
        ],
        ..two()
    }
    .run(GROUP);
    insta::assert_snapshot!(run.about(&["Crash", "back", "Join", "Granted", "Assigned"]));
    assert!((0..8).all(|record| run.effects(record) >= 1));
}

/// A member that handles a record for too long leaves while the others wait for it to join: they wait no longer.
#[test]
fn a_join_is_complete_when_the_member_it_waits_for_leaves() {
    let run = Stage {
        faults: vec![
            read(r#"Delay(packet: Applied(record: 1), by: Fixed("900ms"))"#),
            read(r#"Crash(node: "consumer-0", at: "100ms", down: "20ms")"#),
        ],
        ..two()
    }
    .run(&GROUP.replace("2s", "400ms"));
    insta::assert_snapshot!(run.about(&["Crash", "back", "Join", "Leave", "Granted", "Assigned"]));
    assert!((0..8).all(|record| run.effects(record) >= 1));
}

/// A member leaves because it handles a record for too long, and joins again when it is done. What it said when it left
/// comes only then. It is void: the member goes on, and its marks are accepted.
#[test]
fn a_late_word_of_leaving_does_not_remove_a_member_that_has_joined_again() {
    let run = Stage {
        transport: Transport::Datagram,
        records: 8,
        pace: Span::millis(40),
        faults: vec![
            read(r#"Delay(packet: Applied(record: 1), by: Fixed("300ms"))"#),
            read(r#"Delay(packet: Leave(), by: Fixed("200ms"))"#),
        ],
        ..Stage::default()
    }
    .run(&GROUP.replace("2s", "200ms"));
    insta::assert_snapshot!(run.about(&[
        "Join",
        "Leave",
        "Granted",
        "Assigned",
        "accepted: false"
    ]));
    assert!((0..8).all(|record| run.effects(record) >= 1));
}

#[test]
fn a_group_survives_the_crash_of_its_coordinator() {
    let crash = r#"Crash(node: "broker-0", at: "150ms", down: "200ms")"#;
    let run = Stage {
        faults: vec![read(crash)],
        ..two()
    }
    .run(GROUP);
    assert!((0..8).all(|record| run.effects(record) >= 1));
}
