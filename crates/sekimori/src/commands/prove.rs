//! `sekimori prove`: what was required, what was observed, when, and by which probe.

use std::path::Path;
use std::process::ExitCode;

use super::{Context, segment};
use crate::cli::ReportFormat;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::output::print_line;

pub(crate) async fn run(
    context: &Context,
    standard: Option<&str>,
    format: ReportFormat,
    output: Option<&Path>,
) -> Outcome<ExitCode> {
    let name = match format {
        _ if context.json => "json",
        ReportFormat::Json => "json",
        ReportFormat::Html => "html",
        ReportFormat::Text => "text",
    };
    let mut path = format!(
        "/api/v1/prove?lang={}&format={name}",
        context.language.tag()
    );
    if let Some(standard) = standard {
        path.push_str(&format!("&standard={}", segment(standard)));
    }
    let report = context.client().get_bytes(&path).await?;
    match output {
        None => print_line(&String::from_utf8_lossy(&report).trim_end())?,
        Some(file) => {
            std::fs::write(file, &report).map_err(|error| {
                Diagnostic::new(Exit::Failed, "SK-CLI-011", "the report cannot be written")
                    .observed(format!("{}: {error}", file.display()))
                    .fix("name a file in a folder that you may write")
            })?;
            eprintln!(
                "{}",
                context.text("prove-written", &[("file", &file.display().to_string())])
            );
        }
    }
    Ok(ExitCode::SUCCESS)
}
