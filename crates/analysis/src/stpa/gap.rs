//! What is missing in a control structure.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{ActionView, Considered};
use crate::language::Text;
use crate::model::{Flow, Model};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What is missing.
    GapKind {
        /// A hazard leads to no loss.
        HazardWithoutLoss = "hazard-without-loss",
        /// A loss that no hazard leads to.
        LossWithoutHazard = "loss-without-hazard",
        /// A hazard that nothing leads to.
        HazardWithoutCause = "hazard-without-cause",
        /// A controller that never acts.
        ControllerWithoutAction = "controller-without-action",
        /// A controller of which nobody said what it believes.
        ControllerWithoutProcessModel = "controller-without-process-model",
        /// A control action without any feedback.
        ActionWithoutFeedback = "action-without-feedback",
        /// A control action whose feedback never comes from the process itself.
        ActionWithoutProcessFeedback = "action-without-process-feedback",
        /// A control action of which nobody considered any of the four kinds.
        ActionNotConsidered = "action-not-considered",
        /// The flow of a control action does not lead from the controller to its process.
        ActionFlowElsewhere = "action-flow-elsewhere",
        /// A feedback flow does not reach the component of the controller.
        FeedbackElsewhere = "feedback-elsewhere",
        /// An unsafe control action that leads to no hazard.
        UnsafeActionWithoutHazard = "unsafe-action-without-hazard",
        /// No countermeasure of the catalogue answers an author's scenario.
        ScenarioWithoutAnswer = "scenario-without-answer",
        /// So many scenarios follow that some are not listed.
        TooLarge = "too-large",
    }
}

/// One thing that is missing, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Kind and element, as `action-without-feedback:unlock`; stable.
    pub id: String,
    /// What is missing.
    pub kind: GapKind,
    /// Id in the model of what lacks it; for feedback, action and flow as `unlock:door-state`.
    pub element: String,
    /// What is missing, in words.
    pub text: Text,
    /// What to write.
    pub fix: Text,
}

/// What is missing in a model, by id.
pub(super) fn of_model(model: &Model, actions: &[ActionView]) -> Vec<Gap> {
    let mut gaps = Vec::new();
    statements(model, &mut gaps);
    controllers(model, &mut gaps);
    for action in actions {
        of_action(model, action, &mut gaps);
    }
    gaps.sort_by(|a, b| a.id.cmp(&b.id));
    gaps
}

fn statements(model: &Model, gaps: &mut Vec<Gap>) {
    let hazards = model.hazards.values();
    let led_to: BTreeSet<&String> = hazards.flat_map(|hazard| &hazard.losses).collect();
    for id in model.losses.keys().filter(|id| !led_to.contains(id)) {
        gaps.push(Gap::new(
            GapKind::LossWithoutHazard,
            id,
            (
                format!("No hazard leads to loss {id}"),
                format!("損失 {id} に至るハザードがない"),
            ),
            (
                "name it in `losses` of a hazard, or add the hazard",
                "いずれかのハザードの `losses` に挙げるか、ハザードを加える",
            ),
        ));
    }
    let ucas = model.unsafe_control_actions.iter();
    let mut caused: BTreeSet<&String> = ucas.clone().flat_map(|(_, uca)| &uca.hazards).collect();
    caused.extend(stated_hazards(model));
    for (id, hazard) in &model.hazards {
        if hazard.losses.is_empty() {
            gaps.push(Gap::new(
                GapKind::HazardWithoutLoss,
                id,
                (
                    format!("Hazard {id} leads to no loss"),
                    format!("ハザード {id} がどの損失にも至らない"),
                ),
                (
                    "say in `losses` what would be lost",
                    "何が失われるかを `losses` に書く",
                ),
            ));
        }
        if !caused.contains(id) {
            gaps.push(Gap::new(
                GapKind::HazardWithoutCause,
                id,
                (
                    format!("Nothing leads to hazard {id}"),
                    format!("ハザード {id} に至るものがない"),
                ),
                (
                    "name it in `hazards` of an unsafe control action or of a component",
                    "非安全制御動作または部品の `hazards` に挙げる",
                ),
            ));
        }
    }
    for (id, _) in ucas.filter(|(_, uca)| uca.hazards.is_empty()) {
        gaps.push(Gap::new(
            GapKind::UnsafeActionWithoutHazard,
            id,
            (
                format!("Unsafe control action {id} leads to no hazard"),
                format!("非安全制御動作 {id} がどのハザードにも至らない"),
            ),
            (
                "name the hazard in `hazards`, or take the entry out",
                "`hazards` にハザードを挙げるか、項目を取り除く",
            ),
        ));
    }
}

/// Hazards that the author ties to a component.
fn stated_hazards(model: &Model) -> impl Iterator<Item = &String> {
    let components = model.components.values();
    components.flat_map(|component| &component.hazards)
}

fn controllers(model: &Model, gaps: &mut Vec<Gap>) {
    let actions = model.control_actions.values();
    let acting: BTreeSet<&String> = actions.map(|action| &action.controller).collect();
    for (id, controller) in &model.controllers {
        if controller.process_model.is_empty() {
            gaps.push(Gap::new(
                GapKind::ControllerWithoutProcessModel,
                id,
                (
                    format!("Nobody says what controller {id} believes of its process"),
                    format!("制御器 {id} がプロセスについて何を認識するかが書かれていない"),
                ),
                (
                    "list in `process_model` what it decides by",
                    "判断の根拠を `process_model` に挙げる",
                ),
            ));
        }
        if !acting.contains(id) {
            gaps.push(Gap::new(
                GapKind::ControllerWithoutAction,
                id,
                (
                    format!("Controller {id} never acts"),
                    format!("制御器 {id} に制御動作がない"),
                ),
                (
                    "add its control actions, or take it out",
                    "制御動作を加えるか、制御器を取り除く",
                ),
            ));
        }
    }
}

