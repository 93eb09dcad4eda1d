//! Behind the door: from a command line to an exit code.
//!
//! Reading order: [`args`] (what can be said), [`select`] and [`source`] (what is meant by it), [`run`], [`sweep`] and
//! [`compare`] over [`many`], [`search`], [`replay`], [`report`] and [`show`] (what is done), [`output`], [`failure`]
//! and [`exit`] (how it is answered).

mod args;
mod compare;
mod exit;
mod failure;
mod many;
mod output;
mod panic;
mod replay;
mod report;
mod run;
mod search;
mod select;
mod show;
mod source;
mod sweep;
mod trace;

use clap::Parser;

use args::{Cli, Command, Repeat};
use exit::Exit;
use failure::Failure;
use output::Manner;

/// Does what the command line asks for.
pub(crate) fn enter() -> std::process::ExitCode {
    let cli = Cli::parse();
    let manner = Manner::from(cli.global);
    let done = panic::caught(|| perform(cli.command, manner))
        .unwrap_or_else(|why| Err(Failure::Internal(why)));
    done.unwrap_or_else(|failure| tell(&failure, manner)).into()
}

fn perform(command: Option<Command>, manner: Manner) -> Result<Exit, Failure> {
    match command {
        None => show::demo(manner),
        Some(Command::Run(args)) => run::run(&args, manner),
        Some(Command::Sweep(args)) => sweep::sweep(&args, manner),
        Some(Command::Compare(args)) => compare::compare(&args, manner),
        Some(Command::Replay {
            run: Repeat::Token(token),
        }) => replay::replay(&token, manner),
        Some(Command::Replay {
            run: Repeat::Witness(path),
        }) => search::replay(&path, manner),
        Some(Command::Shrink(args)) => search::shrink(&args, manner),
        Some(Command::Explain(args)) => search::explain(&args, manner),
        Some(Command::Verify(args)) => search::verify(&args, manner),
        Some(Command::Report(args)) => report::report(&args, manner),
        Some(Command::List { what }) => show::list(what, manner),
        Some(Command::Check { scenarios }) => show::check(&scenarios, manner),
        Some(Command::Schema) => show::schema(manner),
        Some(Command::Completions { shell }) => show::completions(shell, manner),
        Some(Command::Man) => show::man(manner),
    }
}

fn tell(failure: &Failure, manner: Manner) -> Exit {
    failure.print(manner.choice(&std::io::stderr()), manner.glyphs);
    failure.exit()
}
