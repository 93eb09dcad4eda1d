//! A fault plan, compiled: what each rule waits for, when its turn has come, and what it then does.

use alloc::vec::Vec;

use crate::address::{Acted, Fate, FaultIndex, NodeId, Outage};
use crate::adversary::{Sending, Step};
use crate::chance::{Address, Dice, Rate, Seed, Spot};
use crate::digest::name_key;
use crate::domain::Domain;
use crate::faults::{NodeSet, Spread};
use crate::schedule::Deviation;
use crate::time::{Span, Time};

/// A compiled fault plan.
#[derive(Clone, Debug)]
pub struct Rules<M, O> {
    pub(crate) packets: Vec<PacketRule<M>>,
    pub(crate) steps: Vec<StepRule<M, O>>,
    pub(crate) timed: Vec<Timed>,
    /// Pairs of those that begin and end something.
    pub(crate) spells: Vec<Spell>,
    pub(crate) cuts: Vec<Cuts>,
    /// An explicit schedule, if the plan has one: then the run is quiet where no fault acts.
    pub(crate) script: Option<Vec<Deviation>>,
}

/// What a fault brings about from one time until another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spell {
    /// What it brings about by itself.
    pub(crate) own: Action,
    pub(crate) from: Time,
    pub(crate) until: Time,
    /// The rules that begin and end it, by their places among the timed ones.
    pub(crate) begins: usize,
    pub(crate) ends: Option<usize>,
}

impl<M, O> Default for Rules<M, O> {
    fn default() -> Self {
        Self {
            packets: Vec::new(),
            steps: Vec::new(),
            timed: Vec::new(),
            spells: Vec::new(),
            cuts: Vec::new(),
            script: None,
        }
    }
}

impl<M, O> Rules<M, O> {
    /// Starts over under another seed.
    pub(crate) fn reset(&mut self, seed: Seed) {
        let packets = self.packets.iter_mut().map(|rule| {
            if let Some(spells) = rule.scope.as_mut().and_then(|scope| scope.spells.as_mut()) {
                spells.restart();
            }
            &mut rule.turn
        });
        let steps = self.steps.iter_mut().map(|rule| &mut rule.turn);
        let timed = self.timed.iter_mut().map(|rule| &mut rule.turn);
        packets
            .chain(steps)
            .chain(timed)
            .for_each(|turn| turn.reset(seed));
    }
}

/// When a rule's turn has come: its dice, and what it has counted.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    pub(crate) dice: Dice,
    /// The greatest roll with which the turn may come.
    most: u64,
    rate: Rate,
    nth: Option<u32>,
    times: u32,
    struck: u32,
    matches: Vec<u32>,
    key: u64,
}

impl Turn {
    pub(crate) fn new(name: &str, rate: Rate, nth: Option<u32>, times: u32) -> Self {
        let key = name_key(name);
        // Where matches are counted, every one must be looked at, and chance is asked last.
        let most = if nth.is_some() {
            u64::MAX
        } else {
            u64::try_from(rate.threshold().saturating_sub(1)).unwrap_or(u64::MAX)
        };
        Self {
            dice: Seed::new(0).dice_keyed(key),
            most,
            rate,
            nth,
            times: if rate.is_zero() { 0 } else { times },
            struck: 0,
            matches: Vec::new(),
            key,
        }
    }

    fn reset(&mut self, seed: Seed) {
        self.dice = seed.dice_keyed(self.key);
        self.struck = 0;
        self.matches.clear();
    }

    /// Whether chance lets the turn come here at all. It is cheap, and nearly always says no: ask this first.
    #[inline]
    pub(crate) fn may_come(&self, spot: Spot) -> bool {
        self.dice.roll_at(spot) <= self.most
    }

    /// A match at `node`, where the turn may come: does it?
    pub(crate) fn comes(&mut self, node: NodeId, address: Address) -> bool {
        let comes = self.struck < self.times
            && (self.nth.is_none() || self.is_nth(node) && self.dice.hits(address, 0, self.rate));
        self.struck += u32::from(comes);
        comes
    }

    fn is_nth(&mut self, node: NodeId) -> bool {
        let index = usize::from(node.0);
        if self.matches.len() <= index {
            self.matches.resize(index + 1, 0);
        }
        self.matches[index] += 1;
        Some(self.matches[index]) == self.nth
    }
}

/// What a packet rule does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PacketAct {
    Drop,
    Corrupt,
    Duplicate,
    Delay(Spread),
    Hold(Time),
}

