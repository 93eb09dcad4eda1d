//! From text to a checked scenario, and what to say when that fails.

use std::ops::Range;

use serde::de::DeserializeOwned;

use crate::check::{self, Objection};
use crate::complaint::Kind;
pub use crate::complaint::{Complaint, Source};
use crate::format::{options, pretty};
use crate::nearest::nearest;
use crate::path::{Path, Step};
use crate::scenario::Scenario;
use crate::seek;
use crate::setting::{self, Setting};

/// The largest file that is read.
const TEXT_MAX: usize = 64 << 20;

/// Reads and checks a scenario.
pub fn load(source: &Source) -> Result<Scenario, Complaint> {
    let scenario: Scenario = parse(source)?;
    check::check(&scenario).map_err(|objection| place(&objection, source, &scenario))?;
    Ok(scenario)
}

/// Reads and checks a scenario, changes it by those settings that are not of strategies, and checks it again.
pub fn load_with(source: &Source, settings: &[Setting]) -> Result<Scenario, Complaint> {
    let mut scenario = load(source)?;
    let own: Vec<&Setting> = settings
        .iter()
        .filter(|setting| !setting.is_of_strategy())
        .collect();
    for setting in &own {
        scenario = setting::apply(&scenario, setting, &Path::root(), &faults(&scenario))?;
    }
    check::check(&scenario)
        .map_err(|objection| setting::blame(&objection, &own, &faults(&scenario)))?;
    Ok(scenario)
}

/// The scenario as a file with every default written out.
pub fn resolved(scenario: &Scenario) -> String {
    pretty(scenario)
}

/// What the faults of a scenario are called.
pub(crate) fn faults(scenario: &Scenario) -> Vec<String> {
    semel_sim::faults::names_of(&scenario.faults)
}

/// Reads RON into a value of the right shape.
pub(crate) fn parse<T: DeserializeOwned>(source: &Source) -> Result<T, Complaint> {
    if source.text.len() > TEXT_MAX {
        let text = format!("the file is larger than {} MiB", TEXT_MAX >> 20);
        return Err(complaint(
            source,
            Kind::TooLarge,
            text,
            None,
            &Path::root(),
            0..0,
        ));
    }
    let mut ron = ron::Deserializer::from_str_with_options(&source.text, &options())
        .map_err(|error| shape::<T>(source, &error, &Path::root()))?;
    let value = match serde_path_to_error::deserialize(&mut ron) {
        Ok(value) => value,
        Err(error) => {
            let path = error.path().into();
            return Err(shape::<T>(
                source,
                &ron.span_error(error.into_inner()),
                &path,
            ));
        }
    };
    ron.end()
        .map_err(|error| shape::<T>(source, &ron.span_error(error), &Path::root()))?;
    Ok(value)
}

/// A complaint about the shape of a text, from what `ron` says of it.
fn shape<T: DeserializeOwned>(
    source: &Source,
    error: &ron::error::SpannedError,
    path: &Path,
) -> Complaint {
    use ron::Error;
    let cursor = offset(&source.text, &error.span.end);
    let word = |found: &str| cursor.saturating_sub(found.len())..cursor;
    let list = |known: &[&str]| format!("it can be {}", known.join(", "));
    let near = |found: &str, known: &'static [&'static str]| {
        nearest(found, known.iter().copied())
            .map_or_else(|| list(known), |name| format!("did you mean `{name}`?"))
    };
    let (kind, text, help, span) = match &error.code {
        Error::NoSuchStructField {
            expected, found, ..
        } => (
            Kind::Unknown,
            unknown_field(found),
            Some(near(found, expected)),
            word(found),
        ),
        Error::NoSuchEnumVariant {
            expected, found, ..
        } => (
            Kind::Unknown,
            format!("there is no `{found}` here"),
            Some(near(found, expected)),
            word(found),
        ),
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
        Error::ExceededRecursionLimit => (
            Kind::Syntax,
            "brackets are nested too deep".into(),
            None,
            cursor..cursor + 1,
        ),
        Error::ExpectedComma
        | Error::ExpectedStructLikeEnd
        | Error::ExpectedMapEnd
        | Error::ExpectedArrayEnd => (
            Kind::Syntax,
            separator(&source.text, cursor),
            None,
            cursor..cursor + 1,
        ),
        Error::TrailingCharacters => (
            Kind::Syntax,
            "the scenario ends before this".into(),
            None,
            cursor..cursor + 1,
        ),
        Error::ExpectedStringEnd => (
            Kind::Syntax,
            "this string is never closed".into(),
            None,
            cursor..cursor + 1,
        ),
        _ if source.text.trim().is_empty() => {
            (Kind::Syntax, "the file is empty".into(), None, 0..0)
        }
        code if is_about_a_value(code) => {
            let span = seek::token::<T>(&source.text, path);
            let (text, help) = of_value(code, &source.text[span.clone()]);
            (Kind::Value, text, help, span)
        }
        code => (
            Kind::Syntax,
            lowered(&code.to_string()),
            None,
            cursor..cursor + 1,
        ),
    };
    complaint(source, kind, text, help, path, span)
}

