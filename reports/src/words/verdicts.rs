//! The words and symbols of verdicts.

use semel_scenarios::outcome::row::{ExpectedKind, RunVerdict};
use semel_scenarios::outcome::summary::Summary;
use semel_scenarios::outcome::verdict::Judgement;

use crate::report::Line;

/// A symbol that carries a verdict without colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// `=`: the promise is kept.
    Kept,
    /// `~`: not as it was intended, but no promise is broken.
    Beyond,
    /// `x`: promised and broken, or not what was expected.
    Broken,
    /// `?`: no verdict.
    Open,
    /// `-`: not applicable.
    Untouched,
    /// `.`: nothing is promised, and all is well.
    Idle,
}

impl Mark {
    /// The symbol; always ASCII.
    pub const fn symbol(self) -> char {
        match self {
            Self::Kept => '=',
            Self::Beyond => '~',
            Self::Broken => 'x',
            Self::Open => '?',
            Self::Untouched => '-',
            Self::Idle => '.',
        }
    }
}

/// What the marks of a level mean.
pub const LEGEND: [(Mark, &str); 4] = [
    (Mark::Kept, "promise kept"),
    (Mark::Beyond, "not once, but no promise broken"),
    (Mark::Broken, "promise broken"),
    (Mark::Idle, "nothing promised, all once"),
];

/// A verdict as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Word {
    /// Every promised level is intact, and the money is right.
    Holds,
    /// It violates something that it does not promise, as the scenario expects.
    Expected,
    /// It violates something that lies outside its promise.
    Beyond,
    /// A promise was broken within its assumptions.
    Violates,
    /// No promise was broken, but the scenario expected something else.
    Unexpected,
    /// The expected violation never appeared.
    NoShow,
    /// There is no verdict.
    Inconclusive,
    /// A configured fault never fired.
    Vacuous,
    /// The fault cannot touch this strategy.
    NotApplicable,
    /// The sweep was cut short before its first run.
    NotRun,
}

impl Word {
    /// The symbol.
    pub const fn mark(self) -> Mark {
        match self {
            Self::Holds => Mark::Kept,
            Self::Expected | Self::Beyond => Mark::Beyond,
            Self::Violates | Self::Unexpected | Self::NoShow => Mark::Broken,
            Self::Inconclusive | Self::Vacuous | Self::NotRun => Mark::Open,
            Self::NotApplicable => Mark::Untouched,
        }
    }

    /// The words, without the symbol. Only a broken promise shouts.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Expected => "goes wrong, as expected",
            Self::Beyond => "beyond its promise",
            Self::Violates => "VIOLATES",
            Self::Unexpected => "not as expected",
            Self::NoShow => "no-show",
            Self::Inconclusive => "inconclusive",
            Self::Vacuous => "vacuous",
            Self::NotApplicable => "not applicable",
            Self::NotRun => "not run",
        }
    }

    /// Whether somebody should look into it.
    pub const fn is_failure(self) -> bool {
        matches!(self.mark(), Mark::Broken | Mark::Open)
    }
}

/// The verdict of one run in words.
pub fn word(line: &Line) -> Word {
    judged(line.judgement, line.row.verdict, line.row.expected)
}

/// The verdict over many runs in words.
pub fn overall(summary: &Summary) -> Word {
    if summary.is_begun() {
        judged(summary.judgement(), summary.verdict, summary.expected)
    } else {
        Word::NotRun
    }
}

const fn judged(judgement: Judgement, verdict: RunVerdict, expected: ExpectedKind) -> Word {
    match judgement {
        Judgement::Broken => Word::Violates,
        Judgement::Unmet => Word::Unexpected,
        Judgement::NoShow => Word::NoShow,
        Judgement::Vacuous => Word::Vacuous,
        Judgement::Inconclusive => Word::Inconclusive,
        Judgement::Met => match (verdict, expected) {
            (RunVerdict::NotApplicable, _) => Word::NotApplicable,
            (RunVerdict::Violates, ExpectedKind::Breaks | ExpectedKind::Always) => Word::Expected,
            (RunVerdict::Violates, _) => Word::Beyond,
            _ => Word::Holds,
        },
    }
}

/// What a scenario expects of a strategy, to stand after "it".
pub const fn expected(kind: ExpectedKind) -> &'static str {
    match kind {
        ExpectedKind::Holds => "holds",
        ExpectedKind::Breaks | ExpectedKind::Always => "violates in another way",
        ExpectedKind::Any => "keeps its promise",
        ExpectedKind::NotApplicable => "is not touched",
    }
}
