//! `sekimori demo`: the whole loop on this machine, every link real.
//!
//! The server, the witness of a second organization and the agents are child processes of this
//! one; they talk over loopback with the same TLS, files and commands that a fleet would use. Each
//! step checks what it claims from outside: by the server's API, by the agent's files, or by a
//! client of its own. A step that cannot be checked does not hold.

mod console;
mod probe;
mod process;
mod proof;
mod release;
mod steps;
mod wait;
mod world;

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;

use crate::cli::DemoArguments;
use crate::clock;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::language::Language;
use crate::output::print_line;

use steps::Step;
use world::World;

/// How one step ended.
struct Shown {
    step: Step,
    held: bool,
    detail: String,
    took: Duration,
}

/// Runs every step in order and stops at the first that does not hold.
pub(crate) async fn run(
    arguments: &DemoArguments,
    language: Language,
    json: bool,
) -> Outcome<ExitCode> {
    let sabotage = arguments
        .sabotage
        .as_deref()
        .map(parse_sabotage)
        .transpose()?;
    let mut world = World::new(language, sabotage)?;
    if !json {
        let home = world.folder().display().to_string();
        let opening = language.text("demo-opening", &[("home", &home)]);
        print_line(&format_args!("{opening}\n"))?;
    }
    let mut all_held = true;
    for step in Step::ALL {
        let shown = if all_held {
            show(step, &mut world).await
        } else {
            let detail = language.text("demo-not-reached", &[]);
            Shown {
                step,
                held: false,
                detail,
                took: Duration::ZERO,
            }
        };
        all_held &= shown.held;
        print(&shown, language, json)?;
    }
    if !arguments.once && all_held {
        stay(&mut world, language, json).await?;
    }
    world.stop().await;
    Ok(if all_held {
        ExitCode::SUCCESS
    } else {
        Exit::Failed.into()
    })
}

async fn show(step: Step, world: &mut World) -> Shown {
    let begin = clock::monotonic();
    let outcome = tokio::time::timeout(step.deadline(), step.run(world)).await;
    let took = begin.elapsed();
    match outcome {
        Ok(Ok(detail)) => Shown {
            step,
            held: true,
            detail,
            took,
        },
        Ok(Err(why)) => Shown {
            step,
            held: false,
            detail: why.to_string(),
            took,
        },
        Err(_) => {
            let seconds = step.deadline().as_secs().to_string();
            let detail = world
                .language
                .text("demo-too-slow", &[("seconds", &seconds)]);
            Shown {
                step,
                held: false,
                detail,
                took,
            }
        }
    }
}

fn print(shown: &Shown, language: Language, json: bool) -> Outcome {
    let millis = u64::try_from(shown.took.as_millis()).unwrap_or(u64::MAX);
    if json {
        return print_line(&json!({
            "step": shown.step.name(),
            "held": shown.held,
            "detail": shown.detail,
            "millis": millis,
        }));
    }
    let colored = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let mark = match (shown.held, colored) {
        (true, true) => "\u{1b}[32m✓\u{1b}[0m",
        (true, false) => "✓",
        (false, true) => "\u{1b}[31m✗\u{1b}[0m",
        (false, false) => "✗",
    };
    let (number, name) = (shown.step.number(), shown.step.name());
    let title = language.text(&format!("demo-step-{name}"), &[]);
    let took = match language {
        Language::En => format!("  ({millis} ms)"),
        Language::Ja => format!("（{millis} ms）"),
    };
    let detail = shown.detail.replace('\n', "\n     ");
    print_line(&format_args!(
        "{mark} {number:>2} {title}{took}\n     {detail}"
    ))
}

/// Leaves everything running until the reader has seen enough.
async fn stay(world: &mut World, language: Language, json: bool) -> Outcome {
    let link = world.console_link().await?;
    if json {
        print_line(&json!({ "console": link }))?;
    } else {
        let stays = language.text("demo-stays", &[("link", &link)]);
        print_line(&format_args!("\n{stays}"))?;
    }
    tokio::signal::ctrl_c().await.map_err(|error| {
        Diagnostic::new(Exit::Failed, "SK-CLI-002", "signals cannot be awaited").observed(error)
    })
}

fn parse_sabotage(name: &str) -> Outcome<Step> {
    Step::ALL
        .into_iter()
        .find(|step| step.name() == name)
        .ok_or_else(|| {
            let names: Vec<&str> = Step::ALL.iter().map(|step| step.name()).collect();
            Diagnostic::new(
                Exit::Usage,
                "SK-CLI-003",
                format!("there is no step named {name}"),
            )
            .below()
            .expected(names.join(", "))
        })
}
