//! Each cause by its mechanism: a history told as `semantics.md` tells it, and the code that must come out.
//!
//! One long file in the order of the codes, D, L, R and S: it is read beside §4.4, and a code is looked up by its name.

use crate::history::Bench;

/// A record up to its first committed effect in partition 0, without its commit.
const APPLIED: &str = "intent 0
    attempt 0
    stored 0 @0
    acked 0 ok
    assigned @0
    delivered 0 @0
    applied 0 @0";

fn duplicates(rest: &str) -> Vec<String> {
    let bench = Bench::default();
    bench.found_of("no_duplicate", &format!("{APPLIED}\n{rest}"))
}

fn losses(history: &str) -> Vec<String> {
    Bench::default().found_of("no_loss", history)
}

// Duplicates born inbound: why the store took a record again.

fn stored_again(how: &str) -> Vec<String> {
    let history = format!("intent 0\nattempt 0\nstored 0 @0 missed=New\nstored 0 @1 {how}");
    Bench::default().found_of("no_duplicate", &history)
}

#[test]
fn d1_the_ack_was_lost_and_nobody_looks_f001() {
    assert_eq!(stored_again("attempt=2"), ["log 0 D1 inbound"]);
}

#[test]
fn d2_a_new_session_or_lost_state() {
    assert_eq!(
        stored_again("attempt=1 session=1 missed=New"),
        ["log 0 D2 inbound"]
    );
    assert_eq!(
        stored_again("attempt=2 missed=Absent"),
        ["log 0 D2 inbound"]
    );
}

#[test]
fn d3_the_entry_had_expired_f004_f075_f082() {
    assert_eq!(
        stored_again("attempt=2 missed=Expired"),
        ["log 0 D3 inbound"]
    );
}

#[test]
fn d4_the_entry_was_evicted_f109() {
    assert_eq!(
        stored_again("attempt=2 missed=Evicted"),
        ["log 0 D4 inbound"]
    );
}

#[test]
fn d5_the_retry_had_another_id_f007() {
    assert_eq!(stored_again("attempt=2 missed=New"), ["log 0 D5 inbound"]);
}

/// Whatever the store has dropped since, it never had this id (F079).
#[test]
fn d5_an_id_of_each_attempt_is_new_to_a_store_that_dropped_others() {
    let again = |name: &'static str, how: &str| {
        let history = format!("intent 0\nattempt 0\nstored 0 @0 missed=New\nstored 0 @1 {how}");
        Bench::of(name).found_of("no_duplicate", &history)
    };
    let by_attempt = "work: Loop(mark: After), publish: (name: Attempt)";
    for missed in ["Absent", "Expired", "Evicted"] {
        let again = |how: &str| again(by_attempt, &format!("{how} missed={missed}"));
        assert_eq!(again("attempt=2"), ["log 0 D5 inbound"]);
        assert_ne!(again("attempt=1"), ["log 0 D5 inbound"]);
    }
    let by_intent = "work: Loop(mark: After), publish: (name: Intent)";
    assert_eq!(
        again(by_intent, "attempt=2 missed=Evicted"),
        ["log 0 D4 inbound"]
    );
}

#[test]
fn d7_a_relay_crashed_before_it_saved_its_position_f114() {
    assert_eq!(stored_again("attempt=1 session=1"), ["log 0 D7 inbound"]);
}

#[test]
fn d11_the_network_copied_a_produce_request() {
    assert_eq!(stored_again("attempt=1"), ["log 0 D11 inbound"]);
}

#[test]
fn an_effect_of_a_second_copy_was_born_inbound_with_the_cause_of_the_copy() {
    assert_eq!(
        duplicates(
            "progress @1
             stored 0 @1 attempt=2
             delivered 0 @1
             applied 0 @1"
        ),
        [
            "log 0 D1 inbound",
            "delivery 0 D1 inbound",
            "effect 0 D1 inbound"
        ]
    );
}

// Duplicates born outbound: why a record was worked on again.

#[test]
fn d1_the_sinks_answer_was_lost_and_the_request_sent_again() {
    assert_eq!(
        duplicates("applied 0 @0 attempt=2"),
        ["effect 0 D1 outbound"]
    );
}

#[test]
fn d11_the_network_copied_a_request_to_the_sink() {
    assert_eq!(
        duplicates("copied\napplied 0 @0 attempt=1"),
        ["effect 0 D11 outbound"]
    );
}

/// A first attempt from before the crash and one from after it look alike, and the network copied nothing.
#[test]
fn d7_what_was_sent_before_a_crash_arrives_after_it() {
    let found = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         delivered 0 @0
         crash consumer-0
         delivered 0 @0
         applied 0 @0
         applied 0 @0",
    );
    assert_eq!(found, ["delivery 0 D7 outbound", "effect 0 D7 outbound"]);
}

#[test]
fn d2_d3_d4_the_sinks_own_memory_failed() {
    let again = |missed: &str| {
        let rest = format!("delivered 0 @0\napplied 0 @0 missed={missed}");
        duplicates(&rest).pop().expect("the effect is a duplicate")
    };
    assert_eq!(again("Absent"), "effect 0 D2 outbound");
    assert_eq!(again("Expired"), "effect 0 D3 outbound");
    assert_eq!(again("Evicted"), "effect 0 D4 outbound");
}

/// A consumer that remembers what it handled was asked last: its copies in the log do not matter then.
#[test]
fn d2_d3_d4_the_consumers_own_memory_failed() {
    let effect = |strategy, rest: &str| {
        let history =
            format!("{APPLIED}\nstored 0 @1 attempt=2\n{rest}\ndelivered 0 @1\napplied 0 @1");
        Bench::of(strategy)
            .found_of("no_duplicate", &history)
            .pop()
            .expect("the effect is a duplicate")
    };
    let volatile = "work: Loop(mark: After, recognise: Volatile()), publish: (name: Intent)";
    assert_eq!(effect(volatile, "crash consumer-0"), "effect 0 D2 outbound");
    let brief =
        "work: Loop(mark: After, recognise: Durable(time: \"1s\")), publish: (name: Intent)";
    assert_eq!(effect(brief, "5000 assigned @1"), "effect 0 D3 outbound");
    let small = "work: Loop(mark: After, recognise: Volatile(count: 2)), publish: (name: Intent)";
    assert_eq!(effect(small, "assigned @1"), "effect 0 D4 outbound");
    let nothing = "work: Loop(mark: After), publish: (name: Intent)";
    assert_eq!(effect(nothing, "crash consumer-0"), "effect 0 D1 inbound");
}

