//! What surrounds a component: computed once, because every rule and every cell asks for it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Indexes, System};
use crate::knowledge::{ActorSet, Knowledge};
use crate::model::{
    AssetKind, Component, ComponentKind, Flow, Interface, Model, Network, Protocol, Proven,
};
use crate::policy::Aspect;

/// What the model says of the neighborhood of one component.
#[derive(Clone, Debug, Default)]
pub(crate) struct Around {
    /// It sends, receives or passes on.
    pub(crate) speaks: bool,
    /// One of its flows crosses a trust boundary, and is not carried by people.
    pub(crate) crossed: bool,
    /// Others can come to one of its flows.
    pub(crate) reached: bool,
    /// The most open network that it or its peers are on.
    pub(crate) network: Option<Network>,
    /// One of those that cross is not protected.
    pub(crate) open_way: bool,
    /// A person or an app speaks with it.
    pub(crate) used_by_people: bool,
    /// A flow brings it an asset.
    pub(crate) receives_asset: bool,
    /// Kinds of the assets that it keeps.
    pub(crate) keeps: BTreeSet<AssetKind>,
    /// It keeps an asset that tells something about a person.
    pub(crate) keeps_personal: bool,
    /// It runs a controller.
    pub(crate) controls: bool,
    /// It is under control.
    pub(crate) controlled: bool,
    /// The gateway decides about one of its flows, and no other is open.
    pub(crate) connected: bool,
    /// Every flow about which the gateway does not decide, and that people do not carry, proves both ends.
    pub(crate) mutual: bool,
    /// Tests that some flow about which the gateway decides has.
    pub(crate) aspects: BTreeSet<Aspect>,
    /// Who would attack it.
    pub(crate) actors: Candidates,
}

/// What the model says of where a flow goes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Way {
    /// The two ends of any part of it are in different zones.
    pub(crate) crosses: bool,
    /// Others can come to it: it crosses a trust boundary, or is a radio in a public zone.
    pub(crate) reachable: bool,
    /// It goes over the air.
    pub(crate) radio: bool,
    /// The most open network among the zones of its ends.
    pub(crate) network: Option<Network>,
    /// The gateway decides about it: MQTT over TLS 1.3 between a device and a gateway.
    pub(crate) enforced: bool,
    /// Who would attack it: those who would attack either end.
    pub(crate) actors: Candidates,
}

impl Way {
    pub(super) fn of(model: &Model, flow: &Flow) -> Self {
        let (crosses, radio) = (crosses(model, flow), is_radio(model, flow));
        let network = network_of(model, flow);
        let is_on_air = radio && network == Some(Network::Public);
        Way {
            crosses,
            // What people carry goes through no network.
            reachable: !flow.is_by_people() && (crosses || is_on_air),
            radio,
            network,
            enforced: is_enforced(model, flow),
            actors: Candidates::default(),
        }
    }
}

/// Who would attack, and how we know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Candidates {
    /// Nothing says so: anyone.
    #[default]
    Anyone,
    /// Its device class, or the sector, names these among others.
    Usual(ActorSet),
    /// The model names these and no others.
    Named(ActorSet),
}

impl Candidates {
    /// Those who would attack either of two.
    pub(crate) fn either(self, other: Self) -> Self {
        use Candidates::{Anyone, Named, Usual};
        match (self, other) {
            (Named(a), Named(b)) => Named(a.union(b)),
            (Named(a), _) | (_, Named(a)) => Named(a),
            (Usual(a), Usual(b)) => Usual(a.union(b)),
            (Usual(a), Anyone) | (Anyone, Usual(a)) => Usual(a),
            (Anyone, Anyone) => Anyone,
        }
    }
}

impl<'m> System<'m> {
    /// What surrounds every component.
    pub(super) fn surroundings(
        model: &'m Model,
        knowledge: &Knowledge,
        indexes: &Indexes<'m>,
    ) -> BTreeMap<&'m str, Around> {
        let mut all: BTreeMap<&str, Around> = model
            .components
            .iter()
            .map(|(id, component)| (id.as_str(), alone(model, knowledge, component)))
            .collect();
        for asset in model.assets.values() {
            for keeper in &asset.stored_in {
                if let Some(around) = all.get_mut(keeper.as_str()) {
                    around.keeps.insert(asset.kind);
                    around.keeps_personal |= asset.personal;
                }
            }
        }
        for controller in model.controllers.values() {
            if let Some(around) = all.get_mut(controller.component.as_str()) {
                around.controls = true;
            }
            if let Some(around) = all.get_mut(controller.process.as_str()) {
                around.controlled = true;
            }
        }
        for (id, around) in &mut all {
            let flows = indexes.flows_of.get(id).map_or(&[][..], Vec::as_slice);
            among(model, id, flows, indexes, around);
        }
        all
    }
}

