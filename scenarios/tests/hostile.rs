//! Files are untrusted: whatever stands in one, reading it ends, and ends in a scenario or in a complaint.

use proptest::prelude::*;
use semel_scenarios::catalog;
use semel_scenarios::load::{Source, load, load_with};
use semel_scenarios::setting::Setting;

/// Something to put into a file, or to take out of it.
#[derive(Clone, Debug)]
enum Edit {
    Remove(usize, usize),
    Insert(usize, String),
    Copy(usize, usize, usize),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let token = prop_oneof![
        Just("(".to_string()),
        Just(")".to_string()),
        Just("[".to_string()),
        Just("{".to_string()),
        Just(",".to_string()),
        Just(":".to_string()),
        Just("\"".to_string()),
        Just("/*".to_string()),
        Just("-1".to_string()),
        Just("0".to_string()),
        Just("1e400".to_string()),
        Just("NaN".to_string()),
        Just("99999999999999999999999999999999999999999".to_string()),
        Just("\"18446744073709551615ns\"".to_string()),
        Just("\"1000d\"".to_string()),
        Just("Some(".to_string()),
        Just("faults: [Crash(node: \"*\", every: \"1us\", down: \"0ms\")],".to_string()),
        "[a-z_]{1,12}",
        "\\PC{0,4}",
    ];
    let edit = prop_oneof![
        (any::<usize>(), 0_usize..40).prop_map(|(at, length)| Edit::Remove(at, length)),
        (any::<usize>(), token).prop_map(|(at, text)| Edit::Insert(at, text)),
        (any::<usize>(), 0_usize..200, any::<usize>())
            .prop_map(|(from, length, to)| Edit::Copy(from, length, to)),
    ];
    prop::collection::vec(edit, 1..6)
}

fn apply(text: &str, edits: &[Edit]) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    for edit in edits {
        let size = letters.len() + 1;
        match edit {
            Edit::Remove(at, length) => {
                let at = at % size;
                letters.drain(at..(at + length).min(letters.len()));
            }
            Edit::Insert(at, text) => {
                let at = at % size;
                letters.splice(at..at, text.chars());
            }
            Edit::Copy(from, length, to) => {
                let from = from % size;
                let copy = letters[from..(from + length).min(letters.len())].to_vec();
                let to = to % size;
                letters.splice(to..to, copy);
            }
        }
    }
    letters.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_scenario_is_read_or_refused(file in 0..catalog::names().len(), edits in edits()) {
        let mut source = catalog::find(catalog::names()[file]).unwrap();
        source.text = apply(&source.text, &edits);
        if let Err(complaint) = load(&source) {
            prop_assert!(complaint.line() >= 1 && complaint.column() >= 1);
            prop_assert!(complaint.render(true).contains(&complaint.message));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        let _ = load(&Source { name: "any.ron".into(), text });
    }

    #[test]
    fn any_setting_is_applied_or_refused(path in "[a-z.\\[\\]0-9]{0,30}", value in "\\PC{0,20}") {
        if let Ok(setting) = Setting::parse(&format!("{path}={value}"))
            && let Err(complaint) = load_with(&catalog::find("lost-ack").unwrap(), &[setting])
        {
            prop_assert!(complaint.flag && !complaint.to_string().is_empty());
        }
    }
}

#[test]
fn brackets_without_end_are_refused() {
    for bracket in ["(", "[", "{", "Some("] {
        let text = format!(
            "(schema: 1, name: \"deep\", question: {}",
            bracket.repeat(100_000)
        );
        assert!(
            load(&Source {
                name: "deep.ron".into(),
                text
            })
            .is_err()
        );
        let text = format!(
            "(schema: 1, name: \"deep\", workload: {}",
            bracket.repeat(100_000)
        );
        assert!(
            load(&Source {
                name: "deep.ron".into(),
                text
            })
            .is_err()
        );
    }
}
