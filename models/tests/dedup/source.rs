//! Where records come from, and what a restart repeats (`semantics.md` §1.18, Appendix B1 P5, B12).

use semel_models::observation::{Observation, Outcome};
use semel_sim::time::Span;

use crate::support::Stage;
use crate::{effects, stage, strategy};

const CRASH: &str = r#"Crash(node: "producer-0", after: Stored(record: 1), down: "50ms")"#;
const STORY: [&str; 7] = [
    "Crash",
    "back",
    "Intent",
    "Produce",
    "Stored",
    "Recognised",
    "Acked",
];

/// A live application loses what its client held, and only learns that the outcome is unknown.
#[test]
fn a_live_client_forgets_what_was_in_flight() {
    let run = stage(3, &[CRASH]).run(&strategy("", ""));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 3), [1, 1, 1]);
    let unknown = |seen: &Observation| {
        matches!(
            seen,
            Observation::Acked {
                record: 1,
                outcome: Outcome::Unknown,
                ..
            }
        )
    };
    assert!(run.seen.iter().any(unknown));
}

/// B1 P5: the source is read again, under a new producer id: the repeat is not recognised (D2).
#[test]
fn a_restarted_producer_is_a_new_one() {
    let beside = "source: Replayed(), stream: (recognise: Sequence())";
    let run = stage(2, &[CRASH]).run(&strategy("name: Sequence", beside));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 2), [1, 2]);
}

/// §1.13: ids of intents are the same in any session.
#[test]
fn ids_of_intents_outlive_the_session() {
    for recognise in [r#"Id((time: "2min"), WithData)"#, "Highest(WithData)"] {
        let beside = format!("source: Replayed(), stream: (recognise: {recognise})");
        let run = stage(2, &[CRASH]).run(&strategy("name: Intent", &beside));
        assert_eq!(effects(&run, 2), [1, 1]);
    }
}

/// F114: the relay has published a row and dies before it has saved its position.
#[test]
fn a_relay_that_dies_before_it_saves_publishes_again() {
    let run = stage(3, &[CRASH]).run(&strategy("name: Intent", "source: Outbox()"));
    insta::assert_snapshot!(run.about(&STORY));
    assert_eq!(effects(&run, 3), [1, 2, 1]);
}

/// The number of repeats is the number of rows since the position was saved last.
#[test]
fn a_relay_that_saves_rarely_repeats_more() {
    let crash = r#"Crash(node: "producer-0", at: "48ms", down: "50ms")"#;
    for (every, expected) in [
        ("0ms", [1, 1, 1, 1, 1]),
        ("20ms", [1, 1, 2, 2, 1]),
        ("1s", [2, 2, 2, 2, 1]),
    ] {
        let beside = format!(r#"source: Outbox(save_every: "{every}")"#);
        let run = stage(5, &[crash]).run(&strategy("name: Intent", &beside));
        assert_eq!(effects(&run, 5), expected, "saved every {every}");
    }
}

/// Rows are written at the application's pace while the stream cannot be reached, and however small the relay's buffer.
#[test]
fn an_outbox_fills_while_the_stream_is_away() {
    let cut = r#"Isolate(node: "broker-0", at: "0ms", until: "300ms")"#;
    let run = stage(6, &[cut]).run(&strategy("name: Intent, buffer: 2", "source: Outbox()"));
    insta::assert_snapshot!(run.about(&[
        "Intent",
        "Cut(NodeId(1), NodeId(0))",
        "Join(NodeId(1), NodeId(0))",
        "Acked"
    ]));
    assert_eq!(effects(&run, 6), [1; 6]);
}

/// A client that can read its source again never gives up.
#[test]
fn a_source_that_is_read_again_outlasts_every_deadline() {
    let cut = r#"Isolate(node: "broker-0", at: "15ms", until: "2s")"#;
    let beside = "source: Replayed()";
    let hasty = strategy("", beside).replace("jitter: 0", r#"jitter: 0, deadline: "200ms""#);
    let run = Stage {
        pace: Span::millis(10),
        ..stage(3, &[cut])
    }
    .run(&hasty);
    assert!((0..3).all(|record| run.effects(record) >= 1));
    assert!(!run.about(&["Acked"]).contains("Unknown"));
}
