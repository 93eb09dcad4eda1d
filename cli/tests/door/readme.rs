//! The README, taken at its word: its files are written, its commands run, and what it shows of their output compared.
//!
//! A file is a block of `ron` behind a paragraph that ends with "as `name.ron`:". A command is a line of a block of
//! `sh` that begins with `cargo run --release --`. Its output, where shown, is the block of `text` that follows;
//! a line `...` there stands for any lines left out.

use std::path::Path;

use crate::binary::{folder, semel_in};

#[path = "../../../sim/examples/lease.rs"]
mod lease;

const README: &str = include_str!("../../../README.md");

/// A fenced block, and the line of text before it.
struct Block<'a> {
    kind: &'a str,
    before: &'a str,
    text: String,
}

/// The blocks of one section, in order.
fn blocks(section: &str) -> Vec<Block<'static>> {
    let start = README
        .find(&format!("## {section}\n"))
        .unwrap_or_else(|| panic!("there is a section {section:?}"));
    let text = &README[start + 3..];
    let text = &text[..text.find("\n## ").unwrap_or(text.len())];
    let (mut blocks, mut open, mut before) = (Vec::new(), None::<Block>, "");
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text.extend([line, "\n"]),
            (None, Some(kind)) => {
                let text = String::new();
                open = Some(Block { kind, before, text });
            }
            (None, None) if !line.is_empty() => before = line,
            (None, None) => {}
        }
    }
    blocks
}

/// The words of a command, as a shell would part them: quotes and comments, no more.
fn words(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut quoted, mut within) = (None, false);
    for letter in line.chars() {
        match quoted {
            Some(quote) if letter == quote => quoted = None,
            None if letter == '\'' || letter == '"' => quoted = Some(letter),
            None if letter == '#' && !within => break,
            None if letter.is_whitespace() => within = false,
            _ => {
                if !within {
                    words.push(String::new());
                    within = true;
                }
                words.last_mut().unwrap().push(letter);
            }
        }
    }
    words
}

/// Runs a command of the README in a folder; it must meet every expectation. What it says.
fn run(line: &str, folder: &Path) -> String {
    let args = words(
        line.strip_prefix("cargo run --release")
            .expect("a command of ours"),
    );
    let args = args.strip_prefix(&["--".to_string()][..]).unwrap_or(&args);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = semel_in(folder, &args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}\n{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Whether `shown` is `said`, but for what its lines `...` leave out and for blanks at the ends of lines.
fn is_shown(shown: &str, said: &str) -> bool {
    let mut rest: Vec<&str> = said.lines().map(str::trim_end).collect();
    let mut free = false;
    for part in shown.lines().map(str::trim_end) {
        if part == "..." {
            free = true;
            continue;
        }
        let Some(place) = rest.iter().position(|line| *line == part) else {
            return false;
        };
        if place > 0 && !free {
            return false;
        }
        rest.drain(..=place);
        free = false;
    }
    free || rest.is_empty()
}

/// Walks through a section: files, commands, and what they say.
fn walk(section: &str, name: &str) -> usize {
    let folder = folder(name);
    let (mut said, mut commands) = (String::new(), 0);
    for block in blocks(section) {
        match block.kind {
            "ron" => {
                let file = block
                    .before
                    .split('`')
                    .rev()
                    .nth(1)
                    .expect("a file in backticks");
                std::fs::write(folder.join(file), &block.text).unwrap();
            }
            "sh" => {
                for line in block
                    .text
                    .lines()
                    .filter(|line| line.starts_with("cargo run --release"))
                {
                    said = run(line, &folder);
                    commands += 1;
                }
            }
            "text" => assert!(
                is_shown(&block.text, &said),
                "the README shows\n{}\nbut it says\n{said}",
                block.text
            ),
            _ => {}
        }
    }
    commands
}

#[test]
fn five_minutes_are_as_written() {
    assert!(walk("Five minutes", "readme-five-minutes") >= 8);
}

#[test]
fn a_scenario_of_ones_own_is_as_written() {
    assert!(walk("Write your own scenario", "readme-scenario") >= 5);
}

#[test]
fn every_command_is_as_written() {
    assert!(walk("Commands", "readme-commands") >= 8);
}

/// The walk through the lease shows the example itself, piece by piece, and what it says.
#[test]
fn a_protocol_of_ones_own_is_as_written() {
    let example = include_str!("../../../sim/examples/lease.rs");
    let blocks = blocks("Test your own protocol");
    let pieces = blocks.iter().filter(|block| block.kind.starts_with("rust"));
    let mut shown = 0;
    for piece in pieces {
        let text = piece.text.as_str();
        assert!(example.contains(text), "the example does not say\n{text}");
        shown += 1;
    }
    assert!(shown >= 4, "the walk shows the example");
    let said = format!(
        "without a fence: {}\nwith a fence:    {}\n",
        lease::verdict(false),
        lease::verdict(true)
    );
    let output = blocks
        .iter()
        .find(|block| block.kind == "text")
        .expect("its output");
    assert_eq!(output.text, said);
    lease::main();
}
