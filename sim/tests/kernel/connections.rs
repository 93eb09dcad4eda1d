//! Connections: order, loss, giving up, and what arrives late.

use semel_sim::faults::{Delay, Drop, Duplicate, Fault, Isolate, Spread};
use semel_sim::net::Transport;
use semel_sim::time::Span;

use crate::stage::{Do, Message, Observation, Stage};

fn stage() -> Stage {
    Stage::new(Transport::Connection)
}

fn late(message: Message, by: u64) -> Fault<Message, Observation> {
    Fault::Delay(Delay {
        packet: Some(message),
        by: Spread::Fixed(Span::millis(by)),
        ..Delay::default()
    })
}

fn lost(message: Message) -> Fault<Message, Observation> {
    Fault::Drop(Drop {
        packet: Some(message),
        ..Drop::default()
    })
}

/// The second ping overtakes nothing: everything behind a late packet waits for it.
#[test]
fn a_connection_keeps_order() {
    stage()
        .client(&[(0, Do::Ping(1)), (1, Do::Ping(2))])
        .fault(late(Message::Ping(1), 5))
        .goes(
            "
            0ms  client sends Ping 1
            1ms  client sends Ping 2
            7ms  server hears Ping 1
            7ms  server stores 1
            7ms  server sends Pong 1
            7ms  server hears Ping 2
            7ms  server stores 2
            7ms  server sends Pong 2
            9ms  client hears Pong 1
            9ms  client hears Pong 2
            ",
        );
}

/// Order holds under jitter too: a hundred pings, each with a latency of its own, are stored in order.
#[test]
fn a_connection_keeps_order_under_jitter() {
    let mut stage = stage().client(&[(0, Do::Pings(1, 50)), (1, Do::Pings(51, 100))]);
    stage.terrain.latency.spread = Span::millis(9);
    let text = stage.play().text;
    let stored = text.lines().filter_map(|line| line.split("stores ").nth(1));
    let stored: Vec<u32> = stored.map(|n| n.parse().unwrap()).collect();
    assert!(stored.into_iter().eq(1..=100), "{text}");
}

#[test]
fn a_lost_packet_breaks_the_connection_and_only_its_sender_is_told() {
    stage()
        .client(&[(0, Do::Pings(1, 3)), (1, Do::Ping(4)), (10, Do::Ping(5))])
        .fault(lost(Message::Ping(2)))
        .goes(
            "
             0ms  client sends Ping 1
             0ms  client sends Ping 2, lost: dropped
             0ms  client sends Ping 3, lost: behind a lost one
             1ms  client sends Ping 4, lost: behind a lost one
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1
             2ms  client is told that its connection broke
             4ms  client misses Pong 1: on a connection that was given up
             6ms  server is told that its connection broke
            10ms  client sends Ping 5
            16ms  server hears Ping 5
            16ms  server stores 5
            16ms  server sends Pong 5
            18ms  client hears Pong 5
            ",
        );
}

/// What the server sends is lost from then on, what the client sends is not; it will have to notice by itself.
#[test]
fn a_lost_answer_breaks_one_direction() {
    stage()
        .client(&[
            (0, Do::Ping(1)),
            (10, Do::Ping(2)),
            (20, Do::GiveUp),
            (20, Do::Ping(3)),
        ])
        .fault(lost(Message::Pong(1)))
        .goes(
            "
             0ms  client sends Ping 1
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1, lost: dropped
             4ms  server is told that its connection broke
            10ms  client sends Ping 2
            12ms  server hears Ping 2
            12ms  server stores 2
            12ms  server sends Pong 2, lost: behind a lost one
            20ms  client sends Ping 3
            26ms  server hears Ping 3
            26ms  server stores 3
            26ms  server sends Pong 3
            28ms  client hears Pong 3
            ",
        );
}

/// A server that gives the connection up when it is told hears no more on it, and the client is told.
#[test]
fn a_server_that_gives_up_makes_the_client_open_another_connection() {
    stage()
        .client(&[(0, Do::Ping(1)), (10, Do::Ping(2)), (20, Do::Ping(3))])
        .with_a_server_that_gives_up()
        .fault(lost(Message::Pong(1)))
        .goes(
            "
             0ms  client sends Ping 1
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1, lost: dropped
             4ms  server is told that its connection broke
            10ms  client sends Ping 2
            12ms  server misses Ping 2: on a connection that was given up
            14ms  client is told that its connection broke
            20ms  client sends Ping 3
            26ms  server hears Ping 3
            26ms  server stores 3
            26ms  server sends Pong 3
            28ms  client hears Pong 3
            ",
        );
}

