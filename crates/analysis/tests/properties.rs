//! Properties: the choice is feasible and minimal, order changes nothing, and no text makes it panic.

use jiff::civil::date;
use proptest::prelude::*;
use sekimori_analysis::language::Language;
use sekimori_analysis::{analyze, model, policy};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_order_of_sections_changes_nothing(seed in any::<u64>()) {
        let given = bytes(TEXT);
        prop_assert_eq!(bytes(&shuffled(TEXT, seed)), given);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,400}") {
        let _ = model::parse("x", &text);
        let _ = model::parse_bytes("x", text.as_bytes());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = model::parse_bytes("x", &bytes);
    }

    #[test]
    fn no_damage_to_the_example_makes_it_panic(
        at in 0..TEXT.len(),
        length in 0_usize..60,
        put in prop::sample::select(vec!["", "\"", "[", "]", "{", "}", "=", "\n", "0", "-1", "é", "[[flow]]\n", "''", "1e999"]),
    ) {
        let mut bytes = TEXT.as_bytes().to_vec();
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, put.bytes());
        match model::parse_bytes("x", &bytes) {
            Ok(model) => {
                let analysis = analyze(&model, date(2026, 11, 20));
                let policy = policy::generate(&model, &analysis, 1);
                prop_assert!(!policy.canonical().is_empty());
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                for language in Language::ALL {
                    let said = problems.render(language, sekimori_analysis::diagnostic::Color::Plain);
                    prop_assert!(said.contains("SK-MOD-"));
                }
            }
        }
    }
}

/// The analysis and the policy of a model text.
fn bytes(text: &str) -> (String, String) {
    let model = model::parse("model.toml", text).expect("sound");
    let analysis = analyze(&model, date(2026, 11, 20));
    (
        serde_json::to_string(&analysis).expect("serializable"),
        policy::generate(&model, &analysis, 1).canonical(),
    )
}

/// The same sections in another order.
fn shuffled(text: &str, mut seed: u64) -> String {
    let mut sections: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') || sections.is_empty() {
            sections.push(String::new());
        }
        if let Some(section) = sections.last_mut() {
            section.push_str(line);
            section.push('\n');
        }
    }
    let head = sections.remove(0);
    for index in (1..sections.len()).rev() {
        // A linear congruential step; any permutation will do.
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let other = (seed >> 33) as usize % (index + 1);
        sections.swap(index, other);
    }
    head + &sections.concat()
}

#[test]
fn deep_and_wide_texts_end_with_a_problem() {
    let deep = format!("a = {}", "[".repeat(100_000));
    let dotted = format!("{} = 1", vec!["a"; 100_000].join("."));
    let nested = format!(
        "[model]\nx = {}1{}",
        "{ a = ".repeat(5_000),
        "}".repeat(5_000)
    );
    let wide = "[[zone]]\n".repeat(50_000);
    for text in [deep, dotted, nested, wide] {
        assert!(model::parse("x", &text).is_err());
    }
}

#[test]
fn an_added_flow_never_closes_what_was_open_and_ids_stay() {
    let before = {
        let model = model::parse("x", TEXT).expect("sound");
        analyze(&model, date(2026, 11, 20))
    };
    let text = format!(
        "{TEXT}\n[[flow]]\nid = \"aa-extra\"\nfrom = \"sensor\"\nto = \"cloud\"\nvia = \"gw\"\nproto = \"mqtt\"\nsecurity = \"tls13\"\n"
    );
    let model = model::parse("x", &text).expect("sound");
    let after = analyze(&model, date(2026, 11, 20));
    for target in &before.solution.targets {
        assert!(
            after.solution.states.contains_key(&target.id),
            "{}",
            target.id
        );
    }
    assert!(after.threats.len() > before.threats.len());
}
