//! A flow or a component on which a guide word is put.

use super::cause::Cause;

use crate::language::Text;
use crate::model::{Component, Flow, Sequence};
use crate::risk::{Impact, Risk};
use crate::system::{Menace, System};

/// What scenarios are about.
pub(super) struct Element<'m> {
    pub(super) id: &'m str,
    pub(super) title: &'m Text,
    what: What<'m>,
}

enum What<'m> {
    Flow(&'m Flow),
    Component(&'m Component),
}

impl<'m> Element<'m> {
    /// The flow or component of this id.
    pub(super) fn find(system: &System<'m>, id: &str) -> Option<Self> {
        if let Some((id, flow)) = system.model.flows.get_key_value(id) {
            return Some(Element::of_flow(id, flow));
        }
        let (id, component) = system.model.components.get_key_value(id)?;
        Some(Element::of_component(id, component))
    }

    pub(super) fn of_flow(id: &'m str, flow: &'m Flow) -> Self {
        Element {
            id,
            title: &flow.title,
            what: What::Flow(flow),
        }
    }

    pub(super) fn of_component(id: &'m str, component: &'m Component) -> Self {
        Element {
            id,
            title: &component.title,
            what: What::Component(component),
        }
    }

    pub(super) const fn is_flow(&self) -> bool {
        matches!(self.what, What::Flow(_))
    }

    /// `flow`, or the kind of component.
    pub(super) fn kind(&self) -> &'static str {
        match self.what {
            What::Flow(_) => "flow",
            What::Component(component) => component.kind.word(),
        }
    }

    /// The component at which measures are put to work.
    pub(super) fn at(&self, system: &System<'m>) -> &'m str {
        match self.what {
            What::Flow(flow) => system.owner_of(flow),
            What::Component(_) => system.keeper_of(self.id),
        }
    }

    /// How likely it is that someone does something to it, as for STRIDE, with these things to lose.
    pub(super) fn risk(
        &self,
        system: &System<'m>,
        menace: Menace<'_>,
        impacts: Vec<Impact>,
    ) -> Risk {
        let chance = match self.what {
            What::Flow(flow) => system.chance_of_flow(flow, system.way(self.id), menace),
            What::Component(component) => system.chance_of_component(self.id, component, menace),
        };
        chance.risk(&system.knowledge().risk, impacts)
    }

    /// How much what stands open here raises the likelihood of a cause.
    pub(super) fn weakness(&self, cause: &Cause) -> u32 {
        let What::Flow(flow) = self.what else {
            return 0;
        };
        match flow.sequence {
            Sequence::None => cause.unsequenced,
            Sequence::Required => 0,
        }
    }
}
