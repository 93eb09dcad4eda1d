//! The adversary that follows a fault plan, with dice keyed by seed, fault and address.

use alloc::string::String;
use alloc::vec::Vec;

use crate::address::{Change, Fate, FaultIndex, NodeId, Outage, StepId, Strike, Weather};
use crate::adversary::{Adversary, LossId, Sending, Step};
use crate::chance::{Address, Dice, Rate, Seed};
use crate::digest::name_key;
use crate::domain::Domain;
use crate::faults::{NodeSet, Spread};
use crate::schedule::{Deviation, Script, Unknown};
use crate::time::{Span, Time};

/// When a rule's turn has come: its dice, and what it has counted.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    key: u64,
    dice: Dice,
    rate: Rate,
    nth: Option<u32>,
    times: u32,
    struck: u32,
    matches: Vec<u32>,
}

impl Turn {
    pub(crate) fn new(name: &str, rate: Rate, nth: Option<u32>, times: u32) -> Self {
        let key = name_key(name);
        Self {
            key,
            dice: Seed::new(0).dice_keyed(key),
            rate,
            nth,
            times,
            struck: 0,
            matches: Vec::new(),
        }
    }

    fn reset(&mut self, seed: Seed) {
        self.dice = seed.dice_keyed(self.key);
        self.struck = 0;
        self.matches.clear();
    }

    /// A match at `node`: is it this rule's turn?
    #[inline]
    fn comes(&mut self, node: NodeId, address: Address) -> bool {
        if self.struck >= self.times || !self.is_nth(node) || !self.dice.hits(address, 0, self.rate)
        {
            return false;
        }
        self.struck += 1;
        true
    }

    fn is_nth(&mut self, node: NodeId) -> bool {
        let Some(nth) = self.nth else { return true };
        let index = usize::from(node.0);
        if self.matches.len() <= index {
            self.matches.resize(index + 1, 0);
        }
        self.matches[index] += 1;
        self.matches[index] == nth
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
    Burst(Span, Span),
}

/// A fault on packets, compiled.
#[derive(Clone, Debug)]
pub(crate) struct PacketRule<M> {
    pub(crate) fault: FaultIndex,
    pub(crate) turn: Turn,
    pub(crate) pattern: Option<M>,
    pub(crate) from: NodeSet,
    pub(crate) to: NodeSet,
    pub(crate) start: Time,
    pub(crate) end: Time,
    pub(crate) act: PacketAct,
}

/// What a rule on steps waits for.
#[derive(Clone, Debug)]
pub(crate) enum Trigger<M, O> {
    After(O),
    Packet(M),
}

/// A fault on nodes by rate or trigger, compiled.
#[derive(Clone, Debug)]
pub(crate) struct StepRule<M, O> {
    pub(crate) fault: FaultIndex,
    pub(crate) turn: Turn,
    pub(crate) trigger: Option<Trigger<M, O>>,
    /// Whether `nodes` says whom to strike (otherwise: whoever pulled the trigger).
    pub(crate) aimed: bool,
    pub(crate) nodes: NodeSet,
    pub(crate) end: Time,
    pub(crate) sends: Option<u32>,
    pub(crate) outage: Outage,
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

/// Directed links that are cut together, and for how long.
pub(crate) type Cuts = (Vec<(NodeId, NodeId)>, Span);

/// A compiled fault plan.
#[derive(Clone, Debug)]
pub struct Rules<M, O> {
    pub(crate) packets: Vec<PacketRule<M>>,
    pub(crate) steps: Vec<StepRule<M, O>>,
    pub(crate) timed: Vec<Timed>,
    pub(crate) triggered: Vec<(StepRule<M, O>, Action)>,
    pub(crate) cuts: Vec<Cuts>,
    pub(crate) script: Vec<Deviation>,
}

impl<M, O> Default for Rules<M, O> {
    fn default() -> Self {
        Self {
            packets: Vec::new(),
            steps: Vec::new(),
            timed: Vec::new(),
            triggered: Vec::new(),
            cuts: Vec::new(),
            script: Vec::new(),
        }
    }
}

/// A change of weather that is known to come.
#[derive(Clone, Copy, Debug)]
struct Coming {
    at: Time,
    order: u32,
    weather: Weather,
    /// The timed rule whose next occurrence is to be planned when this one has come, and its number.
    renew: Option<(usize, u64)>,
}

/// Follows a plan. Every answer depends on seed, fault and address alone, and on what triggers have counted.
#[derive(Clone, Debug)]
pub struct Seeded<D: Domain> {
    rules: Rules<D::MessagePattern, D::ObservationPattern>,
    script: Script<D>,
    latency: Dice,
    jitter: Dice,
    survival: Dice,
    /// Soonest last.
    coming: Vec<Coming>,
    order: u32,
    healed: bool,
}

impl<D: Domain> Seeded<D> {
    /// The adversary of run number `seed`. Fails if a script in the plan names what the domain does not have.
    pub fn new(
        rules: Rules<D::MessagePattern, D::ObservationPattern>,
        nodes: &[String],
        seed: u64,
    ) -> Result<Self, Unknown> {
        let seed_keys = Seed::new(seed);
        let mut adversary = Self {
            script: Script::new(&rules.script, nodes)?,
            rules,
            latency: seed_keys.dice("latency"),
            jitter: seed_keys.dice("jitter"),
            survival: seed_keys.dice("survival"),
            coming: Vec::new(),
            order: 0,
            healed: false,
        };
        adversary.reset(seed);
        Ok(adversary)
    }

