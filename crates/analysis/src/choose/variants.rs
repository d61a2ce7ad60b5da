//! "What if": the same model with some measures wished for or ruled out, or with a budget, side by side.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::civil::Date;
use sekimori_cover::Standing;
use serde::Serialize;

use super::frontier::{percent, weight};
use super::instance::{Instance, Spot};
use super::{Proof, Solution, State, devices, solution, targets};
use crate::language::{Language, Text};
use crate::model::{Level, Model};
use crate::system::System;
use crate::{jnsa, stpa, stride};

/// What someone would rather have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Wishes {
    /// Measures (`CM-ENC`) or picks (`CM-ENC@sensor`) that shall be there.
    pub with: BTreeSet<String>,
    /// Measures or picks that shall not.
    pub without: BTreeSet<String>,
    /// Points that may be spent; without it, as many as needed.
    pub budget: Option<u64>,
}

impl Wishes {
    /// Whether nothing is wished for.
    pub fn is_empty(&self) -> bool {
        *self == Wishes::default()
    }

    pub(super) fn standing(&self, instance: &Instance<'_>) -> Standing {
        let is_in = |list: &BTreeSet<String>| {
            list.contains(&*instance.name) || list.contains(&instance.measure.id)
        };
        if instance.lacks || is_in(&self.without) {
            Standing::Excluded
        } else if is_in(&self.with) {
            Standing::Forced
        } else {
            Standing::Free
        }
    }

    /// Wishes that name nothing in this system.
    fn unknown(&self, wanted: &targets::Wanted<'_>) -> Vec<String> {
        let all = self.with.iter().chain(&self.without);
        let unknown = all.filter(|wish| {
            let mut instances = wanted.offers.wanted();
            !instances.any(|(_, found)| *found.name == ***wish || found.measure.id == **wish)
        });
        unknown.cloned().collect()
    }
}

/// Two choices for one model, side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What was wished for.
    pub wishes: Wishes,
    /// Wishes that name nothing in this system.
    pub unknown: Vec<String>,
    /// The choice without wishes.
    pub before: Side,
    /// The choice with them.
    pub after: Side,
    /// Points that the wishes cost; below 0 when they save.
    pub more: i64,
    /// Picks that come in.
    pub added: Vec<PickView>,
    /// Picks that go.
    pub removed: Vec<PickView>,
    /// Targets that open.
    pub opened: Vec<Arc<str>>,
    /// Targets that close.
    pub closed: Vec<Arc<str>>,
    /// Conditions that the wishes break.
    pub contradictions: Vec<Text>,
}

/// One of two choices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Number of picks.
    pub picks: usize,
    /// Points.
    pub cost: u64,
    /// How good it is known to be.
    pub proof: Proof,
    /// Risk weight that it closes.
    pub closed: u64,
    /// The same in percent of all.
    pub share: u32,
    /// Number of targets that stay open.
    pub open: usize,
    /// The highest risk among them, as [`Solution::worst_open`] counts it.
    pub worst: Option<Level>,
}

/// A pick, briefly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PickView {
    /// Id.
    pub id: Arc<str>,
    /// Points.
    pub cost: u32,
}

/// Chooses for a model without and with wishes, as of `today`.
pub fn compare(model: &Model, today: Date, wishes: &Wishes) -> Comparison {
    let system = System::new(model);
    let threats = stride::of_system(&system);
    let matrices = jnsa::of_system(&system);
    let control = stpa::of_system(&system, &threats, today);
    let mut wanted = targets::collect(&system, &threats, &mut control.targets(), &matrices, today);
    let before = solution(&wanted, &Wishes::default());
    for wish in &wishes.with {
        bring(&mut wanted, &system, wish);
    }
    let after = solution(&wanted, wishes);
    let views = |one: &Solution, other: &Solution| -> Vec<PickView> {
        let known: BTreeSet<&str> = other.picks.iter().map(|pick| &*pick.id).collect();
        let picks = one.picks.iter().filter(|pick| !known.contains(&*pick.id));
        picks
            .map(|pick| PickView {
                id: Arc::clone(&pick.id),
                cost: pick.cost,
            })
            .collect()
    };
    let changed = |to: State| -> Vec<Arc<str>> {
        let states = after.states.iter();
        states
            .filter(|(id, state)| **state == to && before.states.get(*id) != Some(&to))
            .map(|(id, _)| Arc::clone(id))
            .collect()
    };
    let signed = |cost: u64| i64::try_from(cost).unwrap_or(i64::MAX);
    Comparison {
        unknown: wishes.unknown(&wanted),
        more: signed(after.cost).saturating_sub(signed(before.cost)),
        added: views(&after, &before),
        removed: views(&before, &after),
        opened: changed(State::Open),
        closed: changed(State::Closed),
        contradictions: after.contradictions.clone(),
        before: side(&before),
        after: side(&after),
        wishes: wishes.clone(),
    }
}

