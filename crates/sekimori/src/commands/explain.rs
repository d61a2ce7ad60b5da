//! `sekimori model explain ID`: what an id of a report stands for.

use std::process::ExitCode;

use sekimori_analysis::explain::{Explanation, explain};
use sekimori_analysis::knowledge;
use sekimori_analysis::language::Language as ReportLanguage;

use super::Context;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::language::Language;
use crate::output::print_line;

pub(crate) fn run(context: &Context, id: &str) -> Outcome<ExitCode> {
    let Some(explanation) = explain(knowledge::base(), id) else {
        return Err(Diagnostic::new(
            Exit::Usage,
            "SK-MOD-920",
            context.text("error-id-unknown", &[]),
        )
        .observed(id)
        .expected("CM-ENC, CSA-4.7, IPA-O1, BSI-8, SR-F1, JT05, ETSI-5.1-1"));
    };
    if context.json {
        let json =
            serde_json::to_string_pretty(&explanation).expect("texts can be written as JSON");
        print_line(&json)?;
    } else {
        print_line(&page(&explanation, context.language))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The explanation for a terminal: a value beside its label, several below it.
fn page(explanation: &Explanation, language: Language) -> String {
    let language = super::model::report_language(language);
    let (separator, open, close) = match language {
        ReportLanguage::English => (": ", " (", ")"),
        ReportLanguage::Japanese => (": ", "（", "）"),
    };
    let mut text = format!(
        "{}  {}{open}{}{close}\n",
        explanation.id,
        explanation.title.of(language),
        explanation.kind.of(language),
    );
    for fact in &explanation.facts {
        text.push('\n');
        text.push_str(fact.label.of(language));
        match fact.values.as_slice() {
            [only] => {
                text.push_str(separator);
                text.push_str(only.of(language));
            }
            several => {
                for value in several {
                    text.push_str("\n  ");
                    text.push_str(value.of(language));
                }
            }
        }
    }
    text
}
