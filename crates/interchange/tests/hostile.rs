//! Bytes from anywhere: an importer answers with a model or a refusal, and drops nothing in silence.

use std::time::{Duration, Instant};

use jiff::civil::date;
use proptest::prelude::*;
use sekimori_interchange::{Format, Imported, Refusal, import};
use serde_json::Value;

fn fixture(format: Format) -> &'static [u8] {
    match format {
        Format::Threagile => include_bytes!("fixtures/threagile.yaml"),
        Format::ThreatDragon => include_bytes!("fixtures/threat-dragon.json"),
        Format::Otm => include_bytes!("fixtures/otm.yaml"),
        Format::TmBom => include_bytes!("fixtures/tm-bom.json"),
        Format::Pasta => include_bytes!("fixtures/door.stpa"),
        Format::Mud => include_bytes!("fixtures/mud.json"),
    }
}

fn formats() -> impl Strategy<Value = Format> {
    proptest::sample::select(Format::ALL.to_vec())
}

/// A change to the bytes of a document.
#[derive(Clone, Debug)]
enum Change {
    Remove(usize, usize),
    Repeat(usize, usize),
    Put(usize, Vec<u8>),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let change = prop_oneof![
        (any::<usize>(), 0_usize..200).prop_map(|(at, n)| Change::Remove(at, n)),
        (any::<usize>(), 0_usize..200).prop_map(|(at, n)| Change::Repeat(at, n)),
        (
            any::<usize>(),
            prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..8),
                proptest::sample::select(vec![
                    "{", "}", "[", "]", "\"", "null", "1e999", "*a", "&a", "<<", "- ", "\n  ",
                    "日本", ":", "->"
                ])
                .prop_map(|text| text.as_bytes().to_vec()),
            ]
        )
            .prop_map(|(at, bytes)| Change::Put(at, bytes)),
    ];
    proptest::collection::vec(change, 0..6)
}

fn changed(bytes: &[u8], changes: &[Change]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for change in changes {
        let end = bytes.len().max(1);
        match change {
            Change::Remove(at, n) => {
                let at = (at % end).min(bytes.len());
                bytes.drain(at..(at + n).min(bytes.len()));
            }
            Change::Repeat(at, n) => {
                let at = (at % end).min(bytes.len());
                let part: Vec<u8> = bytes.iter().skip(at).take(*n).copied().collect();
                bytes.splice(at..at, part);
            }
            Change::Put(at, put) => {
                let at = (at % end).min(bytes.len());
                bytes.splice(at..at, put.iter().copied());
            }
        }
    }
    bytes
}

/// Every place of a document where an unknown member can be put.
fn objects<'v>(
    value: &'v mut Value,
    at: &mut usize,
    wanted: usize,
) -> Option<&'v mut serde_json::Map<String, Value>> {
    match value {
        Value::Object(map) => {
            if *at == wanted {
                return Some(map);
            }
            *at += 1;
            map.values_mut()
                .find_map(|value| objects(value, at, wanted))
        }
        Value::Array(list) => list.iter_mut().find_map(|value| objects(value, at, wanted)),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_get_an_answer(format in formats(), bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = import(format, &bytes, date(2026, 11, 21));
    }

    #[test]
    fn a_damaged_document_gets_an_answer(format in formats(), changes in changes()) {
        let _ = import(format, &changed(fixture(format), &changes), date(2026, 11, 21));
    }

    /// The promise of the importers: what they do not know is told, wherever it stands.
    #[test]
    fn an_unknown_member_is_named_wherever_it_stands(
        format in proptest::sample::select(vec![Format::ThreatDragon, Format::TmBom, Format::Mud]),
        wanted in 0_usize..60,
    ) {
        let mut document: Value = serde_json::from_slice(fixture(format)).expect("JSON");
        let Some(map) = objects(&mut document, &mut 0, wanted) else {
            return Ok(());
        };
        // How a drawing looks is no loss.
        prop_assume!(!map.keys().any(|key| matches!(key.as_str(), "text" | "x")));
        map.insert("x-unheard-of".to_owned(), Value::from("precious"));
        let bytes = serde_json::to_vec(&document).expect("JSON");
        let imported = import(format, &bytes, date(2026, 11, 21)).expect("still of its format");
        let is_told = imported.notes.iter().any(|note| note.text.en.contains("precious"));
        prop_assert!(is_told, "{}: {:#?}", format.word(), document);
    }
}

