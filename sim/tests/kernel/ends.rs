//! How runs end: settled, stuck or exhausted; and how all heals.

use semel_sim::chance::Rate;
use semel_sim::faults::{
    ClockDrift, ClockStep, Delay, Drop, Fault, Isolate, PowerLoss, Slow, SlowLink, Spread,
};
use semel_sim::net::Transport;
use semel_sim::time::{Span, Time};
use semel_sim::world::End;

use crate::stage::{Do, Message, Played, Stage};

fn stage() -> Stage {
    Stage::new(Transport::Connection)
}

fn ended(played: &Played) -> (End, String) {
    (played.end, played.ended.to_string())
}

/// Nothing is left to do, not even a timer.
#[test]
fn a_run_settles_when_nothing_is_left() {
    let played = stage().client(&[(0, Do::Ping(1))]).play();
    assert_eq!(
        ended(&played),
        (End::Settled, "12ms".into()),
        "the sync is last"
    );
}

/// Chatter keeps no run alive: with everything done it ends at once, with something missing after a quiet span.
#[test]
fn chatter_keeps_no_run_alive() {
    let mut stage = stage().client(&[(0, Do::Ping(1))]).humming();
    assert_eq!(ended(&stage.play()), (End::Settled, "12ms".into()));
    stage.wants = 2;
    let (end, at) = ended(&stage.play());
    assert_eq!((end, at.as_str()), (End::Settled, "112ms"));
}

/// A client that repeats itself for ever without an answer makes no progress: patience runs out.
#[test]
fn much_ado_without_progress_is_stuck() {
    let stage = stage()
        .client(&[(0, Do::Ping(1))])
        .retrying(Span::millis(20))
        .fault(Fault::Drop(Drop {
            rate: Some(Rate::ONE),
            ..Drop::default()
        }));
    assert_eq!(stage.play().end, End::Stuck);
}

/// No progress can be made while a link is cut, a node is down, or everything is lost until it heals: however long that
/// lasts, patience begins anew when it is over.
#[test]
fn trouble_that_outlasts_patience_is_no_standstill() {
    let long = Span::secs(3);
    let calm = || {
        let mut stage = stage()
            .client(&[(10, Do::Ping(1))])
            .retrying(Span::millis(20));
        stage.wants = 1;
        stage
    };
    assert!(long > calm().limits.patience);
    let cut = Fault::Isolate(Isolate {
        node: "client".into(),
        at: Some(Span::millis(1)),
        lasting: Some(long),
        ..Isolate::default()
    });
    let down = Fault::PowerLoss(PowerLoss {
        node: Some("server".into()),
        at: Some(Span::millis(1)),
        down: long,
        ..PowerLoss::default()
    });
    for fault in [cut, down] {
        assert_eq!(calm().fault(fault).play().end, End::Settled);
    }
    let mut lost = calm().fault(Fault::Drop(Drop {
        rate: Some(Rate::ONE),
        ..Drop::default()
    }));
    lost.limits.heal_at = Time(long.0);
    assert_eq!(lost.play().end, End::Settled);
}

/// A packet that is later than anybody waits for it is no standstill: what is still owed then is for the judge to say.
#[test]
fn what_is_later_than_patience_keeps_nothing_going() {
    let mut stage = stage()
        .client(&[(10, Do::Ping(1)), (20, Do::Ping(2))])
        .humming()
        .fault(Fault::Delay(Delay {
            packet: Some(Message::Ping(2)),
            by: Spread::Fixed(Span::secs(1_000)),
            ..Delay::default()
        }));
    assert!(stage.limits.patience < Span::secs(100));
    for wants in [1, 2] {
        stage.wants = wants;
        let played = stage.play();
        assert_eq!(played.end, End::Settled);
        assert!(!played.text.contains("server hears Ping 2"));
    }
}

#[test]
fn a_run_that_still_makes_progress_is_exhausted() {
    let lines: Vec<(u64, Do)> = (0..1_000).map(|n| (n, Do::Ping(n as u32))).collect();
    let mut stage = stage().client(&lines);
    stage.limits.events = 500;
    assert_eq!(stage.play().end, End::Exhausted);
}