/// What is said of a field that nobody has.
pub(crate) fn unknown_field(name: &str) -> String {
    format!("there is no field `{name}` here")
}

/// Whether an error is about the value at its path, rather than about the text at the cursor.
const fn is_about_a_value(code: &ron::Error) -> bool {
    use ron::Error;
    matches!(
        code,
        Error::Message(_)
            | Error::IntegerOutOfBounds
            | Error::ExpectedInteger
            | Error::ExpectedFloat
            | Error::ExpectedBoolean
            | Error::ExpectedString
            | Error::ExpectedArray
            | Error::ExpectedMap
            | Error::ExpectedStructLike
            | Error::ExpectedNamedStructLike(_)
            | Error::ExpectedDifferentStructName { .. }
            | Error::InvalidIntegerDigit { .. }
            | Error::ExpectedDifferentLength { .. }
            | Error::InvalidValueForType { .. }
    )
}

fn of_value(code: &ron::Error, token: &str) -> (String, Option<String>) {
    use ron::Error;
    let text = match code {
        Error::Message(text) => return advice(text),
        Error::IntegerOutOfBounds if token.starts_with('-') => {
            return (
                format!("`{token}` is negative"),
                Some("use 0 or more".into()),
            );
        }
        Error::IntegerOutOfBounds => format!("`{token}` is too large for this field"),
        Error::ExpectedInteger | Error::InvalidIntegerDigit { .. } => {
            format!("`{token}` is not a whole number")
        }
        Error::ExpectedFloat => format!("`{token}` is not a number"),
        Error::ExpectedBoolean => format!("`{token}` is neither true nor false"),
        Error::ExpectedString => {
            return (
                format!("`{token}` is not a string"),
                Some(format!("put it into quotes: \"{token}\"")),
            );
        }
        Error::ExpectedArray => {
            return (
                "a list is expected here".into(),
                Some("lists are written [a, b]".into()),
            );
        }
        Error::ExpectedMap => {
            return (
                "a map is expected here".into(),
                Some("maps are written { \"name\": value }".into()),
            );
        }
        Error::ExpectedStructLike
        | Error::ExpectedNamedStructLike(_)
        | Error::ExpectedDifferentStructName { .. } => {
            return (
                "fields in brackets are expected here".into(),
                Some("they are written (field: value)".into()),
            );
        }
        other => lowered(&other.to_string()),
    };
    (text, None)
}

/// Splits what a type says of a bad value into what is wrong and what to do about it.
fn advice(text: &str) -> (String, Option<String>) {
    let imperative = |help: &&str| {
        ["write ", "use ", "did you "]
            .iter()
            .any(|verb| help.starts_with(verb))
    };
    match text.split_once("; ").filter(|(_, help)| imperative(help)) {
        Some((wrong, help)) => (wrong.into(), Some(help.into())),
        None => (text.into(), None),
    }
}

/// What is missing between two items; a fraction where a whole number is meant ends up here too.
fn separator(text: &str, cursor: usize) -> String {
    let digit = text[..cursor].ends_with(|letter: char| letter.is_ascii_digit());
    if digit && text[cursor..].starts_with('.') {
        "a whole number is expected here".into()
    } else if text[cursor..].trim().is_empty() {
        "the text ends before all brackets are closed".into()
    } else {
        "a comma or a closing bracket is expected here".into()
    }
}

fn lowered(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

/// The byte at which a position of `ron`'s (line and column in characters, from 1) begins.
fn offset(text: &str, position: &ron::error::Position) -> usize {
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

/// An objection as a complaint about the file.
fn place(objection: &Objection, source: &Source, scenario: &Scenario) -> Complaint {
    let key = objection
        .at_key
        .then(|| seek::key::<Scenario>(&source.text, &objection.path))
        .flatten();
    let span = key.unwrap_or_else(|| seek::token::<Scenario>(&source.text, &objection.path));
    let names = faults(scenario);
    let path = objection.path.clone().renamed(|step| match step {
        Step::Index(index) => Some(Step::Named(names.get(*index)?.clone())),
        _ => None,
    });
    complaint(
        source,
        objection.kind,
        objection.text.clone(),
        objection.help.clone(),
        &path,
        span,
    )
}

fn complaint(
    source: &Source,
    kind: Kind,
    message: String,
    help: Option<String>,
    path: &Path,
    span: Range<usize>,
) -> Complaint {
    let end = source.text.len();
    let whole = |place: usize| {
        (place..=end)
            .find(|place| source.text.is_char_boundary(*place))
            .unwrap_or(end)
    };
    let start = whole(span.start.min(end));
    Complaint {
        kind,
        message,
        help,
        path: path.to_string(),
        span: start..whole(span.end.clamp(start, end)),
        source: Box::new(source.clone()),
        flag: false,
    }
}
