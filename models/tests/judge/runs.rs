//! The judge over whole runs: long ones, its numbers, when it calls a run complete, and what makes two runs equal.

use std::sync::Arc;

use semel_models::judge::Judge;
use semel_models::observation::{Miss, Observation, Outcome, Read};
use semel_models::strategy::{Invariant, Level};
use semel_sim::address::{Change, FaultIndex, NodeId, Outage, OutageKind, Weather};
use semel_sim::digest::Digest;
use semel_sim::time::{Span, Time};
use semel_sim::world::End;

use crate::history::Bench;

/// A long run of records in one partition, each with its usual life but for what is asked for.
struct Long {
    bench: Bench,
    judge: Judge,
    now: Time,
    entry: u64,
    offset: u64,
}

impl Long {
    fn new(records: u32) -> Self {
        let mut bench = Bench::default();
        bench.workload.records = records;
        bench.workload.written.clear();
        bench.workload.amount = Some(1);
        let judge = bench.judge();
        Self {
            bench,
            judge,
            now: Time::ZERO,
            entry: 0,
            offset: 0,
        }
    }

    fn see(&mut self, observation: Observation) {
        let node = match observation {
            Observation::Applied { .. } => self.bench.topology.sink(),
            _ => self.bench.topology.broker(0),
        };
        self.now += Span::micros(1);
        self.judge.observe(self.entry, self.now, node, &observation);
        self.entry += 1;
    }

    fn strike(&mut self, node: NodeId, kind: OutageKind) {
        let down = Span::millis(1);
        let change = Change::Outage(node, Outage { kind, down });
        let fault = FaultIndex(0);
        self.judge.fault(self.now, &Weather { change, fault });
    }

    fn store(&mut self, record: u32, attempt: u32) -> u64 {
        let (missed, enlisted, session) = (Miss::Unasked, false, 0);
        let offset = self.offset;
        self.see(Observation::Stored {
            record,
            partition: 0,
            offset,
            attempt,
            session,
            missed,
            enlisted,
        });
        self.offset += 1;
        offset
    }

    fn send(&mut self, record: u32) {
        self.see(Observation::Intent {
            record,
            producer: 0,
            session: 0,
        });
        self.see(Observation::Attempt {
            record,
            attempt: 1,
            producer: 0,
            session: 0,
        });
    }

    fn ok(&mut self, record: u32) {
        self.see(Observation::Acked {
            record,
            outcome: Outcome::Ok,
            duplicate: false,
        });
    }

    fn work(&mut self, record: u32, offset: u64) {
        let (consumer, generation, read) = (0, 0, Read::Any);
        let partition = 0;
        self.see(Observation::Delivered {
            record,
            partition,
            offset,
            consumer,
            generation,
            read,
        });
        let contents = self.bench.workload.record(record);
        let (key, amount, actor, token) = (contents.key, contents.amount, 0, 0);
        let (missed, attempt) = (Miss::Unasked, 1);
        self.see(Observation::Applied {
            record,
            key,
            amount,
            actor,
            token,
            missed,
            partition,
            offset,
            attempt,
        });
        let (offset, accepted) = (offset + 1, true);
        self.see(Observation::Progress {
            partition,
            offset,
            consumer,
            generation,
            accepted,
        });
    }

    fn usual(&mut self, record: u32) {
        self.send(record);
        let offset = self.store(record, 1);
        self.ok(record);
        self.work(record, offset);
    }

    fn count(&self, invariant: Invariant, level: Level) -> u64 {
        self.judge.findings().count(invariant, level)
    }
}

#[test]
fn a_long_run_loses_and_doubles_exactly_what_it_did_however_long_ago() {
    let mut run = Long::new(40_000);
    for record in 0..40_000 {
        match record {
            7 | 39_000 => {
                run.send(record);
                run.ok(record);
            }
            _ => run.usual(record),
        }
    }
    // Ancient records come again, both a settled and an unsettled one.
    let offset = run.store(5, 2);
    run.work(5, offset);
    let offset = run.store(7, 2);
    run.work(7, offset);
    run.judge.finish(End::Settled, run.now);
    for level in [Level::Log, Level::Delivery, Level::Effect] {
        assert_eq!(
            run.count(Invariant::NoDuplicate, level),
            1,
            "of {} doubled",
            level.name()
        );
        assert_eq!(
            run.count(Invariant::NoLoss, level),
            1,
            "of {} lost",
            level.name()
        );
    }
    let tally = &run.judge.findings().tally;
    assert_eq!(
        (tally.records, tally.acked, tally.applied),
        (40_000, 40_000, 39_999)
    );
    assert_eq!((tally.duplicated, tally.lost), (1, 1));
    assert_eq!(tally.actual_balance, 40_000);
    let counts = &run.judge.findings().counts;
    assert!(counts.iter().all(|count| count.2 <= 2), "{counts:?}");
}

