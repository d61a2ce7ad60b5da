//! A model seen from its parts: what touches what, and what would be harmed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::knowledge::{Knowledge, Provided};
use crate::model::{Component, ComponentKind, Flow, Model, Randomness};
use crate::policy::Aspect;

mod around;
mod harm;
mod risks;

pub(crate) use around::{Around, Way};
pub(crate) use harm::Harm;
pub(crate) use risks::Menace;

/// A model with the indexes that every method needs.
pub(crate) struct System<'m> {
    pub(crate) model: &'m Model,
    knowledge: Arc<Knowledge>,
    indexes: Indexes<'m>,
    around: BTreeMap<&'m str, Around>,
    nothing_around: Around,
    stakes: harm::Stakes<'m>,
    actions: BTreeSet<&'m str>,
    feedback: BTreeSet<&'m str>,
    provided_everywhere: BTreeSet<Provided>,
}

/// Flows and assets by component, and where each flow goes.
struct Indexes<'m> {
    ways: HashMap<&'m str, Way>,
    flows_of: BTreeMap<&'m str, Vec<(&'m str, &'m Flow)>>,
    assets_of: BTreeMap<&'m str, BTreeSet<&'m str>>,
}

impl<'m> Indexes<'m> {
    fn of(model: &'m Model) -> Self {
        let mut flows_of: BTreeMap<&str, Vec<(&str, &Flow)>> = BTreeMap::new();
        let mut assets_of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (id, flow) in &model.flows {
            let ends = [Some(&flow.from), Some(&flow.to), flow.via.as_ref()];
            for end in ends.into_iter().flatten() {
                flows_of.entry(end).or_default().push((id, flow));
                let assets = flow.assets.iter().map(String::as_str);
                assets_of.entry(end).or_default().extend(assets);
            }
        }
        for (id, asset) in &model.assets {
            for keeper in &asset.stored_in {
                assets_of.entry(keeper).or_default().insert(id);
            }
        }
        let flows = model.flows.iter();
        Indexes {
            ways: flows
                .map(|(id, flow)| (id.as_str(), Way::of(model, flow)))
                .collect(),
            flows_of,
            assets_of,
        }
    }

    fn way(&self, flow: &str) -> Way {
        self.ways.get(flow).copied().unwrap_or_default()
    }
}

impl<'m> System<'m> {
    pub(crate) fn new(model: &'m Model) -> Self {
        let knowledge = model.knowledge();
        let mut indexes = Indexes::of(model);
        let around = Self::surroundings(model, &knowledge, &indexes);
        for (id, way) in &mut indexes.ways {
            let ends = model.flows.get(*id).map(|flow| [&flow.from, &flow.to]);
            let ends = ends.into_iter().flatten();
            let actors = ends.map(|end| {
                around
                    .get(end.as_str())
                    .map_or_else(Default::default, |a| a.actors)
            });
            way.actors = actors
                .reduce(around::Candidates::either)
                .unwrap_or_default();
        }
        let actions = model.control_actions.values();
        let mut system = System {
            model,
            knowledge,
            indexes,
            around,
            nothing_around: Around::default(),
            stakes: harm::Stakes::of(model),
            actions: actions.clone().map(|action| action.flow.as_str()).collect(),
            feedback: actions
                .flat_map(|action| action.feedback.iter().map(String::as_str))
                .collect(),
            provided_everywhere: BTreeSet::new(),
        };
        system.provided_everywhere = Provided::ALL
            .iter()
            .copied()
            .filter(|provided| {
                system.devices_all(|around, found| Self::is_provided(*provided, around, found))
            })
            .collect();
        system
    }

    /// The knowledge in force for this model: ours, with what the model changes of it.
    pub(crate) fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// The same, to be kept.
    pub(crate) fn shared_knowledge(&self) -> Arc<Knowledge> {
        Arc::clone(&self.knowledge)
    }

    fn devices_all(&self, test: impl Fn(&Around, &Component) -> bool) -> bool {
        let mut components = self.model.components.iter();
        components.all(|(id, component)| {
            let is_device = component.kind == ComponentKind::Device;
            // What is bought and never speaks with a gateway is none of the platform's business.
            let is_apart = || component.bought && !self.is_at_gateway(id);
            !is_device || is_apart() || test(self.around(id), component)
        })
    }

