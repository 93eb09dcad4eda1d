//! Datagrams: each fends for itself.

use semel_sim::chance::Rate;
use semel_sim::faults::{
    Burst, Corrupt, Delay, Drop, Duplicate, Fault, Hold, Isolate, SlowLink, Spread,
};
use semel_sim::net::Transport;
use semel_sim::time::Span;

use crate::stage::{Do, Message, Stage};

fn stage() -> Stage {
    Stage::new(Transport::Datagram)
}

#[test]
fn a_datagram_is_lost_late_or_doubled_by_itself() {
    let mut stage = stage()
        .client(&[(0, Do::Pings(1, 3)), (1, Do::Ping(4))])
        .fault(Fault::Drop(Drop {
            packet: Some(Message::Ping(1)),
            ..Drop::default()
        }))
        .fault(Fault::Delay(Delay {
            packet: Some(Message::Ping(2)),
            by: Spread::Fixed(Span::millis(5)),
            ..Delay::default()
        }))
        .fault(Fault::Duplicate(Duplicate {
            packet: Some(Message::Ping(3)),
            ..Duplicate::default()
        }));
    stage.terrain.latency.spread = Span::micros(10);
    stage.goes(
        "
                0ms  client sends Ping 1, lost: dropped
                0ms  client sends Ping 2
                0ms  client sends Ping 3, which will arrive twice
                1ms  client sends Ping 4
            2.003ms  server hears Ping 3
            2.003ms  server stores 3
            2.003ms  server sends Pong 3
            2.007ms  server hears Ping 3
            2.007ms  server stores 3
            2.007ms  server sends Pong 3
            3.001ms  server hears Ping 4
            3.001ms  server stores 4
            3.001ms  server sends Pong 4
            4.005ms  client hears Pong 3
            4.008ms  client hears Pong 3
            5.010ms  client hears Pong 4
            7.006ms  server hears Ping 2
            7.006ms  server stores 2
            7.006ms  server sends Pong 2
            9.013ms  client hears Pong 2
            ",
    );
}

#[test]
fn giving_up_means_nothing_to_datagrams() {
    stage()
        .client(&[(0, Do::Ping(1)), (1, Do::GiveUp), (1, Do::Ping(2))])
        .goes(
            "
            0ms  client sends Ping 1
            1ms  client sends Ping 2
            2ms  server hears Ping 1
            2ms  server stores 1
            2ms  server sends Pong 1
            3ms  server hears Ping 2
            3ms  server stores 2
            3ms  server sends Pong 2
            4ms  client hears Pong 1
            5ms  client hears Pong 2
            ",
        );
}

#[test]
fn a_damaged_packet_is_noticed_and_thrown_away() {
    stage()
        .client(&[(0, Do::Pings(1, 2))])
        .fault(Fault::Corrupt(Corrupt {
            packet: Some(Message::Ping(1)),
            ..Corrupt::default()
        }))
        .goes(
            "
            0ms  client sends Ping 1, lost: damaged
            0ms  client sends Ping 2
            2ms  server hears Ping 2
            2ms  server stores 2
            2ms  server sends Pong 2
            4ms  client hears Pong 2
            ",
        );
}

/// A clogged link: what is sent from 1 ms on leaves at 20 ms, all together, and what is sent later is not held.
#[test]
fn held_packets_are_released_together() {
    stage()
        .client(&[
            (0, Do::Ping(1)),
            (1, Do::Ping(2)),
            (10, Do::Ping(3)),
            (21, Do::Ping(4)),
        ])
        .fault(Fault::Hold(Hold {
            from: Some("client".into()),
            at: Some(Span::millis(1)),
            release: Span::millis(20),
            ..Hold::default()
        }))
        .goes(
            "
             0ms  client sends Ping 1
             1ms  client sends Ping 2
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1
             4ms  client hears Pong 1
            10ms  client sends Ping 3
            21ms  client sends Ping 4
            22ms  server hears Ping 2
            22ms  server stores 2
            22ms  server sends Pong 2
            22ms  server hears Ping 3
            22ms  server stores 3
            22ms  server sends Pong 3
            23ms  server hears Ping 4
            23ms  server stores 4
            23ms  server sends Pong 4
            24ms  client hears Pong 2
            24ms  client hears Pong 3
            25ms  client hears Pong 4
            ",
        );
}

