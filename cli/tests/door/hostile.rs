//! Bad input at the door: one clear error, the exit code of the contract, and nothing lost that was on disk.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::binary::{command, folder, semel_in};

/// Asserts the exit code, that an error says so in words, and that it is no internal one.
fn refused(folder: &Path, args: &[&str], code: i32, word: &str) {
    let output = semel_in(folder, args);
    let said = String::from_utf8_lossy(&output.stderr).to_string();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    assert!(
        said.contains("error") && said.contains(word),
        "{args:?}: {said}"
    );
    assert!(output.stdout.is_empty(), "{args:?} ran something");
}

/// A token says its strategy, its seed and all its values itself.
#[test]
fn flags_that_a_token_contradicts_are_usage_errors() {
    let folder = folder("hostile-flags");
    let token = "semel1:lost-ack:9f3c2a71:at-least-once:1";
    for (flag, value) in [
        ("--seed", "9"),
        ("--set", "network.spread=1ms"),
        ("--strategy", "transactional"),
    ] {
        for command in ["explain", "shrink"] {
            refused(&folder, &[command, token, flag, value], 2, flag);
        }
    }
}

#[test]
fn bad_tokens_and_seeds_are_usage_errors() {
    let folder = folder("hostile-tokens");
    for (args, word) in [
        (&["replay", ""][..], "not a token"),
        (&["replay", "semel1:lost-ack"], "not a token"),
        (&["replay", "semel1:::::"], "8 hex digits"),
        (
            &["replay", "semel2:lost-ack:9f3c2a71:at-least-once:1"],
            "semel2",
        ),
        (
            &["replay", "semel1:lost-ack:zzzzzzzz:at-least-once:1"],
            "8 hex digits",
        ),
        (
            &["replay", "semel1:lost-ack:9f3c2a71:at-least-once:-1"],
            "seed",
        ),
        (
            &["replay", "semel1:nothing:9f3c2a71:at-least-once:1"],
            "no scenario",
        ),
        (&["run", "lost-akc"], "did you mean `lost-ack`?"),
        (&["sweep", "velocity"], "`semel list scenarios`"),
        (&["explain", "lost-ack"], "strategy"),
        (
            &["explain", "lost-ack", "--strategy", "nobodys"],
            "no strategy",
        ),
        (&["sweep", "lost-ack", "--seeds", "5..5"], "no seed"),
        (&["sweep", "lost-ack", "--seeds", "7..3"], "no seed"),
        (&["sweep", "lost-ack", "--seeds", "many"], "whole number"),
        (
            &["sweep", "lost-ack", "--seeds", "18446744073709551615"],
            "at most",
        ),
        (
            &["verify", "lost-ack", "--faults", "4000000000"],
            "up to 100",
        ),
        (
            &["compare", "lost-ack", "--faults", "4000000000"],
            "up to 100",
        ),
        (&["sweep", "lost-ack", "--jobs", "0"], "1..=1024"),
        (&["sweep", "lost-ack", "--for", "soon"], "not a time"),
        (
            &["sweep", "lost-ack", "--check-determinism", "101%"],
            "100%",
        ),
        (
            &["sweep", "lost-ack", "--seeds", "9", "--out", "/proc/none"],
            "cannot write",
        ),
        (&["run", "lost-ack", "--set", "faults[drop]=x"], "--set"),
        (
            &[
                "run",
                "lost-ack",
                "--set",
                "faults[999999999999999999999].rate=1",
            ],
            "--set",
        ),
        (
            &["run", "lost-ack", "--set", "faults[0][0][0].rate=1"],
            "--set",
        ),
        (&["run", "lost-ack", "--set", "name[0]=x"], "--set"),
        (
            &["run", "lost-ack", "--set", "workload.records=((((((("],
            "--set",
        ),
        (&["run", "lost-ack", "--set", "strategy.=1"], "--set"),
        (
            &[
                "run",
                "lost-ack",
                "--set",
                "strategy.publish.retry.timeout=-5ms",
            ],
            "--set",
        ),
    ] {
        refused(&folder, args, 2, word);
    }
    // A plan that is no longer this one would be another run.
    let stale = "semel1:lost-ack:00000000:at-least-once:1";
    for command in ["replay", "explain", "shrink"] {
        refused(&folder, &[command, stale], 7, "plan");
    }
}

