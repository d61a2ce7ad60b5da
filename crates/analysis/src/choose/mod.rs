//! Choosing countermeasures: cells, threats and mandatory items become targets; each pick explains itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use sekimori_cover::{Cover, Reached, Standing, Task, Violation, Work, reached, solve, within};
use serde::Serialize;

use crate::jnsa::Matrix;
use crate::knowledge::{Check, Enough, ItemStatus, MeasureKind};
use crate::language::Text;
use crate::model::{ComponentKind, DecisionStatus, Level, Model, Regime};
use crate::requirements::scope::demands;
use crate::stpa::Scenario;
use crate::stride::Threat;
use crate::system::System;

mod cost;
mod explain;
mod frontier;
mod instance;
mod offers;
mod reason;
mod residual;
mod targets;
mod variants;

pub use crate::basis::Method;
pub use cost::Parts;
pub use explain::Alternative;
pub use frontier::Step;
pub use residual::Residual;
pub use variants::{Comparison, PickView, Side, Wishes, compare};

/// Steps of the search for the cheapest choice: some tenths of a second.
const SEARCH: u64 = 100_000_000;
/// Steps for the question what would stand in for each pick, for all picks together.
const EXPLAIN: u64 = 50_000_000;

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
    /// Someone judged that it does not come about in this system, and the decision holds.
    Dismissed,
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
    /// Conditions leave something missing, and the search ended before it was known how little that can
    /// be: no cost can be compared with this choice.
    Unproven,
    /// A budget was given: how much risk weight it closes, and how much no choice within it exceeds.
    Budget {
        /// Weight that this choice closes.
        closed: u64,
        /// No choice within the budget closes more than this.
        at_most: u64,
    },
}

impl Proof {
    /// Whether it is proven that nothing is better.
    pub fn is_optimal(self) -> bool {
        match self {
            Proof::Optimal => true,
            Proof::Gap { .. } | Proof::Unproven => false,
            Proof::Budget { closed, at_most } => closed == at_most,
        }
    }
}

/// Something that needs protection.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Target {
    /// `sensor:JT04:P2`, `telemetry:SR-F2`, `sensor:CRA-I.2c` or `telemetry:rate`; stable.
    pub id: Arc<str>,
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
    /// All that is asked for: strength, number, prevention, pillars.
    pub enough: Enough,
    /// Whether that is enough.
    pub state: State,
    /// What is missing, when it is not, and whether the catalogue has it at all.
    pub missing: Option<Text>,
    /// The chosen countermeasures that count, as ids of picks.
    pub by: Vec<Arc<str>>,
}

/// One countermeasure put to work at one place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pick {
    /// `CM-ENC@sensor`, or `CM-FLOOD@all`; stable.
    pub id: Arc<str>,
    /// Countermeasure of the catalogue.
    pub measure: String,
    /// Component, or flow that the model must say more about, or [`None`] for the whole system.
    pub at: Option<String>,
    /// Points: effort, and what it takes of devices and gateway.
    pub cost: u32,
    /// What makes the cost.
    pub parts: Parts,
    /// Strength.
    pub strength: u32,
    /// Whether platform or hardware already have it.
    pub provided: bool,
    /// Whether every choice must contain it.
    pub forced: bool,
    /// The mandatory item of a requirement set that leaves nothing else.
    pub forced_by: Option<Arc<str>>,
    /// Picks that need it.
    pub needed_by: Vec<Arc<str>>,
    /// Targets that it helps to close.
    pub helps: Vec<Arc<str>>,
    /// Targets that would open without it.
    pub without: Vec<Arc<str>>,
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
    pub states: BTreeMap<Arc<str>, State>,
    /// What remains of every risk once measures are counted, by the id of its threat, cell or scenario.
    pub residual: BTreeMap<Arc<str>, Residual>,
    /// Decisions of the model, by cell.
    pub decisions: Vec<DecisionView>,
    /// Conditions that cannot be kept together, in sentences: of measures that were asked for by name.
    pub contradictions: Vec<Text>,
}

