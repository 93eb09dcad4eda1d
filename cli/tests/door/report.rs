//! `semel report` from outside: a page of a real sweep.

use std::path::{Path, PathBuf};

use crate::binary::{code, nowhere, semel, text};

/// The folder of a sweep, filled anew.
fn swept(name: &str) -> PathBuf {
    let folder = nowhere(name);
    let out = folder.to_str().unwrap();
    let args = [
        "sweep",
        "lost-ack",
        "bad-day",
        "--strategy",
        "at-most-once,at-least-once,transactional",
        "--seeds",
        // So many that every fault of a bad day strikes every one of them.
        "100",
        "--out",
        out,
    ];
    let output = semel(&args);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    folder
}

/// Every element that is opened is closed, in order, and nothing but elements is between angle brackets.
fn is_well_formed(page: &str) -> bool {
    const VOID: [&str; 2] = ["meta", "br"];
    let page = page.replace("<!DOCTYPE html>", "");
    let mut open: Vec<String> = Vec::new();
    for part in page.split('<').skip(1) {
        let Some((tag, _)) = part.split_once('>') else {
            return false;
        };
        let name: String = tag
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        if tag.starts_with('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if !tag.ends_with('/') && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    open.is_empty()
}

#[test]
fn a_page_is_made_of_a_real_sweep() {
    let folder = swept("report");
    let dir = folder.to_str().unwrap();
    let file = folder.join("report.html");
    let output = semel(&["report", dir, "-o", file.to_str().unwrap()]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let page = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        text(&semel(&["report", dir]).stdout),
        page,
        "the same bytes"
    );
    assert!(is_well_formed(&page));
    for part in [
        "lost-ack",
        "bad-day",
        "no_duplicate at effect",
        "not applicable",
        "D1",
        "95 % interval",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(
        page.matches("<svg").count(),
        4,
        "two pictures for each scenario"
    );
    for foreign in ["<script", "href=", "src=", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    // The same sweep again gives the same page.
    let again = swept("report-again");
    let again = semel(&["report", again.to_str().unwrap()]);
    assert_eq!(text(&again.stdout), page);
}

#[test]
fn names_from_files_are_escaped() {
    let folder = swept("report-hostile");
    let rows = folder.join("runs.jsonl");
    let hostile = std::fs::read_to_string(&rows).unwrap();
    let hostile = hostile.replace(
        "\"scenario\":\"lost-ack\"",
        "\"scenario\":\"<script>x</script>\"",
    );
    std::fs::write(&rows, &hostile).unwrap();
    // Rows that are not those of the manifest are refused; so the manifest is made to fit.
    let dir = folder.to_str().unwrap();
    assert_eq!(code(&semel(&["report", dir])), 3);
    let manifest = folder.join("manifest.json");
    let known = std::fs::read_to_string(&manifest).unwrap();
    let digest = blake3::hash(hostile.as_bytes()).to_hex();
    let start = known.find("\"digest\": \"").unwrap() + 11;
    std::fs::write(
        &manifest,
        format!("{}{digest}{}", &known[..start], &known[start + 64..]),
    )
    .unwrap();
    let page = text(&semel(&["report", dir]).stdout);
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
    assert!(is_well_formed(&page));
}

#[test]
fn what_is_no_result_is_refused() {
    let folder = swept("report-torn");
    let dir = folder.to_str().unwrap();
    assert_eq!(code(&semel(&["report", "/no/such/folder"])), 3);
    assert_eq!(code(&semel(&["report"])), 2);
    assert_eq!(
        code(&semel(&["report", dir, "-o", "/no/such/folder/page.html"])),
        2
    );
    let rows = folder.join("runs.jsonl");
    let whole = std::fs::read(&rows).unwrap();
    std::fs::write(&rows, &whole[..whole.len() - 40]).unwrap();
    let output = semel(&["report", dir]);
    assert_eq!(code(&output), 3);
    assert!(
        text(&output.stderr).contains("cannot be read"),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn a_sweep_that_was_cut_short_is_said_to_be() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report-short");
    let _ = std::fs::remove_dir_all(&folder);
    let dir = folder.to_str().unwrap();
    let args = [
        "sweep", "bad-day", "--seeds", "200000", "--for", "1s", "--out", dir,
    ];
    assert_eq!(code(&semel(&args)), 5);
    let output = semel(&["report", dir]);
    assert_eq!(code(&output), 5, "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("cut short"));
}
