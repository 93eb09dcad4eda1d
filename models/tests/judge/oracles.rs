//! For each oracle a history in which it speaks and one in which it must not.
//!
//! One long file in the order of §4.2, beside which it is read.

use semel_models::vocabulary::Topology;
use semel_models::workload::{Money, Workload, Written};
use semel_sim::time::Span;

use crate::history::Bench;

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn a_run_without_mishap_has_nothing_wrong_and_its_numbers_add_up() {
    let findings = Bench::default().findings(
        "usual 0 @0
         usual 1 @1
         usual 2 @1:0",
    );
    assert_eq!(findings.violations, []);
    assert_eq!(findings.counts, []);
    let tally = &findings.tally;
    assert_eq!((tally.records, tally.acked, tally.applied), (3, 3, 3));
    assert_eq!((tally.duplicated, tally.lost, tally.reordered), (0, 0, 0));
    assert_eq!((tally.expected_balance, tally.actual_balance), (33, 33));
    assert!(tally.latency_p50.0.abs_diff(Span::millis(5).0) < Span::millis(5).0 / 32);
}

// O1

#[test]
fn o1_an_acknowledged_record_that_is_nowhere_is_lost_at_every_level() {
    let found = Bench::default().found_of(
        "no_loss",
        "intent 0
         attempt 0
         acked 0 ok",
    );
    assert_eq!(
        found,
        [
            "log 0 L1 inbound",
            "delivery 0 L1 inbound",
            "effect 0 L1 inbound"
        ]
    );
}

#[test]
fn o1_what_was_not_acknowledged_is_never_lost_and_what_is_late_is_not_lost_yet() {
    let found = Bench::default().found_of(
        "no_loss",
        "intent 0
         attempt 0
         acked 0 unknown
         intent 1
         acked 1 failed
         intent 2
         attempt 2
         stored 2 @0
         acked 2 ok
         delivered 2 @0",
    );
    assert_eq!(found, none());
}

#[test]
fn o1_a_dead_letter_is_not_lost_but_a_skipped_record_is() {
    let history = |how: &str| {
        format!(
            "intent 0
             attempt 0
             stored 0 @0
             acked 0 ok
             delivered 0 @0
             {how} 0
             progress @1"
        )
    };
    let bench = Bench::default();
    assert_eq!(bench.found_of("no_loss", &history("parked")), none());
    let skipped = bench.found_of("no_loss", &history("skipped"));
    assert_eq!(skipped, ["effect 0 L9 outbound"]);
}

/// Putting aside saves a record only as long as what was put aside is there.
#[test]
fn o1_a_dead_letter_that_is_lost_is_lost_with_its_record() {
    let lost = |outage: &str, then: &str| {
        let history = format!(
            "intent 0
             attempt 0
             stored 0 @0
             acked 0 ok
             delivered 0 @0
             stored 0 @4:0
             parked 0
             progress @1
             {outage} broker-0
             truncated @4:0..1
             {then}"
        );
        Bench::default().found_of("no_loss", &history)
    };
    assert_eq!(lost("power-loss", ""), ["effect 0 L9 outbound"]);
    assert_eq!(lost("disk-loss", ""), ["effect 0 L9 outbound"]);
    assert_eq!(lost("power-loss", "stored 0 @4:0\nparked 0"), none());
}

#[test]
fn o1_an_exhausted_run_shows_nothing_by_what_is_missing() {
    let history = "intent 0
         stored 0 @0
         acked 0 ok
         truncated @0..1
         intent 1";
    let bench = Bench::default();
    assert_eq!(bench.found(&format!("{history}\nend exhausted")), none());
    assert_eq!(bench.found_of("no_loss", history).len(), 3);
}

// O2

#[test]
fn o2_a_second_copy_a_second_delivery_and_a_second_effect_are_duplicates() {
    let findings = Bench::default().findings(
        "usual 0 @0
         stored 0 @1 attempt=2
         delivered 0 @1
         applied 0 @1",
    );
    let kinds: Vec<_> = findings
        .counts
        .iter()
        .map(|(invariant, level, count)| (invariant.name(), level.name(), *count))
        .collect();
    assert_eq!(
        kinds,
        [
            ("no_duplicate", "log", 1),
            ("no_duplicate", "delivery", 1),
            ("no_duplicate", "effect", 1),
            ("same_state", "effect", 1)
        ]
    );
    let tally = &findings.tally;
    let copies = (tally.duplicated_in_log, tally.redelivered, tally.duplicated);
    assert_eq!(copies, (1, 1, 1));
    assert_eq!((tally.expected_balance, tally.actual_balance), (10, 20));
}

#[test]
fn o2_copies_that_were_lost_or_aborted_do_not_count() {
    let found = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         power-loss broker-0
         truncated @0..1
         stored 0 @0 attempt=2
         intent 1
         stored 1 @1 in=7/1
         marked @2 7/1 abort
         stored 1 @3 in=7/2 attempt=2
         marked @4 7/2 commit",
    );
    assert_eq!(found, none());
}

