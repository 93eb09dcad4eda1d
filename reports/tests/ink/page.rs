//! The page and its picture: everything is escaped, nothing is loaded, and no row makes them panic.

use crate::fixture::{bad_day, lost_ack};
use proptest::prelude::*;
use semel_models::judge::{Cause, Side};
use semel_models::strategy::{Assumption, Invariant};
use semel_reports::report::Scene;
use semel_reports::text::{Detail, heading, results};
use semel_reports::{Glyphs, chart, demo, html, json};
use semel_scenarios::file::expect::LEVELS;
use semel_scenarios::outcome::row::{ExpectedKind, Row, RunVerdict, ViolationRow};
use semel_scenarios::outcome::verdict::Judgement;
use semel_sim::time::Span;

const NASTY: &str = "<script>alert('x')</script>&\"\u{1b}[31m\u{0}";

#[test]
fn the_chart_of_a_lost_ack() {
    insta::assert_snapshot!(chart::effects(&lost_ack()));
}

#[test]
fn a_page_stands_alone() {
    let page = html::page(&[lost_ack(), bad_day()]);
    for banned in [
        "<script", "href=", "src=", "url(", "@import", "http://", "https://",
    ] {
        let found = page.matches(banned).count();
        let namespaces = page.matches("xmlns=\"http://www.w3.org/2000/svg\"").count();
        let allowed = if banned == "http://" { namespaces } else { 0 };
        assert_eq!(found, allowed, "{banned}");
    }
    assert!(
        page.contains("record 3 was stored, delivered and applied twice")
            || page.contains("Record 3 was stored, delivered and applied twice")
    );
    assert!(page.contains("semel1:lost-ack:9f3c2a71:at-least-once:7:c1d0a97e"));
}

#[test]
fn what_comes_from_files_is_escaped() {
    let mut scene = bad_day();
    scene.heading.scenario = NASTY.into();
    scene.heading.question = NASTY.into();
    scene.heading.set.insert(NASTY.into(), NASTY.into());
    for line in &mut scene.lines {
        line.row.strategy = NASTY.into();
        line.again = NASTY.into();
        line.about = NASTY.into();
        line.because = NASTY.into();
        line.row.fired.insert(NASTY.into(), 3);
    }
    let page = html::page(std::slice::from_ref(&scene));
    assert!(!page.contains("<script") && !page.contains('\u{1b}') && !page.contains('\u{0}'));
    let text =
        heading(&scene.heading, Glyphs::Ascii) + &results(&scene, Glyphs::Ascii, Detail::Verbose);
    let bare = anstream::adapter::strip_str(&text).to_string();
    assert!(!bare.contains('\u{1b}') && !bare.contains('\u{0}') && bare.is_ascii());
    assert!(!text.contains("\u{1b}[31m\u{0}"));
}

#[test]
fn json_is_the_rows() {
    let scene = lost_ack();
    let rows: Vec<Row> = scene.lines.iter().map(|line| line.row.clone()).collect();
    let read: Vec<Row> = serde_json::from_str(&json::document(&rows)).unwrap();
    assert_eq!(read, rows);
    let lines: String = rows.iter().map(json::line).collect();
    assert_eq!(lines.lines().count(), rows.len());
}

fn any_violation() -> impl Strategy<Value = ViolationRow> {
    (
        prop::sample::select(Invariant::ALL.to_vec()),
        prop::sample::select(LEVELS.to_vec()),
        any::<bool>(),
        prop::option::of(prop::sample::select(vec![
            Assumption::SameSession,
            Assumption::NoPoison,
            Assumption::Within(Span(5)),
        ])),
        prop::option::of(any::<u32>()),
        prop::sample::select(vec![Side::Inbound, Side::Outbound]),
        prop::sample::select([Cause::ALL, &[Cause::Other]].concat()),
    )
        .prop_map(
            |(invariant, level, promised, broken, record, side, cause)| ViolationRow {
                invariant,
                level,
                promised,
                waived: false,
                assumption_broken: broken,
                record,
                side,
                cause,
                at_ns: 1,
            },
        )
}

fn any_scene() -> impl Strategy<Value = Scene> {
    let verdicts = vec![
        RunVerdict::Holds,
        RunVerdict::Violates,
        RunVerdict::Inconclusive,
        RunVerdict::NotApplicable,
        RunVerdict::NoShow,
        RunVerdict::Vacuous,
    ];
    let expected = vec![
        ExpectedKind::Holds,
        ExpectedKind::Breaks,
        ExpectedKind::Always,
        ExpectedKind::Any,
        ExpectedKind::NotApplicable,
    ];
    let judgements = vec![
        Judgement::Met,
        Judgement::Inconclusive,
        Judgement::Vacuous,
        Judgement::NoShow,
        Judgement::Unmet,
        Judgement::Broken,
    ];
    let counts = prop::array::uniform8(any::<u64>());
    let one = (
        "\\PC{0,30}",
        prop::collection::vec(any_violation(), 0..20),
        prop::sample::select(verdicts),
        prop::sample::select(expected),
        prop::sample::select(judgements),
        counts,
        any::<(i64, i64)>(),
    );
    prop::collection::vec(one, 0..5).prop_map(|runs| {
        let mut scene = lost_ack();
        let model = scene.lines[0].clone();
        scene.lines = runs
            .into_iter()
            .map(
                |(name, violations, verdict, expected, judgement, counts, money)| {
                    let mut line = model.clone();
                    let row = &mut line.row;
                    (row.strategy, row.violations) = (name, violations);
                    (row.verdict, row.expected) = (verdict, expected);
                    [row.records, row.applied, row.duplicated, row.lost, ..] = counts;
                    [
                        ..,
                        row.reordered,
                        row.latency_p99_ns,
                        row.messages,
                        row.redelivered,
                    ] = counts;
                    (row.expected_balance, row.actual_balance) = money;
                    line.judgement = judgement;
                    line
                },
            )
            .collect();
        scene
    })
}

proptest! {
    #[test]
    fn no_row_makes_a_renderer_panic(scene in any_scene()) {
        for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
            for detail in [Detail::Quiet, Detail::Normal, Detail::Verbose] {
                let text = heading(&scene.heading, glyphs) + &results(&scene, glyphs, detail);
                prop_assert!(glyphs == Glyphs::Unicode || text.is_ascii());
            }
            demo::demo(std::slice::from_ref(&scene), glyphs);
        }
        let page = html::page(std::slice::from_ref(&scene));
        prop_assert!(!page.contains("<script"));
        json::document(scene.lines.iter().map(|line| &line.row));
    }
}