/// An isolation cuts what is sent during it, one way or both; what is in flight arrives.
#[test]
fn isolation_one_way() {
    stage()
        .client(&[(0, Do::Ping(1)), (3, Do::Ping(2)), (12, Do::Ping(3))])
        .fault(Fault::Isolate(Isolate {
            node: "server".into(),
            direction: semel_sim::faults::Direction::Outgoing,
            at: Some(Span::millis(1)),
            until: Some(Span::millis(10)),
            ..Isolate::default()
        }))
        .goes(
            "
             0ms  client sends Ping 1
             1ms  the link server -> client is cut
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1, lost: the link is cut
             3ms  client sends Ping 2
             5ms  server hears Ping 2
             5ms  server stores 2
             5ms  server sends Pong 2, lost: the link is cut
            10ms  the link server -> client is joined
            12ms  client sends Ping 3
            14ms  server hears Ping 3
            14ms  server stores 3
            14ms  server sends Pong 3
            16ms  client hears Pong 3
            ",
        );
}

/// Two spells on one link add up where they overlap, and each ends alone.
#[test]
fn slow_links_add_up() {
    let slow = |extra, at, until| {
        Fault::SlowLink(SlowLink {
            name: None,
            from: Some("server".into()),
            to: None,
            extra: Span::millis(extra),
            at: Span::millis(at),
            until: Some(Span::millis(until)),
        })
    };
    stage()
        .client(&[(0, Do::Ping(1)), (10, Do::Ping(2)), (20, Do::Ping(3))])
        .fault(slow(5, 1, 30))
        .fault(slow(3, 8, 15))
        .goes(
            "
             0ms  client sends Ping 1
             1ms  the link server -> client takes 5ms longer
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1
             8ms  the link server -> client takes 8ms longer
             9ms  client hears Pong 1
            10ms  client sends Ping 2
            12ms  server hears Ping 2
            12ms  server stores 2
            12ms  server sends Pong 2
            15ms  the link server -> client takes 5ms longer
            20ms  client sends Ping 3
            22ms  client hears Pong 2
            22ms  server hears Ping 3
            22ms  server stores 3
            22ms  server sends Pong 3
            29ms  client hears Pong 3
            30ms  the link server -> client is as fast as ever
            ",
        );
}

#[test]
fn a_slow_link_is_slow_one_way_and_for_a_while() {
    stage()
        .client(&[(0, Do::Ping(1)), (10, Do::Ping(2)), (30, Do::Ping(3))])
        .fault(Fault::SlowLink(SlowLink {
            name: None,
            from: Some("server".into()),
            to: None,
            extra: Span::millis(5),
            at: Span::millis(5),
            until: Some(Span::millis(20)),
        }))
        .goes(
            "
             0ms  client sends Ping 1
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1
             4ms  client hears Pong 1
             5ms  the link server -> client takes 5ms longer
            10ms  client sends Ping 2
            12ms  server hears Ping 2
            12ms  server stores 2
            12ms  server sends Pong 2
            19ms  client hears Pong 2
            20ms  the link server -> client is as fast as ever
            30ms  client sends Ping 3
            32ms  server hears Ping 3
            32ms  server stores 3
            32ms  server sends Pong 3
            34ms  client hears Pong 3
            ",
        );
}

/// When a burst rages depends on time alone: two clients that send at other times find the same weather.
#[test]
fn a_burst_is_weather() {
    let lost = |offset: u64| -> Vec<u64> {
        let times = (0..400).map(|n| 5 * n + offset);
        let lines: Vec<(u64, Do)> = times.map(|at| (at, Do::Ping(at as u32))).collect();
        let burst = Fault::Burst(Burst {
            name: None,
            good: Span::millis(300),
            bad: Span::millis(100),
            rate: Rate::ONE,
            from: Some("client".into()),
            to: None,
            at: None,
            until: None,
        });
        let text = stage().client(&lines).fault(burst).play().text;
        let lost = text.lines().filter(|line| line.contains("lost: dropped"));
        lost.map(|line| line.trim().split("ms").next().unwrap().parse().unwrap())
            .collect()
    };
    let (some, others) = (lost(0), lost(2));
    assert!(
        some.len() > 20 && some.len() < 250,
        "a quarter of the time: {some:?}"
    );
    let near = |at: &u64, all: &[u64]| all.iter().any(|other| at.abs_diff(*other) <= 3);
    let alike = some.iter().filter(|at| near(at, &others)).count();
    assert!(alike + 12 >= some.len(), "{some:?} against {others:?}");
}

/// Dropped and damaged are the same to everybody but to whoever reads the trace: and of that the digest is.
#[test]
fn a_digest_tells_why_a_packet_was_lost() {
    let stage = stage().client(&[(0, Do::Pings(1, 2))]);
    let packet = Some(Message::Ping(1));
    let dropped = stage.clone().fault(Fault::Drop(Drop {
        packet,
        ..Drop::default()
    }));
    let damaged = stage.fault(Fault::Corrupt(Corrupt {
        packet,
        ..Corrupt::default()
    }));
    assert_ne!(dropped.play().digest, damaged.play().digest);
}
