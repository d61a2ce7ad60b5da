//! The JNSA matrix: twelve threats × five phases of life for each device component.
//!
//! The board's table is the source's, with our additions; the tables of the other classes, the row of JT08 and JT07 in
//! P5 are our own judgement but for a few examples. Every measure of every cell says whose idea it is ([`Origin`]), and
//! every cell says what it is based on ([`Basis`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::basis::Basis;
use crate::knowledge::{JnsaThreat, Knowledge, Origin};
use crate::language::Text;
use crate::model::{CellId, Component, ComponentKind, DeviceClass, Model, Phase};
use crate::risk::Risk;
use crate::system::{Harm, Menace, System};

mod coverage;
mod words;

pub use coverage::{Coverage, Gap, coverage};

/// The matrix of one device component.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Matrix {
    /// Id of the component.
    pub component: String,
    /// What a reader calls it.
    pub title: Text,
    /// Device class that chose the table.
    pub class: DeviceClass,
    /// Phase in which most units are now.
    pub phase_now: Phase,
    /// What each threat is for this class, by threat.
    pub rows: BTreeMap<String, Text>,
    /// All sixty cells, by threat and phase.
    pub cells: Vec<Cell>,
}

/// One threat in one phase of life.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// `sensor:JT04:P2`; stable.
    pub id: CellId,
    /// Threat.
    pub threat: String,
    /// Phase.
    pub phase: Phase,
    /// Whether it applies to this class; the basis says whose word it is when it does not.
    pub applicable: bool,
    /// How large the risk is; [`None`] when not applicable.
    pub risk: Option<Risk>,
    /// Countermeasures, and whose idea it is that they belong here.
    pub measures: Arc<BTreeMap<String, Origin>>,
    /// Method, threat and source.
    pub basis: Arc<Basis>,
}

/// The matrices of all device components, by id.
pub fn matrices(model: &Model) -> Vec<Matrix> {
    of_system(&System::new(model))
}

pub(crate) fn of_system(system: &System<'_>) -> Vec<Matrix> {
    let mut tables: BTreeMap<DeviceClass, Table<'_>> = BTreeMap::new();
    let components = system.model.components.iter();
    components
        .filter(|(_, component)| component.kind == ComponentKind::Device)
        .filter_map(|(id, component)| {
            let class = component.class?;
            let table = tables
                .entry(class)
                .or_insert_with(|| Table::of(system.knowledge(), class));
            Some(Matrix {
                component: id.clone(),
                title: component.title.clone(),
                class,
                phase_now: component.phase,
                rows: table.rows.clone(),
                cells: cells(system, id, component, table),
            })
        })
        .collect()
}

/// What all matrices of one class share.
struct Table<'k> {
    rows: BTreeMap<String, Text>,
    entries: Vec<Entry<'k>>,
}

struct Entry<'k> {
    id: &'k str,
    threat: &'k JnsaThreat,
    phase: Phase,
    measures: Option<Arc<BTreeMap<String, Origin>>>,
    basis: Arc<Basis>,
}

impl<'k> Table<'k> {
    fn of(knowledge: &'k Knowledge, class: DeviceClass) -> Self {
        let mut entries = Vec::new();
        for (id, threat) in &knowledge.threats {
            for phase in Phase::ALL.iter().copied() {
                let measures = measures(knowledge, id, phase, class);
                entries.push(Entry {
                    id,
                    threat,
                    phase,
                    basis: Arc::new(words::basis(
                        knowledge,
                        (id, phase, class),
                        measures.as_ref(),
                    )),
                    measures: measures.map(Arc::new),
                });
            }
        }
        let table = knowledge.tables.get(&class);
        Table {
            rows: table.map(|table| table.rows.clone()).unwrap_or_default(),
            entries,
        }
    }
}

