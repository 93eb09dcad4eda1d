//! The binary `semel`.

mod door;

fn main() -> std::process::ExitCode {
    door::enter()
}
