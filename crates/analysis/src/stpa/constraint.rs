//! Safety constraints: what must hold because of an unsafe control action, on both of its sides.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::{ControlAnalysis, Scenario};
use crate::knowledge::{Knowledge, Pillar};
use crate::language::Text;
use crate::model::{Model, UnsafeControlAction, UnsafeKind};
use crate::requirements::Requirement;

/// What must hold so that an unsafe control action does not come about, or does not end in a loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SafetyConstraint {
    /// `SC-UCA1` for the controller, `SC-UCA1:detect` for its mirror; stable.
    pub id: String,
    /// Which of the two.
    pub role: ConstraintRole,
    /// Unsafe control action that it is the answer to.
    pub unsafe_action: String,
    /// What shall hold.
    pub text: Text,
    /// Hazards that it keeps away.
    pub hazards: Vec<String>,
    /// Causal scenarios against which it has to hold.
    pub scenarios: Vec<String>,
    /// Requirements that help to keep it: prevention for the controller, detection and recovery for the mirror.
    pub requirements: Vec<String>,
}

/// On which side of an unsafe control action a constraint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ConstraintRole {
    /// What the controller must and must not do.
    Prevent,
    /// What has to be noticed and answered when it happened all the same.
    Detect,
}

/// The constraints of a model, by id, without the requirements, which [`trace`] adds.
pub(super) fn of_model(model: &Model, scenarios: &[Scenario]) -> Vec<SafetyConstraint> {
    let mut of_uca: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for scenario in scenarios {
        if let Some(uca) = &scenario.unsafe_action {
            of_uca.entry(uca).or_default().push(scenario.id.clone());
        }
    }
    let mut constraints = Vec::new();
    for (id, uca) in &model.unsafe_control_actions {
        let Some(texts) = texts(model, uca) else {
            continue;
        };
        for (role, text) in texts {
            constraints.push(SafetyConstraint {
                id: match role {
                    ConstraintRole::Prevent => format!("SC-{id}"),
                    ConstraintRole::Detect => format!("SC-{id}:detect"),
                },
                role,
                unsafe_action: id.clone(),
                text,
                hazards: uca.hazards.iter().cloned().collect(),
                scenarios: of_uca.get(id.as_str()).cloned().unwrap_or_default(),
                requirements: Vec::new(),
            });
        }
    }
    constraints.sort_by(|a, b| a.id.cmp(&b.id));
    constraints
}

/// Adds to each constraint the requirements that help to keep it.
///
/// A requirement helps when it closes a scenario of the constraint or a STRIDE threat that the scenario names. What
/// notices and repairs (pillars *trace* and *refresh*) belongs to the mirror, everything else to the controller.
pub(super) fn trace(
    control: &mut ControlAnalysis,
    requirements: &[Requirement],
    knowledge: &Knowledge,
) {
    if control.constraints.is_empty() {
        return;
    }
    let mut closing: HashMap<&str, Vec<&Requirement>> = HashMap::new();
    for requirement in requirements {
        for closed in &requirement.closes {
            closing.entry(closed).or_default().push(requirement);
        }
    }
    let names: BTreeMap<&str, Vec<&str>> = control
        .scenarios
        .iter()
        .map(|scenario| {
            let threats = scenario.threats.iter().map(String::as_str);
            let names = std::iter::once(scenario.id.as_str()).chain(threats);
            (scenario.id.as_str(), names.collect())
        })
        .collect();
    for constraint in &mut control.constraints {
        let scenarios = constraint.scenarios.iter();
        let names = scenarios.filter_map(|id| names.get(id.as_str())).flatten();
        let helping = names.filter_map(|name| closing.get(name)).flatten();
        let helping: BTreeSet<&String> = helping
            .filter(|requirement| side(requirement, knowledge) == constraint.role)
            .map(|requirement| &requirement.id)
            .collect();
        constraint.requirements = helping.into_iter().cloned().collect();
    }
}

fn side(requirement: &Requirement, knowledge: &Knowledge) -> ConstraintRole {
    let measure = requirement.measure.as_ref();
    let measure = measure.and_then(|id| knowledge.measures.get(id));
    match measure.map_or(requirement.pillar, |measure| measure.pillar) {
        Pillar::Trace | Pillar::Refresh => ConstraintRole::Detect,
        Pillar::Certification | Pillar::Network | Pillar::None => ConstraintRole::Prevent,
    }
}

