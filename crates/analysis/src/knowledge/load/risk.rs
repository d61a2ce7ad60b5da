//! The points of the risk formula.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::super::{FactorKey, RiskTable};
use super::parse;
use crate::language::Text;

const RISK: &str = include_str!("../../../knowledge/risk.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RiskFile {
    #[serde(rename = "basis")]
    _basis: String,
    possible: i32,
    likely: i32,
    raise: i32,
    factor: BTreeMap<FactorKey, FactorEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FactorEntry {
    points: i32,
    why: Text,
}

/// The table, with every factor in it.
pub(super) fn read() -> Result<RiskTable, String> {
    let file: RiskFile = parse("risk", RISK)?;
    if let Some(missing) = FactorKey::ALL
        .iter()
        .find(|key| !file.factor.contains_key(key))
    {
        return Err(format!("risk: no factor {}", missing.word()));
    }
    let factors = file.factor.into_iter();
    Ok(RiskTable {
        possible: file.possible,
        likely: file.likely,
        raise: file.raise,
        factors: factors
            .map(|(key, entry)| (key, (entry.points, Arc::new(entry.why))))
            .collect(),
    })
}
