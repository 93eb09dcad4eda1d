//! Two durable writes that are not one: what a crash between them leaves, and the third answer.

use crate::{datagrams, effects, stage, strategy};

const BESIDE: &str = r#"stream: (recognise: Id((time: "2min"), Durable))"#;

/// L5: ids are written to a store beside the data first. A crash before the append leaves an id whose record is absent,
/// and the retry is taken for a repeat.
#[test]
fn an_id_whose_record_was_never_appended_swallows_the_retry() {
    let crash = r#"Crash(node: "broker-0", packet: Produce(record: 0), down: "60ms")"#;
    let run = stage(1, &[crash]).run(&strategy("name: Intent", BESIDE));
    insta::assert_snapshot!(run.about(&["Produce", "Crash", "Stored", "Recognised", "Acked"]));
    assert_eq!(effects(&run, 1), [0]);
}

/// §6.6: a repeat of something that is still being appended is neither new nor stored: its client shall ask again.
#[test]
fn a_repeat_of_what_is_in_flight_is_neither_new_nor_stored() {
    let twice = "Duplicate(packet: Produce(record: 0, attempt: 1))";
    for recognise in [BESIDE, "stream: (recognise: Highest(Durable))"] {
        let run = datagrams(1, &[twice]).run(&strategy("name: Intent", recognise));
        insta::allow_duplicates! {
            insta::assert_snapshot!(run.about(&["Produce", "Ack ", "Recognised", "Stored", "Acked"]));
        }
        assert_eq!(effects(&run, 1), [1]);
    }
}

/// The same bug with any dedup: the answer leaves before the append, and a crash between them loses what was
/// acknowledged.
#[test]
fn an_ack_before_the_append_is_a_lie_after_a_crash() {
    let crash = r#"Crash(node: "broker-0", packet: Produce(record: 1), down: "60ms", sends: 1)"#;
    for beside in [
        "bug: AckBeforeAppend",
        r#"bug: AckBeforeAppend, stream: (recognise: Id((time: "2min"), WithData))"#,
        "bug: AckBeforeAppend, stream: (recognise: Highest(WithData))",
    ] {
        let run = stage(2, &[crash]).run(&strategy("name: Intent", beside));
        assert_eq!(effects(&run, 2), [1, 0], "{beside}");
    }
    let sequence = "bug: AckBeforeAppend, stream: (recognise: Sequence())";
    let run = stage(2, &[crash]).run(&strategy("name: Sequence", sequence));
    insta::assert_snapshot!(run.about(&["Produce", "Crash", "Stored", "Acked"]));
    assert_eq!(effects(&run, 2), [1, 0]);
}

/// The table is not rebuilt from the log: a retry after a crash is new.
#[test]
fn a_table_that_is_not_rebuilt_forgets() {
    let crash = r#"Crash(node: "broker-0", after: Stored(record: 0), down: "60ms", sends: 0)"#;
    for (name, recognise) in [
        ("Sequence", "Sequence()"),
        ("Intent", r#"Id((time: "2min"), WithData)"#),
        ("Intent", "Highest(WithData)"),
    ] {
        let right = strategy(
            &format!("name: {name}"),
            &format!("stream: (recognise: {recognise})"),
        );
        assert_eq!(effects(&stage(1, &[crash]).run(&right), 1), [1]);
        let wrong = right.replace("stream:", "bug: TableNotRebuilt, stream:");
        assert_eq!(effects(&stage(1, &[crash]).run(&wrong), 1), [2]);
    }
}