fn cells(system: &System<'_>, id: &str, component: &Component, table: &Table<'_>) -> Vec<Cell> {
    let knowledge = system.knowledge();
    let entries = table.entries.iter();
    entries
        .map(|entry| {
            let risk = entry.measures.as_ref().map(|_| {
                let menace = Menace {
                    reach: entry.threat.reach,
                    kinds: &entry.threat.stride,
                    harm: Harm::of_letters(&entry.threat.harms),
                    raise: 0,
                    skill: 1,
                    steps: 0,
                    intent: entry.threat.intent,
                    phase: Some(entry.phase),
                    willing: knowledge.actors_for(entry.threat.reach, &entry.threat.stride),
                };
                system.risk_of_component(id, component, menace)
            });
            Cell {
                id: CellId {
                    component: id.to_owned(),
                    threat: entry.id.to_owned(),
                    phase: entry.phase,
                },
                threat: entry.id.to_owned(),
                phase: entry.phase,
                applicable: risk.is_some(),
                risk,
                measures: entry.measures.clone().unwrap_or_default(),
                basis: Arc::clone(&entry.basis),
            }
        })
        .collect()
}

/// The measures of one cell for a device class; [`None`] when the cell is not applicable.
pub fn measures(
    knowledge: &Knowledge,
    threat: &str,
    phase: Phase,
    class: DeviceClass,
) -> Option<BTreeMap<String, Origin>> {
    let table = knowledge.tables.get(&class)?;
    let cell = table.cells.get(&(threat.to_owned(), phase))?;
    Some(cell.measures.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::base;

    #[test]
    fn the_board_has_the_source_and_the_rest_is_labelled() {
        let board = |threat, phase| measures(base(), threat, phase, DeviceClass::McuBoard);
        assert_eq!(board("JT03", Phase::P5), None);
        let shared = board("JT05", Phase::P1).expect("applicable");
        assert!(shared.values().all(|origin| *origin == Origin::Jnsa));
        let missing = board("JT08", Phase::P2).expect("filled in");
        assert!(missing.values().all(|origin| *origin == Origin::Own));
        let blank = board("JT07", Phase::P5).expect("filled in");
        assert!(blank.values().all(|origin| *origin == Origin::Own));
    }

    #[test]
    fn the_other_classes_are_ours_but_for_the_examples_of_the_source() {
        let mut from_source = Vec::new();
        for (class, table) in &base().tables {
            for ((threat, phase), cell) in &table.cells {
                let named = cell.measures.iter();
                let named = named.filter(|(_, origin)| **origin == Origin::Jnsa);
                if *class != DeviceClass::McuBoard {
                    let cell = format!("{}:{threat}:{}", class.word(), phase.word());
                    from_source.extend(named.map(|(measure, _)| format!("{cell}:{measure}")));
                }
            }
        }
        assert_eq!(
            from_source,
            [
                "smart-tv:JT03:P2:CM-LINKLOSS",
                "smart-tv:JT03:P2:CM-THEFTLOCK",
                "smart-tv:JT03:P3:CM-LINKLOSS",
                "smart-tv:JT03:P3:CM-THEFTLOCK",
                "smart-tv:JT03:P4:CM-LINKLOSS",
                "smart-tv:JT03:P4:CM-THEFTLOCK",
                "wearable:JT03:P2:CM-LOCATE",
                "wearable:JT03:P2:CM-WIPE",
            ]
        );
    }

    #[test]
    fn a_class_has_a_table_of_its_own() {
        let cell = |class| measures(base(), "JT09", Phase::P1, class).expect("applicable");
        assert!(cell(DeviceClass::McuBoard).contains_key("CM-READPREV"));
        assert!(!cell(DeviceClass::SmartTv).contains_key("CM-READPREV"));
        let different = |a: DeviceClass, b: DeviceClass| {
            let threats = base().threats.keys();
            let places = threats.flat_map(|t| Phase::ALL.iter().map(move |p| (t, *p)));
            let differ =
                places.filter(|(t, p)| measures(base(), t, *p, a) != measures(base(), t, *p, b));
            differ.count()
        };
        for (index, a) in DeviceClass::ALL.iter().enumerate() {
            for b in DeviceClass::ALL.iter().skip(index + 1) {
                let count = different(*a, *b);
                assert!(
                    count >= 35,
                    "{a:?} and {b:?} differ in {count} of 60 cells only"
                );
            }
        }
    }
}
