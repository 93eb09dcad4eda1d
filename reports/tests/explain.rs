//! Explanations, to be read aloud.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use semel_reports::Glyphs;
use semel_reports::explain::{html, svg, text};
use semel_scenarios::catalog;
use semel_scenarios::explain::{Explanation, explain};
use semel_scenarios::file::load::{Source, load_with};
use semel_scenarios::file::scenario::Scenario;
use semel_scenarios::file::setting::Setting;
use semel_scenarios::shrink::{RUNS, shrink, shrink_to};
use semel_scenarios::trial::plan::Plan;
use semel_scenarios::witness::sought::Sought;

fn explained(scenario: &str, strategy: &str) -> Explanation {
    explained_as((scenario, strategy, 1), &[])
}

/// The same under a seed, with changes.
fn explained_as(run: (&str, &str, u64), set: &[&str]) -> Explanation {
    told(run, set, None)
}

/// The same of one thing that goes wrong in it.
fn explained_of(run: (&str, &str, u64), set: &[&str], sought: &str) -> Explanation {
    told(run, set, Some(&sought.parse().expect("it is a kind")))
}

fn told(
    (scenario, strategy, seed): (&str, &str, u64),
    set: &[&str],
    sought: Option<&Sought>,
) -> Explanation {
    let parse =
        |text: &&str| Setting::parse(text).unwrap_or_else(|complaint| panic!("{complaint}"));
    let settings: Vec<Setting> = set.iter().map(parse).collect();
    let source = catalog::find(scenario).expect("the catalog has it");
    let scenario = load_with(&source, &settings).expect("it is valid");
    let plan = Plan::new(&Arc::new(scenario), strategy, &settings).expect("it fits");
    let plan = Arc::new(plan);
    explain(&shrink_to(&plan, seed, sought, RUNS).expect("it fails")).expect("it fails")
}

/// The same of a file, beside these tests or among the documented failures.
fn explained_in(file: &str, strategy: &str, seed: u64, sought: Option<&str>) -> Explanation {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = Source {
        name: file.into(),
        text: fs::read_to_string(folder.join(file)).expect("it can be read"),
    };
    let scenario = load_with(&source, &[]).unwrap_or_else(|complaint| panic!("{complaint}"));
    let plan = Plan::new(&Arc::new(scenario), strategy, &[]).expect("it fits");
    let sought: Option<Sought> = sought.map(|kind| kind.parse().expect("it is a kind"));
    let shrunk = shrink_to(&Arc::new(plan), seed, sought.as_ref(), RUNS).expect("it fails");
    explain(&shrunk).expect("it fails")
}

/// What is told, and what must be in it.
fn assert_told(name: &str, explanation: &Explanation, told: &[&str]) {
    let page = text(explanation, Glyphs::Ascii);
    let (proof, _) = page.split_once("\n\n").expect("a diagram follows");
    let line = proof.split_whitespace().collect::<Vec<_>>().join(" ");
    for sentence in told {
        assert!(line.contains(sentence), "{sentence:?} is not in\n{page}");
    }
    insta::assert_snapshot!(name, page);
}

/// F020: an output that comes after the end of its transaction opens it again, and the next one's marker commits it.
#[test]
fn a_late_output_is_told_with_the_transaction_that_it_opens_again() {
    let file = "../tests/documented/f020-late-output.ron";
    let explanation = explained_in(
        file,
        "version-1-unverified",
        0,
        Some("no_duplicate at effect"),
    );
    let told = [
        "is aborted, as consumer-0 asks",
        "to the outputs at",
        "there after it was decided: broker-0 does not ask the coordinator whether it is open",
        "with the marker of transaction",
    ];
    assert_told("late-output", &explanation, &told);
}

/// A sink that dies between the effect and the note that its request is completed does the work again (§1.18).
#[test]
fn a_request_that_was_never_completed_is_told_of() {
    let file = "tests/told/sink-dies-before-completion.ron";
    let explanation = explained_in(file, "idempotency-key", 1, None);
    let told =
        ["it had gone down after the effect, before it marked the first request as completed"];
    assert_told("sink-dies-before-completion", &explanation, &told);
}

