//! What the commands answer: exit codes, rows, files, and the demo.

use std::process::{Output, Stdio};

use crate::binary::{code, command, folder, semel, text};

#[test]
fn a_command_line_that_makes_no_sense_is_2() {
    for args in [
        &["nonsense"][..],
        &["run"],
        &["run", "lost-ack", "--seed", "x"],
        &["run", "no-such-scenario"],
        &["run", "lost-ack", "--set", "workload.records"],
        &["run", "lost-ack", "--set", "workload.recods=5"],
        &["run", "lost-ack", "--strategy", "no-such-strategy"],
        &["run", "lost-ack", "-q", "-v"],
        &["list", "weather"],
        &["--format", "xml"],
    ] {
        let output = semel(args);
        let said = text(&output.stderr);
        assert_eq!(code(&output), 2, "{args:?}: {said}");
        assert!(
            output.stdout.is_empty() && said.contains("error"),
            "{args:?}"
        );
    }
}

#[test]
fn a_bad_file_is_3_and_says_where() {
    let folder = folder("bad-files");
    let broken = folder.join("broken.ron");
    std::fs::write(
        &broken,
        "(\n  schema: 1,\n  name: \"broken\",\n  wrkload: (),\n)",
    )
    .unwrap();
    let latin = folder.join("latin.ron");
    std::fs::write(&latin, b"(schema: 1,\n name: \"\xe9\")").unwrap();
    for (path, place) in [
        (broken.clone(), "broken.ron:4:3"),
        (latin, "line 2"),
        (folder.join("missing.ron"), "missing.ron"),
        (folder.clone().join("./"), "cannot read"),
    ] {
        for what in ["run", "check"] {
            let output = semel(&[what, path.to_str().unwrap()]);
            let said = text(&output.stderr);
            assert_eq!(code(&output), 3, "{what}: {said}");
            assert!(said.contains(place), "{what}: {said}");
            assert!(output.stdout.is_empty());
        }
    }
    let said = text(&semel(&["check", broken.to_str().unwrap()]).stderr);
    assert!(said.contains("did you mean `workload`?"), "{said}");
}

#[test]
fn a_path_that_cannot_be_written_is_2_before_any_run() {
    let folder = folder("unwritable");
    let taken = folder.join("taken");
    std::fs::create_dir(&taken).unwrap();
    for path in [folder.join("no/such/folder/page.html"), taken] {
        let path = path.to_str().unwrap();
        let output = semel(&["run", "lost-ack", "--report", path]);
        assert_eq!(code(&output), 2);
        assert!(text(&output.stderr).contains("cannot write there"));
        assert!(output.stdout.is_empty(), "nothing was run");
    }
    assert_eq!(
        std::fs::read_dir(&folder).unwrap().count(),
        1,
        "no draft is left behind"
    );
}

#[test]
fn no_strategy_is_4() {
    let output = semel(&["run", "lost-ack", "--strategy", ","]);
    assert_eq!(code(&output), 4, "{}", text(&output.stderr));
}

#[test]
fn lists_come_in_every_format() {
    let human = text(&semel(&["list"]).stdout);
    for word in ["lost-ack", "at-least-once", "no_duplicate", "D7"] {
        assert!(human.contains(word), "{word}");
    }
    let json = semel(&["list", "causes", "--format", "json"]);
    let causes: Vec<serde_json::Value> = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(causes.len(), 36);
    assert_eq!(causes[0]["name"], "D1");
    let mut lines = command(&["list", "scenarios"]);
    let lines = lines.env("SEMEL_FORMAT", "jsonl").output().unwrap();
    for line in text(&lines.stdout).lines() {
        let item: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(item["sort"], "scenario");
    }
}

#[test]
fn ascii_is_ascii_and_colour_is_asked_for() {
    let plain = text(&semel(&["list"]).stdout);
    assert!(!plain.contains('\u{1b}'), "no terminal, no colour");
    assert!(text(&semel(&["list", "--ascii"]).stdout).is_ascii());
    let verified = semel(&[
        "--ascii",
        "verify",
        "lost-ack",
        "--strategy",
        "at-least-once",
    ]);
    assert!(text(&verified.stdout).is_ascii(), "thousands of events");
    let coloured = text(&semel(&["list", "--color", "always"]).stdout);
    assert!(coloured.contains('\u{1b}'));
    let mut asked = command(&["list"]);
    let asked = asked.env("SEMEL_COLOR", "always").output().unwrap();
    assert_eq!(text(&asked.stdout), coloured);
    let bare = anstream::adapter::strip_str(&coloured).to_string();
    assert_eq!(
        bare, plain,
        "colour only repeats what symbols and words say"
    );
}

