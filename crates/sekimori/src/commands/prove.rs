//! `sekimori prove`: what was required, what was observed, when, and by which probe.

use std::path::Path;
use std::process::ExitCode;

use super::{Context, report, segment};
use crate::cli::ReportFormat;
use crate::diagnostic::Outcome;

pub(crate) async fn run(
    context: &Context,
    standard: Option<&str>,
    format: ReportFormat,
    output: Option<&Path>,
) -> Outcome<ExitCode> {
    let format = format.or_json(context.json);
    report::check_destination(context, format, output)?;
    let mut path = format!(
        "/api/v1/prove?lang={}&format={}",
        context.language.tag(),
        format.word()
    );
    if let Some(standard) = standard {
        path.push_str(&format!("&standard={}", segment(standard)));
    }
    let bytes = context.client().get_bytes(&path).await?;
    report::deliver(context, &bytes, output)?;
    Ok(ExitCode::SUCCESS)
}
