//! From threats, matrices and requirement sets to targets and what may close them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::civil::Date;
use sekimori_cover::{Candidate, Capacity, Diversity, Task};

use super::frontier::weight;
use super::instance::{Instance, Spot, instance, named, offered};
use super::residual::{Answer, Answered};
use super::{DecisionView, Method, State, Wishes, demanded_items, devices};
use crate::jnsa::Matrix;
use crate::knowledge::{Enough, Pillar, Resources, RiskTable};
use crate::model::{Budget, DecisionStatus, Level};
use crate::policy::Aspect;
use crate::risk::Risk;
use crate::stpa::Scenario;
use crate::stride::Threat;
use crate::system::System;

/// Between choices of equal cost, how much more a measure weighs that is not there already: what is
/// enforced already comes first, then fewer measures, then what gives more strength in all.
const NEW: u32 = 1 << 16;
/// How much a measure weighs by itself.
const ONE: u32 = 1 << 9;
/// How much of that its strength in all takes off at most.
const GIVEN: u32 = 15;

/// What has to be closed, and with what.
pub(super) struct Wanted<'k> {
    pub(super) targets: BTreeMap<String, WantedTarget>,
    pub(super) instances: Instances<'k>,
    /// Everything that does not have to be closed, and why.
    pub(super) states: BTreeMap<String, State>,
    pub(super) decisions: Vec<DecisionView>,
    /// Every risk with what answers it, whether or not it has to be closed.
    pub(super) answered: BTreeMap<String, Answered>,
    /// The formula of the risks.
    pub(super) table: &'k RiskTable,
    /// What devices have left for protection, by component.
    budgets: BTreeMap<String, Budget>,
}

pub(super) struct WantedTarget {
    pub(super) method: Method,
    pub(super) risk: Option<Level>,
    pub(super) enough: Enough,
    /// Numbers of instances.
    candidates: BTreeSet<usize>,
}

/// Instances by number, in the order in which they came, and by name.
#[derive(Default)]
pub(super) struct Instances<'k> {
    list: Vec<Instance<'k>>,
    by_name: BTreeMap<String, usize>,
    /// The number of a measure at a component or flow, or everywhere: many targets ask for the same.
    by_place: HashMap<(&'k str, Option<String>), usize>,
}

impl<'k> Instances<'k> {
    /// By name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Instance<'k>)> {
        let names = self.by_name.iter();
        names.filter_map(|(name, number)| Some((name, self.list.get(*number)?)))
    }
}

/// A covering task, with what its candidates and targets are.
pub(super) struct Question<'w, 'k> {
    pub(super) task: Task,
    /// Names of the candidates, ascending.
    pub(super) names: Vec<&'w str>,
    pub(super) instances: Vec<&'w Instance<'k>>,
    /// Candidates of each target, ascending.
    pub(super) candidates: Vec<Vec<usize>>,
}

/// What some method asks to be closed.
struct Asked<'a> {
    id: String,
    method: Method,
    risk: Option<&'a Risk>,
    spot: Spot<'a>,
}

