//! Which of the violations of a run is meant.

use std::fmt;
use std::str::FromStr;

use semel_models::judge::{Findings, Violation};

use crate::file::expect::Breach;
use crate::file::scenario::Witness;
use crate::outcome::verdict;

/// A kind of violation, told as precisely as anybody likes. Written `"no_duplicate at effect"`, `"no_duplicate at
/// effect, D1"` or `"no_duplicate at effect, D1, outbound"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// What is broken, and where.
    pub breach: Breach,
    /// The code of its cause. None: whichever is gravest.
    pub cause: Option<String>,
    /// On which side it was born: `inbound` or `outbound`. None: whichever is gravest.
    pub side: Option<String>,
}

impl Sought {
    /// What a witness says of its violation.
    pub fn of(witness: &Witness) -> Self {
        Self {
            breach: witness.violation,
            cause: witness.cause.clone(),
            side: witness.side.clone(),
        }
    }

    /// Those that it can mean.
    pub(crate) fn among<'f>(
        &'f self,
        findings: &'f Findings,
    ) -> impl DoubleEndedIterator<Item = &'f Violation> {
        let says = |said: &Option<String>, now: &str| said.as_ref().is_none_or(|said| said == now);
        findings.violations.iter().filter(move |one| {
            let row = verdict::violation(one);
            row.is(self.breach) && says(&self.side, &row.side) && says(&self.cause, &row.cause)
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
            let place = match part {
                "inbound" | "outbound" => &mut sought.side,
                code if is_cause(code) => &mut sought.cause,
                _ => {
                    return Err(format!(
                        "`{part}` is no cause and no side; write for example \"no_duplicate at effect, D1, outbound\""
                    ));
                }
            };
            *place = Some(part.to_owned());
        }
        Ok(sought)
    }
}

/// Whether this looks like the code of a cause: `D1`, or `other`.
fn is_cause(word: &str) -> bool {
    let number = word.strip_prefix(['D', 'L', 'R', 'S']);
    word == "other" || number.is_some_and(|number| number.parse::<u8>().is_ok())
}

impl fmt::Display for Sought {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.breach)?;
        for more in self.cause.iter().chain(&self.side) {
            write!(out, ", {more}")?;
        }
        Ok(())
    }
}
