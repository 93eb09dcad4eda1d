//! Sweeps: the same bytes on any number of threads, after any kill; and what a sweep says of its runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use semel_scenarios::catalog;
use semel_scenarios::outcome::row::Row;
use semel_scenarios::sweep::results::{
    MANIFEST, ROWS, Refusal, Results, UNFINISHED, read_manifest,
};
use semel_scenarios::sweep::{Audience, Share, Sweep, Swept};
use semel_scenarios::trial::plan::Plan;

/// Writes down every line.
#[derive(Default)]
struct Lines(String);

impl Audience for Lines {
    fn wants_lines(&self) -> bool {
        true
    }

    fn hear(&mut self, _: &[Row], lines: &str) -> io::Result<()> {
        self.0.push_str(lines);
        Ok(())
    }
}

/// Fills a folder, and asks the sweep to stop after so many rows.
struct Filling {
    results: Results,
    left: u64,
    stop: Arc<AtomicBool>,
}

impl Audience for Filling {
    fn wants_lines(&self) -> bool {
        true
    }

    fn hear(&mut self, rows: &[Row], lines: &str) -> io::Result<()> {
        self.left = self.left.saturating_sub(rows.len() as u64);
        self.stop.store(self.left == 0, Ordering::Relaxed);
        self.results.add(lines)
    }
}

fn plans() -> Vec<Arc<Plan>> {
    let scenario = catalog::scenario("lost-ack").expect("it is in the catalog");
    let plan = |name| Arc::new(Plan::new(&scenario, name, &[]).expect("it fits"));
    ["at-least-once", "idempotent-consumer"].map(plan).to_vec()
}

fn sweep(jobs: usize) -> Sweep {
    Sweep::of(plans()).seeds(10..110).jobs(jobs)
}

/// A folder of the test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("semel-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    folder
}

/// Every line of a sweep that nothing disturbs.
fn undisturbed() -> (String, Swept) {
    let (sweep, mut lines) = (sweep(1), Lines::default());
    let swept = sweep.go_on(sweep.sums(), &mut lines).expect("it runs");
    (lines.0, swept)
}

/// Sweeps into a folder until so many rows are there, or all.
fn fill(folder: &Path, rows: u64) -> Swept {
    let stop = Arc::new(AtomicBool::new(false));
    let sweep = sweep(2).stop_on(Arc::clone(&stop));
    let mut sums = sweep.sums();
    let results = Results::resume(folder, &sweep, &mut sums).expect("it can be resumed");
    let mut filling = Filling {
        results,
        left: rows,
        stop,
    };
    let swept = sweep.go_on(sums, &mut filling).expect("it runs");
    filling
        .results
        .finish(&sweep, &swept)
        .expect("it can be written");
    swept
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let (lines, swept) = undisturbed();
    assert_eq!(lines.lines().count(), 200);
    for jobs in [2, 3, 8] {
        let (sweep, mut other) = (sweep(jobs), Lines::default());
        let again = sweep.go_on(sweep.sums(), &mut other).expect("it runs");
        assert!(other.0 == lines, "{jobs} threads");
        assert_eq!(again.summaries, swept.summaries);
    }
}

#[test]
fn a_share_of_the_runs_is_run_again_and_comes_out_the_same() {
    let swept = sweep(2)
        .check_determinism(Share::percent(100))
        .run()
        .expect("it runs");
    assert_eq!((swept.repeated, swept.unrepeatable.len()), (200, 0));
    let swept = sweep(2)
        .check_determinism(Share::percent(0))
        .run()
        .expect("it runs");
    assert_eq!(swept.repeated, 0);
}

#[test]
fn a_sweep_that_is_stopped_and_resumed_loses_no_row_and_repeats_none() {
    let folder = folder("resumed");
    let first = fill(&folder, 30);
    assert!(!first.is_complete() && first.rows >= 30);
    let manifest = read_manifest(&folder).expect("it was written");
    assert_eq!((manifest.rows, manifest.complete), (first.rows, false));
    fill(&folder, 50);
    let last = fill(&folder, u64::MAX);
    let (lines, swept) = undisturbed();
    assert!(fs::read_to_string(folder.join(ROWS)).expect("it is there") == lines);
    assert_eq!(last.summaries, swept.summaries);
    let digest = blake3::hash(lines.as_bytes()).to_hex().to_string();
    let manifest = read_manifest(&folder).expect("it was written");
    assert_eq!(
        (manifest.rows, manifest.complete, manifest.digest),
        (200, true, digest)
    );
    fs::remove_dir_all(folder).expect("it is the test's own");
}

#[test]
fn after_a_kill_in_the_middle_of_a_row_that_row_is_run_again() {
    let (lines, _) = undisturbed();
    for cut in [0, 1, 700, lines.len() / 2, lines.len() - 1, lines.len()] {
        let folder = folder(&format!("killed-{cut}"));
        fs::create_dir_all(&folder).expect("it can be made");
        fs::write(folder.join(UNFINISHED), &lines[..cut]).expect("it can be written");
        let swept = fill(&folder, u64::MAX);
        assert!(swept.is_complete());
        assert!(
            fs::read_to_string(folder.join(ROWS)).expect("it is there") == lines,
            "cut at {cut}"
        );
        fs::remove_dir_all(folder).expect("it is the test's own");
    }
}

/// What is said when a sweep is to go on in a folder.
fn refused(folder: &Path, sweep: &Sweep) -> String {
    match Results::resume(folder, sweep, &mut sweep.sums()) {
        Err(Refusal::Unmergeable(text)) => text,
        other => panic!("it must be refused: {other:?}"),
    }
}

#[test]
fn what_cannot_be_merged_is_refused_and_stays_as_it_is() {
    let folder = folder("refused");
    fill(&folder, u64::MAX);
    let lines = fs::read_to_string(folder.join(ROWS)).expect("it is there");
    let other = sweep(1).seeds(0..7);
    assert_eq!(
        refused(&folder, &other),
        "its range of seeds is 10..110, that of this sweep is 0..7"
    );
    assert!(
        refused(&folder, &Sweep::of(plans()[..1].to_vec()).seeds(10..110))
            .starts_with("its list of plans is")
    );
    let begun = Results::begin(&folder, &sweep(1))
        .expect_err("it is full")
        .to_string();
    assert!(begun.contains("--resume"), "{begun}");
    assert!(fs::read_to_string(folder.join(ROWS)).expect("it is there") == lines);

    let torn = lines.replacen("\"seed\":12,", "\"seed\":1x,", 1);
    fs::remove_file(folder.join(MANIFEST)).expect("it was there");
    fs::write(folder.join(ROWS), torn).expect("it can be written");
    assert!(refused(&folder, &sweep(1)).starts_with("line 3 of its rows cannot be read"));
    let skipped = lines.replacen("\"seed\":12,", "\"seed\":13,", 1);
    assert!(
        !folder.join(UNFINISHED).exists(),
        "what is refused keeps its name"
    );
    fs::write(folder.join(ROWS), skipped).expect("it can be written");
    let text = refused(&folder, &sweep(1));
    assert!(
        text.starts_with("line 3 is of plan") && text.ends_with("seed 12"),
        "{text}"
    );
    fs::remove_dir_all(folder).expect("it is the test's own");
}
