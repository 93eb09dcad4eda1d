//! # The ink of Semel
//!
//! A report is data: rows, promises and a heading. Renderers are pure functions from it: [`text`] and [`demo`] for a
//! terminal, [`html`] for a page that needs nothing else, [`chart`] for its picture, [`json`] for machines.
//!
//! Reading order: [`report`] (what a page says), [`words`] (how everything is called), [`levels`] and [`account`]
//! (how a run stands, and what went wrong, in sentences), then the renderers.
//!
//! **What this crate deliberately does not know**: how a run comes about, what a right outcome would be, where its
//! bytes go. Renderers read; they never compute facts of the domain. They see no clock, no host and no path, so that
//! the same run gives the same bytes.

pub mod account;
pub mod again;
pub mod chart;
pub mod compare;
pub mod demo;
mod drawing;
pub mod explain;
pub mod html;
mod ink;
pub mod json;
pub mod levels;
pub mod listing;
pub mod report;
pub mod results;
pub mod search;
pub mod sweep;
mod table;
pub mod text;
pub mod words;

pub use ink::Glyphs;
