//! What every report promises: whole, in one language, safe to open, and the same bytes each time.

use std::collections::BTreeSet;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use sekimori_analysis::evidence::{Observation, Status, assess};
use sekimori_analysis::language::{Language, Text};
use sekimori_analysis::{Analysis, analyze, model};
use sekimori_report::{Format, Report, render};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

fn analysis() -> Analysis {
    let model = model::parse("model.toml", TEXT).expect("sound");
    analyze(&model, date(2026, 11, 20))
}

fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().expect("a time")
}

fn seen(probe: &str, reason: Option<&str>, role: Option<&str>, hours_ago: i64) -> Observation {
    let at = now() - SignedDuration::from_hours(hours_ago);
    Observation {
        probe: probe.to_owned(),
        reason: reason.map(str::to_owned),
        subject: role.map_or("gateway".to_owned(), |role| format!("{role}-0001")),
        role: role.map(str::to_owned),
        observed_at: at,
        received_at: at,
        held: true,
        count: 1,
    }
}

fn text(report: &Report<'_>, format: Format, language: Language) -> String {
    let rendered = render(report, format, language).expect("a form of text");
    String::from_utf8(rendered.bytes).expect("UTF-8")
}

fn reports() -> [(String, String); 2] {
    let analysis = analysis();
    let observations = [
        seen("message.permitted", None, Some("sensor"), 1),
        seen("message.refused", Some("out-of-range"), Some("sensor"), 2),
        seen("tls.refused", Some("expired"), None, 900),
    ];
    let findings = assess(&analysis, &observations, now());
    let report = Report::with_findings(&analysis, &findings);
    Language::ALL.map(|language| {
        (
            text(&report, Format::Html, language),
            text(&report, Format::Json, language),
        )
    })
}

#[test]
fn both_languages_have_the_same_keys() {
    let [(_, en), (_, ja)] = reports();
    let shape = |text: &str| {
        let mut value: serde_json::Value = serde_json::from_str(text).expect("JSON");
        blank(&mut value);
        value
    };
    assert_eq!(shape(&en), shape(&ja));
}

/// Every text becomes empty; keys, numbers and structure stay.
fn blank(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::String(text) => text.clear(),
        serde_json::Value::Array(list) => list.iter_mut().for_each(blank),
        serde_json::Value::Object(map) => map.values_mut().for_each(blank),
        _ => {}
    }
}

#[test]
fn nothing_is_left_in_the_other_language() {
    let [(en, en_json), (ja, ja_json)] = reports();
    let foreign = |text: &str| text.chars().find(|c| ('\u{3040}'..'\u{a000}').contains(c));
    assert_eq!(foreign(&en.replace("Hiragino", "")), None);
    assert_eq!(foreign(&en_json), None);
    let pairs: BTreeSet<(String, String)> = pairs().into_iter().map(|t| (t.en, t.ja)).collect();
    assert!(pairs.len() > 200);
    for (text, other) in pairs {
        if text.len() < 12 || text == other {
            continue;
        }
        assert!(!ja.contains(&text), "{text}");
        assert!(!ja_json.contains(&format!("\"{text}\"")), "{text}");
    }
}

/// Every pair of texts in the analysis.
fn pairs() -> Vec<Text> {
    fn walk(value: &serde_json::Value, out: &mut Vec<Text>) {
        match value {
            serde_json::Value::Object(map) => {
                if let (2, Some(en), Some(ja)) = (map.len(), map.get("en"), map.get("ja")) {
                    let word = |v: &serde_json::Value| v.as_str().unwrap_or("").to_owned();
                    out.push(Text::new(word(en), word(ja)));
                }
                map.values().for_each(|value| walk(value, out));
            }
            serde_json::Value::Array(list) => list.iter().for_each(|value| walk(value, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    let value = serde_json::to_value(analysis()).expect("serializable");
    walk(&value, &mut out);
    out
}

#[test]
fn what_was_observed_against_a_requirement_is_told_at_the_beginning() {
    let analysis = analysis();
    let mut observation = seen("message.permitted", None, Some("sensor"), 1);
    for (held, is_told) in [(true, false), (false, true)] {
        observation.held = held;
        let findings = assess(&analysis, std::slice::from_ref(&observation), now());
        let against = findings.iter().filter(|f| f.status == Status::Contradicted);
        let against = against.count();
        assert_eq!(against > 0, is_told);
        let report = Report::with_findings(&analysis, &findings);
        for format in [Format::Html, Format::Management] {
            for (language, words) in [
                (
                    Language::English,
                    "Requirements of which the opposite was observed: ",
                ),
                (Language::Japanese, "反対の事実が観測された要件が "),
            ] {
                let page = text(&report, format, language);
                let said = page.contains(&format!("{words}{against}"));
                assert_eq!(said, is_told, "{} {words}", format.word());
            }
        }
    }
}

#[test]
fn the_page_is_whole_and_loads_nothing() {
    for (page, _) in reports() {
        // A source may be named by its address; nothing may be fetched or followed from it.
        for needle in [
            "<script", "=\"http", "src=", "url(", "@import", "<img", "<link",
        ] {
            assert!(!page.contains(needle), "{needle}");
        }
        let mut open: Vec<&str> = Vec::new();
        for piece in page.split('<').skip(1) {
            let tag = piece.split(['>', ' ']).next().unwrap_or("");
            let closes_itself = piece
                .split('>')
                .next()
                .is_some_and(|tag| tag.ends_with('/'));
            if closes_itself || ["!DOCTYPE", "meta", "br"].contains(&tag) {
                continue;
            }
            match tag.strip_prefix('/') {
                Some(closed) => assert_eq!(open.pop(), Some(closed)),
                None => open.push(tag),
            }
        }
        assert!(open.is_empty(), "{open:?}");
        for target in page.split("href=\"#").skip(1) {
            let id = target.split('"').next().unwrap_or("");
            assert!(page.contains(&format!("id=\"{id}\"")), "{id}");
        }
    }
}

#[test]
fn a_model_cannot_write_markup_into_the_page() {
    let source = TEXT.replace("Temperature sensor", "<img src=x onerror=alert(1)>");
    let model = model::parse("model.toml", &source).expect("sound");
    let analysis = analyze(&model, date(2026, 11, 20));
    let page = text(&Report::of(&analysis), Format::Html, Language::English);
    assert!(!page.contains("<img"));
    assert!(page.contains("&lt;img src=x"));
}

#[test]
fn the_same_analysis_gives_the_same_bytes() {
    let (first, second) = (analysis(), analysis());
    for format in Format::ALL {
        for language in Language::ALL {
            let bytes = |analysis| render(&Report::of(analysis), *format, language);
            assert_eq!(bytes(&first), bytes(&second), "{}", format.word());
        }
    }
}
