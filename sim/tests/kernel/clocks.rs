//! Time at a node: service time, slowness, and clocks that go wrong.

use semel_sim::faults::{ClockDrift, ClockStep, Crash, Fault, Slow};
use semel_sim::net::Transport;
use semel_sim::time::Span;

use crate::stage::{Do, Stage};

fn stage() -> Stage {
    Stage::new(Transport::Datagram)
}

/// Each step keeps the server busy for 1 ms, five times as long while it is slow; what arrives meanwhile waits.
#[test]
fn service_time_and_slowness() {
    let mut stage = stage()
        .client(&[(0, Do::Ping(1)), (20, Do::Pings(2, 4))])
        .fault(Fault::Slow(Slow {
            name: None,
            node: "server".into(),
            factor: 5,
            at: Span::millis(10),
            until: Some(Span::millis(30)),
        }));
    stage.terrain.service = Span::millis(1);
    stage.goes(
        "
             1ms  client sends Ping 1
             3ms  server hears Ping 1
             3ms  server stores 1
             3ms  server sends Pong 1
             5ms  client hears Pong 1
            10ms  server is 5 times slower
            20ms  client sends Ping 2
            20ms  client sends Ping 3
            20ms  client sends Ping 4
            22ms  server hears Ping 2
            22ms  server stores 2
            22ms  server sends Pong 2
            24ms  client hears Pong 2
            27ms  server hears Ping 3
            27ms  server stores 3
            27ms  server sends Pong 3
            29ms  client hears Pong 3
            30ms  server is as fast as ever
            32ms  server hears Ping 4
            32ms  server stores 4
            32ms  server sends Pong 4
            34ms  client hears Pong 4
            ",
    );
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
