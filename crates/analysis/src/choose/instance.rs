//! A countermeasure at one place, before it is known whether it is chosen.

use std::sync::Arc;

use super::cost::Parts;
use crate::knowledge::{Measure, Place, Provided};
use crate::model::{Component, ComponentKind, Flow, Security};
use crate::policy::aspect;
use crate::system::{Around, System};

/// A countermeasure at one place.
pub(super) struct Instance<'k> {
    /// `CM-ENC@sensor`, or `CM-FLOOD@all`.
    pub(super) name: Arc<str>,
    pub(super) measure: &'k Measure,
    pub(super) at: Option<&'k str>,
    pub(super) parts: Parts,
    pub(super) provided: bool,
    /// Whether it has all that it needs by itself.
    pub(super) is_whole: bool,
    /// Numbers of the offers that have to be there, too.
    pub(super) requires: Vec<usize>,
    /// Measures and places that cannot be there.
    pub(super) conflicts: Vec<(&'k str, Option<&'k str>)>,
    /// Whether it needs a measure that cannot be had at all.
    pub(super) lacks: bool,
}

/// Where something is put to work.
#[derive(Clone, Copy)]
pub(super) struct Spot<'k> {
    component: &'k str,
    found: &'k Component,
    around: &'k Around,
    /// The flow that it is about, with its id.
    flow: Option<(&'k str, &'k Flow)>,
    /// Whether the gateway decides about that flow.
    is_enforced: bool,
}

impl<'k> Spot<'k> {
    /// At a component, against something on `element`: a flow, or the component itself.
    pub(super) fn of(system: &'k System<'k>, component: &str, element: &str) -> Option<Self> {
        let spot = Spot::at(system, component)?;
        let flow = system.model.flows.get_key_value(element);
        Some(match flow {
            Some((id, flow)) => spot.about(system, id, flow),
            None => spot,
        })
    }

    /// At a component.
    pub(super) fn at(system: &'k System<'k>, component: &str) -> Option<Self> {
        let (component, found) = system.model.components.get_key_value(component)?;
        Some(Spot {
            component,
            found,
            around: system.around(component),
            flow: None,
            is_enforced: false,
        })
    }

    /// The same, about a flow.
    pub(super) fn about(self, system: &System<'k>, id: &'k str, flow: &'k Flow) -> Self {
        Spot {
            flow: Some((id, flow)),
            is_enforced: system.way(id).enforced,
            ..self
        }
    }

    /// The same, about no flow.
    pub(super) fn beside(self) -> Self {
        Spot { flow: None, ..self }
    }

    /// Whether both are the same.
    pub(super) fn is(&self, other: Self) -> bool {
        let flow = |spot: &Self| spot.flow.map(|(id, _)| id);
        self.component == other.component && flow(self) == flow(&other)
    }

    /// Where a measure is: component, flow or [`None`] for everywhere; and whether it is there already.
    ///
    /// What a flow of the model must say, as its rate, and does not, is a measure at that flow; so is protection that it
    /// declares and that the gateway does not decide about: it is there, and someone states so.
    pub(super) fn place(self, system: &System<'k>, measure: &Measure) -> (Option<&'k str>, bool) {
        if let Some((id, flow)) = self.flow
            && !self.is_enforced
            && is_declared(flow, &measure.id)
        {
            return (Some(id), true);
        }
        if let (Some((id, flow)), Some(aspect)) = (self.flow, aspect(&measure.id))
            && !flow.is_by_people()
            && !aspect.is_in(flow, &flow.from)
        {
            return (Some(id), false);
        }
        let is_everywhere = match measure.place {
            Place::Vendor => true,
            Place::Gateway => matches!(measure.provided, Provided::Connected | Provided::Never),
            Place::Device => false,
        };
        if is_everywhere {
            (None, system.is_provided_everywhere(measure.provided))
        } else {
            let is_there = System::is_provided(measure.provided, self.around, self.found);
            (Some(self.component), is_there)
        }
    }
}

impl<'k> Instance<'k> {
    /// A measure at its [`place`](Spot::place) for a spot, before it is known what it needs.
    pub(super) fn of(
        system: &'k System<'k>,
        measure: &'k Measure,
        (at, provided): (Option<&'k str>, bool),
        spot: Spot<'k>,
    ) -> Self {
        let component = at.and_then(|at| system.model.components.get(at));
        let devices = component.filter(|component| component.kind == ComponentKind::Device);
        let units = devices.map_or(0, |component| component.count);
        // A flow that declares a measure has it with all that it needs.
        let is_whole = provided && component.is_none() && at.is_some();
        let known = |id: &String| system.knowledge().measures.get(id);
        let conflicts = measure.conflicts.iter().filter_map(known);
        let conflicts = conflicts.map(|other| {
            let (at, _) = spot.beside().place(system, other);
            (other.id.as_str(), at)
        });
        Instance {
            name: [&measure.id, "@", at.unwrap_or("all")].concat().into(),
            parts: Parts::of(measure, provided, units, &system.model.cost),
            measure,
            at,
            provided,
            is_whole,
            requires: Vec::new(),
            conflicts: if is_whole {
                Vec::new()
            } else {
                conflicts.collect()
            },
            lacks: !is_whole && measure.requires.iter().any(|id| known(id).is_none()),
        }
    }
}

/// Whether the protection that the model declares of a flow is, or contains, a measure.
fn is_declared(flow: &Flow, measure: &str) -> bool {
    let protection = flow.protection();
    let is_whole = protection.confidential && protection.intact;
    match measure {
        "CM-ENC" | "CM-KEYROT" => is_whole,
        // The older version knows ciphers that are no longer sound.
        "CM-SECPROTO" => is_whole && flow.security != Security::Dtls12,
        // It protects each message from end to end and counts them.
        "CM-E2E" | "CM-REPLAY" => flow.security == Security::Oscore,
        _ => false,
    }
}