#[test]
fn o2_two_transactions_that_commit_the_same_record_double_it_when_the_second_is_marked() {
    let found = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0 in=7/1 missed=New
         marked @1 7/1 commit
         stored 0 @2 in=7/2 attempt=2 missed=New
         marked @3 7/2 commit",
    );
    assert_eq!(found, ["log 0 D5 inbound"]);
}

#[test]
fn o2_an_input_and_its_output_are_two_logs() {
    let bench =
        Bench::of("work: Transact(), sink: (kind: Output), stream: (transactions: Markers())");
    let found = bench.found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         acked 0 ok
         delivered 0 @0 committed
         stored 0 @2:0 in=7/1
         marked @2:1 7/1 commit
         applied 0 @2:0
         progress @1",
    );
    assert_eq!(found, none());
}

// O3

#[test]
fn o3_a_record_that_nobody_intended_is_a_phantom_and_so_is_another_amount() {
    let found = Bench::default().found_of(
        "no_phantom",
        "stored 3 @0
         usual 0 @1
         intent 1
         stored 1 @2
         applied 1 @2 amount=99
         stored 77 @3",
    );
    assert_eq!(
        found,
        [
            "log 3 ? inbound, promised",
            "effect 1 ? outbound, promised",
            "log 77 ? inbound, promised"
        ]
    );
}

// O4, O5

#[test]
fn o4_a_reader_of_committed_records_must_not_see_an_aborted_one() {
    let bench = Bench::of("work: Loop(mark: After, read: Committed)");
    let history = "intent 0
         stored 0 @0 in=7/1
         marked @1 7/1 abort
         delivered 0 @0 committed
         applied 0 @0";
    assert_eq!(
        bench.found_of("no_aborted_effect", history),
        [
            "delivery 0 D10 outbound, promised",
            "effect 0 D10 outbound, promised"
        ]
    );
    let any = Bench::default();
    let careless = history.replace(" committed", "");
    let found = any.found_of("no_aborted_effect", &careless);
    assert_eq!(
        found,
        ["effect 0 D10 outbound"],
        "it is seen, but nobody promised"
    );
}

/// Record 0 comes after its transaction was aborted, and the next marker of its producer takes it along.
fn late_record(between: &str) -> String {
    format!(
        "intent 0
         opened 7/1
         attempt 0
         decided 7/1 abort
         marked @0 7/1 abort
         concluded 7/1 abort
         acked 0 unknown
         opened 7/2
         {between}
         stored 0 @1 in=7/1
         decided 7/2 commit
         marked @2 7/2 commit
         delivered 0 @1 committed
         applied 0 @1"
    )
}

/// F020: what a marker says does not change what was decided.
#[test]
fn o4_a_late_record_of_an_aborted_transaction_is_aborted_though_the_next_one_commits_it() {
    let bench = Bench::of("work: Loop(mark: After, read: Committed)");
    let found = |history: &str| bench.found_of("no_aborted_effect", history);
    assert_eq!(
        found(&late_record("")),
        [
            "delivery 0 D10 inbound, promised",
            "effect 0 D10 inbound, promised"
        ]
    );
    let other = late_record("").replace("opened 7/2", "opened 7/2\nintent 1\nattempt 1");
    assert_eq!(found(&other).len(), 2, "another record is none of it");
    let again = late_record("attempt 0 attempt=2");
    assert_eq!(found(&again), none(), "it may be of the next one, too");
    let acked = format!("{}\nacked 0 ok", late_record(""));
    assert_eq!(found(&acked), ["delivery 0 D10 inbound, promised"]);
    let in_time = late_record("").replace("decided 7/1 abort", "decided 7/1 commit");
    let in_time = in_time.replace("concluded 7/1 abort", "concluded 7/1 commit");
    assert_eq!(found(&in_time), none());
}

/// F022 with commit instead of abort: whoever asked for an abort and heard that it was done knows of no commit.
#[test]
fn o4_what_was_committed_before_its_client_aborted_it_is_aborted() {
    let history = |then: &str| {
        format!(
            "intent 0
             opened 7/1
             attempt 0
             stored 0 @0 in=7/1
             decided 7/1 commit
             marked @1 7/1 commit
             delivered 0 @0 committed
             applied 0 @0
             {then}
             acked 0 unknown"
        )
    };
    let bench = Bench::of("work: Loop(mark: After, read: Committed)");
    let found = |then: &str| bench.found_of("no_aborted_effect", &history(then));
    let fires = ["effect 0 D10 inbound, promised"];
    assert_eq!(found("concluded 7/1 abort"), fires);
    assert_eq!(found("decided 7/1 abort"), fires);
    assert_eq!(found("decided 7/1 abort\ndecided 7/1 commit"), none());
    assert_eq!(found("concluded 7/1 abort failed"), none(), "it was not");
    assert_eq!(found("concluded 7/1 abort unknown"), none(), "it may be");
    let sent_again = "concluded 7/1 abort\nopened 7/2\nattempt 0 attempt=2";
    assert_eq!(found(sent_again), none(), "the next one may commit it");
}

