//! Outages: what they take, who is told, and what comes after.

use semel_sim::faults::{Crash, Delay, DiskLoss, Fault, Pause, PowerLoss, Spread, adversary};
use semel_sim::net::Transport;
use semel_sim::time::Span;

use crate::stage::{Do, Echo, Message, Observation, Stage};

type Plan = Fault<Message, Observation>;

fn stage() -> Stage {
    Stage::new(Transport::Connection)
}

fn crash(at: u64) -> Plan {
    Fault::Crash(Crash {
        node: Some("server".into()),
        at: Some(Span::millis(at)),
        down: Span::millis(10),
        ..Crash::default()
    })
}

fn power_loss(at: u64) -> Plan {
    Fault::PowerLoss(PowerLoss {
        node: Some("server".into()),
        at: Some(Span::millis(at)),
        down: Span::millis(10),
        ..PowerLoss::default()
    })
}

/// A process died after it had answered: its last words are in the network, and the end of the connection is behind
/// them.
#[test]
fn the_news_of_a_crash_overtakes_nothing_that_was_sent_before_it() {
    stage()
        .client(&[(0, Do::Ping(1))])
        .fault(Fault::Delay(Delay {
            packet: Some(Message::Pong(1)),
            by: Spread::Fixed(Span::millis(5)),
            ..Delay::default()
        }))
        .fault(crash(3))
        .goes(
            "
             0ms  client sends Ping 1
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1
             3ms  server crashes for 10ms
             9ms  client hears Pong 1
             9ms  client is told that its connection broke
            13ms  server boots again
            13ms  server finds 1 stored
            ",
        );
}

#[test]
fn a_crash_tells_connected_peers_one_latency_later() {
    stage()
        .client(&[(0, Do::Ping(1)), (20, Do::Ping(2))])
        .fault(crash(5))
        .goes(
            "
             0ms  client sends Ping 1
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1
             4ms  client hears Pong 1
             5ms  server crashes for 10ms
             7ms  client is told that its connection broke
            15ms  server boots again
            15ms  server finds 1 stored
            20ms  client sends Ping 2
            26ms  server hears Ping 2
            26ms  server stores 2
            26ms  server sends Pong 2
            28ms  client hears Pong 2
            ",
        );
}

/// After a power loss nobody says anything, until a packet of the old connection reaches the new process.
#[test]
fn a_power_loss_tells_nobody() {
    stage()
        .client(&[(0, Do::Ping(1)), (20, Do::Ping(2)), (30, Do::Ping(3))])
        .fault(power_loss(5))
        .goes(
            "
             0ms  client sends Ping 1
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1
             4ms  client hears Pong 1
             5ms  server loses power for 10ms
            15ms  server boots again
            15ms  server finds 0 stored
            20ms  client sends Ping 2
            22ms  server misses Ping 2: on a connection that was given up
            24ms  client is told that its connection broke
            30ms  client sends Ping 3
            36ms  server hears Ping 3
            36ms  server stores 3
            36ms  server sends Pong 3
            38ms  client hears Pong 3
            ",
        );
}

/// The operating system of a crashed process still answers that nobody is there; a dead machine answers nothing.
#[test]
fn arrivals_at_a_down_node_are_missed() {
    stage().client(&[(0, Do::Ping(1))]).fault(crash(1)).goes(
        "
             0ms  client sends Ping 1
             1ms  server crashes for 10ms
             2ms  server misses Ping 1: nobody is there
             3ms  client is told that its connection broke
            11ms  server boots again
            11ms  server finds 0 stored
            ",
    );
    stage()
        .client(&[(0, Do::Ping(1))])
        .fault(power_loss(1))
        .goes(
            "
             0ms  client sends Ping 1
             1ms  server loses power for 10ms
             2ms  server misses Ping 1: nobody is there
            11ms  server boots again
            11ms  server finds 0 stored
            ",
        );
}

/// A crash keeps what was written, a power loss some of what was not synced, a lost disk nothing.
#[test]
fn what_an_outage_takes() {
    let disk_loss = Fault::DiskLoss(DiskLoss {
        node: Some("server".into()),
        at: Some(Span::millis(19)),
        ..DiskLoss::default()
    });
    for (fault, found) in [
        (crash(19), "finds 6 stored"),
        (power_loss(19), "finds 4 stored"),
        (disk_loss, "finds 0 stored"),
    ] {
        let stage = stage().client(&[(0, Do::Pings(1, 3)), (15, Do::Pings(4, 6))]);
        let text = stage.fault(fault).play().text;
        assert!(text.contains(found), "instead of `{found}`:\n{text}");
    }
}

/// The cut: what the step wrote and observed stands; of its packets the first leaves, the others never do.
#[test]
fn a_step_is_cut_among_its_sends() {
    stage()
        .client(&[(0, Do::Pings(1, 3))])
        .fault(Fault::Crash(Crash {
            node: Some("client".into()),
            rate: Some(semel_sim::chance::Rate::ONE),
            sends: Some(1),
            nth: Some(2),
            down: Span::millis(10),
            ..Crash::default()
        }))
        .goes(
            "
             0ms  client sends Ping 1
             0ms  client never sends Ping 2
             0ms  client never sends Ping 3
             0ms  client crashes for 10ms
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1
             2ms  server is told that its connection broke
             4ms  client misses Pong 1: nobody is there
            10ms  client boots again
            10ms  client sends Ping 1
            10ms  client sends Ping 2
            10ms  client sends Ping 3
            16ms  server hears Ping 1
            16ms  server stores 1
            16ms  server sends Pong 1
            16ms  server hears Ping 2
            16ms  server stores 2
            16ms  server sends Pong 2
            16ms  server hears Ping 3
            16ms  server stores 3
            16ms  server sends Pong 3
            18ms  client hears Pong 1
            18ms  client hears Pong 2
            18ms  client hears Pong 3
            ",
        );
}