fn alone(model: &Model, knowledge: &Knowledge, component: &Component) -> Around {
    Around {
        network: model.zones.get(&component.zone).map(|zone| zone.network),
        actors: candidates(model, knowledge, component),
        ..Around::default()
    }
}

fn among(
    model: &Model,
    id: &str,
    flows: &[(&str, &Flow)],
    indexes: &Indexes<'_>,
    around: &mut Around,
) {
    around.speaks = !flows.is_empty();
    let mut enforced = false;
    let mut open = false;
    around.mutual = true;
    for (flow_id, flow) in flows {
        let way = indexes.way(flow_id);
        around.crossed |= !flow.is_by_people() && way.crosses;
        around.reached |= way.reachable;
        around.open_way |= way.reachable && flow.is_bare();
        around.network = around.network.min(way.network);
        around.receives_asset |= flow.to == id && !flow.assets.is_empty();
        let peers = [&flow.from, &flow.to].into_iter().filter(|end| *end != id);
        for peer in peers {
            let kind = model.components.get(peer).map(|peer| peer.kind);
            around.used_by_people |=
                matches!(kind, Some(ComponentKind::Human | ComponentKind::App));
        }
        if way.enforced {
            enforced = true;
            let aspects = Aspect::ALL.iter().filter(|aspect| aspect.is_in(flow, id));
            around.aspects.extend(aspects);
        } else {
            // A key that many share says nothing about who speaks.
            let is_proven = flow.is_by_people() || flow.protection().proven >= Proven::OneEnd;
            open |= flow.is_bare() || !is_proven;
            around.mutual &= flow.is_by_people() || flow.protection().proven == Proven::BothEnds;
        }
    }
    around.connected = enforced && !open;
}

/// The model's actors, else those of the device class, else those of the classes of the sector.
fn candidates(model: &Model, knowledge: &Knowledge, component: &Component) -> Candidates {
    if !model.actors.is_empty() {
        return Candidates::Named(model.actors.iter().copied().collect());
    }
    let class = component.csa_class.as_ref();
    let classes: Vec<_> = match class.and_then(|id| knowledge.csa_classes.get(id)) {
        Some(class) => vec![class],
        None => {
            let classes = knowledge.csa_classes.values();
            let sector = model.sector;
            classes
                .filter(|class| Some(class.sector) == sector)
                .collect()
        }
    };
    let threats = classes.iter().flat_map(|class| &class.threats);
    let actors: ActorSet = threats.filter_map(|threat| threat.actor).collect();
    if actors.is_empty() {
        Candidates::Anyone
    } else {
        Candidates::Usual(actors)
    }
}

/// Whether the two ends of any part of a flow are in different zones.
fn crosses(model: &Model, flow: &Flow) -> bool {
    let zone = |id: &str| model.components.get(id).map(|c| c.zone.as_str());
    let from = zone(&flow.from);
    let via = flow.via.as_deref().and_then(zone).or(from);
    from != via || via != zone(&flow.to)
}

/// Whether a flow goes over the air: by its protocol, by the protection of its link, or because an end has radios and
/// no wire.
fn is_radio(model: &Model, flow: &Flow) -> bool {
    let on_air = |end: &String| {
        let component = model.components.get(end);
        component.is_some_and(|component| {
            let wired = [Interface::Ethernet, Interface::Uart];
            let interfaces = &component.interfaces;
            interfaces.iter().any(|i| i.is_radio())
                && !wired.iter().any(|wire| interfaces.contains(wire))
        })
    };
    match flow.protocol {
        Protocol::Ble | Protocol::Lorawan | Protocol::Zigbee => true,
        // People's talk and serial lines are never on the air, whatever else the ends have.
        Protocol::Serial | Protocol::Modbus | Protocol::Human => false,
        _ => flow.link.is_of_radio() || on_air(&flow.from) || on_air(&flow.to),
    }
}

/// The most open network among the zones of a flow's ends.
fn network_of(model: &Model, flow: &Flow) -> Option<Network> {
    let ends = [Some(&flow.from), Some(&flow.to), flow.via.as_ref()];
    let components = ends
        .into_iter()
        .flatten()
        .filter_map(|id| model.components.get(id));
    let zones = components.filter_map(|component| model.zones.get(&component.zone));
    // The vocabulary goes from the most open to the most closed.
    zones.map(|zone| zone.network).min()
}

/// Whether the gateway decides about the flow: MQTT over TLS 1.3 between a device and a gateway.
fn is_enforced(model: &Model, flow: &Flow) -> bool {
    use crate::model::Security;
    let kind = |id: &str| model.components.get(id).map(|c| c.kind);
    let ends = [kind(&flow.from), kind(&flow.to)];
    let passes = flow.via.is_some() || ends.contains(&Some(ComponentKind::Gateway));
    flow.protocol == Protocol::Mqtt
        && flow.security == Security::Tls13
        && passes
        && ends.contains(&Some(ComponentKind::Device))
}
