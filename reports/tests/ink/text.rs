//! What a terminal shows, over hand-made runs. Each snapshot is a claim that its text is right.

use crate::fixture::{bad_day, lost_ack, lost_request};
use anstream::adapter::strip_str;
use semel_reports::report::Scene;
use semel_reports::text::{Detail, heading, results};
use semel_reports::{Glyphs, demo};

fn shown(scene: &Scene, glyphs: Glyphs, detail: Detail) -> String {
    let text = heading(&scene.heading, glyphs) + &results(scene, glyphs, detail);
    strip_str(&text).to_string()
}

#[test]
fn a_lost_ack() {
    insta::assert_snapshot!(shown(&lost_ack(), Glyphs::Unicode, Detail::Normal));
}

#[test]
fn every_verdict() {
    insta::assert_snapshot!(shown(&bad_day(), Glyphs::Unicode, Detail::Normal));
}

#[test]
fn everything_said() {
    insta::assert_snapshot!(shown(&bad_day(), Glyphs::Ascii, Detail::Verbose));
}

#[test]
fn quiet_shows_only_what_failed() {
    let quiet = |scene: &Scene| results(scene, Glyphs::Unicode, Detail::Quiet);
    assert_eq!(quiet(&lost_ack()), "");
    insta::assert_snapshot!(strip_str(&quiet(&bad_day())).to_string());
}

#[test]
fn the_demo() {
    let scenes = [lost_request(), lost_ack()];
    insta::assert_snapshot!(strip_str(&demo::demo(&scenes, Glyphs::Unicode)).to_string());
    let ascii = demo::demo(&scenes, Glyphs::Ascii);
    assert!(strip_str(&ascii).to_string().is_ascii());
}
