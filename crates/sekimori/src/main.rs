//! Sekimori: the keeper of a checkpoint.
//!
//! One program: the server with its gateway, the command line that talks to it, the witness of a
//! second organization, the demo, and (hidden) the device agent. It wires the parts and decides
//! nothing by itself.

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic where nobody reads; `output` does not"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "JSON answers are read by name; serde_json gives Null for a missing one"
)]

mod cli;
mod client;
mod clock;
mod commands;
mod config;
mod demo;
mod diagnostic;
mod failure;
mod help;
mod language;
mod output;
mod stop;
mod tls;
mod up;
mod witness;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use tracing_subscriber::EnvFilter;

use cli::{Cli, Command, ModelCommand};
use commands::Context;
use diagnostic::Outcome;
use language::Language;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(words) = agent_words(&arguments) {
        return sekimori_agent::main(words.into_iter());
    }
    let spoken = language::of_arguments(&arguments);
    let matches = match help::localize(Cli::command(), spoken).try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(error) => return help::explain(&error, spoken),
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return help::explain(&error, spoken),
    };
    let language = cli.lang.unwrap_or(spoken);
    start_log(&cli);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(run(cli, language)),
        Err(error) => {
            output::tell(&format_args!("error: threads cannot be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    outcome.unwrap_or_else(|error| {
        output::tell(&error.render(language));
        error.exit.into()
    })
}

/// The words for the agent, when this program is to be one: called by the agent's name, started
/// by the launcher as a release's payload, or through the hidden command.
fn agent_words(arguments: &[OsString]) -> Option<Vec<OsString>> {
    let name = arguments.first().map(Path::new).and_then(Path::file_name)?;
    if name == "agent" || name == "sekimori-agent" {
        return Some(arguments.to_vec());
    }
    let (first, rest) = arguments.get(1..)?.split_first()?;
    (first == "agent").then(|| {
        std::iter::once("sekimori-agent".into())
            .chain(rest.iter().cloned())
            .collect()
    })
}

fn start_log(cli: &Cli) {
    let server = matches!(cli.command, Command::Up(_) | Command::Witness(_));
    let default = if server { "info" } else { "warn" };
    let filter =
        EnvFilter::try_from_env("SEKIMORI_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_target(false)
        .init();
}

async fn run(cli: Cli, language: Language) -> Outcome<ExitCode> {
    let home = match cli.home {
        Some(home) => home,
        None => config::default_home()?,
    };
    let context = Context {
        home,
        language,
        json: cli.json,
    };
    match &cli.command {
        Command::Up(arguments) => up::run(&context, arguments).await,
        Command::Demo(arguments) => demo::run(arguments, language, cli.json).await,
        Command::Doctor => commands::doctor::run(&context).await,
        Command::Model(ModelCommand::Drift { file, days }) => {
            commands::drift::run(&context, file.as_deref(), *days).await
        }
        Command::Model(command) => commands::model::run(&context, command),
        Command::Apply {
            file,
            rules,
            dry_run,
        } => commands::apply::run(&context, file, rules, *dry_run).await,
        Command::Device(command) => commands::device::run(&context, command).await,
        Command::Release(command) => commands::release::run(&context, command).await,
        Command::Campaign(command) => commands::campaign::run(&context, command).await,
        Command::Events(command) => commands::events::run(&context, command).await,
        Command::Status => commands::status::run(&context).await,
        Command::Prove {
            standard,
            format,
            output,
        } => commands::prove::run(&context, standard.as_deref(), *format, output.as_deref()).await,
        Command::Evidence(command) => commands::evidence::run(&context, command).await,
        Command::Ledger(command) => commands::ledger::run(&context, command).await,
        Command::Witness(command) => {
            witness::run(command, &context.home, language, context.json).await
        }
        Command::Console(command) => commands::console::run(&context, command).await,
        Command::Config(command) => commands::config::run(&context, command),
        Command::Agent { arguments } => {
            // Reached only when options stand before the word `agent`.
            let words = std::iter::once("sekimori-agent".into()).chain(arguments.iter().cloned());
            Ok(tokio::task::block_in_place(|| sekimori_agent::main(words)))
        }
    }
}
