//! Behind the door: from a command line to an exit code.
//!
//! Reading order: [`args`] (what can be said), [`select`] and [`source`] (what is meant by it), [`run`], [`sweep`] and
//! [`compare`] over [`many`], [`shrink`] and [`explain`] over [`target`], [`replay`], [`verify`], [`report`] and [`show`]
//! (what is done), [`output`], [`failure`]
//! and [`exit`] (how it is answered).

mod args;
mod compare;
mod exit;
mod explain;
mod failure;
mod many;
mod output;
mod panic;
mod replay;
mod report;
mod run;
mod select;
mod show;
mod shrink;
mod source;
mod sweep;
mod target;
mod trace;
mod verify;

use clap::Parser;

use args::{Cli, Command};
use exit::Exit;
use failure::Failure;
use output::Manner;

/// Does what the command line asks for.
pub(crate) fn enter() -> std::process::ExitCode {
    let cli = match panic::caught(Cli::parse) {
        Ok(cli) => cli,
        Err(why) => return tell(&Failure::Internal(why), Manner::default()).into(),
    };
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
        Some(Command::Replay { run }) => replay::replay(&run, manner),
        Some(Command::Shrink(args)) => shrink::shrink(&args, manner),
        Some(Command::Explain(args)) => explain::explain(&args, manner),
        Some(Command::Verify(args)) => verify::verify(&args, manner),
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
