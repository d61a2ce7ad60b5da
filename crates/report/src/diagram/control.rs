//! The control structure: controllers at the left, what they control at the right, actions to the
//! right and feedback to the left.

use std::collections::BTreeMap;

use sekimori_analysis::language::Language;
use sekimori_analysis::stpa::{EdgeKind, NodeKind, Structure};

use super::boxes::{Label, Shape};
use super::drawing::{Arrow, Drawing};
use super::scene::{Ink, Paint, Scene};
use crate::labels::Labels;

/// More controllers and processes than this are not drawn.
const MOST_DRAWN: usize = 120;

/// The picture of a control structure; [`None`] when there is none, or when it is too large to read.
pub(crate) fn picture(structure: &Structure, labels: &Labels, language: Language) -> Option<Scene> {
    if structure.nodes.is_empty() || structure.nodes.len() > MOST_DRAWN {
        return None;
    }
    let mut drawing = Drawing::default();
    let mut boxes: BTreeMap<&str, usize> = BTreeMap::new();
    for node in &structure.nodes {
        let (shape, kind) = match node.kind {
            NodeKind::Controller => (Shape::Process, "node-controller"),
            NodeKind::Process => (Shape::Plain, "node-process"),
            NodeKind::Sensor => (Shape::Plain, "node-sensor"),
        };
        let mut below = vec![labels.text(kind)];
        if node.component != node.id {
            let at = ("component", node.component.as_str().into());
            below.push(labels.with("node-runs-on", &[at]));
        }
        if !node.process_model.is_empty() {
            let list = node.process_model.join(", ");
            below.push(labels.with("node-believes", &[("list", list.into())]));
        }
        let name = node.title.of(language);
        let name = if name.is_empty() { &node.id } else { name };
        boxes.insert(&node.id, drawing.boxes.len());
        drawing
            .boxes
            .push((0, node.rank, Label::new(shape, name, &below)));
    }
    for edge in &structure.edges {
        let (Some(from), Some(to)) = (boxes.get(edge.from.as_str()), boxes.get(edge.to.as_str()))
        else {
            continue;
        };
        let (kind, paint) = match edge.kind {
            EdgeKind::Action => ("edge-action", Paint::Flow),
            EdgeKind::Feedback => ("edge-feedback", Paint::Back),
            EdgeKind::Runs => ("edge-runs", Paint::Grid),
        };
        let name = edge.label.of(language);
        let kind = labels.text(kind);
        let said = match &edge.flow {
            Some(flow) => format!("{kind} · {flow}"),
            None => kind,
        };
        let mut texts = vec![(Ink::Soft, said)];
        if !name.is_empty() {
            texts.insert(0, (Ink::Name, name.to_owned()));
        }
        drawing.lines.push(Arrow {
            from: *from,
            to: *to,
            texts,
            paint,
        });
    }
    Some(drawing.scene())
}
