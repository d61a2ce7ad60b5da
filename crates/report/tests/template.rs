//! The whole text report of one template, in both languages, as a golden file to read.
//!
//! Take over a change with `INSTA_UPDATE=always cargo test -p sekimori-report --test template`.

use jiff::civil::date;
use sekimori_analysis::language::Language;
use sekimori_analysis::{analyze, model};
use sekimori_report::{Format, Report, render};

const TEXT: &str = include_str!("../../../examples/templates/wearable/model.toml");

fn report(language: Language) -> String {
    let model = model::parse("model.toml", TEXT).unwrap_or_else(|problems| panic!("{problems}"));
    let analysis = analyze(&model, date(2026, 11, 20));
    let rendered = render(&Report::of(&analysis), Format::Text, language);
    let rendered = rendered.unwrap_or_else(|error| panic!("{error:?}"));
    String::from_utf8(rendered.bytes).expect("a text report is text")
}

#[test]
fn in_english() {
    insta::assert_snapshot!("wearable.en", report(Language::English));
}

#[test]
fn in_japanese() {
    insta::assert_snapshot!("wearable.ja", report(Language::Japanese));
}

#[test]
fn both_languages_have_the_same_lines() {
    let (english, japanese) = (report(Language::English), report(Language::Japanese));
    let marks = |text: &str| -> Vec<String> {
        let words = text.lines().filter_map(|line| line.strip_prefix("  "));
        let ids = words.filter_map(|line| line.split_whitespace().next());
        ids.map(str::to_owned).collect()
    };
    assert!(marks(&english).len() > 100);
    assert_eq!(marks(&english), marks(&japanese));
}
