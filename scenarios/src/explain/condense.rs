//! Long repetitions: a retry for ever is told a few times, and then only counted.

use std::collections::BTreeMap;

use serde::Serialize;

/// How often something of one kind is told.
const TOLD: u32 = 3;
/// So few more in a row are told, too: a line that counts them would be no shorter.
const FEW: usize = 2;

/// Several that are like what was told before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct More {
    /// How many.
    pub count: u64,
    /// When the last of them was.
    pub until_ns: u64,
}

/// Puts a count in the place of what goes on as it did before. Something without a kind is always told, and so is the
/// last of all; `count` makes what stands for the others.
pub(super) fn condense<T, K: Ord>(
    all: Vec<T>,
    kind: impl Fn(&T) -> Option<K>,
    at: impl Fn(&T) -> u64,
    count: impl Fn(&T, More) -> T,
) -> Vec<T> {
    let mut seen: BTreeMap<K, u32> = BTreeMap::new();
    let mut told = Vec::new();
    let mut alike: Vec<T> = Vec::new();
    let last = all.len().saturating_sub(1);
    for (index, one) in all.into_iter().enumerate() {
        let times = kind(&one).filter(|_| index < last).map_or(0, |kind| {
            let times = seen.entry(kind).or_default();
            *times += 1;
            *times
        });
        if times > TOLD {
            alike.push(one);
            continue;
        }
        close(&mut alike, &mut told, &at, &count);
        told.push(one);
    }
    close(&mut alike, &mut told, &at, &count);
    told
}

fn close<T>(
    alike: &mut Vec<T>,
    told: &mut Vec<T>,
    at: impl Fn(&T) -> u64,
    count: impl Fn(&T, More) -> T,
) {
    if alike.len() <= FEW {
        told.append(alike);
        return;
    }
    let more = alike.last().map(|last| {
        let more = More {
            count: alike.len() as u64,
            until_ns: at(last),
        };
        count(last, more)
    });
    told.extend(more);
    alike.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Letters are told each on its own; digits count.
    fn told(text: &str) -> String {
        let all: Vec<(u64, String)> = (0..).zip(text.chars().map(String::from)).collect();
        let kind = |one: &(u64, String)| Some(one.1.clone()).filter(|text| text != "!");
        let count = |_: &(u64, String), more: More| {
            (0, format!("[{} until {}]", more.count, more.until_ns))
        };
        let told = condense(all, kind, |one| one.0, count);
        told.into_iter().map(|one| one.1).collect()
    }

    #[test]
    fn what_goes_on_as_before_is_counted() {
        assert_eq!(told("aaaaaaaaaz"), "aaa[6 until 8]z");
        assert_eq!(told("abababababababz"), "ababab[8 until 13]z");
        assert_eq!(told("abcabc"), "abcabc");
    }

    #[test]
    fn the_last_of_all_and_what_has_no_kind_are_told() {
        assert_eq!(told("aaaaaaaa"), "aaa[4 until 6]a");
        assert_eq!(told("aaaaaaa!aaaaz"), "aaa[4 until 6]![4 until 11]z");
        assert_eq!(told("!!!!!!"), "!!!!!!");
    }

    #[test]
    fn a_few_more_are_told_after_all() {
        assert_eq!(told("aaaaaz"), "aaaaaz");
    }
}
