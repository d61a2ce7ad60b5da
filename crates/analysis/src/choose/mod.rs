//! Choosing countermeasures: cells, threats and mandatory items become targets; each pick explains itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;

use crate::jnsa::Matrix;
use crate::knowledge::{Check, ItemStatus, Measure, MeasureKind, Place, Provided};
use crate::language::Text;
use crate::model::{ComponentKind, DecisionStatus, Flow, Level, Model, Regime};
use crate::policy::aspect;
use crate::requirements::scope::demands;
use crate::stride::Threat;
use crate::system::System;

pub mod cover;
mod explain;
mod frontier;
mod targets;

pub use crate::basis::Method;
pub use explain::Alternative;
pub use frontier::Step;

/// How it stands with a cell, a threat or an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The source says that it does not apply.
    NotApplicable,
    /// Its risk is below the model's threshold.
    BelowThreshold,
    /// Someone accepted the risk, and the decision holds.
    Accepted,
    /// Someone carries the risk, and the decision holds.
    Transferred,
    /// The chosen countermeasures are strong enough. Whether they are at work is for the findings to say.
    Closed,
    /// They are not.
    Open,
}

/// How good a choice is known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Proof {
    /// No choice costs less.
    Optimal,
    /// Some choice may cost less, but none less than the bound.
    Gap {
        /// No choice costs less than this, in points.
        bound: u64,
        /// Cost above the bound, in points.
        above: u64,
    },
}

/// Something that needs protection.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Target {
    /// `sensor:JT04:P2`, `telemetry:SR-F2`, `sensor:CRA-I.2c` or `telemetry:rate`; stable.
    pub id: String,
    /// Who asks.
    pub method: Method,
    /// How large the risk is; [`None`] where no threat asks.
    pub risk: Option<Level>,
    /// Strength that closes it.
    pub need: u32,
    /// Strength of all its countermeasures together.
    pub offered: u32,
    /// Strength of the chosen ones.
    pub reached: u32,
    /// Whether that is enough.
    pub state: State,
    /// The chosen countermeasures that count, as ids of picks.
    pub by: Vec<String>,
}

/// One countermeasure put to work at one place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pick {
    /// `CM-ENC@sensor`, or `CM-FLOOD@all`; stable.
    pub id: String,
    /// Countermeasure of the catalogue.
    pub measure: String,
    /// Component, or flow that the model must say more about, or [`None`] for the whole system.
    pub at: Option<String>,
    /// Effort points.
    pub cost: u32,
    /// Strength.
    pub strength: u32,
    /// Whether platform or hardware already have it.
    pub provided: bool,
    /// Whether every choice must contain it.
    pub forced: bool,
    /// Targets that it helps to close.
    pub helps: Vec<String>,
    /// Targets that would open without it.
    pub without: Vec<String>,
    /// What would stand in for it.
    pub alternative: Alternative,
    /// The same in a sentence.
    pub why: Text,
}

/// A decision of the model on the day of the analysis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionView {
    /// Cell.
    pub cell: String,
    /// What was decided.
    pub status: DecisionStatus,
    /// Why.
    pub why: Text,
    /// Who answers for it.
    pub owner: String,
    /// Last day on which it holds.
    pub until: Date,
    /// Whether it holds on the day of the analysis.
    pub holds: bool,
}

/// What was chosen, how good it is, and what remains.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Solution {
    /// Chosen countermeasures, by id.
    pub picks: Vec<Pick>,
    /// Sum of their effort points.
    pub cost: u64,
    /// No choice costs less than this.
    pub lower_bound: u64,
    /// Cost above the bound; 0 means that this is the optimum.
    pub gap: u64,
    /// Whether it is the optimum, or how far it may be from it.
    pub proof: Proof,
    /// The way from nothing to the whole choice, what pays most first.
    pub frontier: Vec<Step>,
    /// Everything that had to be closed, by id.
    pub targets: Vec<Target>,
    /// How it stands with every cell, threat and item, by id.
    pub states: BTreeMap<String, State>,
    /// Decisions of the model, by cell.
    pub decisions: Vec<DecisionView>,
}

impl Solution {
    /// Targets that the catalogue cannot close.
    pub fn open(&self) -> impl Iterator<Item = &Target> {
        self.targets
            .iter()
            .filter(|target| target.state == State::Open)
    }
}

/// Chooses countermeasures for a model as of `today`.
pub fn choose(model: &Model, threats: &[Threat], matrices: &[Matrix], today: Date) -> Solution {
    of_system(&System::new(model), threats, matrices, today)
}

