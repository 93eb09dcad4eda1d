//! The steps of a proof in words.

use semel_scenarios::explain::{
    Deed, Fact, Ground, IdOf, Lack, Leg, Missed, RecordFact, Refusal, Repeat, Reported, Sign,
    Silence, Standing, Step, Stored, Taken,
};

use super::{millis, more_like_it};

/// One step in a sentence; `record` is what it is told of.
pub(super) fn say(step: &Step, record: &str) -> String {
    let node = &step.node;
    let at = millis(step.at_ns);
    let because = step.because.as_ref();
    let because = because.map_or_else(String::new, |name| {
        if step.indirect {
            format!(", because {name} had arrived,")
        } else {
            format!(", because {name} arrived")
        }
    });
    let told = Told {
        node,
        record,
        at: &at,
        because: &because,
    };
    match &step.fact {
        Fact::Record(fact) => told.of_record(fact),
        Fact::Other(rival, deed) => told.of_rival(*rival, *deed),
        Fact::Log(fact) => told.of_logs(fact),
        Fact::Reader(fact) => told.of_readers(fact),
        Fact::Repeated(repeat) => {
            let (request, why) = (&repeat.request, silent(repeat));
            format!("{node} sends {request} at {at}: {why}.")
        }
        Fact::Transfer(legs) => transfer(legs),
        Fact::More(more) => more_like_it(*more),
    }
}

/// What every sentence may speak of.
pub(super) struct Told<'t> {
    pub(super) node: &'t str,
    pub(super) record: &'t str,
    pub(super) at: &'t str,
    pub(super) because: &'t str,
}

const fn again(again: bool) -> &'static str {
    if again { " again" } else { "" }
}

const fn of_output(output: bool) -> &'static str {
    if output { "the output of " } else { "" }
}

/// How a record that is handed out stands to its transaction.
const fn early(standing: Standing) -> &'static str {
    match standing {
        Standing::Open => ", before its transaction has ended",
        Standing::Aborted => ", though its transaction was aborted",
    }
}

const fn refused(why: Refusal) -> &'static str {
    match why {
        Refusal::OutOfOrder => {
            "its sequence number does not follow the last one, nor is it among those remembered"
        }
        Refusal::StaleEpoch => "its epoch is older than one that is known there",
        Refusal::InvalidTransaction => "its transaction is not open",
    }
}

