//! Consumers that remember, and consumers that meet poison.

use semel_models::observation::Observation;
use semel_sim::world::End;

use crate::support::{Stage, Transcript};
use crate::{effects, stage, with_work};

const STORY: [&str; 8] = [
    "Delivered",
    "Applied {",
    "Handled",
    "Recognised",
    "Crash",
    "back",
    "Assigned",
    "Kept",
];

/// A record that is in the log twice is handled once, as long as its consumer remembers.
#[test]
fn a_consumer_that_remembers_handles_a_duplicate_once() {
    let lost = "Drop(packet: Ack(record: 0, attempt: 1))";
    for (memory, expected) in [("None", 2), ("Volatile()", 1), ("Durable()", 1)] {
        let work = format!("mark: After, recognise: {memory}");
        let run = stage(1, &[lost]).run(&with_work("", &work, ""));
        assert_eq!(effects(&run, 1), [expected], "{memory}");
    }
    let run = stage(1, &[lost]).run(&with_work("", "mark: After, recognise: Volatile()", ""));
    insta::assert_snapshot!(run.about(&STORY));
}

/// F040: the consumer dies before its mark. What it remembered in memory died with it; what is on disk is still known.
#[test]
fn a_crash_forgets_what_was_in_memory_only() {
    let crash = r#"Crash(node: "consumer-0", after: Handled(record: 0), down: "50ms", sends: 0)"#;
    for (memory, expected) in [("Volatile()", 2), ("Durable()", 1)] {
        let work = format!("mark: After, recognise: {memory}");
        let run = stage(1, &[crash]).run(&with_work("", &work, ""));
        assert_eq!(effects(&run, 1), [expected], "{memory}");
    }
}

/// D7: what was handled is written down after the effect, in a step of its own.
#[test]
fn a_crash_between_the_effect_and_the_note_is_a_second_effect() {
    let crash = r#"Crash(node: "consumer-0", packet: Applied(record: 0), down: "50ms")"#;
    let run = stage(1, &[crash]).run(&with_work("", "mark: After, recognise: Durable()", ""));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 1), [2]);
}

/// A bounded memory forgets the oldest.
#[test]
fn a_consumer_s_memory_keeps_its_bound() {
    let run = stage(4, &[]).run(&with_work(
        "",
        "mark: After, recognise: Durable(count: 2)",
        "",
    ));
    let most = run.seen.iter().filter_map(|seen| match seen {
        Observation::Kept {
            entries, bound: 2, ..
        } => Some(*entries),
        _ => None,
    });
    assert_eq!(most.max(), Some(2));
}

fn poisoned(faults: &[&str]) -> Stage {
    Stage {
        poison_every: 2,
        ..stage(3, faults)
    }
}

fn on_poison(what: &str) -> String {
    with_work(
        "",
        &format!(r#"mark: After, fetch_timeout: "100ms", poison: {what}"#),
        "",
    )
}

const FATE: [&str; 8] = [
    "Delivered",
    "Applied {",
    "Handled",
    "Skipped",
    "Parked",
    "DeadLetter",
    "Progress",
    "Stored { record: 1, partition: 2",
];

/// F052, L9: what is passed over is lost.
#[test]
fn skipped_poison_is_lost() {
    let run = poisoned(&[]).run(&on_poison("Skip"));
    insta::assert_snapshot!(run.about(&FATE));
    assert_eq!(effects(&run, 3), [1, 0, 1]);
}

/// F052, S4: no commit passes it, so what is behind it waits for ever.
#[test]
fn blocking_poison_blocks_what_is_behind_it() {
    let stuck = Stage {
        end: End::Stuck,
        ..poisoned(&[])
    };
    let run = stuck.run(&on_poison("Block"));
    insta::assert_snapshot!(run.about(&FATE));
    assert_eq!(effects(&run, 3), [1, 0, 0]);
}

/// §1.18: after some attempts it is put aside, in a partition after the input and the output.
#[test]
fn a_dead_letter_makes_way_for_what_is_behind_it() {
    let run = poisoned(&[]).run(&on_poison("DeadLetter(attempts: 2)"));
    insta::assert_snapshot!(run.about(&FATE));
    assert_eq!((letters(&run), effects(&run, 3)), (1, vec![1, 0, 1]));
}

/// How many dead letters a fresh reader finds.
fn letters(run: &Transcript) -> usize {
    let letter = |seen: &&Observation| matches!(seen, Observation::Found { partition: 2, .. });
    run.seen.iter().filter(letter).count()
}

/// F088: a dead letter is a second publish. Its answer may be lost, and then it is stored twice; so it is when its
/// consumer dies before the mark.
#[test]
fn a_dead_letter_may_be_stored_twice() {
    let lost = "Drop(packet: DeadLettered(record: 1, attempt: 1))";
    let crash = r#"Crash(node: "consumer-0", after: Parked(record: 1), down: "50ms", sends: 0)"#;
    for fault in [lost, crash] {
        let run = poisoned(&[fault]).run(&on_poison("DeadLetter(attempts: 1)"));
        assert_eq!(letters(&run), 2, "{fault}");
    }
    let run = poisoned(&[lost]).run(&on_poison("DeadLetter(attempts: 1)"));
    insta::assert_snapshot!(run.about(&FATE));
}

/// F088: or it may be lost, with what the broker had not synced.
#[test]
fn a_dead_letter_may_be_lost() {
    let loss = r#"PowerLoss(node: "broker-0", after: Progress(offset: 2), down: "50ms")"#;
    let run = poisoned(&[loss]).run(&on_poison("DeadLetter(attempts: 1)"));
    insta::assert_snapshot!(run.about(&["Parked", "Power", "Truncated", "Found"]));
    assert_eq!(letters(&run), 0);
}
