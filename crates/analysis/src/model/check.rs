//! Checks that look at more than one section.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Model;
use super::fields::Reader;
use crate::diagnostic::Fault;

/// Where ids stand: the text, and the span in that text.
pub(super) type Places = BTreeMap<String, (usize, Range<usize>)>;

/// Reports `fault` where `id` stands.
fn report(reader: &mut Reader<'_>, places: &Places, id: &str, fault: Fault) {
    if let Some((index, span)) = places.get(id) {
        reader.turn_to(*index);
        reader.report(span.clone(), fault);
    }
}

/// A flow has different ends.
pub(super) fn ends(
    reader: &mut Reader<'_>,
    [from, to, via]: [Option<&str>; 3],
    span: Range<usize>,
) {
    let same = if from == to || from == via {
        from
    } else if via == to {
        to
    } else {
        None
    };
    if let Some(component) = same {
        let component = component.to_owned();
        reader.report(span, Fault::FlowToItself { component });
    }
}

/// A control action's flow ends at the process of its controller.
pub(super) fn control_structure(reader: &mut Reader<'_>, model: &Model, places: &Places) {
    for (id, action) in &model.control_actions {
        let (Some(controller), Some(flow)) = (
            model.controllers.get(&action.controller),
            model.flows.get(&action.flow),
        ) else {
            continue;
        };
        if flow.to != controller.process {
            let fault = Fault::ActionMissesProcess {
                action: id.clone(),
                flow: action.flow.clone(),
                reaches: flow.to.clone(),
                process: controller.process.clone(),
            };
            report(reader, places, id, fault);
        }
    }
}

/// Most components that a circle's description names.
const SHOWN: usize = 12;

/// Components that need each other in a circle: each circle is named once, at its first component.
///
/// Flows in a circle are how control works and hazards lead to losses that lead nowhere, so
/// dependencies are the one place where a circle is worth a look.
pub(super) fn dependencies(reader: &mut Reader<'_>, model: &Model, places: &Places) {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for start in model.components.keys() {
        if done.contains(start.as_str()) {
            continue;
        }
        // Depth first with the way back kept by hand, because a chain may be long.
        let mut way: Vec<(&str, Vec<&str>)> = vec![(start, needs(model, start))];
        let mut on_way: BTreeSet<&str> = BTreeSet::from([start.as_str()]);
        while let Some((at, next)) = way.last_mut() {
            let at = *at;
            match next.pop() {
                Some(needed) if on_way.contains(needed) => {
                    let names = way.iter().map(|(id, _)| *id);
                    let path: Vec<&str> = names.skip_while(|id| *id != needed).collect();
                    report_circle(reader, places, &path);
                }
                Some(needed) if done.contains(needed) => {}
                Some(needed) => {
                    on_way.insert(needed);
                    way.push((needed, needs(model, needed)));
                }
                None => {
                    done.insert(at);
                    on_way.remove(at);
                    way.pop();
                }
            }
        }
    }
}

/// What a component needs, last first.
fn needs<'m>(model: &'m Model, id: &str) -> Vec<&'m str> {
    let component = model.components.get(id);
    let needed = component.into_iter().flat_map(|c| c.depends_on.iter());
    let known = needed.filter(|id| model.components.contains_key(*id));
    known.map(String::as_str).rev().collect()
}

fn report_circle(reader: &mut Reader<'_>, places: &Places, path: &[&str]) {
    let Some(first) = path.first() else {
        return;
    };
    let mut said: Vec<&str> = path.iter().take(SHOWN).copied().collect();
    if path.len() > SHOWN {
        said.push("…");
    }
    said.push(first);
    let path = said.join(" → ");
    report(reader, places, first, Fault::Cycle { path });
}
