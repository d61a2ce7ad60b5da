//! `sekimori model diff`: what a change of the model means.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sekimori_analysis::analyze;
use sekimori_analysis::difference::{Alarm, between};
use sekimori_analysis::model::Level;

use super::files::load_or_say;
use super::{report_language, today};
use crate::cli::FailOn;
use crate::commands::Context;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::output::print_line;

/// Compares two models by what follows from them on this day.
pub(super) fn run(
    context: &Context,
    [old, new]: [&Path; 2],
    rules: &[PathBuf],
    fail_on: &[FailOn],
) -> Outcome<ExitCode> {
    let mut analyses = Vec::new();
    for path in [old, new] {
        match load_or_say(context, path, rules)? {
            Ok(loaded) => analyses.push(analyze(&loaded.model, today())),
            Err(exit) => return Ok(exit),
        }
    }
    let [old, new] = analyses.as_slice() else {
        return Ok(Exit::Failed.into());
    };
    let difference = between(old, new);
    if context.json {
        let text = serde_json::to_string(&difference).map_err(|error| {
            Diagnostic::new(Exit::Failed, "SK-MOD-904", "the analysis cannot be written")
                .observed(error)
        })?;
        print_line(&text)?;
    } else {
        let text = difference.text(report_language(context.language));
        print_line(&text.trim_end())?;
    }
    let rings = fail_on.iter().any(|on| difference.rings(alarm(*on)));
    if rings {
        return Ok(Exit::Problems.into());
    }
    Ok(ExitCode::SUCCESS)
}

const fn alarm(on: FailOn) -> Alarm {
    match on {
        FailOn::Open => Alarm::Opened,
        FailOn::High => Alarm::Risk(Level::High),
        FailOn::Critical => Alarm::Risk(Level::Critical),
        FailOn::Cost => Alarm::Cost,
        FailOn::Any => Alarm::Any,
    }
}
