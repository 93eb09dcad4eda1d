//! `semel report`: a page about the results of a sweep.

use semel_reports::results;
use semel_scenarios::sweep::gathered::gather;
use semel_scenarios::sweep::results::Refusal;

use super::args::Report as Args;
use super::exit::Exit;
use super::failure::Failure;
use super::output::{Draft, Manner, Out};

/// Reads the folder and writes the page.
pub(crate) fn report(args: &Args, manner: Manner) -> Result<Exit, Failure> {
    let folder = args.folder.display();
    let gathered = gather(&args.folder).map_err(|refusal| match refusal {
        Refusal::Unmergeable(text) => Failure::Unreadable(format!("{folder}: {text}")),
        Refusal::Unwritable(why) => Failure::Unreadable(format!(
            "{folder} does not hold the results of a sweep that has ended: {why}; `semel sweep --out` makes some"
        )),
    })?;
    if gathered.groups.is_empty() {
        let text = format!("{folder} holds no rows to report on");
        return Err(Failure::Nothing(text));
    }
    let page = results::page(&gathered);
    match &args.output {
        None => Out::new(manner).say(&page)?,
        Some(path) => {
            let mut draft = Draft::begin("-o", path)?;
            draft.add(&page)?;
            draft.finish()?;
        }
    }
    Ok(if gathered.manifest.complete {
        Exit::Met
    } else {
        Exit::Open
    })
}
