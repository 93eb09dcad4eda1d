//! Counterexamples that were found once, replayed for ever: the same violation, in the same run.
//!
//! Each file under `found/` was written by `semel shrink -o`, and is read here as `semel replay` reads it. One that no
//! longer repeats its violation says that a model has changed: if for the better (`semantics.md` decides), the commit
//! that changes it says so and shrinks the failure anew.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use semel_scenarios::load::{Source, load};
use semel_scenarios::replay;

#[test]
fn every_counterexample_found_repeats() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("found");
    let mut names: Vec<PathBuf> = fs::read_dir(folder)
        .expect("there is one")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    names.sort();
    assert!(names.len() >= 12, "{} are too few", names.len());
    for name in names {
        let source = Source {
            name: name.display().to_string(),
            text: fs::read_to_string(&name).expect("it is text"),
        };
        let scenario = load(&source).unwrap_or_else(|complaint| panic!("{complaint}"));
        let replayed = replay::witness(&Arc::new(scenario))
            .expect("it fits")
            .unwrap_or_else(|| panic!("{} is no witness", name.display()));
        assert_eq!(replayed.difference, None, "{}", name.display());
    }
}
