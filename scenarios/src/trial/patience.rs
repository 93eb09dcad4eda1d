//! How long a run waits for progress before it counts as stuck.
//!
//! "Once all has healed" is how the promise to come to rest begins (O16). Where nothing ever heals, or where every
//! answer is later than its client waits for it, or where clocks drift apart (who is slow may be taken for dead again
//! and again), standing still says nothing of the strategy: such a run goes on until it is out of events, and is
//! inconclusive. Where all heals, nobody's patience ends before that; where nothing does, it waits for the end of the
//! faults that let nobody through. And what takes long to work on is no standstill.

use semel_models::strategy::Work;
use semel_sim::chance::Rate;
use semel_sim::time::Span;

use crate::file::scenario::Fault;
use crate::trial::plan::Plan;

/// The patience of a plan's runs.
pub(crate) fn patience(plan: &Plan) -> Span {
    let scenario = &plan.scenario;
    let never = Span(u64::MAX);
    let wait = shortest_wait(plan);
    if scenario.network.latency.0.saturating_mul(2) > wait.0 {
        return never;
    }
    let faults = scenario.faults.iter();
    let deaf = faults
        .filter_map(|fault| deaf_until(fault, wait, scenario.network.service))
        .max();
    let deaf = deaf.filter(|_| scenario.heal_at.is_none());
    let extra = deaf
        .map_or(0, |until| until.0)
        .saturating_add(processing(plan).0);
    Span(scenario.settle.patience.0.saturating_add(extra))
}

/// How long a record is worked on: as long as that takes, nothing can be seen of it.
fn processing(plan: &Plan) -> Span {
    match &plan.strategy.work {
        Work::Loop(work) => work.processing,
        Work::Transact(work) => work.processing,
    }
}

/// Until when a fault that does not heal loses packets more often than not, or makes answers later than a client waits,
/// if it does. (Through a milder one, whoever tries again gets.) And until when clocks drift: which wait ends too early
/// by that is not said.
fn deaf_until(fault: &Fault, wait: Span, service: Span) -> Option<Span> {
    let (deafens, until) = match fault {
        Fault::Burst(burst) => {
            // The rate in 2⁻³²ths, over the share of time that is bad.
            let lost = (burst.rate.threshold() >> 32) * u128::from(burst.bad.0);
            let all = u128::from(burst.good.0) + u128::from(burst.bad.0);
            (lost > all << 31, burst.until)
        }
        Fault::SlowLink(link) => {
            let both_ways = link.from.is_none() && link.to.is_none();
            let ways = if both_ways { 2 } else { 1 };
            (link.extra.0.saturating_mul(ways) >= wait.0, link.until)
        }
        Fault::Slow(node) => {
            let step = service.0.saturating_mul(u64::from(node.factor));
            (step >= wait.0, node.until)
        }
        Fault::ClockDrift(clock) => (true, clock.until),
        _ => {
            let hit = fault.as_packet()?;
            let late = match fault {
                Fault::Drop(_) | Fault::Corrupt(_) => true,
                Fault::Delay(fault) => fault.by.length() >= wait,
                _ => false,
            };
            let some = hit.packet.is_some() || hit.nth.is_some();
            let mostly = |rate: Rate| rate.threshold() > Rate::new(1, 2).threshold();
            let often = hit.rate.map_or(!some, mostly);
            (late && often && hit.times.is_none(), hit.until)
        }
    };
    deafens.then_some(until.unwrap_or(Span(u64::MAX)))
}

/// The least time that some client of the strategy waits for an answer.
fn shortest_wait(plan: &Plan) -> Span {
    let work = match &plan.strategy.work {
        Work::Loop(work) => work
            .sink_timeout
            .map_or(work.fetch_timeout, |wait| wait.min(work.fetch_timeout)),
        Work::Transact(work) => work.request_timeout,
    };
    plan.strategy.publish.retry.timeout().min(work)
}