    /// The same plan under another seed.
    pub fn reset(&mut self, seed: u64) {
        let seed = Seed::new(seed);
        self.latency = seed.dice("latency");
        self.jitter = seed.dice("jitter");
        self.survival = seed.dice("survival");
        self.script.reset();
        self.rules
            .packets
            .iter_mut()
            .for_each(|rule| rule.turn.reset(seed));
        self.rules
            .steps
            .iter_mut()
            .for_each(|rule| rule.turn.reset(seed));
        self.rules
            .triggered
            .iter_mut()
            .for_each(|(rule, _)| rule.turn.reset(seed));
        self.rules
            .timed
            .iter_mut()
            .for_each(|rule| rule.turn.reset(seed));
        self.coming.clear();
        self.order = 0;
        self.healed = false;
        for index in 0..self.rules.timed.len() {
            self.plan(index, 0);
        }
    }

    /// Plans the first occurrence of a timed rule from number `nth` on that chance lets happen.
    fn plan(&mut self, index: usize, nth: u64) {
        let Timed {
            fault,
            turn,
            first,
            every,
            until,
            action,
        } = &self.rules.timed[index];
        let tries = if every.is_some() && !turn.rate.is_zero() {
            OCCURRENCES
        } else {
            1
        };
        for n in nth..nth + tries {
            let at = Time(
                first
                    .0
                    .saturating_add(every.unwrap_or_default().0.saturating_mul(n)),
            );
            if at >= *until || at == Time::NEVER || (every.is_none() && n > 0) {
                return;
            }
            if turn.dice.hits(Address(n, 0), 0, turn.rate) {
                let renew = every.map(|_| (index, n + 1));
                let (action, fault) = (*action, *fault);
                self.bring(at, action, fault, renew);
                return;
            }
        }
    }

    fn bring(&mut self, at: Time, action: Action, fault: FaultIndex, renew: Option<(usize, u64)>) {
        let change = match action {
            Action::Outage(node, outage) => Change::Outage(node, outage),
            Action::Latency(from, to, extra) => Change::Latency(from, to, extra),
            Action::Slow(node, factor) => Change::Slow(node, factor),
            Action::ClockStep(node, nanos) => Change::ClockStep(node, nanos),
            Action::ClockDrift(node, drift) => Change::ClockDrift(node, drift),
            Action::Cut(cuts) => {
                let (links, lasting) = self.rules.cuts[cuts].clone();
                for (index, (from, to)) in links.into_iter().enumerate() {
                    let (fault, renew) = if index == 0 {
                        (fault, renew)
                    } else {
                        (FaultIndex::NONE, None)
                    };
                    self.add(
                        at,
                        Weather {
                            change: Change::Cut(from, to),
                            fault,
                        },
                        renew,
                    );
                    let join = Weather {
                        change: Change::Join(from, to),
                        fault: FaultIndex::NONE,
                    };
                    self.add(at + lasting, join, None);
                }
                return;
            }
        };
        self.add(at, Weather { change, fault }, renew);
    }

    fn add(&mut self, at: Time, weather: Weather, renew: Option<(usize, u64)>) {
        let order = self.order;
        self.order += 1;
        let place = self
            .coming
            .partition_point(|other| (other.at, other.order) > (at, order));
        self.coming.insert(
            place,
            Coming {
                at,
                order,
                weather,
                renew,
            },
        );
    }

    /// Applies the packet rules. Each rule answers for itself; the answers add up in any order.
    fn rule(&mut self, sending: &Sending<'_, D>, fate: &mut Fate) {
        let address = Address::from(sending.id);
        let (mut lost, mut corrupted) = (false, false);
        let mut late = Span::ZERO;
        let mut blamed = Fate::drop();
        let mut copies = Fate::drop();
        for rule in &mut self.rules.packets {
            if sending.at < rule.start || sending.at >= rule.end {
                continue;
            }
            if !rule.from.has(sending.from) || !rule.to.has(sending.to) {
                continue;
            }
            if let Some(pattern) = &rule.pattern
                && !D::message_matches(pattern, sending.message, sending.items)
            {
                continue;
            }
            if let PacketAct::Burst(good, bad) = rule.act
                && !is_bad(rule.turn.dice, good, bad, sending.at)
            {
                continue;
            }
            if !rule.turn.comes(sending.from, address) {
                continue;
            }
            let dice = rule.turn.dice;
            match rule.act {
                PacketAct::Drop | PacketAct::Burst(..) => lost = true,
                PacketAct::Corrupt => corrupted = true,
                PacketAct::Delay(spread) => late = late + spread.draw(dice.roll(address, 1)),
                PacketAct::Hold(release) => late = late + release.since(sending.at),
                PacketAct::Duplicate => {
                    copies.copy(sending.latency + Span(dice.below(address, 1, sending.spread.0)));
                }
            }
            blamed.blame(rule.fault);
        }
        fate.delay(late);
        copies.delays().iter().for_each(|delay| fate.copy(*delay));
        blamed.acted().for_each(|fault| fate.blame(fault));
        if lost || corrupted {
            fate.lose();
            fate.corrupted = !lost;
        }
    }