#[test]
fn o4_failed_means_without_effect_unless_an_ok_came_later() {
    let history = |then: &str| {
        format!(
            "intent 0
             stored 0 @0
             acked 0 failed
             delivered 0 @0
             applied 0 @0
             {then}"
        )
    };
    let bench = Bench::default();
    let found = bench.found_of("no_aborted_effect", &history(""));
    assert_eq!(found, ["effect 0 D1 inbound"]);
    let found = bench.found_of("honest_ack", &history(""));
    assert_eq!(found, ["log 0 D1 inbound, promised"]);
    assert_eq!(bench.found_of("honest_ack", &history("acked 0 ok")), none());
}

#[test]
fn o5_a_reader_of_committed_records_waits_for_the_marker() {
    let history = |read: &str| {
        format!(
            "intent 0
             stored 0 @0 in=7/1
             delivered 0 @0 {read}
             decided 7/1 commit
             marked @1 7/1 commit"
        )
    };
    let bench = Bench::of("work: Loop(mark: After, read: Committed)");
    assert_eq!(
        bench.found_of("no_early_read", &history("committed")),
        ["delivery 0 D10 outbound, promised"]
    );
    assert_eq!(bench.found_of("no_early_read", &history("")), none());
}

// O6

#[test]
fn o6_of_two_records_of_a_key_the_earlier_comes_first_in_the_log_and_in_effect() {
    let found = Bench::default().found_of(
        "key_order",
        "intent 0
         intent 1
         stored 1 @0
         stored 0 @1 attempt=2
         applied 1 @0
         applied 0 @1",
    );
    assert_eq!(found, ["log 0 R1 inbound", "effect 0 R1 inbound"]);
}

#[test]
fn o6_other_keys_other_producers_other_sessions_and_repeats_have_no_order() {
    let mut bench = Bench::default();
    bench.workload.written[3].key = 5;
    let found = bench.found_of(
        "key_order",
        "intent 0
         intent 1 producer=1
         intent 2 session=1
         intent 3
         stored 3 @0
         stored 2 @1
         stored 1 @2
         stored 0 @3
         stored 2 @4
         applied 2 @1
         applied 0 @3
         applied 2 @4",
    );
    assert_eq!(found, none());
}

/// §1.4: readers of committed records wait before what is undecided. A marker that is late keeps nothing out of order.
#[test]
fn o6_outputs_are_read_in_the_order_of_their_log_whenever_they_are_marked() {
    let bench =
        Bench::of("work: Transact(), sink: (kind: Output), stream: (transactions: Markers())");
    // Whatever the log says, record 1 is marked first.
    let found = |[one, other]: [&str; 2], [of_0, of_1]: [u32; 2]| {
        let history = format!(
            "intent 0
             stored 0 @0
             intent 1
             stored 1 @1
             delivered 0 @0
             delivered 1 @1 consumer=1
             stored {one}
             stored {other}
             marked @2:2 8/1 commit
             applied 1 @2:{of_1} actor=1
             marked @2:3 7/1 commit
             applied 0 @2:{of_0}"
        );
        bench.found_of("key_order", &history)
    };
    let in_order = found(["0 @2:0 in=7/1", "1 @2:1 in=8/1"], [0, 1]);
    assert_eq!(in_order, none());
    let swapped = found(["1 @2:0 in=8/1", "0 @2:1 in=7/1"], [1, 0]);
    assert_eq!(swapped, ["effect 0 R5 outbound"]);
}

// O8

#[test]
fn o8_a_reader_goes_neither_back_nor_over_a_record() {
    let start = "usual 0 @0
         intent 1
         stored 1 @1
         intent 2
         stored 2 @2
         assigned @0
         delivered 0 @0";
    let bench = Bench::default();
    let over = bench.found_of("read_order", &format!("{start}\ndelivered 2 @2"));
    assert_eq!(over, ["delivery 1 L10 outbound, promised"]);
    let back = bench.found_of(
        "read_order",
        &format!("{start}\ndelivered 1 @1\ndelivered 0 @0"),
    );
    assert_eq!(back, ["delivery 0 D9 outbound, promised"]);
}

#[test]
fn o8_markers_aborted_entries_assignments_and_resets_are_no_gaps() {
    let found = Bench::default().found_of(
        "read_order",
        "intent 0
         stored 0 @0 in=7/1
         marked @1 7/1 abort
         intent 1
         stored 1 @2
         intent 2
         stored 2 @3
         intent 3
         stored 3 @4
         assigned @0
         delivered 1 @2 committed
         reset @4
         delivered 3 @4
         assigned @2 consumer=1
         delivered 1 @2 consumer=1",
    );
    assert_eq!(found, none());
}

/// What was polled before the group formed anew may still be handled: that assignment is over, and is no part of the
/// new one. The new one goes on in order.
#[test]
fn o8_speaks_of_one_assignment() {
    let start = "usual 0 @0
         intent 1
         stored 1 @1
         intent 2
         stored 2 @2
         assigned @0 generation=1
         delivered 0 @0 generation=1
         assigned @2 generation=2";
    let bench = Bench::default();
    let former = format!("{start}\ndelivered 1 @1 generation=1\ndelivered 2 @2 generation=2");
    assert_eq!(bench.found_of("read_order", &former), none());
    let present = format!("{start}\ndelivered 1 @1 generation=2");
    assert_eq!(
        bench.found_of("read_order", &present),
        ["delivery 1 D9 outbound, promised"]
    );
}