/// Where a fence fails it is told who held which token, when the newer one was known, and what was accepted after that.
#[test]
fn a_former_owner_that_is_let_in_is_told_with_both_tokens() {
    let file = "tests/told/commit-of-a-former-generation.ron";
    let explanation = explained_in(file, "any-generation", 1, Some("fencing at delivery"));
    let told = [
        "begins generation 1 of the group at 51 ms, of consumer-0 and consumer-1",
        "begins generation 2 of the group at 955 ms, of consumer-1",
        "accepts a mark of consumer-0 with generation 1 at 3110 ms, though it has known generation 2 since 955 ms",
    ];
    assert_told("commit-of-a-former-generation", &explanation, &told);
}

/// A producer whose retry is refused as out of order raises its epoch and numbers anew (§1.3).
#[test]
fn a_retry_under_another_number_is_told_with_the_refusal() {
    let file = "tests/told/one-remembered-batch.ron";
    let explanation = explained_in(file, "one-batch", 1, Some("no_duplicate at log"));
    let told = [
        "its sequence number does not follow the last one, nor is it among those remembered",
        "S2 was refused, so it has begun epoch 1 and numbers anew",
    ];
    assert_told("one-remembered-batch", &explanation, &told);
}

/// F003: an application that sends again what its client gave up on.
#[test]
fn a_record_that_its_application_sends_again_is_another_one_to_its_client() {
    let file = "../tests/documented/f003-sent-again.ron";
    let explanation = explained_in(file, "sends-again", 1, Some("no_duplicate at log"));
    let told = ["and sends the record again; to its client that is another record"];
    assert_told("sent-again", &explanation, &told);
}

/// F092: an id that was written in a step before its record outlives a crash between the two.
#[test]
fn an_id_without_its_record_is_told_with_where_it_came_from() {
    let file = "tests/told/id-without-its-record.ron";
    let explanation = explained_in(file, "ids-ahead", 1, Some("no_loss at effect"));
    let told = [
        "it had written the id when S1 arrived, in a step before the record, and X1 came between the two",
    ];
    assert_told("id-without-its-record", &explanation, &told);
}

/// Of a transfer that is torn it is told why the one leg is there and the other is not.
#[test]
fn half_a_transfer_is_told_with_what_became_of_each_leg() {
    let file = "tests/told/half-a-transfer.ron";
    let never_sent = "it was never sent";
    for (name, strategy, told) in [
        (
            "half-a-transfer",
            "reads-uncommitted",
            &[
                "before its transaction has ended",
                "aborts the transaction of 0",
                never_sent,
            ][..],
        ),
        (
            "half-a-transfer-without-transactions",
            "no-transactions",
            &["it went down, and what it knew of it is gone", never_sent][..],
        ),
    ] {
        let sought = Some("conservation at effect");
        assert_told(name, &explained_in(file, strategy, 1, sought), told);
    }
}

/// What could not be processed is told by what it is: put aside, stored as a dead letter, and lost.
#[test]
fn a_dead_letter_is_told_by_its_name() {
    let source = Source {
        name: "f088-lost-dead-letter.ron".into(),
        text: include_str!("../../tests/documented/f088-lost-dead-letter.ron").into(),
    };
    let scenario = load_with(&source, &[]).expect("it is valid");
    let plan = Plan::new(&Arc::new(scenario), "dead-letters", &[]).expect("it fits");
    let shrunk = shrink(&Arc::new(plan), 0, RUNS).expect("it fails");
    let page = text(&explain(&shrunk).expect("it fails"), Glyphs::Ascii);
    insta::assert_snapshot!("lost-dead-letter", page);
}

/// What goes on for ever is told a few times, and then counted; and where no record can be named, one shows it.
#[test]
fn what_goes_on_for_ever_is_told_in_a_page() {
    let lease = ["strategy.sink.kind.lease=\"1h\""];
    let slow = ["strategy.work.processing=\"300ms\""];
    for (name, run, set) in [
        ("key-in-progress", ("bad-day", "idempotency-key", 3), &lease),
        (
            "behind-a-key-in-progress",
            ("bad-day", "idempotency-key", 2),
            &lease,
        ),
        ("rebalance-storm", ("slow-consumer", "group", 0), &slow),
    ] {
        let page = text(&explained_as(run, set), Glyphs::Ascii);
        assert!(page.lines().count() < 100, "{page}");
        insta::assert_snapshot!(name, page);
    }
}