#[test]
fn d6_two_requests_looked_before_either_wrote_f113() {
    let found = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         delivered 0 @0
         delivered 0 @0 consumer=1
         applied 0 @0 missed=New
         applied 0 @0 actor=1 missed=New",
    );
    assert_eq!(found, ["delivery 0 D8 outbound", "effect 0 D6 outbound"]);
}

/// Two copies in a log that looks for no repeats, and a sink that looks for ids: what it finds depends on what each
/// copy brought along.
fn second_copy(first: &str, second: &str) -> Vec<String> {
    let history = format!(
        "intent 0
         attempt 0
         stored 0 @0
         stored 0 @1 attempt=2
         assigned @0
         delivered 0 @0
         {first}
         delivered 0 @1
         {second}"
    );
    let mut found = Bench::default().found_of("no_duplicate", &history);
    let effect = found.pop();
    assert_eq!(found, ["log 0 D1 inbound", "delivery 0 D1 inbound"]);
    Vec::from_iter(effect)
}

#[test]
fn d1_nobody_looked_for_an_id() {
    let found = second_copy("applied 0 @0", "applied 0 @1");
    assert_eq!(found, ["effect 0 D1 inbound"]);
}

#[test]
fn d5_the_sink_looked_under_another_id_than_before() {
    let found = second_copy(
        "unrecognised 0 id=1\napplied 0 @0 missed=New",
        "unrecognised 0 id=2\napplied 0 @1 missed=New",
    );
    assert_eq!(found, ["effect 0 D5 inbound"]);
    let same_copy = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         delivered 0 @0
         unrecognised 0 id=1
         applied 0 @0 missed=New
         unrecognised 0 id=2
         applied 0 @0 missed=New attempt=2",
    );
    assert_eq!(same_copy, ["effect 0 D5 outbound"]);
}

#[test]
fn d5_another_id_is_new_to_a_sink_that_dropped_others() {
    for missed in ["Expired", "Evicted"] {
        let second = |id| {
            second_copy(
                "unrecognised 0 id=1\napplied 0 @0 missed=New",
                &format!("unrecognised 0 id={id}\napplied 0 @1 missed={missed}"),
            )
        };
        assert_eq!(second(2), ["effect 0 D5 inbound"]);
        assert_ne!(second(1), ["effect 0 D5 inbound"]);
    }
}

/// Both look before either has written (F113): that the sink dropped other keys has nothing to do with it.
#[test]
fn d6_a_race_is_one_whatever_the_sink_has_dropped() {
    let bench = Bench::of(
        "work: Loop(mark: After), sink: (kind: Keyed(ttl: \"1s\", claim: CheckThenAct, execution: \"30ms\"))",
    );
    let history = |millis: u32| {
        format!(
            "intent 0
             stored 0 @0
             delivered 0 @0
             unrecognised 0 id=1
             1000 applied 0 @0 missed=Expired
             unrecognised 0 id=1
             {millis} applied 0 @0 missed=Expired attempt=2"
        )
    };
    let found = |millis| bench.found_of("no_duplicate", &history(millis));
    assert_eq!(found(1_030), ["effect 0 D6 outbound"]);
    assert_eq!(found(3_000), ["effect 0 D3 outbound"]);
}

#[test]
fn d6_two_copies_of_one_id_were_worked_on_at_once() {
    let found = second_copy(
        "unrecognised 0 id=1\napplied 0 @0 missed=New",
        "unrecognised 0 id=1\napplied 0 @1 missed=New",
    );
    assert_eq!(found, ["effect 0 D6 outbound"]);
}

#[test]
fn d7_the_consumer_crashed_between_effect_and_commit_f040() {
    assert_eq!(
        duplicates(
            "crash consumer-0
             assigned @0
             delivered 0 @0
             applied 0 @0"
        ),
        ["delivery 0 D7 outbound", "effect 0 D7 outbound"]
    );
}

#[test]
fn d7_also_when_somebody_else_takes_over_from_the_dead() {
    assert_eq!(
        duplicates(
            "crash consumer-0
             assigned @0 consumer=1 generation=2
             delivered 0 @0 consumer=1 generation=2
             applied 0 @0 actor=1"
        ),
        ["delivery 0 D7 outbound", "effect 0 D7 outbound"]
    );
}

#[test]
fn d7_the_work_was_undone_and_its_side_effect_was_not_f050() {
    assert_eq!(
        duplicates(
            "assigned @0
             delivered 0 @0
             applied 0 @0"
        ),
        ["delivery 0 D7 outbound", "effect 0 D7 outbound"]
    );
}

#[test]
fn d8_a_paused_consumer_lost_its_partition_and_goes_on_f045() {
    let found = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         assigned @0 generation=1
         delivered 0 @0 generation=1
         pause consumer-0
         assigned @0 consumer=1 generation=2
         delivered 0 @0 consumer=1 generation=2
         applied 0 @0 actor=1 token=2
         progress @1 consumer=1 generation=2
         applied 0 @0 actor=0 token=1",
    );
    assert_eq!(found, ["delivery 0 D8 outbound", "effect 0 D8 outbound"]);
}

#[test]
fn d8_two_owners_act_one_after_the_other_on_one_attempt_each_f045() {
    let found = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         assigned @0 generation=1
         delivered 0 @0 generation=1
         assigned @0 consumer=1 generation=2
         delivered 0 @0 consumer=1 generation=2
         applied 0 @0 actor=0 token=1
         applied 0 @0 actor=1 token=2",
    );
    assert_eq!(found, ["delivery 0 D8 outbound", "effect 0 D8 outbound"]);
}

#[test]
fn d7_one_owner_acts_on_what_it_was_given_before_and_after_it_was_taken_for_dead() {
    let found = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         assigned @0 generation=1
         delivered 0 @0 generation=1
         assigned @0 generation=2
         delivered 0 @0 generation=2
         applied 0 @0 token=1
         applied 0 @0 token=2",
    );
    assert_eq!(found, ["delivery 0 D7 outbound", "effect 0 D7 outbound"]);
}