/// What was polled before a reset may still be handled, and says nothing of where the reader goes on. From there on it
/// goes in order.
#[test]
fn o8_speaks_of_what_was_polled_since_a_reset() {
    let start = "usual 0 @0
         intent 1
         stored 1 @1
         intent 2
         stored 2 @2
         assigned @0
         delivered 0 @0
         reset @0
         delivered 1 @1
         delivered 0 @0";
    let bench = Bench::default();
    let again = format!("{start}\ndelivered 1 @1\ndelivered 2 @2");
    assert_eq!(bench.found_of("read_order", &again), none());
    let over = format!("{start}\ndelivered 2 @2");
    assert_eq!(
        bench.found_of("read_order", &over),
        ["delivery 1 L10 outbound, promised"]
    );
}

// O9

#[test]
fn o9_of_a_transaction_all_partitions_are_marked_alike() {
    let history = |other: &str| {
        format!(
            "intent 0
             stored 0 @0 in=7/1
             intent 1
             stored 1 @1:0 in=7/1
             decided 7/1 commit
             marked @1 7/1 commit
             {other}"
        )
    };
    let bench = Bench::default();
    let torn = ["log 1 L7 inbound"];
    assert_eq!(
        bench.found_of("atomic", &history("marked @1:1 7/1 commit")),
        none()
    );
    assert_eq!(
        bench.found_of("atomic", &history("marked @1:1 7/1 abort")),
        torn
    );
    assert_eq!(
        bench.found_of("atomic", &history("")),
        torn,
        "half of it stays open"
    );
    let mended = history("").replace("marked @1 7/1 commit", "marked @1 7/1 abort");
    let found = bench.found_of("atomic", &format!("{mended}\nmarked @1:1 7/1 commit"));
    assert_eq!(found, ["log 0 L7 inbound"], "only what is wrong is told");
}

#[test]
fn o9_a_late_record_of_an_aborted_transaction_is_committed_with_the_next_one() {
    let found = Bench::default().found_of(
        "atomic",
        "decided 7/1 abort
         intent 0
         stored 0 @0 in=7/1
         decided 7/2 commit
         marked @1 7/2 commit",
    );
    assert_eq!(found, ["log 0 D10 inbound"]);
}

/// F022: a late end of another transaction aborts a part of one that its client commits. Nobody read what was aborted.
#[test]
fn o9_what_its_client_commits_is_torn_and_what_it_aborts_was_to_come_to_nothing() {
    let history = |asked: &str| {
        format!(
            "intent 0
             intent 1
             stored 0 @0 in=7/1
             decided 7/1 abort
             marked @1 7/1 abort
             stored 1 @2 in=7/1
             {asked}
             marked @3 7/1 commit"
        )
    };
    let found = |asked: &str| Bench::default().found_of("atomic", &history(asked));
    assert_eq!(found(""), ["log 1 L7 inbound"]);
    assert_eq!(found("concluded 7/1 abort"), ["log 1 D10 inbound"]);
}

/// F022: the offset of a transaction stands, and all that was made of what it covers is gone.
#[test]
fn o9_an_offset_is_not_all_that_is_left_of_a_transaction() {
    let history = |end: &str| {
        format!(
            "usual 0 @0
             intent 1
             stored 1 @1
             delivered 1 @1
             opened 7/1 consumer=0
             stored 1 @2:0 in=7/1
             {end}"
        )
    };
    let found = |end: &str| Bench::default().found_of("atomic", &history(end));
    let torn = ["log 1 L7 outbound"];
    let aborted = "decided 7/1 abort\nmarked @2:1 7/1 abort";
    assert_eq!(found(&format!("{aborted}\nprogress @2")), torn);
    let first = "progress @2\nmarked @2:1 7/1 abort";
    assert_eq!(found(first), torn, "whichever comes first");
    assert_eq!(found("progress @2"), torn, "or never comes");
    let next = format!("{aborted}\nopened 7/2 consumer=0\nprogress @2");
    assert_eq!(found(&next), torn, "a marker may come late");
    let committed = "decided 7/1 commit\nmarked @2:1 7/1 commit\nprogress @2";
    assert_eq!(found(committed), none());
    assert_eq!(found(aborted), none(), "nothing of it is left");
}

#[test]
fn o9_an_offset_belongs_to_the_transaction_that_its_records_were_worked_on_in() {
    let aborted = "usual 0 @0
         intent 1
         stored 1 @1
         delivered 1 @1
         opened 7/1 consumer=0
         stored 1 @2:0 in=7/1
         decided 7/1 abort
         marked @2:1 7/1 abort";
    let found = |then: &str| {
        let history = format!("{aborted}\n{then}");
        Bench::default().found_of("atomic", &history)
    };
    let redone = "opened 7/2 consumer=0
         stored 1 @2:2 in=7/2
         decided 7/2 commit
         marked @2:3 7/2 commit
         progress @2";
    assert_eq!(found(redone), none(), "the next one has both");
    let other = redone.replace("7/2", "8/1").replace("=0", "=1");
    let other = other.replace("progress @2", "progress @2 consumer=1");
    assert_eq!(found(&other), none(), "another's has both");
    let only = "intent 2
         stored 2 @2
         delivered 2 @2
         skipped 2
         opened 7/3 consumer=0
         decided 7/3 commit
         progress @3";
    assert_eq!(found(only), none(), "it has nothing but an offset");
    let lost = "opened 7/2 consumer=0
         stored 1 @2:2 in=7/2
         power-loss broker-0
         truncated @2:2..3
         decided 7/2 commit
         progress @2";
    assert_eq!(found(lost), none(), "what was lost was not aborted");
}

