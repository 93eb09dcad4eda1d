//! What publishing demands: of itself, and of where records come from.

use alloc::format;

use super::Found;
use crate::strategy::{
    Backoff, Name, OnOpen, OnTimeout, Publish, Retry, Source, Strategy, TRANSACTION_TIMEOUT_MAX,
    Transaction, Unit, Wait,
};

impl Strategy {
    pub(super) fn check_publish(&self, found: &mut Found) {
        check_sizes(&self.publish, found);
        check_names(&self.publish, found);
        match self.publish.retry {
            Retry::Never { timeout } => {
                found.when(
                    timeout.is_zero() && self.publish.wait != Wait::Nothing,
                    "publish.retry.timeout",
                    "is 0: every answer would come too late",
                );
                found.when(
                    self.source != Source::Live && self.publish.wait != Wait::Nothing,
                    "publish.retry",
                    "`Never` makes no sense with a source that is read again: it would pass over what was not stored",
                );
            }
            Retry::Backoff(backoff) => {
                check_backoff(&self.publish, &backoff, found);
                check_breaker(&backoff, found);
                self.check_giving_up(&backoff, found);
            }
        }
        if let Unit::Transaction(transaction) = self.publish.unit {
            check_transaction(&transaction, found);
            check_retries(&self.publish, found);
        }
    }

    /// A source that is read again would only read again what was given up.
    fn check_giving_up(&self, backoff: &Backoff, found: &mut Found) {
        let again = self.source != Source::Live;
        found.when(
            again && backoff.attempts.is_some(),
            "publish.retry.attempts",
            "means nothing with a source that is read again: it goes on trying; leave it out",
        );
        found.when(
            again && backoff.on_timeout == OnTimeout::SendAgain,
            "publish.retry.on_timeout",
            "`SendAgain` means nothing with a source that is read again: its client goes on trying; leave it out",
        );
        let fails = |breaker: &super::super::Breaker| breaker.on_open == OnOpen::Fail;
        found.when(
            again && backoff.breaker.as_ref().is_some_and(fails),
            "publish.retry.breaker.on_open",
            "`Fail` makes no sense with a source that is read again: it would read it again at once; use `Park`",
        );
    }
}

fn check_transaction(transaction: &Transaction, found: &mut Found) {
    found.when(
        transaction.records == 0,
        "publish.unit.records",
        "is 0: a transaction holds 1 record or more",
    );
    found.when(
        transaction.commit_every.is_zero(),
        "publish.unit.commit_every",
        "is 0: each record would have a transaction of its own; use `records: 1`",
    );
    found.when(
        transaction.timeout > TRANSACTION_TIMEOUT_MAX,
        "publish.unit.timeout",
        "is above the broker's transaction.max.timeout.ms of 15min: InitProducerId is refused (F055)",
    );
    found.when(
        transaction.timeout <= transaction.commit_every,
        "publish.unit.timeout",
        "is not longer than `commit_every`: every transaction would be aborted before its commit",
    );
}

/// A transaction that fails is aborted and tried again as a whole.
fn check_retries(publish: &Publish, found: &mut Found) {
    let Retry::Backoff(backoff) = publish.retry else {
        return;
    };
    found.when(
        backoff.breaker.is_some(),
        "publish.retry.breaker",
        "sheds records one by one, but a transaction is published whole or not at all; leave it out",
    );
    found.when(
        backoff.on_timeout == OnTimeout::SendAgain,
        "publish.retry.on_timeout",
        "`SendAgain` means nothing in a transaction: after a timeout it is aborted, and tried again anyway (KIP-360)",
    );
}

fn check_sizes(publish: &Publish, found: &mut Found) {
    found.when(
        publish.window == 0,
        "publish.window",
        "is 0: nothing could ever be sent; use 1 or more",
    );
    found.when(
        publish.buffer == 0,
        "publish.buffer",
        "is 0: no record could ever wait; use 1 or more",
    );
    let most = semel_sim::store::SEGMENT as u16;
    found.when(
        publish.batch.records == 0 || publish.batch.records > most,
        "publish.batch.records",
        &format!("must lie between 1 and {most}"),
    );
    found.when(
        publish.batch.records == 1 && !publish.batch.linger.is_zero(),
        "publish.batch.linger",
        "means nothing with batches of 1 record: they are full at once; give `records`, or leave it out",
    );
}

fn check_names(publish: &Publish, found: &mut Found) {
    let never = match publish.retry {
        Retry::Never { .. } => true,
        Retry::Backoff(backoff) => backoff.attempts == Some(1),
    };
    found.when(
        publish.wait == Wait::Nothing && matches!(publish.retry, Retry::Backoff(_)),
        "publish.retry",
        "makes no sense with `wait: Nothing`: without answers nothing is ever retried; use `Never()`",
    );
    let sequence = publish.name == Name::Sequence;
    found.when(
        sequence && publish.wait == Wait::Nothing,
        "publish.name",
        "`Sequence` needs `wait: Stored`: Kafka refuses idempotence without acks (semantics §1.2)",
    );
    found.when(
        sequence && never,
        "publish.name",
        "`Sequence` needs retries: Kafka refuses idempotence with retries=0 (semantics §1.2)",
    );
    found.when(
        sequence && publish.window > 5,
        "publish.window",
        "is above 5: Kafka refuses idempotence with more than 5 requests in flight (semantics §1.2)",
    );
}

fn check_backoff(publish: &Publish, backoff: &Backoff, found: &mut Found) {
    found.when(
        backoff.delay_max < backoff.delay_min,
        "publish.retry.delay_max",
        "is shorter than `delay_min`",
    );
    found.when(
        backoff.timeout.is_zero(),
        "publish.retry.timeout",
        "is 0: every answer would come too late",
    );
    found.when(
        backoff.deadline < backoff.timeout,
        "publish.retry.deadline",
        "is shorter than `timeout`: Kafka demands delivery.timeout.ms >= request.timeout.ms",
    );
    let linger = publish.batch.linger;
    found.when(
        backoff.deadline >= backoff.timeout && backoff.deadline < backoff.timeout + linger,
        "publish.retry.deadline",
        "is shorter than `timeout` and `linger` together: Kafka demands delivery.timeout.ms >= linger.ms + request.timeout.ms",
    );
    found.when(
        backoff.attempts == Some(0),
        "publish.retry.attempts",
        "is 0; the first attempt counts as 1",
    );
}

fn check_breaker(backoff: &Backoff, found: &mut Found) {
    let Some(breaker) = backoff.breaker else {
        return;
    };
    found.when(
        breaker.failures == 0,
        "publish.retry.breaker.failures",
        "is 0: the breaker would be open for ever",
    );
    found.when(
        breaker.open_for.is_zero(),
        "publish.retry.breaker.open_for",
        "is 0: the breaker would never be open",
    );
}
