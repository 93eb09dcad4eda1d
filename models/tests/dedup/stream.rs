//! How a stream recognises repeats by id, and what it forgets.

use crate::support::Stage;
use crate::{datagrams, effects, order, stage, stored, strategy};

const LOST_ACK: &str = "Drop(packet: Ack(record: 0, attempt: 1))";
const STORY: [&str; 6] = ["Produce", "Ack", "Stored", "Recognised", "Acked", "Kept"];

fn by_id(recognise: &str) -> String {
    strategy("name: Intent", &format!("stream: (recognise: {recognise})"))
}

/// §1.13: the ack is lost, and the retry comes within the window.
#[test]
fn a_retry_within_the_window_is_a_repeat() {
    let run = stage(1, &[LOST_ACK]).run(&by_id(r#"Id((time: "2min"), WithData)"#));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 1), [1]);
}

/// F075, F082: the client is in a tunnel for longer than the store remembers.
#[test]
fn a_retry_after_the_window_is_new() {
    let tunnel = r#"Isolate(node: "producer-0", after: Stored(record: 0), lasting: "1100ms")"#;
    let run = stage(1, &[LOST_ACK, tunnel]).run(&by_id(r#"Id((time: "1s"), WithData)"#));
    insta::assert_snapshot!(run.about(&[
        "Cut(NodeId(0), NodeId(1))",
        "Join(NodeId(0), NodeId(1))",
        "Stored",
        "Recognised",
        "Acked"
    ]));
    assert_eq!(effects(&run, 1), [2]);
}

/// F109: more newer ids than the store holds.
#[test]
fn a_retry_behind_too_many_newer_ids_is_new() {
    let run = stage(3, &[LOST_ACK]).run(&by_id("Id((count: 2), WithData)"));
    insta::assert_snapshot!(run.about(&["Ack ", "Stored", "Recognised", "Kept"]));
    assert_eq!(effects(&run, 3), [2, 1, 1]);
}

/// D2: what was in memory dies with the process.
#[test]
fn ids_in_memory_are_lost_with_a_crash() {
    let crash = r#"Crash(node: "broker-0", after: Stored(record: 0), down: "60ms", sends: 0)"#;
    let run = stage(1, &[crash]).run(&by_id(r#"Id((time: "2min"), Memory)"#));
    insta::assert_snapshot!(run.about(&STORY[2..]));
    assert_eq!(effects(&run, 1), [2]);
}

/// §6.7: what is stored with the data is found with the data.
#[test]
fn ids_with_the_data_survive_a_crash() {
    let crash = r#"Crash(node: "broker-0", after: Stored(record: 0), down: "60ms", sends: 0)"#;
    let run = stage(1, &[crash]).run(&by_id(r#"Id((time: "2min"), WithData)"#));
    insta::assert_snapshot!(run.about(&STORY[2..]));
    assert_eq!(effects(&run, 1), [1]);
}

/// What a power loss takes, it takes with its id: the retry is stored, and nothing is swallowed.
#[test]
fn ids_with_the_data_are_lost_with_the_data() {
    let loss = r#"PowerLoss(node: "broker-0", after: Stored(record: 1), down: "60ms", sends: 0)"#;
    let unflushed = by_id(r#"Id((time: "2min"), WithData)"#);
    let flushed = unflushed.replace("stream: (", "stream: (copies: One(Always), ");
    let unlucky = || Stage {
        seed: 4,
        ..stage(2, &[loss])
    };
    let run = unlucky().run(&unflushed);
    insta::assert_snapshot!(run.about(&["Stored", "Truncated", "Recognised", "Acked"]));
    assert_eq!((stored(&run, 1), effects(&run, 2)[1]), (2, 1));
    let run = unlucky().run(&flushed);
    assert_eq!((stored(&run, 1), effects(&run, 2)), (1, vec![1, 1]));
}

/// §1.16: the copy lags behind; an outage loses what was not copied yet, and only that.
#[test]
fn a_store_copied_late_loses_its_tail() {
    let tail = "Drop(packet: Ack(record: 1, attempt: 1))";
    let crash = r#"Crash(node: "broker-0", at: "60ms", down: "10ms")"#;
    let late = by_id(r#"Id((time: "2min"), AsyncCopy("55ms"))"#);
    let run = stage(2, &[tail, crash]).run(&late);
    insta::assert_snapshot!(run.about(&["Crash", "Stored", "Recognised"]));
    assert_eq!(effects(&run, 2), [1, 2]);
    let soon = by_id(r#"Id((time: "2min"), AsyncCopy("20ms"))"#);
    let run = stage(2, &[tail, crash]).run(&soon);
    assert_eq!(effects(&run, 2), [1, 1]);
}

/// §1.14: one number per producer recognises a repeat.
#[test]
fn what_is_not_above_the_highest_id_is_a_repeat() {
    let run = stage(2, &[LOST_ACK]).run(&by_id("Highest(WithData)"));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 2), [1, 1]);
}

/// L5: an id that comes behind a higher one is taken for a repeat. On a connection none does: what follows a loss does
/// not get through, and the client sends again in order.
#[test]
fn an_id_behind_a_higher_one_is_swallowed() {
    let lost = "Drop(packet: Produce(record: 0, attempt: 1))";
    let run = datagrams(2, &[lost]).run(&by_id("Highest(WithData)"));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 2), [0, 1]);
    let run = stage(4, &[lost]).run(&by_id("Highest(WithData)"));
    assert_eq!(order(&run), [0, 1, 2, 3]);
}

/// §1.11: a hash of the contents takes two equal intents for one.
#[test]
fn a_content_hash_swallows_an_equal_second_intent() {
    let strategy = strategy(
        "name: Content",
        r#"stream: (recognise: Id((time: "5min"), WithData))"#,
    );
    let run = stage(2, &[]).run(&strategy);
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 2), [1, 0]);
}

/// An id per attempt names no repeat (D5).
#[test]
fn an_id_per_attempt_recognises_nothing() {
    let named = by_id(r#"Id((time: "2min"), WithData)"#);
    for strategy in [
        named.replace("name: Intent", "name: Attempt"),
        named.replace("stream:", "bug: RetryWithNewId, stream:"),
    ] {
        let run = stage(1, &[LOST_ACK]).run(&strategy);
        assert_eq!(effects(&run, 1), [2]);
    }
}

/// The window ages by the wrong clock: three minutes pass on the publisher's, and none on the store's. It shows with the
/// next record, before the first one comes again.
#[test]
fn a_window_on_the_publisher_s_clock_forgets_when_that_one_jumps() {
    let right = by_id(r#"Id((time: "2min"), WithData)"#);
    let wrong = right.replace("stream:", "bug: WindowOnWrongClock, stream:");
    let jump = |clock: &str, strategy: &str| {
        let jump = format!(r#"ClockStep(node: "{clock}", forward: "3min", at: "15ms")"#);
        stage(2, &[LOST_ACK, &jump]).run(strategy)
    };
    let run = jump("producer-0", &wrong);
    insta::assert_snapshot!(run.about(&STORY[2..]));
    assert_eq!(effects(&run, 2), [2, 1]);
    assert_eq!(effects(&jump("producer-0", &right), 2), [1, 1]);
    assert_eq!(effects(&jump("broker-0", &wrong), 2), [1, 1]);
    assert_eq!(effects(&jump("broker-0", &right), 2), [2, 1]);
    // What is stamped by a clock that was set back is behind the window from the beginning.
    let back = r#"ClockStep(node: "producer-0", back: "3min", at: "15ms")"#;
    let set_back = |strategy: &str| stage(2, &[LOST_ACK, back]).run(strategy);
    assert_eq!(effects(&set_back(&wrong), 2), [1, 2]);
    assert_eq!(effects(&set_back(&right), 2), [1, 1]);
}

/// After a crash the time that publishers have given is in the data, as the ids are.
#[test]
fn a_window_on_the_publisher_s_clock_is_rebuilt_by_it() {
    let wrong = by_id(r#"Id((time: "2min"), WithData)"#);
    let wrong = wrong.replace("stream:", "bug: WindowOnWrongClock, stream:");
    let crash = r#"Crash(node: "broker-0", after: Stored(record: 0), down: "60ms", sends: 0)"#;
    let jump = r#"ClockStep(node: "broker-0", forward: "3min", at: "50ms")"#;
    let run = stage(1, &[crash, jump]).run(&wrong);
    assert_eq!(effects(&run, 1), [1]);
}