/// What a consumer makes of a record is told as that, also of the record that overtakes another one.
#[test]
fn an_output_is_told_from_the_record_that_it_was_made_of() {
    let explanation = explained_as(("broker-power-loss", "transactional", 67), &[]);
    let page = text(&explanation, Glyphs::Ascii);
    assert!(
        page.contains("stores the output of 1 at offset 0"),
        "{page}"
    );
    insta::assert_snapshot!("overtaking-output", page);
}

/// Of a mark that falls it is told from where, and who had set the one that stood.
#[test]
fn a_mark_that_falls_is_told_with_the_one_that_stood() {
    let fallen = "monotone_offset at delivery, D9";
    for (name, run) in [
        ("mark-that-fell", ("bad-day", "at-least-once", 35)),
        (
            "mark-that-fell-in-a-transaction",
            ("bad-day", "transactional", 118),
        ),
    ] {
        let explanation = explained_of(run, &[], fallen);
        insta::assert_snapshot!(name, text(&explanation, Glyphs::Ascii));
    }
}

/// Where a record is jumped over it is told that its reader stood beyond it, and how that came.
#[test]
fn a_reader_that_stands_beyond_a_record_is_told_of() {
    for (name, run, told_of) in [
        (
            "mark-beyond-what-was-lost",
            ("bad-day", "idempotent-consumer", 252),
            "mark_matches_effect at effect, L8",
        ),
        (
            "reader-beyond-what-was-lost",
            ("broker-power-loss", "atomic-offset", 190),
            "no_loss at effect, L8",
        ),
    ] {
        let page = text(&explained_of(run, &[], told_of), Glyphs::Ascii);
        assert!(page.contains("beyond"), "{page}");
        insta::assert_snapshot!(name, page);
    }
}

/// An ack that says too much is told with what is not there: nothing was stored, or what was is gone.
#[test]
fn what_an_ack_stands_for_is_told_to_be_missing() {
    let early = ["strategy.bug=AckBeforeAppend"];
    let none: [&str; 0] = [];
    for (name, run, set, told_of) in [
        (
            "acked-before-append",
            ("bad-day", "at-least-once", 45),
            &early[..],
            "honest_ack at log, L1",
        ),
        (
            "lost-before-append",
            ("bad-day", "at-least-once", 45),
            &early[..],
            "no_loss at effect, L1",
        ),
        (
            "gone-before-effect",
            ("bad-day", "at-least-once", 25),
            &early[..],
            "no_loss at effect, L3",
        ),
        (
            "never-stored",
            ("lost-request", "at-most-once", 1),
            &none[..],
            "same_state at effect, L1",
        ),
        (
            "gone-after-effect",
            ("broker-power-loss", "at-least-once", 3),
            &none[..],
            "no_loss at log, L3",
        ),
    ] {
        let page = text(&explained_of(run, set, told_of), Glyphs::Ascii);
        insta::assert_snapshot!(name, page);
    }
}

/// Of a torn transfer both legs are told: which took effect how often.
#[test]
fn a_torn_transfer_is_told_by_both_legs() {
    for (name, run, cause) in [
        ("leg-doubled", ("lost-ack", "at-least-once", 1), "D1"),
        ("leg-missing", ("lost-request", "at-most-once", 1), "L1"),
        (
            "leg-doubled-as-output",
            ("late-end-transaction", "transactional-v1", 1),
            "D7",
        ),
    ] {
        let told_of = format!("conservation at effect, {cause}");
        let page = text(
            &explained_of(run, &["workload.money=Transfers"], &told_of),
            Glyphs::Ascii,
        );
        assert!(page.contains("Of the transfer, the debit"), "{page}");
        insta::assert_snapshot!(name, page);
    }
}

/// Of a torn transaction both halves are told.
#[test]
fn a_torn_transaction_is_told_by_its_halves() {
    let run = ("bad-day", "transactional", 36);
    let explanation = explained_as(run, &["strategy.bug=AbortForgetsPartition"]);
    insta::assert_snapshot!("torn-transaction", text(&explanation, Glyphs::Ascii));
}

