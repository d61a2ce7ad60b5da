//! `sekimori console link`: a one-time link for a browser.

use std::process::ExitCode;

use serde_json::json;

use super::Context;
use crate::cli::ConsoleCommand;
use crate::diagnostic::Outcome;
use crate::output::print_line;

pub(crate) async fn run(context: &Context, command: &ConsoleCommand) -> Outcome<ExitCode> {
    let ConsoleCommand::Link = command;
    let answer = context
        .client()
        .post("/api/v1/console-link", &json!({}))
        .await?;
    if context.json {
        print_line(&answer)?;
    } else {
        print_line(&answer["url"].as_str().unwrap_or_default())?;
    }
    Ok(ExitCode::SUCCESS)
}
