//! The JSON Schema and the reference say what the parser does, by the judgement of a validator
//! that others wrote.

#![expect(
    clippy::indexing_slicing,
    reason = "a missing JSON key is Null, which the assertion shows"
)]

use std::path::Path;

use jsonschema::Validator;
use proptest::prelude::*;
use sekimori_analysis::language::Language;
use sekimori_analysis::model;
use serde_json::Value as Json;

mod any;

const EXAMPLE: &str = include_str!("../../../examples/cold-store/model.toml");
const MODEL: &str = "[model]\nformat = \"sekimori-model/0\"\nid = \"m\"\n";

fn validator() -> Validator {
    let schema = model::json_schema();
    jsonschema::meta::validate(&schema).expect("a schema of draft 2020-12");
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("a schema")
}

fn json(text: &str) -> Json {
    let table: toml::Table = text
        .parse()
        .unwrap_or_else(|error| panic!("{text}\n{error}"));
    plain(toml::Value::Table(table))
}

/// TOML as an editor hands it to a schema: dates are strings.
fn plain(value: toml::Value) -> Json {
    match value {
        toml::Value::Datetime(at) => Json::from(at.to_string()),
        toml::Value::Array(items) => items.into_iter().map(plain).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(k, v)| (k, plain(v))).collect(),
        other => serde_json::to_value(other).expect("plain"),
    }
}