#[test]
fn a_truncation_reaches_back_as_far_as_brokers_keep_entries() {
    let mut run = Long::new(30_000);
    (0..30_000).for_each(|record| run.usual(record));
    run.strike(run.bench.topology.broker(0), OutageKind::PowerLoss);
    run.see(Observation::Truncated {
        partition: 0,
        from: 20_000,
        until: 30_000,
    });
    run.judge.finish(End::Settled, run.now);
    assert_eq!(run.count(Invariant::NoLoss, Level::Log), 10_000);
    assert_eq!(run.count(Invariant::NoLoss, Level::Effect), 0);
}

#[test]
fn the_disk_of_the_sink_takes_every_effect_along_however_long_ago_it_was() {
    let mut run = Long::new(20_000);
    (0..15_000).for_each(|record| run.usual(record));
    run.strike(run.bench.topology.sink(), OutageKind::DiskLoss);
    (15_000..20_000).for_each(|record| run.usual(record));
    // Whoever comes again after that is applied for the first time.
    let offset = run.store(5, 2);
    run.work(5, offset);
    run.judge.finish(End::Settled, run.now);
    assert_eq!(run.count(Invariant::NoLoss, Level::Effect), 14_999);
    assert_eq!(run.count(Invariant::NoDuplicate, Level::Effect), 0);
    let tally = &run.judge.findings().tally;
    assert_eq!((tally.applied, tally.lost), (5_001, 14_999));
}

#[test]
fn a_run_is_complete_when_everything_is_answered_applied_and_marked() {
    let mut run = Long::new(2);
    run.usual(0);
    assert!(!run.judge.complete(), "a record is not intended yet");
    run.send(1);
    assert!(!run.judge.complete(), "a record is not answered yet");
    let offset = run.store(1, 1);
    run.ok(1);
    assert!(!run.judge.complete(), "a record has no effect yet");
    run.work(1, offset);
    assert!(run.judge.complete());
    run.store(1, 2);
    assert!(
        !run.judge.complete(),
        "a copy has not been read yet, and who knows what comes of it"
    );
    run.work(1, offset + 1);
    assert!(run.judge.complete());
}

#[test]
fn a_lost_record_is_nothing_to_wait_for() {
    let mut run = Long::new(1);
    run.send(0);
    run.ok(0);
    assert!(run.judge.complete());
}

#[test]
fn repeats_are_no_progress() {
    let mut run = Long::new(2);
    run.usual(0);
    let before = run.judge.progress();
    run.ok(0);
    let offset = run.store(0, 2);
    let (consumer, generation, read) = (0, 0, Read::Any);
    run.see(Observation::Delivered {
        record: 0,
        partition: 0,
        offset,
        consumer,
        generation,
        read,
    });
    assert_eq!(run.judge.progress(), before);
    run.usual(1);
    assert!(run.judge.progress() > before);
}

/// F045 with transactions: the group forms again and again, and the work of each generation is undone.
#[test]
fn one_abort_may_free_readers_but_one_after_the_other_is_no_progress() {
    let bench = Bench::default();
    let mut judge = bench.judge();
    let mut after = |history: &str| {
        bench.tell_on(history, &mut judge);
        judge.progress()
    };
    let stored = after("intent 0\nattempt 0\nstored 0 @0");
    let freed = after("decided 7/1 abort");
    assert_eq!(freed, stored + 1);
    assert_eq!(after("decided 7/2 abort\ndecided 8/1 abort"), freed);
    let applied = after("delivered 0 @0\napplied 0 @0");
    assert_eq!(after("decided 7/3 abort\ndecided 7/4 abort"), applied + 1);
    assert_eq!(after("decided 7/5 commit\ndecided 7/6 commit"), applied + 3);
}

