//! Manufacturer Usage Description: whom a device speaks with, for the network that it stands in.
//!
//! Source: RFC 8520 sections 2, 3 and 8; access lists of RFC 8519.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sekimori_analysis::language::{Language, Text};
use sekimori_analysis::model::{Component, Flow, Model, Protocol, Security};
use serde_json::{Map, Value, json};

use crate::note::{Note, NoteKind};

/// How many hours a network may keep the description (RFC 8520 section 3.5).
const CACHE_HOURS: u32 = 48;
/// Longest `systeminfo` (RFC 8520 section 3.8).
const MAX_INFO: usize = 60;

pub(super) fn document(
    model: &Model,
    (device, component): (&str, &Component),
    url: &str,
    at: Timestamp,
    language: Language,
) -> (Value, Vec<Note>) {
    let mut notes = Vec::new();
    let peers = peers(model, device, &mut notes);
    let lists = [
        ("from", "ipv4"),
        ("to", "ipv4"),
        ("from", "ipv6"),
        ("to", "ipv6"),
    ];
    let name = |direction: &str, family: &str| format!("{device}-{direction}-{family}");
    let acls: Vec<Value> = lists
        .iter()
        .map(|(direction, family)| {
            json!({
                "name": name(direction, family),
                "type": format!("{family}-acl-type"),
                "aces": { "ace": entries(&peers, direction, family) },
            })
        })
        .collect();
    let policy = |direction: &str| {
        let names = ["ipv4", "ipv6"].map(|family| json!({ "name": name(direction, family) }));
        json!({ "access-lists": { "access-list": names } })
    };
    let info: String = component
        .title
        .of(language)
        .chars()
        .take(MAX_INFO)
        .collect();
    let document = json!({
        "ietf-mud:mud": {
            "mud-version": 1,
            "mud-url": url,
            "last-update": at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
            "cache-validity": CACHE_HOURS,
            "is-supported": true,
            "systeminfo": info,
            "from-device-policy": policy("from"),
            "to-device-policy": policy("to"),
        },
        "ietf-access-control-list:acls": { "acl": acls },
    });
    (document, notes)
}

/// One peer at one port.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Peer {
    host: Option<String>,
    port: Option<u16>,
    is_udp: bool,
}

fn peers(model: &Model, device: &str, notes: &mut Vec<Note>) -> BTreeSet<Peer> {
    let mut peers = BTreeSet::new();
    for (id, flow) in &model.flows {
        let Some(end) = flow.peer_of(device) else {
            continue;
        };
        let (port, is_udp) = match port(flow) {
            Some((port, is_udp)) => (Some(port), is_udp),
            None if is_ip(flow.protocol) => {
                notes.push(note(
                    id,
                    "no `port` given: any port of the peer",
                    "port の記載なし: 相手の全ポート",
                ));
                (None, false)
            }
            None => {
                notes.push(note(
                    id,
                    "no Internet protocol: not in the description",
                    "IP 通信ではない: 記述に含めない",
                ));
                continue;
            }
        };
        let hosts = model.components.get(end).map(|component| &component.hosts);
        let hosts: Vec<&String> = hosts.into_iter().flatten().collect();
        if hosts.is_empty() {
            notes.push(note(
                end,
                "no `hosts` given: written as my-controller, which the network has to resolve",
                "hosts の記載なし: my-controller と書いた。網の側で解決が要る",
            ));
            peers.insert(Peer {
                host: None,
                port,
                is_udp,
            });
        }
        for host in hosts {
            if is_dns_name(host) {
                peers.insert(Peer {
                    host: Some(host.clone()),
                    port,
                    is_udp,
                });
            } else {
                // RFC 8520 section 5 allows no addresses beside names: they change owner.
                notes.push(note(
                    end,
                    "an address is no name: a usage description may hold names only",
                    "アドレスは書けない: MUD には名前だけを書ける",
                ));
            }
        }
    }
    notes.sort();
    notes.dedup();
    peers
}

fn note(place: &str, en: &str, ja: &str) -> Note {
    Note {
        kind: NoteKind::NotCarriedOver,
        place: place.to_owned(),
        text: Text::new(en, ja),
    }
}

/// The port that a flow states, or the usual one of its protocol.
fn port(flow: &Flow) -> Option<(u16, bool)> {
    let is_udp = flow.protocol == Protocol::Coap;
    if let Some(port) = flow.port {
        return Some((port, is_udp));
    }
    let is_open = matches!(flow.security, Security::None);
    match flow.protocol {
        Protocol::Mqtt => Some((if is_open { 1883 } else { 8883 }, false)),
        Protocol::Https => Some((if is_open { 80 } else { 443 }, false)),
        Protocol::Coap => Some((
            match flow.security {
                Security::Dtls12 | Security::Dtls13 => 5684,
                _ => 5683,
            },
            true,
        )),
        Protocol::Modbus => Some((502, false)),
        Protocol::Opcua => Some((4840, false)),
        _ => None,
    }
}

fn is_ip(protocol: Protocol) -> bool {
    matches!(
        protocol,
        Protocol::Mqtt
            | Protocol::Https
            | Protocol::Coap
            | Protocol::Modbus
            | Protocol::Opcua
            | Protocol::Other
    )
}

fn is_dns_name(host: &str) -> bool {
    let is_address =
        host.contains([':', '/']) || host.split('.').all(|part| part.parse::<u8>().is_ok());
    !is_address
        && host
            .split('.')
            .all(|label| !label.is_empty() && label.len() <= 63)
}

fn entries(peers: &BTreeSet<Peer>, direction: &str, family: &str) -> Vec<Value> {
    let is_from = direction == "from";
    let peers = peers.iter().enumerate();
    peers
        .map(|(index, peer)| {
            let mut matches = Map::new();
            let transport = if peer.is_udp { "udp" } else { "tcp" };
            match &peer.host {
                Some(host) => {
                    let key = if is_from {
                        "ietf-acldns:dst-dnsname"
                    } else {
                        "ietf-acldns:src-dnsname"
                    };
                    let number = if peer.is_udp { 17 } else { 6 };
                    matches.insert(family.to_owned(), json!({ key: host, "protocol": number }));
                }
                None => {
                    matches.insert(
                        "ietf-mud:mud".to_owned(),
                        json!({ "my-controller": [null] }),
                    );
                }
            }
            let mut ports = Map::new();
            if !peer.is_udp {
                ports.insert(
                    "ietf-mud:direction-initiated".to_owned(),
                    Value::from("from-device"),
                );
            }
            if let Some(port) = peer.port {
                let key = if is_from {
                    "destination-port"
                } else {
                    "source-port"
                };
                ports.insert(key.to_owned(), json!({ "operator": "eq", "port": port }));
            }
            if !ports.is_empty() {
                matches.insert(transport.to_owned(), Value::Object(ports));
            }
            json!({
                "name": format!("{direction}-{index}-{family}"),
                "matches": matches,
                "actions": { "forwarding": "accept" },
            })
        })
        .collect()
}