/// F022: part of a transaction is what its client sent in it, not only what came in before a late end did.
#[test]
fn o9_what_was_sent_in_a_committed_transaction_and_is_nowhere_is_missing_from_it() {
    let history = |then: &str| {
        format!(
            "intent 0
             intent 1
             opened 7/1
             attempt 0
             attempt 1
             stored 0 @0 in=7/1
             {then}"
        )
    };
    let found = |then: &str| Bench::default().found_of("atomic", &history(then));
    let committed = "decided 7/1 commit\nmarked @1 7/1 commit";
    assert_eq!(found(committed), ["log 1 L7 inbound"]);
    assert_eq!(found("decided 7/1 abort\nmarked @1 7/1 abort"), none());
    let whole = "stored 1 @1 in=7/1\nattempt 1 attempt=2\ndecided 7/1 commit\nmarked @2 7/1 commit";
    assert_eq!(found(whole), none(), "a repeat is no other record");
    let next = "opened 7/2\nattempt 1 attempt=2\nstored 1 @2 in=7/2\ndecided 7/2 commit\nmarked @3 7/2 commit";
    let told = found(&format!("{committed}\n{next}"));
    assert_eq!(told, none(), "in the end, all of it is there");
    let undone = next.replace("commit", "abort");
    let told = found(&format!("{committed}\n{undone}"));
    assert_eq!(told, ["log 1 L7 inbound"], "in the end, it is not");
    let others = history(committed).replace("attempt 1", "attempt 1 producer=1");
    assert_eq!(Bench::default().found_of("atomic", &others), none());
}

// O10

#[test]
fn o10_after_effects_nothing_is_marked_that_has_none() {
    let found = Bench::default().found_of(
        "mark_matches_effect",
        "intent 0
         stored 0 @0
         intent 1
         stored 1 @1
         delivered 0 @0
         delivered 1 @1
         applied 0 @0
         progress @2",
    );
    assert_eq!(found, ["effect 1 L4 outbound"]);
    assert_eq!(
        Bench::default().found_of("mark_matches_effect", "usual 0 @0"),
        none()
    );
}

#[test]
fn o10_before_effects_everything_is_marked_that_has_one() {
    let bench = Bench::of("work: Loop(mark: Before)");
    let found = bench.found_of("mark_matches_effect", "usual 0 @0");
    assert_eq!(found, ["effect 0 D7 outbound"], "the usual mark comes last");
    let found = bench.found_of(
        "mark_matches_effect",
        "intent 0
         stored 0 @0
         progress @1
         delivered 0 @0
         applied 0 @0",
    );
    assert_eq!(found, none());
}

#[test]
fn o10_with_effects_each_mark_stands_beside_its_effect() {
    let bench = Bench::of("work: Loop(mark: WithEffect)");
    let history = |mark: &str| {
        format!(
            "intent 0
             stored 0 @0
             intent 1
             stored 1 @1
             delivered 0 @0
             applied 0 @0
             {mark}
             delivered 1 @1
             applied 1 @1
             progress @2 by=sink"
        )
    };
    let found = bench.found_of("mark_matches_effect", &history("progress @1 by=sink"));
    assert_eq!(found, none());
    let twice = history("progress @1 by=sink\ndelivered 0 @0\napplied 0 @0");
    let found = bench.found_of("mark_matches_effect", &twice);
    assert_eq!(
        found,
        ["effect 0 D7 outbound"],
        "an effect without a mark of its own"
    );
}

#[test]
fn o10_in_a_transaction_outputs_and_offsets_agree_in_the_end() {
    let bench =
        Bench::of("work: Transact(), sink: (kind: Output), stream: (transactions: Markers())");
    let history = |output: &str, offsets: &str| {
        format!(
            "intent 0
             stored 0 @0
             acked 0 ok
             delivered 0 @0 committed
             stored 0 @2:0 in=7/1
             decided 7/1 commit
             {output}
             {offsets}"
        )
    };
    let written = "marked @2:1 7/1 commit\napplied 0 @2:0";
    let aborted = "marked @2:1 7/1 abort";
    let found = |output, offsets| bench.found_of("mark_matches_effect", &history(output, offsets));
    assert_eq!(found(written, "progress @1"), none());
    assert_eq!(found(written, ""), ["effect 0 D7 outbound"]);
    assert_eq!(found(aborted, "progress @1"), ["effect 0 L7 outbound"]);
}

// O11