fn wrong(validator: &Validator, text: &str) -> Vec<String> {
    let instance = json(text);
    let errors = validator.iter_errors(&instance);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Compares a file of the repository with what the code says, or writes it when asked to.
fn check_file(path: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    if std::env::var_os("SEKIMORI_UPDATE").is_some() {
        std::fs::write(&path, expected).expect("our own file");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "{} is not what the code says; run the test with SEKIMORI_UPDATE=1",
        path.display()
    );
}

#[test]
fn the_example_follows_the_schema() {
    assert_eq!(wrong(&validator(), EXAMPLE), Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn every_sound_model_follows_the_schema(seed in any::<u64>()) {
        let text = model::write(&any::model(seed));
        let wrong = wrong(&validator(), &text);
        prop_assert!(wrong.is_empty(), "{wrong:?}\n{text}");
    }
}

#[test]
fn broken_models_do_not() {
    let validator = validator();
    for (from, to) in [
        ("title = ", "titel = "),
        ("[[zone]]", "[[zoen]]"),
        ("physical = \"exposed\"", "physical = \"outdoors\""),
        ("count = 4000", "count = \"4000\""),
        ("count = 4000", "count = 0"),
        ("csa_class = \"CSA-DC11\"", "csa_class = \"CSA-DC14\""),
        ("class = \"mcu-board\"\n", ""),
        ("ram_kib = 64", "ram_kb = 64"),
        ("i = \"high\"\n", ""),
        (
            "stored_in = [\"sensor\", \"cloud\"]",
            "stored_in = \"sensor\"",
        ),
        ("a = \"medium\"", "a = \"medium\"\nkey = { backup = true }"),
        ("id = \"lock\"", "id = \"cmd\""),
        ("id = \"lock\"", "id = \"lock it\""),
        ("rate = \"30/60s\"", "rate = \"often\""),
        ("rate = \"30/60s\"", "backlog = 3"),
        ("max_bytes = 512", "max_bytes = 999999"),
        ("temp_c = [-40, 60]", "temp_c = [-40]"),
        ("type = \"boolean\"", "type = \"truth\""),
        ("type = \"boolean\"", "type = \"boolean\", minimum = 1"),
        ("review_by = \"2027-05-31\"", "review_by = \"next year\""),
        ("owner = \"operations\"\n", ""),
        ("cell = \"door:JT05:P4\"", "cell = \"door:JT05:P4:x:y\""),
        ("[[loss]]", "[cost]\ncurrency = \"EUR\"\n[[loss]]"),
        (
            "[[loss]]",
            "[[rule]]\nid = \"X-1\"\nwhen = { crossed = true }\n[[loss]]",
        ),
        (
            "[[loss]]",
            "[[measure]]\nid = \"CM-X-1\"\ncost = 3\n[[loss]]",
        ),
        (
            "[[loss]]",
            "[[statement]]\nitem = \"CSA-1.1\"\nstatus = \"not-applicable\"\nowner = \"a\"\nuntil = 2027-01-01\n[[loss]]",
        ),
    ] {
        assert!(EXAMPLE.contains(from), "{from}");
        let text = EXAMPLE.replacen(from, to, 1);
        assert!(!wrong(&validator, &text).is_empty(), "accepted {to:?}");
        assert!(
            model::parse("x", &text).is_err(),
            "the parser accepts {to:?}"
        );
    }
}

/// Every section with its keys, from the schema.
fn keys() -> Vec<(String, bool, String)> {
    let schema = model::json_schema();
    let sections = schema["properties"].as_object().expect("sections");
    let mut keys = Vec::new();
    for (section, one) in sections {
        let many = one.get("items").is_some();
        let object = if many { &one["items"] } else { one };
        let properties = object["properties"].as_object().expect("keys");
        for (key, schema) in properties {
            keys.push((section.clone(), many, key.clone()));
            let below = schema.get("properties").and_then(Json::as_object);
            for nested in below.into_iter().flatten().map(|(name, _)| name) {
                keys.push((section.clone(), many, format!("{key}.{nested}")));
            }
        }
    }
    keys
}

#[test]
fn the_parser_reads_every_key_of_the_schema() {
    let keys = keys();
    assert!(keys.len() > 150, "{}", keys.len());
    for (section, many, key) in keys {
        // A point in time is no sound value of any key, so whoever reads it complains.
        let head = if section == "model" { "" } else { MODEL };
        let written = if many {
            format!("[[{section}]]")
        } else {
            format!("[{section}]")
        };
        let text = format!("{head}{written}\n{key} = 1979-05-27T07:32:00Z\n");
        let line = text.lines().count();
        let problems = model::parse("x", &text).expect_err("a wrong value");
        let said = problems
            .list
            .iter()
            .find(|p| p.line == line && p.code != "SK-MOD-004");
        assert!(
            said.is_some(),
            "nobody reads `{key}` of {written}: {problems}"
        );
    }
}

#[test]
fn the_published_schema_is_the_one_in_force() {
    let text = serde_json::to_string_pretty(&model::json_schema()).expect("JSON");
    check_file("docs/formats/model.schema.json", &format!("{text}\n"));
}

#[test]
fn the_reference_knows_every_key() {
    const BEGIN: &str = "<!-- keys: made from the parser's table by a test, do not edit -->\n";
    const END: &str = "<!-- end of keys -->\n";
    for (path, language) in [
        ("docs/model.md", Language::English),
        ("docs/model.ja.md", Language::Japanese),
    ] {
        let whole = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(path);
        let whole = std::fs::read_to_string(whole).expect("the reference");
        let (before, rest) = whole.split_once(BEGIN).expect("a mark");
        let (_, after) = rest.split_once(END).expect("a second mark");
        let keys = model::reference(language);
        check_file(path, &format!("{before}{BEGIN}\n{keys}{END}{after}"));
        for (section, _, key) in self::keys() {
            let name = key.rsplit('.').next().expect("a name");
            assert!(
                keys.contains(&format!("`{name}`")),
                "{section}.{name} in {path}"
            );
        }
        if language == Language::Japanese {
            let english = keys.lines().find(|line| {
                let is_row = line.starts_with("| `") || line.starts_with("####");
                let is_japanese = line.chars().any(|c| c > '\u{2fff}');
                is_row && !is_japanese && !line.starts_with("#### `")
            });
            assert_eq!(english, None, "an untranslated row");
        }
    }
}