impl<'k> Wanted<'k> {
    /// The covering task.
    pub(super) fn question(&self, wishes: &Wishes) -> Question<'_, 'k> {
        let (names, instances): (Vec<&str>, Vec<&Instance<'k>>) = self
            .instances
            .iter()
            .map(|(name, found)| (name.as_str(), found))
            .unzip();
        let mut ranks = vec![0; instances.len()];
        for (rank, number) in self.instances.by_name.values().enumerate() {
            if let Some(place) = ranks.get_mut(*number) {
                *place = rank;
            }
        }
        let mut gives: Vec<Vec<(usize, u32)>> = vec![Vec::new(); instances.len()];
        let mut candidates = Vec::new();
        for (index, target) in self.targets.values().enumerate() {
            let ranks = target
                .candidates
                .iter()
                .filter_map(|number| ranks.get(*number));
            let mut of_target: Vec<usize> = ranks.copied().collect();
            of_target.sort_unstable();
            for rank in &of_target {
                let strength = instances.get(*rank).map_or(0, |i| i.measure.strength);
                // Guidance has no strength: it alone never closes anything.
                if let Some(gives) = gives.get_mut(*rank).filter(|_| strength > 0) {
                    gives.push((index, strength));
                }
            }
            candidates.push(of_target);
        }
        let place = |name: &String| {
            let number = self.instances.by_name.get(name)?;
            ranks.get(*number).copied()
        };
        let mut task = Task {
            targets: self.targets.values().map(|t| demand(&t.enough)).collect(),
            ..Task::default()
        };
        let each = names.iter().zip(&instances).zip(gives).enumerate();
        for (index, ((name, instance), gives)) in each {
            let requires = instance.requires.iter().filter_map(place);
            let rivals = instance.conflicts.iter().filter_map(place);
            task.conflicts.extend(rivals.map(|rival| (index, rival)));
            task.candidates.push(Candidate {
                cost: instance.parts.total(),
                burden: burden(instance, &gives),
                group: Pillar::ALL
                    .iter()
                    .zip(0..)
                    .find(|(pillar, _)| **pillar == instance.measure.pillar)
                    .map_or(0, |(_, group)| group),
                gives,
                requires: requires.collect(),
                standing: wishes.standing(name, instance),
            });
        }
        task.capacities = self.capacities();
        Question {
            task,
            names,
            instances,
            candidates,
        }
    }

    /// What each device component has left, for what is not on it yet.
    fn capacities(&self) -> Vec<Capacity> {
        let mut there: BTreeMap<&str, Vec<(usize, &Resources)>> = BTreeMap::new();
        for (index, (_, instance)) in self.instances.iter().enumerate() {
            if let Some(at) = instance.at.as_deref().filter(|_| !instance.provided) {
                let resources = &instance.measure.resources;
                there.entry(at).or_default().push((index, resources));
            }
        }
        let mut capacities = Vec::new();
        for (component, budget) in &self.budgets {
            let there = there.get(component.as_str()).map_or(&[][..], Vec::as_slice);
            let mut limit = |limit: Option<u32>, amount: fn(&Resources) -> u32| {
                let uses = there.iter().map(|(index, r)| (*index, amount(r)));
                if let Some(limit) = limit {
                    capacities.push(Capacity {
                        limit,
                        uses: uses.filter(|(_, amount)| *amount > 0).collect(),
                    });
                }
            };
            limit(budget.ram_kib, |r| r.ram_kib);
            limit(budget.flash_kib, |r| r.flash_kib);
            limit(budget.cpu_percent, |r| r.cpu_percent);
        }
        capacities
    }

    /// How much closing each target counts.
    pub(super) fn weights(&self) -> Vec<u32> {
        let targets = self.targets.values();
        targets.map(|t| weight(t.method, t.risk)).collect()
    }
}

fn burden(instance: &Instance<'_>, gives: &[(usize, u32)]) -> u32 {
    let given = gives.iter().map(|(_, strength)| *strength);
    let given = given.fold(0, u32::saturating_add).min(GIVEN);
    let new = if instance.provided { 0 } else { NEW };
    new + ONE - given
}

/// The rule of "enough" as the cover knows it.
fn demand(enough: &Enough) -> sekimori_cover::Target {
    sekimori_cover::Target {
        strength: enough.strength,
        count: enough.measures,
        peak: enough.strongest,
        groups: match enough.pillars {
            0 | 1 => Diversity::Any,
            2 => Diversity::Two,
            _ => Diversity::Three,
        },
    }
}

pub(super) fn collect<'k>(
    system: &'k System<'_>,
    threats: &[Threat],
    scenarios: &mut dyn Iterator<Item = &Scenario>,
    matrices: &[Matrix],
    today: Date,
) -> Wanted<'k> {
    let model = system.model;
    let decisions = model.decisions.iter();
    let mut wanted = Wanted {
        targets: BTreeMap::new(),
        instances: Instances::default(),
        states: BTreeMap::new(),
        answered: BTreeMap::new(),
        table: &system.knowledge().risk,
        budgets: BTreeMap::new(),
        decisions: decisions
            .map(|(cell, decision)| DecisionView {
                cell: cell.clone(),
                status: decision.status,
                why: decision.why.clone(),
                owner: decision.owner.clone(),
                until: decision.until,
                holds: today <= decision.until,
            })
            .collect(),
    };
    for (id, component) in &model.components {
        let budget = &component.budget;
        if *budget != Budget::default() {
            wanted.budgets.insert(id.clone(), budget.clone());
        }
    }
    for threat in threats {
        let asked = Asked {
            id: threat.id.clone(),
            method: Method::Stride,
            risk: Some(&threat.risk),
            spot: spot(system, &threat.at, &threat.element),
        };
        let answers = threat.answers.iter().map(String::as_str);
        ask(&mut wanted, system, asked, answers, today);
    }
    for scenario in scenarios {
        let asked = Asked {
            id: scenario.id.clone(),
            method: Method::Stpa,
            risk: Some(&scenario.risk),
            spot: spot(system, &scenario.at, &scenario.element),
        };
        let answers = scenario.answers.iter().map(String::as_str);
        ask(&mut wanted, system, asked, answers, today);
    }
    for matrix in matrices {
        for cell in &matrix.cells {
            let asked = Asked {
                id: cell.id.to_string(),
                method: Method::Jnsa,
                risk: cell.risk.as_ref(),
                spot: Spot {
                    component: &matrix.component,
                    flow: None,
                },
            };
            if asked.risk.is_none() {
                wanted.states.insert(asked.id, State::NotApplicable);
                continue;
            }
            let measures = cell.measures.keys().map(String::as_str);
            ask(&mut wanted, system, asked, measures, today);
        }
    }
    for regime in &model.regimes {
        for item in demanded_items(system, *regime) {
            let measures = system.knowledge().measures.values();
            let measures: Vec<&str> = measures
                .filter(|measure| measure.items.contains(item))
                .map(|measure| measure.id.as_str())
                .collect();
            // What is bought answers to its own maker for the items of a set; our own duty is to ask for that.
            for device in devices(model).filter(|id| !system.is_bought(id)) {
                let asked = Asked {
                    id: format!("{device}:{item}"),
                    method: Method::Regime,
                    risk: None,
                    spot: Spot {
                        component: device,
                        flow: None,
                    },
                };
                add(&mut wanted, system, asked, measures.iter().copied());
            }
        }
    }
    declared(&mut wanted, system);
    wanted
}

