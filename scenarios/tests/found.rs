//! Counterexamples that were found once, replayed for ever: the same violation, in the same run.
//!
//! Each file under `found/` was written by `semel shrink -o`, and is read here as `semel replay` reads it. One that no
//! longer repeats its violation says that a model has changed: if for the better (`semantics.md` decides), the commit
//! that changes it says so and shrinks the failure anew.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use semel_scenarios::catalog;
use semel_scenarios::explain;
use semel_scenarios::file::load::load;
use semel_scenarios::file::scenario::Scenario;
use semel_scenarios::witness::replay;

#[test]
fn every_counterexample_found_repeats() {
    for source in catalog::found() {
        let scenario = load(&source).unwrap_or_else(|complaint| panic!("{complaint}"));
        let replayed = replay::witness(&Arc::new(scenario))
            .expect("it fits")
            .unwrap_or_else(|| panic!("{} is no witness", source.name));
        assert_eq!(replayed.difference, None, "{}", source.name);
    }
}

/// Whatever else goes wrong in the same run, a witness is explained by the violation that it says it holds.
#[test]
fn a_witness_is_explained_by_what_it_holds() {
    let mut others = 0;
    for source in catalog::found() {
        let scenario = load(&source).unwrap_or_else(|complaint| panic!("{complaint}"));
        let again = replay::witness(&Arc::new(scenario.clone())).expect("it fits");
        let row = again.expect("it is a witness").run.row;
        for held in &row.violations {
            let mut other = Scenario::clone(&scenario);
            let known = other.witness.as_mut().expect("it is one");
            let violation = format!("{} at {}", held.invariant, held.level);
            others += usize::from(violation != known.violation.to_string());
            known.violation = violation.parse().expect("it is a violation");
            known.side = Some(held.side);
            known.cause = Some(held.cause);
            let told = explain::witness(&Arc::new(other))
                .expect("it fails")
                .violation;
            assert_eq!(told.finding(), held.finding(), "{}", source.name);
        }
    }
    assert!(others > 0, "each run holds one violation only");
}

#[test]
fn every_file_is_kept_and_belongs_to_a_scenario() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("found");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .expect("there is one")
        .map(|entry| entry.expect("it can be read").file_name())
        .map(|name| format!("found/{}", name.to_string_lossy()))
        .collect();
    let kept: BTreeSet<String> = catalog::found().map(|source| source.name).collect();
    assert_eq!(kept, files);
    let scenarios = catalog::names().iter();
    let belong = scenarios.flat_map(|name| catalog::found_in(name));
    let belong: BTreeSet<String> = belong.map(|source| source.name).collect();
    assert_eq!(belong, files);
    assert!(files.len() >= 12, "{} are too few", files.len());
}
