//! OWASP Threat Model Library, the TM-BOM: zones, actors, components, stores, data sets, flows, assumptions.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;
use sekimori_analysis::language::Text;
use sekimori_analysis::model::{ComponentKind, Level, LinkProtection, Protocol};

use super::Imported;
use super::shared::{REVIEW_DAYS, kind_of_word};
use crate::document::{Document, Node, shown};
use crate::draft::{Asset, Assumption, Component, Draft, Flow, Zone};
use crate::refusal::Refusal;

pub(super) fn import(document: &Document, today: Date) -> Result<Imported, Refusal> {
    let root = document.root();
    if !root.has("trust_zones") || !root.has("data_flows") {
        let hint = if root.has("bomFormat") || root.has("specFormat") {
            Text::new(
                "a CycloneDX document; the threat model of the OWASP Threat Model Library is read",
                "CycloneDX の文書。読み取れるのは OWASP Threat Model Library の脅威モデル",
            )
        } else {
            root.keys()
        };
        return Err(Refusal::OtherFormat {
            expected: "trust_zones, data_flows".to_owned(),
            observed: hint,
        });
    }
    root.text("$schema");
    let title = root.get("scope").and_then(|scope| scope.text("title"));
    let mut draft = Draft::new(&title.unwrap_or_default());
    for node in root.list("trust_zones") {
        let (foreign, title) = identity(&node);
        let id = draft.name("zone", &foreign, &title);
        draft.zones.push(Zone { id, title });
    }
    for node in root.list("actors") {
        let kind = match node.text("type").as_deref() {
            Some("system" | "third_party") => ComponentKind::External,
            _ => ComponentKind::Human,
        };
        component(&mut draft, &node, "actor", kind);
    }
    for node in root.list("components") {
        let word = node
            .get("symbolic_name")
            .and_then(|name| name.take().as_str())
            .unwrap_or_default();
        let kind = kind_of_word(word).unwrap_or(ComponentKind::Service);
        component(&mut draft, &node, "component", kind);
    }
    for node in root.list("data_stores") {
        component(&mut draft, &node, "data-store", ComponentKind::Store);
    }
    data_sets(&mut draft, &root);
    for node in root.list("data_flows") {
        flow(&mut draft, &node);
    }
    assumptions(&mut draft, &root, today);
    for (key, en, ja) in [
        ("threats", "threat", "脅威"),
        ("controls", "control", "対策"),
        ("risks", "risk", "リスク"),
        ("threat_personas", "threat persona", "攻撃者像"),
    ] {
        for node in root.list(key) {
            let (_, title) = identity(&node);
            draft.leave(
                key,
                format!("{en}: {}; the analysis finds its own", shown(&title)),
                format!("{ja}: {}。分析が改めて求める", shown(&title)),
            );
        }
    }
    draft.finish(document.left_behind())
}

fn identity(node: &Node<'_>) -> (String, String) {
    let title = node.text("title").unwrap_or_default();
    let foreign = node.text("symbolic_name").unwrap_or_else(|| title.clone());
    (foreign, title)
}

fn component(draft: &mut Draft, node: &Node<'_>, space: &'static str, kind: ComponentKind) {
    let (foreign, title) = identity(node);
    let id = draft.name(space, &foreign, &title);
    let zone = node
        .text("trust_zone")
        .and_then(|zone| draft.known("zone", &zone));
    let zone = match zone {
        Some(zone) => zone,
        None => draft.nowhere(),
    };
    draft.components.push(Component {
        id,
        title,
        kind,
        zone,
        hosts: Vec::new(),
    });
}

fn data_sets(draft: &mut Draft, root: &Node<'_>) {
    for node in root.list("data_sets") {
        let (foreign, title) = identity(&node);
        let id = draft.name("asset", &foreign, &title);
        let words = node.texts("data_sensitivity");
        let is = |some: &[&str]| words.iter().any(|word| some.contains(&word.as_str()));
        let confidentiality = if is(&["cred", "phi"]) {
            Level::Critical
        } else if is(&["pii", "fin", "pci", "gov", "ip"]) {
            Level::High
        } else if words.is_empty() {
            Level::Low
        } else {
            Level::Medium
        };
        draft.assume(
            &id,
            "the source rates only sensitivity: integrity and availability are taken for medium",
            "元の文書は機微性だけを示す。完全性と可用性は medium とした",
        );
        let mut stored_in = BTreeSet::new();
        for placement in node.list("placements") {
            let store = placement.text("data_store").unwrap_or_default();
            match draft.known("data-store", &store) {
                Some(store) => {
                    stored_in.insert(store);
                }
                None => draft.leave(
                    &id,
                    format!("unknown store {}", shown(&store)),
                    format!("未知の保存先 {}", shown(&store)),
                ),
            }
        }
        draft.add_asset(Asset {
            id,
            title,
            cia: [confidentiality, Level::Medium, Level::Medium],
            personal: is(&["pii", "phi"]),
            stored_in,
        });
    }
}

fn flow(draft: &mut Draft, node: &Node<'_>) {
    let (foreign, title) = identity(node);
    let end = |key: &str| {
        let end = node.get(key)?;
        let kind = end.text("type").unwrap_or_default();
        let name = end.text("object")?;
        // A type may be written as a reference into the schema, and often is not exact.
        let kind = kind
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .replace('_', "-");
        let spaces = ["component", "data-store", "actor"];
        let exact = spaces.iter().find(|space| **space == kind);
        exact
            .and_then(|space| draft.known(space, &name))
            .or_else(|| spaces.iter().find_map(|space| draft.known(space, &name)))
    };
    let (Some(from), Some(to)) = (end("source"), end("destination")) else {
        draft.leave(
            &foreign,
            "a flow with an end that the source does not have",
            "端が元の文書にないフロー",
        );
        return;
    };
    if from == to {
        draft.leave(
            &foreign,
            "a flow that leads to where it starts",
            "自分自身へ戻るフロー",
        );
        return;
    }
    let id = draft.name("flow", &foreign, &title);
    let is_encrypted = node.flag("encrypted");
    let security = draft.security(&id, is_encrypted);
    if node.flag("has_sensitive_data") {
        draft.leave(
            &id,
            "it carries sensitive data, and the source does not say which: name them in `assets`",
            "機微なデータを運ぶが、どれかは元の文書にない。assets に書くこと",
        );
    }
    draft.flows.push(Flow {
        id,
        title,
        from,
        to,
        assets: BTreeSet::new(),
        protocol: Protocol::Other,
        security,
        link: LinkProtection::None,
        port: None,
    });
}

fn assumptions(draft: &mut Draft, root: &Node<'_>, today: Date) {
    for node in root.list("assumptions") {
        let text = node.text("description").unwrap_or_default();
        let validity = node.text("validity").unwrap_or_default();
        if text.trim().is_empty() || validity == "rejected" {
            draft.leave(
                "assumptions",
                format!("rejected: {}", shown(&text)),
                format!("却下済み: {}", shown(&text)),
            );
            continue;
        }
        let id = draft.free("assumption");
        let review_by = today.checked_add(REVIEW_DAYS.days()).unwrap_or(today);
        draft.assume(
            &id,
            format!(
                "{}; to be looked at again by {review_by}",
                if validity.is_empty() {
                    "unconfirmed"
                } else {
                    validity.as_str()
                }
            ),
            format!(
                "{}。{review_by} までに見直すこと",
                if validity == "confirmed" {
                    "確認済み"
                } else {
                    "未確認"
                }
            ),
        );
        draft.assumptions.push(Assumption {
            id,
            text,
            review_by,
        });
    }
}
