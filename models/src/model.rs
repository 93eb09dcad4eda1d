//! The domain as the kernel sees it.

use alloc::string::String;

use semel_sim::address::{Label, NodeId};
use semel_sim::context::Context;
use semel_sim::domain::Domain;
use semel_sim::store::Batch;

use crate::message::log::Produce;
use crate::message::{Kind, Message, MessagePattern, log};
use crate::node::Node;
use crate::observation::{Observation, ObservationPattern, Outcome};
use crate::timer::{Timer, TimerKind};
use crate::vocabulary::Item;

/// The domain of Semel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Model;

/// What a node of this domain can do in a step.
pub(crate) type Ctx<'a> = Context<'a, Model>;

/// Labels below this are messages, so that new kinds of message rename no timer.
const TIMERS: u8 = 40;

/// There are fewer labels than this. Behind them the kernel counts boots and disconnections, which are addresses, too: so
/// there is room, and new kinds of timer do not rename those.
const LABELS: usize = 80;

/// The labels that keep no run alive.
const CHATTER: [bool; 256] = {
    let polls = [Kind::Fetch, Kind::NoRecords, Kind::Heartbeat, Kind::Beat];
    let mut table = [false; 256];
    let mut index = 0;
    while index < polls.len() {
        table[polls[index] as usize] = true;
        index += 1;
    }
    index = 0;
    while index < TimerKind::ALL.len() {
        table[TIMERS as usize + index] = TimerKind::ALL[index].is_chatter();
        index += 1;
    }
    table
};

impl Domain for Model {
    type Message = Message;
    type Timer = Timer;
    type Observation = Observation;
    type Item = Item;
    type Node = Node;
    type MessagePattern = MessagePattern;
    type ObservationPattern = ObservationPattern;

    const LABELS: usize = {
        assert!(TIMERS as usize + TimerKind::ALL.len() <= LABELS);
        LABELS
    };

    #[inline]
    fn label(message: &Message) -> Label {
        message.kind().into()
    }

    #[inline]
    fn timer_label(timer: &Timer) -> Label {
        Label(TIMERS + timer.kind() as u8)
    }

    fn label_name(label: Label) -> &'static str {
        if label.0 >= TIMERS {
            return TimerKind::ALL
                .get(usize::from(label.0 - TIMERS))
                .map_or("", |kind| kind.name());
        }
        Kind::ALL
            .get(usize::from(label.0))
            .map_or("", |kind| kind.name())
    }

    fn describe(message: &Message, items: &[Item]) -> String {
        message.describe(items)
    }

    #[inline]
    fn chatter(label: Label) -> bool {
        CHATTER[usize::from(label.0)]
    }

    #[inline]
    fn batch(message: &Message) -> Option<Batch> {
        match message {
            Message::Log(log::Message::Ack { batch, .. } | log::Message::Records { batch, .. }) => {
                *batch
            }
            Message::Log(log::Message::Produce(produce)) => Some(produce.batch),
            _ => None,
        }
    }

    #[inline]
    fn tells(label: Label) -> bool {
        label.0 == Kind::Produce as u8
    }

    /// An attempt is made when a producer's packet leaves; and a client that waits for nothing is content from then on.
    #[inline]
    fn departed(_: NodeId, message: &Message, items: &[Item], see: &mut impl FnMut(Observation)) {
        let Message::Log(log::Message::Produce(produce)) = message else {
            return;
        };
        let Produce {
            attempt,
            client,
            session,
            answer,
            output: None,
            ..
        } = *produce
        else {
            return;
        };
        for item in items {
            see(Observation::Attempt {
                record: item.record,
                attempt,
                producer: client,
                session,
            });
            if !answer {
                see(Observation::Acked {
                    record: item.record,
                    outcome: Outcome::Ok,
                    duplicate: false,
                });
            }
        }
    }

    fn message_matches(pattern: &MessagePattern, message: &Message, items: &[Item]) -> bool {
        pattern.matches(message, items)
    }

    fn observation_matches(pattern: &ObservationPattern, observation: &Observation) -> bool {
        pattern.matches(observation)
    }
}
