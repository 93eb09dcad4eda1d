//! Shrinking: the smallest part of a list that still shows what the whole list shows.
//!
//! Delta debugging over any list: ever smaller chunks are taken away as long as the property stays. What is left is
//! minimal in this sense: without any one of its items the property is gone.

use alloc::vec::Vec;

/// Takes away what `shows` does not need, and returns what is left. It is asked until it says that it can no longer
/// tell: whoever answers knows what an answer costs.
///
/// `shows` must hold for the whole list; it is not asked about that.
pub fn shrink<T: Clone>(items: &[T], mut shows: impl FnMut(&[T]) -> Option<bool>) -> Vec<T> {
    let mut left = items.to_vec();
    let mut chunk = left.len().next_power_of_two();
    while chunk > 0 {
        let before = left.len();
        let mut start = 0;
        while start < left.len() {
            let end = (start + chunk).min(left.len());
            let mut candidate = left[..start].to_vec();
            candidate.extend_from_slice(&left[end..]);
            match shows(&candidate) {
                Some(true) => left = candidate,
                Some(false) => start = end,
                None => return left,
            }
        }
        if left.len() == before || chunk > 1 {
            chunk /= 2;
        }
        chunk = chunk.min(left.len());
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_needed_is_left() {
        let items: Vec<u32> = (0..100).collect();
        let mut asked = 0;
        let left = shrink(&items, |list| {
            asked += 1;
            Some(list.contains(&17) && list.contains(&83))
        });
        assert_eq!(left, [17, 83]);
        assert!(asked < 120, "{asked} questions");
    }

    #[test]
    fn what_becomes_needless_later_is_taken_away_too() {
        let shows = |list: &[u32]| Some(list == [1, 2, 3] || list == [2, 3] || list == [2]);
        assert_eq!(shrink(&[1, 2, 3], shows), [2]);
    }

    #[test]
    fn nothing_needed_leaves_nothing_and_no_answer_leaves_all() {
        assert!(shrink(&[1, 2, 3], |_| Some(true)).is_empty());
        assert_eq!(shrink(&[1, 2, 3], |_| None), [1, 2, 3]);
    }
}
