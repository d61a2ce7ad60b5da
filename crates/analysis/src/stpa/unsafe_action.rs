//! Control actions, the unsafe ones that the author wrote, and candidates for those that nobody wrote.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::{Statement, ThreatsOf, names_of};
use crate::language::Text;
use crate::model::{ControlAction, Model, Stride, UnsafeKind};

/// A control action, with how its four kinds were considered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionView {
    /// Id in the model.
    pub id: String,
    /// Name.
    pub title: Text,
    /// Controller that acts.
    pub controller: String,
    /// Component under control.
    pub process: String,
    /// Flow that carries the action.
    pub flow: String,
    /// Flows that bring back what happened.
    pub feedback: Vec<String>,
    /// Each of the four kinds.
    pub kinds: BTreeMap<UnsafeKind, Considered>,
}

/// What is known of one kind of unsafe control action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Considered {
    /// The author wrote these unsafe control actions.
    Written(Vec<String>),
    /// Nobody wrote anything: a candidate with this id waits for judgement.
    Candidate(String),
    /// Somebody dismissed the candidate with this id, and the decision holds.
    Dismissed(String),
}

impl Considered {
    /// Whether somebody judged it, one way or the other.
    pub fn is_judged(&self) -> bool {
        !matches!(self, Considered::Candidate(_))
    }
}

/// A kind of unsafe control action that nobody wrote about. It is a question, not a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// Action and kind, as `unlock:wrong-time`; stable.
    pub id: String,
    /// Control action.
    pub action: String,
    /// Which of the four kinds.
    pub kind: UnsafeKind,
    /// The question, made from the action's name.
    pub text: Text,
    /// Who dismissed it and why; a decision whose day is over is [`None`].
    pub dismissed: Option<Dismissal>,
}

/// That a candidate does not lead to a hazard, in somebody's judgement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dismissal {
    /// Why.
    pub why: Text,
    /// Who answers for it.
    pub owner: String,
    /// Last day on which it holds; to be reviewed by then.
    pub until: Date,
}

/// One unsafe control action, with everything it hangs on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnsafeAction {
    /// Id in the model.
    pub id: String,
    /// Statement.
    pub text: Text,
    /// Which of the four kinds.
    pub kind: UnsafeKind,
    /// Control action.
    pub action: String,
    /// Controller that acts.
    pub controller: String,
    /// Component under control.
    pub process: String,
    /// Flow that carries the action.
    pub flow: String,
    /// Flows that bring back what happened.
    pub feedback: Vec<String>,
    /// Hazards it leads to.
    pub hazards: Vec<Statement>,
    /// Losses those lead to.
    pub losses: Vec<Statement>,
    /// How an attacker could bring it about.
    pub stride: Vec<Stride>,
    /// STRIDE threats to the flow that carries the action, of those kinds.
    pub threats: Vec<String>,
}

/// The unsafe control actions of a model, by id.
pub(super) fn unsafe_actions(model: &Model, threats: &ThreatsOf<'_>) -> Vec<UnsafeAction> {
    let actions = model.unsafe_control_actions.iter();
    actions
        .filter_map(|(id, uca)| {
            let action = model.control_actions.get(&uca.action)?;
            let controller = model.controllers.get(&action.controller)?;
            let hazards = || {
                uca.hazards
                    .iter()
                    .filter_map(|id| Some((id, model.hazards.get(id)?)))
            };
            let mut losses: Vec<&String> = hazards().flat_map(|(_, h)| &h.losses).collect();
            losses.sort();
            losses.dedup();
            let of_flow = |stride| names_of(threats.get(&(action.flow.as_str(), stride)));
            let mut threats: Vec<String> = uca.stride.iter().copied().flat_map(of_flow).collect();
            threats.sort();
            Some(UnsafeAction {
                id: id.clone(),
                text: uca.text.clone(),
                kind: uca.kind,
                action: uca.action.clone(),
                controller: action.controller.clone(),
                process: controller.process.clone(),
                flow: action.flow.clone(),
                feedback: action.feedback.iter().cloned().collect(),
                hazards: hazards()
                    .map(|(id, hazard)| Statement {
                        id: id.clone(),
                        text: hazard.text.clone(),
                    })
                    .collect(),
                losses: losses
                    .into_iter()
                    .filter_map(|id| {
                        Some(Statement {
                            id: id.clone(),
                            text: model.losses.get(id)?.text.clone(),
                        })
                    })
                    .collect(),
                stride: uca.stride.iter().copied().collect(),
                threats,
            })
        })
        .collect()
}