#[test]
fn giving_up_costs_a_round_trip_on_the_next_send() {
    stage()
        .client(&[
            (0, Do::Ping(1)),
            (10, Do::GiveUp),
            (20, Do::Ping(2)),
            (30, Do::Ping(3)),
        ])
        .goes(
            "
             0ms  client sends Ping 1
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1
             4ms  client hears Pong 1
            20ms  client sends Ping 2
            26ms  server hears Ping 2
            26ms  server stores 2
            26ms  server sends Pong 2
            28ms  client hears Pong 2
            30ms  client sends Ping 3
            32ms  server hears Ping 3
            32ms  server stores 3
            32ms  server sends Pong 3
            34ms  client hears Pong 3
            ",
        );
}

/// The best published bugs live here.
#[test]
fn a_request_of_an_abandoned_connection_arrives_after_its_successors_traffic() {
    stage()
        .client(&[
            (0, Do::Ping(1)),
            (5, Do::GiveUp),
            (5, Do::Ping(2)),
            (25, Do::Ping(3)),
        ])
        .fault(late(Message::Ping(1), 18))
        .goes(
            "
             0ms  client sends Ping 1
             5ms  client sends Ping 2
            11ms  server hears Ping 2
            11ms  server stores 2
            11ms  server sends Pong 2
            13ms  client hears Pong 2
            20ms  server hears Ping 1
            20ms  server stores 1
            20ms  server sends Pong 1
            22ms  client misses Pong 1: on a connection that was given up
            25ms  client sends Ping 3
            27ms  server hears Ping 3
            27ms  server stores 3
            27ms  server sends Pong 3
            29ms  client hears Pong 3
            ",
        );
}

/// An answer that was on its way when the client gave up is not heard, and the server learns that.
#[test]
fn answers_to_an_abandoned_connection_are_not_heard() {
    stage().client(&[(0, Do::Ping(1)), (3, Do::GiveUp)]).goes(
        "
            0ms  client sends Ping 1
            2ms  server hears Ping 1
            2ms  server stores 1
            2ms  server sends Pong 1
            4ms  client misses Pong 1: on a connection that was given up
            6ms  server is told that its connection broke
            ",
    );
}

/// A late answer on an old connection holds nobody up on the new one.
#[test]
fn connections_keep_no_order_among_each_other() {
    stage()
        .client(&[(0, Do::Ping(1)), (3, Do::GiveUp), (3, Do::Ping(2))])
        .fault(late(Message::Pong(1), 50))
        .goes(
            "
             0ms  client sends Ping 1
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1
             3ms  client sends Ping 2
             9ms  server hears Ping 2
             9ms  server stores 2
             9ms  server sends Pong 2
            11ms  client hears Pong 2
            54ms  client misses Pong 1: on a connection that was given up
            ",
        );
}

#[test]
fn nothing_is_duplicated_on_a_connection() {
    let twice = Fault::Duplicate(Duplicate {
        packet: Some(Message::Ping(1)),
        ..Duplicate::default()
    });
    let played = stage().client(&[(0, Do::Ping(1))]).fault(twice).play();
    assert_eq!(played.text.matches("stores 1").count(), 1);
    assert!(played.fired.is_empty(), "the fault has not acted");
}

/// What is sent during an isolation is lost; what was in flight arrives; nobody is told until somebody speaks into
/// the gap.
#[test]
fn isolation_tells_nobody() {
    let cut = Fault::Isolate(Isolate {
        node: "server".into(),
        at: Some(Span::millis(1)),
        until: Some(Span::millis(10)),
        ..Isolate::default()
    });
    stage()
        .client(&[
            (0, Do::Ping(1)),
            (5, Do::Ping(2)),
            (20, Do::Ping(3)),
            (30, Do::Ping(4)),
        ])
        .fault(cut)
        .goes(
            "
             0ms  client sends Ping 1
             1ms  the link server -> client is cut
             1ms  the link client -> server is cut
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1, lost: the link is cut
             5ms  client sends Ping 2, lost: the link is cut
            10ms  the link server -> client is joined
            10ms  the link client -> server is joined
            20ms  client sends Ping 3, lost: behind a lost one
            22ms  client is told that its connection broke
            30ms  client sends Ping 4
            36ms  server hears Ping 4
            36ms  server stores 4
            36ms  server sends Pong 4
            38ms  client hears Pong 4
            ",
        );
}
