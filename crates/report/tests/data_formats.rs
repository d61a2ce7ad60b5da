//! Files for programs and spreadsheets: whole, in both languages, and harmless whatever a model says.

use std::collections::BTreeSet;

use jiff::civil::date;
use sekimori_analysis::language::Language;
use sekimori_analysis::{Analysis, analyze, model};
use sekimori_report::{Format, Report, render};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

fn analyzed(text: &str) -> Analysis {
    let model = model::parse("model.toml", text).expect("sound");
    analyze(&model, date(2026, 11, 20))
}

fn bytes(analysis: &Analysis, format: Format, language: Language) -> Vec<u8> {
    let rendered = render(&Report::of(analysis), format, language);
    rendered.expect("a form without needs").bytes
}

fn text(analysis: &Analysis, format: Format, language: Language) -> String {
    String::from_utf8(bytes(analysis, format, language)).expect("UTF-8")
}

/// The example with a name that means harm in some form.
fn hostile(title: &str) -> Analysis {
    let quoted = serde_json::to_string(title).expect("a string");
    // TOML knows the escapes of JSON; DEL alone may not stand as it is.
    let quoted = quoted.replace('\u{7f}', "\\u007f");
    let source = TEXT.replace("\"Temperature sensor\"", &quoted);
    assert_ne!(source, TEXT);
    analyzed(&source)
}

fn hostile_titles() -> Vec<String> {
    [
        "=cmd()",
        "+1",
        "\"quoted\", and 'more'",
        "two\nlines\r\n| and | bars",
        "<script>alert(1)</script>",
        "\u{1b}[31mred\u{7f}\u{8}",
        "a`b`${c}\\",
        "\u{202e}reversed",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([("温度を測る装置".repeat(72)).chars().take(500).collect()])
    .collect()
}

/// Reads comma-separated values as RFC 4180 says, apart from how they were written.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut is_quoted = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let row = rows.last_mut().expect("never empty");
        let field = row.last_mut().expect("never empty");
        match c {
            '"' if is_quoted && rest.peek() == Some(&'"') => {
                rest.next();
                field.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\r' if !is_quoted => assert_eq!(rest.peek(), Some(&'\n')),
            '\n' if !is_quoted => rows.push(vec![String::new()]),
            c => field.push(c),
        }
    }
    assert_eq!(
        rows.pop(),
        Some(vec![String::new()]),
        "ends with a line end"
    );
    rows
}

/// Every id that a table of targets has to name.
fn targets(analysis: &Analysis) -> BTreeSet<String> {
    let mut ids: BTreeSet<String> = analysis.threats.iter().map(|t| t.id.clone()).collect();
    ids.extend(analysis.solution.targets.iter().map(|t| t.id.clone()));
    for matrix in &analysis.matrices {
        ids.extend(matrix.cells.iter().map(|cell| cell.id.to_string()));
    }
    ids.extend(analysis.stpa.targets().map(|scenario| scenario.id.clone()));
    ids
}

#[test]
fn csv_names_every_target_and_requirement_once() {
    let analysis = analyzed(TEXT);
    for language in Language::ALL {
        let text = text(&analysis, Format::Csv, language);
        let rows = read_csv(text.strip_prefix('\u{feff}').expect("a mark for Excel"));
        let width = rows.first().expect("a head").len();
        assert!(width > 12 && rows.iter().all(|row| row.len() == width));
        let ids: Vec<&str> = rows
            .iter()
            .skip(1)
            .filter_map(|row| row.get(1))
            .map(String::as_str)
            .collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len());
        let expected = targets(&analysis);
        let requirements = analysis.requirements.iter().map(|r| r.id.clone());
        let expected: BTreeSet<String> = expected.into_iter().chain(requirements).collect();
        assert_eq!(unique, expected.iter().map(String::as_str).collect());
    }
}

#[test]
fn csv_computes_nothing_and_keeps_its_shape_whatever_a_title_says() {
    for title in hostile_titles() {
        let text = text(&hostile(&title), Format::Csv, Language::English);
        let rows = read_csv(text.trim_start_matches('\u{feff}'));
        let width = rows.first().expect("a head").len();
        for row in &rows {
            assert_eq!(row.len(), width, "{title:?}");
            for field in row {
                assert!(!field.starts_with(['=', '+', '-', '@']), "{field}");
                assert!(!field.contains(char::is_control), "{field:?}");
            }
        }
    }
}

#[test]
fn markdown_tables_keep_their_shape_whatever_a_title_says() {
    for title in hostile_titles() {
        for language in Language::ALL {
            let text = text(&hostile(&title), Format::Markdown, language);
            assert!(!text.contains("<script") && !text.contains('\u{202e}'));
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
            let mut width = None;
            for line in text.lines() {
                if !line.starts_with('|') {
                    width = None;
                    continue;
                }
                let bars = line
                    .replace("\\\\", "")
                    .replace("\\|", "")
                    .matches('|')
                    .count();
                assert_eq!(*width.get_or_insert(bars), bars, "{line}");
            }
        }
    }
}

#[test]
fn markdown_tells_everything_in_its_language() {
    let analysis = analyzed(TEXT);
    let english = text(&analysis, Format::Markdown, Language::English);
    let japanese = text(&analysis, Format::Markdown, Language::Japanese);
    assert_eq!(english.lines().count(), japanese.lines().count());
    let foreign = english
        .chars()
        .find(|c| ('\u{3040}'..'\u{a000}').contains(c));
    assert_eq!(foreign, None);
    for id in targets(&analysis) {
        assert!(english.contains(&format!("`{id}`")), "{id}");
    }
    for requirement in &analysis.requirements {
        assert!(japanese.contains(&requirement.id));
    }
    for control in analysis
        .checklist
        .steps
        .iter()
        .flat_map(|step| &step.controls)
    {
        assert!(japanese.contains(&format!("`{}`", control.id)));
    }
}

#[test]
fn no_form_shows_the_key_of_a_label() {
    let analysis = analyzed(TEXT);
    for format in [Format::Csv, Format::Markdown] {
        for language in Language::ALL {
            let text = text(&analysis, format, language);
            for key in [
                "data-", "state-", "level-", "method-", "section-", "pillar-",
            ] {
                assert!(
                    !text.contains(&format!("| {key}")) && !text.contains(&format!(",{key}")),
                    "{key}"
                );
            }
        }
    }
}