impl Solution {
    /// A target by id.
    pub fn target(&self, id: &str) -> Option<&Target> {
        let found = self.targets.binary_search_by(|target| (*target.id).cmp(id));
        self.targets.get(found.ok()?)
    }

    /// A pick by id.
    pub fn pick(&self, id: &str) -> Option<&Pick> {
        let found = self.picks.binary_search_by(|pick| (*pick.id).cmp(id));
        self.picks.get(found.ok()?)
    }

    /// Targets that the catalogue cannot close.
    pub fn open(&self) -> impl Iterator<Item = &Target> {
        self.targets
            .iter()
            .filter(|target| target.state == State::Open)
    }

    /// The lower bound and the gap for a reader; dashes where nothing is proven.
    pub fn bound_and_gap(&self) -> [String; 2] {
        match self.proof {
            Proof::Unproven => ["–".to_owned(), "–".to_owned()],
            _ => [self.lower_bound.to_string(), self.gap.to_string()],
        }
    }

    /// The highest risk among the open targets; a mandatory item or a promise counts as [`Level::None`].
    pub fn worst_open(&self) -> Option<Level> {
        self.open()
            .map(|target| target.risk.unwrap_or(Level::None))
            .max()
    }
}

/// Chooses countermeasures for a model as of `today`.
pub(crate) fn of_system(
    system: &System<'_>,
    threats: &[Threat],
    scenarios: &mut dyn Iterator<Item = &Scenario>,
    matrices: &[Matrix],
    today: Date,
) -> Solution {
    let wanted = targets::collect(system, threats, scenarios, matrices, today);
    solution(&wanted, &Wishes::default())
}

/// Chooses for what is wanted, as far as wishes leave a choice.
fn solution(wanted: &targets::Wanted<'_>, wishes: &Wishes) -> Solution {
    let question = wanted.question(wishes);
    let task = &question.task;
    let mut work = Work::new(SEARCH);
    let (cover, proof) = match wishes.budget {
        None => {
            let cover = solve(task, &mut work);
            let proof = proof(&cover);
            (cover, proof)
        }
        Some(budget) => on_budget(task, budget, &wanted.weights(), &mut work),
    };
    let mut is_chosen = vec![false; task.candidates.len()];
    for index in &cover.chosen {
        if let Some(flag) = is_chosen.get_mut(*index) {
            *flag = true;
        }
    }
    let explained = explain::Explained {
        wanted,
        question: &question,
        cover: &cover,
        is_chosen: &is_chosen,
        may_exchange: wishes.budget.is_none(),
        anew_up_to: explain::SMALL,
    };
    let picks = explained.picks(&mut Work::new(EXPLAIN));
    let targets = outcome(wanted, &question, &cover.chosen, &is_chosen);
    let states = targets.iter().map(|t| (Arc::clone(&t.id), t.state));
    let states = wanted.states.iter().cloned().chain(states).collect();
    let residual = residual::residuals(wanted, &question, &is_chosen);
    let name = |index: usize| question.name(index).map_or("?", |name| &**name);
    let violations = cover.violations.iter();
    Solution {
        cost: cover.cost,
        lower_bound: cover.lower_bound,
        gap: cover.cost.saturating_sub(cover.lower_bound),
        proof,
        frontier: frontier::steps(wanted, &question, &cover.chosen),
        contradictions: violations.map(|v| contradiction(*v, &name)).collect(),
        picks,
        targets,
        states,
        residual,
        decisions: wanted.decisions.clone(),
    }
}

fn proof(cover: &Cover) -> Proof {
    match cover.cost.saturating_sub(cover.lower_bound) {
        _ if !cover.misses_least => Proof::Unproven,
        0 if cover.is_optimal() => Proof::Optimal,
        above => Proof::Gap {
            bound: cover.lower_bound,
            above,
        },
    }
}

/// The most that a budget closes; its cost is no bound for anything.
fn on_budget(task: &Task, budget: u64, weights: &[u32], work: &mut Work) -> (Cover, Proof) {
    let found = within(task, budget, weights, work);
    let proof = Proof::Budget {
        closed: found.weight,
        at_most: found.upper_bound,
    };
    let cover = Cover {
        violations: sekimori_cover::violations(task, &found.chosen),
        cost: found.cost,
        chosen: found.chosen,
        ..Cover::default()
    };
    (cover, proof)
}

