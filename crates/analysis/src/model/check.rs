//! Checks that look at more than one section.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::Model;
use super::reader::Reader;
use crate::diagnostic::{Fault, Gravity};

/// Where ids stand: the text, and the span in that text.
pub(super) type Places = BTreeMap<String, (usize, Range<usize>)>;

/// Reports `fault` where `id` stands.
fn report(reader: &mut Reader<'_>, places: &Places, id: &str, fault: Fault) {
    if let Some((index, span)) = places.get(id) {
        reader.turn_to(*index);
        reader.report(span.clone(), fault);
    }
}

/// A flow has different ends, and its gateway is neither of them.
pub(super) fn ends(
    reader: &mut Reader<'_>,
    [from, to, via]: [Option<&str>; 3],
    span: Range<usize>,
) {
    let pairs = [
        (["from", "to"], from, to),
        (["from", "via"], from, via),
        (["to", "via"], to, via),
    ];
    let same = pairs.into_iter().find_map(|(keys, one, other)| {
        let component = one.filter(|_| one == other)?;
        Some((keys, component.to_owned()))
    });
    if let Some((keys, component)) = same {
        reader.report(span, Fault::FlowToItself { component, keys });
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

/// Components that need each other in a circle: each circle is named once, at the component where it closes.
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
                    // The way back may be long: only a circle that is listed is written out.
                    let path = if reader.is_listing(Gravity::Warning) {
                        circle(&way, needed)
                    } else {
                        String::new()
                    };
                    report(reader, places, needed, Fault::Cycle { path });
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

/// The circle that closes at `first`, which is on the way.
fn circle(way: &[(&str, Vec<&str>)], first: &str) -> String {
    let mut path = way.iter().map(|(id, _)| *id).skip_while(|id| *id != first);
    let mut said: Vec<&str> = path.by_ref().take(SHOWN).collect();
    if path.next().is_some() {
        said.push("…");
    }
    said.push(first);
    said.join(" → ")
}
