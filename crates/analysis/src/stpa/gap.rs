//! What is missing in a control structure.

use serde::Serialize;

use crate::language::Text;
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
    }
}

/// One thing that is missing, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Kind and element, as `action-without-feedback:unlock`; stable.
    pub id: String,
    /// What is missing.
    pub kind: GapKind,
    /// Id in the model of what lacks it.
    pub element: String,
    /// What is missing, in words.
    pub text: Text,
    /// What to write.
    pub fix: Text,
}
