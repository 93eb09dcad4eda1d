//! The laws of the house, held against its source: who may know whom, what must not appear where, how long things get.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates from the ground up. Each may use those before it, never those after.
const FLOORS: [(&str, &str); 5] = [
    ("sim", "semel-sim"),
    ("models", "semel-models"),
    ("scenarios", "semel-scenarios"),
    ("reports", "semel-reports"),
    ("cli", "semel"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests live in the workspace")
        .to_path_buf()
}

/// Every Rust file under a folder of the workspace, with its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    files(folder, "rs")
}

/// Every file of a kind under a folder of the workspace, with its text.
fn files(folder: &str, kind: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == kind) {
                let name = path
                    .strip_prefix(root())
                    .expect("it is inside")
                    .display()
                    .to_string();
                found.push((
                    name,
                    fs::read_to_string(&path).expect("a source can be read"),
                ));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} has files of kind {kind}");
    found.sort();
    found
}

/// Lines of code: without comments, and without the tests at the end of a file.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let own = text.split("#[cfg(test)]\nmod tests {").next();
    let own = own.unwrap_or(text);
    own.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Asserts that none of `words` stands in the code under `folder`.
fn absent(folder: &str, words: &[&str], why: &str) {
    let mut found = Vec::new();
    for (name, text) in sources(folder) {
        for (number, line) in code(&text) {
            for word in words.iter().filter(|word| line.contains(**word)) {
                found.push(format!("{name}:{}: `{word}` ({why})", number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn arrows_run_one_way() {
    for (floor, (folder, _)) in FLOORS.iter().enumerate() {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml"))
            .expect("every crate has a manifest");
        let own = manifest
            .split("[dev-dependencies]")
            .next()
            .unwrap_or(&manifest);
        for (_, above) in &FLOORS[floor + 1..] {
            let uses = own
                .lines()
                .any(|line| line.split(['.', ' ', '=']).next() == Some(above));
            assert!(!uses, "{folder} must not know {above}");
        }
    }
}

#[test]
fn a_run_has_no_threads_no_wall_clock_no_floats_no_hash_order_and_no_globals() {
    for folder in ["sim/src", "models/src"] {
        let lib =
            fs::read_to_string(root().join(folder).join("lib.rs")).expect("a crate has a root");
        assert!(lib.contains("#![no_std]"), "{folder} is no_std");
        let words = [
            "std::time",
            "Instant::now",
            "HashMap",
            "HashSet",
            "thread",
            "static mut",
            "Mutex",
            "async ",
        ];
        absent(folder, &words, "it would make a run differ from itself");
    }
    absent(
        "models/src",
        &["f32", "f64"],
        "floats differ between targets",
    );
}

#[test]
fn the_kernel_has_never_heard_of_the_domain() {
    absent(
        "sim/src",
        &[
            "Broker", "Producer", "Consumer", "RecordId", "Offset", "Strategy",
        ],
        "the kernel moves words",
    );
}

#[test]
fn models_hold_no_chance_and_no_files() {
    absent(
        "models/src",
        &["rand::", "rand_chacha", "Seed", "std::fs", "println!"],
        "chance is the adversary's",
    );
}

#[test]
fn oracles_read_observations_only() {
    let words = [
        "crate::broker",
        "crate::producer",
        "crate::consumer",
        "crate::sink",
        "crate::message",
        "crate::node",
    ];
    absent(
        "models/src/judge",
        &words,
        "an oracle must not know the models",
    );
}

#[test]
fn only_the_door_prints() {
    for folder in ["sim/src", "models/src", "scenarios/src", "reports/src"] {
        absent(
            folder,
            &["println!", "eprintln!", "print!(", "dbg!"],
            "text leaves through the door",
        );
    }
}

#[test]
fn nothing_is_left_open() {
    for (folder, _) in FLOORS {
        absent(
            &format!("{folder}/src"),
            &["todo!", "unimplemented!", "TODO", "FIXME", "dead_code"],
            "finish it",
        );
    }
}

#[test]
fn files_stay_short_enough_to_read() {
    for (folder, _) in FLOORS {
        for (name, text) in sources(&format!("{folder}/src")) {
            let lines = text.lines().count();
            assert!(lines <= 500, "{name} has {lines} lines: split it");
            let file = name.rsplit('/').next();
            let vague = ["utils.rs", "helpers.rs", "common.rs", "misc.rs"];
            assert!(
                !vague.contains(&file.unwrap_or(&name)),
                "{name} says nothing by its name"
            );
        }
    }
}

#[test]
fn every_module_says_what_it_is() {
    for (folder, _) in FLOORS {
        for (name, text) in sources(&format!("{folder}/src")) {
            assert!(
                text.starts_with("//!") || text.starts_with("#!"),
                "{name} opens with what it is"
            );
        }
    }
}

/// The sections (`§1.3`) and documented failures (`F001`) that a text cites of the notes. Behind the name of another
/// document (`design §3`, `cli.md §1`) a section is one of that.
fn citations(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, sign) in text.match_indices('§') {
        let before = text[..at].trim_end_matches([' ', '`']);
        let document = before
            .rsplit(|c: char| !c.is_alphanumeric() && c != '.')
            .next()
            .unwrap_or_default()
            .to_lowercase();
        let file = Path::new(&document).extension();
        let foreign = file.is_some_and(|kind| kind == "md") && document != "semantics.md";
        let number = text[at + sign.len()..]
            .split(|c: char| !c.is_ascii_digit() && c != '.')
            .next()
            .unwrap_or_default()
            .trim_end_matches('.');
        if !number.is_empty() && !foreign && document != "design" {
            found.push(format!("§{number}"));
        }
    }
    let failures = text.split(|c: char| !c.is_alphanumeric()).filter(|word| {
        let number = word.strip_prefix('F').unwrap_or_default();
        number.len() == 3 && number.bytes().all(|digit| digit.is_ascii_digit())
    });
    found.extend(failures.map(String::from));
    found
}

#[test]
fn what_is_cited_of_the_notes_is_in_them() {
    let read = |name: &str| fs::read_to_string(root().join(name)).expect("it can be read");
    let notes = read("models/semantics.md");
    // A section has a heading or opens a point of a list, a failure has a row.
    let told: Vec<&str> = notes
        .lines()
        .filter(|line| line.starts_with(['#', '-', '|']))
        .filter_map(|line| {
            line.split(['#', '-', '|', '*', ' '])
                .find(|word| !word.is_empty())
        })
        .collect();
    let mut texts = vec![("README.md".into(), read("README.md"))];
    for (folder, _) in FLOORS {
        texts.extend(sources(folder));
    }
    texts.extend(sources("tests"));
    texts.extend(files("scenarios", "ron"));
    texts.extend(files("tests", "ron"));
    let mut missing = Vec::new();
    for (name, text) in &texts {
        for citation in citations(text) {
            if !told.contains(&citation.as_str()) {
                missing.push(format!("{name}: {citation} is not in models/semantics.md"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}
