//! What nodes tell themselves to do later.

use semel_sim::time::Span;

use crate::vocabulary::Partition;

/// How long after the first of two durable writes that are not atomic the second one takes place.
pub(crate) const SECOND_WRITE: Span = Span::micros(100);

macro_rules! timers {
    ($($(#[$doc:meta])* $name:ident $({ $($(#[$field_doc:meta])* $field:ident: $kind:ty,)* })? $weight:ident,)*) => {
        /// Something to be done later.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Timer {
            $($(#[$doc])* $name $({ $($(#[$field_doc])* $field: $kind,)* })?,)*
        }

        /// Every kind of timer. The order is part of addresses: new kinds go last.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum TimerKind {
            $($(#[$doc])* $name,)*
        }

        impl TimerKind {
            /// Every kind, in order.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// Whether it keeps no run alive.
            pub const fn is_chatter(self) -> bool {
                match self {
                    $(Self::$name => timers!(@$weight),)*
                }
            }
        }

        impl Timer {
            /// Its kind.
            pub const fn kind(&self) -> TimerKind {
                match self {
                    $(Self::$name { .. } => TimerKind::$name,)*
                }
            }
        }
    };
    (@chatter) => { true };
    (@useful) => { false };
}

timers! {
    /// Producer: the application intends its next record.
    Intend useful,
    /// Producer: a batch has waited long enough for more records.
    Linger useful,
    /// Producer, or a consumer that writes: a batch was not acknowledged in time.
    ProduceExpired {
        /// To which request.
        request: u32,
        /// To which attempt.
        attempt: u32,
    } useful,
    /// Producer: a pause before another attempt is over.
    Retry {
        /// Which request.
        request: u32,
    } useful,
    /// Producer: some records may have taken too long in all.
    Deadline chatter,
    /// Producer: registering took too long.
    InitExpired {
        /// Which request.
        request: u32,
    } useful,
    /// Producer: the position in the source is due to be saved.
    SaveSource useful,
    /// Producer: an open circuit breaker lets one request through.
    Probe useful,
    /// Broker: a fetch has waited long enough for records.
    FetchWaited {
        /// Which partition.
        partition: Partition,
        /// Which client.
        client: u16,
        /// Which request of it.
        request: u32,
    } chatter,
    /// Broker: the log is due to be flushed.
    Flush useful,
    /// Broker: a group member may have been silent for too long.
    SessionCheck {
        /// Who.
        member: u16,
    } chatter,
    /// Broker: members have had long enough to join the next generation.
    RebalanceOver {
        /// The generation that is being formed.
        generation: u32,
    } useful,
    /// Broker: transactions that took too long are looked for, while any is open.
    ScanTransactions useful,
    /// Broker: a marker was not confirmed in time.
    MarkerExpired {
        /// Which request.
        request: u32,
    } useful,
    /// Broker: a store of dedup ids is due to be copied.
    CopyIds useful,
    /// Broker: the second half of a step that is not atomic in the real system.
    Finish {
        /// Which unfinished step.
        number: u32,
    } useful,
    /// Consumer: a fetch was not answered in time.
    FetchExpired {
        /// Which request.
        request: u32,
    } chatter,
    /// Client: another request to the stream was not answered in time.
    RequestExpired {
        /// Which request.
        request: u32,
    } useful,
    /// Consumer: the sink did not answer in time.
    ApplyExpired {
        /// Which request.
        request: u32,
        /// Which attempt.
        attempt: u32,
    } useful,
    /// Consumer: a record has been processed.
    Processed {
        /// Which request it will be.
        request: u32,
    } useful,
    /// Consumer: time for a sign of life.
    HeartbeatDue chatter,
    /// Client: time to look at the network again after a disconnection.
    Reconnect {
        /// What is to be tried again.
        request: u32,
    } useful,
    /// Consumer: time to mark progress.
    MarkDue chatter,
    /// Consumer: it has not polled for too long.
    PollOverdue {
        /// Since which poll.
        poll: u32,
    } chatter,
    /// Sink: a request has been executed.
    Executed {
        /// Which one.
        number: u32,
    } useful,
    /// Broker: a decision that is already told reaches the coordinator's log (with the bug).
    DecisionDue {
        /// Whose, by transactional id.
        name: u16,
    } useful,
    /// Client: time to commit the open transaction.
    CommitDue useful,
    /// Consumer: a pause before outputs are sent again is over.
    WriteAgain {
        /// From which partition they are.
        partition: Partition,
    } useful,
    /// Broker: the transaction coordinator did not answer a question in time. Of a kind that keeps no run alive: whoever
    /// waits for the answer sends again.
    VerifyExpired {
        /// Which one.
        request: u32,
    } chatter,
    /// Consumer: a dead letter was not confirmed in time.
    LetterExpired {
        /// Which request.
        request: u32,
        /// To which attempt.
        attempt: u32,
    } useful,
}
