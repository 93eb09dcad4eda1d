//! From text to a checked scenario, and what to say when that fails.

use serde::de::DeserializeOwned;

use crate::file::check::{self, Objection};
use crate::file::complaint::Kind;
pub use crate::file::complaint::{Complaint, Source};
use crate::file::format::{options, pretty};
use crate::file::path::{Path, Step};
use crate::file::scenario::Scenario;
use crate::file::seek;
use crate::file::setting::{self, Setting};
use crate::file::shape;

/// The largest file that is read.
const TEXT_MAX: usize = 64 << 20;

/// Reads and checks a scenario.
pub fn load(source: &Source) -> Result<Scenario, Complaint> {
    let scenario: Scenario = parse(source)?;
    check::check(&scenario).map_err(|objection| place(&objection, source, &scenario))?;
    Ok(scenario)
}

/// Reads and checks a scenario, changes it by those settings that are not of strategies, and checks it again.
/// (Whether a strategy fits what they have made of it is asked by whoever runs it.)
pub fn load_with(source: &Source, settings: &[Setting]) -> Result<Scenario, Complaint> {
    let mut scenario = load(source)?;
    let own: Vec<&Setting> = settings
        .iter()
        .filter(|setting| !setting.is_of_strategy())
        .collect();
    for setting in settings {
        scenario = setting::draw(scenario, setting);
    }
    for setting in own.iter().filter(|setting| setting.range().is_none()) {
        scenario = setting::apply(&scenario, setting, &Path::root(), &faults(&scenario))?;
    }
    let all: Vec<&Setting> = settings.iter().collect();
    check::changed(&scenario)
        .map_err(|objection| setting::blame(&objection, &all, &faults(&scenario)))?;
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
        return Err(Complaint::in_file(
            source,
            Kind::TooLarge,
            text,
            None,
            &Path::root(),
            0..0,
        ));
    }
    let mut ron = ron::Deserializer::from_str_with_options(&source.text, &options())
        .map_err(|error| shape::complaint::<T>(source, &error, &Path::root()))?;
    let value = match serde_path_to_error::deserialize(&mut ron) {
        Ok(value) => value,
        Err(error) => {
            let path = error.path().into();
            return Err(shape::complaint::<T>(
                source,
                &ron.span_error(error.into_inner()),
                &path,
            ));
        }
    };
    ron.end()
        .map_err(|error| shape::complaint::<T>(source, &ron.span_error(error), &Path::root()))?;
    Ok(value)
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
    Complaint::in_file(
        source,
        objection.kind,
        objection.text.clone(),
        objection.help.clone(),
        &path,
        span,
    )
}
