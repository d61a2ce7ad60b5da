//! A countermeasure at one place, before it is known whether it is chosen.

use super::cost::Parts;
use crate::knowledge::{Measure, Place, Provided};
use crate::model::{ComponentKind, Flow, Security};
use crate::policy::aspect;
use crate::system::System;

/// A countermeasure at one place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Instance<'k> {
    pub(crate) measure: &'k Measure,
    pub(crate) at: Option<String>,
    pub(crate) parts: Parts,
    pub(crate) provided: bool,
    /// Instances that have to be there, too.
    pub(crate) requires: Vec<String>,
    /// Instances that cannot be there.
    pub(crate) conflicts: Vec<String>,
    /// A measure that it needs and that cannot be had at all.
    pub(crate) lacks: Option<String>,
}

/// Where something is put to work.
#[derive(Clone, Copy)]
pub(crate) struct Spot<'a> {
    pub(crate) component: &'a str,
    /// The flow that it is about, with its id.
    pub(crate) flow: Option<(&'a str, &'a Flow)>,
}

impl Instance<'_> {
    /// `CM-ENC@sensor`, or `CM-FLOOD@all`.
    pub(super) fn name(&self) -> String {
        named(self.at.as_deref(), &self.measure.id)
    }
}

/// What an instance is called.
pub(super) fn named(at: Option<&str>, measure: &str) -> String {
    format!("{measure}@{}", at.unwrap_or("all"))
}

/// The measure `id` with where it would stand for a spot, and whether it is there already; [`None`] where it makes no
/// sense on the component.
pub(super) fn offered<'k, 'a>(
    system: &'k System<'_>,
    id: &str,
    spot: Spot<'a>,
) -> Option<(&'k Measure, Option<&'a str>, bool)> {
    let measure = system.knowledge().measures.get(id)?;
    let (at, provided) = place(system, measure, spot);
    let component = at.and_then(|at| system.model.components.get(at));
    let suits = component.is_none_or(|component| measure.suits(component));
    suits.then_some((measure, at, provided))
}

/// A measure as it is [`offered`] for a spot.
///
/// What a flow of the model must say, as its rate, and does not, is an instance at that flow; so is protection that it
/// declares and that the gateway does not decide about: it is there, and someone states so.
pub(crate) fn instance<'k>(
    system: &'k System<'_>,
    measure: &'k Measure,
    (at, provided): (Option<&str>, bool),
    spot: Spot<'_>,
) -> Instance<'k> {
    let component = at.and_then(|at| system.model.components.get(at));
    let is_declared = provided && component.is_none() && at.is_some();
    let devices = component.filter(|component| component.kind == ComponentKind::Device);
    let units = devices.map_or(0, |component| component.count);
    let beside = Spot { flow: None, ..spot };
    let mut instance = Instance {
        parts: Parts::of(measure, provided, units, &system.model.cost),
        measure,
        provided,
        requires: Vec::new(),
        conflicts: Vec::new(),
        lacks: None,
        at: at.map(str::to_owned),
    };
    if is_declared {
        // The flow has it with all that it needs.
        return instance;
    }
    for needed in &measure.requires {
        match system.knowledge().measures.get(needed) {
            Some(needed) => {
                let (at, _) = place(system, needed, beside);
                instance.requires.push(named(at, &needed.id));
            }
            None => instance.lacks = Some(needed.clone()),
        }
    }
    for other in &measure.conflicts {
        if let Some(other) = system.knowledge().measures.get(other) {
            let (at, _) = place(system, other, beside);
            instance.conflicts.push(named(at, &other.id));
        }
    }
    instance
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

/// Where a measure is: component, flow or [`None`] for everywhere; and whether it is there already.
fn place<'a>(system: &System<'_>, measure: &Measure, spot: Spot<'a>) -> (Option<&'a str>, bool) {
    if let Some((id, flow)) = spot.flow
        && !system.is_enforced(flow)
        && is_declared(flow, &measure.id)
    {
        return (Some(id), true);
    }
    if let (Some((id, flow)), Some(aspect)) = (spot.flow, aspect(&measure.id))
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
        let provided = system.is_provided(measure.provided, spot.component);
        (Some(spot.component), provided)
    }
}
