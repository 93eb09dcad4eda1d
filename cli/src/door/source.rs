//! From what was typed to scenarios: names of the catalog, and paths of files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use semel_scenarios::catalog;
use semel_scenarios::file::complaint::Source;

use super::failure::Failure;

/// The most that is read of a file; what is larger is refused when it is loaded.
const BYTES_MAX: u64 = (64 << 20) + 1;

/// The text that was meant: a path where it looks like one, otherwise a name from the catalog.
pub(crate) fn find(given: &str) -> Result<Source, Failure> {
    if is_path(given) {
        return read(given);
    }
    catalog::find(given).ok_or_else(|| Failure::Usage(catalog::unknown(given)))
}

/// Whether a word is meant as a token, well formed or not.
pub(crate) fn is_token(word: &str) -> bool {
    word.split_once(':')
        .is_some_and(|(version, _)| version.starts_with("semel"))
}

/// Whether this is a path, not a name.
pub(crate) fn is_path(given: &str) -> bool {
    let ends = Path::new(given)
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("ron"));
    ends || given.contains(['/', '\\'])
}

fn read(given: &str) -> Result<Source, Failure> {
    let unreadable = |why: &dyn std::fmt::Display| {
        Failure::Unreadable(format!("cannot read the scenario file {given}: {why}"))
    };
    let mut bytes = Vec::new();
    File::open(given)
        .and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes))
        .map_err(|error| unreadable(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..place]
            .split(|byte| *byte == b'\n')
            .count();
        unreadable(&format!("it is not UTF-8 text (line {line})"))
    })?;
    // Some editors begin a file with a byte order mark: it says how to read the text, and is none of it.
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    };
    Ok(Source {
        name: given.into(),
        text,
    })
}