/// A fault on packets, compiled.
#[derive(Clone, Debug)]
pub(crate) struct PacketRule<M> {
    pub(crate) fault: FaultIndex,
    pub(crate) turn: Turn,
    /// Which packets; none: all of them.
    pub(crate) scope: Option<Scope<M>>,
    pub(crate) act: PacketAct,
}

/// Some packets of all.
#[derive(Clone, Debug)]
pub(crate) struct Scope<M> {
    pub(crate) pattern: Option<M>,
    pub(crate) from: NodeSet,
    pub(crate) to: NodeSet,
    pub(crate) start: Time,
    pub(crate) end: Time,
    /// Only in bad spells.
    pub(crate) spells: Option<Spells>,
}

impl<M> Scope<M> {
    /// This scope, or none if everything is in it.
    pub(crate) fn unless_all(self) -> Option<Self> {
        let all = self.pattern.is_none()
            && self.spells.is_none()
            && (self.from, self.to) == (NodeSet::ALL, NodeSet::ALL)
            && (self.start, self.end) == (Time::ZERO, Time::NEVER);
        (!all).then_some(self)
    }

    fn has<D: Domain<MessagePattern = M>>(&mut self, sending: &Sending<'_, D>, dice: Dice) -> bool {
        let matches = |pattern: &M| D::message_matches(pattern, sending.message, sending.items);
        (self.start <= sending.at && sending.at < self.end)
            && (self.from.has(sending.from) && self.to.has(sending.to))
            && (self.spells.as_mut()).is_none_or(|spells| spells.is_bad(dice, sending.at))
            && self.pattern.as_ref().is_none_or(matches)
    }
}

impl<M> PacketRule<M> {
    /// Whether the rule is about this packet, where its turn may come, and it does.
    pub(crate) fn acts<D: Domain<MessagePattern = M>>(
        &mut self,
        sending: &Sending<'_, D>,
        address: Address,
    ) -> bool {
        let dice = self.turn.dice;
        let scope = self.scope.as_mut();
        scope.is_none_or(|scope| scope.has(sending, dice)) && self.turn.comes(sending.from, address)
    }
}

/// A fate while the rules of a plan bend it, taken apart: what each rule does can be told in any order.
#[derive(Clone, Copy)]
pub(crate) struct Bent {
    lost: bool,
    corrupted: bool,
    first: Span,
    second: Option<Span>,
    /// The delay of a copy that took another way.
    copied: Option<Span>,
    late: Span,
    held: Span,
    acted: Acted,
}

impl Bent {
    pub(crate) fn new(fate: &Fate) -> Self {
        Self {
            lost: fate.copies == 0 && !fate.corrupted,
            corrupted: fate.corrupted,
            first: fate.delays[0],
            second: (fate.copies > 1).then_some(fate.delays[1]),
            copied: None,
            late: Span::ZERO,
            held: Span::ZERO,
            acted: fate.acted,
        }
    }

    /// A rule acts on it. Nothing is duplicated on a connection.
    pub(crate) fn by<D: Domain>(
        &mut self,
        rule: &PacketRule<D::MessagePattern>,
        sending: &Sending<'_, D>,
        address: Address,
    ) {
        let dice = rule.turn.dice;
        match rule.act {
            PacketAct::Drop => self.lost = true,
            PacketAct::Corrupt => self.corrupted = true,
            PacketAct::Delay(spread) => {
                self.late = self.late + spread.draw(dice.roll(address, 1));
            }
            PacketAct::Hold(release) => self.held = self.held.max(release.since(sending.at)),
            PacketAct::Duplicate if sending.connected => return,
            PacketAct::Duplicate => {
                let spread = dice.below(address, 1, sending.spread.0);
                let delay = sending.latency + Span(spread);
                self.copied = Some(self.copied.map_or(delay, |other| other.min(delay)));
            }
        }
        self.acted = self.acted.and(rule.fault);
    }

    pub(crate) fn fate(self) -> Fate {
        let second = self.second.map(|delay| delay + self.late).or(self.copied);
        let copies = 1 + u8::from(second.is_some());
        let gone = self.lost || self.corrupted;
        Fate {
            delays: [
                self.first + self.late + self.held,
                second.map_or(Span::ZERO, |delay| delay + self.held),
            ],
            acted: self.acted,
            copies: if gone { 0 } else { copies },
            corrupted: self.corrupted && !self.lost,
        }
    }
}

