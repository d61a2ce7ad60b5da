//! Where a finished report goes: to a file, or to standard output unless that would spoil a terminal.

use std::path::Path;

use sekimori_analysis::language::Language;
use sekimori_report::{Format, Report};

use super::Context;
use crate::diagnostic::{Diagnostic, Doing, Exit, Outcome, why_not};
use crate::output::{print_bytes, tell};

/// Refuses early what a terminal cannot show.
pub(crate) fn check_destination(
    context: &Context,
    format: Format,
    output: Option<&Path>,
) -> Outcome {
    use std::io::IsTerminal as _;
    if output.is_some() || format.is_text() || !std::io::stdout().is_terminal() {
        return Ok(());
    }
    let name = format.word();
    let file = format!("report.{}", format.file_extension());
    Err(Diagnostic::new(
        Exit::Usage,
        "SK-CLI-014",
        "this form of report is no text for a terminal",
    )
    .observed(format!("--format {name}"))
    .fix(context.text("fix-report-on-terminal", &[("file", &file)])))
}

/// A report in one form, or why this machine cannot make it.
pub(super) fn rendered(
    report: &Report<'_>,
    format: Format,
    language: Language,
) -> Outcome<Vec<u8>> {
    let rendered = sekimori_report::render(report, format, language).map_err(|error| {
        Diagnostic::new(Exit::Failed, error.code, error.title.of(language))
            .observed(error.observed.of(language))
            .fix(error.fix.of(language))
    })?;
    Ok(rendered.bytes)
}

/// Writes a report to a file and says so, or to standard output as it is.
pub(crate) fn deliver(context: &Context, report: &[u8], output: Option<&Path>) -> Outcome {
    let Some(file) = output else {
        return print_bytes(report);
    };
    std::fs::write(file, report).map_err(|error| {
        let (why, fix) = why_not(context.language, Doing::Write, &error);
        Diagnostic::new(Exit::Failed, "SK-CLI-011", "the report cannot be written")
            .observed(format!("{}: {why}", file.display()))
            .fix(fix)
    })?;
    let file = file.display().to_string();
    tell(&context.text("prove-written", &[("file", &file)]));
    Ok(())
}