#[test]
fn o11_committed_offsets_neither_fall_nor_run_ahead() {
    let bench = Bench::default();
    let start = "usual 0 @0
         usual 1 @1";
    let fell = bench.found_of("monotone_offset", &format!("{start}\nprogress @1"));
    assert_eq!(fell, ["delivery - D9 outbound"]);
    let ahead = "intent 2
         stored 2 @2
         progress @3";
    let ahead = bench.found_of("monotone_offset", &format!("{start}\n{ahead}"));
    assert_eq!(ahead, ["delivery 2 L4 outbound"]);
    let reset = bench.found_of(
        "monotone_offset",
        &format!("{start}\nreset @0\nprogress @1"),
    );
    assert_eq!(reset, none());
}

#[test]
fn o11_markers_may_be_passed_and_so_may_polled_records_by_a_mark_before() {
    let found = Bench::default().found_of(
        "monotone_offset",
        "intent 0
         stored 0 @0 in=7/1
         marked @1 7/1 commit
         delivered 0 @0
         applied 0 @0
         progress @2",
    );
    assert_eq!(found, none());
    let bench = Bench::of("work: Loop(mark: Before)");
    let early = "intent 0
         stored 0 @0
         progress @1";
    assert_eq!(bench.found_of("monotone_offset", early), none());
    let beyond = bench.found_of("monotone_offset", &format!("{early}\nprogress @5"));
    assert_eq!(beyond, ["delivery - L4 outbound"]);
}

// O12

#[test]
fn o12_whoever_granted_a_token_refuses_older_ones() {
    let history = |commit: &str, apply: &str| {
        format!(
            "intent 0
             stored 0 @0
             granted 0 token=2
             granted 0 token=2 by=sink
             delivered 0 @0 generation=1
             applied 0 @0 {apply}
             progress @1 {commit}"
        )
    };
    let bench = Bench::default();
    let found = |commit, apply| bench.found_of("fencing", &history(commit, apply));
    assert_eq!(found("generation=2", "token=2"), none());
    assert_eq!(found("generation=1 refused", "token=2"), none());
    assert_eq!(
        found("generation=1", "token=1"),
        [
            "effect 0 D8 outbound, promised",
            "delivery - D8 outbound, promised"
        ]
    );
}

#[test]
fn o12_a_token_binds_only_who_knows_of_it() {
    let found = Bench::default().found_of(
        "fencing",
        "intent 0
         stored 0 @0
         granted 0 token=2
         applied 0 @0 token=1",
    );
    assert_eq!(found, none());
}

#[test]
fn o12_a_partition_takes_nothing_of_an_older_epoch() {
    let found = Bench::default().found_of(
        "fencing",
        "intent 0
         intent 1
         stored 0 @0 in=7/2 epoch=2
         stored 1 @1 in=7/1 epoch=1
         stored 1 @2 in=8/1 epoch=1",
    );
    assert_eq!(found, ["log 1 D8 inbound, promised"]);
}

// O13

#[test]
fn o13_ok_means_stored_and_a_repeat_means_stored_before() {
    let bench = Bench::default();
    let found = |history| bench.found_of("honest_ack", history);
    assert_eq!(
        found("intent 0\nattempt 0\nacked 0 ok"),
        ["log 0 L1 inbound, promised"]
    );
    let mistaken = "intent 0\nattempt 0\nrecognised 0 stream\nacked 0 ok repeat";
    assert_eq!(found(mistaken), ["log 0 L5 inbound, promised"]);
    let good = "intent 0\nattempt 0\nstored 0 @0\nrecognised 0 stream\nacked 0 ok repeat";
    assert_eq!(found(good), none());
    let outlived = "intent 0
         stored 0 @0
         power-loss broker-0
         truncated @0..1
         recognised 0 stream
         acked 0 ok repeat";
    assert_eq!(found(outlived), ["log 0 L5 inbound, promised"]);
    let true_then = "intent 0
         stored 0 @0
         recognised 0 stream
         power-loss broker-0
         truncated @0..1
         acked 0 ok repeat";
    assert_eq!(found(true_then), none(), "it was true when it was said");
    let careless = Bench::of("work: Loop(mark: After), publish: (wait: Nothing, retry: Never())");
    let found = careless.found_of("honest_ack", "intent 0\nattempt 0\nacked 0 ok");
    assert_eq!(found, none(), "who waits for nothing claims nothing");
}

/// F003, F029: whose commit has an unknown outcome does not know of any record in it.
#[test]
fn o2_who_sends_a_transaction_of_unknown_outcome_again_has_given_up() {
    let promise = "(level: log, keeps: no_duplicate, assuming: [NoGivingUp])";
    let bench = Bench::default().promising(promise);
    let again = |outcome: &str| {
        let history = format!(
            "intent 0
             stored 0 @0 in=7/1
             decided 7/1 commit
             marked @1 7/1 commit
             concluded 7/1 commit {outcome}
             stored 0 @2 in=7/2 attempt=2
             decided 7/2 commit
             marked @3 7/2 commit"
        );
        bench.found_of("no_duplicate", &history)
    };
    assert_eq!(again("ok"), ["log 0 D1 inbound, promised"]);
    assert_eq!(again("unknown"), ["log 0 D1 inbound, beyond NoGivingUp"]);
}

