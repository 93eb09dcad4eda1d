//! What a sweep says, what it goes on with, and what becomes of a full disk.

use std::fs;
use std::process::{Command, Stdio};

use crate::binary::{code, nowhere, semel, text};

#[test]
fn a_scenario_given_twice_is_swept_once() {
    let args = ["--strategy", "at-least-once", "--seeds", "2"];
    let once = semel(&[&["sweep", "lost-ack"], &args[..]].concat());
    let twice = semel(&[&["sweep", "lost-ack", "lost-ack"], &args[..]].concat());
    assert_eq!(text(&once.stdout), text(&twice.stdout));
}

#[test]
fn a_quiet_sweep_tells_only_what_failed() {
    let args = ["--seeds", "3", "-q"];
    let met = semel(&[&["sweep", "lost-ack"], &args[..]].concat());
    assert_eq!((code(&met), text(&met.stdout)), (0, String::new()));
    let set = ["--set", "faults=[]"];
    let strategies = ["--strategy", "at-least-once,idempotent-producer"];
    let failed = semel(&[&["sweep", "lost-ack"], &args[..], &set, &strategies].concat());
    let page = text(&failed.stdout);
    assert_eq!(code(&failed), 6, "{page}");
    assert!(page.contains("at-least-once  x no-show"), "{page}");
    assert!(!page.contains("idempotent-producer"), "{page}");
    assert!(!page.contains("Never violated"), "{page}");
}

/// At-most-once waits for no answer, so none can be lost: no run, no rate, and nothing that was put to the test.
#[test]
fn what_is_not_run_is_not_counted() {
    let args = [
        "sweep",
        "lost-ack",
        "--strategy",
        "at-most-once",
        "--seeds",
        "100",
    ];
    let swept = semel(&args);
    let page = text(&swept.stdout);
    assert_eq!(code(&swept), 0, "{page}");
    assert!(page.contains("at-most-once  - not applicable"), "{page}");
    assert!(page.contains("Nothing was run; "), "{page}");
    assert!(!page.contains("Never violated"), "{page}");
    let swept = semel(&[&args[..], &["--format", "json"]].concat());
    let told: serde_json::Value = serde_json::from_slice(&swept.stdout).unwrap();
    let told = &told[0];
    assert_eq!(told["verdict"], "not-applicable");
    assert_eq!(
        (told["runs"].as_u64(), told["rate"].as_f64()),
        (Some(0), Some(0.0))
    );
    assert_eq!(told["interval95"], serde_json::json!([0.0, 1.0]));
    // Beside one that is run, it adds nothing to the count.
    let both = semel(&[
        "sweep",
        "lost-ack",
        "--strategy",
        "at-most-once,at-least-once",
        "--seeds",
        "100",
    ]);
    let page = text(&both.stdout);
    assert!(
        page.contains("\n100 runs;") || page.contains("\n100 runs."),
        "{page}"
    );
}

#[test]
fn the_smallest_set_met_is_not_what_is_needed() {
    let swept = semel(&["sweep", "lost-ack", "--seeds", "2"]);
    let page = text(&swept.stdout);
    assert!(page.contains("smallest set met"), "{page}");
    assert!(page.contains("`semel shrink`"), "{page}");
}

#[test]
fn a_swarm_is_told_as_its_seed_draws_it() {
    let run = ["run", "bad-day", "--strategy", "at-least-once", "--seed"];
    let page = text(&semel(&[&run[..], &["4"]].concat()).stdout);
    assert!(
        page.contains("As seed 4 draws it, the network loses 481/4000"),
        "{page}"
    );
    assert!(page.contains("2 brokers (3 partitions)"), "{page}");
    // Switched off by this seed.
    assert!(!page.contains("broker loses power"), "{page}");
}

#[test]
fn results_of_another_kind_are_refused_in_a_line() {
    let out = nowhere("another-kind");
    let path = out.to_str().expect("a path of letters");
    let sweep = |scenario: &str, more: &[&str]| {
        let args = ["sweep", scenario, "--seeds", "2", "--out", path];
        semel(&[&args[..], more].concat())
    };
    assert_eq!(code(&sweep("lost-ack", &[])), 0);
    let other = sweep("lost-request", &["--resume"]);
    let said = text(&other.stderr);
    assert_eq!(code(&other), 8, "{said}");
    assert!(said.contains("plan number 1 is lost-ack:"), "{said}");
    assert!(said.len() < 300, "{said}");

    let manifest = out.join("manifest.json");
    let sound = fs::read_to_string(&manifest).expect("a manifest");
    for (from, to, word) in [
        ("\"schema\": 1", "\"schema\": 7", "is of schema 7"),
        ("\"rows\": 22", "\"rows\": 2000", "makes no sense"),
        ("    0,\n    2\n", "    2,\n    0\n", "makes no sense"),
    ] {
        let changed = sound.replace(from, to);
        assert_ne!(changed, sound, "{from}");
        fs::write(&manifest, changed).expect("it can be written");
        let page = semel(&["report", path]);
        assert_eq!(code(&page), 3, "{}", text(&page.stderr));
        assert!(text(&page.stderr).contains(word), "{}", text(&page.stderr));
        let resumed = sweep("lost-ack", &["--resume"]);
        assert_eq!(code(&resumed), 8, "{}", text(&resumed.stderr));
        assert!(text(&resumed.stderr).contains(word));
    }
}

/// What cannot be written is not a mistake in semel.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_as_one() {
    let full = || fs::File::options().write(true).open("/dev/full");
    for args in [
        &["list"][..],
        &["run", "lost-ack"],
        &["sweep", "lost-ack", "--seeds", "2"],
        &["sweep", "lost-ack", "--seeds", "2", "--format", "jsonl"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_semel"));
        let full = Stdio::from(full().expect("it is there"));
        let output = command
            .args(args)
            .stdout(full)
            .output()
            .expect("semel runs");
        let said = text(&output.stderr);
        assert_eq!(code(&output), 2, "{args:?}: {said}");
        assert!(said.contains("cannot write to stdout"), "{said}");
        assert!(!said.contains("mistake in semel"), "{said}");
    }
    for args in [
        &["run", "lost-ack", "--trace", "/dev/full"][..],
        &["run", "lost-ack", "--report", "/dev/full"],
        &[
            "shrink",
            "lost-ack",
            "--strategy",
            "at-least-once",
            "-o",
            "/dev/full",
        ],
    ] {
        let output = semel(args);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 2, "{args:?}: {said}");
        assert!(said.contains("/dev/full: cannot go on writing"), "{said}");
    }
}
