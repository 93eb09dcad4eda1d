//! The name that somebody probably meant.

/// The known name nearest to `word` by edit distance, if it is near enough to be a slip.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let reach = 1 + word.chars().count().min(64) / 3;
    let begun = |name: &str| word.len() >= 3 && name.starts_with(word);
    let scored = known
        .into_iter()
        .map(|name| (if begun(name) { 1 } else { distance(word, name) }, name));
    scored
        .filter(|(far, _)| *far <= reach)
        .min()
        .map(|(_, name)| name)
}

/// How many letters to insert, delete, replace or swap with their neighbour (each 1), ignoring case.
fn distance(left: &str, right: &str) -> usize {
    let letters = |text: &str| {
        text.chars()
            .take(64)
            .flat_map(char::to_lowercase)
            .collect::<Vec<_>>()
    };
    let (left, right) = (letters(left), letters(right));
    let mut rows: Vec<Vec<usize>> = vec![(0..=right.len()).collect()];
    for row in 1..=left.len() {
        let mut next = vec![row];
        for column in 1..=right.len() {
            let differs = usize::from(left[row - 1] != right[column - 1]);
            let mut best = (rows[row - 1][column - 1] + differs)
                .min(rows[row - 1][column] + 1)
                .min(next[column - 1] + 1);
            let swapped = row > 1
                && column > 1
                && left[row - 1] == right[column - 2]
                && left[row - 2] == right[column - 1];
            if swapped {
                best = best.min(rows[row - 2][column - 2] + 1);
            }
            next.push(best);
        }
        rows.push(next);
    }
    rows[left.len()][right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = ["records", "keys", "pace", "pace_spread"];
        assert_eq!(nearest("recrods", known), Some("records"));
        assert_eq!(nearest("Keys", known), Some("keys"));
        assert_eq!(nearest("pace-spread", known), Some("pace_spread"));
        assert_eq!(nearest("velocity", known), None);
    }
}
