//! What a promise covers, and which assumption a violation is beyond.

use semel_models::judge::{KEPT, universal_promises};
use semel_models::strategy::{Invariant, Level};

use crate::history::Bench;

/// The scope of the first violation of a kind under a promise.
fn scope(promise: &'static str, invariant: &str, history: &str) -> String {
    let bench = Bench::default().promising(promise);
    let found = bench.found_of(invariant, history);
    let first = found.first().expect("there is a violation");
    first
        .split_once(", ")
        .map_or("not promised", |(_, scope)| scope)
        .to_owned()
}

const TWICE: &str = "intent 0\nattempt 0\nstored 0 @0\n500 stored 0 @1 attempt=2";
const LOST: &str =
    "intent 0\nattempt 0\nstored 0 @0\nacked 0 ok\npower-loss broker-0\ntruncated @0..1";

#[test]
fn only_what_is_promised_is_a_breach() {
    assert_eq!(scope("", "no_duplicate", TWICE), "not promised");
    let elsewhere = "(level: effect, keeps: no_duplicate), (level: log, keeps: no_loss)";
    assert_eq!(scope(elsewhere, "no_duplicate", TWICE), "not promised");
    assert_eq!(
        scope("(level: log, keeps: no_duplicate)", "no_duplicate", TWICE),
        "promised"
    );
}

#[test]
fn any_clause_whose_assumptions_hold_makes_it_a_breach() {
    let weak = "(level: log, keeps: no_loss, assuming: [NoPowerLoss])";
    assert_eq!(scope(weak, "no_loss", LOST), "beyond NoPowerLoss");
    let strong = "(level: log, keeps: no_loss, assuming: [NoPowerLoss]), (level: log, keeps: no_loss, assuming: [NoPause])";
    assert_eq!(scope(strong, "no_loss", LOST), "promised");
    let weakest = "(level: log, keeps: no_loss, assuming: [NoPause, NoBrokerOutage, NoPowerLoss])";
    assert_eq!(
        scope(weakest, "no_loss", LOST),
        "beyond NoBrokerOutage",
        "the first that failed"
    );
}

#[test]
fn a_fault_that_came_later_excuses_nothing() {
    let clause = "(level: log, keeps: no_duplicate, assuming: [NoPause, NoNetworkDuplicates])";
    let late = format!("{TWICE}\npause broker-0\ncopied");
    assert_eq!(scope(clause, "no_duplicate", &late), "promised");
    let early = format!("copied\n{TWICE}");
    assert_eq!(
        scope(clause, "no_duplicate", &early),
        "beyond NoNetworkDuplicates"
    );
}

#[test]
fn outages_count_by_the_role_of_the_node() {
    let brokers = "(level: log, keeps: no_duplicate, assuming: [NoBrokerOutage])";
    let consumers = "(level: log, keeps: no_duplicate, assuming: [NoConsumerOutage])";
    let sinks = "(level: log, keeps: no_duplicate, assuming: [NoSinkOutage])";
    let after = |fault: &str| format!("{fault}\n{TWICE}");
    assert_eq!(
        scope(sinks, "no_duplicate", &after("crash sink-0")),
        "beyond NoSinkOutage"
    );
    assert_eq!(
        scope(sinks, "no_duplicate", &after("crash consumer-0")),
        "promised"
    );
    assert_eq!(
        scope(brokers, "no_duplicate", &after("crash broker-0")),
        "beyond NoBrokerOutage"
    );
    assert_eq!(
        scope(brokers, "no_duplicate", &after("crash consumer-0")),
        "promised"
    );
    assert_eq!(
        scope(brokers, "no_duplicate", &after("pause broker-0")),
        "promised"
    );
    assert_eq!(
        scope(consumers, "no_duplicate", &after("crash consumer-1")),
        "beyond NoConsumerOutage"
    );
    assert_eq!(
        scope(consumers, "no_duplicate", &after("crash producer-0")),
        "promised"
    );
}

#[test]
fn clocks_disks_and_pauses_are_told_apart() {
    let clause = "(level: log, keeps: no_duplicate, assuming: [TrueClocks, NoDiskLoss, NoPause])";
    let after = |fault: &str| scope(clause, "no_duplicate", &format!("{fault}\n{TWICE}"));
    assert_eq!(after("clock-step broker-0"), "beyond TrueClocks");
    assert_eq!(after("disk-loss producer-1"), "beyond NoDiskLoss");
    assert_eq!(after("pause sink"), "beyond NoPause");
    assert_eq!(after("crash broker-0"), "promised");
}