/// No machine is so busy that an import takes longer than this, unless time grows with the square.
const PATIENCE: Duration = Duration::from_secs(60);

/// Imports what somebody made to be slow, which must not take longer than anybody would wait.
#[expect(
    clippy::disallowed_methods,
    reason = "how long it takes is what is tested"
)]
fn patiently(what: &str, format: Format, document: &str) -> Result<Imported, Refusal> {
    let began = Instant::now();
    let imported = import(format, document.as_bytes(), date(2026, 11, 21));
    let took = began.elapsed();
    assert!(took < PATIENCE, "{what}: {took:?}");
    imported
}

fn each(count: usize, one: impl Fn(usize) -> String) -> String {
    let all: Vec<String> = (0..count).map(one).collect();
    all.join(",")
}

#[test]
fn thousands_of_like_things_take_bounded_time() {
    const MANY: usize = 20_000;
    let zones = each(MANY, |_| r#"{"id":"z","name":"z"}"#.to_owned());
    let document = format!(r#"{{"otmVersion":"0.2.0","trustZones":[{zones}]}}"#);
    let imported = patiently("one name", Format::Otm, &document).expect("a model");
    assert_eq!(imported.model.zones.len(), MANY);

    // Each is a part of the next, and the last of itself.
    let parts = each(MANY, |n| {
        let parent = (n + 1).min(MANY - 1);
        format!(r#"{{"id":"c{n}","name":"c{n}","parent":{{"component":"c{parent}"}}}}"#)
    });
    let document = format!(r#"{{"otmVersion":"0.2.0","components":[{parts}]}}"#);
    let imported = patiently("a chain", Format::Otm, &document).expect("a model");
    let of_itself = imported
        .notes
        .iter()
        .filter(|note| note.text.en.contains("part of itself"));
    let places: Vec<&str> = of_itself.map(|note| note.place.as_str()).collect();
    assert_eq!(places, [format!("c{}", MANY - 1)]);

    let names = each(MANY, |_| r#"{"name":"a"}"#.to_owned());
    let entries = each(MANY, |n| {
        format!(
            r#"{{"name":"e","matches":{{"ipv4":{{"ietf-acldns:dst-dnsname":"h{n}.example"}}}},"actions":{{"forwarding":"accept"}}}}"#
        )
    });
    let document = format!(
        r#"{{"ietf-mud:mud":{{"from-device-policy":{{"access-lists":{{"access-list":[{names}]}}}}}},"ietf-access-control-list:acls":{{"acl":[{{"name":"a","aces":{{"ace":[{entries}]}}}}]}}}}"#
    );
    let refusal = patiently("a list named often", Format::Mud, &document);
    assert!(
        matches!(refusal, Err(Refusal::TooMany { .. })),
        "the peers and the device are one too many"
    );
}

#[test]
fn an_analysis_that_multiplies_its_own_words_is_refused() {
    const MANY: usize = 5_000;
    let losses = each(MANY, |n| format!("L{n}"));
    let inner: String = (0..MANY).map(|n| format!("H{n} \"h\" ")).collect();
    let values: String = (0..MANY).map(|n| format!("v{n}: [a] ")).collect();
    let commands = each(MANY, |n| format!("c{n} \"c\""));
    let edges: String = (0..MANY).map(|n| format!("[c{n} \"c\"] -> B ")).collect();
    for (what, text) in [
        (
            "hazards",
            format!("Hazards H \"h\" [{losses}] {{ {inner} }}"),
        ),
        (
            "feedback",
            format!(
                "ControlStructure S {{ A {{ controlActions {{ [{commands}] -> B }} }} B {{ feedback {{ [{commands}] -> A }} }} }}"
            ),
        ),
        (
            "process model",
            format!(
                "ControlStructure S {{ A {{ processModel {{ {values} }} controlActions {{ {edges} }} }} B {{}} }}"
            ),
        ),
    ] {
        let refusal = patiently(what, Format::Pasta, &text);
        assert!(
            matches!(refusal, Err(Refusal::TooMany { .. })),
            "{what}: {:?}",
            refusal.err()
        );
    }
}
