//! Names, counts, spans and money.

use semel_models::workload::Money;
use semel_sim::faults::NodeSet;
use semel_sim::net::Transport;
use semel_sim::time::Span;

use super::Objection;
use crate::file::complaint::Kind;
use crate::file::path::Path;
use crate::file::scenario::{MenuItem, SCHEMA, Scenario};

/// The longest span that may stand in a scenario. Virtual time is 64 bits of nanoseconds, about 584 years.
pub(super) const SPAN_MAX: Span = Span::secs(1000 * 86_400);
/// The longest time over which records may be intended.
const PACE_MAX: u128 = 100 * 365 * 86_400 * 1_000_000_000;

pub(super) fn check(scenario: &Scenario) -> Result<(), Objection> {
    header(scenario)?;
    topology(scenario)?;
    workload(scenario)?;
    menu(scenario)?;
    spans(scenario)
}

fn at(fields: &str) -> Path {
    Path(
        fields
            .split('.')
            .map(|field| crate::file::path::Step::Field(field.into()))
            .collect(),
    )
}

fn header(scenario: &Scenario) -> Result<(), Objection> {
    if scenario.schema != SCHEMA {
        let text = format!(
            "the file is of schema {}; this program reads schema {SCHEMA}",
            scenario.schema
        );
        return Err(Objection::new(Kind::Version, at("schema"), text));
    }
    name(&scenario.name, at("name"), "scenario")
}

/// Names go into tokens, paths and rows: small letters, digits and hyphens.
pub(super) fn name(name: &str, path: Path, of: &str) -> Result<(), Objection> {
    let plain =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    if !name.is_empty() && name.len() <= 64 && name.chars().all(plain) {
        return Ok(());
    }
    let text = format!("{name:?} is no name for a {of}");
    Err(Objection::value(path, text).help("use 1 to 64 small letters, digits and hyphens"))
}

fn topology(scenario: &Scenario) -> Result<(), Objection> {
    let topology = scenario.topology;
    let counts = [
        ("producers", topology.producers),
        ("brokers", topology.brokers),
        ("partitions", topology.partitions),
        ("consumers", topology.consumers),
    ];
    for (field, count) in counts {
        let path = at("topology").field(field);
        if count == 0 {
            return Err(Objection::value(
                path,
                format!("there are 0 {field}; use 1 or more"),
            ));
        }
        if count > PARTITIONS_MAX {
            return Err(Objection::value(
                path,
                format!("there are {count} {field}; at most {PARTITIONS_MAX} fit"),
            ));
        }
    }
    let size = u32::from(topology.producers)
        + u32::from(topology.brokers)
        + u32::from(topology.consumers)
        + 1;
    if size > NodeSet::MOST as u32 {
        let text = format!(
            "these are {size} nodes (one of them the sink); at most {} fit",
            NodeSet::MOST
        );
        return Err(Objection::value(at("topology"), text)
            .help("use fewer producers, brokers or consumers"));
    }
    Ok(())
}

/// The most partitions of a stream.
const PARTITIONS_MAX: u16 = 1024;
/// The most accounts.
const KEYS_MAX: u32 = 1 << 20;

fn workload(scenario: &Scenario) -> Result<(), Objection> {
    let load = &scenario.workload;
    if let Some(written) = &load.written {
        let path = at("workload.written");
        if written.is_empty() {
            return Err(Objection::value(path, "no record is written out")
                .help("write at least one, or leave `written` out"));
        }
        for (index, record) in written.iter().enumerate() {
            let path = path.clone().index(index);
            if record.key >= load.keys {
                let text = format!(
                    "account {} is beyond the last one, {}",
                    record.key,
                    load.keys.saturating_sub(1)
                );
                return Err(Objection::value(path.field("key"), text).help("raise `workload.keys`"));
            }
            if record.amount == 0 {
                let text = "the amount is 0; nobody could see whether it took effect";
                return Err(Objection::value(path.field("amount"), text));
            }
            span(record.pace, || path.field("pace"))?;
        }
    }
    if load.records == 0 {
        return Err(Objection::value(
            at("workload.records"),
            "there are 0 records; use 1 or more",
        ));
    }
    if load.keys == 0 || load.keys > KEYS_MAX {
        let text = format!("there are {} accounts; use 1 to {KEYS_MAX}", load.keys);
        return Err(Objection::value(at("workload.keys"), text));
    }
    money(scenario)
}

