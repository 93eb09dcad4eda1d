//! Swarm: each seed draws a mix of its own, and nothing that is drawn depends on anything else that is.

use std::collections::BTreeSet;
use std::sync::Arc;

use semel_scenarios::file::load::{Source, load, load_with, resolved};
use semel_scenarios::file::scenario::Scenario;
use semel_scenarios::file::setting::Setting;
use semel_scenarios::outcome::row::Row;
use semel_scenarios::shrink;
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::witness::replay;

const FAULTS: &str = r#"
    faults: [
        Drop(rate: "1/20"),
        Crash(name: "broker-crash", node: "broker", every: "200ms", rate: "1/4", down: "40ms"),
        Pause(node: "consumer", every: "300ms", rate: "1/4", down: "100ms"),
    ],
    heal_at: "1s",
"#;

const SWARM: &str = r#"
    swarm: (
        off: "1/2",
        ranges: {
            "faults[drop].rate": "0..1/5",
            "faults[broker-crash].down": "10ms..90ms",
            "topology.partitions": "1..3",
            "network.latency": "500us..5ms",
            "strategy.publish.window": "1..5",
        },
    ),
"#;

fn source(fields: &str) -> Source {
    Source {
        name: "mine.ron".into(),
        text: format!("(\n    schema: 1,\n    name: \"mine\",{FAULTS}{fields})\n"),
    }
}

fn scenario(fields: &str) -> Arc<Scenario> {
    Arc::new(load(&source(fields)).unwrap_or_else(|complaint| panic!("{complaint}")))
}

fn plan(scenario: &Arc<Scenario>, strategy: &str) -> Arc<Plan> {
    Arc::new(Plan::new(scenario, strategy, &[]).unwrap_or_else(|complaint| panic!("{complaint}")))
}

fn rows(plan: &Arc<Plan>, seeds: std::ops::Range<u64>) -> Vec<Row> {
    let mut runner = Runner::new(plan);
    seeds.map(|seed| runner.run(seed)).collect()
}

fn settings(texts: &[&str]) -> Vec<Setting> {
    let parse =
        |text: &&str| Setting::parse(text).unwrap_or_else(|complaint| panic!("{complaint}"));
    texts.iter().map(parse).collect()
}

/// The values that seeds draw for a path.
fn drawn(fields: &str, strategy: &str, path: &str) -> Vec<Option<String>> {
    let rows = rows(&plan(&scenario(fields), strategy), 0..50);
    rows.into_iter()
        .map(|row| row.drawn.get(path).cloned())
        .collect()
}

#[test]
fn every_seed_draws_within_the_range_and_switches_some_faults_off() {
    let rates = drawn(SWARM, "at-least-once", "faults[drop].rate");
    let different: BTreeSet<_> = rates.iter().flatten().collect();
    assert!(different.len() > 10, "{different:?}");
    let off = drawn(SWARM, "at-least-once", "faults[drop]");
    for (rate, off) in rates.iter().zip(&off) {
        assert_ne!(
            rate.is_some(),
            off.is_some(),
            "a rate is drawn of faults that act"
        );
    }
    let off = off.iter().flatten().count();
    assert!((10..40).contains(&off), "off in {off} of 50");
    let partitions: BTreeSet<_> = drawn(SWARM, "at-least-once", "topology.partitions")
        .into_iter()
        .flatten()
        .collect();
    assert_eq!(
        partitions,
        BTreeSet::from(["1".into(), "2".into(), "3".into()])
    );
}

#[test]
fn a_fault_that_is_off_never_strikes_and_is_not_missed() {
    let plan = plan(&scenario(SWARM), "at-least-once");
    for row in rows(&plan, 0..100) {
        for (fault, struck) in &row.fired {
            assert!(
                *struck == 0 || !row.is_off(fault),
                "{fault} under {}",
                row.seed
            );
        }
    }
}

#[test]
fn one_range_more_or_less_changes_no_other_draw() {
    let alone = r#"swarm: (off: "1/2", ranges: {"faults[drop].rate": "0..1/5"}),"#;
    for path in ["faults[drop].rate", "faults[drop]", "faults[pause]"] {
        let other = drawn(alone, "at-least-once", path);
        assert_eq!(drawn(SWARM, "at-least-once", path), other, "{path}");
        assert_eq!(drawn(SWARM, "idempotent-producer", path), other, "{path}");
    }
}

#[test]
fn a_swarm_that_draws_nothing_is_the_scenario_as_written() {
    let digests = |fields: &str| -> Vec<String> {
        let rows = rows(&plan(&scenario(fields), "at-least-once"), 0..20);
        rows.into_iter().map(|row| row.digest).collect()
    };
    let narrow = r#"swarm: (off: 0, ranges: {"faults[drop].rate": "1/20..1/20", "topology.partitions": "1..1"}),"#;
    assert_eq!(digests(""), digests(narrow));
}

#[test]
fn a_drawn_run_is_the_run_of_a_scenario_with_these_values() {
    let swarm = r#"swarm: (off: 0, ranges: {"faults[drop].rate": "0..1/5", "network.latency": "500us..5ms"}),"#;
    for row in rows(&plan(&scenario(swarm), "at-least-once"), 0..20) {
        let set: Vec<String> = row
            .drawn
            .iter()
            .map(|(path, value)| format!("{path}={value}"))
            .collect();
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let written = load_with(&source(""), &settings(&set)).expect("it is valid");
        let again = Runner::new(&plan(&Arc::new(written), "at-least-once")).run(row.seed);
        assert_eq!(row.digest, again.digest);
    }
}

