//! Whom devices of a role speak with, from the flows of the model.

use std::collections::{BTreeMap, BTreeSet};

use sekimori_policy as enforced;

use crate::requirements::Requirement;
use crate::system::System;

/// The rule key under which requirements name the peers of their roles.
pub(crate) const PEERS: &str = "peers";

/// Component at the other end, protocol and port.
type Way<'s> = (&'s str, &'s str, Option<u16>);
/// Whether the gateway decides about every flow on a way, and those flows.
type Use<'s> = (bool, BTreeSet<&'s str>);

/// The other ends of everything that a device of `role` sends or receives, in order of id, protocol and port.
///
/// Whoever is behind the gateway is no peer: the device speaks with the gateway. The gateway decides about every
/// message on its own way; for any other peer, and for keeping the device from peers that are not listed, the
/// network between them has to see to it.
pub(super) fn of_role(
    system: &System<'_>,
    role: &str,
    requirements: &[Requirement],
) -> Vec<enforced::Peer> {
    let mut peers: BTreeMap<Way<'_>, Use<'_>> = BTreeMap::new();
    for (id, flow) in system.flows_of(role) {
        let Some(other) = flow.peer_of(role) else {
            continue;
        };
        let key = (other, flow.protocol.word(), flow.port);
        let peer = peers.entry(key).or_insert((true, BTreeSet::new()));
        peer.0 &= system.way(id).enforced;
        peer.1.insert(*id);
    }
    let of_peers = |requirement: &&Requirement| {
        requirement.rules.iter().any(|key| key == PEERS) && requirement.at.as_deref() == Some(role)
    };
    let always: Vec<&str> = requirements
        .iter()
        .filter(of_peers)
        .map(|requirement| requirement.id.as_str())
        .collect();
    peers
        .into_iter()
        .map(|((component, protocol, port), (is_enforced, flows))| {
            let serving = requirements.iter().filter(|requirement| {
                let mut clauses = requirement.clauses.iter();
                let clause = clauses.any(|c| c.role == role && flows.contains(c.flow.as_str()));
                let mut asked = flows.iter();
                clause || asked.any(|flow| requirement.id == format!("REQ-FLOW-{flow}"))
            });
            let ids = serving.map(|requirement| requirement.id.as_str());
            let ids: BTreeSet<&str> = ids.chain(always.iter().copied()).collect();
            let hosts = system.model.components.get(component).map(|c| &c.hosts);
            enforced::Peer {
                component: component.to_owned(),
                protocol: protocol.to_owned(),
                port,
                hosts: hosts.into_iter().flatten().cloned().collect(),
                requirement: ids.into_iter().map(str::to_owned).collect(),
                enforced: is_enforced,
            }
        })
        .collect()
}
