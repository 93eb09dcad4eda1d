//! Causes that were once taken for another: each beside the history that it is easily mistaken for.

use crate::history::Bench;

const OUTPUT: &str = "work: Transact(), sink: (kind: Output)";

fn last(bench: &Bench, invariant: &str, history: &str) -> String {
    let mut found = bench.found_of(invariant, history);
    found.pop().unwrap_or_default()
}

/// What is made of a record and waits in an output is no copy of the record: the first copy was read, and lost.
#[test]
fn d10_a_waiting_output_is_no_copy_of_its_input() {
    let found = |lost: &str| {
        let history = format!(
            "intent 0
             attempt 0
             stored 0 @0 missed=New
             assigned @0
             delivered 0 @0
             stored 0 @2:0 in=7/1
             {lost}
             attempt 0 attempt=2
             stored 0 @1 attempt=2 missed=New
             decided 7/1 commit
             marked @2:1 7/1 commit
             applied 0 @2:0
             delivered 0 @1
             stored 0 @2:2 in=7/2
             decided 7/2 commit
             marked @2:3 7/2 commit
             applied 0 @2:2"
        );
        last(&Bench::of(OUTPUT), "no_duplicate", &history)
    };
    let lost = "power-loss broker-0\ntruncated @0..1\nreset @0";
    assert_eq!(found(lost), "effect 0 D10 outbound");
    assert_eq!(found(""), "effect 0 D5 inbound");
}

/// An output of an epoch that is over was let in: no fence stood there, whatever else had gone wrong before.
#[test]
fn d8_an_output_came_when_its_epoch_was_over() {
    let found = |redelivered: &str, epoch: u16| {
        let history = format!(
            "intent 0
             stored 0 @0
             assigned @0
             delivered 0 @0
             {redelivered}
             stored 0 @2:0 attempt=2 in=7/1 epoch=0
             decided 7/1 commit
             marked @2:1 7/1 commit epoch=1
             applied 0 @2:0 attempt=2
             stored 0 @2:2 attempt=1 in=7/1 epoch={epoch}
             marked @2:3 7/2 commit epoch=2
             applied 0 @2:2 attempt=1"
        );
        Bench::of(OUTPUT).found_of("no_duplicate", &history)
    };
    let log_and_effect =
        |cause: &str| ["log", "effect"].map(|level| format!("{level} 0 {cause} outbound"));
    assert_eq!(found("", 0), log_and_effect("D8"));
    assert_eq!(found("", 1), log_and_effect("D5"));
    let crashed = "crash consumer-0\nassigned @0\ndelivered 0 @0";
    assert_eq!(found(crashed, 0)[1..], log_and_effect("D8"));
    assert_eq!(found(crashed, 1)[1..], log_and_effect("D7"));
}

/// It was never stored before its successor, and then that one's copy was lost: no offset says so any more.
#[test]
fn r1_a_retry_came_when_its_successor_had_been_read_and_lost() {
    let found = |strategy: &'static str, stored: &str, retried: &str| {
        let history = format!(
            "intent 0
             intent 1
             attempt 0
             attempt 1
             assigned @0
             {stored}
             stored 1 @0
             delivered 1 @0
             applied 1 @0
             power-loss broker-0
             truncated @0..1
             reset @0
             {retried}"
        );
        Bench::of(strategy).found_of("key_order", &history)
    };
    let retried = "stored 0 @0 attempt=3\ndelivered 0 @0\napplied 0 @0";
    let one = "work: Loop(mark: After)";
    let several = "work: Loop(mark: After, workers: 4)";
    for strategy in [one, several] {
        assert_eq!(found(strategy, "", retried), ["effect 0 R1 inbound"]);
    }
    // It was there in time, in another partition: what came late is its reader.
    let in_time = "stored 0 @1:0";
    let read = "delivered 0 @1:0\napplied 0 @1:0";
    assert_eq!(found(one, in_time, read), ["effect 0 R3 outbound"]);
    // Its reader had passed it over, and was put back: nobody has to have waited for the sink to tell.
    let at_once = "work: Loop(mark: Before, sink_timeout: None)";
    let history = "intent 0
         stored 0 @0
         intent 1
         stored 1 @1
         assigned @1
         delivered 1 @1
         progress @2
         applied 1 @1
         reset @0
         delivered 0 @0
         applied 0 @0";
    let passed_over = Bench::of(at_once).found_of("key_order", history);
    assert_eq!(passed_over, ["effect 0 R3 outbound"]);
    let on_its_way = history.replace("assigned @1", "assigned @0\ndelivered 0 @0\nprogress @1");
    let on_its_way = on_its_way.replace("reset @0\n         delivered 0 @0\n", "");
    let overtaken = Bench::of(at_once).found_of("key_order", &on_its_way);
    assert_eq!(overtaken, ["effect 0 R1 outbound"]);
    assert_eq!(found(several, in_time, read), ["effect 0 R5 outbound"]);
}

