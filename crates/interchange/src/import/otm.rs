//! Open Threat Model: trust zones, components, data flows, assets; its threats and mitigations are told by name.

use std::collections::{BTreeMap, BTreeSet};

use sekimori_analysis::model::{ComponentKind, Level, LinkProtection, Protocol, Security};

use super::Imported;
use super::shared::{kind_of_word, level_of_percent, link_of_words, protocol_of_word};
use crate::document::{Document, Node, shown};
use crate::draft::{Asset, Component, Draft, Flow, Zone};
use crate::refusal::Refusal;

pub(super) fn import(document: &Document) -> Result<Imported, Refusal> {
    let root = document.root();
    if !root.has("otmVersion") {
        return Err(Refusal::OtherFormat {
            expected: "otmVersion".to_owned(),
            observed: root.keys(),
        });
    }
    root.text("otmVersion");
    let project = root.get("project");
    let text = |key: &str| project.as_ref().and_then(|project| project.text(key));
    let mut draft = Draft::new(&text("name").unwrap_or_default());
    text("id");
    for node in root.list("trustZones") {
        let (foreign, title) = identity(&node);
        let id = draft.name("zone", &foreign, &title);
        draft.zones.push(Zone { id, title });
    }
    assets(&mut draft, &root);
    components(&mut draft, &root);
    for node in root.list("dataflows") {
        flow(&mut draft, &node);
    }
    named_only(&mut draft, &root, "threats", "threat", "脅威");
    named_only(&mut draft, &root, "mitigations", "mitigation", "対策");
    draft.finish(document.left_behind())
}

fn identity(node: &Node<'_>) -> (String, String) {
    let title = node.text("name").unwrap_or_default();
    let foreign = node.text("id").unwrap_or_else(|| title.clone());
    (foreign, title)
}

fn assets(draft: &mut Draft, root: &Node<'_>) {
    for node in root.list("assets") {
        let (foreign, title) = identity(&node);
        let id = draft.name("asset", &foreign, &title);
        let risk = node.get("risk");
        let rated = |key: &str| risk.as_ref().and_then(|risk| risk.number(key));
        let cia = ["confidentiality", "integrity", "availability"].map(|key| match rated(key) {
            Some(percent) => level_of_percent(percent),
            None => {
                draft.assume(
                    &id,
                    format!("no {key} given: high"),
                    format!("{key} の記載なし: high とした"),
                );
                Level::High
            }
        });
        draft.add_asset(Asset {
            id,
            title,
            cia,
            personal: false,
            stored_in: BTreeSet::new(),
        });
    }
}

fn components(draft: &mut Draft, root: &Node<'_>) {
    let mut parents = BTreeMap::new();
    let mut zones = BTreeMap::new();
    let nodes = root.list("components");
    for node in &nodes {
        let foreign = node
            .get("id")
            .and_then(|id| id.take().as_str())
            .unwrap_or_default();
        let parent = node.get("parent");
        let text = |key: &str| parent.as_ref().and_then(|parent| parent.text(key));
        if let Some(zone) = text("trustZone") {
            zones.insert(foreign.to_owned(), zone);
        }
        if let Some(component) = text("component") {
            parents.insert(foreign.to_owned(), component);
        }
    }
    let (own_parts, zones_of) = (own_parts(&parents), zones_of(&parents, &zones));
    for node in &nodes {
        let (foreign, title) = identity(node);
        let id = draft.name("component", &foreign, &title);
        if own_parts.contains(foreign.as_str()) {
            draft.leave(
                &id,
                "the source makes it a part of itself; here it is a part of nothing",
                "元の文書では自分自身の一部になっている。ここではどの部品の一部ともしない",
            );
        } else if let Some(parent) = parents.get(&foreign) {
            draft.leave(
                &id,
                format!(
                    "it is a part of {}; here it stands beside it in the same zone",
                    shown(parent)
                ),
                format!("{} の一部。ここでは同じ区域に並べて置く", shown(parent)),
            );
        }
        let inherited = zones_of.get(foreign.as_str()).copied().flatten();
        let zone = zones.get(&foreign).map(String::as_str).or(inherited);
        let zone = match zone.and_then(|zone| draft.known("zone", zone)) {
            Some(zone) => zone,
            None => draft.nowhere(),
        };
        let word = node.text("type").unwrap_or_default();
        let kind = kind_of_word(&word).unwrap_or(ComponentKind::Service);
        if let Some(kept) = node.get("assets") {
            for asset in kept.texts("stored") {
                if !draft.keep(&asset, &id) {
                    draft.leave(
                        &id,
                        format!("unknown asset {}", shown(&asset)),
                        format!("未知の資産 {}", shown(&asset)),
                    );
                }
            }
        }
        draft.components.push(Component {
            id,
            title,
            kind,
            zone,
            hosts: Vec::new(),
        });
    }
}