    fn pull_triggers(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        let mut strike = None;
        let mut remote: Vec<(Action, FaultIndex)> = Vec::new();
        for rule in &mut self.rules.steps {
            if step.at >= rule.end || !pulls::<D>(rule, step) {
                continue;
            }
            let StepRule { fault, outage, .. } = *rule;
            let here = !rule.aimed || rule.nodes.has(step.node);
            if rule.trigger.is_none() && !here || !rule.turn.comes(step.node, step.id.into()) {
                continue;
            }
            if here {
                let sends = rule.sends.unwrap_or_else(|| {
                    rule.turn
                        .dice
                        .below(step.id.into(), 1, u64::from(step.sends) + 1)
                        as u32
                });
                strike = strike.or(Some(Strike {
                    outage,
                    sends,
                    fault,
                }));
            } else {
                let nodes = rule.nodes.nodes(NodeSet::MOST);
                remote.extend(nodes.map(|node| (Action::Outage(node, outage), fault)));
            }
        }
        for (rule, action) in &mut self.rules.triggered {
            if pulls::<D>(rule, step) && rule.turn.comes(step.node, step.id.into()) {
                remote.push((*action, rule.fault));
            }
        }
        for (action, fault) in remote {
            self.bring(step.at, action, fault, None);
        }
        strike
    }
}

/// How many occurrences in a row chance may skip before a timed rule is taken to have ended.
const OCCURRENCES: u64 = 1_000_000;

/// Whether a step does what a rule waits for. A rule by rate alone waits for any step of its nodes.
fn pulls<D: Domain>(
    rule: &StepRule<D::MessagePattern, D::ObservationPattern>,
    step: &Step<'_, D>,
) -> bool {
    match &rule.trigger {
        None => rule.nodes.has(step.node),
        Some(Trigger::After(pattern)) => step
            .seen
            .iter()
            .any(|seen| D::observation_matches(pattern, seen)),
        Some(Trigger::Packet(pattern)) => step
            .input
            .is_some_and(|(message, items)| D::message_matches(pattern, message, items)),
    }
}

/// Whether a link with these mean spells is in a bad one. Spells are drawn from the beginning of time.
fn is_bad(dice: Dice, good: Span, bad: Span, at: Time) -> bool {
    let mut end = 0_u64;
    for spell in 0_u64.. {
        let mean = if spell % 2 == 0 { good } else { bad };
        end = end.saturating_add(
            Spread::Exponential(mean)
                .draw(dice.roll(Address(spell, u64::MAX), 2))
                .0
                .max(1),
        );
        if at.0 < end {
            return spell % 2 == 1;
        }
    }
    false
}

impl<D: Domain> Adversary<D> for Seeded<D> {
    #[inline]
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate {
        if !self.script.is_empty() && !self.healed {
            return self.script.fate(sending);
        }
        let spread = if sending.spread.is_zero() {
            0
        } else {
            self.latency.below(sending.id.into(), 0, sending.spread.0)
        };
        let mut fate = Fate::deliver(Span(sending.latency.0 + spread));
        if !self.healed && !self.rules.packets.is_empty() {
            self.rule(sending, &mut fate);
        }
        fate
    }

    #[inline]
    fn strike(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        if !self.script.is_empty() {
            return self.script.strike(step);
        }
        if self.rules.steps.is_empty() && self.rules.triggered.is_empty() {
            return None;
        }
        self.pull_triggers(step)
    }

    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span {
        if !self.script.is_empty() {
            return Adversary::<D>::jitter(&mut self.script, step, draw, spread);
        }
        Span(
            self.jitter
                .below(step.into(), draw.into(), spread.0.saturating_add(1)),
        )
    }

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        if !self.script.is_empty() {
            return Adversary::<D>::survives(&mut self.script, loss, unsynced);
        }
        let address = Address(
            loss.node,
            u64::from(loss.incarnation) << 32 | u64::from(loss.journal),
        );
        self.survival.below(address, 0, unsynced + 1)
    }

    #[inline]
    fn next_weather(&self) -> Option<Time> {
        if !self.script.is_empty() {
            return Adversary::<D>::next_weather(&self.script);
        }
        self.coming.last().map(|coming| coming.at)
    }

    fn weather(&mut self) -> Weather {
        if !self.script.is_empty() {
            return Adversary::<D>::weather(&mut self.script);
        }
        let coming = self
            .coming
            .pop()
            .expect("weather is taken only when some is due");
        if let Some((index, nth)) = coming.renew {
            self.plan(index, nth);
        }
        coming.weather
    }

    fn heal(&mut self) {
        self.healed = true;
        self.coming.clear();
        Adversary::<D>::heal(&mut self.script);
    }
}
