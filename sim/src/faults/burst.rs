//! `Burst`: losses that come together (Gilbert–Elliott). There are good and bad spells of time; in a bad one
//! packets are lost at a high rate. The spells are those of the fault: all its links have them at the same times.

use alloc::string::String;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::address::FaultIndex;
use crate::chance::Rate;
use crate::faults::packet::PacketPick;
use crate::faults::pick::{Item, Names, When, Wrong};
use crate::faults::rules::{PacketAct, Rules, Spells};
use crate::time::Span;

/// Loses packets in bursts. When it is bad depends on time alone: the same for every strategy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// What the fault is called; its dice depend on it. Default: its kind and ordinal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The mean length of a good spell (exponential).
    pub good: Span,
    /// The mean length of a bad spell (exponential).
    pub bad: Span,
    /// How likely a packet is lost in a bad spell.
    #[serde(default = "always")]
    pub rate: Rate,
    /// Only packets from this node or role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Only packets to this node or role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Only from this time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Span>,
    /// Only before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Span>,
}

const fn always() -> Rate {
    Rate::ONE
}

impl<M: Clone, O> Item<M, O> for Burst {
    fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn when(&self) -> When {
        When {
            rate: Some(self.rate),
            at: self.at,
            every: None,
            until: self.until,
        }
    }

    /// The longer one of its two.
    fn length(&self) -> Option<(&'static str, Span)> {
        Some(if self.good > self.bad {
            ("good", self.good)
        } else {
            ("bad", self.bad)
        })
    }

    fn compile(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        for (field, span) in [("good", self.good), ("bad", self.bad)] {
            if span < Span::micros(1) {
                return Err(Wrong::new(
                    field,
                    "is shorter than \"1us\"; spells last longer",
                ));
            }
        }
        let pick = PacketPick {
            rate: Some(self.rate),
            packet: None,
            from: self.from.as_ref(),
            to: self.to.as_ref(),
            at: self.at,
            until: self.until,
            nth: None,
            times: None,
            spells: Some(Spells::new(self.good, self.bad)),
        };
        pick.compile(index, name, names, PacketAct::Drop, rules)
    }
}
