//! Paths into a scenario, as error messages print them and `--set` takes them: `faults[drop].rate`.

use std::fmt;
use std::str::FromStr;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A field of a struct or an entry of a map.
    Field(String),
    /// An item of a list, from 0.
    Index(usize),
    /// An item of the list of faults, by name.
    Named(String),
}

/// A place in a scenario or strategy. Variants are not part of it: `work.mark`, whatever kind of work it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The place itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// A field below this.
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.0.push(Step::Field(name.into()));
        self
    }

    /// An item below this.
    pub fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// The first so many steps of this.
    pub fn upto(&self, steps: usize) -> Self {
        Self(self.0[..steps].to_vec())
    }

    /// Where this is.
    pub fn parent(&self) -> Option<Self> {
        Some(self.upto(self.0.len().checked_sub(1)?))
    }

    /// Whether one of the two contains the other.
    pub fn touches(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(mine, its)| mine == its)
    }

    /// The same path with `faults[name]` in place of `faults[0]`, or the other way round.
    pub fn renamed(mut self, translate: impl Fn(&Step) -> Option<Step>) -> Self {
        if let [Step::Field(list), item, ..] = &mut self.0[..]
            && list == "faults"
            && let Some(other) = translate(item)
        {
            *item = other;
        }
        self
    }
}

impl fmt::Display for Path {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if place == 0 => out.write_str(name)?,
                Step::Field(name) => write!(out, ".{name}")?,
                Step::Index(index) => write!(out, "[{index}]")?,
                Step::Named(name) => write!(out, "[{name}]")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Path {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut steps = Vec::new();
        for part in text.split('.') {
            let (name, mut items) = part.split_at(part.find('[').unwrap_or(part.len()));
            if name.is_empty() {
                return Err(format!(
                    "`{text}` is not a path; write for example `workload.records`"
                ));
            }
            steps.push(Step::Field(name.into()));
            while let Some(inner) = items.strip_prefix('[') {
                let (item, rest) = inner
                    .split_once(']')
                    .ok_or_else(|| format!("`{text}` lacks a closing `]`"))?;
                steps.push(
                    item.parse()
                        .map_or_else(|_| Step::Named(item.into()), Step::Index),
                );
                items = rest;
            }
            if !items.is_empty() {
                return Err(format!(
                    "`{items}` in `{text}` follows a `]`; a `.` was expected there"
                ));
            }
        }
        Ok(Self(steps))
    }
}

impl From<&serde_path_to_error::Path> for Path {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment;
        let step = |segment: &Segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Field(key.clone())),
            Segment::Enum { .. } | Segment::Unknown => None,
        };
        Self(path.iter().filter_map(step).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_it_prints() {
        for text in [
            "workload.records",
            "faults[drop].rate",
            "faults[0].packet.record",
            "expect.at-most-once",
        ] {
            assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
        }
        assert!("faults[0".parse::<Path>().is_err());
        assert!("a..b".parse::<Path>().is_err());
        assert!("a[0]b".parse::<Path>().is_err());
    }
}