/// No fence could have told them apart: when the first one acted, nobody else had been granted anything.
#[test]
fn d7_one_owner_acts_and_then_the_next_one_with_a_fence_or_without() {
    let history = "intent 0
         stored 0 @0
         granted 0 token=1
         delivered 0 @0 generation=1
         applied 0 @0 actor=0 token=1
         granted 0 token=2
         progress @1 generation=1 refused
         delivered 0 @0 consumer=1 generation=2
         applied 0 @0 actor=1 token=2";
    for sink in ["Open", "Token"] {
        let strategy = format!("work: Loop(mark: After), sink: (fence: {sink})");
        let found = Bench::of(strategy.leak()).found_of("no_duplicate", history);
        assert_eq!(found, ["delivery 0 D7 outbound", "effect 0 D7 outbound"]);
    }
}

/// The former owner was given it, and acted, when the new one had been granted, and was faster.
#[test]
fn d8_a_former_owner_is_faster_than_the_new_one() {
    let found = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         granted 0 token=2
         delivered 0 @0 generation=1
         applied 0 @0 actor=0 token=1
         delivered 0 @0 consumer=1 generation=2
         applied 0 @0 actor=1 token=2",
    );
    assert_eq!(found, ["delivery 0 D8 outbound", "effect 0 D8 outbound"]);
}

#[test]
fn d8_a_former_owner_goes_on_after_the_new_one_has_committed() {
    let found = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         assigned @0 generation=1
         pause consumer-0
         assigned @0 consumer=1 generation=2
         delivered 0 @0 consumer=1 generation=2
         applied 0 @0 actor=1 token=2
         progress @1 consumer=1 generation=2
         delivered 0 @0 generation=1
         applied 0 @0 actor=0 token=1",
    );
    assert_eq!(found, ["delivery 0 D8 outbound", "effect 0 D8 outbound"]);
}

#[test]
fn d9_a_position_behind_the_committed_one_is_read_again() {
    assert_eq!(
        duplicates(
            "progress @1
             crash consumer-0
             assigned @0
             delivered 0 @0
             applied 0 @0"
        ),
        ["delivery 0 D9 outbound", "effect 0 D9 outbound"]
    );
}

#[test]
fn d10_a_reader_saw_what_was_aborted_or_lost_and_then_came_again_f036() {
    let aborted = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0 in=7/1
         delivered 0 @0
         applied 0 @0
         marked @1 7/1 abort
         stored 0 @2 in=7/2 attempt=2
         marked @3 7/2 commit
         delivered 0 @2
         applied 0 @2",
    );
    assert_eq!(
        aborted,
        ["delivery 0 D10 outbound", "effect 0 D10 outbound"]
    );
    assert_eq!(
        duplicates(
            "power-loss broker-0
             truncated @0..1
             intent 1
             stored 1 @0
             stored 0 @1 attempt=2
             delivered 0 @1
             applied 0 @1"
        ),
        ["delivery 0 D10 outbound", "effect 0 D10 outbound"]
    );
}

#[test]
fn two_outputs_of_one_input_have_the_cause_of_the_second_delivery_f023() {
    let bench =
        Bench::of("work: Transact(), sink: (kind: Output), stream: (transactions: Markers())");
    let found = bench.found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         acked 0 ok
         delivered 0 @0 generation=1 committed
         stored 0 @2:0 in=7/1
         pause consumer-0
         delivered 0 @0 consumer=1 generation=2 committed
         stored 0 @2:1 in=8/1
         marked @2:2 8/1 commit
         applied 0 @2:1 actor=1
         marked @2:3 7/1 commit
         applied 0 @2:0",
    );
    assert_eq!(
        found,
        [
            "delivery 0 D8 outbound",
            "log 0 D8 outbound",
            "effect 0 D8 outbound"
        ]
    );
}

/// The producer before an exactly-once processor is a plain one (F001): both copies are worked on in one transaction.
#[test]
fn two_outputs_of_two_copies_in_one_transaction_have_the_cause_of_the_second_copy() {
    let bench =
        Bench::of("work: Transact(), sink: (kind: Output), stream: (transactions: Markers())");
    let found = bench.found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         stored 0 @1 attempt=2 unasked
         acked 0 ok
         delivered 0 @0 committed
         stored 0 @2:0 in=7/1
         delivered 0 @1 committed
         stored 0 @2:1 in=7/1
         marked @2:2 7/1 commit
         applied 0 @2:0
         applied 0 @2:1",
    );
    assert_eq!(
        found,
        [
            "log 0 D1 inbound",
            "delivery 0 D1 inbound",
            "log 0 D1 inbound",
            "effect 0 D1 inbound"
        ]
    );
}

/// What is found at the effect when the broker of an output loses power after the output had taken effect.
fn after_power_loss(invariant: &str, then: &str) -> Vec<String> {
    let bench =
        Bench::of("work: Transact(), sink: (kind: Output), stream: (transactions: Markers())");
    let history = format!(
        "intent 0
         stored 0 @0
         acked 0 ok
         delivered 0 @0 committed
         stored 0 @2:0 in=7/1
         decided 7/1 commit
         marked @2:1 7/1 commit
         applied 0 @2:0
         progress @1
         power-loss broker-0
         {then}"
    );
    let mut found = bench.found_of(invariant, &history);
    found.retain(|line| line.starts_with("effect"));
    found
}

#[test]
fn l3_an_output_is_an_effect_as_long_as_it_stands_decided_in_its_log_f018() {
    assert!(after_power_loss("no_loss", "").is_empty());
    let lost = ["effect 0 L3 outbound"];
    assert_eq!(after_power_loss("no_loss", "truncated @2:0..2"), lost);
    assert_eq!(after_power_loss("no_loss", "truncated @2:1..2"), lost);
}

