//! The agent by itself.

use std::process::ExitCode;

fn main() -> ExitCode {
    sekimori_agent::main(std::env::args_os())
}
