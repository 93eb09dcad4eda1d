//! Small statistics over runs. The only floats of this crate; none of them gets into a run.

/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// The Wilson score interval of `hits` in `runs`, at 95 %. (0, 1) without any runs.
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
pub fn wilson(hits: u64, runs: u64) -> (f64, f64) {
    if runs == 0 {
        return (0.0, 1.0);
    }
    let n = float(runs);
    let rate = float(hits) / n;
    let centre = rate + Z * Z / (2.0 * n);
    let reach = Z * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    let low = if hits == 0 {
        0.0
    } else {
        (centre - reach) / scale
    };
    let high = if hits == runs {
        1.0
    } else {
        (centre + reach) / scale
    };
    (low.max(0.0), high.min(1.0))
}

/// The 95 % interval of a rate: Wilson's, and the rule of three where nothing was seen.
pub fn interval95(hits: u64, runs: u64) -> (f64, f64) {
    match hits {
        0 => (0.0, upper_bound(runs)),
        _ => wilson(hits, runs),
    }
}

/// The 95 % upper bound on the rate of something that `runs` runs did not show: the rule of three, 3/n.
pub fn upper_bound(runs: u64) -> f64 {
    if runs <= 3 { 1.0 } else { 3.0 / float(runs) }
}

/// `part` per one of `whole`, in whole thousandths; 0 of nothing.
pub fn per(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    let thousandths = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole);
    float(thousandths as u64) / 1000.0
}

/// A number that [`per`] made, in thousandths.
#[expect(clippy::cast_sign_loss, reason = "what `per` makes is not negative")]
pub fn thousandths(number: f64) -> u64 {
    (number * 1000.0).round() as u64
}

/// `hits` in `runs`; 0 without any runs.
pub fn rate(hits: u64, runs: u64) -> f64 {
    if runs == 0 {
        0.0
    } else {
        float(hits) / float(runs)
    }
}

/// The middle of some numbers (the lower one of two), 0 of none. Reorders them.
pub fn median(numbers: &mut [u64]) -> u64 {
    if numbers.is_empty() {
        return 0;
    }
    let middle = (numbers.len() - 1) / 2;
    *numbers.select_nth_unstable(middle).1
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of runs are far below 2^53"
)]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(left: f64, right: f64) -> bool {
        (left - right).abs() < 5e-5
    }

    #[test]
    fn the_wilson_interval_is_the_textbook_one() {
        // Newcombe (1998), table I.
        for (hits, runs, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
        ] {
            let (from, to) = wilson(hits, runs);
            assert!(
                near(from, low) && near(to, high),
                "{hits} of {runs}: {from} to {to}"
            );
        }
        assert_eq!(wilson(0, 0), (0.0, 1.0));
        assert!(wilson(20, 20).0 > 0.8 && near(wilson(20, 20).1, 1.0));
    }

    #[test]
    fn nothing_seen_in_n_runs_is_at_most_three_in_n() {
        assert!(near(upper_bound(1000), 0.003));
        assert!(near(upper_bound(2), 1.0));
    }

    #[test]
    fn small_things_are_exact() {
        assert!(near(per(13, 10), 1.3) && near(per(1, 0), 0.0));
        assert_eq!(thousandths(per(13, 10)), 1300);
        assert_eq!(median(&mut [5, 1, 4]), 4);
        assert_eq!(median(&mut []), 0);
    }
}
