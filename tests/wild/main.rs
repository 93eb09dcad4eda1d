//! What must be true of every scenario that the schema allows, not only of those in the catalog.

mod laws;
mod schema;