/// Where the mark is in the sink with the effect, a reader that is put before it reads again what was marked.
#[test]
fn d9_a_reader_was_put_before_what_its_sink_had_marked() {
    let bench = Bench::of("work: Loop(mark: WithEffect)");
    let found = |rest: &str| {
        let history = format!(
            "intent 0
             stored 0 @0
             assigned @0
             delivered 0 @0
             {rest}"
        );
        bench.found_of("no_duplicate", &history)
    };
    let reset = found("applied 0 @0\nreset @0\ndelivered 0 @0");
    assert_eq!(reset, ["delivery 0 D9 outbound"]);
    let unmarked = found("crash consumer-0\nassigned @0\ndelivered 0 @0");
    assert_eq!(unmarked, ["delivery 0 D7 outbound"]);
    // The new owner had read the position before the former one acted.
    let moved = found(
        "assigned @0 consumer=1 generation=2
         applied 0 @0 token=1
         delivered 0 @0 consumer=1 generation=2",
    );
    assert_eq!(moved, ["delivery 0 D8 outbound"]);
}

/// The former owner is given the record once more, and comes to nothing; who owns it was given it because the mark had
/// gone back.
#[test]
fn d9_an_output_is_of_the_delivery_before_it_and_not_of_a_later_one() {
    let found = |position: u64| {
        let history = format!(
            "usual 0 @0
             stored 0 @2:0 in=7/1
             decided 7/1 commit
             marked @2:1 7/1 commit
             assigned @0:{position} consumer=1 generation=2
             delivered 0 @0 consumer=1 generation=2
             stored 0 @2:2 in=8/1
             delivered 0 @0 consumer=0 generation=1
             decided 8/1 commit
             marked @2:3 8/1 commit
             applied 0 @2:2 consumer=1 token=2"
        );
        last(&Bench::of(OUTPUT), "no_duplicate", &history)
    };
    assert_eq!(found(0), "effect 0 D9 outbound");
}

/// The transaction was aborted as a whole, and would be done again; but a mark from before the log was lost stands
/// beyond its input.
#[test]
fn l8_an_old_mark_outlived_the_log_it_was_about() {
    let found = |rest: &str| {
        let history = format!(
            "usual 0 @0
             power-loss broker-0
             truncated @0..1
             reset @0
             intent 1
             stored 1 @0
             acked 1 ok
             delivered 1 @0
             stored 1 @2:0 in=7/2
             crash consumer-0
             decided 7/2 abort
             marked @2:1 7/2 abort
             {rest}
             assigned @1"
        );
        let bench = Bench::of(OUTPUT);
        let mut found = bench.found_of("no_loss", &history);
        found.extend(bench.found_of("mark_matches_effect", &history));
        found.retain(|line| line.starts_with("effect 1"));
        found
    };
    assert_eq!(found(""), ["effect 1 L8 outbound"; 2]);
    assert_eq!(found("progress @1"), ["effect 1 L7 outbound"; 2]);
}

/// A copy stood below its reader, and the one above was lost. Nobody had marked anything before an effect.
#[test]
fn l8_the_copy_that_is_left_stands_under_a_mark_of_another() {
    let found = |lost: &str, first: u64| {
        let (second, end) = (first + 1, first + 2);
        let history = format!(
            "usual 0 @0
             {lost}
             intent 1
             stored 1 @{first}
             stored 1 @{second} attempt=2
             acked 1 ok
             power-loss broker-0
             truncated @{second}..{end}
             progress @{second}"
        );
        let mut found = Bench::default().found_of("no_loss", &history);
        found.retain(|line| line.starts_with("effect 1"));
        found.concat()
    };
    let lost = "power-loss broker-0\ntruncated @0..1";
    assert_eq!(found(lost, 0), "effect 1 L8 outbound");
    assert_eq!(found("", 1), "effect 1 L4 outbound");
}

/// A handler passed over it. That its copy is lost later loses it from the log, and changes nothing for its effect.
#[test]
fn l9_what_was_passed_over_has_no_effect_whatever_becomes_of_its_copy() {
    let found = |handled: &str| {
        let history = format!(
            "intent 0
             stored 0 @0
             acked 0 ok
             delivered 0 @0
             {handled}
             progress @1
             disk-loss broker-0
             truncated @0..1"
        );
        Bench::default().found_of("no_loss", &history)
    };
    let passed = ["log 0 L1 inbound", "effect 0 L9 outbound"];
    assert_eq!(found("skipped 0"), passed);
    let lost = ["log 0 L1 inbound", "effect 0 L1 inbound"];
    assert_eq!(found(""), lost);
}
