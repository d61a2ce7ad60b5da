//! Markdown: the whole report as text that a code host shows, for pull requests and wikis.
//!
//! Text of a model is escaped: it cannot end a table, open markup, or run.

use sekimori_analysis::choose::State;
use sekimori_analysis::language::Language;
use sekimori_analysis::model::{CellId, Phase};

use crate::Report;
use crate::tables::{Column, Table, Tables, Value, plain};
use crate::words::{self, state_word};

pub(crate) fn render(report: &Report<'_>, language: Language) -> String {
    let tables = Tables::new(report, language);
    let labels = &tables.labels;
    let analysis = report.analysis;
    let solution = &analysis.solution;
    let title = escape(analysis.title.of(language));
    let mut text = format!("# {} – {title}\n\n", labels.text("report"));
    text.push_str(&words::generated(report, labels));
    text.push_str(&format!("\n\n## {}\n\n", labels.text("section-summary")));
    let [bound, _] = solution.bound_and_gap();
    for (key, count) in [
        ("requirements", analysis.requirements.len().to_string()),
        ("targets", solution.targets.len().to_string()),
        ("open", solution.open().count().to_string()),
        ("picks", solution.picks.len().to_string()),
        ("cost", solution.cost.to_string()),
        ("lower-bound", bound),
    ] {
        text.push_str(&format!("- {}: {count}\n", labels.text(key)));
    }
    text.push_str(&format!("\n## {}\n\n", labels.text("section-open")));
    let mut open = tables.targets();
    let targets = tables.targets();
    open.rows.retain(|row| row.iter().any(is_open));
    if open.rows.is_empty() {
        text.push_str(&format!("{}\n\n", labels.text("nothing-open")));
    } else {
        table(&mut text, &open);
    }
    matrices(&mut text, report, &tables, language);
    for whole in std::iter::once(targets).chain(tables.all().into_iter().skip(1)) {
        text.push_str(&format!("## {}\n\n", whole.title));
        if whole.rows.is_empty() {
            text.push_str(&format!("{}\n\n", labels.text("none")));
        } else {
            table(&mut text, &whole);
        }
    }
    while text.ends_with("\n\n") {
        text.pop();
    }
    text
}

fn is_open(value: &Value) -> bool {
    matches!(value, Value::Mark(word, _) if *word == state_word(State::Open))
}

/// The state of each threat in each phase, for every component that has a device class.
fn matrices(text: &mut String, report: &Report<'_>, tables: &Tables<'_>, language: Language) {
    let analysis = report.analysis;
    if analysis.matrices.is_empty() {
        return;
    }
    text.push_str(&format!("## {}\n\n", tables.labels.text("section-matrix")));
    let knowledge = &analysis.knowledge;
    for matrix in &analysis.matrices {
        text.push_str(&format!("### {}\n\n", escape(matrix.title.of(language))));
        let column = |name: String| Column {
            key: "",
            name,
            width: 0,
        };
        let mut columns = vec![column(tables.labels.text("threat"))];
        columns.extend(Phase::ALL.iter().map(|phase| {
            let name = knowledge.phases.get(phase);
            let name = name.map_or("", |name| name.of(language));
            column(format!("{} {name}", phase.word()))
        }));
        let rows = knowledge.threats.iter().map(|(id, threat)| {
            let name = format!("{id} {}", threat.name.of(language));
            let mut row = vec![Value::Text(name)];
            row.extend(Phase::ALL.iter().map(|phase| {
                let cell = CellId {
                    component: matrix.component.clone(),
                    threat: id.clone(),
                    phase: *phase,
                };
                let state = analysis
                    .solution
                    .states
                    .get(cell.to_string().as_str())
                    .copied();
                tables.mark("state", state_word(state.unwrap_or(State::NotApplicable)))
            }));
            row
        });
        let whole = Table {
            title: String::new(),
            columns,
            rows: rows.collect(),
        };
        table(text, &whole);
    }
}

fn table(text: &mut String, table: &Table) {
    let names = table.columns.iter().map(|column| escape(&column.name));
    text.push_str(&format!("| {} |\n", names.collect::<Vec<_>>().join(" | ")));
    text.push_str(&format!("|{}\n", " --- |".repeat(table.columns.len())));
    for row in &table.rows {
        let values = row.iter().map(|value| match value {
            Value::Code(code) if code.is_empty() => String::new(),
            // A code span may hold everything but its own mark and the bar of the table.
            Value::Code(code) => format!("`{}`", plain(code).replace('`', "'").replace('|', "\\|")),
            Value::Mark(word, shown) if *word == state_word(State::Open) => {
                format!("**{}**", escape(shown))
            }
            value => escape(&value.shown()),
        });
        text.push_str(&format!("| {} |\n", values.collect::<Vec<_>>().join(" | ")));
    }
    text.push('\n');
}

/// Text that a Markdown reader shows as it stands.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in plain(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '$' | '!' => {
                out.push('\\');
                out.push(c);
            }
            // A name after this sign would call somebody to the pull request.
            '@' => out.push_str("@\u{2060}"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for (text, expected) in [
            ("a|b", "a\\|b"),
            ("<script>", "&lt;script&gt;"),
            ("[x](javascript:y)", "\\[x\\](javascript:y)"),
            ("![x](y)", "\\!\\[x\\](y)"),
            ("a\n# b", "a \\# b"),
            ("@team", "@\u{2060}team"),
            ("温度センサー", "温度センサー"),
        ] {
            assert_eq!(escape(text), expected, "{text:?}");
        }
    }
}
