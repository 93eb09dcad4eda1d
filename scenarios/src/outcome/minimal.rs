//! Which faults go with a failure: the smallest sets of faults that struck in runs that show it.
//!
//! A run belongs to a set when all of its faults struck in it. A smaller set that turns up later takes over the runs
//! of every larger one that contains it, so that only sets are kept of which none contains another: few, whatever the
//! number of runs. They say with which faults it was seen; which of them a run needs, shrinking says.

use serde::{Deserialize, Serialize};

/// Runs that show the same failure, by the faults that struck in the smallest of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultSet {
    /// The names of the faults that struck, in order; none where it fails in fair weather.
    pub faults: Vec<String>,
    /// In how many runs it was found.
    pub runs: u64,
    /// The simplest of them: in which these faults struck the fewest times.
    pub seed: u64,
    /// How many times they did in it.
    pub struck: u64,
}

/// Adds a run in which faults of these names struck so many times in all.
pub(crate) fn add(sets: &mut Vec<FaultSet>, faults: &[&String], struck: u64, seed: u64) {
    let within = |set: &&mut FaultSet| set.faults.iter().all(|name| faults.contains(&name));
    if let Some(set) = sets.iter_mut().find(within) {
        set.runs += 1;
        let same = set.faults.len() == faults.len();
        if same && (struck, seed) < (set.struck, set.seed) {
            (set.struck, set.seed) = (struck, seed);
        }
        return;
    }
    let larger = |set: &FaultSet| faults.iter().all(|name| set.faults.contains(name));
    let taken: u64 = sets
        .iter()
        .filter(|set| larger(set))
        .map(|set| set.runs)
        .sum();
    sets.retain(|set| !larger(set));
    sets.push(FaultSet {
        faults: faults.iter().map(|name| (*name).clone()).collect(),
        runs: 1 + taken,
        seed,
        struck,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sets(runs: &[&[&str]]) -> Vec<(String, u64, u64)> {
        let mut sets = Vec::new();
        for (seed, faults) in runs.iter().enumerate() {
            let names: Vec<String> = faults.iter().map(ToString::to_string).collect();
            let names: Vec<&String> = names.iter().collect();
            add(&mut sets, &names, names.len() as u64, seed as u64);
        }
        let told = |set: FaultSet| (set.faults.join("+"), set.runs, set.seed);
        sets.into_iter().map(told).collect()
    }

    #[test]
    fn a_run_goes_to_a_set_that_struck_in_it() {
        let runs: [&[&str]; 3] = [&["drop"], &["crash", "drop"], &["drop"]];
        assert_eq!(sets(&runs), [("drop".into(), 3, 0)]);
    }

    #[test]
    fn a_smaller_set_takes_over_the_larger_ones() {
        let runs: [&[&str]; 4] = [
            &["crash", "drop"],
            &["drop", "pause"],
            &["pause"],
            &["drop"],
        ];
        assert_eq!(sets(&runs), [("pause".into(), 2, 2), ("drop".into(), 2, 3)]);
    }

    #[test]
    fn what_fails_in_fair_weather_needs_no_fault() {
        let runs: [&[&str]; 3] = [&["drop"], &[], &["crash"]];
        assert_eq!(sets(&runs), [(String::new(), 3, 1)]);
    }
}