/// Where measures against something on `element` are put to work.
fn spot<'a>(system: &System<'a>, at: &'a str, element: &str) -> Spot<'a> {
    let flow = system.model.flows.get_key_value(element);
    Spot {
        component: at,
        flow: flow.map(|(id, flow)| (id.as_str(), flow)),
    }
}

/// Wants a risk closed, unless someone decided about it or it is below the threshold.
fn ask<'a, 'k>(
    wanted: &mut Wanted<'k>,
    system: &'k System<'_>,
    asked: Asked<'_>,
    measures: impl Iterator<Item = &'a str>,
    today: Date,
) {
    let measures: Vec<&str> = measures.collect();
    if let Some(risk) = asked.risk {
        let found = measures.iter().copied();
        let found = found.filter_map(|measure| offered(system, measure, asked.spot));
        let by = found.map(|(measure, at, is_there)| Answer {
            name: named(at, &measure.id),
            strength: measure.strength,
            is_there,
        });
        let answered = Answered::of(risk, by.collect());
        wanted.answered.insert(asked.id.clone(), answered);
    }
    let level = asked.risk.map_or(Level::None, |risk| risk.level);
    let decision = system.model.decisions.get(&asked.id);
    if let Some(decision) = decision.filter(|decision| today <= decision.until) {
        let state = match decision.status {
            DecisionStatus::Accepted => State::Accepted,
            DecisionStatus::Transferred => State::Transferred,
            DecisionStatus::Dismissed => State::Dismissed,
        };
        wanted.states.insert(asked.id, state);
    } else if level < system.model.threshold || level == Level::None {
        wanted.states.insert(asked.id, State::BelowThreshold);
    } else {
        add(wanted, system, asked, measures.into_iter());
    }
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
                let asked = Asked {
                    id: format!("{id}:{word}"),
                    method: Method::Declared,
                    risk: None,
                    spot: Spot {
                        component: owner,
                        flow: Some((id.as_str(), flow)),
                    },
                };
                add(wanted, system, asked, std::iter::once(measure));
            }
        }
    }
}

fn add<'a, 'k>(
    wanted: &mut Wanted<'k>,
    system: &'k System<'_>,
    asked: Asked<'_>,
    measures: impl Iterator<Item = &'a str>,
) {
    let candidates = measures.filter_map(|measure| put(wanted, system, measure, asked.spot));
    let candidates = candidates.collect();
    let risk = asked.risk.map(|risk| risk.level);
    let enough = risk.and_then(|level| system.knowledge().enough.get(&level));
    wanted.targets.insert(
        asked.id,
        WantedTarget {
            method: asked.method,
            risk,
            enough: enough.copied().unwrap_or(Enough {
                strength: 1,
                ..Enough::default()
            }),
            candidates,
        },
    );
}

/// Takes in a measure at a spot with everything that it needs, and returns its number.
pub(super) fn put<'k>(
    wanted: &mut Wanted<'k>,
    system: &'k System<'_>,
    measure: &str,
    spot: Spot<'_>,
) -> Option<usize> {
    let (measure, at, is_there) = offered(system, measure, spot)?;
    let key = (measure.id.as_str(), at.map(str::to_owned));
    if let Some(number) = wanted.instances.by_place.get(&key) {
        return Some(*number);
    }
    let found = instance(system, measure, (at, is_there), spot);
    let needs = !found.requires.is_empty();
    let number = wanted.instances.list.len();
    let name = found.name();
    wanted.instances.list.push(found);
    wanted.instances.by_name.insert(name, number);
    wanted.instances.by_place.insert(key, number);
    for needed in measure.requires.iter().filter(|_| needs) {
        put(wanted, system, needed, Spot { flow: None, ..spot });
    }
    Some(number)
}