/// Components that their own parents lead back to.
fn own_parts(parents: &BTreeMap<String, String>) -> BTreeSet<&str> {
    let mut own = BTreeSet::new();
    // By which walk a component was seen; nobody is walked twice, because a chain may be long.
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (walk, start) in parents.keys().enumerate() {
        let mut at = Some(start.as_str());
        while let Some(component) = at.filter(|component| !seen.contains_key(component)) {
            seen.insert(component, walk);
            at = parents.get(component).map(String::as_str);
        }
        let mut closes = at.filter(|component| seen.get(component) == Some(&walk));
        while let Some(component) = closes.filter(|component| own.insert(*component)) {
            closes = parents.get(component).map(String::as_str);
        }
    }
    own
}

/// The zone of each component that is a part of another: its own, or the one that its parents lead to.
fn zones_of<'m>(
    parents: &'m BTreeMap<String, String>,
    zones: &'m BTreeMap<String, String>,
) -> BTreeMap<&'m str, Option<&'m str>> {
    let mut settled: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for start in parents.keys() {
        let mut path = Vec::new();
        let mut at = start.as_str();
        let zone = loop {
            if let Some(zone) = zones.get(at) {
                break Some(zone.as_str());
            }
            if let Some(known) = settled.get(at) {
                break *known;
            }
            // Until more is known; whoever comes back here goes in a circle.
            settled.insert(at, None);
            path.push(at);
            match parents.get(at) {
                Some(parent) => at = parent,
                None => break None,
            }
        };
        settled.insert(start, zone);
        settled.extend(path.into_iter().map(|component| (component, zone)));
    }
    settled
}

fn flow(draft: &mut Draft, node: &Node<'_>) {
    let (foreign, title) = identity(node);
    let ends = ["source", "destination"].map(|key| {
        let end = node.text(key).unwrap_or_default();
        draft.known("component", &end).ok_or(end)
    });
    let (from, to) = match ends {
        [Ok(from), Ok(to)] if from != to => (from, to),
        [from, to] => {
            let shown_end = |end: Result<String, String>| shown(&end.unwrap_or_else(|end| end));
            let (from, to) = (shown_end(from), shown_end(to));
            draft.leave(
                &foreign,
                format!("a flow from {from} to {to}: an end is no component, or both are the same"),
                format!("{from} から {to} へのフロー: 端が部品でないか、両端が同じ"),
            );
            return;
        }
    };
    let id = draft.name("flow", &foreign, &title);
    let assets: BTreeSet<String> = node
        .texts("assets")
        .iter()
        .filter_map(|asset| {
            let known = draft.known("asset", asset);
            if known.is_none() {
                draft.leave(
                    &id,
                    format!("unknown asset {}", shown(asset)),
                    format!("未知の資産 {}", shown(asset)),
                );
            }
            known
        })
        .collect();
    let tags = node.texts("tags");
    let (protocol, is_protected) = tags
        .iter()
        .map(|tag| protocol_of_word(tag))
        .find(|(protocol, _)| *protocol != Protocol::Other)
        .unwrap_or((Protocol::Other, false));
    let link = link_of_words(tags.iter().map(String::as_str), protocol);
    let security = if link != LinkProtection::None && protocol == Protocol::Other {
        Security::None
    } else if is_protected {
        draft.security(&id, true)
    } else {
        draft.assume(
            &id,
            "the format says nothing of protection on the way; it counts as none",
            "この形式は通信路の保護を表さない。保護なしとして扱う",
        );
        Security::Unknown
    };
    let is_both_ways = node.flag("bidirectional");
    let back = is_both_ways.then(|| draft.free(&format!("{id}-back")));
    let make = |id: String, title: String, from: &str, to: &str| Flow {
        id,
        title,
        from: from.to_owned(),
        to: to.to_owned(),
        assets: assets.clone(),
        protocol,
        security,
        link,
        port: None,
    };
    draft.flows.push(make(id, title.clone(), &from, &to));
    if let Some(back) = back {
        draft
            .flows
            .push(make(back, format!("{title} (back)"), &to, &from));
    }
}

/// What our analysis finds anew, or chooses itself, is told by its name.
fn named_only(draft: &mut Draft, root: &Node<'_>, key: &str, en: &str, ja: &str) {
    for node in root.list(key) {
        let (_, title) = identity(&node);
        draft.leave(
            key,
            format!("{en}: {}; the analysis finds its own", shown(&title)),
            format!("{ja}: {}。分析が改めて求める", shown(&title)),
        );
    }
}
