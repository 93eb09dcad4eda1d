//! Exit codes, and which of them wins where several apply.

use std::process::ExitCode;

use semel_scenarios::outcome::verdict::Judgement;

/// How a command ended. The later of two variants wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Every expectation was met.
    Met,
    /// Inconclusive or vacuous.
    Open,
    /// An expected violation never appeared.
    NoShow,
    /// A promise was broken, or an expectation was not met.
    Broken,
    /// A run could not be repeated as it was.
    Irreproducible,
    /// It was interrupted; what was written is valid.
    Interrupted,
    /// Results that cannot be merged.
    Unmergeable,
    /// Nothing was selected.
    Nothing,
    /// A file is invalid.
    Invalid,
    /// The command line makes no sense.
    Usage,
    /// The program is wrong.
    Internal,
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Self::Met => 0,
            Self::Broken => 1,
            Self::Usage => 2,
            Self::Invalid => 3,
            Self::Nothing => 4,
            Self::Open => 5,
            Self::NoShow => 6,
            Self::Irreproducible => 7,
            Self::Unmergeable => 8,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }
}

impl From<Judgement> for Exit {
    fn from(judgement: Judgement) -> Self {
        match judgement {
            Judgement::Met => Self::Met,
            Judgement::Inconclusive | Judgement::Vacuous => Self::Open,
            Judgement::NoShow => Self::NoShow,
            Judgement::Unmet | Judgement::Broken => Self::Broken,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_contract() {
        let order = [70, 130, 7, 1, 6, 5, 0];
        let mut all = [
            Exit::Met,
            Exit::Internal,
            Exit::Interrupted,
            Exit::NoShow,
            Exit::Irreproducible,
            Exit::Broken,
            Exit::Open,
        ];
        all.sort_unstable();
        all.reverse();
        assert_eq!(all.map(Exit::code), order);
    }
}
