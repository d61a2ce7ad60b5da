//! Bytes from anywhere: an importer answers with a model or a refusal, and drops nothing in silence.

use jiff::civil::date;
use proptest::prelude::*;
use sekimori_interchange::{Format, import};
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
