//! The JNSA matrix: twelve threats × five phases of life for each device component.
//!
//! The board's table is the source's; what we add to it, the other device classes, the row of JT08 and
//! JT07 in P5 are our own judgement and say so ([`Origin::Own`]).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::basis::{Basis, Method};
use crate::knowledge::{Knowledge, Origin};
use crate::language::Text;
use crate::model::{CellId, Component, ComponentKind, DeviceClass, Model, Phase};
use crate::risk::Risk;
use crate::system::{Harm, System};

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
    /// Whether the source calls it not applicable.
    pub applicable: bool,
    /// How large the risk is; [`None`] when not applicable.
    pub risk: Option<Risk>,
    /// Countermeasures, and whose idea it is that they belong here.
    pub measures: BTreeMap<String, Origin>,
    /// Method, threat and source.
    pub basis: Arc<Basis>,
}

/// The matrices of all device components, by id.
pub fn matrices(model: &Model) -> Vec<Matrix> {
    of_system(&System::new(model))
}

pub(crate) fn of_system(system: &System<'_>) -> Vec<Matrix> {
    let components = system.model.components.iter();
    components
        .filter(|(_, component)| component.kind == ComponentKind::Device)
        .filter_map(|(id, component)| {
            let class = component.class?;
            Some(Matrix {
                component: id.clone(),
                title: component.title.clone(),
                class,
                phase_now: component.phase,
                cells: cells(system, id, component, class),
            })
        })
        .collect()
}

fn cells(system: &System<'_>, id: &str, component: &Component, class: DeviceClass) -> Vec<Cell> {
    let mut cells = Vec::new();
    let (source, own) = (source_words(true), source_words(false));
    for (threat_id, threat) in &system.knowledge().threats {
        let basis = |is_source: bool| {
            Arc::new(Basis {
                method: Method::Jnsa,
                rule: threat_id.clone(),
                source: if is_source { &source } else { &own }.clone(),
                own_judgement: !is_source,
            })
        };
        let (from_source, from_us) = (basis(true), basis(false));
        for phase in Phase::ALL.iter().copied() {
            let measures = measures(system.knowledge(), threat_id, phase, class);
            let risk = measures.as_ref().map(|_| {
                let harm = Harm::of_letters(&threat.harms);
                system.risk_of_component(id, component, threat.reach, harm, 0, Some(phase))
            });
            let origins = measures.iter().flat_map(BTreeMap::values);
            let is_source = match &measures {
                None => true,
                Some(_) => origins.into_iter().any(|origin| *origin == Origin::Jnsa),
            };
            cells.push(Cell {
                id: CellId {
                    component: id.to_owned(),
                    threat: threat_id.clone(),
                    phase,
                },
                threat: threat_id.clone(),
                phase,
                applicable: risk.is_some(),
                risk,
                measures: measures.unwrap_or_default(),
                basis: Arc::clone(if is_source { &from_source } else { &from_us }),
            });
        }
    }
    cells
}

fn source_words(is_source: bool) -> Text {
    if is_source {
        Text::new(
            "JNSA IoT Security WG, slides of 2017-01-23, table of the general-purpose board; measures marked as own are ours",
            "JNSA IoT セキュリティ WG 2017-01-23 資料、汎用マイコンボードの表。own と記した対策は本製品の追加",
        )
    } else {
        Text::new(
            "Our own judgement: the source has no words for this cell",
            "本製品の判断。資料にはこの欄の記述がない",
        )
    }
}

/// The measures of one cell for a device class; [`None`] when the cell is not applicable.
pub fn measures(
    knowledge: &Knowledge,
    threat: &str,
    phase: Phase,
    class: DeviceClass,
) -> Option<BTreeMap<String, Origin>> {
    let cell = (threat.to_owned(), phase);
    if knowledge.not_applicable.contains(&cell) {
        return None;
    }
    // For the other classes the board's table is our starting point, not the source's word.
    let origin = match class {
        DeviceClass::McuBoard => Origin::Jnsa,
        _ => Origin::Own,
    };
    let mut measures: BTreeMap<String, Origin> = knowledge
        .board
        .get(&cell)
        .into_iter()
        .flatten()
        .map(|measure| (measure.clone(), origin))
        .collect();
    if let Some(changes) = knowledge.own.get(&class) {
        for measure in changes.add.get(&cell).into_iter().flatten() {
            measures.entry(measure.clone()).or_insert(Origin::Own);
        }
        for measure in changes.remove.get(&cell).into_iter().flatten() {
            measures.remove(measure);
        }
    }
    Some(measures)
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
        let camera =
            measures(base(), "JT05", Phase::P1, DeviceClass::NetworkCamera).expect("applicable");
        assert!(camera.values().all(|origin| *origin == Origin::Own));
    }

    #[test]
    fn a_class_may_take_a_measure_away() {
        let cell = |class| measures(base(), "JT09", Phase::P1, class).expect("applicable");
        assert!(cell(DeviceClass::McuBoard).contains_key("CM-READPREV"));
        assert!(!cell(DeviceClass::SmartTv).contains_key("CM-READPREV"));
    }
}
