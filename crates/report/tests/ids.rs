//! Whatever id a report prints can be asked for: `sekimori model explain` knows it.

use std::collections::BTreeSet;

use jiff::civil::date;
use sekimori_analysis::explain::Explainer;
use sekimori_analysis::language::Language;
use sekimori_analysis::{Analysis, analyze, model};
use sekimori_report::{Format, Report, render};

fn analyzed(text: &str) -> Analysis {
    let model = model::parse("model.toml", text).unwrap_or_else(|problems| panic!("{problems}"));
    analyze(&model, date(2026, 11, 20))
}

/// What stands between two marks, whether it is one id or several.
fn between<'t>(text: &'t str, open: &str, close: &str) -> BTreeSet<&'t str> {
    let parts = text.split(open).skip(1);
    let inner = parts.filter_map(|part| part.split_once(close).map(|(inner, _)| inner));
    inner.flat_map(|inner| inner.split(", ")).collect()
}

/// Values of every key called `id`, at any depth.
fn ids(value: &serde_json::Value, out: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                match value.as_str() {
                    Some(id) if key == "id" => drop(out.insert(id.to_owned())),
                    _ => ids(value, out),
                }
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| ids(value, out)),
        _ => {}
    }
}

#[test]
fn every_id_that_a_report_prints_can_be_explained() {
    for text in [
        include_str!("../../../examples/cold-store/model.toml"),
        include_str!("../../../examples/openevse/model.toml"),
        include_str!("../../../examples/pinetime/model.toml"),
        include_str!("../../../examples/px4/model.toml"),
        include_str!("../../../examples/templates/wearable/model.toml"),
        include_str!("../../../examples/templates/smart-tv/model.toml"),
    ] {
        let analysis = analyzed(text);
        let explainer = Explainer::new(&analysis);
        let page = |format| {
            let rendered = render(&Report::of(&analysis), format, Language::Japanese);
            String::from_utf8(rendered.expect("text").bytes).expect("UTF-8")
        };
        let (markdown, html) = (page(Format::Markdown), page(Format::Html));
        let mut printed: BTreeSet<String> = BTreeSet::new();
        ids(
            &serde_json::to_value(&analysis).expect("JSON"),
            &mut printed,
        );
        let spans = between(&markdown, "`", "`")
            .into_iter()
            .chain(between(&html, "<code>", "</code>"));
        let spans = spans.chain(between(&html, "<code class=\"soft\">", "</code>"));
        // Words of the model format are no ids; what is short of a letter is what lies between two spans.
        let spans = spans.filter(|span| !span.contains(['[', '|', '<', '{']) && !span.is_empty());
        printed.extend(spans.map(str::to_owned));
        assert!(printed.len() > 800, "{}", printed.len());
        let unknown: Vec<&String> = printed
            .iter()
            .filter(|id| explainer.explain(id).is_none())
            .collect();
        assert!(unknown.is_empty(), "{}: {unknown:?}", analysis.model);
    }
}

#[test]
fn every_explanation_is_in_both_languages() {
    let analysis = analyzed(include_str!("../../../examples/cold-store/model.toml"));
    let explainer = Explainer::new(&analysis);
    let nodes: Vec<String> = explainer
        .trace()
        .nodes()
        .map(|node| node.id.clone())
        .collect();
    assert!(nodes.len() > 1_000);
    for id in nodes {
        let explanation = explainer.explain(&id).unwrap_or_else(|| panic!("{id}"));
        let labels = explanation
            .facts
            .iter()
            .chain(explanation.ways.iter().flat_map(|way| &way.ends));
        for fact in labels {
            assert!(
                fact.label.ja.chars().any(|c| c > '\u{3000}'),
                "{id}: {:?}",
                fact.label
            );
            assert!(!fact.values.is_empty(), "{id}: {:?}", fact.label);
            for value in &fact.values {
                assert!(
                    !value.en.is_empty() && !value.ja.is_empty(),
                    "{id}: {:?}",
                    fact.label
                );
            }
        }
        assert!(
            !explanation.title.en.is_empty() && !explanation.title.ja.is_empty(),
            "{id}"
        );
    }
}