#[test]
fn an_effect_that_was_lost_with_its_output_or_with_its_marker_comes_again_once() {
    let again = "stored 0 @2:0 in=7/2
         marked @2:1 7/2 commit
         applied 0 @2:0";
    let redone = format!("truncated @2:0..2\n{again}");
    let marked = "truncated @2:1..2
         marked @2:1 7/1 commit
         applied 0 @2:0";
    for then in [redone.as_str(), marked] {
        assert!(after_power_loss("no_duplicate", then).is_empty(), "{then}");
        assert!(after_power_loss("no_loss", then).is_empty(), "{then}");
        assert!(after_power_loss("same_state", then).is_empty(), "{then}");
    }
}

/// The marker is lost, and the group's offsets with it; the next transaction's marker then decides both outputs.
#[test]
fn d9_two_outputs_that_one_marker_decides_have_the_cause_of_the_second_delivery() {
    let found = after_power_loss(
        "no_duplicate",
        "truncated @2:1..2
         assigned @0
         delivered 0 @0 committed
         stored 0 @2:1 in=7/2
         decided 7/2 commit
         marked @2:2 7/2 commit
         applied 0 @2:0
         applied 0 @2:1",
    );
    assert_eq!(found, ["effect 0 D9 outbound"]);
}

/// Each worker counts its own attempts.
#[test]
fn d1_an_attempt_of_another_copy_is_no_attempt_of_this_one() {
    let found = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         stored 0 @1 attempt=2
         delivered 0 @0
         delivered 0 @1
         applied 0 @1
         applied 0 @0 attempt=3
         applied 0 @1 attempt=3",
    );
    let effects = ["effect 0 D1 inbound", "effect 0 D1 outbound"];
    assert_eq!(found[2..], effects);
}

/// F022: a late end of the transaction before has committed a part of 7/1. What keeps a transaction that is sent again
/// from being doubled is its abort; no store is asked for what another transaction held. So neither the new epoch (D5)
/// nor the new session (D2) is why, but that readers were given what should have come to nothing.
#[test]
fn d10_a_late_end_committed_what_its_client_aborts_or_leaves_and_sends_again_f022() {
    let history = |before: &str, session: u32| {
        let [at, end] = if before.contains("stored") {
            [3, 4]
        } else {
            [2, 3]
        };
        format!(
            "intent 0
             intent 1
             opened 7/1
             attempt 0
             attempt 1
             stored 0 @0 in=7/1 missed=New
             decided 7/1 commit
             marked @1 7/1 commit
             delivered 0 @0 committed
             applied 0 @0
             {before}
             opened 7/2
             attempt 0 attempt=2 session={session}
             stored 0 @{at} in=7/2 attempt=2 session={session} missed=New
             decided 7/2 commit
             marked @{end} 7/2 commit
             delivered 0 @{at} committed
             applied 0 @{at}"
        )
    };
    let found = |before: &str, session: u32| {
        Bench::default().found_of("no_duplicate", &history(before, session))
    };
    let all = |number: u8| {
        ["log", "delivery", "effect"].map(|level| format!("{level} 0 D{number} inbound"))
    };
    assert_eq!(found("concluded 7/1 abort failed", 0), all(10));
    assert_eq!(found("crash producer-0", 1), all(10), "1 was not stored");
    // Its own client committed it, whole, and did it again.
    let whole = "stored 1 @2 in=7/1\ndecided 7/1 commit";
    assert_eq!(found(whole, 0), all(5));
    assert_eq!(found(&format!("{whole}\ncrash producer-0"), 1), all(2));
}

#[test]
fn d10_a_late_end_committed_outputs_that_their_client_aborts_and_makes_again_f022() {
    let history = |concluded: &str| {
        format!(
            "intent 0
             stored 0 @0
             delivered 0 @0
             stored 0 @2:0 in=7/1
             decided 7/1 commit
             marked @2:1 7/1 commit
             applied 0 @2:0
             {concluded}
             delivered 0 @0
             stored 0 @2:2 in=7/2
             decided 7/2 commit
             marked @2:3 7/2 commit
             applied 0 @2:2"
        )
    };
    let bench = Bench::of("work: Transact(), sink: (kind: Output)");
    let found = |concluded: &str| bench.found_of("no_duplicate", &history(concluded));
    let [log, effect] = ["log", "effect"].map(|level| format!("{level} 0 D10 outbound"));
    let again = "delivery 0 D7 outbound".to_owned();
    assert_eq!(
        found("concluded 7/1 abort failed"),
        [again.clone(), log, effect],
        "it was given again, for its offset was not committed; but that is not why there are two outputs"
    );
    let [log, effect] = ["log", "effect"].map(|level| format!("{level} 0 D7 outbound"));
    assert_eq!(found("crash consumer-0"), [again, log, effect]);
}

#[test]
fn d10_an_aborted_output_was_committed_with_the_next_one() {
    let bench =
        Bench::of("work: Transact(), sink: (kind: Output), stream: (transactions: Markers())");
    let found = bench.found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         acked 0 ok
         delivered 0 @0 committed
         stored 0 @2:0 in=7/1
         decided 7/1 abort
         assigned @0
         delivered 0 @0 committed
         stored 0 @2:1 in=7/2
         decided 7/2 commit
         marked @2:2 7/2 commit
         applied 0 @2:0
         applied 0 @2:1",
    );
    assert_eq!(
        found,
        [
            "delivery 0 D7 outbound",
            "log 0 D10 outbound",
            "effect 0 D10 outbound"
        ]
    );
}

// Losses.

#[test]
fn l1_ok_was_said_before_it_was_stored_f012() {
    let found = losses("intent 0\nattempt 0\nacked 0 ok");
    assert_eq!(found[0], "log 0 L1 inbound");
}

/// A relay that waits for nothing saves its position as the packet is handed over; a crash may keep that from leaving.
#[test]
fn l1_it_counted_as_sent_before_it_was_stored() {
    let found = |strategy, rest: &str| {
        let history = format!("intent 0\n{rest}\nend stuck");
        let all = Bench::of(strategy).found(&history);
        let of = |line: &String| line.contains("no_loss") || line.contains("convergence");
        all.into_iter().filter(of).collect::<Vec<String>>()
    };
    let relay = "source: Outbox(), publish: (wait: Nothing), work: Loop(mark: After)";
    let lost = [
        "no_loss log 0 L1 inbound",
        "no_loss delivery 0 L1 inbound",
        "no_loss effect 0 L1 inbound",
    ];
    let late = ["convergence log 0 ? inbound, promised"];
    assert_eq!(found(relay, "crash producer-0"), lost);
    assert_eq!(found(relay, ""), late, "it may still come to it");
    assert_eq!(
        found(relay, "crash producer-0\nattempt 0 session=1"),
        late,
        "it was read again"
    );
    assert_eq!(
        found(relay, "crash producer-0\nacked 0 unknown"),
        [""; 0],
        "its source knows of it"
    );
    let waits = "source: Outbox(), work: Loop(mark: After)";
    let live = "publish: (wait: Nothing), work: Loop(mark: After)";
    for strategy in [waits, live] {
        assert_eq!(found(strategy, "crash producer-0"), late);
    }
}

