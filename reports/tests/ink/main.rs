//! What the ink makes of given facts.

mod fixture;
mod page;
mod text;
