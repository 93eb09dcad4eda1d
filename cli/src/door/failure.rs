//! What ends a command before its work is done, and how that is said on stderr.

use std::io::Write;
use std::path::Path;

use anstream::{AutoStream, ColorChoice};
use semel_reports::Glyphs;
use semel_scenarios::file::complaint::Complaint;

use super::exit::Exit;

/// What ends a command before its work is done.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line makes no sense.
    Usage(String),
    /// A file cannot be read.
    Unreadable(String),
    /// What was being written cannot be finished: where, and why.
    Unwritable(String),
    /// Files or flags with something wrong in them.
    Complaints(Vec<Complaint>),
    /// Results that cannot be merged.
    Unmergeable(String),
    /// Nothing was selected.
    Nothing(String),
    /// A run cannot be repeated as it was.
    Irreproducible(String),
    /// The program is wrong, or the machine is.
    Internal(String),
}

impl Failure {
    /// A path that cannot be written, given on the command line.
    pub(crate) fn unwritable(flag: &str, path: &Path, why: &impl std::fmt::Display) -> Self {
        Self::Usage(format!(
            "{flag} {}: cannot write there: {why}",
            path.display()
        ))
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::Unwritable(_) => Exit::Usage,
            Self::Complaints(complaints) if complaints.iter().all(|one| one.flag) => Exit::Usage,
            Self::Unreadable(_) | Self::Complaints(_) => Exit::Invalid,
            Self::Unmergeable(_) => Exit::Unmergeable,
            Self::Nothing(_) => Exit::Nothing,
            Self::Irreproducible(_) => Exit::Irreproducible,
            Self::Internal(_) => Exit::Internal,
        }
    }

    /// Says it on stderr. If even that fails, there is nobody to tell.
    pub(crate) fn print(&self, choice: ColorChoice, glyphs: Glyphs) {
        let text = match self {
            Self::Unwritable(text) => {
                format!("error: {text}\nMake room there, or let it be written elsewhere.\n")
            }
            Self::Usage(text)
            | Self::Unreadable(text)
            | Self::Unmergeable(text)
            | Self::Nothing(text)
            | Self::Irreproducible(text) => {
                format!("error: {text}\n")
            }
            Self::Complaints(complaints) => complaints
                .iter()
                .map(|complaint| complaint.render(true) + "\n")
                .collect::<Vec<_>>()
                .join("\n"),
            Self::Internal(text) => format!(
                "internal error: {text}\nThis is a mistake in semel, not in what you gave it.\n"
            ),
        };
        let text = match glyphs {
            Glyphs::Ascii => plain(&text),
            Glyphs::Unicode => text,
        };
        let mut stderr = AutoStream::new(std::io::stderr(), choice);
        let _ = stderr.write_all(text.as_bytes());
    }
}

impl From<Complaint> for Failure {
    fn from(complaint: Complaint) -> Self {
        Self::Complaints(vec![complaint])
    }
}

/// The text line by line in ASCII; colours stay.
fn plain(text: &str) -> String {
    let clean = |line: &str| {
        let parts: Vec<String> = line
            .split('\u{1b}')
            .map(|part| Glyphs::Ascii.clean(part))
            .collect();
        parts.join("\u{1b}") + "\n"
    };
    text.lines().map(clean).collect()
}
