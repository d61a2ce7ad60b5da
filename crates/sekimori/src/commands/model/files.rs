//! The files of a model: one, or all of a folder, and rules that several models share.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sekimori_analysis::diagnostic::Problems;
use sekimori_analysis::model::{self, Model, Places, Source};

use super::{color, report_language, today};
use crate::commands::Context;
use crate::diagnostic::{Diagnostic, Doing, Exit, Outcome, why_not};
use crate::output::tell;

/// A sound model and what it was read from.
pub(crate) struct Loaded {
    /// What it says.
    pub(crate) model: Model,
    /// Warnings of the model and of its dates.
    pub(crate) warnings: Vec<Problems>,
    files: Vec<(String, String)>,
}

impl Loaded {
    /// Where its elements stand.
    pub(crate) fn places(&self) -> Places {
        let sources = self.files.iter();
        let sources: Vec<Source<'_>> = sources.map(|(name, text)| Source { name, text }).collect();
        Places::of(&sources)
    }

    /// The model as one text, as the server takes it: the file itself, or all files written as one.
    pub(crate) fn bundle(&self) -> String {
        match self.files.as_slice() {
            [(_, text)] => text.clone(),
            _ => model::write(&self.model),
        }
    }
}

/// Reads a model from a file or a folder, and rules from others.
///
/// The inner error are the problems of what was read.
///
/// # Errors
///
/// A [`Diagnostic`] when a file cannot be read at all.
pub(crate) fn load(
    context: &Context,
    path: &Path,
    rules: &[PathBuf],
) -> Outcome<Result<Loaded, Problems>> {
    let mut paths = model_files(context, path)?;
    for rules in rules {
        paths.extend(model_files(context, rules)?);
    }
    let mut total: usize = 0;
    let mut files = Vec::new();
    for path in &paths {
        let name = path.display().to_string();
        let bytes = match read(context, path, &mut total)? {
            Ok(bytes) => bytes,
            Err(problems) => return Ok(Err(problems)),
        };
        files.push((name, bytes));
    }
    let named: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect();
    let model = match model::parse_files(&named) {
        Ok(model) => model,
        Err(problems) => return Ok(Err(problems)),
    };
    let files: Vec<(String, String)> = files
        .into_iter()
        .map(|(name, bytes)| (name, String::from_utf8_lossy(&bytes).into_owned()))
        .collect();
    let sources: Vec<Source<'_>> = files
        .iter()
        .map(|(name, text)| Source { name, text })
        .collect();
    let dates = model::check_dates_of(&model, &sources, today());
    let mut warnings = vec![model.warnings.clone(), dates];
    warnings.retain(|warnings| !warnings.is_empty());
    Ok(Ok(Loaded {
        model,
        warnings,
        files,
    }))
}

/// As [`load`], with the problems printed: the exit code when there are some.
///
/// # Errors
///
/// As [`load`].
pub(crate) fn load_or_say(
    context: &Context,
    path: &Path,
    rules: &[PathBuf],
) -> Outcome<Result<Loaded, ExitCode>> {
    Ok(load(context, path, rules)?.map_err(|problems| {
        say(context, &problems);
        Exit::Problems.into()
    }))
}

/// Prints problems for people.
pub(super) fn say(context: &Context, problems: &Problems) {
    let text = problems.render(report_language(context.language), color());
    tell(&text);
}

/// The file itself, or the `*.toml` files of a folder by name; not those of folders below.
pub(super) fn model_files(context: &Context, path: &Path) -> Outcome<Vec<PathBuf>> {
    let broken = |error| unreadable(context, Doing::Read, path, &error);
    if !std::fs::metadata(path).map_err(broken)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(broken)? {
        let file = entry.map_err(broken)?.path();
        let name = file.file_name().map(|name| name.to_string_lossy());
        let is_hidden = name.is_some_and(|name| name.starts_with('.'));
        let is_toml = file.extension().is_some_and(|end| end == "toml");
        if is_toml && !is_hidden && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Diagnostic::new(
            Exit::Failed,
            "SK-MOD-907",
            context.text("error-folder-without-model", &[]),
        )
        .observed(path.display())
        .expected("*.toml")
        .fix("sekimori model init"));
    }
    Ok(files)
}

/// Reads a file, but not more of it than a model may have.
pub(super) fn read(
    context: &Context,
    path: &Path,
    total: &mut usize,
) -> Outcome<Result<Vec<u8>, Problems>> {
    let broken = |error| unreadable(context, Doing::Read, path, &error);
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(broken)?;
    let length = file.metadata().map_err(broken)?.len();
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if let Err(problems) = model::check_size(&name, total.saturating_add(length)) {
        return Ok(Err(problems));
    }
    // A pipe does not say how long it is; one byte more than is allowed is enough to refuse it.
    let most = u64::try_from(model::MAX_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let taken = file.take(most.saturating_add(1)).read_to_end(&mut bytes);
    taken.map_err(broken)?;
    *total = total.saturating_add(bytes.len());
    if let Err(problems) = model::check_size(&name, *total) {
        return Ok(Err(problems));
    }
    Ok(Ok(bytes))
}

/// A file that the system would not read or write, and the usual remedy.
pub(super) fn unreadable(
    context: &Context,
    doing: Doing,
    file: &Path,
    error: &std::io::Error,
) -> Diagnostic {
    let message = match doing {
        Doing::Read => "error-model-unreadable",
        Doing::Write => "error-model-unwritable",
    };
    let (why, mut fix) = why_not(context.language, doing, error);
    if doing == Doing::Read && error.kind() == std::io::ErrorKind::NotFound {
        fix = format!("sekimori model init {}", file.display());
    }
    Diagnostic::new(Exit::Failed, "SK-MOD-903", context.text(message, &[]))
        .observed(format!("{}: {why}", file.display()))
        .fix(fix)
}

/// Writes a file that must not exist yet.
pub(crate) fn write_new(context: &Context, file: &Path, text: &str) -> Outcome {
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut output| output.write_all(text.as_bytes()));
    written.map_err(|error| {
        if error.kind() != std::io::ErrorKind::AlreadyExists {
            return unreadable(context, Doing::Write, file, &error);
        }
        Diagnostic::new(
            Exit::Conflict,
            "SK-MOD-902",
            context.text("error-file-exists", &[]),
        )
        .observed(file.display())
        .fix(context.text("fix-file-exists", &[]))
    })
}
