//! What a model adds to the knowledge that ships, or changes of it: rules and countermeasures.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::{Model, Phase, Points};
use crate::knowledge::{
    Knowledge, Measure, MeasureChange, MeasureKind, Origin, Pillar, Place, Provided, Resources,
};
use crate::language::Text;

/// What an author makes of a countermeasure. What is absent stays as it ships; a new one
/// (`CM-X-…`) has pillar, place, kind, name, shall, cost and strength.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MeasureEdit {
    /// Why it must not be chosen.
    pub excluded: Option<Text>,
    /// Its pillar.
    pub pillar: Option<Pillar>,
    /// Where it is put to work.
    pub place: Option<Place>,
    /// What it is made of.
    pub kind: Option<MeasureKind>,
    /// Name.
    pub name: Option<Text>,
    /// What shall hold.
    pub shall: Option<Text>,
    /// Effort points from nothing.
    pub cost: Option<u32>,
    /// Effort points when platform or hardware have it.
    pub provided: Option<u32>,
    /// 0 guidance, 1 detection or people, 2 response or hurdle, 3 prevention.
    pub strength: Option<u32>,
    /// Memory in KiB.
    pub ram_kib: Option<u32>,
    /// Program storage in KiB.
    pub flash_kib: Option<u32>,
    /// Processor time in percent.
    pub cpu_percent: Option<u32>,
    /// Load of the gateway in percent.
    pub gateway_percent: Option<u32>,
    /// Points of hardware in one unit.
    pub unit: Option<Points>,
    /// Countermeasures that it needs.
    pub requires: Option<BTreeSet<String>>,
    /// Countermeasures that cannot stand beside it.
    pub conflicts: Option<BTreeSet<String>>,
    /// What it answers beside what ships: rules (`SR-F2`) and cells (`JT04:P2`).
    pub answers: BTreeSet<String>,
}

impl MeasureEdit {
    /// The countermeasure that this edit makes of `base`, or of nothing.
    ///
    /// [`None`] when it is new and lacks what a new one needs, which the parser lets not happen.
    fn applied(&self, id: &str, base: Option<&Measure>) -> Option<MeasureChange> {
        if let Some(reason) = &self.excluded {
            return Some(MeasureChange::Excluded(reason.clone()));
        }
        let mut measure = match base {
            Some(base) => base.clone(),
            None => self.new_measure(id)?,
        };
        measure.pillar = self.pillar.unwrap_or(measure.pillar);
        measure.place = self.place.unwrap_or(measure.place);
        measure.kind = self.kind.unwrap_or(measure.kind);
        measure.cost = self.cost.unwrap_or(measure.cost);
        measure.cost_provided = self.provided.unwrap_or(measure.cost_provided);
        measure.strength = self.strength.unwrap_or(measure.strength);
        let resources = &mut measure.resources;
        resources.ram_kib = self.ram_kib.unwrap_or(resources.ram_kib);
        resources.flash_kib = self.flash_kib.unwrap_or(resources.flash_kib);
        resources.cpu_percent = self.cpu_percent.unwrap_or(resources.cpu_percent);
        resources.gateway_percent = self.gateway_percent.unwrap_or(resources.gateway_percent);
        resources.unit = self.unit.unwrap_or(resources.unit);
        if let Some(requires) = &self.requires {
            measure.requires.clone_from(requires);
        }
        if let Some(conflicts) = &self.conflicts {
            measure.conflicts.clone_from(conflicts);
        }
        if let Some(name) = &self.name {
            measure.name.clone_from(name);
        }
        if let Some(shall) = &self.shall {
            measure.shall.clone_from(shall);
        }
        Some(MeasureChange::Set(Box::new(measure)))
    }

    fn new_measure(&self, id: &str) -> Option<Measure> {
        Some(Measure {
            id: id.to_owned(),
            pillar: self.pillar?,
            place: self.place?,
            kind: self.kind?,
            origin: Origin::Own,
            name: self.name.clone()?,
            shall: self.shall.clone()?,
            cost: self.cost?,
            cost_provided: self.provided.or(self.cost)?,
            strength: self.strength?,
            resources: Resources::default(),
            requires: BTreeSet::new(),
            conflicts: BTreeSet::new(),
            on: BTreeSet::new(),
            classes: BTreeSet::new(),
            provided: Provided::Never,
            observed: Vec::new(),
            refused: Vec::new(),
            items: BTreeSet::new(),
        })
    }
}

impl Model {
    /// The knowledge in force for this model: what ships, with what the author changes of it.
    pub fn knowledge(&self) -> Arc<Knowledge> {
        let base = crate::knowledge::base();
        let changes: BTreeMap<String, MeasureChange> = self
            .measures
            .iter()
            .filter_map(|(id, edit)| Some((id.clone(), edit.applied(id, base.measures.get(id))?)))
            .collect();
        let mut knowledge = Knowledge::with(&self.rules, &changes);
        for (id, edit) in &self.measures {
            if edit.excluded.is_none() && !edit.answers.is_empty() {
                add_answers(Arc::make_mut(&mut knowledge), id, &edit.answers);
            }
        }
        knowledge
    }
}

/// Makes a countermeasure answer further rules and cells, the cells for every device class.
fn add_answers(knowledge: &mut Knowledge, id: &str, answers: &BTreeSet<String>) {
    for answer in answers {
        let Some((threat, phase)) = answer.split_once(':') else {
            let mut rules = knowledge.rules.iter_mut();
            if let Some(rule) = rules.find(|rule| rule.id == *answer)
                && !rule.answers.iter().any(|known| known == id)
            {
                rule.answers.push(id.to_owned());
            }
            continue;
        };
        let Some(phase) = Phase::parse(phase) else {
            continue;
        };
        for table in knowledge.tables.values_mut() {
            // A cell that does not apply stays so.
            if let Some(cell) = table.cells.get_mut(&(threat.to_owned(), phase)) {
                cell.measures.entry(id.to_owned()).or_insert(Origin::Own);
            }
        }
    }
}