impl Told<'_> {
    fn of_record(&self, fact: &RecordFact) -> String {
        let Self {
            node,
            record,
            at,
            because,
        } = self;
        match fact {
            RecordFact::Intended => format!("{node} intends record {record} at {at}."),
            RecordFact::Stored(stored) => self.stored(stored),
            RecordFact::Delivered {
                offset,
                again: twice,
                standing,
            } => {
                let (again, early) = (again(*twice), standing.map_or("", early));
                format!("{node} gets {record} from offset {offset}{again} at {at}{early}.")
            }
            RecordFact::Applied {
                again,
                missed,
                output,
            } => self.applied(*again, *missed, *output),
            RecordFact::Undone => {
                format!("{node} loses its disk at {at}, and with it the effect of {record}.")
            }
            RecordFact::Reported { told, ground } => self.reported(*told, *ground),
            RecordFact::Recognised(taken) => self.recognised(*taken),
            RecordFact::RecognisedUnstored(of) => self.recognised_unstored(of),
            RecordFact::TurnedAway { why, output } => {
                let (what, why) = (of_output(*output), refused(*why));
                format!("{node} refuses {what}{record}{because} at {at}: {why}.")
            }
            RecordFact::RecognisedOutput => {
                format!("{node} recognises the output of {record} as a repeat{because} at {at}.")
            }
            RecordFact::InProgress => format!(
                "{node} turns {record} away{because} at {at}: an earlier request for it is marked as in progress."
            ),
            RecordFact::Refused => {
                format!("{node} refuses a stale request for {record}{because} at {at}.")
            }
            RecordFact::Unprocessable => format!("{node} cannot process {record}: no handler can."),
            RecordFact::PassedOver => format!("{node} passes {record} over at {at}."),
            RecordFact::Letter { again: twice } => {
                let again = again(*twice);
                format!("{node} stores {record}{again} as a dead letter{because} at {at}.")
            }
            RecordFact::PutAside => {
                format!("{node} is done with {record}{because} at {at}: it is put aside.")
            }
            RecordFact::Missing(lack) => {
                let lack = lack.map_or_else(String::new, |lack| format!(": {}", lacks(lack)));
                format!("Nothing brings {record} to effect any more{lack}.")
            }
            RecordFact::Unstored => format!("By then nothing of {record} is stored."),
            RecordFact::Gone => format!("In the end {record} stands in no log any more."),
            RecordFact::Unmarked => format!(
                "No mark of progress ever passes {record}, so it is handled again and again."
            ),
        }
    }

    fn applied(&self, twice: bool, missed: Missed, output: Option<u64>) -> String {
        let Self {
            node,
            record,
            at,
            because,
        } = self;
        let again = again(twice);
        if let Some(offset) = output {
            return format!(
                "{node} commits the output of {record} at offset {offset}{because} at {at}: {record} takes effect{again}."
            );
        }
        let missed = twice.then(|| format!(": {}", miss(missed)));
        let missed = missed.unwrap_or_default();
        format!("{node} applies {record}{again}{because} at {at}{missed}.")
    }

    fn stored(&self, stored: &Stored) -> String {
        let Self {
            node,
            record,
            at,
            because,
        } = self;
        let Stored {
            offset,
            again: twice,
            missed,
            output,
            instead_of,
        } = stored;
        let what = of_output(*output);
        let instead = instead_of.map_or_else(String::new, |other| {
            format!(", where {other} stood before it was lost")
        });
        if *twice {
            let missed = miss(*missed);
            return format!(
                "{node} stores {what}{record} again, at offset {offset}{instead}{because} at {at}: {missed}."
            );
        }
        let comma = if instead.is_empty() || !because.is_empty() {
            ""
        } else {
            ","
        };
        format!("{node} stores {what}{record} at offset {offset}{instead}{because}{comma} at {at}.")
    }

    fn reported(&self, told: Reported, ground: Ground) -> String {
        let Self {
            node,
            record,
            at,
            because,
        } = self;
        let because = because.trim_end_matches(',');
        let ground = match ground {
            Ground::Answer => "",
            Ground::Unasked => ": it waits for no answer",
            Ground::Breaker => {
                ": its circuit breaker is open, so it drops what it has not delivered"
            }
            Ground::Patience => ": no answer came, and it gave up",
            Ground::Forgotten => ": it went down, and what it knew of it is gone",
        };
        match told {
            Reported::Ok => format!("{node} reports {record} as done at {at}{because}{ground}."),
            Reported::Failed => format!("{node} reports {record} as failed at {at}{ground}."),
            Reported::Unknown => {
                format!("{node} cannot say what became of {record} at {at}{ground}.")
            }
        }
    }

    fn recognised(&self, taken: Option<Taken>) -> String {
        let Self {
            node,
            record,
            at,
            because,
        } = self;
        let Some(Taken { record: other, by }) = taken else {
            return format!("{node} recognises {record} as a repeat{because} at {at}.");
        };
        let sign = match by {
            Sign::Contents => "the hash of their contents is the same",
            Sign::Offset => "it was read from the same offset",
            Sign::Name => "it came under the same number",
        };
        format!("{node} takes {record} for a repeat of {other}{because} at {at}: {sign}.")
    }

    fn recognised_unstored(&self, of: &IdOf) -> String {
        let Self {
            node,
            record,
            at,
            because,
        } = self;
        let why = match of {
            IdOf::Lost => "what was stored of it is lost, but its id is not".into(),
            IdOf::Unwritten(written, down) => {
                let down = down
                    .as_ref()
                    .map_or_else(|| "it went down".into(), |down| format!("{down} came"));
                format!(
                    "it had written the id when {written} arrived, in a step before the record, and {down} between the \
                     two"
                )
            }
        };
        format!("{node} recognises {record} as a repeat{because} at {at}: {why}.")
    }

    fn of_rival(&self, rival: u32, deed: Deed) -> String {
        let Self {
            node,
            record,
            at,
            because,
        } = self;
        match deed {
            Deed::Intended => format!("{node} intends record {rival}, after {record}, at {at}."),
            Deed::Stored(offset) => {
                format!("{node} stores {rival} at offset {offset}{because} at {at}.")
            }
            Deed::StoredOutput(offset) => {
                format!("{node} stores the output of {rival} at offset {offset}{because} at {at}.")
            }
            Deed::CommittedOutput => format!(
                "{node} commits the output of {rival}{because} at {at}: {rival} takes effect."
            ),
            Deed::Delivered => format!("{node} gets {rival}, which stands ahead, at {at}."),
            Deed::DeliveredEarly(standing) => {
                let early = early(standing);
                format!("{node} gets {rival} at {at}{early}.")
            }
            Deed::Aborted => format!("{node} aborts the transaction of {rival}{because} at {at}."),
            Deed::GivenUp { overdue } => self.gives_up(rival, overdue),
            Deed::Applied => format!("{node} applies {rival}{because} at {at}."),
            Deed::InProgress => format!(
                "{node} turns {rival} away{because} at {at}: an earlier request for it is marked as in progress."
            ),
            Deed::Unprocessable => {
                format!(
                    "{node} cannot process {rival}: no handler can, and {record} waits behind it."
                )
            }
        }
    }
}

