//! Shrinking: the smallest part of a list that still shows what the whole list shows.
//!
//! Delta debugging over any list: ever smaller chunks are taken away as long as the property stays. What is left is
//! minimal in this sense: without any one of its items the property is gone.

use alloc::vec::Vec;

/// Takes away what `shows` does not need, asking it at most `budget` times. Returns what is left and what was asked.
///
/// `shows` must hold for the whole list; it is not asked about that.
pub fn shrink<T: Clone>(
    items: &[T],
    budget: u64,
    mut shows: impl FnMut(&[T]) -> bool,
) -> (Vec<T>, u64) {
    let mut left = items.to_vec();
    let mut asked = 0;
    let mut chunk = left.len().next_power_of_two();
    while chunk > 0 {
        let before = left.len();
        let mut start = 0;
        while start < left.len() {
            if asked >= budget {
                return (left, asked);
            }
            let end = (start + chunk).min(left.len());
            let mut candidate = left[..start].to_vec();
            candidate.extend_from_slice(&left[end..]);
            asked += 1;
            if shows(&candidate) {
                left = candidate;
            } else {
                start = end;
            }
        }
        if left.len() == before || chunk > 1 {
            chunk /= 2;
        }
        chunk = chunk.min(left.len());
    }
    (left, asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_is_left() {
        let items: Vec<u32> = (0..100).collect();
        let shows = |list: &[u32]| list.contains(&17) && list.contains(&83);
        let (left, asked) = shrink(&items, u64::MAX, shows);
        assert_eq!(left, [17, 83]);
        assert!(asked < 120, "{asked} questions");
    }

    #[test]
    fn what_becomes_needless_later_is_taken_away_too() {
        let shows = |list: &[u32]| list == [1, 2, 3] || list == [2, 3] || list == [2];
        assert_eq!(shrink(&[1, 2, 3], u64::MAX, shows).0, [2]);
    }

    #[test]
    fn nothing_needed_leaves_nothing_and_no_budget_leaves_all() {
        assert!(shrink(&[1, 2, 3], u64::MAX, |_| true).0.is_empty());
        assert_eq!(shrink(&[1, 2, 3], 0, |_| true).0, [1, 2, 3]);
    }
}