#[test]
fn l1_the_only_copy_went_with_its_disk() {
    let found =
        losses("intent 0\nattempt 0\nstored 0 @0\nacked 0 ok\ndisk-loss broker-0\ntruncated @0..1");
    assert_eq!(found[0], "log 0 L1 inbound");
}

#[test]
fn l2_it_was_truncated_although_its_broker_lost_nothing_f015() {
    let found =
        losses("intent 0\nattempt 0\nstored 0 @0\nacked 0 ok\ncrash broker-0\ntruncated @0..1");
    assert_eq!(found[0], "log 0 L2 inbound");
}

#[test]
fn l3_a_power_loss_took_what_was_not_flushed_f083() {
    let found = losses(
        "intent 0\nattempt 0\nstored 0 @0\nacked 0 ok\npower-loss broker-0\ntruncated @0..1",
    );
    let all = [
        "log 0 L3 inbound",
        "delivery 0 L3 inbound",
        "effect 0 L3 inbound",
    ];
    assert_eq!(found, all);
    let after = losses(&format!(
        "{APPLIED}\nprogress @1\npower-loss broker-0\ntruncated @0..1"
    ));
    assert_eq!(after, ["log 0 L3 inbound"], "whoever read it before has it");
}

#[test]
fn l4_progress_was_marked_before_the_effect_f041_f042() {
    let found = losses(
        "intent 0
         attempt 0
         stored 0 @0
         acked 0 ok
         progress @1
         delivered 0 @0
         crash consumer-0
         assigned @1",
    );
    assert_eq!(found, ["effect 0 L4 outbound"]);
}

#[test]
fn l5_taken_for_a_repeat_by_the_stream_or_by_the_sink_f092() {
    let stream = losses("intent 0\nattempt 0\nrecognised 0 stream\nacked 0 ok repeat");
    assert_eq!(stream[0], "log 0 L5 inbound");
    let sink = losses(
        "intent 0
         attempt 0
         stored 0 @0
         acked 0 ok
         delivered 0 @0
         recognised 0 sink
         progress @1",
    );
    assert_eq!(sink, ["effect 0 L5 outbound"]);
}

#[test]
fn l5_its_id_outlived_it_and_l3_it_was_lost_after_its_ok() {
    let lost = "intent 0
         attempt 0
         stored 0 @0
         power-loss broker-0
         truncated @0..1";
    let mistaken = losses(&format!(
        "{lost}\nattempt 0 attempt=2\nrecognised 0 stream\nacked 0 ok repeat"
    ));
    assert_eq!(mistaken[0], "log 0 L5 inbound");
    // Its client had been told ok before, and the retry was only late: it would have come to nothing anyway.
    let late = losses(&format!("{lost}\nacked 0 ok\nrecognised 0 stream"));
    assert_eq!(late[0], "log 0 L3 inbound");
}

#[test]
fn l6_its_transaction_was_aborted_l7_where_it_should_have_been_committed() {
    let history = |decided: &str| {
        format!(
            "intent 0
             attempt 0
             stored 0 @0 in=7/1
             acked 0 ok
             decided 7/1 {decided}
             marked @1 7/1 abort"
        )
    };
    assert_eq!(losses(&history("abort forced"))[0], "log 0 L6 inbound");
    assert_eq!(losses(&history("commit"))[0], "log 0 L7 inbound");
}

#[test]
fn l8_a_reader_was_reset_beyond_it_f048() {
    let found = losses(
        "intent 0
         attempt 0
         stored 0 @0
         acked 0 ok
         assigned @0
         reset @1
         usual 1 @1",
    );
    assert_eq!(found, ["delivery 0 L8 outbound", "effect 0 L8 outbound"]);
}

#[test]
fn l8_even_if_it_was_delivered_before_and_nothing_comes_behind_it() {
    let history = "intent 0
         attempt 0
         stored 0 @0
         acked 0 ok
         assigned @0
         delivered 0 @0
         crash consumer-0
         reset @1";
    assert_eq!(losses(history), ["effect 0 L8 outbound"]);
    assert_eq!(standstill(&Bench::default(), history), [""; 0]);
}

#[test]
fn l8_a_reader_stood_beyond_it_when_it_took_a_lost_records_offset_f014() {
    let found = losses(&format!(
        "{APPLIED}
         progress @1
         power-loss broker-0
         truncated @0..1
         intent 1
         attempt 1
         stored 1 @0
         acked 1 ok"
    ));
    let all = [
        "log 0 L3 inbound",
        "delivery 1 L8 outbound",
        "effect 1 L8 outbound",
    ];
    assert_eq!(found, all);
}

/// The effect that is marked is one of a record that the log has lost meanwhile: the mark passes the record that took
/// its place.
#[test]
fn l8_a_sink_marked_the_offset_with_the_effect_of_a_lost_record_f014() {
    let history = "intent 0
         attempt 0
         stored 0 @0
         acked 0 ok
         delivered 0 @0
         power-loss broker-0
         truncated @0..1
         intent 1
         attempt 1
         stored 1 @0
         acked 1 ok
         applied 0 @0";
    let bench = Bench::of("work: Loop(mark: WithEffect), sink: (fence: Token)");
    let all = [
        "log 0 L3 inbound",
        "delivery 1 L8 outbound",
        "effect 1 L8 outbound",
    ];
    assert_eq!(bench.found_of("no_loss", history), all);
    assert_eq!(standstill(&bench, history), [""; 0]);
    // Marked in the stream, it is still to be read: nobody committed its offset.
    assert_eq!(losses(history), all[..1]);
    // Unless somebody does, for the lost one.
    let marked = format!("{history}\nprogress @1");
    assert_eq!(losses(&marked), all);
    let marks = Bench::default().found_of("mark_matches_effect", &marked);
    assert_eq!(marks, ["effect 1 L8 outbound"]);
}

