//! Files are untrusted: whatever stands in one, reading it ends, and ends in a scenario or in a complaint.

use std::sync::Arc;

use proptest::prelude::*;
use semel_scenarios::catalog;
use semel_scenarios::file::load::{Source, load, load_with};
use semel_scenarios::file::setting::Setting;
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;

/// Something to put into a file, or to take out of it.
#[derive(Clone, Debug)]
enum Edit {
    Remove(usize, usize),
    Insert(usize, String),
    Copy(usize, usize, usize),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let token = prop_oneof![
        Just("(".to_string()),
        Just(")".to_string()),
        Just("[".to_string()),
        Just("{".to_string()),
        Just(",".to_string()),
        Just(":".to_string()),
        Just("\"".to_string()),
        Just("/*".to_string()),
        Just("-1".to_string()),
        Just("0".to_string()),
        Just("1e400".to_string()),
        Just("NaN".to_string()),
        Just("99999999999999999999999999999999999999999".to_string()),
        Just("\"18446744073709551615ns\"".to_string()),
        Just("\"1000d\"".to_string()),
        Just("Some(".to_string()),
        Just("faults: [Crash(node: \"*\", every: \"1us\", down: \"0ms\")],".to_string()),
        "[a-z_]{1,12}",
        "\\PC{0,4}",
    ];
    let edit = prop_oneof![
        (any::<usize>(), 0_usize..40).prop_map(|(at, length)| Edit::Remove(at, length)),
        (any::<usize>(), token).prop_map(|(at, text)| Edit::Insert(at, text)),
        (any::<usize>(), 0_usize..200, any::<usize>())
            .prop_map(|(from, length, to)| Edit::Copy(from, length, to)),
    ];
    prop::collection::vec(edit, 1..6)
}

/// Values at the edge of what is allowed, wherever they may stand.
fn settings() -> impl Strategy<Value = Vec<Setting>> {
    const SPANS: [&str; 12] = [
        "workload.pace",
        "workload.pace_spread",
        "network.latency",
        "network.spread",
        "network.service",
        "heal_at",
        "settle.quiet",
        "settle.patience",
        "faults[0].at",
        "faults[0].until",
        "faults[0].down",
        "faults[0].lasting",
    ];
    const COUNTS: [&str; 9] = [
        "topology.producers",
        "topology.brokers",
        "topology.partitions",
        "topology.consumers",
        "workload.records",
        "workload.keys",
        "workload.poison_every",
        "faults[0].times",
        "faults[0].nth",
    ];
    let span = (
        prop::sample::select(&SPANS[..]),
        prop::sample::select(&["0ms", "1ns", "7us", "1s", "1000d"][..]),
    );
    let count = (
        prop::sample::select(&COUNTS[..]),
        prop::sample::select(&["0", "1", "2", "3", "60", "1000"][..]),
    );
    let rate = (
        Just("faults[0].rate"),
        prop::sample::select(&["0", "1", "1/3"][..]),
    );
    let kind = prop::sample::select(
        &[
            ("transport", "Datagram"),
            ("transport", "Connection"),
            ("workload.money", "Transfers"),
        ][..],
    );
    let one = prop_oneof![span, count, rate, kind];
    let setting = |(path, value): (&str, &str)| Setting {
        path: path.into(),
        value: value.into(),
    };
    prop::collection::vec(one.prop_map(setting), 0..6)
}

fn apply(text: &str, edits: &[Edit]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for edit in edits {
        let size = letters.len() + 1;
        match edit {
            Edit::Remove(at, length) => {
                let at = at % size;
                letters.drain(at..(at + length).min(letters.len()));
            }
            Edit::Insert(at, text) => {
                let at = at % size;
                letters.splice(at..at, text.chars());
            }
            Edit::Copy(from, length, to) => {
                let from = from % size;
                let copy = letters[from..(from + length).min(letters.len())].to_vec();
                let to = to % size;
                letters.splice(to..to, copy);
            }
        }
    }
    letters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_scenario_is_read_or_refused(file in 0..catalog::names().len(), edits in edits()) {
        let mut source = catalog::find(catalog::names()[file]).unwrap();
        source.text = apply(&source.text, &edits);
        if let Err(complaint) = load(&source) {
            prop_assert!(complaint.line() >= 1 && complaint.column() >= 1);
            prop_assert!(!complaint.render(true).is_empty());
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = load(&Source { name: "any.ron".into(), text });
    }

    #[test]
    fn any_setting_is_applied_or_refused(path in "[a-z.\\[\\]0-9]{0,30}", value in "\\PC{0,20}") {
        if let Ok(setting) = Setting::parse(&format!("{path}={value}"))
            && let Err(complaint) = load_with(&catalog::find("lost-ack").unwrap(), &[setting])
        {
            prop_assert!(complaint.flag && !complaint.to_string().is_empty());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_read_can_be_run(file in 0..catalog::names().len(), settings in settings(), seed in any::<u64>()) {
        let source = catalog::find(catalog::names()[file]).unwrap();
        let mut kept = vec![Setting::parse("events=20000").unwrap()];
        for setting in settings {
            kept.push(setting);
            if load_with(&source, &kept).is_err() {
                kept.pop();
            }
        }
        let scenario = Arc::new(load_with(&source, &kept).unwrap());
        for strategy in ["at-most-once", "at-least-once", "idempotent-producer", "idempotent-consumer", "outbox-inbox"] {
            if let Ok(plan) = Plan::new(&scenario, strategy, &[]) {
                let row = Runner::new(&Arc::new(plan)).run(seed);
                prop_assert!(row.events <= 20_100);
            }
        }
    }
}

#[test]
fn brackets_without_end_are_refused() {
    for bracket in ["(", "[", "{", "Some("] {
        let text = format!(
            "(schema: 1, name: \"deep\", question: {}",
            bracket.repeat(100_000)
        );
        assert!(
            load(&Source {
                name: "deep.ron".into(),
                text
            })
            .is_err()
        );
        let text = format!(
            "(schema: 1, name: \"deep\", workload: {}",
            bracket.repeat(100_000)
        );
        assert!(
            load(&Source {
                name: "deep.ron".into(),
                text
            })
            .is_err()
        );
    }
}
