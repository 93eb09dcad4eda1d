//! Sinks that recognise repeats: inboxes, idempotency keys, offsets kept with the effect (`semantics.md` §1.18, B13).

use semel_sim::world::End;

use crate::support::Stage;
use crate::{effects, stage, strategy, with_work};

const LOST: &str = "Drop(packet: Applied(record: 0, attempt: 1))";
const STORY: [&str; 8] = [
    "Apply",
    "Applied",
    "Recognised",
    "Answered",
    "Handled",
    "Crash",
    "back",
    "Kept",
];

fn keyed(fields: &str) -> String {
    strategy("name: Intent", &format!("sink: (kind: Keyed({fields}))"))
}

/// §1.18: the id and the effect are one transaction, so a repeat finds the id.
#[test]
fn an_inbox_ignores_an_id_that_it_has() {
    let run = stage(1, &[LOST]).run(&strategy("name: Intent", "sink: (kind: Inbox())"));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 1), [1]);
}

/// The bug: the id is written in a transaction of its own, and the sink dies before the effect.
#[test]
fn an_inbox_row_without_its_effect_swallows_the_retry() {
    let crash = r#"Crash(node: "sink-0", packet: Apply(record: 0), down: "30ms")"#;
    let right = strategy("name: Intent", "sink: (kind: Inbox())");
    assert_eq!(effects(&stage(1, &[crash]).run(&right), 1), [1]);
    let wrong = right.replace("sink:", "bug: DedupOutsideTransaction, sink:");
    let run = stage(1, &[crash]).run(&wrong);
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 1), [0]);
}

/// An inbox that keeps its ids for a time forgets.
#[test]
fn an_inbox_that_forgets_applies_again() {
    let away = r#"Isolate(node: "sink-0", after: Applied(record: 0), lasting: "400ms")"#;
    for (keep, expected) in [
        (r#"time: "300ms""#, 2),
        (r#"time: "1h""#, 1),
        ("count: 1", 1),
    ] {
        let beside = format!("sink: (kind: Inbox({keep}))");
        let run = stage(1, &[LOST, away]).run(&strategy("name: Intent", &beside));
        assert_eq!(effects(&run, 1), [expected], "{keep}");
    }
}

/// The same key again gets the stored response.
#[test]
fn a_key_gives_its_stored_response_again() {
    let run = stage(1, &[LOST]).run(&keyed(""));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 1), [1]);
}

/// F112: the client comes back when the key has been pruned.
#[test]
fn a_pruned_key_is_a_new_request() {
    let away = r#"Isolate(node: "sink-0", after: Answered(record: 0), lasting: "400ms")"#;
    let run = stage(1, &[LOST, away]).run(&keyed(r#"ttl: "300ms""#));
    insta::assert_snapshot!(run.about(&[
        "Cut(NodeId(3), NodeId(2))",
        "Join(NodeId(3), NodeId(2))",
        "Applied {",
        "Recognised",
        "Answered"
    ]));
    assert_eq!(effects(&run, 1), [2]);
}

/// F113, F076: a client that is less patient than the request is long asks twice. A conditional insert lets one
/// through.
#[test]
fn a_conditional_insert_lets_one_of_two_racers_through() {
    let run = stage(1, &[]).run(&keyed(r#"execution: "150ms""#));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 1), [1]);
}

/// F113: whoever looks first and writes later lets both through.
#[test]
fn check_then_act_lets_both_racers_through() {
    let run = stage(1, &[]).run(&keyed(r#"execution: "150ms", claim: CheckThenAct"#));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 1), [2]);
}

/// B13 P2: the sink dies between effect and completion. The key stays in progress until its lease is over; then it is
/// taken over and executed again.
#[test]
fn a_key_left_in_progress_is_taken_over_after_its_lease() {
    let crash = r#"Crash(node: "sink-0", after: Applied(record: 0), down: "20ms")"#;
    let run = stage(1, &[crash]).run(&keyed(r#"lease: "300ms""#));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 1), [2]);
}

/// B13 P1: the sink dies before the effect. The takeover is the first execution.
#[test]
fn a_takeover_of_what_never_happened_is_harmless() {
    let crash = r#"Crash(node: "sink-0", packet: Apply(record: 0), down: "20ms")"#;
    let run = stage(1, &[crash]).run(&keyed(r#"lease: "300ms""#));
    assert_eq!(effects(&run, 1), [1]);
}

/// S3: without a lease the key is in progress for ever.
#[test]
fn without_a_lease_a_key_in_progress_blocks_for_ever() {
    let crash = r#"Crash(node: "sink-0", packet: Apply(record: 0), down: "20ms")"#;
    let stuck = Stage {
        end: End::Stuck,
        ..stage(1, &[crash])
    };
    let run = stuck.run(&keyed("lease: None"));
    assert_eq!(effects(&run, 1), [0]);
}

/// §1.18: the offset is kept in the transaction of the effect, and read back from there.
#[test]
fn an_offset_kept_with_the_effect_recognises_a_redelivery() {
    let crash = r#"Crash(node: "consumer-0", after: Handled(record: 0), down: "30ms")"#;
    let run = stage(2, &[LOST, crash]).run(&with_work("", "mark: WithEffect", ""));
    insta::assert_snapshot!(run.about(&["FindMark", "Assigned", "Applied", "Recognised", "Crash"]));
    assert_eq!(effects(&run, 2), [1, 1]);
}
