//! From threats, matrices and requirement sets to targets and what may close them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use sekimori_cover::{Candidate, Capacity, Diversity, Task};

use super::frontier::weight;
use super::instance::{Instance, Spot};
use super::offers::Offers;
use super::residual::Answered;
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
    /// By id.
    pub(super) targets: Vec<WantedTarget>,
    pub(super) offers: Offers<'k>,
    /// Everything that does not have to be closed, and why.
    pub(super) states: Vec<(Arc<str>, State)>,
    pub(super) decisions: Vec<DecisionView>,
    /// Every risk with what answers it, whether or not it has to be closed.
    pub(super) answered: Vec<Answered>,
    /// The formula of the risks.
    pub(super) table: &'k RiskTable,
    /// What devices have left for protection, by component.
    budgets: Vec<(&'k str, &'k Budget)>,
}

pub(super) struct WantedTarget {
    pub(super) id: Arc<str>,
    pub(super) method: Method,
    pub(super) risk: Option<Level>,
    pub(super) enough: Enough,
    /// Numbers of offers, each once.
    candidates: Vec<usize>,
}

/// A covering task, with what its candidates and targets are.
pub(super) struct Question<'w, 'k> {
    pub(super) task: Task,
    /// What the candidates are, by name.
    pub(super) instances: Vec<&'w Instance<'k>>,
    /// Candidates of each target, ascending.
    pub(super) candidates: Vec<Vec<usize>>,
    /// Candidates by number of the offer.
    ranks: Vec<Option<usize>>,
}

impl Question<'_, '_> {
    /// Strength of a candidate.
    pub(super) fn strength(&self, index: usize) -> u32 {
        self.instances
            .get(index)
            .map_or(0, |found| found.measure.strength)
    }

    /// Name of a candidate.
    pub(super) fn name(&self, index: usize) -> Option<&Arc<str>> {
        Some(&self.instances.get(index)?.name)
    }

    /// The candidate that an offer is, if something wants it.
    pub(super) fn candidate(&self, offer: usize) -> Option<usize> {
        *self.ranks.get(offer)?
    }
}

/// What some method asks to be closed.
struct Asked<'a, 'k> {
    id: Arc<str>,
    method: Method,
    risk: Option<&'a Risk>,
    spot: Spot<'k>,
}

