//! Requirements: what shall hold because it was chosen, and what shows it.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use serde::Serialize;

use crate::basis::Method;
use crate::choose::{Pick, Solution};
use crate::knowledge::{MeasureKind, Pillar, ProbeName};
use crate::language::Text;
use crate::model::{Flow, Model};
use crate::policy::rules::Rule;
use crate::policy::{Aspect, aspect};
use crate::system::System;

mod items;
mod people;
pub(crate) mod scope;
mod shall;

pub(crate) use items::regimes_of;
pub use items::{Answer, ItemView, RegimeView, regimes};
pub use people::demand;

/// Who sees to it that a requirement is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Duty {
    /// The platform or the hardware; probes show it.
    Platform,
    /// The maker has to build it; someone states that it was done.
    Maker,
    /// People do it; someone states that they do.
    People,
}

/// One requirement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Requirement {
    /// `REQ-ENC-sensor`, `REQ-FLOOD` and the like; stable, and an id of the policy.
    pub id: String,
    /// Countermeasure of the catalogue; [`None`] for what is asked of people beside it.
    pub measure: Option<String>,
    /// Component, or [`None`] for the whole system.
    pub at: Option<String>,
    /// Name.
    pub title: Text,
    /// What shall hold.
    pub shall: Text,
    /// Pillar.
    pub pillar: Pillar,
    /// Who sees to it.
    pub duty: Duty,
    /// Cells, threats and items that it helps to close.
    pub closes: Vec<Arc<str>>,
    /// Threats, cells and scenarios among them.
    pub threats: Vec<Arc<str>>,
    /// Items of the model's requirement sets that it serves.
    pub items: Vec<String>,
    /// Clauses of the policy that enforce it.
    pub clauses: Vec<ClauseName>,
    /// Rules of the policy for every device, and `peers` of its role, that put it to work or that it speaks of.
    pub rules: Vec<String>,
    /// Probes that show it at work; every one is needed.
    pub observed: Vec<ProbeName>,
    /// Attempts that must be refused; every one is needed.
    pub refused: Vec<ProbeName>,
    /// Why it is there.
    pub why: Text,
}

/// A clause of the policy, and what of it enforces a requirement.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ClauseName {
    /// Role.
    pub role: String,
    /// Flow.
    pub flow: String,
    /// Which test of the clause.
    pub aspect: Aspect,
}

/// The requirements of a model, by id.
pub fn requirements(model: &Model, solution: &Solution) -> Vec<Requirement> {
    of_system(&System::new(model), solution)
}

pub(crate) fn of_system(system: &System<'_>, solution: &Solution) -> Vec<Requirement> {
    let targets = solution.targets.iter();
    let rules = Rule::of(system.model);
    let context = Context {
        system,
        items: items_of(system),
        threats: targets
            .filter(|target| matches!(target.method, Method::Stride | Method::Jnsa | Method::Stpa))
            .map(|target| &*target.id)
            .collect(),
        enforced: rules
            .iter()
            .filter(|rule| rule.is_enforced(&system.model.policy))
            .copied()
            .collect(),
    };
    let picks = solution.picks.iter();
    let mut out: Vec<Requirement> = picks.filter_map(|pick| context.of_pick(pick)).collect();
    out.extend(people::all(system));
    for rule in rules {
        let served = out
            .iter()
            .any(|r| r.rules.iter().any(|key| key == rule.key));
        let is_enforced = rule.is_enforced(&system.model.policy);
        if !(served && is_enforced) {
            out.push(people::of_rule(rule, system.model));
        }
    }
    out.sort_by(|a, b| a.id.cmp(&b.id));
    out
}

/// What the requirement of every pick is made from.
struct Context<'s> {
    system: &'s System<'s>,
    /// Items of the model's requirement sets, as far as they concern it.
    items: BTreeSet<&'s str>,
    /// Threats, cells and scenarios among the targets.
    threats: HashSet<&'s str>,
    /// Rules of the policy that the platform enforces.
    enforced: Vec<Rule>,
}

impl Context<'_> {
    fn of_pick(&self, pick: &Pick) -> Option<Requirement> {
        let system = self.system;
        let measure = system.knowledge().measures.get(&pick.measure)?;
        let at = pick.at.as_deref();
        let is_bought = at.is_some_and(|at| system.is_bought(at));
        let is_declared = at.is_some_and(|at| system.model.flows.contains_key(at));
        let duty = match measure.kind {
            _ if pick.provided && !is_declared => Duty::Platform,
            // What somebody else builds, people ask for.
            MeasureKind::Function if is_bought => Duty::People,
            MeasureKind::Function => Duty::Maker,
            MeasureKind::Service | MeasureKind::Process | MeasureKind::Guidance => Duty::People,
        };
        let is_platform = duty == Duty::Platform;
        Some(Requirement {
            id: id_of(&pick.measure, pick.at.as_deref()),
            measure: Some(pick.measure.clone()),
            at: pick.at.clone(),
            title: measure.name.clone(),
            shall: shall::of_pick(system, pick, measure),
            pillar: measure.pillar,
            duty,
            closes: pick.helps.clone(),
            threats: pick
                .helps
                .iter()
                .filter(|id| self.threats.contains(&***id))
                .cloned()
                .collect(),
            items: measure
                .items
                .iter()
                .filter(|item| self.items.contains(item.as_str()))
                .cloned()
                .collect(),
            clauses: if is_platform {
                clauses(system, pick)
            } else {
                Vec::new()
            },
            rules: self
                .enforced
                .iter()
                .filter(|rule| rule.serves(&pick.measure, duty))
                .map(|rule| rule.key.to_owned())
                .collect(),
            observed: if is_platform {
                measure.observed.clone()
            } else {
                Vec::new()
            },
            refused: if is_platform {
                measure.refused.clone()
            } else {
                Vec::new()
            },
            why: pick.why.clone(),
        })
    }
}

/// `REQ-ENC-sensor` for `CM-ENC` at `sensor`.
fn id_of(measure: &str, at: Option<&str>) -> String {
    let short = measure.strip_prefix("CM-").unwrap_or(measure);
    match at {
        Some(component) => format!("REQ-{short}-{component}"),
        None => format!("REQ-{short}"),
    }
}

fn clauses(system: &System<'_>, pick: &Pick) -> Vec<ClauseName> {
    let Some(aspect) = aspect(&pick.measure) else {
        return Vec::new();
    };
    let mut clauses = Vec::new();
    let mut add = |flow_id: &str, flow: &Flow| {
        let is_enforced = system.way(flow_id).enforced;
        for role in [&flow.from, &flow.to] {
            let concerns = pick.at.as_ref().is_none_or(|at| at == role);
            if concerns && system.is_device(role) && is_enforced && aspect.is_in(flow, role) {
                clauses.push(ClauseName {
                    role: role.clone(),
                    flow: flow_id.to_owned(),
                    aspect,
                });
            }
        }
    };
    match &pick.at {
        Some(component) => {
            for (id, flow) in system.flows_of(component) {
                add(id, flow);
            }
        }
        None => {
            for (id, flow) in &system.model.flows {
                add(id, flow);
            }
        }
    }
    clauses.sort();
    clauses
}

fn items_of<'s>(system: &'s System<'_>) -> BTreeSet<&'s str> {
    let known = &system.knowledge().regimes;
    let sets = system.model.regimes.iter().filter_map(|r| known.get(r));
    sets.flat_map(|set| &set.items)
        .filter(|item| scope::out_of_scope(system.model, item).is_none())
        .map(|item| item.id.as_str())
        .collect()
}
