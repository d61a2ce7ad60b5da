//! STRIDE over elements and flows: rules from a data file, each with the conditions that made it fire.

use serde::Serialize;

use crate::knowledge::{self, Conditions, Rule};
use crate::language::Text;
use crate::model::{Component, Flow, Interface, Model, Sequence, Stride};
use crate::risk::Risk;
use crate::system::{Harm, System, is_bounded};

/// One threat to one element.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Threat {
    /// Element and rule, as `telemetry:SR-F2`; stable.
    pub id: String,
    /// The rule that fired.
    pub rule: String,
    /// Which of the six.
    pub stride: Stride,
    /// Id of the flow or component.
    pub element: String,
    /// What a reader calls the element.
    pub title: Text,
    /// `flow`, or the kind of component.
    pub element_kind: &'static str,
    /// Component at which measures are put to work.
    pub at: String,
    /// What happens.
    pub text: Text,
    /// How large the risk is.
    pub risk: Risk,
    /// Countermeasures that answer it.
    pub answers: Vec<String>,
}

/// All threats of a model, by id.
pub fn threats(model: &Model) -> Vec<Threat> {
    of_system(&System::new(model))
}

pub(crate) fn of_system(system: &System<'_>) -> Vec<Threat> {
    let mut threats = Vec::new();
    for rule in &knowledge::base().rules {
        let harm = Harm::of_stride(rule.stride);
        if rule.on.iter().any(|on| on == "flow") {
            for (id, flow) in &system.model.flows {
                if flow_meets(&rule.when, system, id, flow) {
                    let risk = system.risk_of_flow(id, flow, harm, rule.raise);
                    let at = system.owner_of(flow);
                    threats.push(threat(rule, (id, &flow.title, "flow"), at, risk));
                }
            }
        }
        for (id, component) in &system.model.components {
            let kind = component.kind.word();
            if rule.on.iter().any(|on| on == kind)
                && component_meets(&rule.when, system, id, component)
            {
                let (reach, raise) = (rule.reach, rule.raise);
                let risk = system.risk_of_component(id, component, reach, harm, raise, None);
                threats.push(threat(rule, (id, &component.title, kind), id, risk));
            }
        }
    }
    threats.sort_by(|a, b| a.id.cmp(&b.id));
    threats
}

fn threat(
    rule: &Rule,
    (element, title, element_kind): (&str, &Text, &'static str),
    at: &str,
    risk: Risk,
) -> Threat {
    Threat {
        id: format!("{element}:{}", rule.id),
        rule: rule.id.clone(),
        stride: rule.stride,
        element: element.to_owned(),
        title: title.clone(),
        element_kind,
        at: at.to_owned(),
        text: rule.text.clone(),
        risk,
        answers: rule.answers.clone(),
    }
}

fn flow_meets(when: &Conditions, system: &System<'_>, id: &str, flow: &Flow) -> bool {
    holds(when.crosses, system.crosses(flow))
        && holds(when.open, flow.security.is_open())
        && holds(when.sequenced, flow.sequence == Sequence::Required)
        && holds(when.rated, flow.rate.is_some())
        && holds(when.bounded, is_bounded(flow))
        && holds(when.carries_action, system.carries_action(id))
        && holds(when.carries_feedback, system.carries_feedback(id))
}

fn component_meets(
    when: &Conditions,
    system: &System<'_>,
    id: &str,
    component: &Component,
) -> bool {
    let has = |test: fn(Interface) -> bool| component.interfaces.iter().any(|i| test(*i));
    holds(when.speaks, !system.flows_of(id).is_empty())
        && holds(when.keeps_asset, system.keeps_asset(id))
        && holds(when.debug_port, has(Interface::is_debug))
        && holds(when.short_range_radio, has(Interface::is_short_range_radio))
        && holds(
            when.secure_boot,
            component.capabilities.secure_boot == Some(true),
        )
}

fn holds(condition: Option<bool>, fact: bool) -> bool {
    condition.is_none_or(|wanted| wanted == fact)
}
