//! `sekimori model drift`: where a model and what the running server saw differ.

use std::path::Path;
use std::process::ExitCode;

use sekimori_analysis::drift::{Difference, Direction};
use serde_json::json;

use super::Context;
use super::model::{load_or_say, report_language};
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::output::print_line;

/// Exit 3 when the two differ.
pub(crate) async fn run(context: &Context, file: Option<&Path>, days: u64) -> Outcome<ExitCode> {
    let answer = match file {
        None => {
            context
                .client()
                .get(&format!("/api/v1/drift?days={days}"))
                .await?
        }
        Some(file) => {
            let text = match load_or_say(context, file, &[])? {
                Ok(loaded) => loaded.bundle(),
                Err(exit) => return Ok(exit),
            };
            let request = json!({ "model": text, "days": days });
            context.client().post("/api/v1/drift", &request).await?
        }
    };
    let differences: Vec<Difference> = serde_json::from_value(answer["differences"].clone())
        .map_err(|error| {
            Diagnostic::new(
                Exit::Failed,
                "SK-CLI-013",
                context.text("error-answer-unreadable", &[]),
            )
            .observed(error)
        })?;
    let found = differences.iter().filter(|it| it.is_drift()).count();
    if context.json {
        print_line(&answer)?;
    } else {
        print(context, &differences, days, found)?;
    }
    Ok(if found == 0 {
        ExitCode::SUCCESS
    } else {
        Exit::Problems.into()
    })
}

fn print(context: &Context, differences: &[Difference], days: u64, found: usize) -> Outcome {
    let language = report_language(context.language);
    for (direction, heading) in [
        (Direction::NotInModel, "drift-not-in-model"),
        (Direction::NotObserved, "drift-not-observed"),
        (Direction::NotObservable, "drift-not-observable"),
    ] {
        let mut of_direction = differences
            .iter()
            .filter(|it| it.direction == direction)
            .peekable();
        if of_direction.peek().is_none() {
            continue;
        }
        print_line(&context.text(heading, &[]))?;
        for it in of_direction {
            let mut line = format!("  {}", it.text.of(language));
            if !it.subjects.is_empty() {
                line.push_str(&format!("  [{}]", it.subjects.join(", ")));
            }
            if let Some(last) = it.last {
                line.push_str(&format!("  {last:.0}"));
            }
            print_line(&line)?;
        }
    }
    let (days, count) = (days.to_string(), found.to_string());
    let key = if found == 0 {
        "drift-none"
    } else {
        "drift-found"
    };
    print_line(&context.text(key, &[("days", &days), ("count", &count)]))
}
