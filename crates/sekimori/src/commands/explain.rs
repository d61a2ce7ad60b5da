//! `sekimori model explain ID [FILE]`: what an id of a report stands for, and what it hangs on.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sekimori_analysis::analyze;
use sekimori_analysis::explain::{self, Explainer, Explanation, Fact, Way};
use sekimori_analysis::knowledge;
use sekimori_analysis::language::Language as ReportLanguage;

use super::{Context, model};
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::language::Language;
use crate::output::print_line;

/// Read when no model is named and this one is there.
const USUAL: &str = "model.toml";
/// What ids look like.
const FORMS: &str = "CM-ENC, CSA-4.7, IPA-O1, SR-F1, JT05, ETSI-5.1-1, telemetry:SR-F2";
/// Most values of one fact on a terminal.
const MOST: usize = 30;
/// Most ids that one way names on a terminal.
const MOST_ENDS: usize = 8;
/// Most ids that are proposed for one that nothing has.
const MOST_NEAREST: usize = 5;

pub(crate) fn run(
    context: &Context,
    id: &str,
    file: Option<&Path>,
    rules: &[PathBuf],
) -> Outcome<ExitCode> {
    let usual = Path::new(USUAL);
    let file = file.or_else(|| usual.exists().then_some(usual));
    let Some(file) = file else {
        let base = knowledge::base();
        let found = explain::explain(base, id);
        return told(context, (id, None), found, || {
            explain::nearest(base, id, MOST_NEAREST)
        });
    };
    let loaded = match model::load_or_say(context, file, rules)? {
        Ok(loaded) => loaded,
        Err(exit) => return Ok(exit),
    };
    let analysis = analyze(&loaded.model, model::today());
    let explainer = Explainer::new(&analysis);
    told(context, (id, Some(file)), explainer.explain(id), || {
        explainer.nearest(id, MOST_NEAREST)
    })
}

fn told(
    context: &Context,
    (id, model): (&str, Option<&Path>),
    found: Option<Explanation>,
    nearest: impl FnOnce() -> Vec<String>,
) -> Outcome<ExitCode> {
    let Some(explanation) = found else {
        let nearest = nearest();
        let unknown = Diagnostic::new(
            Exit::Usage,
            "SK-MOD-920",
            context.text("error-id-unknown", &[]),
        );
        let unknown = unknown.observed(id);
        let model = model.map(|file| file.display().to_string());
        return Err(match (nearest.first(), model) {
            (Some(first), model) => {
                let fix = ["sekimori model explain", first, &model.unwrap_or_default()].join(" ");
                unknown.expected(nearest.join(", ")).fix(fix.trim_end())
            }
            (None, Some(file)) => {
                let fix = context.text("fix-id-not-in-model", &[("file", &file)]);
                unknown.expected(FORMS).fix(fix)
            }
            (None, None) => {
                let fix = context.text("fix-id-unknown", &[]);
                unknown.expected(FORMS).fix(fix)
            }
        });
    };
    if context.json {
        let json =
            serde_json::to_string_pretty(&explanation).expect("texts can be written as JSON");
        print_line(&json)?;
    } else {
        print_line(&Page::of(context).written(&explanation))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The explanation for a terminal.
struct Page<'c> {
    context: &'c Context,
    language: ReportLanguage,
}

impl<'c> Page<'c> {
    fn of(context: &'c Context) -> Self {
        Page {
            context,
            language: model::report_language(context.language),
        }
    }

    fn written(&self, explanation: &Explanation) -> String {
        let (open, close) = match self.context.language {
            Language::En => (" (", ")"),
            Language::Ja => ("（", "）"),
        };
        let mut text = format!(
            "{}  {}{open}{}{close}\n",
            explanation.id,
            explanation.title.of(self.language),
            explanation.kind.of(self.language),
        );
        for fact in &explanation.facts {
            self.fact(&mut text, fact);
        }
        if !explanation.ways.is_empty() {
            text.push_str("\n\n");
            text.push_str(&self.context.text("explain-ways", &[]));
        }
        for way in &explanation.ways {
            self.way(&mut text, way);
        }
        text
    }

    /// A value beside its label, several below it.
    fn fact(&self, text: &mut String, fact: &Fact) {
        text.push('\n');
        text.push_str(fact.label.of(self.language));
        if let [only] = fact.values.as_slice() {
            text.push_str(": ");
            text.push_str(only.of(self.language));
            return;
        }
        for value in fact.values.iter().take(MOST) {
            text.push_str("\n  ");
            text.push_str(value.of(self.language));
        }
        if let Some(more) = self.more(fact.values.len(), MOST) {
            text.push_str("\n  ");
            text.push_str(&more);
        }
    }

    fn way(&self, text: &mut String, way: &Way) {
        text.push_str("\n  ");
        text.push_str(&way.requirement);
        text.push_str("  ");
        text.push_str(way.shall.of(self.language));
        for end in &way.ends {
            let ids = end.values.iter().take(MOST_ENDS);
            let mut ids: Vec<String> = ids.map(|id| id.of(self.language).to_owned()).collect();
            ids.extend(self.more(end.values.len(), MOST_ENDS));
            let label = end.label.of(self.language);
            text.push_str(&format!("\n    {label}: {}", ids.join(", ")));
        }
    }

    /// How many are not shown, when some are not.
    fn more(&self, all: usize, shown: usize) -> Option<String> {
        let left = all.checked_sub(shown).filter(|left| *left > 0)?;
        let count = left.to_string();
        Some(self.context.text("explain-more", &[("count", &count)]))
    }
}