/// How often which leg took effect.
fn transfer([debit, credit]: &[Leg; 2]) -> String {
    let leg = |leg: &Leg| {
        let Leg {
            record,
            account,
            amount,
            effects,
        } = leg;
        let times = match effects {
            0 => "never took effect".into(),
            1 => "took effect once".into(),
            2 => "took effect twice".into(),
            effects => format!("took effect {effects} times"),
        };
        format!("(record {record}, account {account}, {amount:+}) {times}")
    };
    format!(
        "Of the transfer, the debit {}, and the credit {}.",
        leg(debit),
        leg(credit)
    )
}

fn lacks(lack: Lack) -> String {
    match lack {
        Lack::Unsent => "it was never sent".into(),
        Lack::Unstored => "it was never stored".into(),
        Lack::Gone => "what was stored of it is gone".into(),
        Lack::Beyond(offset) => format!("its reader stands at offset {offset}, beyond it"),
    }
}

fn miss(missed: Missed) -> &'static str {
    match missed {
        Missed::Unasked => "nobody looks for repeats there",
        Missed::New => "it was not among what is remembered",
        Missed::Raced => "it had been looked for before the first effect was written",
        Missed::Absent => "nothing was remembered there",
        Missed::Expired => "what was remembered of it had expired",
        Missed::Evicted => "what was remembered of it had been evicted",
        Missed::TakenOver => "the first request was still being worked on, and taken for dead",
        Missed::Uncompleted { down: true } => {
            "it had gone down after the effect, before it marked the first request as completed, and now the lease of \
             that one is over"
        }
        Missed::Uncompleted { down: false } => {
            "the first request is still marked as in progress, and its lease is over"
        }
    }
}

fn silent(repeat: &Repeat) -> String {
    let Repeat {
        before, silence, ..
    } = repeat;
    let named = |name: &Option<String>| {
        name.clone()
            .unwrap_or_else(|| format!("the answer to {before}"))
    };
    match silence {
        Silence::RequestLost => format!("{before} was lost, so no answer came"),
        Silence::RequestLate => format!("no answer to {before} had come by then"),
        Silence::AnswerLost(name) => format!(
            "it could not know that {before} had arrived, for {} was lost",
            named(name)
        ),
        Silence::AnswerLate(name) => format!(
            "it could not know that {before} had arrived, for {} was late",
            named(name)
        ),
        Silence::NoAnswer => {
            format!("it could not know that {before} had arrived, for no answer was sent")
        }
        Silence::Forgotten => format!("it had forgotten {before} when it went down"),
        Silence::Refused { epoch: Some(epoch) } => {
            format!("{before} was refused, so it has begun epoch {epoch} and numbers anew")
        }
        Silence::Refused { epoch: None } => format!("{before} was refused"),
        Silence::GaveUp => format!(
            "the application gave up on {before} and sends the record again; to its client that is another record"
        ),
    }
}
