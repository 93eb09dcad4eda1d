//! What is said of a run: each thing once, and by who did it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use semel_reports::account::{sentences, upshot};
use semel_reports::report::Line;
use semel_scenarios::file::complaint::Source;
use semel_scenarios::file::load::load;
use semel_scenarios::trial::Runner;
use semel_scenarios::trial::plan::Plan;

fn run(file: &str, strategy: &str, seed: u64) -> Line {
    let source = Source {
        name: file.into(),
        text: fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file))
            .expect("it can be read"),
    };
    let scenario = load(&source).unwrap_or_else(|complaint| panic!("{complaint}"));
    let plan = Arc::new(Plan::new(&Arc::new(scenario), strategy, &[]).expect("it fits"));
    let told = Runner::new(&plan).run_told(seed, None).expect("it is run");
    Line::new(&plan, told, String::new())
}

fn account(line: &Line) -> String {
    let sentences = sentences(line).into_iter().map(|sentence| sentence.text);
    sentences.chain(upshot(line)).collect::<Vec<_>>().join("\n")
}

/// A sink that dies before it notes that a request is completed does the work again: nobody reads anything again, and
/// what it turned away as in progress it did not recognise.
#[test]
fn work_that_a_sink_does_twice_is_not_told_of_its_consumer() {
    let line = run(
        "tests/told/sink-dies-before-completion.ron",
        "idempotency-key",
        1,
    );
    let told = account(&line);
    assert!(
        told.contains("the sink had done the work but not yet noted that"),
        "{told}"
    );
    assert!(
        !told.contains("began again") && !told.contains("recognised"),
        "{told}"
    );
}

/// What was wrongly taken for a repeat is told as lost, and not as saved.
#[test]
fn what_is_swallowed_is_not_praised_as_recognised() {
    let told = account(&run("tests/told/id-without-its-record.ron", "ids-ahead", 1));
    assert!(
        told.contains("taken for a repeat of what is stored already, though it was none"),
        "{told}"
    );
    assert!(!told.contains("recognised"), "{told}");
}

/// Records of which the same is said are told together, whether it was seen at one level or at two.
#[test]
fn nothing_is_said_twice_of_records_that_differ_in_their_levels() {
    let line = run("../scenarios/catalog/bad-day.ron", "auto-commit", 1);
    let lost = "stands in the log but never took effect";
    let told = sentences(&line);
    let count = told
        .iter()
        .filter(|sentence| sentence.text.contains(lost))
        .count();
    assert_eq!(count, 1, "{told:#?}");
}
