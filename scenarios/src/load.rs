//! From text to a checked scenario.

use crate::complaint::Complaint;
pub use crate::complaint::Source;
use crate::scenario::Scenario;
use crate::setting::Setting;

/// Reads and checks a scenario.
pub fn load(source: &Source) -> Result<Scenario, Complaint> {
    load_with(source, &[])
}

/// Reads a scenario, changes it by those settings that are not of strategies, and checks it.
pub fn load_with(source: &Source, settings: &[Setting]) -> Result<Scenario, Complaint> {
    let _ = (source, settings);
    unimplemented!("soon")
}

/// The scenario as a file with every default written out.
pub fn resolved(scenario: &Scenario) -> String {
    let _ = scenario;
    unimplemented!("soon")
}
