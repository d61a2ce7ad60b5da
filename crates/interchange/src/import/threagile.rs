//! Threagile: technical assets, data assets, communication links, trust boundaries.

use std::collections::{BTreeMap, BTreeSet};

use sekimori_analysis::model::{ComponentKind, Level, LinkProtection, Protocol};

use super::Imported;
use super::shared::{kind_of_word, link_of_words, note_protocol, protocol_of_word};
use crate::document::{Document, Node, shown};
use crate::draft::{Asset, Component, Draft, Flow, Zone};
use crate::refusal::Refusal;

pub(super) fn import(document: &Document) -> Result<Imported, Refusal> {
    let root = document.root();
    if !root.has("technical_assets") {
        return Err(Refusal::OtherFormat {
            expected: "technical_assets".to_owned(),
            observed: root.keys(),
        });
    }
    let title = root.text("title").unwrap_or_default();
    let mut draft = Draft::new(&title);
    root.text("threagile_version");
    zones(&mut draft, &root);
    let boundaries = inside(&mut draft, &root);
    data_assets(&mut draft, &root);
    let links = technical_assets(&mut draft, &root, &boundaries);
    for link in links {
        communication(&mut draft, &link);
    }
    decisions(&mut draft, &root);
    draft.finish(document.left_behind())
}

fn zones(draft: &mut Draft, root: &Node<'_>) {
    for (name, node) in root.named("trust_boundaries") {
        let foreign = node.text("id").unwrap_or_else(|| name.to_owned());
        let id = draft.name("zone", &foreign, name);
        draft.zones.push(Zone {
            id,
            title: name.to_owned(),
        });
    }
}

/// Which technical asset is inside which boundary. Boundaries do not nest here: the innermost one counts.
fn inside(draft: &mut Draft, root: &Node<'_>) -> BTreeMap<String, String> {
    let mut inside = BTreeMap::new();
    for (name, node) in root.named("trust_boundaries") {
        let foreign = node.text("id").unwrap_or_else(|| name.to_owned());
        let Some(zone) = draft.known("zone", &foreign) else {
            continue;
        };
        for asset in node.texts("technical_assets_inside") {
            if let Some(other) = inside.insert(asset.clone(), zone.clone()) {
                draft.leave(
                    &asset,
                    format!("it is inside two boundaries; {zone} counts, {other} does not"),
                    format!("二つの境界に属する。{zone} を採り、{other} は採らない"),
                );
            }
        }
        for inner in node.texts("trust_boundaries_nested") {
            draft.leave(
                &zone,
                format!("zones do not nest: {} stands beside it", shown(&inner)),
                format!("区域は入れ子にできない: {} は並びに置く", shown(&inner)),
            );
        }
    }
    inside
}

fn data_assets(draft: &mut Draft, root: &Node<'_>) {
    for (name, node) in root.named("data_assets") {
        let foreign = node.text("id").unwrap_or_else(|| name.to_owned());
        let id = draft.name("asset", &foreign, name);
        let cia = [
            confidentiality(&mut *draft, &id, &node),
            criticality(&mut *draft, &id, &node, "integrity"),
            criticality(&mut *draft, &id, &node, "availability"),
        ];
        draft.add_asset(Asset {
            id,
            title: name.to_owned(),
            cia,
            personal: false,
            stored_in: BTreeSet::new(),
        });
    }
}

fn confidentiality(draft: &mut Draft, id: &str, node: &Node<'_>) -> Level {
    match node.text("confidentiality").as_deref() {
        Some("public") => Level::None,
        Some("internal") => Level::Low,
        Some("restricted") => Level::Medium,
        Some("confidential") => Level::High,
        Some("strictly-confidential") => Level::Critical,
        other => unrated(draft, id, "confidentiality", other),
    }
}

fn criticality(draft: &mut Draft, id: &str, node: &Node<'_>, key: &str) -> Level {
    match node.text(key).as_deref() {
        Some("archive") => Level::None,
        Some("operational") => Level::Low,
        Some("important") => Level::Medium,
        Some("critical") => Level::High,
        Some("mission-critical") => Level::Critical,
        other => unrated(draft, id, key, other),
    }
}

fn unrated(draft: &mut Draft, id: &str, key: &str, word: Option<&str>) -> Level {
    let word = shown(word.unwrap_or("-"));
    draft.assume(
        id,
        format!("{key} \"{word}\" is no rating that is known: high"),
        format!("{key}「{word}」は未知の評価: high とした"),
    );
    Level::High
}

/// A communication link that waits until all components have names.
struct Link<'d> {
    name: &'d str,
    from: String,
    node: Node<'d>,
}

