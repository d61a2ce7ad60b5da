//! `sekimori events …`: what happened, and whether the record of it is whole.

use std::process::ExitCode;

use sekimori_audit::Code;
use sekimori_server::offline;
use serde_json::Value;

use super::table::cell;
use super::{Context, has_database, segment};
use crate::cli::EventsCommand;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::failure::server_failure;
use crate::output::{print_line, somebody_reads, tell};

pub(crate) async fn run(context: &Context, command: &EventsCommand) -> Outcome<ExitCode> {
    match command {
        EventsCommand::Tail { lines, follow } => tail(context, *lines, *follow).await?,
        EventsCommand::Search {
            device,
            code,
            limit,
        } => {
            if let Some(code) = code {
                known_code(context, code)?;
            }
            let mut path = format!("/api/v1/events?limit={limit}");
            for (name, value) in [("device", device), ("code", code)] {
                if let Some(value) = value {
                    path.push_str(&format!("&{name}={}", segment(value)));
                }
            }
            if list(context, &path).await?.is_none() && !context.json {
                tell(&context.text("events-no-match", &[]));
            }
        }
        EventsCommand::Verify => return verify(context).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses a code that no event has: a search for it would find nothing and say nothing.
fn known_code(context: &Context, code: &str) -> Outcome {
    if Code::parse(code).is_some() {
        return Ok(());
    }
    let area = code.split('.').next().unwrap_or_default();
    let all = || Code::ALL.iter().map(|code| code.as_str());
    let mut near: Vec<&str> = all()
        .filter(|known| known.split('.').next() == Some(area) || known.ends_with(code))
        .collect();
    if near.is_empty() {
        near = all().collect();
    }
    let unknown = context.text("error-event-code-unknown", &[]);
    Err(Diagnostic::new(Exit::Usage, "SK-EVT-901", unknown)
        .observed(code)
        .expected(near.join(", ")))
}

async fn tail(context: &Context, lines: u32, follow: bool) -> Outcome {
    let last = list(context, &format!("/api/v1/events?limit={lines}")).await?;
    if !follow {
        return Ok(());
    }
    let client = context.client();
    // From where the list ended: what happened in between is told as well.
    let path = match last {
        Some(last) => format!("/api/v1/events/stream?after={last}"),
        None => "/api/v1/events/stream".to_owned(),
    };
    let stream = client.follow(&path, |data| {
        if let Ok(event) = serde_json::from_str::<Value>(data)
            && event["code"].is_string()
        {
            print_event(context, &event)?;
        }
        Ok(somebody_reads())
    });
    tokio::select! {
        ended = stream => ended,
        () = crate::stop::requested() => Ok(()),
    }
}

/// Prints a page of events, oldest first; returns the number of the newest.
async fn list(context: &Context, path: &str) -> Outcome<Option<u64>> {
    let answer = context.client().get(path).await?;
    // The server lists the newest first; a reader of a terminal wants it last.
    for event in answer["items"].as_array().into_iter().flatten().rev() {
        print_event(context, event)?;
    }
    Ok(answer["items"][0]["sequence"].as_u64())
}

fn print_event(context: &Context, event: &Value) -> Outcome {
    if context.json {
        return print_line(event);
    }
    let mut line = format!(
        "{:<27} {:>6} {:<13} {:<22} {}",
        cell(&event["at"]),
        cell(&event["sequence"]),
        cell(&event["severity"]),
        cell(&event["code"]),
        cell(&event["device"]),
    );
    for key in ["reason", "source"] {
        if let Some(text) = event[key].as_str() {
            line.push_str(&format!("  {key}={text}"));
        }
    }
    if event["count"].as_u64().is_some_and(|count| count > 1) {
        line.push_str(&format!("  ×{}", event["count"]));
    }
    for (key, value) in event["detail"].as_object().into_iter().flatten() {
        line.push_str(&format!("  {key}={}", cell(value)));
    }
    print_line(&line)
}

async fn verify(context: &Context) -> Outcome<ExitCode> {
    let answer = match context.client().get("/api/v1/events/verify").await {
        Err(error) if error.exit == Exit::Unreachable && has_database(context) => {
            let report = offline::verify_events(&context.home)
                .await
                .map_err(server_failure)?;
            serde_json::to_value(report).unwrap_or_default()
        }
        answer => answer?,
    };
    report_check(context, &answer, "events")
}

/// Prints the outcome of a check; when it does not hold, the first place where that shows.
pub(super) fn report_check(context: &Context, answer: &Value, what: &str) -> Outcome<ExitCode> {
    let held = answer["holds"] == Value::Bool(true);
    if context.json {
        print_line(answer)?;
    } else if held {
        let (count, witnesses) = (cell(&answer["size"]), cell(&answer["witnesses"]));
        let (events, anchors) = (cell(&answer["events"]), cell(&answer["anchors"]));
        let arguments = [
            ("count", count.as_str()),
            ("witnesses", witnesses.as_str()),
            ("events", events.as_str()),
            ("anchors", anchors.as_str()),
        ];
        print_line(&context.text(&format!("verify-{what}-held"), &arguments))?;
    } else {
        let why = cell(&answer["broken"]);
        print_line(&context.text(&format!("verify-{what}-broken"), &[("why", &why)]))?;
    }
    Ok(if held {
        ExitCode::SUCCESS
    } else {
        Exit::Problems.into()
    })
}