/// Good and bad spells of the weather, in turn, drawn from the beginning of time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spells {
    good: Span,
    bad: Span,
    /// How many were drawn so far, and when the last of them ends. They follow from time alone: this only saves
    /// drawing them again.
    drawn: u64,
    end: Time,
}

impl Spells {
    pub(crate) const fn new(good: Span, bad: Span) -> Self {
        Self {
            good,
            bad,
            drawn: 0,
            end: Time::ZERO,
        }
    }

    fn restart(&mut self) {
        *self = Self::new(self.good, self.bad);
    }

    /// Whether a bad spell is on. Times are asked for in order.
    fn is_bad(&mut self, dice: Dice, at: Time) -> bool {
        while self.end <= at {
            let mean = if self.drawn.is_multiple_of(2) {
                self.good
            } else {
                self.bad
            };
            let bits = dice.roll(Address(self.drawn, u64::MAX), 2);
            self.end += Spread::Exponential(mean).draw(bits).max(Span(1));
            self.drawn += 1;
        }
        self.drawn.is_multiple_of(2)
    }
}

/// What a rule on steps waits for.
#[derive(Clone, Debug)]
pub(crate) enum Trigger<M, O> {
    /// Any step of the nodes it is aimed at.
    Step,
    /// A step that observes something.
    After(O),
    /// A step that handles a message.
    Packet(M),
}

/// Whom a rule on steps strikes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim {
    /// The node that took the step.
    Here,
    /// These nodes, whoever took the step.
    At(NodeSet),
}

/// What a rule on steps does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StepAct {
    /// An outage; of the struck step's packets so many still leave (none: chance's choice).
    Outage(Outage, Option<u32>),
    /// A change of the weather right after the step.
    Action(Action),
}

/// A fault by rate or trigger, compiled.
#[derive(Clone, Debug)]
pub(crate) struct StepRule<M, O> {
    pub(crate) fault: FaultIndex,
    pub(crate) turn: Turn,
    pub(crate) trigger: Trigger<M, O>,
    pub(crate) aim: Aim,
    pub(crate) end: Time,
    pub(crate) act: StepAct,
}

impl<M, O> StepRule<M, O> {
    /// Whether a step does what the rule waits for.
    pub(crate) fn concerns<D>(&self, step: &Step<'_, D>) -> bool
    where
        D: Domain<MessagePattern = M, ObservationPattern = O>,
    {
        step.at < self.end
            && match &self.trigger {
                Trigger::Step => self.aim.has(step.node),
                Trigger::After(pattern) => step
                    .seen
                    .iter()
                    .any(|seen| D::observation_matches(pattern, seen)),
                Trigger::Packet(pattern) => step
                    .input
                    .is_some_and(|(message, items)| D::message_matches(pattern, message, items)),
            }
    }
}

impl Aim {
    pub(crate) fn has(self, node: NodeId) -> bool {
        match self {
            Self::Here => true,
            Self::At(nodes) => nodes.has(node),
        }
    }
}

/// Something that befalls the world at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    Outage(NodeId, Outage),
    /// Cuts the links of this entry of [`Rules::cuts`], for as long as it says.
    Cut(usize),
    Latency(NodeId, NodeId, Span),
    Slow(NodeId, u32),
    ClockStep(NodeId, i64),
    ClockDrift(NodeId, i32),
}

/// An action, once or again and again.
#[derive(Clone, Debug)]
pub(crate) struct Timed {
    pub(crate) fault: FaultIndex,
    pub(crate) turn: Turn,
    pub(crate) first: Time,
    pub(crate) every: Option<Span>,
    pub(crate) until: Time,
    pub(crate) action: Action,
}

impl Timed {
    /// The number and time of the first occurrence, from number `nth` on, that chance lets happen.
    pub(crate) fn next(&self, nth: u64) -> Option<(u64, Time)> {
        if self.turn.times == 0 {
            return None;
        }
        let last = self.every.map_or(0, |_| nth + PATIENCE);
        let at = |n| self.first + self.every.unwrap_or_default().times(n);
        (nth..=last)
            .map(|n| (n, at(n)))
            .take_while(|(_, at)| *at < self.until)
            .find(|(n, _)| self.turn.may_come(Address(*n, 0).into()))
    }
}

/// How many occurrences in a row chance may skip before a timed rule is taken to have ended.
const PATIENCE: u64 = 1_000_000;

/// Directed links that are cut together, and for how long.
#[derive(Clone, Debug)]
pub(crate) struct Cuts {
    pub(crate) links: Vec<(NodeId, NodeId)>,
    pub(crate) lasting: Span,
}
