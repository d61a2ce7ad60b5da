//! The catalogue: measures by pillar, our judgement of each, and what shows it at work.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::{Measure, MeasureKind, Origin, Pillar, Place, ProbeName, Provided};
use super::parse;
use crate::language::Text;
use crate::model::Level;

const MEASURES: [&str; 5] = [
    include_str!("../../../knowledge/measures-certification.toml"),
    include_str!("../../../knowledge/measures-network.toml"),
    include_str!("../../../knowledge/measures-refresh.toml"),
    include_str!("../../../knowledge/measures-trace.toml"),
    include_str!("../../../knowledge/measures-none.toml"),
];
const JUDGEMENT: &str = include_str!("../../../knowledge/judgement.toml");
const TRACES: &str = include_str!("../../../knowledge/traces.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasuresFile {
    pillar: Pillar,
    measure: Vec<MeasureEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureEntry {
    id: String,
    place: Place,
    kind: MeasureKind,
    source: Origin,
    name: Text,
    shall: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JudgementFile {
    #[serde(rename = "basis")]
    _basis: String,
    need: BTreeMap<Level, u32>,
    measure: BTreeMap<String, Judgement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judgement {
    cost: u32,
    provided: u32,
    strength: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trace {
    provided: Provided,
    #[serde(default)]
    observed: Vec<ProbeName>,
    #[serde(default)]
    refused: Vec<ProbeName>,
    #[serde(default)]
    items: BTreeSet<String>,
}

/// The catalogue, and what is asked of it.
pub(super) struct Catalogue {
    /// Measures by id.
    pub(super) measures: BTreeMap<String, Measure>,
    /// Strength that each level of risk needs.
    pub(super) need: BTreeMap<Level, u32>,
}

/// The measures with our judgement of them.
pub(super) fn read() -> Result<Catalogue, String> {
    let judgement: JudgementFile = parse("judgement", JUDGEMENT)?;
    Ok(Catalogue {
        measures: measures(judgement.measure)?,
        need: judgement.need,
    })
}

fn measures(mut judged: BTreeMap<String, Judgement>) -> Result<BTreeMap<String, Measure>, String> {
    let mut traces: BTreeMap<String, Trace> = parse("traces", TRACES)?;
    let mut out = BTreeMap::new();
    for text in MEASURES {
        let file: MeasuresFile = parse("measures", text)?;
        for entry in file.measure {
            let id = entry.id;
            let judgement = judged
                .remove(&id)
                .ok_or_else(|| format!("{id} has no judgement"))?;
            let trace = traces
                .remove(&id)
                .ok_or_else(|| format!("{id} has no trace"))?;
            let measure = Measure {
                id: id.clone(),
                pillar: file.pillar,
                place: entry.place,
                kind: entry.kind,
                origin: entry.source,
                name: entry.name,
                shall: entry.shall,
                cost: judgement.cost,
                cost_provided: judgement.provided,
                strength: judgement.strength,
                provided: trace.provided,
                observed: trace.observed,
                refused: trace.refused,
                items: trace.items,
            };
            if (measure.kind == MeasureKind::Guidance) != (measure.strength == 0) {
                return Err(format!("{id}: guidance, and only guidance, has strength 0"));
            }
            if out.insert(id.clone(), measure).is_some() {
                return Err(format!("{id} twice"));
            }
        }
    }
    match (judged.keys().next(), traces.keys().next()) {
        (None, None) => Ok(out),
        (left, other) => Err(format!(
            "judged or traced, but not a measure: {left:?} {other:?}"
        )),
    }
}
