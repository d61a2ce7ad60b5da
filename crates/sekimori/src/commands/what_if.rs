//! `sekimori model analyze --with … --without … --budget …`: two choices side by side.

use jiff::civil::Date;
use sekimori_analysis::choose::{Wishes, compare};
use sekimori_analysis::model::Model;
use sekimori_report::Format;

use super::Context;
use crate::cli::WhatIf;
use crate::diagnostic::{Diagnostic, Exit, Outcome};

/// Two choices side by side: as the model says, and with what the caller would rather have.
pub(super) fn compared(
    context: &Context,
    model: &Model,
    today: Date,
    format: Format,
    what_if: &WhatIf,
) -> Outcome<Vec<u8>> {
    let wishes = Wishes {
        with: what_if.with.iter().cloned().collect(),
        without: what_if.without.iter().cloned().collect(),
        budget: what_if.budget,
    };
    let comparison = compare(model, today, &wishes);
    if !comparison.unknown.is_empty() {
        return Err(Diagnostic::new(
            Exit::Usage,
            "SK-MOD-910",
            context.text("error-countermeasure-unknown", &[]),
        )
        .observed(comparison.unknown.join(", "))
        .expected("CM-ENC, CM-ENC@sensor"));
    }
    if context.json || format == Format::Json {
        let mut bytes = serde_json::to_vec(&comparison).map_err(|error| {
            Diagnostic::new(Exit::Failed, "SK-MOD-904", "the analysis cannot be written")
                .observed(error)
        })?;
        bytes.push(b'\n');
        return Ok(bytes);
    }
    if format != Format::Text {
        return Err(Diagnostic::new(
            Exit::Usage,
            "SK-MOD-911",
            context.text("error-comparison-format", &[]),
        )
        .expected("--format text, --format json"));
    }
    let text = comparison.text(super::model::report_language(context.language));
    Ok(text.into_bytes())
}
