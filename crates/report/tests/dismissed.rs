//! What somebody dismissed stays in every report, with its reason, its owner and its day.

use jiff::civil::date;
use sekimori_analysis::language::Language;
use sekimori_analysis::{Analysis, analyze, model};
use sekimori_report::{Format, Report, render};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

fn analyzed(cells: &[&str]) -> Analysis {
    let mut text = TEXT.to_owned();
    for cell in cells {
        text.push_str(&format!(
            "\n[[decision]]\ncell = \"{cell}\"\nstatus = \"dismissed\"\nwhy = \"A spring closes it\"\nwhy_ja = \"ばねで閉じる\"\nowner = \"Mori\"\nuntil = 2027-03-31\n"
        ));
    }
    let model = model::parse("model.toml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    analyze(&model, date(2026, 11, 20))
}

fn text(analysis: &Analysis, format: Format, language: Language) -> String {
    let rendered = render(&Report::of(analysis), format, language).expect("a form of text");
    String::from_utf8(rendered.bytes).expect("UTF-8")
}

#[test]
fn a_dismissed_candidate_is_listed_with_its_reason() {
    let id = "unlock:stopped-too-soon";
    let analysis = analyzed(&[id]);
    for (language, words) in [
        (Language::English, ["A spring closes it", "dismissed"]),
        (Language::Japanese, ["ばねで閉じる", "棄却"]),
    ] {
        for format in [Format::Html, Format::Markdown] {
            let said = text(&analysis, format, language);
            let end = if format == Format::Html {
                "</tr>"
            } else {
                "\n"
            };
            let rows = said.split(end).filter(|row| row.contains(id));
            let told: Vec<&str> = rows
                .filter(|line| words.iter().all(|word| line.contains(word)))
                .collect();
            // Once among the questions, once among the decisions.
            assert_eq!(told.len(), 2, "{format:?} {language:?}");
            for line in told {
                assert!(
                    line.contains("Mori") && line.contains("2027-03-31"),
                    "{line}"
                );
            }
        }
        // The one that nobody judged waits for an answer.
        let said = text(&analysis, Format::Markdown, language);
        let waits = said.lines().find(|line| line.contains("unlock:wrong-time"));
        let waits = waits.expect("listed");
        assert!(waits.contains("uca") && !waits.contains("Mori"), "{waits}");
    }
}

#[test]
fn a_dismissed_scenario_is_a_suppressed_result() {
    let id = "UCA1:spoofing@lock";
    let results = |analysis: &Analysis| -> Vec<serde_json::Value> {
        let said = text(analysis, Format::Sarif, Language::English);
        let sarif: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        let results = sarif["runs"][0]["results"].as_array().expect("results");
        let named = |one: &&serde_json::Value| one.to_string().contains(id);
        results.iter().filter(named).cloned().collect()
    };
    assert!(results(&analyzed(&[])).is_empty(), "covered is no result");
    let dismissed = results(&analyzed(&[id]));
    assert_eq!(dismissed.len(), 1);
    let why = dismissed[0]["suppressions"][0]["justification"].as_str();
    assert_eq!(
        why,
        Some("dismissed: A spring closes it (Mori, 2027-03-31)")
    );
}