#[test]
fn l1_an_effect_went_with_the_disk_of_the_sink_whoever_keeps_the_mark() {
    let history = format!("{APPLIED}\ndisk-loss sink-0");
    let bench = Bench::of("work: Loop(mark: WithEffect), sink: (fence: Token)");
    let found = bench.found_of("no_loss", &history);
    assert_eq!(found, ["effect 0 L1 outbound"]);
    assert_eq!(standstill(&bench, &history), [""; 0]);
    let marks =
        Bench::default().found_of("mark_matches_effect", &format!("{history}\nprogress @1"));
    assert_eq!(marks, ["effect 0 L1 outbound"]);
}

#[test]
fn l9_a_handler_passed_over_it_f069() {
    let found = losses(
        "intent 0
         attempt 0
         stored 0 @0
         acked 0 ok
         delivered 0 @0
         skipped 0
         progress @1",
    );
    assert_eq!(found, ["effect 0 L9 outbound"]);
}

#[test]
fn l10_it_was_hidden_from_readers_f032() {
    let found = losses(
        "intent 0
         attempt 0
         stored 0 @0
         acked 0 ok
         intent 1
         stored 1 @1
         acked 1 ok
         assigned @0
         delivered 1 @1
         applied 1 @1
         progress @2",
    );
    assert_eq!(found, ["delivery 0 L10 outbound", "effect 0 L10 outbound"]);
}

#[test]
fn l11_an_open_breaker_dropped_it() {
    let found = losses("intent 0\nacked 0 ok");
    assert_eq!(found[0], "log 0 L11 inbound");
    let breaker = "work: Loop(mark: After), publish: (retry: Backoff(
        breaker: (failures: 2, open_for: \"1s\", on_open: Lose),
    ))";
    let tried = Bench::of(breaker).found_of("no_loss", "intent 0\nattempt 0\nacked 0 ok");
    assert_eq!(tried[0], "log 0 L11 inbound");
}

// Reorders.

#[test]
fn r1_a_retry_came_behind_a_later_send_f002() {
    let found = Bench::default().found_of(
        "key_order",
        "intent 0
         intent 1
         stored 1 @0
         stored 0 @1 attempt=2",
    );
    assert_eq!(found, ["log 0 R1 inbound"]);
}

#[test]
fn r3_a_redelivery_came_behind_a_later_record_f101() {
    let found = Bench::default().found_of(
        "key_order",
        "intent 0
         intent 1
         stored 0 @0
         stored 1 @1
         delivered 0 @0
         delivered 1 @1
         applied 1 @1
         delivered 0 @0
         applied 0 @0",
    );
    assert_eq!(found, ["effect 0 R3 outbound"]);
}

#[test]
fn r5_a_worker_beside_it_was_faster() {
    let overtaken = "intent 0
         intent 1
         stored 0 @0
         stored 1 @1
         delivered 0 @0
         delivered 1 @1
         applied 1 @1
         applied 0 @0";
    let workers = Bench::of("work: Loop(mark: After, workers: 2)");
    let found = workers.found_of("key_order", overtaken);
    assert_eq!(found, ["effect 0 R5 outbound"]);
    // Who works alone and waits for no answer was overtaken on the way to the sink.
    let hasty = Bench::of("work: Loop(mark: Before, sink_timeout: None)");
    let found = hasty.found_of("key_order", overtaken);
    assert_eq!(found, ["effect 0 R1 outbound"]);
    // Who works alone and waits went on past it, and came back.
    let found = Bench::default().found_of("key_order", overtaken);
    assert_eq!(found, ["effect 0 R3 outbound"]);
}

#[test]
fn r5_two_owners_of_a_key_work_side_by_side() {
    let found = Bench::default().found_of(
        "key_order",
        "intent 0
         intent 1
         stored 0 @0
         stored 1 @1
         delivered 0 @0
         delivered 1 @1 consumer=1
         applied 1 @1 actor=1
         applied 0 @0",
    );
    assert_eq!(found, ["effect 0 R5 outbound"]);
}

/// An output was stored and lost before its transaction was decided: the mark came without it.
#[test]
fn l3_an_output_was_lost_before_it_was_decided() {
    let bench =
        Bench::of("work: Transact(), sink: (kind: Output), stream: (transactions: Markers())");
    let found = bench.found_of(
        "no_loss",
        "intent 0
         attempt 0
         stored 0 @0
         acked 0 ok
         delivered 0 @0
         stored 0 @2:0 in=7/1
         power-loss broker-0
         truncated @2:0..1
         decided 7/1 commit
         progress @1",
    );
    assert_eq!(found, ["effect 0 L3 outbound"]);
}

#[test]
fn l9_a_leg_was_put_aside() {
    let mut bench = Bench::default();
    bench.workload.money = semel_models::workload::Money::Transfers;
    let found = bench.found_of(
        "conservation",
        "usual 0 @0
         intent 1
         attempt 1
         stored 1 @1
         acked 1 ok
         delivered 1 @1
         parked 1
         progress @2",
    );
    assert_eq!(found, ["effect 1 L9 outbound"]);
}

// Standstills.

fn standstill(bench: &Bench, history: &str) -> Vec<String> {
    bench.found_of("convergence", history)
}

#[test]
fn s1_an_open_transaction_holds_up_what_is_behind_it_f020() {
    let found = standstill(
        &Bench::default(),
        "intent 0
         stored 0 @0 in=7/1
         acked 0 unknown
         intent 1
         stored 1 @1
         acked 1 ok
         hanging @0 7/1",
    );
    assert_eq!(
        found,
        [
            "log 0 S1 inbound, promised",
            "delivery 1 S1 inbound, promised"
        ],
        "on the side on which it was opened, as stable_progress says"
    );
}

#[test]
fn s1_an_offset_that_is_undecided_was_left_so_by_a_consumer_f020() {
    let found = standstill(
        &Bench::of("work: Transact(), sink: (kind: Output)"),
        "intent 0
         stored 0 @0
         acked 0 ok
         unsettled @0:0 7/1",
    );
    assert_eq!(found, ["delivery 0 S1 outbound, promised"]);
}

