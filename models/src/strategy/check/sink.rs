//! What sinks demand.

use semel_sim::time::Span;

use super::Found;
use crate::strategy::{Fence, SinkKind, Strategy};

impl Strategy {
    pub(super) fn check_sink(&self, found: &mut Found) {
        let fenced = self.sink.fence == Fence::Token;
        found.when(
            fenced && self.work.right().group().is_none(),
            "sink.fence",
            "`Token` refuses stale generations, but only `right: Group(..)` grants any",
        );
        found.when(
            fenced && self.sink.kind == SinkKind::Output,
            "sink.fence",
            "`Token` guards nothing: `Output` is the stream itself",
        );
        match self.sink.kind {
            SinkKind::Inbox(keep) => found.keep(keep, "sink.kind"),
            SinkKind::Keyed(keyed) => {
                found.when(
                    keyed.ttl.is_zero(),
                    "sink.kind.ttl",
                    "is 0: every key would be pruned at once",
                );
                found.when(
                    keyed.lease.is_some_and(Span::is_zero),
                    "sink.kind.lease",
                    "is 0: every key in progress could be taken over at once",
                );
            }
            SinkKind::Ledger | SinkKind::Output => {}
        }
    }
}
