//! `--set PATH=VALUE`: one value of a scenario or of its strategies, changed from outside.
//!
//! What is changed is the resolved text of the scenario (or strategy), in which every field stands written out; then
//! it is read again. So a setting obeys exactly the rules of a file. Bare words and numbers are taken for RON first
//! and for strings next: `0.2`, `120ms` and `TableNotRebuilt` mean what they say. A
//! range, `0..1/10`, is drawn by each seed; a value takes the place of a range that the scenario gives.

use std::ops;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::file::check::Objection;
use crate::file::complaint::{Complaint, Kind, Source};
use crate::file::format::pretty;
use crate::file::load::{faults, parse};
use crate::file::nearest::nearest;
use crate::file::path::{Path, Step};
use crate::file::scenario::Scenario;
use crate::file::seek;
use crate::file::swarm::{self, Range};

/// One `--set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What is set, as error messages print it: `faults[drop].rate`.
    pub path: String,
    /// To what: RON, or a bare word or number where a string, a rate or a span is meant.
    pub value: String,
}

impl Setting {
    /// Reads `PATH=VALUE`.
    pub fn parse(text: &str) -> Result<Self, Complaint> {
        let (path, value) = text.split_once('=').unwrap_or_default();
        let setting = Self {
            path: path.trim().into(),
            value: value.trim().into(),
        };
        if setting.path.is_empty() || setting.value.is_empty() {
            let whole = Self {
                path: String::new(),
                value: text.into(),
            };
            let help = Some("for example `--set workload.records=100`".into());
            return Err(whole.complain(
                Kind::Syntax,
                "a setting is written PATH=VALUE".into(),
                help,
            ));
        }
        Ok(setting)
    }

    /// Whether it changes the strategies, not the scenario.
    pub fn is_of_strategy(&self) -> bool {
        self.path.starts_with("strategy.")
    }

    /// Whether it changes what a strategy must fit: how many nodes there are, and how messages travel.
    pub(crate) fn is_of_terrain(&self) -> bool {
        self.path == "transport" || self.path.starts_with("topology")
    }

    /// The range that it gives in place of a value, if it gives one.
    pub(crate) fn range(&self) -> Option<Range> {
        self.value.trim_matches('"').parse().ok()
    }

    /// The flag as it was written.
    fn text(&self) -> String {
        if self.path.is_empty() {
            format!("--set {}", self.value)
        } else {
            format!("--set {}={}", self.path, self.value)
        }
    }

    fn complain(&self, kind: Kind, message: String, help: Option<String>) -> Complaint {
        let text = self.text();
        let start = text.len() - self.value.len();
        self.point(kind, message, help, start..text.len())
    }

    fn complain_of_path(&self, message: String, help: Option<String>) -> Complaint {
        let start = "--set ".len();
        self.point(Kind::Unknown, message, help, start..start + self.path.len())
    }

    fn point(
        &self,
        kind: Kind,
        message: String,
        help: Option<String>,
        span: ops::Range<usize>,
    ) -> Complaint {
        let source = Box::new(Source {
            name: "command line".into(),
            text: self.text(),
        });
        Complaint {
            kind,
            message,
            help,
            path: self.path.clone(),
            source,
            span,
            flag: true,
        }
    }
}

/// A range is drawn by each seed from now on; a value takes the place of a range.
pub(crate) fn draw(mut scenario: Scenario, setting: &Setting) -> Scenario {
    let Ok(path) = setting.path.parse::<Path>() else {
        return scenario;
    };
    let names = faults(&scenario);
    let path = swarm::canonical(&path, &names);
    let same = |text: &String| {
        let drawn = text.parse::<Path>();
        drawn.is_ok_and(|drawn| swarm::canonical(&drawn, &names) == path)
    };
    if let Some(swarm) = &mut scenario.swarm {
        swarm.ranges.retain(|text, _| !same(text));
    }
    if let Some(range) = setting.range() {
        let swarm = scenario.swarm.get_or_insert_default();
        swarm.ranges.insert(path.to_string(), range);
    }
    scenario
}