fn technical_assets<'d>(
    draft: &mut Draft,
    root: &Node<'d>,
    inside: &BTreeMap<String, String>,
) -> Vec<Link<'d>> {
    let mut links = Vec::new();
    for (name, node) in root.named("technical_assets") {
        let foreign = node.text("id").unwrap_or_else(|| name.to_owned());
        let id = draft.name("component", &foreign, name);
        let zone = match inside.get(&foreign) {
            Some(zone) => zone.clone(),
            None => draft.nowhere(),
        };
        let kind = kind(&node);
        draft.components.push(Component {
            id: id.clone(),
            title: name.to_owned(),
            kind,
            zone,
            hosts: Vec::new(),
        });
        for stored in node.texts("data_assets_stored") {
            if !draft.keep(&stored, &id) {
                unknown(draft, &id, "data asset", &stored);
            }
        }
        for processed in node.texts("data_assets_processed") {
            if draft.known("asset", &processed).is_none() {
                unknown(draft, &id, "data asset", &processed);
            }
        }
        for (name, link) in node.named("communication_links") {
            links.push(Link {
                name,
                from: id.clone(),
                node: link,
            });
        }
    }
    links
}

fn kind(node: &Node<'_>) -> ComponentKind {
    let technology = node.text("technology").unwrap_or_default();
    let kind = node.text("type").unwrap_or_default();
    let by_human = node.flag("used_as_client_by_human");
    match (kind.as_str(), kind_of_word(&technology)) {
        ("datastore", _) => ComponentKind::Store,
        (_, Some(ComponentKind::Device)) => ComponentKind::Device,
        ("external-entity", _) if by_human => ComponentKind::App,
        ("external-entity", _) => ComponentKind::External,
        (_, Some(kind)) => kind,
        _ => ComponentKind::Service,
    }
}

fn unknown(draft: &mut Draft, place: &str, what: &str, id: &str) {
    let id = shown(id);
    draft.leave(
        place,
        format!("names a {what} that the source does not have: {id}"),
        format!("元の文書にない {what} を指す: {id}"),
    );
}

fn communication(draft: &mut Draft, link: &Link<'_>) {
    let node = &link.node;
    let target = node.text("target").unwrap_or_default();
    let Some(to) = draft.known("component", &target) else {
        unknown(draft, &link.from, "target", &target);
        return;
    };
    if to == link.from {
        draft.leave(
            &to,
            format!("{} leads to where it starts", shown(link.name)),
            format!("{} は自分自身へ戻る", shown(link.name)),
        );
        return;
    }
    let word = node.text("protocol").unwrap_or_default();
    let (protocol, is_named_protected) = protocol_of_word(&word);
    let id = draft.name("flow", "", &format!("{}-{}", link.from, link.name));
    note_protocol(draft, &id, &word, protocol);
    let vpn = node.flag("vpn").then_some("vpn");
    let below = link_of_words(core::iter::once(word.as_str()).chain(vpn), protocol);
    let is_by_link = below != LinkProtection::None && protocol == Protocol::Other;
    let security = draft.security(&id, is_named_protected && !is_by_link);
    let sent = named(draft, &id, &node.texts("data_assets_sent"));
    let received = named(draft, &id, &node.texts("data_assets_received"));
    let flow = |id: String, title: String, from: &str, to: &str, assets| Flow {
        id,
        title,
        from: from.to_owned(),
        to: to.to_owned(),
        assets,
        protocol,
        security,
        link: below,
        port: None,
    };
    draft.flows.push(flow(
        id.clone(),
        link.name.to_owned(),
        &link.from,
        &to,
        sent,
    ));
    if !received.is_empty() {
        let reply = draft.free(&format!("{id}-reply"));
        let title = format!("{} (reply)", link.name);
        draft
            .flows
            .push(flow(reply, title, &to, &link.from, received));
    }
}

fn named(draft: &mut Draft, place: &str, ids: &[String]) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for id in ids {
        match draft.known("asset", id) {
            Some(id) => {
                out.insert(id);
            }
            None => unknown(draft, place, "data asset", id),
        }
    }
    out
}

/// Decisions of Threagile are about its own risks; ours are about our cells. Each is told by name.
fn decisions(draft: &mut Draft, root: &Node<'_>) {
    for (risk, node) in root.named("risk_tracking") {
        let status = node.text("status").unwrap_or_default();
        let why = node.text("justification").unwrap_or_default();
        draft.leave(
            "risk_tracking",
            format!("{}: {} ({})", shown(risk), shown(&status), shown(&why)),
            format!("{}: {}（{}）", shown(risk), shown(&status), shown(&why)),
        );
    }
}