fn menu(scenario: &Scenario) -> Result<(), Objection> {
    let Some(menu) = &scenario.menu else {
        return Ok(());
    };
    if menu.is_empty() {
        let text =
            "nothing is on it, so `verify` could do nothing; name something, or leave it out";
        return Err(Objection::value(at("menu"), text));
    }
    let copies = menu.iter().position(|item| *item == MenuItem::Duplicate);
    if let (Some(place), Transport::Connection) = (copies, scenario.transport) {
        let text = "a connection sorts copies out: no packet arrives twice there (semantics §6.4)";
        return Err(Objection::combination(at("menu").index(place), text)
            .help("use `transport: Datagram`, or leave it out"));
    }
    Ok(())
}

fn money(scenario: &Scenario) -> Result<(), Objection> {
    let (load, records) = (&scenario.workload, i128::from(scenario.records()));
    if load.money == Money::Transfers {
        if load.keys < 2 {
            return Err(Objection::combination(
                at("workload.keys"),
                "a transfer needs two accounts; use 2 or more",
            ));
        }
        if records % 2 == 1 {
            let text = format!("transfers come in pairs of records, and {records} is odd");
            return Err(Objection::combination(at("workload.records"), text));
        }
    }
    if let Some(amount) = load.amount {
        if amount == 0 {
            return Err(Objection::value(
                at("workload.amount"),
                "the amount is 0; nobody could see whether it took effect",
            ));
        }
        if i128::from(amount).abs() * records > i128::from(i64::MAX) / 64 {
            return Err(Objection::value(
                at("workload.amount"),
                "so much money is too much to add up; use less",
            ));
        }
    }
    let most = load
        .written
        .iter()
        .flatten()
        .map(|record| i128::from(record.amount).abs())
        .sum::<i128>();
    if most > i128::from(i64::MAX) / 64 {
        return Err(Objection::value(
            at("workload.written"),
            "so much money is too much to add up; use less",
        ));
    }
    Ok(())
}

fn spans(scenario: &Scenario) -> Result<(), Objection> {
    let Scenario {
        workload,
        network,
        settle,
        heal_at,
        events,
        ..
    } = scenario;
    let fields = [
        (workload.pace, "workload.pace"),
        (workload.pace_spread, "workload.pace_spread"),
        (network.latency, "network.latency"),
        (network.spread, "network.spread"),
        (network.service, "network.service"),
        (heal_at.unwrap_or_default(), "heal_at"),
        (settle.quiet, "settle.quiet"),
        (settle.patience, "settle.patience"),
    ];
    for (length, path) in fields {
        span(length, || at(path))?;
    }
    for (length, path) in [
        (settle.quiet, "settle.quiet"),
        (settle.patience, "settle.patience"),
    ] {
        if length.is_zero() {
            return Err(Objection::value(
                at(path),
                "a span of 0 ends every run at once; use for example \"2min\"",
            ));
        }
    }
    if *events == Some(0) {
        return Err(Objection::value(
            at("events"),
            "a run of 0 events cannot begin; use 1 or more",
        ));
    }
    let whole =
        u128::from(scenario.records()) * u128::from((workload.pace + workload.pace_spread).0);
    if whole > PACE_MAX {
        let text = "at this pace the records take more than a century";
        return Err(Objection::combination(at("workload.pace"), text)
            .help("use fewer records or a shorter pace"));
    }
    Ok(())
}

/// Refuses a span that could overflow virtual time.
pub(super) fn span(length: Span, path: impl FnOnce() -> Path) -> Result<(), Objection> {
    if length <= SPAN_MAX {
        return Ok(());
    }
    Err(Objection::value(
        path(),
        format!("{length} is longer than {SPAN_MAX}, the longest span a run can use"),
    ))
}