/// The control actions of a model, by id.
pub(super) fn actions(model: &Model, today: Date) -> Vec<ActionView> {
    let mut written: BTreeMap<(&str, UnsafeKind), Vec<String>> = BTreeMap::new();
    for (id, uca) in &model.unsafe_control_actions {
        let key = (uca.action.as_str(), uca.kind);
        written.entry(key).or_default().push(id.clone());
    }
    let view = |(id, action): (&String, &ControlAction)| {
        let controller = model.controllers.get(&action.controller)?;
        let kinds = UnsafeKind::ALL.iter().map(|kind| {
            let considered = match written.get(&(id.as_str(), *kind)) {
                Some(ids) => Considered::Written(ids.clone()),
                None => {
                    let candidate = candidate_id(id, *kind);
                    match dismissal(model, &candidate, today) {
                        Some(_) => Considered::Dismissed(candidate),
                        None => Considered::Candidate(candidate),
                    }
                }
            };
            (*kind, considered)
        });
        Some(ActionView {
            id: id.clone(),
            title: action.title.clone(),
            controller: action.controller.clone(),
            process: controller.process.clone(),
            flow: action.flow.clone(),
            feedback: action.feedback.iter().cloned().collect(),
            kinds: kinds.collect(),
        })
    };
    model.control_actions.iter().filter_map(view).collect()
}

/// A candidate for each kind of each action that nobody wrote about, dismissed or not.
pub(super) fn candidates(model: &Model, actions: &[ActionView], today: Date) -> Vec<Candidate> {
    let unwritten = actions.iter().flat_map(|action| {
        let kinds = action.kinds.iter();
        let unwritten = kinds.filter(|(_, how)| !matches!(how, Considered::Written(_)));
        unwritten.map(move |(kind, _)| {
            let id = candidate_id(&action.id, *kind);
            Candidate {
                dismissed: dismissal(model, &id, today),
                id,
                action: action.id.clone(),
                kind: *kind,
                text: question(&action.title, *kind),
            }
        })
    });
    unwritten.collect()
}

fn dismissal(model: &Model, candidate: &str, today: Date) -> Option<Dismissal> {
    let decision = model.decisions.get(candidate)?;
    (today <= decision.until).then(|| Dismissal {
        why: decision.why.clone(),
        owner: decision.owner.clone(),
        until: decision.until,
    })
}

fn candidate_id(action: &str, kind: UnsafeKind) -> String {
    format!("{action}:{}", kind.word())
}

fn question(title: &Text, kind: UnsafeKind) -> Text {
    let (en, ja) = match kind {
        UnsafeKind::NotProvided => ("is needed and is not given", "が必要なときに行われない"),
        UnsafeKind::Provided => ("is given where it does harm", "が害になる場面で行われる"),
        UnsafeKind::WrongTime => (
            "comes too early, too late or out of order",
            "が早すぎる、遅すぎる、または順序が違う",
        ),
        UnsafeKind::StoppedTooSoon => (
            "ends too soon or lasts too long",
            "が早く終わりすぎる、または長く続きすぎる",
        ),
    };
    Text::new(
        format!("“{}” {en}: can that lead to a hazard?", title.en),
        format!("「{}」{ja}。ハザードに至りうるか。", title.ja),
    )
}
