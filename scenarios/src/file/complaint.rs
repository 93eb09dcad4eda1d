//! What is wrong with a file or a flag: where, what, and the fix.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::file::path::Path;

/// What sort of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The text is not RON, or not of the right shape.
    Syntax,
    /// A field that nobody has.
    Field,
    /// Another name that nobody has: a variant, a strategy, a node, an invariant.
    Unknown,
    /// A value out of its range.
    Value,
    /// Values that make no sense together.
    Combination,
    /// A run would not fit into memory.
    TooLarge,
    /// A file of another version of the format.
    Version,
}

/// A text, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// How messages call it: a path as it was given, or the name of a catalog file.
    pub name: String,
    /// Its contents.
    pub text: String,
}

/// What is wrong with a file or a flag: where, what, and the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What sort of mistake it is.
    pub kind: Kind,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to write instead, if that can be said.
    pub help: Option<String>,
    /// Where in the scenario: `faults[0].rate`. Empty: nowhere in particular.
    pub path: String,
    /// The text it is about. A flag is a source of one line.
    pub source: Box<Source>,
    /// Which bytes of it.
    pub span: Range<usize>,
    /// Whether the source is a flag, not a file.
    pub flag: bool,
}

impl Complaint {
    /// A complaint about some bytes of a file. Bytes beyond its end, or amid a letter, are brought back into it.
    pub(crate) fn in_file(
        source: &Source,
        kind: Kind,
        message: String,
        help: Option<String>,
        path: &Path,
        span: Range<usize>,
    ) -> Self {
        let end = source.text.len();
        let whole = |place: usize| {
            let mut places = place.min(end)..=end;
            places
                .find(|place| source.text.is_char_boundary(*place))
                .unwrap_or(end)
        };
        let start = whole(span.start);
        Self {
            kind,
            message,
            help,
            path: path.to_string(),
            span: start..whole(span.end).max(start),
            source: Box::new(source.clone()),
            flag: false,
        }
    }

    /// What it points at.
    pub(crate) fn token(&self) -> &str {
        &self.source.text[self.span.clone()]
    }

    /// The line it points at, from 1.
    pub fn line(&self) -> usize {
        1 + self.source.text[..self.span.start].matches('\n').count()
    }

    /// The column it points at, from 1, in characters.
    pub fn column(&self) -> usize {
        let before = &self.source.text[..self.span.start];
        1 + before
            .chars()
            .rev()
            .take_while(|letter| *letter != '\n')
            .count()
    }

    /// The whole message, with the line it is about, for people.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        let label = if self.path.is_empty() {
            None
        } else {
            Some(self.path.as_str())
        };
        let mark = AnnotationKind::Primary.span(self.span.clone()).label(label);
        let snippet = Snippet::source(&self.source.text)
            .path(&self.source.name)
            .annotation(mark);
        let mut group =
            Group::with_title(Level::ERROR.primary_title(&self.message)).element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group])
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.render(false))
    }
}

impl std::error::Error for Complaint {}
