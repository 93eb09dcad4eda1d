//! `semel explain`: why a run went wrong.

use semel_reports::explain as prose;
use semel_reports::text::Detail;
use semel_scenarios::explain as explaining;

use super::args::{Explain, Form, Format};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Manner, Out};
use super::target::{nothing, shrunk, still_a_witness};

/// Says why a run went wrong.
pub(crate) fn explain(args: &Explain, manner: Manner) -> Result<Exit, Failure> {
    let witness = still_a_witness(&args.target, manner)?;
    let as_it_stands = witness.filter(|_| args.target.violation.is_none());
    let explanation = if let Some(scenario) = as_it_stands {
        explaining::witness(&scenario).ok_or_else(nothing)?
    } else {
        let found = shrunk(&args.target, args.runs)?;
        explaining::explain(&found).ok_or_else(nothing)?
    };
    let form = match manner.format {
        Format::Human => args.form,
        Format::Json | Format::Jsonl => Form::Json,
    };
    let text = match form {
        Form::Text if manner.detail == Detail::Quiet => prose::proof(&explanation, manner.glyphs),
        Form::Text => prose::text(&explanation, manner.glyphs),
        Form::Svg => prose::svg(&explanation),
        Form::Html => prose::html(&explanation),
        Form::Json => prose::json(&explanation),
    };
    Out::new(manner).say(&text)?;
    Ok(Exit::Met)
}
