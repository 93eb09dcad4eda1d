//! What an idempotent producer promises, tried on every loss of one packet and on many of two.

use proptest::prelude::*;
use semel_sim::net::Transport;
use semel_sim::time::Span;

use crate::support::{Stage, Transcript};
use crate::{order, stage, strategy};

fn run(recognise: &str, transport: Transport, batch: u16, losses: &[(bool, u32)]) -> Transcript {
    let faults: Vec<String> = losses
        .iter()
        .map(|(outward, nth)| {
            let (from, to) = if *outward {
                ("producer-0", "broker-0")
            } else {
                ("broker-0", "producer-0")
            };
            format!(r#"Drop(from: "{from}", to: "{to}", nth: {nth})"#)
        })
        .collect();
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    let name = if recognise.starts_with("Sequence") {
        "Sequence"
    } else {
        "Intent"
    };
    let publish = format!("name: {name}, batch: (records: {batch})");
    let stage = Stage {
        transport,
        pace: Span::millis(2),
        ..stage(8, &faults)
    };
    stage.run(&strategy(
        &publish,
        &format!("stream: (recognise: {recognise})"),
    ))
}

/// In the log every record stands once, in the order of intent.
fn assert_once_in_order(run: &Transcript, what: &str) {
    assert_eq!(order(run), [0, 1, 2, 3, 4, 5, 6, 7], "{what}");
}

#[test]
fn no_single_loss_makes_an_idempotent_producer_repeat_or_reorder() {
    for transport in [Transport::Connection, Transport::Datagram] {
        for outward in [true, false] {
            for nth in 1..=12 {
                let run = run("Sequence()", transport, 1, &[(outward, nth)]);
                let what = format!("{transport:?} {outward} {nth}");
                assert_once_in_order(&run, &what);
            }
        }
    }
}

#[test]
fn no_single_loss_on_a_connection_makes_a_high_water_mark_swallow_or_repeat() {
    for outward in [true, false] {
        for nth in 1..=12 {
            let connection = Transport::Connection;
            let run = run("Highest(WithData)", connection, 1, &[(outward, nth)]);
            assert_once_in_order(&run, &format!("{outward} {nth}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn nor_do_three_losses(
        losses in proptest::collection::vec((any::<bool>(), 1_u32..20), 3),
        datagram in any::<bool>(),
        batch in 1_u16..4,
    ) {
        let transport = if datagram { Transport::Datagram } else { Transport::Connection };
        let run = run("Sequence()", transport, batch, &losses);
        assert_once_in_order(&run, &format!("{transport:?} {batch} {losses:?}"));
    }
}

#[test]
fn nor_do_datagrams_that_are_lost_copied_and_late_by_the_dozen() {
    let faults = [
        r#"Drop(rate: "1/8", until: "1s")"#,
        r#"Duplicate(rate: "1/8", until: "1s")"#,
        r#"Delay(rate: "1/8", by: Exponential("30ms"), until: "1s")"#,
    ];
    for seed in 0..100 {
        let stage = Stage {
            transport: Transport::Datagram,
            pace: Span::millis(5),
            seed,
            ..stage(60, &faults)
        };
        let run = stage.run(&strategy(
            "name: Sequence",
            "stream: (recognise: Sequence())",
        ));
        let all: Vec<_> = (0..60).collect();
        assert_eq!(order(&run), all, "seed {seed}");
    }
}
