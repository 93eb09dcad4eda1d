//! The failures that `semantics.md` §3 documents, as scenarios of their own: what each says must happen, happens.
//!
//! Each file of `documented/` is named after its failure. Its expectations were written from that text, before any run.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use semel_scenarios::file::complaint::Source;
use semel_scenarios::file::expect::Breach;
use semel_scenarios::file::load::load;
use semel_scenarios::file::scenario::Scenario;
use semel_scenarios::outcome::row::ViolationRow;
use semel_scenarios::outcome::summary::Summarizer;
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;

/// Seeds per strategy.
const SEEDS: u64 = 50;

#[test]
fn documented_failures_happen_as_documented() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for entry in fs::read_dir(folder()).expect("there is such a folder") {
        let scenario = read(&entry.expect("it can be read").path());
        for strategy in scenario.expect.keys() {
            let plan = plan(&scenario, strategy);
            let (mut runner, mut summarizer) = (Runner::new(&plan), Summarizer::new(&plan));
            (0..SEEDS).for_each(|seed| summarizer.add(&runner.run(seed)));
            let summary = summarizer.finish();
            if !summary.met {
                wrong.push(format!("{} x {strategy}: {}", scenario.name, summary.why));
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 50, "{count} of them were found");
}

/// A failure, a strategy that shows it, what breaks, and why according to §4.4.
type Because = (&'static str, &'static str, &'static str, &'static str);

const CAUSES: [Because; 15] = [
    (
        "f001-plain-upstream",
        "plain-upstream",
        "no_duplicate at effect",
        "D1",
    ),
    (
        "f003-sent-again",
        "sends-again",
        "no_duplicate at log",
        "D5",
    ),
    (
        "f003-sent-again",
        "sends-again",
        "no_duplicate at effect",
        "D5",
    ),
    (
        "f020-late-offset",
        "unverified",
        "stable_progress at log",
        "S1",
    ),
    (
        "f020-late-offset",
        "unverified",
        "convergence at delivery",
        "S1",
    ),
    (
        "f088-lost-dead-letter",
        "dead-letters",
        "no_loss at effect",
        "L9",
    ),
    ("no-offset-at-the-sink", "latest", "no_loss at effect", "L8"),
    (
        "f020-late-record",
        "unverified",
        "stable_progress at log",
        "S1",
    ),
    (
        "f020-late-record",
        "unverified",
        "convergence at delivery",
        "S1",
    ),
    (
        "f020-committed-with-the-next",
        "unverified",
        "no_aborted_effect at effect",
        "D10",
    ),
    ("f022-torn", "version-1", "atomic at log", "L7"),
    (
        "f022-aborted-read",
        "version-1",
        "no_aborted_effect at effect",
        "D10",
    ),
    (
        "f022-sent-again",
        "version-1",
        "no_duplicate at effect",
        "D10",
    ),
    (
        "f036-read-uncommitted",
        "read-uncommitted",
        "no_duplicate at effect",
        "D10",
    ),
    (
        "f036-aborted-read",
        "read-uncommitted",
        "no_aborted_effect at effect",
        "D10",
    ),
];

#[test]
fn documented_failures_have_the_documented_cause() {
    for (name, strategy, breach, cause) in CAUSES {
        let scenario = read(&folder().join(format!("{name}.ron")));
        let breach: Breach = breach.parse().expect("it is written as scenarios write it");
        let is = |violation: &&ViolationRow| violation.is(breach);
        let row = Runner::new(&plan(&scenario, strategy)).run(0);
        let causes: Vec<&str> = row
            .violations
            .iter()
            .filter(is)
            .map(|violation| violation.cause.code())
            .collect();
        assert!(!causes.is_empty(), "{name} x {strategy}: no {breach}");
        assert!(
            causes.iter().all(|found| *found == cause),
            "{name} x {strategy}, {breach}: {causes:?}"
        );
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("documented")
}

fn read(path: &Path) -> Arc<Scenario> {
    let source = Source {
        name: path.display().to_string(),
        text: fs::read_to_string(path).expect("a file is text"),
    };
    Arc::new(load(&source).unwrap_or_else(|complaint| panic!("{complaint}")))
}

fn plan(scenario: &Arc<Scenario>, strategy: &str) -> Arc<Plan> {
    let plan = Plan::new(scenario, strategy, &[]);
    Arc::new(plan.unwrap_or_else(|complaint| panic!("{complaint}")))
}