    /// Whether a flow of the component passes a gateway or ends at one.
    fn is_at_gateway(&self, id: &str) -> bool {
        let is_gateway = |end: &str| {
            let component = self.model.components.get(end);
            component.is_some_and(|component| component.kind == ComponentKind::Gateway)
        };
        let mut flows = self.flows_of(id).iter();
        flows.any(|(_, flow)| flow.via.is_some() || is_gateway(&flow.from) || is_gateway(&flow.to))
    }

    /// What surrounds a component.
    pub(crate) fn around(&self, component: &str) -> &Around {
        self.around.get(component).unwrap_or(&self.nothing_around)
    }

    /// Whether a component is of kind `device`.
    pub(crate) fn is_device(&self, id: &str) -> bool {
        let component = self.model.components.get(id);
        component.is_some_and(|component| component.kind == ComponentKind::Device)
    }

    /// Whether a component is bought, and someone else builds it.
    pub(crate) fn is_bought(&self, id: &str) -> bool {
        let component = self.model.components.get(id);
        component.is_some_and(|component| component.bought)
    }

    /// Flows that a component sends, receives or passes on.
    pub(crate) fn flows_of(&self, component: &str) -> &[(&'m str, &'m Flow)] {
        self.indexes
            .flows_of
            .get(component)
            .map_or(&[], Vec::as_slice)
    }

    /// Whether a flow carries a control action.
    pub(crate) fn carries_action(&self, flow: &str) -> bool {
        self.actions.contains(flow)
    }

    /// Whether a flow brings feedback to a controller.
    pub(crate) fn carries_feedback(&self, flow: &str) -> bool {
        self.feedback.contains(flow)
    }

    /// Where a flow goes.
    pub(crate) fn way(&self, flow: &str) -> Way {
        self.indexes.way(flow)
    }

    /// The component at which measures for a flow are put to work: its device, else its sender, but neither a person
    /// nor what another organization runs where something of ours takes part.
    pub(crate) fn owner_of(&self, flow: &'m Flow) -> &'m str {
        let ends = [Some(&flow.from), Some(&flow.to), flow.via.as_ref()];
        let ends = || ends.into_iter().flatten();
        let device = ends().find(|end| self.is_device(end));
        let ours = || ends().find(|end| self.is_ours(end));
        device.or_else(ours).unwrap_or(&flow.from)
    }

    /// The component at which measures against a threat to a component are put to work: itself, but for a person or
    /// another organization the one of ours that has to do with it, a device first.
    pub(crate) fn keeper_of(&self, component: &'m str) -> &'m str {
        if self.is_ours(component) {
            return component;
        }
        let flows = self.flows_of(component);
        let peers = || {
            let ends = flows
                .iter()
                .flat_map(|(_, flow)| [Some(&flow.from), Some(&flow.to), flow.via.as_ref()]);
            ends.flatten().map(String::as_str)
        };
        let device = peers().find(|peer| self.is_device(peer));
        let ours = || peers().find(|peer| self.is_ours(peer));
        device.or_else(ours).unwrap_or(component)
    }

    /// Whether measures can be put to work at a component: people and other organizations have none.
    fn is_ours(&self, component: &str) -> bool {
        let component = self.model.components.get(component);
        component.is_some_and(|component| {
            !matches!(
                component.kind,
                ComponentKind::Human | ComponentKind::External
            )
        })
    }

    /// Whether platform or hardware already have a measure at a component.
    pub(crate) fn is_provided(provided: Provided, around: &Around, component: &Component) -> bool {
        let with = |aspect: Aspect| around.connected && around.aspects.contains(&aspect);
        let capabilities = &component.capabilities;
        match provided {
            Provided::Connected => around.connected,
            Provided::Mutual => around.connected && around.mutual,
            Provided::Bounded => with(Aspect::Content),
            Provided::Sequenced => with(Aspect::Sequence),
            Provided::Rated => with(Aspect::Rate),
            Provided::SecureBoot => capabilities.secure_boot == Some(true),
            Provided::Tpm => capabilities.tpm == Some(true),
            Provided::HardwareRandom => capabilities.rng == Some(Randomness::Hardware),
            Provided::Never => false,
        }
    }

    /// Whether platform or hardware have a measure wherever it is needed.
    pub(crate) fn is_provided_everywhere(&self, provided: Provided) -> bool {
        provided != Provided::Never && self.provided_everywhere.contains(&provided)
    }
}

/// Whether a flow says what a correct message looks like.
pub(crate) fn is_bounded(flow: &Flow) -> bool {
    flow.schema.is_some() || !flow.range.is_empty()
}
