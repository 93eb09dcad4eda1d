//! `semel replay`: the run that a token names, or the one that a witness holds, once more.

use std::sync::Arc;

use semel_reports::json;
use semel_reports::report::Scene;
use semel_reports::search::{self, stale};
use semel_reports::text::{Detail, heading, replayed, results};
use semel_scenarios::catalog;
use semel_scenarios::file::load::load_with;
use semel_scenarios::trial::token::Token;
use semel_scenarios::witness::replay::{is_current, witness as again};

use super::args::{Format, Repeat};
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Manner, Out};
use super::run::scene;
use super::select::select;
use super::source;

/// Does it again.
pub(crate) fn replay(run: &Repeat, manner: Manner) -> Result<Exit, Failure> {
    match run {
        Repeat::Token(token) => by_token(token, manner),
        Repeat::Witness(path) => by_witness(path, manner),
    }
}

/// It is reproduced if the digest is the recorded one, whatever the verdict.
fn by_token(token: &Token, manner: Manner) -> Result<Exit, Failure> {
    if catalog::find(&token.scenario).is_none() {
        return Err(Failure::Usage(catalog::unknown(&token.scenario)));
    }
    let (names, strategies) = ([token.scenario.clone()], [token.strategy.clone()]);
    let selections = select(&names, Some(&strategies), &[])?;
    let [selection] = &selections[..] else {
        unreachable!("one name selects one scenario");
    };
    let plan = &selection.plans[0];
    is_current(token, plan).map_err(|why| Failure::Irreproducible(stale(&why)))?;
    if !plan.is_applicable() {
        let text = format!("{} does not apply to {}", token.scenario, token.strategy);
        return Err(Failure::Nothing(text));
    }
    let scene = scene(selection, token.seed, None)?;
    Out::new(manner).say(&answer(&scene, token, manner))?;
    is_recorded(token, &scene.lines[0].row.digest)?;
    Ok(Exit::Met)
}

/// It is reproduced if the witness is as it was.
fn by_witness(path: &str, manner: Manner) -> Result<Exit, Failure> {
    let scenario = Arc::new(load_with(&source::find(path)?, &[])?);
    let replayed = again(&scenario)?.ok_or_else(|| {
        Failure::Usage(format!(
            "{path} is no witness; give a token, or a file that `semel shrink` wrote"
        ))
    })?;
    let as_before = replayed.difference.is_none();
    let text = match manner.format {
        Format::Human if as_before && manner.detail == Detail::Quiet => String::new(),
        Format::Human => search::replayed(&replayed, manner.glyphs),
        Format::Json => json::document(std::iter::once(&replayed.run.row)),
        Format::Jsonl => json::line(&replayed.run.row),
    };
    Out::new(manner).say(&text)?;
    Ok(match replayed.difference {
        None => Exit::Met,
        Some(_) => Exit::Irreproducible,
    })
}

/// Fails where a run did not come out with the digest that its token recorded.
pub(super) fn is_recorded(token: &Token, digest: &str) -> Result<(), Failure> {
    match &token.digest {
        Some(recorded) if !digest.starts_with(recorded) => Err(Failure::Irreproducible(format!(
            "the run came out with digest {digest}, not {recorded}.., so it is not the recorded one. The same plan \
             and seed must give the same run: either the token was changed, or this is a mistake in semel."
        ))),
        _ => Ok(()),
    }
}

fn answer(scene: &Scene, token: &Token, manner: Manner) -> String {
    let row = &scene.lines[0].row;
    match manner.format {
        Format::Json => json::document([row]),
        Format::Jsonl => json::line(row),
        Format::Human if manner.detail == Detail::Quiet => String::new(),
        Format::Human => {
            let result = replayed(&row.digest, token.digest.as_deref(), manner.glyphs);
            heading(&scene.heading, manner.glyphs)
                + &results(scene, manner.glyphs, manner.detail)
                + &result
        }
    }
}
