//! Manufacturer Usage Description: a device and the peers that its maker says it needs.
//!
//! Source: RFC 8520 sections 2, 3 and 8; access lists of RFC 8519.

use std::collections::{BTreeMap, BTreeSet};

use sekimori_analysis::model::{ComponentKind, LinkProtection, Protocol, Security};

use super::Imported;
use crate::document::{Document, Node, shown};
use crate::draft::{Component, Draft, Flow, Zone};
use crate::refusal::Refusal;

pub(super) fn import(document: &Document) -> Result<Imported, Refusal> {
    let root = document.root();
    let Some(mud) = root.get("ietf-mud:mud") else {
        return Err(Refusal::OtherFormat {
            expected: "ietf-mud:mud".to_owned(),
            observed: root.keys(),
        });
    };
    mud.text("mud-version");
    let title = mud
        .text("systeminfo")
        .or_else(|| mud.text("model-name"))
        .unwrap_or_default();
    let mut draft = Draft::new(&title);
    let field = draft.free("field");
    let outside = draft.free("outside");
    for (id, title) in [
        (&field, "Where the device is"),
        (&outside, "Peers of the device"),
    ] {
        draft.zones.push(Zone {
            id: id.clone(),
            title: title.to_owned(),
        });
    }
    draft.assume(
        &field,
        "a usage description says nothing of places; the device's zone counts as exposed",
        "MUD は設置場所を表さない。機器の区域は誰でも触れられるものとして扱う",
    );
    let device = draft.name("component", "", &title);
    draft.components.push(Component {
        id: device.clone(),
        title: title.clone(),
        kind: ComponentKind::Device,
        zone: field.clone(),
        hosts: Vec::new(),
    });
    let lists = root
        .get("ietf-access-control-list:acls")
        .or_else(|| root.get("ietf-access-control-list:access-lists"));
    let lists = lists.map(|lists| lists.list("acl")).unwrap_or_default();
    let mut by_name = BTreeMap::new();
    for list in &lists {
        if let Some(name) = list.text("name") {
            by_name.entry(name).or_insert(list);
        }
    }
    let mut seen = BTreeSet::new();
    for (policy, direction) in [
        ("from-device-policy", Direction::From),
        ("to-device-policy", Direction::To),
    ] {
        let names = mud
            .at(&[policy, "access-lists"])
            .map(|lists| lists.list("access-list"))
            .unwrap_or_default();
        // A list that is named twice says nothing new the second time.
        let names: BTreeSet<String> = names.iter().filter_map(|name| name.text("name")).collect();
        for name in names {
            match by_name.get(&name) {
                Some(list) => {
                    let places = (device.as_str(), outside.as_str(), field.as_str());
                    entries(&mut draft, list, direction, places, &mut seen);
                }
                None => draft.leave(
                    policy,
                    format!("names no list: {}", shown(&name)),
                    format!("存在しないリスト: {}", shown(&name)),
                ),
            }
        }
    }
    draft.finish(document.left_behind())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    From,
    To,
}

