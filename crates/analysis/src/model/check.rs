//! Checks that look at more than one section.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Model;
use super::fields::Reader;
use crate::diagnostic::Fault;

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
pub(super) fn control_structure(
    reader: &mut Reader<'_>,
    model: &Model,
    spans: &BTreeMap<String, Range<usize>>,
) {
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
            reader.report(spans.get(id).cloned().unwrap_or(0..0), fault);
        }
    }
}
