//! Which of the violations of a run is meant.

use std::fmt;
use std::str::FromStr;

use semel_models::judge::{Cause, Findings, Side, Violation};

use crate::file::expect::Breach;
use crate::file::scenario::Witness;
use crate::outcome::row::Finding;

/// A kind of violation, told as precisely as anybody likes. Written `"no_duplicate at effect"`, `"no_duplicate at
/// effect, D1"` or `"no_duplicate at effect, D1, outbound"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sought {
    /// What is broken, and where.
    pub breach: Breach,
    /// Its cause. None: whichever is gravest.
    pub cause: Option<Cause>,
    /// On which side it was born. None: whichever is gravest.
    pub side: Option<Side>,
}

impl Sought {
    /// What a witness says of its violation.
    pub const fn of(witness: &Witness) -> Self {
        Self {
            breach: witness.violation,
            cause: witness.cause,
            side: witness.side,
        }
    }

    /// What was found, and nothing else.
    pub const fn exactly(found: Finding) -> Self {
        let Finding {
            invariant,
            level,
            side,
            cause,
        } = found;
        Self {
            breach: Breach { invariant, level },
            cause: Some(cause),
            side: Some(side),
        }
    }

    /// Those that it can mean.
    pub(crate) fn among<'f>(
        &'f self,
        findings: &'f Findings,
    ) -> impl DoubleEndedIterator<Item = &'f Violation> {
        findings.violations.iter().filter(move |one| {
            (one.invariant, one.level) == (self.breach.invariant, self.breach.level)
                && self.side.is_none_or(|side| one.side == side)
                && self.cause.is_none_or(|cause| one.cause == cause)
        })
    }
}

impl FromStr for Sought {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(',').map(str::trim);
        let mut sought = Self {
            breach: parts.next().unwrap_or_default().parse()?,
            cause: None,
            side: None,
        };
        for part in parts {
            match (part.parse(), part.parse()) {
                (Ok(side), _) => sought.side = Some(side),
                (_, Ok(cause)) => sought.cause = Some(cause),
                _ => {
                    return Err(format!(
                        "`{part}` is no cause and no side; write for example \"no_duplicate at effect, D1, outbound\""
                    ));
                }
            }
        }
        Ok(sought)
    }
}

impl fmt::Display for Sought {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.breach)?;
        if let Some(cause) = self.cause {
            write!(out, ", {cause}")?;
        }
        if let Some(side) = self.side {
            write!(out, ", {side}")?;
        }
        Ok(())
    }
}
