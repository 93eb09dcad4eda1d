//! The results of a sweep, gathered from its folder: what a report tells. Its size does not grow with the seeds.

use std::path::Path;

use crate::outcome::row::Row;
use crate::outcome::spread::Spread;
use crate::outcome::summary::{Summarizer, Summary};
use crate::sweep::results::{Manifest, Planned, ROWS, Refusal, read_manifest, read_rows};

/// All that a report tells of a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Gathered {
    /// What the rows are rows of.
    pub manifest: Manifest,
    /// The runs of each strategy under each scenario, in the order of the rows.
    pub groups: Vec<Group>,
}

/// The runs of one strategy under one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What they come to: the same that the sweep told.
    pub summary: Summary,
    /// How the runs' median latencies are spread.
    pub latency_p50: Quantiles,
    /// How the runs' 99th percentiles are spread.
    pub latency_p99: Quantiles,
}

/// Where the 5th, 25th, 50th, 75th and 95th in a hundred stand, in nanoseconds, within one in a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quantiles(pub [u64; 5]);

/// What is known of a group while its rows are read.
struct Sums {
    scenario: String,
    strategy: String,
    summarizer: Summarizer,
    latency_p50: Spread,
    latency_p99: Spread,
}

/// Reads the folder of a sweep.
///
/// Fails where there is none, or where its rows are not those that its manifest speaks of.
pub fn gather(folder: &Path) -> Result<Gathered, Refusal> {
    let manifest = read_manifest(folder)?;
    let mut groups: Vec<Sums> = Vec::new();
    let (mut rows, mut strange) = (0, false);
    let digest = read_rows(folder, |row| {
        rows += 1;
        // Rows are sorted: those of a group stand together.
        let known = |one: &Sums| one.scenario == row.scenario && one.strategy == row.strategy;
        if !groups.last().is_some_and(known) {
            match Sums::of(&row, &manifest) {
                Some(sums) => groups.push(sums),
                None => strange = true,
            }
        }
        if let Some(sums) = groups.last_mut() {
            sums.add(&row);
        }
    })?;
    if rows != manifest.rows || digest != manifest.digest || strange {
        let text = format!(
            "its {ROWS} has {rows} rows and is not the file that its manifest speaks of ({} rows)",
            manifest.rows
        );
        return Err(Refusal::Unmergeable(text));
    }
    Ok(Gathered {
        manifest,
        groups: groups.into_iter().map(Sums::finish).collect(),
    })
}

impl Sums {
    /// Nothing, yet, of the plan that a row is of; none if the manifest does not know it.
    fn of(row: &Row, manifest: &Manifest) -> Option<Self> {
        let is_it = |one: &&Planned| (&one.strategy, &one.plan) == (&row.strategy, &row.plan);
        let Planned {
            expected, faults, ..
        } = manifest.plans.iter().find(is_it)?;
        Some(Self {
            scenario: row.scenario.clone(),
            strategy: row.strategy.clone(),
            summarizer: Summarizer::of(expected.clone(), faults.clone(), row),
            latency_p50: Spread::default(),
            latency_p99: Spread::default(),
        })
    }

    fn add(&mut self, row: &Row) {
        self.summarizer.add(row);
        self.latency_p50.add(row.latency_p50_ns);
        self.latency_p99.add(row.latency_p99_ns);
    }

    fn finish(self) -> Group {
        Group {
            summary: self.summarizer.finish(),
            latency_p50: quantiles(&self.latency_p50),
            latency_p99: quantiles(&self.latency_p99),
        }
    }
}

fn quantiles(spread: &Spread) -> Quantiles {
    Quantiles([5, 25, 50, 75, 95].map(|percent| spread.percentile(percent)))
}