#[test]
fn schema_completions_and_manual_are_printed() {
    let schema = semel(&["schema"]).stdout;
    let schema: serde_json::Value = serde_json::from_slice(&schema).unwrap();
    assert!(schema["properties"]["faults"].is_object());
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = semel(&["completions", shell]);
        assert!(code(&output) == 0 && text(&output.stdout).contains("semel"));
    }
    assert!(text(&semel(&["man"]).stdout).contains(".TH semel"));
}

#[test]
fn a_reader_who_has_heard_enough_is_no_error() {
    let mut child = command(&["list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0);
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn check_prints_a_file_that_reads_back() {
    let folder = folder("check");
    let first = text(&semel(&["check", "lost-ack"]).stdout);
    let file = folder.join("resolved.ron");
    std::fs::write(&file, &first).unwrap();
    let second = text(&semel(&["check", file.to_str().unwrap()]).stdout);
    assert_eq!(first, second);
}

fn rows(args: &[&str]) -> Vec<serde_json::Value> {
    let args = [args, &["--format", "json"]].concat();
    serde_json::from_slice(&semel(&args).stdout).unwrap()
}

#[test]
fn the_demo_is_the_same_every_time() {
    let first = semel(&[]);
    assert_eq!(code(&first), 0, "{}", text(&first.stderr));
    assert_eq!(first.stdout, semel(&[]).stdout);
    let said = text(&first.stdout);
    let (story, price) = said.split_once("In short").unwrap();
    insta::assert_snapshot!(story);
    assert!(price.contains("messages per record") && price.contains("Try next"));
    assert!(text(&semel(&["--ascii"]).stdout).is_ascii());
    assert_eq!(rows(&[]).len(), 15, "every mishap against every strategy");
}

#[test]
fn a_run_says_what_repeats_it() {
    let args = [
        "run",
        "lost-ack",
        "--strategy",
        "at-least-once",
        "--seed",
        "5",
    ];
    let output = semel(&args);
    let said = text(&output.stdout);
    assert_eq!(
        code(&output),
        0,
        "an expected violation is no failure: {said}"
    );
    let token = said.lines().find(|line| line.trim().starts_with("semel1:"));
    let token = token.expect("a token stands before the run").trim();
    assert!(token.starts_with("semel1:lost-ack:") && token.ends_with(":at-least-once:5"));
    assert_eq!(output.stdout, semel(&args).stdout, "same seed, same bytes");

    let set = [&args[..], &["--set", "faults[drop].times=2"]].concat();
    let said = text(&semel(&set).stdout);
    let command =
        "semel run lost-ack --strategy at-least-once --seed 5 --set 'faults[drop].times=2'";
    assert!(said.contains(command), "{said}");
}

#[test]
fn machines_get_rows_and_nothing_else_on_stdout() {
    let run = [
        "run",
        "lost-ack",
        "lost-request",
        "--strategy",
        "at-least-once,idempotent-producer",
    ];
    let rows = rows(&run);
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[0]["scenario"], "lost-ack");
    assert_eq!(rows[0]["duplicated"], 1);
    assert_eq!(rows[0]["violations"][0]["cause"], "D1");
    let lines = semel(&[&run[..], &["--format", "jsonl"]].concat());
    let lines = text(&lines.stdout);
    let read: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(read, rows);
}

/// At-least-once, with a promise that it cannot keep.
const BOASTER: &str = r#"(
    schema: 1,
    name: "boast",
    workload: (records: 8, amount: 10),
    faults: [Drop(packet: Ack(record: 3, attempt: 1))],
    define: {
        "boaster": (
            promise: [(level: effect, keeps: no_duplicate, assuming: [NoPowerLoss])],
            work: Loop(mark: After),
        ),
    },
)"#;

#[test]
fn a_broken_promise_is_1_and_is_told_even_quietly() {
    let file = folder("broken-promise").join("boast.ron");
    std::fs::write(&file, BOASTER).unwrap();
    let file = file.to_str().unwrap();
    let output = semel(&["run", file, "--strategy", "boaster,at-least-once", "-q"]);
    let said = text(&output.stdout);
    assert_eq!(code(&output), 1, "{said}{}", text(&output.stderr));
    insta::assert_snapshot!(said.replace(file, "boast.ron"));
    let quiet = semel(&["run", "lost-ack", "--strategy", "idempotent-producer", "-q"]);
    assert_eq!((code(&quiet), text(&quiet.stdout)), (0, String::new()));
}

/// A key that stays in progress for ever: not what any strategy promises, and none can leave that promise unwritten.
#[test]
fn what_every_strategy_promises_may_be_expected_to_break() {
    let file = folder("waived").join("stuck.ron");
    let path = file.to_str().unwrap();
    for (verdict, expected) in [
        ("Always([\"convergence at delivery\"])", 0),
        ("Breaks([\"convergence at delivery\"])", 0),
        ("Any", 1),
    ] {
        let text = format!(
            "(schema: 1, name: \"stuck\", workload: (records: 4),
            faults: [Crash(after: Applied(record: 1), down: \"20ms\")],
            define: {{\"no-lease\": (promise: [], work: Loop(mark: After), sink: (kind: Keyed(lease: None)))}},
            expect: {{\"no-lease\": (verdict: {verdict})}})"
        );
        std::fs::write(&file, text).unwrap();
        let run = semel(&["run", path]);
        assert_eq!(code(&run), expected, "{verdict}: {}", text_of(&run));
        assert_eq!(
            text_of(&run).contains("goes wrong, as expected"),
            expected == 0
        );
        let sweep = semel(&["sweep", path, "--seeds", "5"]);
        assert_eq!(code(&sweep), expected, "{verdict}: {}", text_of(&sweep));
    }
}

fn text_of(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn what_never_happened_is_no_success() {
    let folder = folder("verdicts");
    let file = folder.join("mine.ron");
    let scenario = |fault: &str, verdict: &str| {
        let text = format!(
            "(schema: 1, name: \"mine\", faults: [{fault}], expect: {{ \"at-least-once\": (verdict: {verdict}) }})"
        );
        std::fs::write(&file, text).unwrap();
        code(&semel(&["run", file.to_str().unwrap()]))
    };
    let ack = "Drop(packet: Ack(record: 3, attempt: 1))";
    let never = "Drop(packet: Ack(record: 3, attempt: 77))";
    assert_eq!(scenario(ack, "Always([\"no_duplicate at effect\"])"), 0);
    assert_eq!(scenario(ack, "Holds"), 1, "not as expected");
    assert_eq!(
        scenario("", "Always([\"no_duplicate at effect\"])"),
        6,
        "no-show"
    );
    assert_eq!(scenario(never, "Holds"), 5, "vacuous");
}

#[test]
fn traces_and_pages_appear_whole() {
    let folder = folder("files");
    let (trace, page) = (folder.join("trace.jsonl"), folder.join("page.html"));
    let args = [
        "run",
        "lost-ack",
        "--strategy",
        "at-least-once,at-most-once,idempotent-producer",
        "--trace",
        trace.to_str().unwrap(),
        "--report",
        page.to_str().unwrap(),
    ];
    let plain = semel(&args[..4]);
    assert_eq!(semel(&args).stdout, plain.stdout, "eyes change nothing");
    let lines = std::fs::read_to_string(&trace).unwrap();
    let mut places = std::collections::BTreeMap::new();
    for line in lines.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(entry["scenario"], "lost-ack");
        let (id, cause) = (
            entry["id"].as_u64().unwrap(),
            entry["cause"].as_u64().unwrap(),
        );
        let strategy = entry["strategy"].as_str().unwrap().to_owned();
        let next = places.entry(strategy).or_insert(0);
        assert!(id == *next && cause <= id);
        *next += 1;
    }
    assert_eq!(places.len(), 2, "what was not applicable left no trace");
    let written = std::fs::read_to_string(&page).unwrap();
    assert!(written.starts_with("<!DOCTYPE html>") && written.ends_with("</html>"));
    assert!(written.contains("<svg") && written.contains("semel1:lost-ack:"));
    semel(&args);
    assert_eq!(
        std::fs::read_to_string(&page).unwrap(),
        written,
        "same seed, same bytes"
    );
    assert_eq!(
        std::fs::read_dir(&folder).unwrap().count(),
        2,
        "no draft is left behind"
    );

    let both = ["run", "lost-ack", "--trace", "x", "--report", "x"];
    assert_eq!(code(&semel(&both)), 2);
}

#[test]
fn a_token_repeats_its_run() {
    let run = semel(&[
        "run",
        "lost-ack",
        "--strategy",
        "at-least-once",
        "-v",
        "--seed",
        "9",
    ]);
    let said = text(&run.stdout);
    let (_, token) = said
        .rsplit_once("semel replay ")
        .expect("the command is told");
    let token = token.lines().next().unwrap().trim();
    let again = semel(&["replay", token]);
    let said = text(&again.stdout);
    assert_eq!(code(&again), 0, "{said}");
    assert!(
        said.contains("= reproduced: digest ") && said.contains("D1"),
        "{said}"
    );
    assert_eq!(text(&semel(&["replay", token, "-q"]).stdout), "");

    let (rest, digest) = token.rsplit_once(':').unwrap();
    assert_eq!(
        code(&semel(&["replay", rest])),
        0,
        "a token without a digest"
    );
    let other = semel(&[
        "replay",
        &format!("{rest}:{digest}").replace(digest, "00000000"),
    ]);
    assert_eq!(code(&other), 7);
    assert!(text(&other.stdout).contains("x not reproduced"));
    // Whoever explains or shrinks another run than the recorded one tells of something that did not happen.
    for command in ["explain", "shrink"] {
        let other = semel(&[command, &format!("{rest}:00000000")]);
        assert_eq!(code(&other), 7, "{command}");
        assert!(text(&other.stderr).contains("not the recorded one"));
        assert!(other.stdout.is_empty(), "{command} told of it all the same");
        assert_eq!(code(&semel(&[command, &format!("{rest}:{digest}")])), 0);
    }
    let stale = semel(&["replay", "semel1:lost-ack:00000000:at-least-once:9"]);
    assert_eq!(code(&stale), 7);
    assert!(text(&stale.stderr).contains("it would be another run"));
    assert_eq!(code(&semel(&["replay", "semel1:lost-ack"])), 2);
    assert_eq!(
        code(&semel(&[
            "replay",
            "semel1:no-such:00000000:at-least-once:9"
        ])),
        2
    );
    // A token names what is in the catalog, never a file.
    for command in ["replay", "explain"] {
        let away = semel(&[command, "semel1:../my.ron:00000000:at-least-once:9"]);
        assert_eq!(code(&away), 2, "{command}: {}", text(&away.stderr));
    }
}

/// `-q` leaves what failed: no remark, no diagram, and no word where nothing did.
#[test]
fn quiet_commands_tell_of_failures_alone() {
    let run = ["lost-ack", "--strategy", "at-least-once", "--seed", "3"];
    let with = |command: &str, more: &[&str]| semel(&[&[command], &run[..], more].concat());

    let shrunk = with("shrink", &["-q"]);
    assert_eq!((code(&shrunk), text(&shrunk.stderr)), (0, String::new()));
    assert_eq!(shrunk.stdout, with("shrink", &[]).stdout);

    let (proof, page) = (with("explain", &["-q"]), with("explain", &[]));
    assert_eq!(code(&proof), 0);
    let (proof, page) = (text(&proof.stdout), text(&page.stdout));
    assert!(page.starts_with(&proof) && page.len() > proof.len());
    assert!(proof.contains("Needed") && !proof.contains("--Produce"));

    let kept = semel(&[
        "verify",
        "lost-ack",
        "--strategy",
        "idempotent-producer",
        "-q",
    ]);
    assert_eq!((code(&kept), text(&kept.stdout)), (0, String::new()));
    let open = ["verify", "lost-ack", "--strategy", "idempotent-producer"];
    let open = semel(&[&open[..], &["--states", "3", "-q"]].concat());
    assert_eq!(code(&open), 5);
    assert!(text(&open.stdout).contains("it did not finish"));

    let compared = |more: &[&str]| {
        let few = [
            "compare",
            "--faults",
            "0",
            "-q",
            "--strategy",
            "at-least-once",
        ];
        semel(&[&few[..], more].concat())
    };
    let kept = compared(&["lost-ack", "--seeds", "5"]);
    assert_eq!((code(&kept), text(&kept.stdout)), (0, String::new()));
    let bug = ["--set", "strategy.bug=AckBeforeAppend"];
    let broken = compared(&[&["bad-day", "--seeds", "50"], &bug[..]].concat());
    assert_eq!(code(&broken), 1, "{}", text(&broken.stderr));
    assert!(text(&broken.stdout).contains("at-least-once  x L"));
}