/// `target` with one value changed. `above` is where the target stands in the setting's path.
pub(crate) fn apply<T: Serialize + DeserializeOwned>(
    target: &T,
    setting: &Setting,
    above: &Path,
    faults: &[String],
) -> Result<T, Complaint> {
    let path = resolve(setting, above, faults)?;
    let text = pretty(target);
    let edit = edit::<T>(&text, &path).ok_or_else(|| nowhere::<T>(setting, &text, &path))?;
    let quoted = format!("{:?}", setting.value);
    let bare = seek::is_value(&setting.value).then_some(&setting.value);
    let mut refusal = None;
    for value in bare.into_iter().chain([&quoted]) {
        let edited = Source {
            name: String::new(),
            text: edit.put(&text, value),
        };
        match parse(&edited) {
            Ok(changed) => return Ok(changed),
            Err(complaint) => refusal = refusal.or(Some(complaint)),
        }
    }
    let refusal = refusal.expect("the quoted form was tried");
    let named = |step: &Step| matches!(step, Step::Field(name) if name == refusal.token());
    let misnamed = refusal.kind == Kind::Field && path.0.last().is_some_and(named);
    let Complaint {
        kind,
        message,
        help,
        ..
    } = refusal;
    if misnamed {
        return Err(setting.complain_of_path(message, help));
    }
    Err(setting.complain(kind, message, help))
}

/// The path within the target, with faults by their place.
fn resolve(setting: &Setting, above: &Path, faults: &[String]) -> Result<Path, Complaint> {
    let path: Path = setting
        .path
        .parse()
        .map_err(|text| setting.complain_of_path(text, None))?;
    let mut path = Path(path.0[above.0.len()..].to_vec());
    if let Some(Step::Named(name)) = path.0.iter().find(|step| matches!(step, Step::Named(_))) {
        let place = faults
            .iter()
            .position(|fault| fault == name)
            .ok_or_else(|| {
                let known = faults.join(", ");
                let help = nearest(name, faults.iter().map(String::as_str)).map_or_else(
                    || format!("its faults are: {known}"),
                    |near| format!("did you mean `{near}`?"),
                );
                setting.complain_of_path(format!("no fault is called `{name}`"), Some(help))
            })?;
        path = path.renamed(|step| matches!(step, Step::Named(_)).then_some(Step::Index(place)));
    }
    Ok(path)
}

/// Where a value goes: in place of another one, or as a new field.
struct Edit {
    place: ops::Range<usize>,
    before: String,
    after: &'static str,
}

impl Edit {
    fn put(&self, text: &str, value: &str) -> String {
        let Self {
            place,
            before,
            after,
        } = self;
        format!(
            "{}{before}{value}{after}{}",
            &text[..place.start],
            &text[place.end..]
        )
    }
}

/// Finds the place of a value, or of the struct or map that it can be added to.
fn edit<T: DeserializeOwned>(text: &str, path: &Path) -> Option<Edit> {
    if let Some(place) = seek::value::<T>(text, path) {
        return Some(Edit {
            place,
            before: String::new(),
            after: "",
        });
    }
    let Some(Step::Field(name)) = path.0.last() else {
        return None;
    };
    let around = seek::value::<T>(text, &path.parent()?)?;
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let open = around.start + text[around.clone()].find(|letter| !word(letter))?;
    let before = match text[open..].chars().next()? {
        '(' => format!("{name}: "),
        '{' => format!("{name:?}: "),
        _ => return None,
    };
    Some(Edit {
        place: open + 1..open + 1,
        before,
        after: ", ",
    })
}

/// There is no such path: says how far it leads.
fn nowhere<T: DeserializeOwned>(setting: &Setting, text: &str, path: &Path) -> Complaint {
    let depth = (0..path.0.len())
        .rev()
        .find(|depth| seek::value::<T>(text, &path.upto(*depth)).is_some());
    let depth = depth.unwrap_or(0);
    let (known, next) = (path.upto(depth), path.upto(depth + 1));
    let place = seek::value::<T>(text, &known).map_or(0, |place| place.start);
    let token = &text[place..seek::token_end(text, place)];
    let word = token.starts_with(|letter: char| letter.is_alphanumeric() || letter == '"');
    let message = if word {
        format!("`{known}` is `{token}`, so there is no `{next}`")
    } else {
        format!("there is no `{next}`")
    };
    setting.complain_of_path(message, None)
}

/// An objection that arises only from settings, as a complaint about the one nearest to it.
pub(crate) fn blame(objection: &Objection, settings: &[&Setting], faults: &[String]) -> Complaint {
    let drawn = match &objection.path.0[..] {
        [Step::Field(swarm), _, Step::Field(path)] if swarm == "swarm" => path.parse().ok(),
        _ => None,
    };
    let touches = |setting: &&&Setting| match (&drawn, setting.path.parse::<Path>()) {
        (Some(drawn), Ok(path)) => swarm::canonical(&path, faults).touches(drawn),
        _ => {
            resolve(setting, &Path::root(), faults).is_ok_and(|path| path.touches(&objection.path))
        }
    };
    let setting = settings
        .iter()
        .find(touches)
        .or(settings.last())
        .expect("an objection arose from a setting");
    setting.complain(
        objection.kind,
        objection.text.clone(),
        objection.help.clone(),
    )
}
