//! `semel compare` from outside.

use crate::binary::{code, nowhere, semel, text};

const FEW: [&str; 10] = [
    "compare",
    "lost-ack",
    "crash-before-commit",
    "isolation-heals",
    "--strategy",
    "at-most-once,at-least-once,idempotent-consumer,transactional",
    "--seeds",
    "20",
    "--faults",
    "1",
];

#[test]
fn a_comparison_can_be_read() {
    let output = semel(&FEW);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    insta::assert_snapshot!(text(&output.stdout));
    let jobs = semel(&[&FEW[..], &["--jobs", "2"]].concat());
    assert_eq!(
        output.stdout, jobs.stdout,
        "the number of threads changes nothing"
    );
}

#[test]
fn a_comparison_is_data_too() {
    let output = semel(&[&FEW[..], &["--format", "jsonl"]].concat());
    let lines: Vec<serde_json::Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let document = semel(&[&FEW[..], &["--format", "json"]].concat());
    let document: Vec<serde_json::Value> = serde_json::from_slice(&document.stdout).unwrap();
    assert_eq!(lines, document);
    assert_eq!(lines[0]["relative"]["messages_per_record"], 1.0);
    for line in &lines {
        assert_eq!(line["compare"], true);
        for key in [
            "runs",
            "latency_p50_ns",
            "latency_p99_ns",
            "messages_per_record",
            "round_trips_per_record",
            "quiet_round_trips_per_record",
            "dedup_bytes_max",
            "reprocessing_factor",
            "recovery_p50_ns",
            "faults_per_1000_packets",
        ] {
            assert!(!line["price"][key].is_null(), "{key}");
        }
        assert_eq!(line["families"].as_array().unwrap().len(), 3);
        assert_eq!(line["breaking"]["promise"], serde_json::Value::Null);
    }
}

#[test]
fn exit_codes_are_those_of_a_sweep() {
    for (args, expected) in [
        (&["compare", "no-such-scenario"][..], 2),
        (&["compare", "lost-ack", "--strategy", "nobody"], 2),
        (&["compare", "lost-ack", "--seeds", "5..5"], 2),
        (&["compare", "lost-ack", "--strategy", ","], 4),
        (&["compare", "/no/such/file.ron"], 3),
        // A planted bug breaks a promise.
        (
            &[
                "compare",
                "broker-crash",
                "--strategy",
                "idempotent-producer",
                "--seeds",
                "5",
                "--faults",
                "0",
                "--set",
                "strategy.bug=TableNotRebuilt",
            ],
            1,
        ),
        // A loss that is expected by chance need not show in a single run.
        (
            &[
                "compare",
                "auto-commit-loss",
                "--strategy",
                "at-most-once",
                "--seeds",
                "1",
                "--faults",
                "0",
            ],
            6,
        ),
    ] {
        let output = semel(args);
        assert_eq!(
            code(&output),
            expected,
            "{args:?}: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn rows_are_kept_where_that_is_asked_for() {
    let folder = nowhere("compare-out");
    let out = ["--out", folder.to_str().unwrap()];
    assert_eq!(code(&semel(&[&FEW[..], &out].concat())), 0);
    let rows = std::fs::read_to_string(folder.join("runs.jsonl")).unwrap();
    assert_eq!(rows.lines().count(), 3 * 4 * 20);
    let again = semel(&[&FEW[..], &out].concat());
    assert_eq!(code(&again), 8, "what is there is not overwritten");
}
