//! JSON: the serialized analysis and findings, with each pair of texts replaced by the one asked for.

use serde_json::{Map, Value, json};

use sekimori_analysis::checklist;
use sekimori_analysis::evidence::Status;
use sekimori_analysis::language::Language;

use crate::Report;

/// The format of the report, for readers that keep it.
const FORMAT: &str = "sekimori-report/0";

pub(crate) fn render(report: &Report<'_>, language: Language) -> String {
    let (analysis, findings) = (report.analysis, report.found());
    let items = report.items();
    let controls = report.controls();
    let states: Map<String, Value> = checklist::count(&controls)
        .into_iter()
        .map(|(state, count)| (state.word().to_owned(), Value::from(count)))
        .collect();
    let summary: Map<String, Value> = Status::ALL
        .iter()
        .map(|status| {
            let count = findings.iter().filter(|f| f.status == *status).count();
            (status.word().to_owned(), Value::from(count))
        })
        .collect();
    let mut report = json!({
        "format": FORMAT,
        "language": language.tag(),
        "summary": summary,
        "analysis": analysis,
        "findings": findings,
        "items": items,
        "controls": controls,
        "control_states": states,
    });
    translate(&mut report, language);
    written(&report)
}

/// A value as the text of a file.
pub(crate) fn written(value: &Value) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("a report has only string keys");
    text.push('\n');
    text
}

/// Replaces every object with exactly the keys `en` and `ja` by one of its texts.
fn translate(value: &mut Value, language: Language) {
    match value {
        Value::Object(map) => {
            let is_pair = map.len() == 2 && map.contains_key("en") && map.contains_key("ja");
            if is_pair && let Some(text) = map.remove(language.tag()) {
                *value = text;
                return;
            }
            map.values_mut()
                .for_each(|value| translate(value, language));
        }
        Value::Array(list) => list.iter_mut().for_each(|value| translate(value, language)),
        _ => {}
    }
}
