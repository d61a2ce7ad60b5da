//! `sekimori model …`: works on files alone, without a server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use sekimori_analysis::analyze;
use sekimori_analysis::diagnostic::{Color, Gravity, Problem};
use sekimori_analysis::language::Language as ReportLanguage;
use sekimori_analysis::model::Level;
use sekimori_report::Report;

use super::interchange::{self, ExportRequest};
use super::{Context, report, what_if};
use crate::cli::{FailOnOpen, ModelCommand, ReportFormat, WhatIf};
use crate::clock;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::language::Language;
use crate::output::print_line;

mod difference;
mod files;
mod layout;
mod template;

pub(crate) use files::{load_or_say, write_new};
pub(crate) use template::example;

pub(crate) fn run(context: &Context, command: &ModelCommand) -> Outcome<ExitCode> {
    match command {
        ModelCommand::Init { list: true, .. } => template::list(context),
        ModelCommand::Init { file, template, .. } => template::init(context, file, template),
        ModelCommand::Check { file, rules } => check(context, file, rules),
        ModelCommand::Fmt { files, check } => layout::format(context, files, *check),
        ModelCommand::Schema => layout::schema(),
        ModelCommand::Diff {
            old,
            new,
            rules,
            fail_on,
        } => difference::run(context, [old, new], rules, fail_on),
        ModelCommand::Explain { id, file, rules } => {
            super::explain::run(context, id, file.as_deref(), rules)
        }
        ModelCommand::Import { file, from, output } => {
            interchange::run_import(context, file, *from, output.as_deref())
        }
        ModelCommand::Export {
            file,
            to,
            component,
            url,
            output,
        } => interchange::run_export(
            context,
            file,
            &ExportRequest {
                to: *to,
                component: component.as_deref(),
                url: url.as_deref(),
                output: output.as_deref(),
            },
        ),
        ModelCommand::Drift { .. } => unreachable!("main sends it to the server"),
        ModelCommand::Analyze {
            file,
            rules,
            format,
            output,
            what_if,
            fail_on,
        } => show(
            context,
            (file, rules),
            (*format, output.as_deref()),
            what_if,
            *fail_on,
        ),
    }
}

/// Names every problem; warnings are named too, and stop nobody.
fn check(context: &Context, file: &Path, rules: &[PathBuf]) -> Outcome<ExitCode> {
    let (problems, is_sound) = match files::load(context, file, rules)? {
        Ok(loaded) => (loaded.warnings, true),
        Err(problems) => (vec![problems], false),
    };
    if context.json {
        let list: Vec<&Problem> = problems.iter().flat_map(|p| &p.list).collect();
        let omitted: usize = problems.iter().map(|p| p.omitted).sum();
        let errors = list.iter().filter(|p| p.gravity == Gravity::Error).count();
        print_line(&serde_json::json!({
            "file": file.display().to_string(),
            "sound": is_sound,
            "errors": errors,
            "warnings": list.len() - errors,
            "omitted": omitted,
            "problems": list,
        }))?;
    } else {
        for problems in &problems {
            files::say(context, problems);
        }
        if is_sound {
            let key = if problems.is_empty() {
                "model-sound"
            } else {
                "model-usable"
            };
            print_line(&context.text(key, &[("file", &file.display().to_string())]))?;
        }
    }
    Ok(if is_sound {
        ExitCode::SUCCESS
    } else {
        Exit::Problems.into()
    })
}

fn show(
    context: &Context,
    (file, rules): (&Path, &[PathBuf]),
    (format, output): (ReportFormat, Option<&Path>),
    what_if: &WhatIf,
    fail_on: Option<FailOnOpen>,
) -> Outcome<ExitCode> {
    let format = format.or_json(false);
    report::check_destination(context, format, output)?;
    let loaded = match load_or_say(context, file, rules)? {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(exit),
    };
    if *what_if != WhatIf::default() {
        let (bytes, worst) = what_if::compared(context, &loaded.model, today(), format, what_if)?;
        report::deliver(context, &bytes, output)?;
        return Ok(exit(fail_on, worst));
    }
    let analysis = analyze(&loaded.model, today());
    let bytes = if context.json {
        // Both languages at once, every key as the analysis has it.
        let mut bytes = serde_json::to_vec(&analysis).map_err(|error| {
            Diagnostic::new(Exit::Failed, "SK-MOD-904", "the analysis cannot be written")
                .observed(error)
        })?;
        bytes.push(b'\n');
        bytes
    } else {
        let language = report_language(context.language);
        let places = loaded.places();
        report::rendered(
            &Report::of(&analysis).with_places(&places),
            format,
            language,
        )?
    };
    report::deliver(context, &bytes, output)?;
    Ok(exit(fail_on, analysis.solution.worst_open()))
}

/// Problems when what stays open is as bad as asked for.
fn exit(fail_on: Option<FailOnOpen>, worst: Option<Level>) -> ExitCode {
    let least = match fail_on {
        None => return ExitCode::SUCCESS,
        Some(FailOnOpen::Open) => Level::None,
        Some(FailOnOpen::High) => Level::High,
        Some(FailOnOpen::Critical) => Level::Critical,
    };
    match worst.is_some_and(|worst| worst >= least) {
        true => Exit::Problems.into(),
        false => ExitCode::SUCCESS,
    }
}

pub(crate) fn today() -> Date {
    clock::wall().to_zoned(TimeZone::UTC).date()
}

/// Colors for a terminal that wants them.
fn color() -> Color {
    use std::io::IsTerminal as _;
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        Color::Ansi
    } else {
        Color::Plain
    }
}

/// The reports' own name for the reader's language.
pub(crate) fn report_language(language: Language) -> ReportLanguage {
    match language {
        Language::Ja => ReportLanguage::Japanese,
        Language::En => ReportLanguage::English,
    }
}
