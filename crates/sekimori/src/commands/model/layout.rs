//! `sekimori model fmt` and `sekimori model schema`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sekimori_analysis::model;

use super::files::{model_files, read, say, unreadable};
use crate::commands::Context;
use crate::diagnostic::{Diagnostic, Doing, Exit, Outcome};
use crate::output::print_line;

/// Brings models into canonical layout, or says which are not.
pub(super) fn format(context: &Context, paths: &[PathBuf], check: bool) -> Outcome<ExitCode> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(model_files(context, path)?);
    }
    let mut changed = Vec::new();
    let mut is_any_broken = false;
    for file in &files {
        let bytes = match read(context, file, &mut 0)? {
            Ok(bytes) => bytes,
            Err(problems) => {
                say(context, &problems);
                is_any_broken = true;
                continue;
            }
        };
        let name = file.display().to_string();
        let text = std::str::from_utf8(&bytes).ok();
        let Some((text, tidy)) = text.and_then(|text| Some((text, model::format(text)?))) else {
            // Only what is no TOML at all cannot be laid out, and the parser knows why.
            if let Err(problems) = model::parse_bytes(&name, &bytes) {
                say(context, &problems);
            }
            is_any_broken = true;
            continue;
        };
        if tidy == text {
            continue;
        }
        if !says_the_same(&name, text, &tidy) {
            return Err(Diagnostic::new(
                Exit::Failed,
                "SK-MOD-908",
                context.text("error-layout-changes-meaning", &[]),
            )
            .observed(&name)
            .fix(context.text("fix-layout-changes-meaning", &[])));
        }
        if !check {
            replace(file, &tidy)
                .map_err(|error| unreadable(context, Doing::Write, file, &error))?;
        }
        changed.push(name);
    }
    if context.json {
        let total = files.len();
        print_line(&serde_json::json!({ "files": total, "changed": changed }))?;
    } else {
        let key = if check {
            "model-would-change"
        } else {
            "model-changed"
        };
        for name in &changed {
            print_line(&context.text(key, &[("file", name)]))?;
        }
        if changed.is_empty() && !is_any_broken {
            print_line(&context.text("model-tidy", &[]))?;
        }
    }
    if is_any_broken || check && !changed.is_empty() {
        return Ok(Exit::Problems.into());
    }
    Ok(ExitCode::SUCCESS)
}

/// A model whose meaning would change is not touched, whatever the reason.
fn says_the_same(name: &str, before: &str, after: &str) -> bool {
    match (model::parse(name, before), model::parse(name, after)) {
        (Ok(mut before), Ok(mut after)) => {
            // Warnings name lines, which may change.
            before.warnings = Default::default();
            after.warnings = Default::default();
            before == after
        }
        (Err(before), Err(after)) => before.len() == after.len(),
        _ => false,
    }
}

/// Writes beside the file and renames, so that a crash leaves one of the two whole.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let file = std::fs::canonicalize(file)?;
    let mut name = std::ffi::OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(".sekimori-new");
    let beside = file.with_file_name(name);
    let rights = std::fs::metadata(&file)?.permissions();
    let done = std::fs::write(&beside, text)
        .and_then(|()| std::fs::set_permissions(&beside, rights))
        .and_then(|()| std::fs::rename(&beside, &file));
    if done.is_err() {
        // What is left beside is no use to anybody.
        let _ = std::fs::remove_file(&beside);
    }
    done
}

/// Prints the JSON Schema.
pub(super) fn schema() -> Outcome<ExitCode> {
    print_line(&format!("{:#}", model::json_schema()))?;
    Ok(ExitCode::SUCCESS)
}
