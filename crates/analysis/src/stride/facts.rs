//! Whether a flow or a component meets the conditions of a rule.

use std::collections::BTreeMap;

use crate::knowledge::{Fact, Subject, Wanted};
use crate::model::{Component, ComponentKind, Flow, Interface, Sequence};
use crate::system::{System, is_bounded};

pub(super) const fn subject(kind: ComponentKind) -> Subject {
    match kind {
        ComponentKind::Device => Subject::Device,
        ComponentKind::Gateway => Subject::Gateway,
        ComponentKind::Service => Subject::Service,
        ComponentKind::Store => Subject::Store,
        ComponentKind::App => Subject::App,
        ComponentKind::Human => Subject::Human,
        ComponentKind::External => Subject::External,
    }
}

pub(super) fn flow_meets(
    when: &BTreeMap<Fact, Wanted>,
    system: &System<'_>,
    id: &str,
    flow: &Flow,
) -> bool {
    when.iter()
        .all(|(fact, wanted)| match of_flow(*fact, system, id, flow) {
            Some(value) => value.is(wanted),
            None => false,
        })
}

pub(super) fn component_meets(
    when: &BTreeMap<Fact, Wanted>,
    system: &System<'_>,
    id: &str,
    component: &Component,
) -> bool {
    when.iter().all(
        |(fact, wanted)| match of_component(*fact, system, id, component) {
            Some(value) => value.is(wanted),
            None => false,
        },
    )
}

/// What the model says of a fact.
enum Value {
    Is(bool),
}

impl Value {
    fn is(&self, wanted: &Wanted) -> bool {
        match (self, wanted) {
            (Value::Is(fact), Wanted::Is(truth)) => fact == truth,
            (Value::Is(_), Wanted::AnyOf(_)) => false,
        }
    }
}

/// [`None`] for a fact that no flow has.
fn of_flow(fact: Fact, system: &System<'_>, id: &str, flow: &Flow) -> Option<Value> {
    Some(Value::Is(match fact {
        Fact::Crosses => system.crosses(flow),
        Fact::Open => flow.security.is_open(),
        Fact::Sequenced => flow.sequence == Sequence::Required,
        Fact::Rated => flow.rate.is_some(),
        Fact::Bounded => is_bounded(flow),
        Fact::CarriesAction => system.carries_action(id),
        Fact::CarriesFeedback => system.carries_feedback(id),
        _ => return None,
    }))
}

/// [`None`] for a fact that no component has.
fn of_component(fact: Fact, system: &System<'_>, id: &str, component: &Component) -> Option<Value> {
    let has = |test: fn(Interface) -> bool| component.interfaces.iter().any(|i| test(*i));
    Some(Value::Is(match fact {
        Fact::Speaks => !system.flows_of(id).is_empty(),
        Fact::KeepsAsset => system.keeps_asset(id),
        Fact::DebugPort => has(Interface::is_debug),
        Fact::ShortRangeRadio => has(Interface::is_short_range_radio),
        Fact::SecureBoot => component.capabilities.secure_boot == Some(true),
        _ => return None,
    }))
}
