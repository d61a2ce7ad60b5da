//! `sekimori model analyze --with … --without … --budget …`: two choices side by side.

use jiff::civil::Date;
use sekimori_analysis::analyze;
use sekimori_analysis::choose::{Wishes, compare};
use sekimori_analysis::model::{ComponentKind, Level, Model};
use sekimori_report::{Format, Report};

use super::{Context, report};
use crate::cli::WhatIf;
use crate::diagnostic::{Diagnostic, Exit, Outcome};

/// Two choices side by side: as the model says, and with what the caller would rather have. As text and JSON
/// nothing but the comparison; the other forms are the whole report with it. Beside it the highest risk that the
/// other choice leaves open.
pub(super) fn compared(
    context: &Context,
    model: &Model,
    today: Date,
    format: Format,
    what_if: &WhatIf,
) -> Outcome<(Vec<u8>, Option<Level>)> {
    let wishes = Wishes {
        with: what_if.with.iter().cloned().collect(),
        without: what_if.without.iter().cloned().collect(),
        budget: what_if.budget,
    };
    let comparison = compare(model, today, &wishes);
    let worst = comparison.after.worst;
    if !comparison.unknown.is_empty() {
        let mut components = model.components.iter();
        let device = components.find(|(_, part)| part.kind == ComponentKind::Device);
        let place = device.map_or("…", |(id, _)| id.as_str());
        return Err(Diagnostic::new(
            Exit::Usage,
            "SK-MOD-910",
            context.text("error-countermeasure-unknown", &[]),
        )
        .observed(comparison.unknown.join(", "))
        .expected(context.text("expected-countermeasure", &[("place", place)]))
        .fix(context.text("fix-countermeasure-unknown", &[])));
    }
    if context.json || format == Format::Json {
        let mut bytes = serde_json::to_vec(&comparison).map_err(|error| {
            Diagnostic::new(Exit::Failed, "SK-MOD-904", "the analysis cannot be written")
                .observed(error)
        })?;
        bytes.push(b'\n');
        return Ok((bytes, worst));
    }
    let language = super::model::report_language(context.language);
    if format == Format::Text {
        return Ok((comparison.text(language).into_bytes(), worst));
    }
    if !format.shows_comparison() {
        let forms = Format::ALL.iter().filter(|form| form.shows_comparison());
        let forms = forms.map(|form| form.word()).collect::<Vec<_>>().join(", ");
        return Err(Diagnostic::new(
            Exit::Usage,
            "SK-MOD-911",
            context.text("error-comparison-format", &[]),
        )
        .observed(format!("--format {}", format.word()))
        .expected(format!("text, json, {forms}")));
    }
    let analysis = analyze(model, today);
    let report = Report::of(&analysis).comparing(&comparison);
    Ok((report::rendered(&report, format, language)?, worst))
}
