//! Numbers in words: counts with their nouns, spans rounded for the eye, lists.

/// Keeps a number and its unit on one line; shown as a blank.
pub(crate) const GLUE: char = '\u{a0}';

/// `1 record`, `3 records`.
pub fn plural(count: u64, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", thousands(count))
}

/// A count as one word where it is small: `once`, `twice`, `3 times`.
pub fn quantity(count: u64) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        more => format!("{} times", thousands(more)),
    }
}

/// Digits in groups of three from five on: `9999`, `12 500`.
pub fn thousands(count: u64) -> String {
    let digits = count.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let lead = digits.len() % 3;
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 3 == lead {
            text.push(GLUE);
        }
        text.push(digit);
    }
    text
}

/// Nanoseconds as milliseconds, with up to three digits behind the point.
pub(crate) fn millis(nanos: u64) -> String {
    let (whole, rest) = (nanos / 1_000_000, nanos / 1_000 % 1_000);
    if rest == 0 {
        return format!("{whole} ms");
    }
    let text = format!("{whole}.{rest:03}");
    format!("{} ms", text.trim_end_matches('0'))
}

/// A span of nanoseconds for the eye: three digits at most, and a unit.
pub fn span(nanos: u64) -> String {
    const UNITS: [(&str, u64); 4] = [
        ("ns", 1),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("s", 1_000_000_000),
    ];
    if nanos == 0 {
        return "0".into();
    }
    let (unit, scale) = *UNITS
        .iter()
        .rev()
        .find(|(_, scale)| nanos >= *scale)
        .unwrap_or(&UNITS[0]);
    let tenths = nanos / (scale / 10).max(1);
    if scale > 1 && tenths < 100 && !tenths.is_multiple_of(10) {
        format!("{}.{}{GLUE}{unit}", tenths / 10, tenths % 10)
    } else {
        format!("{}{GLUE}{unit}", thousands(nanos / scale))
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list<T: AsRef<str>>(parts: &[T]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [start @ .., last] => {
            let start: Vec<&str> = start.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", start.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(plural(1, "record"), "1 record");
        assert_eq!(plural(12_500, "record"), "12\u{a0}500 records");
        assert_eq!(thousands(1_234_567), "1\u{a0}234\u{a0}567");
        assert_eq!(thousands(9_999), "9999");
        assert_eq!(quantity(2), "twice");
    }

    #[test]
    fn spans_are_short() {
        for (nanos, text) in [
            (0, "0"),
            (17, "17 ns"),
            (90_000, "90 us"),
            (1_500_000, "1.5 ms"),
            (51_200_000, "51 ms"),
            (2_000_000_000, "2 s"),
            (12_345_000_000_000, "12 345 s"),
        ] {
            assert_eq!(span(nanos).replace(GLUE, " "), text);
        }
    }

    #[test]
    fn lists_end_with_and() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
