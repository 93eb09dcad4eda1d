//! The failures that `semantics.md` §3 documents, as scenarios of their own: what each says must happen, happens.
//!
//! Each file of `documented/` is named after its failure. Its expectations were written from that text, before any run.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use semel_scenarios::complaint::Source;
use semel_scenarios::load::load;
use semel_scenarios::plan::Plan;
use semel_scenarios::summary::Summarizer;
use semel_scenarios::trial::Runner;

/// Seeds per strategy.
const SEEDS: u64 = 50;

#[test]
fn documented_failures_happen_as_documented() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("documented");
    let (mut wrong, mut count) = (Vec::new(), 0);
    for entry in fs::read_dir(folder).expect("there is such a folder") {
        let path = entry.expect("it can be read").path();
        let source = Source {
            name: path.display().to_string(),
            text: fs::read_to_string(&path).expect("a file is text"),
        };
        let scenario = Arc::new(load(&source).unwrap_or_else(|complaint| panic!("{complaint}")));
        for strategy in scenario.expect.keys() {
            let plan = Plan::new(&scenario, strategy, &[])
                .unwrap_or_else(|complaint| panic!("{complaint}"));
            let plan = Arc::new(plan);
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
