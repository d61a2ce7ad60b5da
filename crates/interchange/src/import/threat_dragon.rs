//! OWASP Threat Dragon, version 2: cells of its diagrams; boundary boxes become zones by where things are drawn.

use std::collections::BTreeSet;

use sekimori_analysis::language::Text;
use sekimori_analysis::model::{ComponentKind, LinkProtection, Protocol, Security};

use super::Imported;
use super::shared::{link_of_words, note_protocol, protocol_of_word};
use crate::document::{Document, Node, shown};
use crate::draft::{Component, Draft, Flow, Zone};
use crate::refusal::Refusal;

pub(super) fn import(document: &Document) -> Result<Imported, Refusal> {
    let root = document.root();
    let Some(detail) = root.get("detail").filter(|detail| detail.has("diagrams")) else {
        return Err(Refusal::OtherFormat {
            expected: "detail.diagrams".to_owned(),
            observed: root.keys(),
        });
    };
    root.text("version");
    let title = root
        .get("summary")
        .and_then(|summary| summary.text("title"));
    let mut draft = Draft::new(&title.unwrap_or_default());
    for diagram in detail.list("diagrams") {
        if diagram
            .list("cells")
            .iter()
            .any(|cell| cell.has("type") && !cell.has("shape"))
            || diagram.has("diagramJson")
        {
            return Err(Refusal::OtherFormat {
                expected: "version 2 (cells with a shape)".to_owned(),
                observed: Text::new(
                    "version 1; open it in Threat Dragon 2 and save it",
                    "第 1 版。Threat Dragon 2 で開いて保存し直すこと",
                ),
            });
        }
        self::diagram(&mut draft, &diagram)?;
    }
    draft.finish(document.left_behind())
}

/// A box on the drawing.
#[derive(Clone, Copy)]
struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Area {
    fn of(cell: &Node<'_>) -> Option<Self> {
        let (position, size) = (cell.get("position")?, cell.get("size")?);
        Some(Area {
            x: position.number("x")?,
            y: position.number("y")?,
            width: size.number("width")?,
            height: size.number("height")?,
        })
    }

    fn holds(&self, other: &Area) -> bool {
        let (x, y) = (other.x + other.width / 2.0, other.y + other.height / 2.0);
        (self.x..=self.x + self.width).contains(&x) && (self.y..=self.y + self.height).contains(&y)
    }

    fn size(&self) -> f64 {
        self.width * self.height
    }
}

fn diagram(draft: &mut Draft, diagram: &Node<'_>) -> Result<(), Refusal> {
    let title = diagram.text("title").unwrap_or_default();
    let cells = diagram.list("cells");
    // How things look is no loss.
    for cell in &cells {
        for key in [
            "attrs",
            "zIndex",
            "connector",
            "router",
            "labels",
            "tools",
            "visible",
            "width",
            "height",
            "vertices",
            "ports",
            "markup",
            "angle",
        ] {
            cell.get(key).map(|node| node.take());
        }
    }
    let mut boxes: Vec<(Area, String)> = Vec::new();
    let mut flows = Vec::new();
    let mut parts = Vec::new();
    for cell in &cells {
        let shape = cell.text("shape").unwrap_or_default();
        match shape.as_str() {
            "trust-boundary-box" => {
                let name = label(cell);
                let foreign = cell.text("id").unwrap_or_default();
                let id = draft.name("zone", &foreign, &name);
                if let Some(area) = Area::of(cell) {
                    boxes.push((area, id.clone()));
                }
                draft.zones.push(Zone { id, title: name });
            }
            // The early releases wrote this word with a slip of the pen, and still read it.
            "trust-boundary-curve" | "trust-broundary-curve" => {
                let name = label(cell);
                draft.leave(
                    &title,
                    format!("boundary curve \"{}\": a curve encloses nothing; give the components zones", shown(&name)),
                    format!("境界線「{}」: 線は何も囲まない。部品に区域を与えること", shown(&name)),
                );
            }
            "flow" => flows.push(*cell),
            "process" | "store" | "actor" => parts.push((shape, *cell)),
            "td-text-block" => {
                let name = label(cell);
                draft.leave(
                    &title,
                    format!("text: {}", shown(&name)),
                    format!("文字: {}", shown(&name)),
                );
            }
            other => {
                let other = shown(other);
                draft.leave(
                    &title,
                    format!("cell of unknown shape \"{other}\""),
                    format!("未知の形「{other}」"),
                );
            }
        }
    }
    // Each component is looked for in each box.
    draft.check_counts()?;
    boxes.sort_by(|(a, _), (b, _)| a.size().total_cmp(&b.size()));
    for (shape, cell) in parts {
        part(draft, &shape, &cell, &boxes);
    }
    for cell in flows {
        flow(draft, &cell);
    }
    Ok(())
}

