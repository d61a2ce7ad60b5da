//! `sekimori evidence …`: documents and results that people put beside what the system observes.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use sekimori_analysis::documents::MAX_BYTES;
use serde_json::{Value, json};

use super::table::{cell, render};
use super::{Context, segment};
use crate::cli::{EvidenceCommand, PaperArguments};
use crate::diagnostic::{Diagnostic, Doing, Exit, Outcome, why_not};
use crate::output::print_line;

/// How many characters of a hash a table shows.
const HASH: usize = 12;

pub(crate) async fn run(context: &Context, command: &EvidenceCommand) -> Outcome<ExitCode> {
    match command {
        EvidenceCommand::Attach { file, paper, kind } => {
            send(context, file, paper, &format!("&kind={}", segment(kind))).await
        }
        EvidenceCommand::Import {
            file,
            paper,
            format,
            at_least,
        } => {
            let mut more = "&kind=result".to_owned();
            if let Some(format) = format {
                more.push_str(&format!("&format={}", segment(format)));
            }
            if let Some(percent) = at_least {
                more.push_str(&format!("&at_least={percent}"));
            }
            send(context, file, paper, &more).await
        }
        EvidenceCommand::List => list(context).await,
        EvidenceCommand::Withdraw { id, why } => withdraw(context, id, why).await,
    }
}

/// Sends a file. A result that failed is kept all the same, and ends with exit code 3.
async fn send(
    context: &Context,
    file: &Path,
    paper: &PaperArguments,
    more: &str,
) -> Outcome<ExitCode> {
    let bytes = read(context, file)?;
    let name = file.file_name().unwrap_or(file.as_os_str());
    let mut path = format!(
        "/api/v1/evidence?name={}&items={}&owner={}&until={}{more}",
        segment(&name.to_string_lossy()),
        segment(&paper.items.join(",")),
        segment(&paper.owner),
        segment(&paper.until),
    );
    for (key, value) in [("title", &paper.title), ("replaces", &paper.replaces)] {
        if let Some(value) = value {
            path.push_str(&format!("&{key}={}", segment(value)));
        }
    }
    let answer = context.client().post_bytes(&path, bytes).await?;
    let verdict = answer["summary"]["verdict"].as_str();
    if context.json {
        print_line(&answer)?;
    } else {
        print_line(&context.text(
            "evidence-attached",
            &[
                ("id", &cell(&answer["id"])),
                ("hash", &cell(&answer["sha256"])),
                ("items", &paper.items.join(", ")),
                ("owner", &paper.owner),
                ("until", &paper.until),
            ],
        ))?;
        if let Some(verdict) = verdict {
            let why = cell(&answer["summary"]["why"][context.language.tag()]);
            print_line(&context.text(&format!("evidence-{verdict}"), &[("why", &why)]))?;
        }
    }
    Ok(match verdict {
        Some("failed") => Exit::Problems.into(),
        _ => ExitCode::SUCCESS,
    })
}

/// Reads a file, no further than one byte beyond what the server takes.
fn read(context: &Context, file: &Path) -> Outcome<Vec<u8>> {
    let failed = |error: std::io::Error| {
        let (why, fix) = why_not(context.language, Doing::Read, &error);
        Diagnostic::new(
            Exit::Failed,
            "SK-EVI-901",
            context.text(
                "error-evidence-file",
                &[("file", &file.display().to_string())],
            ),
        )
        .observed(why)
        .fix(fix)
    };
    let opened = std::fs::File::open(file).map_err(failed)?;
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    opened
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    Ok(bytes)
}

async fn list(context: &Context) -> Outcome<ExitCode> {
    let answer = context.client().get("/api/v1/evidence").await?;
    if context.json {
        print_line(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let items = answer["items"].as_array().map_or(&[][..], Vec::as_slice);
    if items.is_empty() {
        print_line(&context.text("evidence-none", &[]))?;
        return Ok(ExitCode::SUCCESS);
    }
    let headings = [
        "column-id",
        "column-worth",
        "column-items",
        "column-title",
        "column-owner",
        "column-until",
        "column-hash",
        "column-result",
    ]
    .map(|key| context.text(key, &[]));
    let rows: Vec<Vec<String>> = items.iter().map(|item| row(context, item)).collect();
    print_line(&render(&headings, &rows))?;
    Ok(ExitCode::SUCCESS)
}

fn row(context: &Context, item: &Value) -> Vec<String> {
    let worth = item["worth"].as_str().unwrap_or_default();
    let about: Vec<&str> = item["items"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let title = match &item["title"] {
        Value::Null => &item["name"],
        title => title,
    };
    let hash: String = cell(&item["sha256"]).chars().take(HASH).collect();
    let result = match &item["withdrawn"] {
        Value::Null => cell(&item["summary"]["why"][context.language.tag()]),
        withdrawn => cell(&withdrawn["why"]),
    };
    vec![
        cell(&item["id"]),
        context.text(&format!("worth-{worth}"), &[]),
        about.join(" "),
        cell(title),
        cell(&item["owner"]),
        cell(&item["until"]),
        hash,
        result,
    ]
}

async fn withdraw(context: &Context, id: &str, why: &str) -> Outcome<ExitCode> {
    let path = format!("/api/v1/evidence/{}/withdraw", segment(id));
    let answer = context.client().post(&path, &json!({ "why": why })).await?;
    if context.json {
        print_line(&answer)?;
    } else {
        print_line(&context.text("evidence-withdrawn", &[("id", id)]))?;
    }
    Ok(ExitCode::SUCCESS)
}
