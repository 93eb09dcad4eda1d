//! What the fields of a strategy demand of each other: every meaningless combination is refused with its reason.

mod bugs;
mod promise;
mod publish;
mod sink;
mod stream;
mod work;

use alloc::string::String;
use alloc::vec::Vec;

use semel_sim::net::Transport;
use semel_sim::time::Span;

use super::{Keep, Strategy, Unit, Work};
use crate::vocabulary::Topology;

/// A combination that makes no sense: where, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// The path of the field to change, from the strategy (`publish.name`).
    pub path: &'static str,
    /// What is wrong, and what would be right.
    pub text: String,
}

/// What was found so far.
struct Found(Vec<Objection>);

impl Found {
    /// Objects, if something is bad.
    fn when(&mut self, bad: bool, path: &'static str, text: &str) {
        if bad {
            let text = text.into();
            self.0.push(Objection { path, text });
        }
    }

    /// A store of ids that would remember none.
    fn keep(&mut self, keep: Keep, path: &'static str) {
        let none = keep.count == Some(0) || keep.time.is_some_and(Span::is_zero);
        self.when(none, path, "keeps no id: no repeat could be recognised");
    }
}

impl Strategy {
    /// Every objection to this strategy in this topology over this transport.
    pub fn check(&self, topology: Topology, transport: Transport) -> Vec<Objection> {
        let mut found = Found(Vec::new());
        self.check_publish(&mut found);
        self.check_stream(&mut found);
        self.check_work(topology, transport, &mut found);
        self.check_sink(&mut found);
        self.check_promise(&mut found);
        self.check_bug(&mut found);
        found.0
    }

    /// Whether anybody publishes in transactions.
    const fn transacts(&self) -> bool {
        matches!(self.publish.unit, Unit::Transaction(_)) || matches!(self.work, Work::Transact(_))
    }
}