#[test]
fn recovery_is_the_time_from_the_last_fault_to_the_next_first_effect() {
    let bench = Bench::default();
    let findings = bench.findings(
        "0 usual 0 @0
         100 crash consumer-0
         120 crash consumer-0
         150 applied 0 @0
         usual 1 @1",
    );
    assert_eq!(findings.tally.recovery, Some(Span::millis(37)));
    assert_eq!(bench.findings("usual 0 @0").tally.recovery, None);
}

#[test]
fn dedup_state_is_summed_over_nodes_at_its_largest() {
    let findings = Bench::default().findings(
        "kept sink entries=10 by=sink
         kept stream entries=5
         kept sink entries=2 by=sink
         kept stream entries=6",
    );
    assert_eq!(findings.tally.dedup_bytes_max, 16 * 15);
}

/// A broker keeps what it knows of repeats for each of its partitions.
#[test]
fn dedup_state_is_summed_over_the_partitions_of_a_broker() {
    let findings = Bench::default().findings(
        "stored 0 @0:0
         kept stream entries=5
         stored 1 @1:0
         kept stream entries=3
         stored 2 @0:1
         kept stream entries=6",
    );
    assert_eq!(findings.tally.dedup_bytes_max, 16 * 9);
}

fn fingerprint(bench: &Bench, history: &str) -> u64 {
    let mut judge = bench.judge();
    bench.tell_on(history, &mut judge);
    let mut digest = Digest::new();
    judge.fingerprint(Time::ZERO + Span::secs(1), &mut digest);
    digest.value()
}

#[test]
fn two_judges_are_equal_when_they_will_judge_alike() {
    let bench = Bench::default();
    let print = |history: &str| fingerprint(&bench, history);
    let usual = print("intent 0\nattempt 0\nstored 0 @0\nacked 0 ok");
    let later = print("50 intent 0\nattempt 0\nstored 0 @0\nacked 0 ok");
    let busier = print("intent 0\nattempt 0\nstored 0 @0\nattempt 0 attempt=2\nacked 0 ok");
    assert_eq!(usual, later, "when it happened");
    assert_eq!(usual, busier, "how often it was tried");
    assert_ne!(
        usual,
        print("intent 0\nattempt 0\nstored 0 @0\nacked 0 unknown")
    );
    assert_ne!(
        usual,
        print("intent 0\nattempt 0\nstored 0 @0\nacked 0 ok\nstored 0 @1")
    );
    let given = print("intent 0\nattempt 0\nstored 0 @0\nacked 0 ok\ndelivered 0 @0");
    assert_ne!(usual, given);
    let life = "intent 0\nattempt 0\nstored 0 @0\nacked 0 ok\ndelivered 0 @0\napplied 0 @0";
    let abort = "decided 7/1 abort";
    assert_ne!(
        print(&format!("{abort}\n{life}")),
        print(&format!("{life}\n{abort}")),
        "another abort would be progress in the one, and none in the other"
    );
}

#[test]
fn ages_count_only_where_a_promise_speaks_of_them() {
    let history = |millis: u32| format!("{millis} intent 0\nattempt 0\nstored 0 @0");
    let (early, late) = (history(0), history(900));
    let timeless = Bench::default();
    assert_eq!(
        fingerprint(&timeless, &early),
        fingerprint(&timeless, &late)
    );
    let within = |span: &'static str| Bench::default().promising(span);
    let long = within("(level: log, keeps: no_duplicate, assuming: [Within(\"5s\")])");
    assert_ne!(fingerprint(&long, &early), fingerprint(&long, &late));
    let short = within("(level: log, keeps: no_duplicate, assuming: [Within(\"10ms\")])");
    assert_eq!(
        fingerprint(&short, &early),
        fingerprint(&short, &late),
        "both are too late"
    );
}

#[test]
fn a_judge_can_be_taken_along_two_ways() {
    let bench = Bench::default();
    let mut judge = bench.judge();
    bench.tell_on("intent 0\nattempt 0\nstored 0 @0", &mut judge);
    let mut other = judge.clone();
    bench.tell_on("10 stored 0 @1 attempt=2", &mut other);
    assert_eq!(judge.findings().counts.len(), 0);
    assert_eq!(other.findings().counts.len(), 1);
    judge.reset(Arc::new(bench.workload.clone()));
    assert_eq!(judge.progress(), 0);
}