pub(crate) fn of_system(
    system: &System<'_>,
    threats: &[Threat],
    matrices: &[Matrix],
    today: Date,
) -> Solution {
    let wanted = targets::collect(system, threats, matrices, today);
    let (task, names) = wanted.task();
    let cover = cover::solve(&task);
    let picks = explain::picks(&wanted, &task, &names, &cover);
    let targets = outcome(&wanted, &picks);
    let mut states = wanted.states;
    states.extend(targets.iter().map(|t| (t.id.clone(), t.state)));
    Solution {
        cost: cover.cost,
        lower_bound: cover.lower_bound,
        gap: cover.cost.saturating_sub(cover.lower_bound),
        proof: proof(&cover),
        frontier: frontier::steps(&targets, &picks),
        picks,
        targets,
        states,
        decisions: wanted.decisions,
    }
}

fn proof(cover: &cover::Cover) -> Proof {
    match cover.cost.saturating_sub(cover.lower_bound) {
        0 => Proof::Optimal,
        above => Proof::Gap {
            bound: cover.lower_bound,
            above,
        },
    }
}

fn outcome(wanted: &targets::Wanted<'_>, picks: &[Pick]) -> Vec<Target> {
    let chosen: BTreeMap<&str, &Pick> = picks.iter().map(|p| (p.id.as_str(), p)).collect();
    let targets = wanted.targets.iter();
    targets
        .map(|(id, target)| {
            let strength = |names: &mut dyn Iterator<Item = u32>| {
                names.fold(0_u32, |sum, strength| sum.saturating_add(strength))
            };
            let by: Vec<&Pick> = target
                .candidates
                .iter()
                .filter_map(|name| chosen.get(name.as_str()).copied())
                .filter(|pick| pick.strength > 0)
                .collect();
            let offered = strength(
                &mut target
                    .candidates
                    .iter()
                    .filter_map(|name| wanted.instances.get(name))
                    .map(|instance| instance.strength),
            );
            let reached = strength(&mut by.iter().map(|pick| pick.strength));
            Target {
                id: id.clone(),
                method: target.method,
                risk: target.risk,
                need: target.need,
                offered,
                reached,
                state: if reached >= target.need {
                    State::Closed
                } else {
                    State::Open
                },
                by: by.iter().map(|pick| pick.id.clone()).collect(),
            }
        })
        .collect()
}

/// A countermeasure at one place, before it is known whether it is chosen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Instance<'k> {
    pub(crate) measure: &'k Measure,
    pub(crate) at: Option<String>,
    pub(crate) cost: u32,
    pub(crate) strength: u32,
    pub(crate) provided: bool,
}

/// The measure `id` put to work for something at `component`, and the name of that instance.
///
/// What a flow of the model must say, as its rate, and does not, is an instance at that flow.
pub(crate) fn instance<'k>(
    system: &'k System<'_>,
    id: &str,
    component: &str,
    flow: Option<(&str, &Flow)>,
) -> Option<(String, Instance<'k>)> {
    let measure = system.knowledge().measures.get(id)?;
    if let (Some((flow_id, flow)), Some(aspect)) = (flow, aspect(id))
        && !aspect.is_in(flow, &flow.from)
    {
        let instance = Instance {
            measure,
            at: Some(flow_id.to_owned()),
            cost: measure.cost,
            strength: measure.strength,
            provided: false,
        };
        return Some((format!("{id}@{flow_id}"), instance));
    }
    let is_everywhere = match measure.place {
        Place::Vendor => true,
        Place::Gateway => matches!(measure.provided, Provided::Connected | Provided::Never),
        Place::Device => false,
    };
    let (at, provided) = if is_everywhere {
        let provided = system.is_provided_everywhere(measure.provided);
        (None, provided)
    } else {
        let provided = system.is_provided(measure.provided, component);
        (Some(component.to_owned()), provided)
    };
    let name = format!("{id}@{}", at.as_deref().unwrap_or("all"));
    let instance = Instance {
        measure,
        at,
        cost: if provided {
            measure.cost_provided
        } else {
            measure.cost
        },
        strength: measure.strength,
        provided,
    };
    Some((name, instance))
}

/// Items of a requirement set that must be met and that something built in can meet.
pub(crate) fn demanded_items<'s>(system: &'s System<'_>, regime: Regime) -> BTreeSet<&'s str> {
    let base = system.knowledge();
    let set = base.regimes.get(&regime);
    let items = set.into_iter().flat_map(|set| &set.items);
    items
        .filter(|item| item.status == ItemStatus::Mandatory)
        .filter(|item| demands(system.model, item))
        .filter(|item| matches!(item.check, Check::Live | Check::Test))
        .filter(|item| {
            base.measures.values().any(|measure| {
                measure.items.contains(&item.id) && measure.kind != MeasureKind::Guidance
            })
        })
        .map(|item| item.id.as_str())
        .collect()
}

/// Ids of the components of kind `device`.
pub(crate) fn devices(model: &Model) -> impl Iterator<Item = &String> {
    let components = model.components.iter();
    components
        .filter(|(_, component)| component.kind == ComponentKind::Device)
        .map(|(id, _)| id)
}