fn label(cell: &Node<'_>) -> String {
    let name = cell.get("data").and_then(|data| {
        data.text("type");
        data.flag("isTrustBoundary");
        data.flag("hasOpenThreats");
        data.text("name")
    });
    name.unwrap_or_default()
}

fn part(draft: &mut Draft, shape: &str, cell: &Node<'_>, boxes: &[(Area, String)]) {
    let title = label(cell);
    let foreign = cell.text("id").unwrap_or_default();
    let id = draft.name("component", &foreign, &title);
    let area = Area::of(cell);
    let zone = area.and_then(|area| {
        boxes
            .iter()
            .find(|(of, _)| of.holds(&area))
            .map(|(_, id)| id.clone())
    });
    let zone = match zone {
        Some(zone) => zone,
        None => draft.nowhere(),
    };
    let kind = match shape {
        "store" => ComponentKind::Store,
        "actor" => ComponentKind::External,
        _ => ComponentKind::Service,
    };
    scope_and_threats(draft, &id, cell);
    draft.components.push(Component {
        id,
        title,
        kind,
        zone,
        hosts: Vec::new(),
    });
}

fn scope_and_threats(draft: &mut Draft, id: &str, cell: &Node<'_>) {
    let Some(data) = cell.get("data") else {
        return;
    };
    if data.flag("outOfScope") {
        let why = data.text("reasonOutOfScope").unwrap_or_default();
        draft.leave(
            id,
            format!(
                "out of scope in the source ({}); here it is analyzed",
                shown(&why)
            ),
            format!("元の文書では対象外（{}）。ここでは分析する", shown(&why)),
        );
    }
    for threat in data.list("threats") {
        let word = |key: &str| shown(&threat.text(key).unwrap_or_default());
        let (title, status, kind) = (word("title"), word("status"), word("type"));
        threat.text("modelType");
        threat.text("id");
        draft.leave(
            id,
            format!("threat: {title} ({kind}, {status}); the analysis finds its own"),
            format!("脅威: {title}（{kind}、{status}）。分析が改めて求める"),
        );
    }
}

fn flow(draft: &mut Draft, cell: &Node<'_>) {
    let title = label(cell);
    let end = |key: &str| {
        cell.get(key).and_then(|end| {
            end.text("port");
            end.text("cell")
        })
    };
    let ends =
        [end("source"), end("target")].map(|end| end.and_then(|id| draft.known("component", &id)));
    let foreign = cell.text("id").unwrap_or_default();
    let [Some(from), Some(to)] = ends else {
        draft.leave(
            &title,
            "a flow with an end that is attached to no component",
            "どの部品にもつながっていない端を持つフロー",
        );
        return;
    };
    if from == to {
        draft.leave(
            &title,
            "a flow that leads to where it starts",
            "自分自身へ戻るフロー",
        );
        return;
    }
    let id = draft.name("flow", &foreign, &title);
    scope_and_threats(draft, &id, cell);
    let data = cell.get("data");
    let word = data
        .as_ref()
        .and_then(|data| data.text("protocol"))
        .unwrap_or_default();
    let flag = |key: &str| data.as_ref().is_some_and(|data| data.flag(key));
    let (protocol, is_named_protected) = protocol_of_word(&word);
    note_protocol(draft, &id, &word, protocol);
    let link = link_of_words([word.as_str()], protocol);
    let security = if link != LinkProtection::None && protocol == Protocol::Other {
        Security::None
    } else if flag("isEncrypted") || is_named_protected {
        draft.security(&id, true)
    } else {
        Security::None
    };
    if flag("isPublicNetwork") {
        draft.leave(
            &id,
            "it passes a public network: put its ends in different zones",
            "公衆網を通る。両端を別の区域に置くこと",
        );
    }
    let back = flag("isBidirectional").then(|| draft.free(&format!("{id}-back")));
    let make = |id: String, title: String, from: &str, to: &str| Flow {
        id,
        title,
        from: from.to_owned(),
        to: to.to_owned(),
        assets: BTreeSet::new(),
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
