//! Who controls what: nodes and edges of the control structure, ready to be drawn.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::language::Text;
use crate::model::Model;

/// The control structure as a graph. Controllers stand above what they control.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Structure {
    /// Controllers and components, by id.
    pub nodes: Vec<Node>,
    /// Actions and feedback; in order of kind, ends and flow.
    pub edges: Vec<Edge>,
}

/// A controller, or a component that is controlled or reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Id in the model.
    pub id: String,
    /// Name.
    pub title: Text,
    /// What it is here.
    pub kind: NodeKind,
    /// Component that runs the controller; for a component, itself.
    pub component: String,
    /// What a controller believes about its process.
    pub process_model: Vec<String>,
    /// Row of a drawing: 0 is controlled by nobody, everything else stands below what controls it.
    pub rank: usize,
}

/// What a node is in the control structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    /// It decides and acts.
    Controller,
    /// It is acted upon.
    Process,
    /// It only reports.
    Sensor,
}

/// A line of the drawing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Edge {
    /// What it stands for.
    pub kind: EdgeKind,
    /// Node where it begins.
    pub from: String,
    /// Node where it ends.
    pub to: String,
    /// Flow that carries it; [`None`] when a component runs a controller.
    pub flow: Option<String>,
    /// Component that relays the flow.
    pub via: Option<String>,
    /// What to write beside it: the action's name, or the flow's.
    pub label: Text,
    /// Control action: the one that is given, or the one that the feedback is for.
    pub action: Option<String>,
}

/// What an edge stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EdgeKind {
    /// A controller acts on its process.
    Action,
    /// A controller learns what happened.
    Feedback,
    /// A component of the drawing runs a controller of the drawing.
    Runs,
}

/// The control structure of a model.
pub(super) fn of_model(model: &Model) -> Structure {
    let edges = edges(model);
    let ranks = ranks(&edges);
    let rank = |id: &str| ranks.get(id).copied().unwrap_or(0);
    let mut nodes: Vec<Node> = model
        .controllers
        .iter()
        .map(|(id, controller)| Node {
            id: id.clone(),
            title: controller.title.clone(),
            kind: NodeKind::Controller,
            component: controller.component.clone(),
            process_model: controller.process_model.iter().cloned().collect(),
            rank: rank(id),
        })
        .collect();
    let processes: BTreeSet<&str> = processes(model).collect();
    let sensors = edges.iter().filter(|edge| edge.kind == EdgeKind::Feedback);
    let sensors: BTreeSet<&str> = sensors.map(|edge| edge.from.as_str()).collect();
    for id in processes.union(&sensors) {
        let Some(component) = model.components.get(*id) else {
            continue;
        };
        nodes.push(Node {
            id: (*id).to_owned(),
            title: component.title.clone(),
            kind: if processes.contains(id) {
                NodeKind::Process
            } else {
                NodeKind::Sensor
            },
            component: (*id).to_owned(),
            process_model: Vec::new(),
            rank: rank(id),
        });
    }
    nodes.sort_by(|a, b| a.id.cmp(&b.id));
    Structure { nodes, edges }
}

fn processes(model: &Model) -> impl Iterator<Item = &str> {
    let controllers = model.controllers.values();
    controllers.map(|controller| controller.process.as_str())
}

fn edges(model: &Model) -> Vec<Edge> {
    let mut edges = BTreeSet::new();
    for (id, action) in &model.control_actions {
        let Some(controller) = model.controllers.get(&action.controller) else {
            continue;
        };
        let via = |flow: &str| model.flows.get(flow).and_then(|flow| flow.via.clone());
        edges.insert(Edge {
            kind: EdgeKind::Action,
            from: action.controller.clone(),
            to: controller.process.clone(),
            flow: Some(action.flow.clone()),
            via: via(&action.flow),
            label: action.title.clone(),
            action: Some(id.clone()),
        });
        for name in &action.feedback {
            let Some(flow) = model.flows.get(name) else {
                continue;
            };
            edges.insert(Edge {
                kind: EdgeKind::Feedback,
                from: flow.from.clone(),
                to: action.controller.clone(),
                flow: Some(name.clone()),
                via: flow.via.clone(),
                label: flow.title.clone(),
                action: Some(id.clone()),
            });
        }
    }
    let drawn: BTreeSet<&str> = processes(model).collect();
    for (id, controller) in &model.controllers {
        if drawn.contains(controller.component.as_str()) {
            edges.insert(Edge {
                kind: EdgeKind::Runs,
                from: controller.component.clone(),
                to: id.clone(),
                flow: None,
                via: None,
                label: Text::new("runs", "実行する"),
                action: None,
            });
        }
    }
    edges.into_iter().collect()
}

/// Rows: the longest way down from what nobody controls; where control goes in a circle, the circle is
/// entered at its smallest id and the edge that would close it is not counted.
fn ranks(edges: &[Edge]) -> BTreeMap<String, usize> {
    let mut below: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut above: BTreeMap<&str, usize> = BTreeMap::new();
    let mut reporting = BTreeSet::new();
    for edge in edges {
        if edge.kind == EdgeKind::Feedback {
            reporting.insert((edge.to.as_str(), edge.from.as_str()));
            continue;
        }
        above.entry(&edge.from).or_default();
        let count = above.entry(&edge.to).or_default();
        if below.entry(&edge.from).or_default().insert(&edge.to) {
            *count += 1;
        }
    }
    let mut ranks: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ready: BTreeSet<&str> = BTreeSet::new();
    while !above.is_empty() {
        let free = above.iter().filter(|(_, count)| **count == 0);
        ready.extend(free.map(|(id, _)| *id));
        if ready.is_empty() {
            ready.extend(above.keys().next().copied());
        }
        while let Some(id) = ready.pop_first() {
            if above.remove(id).is_none() {
                continue;
            }
            let rank = *ranks.entry(id).or_insert(0);
            for next in below.get(id).into_iter().flatten() {
                let Some(count) = above.get_mut(next) else {
                    continue;
                };
                let lower = ranks.entry(next).or_insert(0);
                *lower = (*lower).max(rank + 1);
                *count -= 1;
                if *count == 0 {
                    ready.insert(next);
                }
            }
        }
    }
    // What only reports stands one row below the highest controller that listens.
    let mut sensors: BTreeMap<&str, usize> = BTreeMap::new();
    for (controller, sensor) in reporting {
        if !ranks.contains_key(sensor) {
            let rank = ranks.get(controller).map_or(1, |rank| rank + 1);
            let lowest = sensors.entry(sensor).or_insert(rank);
            *lowest = (*lowest).min(rank);
        }
    }
    ranks
        .into_iter()
        .chain(sensors)
        .map(|(id, rank)| (id.to_owned(), rank))
        .collect()
}