impl<'k> Wanted<'k> {
    /// The covering task.
    pub(super) fn question(&self, wishes: &Wishes) -> Question<'_, 'k> {
        let mut wanted: Vec<(usize, &Instance<'k>)> = self.offers.wanted().collect();
        wanted.sort_unstable_by(|(_, a), (_, b)| a.name.cmp(&b.name));
        let mut ranks = vec![None; self.offers.len()];
        for (rank, (number, _)) in wanted.iter().enumerate() {
            if let Some(place) = ranks.get_mut(*number) {
                *place = Some(rank);
            }
        }
        let instances: Vec<&Instance<'k>> = wanted.into_iter().map(|(_, found)| found).collect();
        let mut question = Question {
            task: Task::default(),
            candidates: Vec::with_capacity(self.targets.len()),
            instances,
            ranks,
        };
        for target in &self.targets {
            let offers = target.candidates.iter();
            let ranks = offers.filter_map(|number| question.candidate(*number));
            let mut ranks: Vec<usize> = ranks.collect();
            ranks.sort_unstable();
            question.candidates.push(ranks);
        }
        let mut uses = vec![0_usize; question.instances.len()];
        for rank in question.candidates.iter().flatten() {
            if let Some(count) = uses.get_mut(*rank) {
                *count += 1;
            }
        }
        let mut gives: Vec<Vec<(usize, u32)>> = uses.into_iter().map(Vec::with_capacity).collect();
        for (target, candidates) in question.candidates.iter().enumerate() {
            for rank in candidates {
                let strength = question.strength(*rank);
                // Guidance has no strength: it alone never closes anything.
                if let Some(gives) = gives.get_mut(*rank).filter(|_| strength > 0) {
                    gives.push((target, strength));
                }
            }
        }
        let mut task = Task {
            targets: self.targets.iter().map(|t| demand(&t.enough)).collect(),
            capacities: self.capacities(&question),
            ..Task::default()
        };
        for (index, (instance, gives)) in question.instances.iter().zip(gives).enumerate() {
            let rivals = instance.conflicts.iter();
            let rivals = rivals.filter_map(|(measure, at)| self.offers.number(measure, *at));
            let rivals = rivals.filter_map(|number| question.candidate(number));
            task.conflicts.extend(rivals.map(|rival| (index, rival)));
            let requires = instance.requires.iter();
            task.candidates.push(Candidate {
                cost: instance.parts.total(),
                burden: burden(instance, &gives),
                group: Pillar::ALL
                    .iter()
                    .zip(0..)
                    .find(|(pillar, _)| **pillar == instance.measure.pillar)
                    .map_or(0, |(_, group)| group),
                gives,
                requires: requires
                    .filter_map(|number| question.candidate(*number))
                    .collect(),
                standing: wishes.standing(instance),
            });
        }
        question.task = task;
        question
    }

    /// What each device component has left, for what is not on it yet.
    fn capacities(&self, question: &Question<'_, 'k>) -> Vec<Capacity> {
        let mut there: BTreeMap<&str, Vec<(usize, &Resources)>> = BTreeMap::new();
        for (index, instance) in question.instances.iter().enumerate() {
            if let Some(at) = instance.at.filter(|_| !instance.provided) {
                let resources = &instance.measure.resources;
                there.entry(at).or_default().push((index, resources));
            }
        }
        let mut capacities = Vec::new();
        for (component, budget) in &self.budgets {
            let there = there.get(component).map_or(&[][..], Vec::as_slice);
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
        let targets = self.targets.iter();
        targets.map(|t| weight(t.method, t.risk)).collect()
    }

    /// Everything in order of id, each once.
    fn in_order(&mut self) {
        self.targets.sort_by(|a, b| a.id.cmp(&b.id));
        // Two requirement sets may ask for the same item.
        self.targets.dedup_by(|later, first| later.id == first.id);
        self.states.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.answered.sort_by(|a, b| a.id.cmp(&b.id));
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
    system: &'k System<'k>,
    threats: &[Threat],
    scenarios: &mut dyn Iterator<Item = &Scenario>,
    matrices: &[Matrix],
    today: Date,
) -> Wanted<'k> {
    let model = system.model;
    let decisions = model.decisions.iter();
    let budgets = model.components.iter();
    let budgets = budgets.map(|(id, component)| (id.as_str(), &component.budget));
    let mut wanted = Wanted {
        targets: Vec::new(),
        offers: Offers::new(system),
        states: Vec::new(),
        answered: Vec::new(),
        table: &system.knowledge().risk,
        budgets: budgets
            .filter(|(_, budget)| **budget != Budget::default())
            .collect(),
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
    // What is about one element comes together.
    let mut last = None;
    for threat in threats {
        let place = (threat.at.as_str(), threat.element.as_str());
        let known = last.filter(|(known, _)| *known == place);
        let spot = known.map(|(_, spot)| spot);
        let Some(spot) = spot.or_else(|| Spot::of(system, place.0, place.1)) else {
            continue;
        };
        last = Some((place, spot));
        let asked = Asked {
            id: threat.id.as_str().into(),
            method: Method::Stride,
            risk: Some(&threat.risk),
            spot,
        };
        ask(
            &mut wanted,
            system,
            asked,
            &mut threat.answers.iter(),
            today,
        );
    }
    for scenario in scenarios {
        let Some(spot) = Spot::of(system, &scenario.at, &scenario.element) else {
            continue;
        };
        let asked = Asked {
            id: scenario.id.as_str().into(),
            method: Method::Stpa,
            risk: Some(&scenario.risk),
            spot,
        };
        ask(
            &mut wanted,
            system,
            asked,
            &mut scenario.answers.iter(),
            today,
        );
    }
    for matrix in matrices {
        let Some(spot) = Spot::at(system, &matrix.component) else {
            continue;
        };
        for cell in &matrix.cells {
            let id = cell.id.to_string().into();
            if cell.risk.is_none() {
                wanted.states.push((id, State::NotApplicable));
                continue;
            }
            let asked = Asked {
                id,
                method: Method::Jnsa,
                risk: cell.risk.as_ref(),
                spot,
            };
            ask(&mut wanted, system, asked, &mut cell.measures.keys(), today);
        }
    }
    for regime in &model.regimes {
        for item in demanded_items(system, *regime) {
            let measures = system.knowledge().measures.values();
            let measures: Vec<&String> = measures
                .filter(|measure| measure.items.contains(item))
                .map(|measure| &measure.id)
                .collect();
            // What is bought answers to its own maker for the items of a set; our own duty is to ask for that.
            for device in devices(model).filter(|id| !system.is_bought(id)) {
                let Some(spot) = Spot::at(system, device) else {
                    continue;
                };
                let asked = Asked {
                    id: format!("{device}:{item}").into(),
                    method: Method::Regime,
                    risk: None,
                    spot,
                };
                add(&mut wanted, system, asked, &mut measures.iter().copied());
            }
        }
    }
    declared(&mut wanted, system);
    wanted.in_order();
    wanted
}

/// Wants a risk closed, unless someone decided about it or it is below the threshold.
fn ask<'k>(
    wanted: &mut Wanted<'k>,
    system: &'k System<'k>,
    asked: Asked<'_, 'k>,
    measures: &mut dyn Iterator<Item = &String>,
    today: Date,
) {
    let offers = measures.filter_map(|measure| wanted.offers.offered(measure, asked.spot));
    let offers: Vec<usize> = offers.collect();
    let level = asked.risk.map_or(Level::None, |risk| risk.level);
    let decision = system.model.decisions.get(&*asked.id);
    let state = match decision.filter(|decision| today <= decision.until) {
        Some(decision) => Some(match decision.status {
            DecisionStatus::Accepted => State::Accepted,
            DecisionStatus::Transferred => State::Transferred,
            DecisionStatus::Dismissed => State::Dismissed,
        }),
        None if level < system.model.threshold || level == Level::None => {
            Some(State::BelowThreshold)
        }
        None => None,
    };
    if let Some(risk) = asked.risk {
        let answered = Answered::of(Arc::clone(&asked.id), risk, offers.clone());
        wanted.answered.push(answered);
    }
    match state {
        Some(state) => wanted.states.push((asked.id, state)),
        None => want(wanted, system, asked, offers),
    }
}

/// What the model says of a flow that the gateway decides about is a promise, and must be shown.
fn declared<'k>(wanted: &mut Wanted<'k>, system: &'k System<'k>) {
    let aspects = [
        ("content", Aspect::Content, "CM-RANGE"),
        ("rate", Aspect::Rate, "CM-RATE"),
        ("sequence", Aspect::Sequence, "CM-REPLAY"),
    ];
    let flows = system.model.flows.iter();
    for (id, flow) in flows.filter(|(id, _)| system.way(id).enforced) {
        let owner = system.owner_of(flow);
        let Some(spot) = Spot::at(system, owner) else {
            continue;
        };
        for (word, aspect, measure) in aspects {
            if aspect.is_in(flow, owner) {
                let asked = Asked {
                    id: format!("{id}:{word}").into(),
                    method: Method::Declared,
                    risk: None,
                    spot: spot.about(system, id, flow),
                };
                add(
                    wanted,
                    system,
                    asked,
                    &mut std::iter::once(&measure.to_owned()),
                );
            }
        }
    }
}

fn add<'k>(
    wanted: &mut Wanted<'k>,
    system: &'k System<'k>,
    asked: Asked<'_, 'k>,
    measures: &mut dyn Iterator<Item = &String>,
) {
    let offers = measures.filter_map(|measure| wanted.offers.offered(measure, asked.spot));
    let offers = offers.collect();
    want(wanted, system, asked, offers);
}

/// Makes a target of what is asked, with all that it is offered.
fn want<'k>(
    wanted: &mut Wanted<'k>,
    system: &'k System<'k>,
    asked: Asked<'_, 'k>,
    mut offers: Vec<usize>,
) {
    for number in &offers {
        wanted.offers.want(*number, asked.spot);
    }
    offers.sort_unstable();
    offers.dedup();
    let risk = asked.risk.map(|risk| risk.level);
    let enough = risk.and_then(|level| system.knowledge().enough.get(&level));
    wanted.targets.push(WantedTarget {
        id: asked.id,
        method: asked.method,
        risk,
        enough: enough.copied().unwrap_or(Enough {
            strength: 1,
            ..Enough::default()
        }),
        candidates: offers,
    });
}
