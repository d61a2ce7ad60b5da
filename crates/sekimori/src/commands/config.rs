//! `sekimori config show`: the settings in force and where each comes from.

use std::process::ExitCode;

use serde_json::json;

use super::Context;
use super::table::render;
use crate::cli::{ConfigCommand, UpArguments};
use crate::config::Config;
use crate::diagnostic::Outcome;
use crate::output::print_line;

pub(crate) fn run(context: &Context, command: &ConfigCommand) -> Outcome<ExitCode> {
    let ConfigCommand::Show { origin } = command;
    let flags = UpArguments {
        listen: None,
        mqtt: None,
        metrics: None,
        organization: None,
        witness: Vec::new(),
        name: Vec::new(),
    };
    let rows = Config::load(&context.home, &flags)?.rows();
    if context.json {
        let settings: serde_json::Map<String, serde_json::Value> = rows
            .into_iter()
            .map(|(name, value, origin)| {
                (
                    name.to_owned(),
                    json!({ "value": value, "origin": origin.to_string() }),
                )
            })
            .collect();
        print_line(&json!({ "home": context.home, "settings": settings }))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut headings = vec![
        context.text("column-setting", &[]),
        context.text("column-value", &[]),
    ];
    if *origin {
        headings.push(context.text("column-origin", &[]));
    }
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(name, value, from)| {
            let mut row = vec![name.to_owned(), value];
            if *origin {
                row.push(from.to_string());
            }
            row
        })
        .collect();
    print_line(&render(&headings, &rows))?;
    Ok(ExitCode::SUCCESS)
}