#[test]
fn what_went_wrong_is_explained_by_what_caused_it() {
    for (scenario, strategy) in [
        ("lost-ack", "at-least-once"),
        ("lost-request", "at-most-once"),
        ("crash-before-commit", "at-least-once"),
        ("crash-after-commit", "at-most-once"),
        ("broker-power-loss", "at-least-once"),
        ("reordered-batches", "at-least-once"),
        ("duplicate-packets", "at-least-once"),
        ("clock-step", "windowed-dedup"),
        ("zombie-consumer", "atomic-offset"),
    ] {
        let page = text(&explained(scenario, strategy), Glyphs::Ascii);
        insta::assert_snapshot!(format!("{scenario}-{strategy}"), page);
    }
}

/// The proofs of everything that fails in a scenario, those that differ only in the strategy's name together.
fn proofs(scenario: &Arc<Scenario>) -> String {
    let own = scenario.define.keys().map(String::as_str);
    let mut proofs: Vec<(String, Vec<&str>)> = Vec::new();
    for name in catalog::strategy_names().iter().copied().chain(own) {
        let Ok(plan) = Plan::new(scenario, name, &[]) else {
            continue;
        };
        let Some(shrunk) = shrink(&Arc::new(plan), 1, RUNS) else {
            continue;
        };
        let page = text(&explain(&shrunk).expect("it fails"), Glyphs::Ascii);
        let (proof, _) = page.split_once("\n\n").expect("a diagram follows");
        let proof = proof
            .replace(&format!("\n{name}: "), "\nit: ")
            .replace(&format!("\n{name} does"), "\nIt does")
            .replace(&format!("However, {name} "), "However, it ")
            .replace(&format!("struck: {name} "), "struck: itself ");
        match proofs.iter_mut().find(|(known, _)| *known == proof) {
            Some((_, names)) => names.push(name),
            None => proofs.push((proof, vec![name])),
        }
    }
    let page = |(proof, names): &(String, Vec<&str>)| format!("{}\n{proof}\n", names.join(", "));
    proofs.iter().map(page).collect::<Vec<_>>().join("\n\n")
}

#[test]
fn every_failure_of_the_catalog_reads_well_aloud() {
    for scenario in catalog::scenarios() {
        if scenario.name != "throughput" {
            insta::assert_snapshot!(format!("proofs-{}", scenario.name), proofs(&scenario));
        }
    }
}

/// How often a page opens and closes an element.
fn opened_and_closed(page: &str, element: &str) -> (usize, usize) {
    let opening = format!("<{element}");
    let ends = |rest: &str| rest.starts_with([' ', '>']);
    let opened = page.split(&opening).skip(1).filter(|rest| ends(rest));
    (
        opened.count(),
        page.matches(&format!("</{element}>")).count(),
    )
}

/// The lost ack and the second sending are in the drawing, each lane has its node, and what is opened is closed.
#[test]
fn a_diagram_is_drawn_with_all_that_it_tells() {
    let explanation = explained("lost-ack", "at-least-once");
    let drawing = svg(&explanation);
    assert!(drawing.starts_with("<svg") && drawing.trim_end().ends_with("</svg>"));
    for told in ["producer-0", "broker-0", "Produce 0", "Ack 0", "F1"] {
        assert!(drawing.contains(told), "{told} is not in\n{drawing}");
    }
    for element in ["svg", "text", "g"] {
        let (opened, closed) = opened_and_closed(&drawing, element);
        assert_eq!(opened, closed, "<{element}>");
    }
    let page = html(&explanation);
    assert!(page.contains(&drawing) && page.contains("Needed: F1"));
}

/// Names are untrusted: none of them becomes a part of the page.
#[test]
fn a_name_is_a_word_on_the_page_and_nothing_else() {
    let name = "<script>alert(1)</script>";
    let scenario = Scenario {
        name: name.into(),
        ..Scenario::clone(&catalog::scenario("lost-ack").expect("the catalog has it"))
    };
    let plan = Plan::new(&Arc::new(scenario), "at-least-once", &[]).expect("it fits");
    let shrunk = shrink(&Arc::new(plan), 1, RUNS).expect("it fails");
    let explanation = explain(&shrunk).expect("it fails");
    assert!(explanation.scenario.contains(name));
    let page = html(&explanation);
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)"));
}
