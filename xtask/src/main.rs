//! Every chore of the project: `cargo xtask check|test|foreign|bench|fuzz|docs|screenshots`.
//!
//! `test` is what continuous integration runs. It installs what it needs from the system's
//! packages, says what it does, and never skips a part in silence: a missing tool is a failure
//! when `CI` is set and a loud line at the end otherwise. What the outside world may withhold (the
//! advisory database, the bare-metal target) is a loud line everywhere.

mod foreign;
mod fuzz;
mod run;
mod steps;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the Sekimori project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Formatting, lints, layers, documentation and dependency rules; a minute or two.
    Check,
    /// Everything that must hold before a change lands; installs what it needs.
    Test,
    /// Measures whole processes and prints figures; takes minutes.
    Bench {
        /// Passed on to the benchmark program, for example `--only idle`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Builds the documentation of every crate, private items included.
    Docs,
    /// Pictures of every console page in headless Chromium, desktop and phone, into `tmp/`.
    Screenshots,
    /// Lets programs of other people read what Sekimori writes; a part of `test`.
    Foreign,
    /// Runs many seeds of the simulated world.
    Sim {
        /// How many seeds, from 0.
        #[arg(long, default_value_t = 1000)]
        seeds: u64,
    },
    /// Fuzzes everything that reads bytes from outside, with coverage feedback.
    Fuzz {
        /// How long each target runs.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// Only these targets.
        targets: Vec<String>,
    },
    /// Installs what the other chores need, and says what is missing if it may not.
    Setup,
}

fn main() -> ExitCode {
    let session = run::Session::new();
    let outcome = match Cli::parse().chore {
        Chore::Check => steps::check(&session),
        Chore::Test => steps::test(&session),
        Chore::Bench { arguments } => steps::bench(&session, &arguments),
        Chore::Docs => steps::docs(&session),
        Chore::Screenshots => steps::screenshots(&session),
        Chore::Foreign => foreign::documents(&session),
        Chore::Sim { seeds } => steps::sim(&session, seeds),
        Chore::Fuzz { seconds, targets } => fuzz::fuzz(&session, &targets, seconds),
        Chore::Setup => tools::set_up(&session),
    };
    match outcome {
        Ok(()) => session.summarize(),
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            session.summarize();
            ExitCode::FAILURE
        }
    }
}
