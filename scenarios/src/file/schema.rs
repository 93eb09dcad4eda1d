//! The JSON Schema of the scenario format.

use crate::file::scenario::Scenario;

/// The JSON Schema of the scenario format.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Scenario).to_value()
}
