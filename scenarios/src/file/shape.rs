//! Texts that are not RON, or not of the right shape: what `ron` says of them, in our words.

use std::ops::Range;

use ron::Error;
use ron::error::{Position, SpannedError};
use serde::de::DeserializeOwned;

use crate::file::complaint::{Complaint, Kind, Source};
use crate::file::nearest::nearest;
use crate::file::path::Path;
use crate::file::seek;

/// What is wrong, what to do about it, and with which bytes.
struct Remark {
    kind: Kind,
    text: String,
    help: Option<String>,
    span: Range<usize>,
}

/// A complaint about the shape of the text of a `T`, from what `ron` says of it.
pub(crate) fn complaint<T: DeserializeOwned>(
    source: &Source,
    error: &SpannedError,
    path: &Path,
) -> Complaint {
    let (text, cursor) = (source.text.as_str(), offset(&source.text, &error.span.end));
    let remark = of_file(text)
        .or_else(|| of_names(&error.code, cursor))
        .or_else(|| of_brackets(&error.code, text, cursor))
        .or_else(|| of_value::<T>(&error.code, text, path));
    let Remark {
        kind,
        text,
        help,
        span,
    } = remark.unwrap_or_else(|| Remark {
        kind: Kind::Syntax,
        text: lowered(&error.code.to_string()),
        help: None,
        span: cursor..cursor + 1,
    });
    Complaint::in_file(source, kind, text, help, path, span)
}

fn of_file(text: &str) -> Option<Remark> {
    let empty = text.trim().is_empty();
    empty.then(|| Remark {
        kind: Kind::Syntax,
        text: "the file is empty".into(),
        help: None,
        span: 0..0,
    })
}

/// Names that nobody has, that are missing, or that stand there twice. The cursor is behind them.
fn of_names(code: &Error, cursor: usize) -> Option<Remark> {
    let word = |found: &str| cursor.saturating_sub(found.len())..cursor;
    let (kind, text, help, span) = match code {
        Error::NoSuchStructField {
            expected, found, ..
        } => (
            Kind::Field,
            format!("there is no field `{found}` here"),
            Some(known(found, expected)),
            word(found),
        ),
        Error::NoSuchEnumVariant {
            expected, found, ..
        } => {
            let text = format!("there is no `{found}` here");
            (
                Kind::Unknown,
                text,
                Some(known(found, expected)),
                word(found),
            )
        }
        Error::MissingStructField { field, .. } => (
            Kind::Syntax,
            format!("the field `{field}` is missing here"),
            None,
            cursor..cursor + 1,
        ),
        Error::DuplicateStructField { field, .. } => (
            Kind::Syntax,
            format!("the field `{field}` is given twice"),
            None,
            word(field),
        ),
        _ => return None,
    };
    Some(Remark {
        kind,
        text,
        help,
        span,
    })
}

/// The nearest of these names, or all of them.
fn known(found: &str, expected: &[&'static str]) -> String {
    nearest(found, expected.iter().copied()).map_or_else(
        || format!("it can be {}", expected.join(", ")),
        |name| format!("did you mean `{name}`?"),
    )
}

/// Brackets, commas and quotes.
fn of_brackets(code: &Error, text: &str, cursor: usize) -> Option<Remark> {
    let said = match code {
        Error::ExceededRecursionLimit => "brackets are nested too deep",
        Error::TrailingCharacters => "the scenario ends before this",
        Error::ExpectedStringEnd => "this string is never closed",
        Error::ExpectedComma
        | Error::ExpectedStructLikeEnd
        | Error::ExpectedMapEnd
        | Error::ExpectedArrayEnd => separator(text, cursor),
        _ => return None,
    };
    Some(Remark {
        kind: Kind::Syntax,
        text: said.into(),
        help: None,
        span: cursor..cursor + 1,
    })
}

/// What is missing between two items; a fraction where a whole number is meant ends up here too.
fn separator(text: &str, cursor: usize) -> &'static str {
    let digit = text[..cursor].ends_with(|letter: char| letter.is_ascii_digit());
    if digit && text[cursor..].starts_with('.') {
        "a whole number is expected here"
    } else if text[cursor..].trim().is_empty() {
        "the text ends before all brackets are closed"
    } else {
        "a comma or a closing bracket is expected here"
    }
}

/// Values of the wrong type or out of range: it is the value at the path that is wrong, not the text at the cursor.
fn of_value<T: DeserializeOwned>(code: &Error, text: &str, path: &Path) -> Option<Remark> {
    let span = seek::token::<T>(text, path);
    let token = &text[span.clone()];
    let no_help = |text: String| (text, None);
    let written = |text: &str, help: &str| (text.to_string(), Some(help.to_string()));
    let (text, help) = match code {
        Error::Message(text) => advice(text),
        Error::IntegerOutOfBounds if token.starts_with('-') => (
            format!("`{token}` is negative"),
            Some("use 0 or more".into()),
        ),
        Error::IntegerOutOfBounds => no_help(format!("`{token}` is too large for this field")),
        Error::ExpectedInteger | Error::InvalidIntegerDigit { .. } => {
            no_help(format!("`{token}` is not a whole number"))
        }
        Error::ExpectedFloat => no_help(format!("`{token}` is not a number")),
        Error::ExpectedBoolean => no_help(format!("`{token}` is neither true nor false")),
        Error::ExpectedString if token.starts_with('[') => written(
            "one name is expected here, not a list",
            "write it without the brackets",
        ),
        Error::ExpectedString => (
            format!("`{token}` is not a string"),
            Some(format!("put it into quotes: \"{token}\"")),
        ),
        Error::ExpectedArray => written("a list is expected here", "lists are written [a, b]"),
        Error::ExpectedMap => written(
            "a map is expected here",
            "maps are written { \"name\": value }",
        ),
        Error::ExpectedIdentifier => written(
            "a name is expected here",
            "there is one pair of brackets: `Outbox(save_every: \"1s\")`, not `Outbox((..))`",
        ),
        Error::ExpectedStructLike
        | Error::ExpectedNamedStructLike(_)
        | Error::ExpectedDifferentStructName { .. } => written(
            "fields in brackets are expected here",
            "they are written (field: value)",
        ),
        Error::ExpectedDifferentLength { .. } | Error::InvalidValueForType { .. } => {
            no_help(lowered(&code.to_string()))
        }
        _ => return None,
    };
    Some(Remark {
        kind: Kind::Value,
        text,
        help,
        span,
    })
}

/// Splits what a type says of a bad value into what is wrong and what to do about it.
fn advice(text: &str) -> (String, Option<String>) {
    let imperative = |help: &str| {
        ["write ", "use ", "did you "]
            .iter()
            .any(|verb| help.starts_with(verb))
    };
    match text.split_once("; ") {
        Some((wrong, help)) if imperative(help) => (wrong.into(), Some(help.into())),
        _ => (text.into(), None),
    }
}

fn lowered(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect()
}

/// The byte at which a position of `ron`'s (line and column in characters, from 1) begins.
fn offset(text: &str, position: &Position) -> usize {
    let line: usize = text
        .split_inclusive('\n')
        .take(position.line - 1)
        .map(str::len)
        .sum();
    let column: usize = text[line..]
        .chars()
        .take(position.col - 1)
        .map(char::len_utf8)
        .sum();
    line + column
}
