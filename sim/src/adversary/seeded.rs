//! The adversary that follows a fault plan, with dice keyed by seed, fault and address.

use alloc::string::String;
use alloc::vec::Vec;

use crate::address::{Change, Fate, FaultIndex, PacketId, StepId, Strike, Weather};
use crate::adversary::{Adversary, LossId, Sending, Step};
use crate::chance::{Address, Dice, Seed, Spot};
use crate::domain::Domain;
use crate::faults::rules::{Action, Aim, Bent, StepAct, Trigger};
use crate::schedule::{Script, Unknown};
use crate::time::{Span, Time};

pub use crate::faults::rules::Rules;

/// What chance decides where no fault acts.
#[derive(Clone, Copy, Debug)]
struct Base {
    latency: Dice,
    jitter: Dice,
    survival: Dice,
}

impl Base {
    fn new(seed: Seed) -> Self {
        Self {
            latency: seed.dice("latency"),
            jitter: seed.dice("jitter"),
            survival: seed.dice("survival"),
        }
    }

    #[expect(clippy::inline_always, reason = "every packet asks for it")]
    #[inline(always)]
    fn latency(&self, spot: Spot, least: Span, spread: Span) -> Span {
        least + Span(self.latency.below_at(spot, spread.0))
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
///
/// With a script in the plan, the run is the quiet one where neither the script nor another fault acts.
#[derive(Clone, Debug)]
pub struct Seeded<D: Domain> {
    rules: Rules<D::MessagePattern, D::ObservationPattern>,
    base: Base,
    script: Option<Script<D>>,
    /// Soonest last.
    coming: Vec<Coming>,
    order: u32,
    nodes: usize,
    /// Whether the plan has anything to do with steps.
    strikes: bool,
    healed: bool,
}

impl<D: Domain> Seeded<D> {
    /// The adversary of run number `seed`. Fails if a script in the plan names what the domain does not have.
    pub fn new(
        rules: Rules<D::MessagePattern, D::ObservationPattern>,
        nodes: &[String],
        seed: u64,
    ) -> Result<Self, Unknown> {
        let script = rules
            .script
            .as_ref()
            .map(|script| Script::new(script, nodes));
        let mut adversary = Self {
            strikes: script.is_some() || !rules.steps.is_empty(),
            script: script.transpose()?,
            rules,
            base: Base::new(Seed::new(seed)),
            coming: Vec::new(),
            order: 0,
            nodes: nodes.len(),
            healed: false,
        };
        adversary.reset(seed);
        Ok(adversary)
    }

    /// The same plan under another seed.
    pub fn reset(&mut self, seed: u64) {
        let seed = Seed::new(seed);
        self.base = Base::new(seed);
        self.rules.reset(seed);
        self.script.iter_mut().for_each(Script::reset);
        self.coming.clear();
        self.order = 0;
        self.healed = false;
        for index in 0..self.rules.timed.len() {
            self.plan(index, 0);
        }
    }

    /// Where the run did not say what the plan's script says it should.
    pub fn mismatches(&self) -> &[String] {
        self.script.as_ref().map_or(&[], Script::mismatches)
    }

    /// How many deviations of the plan's script have come about.
    pub fn scripted(&self) -> u64 {
        self.script.as_ref().map_or(0, Script::given)
    }

    /// Plans the next occurrence of a timed rule, from number `nth` on.
    fn plan(&mut self, index: usize, nth: u64) {
        let rule = &self.rules.timed[index];
        if let Some((n, at)) = rule.next(nth) {
            let renew = rule.every.map(|_| (index, n + 1));
            let (action, fault) = (rule.action, rule.fault);
            self.bring(at, action, fault, renew);
        }
    }

    fn bring(&mut self, at: Time, action: Action, fault: FaultIndex, renew: Option<(usize, u64)>) {
        let change = match action {
            Action::Outage(node, outage) => Change::Outage(node, outage),
            Action::Latency(from, to, extra) => Change::Latency(from, to, extra),
            Action::Slow(node, factor) => Change::Slow(node, factor),
            Action::ClockStep(node, nanos) => Change::ClockStep(node, nanos),
            Action::ClockDrift(node, drift) => Change::ClockDrift(node, drift),
            Action::Cut(cuts) => return self.bring_cut(at, cuts, fault, renew),
        };
        self.add(at, Weather { change, fault }, renew);
    }

    /// Cuts links, and joins them when the time is over. The first cut stands for the fault, the rest is its doing.
    fn bring_cut(
        &mut self,
        at: Time,
        cuts: usize,
        mut fault: FaultIndex,
        mut renew: Option<(usize, u64)>,
    ) {
        let lasting = self.rules.cuts[cuts].lasting;
        for index in 0..self.rules.cuts[cuts].links.len() {
            let (from, to) = self.rules.cuts[cuts].links[index];
            let change = Change::Cut(from, to);
            self.add(at, Weather { change, fault }, renew.take());
            fault = FaultIndex::NONE;
            let change = Change::Join(from, to);
            self.add(at + lasting, Weather { change, fault }, None);
        }
    }

    fn add(&mut self, at: Time, weather: Weather, renew: Option<(usize, u64)>) {
        let order = self.order;
        self.order += 1;
        let place = self
            .coming
            .partition_point(|other| (other.at, other.order) > (at, order));
        let coming = Coming {
            at,
            order,
            weather,
            renew,
        };
        self.coming.insert(place, coming);
    }

    /// Asks every rule on steps. Of several outages in one step the plan's first strikes.
    fn pull_triggers(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        let mut strike = None;
        for index in 0..self.rules.steps.len() {
            let rule = &mut self.rules.steps[index];
            let address = Address::from(step.id);
            if !rule.turn.may_come(address.into())
                || !rule.concerns(step)
                || !rule.turn.comes(step.node, address)
            {
                continue;
            }
            let (fault, aim) = (rule.fault, rule.aim);
            match rule.act {
                StepAct::Action(action) => self.bring(step.at, action, fault, None),
                StepAct::Outage(outage, sends) => {
                    let dice = rule.turn.dice;
                    let chosen = || dice.below(address, 1, u64::from(step.sends) + 1) as u32;
                    if aim.has(step.node) {
                        let sends = sends.unwrap_or_else(chosen);
                        strike = strike.or(Some(Strike {
                            outage,
                            sends,
                            fault,
                        }));
                    }
                    if let (Aim::At(nodes), false) = (aim, matches!(rule.trigger, Trigger::Step)) {
                        for node in nodes.nodes(self.nodes).filter(|node| *node != step.node) {
                            self.bring(step.at, Action::Outage(node, outage), fault, None);
                        }
                    }
                }
            }
        }
        strike
    }
}

impl<D: Domain> Adversary<D> for Seeded<D> {
    fn fate(&mut self, sending: &Sending<'_, D>) -> Fate {
        let address = Address::from(sending.id);
        let spot = Spot::from(address);
        let fate = match &mut self.script {
            None => Fate::deliver(self.base.latency(spot, sending.latency, sending.spread)),
            Some(script) => script.fate(sending),
        };
        if self.healed {
            return fate;
        }
        let mut bent = Bent::new(&fate);
        for rule in &mut self.rules.packets {
            if rule.turn.may_come(spot) && rule.acts(sending, address) {
                bent.by(rule, sending, address);
            }
        }
        bent.fate()
    }

    #[expect(clippy::inline_always, reason = "every packet asks for it")]
    #[inline(always)]
    fn usual(&mut self, id: PacketId, latency: Span, spread: Span) -> Option<Span> {
        if self.script.is_some() {
            return None;
        }
        let spot = Spot::from(Address::from(id));
        if !self.healed {
            for rule in &self.rules.packets {
                if rule.turn.may_come(spot) {
                    return None;
                }
            }
        }
        Some(self.base.latency(spot, latency, spread))
    }

    #[inline]
    fn strikes(&self) -> bool {
        self.strikes
    }

    fn strike(&mut self, step: &Step<'_, D>) -> Option<Strike> {
        let scripted = self.script.as_mut().and_then(|script| script.strike(step));
        let pulled = self.pull_triggers(step);
        scripted.or(pulled)
    }

    fn jitter(&mut self, step: StepId, draw: u32, spread: Span) -> Span {
        if let Some(script) = &mut self.script {
            return Adversary::<D>::jitter(script, step, draw, spread);
        }
        let count = spread.0.saturating_add(1);
        Span(self.base.jitter.below(step.into(), draw.into(), count))
    }

    fn survives(&mut self, loss: LossId, unsynced: u64) -> u64 {
        if let Some(script) = &mut self.script {
            return Adversary::<D>::survives(script, loss, unsynced);
        }
        self.base.survival.below(loss.into(), 0, unsynced + 1)
    }

    #[inline]
    fn next_weather(&self) -> Option<Time> {
        let planned = self.coming.last().map(|coming| coming.at);
        match &self.script {
            None => planned,
            Some(script) => planned
                .into_iter()
                .chain(Adversary::<D>::next_weather(script))
                .min(),
        }
    }

    fn weather(&mut self) -> Weather {
        let next = Adversary::<D>::next_weather(self);
        if let Some(script) = &mut self.script
            && Adversary::<D>::next_weather(script) == next
        {
            return Adversary::<D>::weather(script);
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

    fn heal(&mut self) -> Option<(Time, Weather)> {
        self.healed = true;
        let planned = self.coming.last().map(|next| (next.at, next.weather));
        self.coming.clear();
        let scripted = self.script.as_mut().and_then(Adversary::<D>::heal);
        // As ever, what the script says comes before what is planned at the same time.
        scripted
            .into_iter()
            .chain(planned)
            .min_by_key(|(at, _)| *at)
    }
}
