//! How long a run waits for progress before it counts as stuck.
//!
//! "Once all has healed" is how the promise to come to rest begins (O16). Where nothing ever heals, or where every
//! answer is later than its client waits for it, standing still says nothing of the strategy: such a run goes on
//! until it is out of events, and is inconclusive. Where all heals, nobody's patience ends before that; where nothing
//! does, it waits for the end of the faults that let nobody through.

use semel_models::strategy::Work;
use semel_sim::chance::Rate;
use semel_sim::time::Span;

use crate::plan::Plan;
use crate::scenario::Fault;

/// The patience of a plan's runs.
pub(crate) fn patience(plan: &Plan) -> Span {
    let scenario = &plan.scenario;
    let never = Span(u64::MAX);
    let wait = shortest_wait(plan);
    if scenario.network.latency.0.saturating_mul(2) > wait.0 {
        return never;
    }
    let faults = scenario.faults.iter();
    let deaf = faults.filter_map(|fault| deaf_until(fault, wait)).max();
    let deaf = deaf.filter(|_| scenario.heal_at.is_none());
    Span(scenario.settle.patience.0.saturating_add(deaf.map_or(0, |until| until.0)))
}

/// Until when a fault that does not heal loses packets more often than not, or makes them later than a client waits, if
/// it does. (Through a milder one, whoever tries again gets.)
fn deaf_until(fault: &Fault, wait: Span) -> Option<Span> {
    let deafens = match fault {
        Fault::Drop(_) | Fault::Corrupt(_) => true,
        Fault::Delay(fault) => fault.by.length() >= wait,
        _ => false,
    };
    let hit = fault.as_packet().filter(|_| deafens)?;
    let some = hit.packet.is_some() || hit.nth.is_some();
    let mostly = |rate: Rate| rate.threshold() > Rate::new(1, 2).threshold();
    let often = hit.rate.map_or(!some, mostly);
    (often && hit.times.is_none()).then_some(hit.until.unwrap_or(Span(u64::MAX)))
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