fn texts(model: &Model, uca: &UnsafeControlAction) -> Option<[(ConstraintRole, Text); 2]> {
    let action = model.control_actions.get(&uca.action)?;
    let controller = &model.controllers.get(&action.controller)?.title;
    let title = &action.title;
    let hazards = hazards(model, uca);
    let (must, noticed) = words(uca.kind);
    let prevent = Text::new(
        format!(
            "“{}” must {} “{}” {}, so that this never holds: {}.",
            controller.en, must.en.0, title.en, must.en.1, hazards.en
        ),
        format!(
            "「{}」は{}「{}」{}。避けるべき状態: {}。",
            controller.ja, must.ja.0, title.ja, must.ja.1, hazards.ja
        ),
    );
    let feedback = action
        .feedback
        .iter()
        .filter_map(|id| Some(&model.flows.get(id)?.title));
    let feedback: Vec<&Text> = feedback.collect();
    let by = if feedback.is_empty() {
        Text::new(
            "There is no feedback by which to notice it: add one",
            "気づくためのフィードバックがない。追加すること",
        )
    } else {
        let en: Vec<String> = feedback.iter().map(|t| format!("“{}”", t.en)).collect();
        let ja: Vec<String> = feedback.iter().map(|t| format!("「{}」", t.ja)).collect();
        Text::new(
            format!("Feedback to notice it by: {}", en.join(", ")),
            format!("気づくためのフィードバック: {}", ja.join("、")),
        )
    };
    let detect = Text::new(
        format!(
            "When “{}” {}, that must be noticed and answered before this does harm: {}. {}.",
            title.en, noticed.en, hazards.en, by.en
        ),
        format!(
            "「{}」{}ときは、次の状態が害を及ぼす前に気づいて対処しなければならない: {}。{}。",
            title.ja, noticed.ja, hazards.ja, by.ja
        ),
    );
    Some([
        (ConstraintRole::Prevent, prevent),
        (ConstraintRole::Detect, detect),
    ])
}

/// What stands before and after the action's name.
struct Must {
    en: (&'static str, &'static str),
    ja: (&'static str, &'static str),
}

fn words(kind: UnsafeKind) -> (Must, Text) {
    let must = |en, ja| Must { en, ja };
    match kind {
        UnsafeKind::NotProvided => (
            must(
                ("give", "whenever it is needed"),
                ("必要なときは必ず", "を行わなければならない"),
            ),
            Text::new("is needed and is not given", "が必要なのに行われない"),
        ),
        UnsafeKind::Provided => (
            must(
                ("not give", "where it does harm"),
                ("害になる場面で", "を行ってはならない"),
            ),
            Text::new("is given where it does harm", "が害になる場面で行われた"),
        ),
        UnsafeKind::WrongTime => (
            must(
                ("give", "neither too early, nor too late, nor out of order"),
                ("早すぎず、遅すぎず、正しい順序で", "を行わなければならない"),
            ),
            Text::new(
                "comes too early, too late or out of order",
                "が早すぎる、遅すぎる、または順序が違う",
            ),
        ),
        UnsafeKind::StoppedTooSoon => (
            must(
                ("apply", "neither shorter nor longer than needed"),
                ("必要な長さだけ、短すぎず長すぎず", "を行わなければならない"),
            ),
            Text::new(
                "ends too soon or lasts too long",
                "が早く終わりすぎる、または長く続きすぎる",
            ),
        ),
    }
}

fn hazards(model: &Model, uca: &UnsafeControlAction) -> Text {
    let hazards = uca.hazards.iter();
    let hazards: Vec<(&String, &Text)> = hazards
        .filter_map(|id| Some((id, &model.hazards.get(id)?.text)))
        .collect();
    if hazards.is_empty() {
        return Text::new(uca.text.en.as_str(), uca.text.ja.as_str());
    }
    let en: Vec<String> = hazards
        .iter()
        .map(|(id, t)| format!("{} ({id})", t.en))
        .collect();
    let ja: Vec<String> = hazards
        .iter()
        .map(|(id, t)| format!("{}（{id}）", t.ja))
        .collect();
    Text::new(en.join("; "), ja.join("、"))
}