#[test]
fn stores_are_told_from_those_who_use_them() {
    let clocks = "(level: log, keeps: no_duplicate, assuming: [TrueStoreClocks])";
    let sink = "(level: log, keeps: no_duplicate, assuming: [NoSinkOutage])";
    let after = |clause, fault: &str| scope(clause, "no_duplicate", &format!("{fault}\n{TWICE}"));
    assert_eq!(
        after(clocks, "clock-step broker-0"),
        "beyond TrueStoreClocks"
    );
    assert_eq!(after(clocks, "clock-step sink"), "beyond TrueStoreClocks");
    assert_eq!(after(clocks, "clock-step producer-0"), "promised");
    assert_eq!(after(sink, "crash sink"), "beyond NoSinkOutage");
    assert_eq!(after(sink, "pause sink"), "promised");
    assert_eq!(after(sink, "crash consumer-0"), "promised");
}

#[test]
fn a_mark_that_falls_is_a_late_one() {
    let clause = "(level: log, keeps: no_duplicate, assuming: [NoLateMark])";
    let after = |marks: &str| scope(clause, "no_duplicate", &format!("{marks}\n{TWICE}"));
    assert_eq!(after("progress @1\nprogress @2"), "promised");
    assert_eq!(after("progress @2\nprogress @1"), "beyond NoLateMark");
}

#[test]
fn a_session_is_judged_per_record() {
    let clause = "(level: log, keeps: no_duplicate, assuming: [SameSession])";
    let other = "intent 1\nattempt 1 attempt=1 session=1";
    assert_eq!(
        scope(clause, "no_duplicate", &format!("{other}\n{TWICE}")),
        "promised"
    );
    let again = "intent 0\nattempt 0\nstored 0 @0\nattempt 0 session=1\nstored 0 @1 session=1";
    assert_eq!(scope(clause, "no_duplicate", again), "beyond SameSession");
}

#[test]
fn a_repeat_is_late_by_the_time_since_the_first_attempt() {
    let scope = |promise| scope(promise, "no_duplicate", TWICE);
    assert_eq!(
        scope("(level: log, keeps: no_duplicate, assuming: [Within(\"1s\")])"),
        "promised"
    );
    let short = "(level: log, keeps: no_duplicate, assuming: [Within(\"400ms\")])";
    assert!(scope(short).starts_with("beyond Within"));
}

#[test]
fn an_effect_is_late_by_the_time_since_the_first_effect() {
    let clause = "(level: effect, keeps: no_duplicate, assuming: [Within(\"1s\")])";
    let history = |millis: u32| {
        format!(
            "0 intent 0
             attempt 0
             5000 stored 0 @0
             delivered 0 @0
             applied 0 @0
             {millis} applied 0 @0 attempt=2"
        )
    };
    assert_eq!(scope(clause, "no_duplicate", &history(5_500)), "promised");
    assert!(scope(clause, "no_duplicate", &history(6_500)).starts_with("beyond Within"));
}

#[test]
fn a_store_that_lost_its_state_kept_nothing() {
    let clause = "(level: log, keeps: no_duplicate, assuming: [DedupKept])";
    let lost =
        "intent 0\nattempt 0\nstored 0 @0 missed=Absent\nstored 0 @1 attempt=2 missed=Absent";
    assert_eq!(scope(clause, "no_duplicate", lost), "beyond DedupKept");
    let kept = lost.replace("attempt=2 missed=Absent", "attempt=2 missed=New");
    assert_eq!(scope(clause, "no_duplicate", &kept), "promised");
}

#[test]
fn a_store_without_room_is_told_from_one_that_lost_its_state() {
    let clause = "(level: log, keeps: no_duplicate, assuming: [NoEviction])";
    let history =
        "intent 0\nattempt 0\nstored 0 @0 missed=New\nstored 0 @1 attempt=2 missed=Evicted";
    assert_eq!(scope(clause, "no_duplicate", history), "beyond NoEviction");
    let absent = history.replace("missed=Evicted", "missed=Absent");
    assert_eq!(scope(clause, "no_duplicate", &absent), "promised");
}

#[test]
fn giving_up_is_judged_per_record_or_for_the_run() {
    let clause = "(level: log, keeps: no_loss, assuming: [NoGivingUp]), (level: effect, keeps: same_state, assuming: [NoGivingUp])";
    let other = "intent 1\nattempt 1\nacked 1 unknown";
    assert_eq!(
        scope(clause, "no_loss", &format!("{other}\n{LOST}")),
        "promised"
    );
    let own = format!("intent 0\nacked 0 unknown\n{LOST}");
    assert_eq!(scope(clause, "no_loss", &own), "beyond NoGivingUp");
    let state = format!("{other}\nusual 0 @0\nbalance 0 amount=0");
    assert_eq!(scope(clause, "same_state", &state), "beyond NoGivingUp");
}