/// What was open when a group had formed once too often would have been undone next (F045): it hangs for nobody.
#[test]
fn s7_a_transaction_that_would_be_undone_next_is_not_what_holds_up() {
    let storm = |end: &str| {
        let history = format!(
            "intent 0
             attempt 0
             stored 0 @0
             acked 0 ok
             assigned @0 generation=1
             delivered 0 @0 generation=1
             stored 0 @2:0 in=7/1
             decided 7/1 abort
             marked @2:1 7/1 abort
             assigned @0 generation=2
             delivered 0 @0 generation=2
             stored 0 @2:2 in=7/2
             decided 7/2 abort
             marked @2:3 7/2 abort
             assigned @0 generation=3
             delivered 0 @0 generation=3
             stored 0 @2:4 in=7/3
             hanging @2:4 7/3
             {end}"
        );
        let found =
            Bench::of("work: Transact(right: Group()), sink: (kind: Output)").found(&history);
        let of = |line: &String| line.contains("convergence") || line.contains("stable_progress");
        found.into_iter().filter(of).collect::<Vec<String>>()
    };
    assert_eq!(
        storm("end stuck"),
        ["convergence effect 0 S7 outbound, promised"]
    );
    assert_eq!(
        storm("end settled"),
        [
            "stable_progress log 0 S1 outbound, promised",
            "convergence effect 0 S1 outbound, promised"
        ]
    );
}

#[test]
fn s3_a_key_in_progress_is_never_finished_f111() {
    let found = standstill(
        &Bench::default(),
        "intent 0
         stored 0 @0
         acked 0 ok
         delivered 0 @0
         recognised 0 sink in-flight",
    );
    assert_eq!(found, ["effect 0 S3 outbound, promised"]);
}

#[test]
fn s3_a_key_in_progress_holds_up_those_behind_it() {
    let found = standstill(
        &Bench::default(),
        "intent 0
         stored 0 @0
         acked 0 ok
         delivered 0 @0
         applied 0 @0
         recognised 0 sink in-flight
         intent 1
         stored 1 @1
         acked 1 ok",
    );
    assert_eq!(found, ["delivery 1 S3 outbound, promised"]);
}

#[test]
fn s4_poison_at_the_head_of_the_line_f052() {
    let mut bench = Bench::default();
    bench.workload.poison_every = 2;
    let found = standstill(
        &bench,
        "usual 0 @0
         intent 1
         stored 1 @1
         acked 1 ok
         delivered 1 @1
         intent 2
         stored 2 @2
         acked 2 ok",
    );
    assert_eq!(
        found,
        [
            "effect 1 S4 outbound, beyond NoPoison",
            "delivery 2 S4 outbound, beyond NoPoison"
        ]
    );
}

#[test]
fn s5_it_is_sent_again_and_again_and_never_taken_s6_because_its_sender_is_stale() {
    let again = "intent 0\nattempt 0\nattempt 0 attempt=2";
    let bench = Bench::of(
        "publish: (name: Sequence), stream: (recognise: Sequence()), work: Loop(mark: After)",
    );
    assert_eq!(standstill(&bench, again), ["log 0 S5 inbound, promised"]);
    let behind = standstill(&bench, &format!("{again}\nintent 1"));
    assert_eq!(behind[1], "log 1 S5 inbound, promised");
    let fenced = format!("{again}\nrefused 0 stream");
    assert_eq!(standstill(&bench, &fenced), ["log 0 S6 inbound, promised"]);
}

/// Who names by no sequence leaves no gap in it; a breaker that puts records aside is a client that has given up for now.
#[test]
fn l11_a_client_that_stopped_trying_waits_for_no_sequence_f067() {
    let found = |strategy| standstill(&Bench::of(strategy), "intent 0\nattempt 0\nend stuck");
    let parks = "work: Loop(mark: After), publish: (retry: Backoff(
        breaker: (failures: 1, open_for: \"900s\", on_open: Park),
    ))";
    assert_eq!(found(parks), ["log 0 L11 inbound, promised"]);
    let tries = "work: Loop(mark: After)";
    assert_eq!(found(tries), ["log 0 ? inbound, promised"]);
}

/// A leg whose client gave it up was never acknowledged: nothing was said before it was safe.
#[test]
fn l11_a_leg_was_given_up_after_its_timeout_f067() {
    let mut bench = Bench::default();
    bench.workload.money = semel_models::workload::Money::Transfers;
    let found = |said: &str| {
        let history = format!("usual 0 @0\nintent 1\nattempt 1\nacked 1 {said}");
        bench.found_of("conservation", &history)
    };
    assert_eq!(found("unknown"), ["effect 1 L11 inbound"]);
    assert_eq!(found("ok"), ["effect 1 L1 inbound"]);
}

/// Its mark travels with an effect that it will never have (`WithEffect`), or nobody has marked it yet: whoever takes it
/// for a repeat does so again.
#[test]
fn l5_a_consumer_took_it_for_a_repeat_at_the_end_of_the_log() {
    let bench =
        Bench::of("work: Loop(mark: WithEffect, recognise: Volatile()), publish: (name: Content)");
    let history = "usual 0 @0\nintent 1\nattempt 1\nstored 1 @1\nacked 1 ok";
    let taken = format!("{history}\nrecognised 1 consumer");
    let found = bench.found_of("no_loss", &taken);
    assert_eq!(found, ["delivery 1 L5 outbound", "effect 1 L5 outbound"]);
    assert_eq!(standstill(&bench, &taken), [""; 0]);
    assert_eq!(bench.found_of("no_loss", history), [""; 0]);
    assert_eq!(standstill(&bench, history).len(), 1);
}

