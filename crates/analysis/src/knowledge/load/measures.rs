//! The catalogue: measures by pillar, our judgement of each, and what shows it at work.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::{
    Enough, Measure, MeasureKind, Origin, Pillar, Place, ProbeName, Provided, Resources,
};
use super::parse;
use crate::language::Text;
use crate::model::{ComponentKind, DeviceClass, Level, Points};

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
    enough: BTreeMap<Level, Enough>,
    measure: BTreeMap<String, Judgement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Judgement {
    cost: u32,
    provided: u32,
    strength: u32,
    #[serde(default)]
    ram_kib: u32,
    #[serde(default)]
    flash_kib: u32,
    #[serde(default)]
    cpu_percent: u32,
    #[serde(default)]
    gateway_percent: u32,
    #[serde(default)]
    unit_thousandths: u32,
    #[serde(default)]
    requires: BTreeSet<String>,
    #[serde(default)]
    conflicts: BTreeSet<String>,
    #[serde(default)]
    on: BTreeSet<ComponentKind>,
    #[serde(default)]
    classes: BTreeSet<DeviceClass>,
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
    /// What is enough against a risk of each level.
    pub(super) enough: BTreeMap<Level, Enough>,
}

/// The measures with our judgement of them.
pub(super) fn read() -> Result<Catalogue, String> {
    let judgement: JudgementFile = parse("judgement", JUDGEMENT)?;
    Ok(Catalogue {
        measures: measures(judgement.measure)?,
        enough: judgement.enough,
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
                resources: Resources {
                    ram_kib: judgement.ram_kib,
                    flash_kib: judgement.flash_kib,
                    cpu_percent: judgement.cpu_percent,
                    gateway_percent: judgement.gateway_percent,
                    unit: Points::from_thousandths(judgement.unit_thousandths),
                },
                requires: judgement.requires,
                conflicts: judgement.conflicts,
                on: judgement.on,
                classes: judgement.classes,
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
    for measure in out.values() {
        let named = measure.requires.iter().chain(&measure.conflicts);
        if let Some(unknown) = named.into_iter().find(|id| !out.contains_key(*id)) {
            return Err(format!("{}: unknown measure {unknown}", measure.id));
        }
        if measure.requires.contains(&measure.id) || measure.conflicts.contains(&measure.id) {
            return Err(format!("{} names itself", measure.id));
        }
    }
    match (judged.keys().next(), traces.keys().next()) {
        (None, None) => Ok(out),
        (left, other) => Err(format!(
            "judged or traced, but not a measure: {left:?} {other:?}"
        )),
    }
}
