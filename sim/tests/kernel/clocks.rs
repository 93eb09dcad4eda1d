//! Time at a node: clocks that go wrong.

use semel_sim::faults::{ClockDrift, ClockStep, Crash, Fault};
use semel_sim::net::Transport;
use semel_sim::time::Span;

use crate::stage::{Do, Stage};

fn stage() -> Stage {
    Stage::new(Transport::Datagram)
}

#[test]
fn a_clock_step_moves_the_wall_and_no_timer() {
    stage()
        .client(&[(10, Do::Look), (30, Do::Look)])
        .fault(Fault::ClockStep(ClockStep {
            node: "client".into(),
            back: Some(Span::millis(7)),
            at: Some(Span::millis(20)),
            ..ClockStep::default()
        }))
        .goes(
            "
            10ms  client reads 10ms since boot, 10ms on the wall
            20ms  client's wall clock jumps by -7ms
            30ms  client reads 30ms since boot, 23ms on the wall
            ",
        );
}

/// A clock that runs a tenth fast makes every timer early, also those that were armed before.
#[test]
fn a_drift_moves_timers() {
    stage()
        .client(&[
            (11, Do::Look),
            (31, Do::Look),
            (42, Do::Look),
            (60, Do::Look),
        ])
        .fault(Fault::ClockDrift(ClockDrift {
            name: None,
            node: "client".into(),
            ppm: 100_000,
            at: Span::millis(20),
            until: Some(Span::millis(50)),
        }))
        .goes(
            "
            11ms  client reads 11ms since boot, 11ms on the wall
            20ms  client's clocks drift by 100000 ppm
            30ms  client reads 31ms since boot, 31ms on the wall
            40ms  client reads 42ms since boot, 42ms on the wall
            50ms  client's clocks run true
            57ms  client reads 60ms since boot, 60ms on the wall
            ",
        );
}

/// A boot restarts the monotonic clock; the wall clock runs on.
#[test]
fn a_boot_restarts_the_monotonic_clock() {
    stage()
        .client(&[(10, Do::Look)])
        .fault(Fault::Crash(Crash {
            node: Some("client".into()),
            at: Some(Span::millis(15)),
            down: Span::millis(5),
            ..Crash::default()
        }))
        .goes(
            "
            10ms  client reads 10ms since boot, 10ms on the wall
            15ms  client crashes for 5ms
            20ms  client boots again
            30ms  client reads 10ms since boot, 30ms on the wall
            ",
        );
}