#[test]
fn a_setting_takes_the_place_of_a_range_and_a_range_that_of_a_value() {
    let set = settings(&["faults[drop].rate=0.25", "strategy.publish.window=2"]);
    let pinned = load_with(&source(SWARM), &set).expect("it is valid");
    let swarm = pinned.swarm.as_ref().expect("it still draws the rest");
    assert_eq!(swarm.ranges.len(), 3);
    assert!(
        resolved(&pinned).contains("rate: Some(\"1/4\")")
            || resolved(&pinned).contains("rate: \"1/4\"")
    );
    let set = settings(&["workload.records=5..50", "strategy.publish.window=1..3"]);
    let drawn = Arc::new(load_with(&source(""), &set).expect("it is valid"));
    let plan = Plan::new(&drawn, "at-least-once", &set).expect("it fits");
    let rows = rows(&Arc::new(plan), 0..50);
    let records: BTreeSet<u64> = rows.iter().map(|row| row.records).collect();
    assert!(records.len() > 10 && records.iter().all(|count| (5..=50).contains(count)));
}

#[test]
fn eyes_change_nothing_and_a_used_world_is_a_fresh_one() {
    for strategy in [
        "at-least-once",
        "idempotent-producer",
        "atomic-offset",
        "transactional",
    ] {
        let plan = plan(&scenario(SWARM), strategy);
        let before = rows(&plan, 0..10);
        let mut runner = Runner::new(&plan);
        for seed in [7, 3, 5] {
            assert_eq!(before[seed as usize], runner.run(seed));
            let opened = runner.run_open(seed).expect("it applies");
            assert_eq!(before[seed as usize], opened.row);
        }
    }
}

#[test]
fn a_failure_found_under_swarm_becomes_a_witness_with_its_values_written_out() {
    let plan = plan(&scenario(SWARM), "at-least-once");
    let failing = rows(&plan, 0..50)
        .into_iter()
        .find(|row| row.duplicated > 0 && row.drawn.len() > 2)
        .expect("some run doubles something");
    let shrunk = shrink::shrink(&plan, failing.seed, 500).expect("it fails");
    assert_eq!(shrunk.witness.swarm, None);
    let replayed = replay::witness(&Arc::new(shrunk.witness)).expect("it fits");
    assert_eq!(replayed.expect("it is a witness").difference, None);
}

#[test]
fn a_mix_that_does_not_hang_together_is_replaced_by_what_is_written() {
    let crossing = r#"swarm: (off: 0, ranges: {
        "faults[drop].at": "0ms..500ms", "faults[drop].until": "100ms..900ms",
    }),"#;
    let set = settings(&["faults[drop].at=1ms", "faults[drop].until=600ms"]);
    let both = load_with(&source(""), &set).expect("it is valid");
    let text = resolved(&both).replace(
        "    define: {},",
        &format!("    {crossing}\n    define: {{}},"),
    );
    let source = Source {
        name: "mine.ron".into(),
        text,
    };
    let scenario = Arc::new(load(&source).unwrap_or_else(|complaint| panic!("{complaint}")));
    let drawn: Vec<usize> = rows(&plan(&scenario, "at-least-once"), 0..100)
        .iter()
        .map(|row| row.drawn.len())
        .collect();
    assert!(drawn.contains(&2), "most mixes are drawn");
    assert!(
        drawn.contains(&0),
        "where the window would end before it begins, nothing is"
    );
}

#[test]
fn ranges_that_make_no_sense_are_pointed_at() {
    let about = |fields: &str| {
        let said = load(&source(fields)).map(|_| ());
        said.map_or_else(
            |complaint| complaint.to_string(),
            |()| "no complaint".into(),
        )
    };
    let ranges = |ranges: &str| about(&format!("\n    swarm: (ranges: {{{ranges}}}),\n"));
    let flags = |flag: &str| {
        let said = load_with(&source(SWARM), &settings(&[flag])).map(|_| ());
        said.map_or_else(
            |complaint| complaint.to_string(),
            |()| "no complaint".into(),
        )
    };
    let said = [
        ranges(r#""faults[drop].rate": "1/10""#),
        ranges(r#""faults[drop].rate": "1/5..1/10""#),
        ranges(r#""faults[drop].rate": "0..3/2""#),
        ranges(r#""faults[drop].rat": "0..1/2""#),
        ranges(r#""faults[drap].rate": "0..1/2""#),
        ranges(r#""faults[drop].rate": "0..1/2", "faults[0].rate": "0..1/3""#),
        ranges(r#""faults[drop].name": "1..2""#),
        ranges(r#""network.latency": "1..2""#),
        ranges(r#""topology.partitions": "0..2""#),
        ranges(r#""strategy.publish.windoe": "1..2""#),
        ranges(r#""schema": "1..2""#),
        about("\n    swarm: (of: \"1/2\"),\n"),
        flags("faults[drop].rate=0..2"),
        flags("topology.partitions=0..2"),
        flags("strategy.publish.window=0..2"),
    ];
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(said.join("\n\n"));
    });
}
