//! `sekimori model …`: works on files alone, without a server.

use std::path::Path;
use std::process::ExitCode;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use sekimori_analysis::diagnostic::Color;
use sekimori_analysis::language::Language as ReportLanguage;
use sekimori_analysis::{analyze, model};
use sekimori_report::Report;

use super::interchange::{self, ExportRequest};
use super::{Context, report};
use crate::cli::{ModelCommand, ReportFormat};
use crate::clock;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::language::Language;
use crate::output::print_line;

/// A model larger than this is a mistake.
const MAX_MODEL_BYTES: u64 = 64 * 1024 * 1024;

/// The examples that a model can start from.
const TEMPLATES: &[(&str, &str)] = &[(
    "sensor-gateway",
    include_str!("../../../../examples/cold-store/model.toml"),
)];

pub(crate) fn run(context: &Context, command: &ModelCommand) -> Outcome<ExitCode> {
    match command {
        ModelCommand::Init { file, template } => init(context, file, template),
        ModelCommand::Check { file } => check(context, file),
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
        ModelCommand::Analyze {
            file,
            format,
            output,
        } => show(context, file, *format, output.as_deref()),
    }
}

/// The example that the demo applies.
pub(crate) fn example() -> &'static str {
    TEMPLATES.first().map(|(_, text)| *text).unwrap_or_default()
}

fn init(context: &Context, file: &Path, template: &str) -> Outcome<ExitCode> {
    use std::io::Write as _;
    let Some((_, text)) = TEMPLATES.iter().find(|(name, _)| *name == template) else {
        let names: Vec<&str> = TEMPLATES.iter().map(|(name, _)| *name).collect();
        return Err(Diagnostic::new(
            Exit::Usage,
            "SK-MOD-901",
            context.text("error-template-unknown", &[]),
        )
        .observed(template)
        .expected(names.join(", ")));
    };
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut output| output.write_all(text.as_bytes()));
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(Diagnostic::new(
                Exit::Conflict,
                "SK-MOD-902",
                context.text("error-file-exists", &[]),
            )
            .observed(file.display())
            .fix(context.text("fix-file-exists", &[])));
        }
        Err(error) => return Err(unreadable("write", file, &error)),
    }
    print_line(&context.text("model-written", &[("file", &file.display().to_string())]))?;
    Ok(ExitCode::SUCCESS)
}

fn check(context: &Context, file: &Path) -> Outcome<ExitCode> {
    let text = read(file)?;
    if let Some(problems) = problems(context, file, &text, today()) {
        eprintln!("{problems}");
        return Ok(Exit::Problems.into());
    }
    if !context.json {
        print_line(&context.text("model-sound", &[("file", &file.display().to_string())]))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(
    context: &Context,
    file: &Path,
    format: ReportFormat,
    output: Option<&Path>,
) -> Outcome<ExitCode> {
    let format = format.or_json(false);
    report::check_destination(context, format, output)?;
    let text = read(file)?;
    let name = file.display().to_string();
    let model = match model::parse(&name, &text) {
        Ok(model) => model,
        Err(problems) => {
            eprintln!(
                "{}",
                problems.render(report_language(context.language), color())
            );
            return Ok(Exit::Problems.into());
        }
    };
    let analysis = analyze(&model, today());
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
        let rendered = sekimori_report::render(&Report::of(&analysis), format, language);
        let rendered = rendered.map_err(|error| {
            Diagnostic::new(Exit::Failed, error.code, error.title.of(language))
                .observed(error.observed.of(language))
                .fix(error.fix.of(language))
        })?;
        rendered.bytes
    };
    report::deliver(context, &bytes, output)?;
    Ok(ExitCode::SUCCESS)
}

/// Every problem of a model, rendered with its place; `None` when it is sound.
pub(super) fn problems(context: &Context, file: &Path, text: &str, _today: Date) -> Option<String> {
    let name = file.display().to_string();
    let problems = model::parse(&name, text).err()?;
    Some(problems.render(report_language(context.language), color()))
}

/// Reads a model as text.
pub(super) fn read(file: &Path) -> Outcome<String> {
    let metadata = std::fs::metadata(file).map_err(|error| unreadable("read", file, &error))?;
    if metadata.len() > MAX_MODEL_BYTES {
        return Err(
            Diagnostic::new(Exit::Failed, "SK-MOD-905", "the model is too large")
                .observed(format!("{}: {} bytes", file.display(), metadata.len()))
                .expected(format!("at most {MAX_MODEL_BYTES} bytes")),
        );
    }
    let bytes = std::fs::read(file).map_err(|error| unreadable("read", file, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        let place = error.utf8_error().valid_up_to();
        Diagnostic::new(Exit::Problems, "SK-MOD-906", "the model is not UTF-8 text")
            .observed(format!(
                "{}: byte {place} begins no character",
                file.display()
            ))
            .fix("save the file as UTF-8")
    })
}

fn unreadable(doing: &str, file: &Path, error: &std::io::Error) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Exit::Failed,
        "SK-MOD-903",
        format!("cannot {doing} the model"),
    )
    .below()
    .observed(format!("{}: {error}", file.display()));
    match error.kind() {
        std::io::ErrorKind::NotFound => diagnostic.fix("sekimori model init"),
        _ => diagnostic.fix("check the path and the rights of its folder"),
    }
}

fn today() -> Date {
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