fn contradiction<'n>(violation: Violation, name: &dyn Fn(usize) -> &'n str) -> Text {
    match violation {
        Violation::Missing { candidate, needs } => Text::new(
            format!(
                "{} needs {}, which cannot be had",
                name(candidate),
                name(needs)
            ),
            format!("{} に必要な {} を使えない", name(candidate), name(needs)),
        ),
        Violation::Conflict(a, b) => Text::new(
            format!("{} and {} exclude each other", name(a), name(b)),
            format!("{} と {} は両立しない", name(a), name(b)),
        ),
        Violation::Overused { by, .. } => Text::new(
            format!("what was asked for takes {by} more than a device has left"),
            format!("求められた対策は、機器の残りを {by} だけ超えて使う"),
        ),
        Violation::LeftOut(index) => Text::new(
            format!("{} was asked for and cannot be had", name(index)),
            format!("求められた {} を使えない", name(index)),
        ),
        Violation::LetIn(index) => Text::new(
            format!("{} was ruled out and cannot be left out", name(index)),
            format!("除かれた {} を外せない", name(index)),
        ),
    }
}

fn outcome(
    wanted: &targets::Wanted<'_>,
    question: &targets::Question<'_, '_>,
    chosen: &[usize],
    is_chosen: &[bool],
) -> Vec<Target> {
    let task = &question.task;
    let has = reached(task, chosen.iter().copied());
    let candidates = task.candidates.iter().enumerate();
    let possible = candidates
        .filter(|(_, candidate)| candidate.standing != Standing::Excluded)
        .map(|(index, _)| index);
    let most = reached(task, possible);
    let counts = |index: usize| {
        let instance = question.instances.get(index);
        let is_strong = instance.is_some_and(|instance| instance.measure.strength > 0);
        is_strong && is_chosen.get(index) == Some(&true)
    };
    let each = wanted.targets.iter().zip(&question.candidates);
    each.zip(has.iter().zip(&most))
        .zip(&task.targets)
        .map(|(((target, candidates), (has, most)), asked)| {
            let by = candidates.iter().filter(|index| counts(**index));
            let by = by.filter_map(|index| question.name(*index));
            let is_met = has.meets(asked);
            Target {
                id: Arc::clone(&target.id),
                method: target.method,
                risk: target.risk,
                need: target.enough.strength,
                offered: most.strength,
                reached: has.strength,
                enough: target.enough,
                state: if is_met { State::Closed } else { State::Open },
                missing: (!is_met).then(|| missing(&target.enough, has, most)),
                by: by.cloned().collect(),
            }
        })
        .collect()
}

/// What an open target still asks for.
fn missing(enough: &Enough, has: &Reached, most: &Reached) -> Text {
    let kinds = [
        (
            enough.strength,
            has.strength,
            most.strength,
            "strength",
            "強さ",
        ),
        (
            enough.measures,
            has.count,
            most.count,
            "measures",
            "対策の数",
        ),
        (
            enough.strongest,
            has.peak,
            most.peak,
            "strength of one measure alone",
            "単独での強さ",
        ),
        (
            enough.pillars,
            has.groups.count(),
            most.groups.count(),
            "pillars",
            "柱の数",
        ),
    ];
    let short = kinds.iter().filter(|(asks, has, ..)| has < asks);
    let (mut en, mut ja) = (Vec::new(), Vec::new());
    for (asks, has, most, what_en, what_ja) in short {
        if most < asks {
            en.push(format!(
                "{what_en}: {has} of {asks}, and everything that can be had gives {most}"
            ));
            ja.push(format!(
                "{what_ja} {has}/{asks}（使えるもの全てでも {most}）"
            ));
        } else {
            en.push(format!("{what_en}: {has} of {asks}"));
            ja.push(format!("{what_ja} {has}/{asks}"));
        }
    }
    Text::new(en.join("; "), ja.join("、"))
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
