//! `sekimori apply`: a model becomes the policy that every gateway enforces.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::Context;
use super::model::load_or_say;
use crate::diagnostic::Outcome;
use crate::output::print_line;

pub(crate) async fn run(
    context: &Context,
    file: &Path,
    rules: &[PathBuf],
    dry_run: bool,
) -> Outcome<ExitCode> {
    // Every problem is shown here, with its place; the server checks again what it is sent.
    let text = match load_or_say(context, file, rules)? {
        Ok(loaded) => loaded.bundle(),
        Err(exit) => return Ok(exit),
    };
    let answer = context
        .client()
        .post(
            "/api/v1/policy",
            &json!({ "model": text, "dry_run": dry_run }),
        )
        .await?;
    if context.json {
        print_line(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let changes = answer["changes"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    for change in changes {
        print_line(
            &change
                .as_str()
                .map_or_else(|| change.to_string(), str::to_owned),
        )?;
    }
    let count = changes.len().to_string();
    let version = answer["version"].to_string();
    let arguments = [("count", count.as_str()), ("version", version.as_str())];
    let key = match (changes.is_empty(), dry_run) {
        (true, _) => "apply-unchanged",
        (false, true) => "apply-dry-run",
        (false, false) => "apply-done",
    };
    print_line(&context.text(key, &arguments))?;
    Ok(ExitCode::SUCCESS)
}
