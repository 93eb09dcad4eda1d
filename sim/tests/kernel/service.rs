//! Steps that take time: what a step writes stands when it begins, what it sends leaves when it is over.

use semel_sim::faults::{Crash, Fault, Pause, Slow};
use semel_sim::net::Transport;
use semel_sim::time::Span;

use crate::stage::{Do, Message, Observation, Stage};

/// Every step takes 1 ms.
fn stage(transport: Transport) -> Stage {
    let mut stage = Stage::new(transport);
    stage.terrain.service = Span::millis(1);
    stage
}

fn slow(at: u64, until: u64, factor: u32) -> Fault<Message, Observation> {
    Fault::Slow(Slow {
        name: None,
        node: "server".into(),
        factor,
        at: Span::millis(at),
        until: Some(Span::millis(until)),
    })
}

/// A slow server answers late even when nothing else waits for it; what arrives while it is busy waits.
#[test]
fn what_a_step_sends_leaves_when_its_service_time_is_over() {
    stage(Transport::Datagram)
        .client(&[(3, Do::Ping(1)), (19, Do::Pings(2, 4))])
        .fault(slow(14, 30, 5))
        .goes(
            "
             5ms  client sends Ping 1
             7ms  server hears Ping 1
             7ms  server stores 1
             8ms  server sends Pong 1
            10ms  client hears Pong 1
            14ms  server is 5 times slower
            21ms  client sends Ping 2
            21ms  client sends Ping 3
            21ms  client sends Ping 4
            23ms  server hears Ping 2
            23ms  server stores 2
            28ms  server sends Pong 2
            28ms  server hears Ping 3
            28ms  server stores 3
            30ms  server is as fast as ever
            30ms  client hears Pong 2
            33ms  server sends Pong 3
            33ms  server hears Ping 4
            33ms  server stores 4
            34ms  server sends Pong 4
            35ms  client hears Pong 3
            36ms  client hears Pong 4
            ",
        );
}

/// Nothing is lost, and yet the answer comes too late: the client repeats what has been done.
#[test]
fn a_server_slower_than_the_timeout_is_asked_twice() {
    stage(Transport::Datagram)
        .client(&[(3, Do::Ping(1))])
        .retrying(Span::millis(10))
        .fault(slow(2, 8, 10))
        .goes(
            "
             2ms  server is 10 times slower
             5ms  client sends Ping 1
             7ms  server hears Ping 1
             7ms  server stores 1
             8ms  server is as fast as ever
        16.845ms  client sends Ping 1
            17ms  server sends Pong 1
        18.845ms  server hears Ping 1
        18.845ms  server stores 1
            19ms  client hears Pong 1
        19.845ms  server sends Pong 1
        21.845ms  client hears Pong 1
            ",
        );
}

/// A crash during the service time keeps what was written, and what has not left never leaves.
#[test]
fn a_crash_during_a_step_loses_what_has_not_left() {
    stage(Transport::Connection)
        .client(&[(3, Do::Ping(1))])
        .fault(slow(2, 50, 5))
        .fault(Fault::Crash(Crash {
            node: Some("server".into()),
            at: Some(Span::millis(10)),
            down: Span::millis(10),
            ..Crash::default()
        }))
        .goes(
            "
             2ms  server is 5 times slower
             5ms  client sends Ping 1
             7ms  server hears Ping 1
             7ms  server stores 1
            10ms  server crashes for 10ms
            10ms  server never sends Pong 1
            12ms  client is told that its connection broke
            20ms  server boots again
            20ms  server finds 1 stored
            50ms  server is as fast as ever
            ",
        );
}

/// A pause stops a step: what is left of its service time is served afterwards.
#[test]
fn a_pause_during_a_step_puts_its_end_off() {
    stage(Transport::Connection)
        .client(&[(3, Do::Pings(1, 2))])
        .fault(slow(2, 50, 5))
        .fault(Fault::Pause(Pause {
            node: Some("server".into()),
            at: Some(Span::millis(9)),
            down: Span::millis(2),
            ..Pause::default()
        }))
        .goes(
            "
             2ms  server is 5 times slower
             5ms  client sends Ping 1
             5ms  client sends Ping 2
             7ms  server hears Ping 1
             7ms  server stores 1
             9ms  server is paused for 2ms
            11ms  server goes on
            14ms  server sends Pong 1
            14ms  server hears Ping 2
            14ms  server stores 2
            16ms  client hears Pong 1
            19ms  server sends Pong 2
            21ms  client hears Pong 2
            50ms  server is as fast as ever
            ",
        );
}

/// What strikes after a step strikes when it is over, among the packets that leave.
#[test]
fn what_strikes_a_step_strikes_at_its_end() {
    let crash = |sends| {
        Fault::Crash(Crash {
            after: Some(Observation::Stored(1)),
            sends: Some(sends),
            down: Span::millis(10),
            ..Crash::default()
        })
    };
    let stage = stage(Transport::Connection).client(&[(3, Do::Ping(1))]);
    stage.clone().fault(crash(0)).goes(
        "
             5ms  client sends Ping 1
             7ms  server hears Ping 1
             7ms  server stores 1
             8ms  server never sends Pong 1
             8ms  server crashes for 10ms
            10ms  client is told that its connection broke
            18ms  server boots again
            18ms  server finds 1 stored
            ",
    );
    stage.fault(crash(1)).goes(
        "
             5ms  client sends Ping 1
             7ms  server hears Ping 1
             7ms  server stores 1
             8ms  server sends Pong 1
             8ms  server crashes for 10ms
            10ms  client hears Pong 1
            11ms  client is told that its connection broke
            18ms  server boots again
            18ms  server finds 1 stored
            ",
    );
}

/// The address of a packet and its connection are those of the time when it leaves; a client that has given its
/// connection up is not answered on it.
#[test]
fn an_answer_that_leaves_after_its_connection_was_given_up_is_lost() {
    stage(Transport::Connection)
        .client(&[(3, Do::Ping(1)), (7, Do::GiveUp), (8, Do::Ping(2))])
        .fault(slow(2, 16, 5))
        .goes(
            "
             2ms  server is 5 times slower
             5ms  client sends Ping 1
             7ms  server hears Ping 1
             7ms  server stores 1
            10ms  client sends Ping 2
            12ms  server sends Pong 1
            14ms  client misses Pong 1: on a connection that was given up
            16ms  server is as fast as ever
            16ms  server hears Ping 2
            16ms  server stores 2
            17ms  server sends Pong 2
            19ms  client hears Pong 2
            ",
        );
}