/// F052: a dead letter may be stored twice. Nobody promised otherwise.
#[test]
fn o2_no_promise_speaks_of_dead_letters() {
    let bench = Bench::default().promising("(level: log, keeps: no_duplicate)");
    let found = bench.found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         stored 0 @4:0
         stored 0 @4:1",
    );
    assert_eq!(found, ["log 0 D1 outbound"]);
}

#[test]
fn o13_a_copy_with_equal_contents_is_a_copy_to_who_names_by_contents() {
    let history = "usual 0 @0
         intent 1
         attempt 1
         recognised 1 stream
         acked 1 ok repeat";
    let found = |name: &'static str| {
        let mut bench = Bench::of(name);
        bench.workload.written[1] = bench.workload.written[0];
        bench.found_of("honest_ack", history)
    };
    let by_content = found("work: Loop(mark: After), publish: (name: Content)");
    assert_eq!(by_content, none());
    let by_intent = found("work: Loop(mark: After), publish: (name: Intent)");
    assert_eq!(by_intent, ["log 1 L5 inbound, promised"]);
}

// O15

#[test]
fn o15_no_transaction_blocks_readers_for_ever() {
    let found = Bench::default().found_of(
        "stable_progress",
        "intent 0
         stored 0 @0 in=7/1
         hanging @0 7/1",
    );
    assert_eq!(found, ["log 0 S1 inbound, promised"]);
}

/// Records are not all that a transaction can block: while an offset of the group's waits for its marker, nobody is
/// told where to begin.
#[test]
fn o15_no_transaction_keeps_the_group_s_offset_for_ever() {
    let ends = |end: &str| {
        let history = format!("intent 0\nstored 0 @0\ndelivered 0 @0\nunsettled @0:1 7/1\n{end}");
        Bench::of("work: Transact(), sink: (kind: Output)").found_of("stable_progress", &history)
    };
    assert_eq!(ends(""), ["log - S1 outbound, promised"]);
    assert_eq!(ends("end exhausted"), none());
}

#[test]
fn o15_a_transaction_may_be_open_where_a_run_is_cut_short() {
    let found = Bench::default().found(
        "intent 0
         stored 0 @0 in=7/1
         hanging @0 7/1
         end exhausted",
    );
    assert_eq!(found, none());
}

// O16

#[test]
fn o16_everything_is_answered_delivered_and_applied_in_the_end() {
    let found = Bench::default().found_of(
        "convergence",
        "intent 0
         intent 1
         stored 1 @0
         acked 1 ok
         intent 2
         stored 2 @1:0
         acked 2 unknown
         delivered 2 @1:0
         recognised 2 sink in-flight",
    );
    assert_eq!(
        found,
        [
            "log 0 ? inbound, promised",
            "delivery 1 ? outbound, promised",
            "effect 2 S3 outbound, promised"
        ]
    );
}

#[test]
fn o16_a_lost_record_is_not_late_and_a_world_that_runs_in_circles_is_stuck() {
    let bench = Bench::default();
    assert_eq!(
        bench.found_of("convergence", "intent 0\nattempt 0\nacked 0 ok"),
        none()
    );
    let circles = "usual 0 @0
         progress @1 refused
         end stuck";
    let found = bench.found_of("convergence", circles);
    assert_eq!(found, ["delivery - S7 outbound, promised"]);
}

// O17

#[test]
fn o17_accounts_hold_what_was_accepted() {
    let bench = Bench::default();
    let twice = "usual 0 @0\nstored 0 @1 attempt=2\ndelivered 0 @1\napplied 0 @1";
    assert_eq!(bench.found_of("same_state", twice), ["effect 0 D1 inbound"]);
    let unknown = "intent 0\nattempt 0\nacked 0 unknown";
    assert_eq!(bench.found_of("same_state", unknown), none());
    let anyway =
        "intent 0\nstored 0 @0\nacked 0 unknown\ndelivered 0 @0\napplied 0 @0\nprogress @1";
    assert_eq!(bench.found_of("same_state", anyway), none());
}

#[test]
fn o17_what_the_sink_says_itself_counts() {
    let bench = Bench::default();
    assert_eq!(
        bench.found_of("same_state", "usual 0 @0\nbalance 0 amount=10"),
        none()
    );
    let wiped = bench.found_of("same_state", "usual 0 @0\nbalance 0 amount=0");
    assert_eq!(wiped, ["effect - ? outbound"]);
}

/// An empty ledger says nothing of itself; what was applied is not there any more all the same.
#[test]
fn o17_who_lost_its_disk_holds_what_was_applied_since() {
    let bench = Bench::default();
    let holds = |history: &str| bench.findings(history).tally.actual_balance;
    let doubled = "usual 0 @0\nstored 0 @1 attempt=2\ndelivered 0 @1\napplied 0 @1";
    assert_eq!(holds(doubled), 20);
    let lost = format!("{doubled}\ndisk-loss sink-0");
    assert_eq!(holds(&lost), 0);
    let found = bench.found_of("same_state", &lost);
    assert_eq!(found, ["effect 0 D1 inbound"], "10 were expected");
    let again = format!("{lost}\ndelivered 0 @1\napplied 0 @1");
    assert_eq!(holds(&again), 10);
    assert_eq!(bench.found_of("same_state", &again), none());
    let stated = format!("{again}\nbalance 0 amount=10");
    assert_eq!(holds(&stated), 10, "as it says itself");
    let spared = doubled.replace("usual 0 @0", "usual 0 @0\ncrash sink-0");
    assert_eq!(holds(&spared), 20, "a crash takes no disk");
}

