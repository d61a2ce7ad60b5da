//! Reads the compiled-in knowledge files and checks that they fit together.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{
    Changes, Item, JnsaThreat, Knowledge, Measure, MeasureKind, Origin, Pillar, Place, Probe,
    ProbeName, Provided, RegimeSet, Rule,
};
use crate::language::Text;
use crate::model::{DeviceClass, Level, Phase, Regime};

const MEASURES: [&str; 5] = [
    include_str!("../../knowledge/measures-certification.toml"),
    include_str!("../../knowledge/measures-network.toml"),
    include_str!("../../knowledge/measures-refresh.toml"),
    include_str!("../../knowledge/measures-trace.toml"),
    include_str!("../../knowledge/measures-none.toml"),
];
const REGIMES: [&str; 4] = [
    include_str!("../../knowledge/regime-cra.toml"),
    include_str!("../../knowledge/regime-etsi.toml"),
    include_str!("../../knowledge/regime-jc-star.toml"),
    include_str!("../../knowledge/regime-mic.toml"),
];
const JUDGEMENT: &str = include_str!("../../knowledge/judgement.toml");
const TRACES: &str = include_str!("../../knowledge/traces.toml");
const PROBES: &str = include_str!("../../knowledge/probes.toml");
const THREATS: &str = include_str!("../../knowledge/threats.toml");
const STRIDE: &str = include_str!("../../knowledge/stride.toml");
const BOARD: &str = include_str!("../../knowledge/matrix-board.toml");
const OWN: &str = include_str!("../../knowledge/matrix-own.toml");

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProbesFile {
    #[serde(rename = "basis")]
    _basis: String,
    probe: BTreeMap<String, Probe>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThreatsFile {
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "basis")]
    _basis: String,
    phase: BTreeMap<Phase, Named>,
    threat: BTreeMap<String, JnsaThreat>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrideFile {
    #[serde(rename = "basis")]
    _basis: String,
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BoardFile {
    #[serde(rename = "source")]
    _source: String,
    not_applicable: Vec<String>,
    cell: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnFile {
    #[serde(rename = "basis")]
    _basis: String,
    all: OwnChanges,
    class: BTreeMap<DeviceClass, OwnChanges>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OwnChanges {
    add: BTreeMap<String, BTreeSet<String>>,
    remove: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegimeFile {
    id: Regime,
    name: Text,
    version: String,
    note: Text,
    item: Vec<Item>,
}

/// Reads everything; the error says which file does not fit and why.
pub(super) fn load() -> Result<Knowledge, String> {
    let judgement: JudgementFile = parse("judgement", JUDGEMENT)?;
    let probes: ProbesFile = parse("probes", PROBES)?;
    let threats: ThreatsFile = parse("threats", THREATS)?;
    let stride: StrideFile = parse("stride", STRIDE)?;
    let board: BoardFile = parse("matrix-board", BOARD)?;
    let own: OwnFile = parse("matrix-own", OWN)?;
    let mut knowledge = Knowledge {
        measures: measures(judgement.measure)?,
        probes: probes.probe,
        threats: threats.threat,
        phases: threats
            .phase
            .into_iter()
            .map(|(phase, named)| (phase, named.name))
            .collect(),
        rules: stride.rule,
        regimes: BTreeMap::new(),
        need: judgement.need,
        board: cells(board.cell)?,
        not_applicable: board
            .not_applicable
            .iter()
            .map(|text| cell(text))
            .collect::<Result<_, _>>()?,
        own: BTreeMap::new(),
    };
    for text in REGIMES {
        let file: RegimeFile = parse("regime", text)?;
        knowledge.regimes.insert(
            file.id,
            RegimeSet {
                regime: file.id,
                name: file.name,
                version: file.version,
                note: file.note,
                items: file.item,
            },
        );
    }
    for class in DeviceClass::ALL {
        let mut changes = Changes {
            add: cells(own.all.add.clone())?,
            remove: cells(own.all.remove.clone())?,
        };
        if let Some(special) = own.class.get(class) {
            for (cell, measures) in cells(special.add.clone())? {
                changes.add.entry(cell).or_default().extend(measures);
            }
            for (cell, measures) in cells(special.remove.clone())? {
                changes.remove.entry(cell).or_default().extend(measures);
            }
        }
        knowledge.own.insert(*class, changes);
    }
    check(&knowledge)?;
    Ok(knowledge)
}

fn parse<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| format!("{name}: {error}"))
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

fn cell(text: &str) -> Result<(String, Phase), String> {
    let (threat, phase) = text.split_once(':').ok_or_else(|| text.to_owned())?;
    let phase = Phase::parse(phase).ok_or_else(|| text.to_owned())?;
    Ok((threat.to_owned(), phase))
}

fn cells<T>(map: BTreeMap<String, T>) -> Result<BTreeMap<(String, Phase), T>, String> {
    map.into_iter()
        .map(|(text, value)| Ok((cell(&text)?, value)))
        .collect()
}

/// Every id that one file names is in the other.
fn check(knowledge: &Knowledge) -> Result<(), String> {
    let known = |id: &String| {
        knowledge
            .measures
            .contains_key(id)
            .then_some(())
            .ok_or_else(|| format!("unknown measure {id}"))
    };
    for rule in &knowledge.rules {
        rule.answers.iter().try_for_each(known)?;
    }
    for measures in knowledge.board.values() {
        measures.iter().try_for_each(known)?;
    }
    let changes = knowledge.own.values();
    for measures in changes.flat_map(|c| c.add.values().chain(c.remove.values())) {
        measures.iter().try_for_each(known)?;
    }
    let items: BTreeSet<&str> = knowledge
        .regimes
        .values()
        .flat_map(|set| set.items.iter().map(|item| item.id.as_str()))
        .collect();
    for measure in knowledge.measures.values() {
        for name in measure.observed.iter().chain(&measure.refused) {
            if !knowledge.probes.contains_key(&name.probe) {
                return Err(format!("{}: unknown probe {}", measure.id, name.probe));
            }
        }
        for item in &measure.items {
            if !items.contains(item.as_str()) {
                return Err(format!("{}: unknown item {item}", measure.id));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_fit_together() {
        let knowledge = load().expect("sound");
        assert_eq!(knowledge.threats.len(), 12);
        assert_eq!(knowledge.phases.len(), 5);
        let source: BTreeSet<&String> = knowledge.board.values().flatten().collect();
        assert_eq!(source.len(), 65, "the source's canonical measures");
        assert_eq!(knowledge.board.values().flatten().count(), 127);
        for id in source {
            assert_eq!(knowledge.measures[id].origin, Origin::Jnsa, "{id}");
        }
        assert_eq!(knowledge.need.len(), 4);
    }

    #[test]
    fn every_cell_has_a_state_for_every_class() {
        let knowledge = load().expect("sound");
        for changes in knowledge.own.values() {
            for threat in knowledge.threats.keys() {
                for phase in Phase::ALL {
                    let cell = (threat.clone(), *phase);
                    assert!(
                        knowledge.not_applicable.contains(&cell)
                            || knowledge.board.contains_key(&cell)
                            || changes.add.contains_key(&cell),
                        "{cell:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_nobody_checked_does_not_ship() {
        let knowledge = load().expect("sound");
        for set in knowledge.regimes.values() {
            for item in &set.items {
                assert_ne!(
                    item.confidence,
                    super::super::Confidence::Low,
                    "{}",
                    item.id
                );
                assert!(!["JCSTAR-S1.1-09", "JCSTAR-S1.1-14"].contains(&item.id.as_str()));
            }
        }
    }

    #[test]
    fn every_text_is_in_both_languages() {
        let knowledge = load().expect("sound");
        let japanese = |text: &Text| text.ja.chars().any(|c| c > '\u{3000}');
        for measure in knowledge.measures.values() {
            assert!(
                japanese(&measure.name) && japanese(&measure.shall),
                "{}",
                measure.id
            );
        }
        let probes = knowledge.probes.values().map(|p| &p.text);
        let rules = knowledge.rules.iter().map(|r| &r.text);
        let threats = knowledge.threats.values().flat_map(|t| [&t.name, &t.text]);
        let items = knowledge.regimes.values().flat_map(|r| &r.items);
        for text in probes
            .chain(rules)
            .chain(threats)
            .chain(items.map(|i| &i.text))
        {
            assert!(!text.en.is_empty() && japanese(text), "{text:?}");
        }
    }
}