#[test]
fn equal_contents_are_found_among_intents() {
    let clause = "(level: log, keeps: no_loss, assuming: [DistinctContents])";
    let history = "usual 0 @0\nintent 1\nattempt 1\nrecognised 1 stream\nacked 1 ok repeat";
    let mut bench = Bench::default().promising(clause);
    assert_eq!(
        bench.found_of("no_loss", history)[0],
        "log 1 L5 inbound, promised"
    );
    bench.workload.written[1] = bench.workload.written[0];
    assert_eq!(
        bench.found_of("no_loss", history)[0],
        "log 1 L5 inbound, beyond DistinctContents"
    );
}

#[test]
fn poison_excuses_itself_and_what_it_holds_up() {
    let clause = "(level: effect, keeps: no_loss, assuming: [NoPoison])";
    let mut bench = Bench::default().promising(clause);
    bench.workload.poison_every = 1;
    let skipped =
        "intent 0\nattempt 0\nstored 0 @0\nacked 0 ok\ndelivered 0 @0\nskipped 0\nprogress @1";
    assert_eq!(
        bench.found_of("no_loss", skipped),
        ["effect 0 L9 outbound, beyond NoPoison"]
    );
}

#[test]
fn a_zombie_is_who_acts_in_an_old_generation() {
    let clause = "(level: effect, keeps: no_duplicate, assuming: [NoZombie])";
    let history = |token: u32| {
        format!(
            "intent 0
             stored 0 @0
             assigned @0 consumer=1 generation=2
             delivered 0 @0 consumer=1 generation=2
             applied 0 @0 actor=1 token=2
             applied 0 @0 actor=0 token={token}"
        )
    };
    assert_eq!(
        scope(clause, "no_duplicate", &history(1)),
        "beyond NoZombie"
    );
    assert_eq!(scope(clause, "no_duplicate", &history(2)), "promised");
}

/// It had written while it was the owner. That its mark came late writes nothing to the sink.
#[test]
fn an_owner_whose_mark_comes_late_is_no_zombie_at_the_sink() {
    let clause = "(level: effect, keeps: no_duplicate, assuming: [NoZombie])";
    let history = "intent 0
         stored 0 @0
         granted 0 token=1
         delivered 0 @0 generation=1
         applied 0 @0 token=1
         granted 0 token=2
         progress @1 generation=1 refused
         delivered 0 @0 consumer=1 generation=2
         applied 0 @0 actor=1 token=2";
    let found = Bench::default().promising(clause);
    assert_eq!(
        found.found_of("no_duplicate", history),
        ["delivery 0 D7 outbound", "effect 0 D7 outbound, promised"]
    );
}

#[test]
fn a_breach_is_kept_however_many_excused_violations_came_before() {
    let mut bench =
        Bench::default().promising("(level: log, keeps: no_duplicate, assuming: [SameSession])");
    bench.workload.records = 100;
    let twice = |record: u32| {
        let (offset, again, session) = (2 * record, 2 * record + 1, u32::from(record < 39));
        format!(
            "intent {record}
             stored {record} @{offset}
             stored {record} @{again} session={session}"
        )
    };
    let history: Vec<String> = (0..40).map(twice).collect();
    let findings = bench.findings(&history.join("\n"));
    assert_eq!(findings.count(Invariant::NoDuplicate, Level::Log), 40);
    let kept = findings
        .violations
        .iter()
        .filter(|one| one.invariant == Invariant::NoDuplicate);
    assert_eq!(kept.count(), KEPT + 1);
    assert_eq!(findings.breach().and_then(|breach| breach.record), Some(39));
}

#[test]
fn some_promises_go_without_saying() {
    let names = |bench: &Bench| -> Vec<&str> {
        universal_promises(&bench.strategy())
            .map(|(keeps, ..)| keeps.name())
            .collect()
    };
    let everybody = names(&Bench::default());
    let committed = names(&Bench::of("work: Loop(mark: After, read: Committed)"));
    assert_eq!(committed[..everybody.len()], everybody);
    assert_eq!(
        committed,
        [
            "no_phantom",
            "convergence",
            "fencing",
            "read_order",
            "honest_ack",
            "stable_progress",
            "no_early_read",
            "no_aborted_effect"
        ]
    );
    assert_eq!(everybody.len() + 1, committed.len());
    let usual = Bench::default().strategy();
    assert!(universal_promises(&usual).all(|(_, _, why)| !why.is_empty()));
    let phantom = scope("", "no_phantom", "stored 0 @0");
    assert_eq!(phantom, "promised");
}

