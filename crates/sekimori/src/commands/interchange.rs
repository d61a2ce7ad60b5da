//! `sekimori model import` and `sekimori model export`: models of other tools in, ours out.

use std::path::Path;
use std::process::ExitCode;

use jiff::tz::TimeZone;
use sekimori_analysis::{analyze, model};
use sekimori_interchange::{
    Exported, Format, Imported, NoDescription, Note, Refusal, Target, export, import,
    usage_description,
};

use super::Context;
use super::model::{load_or_say, report_language, write_new};
use crate::cli::{ExportFormat, ImportFormat};
use crate::clock;
use crate::diagnostic::{Diagnostic, Doing, Exit, Outcome, why_not};
use crate::output::{self, print_line};

/// Most bytes that are read, a little more than what an importer reads, so that it says so itself.
const MAX_DOCUMENT_BYTES: u64 = 17 * 1024 * 1024;

/// What an export is asked for beside the model.
pub(crate) struct ExportRequest<'a> {
    pub(crate) to: ExportFormat,
    pub(crate) component: Option<&'a str>,
    pub(crate) url: Option<&'a str>,
    pub(crate) output: Option<&'a Path>,
}

/// Makes a model of a foreign document, and tells what did not fit.
pub(crate) fn run_import(
    context: &Context,
    file: &Path,
    from: Option<ImportFormat>,
    output: Option<&Path>,
) -> Outcome<ExitCode> {
    let bytes = bytes(context, file)?;
    let format = match from {
        Some(format) => Format::from(format),
        None => Format::tell(&bytes)
            .map_err(|refusal| refused(context, file, &refusal))?
            .ok_or_else(|| {
                let names: Vec<&str> = Format::ALL.iter().map(|format| format.word()).collect();
                Diagnostic::new(
                    Exit::Usage,
                    "SK-IMP-010",
                    context.text("error-format-unknown", &[]),
                )
                .observed(file.display())
                .expected(names.join(", "))
                .fix("--from threagile")
            })?,
    };
    let today = clock::wall().to_zoned(TimeZone::UTC).date();
    let imported =
        import(format, &bytes, today).map_err(|refusal| refused(context, file, &refusal))?;
    tell(context, &imported.notes);
    match output {
        None => put(context, &imported),
        Some(output) => {
            write_new(context, output, &imported.text)?;
            let counts = [
                ("file", output.display().to_string()),
                ("components", imported.model.components.len().to_string()),
                ("flows", imported.model.flows.len().to_string()),
                ("notes", imported.notes.len().to_string()),
            ];
            let counts: Vec<(&str, &str)> = counts
                .iter()
                .map(|(key, value)| (*key, value.as_str()))
                .collect();
            output::tell(&context.text("model-imported", &counts));
            if context.json {
                put(context, &imported)?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn put(context: &Context, imported: &Imported) -> Outcome<ExitCode> {
    if context.json {
        let document = serde_json::json!({ "model": imported.text, "notes": imported.notes });
        print_line(&document)?;
    } else {
        print_line(&imported.text.trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a model in the format of another tool.
pub(crate) fn run_export(
    context: &Context,
    file: &Path,
    request: &ExportRequest<'_>,
) -> Outcome<ExitCode> {
    let today = clock::wall().to_zoned(TimeZone::UTC).date();
    let model = match load_or_say(context, file, &[])? {
        Ok(loaded) => loaded.model,
        Err(exit) => return Ok(exit),
    };
    let language = report_language(context.language);
    let exported = match request.to {
        ExportFormat::Mud => {
            let url = request.url.unwrap_or("https://example.org/device.json");
            let only = only_device(&model);
            let device = request.component.or(only.as_deref()).unwrap_or_default();
            usage_description(&model, device, url, clock::wall(), language).map_err(
                |NoDescription::NotADevice { devices }| no_device(context, file, device, &devices),
            )?
        }
        ExportFormat::ThreatDragon => export(
            Target::ThreatDragon,
            &model,
            &analyze(&model, today),
            language,
        ),
        ExportFormat::Otm => export(Target::Otm, &model, &analyze(&model, today), language),
    };
    let Exported { text, notes } = exported;
    tell(context, &notes);
    match request.output {
        None => print_line(&text.trim_end())?,
        Some(output) => {
            write_new(context, output, &text)?;
            let file = output.display().to_string();
            output::tell(&context.text("model-exported", &[("file", &file)]));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What to name instead, or that nothing can be named.
fn no_device(context: &Context, file: &Path, named: &str, devices: &[String]) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Exit::Usage,
        "SK-IMP-011",
        context.text("error-name-a-device", &[]),
    );
    let Some(first) = devices.first() else {
        return diagnostic
            .observed(context.text(
                "model-without-device",
                &[("file", &file.display().to_string())],
            ))
            .fix(context.text("fix-model-without-device", &[]));
    };
    let diagnostic = match named {
        "" => diagnostic,
        named => diagnostic.observed(named),
    };
    diagnostic
        .expected(devices.join(", "))
        .fix(format!("--component {first}"))
}

/// The model's device when there is just one.
fn only_device(model: &model::Model) -> Option<String> {
    let mut devices = model
        .components
        .iter()
        .filter(|(_, c)| c.kind == model::ComponentKind::Device);
    match (devices.next(), devices.next()) {
        (Some((id, _)), None) => Some(id.clone()),
        _ => None,
    }
}

/// Notes are messages: they stand on standard error, one a line.
fn tell(context: &Context, notes: &[Note]) {
    let language = report_language(context.language);
    for note in notes {
        let (kind, text) = (note.kind.word(), note.text.of(language));
        output::tell(&format_args!(
            "{}: {}: {text}",
            kind.of(language),
            note.place
        ));
    }
}

fn refused(context: &Context, file: &Path, refusal: &Refusal) -> Diagnostic {
    let language = report_language(context.language);
    let observed = format!("{}: {}", file.display(), refusal.observed().of(language));
    let diagnostic = Diagnostic::new(Exit::Problems, refusal.code(), refusal.title().of(language))
        .observed(observed)
        .fix(refusal.fix().of(language));
    match refusal.expected() {
        Some(expected) => diagnostic.expected(expected.of(language)),
        None => diagnostic,
    }
}

fn bytes(context: &Context, file: &Path) -> Outcome<Vec<u8>> {
    use std::io::Read as _;
    let broken = |error: std::io::Error| {
        let message = context.text("error-document-unreadable", &[]);
        let (why, fix) = why_not(context.language, Doing::Read, &error);
        Diagnostic::new(Exit::Failed, "SK-IMP-012", message)
            .observed(format!("{}: {why}", file.display()))
            .fix(fix)
    };
    let open = std::fs::File::open(file).map_err(broken)?;
    // A pipe does not say how long it is; of a file that does, nobody needs the bytes to refuse it.
    let length = open.metadata().map_err(broken)?.len();
    if length >= MAX_DOCUMENT_BYTES {
        let refusal = Refusal::TooLarge {
            bytes: usize::try_from(length).unwrap_or(usize::MAX),
            limit: sekimori_interchange::import::MAX_BYTES,
        };
        return Err(refused(context, file, &refusal));
    }
    let mut bytes = Vec::new();
    open.take(MAX_DOCUMENT_BYTES)
        .read_to_end(&mut bytes)
        .map_err(broken)?;
    Ok(bytes)
}

impl From<ImportFormat> for Format {
    fn from(format: ImportFormat) -> Self {
        match format {
            ImportFormat::Threagile => Format::Threagile,
            ImportFormat::ThreatDragon => Format::ThreatDragon,
            ImportFormat::Otm => Format::Otm,
            ImportFormat::TmBom => Format::TmBom,
            ImportFormat::Pasta => Format::Pasta,
            ImportFormat::Mud => Format::Mud,
        }
    }
}