/// F036, §1.5: a reader that is put behind what it had not marked never comes to it, whatever was undone before.
#[test]
fn l8_a_reader_jumped_over_what_was_aborted() {
    let found = |rest: &str| {
        let history = format!(
            "intent 0
             attempt 0
             stored 0 @0
             acked 0 ok
             assigned @0
             delivered 0 @0
             stored 0 @2:0 in=7/1
             decided 7/1 abort
             marked @2:1 7/1 abort
             {rest}"
        );
        let bench = Bench::of("work: Transact(), sink: (kind: Output)");
        let mut found = bench.found_of("no_loss", &history);
        found.extend(bench.found_of("mark_matches_effect", &history));
        found
    };
    let jumped = found("reset @1\nprogress @1");
    assert_eq!(jumped, ["effect 0 L8 outbound", "effect 0 L8 outbound"]);
    let torn = found("progress @1\nreset @1");
    assert_eq!(torn, ["effect 0 L7 outbound", "effect 0 L7 outbound"]);
}

/// Nobody had acknowledged it, but it had taken effect.
#[test]
fn l1_an_unknown_effect_went_with_the_disk_of_the_sink() {
    let history = "intent 0\nattempt 0\nstored 0 @0\nacked 0 unknown\ndelivered 0 @0\napplied 0 @0";
    let found = |rest: &str| Bench::default().found_of("same_state", &format!("{history}\n{rest}"));
    assert_eq!(found("disk-loss sink-0"), ["effect 0 L1 outbound"]);
    assert_eq!(found("disk-loss consumer-0"), [""; 0]);
}

/// A consumer's own memory is dedup state too: a crash takes it if it is volatile, and its disk if it is not.
#[test]
fn d2_a_consumers_memory_was_not_kept() {
    let found = |memory: &str, outage: &str| {
        let strategy =
            format!("work: Loop(mark: After, recognise: {memory}), publish: (name: Intent)");
        let bench = Bench::of(strategy.leak())
            .promising("(level: effect, keeps: no_duplicate, assuming: [DedupKept])");
        let rest =
            format!("{APPLIED}\n{outage} consumer-0\nassigned @0\ndelivered 0 @0\napplied 0 @0");
        bench
            .found_of("no_duplicate", &rest)
            .pop()
            .expect("it took effect again")
    };
    let lost = "effect 0 D2 outbound, beyond DedupKept";
    assert_eq!(found("Volatile()", "crash"), lost);
    assert_eq!(found("Durable()", "disk-loss"), lost);
    assert_eq!(
        found("Durable()", "crash"),
        "effect 0 D7 outbound, promised"
    );
}

/// What is made of a record that takes no effect: a dead letter, put aside again after a crash.
#[test]
fn d7_a_dead_letter_is_put_aside_twice_where_its_mark_was_missing_f052() {
    let found = Bench::default().found_of(
        "no_duplicate",
        "intent 0
         stored 0 @0
         intent 1
         attempt 1
         stored 1 @1
         delivered 1 @1
         stored 1 @4:0
         crash consumer-0
         delivered 1 @1
         stored 1 @4:1",
    );
    assert_eq!(found, ["delivery 1 D7 outbound", "log 1 D7 outbound"]);
}

/// One handler reads several partitions.
#[test]
fn s4_poison_of_another_partition_holds_the_reader_up_too() {
    let mut bench = Bench::default();
    bench.workload.poison_every = 2;
    let history = "assigned @1:0
         assigned @0
         intent 0
         stored 0 @1:0
         acked 0 ok
         intent 1
         stored 1 @0
         acked 1 ok
         progress @1
         delivered 1 @0
         end stuck";
    assert_eq!(
        standstill(&bench, history),
        ["delivery 0 S4 outbound, beyond NoPoison"]
    );
    bench.workload.poison_every = 0;
    assert_eq!(
        standstill(&bench, history),
        ["delivery 0 ? outbound, promised"]
    );
}

/// A zombie wakes up and is given the poison as well, after its new owner.
#[test]
fn s4_poison_of_another_partition_is_in_its_owners_hands_whoever_got_it_last() {
    let mut bench = Bench::default();
    bench.workload.poison_every = 2;
    let history = "assigned @0 generation=1
         intent 0
         stored 0 @1:0
         acked 0 ok
         intent 1
         stored 1 @0
         acked 1 ok
         assigned @0 consumer=1 generation=2
         assigned @1:0 consumer=1 generation=2
         delivered 1 @0 consumer=1 generation=2
         delivered 1 @0 generation=1
         end stuck";
    let found = standstill(&bench, history);
    assert_eq!(
        found,
        [
            "delivery 0 S4 outbound, beyond NoPoison",
            "effect 1 S4 outbound, beyond NoPoison"
        ]
    );
}

#[test]
fn s4_workers_hang_on_poison_although_it_is_marked_f052() {
    let mut bench = Bench::default();
    bench.workload.poison_every = 1;
    let history = "intent 0
         stored 0 @0
         acked 0 ok
         delivered 0 @0
         progress @1
         end stuck";
    let found = standstill(&bench, history);
    assert!(found[0].starts_with("effect 0 S4 outbound"), "{found:?}");
}

#[test]
fn s7_the_group_forms_again_and_again() {
    let grouped = Bench::of("work: Loop(mark: After, right: Group())");
    let found = standstill(
        &grouped,
        "intent 0
         stored 0 @0
         acked 0 ok
         assigned @0 generation=1
         assigned @0 generation=2
         assigned @0 generation=3",
    );
    assert_eq!(found, ["delivery 0 S7 outbound, promised"]);
    let round = |generation: u32| {
        format!(
            "assigned @0 generation={generation}
             delivered 0 @0 generation={generation}
             applied 0 @0 token={generation}"
        )
    };
    let history = format!(
        "intent 0\nstored 0 @0\nacked 0 ok\n{}\n{}",
        round(1),
        round(2)
    );
    let behind = format!("{history}\nintent 1\nstored 1 @1\nacked 1 ok");
    assert_eq!(
        standstill(&grouped, &behind),
        ["delivery 1 S7 outbound, promised"],
        "F045: what stands behind a poll that takes too long"
    );
    let circles = standstill(&grouped, &format!("{history}\nend stuck"));
    assert_eq!(
        circles,
        ["delivery - S7 outbound, promised"],
        "F045: every attempt is too slow"
    );
    let fenced = Bench::of("work: Loop(mark: After, right: Group()), sink: (fence: Token)");
    assert_eq!(
        standstill(&fenced, &format!("{behind}\nrefused 1 sink token=1")),
        ["delivery 1 S7 outbound, promised"],
        "a sink that refuses former owners only says what the group does"
    );
}
