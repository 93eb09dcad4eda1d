//! The binary, as the tests of its door call it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A command line, with no terminal and no environment.
pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_semel"));
    command.args(args).env_clear().stdin(Stdio::null());
    command
}

/// What a command line comes to.
pub(crate) fn semel(args: &[&str]) -> Output {
    command(args).output().expect("it can be started")
}

/// The same in a folder.
pub(crate) fn semel_in(folder: &Path, args: &[&str]) -> Output {
    let output = command(args).current_dir(folder).output();
    output.expect("it can be started")
}

pub(crate) fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it is UTF-8")
}

/// A path of one test's own where nothing is yet.
pub(crate) fn nowhere(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    path
}

/// A folder of one test's own, empty.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = nowhere(name);
    fs::create_dir_all(&folder).expect("it can be made");
    folder
}