#[test]
fn a_damaged_witness_is_invalid_or_no_longer_repeats() {
    let folder = folder("hostile-witness");
    let shrunk = semel_in(
        &folder,
        &[
            "shrink",
            "lost-ack",
            "--strategy",
            "at-least-once",
            "-o",
            "whole.ron",
        ],
    );
    assert!(
        shrunk.status.success(),
        "{}",
        String::from_utf8_lossy(&shrunk.stderr)
    );
    let whole = fs::read_to_string(folder.join("whole.ron")).unwrap();
    let digest = whole.split("digest: \"").nth(1).unwrap();
    let (digest, _) = digest.split_once('"').unwrap();
    let damages: [(&str, &str, &str, i32); 10] = [
        ("schema", "schema: 1", "schema: 9", 3),
        ("node", "\"producer-0\"", "\"producer-7\"", 3),
        (
            "strategy",
            "strategy: \"at-least-once\"",
            "strategy: \"nobodys\"",
            3,
        ),
        ("label", "label: \"Ack\"", "label: \"Hack\"", 3),
        ("nothing", "fate: Drop", "fate: Arrives([\"1ms\"])", 7),
        ("says", "what: \"Ack", "what: \"Nack", 7),
        ("level", " at ", " in ", 3),
        (
            "violation",
            "violation: \"no_duplicate",
            "violation: \"no_loss",
            7,
        ),
        ("cause", "cause: \"D1\"", "cause: \"D2\"", 7),
        ("digest", digest, "0000000000000000", 7),
    ];
    for (name, before, after, code) in damages {
        assert!(whole.contains(before), "{name}: {whole}");
        let path = format!("{name}.ron");
        fs::write(folder.join(&path), whole.replace(before, after)).unwrap();
        let output = semel_in(&folder, &["replay", &path]);
        let said = String::from_utf8_lossy(&output.stderr).to_string();
        assert_eq!(output.status.code(), Some(code), "{name}: {said}");
        for command in ["explain", "shrink"] {
            let told = semel_in(&folder, &[command, &path]).status.code();
            assert_eq!(told, Some(code), "{name}: {command}");
        }
        // Nothing is written that would pass for a witness of it.
        let anew = semel_in(&folder, &["shrink", &path, "-o", "anew.ron"]);
        assert_eq!(anew.status.code(), Some(code), "{name}");
        assert!(!folder.join("anew.ron").exists(), "{name}");
    }
    // A witness says its strategy and seed itself.
    for (flag, value) in [("--strategy", "transactional"), ("--seed", "9")] {
        for command in ["explain", "shrink"] {
            refused(&folder, &[command, "whole.ron", flag, value], 2, flag);
        }
    }
    // Cut off anywhere, it is refused, or says of itself that it is no witness, or does not repeat.
    for cut in (0..whole.len()).step_by(97) {
        let Some(text) = whole.get(..cut) else {
            continue;
        };
        fs::write(folder.join("cut.ron"), text).unwrap();
        let code = semel_in(&folder, &["replay", "cut.ron"]).status.code();
        assert!(matches!(code, Some(3 | 7)), "cut at {cut}: {code:?}");
    }
}

#[test]
fn a_damaged_folder_is_mended_or_refused_and_keeps_what_it_held() {
    let folder = folder("hostile-results");
    let sweep = |args: &[&str]| {
        let all: Vec<&str> = [
            &[
                "sweep",
                "lost-ack",
                "--strategy",
                "at-least-once",
                "--seeds",
                "9",
            ],
            args,
        ]
        .concat();
        semel_in(&folder, &all)
    };
    assert!(sweep(&["--out", "whole"]).status.success());
    let rows = fs::read_to_string(folder.join("whole/runs.jsonl")).unwrap();
    let manifest = fs::read_to_string(folder.join("whole/manifest.json")).unwrap();
    let third = rows.lines().nth(2).unwrap();
    let without_third = rows.replace(&format!("{third}\n"), "");
    let damages: [(&str, String, String, i32); 9] = [
        (
            "a row cut short",
            rows[..rows.len() - 7].into(),
            manifest.clone(),
            0,
        ),
        ("no row", String::new(), manifest.clone(), 0),
        (
            "a row that is none",
            format!("{rows}garbage\n"),
            manifest.clone(),
            0,
        ),
        ("a row left out", without_third, manifest.clone(), 8),
        (
            "another's row",
            rows.replace("\"seed\":4", "\"seed\":44"),
            manifest.clone(),
            8,
        ),
        (
            "a row too many",
            format!("{rows}{rows}"),
            manifest.clone(),
            8,
        ),
        (
            "other numbers",
            rows.replace("\"duplicated\":1", "\"duplicated\":0"),
            manifest.clone(),
            8,
        ),
        (
            "a manifest cut short",
            rows.clone(),
            manifest[..manifest.len() / 2].into(),
            8,
        ),
        ("an empty manifest", rows.clone(), String::new(), 8),
    ];
    for (name, damaged, manifest, code) in damages {
        let place = folder.join("damaged");
        let _ = fs::remove_dir_all(&place);
        fs::create_dir(&place).unwrap();
        fs::write(place.join("runs.jsonl"), &damaged).unwrap();
        fs::write(place.join("manifest.json"), &manifest).unwrap();
        let output = sweep(&["--out", "damaged", "--resume"]);
        let said = String::from_utf8_lossy(&output.stderr).to_string();
        assert_eq!(output.status.code(), Some(code), "{name}: {said}");
        let left = fs::read_to_string(place.join("runs.jsonl")).unwrap();
        let due = if code == 0 { &rows } else { &damaged };
        assert_eq!(&left, due, "{name}");
    }
}

