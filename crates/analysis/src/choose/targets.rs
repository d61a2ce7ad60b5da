//! From threats, matrices and requirement sets to targets and what may close them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::cover::{Candidate, Task};
use super::{DecisionView, Instance, Method, State, demanded_items, devices, instance};
use crate::jnsa::Matrix;
use crate::model::{DecisionStatus, Flow, Level};
use crate::policy::Aspect;
use crate::stride::Threat;
use crate::system::System;

/// What has to be closed, and with what.
pub(super) struct Wanted<'k> {
    pub(super) targets: BTreeMap<String, WantedTarget>,
    pub(super) instances: BTreeMap<String, Instance<'k>>,
    /// Everything that does not have to be closed, and why.
    pub(super) states: BTreeMap<String, State>,
    pub(super) decisions: Vec<DecisionView>,
}

pub(super) struct WantedTarget {
    pub(super) method: Method,
    pub(super) risk: Option<Level>,
    pub(super) need: u32,
    pub(super) candidates: BTreeSet<String>,
}

impl Wanted<'_> {
    /// The covering task, and the names of its candidates.
    pub(super) fn task(&self) -> (Task, Vec<String>) {
        let mut gives: BTreeMap<&str, Vec<(usize, u32)>> = BTreeMap::new();
        for (index, target) in self.targets.values().enumerate() {
            for name in &target.candidates {
                let strength = self.instances.get(name).map_or(0, |i| i.strength);
                // Guidance has no strength and is no candidate: it alone never closes anything.
                if strength > 0 {
                    gives.entry(name).or_default().push((index, strength));
                }
            }
        }
        let names: Vec<String> = gives.keys().map(|name| (*name).to_owned()).collect();
        let task = Task {
            demand: self.targets.values().map(|target| target.need).collect(),
            candidates: gives
                .into_iter()
                .map(|(name, gives)| Candidate {
                    cost: self.instances.get(name).map_or(0, |i| i.cost),
                    gives,
                })
                .collect(),
        };
        (task, names)
    }
}

pub(super) fn collect<'k>(
    system: &'k System<'_>,
    threats: &[Threat],
    matrices: &[Matrix],
    today: Date,
) -> Wanted<'k> {
    let model = system.model;
    let mut wanted = Wanted {
        targets: BTreeMap::new(),
        instances: BTreeMap::new(),
        states: BTreeMap::new(),
        decisions: model
            .decisions
            .iter()
            .map(|(cell, decision)| DecisionView {
                cell: cell.to_string(),
                status: decision.status,
                why: decision.why.clone(),
                owner: decision.owner.clone(),
                until: decision.until,
                holds: today <= decision.until,
            })
            .collect(),
    };
    let is_below = |level: Level| level < model.threshold || level == Level::None;
    for threat in threats {
        let level = threat.risk.level;
        if is_below(level) {
            let id = threat.id.clone();
            wanted.states.insert(id, State::BelowThreshold);
            continue;
        }
        let answers = threat.answers.iter().map(String::as_str);
        let asked = (threat.id.clone(), Method::Stride, Some(level));
        let flow = model.flows.get_key_value(&threat.element);
        let place = (
            threat.at.as_str(),
            flow.map(|(id, flow)| (id.as_str(), flow)),
        );
        add(&mut wanted, system, asked, place, answers);
    }
    for matrix in matrices {
        for cell in &matrix.cells {
            let id = cell.id.to_string();
            let Some(risk) = &cell.risk else {
                wanted.states.insert(id, State::NotApplicable);
                continue;
            };
            let decision = model.decisions.get(&id);
            if let Some(decision) = decision.filter(|decision| today <= decision.until) {
                let state = match decision.status {
                    DecisionStatus::Accepted => State::Accepted,
                    DecisionStatus::Transferred => State::Transferred,
                };
                wanted.states.insert(id, state);
            } else if is_below(risk.level) {
                wanted.states.insert(id, State::BelowThreshold);
            } else {
                let measures = cell.measures.keys().map(String::as_str);
                let asked = (id, Method::Jnsa, Some(risk.level));
                add(
                    &mut wanted,
                    system,
                    asked,
                    (&matrix.component, None),
                    measures,
                );
            }
        }
    }
    for regime in &model.regimes {
        for item in demanded_items(system, *regime) {
            let measures: Vec<&str> = system
                .knowledge()
                .measures
                .values()
                .filter(|measure| measure.items.contains(item))
                .map(|measure| measure.id.as_str())
                .collect();
            for device in devices(model) {
                let asked = (format!("{device}:{item}"), Method::Regime, None);
                let measures = measures.iter().copied();
                add(&mut wanted, system, asked, (device, None), measures);
            }
        }
    }
    declared(&mut wanted, system);
    wanted
}

/// What the model says of a flow that the gateway decides about is a promise, and must be shown.
fn declared<'k>(wanted: &mut Wanted<'k>, system: &'k System<'_>) {
    let aspects = [
        ("content", Aspect::Content, "CM-RANGE"),
        ("rate", Aspect::Rate, "CM-RATE"),
        ("sequence", Aspect::Sequence, "CM-REPLAY"),
    ];
    for (id, flow) in &system.model.flows {
        let owner = system.owner_of(flow);
        for (word, aspect, measure) in aspects {
            if system.is_enforced(flow) && aspect.is_in(flow, owner) {
                let asked = (format!("{id}:{word}"), Method::Declared, None);
                let place = (owner, Some((id.as_str(), flow)));
                add(wanted, system, asked, place, std::iter::once(measure));
            }
        }
    }
}

fn add<'a, 'k>(
    wanted: &mut Wanted<'k>,
    system: &'k System<'_>,
    (id, method, risk): (String, Method, Option<Level>),
    (component, flow): (&str, Option<(&str, &Flow)>),
    measures: impl Iterator<Item = &'a str>,
) {
    let mut candidates = BTreeSet::new();
    for measure in measures {
        if let Some((name, found)) = instance(system, measure, component, flow) {
            candidates.insert(name.clone());
            wanted.instances.entry(name).or_insert(found);
        }
    }
    let need = match risk {
        Some(level) => {
            let enough = system.knowledge().enough.get(&level);
            enough.map_or(1, |enough| enough.strength)
        }
        None => 1,
    };
    wanted.targets.insert(
        id,
        WantedTarget {
            method,
            risk,
            need,
            candidates,
        },
    );
}
