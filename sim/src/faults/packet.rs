//! Faults on packets: what they have in common, and how one is defined.

use alloc::string::String;

use crate::address::FaultIndex;
use crate::chance::Rate;
use crate::faults::pick::{Names, Wrong, once, window};
use crate::faults::rules::{PacketAct, PacketRule, Rules, Scope, Spells, Turn};
use crate::time::{Span, Time};

/// What is each packet fault's own.
pub(super) trait Packets<M> {
    /// What it does to the packets that are picked. It may pick them more narrowly.
    fn act(&self, pick: &mut PacketPick<'_, M>) -> Result<PacketAct, Wrong>;

    /// The length of time that it has besides, and what its field is called.
    fn length(&self) -> Option<(&'static str, Span)> {
        None
    }
}

/// The common part of a packet fault, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct PacketPick<'a, M> {
    /// How likely each packet is hit.
    pub rate: Option<Rate>,
    /// Only packets that match this pattern.
    pub packet: Option<&'a M>,
    /// Only packets from this node or role.
    pub from: Option<&'a String>,
    /// Only packets to this node or role.
    pub to: Option<&'a String>,
    /// Only from this time on.
    pub at: Option<Span>,
    /// Only before this time.
    pub until: Option<Span>,
    /// Only the nth match.
    pub nth: Option<u32>,
    /// At most so many hits.
    pub times: Option<u32>,
    /// Only in bad spells.
    pub(crate) spells: Option<Spells>,
}

impl<M: Clone> PacketPick<'_, M> {
    pub(crate) fn compile<O>(
        &self,
        index: FaultIndex,
        name: &str,
        names: &Names<'_>,
        act: PacketAct,
        rules: &mut Rules<M, O>,
    ) -> Result<(), Wrong> {
        let windowed = self.at.is_some() || self.until.is_some();
        let patterned = self.packet.is_some() || self.nth.is_some();
        if self.rate.is_none() && !windowed && !patterned {
            return Err(Wrong::new(
                "rate",
                "is missing, and nothing else says when: give a `rate`, a time (`at`, `until`) or a `packet`",
            ));
        }
        window(self.at, self.until)?;
        once("nth", self.nth)?;
        once("times", self.times)?;
        let times = self.times.unwrap_or(if self.rate.is_none() && patterned {
            1
        } else {
            u32::MAX
        });
        let scope = Scope {
            pattern: self.packet.cloned(),
            from: names.find_or_all(self.from, "from")?,
            to: names.find_or_all(self.to, "to")?,
            start: Time(self.at.map_or(0, |span| span.0)),
            end: self.until.map_or(Time::NEVER, |span| Time(span.0)),
            spells: self.spells,
        };
        rules.packets.push(PacketRule {
            fault: index,
            turn: Turn::new(name, self.rate.unwrap_or(Rate::ONE), self.nth, times),
            scope: scope.unless_all(),
            act,
        });
        Ok(())
    }
}

/// Defines a packet fault: its doc, its own fields, and the fields that all packet faults share.
macro_rules! packet_fault {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        #[serde(bound(serialize = "M: serde::Serialize", deserialize = "M: serde::Deserialize<'de>"))]
        pub struct $name<M> {
            /// What the fault is called; its dice depend on it. Default: its kind and ordinal.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub name: Option<alloc::string::String>,
            /// How likely each packet is hit. Default 1 where a time or a pattern is given.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub rate: Option<$crate::chance::Rate>,
            /// Only packets that match this pattern.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub packet: Option<M>,
            /// Only packets from this node or role.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub from: Option<alloc::string::String>,
            /// Only packets to this node or role.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub to: Option<alloc::string::String>,
            /// Only from this time on.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub at: Option<$crate::time::Span>,
            /// Only before this time.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub until: Option<$crate::time::Span>,
            /// Only the nth match (from 1), counted per sender.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub nth: Option<u32>,
            /// At most so many hits. Default: 1 for a pattern without a rate, else no limit.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub times: Option<u32>,
            $($(#[$field_doc])* pub $field: $kind,)*
        }

        impl<M> Default for $name<M> {
            fn default() -> Self {
                Self {
                    name: None,
                    rate: None,
                    packet: None,
                    from: None,
                    to: None,
                    at: None,
                    until: None,
                    nth: None,
                    times: None,
                    $($field: <$kind>::default(),)*
                }
            }
        }

        impl<M> $name<M> {
            const fn pick(&self) -> $crate::faults::packet::PacketPick<'_, M> {
                $crate::faults::packet::PacketPick {
                    rate: self.rate,
                    packet: self.packet.as_ref(),
                    from: self.from.as_ref(),
                    to: self.to.as_ref(),
                    at: self.at,
                    until: self.until,
                    nth: self.nth,
                    times: self.times,
                    spells: None,
                }
            }
        }

        impl<M: Clone, O> $crate::faults::pick::Item<M, O> for $name<M> {
            fn name(&self) -> Option<&str> {
                self.name.as_deref()
            }

            fn when(&self) -> $crate::faults::pick::When {
                $crate::faults::pick::When {
                    rate: self.rate,
                    at: self.at,
                    every: None,
                    until: self.until,
                }
            }

            fn length(&self) -> Option<(&'static str, $crate::time::Span)> {
                $crate::faults::packet::Packets::length(self)
            }

            fn as_packet(&self) -> Option<$crate::faults::packet::PacketPick<'_, M>> {
                Some(self.pick())
            }

            fn compile(
                &self,
                index: $crate::address::FaultIndex,
                name: &str,
                names: &$crate::faults::pick::Names<'_>,
                rules: &mut $crate::faults::rules::Rules<M, O>,
            ) -> Result<(), $crate::faults::pick::Wrong> {
                let mut pick = self.pick();
                let act = $crate::faults::packet::Packets::act(self, &mut pick)?;
                pick.compile(index, name, names, act, rules)
            }
        }
    };
}

pub(crate) use packet_fault;
