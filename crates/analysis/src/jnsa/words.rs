//! What a cell is based on: the words of the source in our own, and what we added.

use std::collections::BTreeMap;

use crate::basis::{Basis, Method};
use crate::knowledge::{Knowledge, Origin};
use crate::language::{Language, Text};
use crate::model::{DeviceClass, Phase};

type Place<'a> = (&'a str, Phase, DeviceClass);

pub(super) fn basis(
    knowledge: &Knowledge,
    place: Place<'_>,
    measures: Option<&BTreeMap<String, Origin>>,
) -> Basis {
    let (threat, phase, class) = place;
    let table = knowledge.tables.get(&class);
    let cell = table.and_then(|table| table.cells.get(&(threat.to_owned(), phase)));
    let (source, own_judgement) = match (measures, cell.and_then(|cell| cell.example.as_ref())) {
        (None, _) => not_applicable(table.map_or(Origin::Own, |table| table.not_applicable)),
        (Some(_), Some(example)) => (with_additions(example), false),
        (Some(measures), None) => {
            let named: Vec<&Text> = measures
                .iter()
                .filter(|(_, origin)| **origin == Origin::Jnsa)
                .filter_map(|(id, _)| Some(&knowledge.measures.get(id)?.name))
                .collect();
            if named.is_empty() {
                (nothing_from_source(place), true)
            } else {
                let is_added = named.len() < measures.len();
                (from_source(&named, phase, is_added), false)
            }
        }
    };
    Basis {
        method: Method::Jnsa,
        rule: format!("{threat}:{}", phase.word()),
        source,
        own_judgement,
    }
}

fn not_applicable(origin: Origin) -> (Text, bool) {
    match origin {
        Origin::Jnsa => (
            Text::new(
                "JNSA IoT Security WG, slides of 2017-01-23, table of the general-purpose board: not applicable",
                "JNSA IoT セキュリティ WG 2017-01-23 資料、汎用マイコンボードの表: 該当なし",
            ),
            false,
        ),
        Origin::Own => (
            Text::new(
                "Our own judgement: it does not apply to this class",
                "当方の判断: この分類には当てはまらない",
            ),
            true,
        ),
    }
}

fn from_source(named: &[&Text], phase: Phase, is_added: bool) -> Text {
    let list = |language: Language, comma: &str| {
        let names: Vec<&str> = named.iter().map(|name| name.of(language)).collect();
        names.join(comma)
    };
    let (added_en, added_ja) = if is_added {
        (" The others are our addition.", "他は当方の追加。")
    } else {
        ("", "")
    };
    let phase = phase.word();
    Text::new(
        format!(
            "JNSA IoT Security WG, slides of 2017-01-23, table of the general-purpose board, {phase}, names: {}.{added_en}",
            list(Language::English, "; ")
        ),
        format!(
            "JNSA IoT セキュリティ WG 2017-01-23 資料、汎用マイコンボードの表 {phase} が挙げるもの: {}。{added_ja}",
            list(Language::Japanese, "、")
        ),
    )
}

fn with_additions(example: &Text) -> Text {
    Text::new(
        format!(
            "JNSA IoT Security WG, slides of 2017-01-23. {} The others are our own judgement.",
            example.en
        ),
        format!(
            "JNSA IoT セキュリティ WG 2017-01-23 資料。{}他は当方の判断。",
            example.ja
        ),
    )
}

fn nothing_from_source((threat, phase, class): Place<'_>) -> Text {
    match (class, threat, phase) {
        (DeviceClass::McuBoard, "JT08", _) => Text::new(
            "Our own judgement: the row of this threat is missing in the source as far as it could be read",
            "当方の判断: 読めた範囲の資料に、この脅威の行がない",
        ),
        (DeviceClass::McuBoard, ..) => Text::new(
            "Our own judgement: the source leaves this cell blank",
            "当方の判断: 資料のこの欄は空白である",
        ),
        _ => Text::new(
            "Our own judgement: the source gives no table for this device class",
            "当方の判断: この機器分類の表は資料にない",
        ),
    }
}