fn of_action(model: &Model, action: &ActionView, gaps: &mut Vec<Gap>) {
    let id = &action.id;
    let kinds = action.kinds.values();
    if !kinds.into_iter().any(Considered::is_judged) {
        gaps.push(Gap::new(
            GapKind::ActionNotConsidered,
            id,
            (
                format!("None of the four kinds was considered for control action {id}"),
                format!("制御動作 {id} について四つの種類がどれも検討されていない"),
            ),
            (
                "judge its candidates: write `[[uca]]` for those that lead to a hazard, dismiss the others by `[[decision]]`",
                "候補を判断し、ハザードに至るものは `[[uca]]` に、至らないものは `[[decision]]` に書く",
            ),
        ));
    }
    let Some(controller) = model.controllers.get(&action.controller) else {
        return;
    };
    let reports = action.feedback.iter();
    let reports: Vec<(&String, &Flow)> = reports
        .filter_map(|id| Some((id, model.flows.get(id)?)))
        .collect();
    if reports.is_empty() {
        gaps.push(Gap::new(
            GapKind::ActionWithoutFeedback,
            id,
            (
                format!("Control action {id} has no feedback: its controller acts blindly"),
                format!("制御動作 {id} にフィードバックがなく、制御器は結果を知らずに動く"),
            ),
            (
                "name in `feedback` the flows that show what happened",
                "何が起きたかを示すフローを `feedback` に挙げる",
            ),
        ));
    } else if !reports.iter().any(|(_, flow)| flow.from == action.process) {
        gaps.push(Gap::new(
            GapKind::ActionWithoutProcessFeedback,
            id,
            (
                format!("No feedback of control action {id} comes from {} itself", action.process),
                format!("制御動作 {id} のフィードバックに {} 自身からのものがない", action.process),
            ),
            (
                "add a flow by which the process says what it did, or accept that only sensors tell",
                "プロセスが実行結果を伝えるフローを加えるか、センサーだけに頼ることを受け入れる",
            ),
        ));
    }
    for (report, flow) in reports {
        if flow.to != controller.component {
            gaps.push(Gap::new(
                GapKind::FeedbackElsewhere,
                format!("{id}:{report}"),
                (
                    format!(
                        "Feedback {report} of {id} goes to {}, but the controller runs on {}",
                        flow.to, controller.component
                    ),
                    format!(
                        "{id} のフィードバック {report} は {} に届くが、制御器は {} で動く",
                        flow.to, controller.component
                    ),
                ),
                (
                    "name the flow that reaches the controller, or say how it gets there",
                    "制御器に届くフローを挙げるか、どう届くかをモデルに書く",
                ),
            ));
        }
    }
    let Some(flow) = model.flows.get(&action.flow) else {
        return;
    };
    if flow.from != controller.component || flow.to != controller.process {
        gaps.push(Gap::new(
            GapKind::ActionFlowElsewhere,
            id,
            (
                format!(
                    "Flow {} of control action {id} leads from {} to {}, but the controller runs on {} and controls {}",
                    action.flow, flow.from, flow.to, controller.component, controller.process
                ),
                format!(
                    "制御動作 {id} のフロー {} は {} から {} へ通るが、制御器は {} で動き {} を制御する",
                    action.flow, flow.from, flow.to, controller.component, controller.process
                ),
            ),
            (
                "bind the action to the flow that carries it, or split the control into two loops",
                "動作を実際に運ぶフローに結ぶか、制御を二つのループに分ける",
            ),
        ));
    }
}

impl Gap {
    fn new(
        kind: GapKind,
        element: impl Into<String>,
        text: (String, String),
        fix: (&str, &str),
    ) -> Self {
        let element = element.into();
        Gap {
            id: format!("{}:{element}", kind.word()),
            kind,
            element,
            text: Text::new(text.0, text.1),
            fix: Text::new(fix.0, fix.1),
        }
    }

    /// That nothing in the catalogue answers a scenario.
    pub(super) fn unanswered(scenario: &str) -> Self {
        Gap::new(
            GapKind::ScenarioWithoutAnswer,
            scenario,
            (
                format!("No countermeasure of the catalogue answers {scenario}"),
                format!("{scenario} に対処する対策がカタログにない"),
            ),
            (
                "name another guide word or element, or decide about the risk in `[[decision]]`",
                "別の手がかり語か要素を挙げるか、リスクの扱いを `[[decision]]` に書く",
            ),
        )
    }

    /// That more scenarios follow from a model than are listed.
    pub(super) fn too_large(model: &Model, listed: usize) -> Self {
        Gap::new(
            GapKind::TooLarge,
            &model.id,
            (
                format!("More than {listed} causal scenarios follow; the rest is not listed"),
                format!("因果シナリオが {listed} 件を超え、残りは示していない"),
            ),
            (
                "split the model into loops that can be judged",
                "判断できる大きさのループにモデルを分ける",
            ),
        )
    }
}