/// Events that come to nothing may be used up before patience is: that is a standstill, too.
#[test]
fn a_run_that_used_its_events_up_on_nothing_is_stuck() {
    let mut stage = stage()
        .client(&[(0, Do::Ping(1))])
        .retrying(Span::millis(20))
        .fault(Fault::Drop(Drop {
            rate: Some(Rate::ONE),
            ..Drop::default()
        }));
    stage.limits.patience = Span::secs(3_600);
    stage.limits.events = 500;
    assert_eq!(stage.play().end, End::Stuck);
}

/// Healing brings back whoever is away; nobody waits for the moment at which they would have come back by themselves.
#[test]
fn nobody_waits_for_a_return_that_healing_has_overtaken() {
    let mut stage = stage()
        .client(&[(0, Do::Ping(1))])
        .retrying(Span::millis(20))
        .humming()
        .fault(Fault::PowerLoss(PowerLoss {
            node: Some("server".into()),
            at: Some(Span::micros(500)),
            down: Span::secs(3_600),
            ..PowerLoss::default()
        }));
    stage.wants = 1;
    stage.limits.heal_at = Time(Span::millis(50).0);
    let played = stage.play();
    assert_eq!(played.end, End::Settled);
    assert!(played.ended < Span::secs(1), "{}", played.ended);
}

/// Weather counts as much as events do: a world of nothing but weather ends.
#[test]
fn endless_weather_is_exhausting() {
    let mut stage = stage().fault(Fault::ClockStep(ClockStep {
        node: "client".into(),
        forward: Some(Span::micros(1)),
        every: Some(Span::micros(1)),
        ..ClockStep::default()
    }));
    stage.wants = 1;
    assert_eq!(stage.play().end, End::Exhausted);
}

/// Faults act until `heal_at`; then links join, nodes come back, speeds are normal, and the rest must follow.
#[test]
fn all_heals() {
    let ever = Some(Span::millis(1));
    let mut stage = stage()
        .client(&[(0, Do::Ping(1)), (5, Do::Ping(2))])
        .retrying(Span::millis(40))
        .fault(Fault::Drop(Drop {
            rate: Some(Rate::ONE),
            from: Some("server".into()),
            ..Drop::default()
        }))
        .fault(Fault::Isolate(Isolate {
            node: "client".into(),
            at: ever,
            lasting: Some(Span::secs(9)),
            ..Isolate::default()
        }))
        .fault(Fault::SlowLink(SlowLink {
            name: None,
            from: Some("client".into()),
            to: None,
            extra: Span::secs(9),
            at: Span::millis(1),
            until: None,
        }))
        .fault(Fault::ClockDrift(ClockDrift {
            name: None,
            node: "client".into(),
            ppm: -500_000,
            at: Span::millis(1),
            until: None,
        }))
        .fault(Fault::Slow(Slow {
            name: None,
            node: "client".into(),
            factor: 1_000,
            at: Span::millis(1),
            until: None,
        }))
        .fault(Fault::PowerLoss(PowerLoss {
            node: Some("server".into()),
            at: Some(Span::millis(3)),
            down: Span::secs(9),
            ..PowerLoss::default()
        }));
    stage.limits.heal_at = Time(Span::millis(50).0);
    stage.wants = 2;
    stage.goes(
        "
                 0ms  client sends Ping 1
                 1ms  the link client -> server is cut
                 1ms  the link server -> client is cut
                 1ms  the link client -> server takes 9s longer
                 1ms  client's clocks drift by -500000 ppm
                 1ms  client is 1000 times slower
                 2ms  server hears Ping 1
                 2ms  server stores 1
                 2ms  server sends Pong 1, lost: the link is cut
                 3ms  server loses power for 9s
                 9ms  client sends Ping 2, lost: the link is cut
                50ms  all heals
                50ms  server boots again
                50ms  server finds 0 stored
            67.880ms  client sends Ping 1
            73.880ms  server hears Ping 1
            73.880ms  server stores 1
            73.880ms  server sends Pong 1
            75.880ms  client hears Pong 1
            86.389ms  client sends Ping 2
            92.389ms  server hears Ping 2
            92.389ms  server stores 2
            92.389ms  server sends Pong 2
            94.389ms  client hears Pong 2
            ",
    );
}
