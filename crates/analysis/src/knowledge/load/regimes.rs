//! Requirement sets.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::{Item, RegimeSet};
use super::parse;
use crate::language::Text;
use crate::model::Regime;

const REGIMES: &[&str] = &[
    include_str!("../../../knowledge/regime-cra.toml"),
    include_str!("../../../knowledge/regime-etsi.toml"),
    include_str!("../../../knowledge/regime-jc-star.toml"),
    include_str!("../../../knowledge/regime-mic.toml"),
    include_str!("../../../knowledge/regime-8259a.toml"),
    include_str!("../../../knowledge/regime-csf.toml"),
    include_str!("../../../knowledge/regime-171.toml"),
    include_str!("../../../knowledge/regime-62443.toml"),
    include_str!("../../../knowledge/regime-cpsf.toml"),
    include_str!("../../../knowledge/regime-owasp.toml"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegimeFile {
    id: Regime,
    name: Text,
    version: String,
    version_ja: Option<String>,
    note: Text,
    item: Vec<Item>,
}

/// Requirement sets by name.
pub(super) fn read() -> Result<BTreeMap<Regime, RegimeSet>, String> {
    let mut regimes = BTreeMap::new();
    for text in REGIMES {
        let file: RegimeFile = parse("regime", text)?;
        let set = RegimeSet {
            regime: file.id,
            name: file.name,
            version: match file.version_ja {
                Some(ja) => Text::new(file.version, ja),
                None => Text::same(file.version),
            },
            note: file.note,
            items: file.item,
        };
        if regimes.insert(file.id, set).is_some() {
            return Err(format!("{} twice", file.id.word()));
        }
    }
    Ok(regimes)
}
