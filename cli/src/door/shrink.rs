//! `semel shrink`: a failure, shrunk to what it needs, as a witness.

use semel_reports::search as ink;
use semel_reports::text::Detail;
use semel_scenarios::witness;

use super::args::{Format, Shrink};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Draft, Manner, Out};
use super::target::{shrunk, still_a_witness};

/// Shrinks a failure and writes a witness of it.
pub(crate) fn shrink(args: &Shrink, manner: Manner) -> Result<Exit, Failure> {
    let draft = Draft::begin_if("-o", args.output.as_ref())?;
    still_a_witness(&args.target, manner)?;
    let shrunken = shrunk(&args.target, args.runs)?;
    let text = witness::text(&shrunken.witness);
    let mut out = Out::new(manner);
    let (written, quiet) = (draft.is_some(), manner.detail == Detail::Quiet);
    if let Some(mut draft) = draft {
        draft.add(&text)?;
        draft.finish()?;
    }
    match manner.format {
        Format::Json | Format::Jsonl => out.say(&ink::shrunk_json(&shrunken, &text))?,
        Format::Human if written && quiet => {}
        Format::Human if written => out.say(&ink::shrunk(&shrunken, manner.glyphs))?,
        Format::Human => {
            if !quiet {
                manner.aside(&ink::shrunk(&shrunken, manner.glyphs));
            }
            out.say(&text)?;
        }
    }
    Ok(Exit::Met)
}