/// F020: only who does not ask the coordinator takes it for granted that no record comes late.
#[test]
fn a_late_record_excuses_those_who_do_not_verify() {
    let late = "intent 0\nintent 1\nstored 0 @0 in=7/1\ndecided 7/1 abort\nmarked @1 7/1 abort\n\
                stored 1 @2 in=7/1\nhanging @2 7/1";
    let in_time = "intent 0\nstored 0 @0 in=7/1\nhanging @0 7/1";
    let scope = |strategy, history: &str| {
        let found = Bench::of(strategy).found_of("stable_progress", history);
        let scope = found[0].split_once(", ").map(|(_, scope)| scope.to_owned());
        scope.expect("it has a scope")
    };
    let unverified = "work: Loop(mark: After), stream: (transactions: Markers(transaction_version: 1, verification: Off))";
    assert_eq!(scope(unverified, late), "beyond NoLateRecord");
    assert_eq!(scope(unverified, in_time), "promised");
    let offset_late = "intent 0\nstored 0 @0\ndecided 7/1 abort\nunsettled @0:1 7/1";
    assert_eq!(scope(unverified, offset_late), "beyond NoLateRecord");
    let verified =
        "work: Loop(mark: After), stream: (transactions: Markers(transaction_version: 1))";
    assert_eq!(scope(verified, late), "promised");
    let all = |strategy| universal_promises(&Bench::of(strategy).strategy()).count();
    assert_eq!(all(unverified), all(verified));
}

/// Before every transaction had an epoch of its own, a late record or a late end could break it (F020, F022).
#[test]
fn a_late_record_excuses_readers_of_transactions_that_share_an_epoch() {
    let late = "intent 0\nopened 7/1\nattempt 0\ndecided 7/1 abort\nstored 0 @0 in=7/1\n\
                decided 7/2 commit\nmarked @1 7/2 commit\ndelivered 0 @0 committed";
    let scope = |strategy| {
        let found = Bench::of(strategy).found_of("no_aborted_effect", late);
        found[0].split_once(", ").map(|(_, scope)| scope.to_owned())
    };
    let shared = "work: Loop(mark: After, read: Committed), stream: (transactions: Markers(transaction_version: 1))";
    assert_eq!(scope(shared).as_deref(), Some("beyond NoLateRecord"));
    let sealed = "work: Loop(mark: After, read: Committed), stream: (transactions: Markers())";
    assert_eq!(scope(sealed).as_deref(), Some("promised"));
    let any = "work: Loop(mark: After), stream: (transactions: Markers())";
    assert_eq!(scope(any), None, "who reads all must expect it");
}

#[test]
fn tokens_are_forgotten_with_the_disk_they_are_on() {
    let stale = "granted 0 token=2\nusual 0 @0";
    assert_eq!(scope("", "fencing", stale), "promised");
    let wiped = format!("disk-loss broker-0\n{stale}");
    assert_eq!(scope("", "fencing", &wiped), "beyond NoDiskLoss");
}

/// §1.18: a holder that outlives its lease still writes.
#[test]
fn a_lease_ended_when_somebody_took_over() {
    let clause = "(level: effect, keeps: no_duplicate, assuming: [LeaseKept])";
    let twice = |missed: &str| {
        format!(
            "intent 0\nattempt 0\nstored 0 @0\ndelivered 0 @0\napplied 0 @0\napplied 0 @0 attempt=2 missed={missed}"
        )
    };
    let scoped = |missed| scope(clause, "no_duplicate", &twice(missed));
    assert_eq!(scoped("TakenOver"), "beyond LeaseKept");
    assert_eq!(scoped("New"), "promised");
}

/// Who crashed was not taken for dead before it was done: it was dead. Who took over from it may be, in its turn.
#[test]
fn a_lease_was_kept_by_who_died_before_it_ended() {
    let clause = "(level: effect, keeps: no_duplicate, assuming: [LeaseKept])";
    let applied = |missed: &str| format!("unrecognised 0 id=1\napplied 0 @0 missed={missed}\n");
    let (first, taken) = (applied("New"), applied("TakenOver"));
    let scopes = |then: &str| {
        let history = format!("intent 0\nstored 0 @0\ndelivered 0 @0\n{first}{then}");
        let found = Bench::default().promising(clause);
        found.found_of("no_duplicate", &history)
    };
    let dead = format!("crash sink-0\n{taken}");
    assert_eq!(scopes(&dead), ["effect 0 D7 outbound, promised"]);
    assert_eq!(
        scopes(&format!("{dead}{taken}")),
        [
            "effect 0 D7 outbound, promised",
            "effect 0 D8 outbound, beyond LeaseKept"
        ]
    );
    let before = format!("crash sink-0\nintent 0\nstored 0 @0\ndelivered 0 @0\n{first}{taken}");
    let found = Bench::default().promising(clause);
    assert_eq!(
        found.found_of("no_duplicate", &before),
        ["effect 0 D8 outbound, beyond LeaseKept"],
        "the crash was earlier"
    );
}
