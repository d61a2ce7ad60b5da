//! Safety impact: what the compromise or the failure of a component can harm, and by which way.
//!
//! A component is *compromised* when it does what an attacker wants, and has *failed* when it does
//! nothing. Both reach a hazard directly (the author says so, or the component is part of a control
//! loop with an unsafe control action), or through what depends on it. Of each hazard the shortest way
//! is told; a longer one may exist. That a way exists does not say that it is likely.
//!
//! What silence can cause is what denial of service can cause at the same part of the loop in the table
//! of [`crate::stpa::causes`]; what a compromise can cause, any guide word of that table. A compromised
//! component can fall silent as well, so it reaches whatever its failure reaches.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::language::Text;
use crate::model::{Level, Stride};
use crate::stpa;
use crate::system::System;
use crate::vocabulary::vocabulary;

mod graph;

/// Most hazards that are listed for one component and one way of going wrong.
const MOST_LISTED: usize = 16;
/// Longest way that is told, in steps.
const MOST_STEPS: usize = 24;

vocabulary! {
    /// How one step of a way leads on.
    Link {
        /// The author says that the component leads to the hazard.
        Stated = "stated",
        /// It runs the controller.
        Controls = "controls",
        /// It relays the control action.
        RelaysAction = "relays-action",
        /// It is the controlled process.
        IsControlled = "is-controlled",
        /// It sends the feedback.
        Reports = "reports",
        /// It relays the feedback.
        RelaysReport = "relays-report",
        /// Another component needs it.
        NeededBy = "needed-by",
        /// It sends to another component.
        SendsTo = "sends-to",
        /// It relays what another component receives.
        RelaysTo = "relays-to",
    }
}

impl Link {
    /// What a step says: who goes wrong, and for a step to another component, which one that is.
    fn words(self, from: &Text, next: Option<&Text>, through: &str) -> Text {
        let (en, ja) = (&from.en, &from.ja);
        let next = next.cloned().unwrap_or_default();
        match self {
            Link::Stated => Text::new(
                format!("“{en}” leads to it by itself"),
                format!("「{ja}」がそれ自体で至る"),
            ),
            Link::Controls => Text::new(
                format!("“{en}” runs the controller ({through})"),
                format!("「{ja}」が制御器を動かす（{through}）"),
            ),
            Link::RelaysAction => Text::new(
                format!("“{en}” relays the command ({through})"),
                format!("「{ja}」が指令を中継する（{through}）"),
            ),
            Link::IsControlled => Text::new(
                format!("“{en}” is what is controlled ({through})"),
                format!("「{ja}」が制御される（{through}）"),
            ),
            Link::Reports => Text::new(
                format!("“{en}” reports to the controller ({through})"),
                format!("「{ja}」が制御器に報告する（{through}）"),
            ),
            Link::RelaysReport => Text::new(
                format!("“{en}” relays reports to the controller ({through})"),
                format!("「{ja}」が制御器への報告を中継する（{through}）"),
            ),
            Link::NeededBy => Text::new(
                format!("“{}” depends on “{en}”", next.en),
                format!("「{}」が「{ja}」に依存する", next.ja),
            ),
            Link::SendsTo => Text::new(
                format!("“{en}” sends to “{}” ({through})", next.en),
                format!("「{ja}」が「{}」に送る（{through}）", next.ja),
            ),
            Link::RelaysTo => Text::new(
                format!("“{en}” relays to “{}” ({through})", next.en),
                format!("「{ja}」が「{}」に中継する（{through}）", next.ja),
            ),
        }
    }
}

/// What one component can harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Impact {
    /// Component.
    pub component: String,
    /// Name.
    pub title: Text,
    /// The worst that its compromise or failure can lead to.
    pub worst: Level,
    /// What it can lead to when it does what an attacker wants; the worst first.
    pub compromise: Harm,
    /// What it can lead to when it does nothing; the worst first.
    pub failure: Harm,
}

/// Hazards that one component can lead to in one way of going wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Harm {
    /// Hazards, by severity, then by id.
    pub hazards: Vec<HazardReached>,
    /// How many more hazards it reaches that are not listed because the list is full.
    pub more: usize,
    /// How many more hazards are only reached by a way of more than 24 steps, which is not told.
    pub farther: usize,
}

/// One hazard, and the shortest way to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HazardReached {
    /// Hazard.
    pub hazard: String,
    /// Losses it leads to.
    pub losses: Vec<String>,
    /// The worst of them.
    pub severity: Level,
    /// The way, from the component to the hazard; never empty.
    pub path: Vec<Step>,
}

impl HazardReached {
    /// Whether no other component is in between.
    pub fn is_direct(&self) -> bool {
        self.path.len() == 1
    }

    /// The way in words; `name` says what a reader calls a component.
    pub fn tell(&self, name: impl Fn(&str) -> Text) -> Text {
        let (mut en, mut ja) = (Vec::new(), Vec::new());
        for (index, step) in self.path.iter().enumerate() {
            let from = name(&step.component);
            let next = self.path.get(index + 1).map(|next| name(&next.component));
            let through = step.through.as_deref().unwrap_or_default();
            let said = step.link.words(&from, next.as_ref(), through);
            en.push(said.en);
            ja.push(said.ja);
        }
        Text::new(
            format!("{}: {}", en.join("; "), self.hazard),
            format!("{}: {}", ja.join("、"), self.hazard),
        )
    }
}

/// One step of a way to a hazard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Component that goes wrong.
    pub component: String,
    /// How that leads on.
    pub link: Link,
    /// Flow or unsafe control action through which it does; for `stated` and `needed-by`, [`None`].
    pub through: Option<String>,
}

/// In which way a component goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
    Compromised,
    Failed,
}

impl Wrong {
    /// Guide words that stand for it.
    const fn words(self) -> &'static [Stride] {
        match self {
            Wrong::Compromised => Stride::ALL,
            Wrong::Failed => &[Stride::DenialOfService],
        }
    }
}

/// What each component can harm, by id of the component.
pub(crate) fn of_system(system: &System<'_>) -> Vec<Impact> {
    let model = system.model;
    let mut compromise = graph::harms(model, Wrong::Compromised);
    let mut failure = graph::harms(model, Wrong::Failed);
    let components = model.components.iter();
    components
        .map(|(id, component)| {
            let compromise = compromise.remove(id.as_str()).unwrap_or_default();
            let failure = failure.remove(id.as_str()).unwrap_or_default();
            let reached = compromise.hazards.iter().chain(&failure.hazards);
            Impact {
                component: id.clone(),
                title: component.title.clone(),
                worst: reached
                    .map(|reached| reached.severity)
                    .max()
                    .unwrap_or(Level::None),
                compromise,
                failure,
            }
        })
        .collect()
}

/// Hazards of a model, the worst first, then by id.
fn hazards_by_severity(model: &crate::model::Model) -> Vec<(&String, Level)> {
    let hazards = model.hazards.iter();
    let mut hazards: Vec<(&String, Level)> = hazards
        .map(|(id, hazard)| (id, stpa::severity(model, hazard)))
        .collect();
    hazards.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    hazards
}

/// Empty harms of all components.
fn nothing(model: &crate::model::Model) -> BTreeMap<&str, Harm> {
    let ids = model.components.keys();
    ids.map(|id| (id.as_str(), Harm::default())).collect()
}
