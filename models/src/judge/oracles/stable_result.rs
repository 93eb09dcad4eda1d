//! O20: the same idempotency key and request give the same response; the same key and another request an error.
//! Guards effect.
//!
//! Keeps 32 bytes for each of the latest [`REMEMBERED`] keys.

use alloc::collections::{BTreeMap, VecDeque};

use semel_sim::digest::Digest;

use crate::judge::causes::Cause;
use crate::judge::docket::Docket;
use crate::judge::evidence::Known;
use crate::judge::finding::Side;
use crate::judge::oracle::{Moment, Oracle, hear};
use crate::observation::Observation;
use crate::strategy::{Invariant, Level};

/// Keys remembered at most.
const REMEMBERED: usize = 65_536;

/// First results by key.
#[derive(Clone, Debug, Default)]
pub(in crate::judge) struct StableResult {
    results: BTreeMap<u64, (u64, u64)>,
    order: VecDeque<u64>,
}

impl StableResult {
    /// The first result of a key: this one, if there was none.
    fn first(&mut self, key: u64, result: (u64, u64)) -> (u64, u64) {
        if let Some(first) = self.results.get(&key) {
            return *first;
        }
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.results.remove(&oldest);
        }
        self.order.push_back(key);
        self.results.insert(key, result);
        result
    }
}

impl Oracle for StableResult {
    const HEARS: u32 = hear::ANSWERED;

    fn observe(&mut self, seen: &Observation, _: Moment<'_>, known: &Known, docket: &mut Docket) {
        let Observation::Answered {
            record,
            key,
            fingerprint,
            response,
            error: false,
        } = *seen
        else {
            return;
        };
        let first = self.first(key, (fingerprint, response));
        if first == (fingerprint, response) {
            return;
        }
        // The key stood for another request (D5); or its request was executed again, for the reason of that; or the
        // result alone was forgotten (D3).
        let again = if known.exists(record) {
            known.records.get(record).effect_cause
        } else {
            None
        };
        let cause = match again {
            _ if first.0 != fingerprint => Cause::KeyDiffers,
            None => Cause::EntryExpired,
            Some(cause) => cause,
        };
        docket.report(
            Invariant::StableResult,
            Level::Effect,
            record,
            (Side::Outbound, cause),
        );
    }

    fn reset(&mut self) {
        self.results.clear();
        self.order.clear();
    }

    fn fingerprint(&self, digest: &mut Digest) {
        digest.add(&self.results);
    }
}