/// Whoever opens a pipe waits until somebody opens its other end: a folder of results with one in it is refused at once.
#[cfg(unix)]
#[test]
fn a_pipe_among_results_is_refused_and_not_waited_for() {
    let folder = folder("hostile-pipe");
    let pipe = |place: &str| {
        let made = Command::new("mkfifo").arg(folder.join(place)).status();
        assert!(made.expect("there is a mkfifo").success());
    };
    let sweep = ["sweep", "lost-ack", "--seeds", "9", "--out"];
    for name in ["runs.jsonl", UNFINISHED, "manifest.json"] {
        let place = format!("with-{name}");
        let args = [&sweep[..], &[place.as_str()]].concat();
        assert!(semel_in(&folder, &args).status.success());
        let path = format!("{place}/{name}");
        let _ = fs::remove_file(folder.join(&path));
        pipe(&path);
        let resumed = [&args[..], &["--resume"]].concat();
        refused(&folder, &resumed, 2, "is not a regular file");
        if name != UNFINISHED {
            refused(&folder, &["report", &place], 3, "is not a regular file");
        }
    }
    pipe("itself");
    let itself = [&sweep[..], &["itself"]].concat();
    refused(&folder, &itself, 2, "it is not a folder");
}

/// An editor's byte order mark is none of the text, and errors point where they would without it.
#[test]
fn a_scenario_may_begin_with_a_byte_order_mark() {
    let folder = folder("hostile-mark");
    let catalog = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/catalog");
    let text = fs::read_to_string(format!("{catalog}/lost-ack.ron")).unwrap();
    fs::write(folder.join("marked.ron"), format!("\u{feff}{text}")).unwrap();
    let checked = semel_in(&folder, &["check", "marked.ron"]);
    assert!(checked.status.success());
    fs::write(folder.join("broken.ron"), "\u{feff}(schema: 1,)").unwrap();
    refused(&folder, &["check", "broken.ron"], 3, "broken.ron:1:1");
}

/// Where the rows of a sweep stand until it is done.
const UNFINISHED: &str = ".runs.jsonl.unfinished";

/// A sweep of some length, into a folder.
fn long_sweep(folder: &Path, out: &str, more: &[&str]) -> Command {
    let mut command = command(&["sweep", "bad-day", "--strategy", "atomic-offset"]);
    command
        .args(["--seeds", "0..120", "--format", "jsonl", "--out", out])
        .args(more)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// Killed with a signal that nobody can catch, each time a little later, a sweep goes on where it was: not a byte of
/// its rows is another.
#[test]
fn a_sweep_that_is_killed_again_and_again_loses_no_row_and_repeats_none() {
    let folder = folder("hostile-killed");
    let whole = long_sweep(&folder, "whole", &["--jobs", "1"]).status();
    assert!(whole.unwrap().code().is_some());
    let rows = |out: &str| fs::read_to_string(folder.join(out).join("runs.jsonl")).unwrap();
    let lines = rows("whole").lines().count();
    assert_eq!(lines, 120);
    let written =
        || fs::metadata(folder.join("killed").join(UNFINISHED)).map_or(0, |file| file.len());
    let mut kills = 0;
    for goal in [1, 20_000, 50_000] {
        let mut sweep = long_sweep(&folder, "killed", &["--resume"])
            .spawn()
            .unwrap();
        while written() < goal && sweep.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        kills += u32::from(sweep.try_wait().unwrap().is_none());
        sweep.kill().unwrap();
        sweep.wait().unwrap();
    }
    assert!(kills > 0, "every sweep was done before it was killed");
    long_sweep(&folder, "killed", &["--resume", "--jobs", "2"])
        .status()
        .unwrap();
    assert!(rows("killed") == rows("whole"));
}