fn entries(
    draft: &mut Draft,
    list: &Node<'_>,
    direction: Direction,
    (device, outside, field): (&str, &str, &str),
    seen: &mut BTreeSet<(String, String, Option<u16>)>,
) {
    list.text("type");
    let entries = list
        .get("aces")
        .map(|aces| aces.list("ace"))
        .unwrap_or_default();
    for entry in entries {
        let name = entry.text("name").unwrap_or_default();
        let action = entry
            .get("actions")
            .and_then(|actions| actions.text("forwarding"));
        if !matches!(action.as_deref(), Some("accept") | None) {
            draft.leave(
                &name,
                "an entry that refuses: what a model does not name is refused anyway",
                "拒否の項目。モデルにない通信は元より拒否される",
            );
            continue;
        }
        let matches = entry.get("matches");
        let Some((peer, zone)) = matches
            .as_ref()
            .and_then(|m| peer(m, direction))
            .map(|peer| match peer {
                Peer::Host(host) => (host, outside),
                Peer::Local(what) => (what, field),
            })
        else {
            draft.leave(
                &name,
                "an entry whose peer has no name here",
                "相手の名前が分からない項目",
            );
            continue;
        };
        let (port, is_udp) = matches
            .as_ref()
            .map(|m| port(m, direction))
            .unwrap_or_default();
        let component = match draft.known("component", &peer) {
            Some(id) => id,
            None => {
                let id = draft.name("component", &peer, &peer);
                draft.components.push(Component {
                    id: id.clone(),
                    title: peer.clone(),
                    kind: ComponentKind::External,
                    zone: zone.to_owned(),
                    hosts: if zone == outside {
                        vec![peer.clone()]
                    } else {
                        Vec::new()
                    },
                });
                id
            }
        };
        let (protocol, is_protected) = by_port(port, is_udp);
        let (from, to) = match direction {
            Direction::From => (device.to_owned(), component),
            Direction::To => (component, device.to_owned()),
        };
        if !seen.insert((from.clone(), to.clone(), port)) {
            continue;
        }
        let id = draft.name("flow", "", &format!("{from}-to-{to}"));
        let security = if is_protected {
            draft.security(&id, true)
        } else {
            Security::Unknown
        };
        draft.assume(
            &id,
            format!(
                "protocol \"{}\" is concluded from the port",
                protocol.word()
            ),
            format!("プロトコル {} はポートからの推定", protocol.word()),
        );
        draft.flows.push(Flow {
            title: id.clone(),
            id,
            from,
            to,
            assets: BTreeSet::new(),
            protocol,
            security,
            link: LinkProtection::None,
            port,
        });
    }
}

enum Peer {
    /// A name in the net.
    Host(String),
    /// Something near the device, by the description's own word.
    Local(String),
}

fn peer(matches: &Node<'_>, direction: Direction) -> Option<Peer> {
    let key = match direction {
        Direction::From => "ietf-acldns:dst-dnsname",
        Direction::To => "ietf-acldns:src-dnsname",
    };
    let network = match direction {
        Direction::From => ["destination-ipv4-network", "destination-ipv6-network"],
        Direction::To => ["source-ipv4-network", "source-ipv6-network"],
    };
    for family in ["ipv4", "ipv6"] {
        if let Some(node) = matches.get(family) {
            node.text("protocol");
            if let Some(name) = node
                .text(key)
                .or_else(|| network.iter().find_map(|key| node.text(key)))
            {
                return Some(Peer::Host(name));
            }
        }
    }
    let mud = matches.get("ietf-mud:mud")?;
    for key in [
        "controller",
        "my-controller",
        "local-networks",
        "same-manufacturer",
        "manufacturer",
        "model",
    ] {
        if let Some(node) = mud.get(key) {
            node.take();
            let text = node.take().as_str().map(str::to_owned);
            let name = match text {
                Some(text) if !text.is_empty() => format!("{key} {text}"),
                _ => key.to_owned(),
            };
            return Some(Peer::Local(name));
        }
    }
    None
}

fn port(matches: &Node<'_>, direction: Direction) -> (Option<u16>, bool) {
    for (family, is_udp) in [("tcp", false), ("udp", true)] {
        let Some(node) = matches.get(family) else {
            continue;
        };
        node.text("ietf-mud:direction-initiated");
        let key = match direction {
            Direction::From => "destination-port",
            Direction::To => "source-port",
        };
        let port = node.get(key).and_then(|range| {
            range.text("operator");
            range.text("port").or_else(|| range.text("lower-port"))
        });
        return (port.and_then(|port| port.parse().ok()), is_udp);
    }
    (None, false)
}

/// What usually speaks at a port.
fn by_port(port: Option<u16>, is_udp: bool) -> (Protocol, bool) {
    match (port, is_udp) {
        (Some(8883), false) => (Protocol::Mqtt, true),
        (Some(1883), false) => (Protocol::Mqtt, false),
        (Some(443 | 8443), false) => (Protocol::Https, true),
        (Some(80 | 8080), false) => (Protocol::Https, false),
        (Some(5684), true) => (Protocol::Coap, true),
        (Some(5683), true) => (Protocol::Coap, false),
        (Some(502), false) => (Protocol::Modbus, false),
        (Some(4840), false) => (Protocol::Opcua, false),
        _ => (Protocol::Other, false),
    }
}
