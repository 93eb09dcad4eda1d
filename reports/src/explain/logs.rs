//! What becomes of logs, and of the transactions in them, in words.

use std::fmt::Display;

use semel_scenarios::explain::{Asked, Ended, Kept, LogFact, Part, Taking, Torn};

use super::steps::Told;
use crate::words::list;

impl Told<'_> {
    pub(super) fn of_logs(&self, fact: &LogFact) -> String {
        let Self {
            node,
            record,
            at,
            because,
        } = self;
        match fact {
            LogFact::Aborted { output: true } => {
                format!("{node} aborts the output of {record}{because} at {at}.")
            }
            LogFact::Aborted { output: false } => {
                format!("{node} aborts the transaction of {record}{because} at {at}.")
            }
            LogFact::Decided {
                transaction,
                commit,
                asked,
            } => self.decided((*transaction, *commit), asked.as_ref()),
            LogFact::Over {
                transaction,
                commit,
                output,
            } => self.over(*transaction, *commit, *output),
            LogFact::Late {
                transaction,
                joins,
                unverified,
            } => self.late(*transaction, *joins, *unverified),
            LogFact::Ended(ended) => self.ended(ended),
            LogFact::GivenUp { overdue } => self.gives_up(record, *overdue),
            LogFact::Truncated { from, of, takes } => {
                let what = match of {
                    Kept::Records => "what it had stored",
                    Kept::Outputs => "the outputs",
                    Kept::DeadLetters => "the dead letters",
                };
                let with = match (takes, of) {
                    (None, _) => String::new(),
                    (Some(Taking::Itself), Kept::Records) => format!(", {record} with it"),
                    (Some(Taking::Itself), _) => format!(", that of {record} with them"),
                    (Some(Taking::Decision), _) => {
                        format!(
                            ", and the end of the transaction of {record} with it: that is undecided again"
                        )
                    }
                };
                format!("{node} has lost {what} from offset {from} on{with}, at {at}.")
            }
            LogFact::Hanging { offset, output } => {
                let what = if *output {
                    "of the outputs"
                } else {
                    "of the records"
                };
                format!(
                    "In the end nobody has decided the transaction that begins at offset {offset} {what}: readers of \
                     committed records stop there."
                )
            }
            LogFact::Unsettled { offset } => format!(
                "In the end nobody has decided the transaction that would commit offset {offset} for the group: whoever \
                 asks where to begin is told to ask again."
            ),
            LogFact::Torn(parts) => torn(parts),
        }
    }
}

impl Told<'_> {
    pub(super) fn gives_up(&self, record: impl Display, overdue: bool) -> String {
        let Self { node, at, .. } = self;
        let why = if overdue {
            "it took too long"
        } else {
            "its producer has begun anew"
        };
        format!("{node} gives the transaction of {record} up at {at}: {why}.")
    }

    fn decided(&self, (transaction, commit): (u32, bool), asked: Option<&Asked>) -> String {
        let Self {
            node, at, because, ..
        } = self;
        let what = if commit { "committed" } else { "aborted" };
        let why = match asked {
            None => String::new(),
            Some(Asked { by, of: None }) => format!(", as {by} asks"),
            Some(Asked { by, of: Some(of) }) => {
                let because = because.trim_end_matches(',');
                format!("{because}: what {by} asked for is the end of transaction {of}")
            }
        };
        format!("{node} decides at {at} that transaction {transaction} is {what}{why}.")
    }

    fn over(&self, transaction: u32, commit: bool, output: bool) -> String {
        let Self { node, at, .. } = self;
        let does = if commit { "commits" } else { "aborts" };
        let log = if output { "outputs" } else { "log" };
        format!(
            "{node} writes the marker that {does} transaction {transaction} to the {log} at {at}: there it is over."
        )
    }

    /// Something comes to a transaction that is over.
    fn late(&self, transaction: u32, joins: Option<u32>, unverified: bool) -> String {
        if let Some(open) = joins {
            return format!(
                "Transaction {transaction} is decided by then, but transaction {open} of the same producer is open there, \
                 and takes it in."
            );
        }
        let node = self.node;
        let unverified = if unverified {
            format!(": {node} does not ask the coordinator whether it is open")
        } else {
            String::new()
        };
        format!("That opens transaction {transaction} there after it was decided{unverified}.")
    }

    fn ended(&self, ended: &Ended) -> String {
        let Self { node, at, .. } = self;
        let Ended {
            transaction,
            with,
            commit,
            early,
        } = ended;
        let does = if *commit { "commits" } else { "aborts" };
        let early = if *early {
            ", before anything is decided"
        } else {
            ""
        };
        match with {
            Some(other) => format!(
                "{node} {does} what waits of transaction {transaction} at {at}{early}, with the marker of transaction \
                 {other}."
            ),
            None => format!("{node} {does} transaction {transaction} at {at}{early}."),
        }
    }
}

/// Which half of a transaction is there, and which is missing.
fn torn(torn: &Torn) -> String {
    let Torn {
        transaction,
        commit,
        there,
        missing,
    } = torn;
    let parts = |some: &[Part], what: &str| {
        let be = if some.len() == 1 { "is" } else { "are" };
        let parts: Vec<String> = some.iter().map(part).collect();
        format!("{} {be} {what}", list(&parts))
    };
    let (there_is, missing_is) = (parts(there, "there"), parts(missing, "missing"));
    match (commit, there.is_empty(), missing.is_empty()) {
        (Some(false), _, true) => {
            format!("Transaction {transaction} was aborted, but {there_is}.")
        }
        (Some(false), ..) => {
            format!("Transaction {transaction} was aborted, but {there_is}, while {missing_is}.")
        }
        (Some(true), true, _) => {
            format!("Transaction {transaction} was committed, but {missing_is}.")
        }
        (Some(true), ..) => {
            format!("Transaction {transaction} was committed, but {missing_is}, while {there_is}.")
        }
        (None, ..) => format!("Of transaction {transaction} {there_is}, but {missing_is}."),
    }
}

fn part(part: &Part) -> String {
    match part {
        Part::Record(record) => format!("record {record}"),
        Part::Output(record) => format!("the output of {record}"),
        Part::Mark(offset) => format!("the mark of progress up to offset {offset}"),
    }
}