#[test]
fn o17_poison_is_expected_to_have_no_effect() {
    let mut bench = Bench::default();
    bench.workload.poison_every = 1;
    let history = "intent 0
         stored 0 @0
         acked 0 ok
         delivered 0 @0
         skipped 0
         progress @1";
    assert_eq!(bench.found_of("same_state", history), none());
}

// O19

fn transfers() -> Bench {
    let transfer = |amount: i64| {
        let leg = |key: u32, amount: i64| Written {
            key,
            amount,
            pace: Span::ZERO,
            poison: false,
        };
        [leg(0, -amount), leg(1, amount)]
    };
    let bench = Bench::default();
    let workload = Workload {
        money: Money::Transfers,
        written: [5, 7].into_iter().flat_map(transfer).collect(),
        records: 4,
        ..bench.workload.clone()
    };
    Bench {
        workload,
        topology: Topology::default(),
        ..bench
    }
}

#[test]
fn o19_a_transfer_takes_effect_on_both_accounts_or_on_none() {
    let torn = "usual 0 @0
         usual 1 @1
         usual 2 @2
         intent 3
         attempt 3
         acked 3 ok";
    let bench = transfers();
    assert_eq!(
        bench.found_of("conservation", torn),
        ["effect 3 L1 inbound"]
    );
    let whole = "usual 0 @0
         usual 1 @1";
    assert_eq!(bench.found_of("conservation", whole), none());
}

// O20

#[test]
fn o20_one_key_one_request_one_response() {
    let history = |second: &str| {
        format!("usual 0 @0\nanswered 0 key=9 request=1 response=5\nanswered 0 key=9 {second}")
    };
    let bench = Bench::default();
    let found = |second| bench.found_of("stable_result", &history(second));
    assert_eq!(found("request=1 response=5"), none());
    assert_eq!(found("request=2 response=0 error"), none());
    assert_eq!(found("request=1 response=6"), ["effect 0 D3 outbound"]);
    assert_eq!(found("request=2 response=5"), ["effect 0 D5 outbound"]);
}

// O23

#[test]
fn o23_dedup_state_stays_within_its_bound() {
    let bench = Bench::default();
    assert_eq!(
        bench.found_of("bounded_state", "kept sink entries=5 bound=5"),
        none()
    );
    let found = bench.found_of("bounded_state", "kept sink entries=6 bound=5");
    assert_eq!(found, ["effect - D4 outbound"]);
}

#[test]
fn o23_no_entry_is_dropped_before_its_time() {
    let bench = Bench::of(
        "work: Loop(mark: After), publish: (name: Intent), stream: (recognise: Id((time: \"1s\"), Memory))",
    );
    let history = |millis: u32| {
        format!(
            "intent 0
             attempt 0
             stored 0 @0
             {millis} stored 0 @1 attempt=2 missed=Expired"
        )
    };
    assert_eq!(bench.found_of("bounded_state", &history(2_000)), none());
    let early = bench.found_of("bounded_state", &history(500));
    assert_eq!(early, ["log 0 D3 inbound"]);
}

/// What no entry could have shown for a repeat says nothing of entries that were dropped.
#[test]
fn o23_another_id_and_a_race_are_not_dropped_early() {
    let found = |strategy, first: &str, second: &str| {
        let history = format!("intent 0\nattempt 0\nstored 0 @0\n{first}\n{second}");
        Bench::of(strategy).found_of("bounded_state", &history)
    };
    let by_attempt = "work: Loop(mark: After), publish: (name: Attempt), stream: (recognise: Id((time: \"1s\"), Memory))";
    let stored = |attempt: u32| {
        let second = format!("stored 0 @1 attempt={attempt} missed=Expired");
        found(by_attempt, "", &second)
    };
    assert_eq!(stored(2), none());
    assert_eq!(stored(1), ["log 0 D3 inbound"]);
    let applied = |strategy, id: u32, millis: u32| {
        let second = format!("unrecognised 0 id={id}\n{millis} applied 0 @0 missed=Expired");
        found(
            strategy,
            "delivered 0 @0\nunrecognised 0 id=1\n0 applied 0 @0",
            &second,
        )
    };
    let inbox = "work: Loop(mark: After), sink: (kind: Inbox(time: \"1s\"))";
    assert_eq!(applied(inbox, 2, 20), none());
    assert_eq!(applied(inbox, 1, 20), ["effect 0 D3 outbound"]);
    let racy = "work: Loop(mark: After), sink: (kind: Keyed(ttl: \"1s\", claim: CheckThenAct, execution: \"30ms\"))";
    assert_eq!(applied(racy, 1, 20), none());
    assert_eq!(applied(racy, 1, 40), ["effect 0 D3 outbound"]);
    let claims = "work: Loop(mark: After), sink: (kind: Keyed(ttl: \"1s\", execution: \"30ms\"))";
    assert_eq!(applied(claims, 1, 20), ["effect 0 D3 outbound"]);
}