/// Takes in an instance that is wished for although nothing asks for it.
fn bring<'k>(wanted: &mut targets::Wanted<'k>, system: &'k System<'k>, wish: &str) {
    let (measure, at) = wish.split_once('@').unwrap_or((wish, ""));
    let is_there = |wanted: &targets::Wanted<'_>| {
        let mut instances = wanted.offers.wanted();
        instances
            .any(|(_, found)| *found.name == *wish || at.is_empty() && found.measure.id == measure)
    };
    if is_there(wanted) {
        return;
    }
    for device in devices(system.model).filter(|id| at.is_empty() || at == "all" || *id == at) {
        let Some(spot) = Spot::at(system, device) else {
            continue;
        };
        let Some(number) = wanted.offers.offered(measure, spot) else {
            continue;
        };
        let offer = wanted.offers.get(number);
        if at.is_empty() || offer.is_some_and(|offer| offer.at.unwrap_or("all") == at) {
            wanted.offers.want(number, spot);
        }
    }
}

fn side(solution: &Solution) -> Side {
    let weights = |only: Option<State>| -> u64 {
        let targets = solution.targets.iter();
        let counted = targets.filter(|target| only.is_none_or(|state| target.state == state));
        counted.map(|t| u64::from(weight(t.method, t.risk))).sum()
    };
    let closed = weights(Some(State::Closed));
    Side {
        picks: solution.picks.len(),
        cost: solution.cost,
        proof: solution.proof,
        closed,
        share: percent(closed, weights(None)),
        open: solution.open().count(),
        worst: solution.worst_open(),
    }
}

impl Proof {
    /// The same in words: the optimum, or the gap.
    pub fn text(self) -> Text {
        match self {
            Proof::Optimal => Text::new("optimum", "最適"),
            Proof::Gap { bound, above } => Text::new(
                format!("at most {above} above the optimum (bound {bound})"),
                format!("最適より最大 {above} 点高い（下限 {bound}）"),
            ),
            Proof::Unproven => Text::new(
                "not proven: the search ended before it was known how little can stay open",
                "未証明。未対策をどこまで減らせるか分かる前に探索が終わった",
            ),
            Proof::Budget { closed, at_most } if closed == at_most => Text::new(
                "nothing within the budget closes more",
                "この予算でこれより多くは閉じられない",
            ),
            Proof::Budget { closed, at_most } => Text::new(
                format!(
                    "closes weight {closed}; no choice within the budget closes more than {at_most}"
                ),
                format!("重み {closed} を閉じる。この予算では {at_most} を超えない"),
            ),
        }
    }
}

impl Comparison {
    /// The comparison for a terminal, one fact a line.
    pub fn text(&self, language: Language) -> String {
        let said = |en: &str, ja: &str| Text::new(en, ja).of(language).to_owned();
        let mut out = String::new();
        let mut line = |text: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "{text}");
        };
        for (label, side) in [
            (said("now", "現在"), &self.before),
            (said("what if", "変更後"), &self.after),
        ] {
            let (picks, cost, share, open) = (side.picks, side.cost, side.share, side.open);
            let proof = side.proof.text();
            line(match language {
                Language::English => format!(
                    "{label}: {picks} measures, {cost} points, {share} % of the risk closed, {open} open; {}",
                    proof.en
                ),
                Language::Japanese => format!(
                    "{label}: 対策 {picks} 件、{cost} 点、リスクの {share} % を閉じ、未対策 {open} 件。{}",
                    proof.ja
                ),
            });
        }
        line(match language {
            Language::English => format!("difference: {:+} points", self.more),
            Language::Japanese => format!("差: {:+} 点", self.more),
        });
        let picks = |list: &[PickView]| -> Vec<String> {
            list.iter()
                .map(|pick| format!("{:<32} {:>3}", pick.id, pick.cost))
                .collect()
        };
        let said_texts = self
            .contradictions
            .iter()
            .map(|text| text.of(language).to_owned());
        let ids = |list: &[Arc<str>]| list.iter().map(|id| id.to_string()).collect();
        let lists = [
            (said("comes in", "加わる対策"), picks(&self.added)),
            (said("goes", "外れる対策"), picks(&self.removed)),
            (said("opens", "未対策になる対象"), ids(&self.opened)),
            (said("closes", "対策済みになる対象"), ids(&self.closed)),
            (
                said("cannot be kept", "両立しない条件"),
                said_texts.collect(),
            ),
            (
                said("names nothing in this system", "このシステムにない名前"),
                self.unknown.clone(),
            ),
        ];
        for (label, list) in lists {
            if !list.is_empty() {
                line(format!("{label}: {}", list.len()));
                for entry in list {
                    line(format!("  {}", entry.trim_end()));
                }
            }
        }
        out
    }
}