/// Crash between the write and the reply.
#[test]
fn a_trigger_strikes_right_after_the_step() {
    stage()
        .client(&[(0, Do::Pings(1, 2))])
        .fault(Fault::Crash(Crash {
            after: Some(Observation::Stored(1)),
            down: Span::millis(10),
            ..Crash::default()
        }))
        .goes(
            "
             0ms  client sends Ping 1
             0ms  client sends Ping 2
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server never sends Pong 1
             2ms  server crashes for 10ms
             2ms  server misses Ping 2: nobody is there
             4ms  client is told that its connection broke
            12ms  server boots again
            12ms  server finds 1 stored
            ",
        );
}

/// A paused node loses nothing: what arrived waits in order, what it had not sent leaves when it goes on.
#[test]
fn a_pause_holds_sends_back_and_keeps_the_order_of_its_inbox() {
    stage()
        .client(&[(0, Do::Ping(1)), (3, Do::Ping(2)), (4, Do::Ping(3))])
        .fault(Fault::Pause(Pause {
            after: Some(Observation::Stored(1)),
            down: Span::millis(10),
            ..Pause::default()
        }))
        .goes(
            "
             0ms  client sends Ping 1
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server is paused for 10ms
             3ms  client sends Ping 2
             4ms  client sends Ping 3
            12ms  server goes on
            12ms  server sends Pong 1
            12ms  server hears Ping 2
            12ms  server stores 2
            12ms  server sends Pong 2
            12ms  server hears Ping 3
            12ms  server stores 3
            12ms  server sends Pong 3
            14ms  client hears Pong 1
            14ms  client hears Pong 2
            14ms  client hears Pong 3
            ",
        );
}

/// Both lines fall due while the client is paused. The first cancels the second before that is its turn.
#[test]
fn a_timer_that_waited_can_still_be_cancelled() {
    stage()
        .client(&[(5, Do::Cancel(1)), (6, Do::Ping(1)), (7, Do::Ping(2))])
        .fault(Fault::Pause(Pause {
            node: Some("client".into()),
            at: Some(Span::millis(4)),
            down: Span::millis(10),
            ..Pause::default()
        }))
        .goes(
            "
             4ms  client is paused for 10ms
            14ms  client goes on
            14ms  client sends Ping 2
            16ms  server hears Ping 2
            16ms  server stores 2
            16ms  server sends Pong 2
            18ms  client hears Pong 2
            ",
        );
}

/// A crash of a paused node takes the inbox and what was held back.
#[test]
fn a_crash_ends_a_pause() {
    stage()
        .client(&[(0, Do::Ping(1)), (3, Do::Ping(2))])
        .fault(Fault::Pause(Pause {
            after: Some(Observation::Stored(1)),
            down: Span::millis(50),
            ..Pause::default()
        }))
        .fault(crash(10))
        .goes(
            "
             0ms  client sends Ping 1
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server is paused for 50ms
             3ms  client sends Ping 2
            10ms  server crashes for 10ms
            10ms  server misses Ping 2: nobody is there
            10ms  server never sends Pong 1
            12ms  client is told that its connection broke
            20ms  server boots again
            20ms  server finds 1 stored
            ",
        );
}

/// A trigger may be aimed at somebody else, who is struck right after the step, or at everybody.
#[test]
fn a_trigger_aimed_elsewhere() {
    let aimed = |node: &str| {
        Fault::Crash(Crash {
            after: Some(Observation::Stored(1)),
            node: Some(node.into()),
            down: Span::millis(10),
            ..Crash::default()
        })
    };
    let stage = stage().client(&[(0, Do::Ping(1))]);
    stage.clone().fault(aimed("client")).goes(
        "
             0ms  client sends Ping 1
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server sends Pong 1
             2ms  client crashes for 10ms
             4ms  client misses Pong 1: nobody is there
             4ms  server is told that its connection broke
            12ms  client boots again
            12ms  client sends Ping 1
            18ms  server hears Ping 1
            18ms  server stores 1
            18ms  server sends Pong 1
            20ms  client hears Pong 1
            ",
    );
    stage.fault(aimed("*")).goes(
        "
             0ms  client sends Ping 1
             2ms  server hears Ping 1
             2ms  server stores 1
             2ms  server never sends Pong 1
             2ms  server crashes for 10ms
             2ms  client crashes for 10ms
            12ms  server boots again
            12ms  server finds 1 stored
            12ms  client boots again
            12ms  client sends Ping 1
            18ms  server hears Ping 1
            18ms  server stores 1
            18ms  server sends Pong 1
            20ms  client hears Pong 1
            ",
    );
}

#[test]
fn a_fault_strikes_among_128_nodes_at_most() {
    let nodes: Vec<String> = (0..129).map(|number| format!("n-{number}")).collect();
    let plan = [Fault::<Message, Observation>::Crash(Crash {
        node: Some("n-128".into()),
        ..Crash::default()
    })];
    let few = adversary::<Echo>(&plan, &nodes[..128], 1).map(|_| ());
    assert_eq!(
        few.unwrap_err().1.to_string(),
        "node: no node and no role is called `n-128`"
    );
    let many = adversary::<Echo>(&plan, &nodes, 1).map(|_| ());
    let (place, wrong) = many.unwrap_err();
    assert_eq!(
        (place, wrong.to_string()),
        (0, "nodes: a world with faults has at most 128 nodes".into())
    );
}
