//! The files that are compiled in are in order, and each scenario says what it expects of everybody, and why.

use semel_scenarios::catalog;
use semel_scenarios::file::load::{Source, load, resolved};

#[test]
fn every_scenario_is_valid_and_named_like_its_file() {
    for name in catalog::names().iter().copied() {
        let source = catalog::find(name).expect("it is in the catalog");
        let scenario = load(&source).unwrap_or_else(|complaint| panic!("{complaint}"));
        assert_eq!(scenario.name, name);
        assert!(
            scenario.question.ends_with('?'),
            "{name} asks: {}",
            scenario.question
        );
    }
}

#[test]
fn every_scenario_expects_something_of_every_strategy_and_says_which_section_demands_it() {
    for scenario in catalog::scenarios() {
        for strategy in catalog::strategy_names().iter().copied() {
            assert!(
                scenario.expect.contains_key(strategy),
                "{} says nothing of {strategy}",
                scenario.name
            );
        }
        for (strategy, expectation) in &scenario.expect {
            let because = &expectation.because;
            assert!(cites(because), "{} of {strategy}: {because}", scenario.name);
        }
        for own in scenario.define.keys() {
            assert!(
                scenario.expect.contains_key(own),
                "{} defines {own} for nothing",
                scenario.name
            );
        }
    }
}

/// Whether a text names a section (`§4.3`), a case (`F001`), a sequence (`B3`), an oracle or a cause.
fn cites(text: &str) -> bool {
    let numbered = |pair: &[u8]| b"FBODLRS".contains(&pair[0]) && pair[1].is_ascii_digit();
    text.contains('§') || text.contains("Terms") || text.as_bytes().windows(2).any(numbered)
}

#[test]
fn a_resolved_scenario_reads_back_as_the_same() {
    for scenario in catalog::scenarios() {
        let text = resolved(&scenario);
        let source = Source {
            name: scenario.name.clone(),
            text,
        };
        let again = load(&source).unwrap_or_else(|complaint| panic!("{complaint}"));
        assert_eq!(again, *scenario);
    }
}

#[test]
fn the_schema_describes_every_field_and_every_fault() {
    let schema = semel_scenarios::file::schema::schema();
    let fields = schema["properties"]
        .as_object()
        .expect("a scenario has fields");
    for field in [
        "schema", "name", "question", "topology", "workload", "network", "faults", "heal_at",
        "expect",
    ] {
        assert!(
            fields[field]["description"].is_string() || fields[field]["$ref"].is_string(),
            "{field}"
        );
    }
    let faults = semel_scenarios::catalog::list::faults();
    assert_eq!(faults.len(), 16);
    assert!(
        faults.iter().all(|fault| fault.about.ends_with('.')),
        "{faults:?}"
    );
}
