//! Both ways along the chain: threat, countermeasure, requirement, clause of the policy, probe, item of a
//! regulation, and whatever else a report gives an id. Every link can be walked from either end, and what is linked
//! to nothing is there all the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::analysis::Analysis;
use crate::language::Text;
use crate::vocabulary::vocabulary;

mod chain;
mod control;
mod lists;

vocabulary! {
    /// What a node of the trace is.
    NodeKind {
        /// A zone of the model.
        Zone = "zone",
        /// A component or a flow of the model.
        Element = "element",
        /// Something worth protecting.
        Asset = "asset",
        /// A loss.
        Loss = "loss",
        /// A hazard.
        Hazard = "hazard",
        /// A controller.
        Controller = "controller",
        /// A control action.
        ControlAction = "control-action",
        /// An unsafe control action that the author wrote.
        UnsafeAction = "unsafe-action",
        /// A kind of unsafe control action that nobody wrote about.
        Candidate = "candidate",
        /// Something that the control structure lacks.
        Gap = "gap",
        /// A safety constraint.
        Constraint = "constraint",
        /// A rule that found a threat or a scenario.
        Rule = "rule",
        /// A STRIDE threat.
        Threat = "threat",
        /// A cell of the JNSA matrix.
        Cell = "cell",
        /// A causal scenario.
        Scenario = "scenario",
        /// A mandatory item asked of one component, or a limit that a flow declares.
        Target = "target",
        /// A threat of a list of ten.
        Common = "common",
        /// A countermeasure of the catalogue.
        Measure = "measure",
        /// A countermeasure chosen for one place.
        Pick = "pick",
        /// An assumption.
        Assumption = "assumption",
        /// A requirement.
        Requirement = "requirement",
        /// A clause or a rule of the policy.
        Clause = "clause",
        /// A probe that shows something at work.
        Probe = "probe",
        /// An item of a requirement set.
        Item = "item",
        /// A control of the checklist.
        Control = "control",
        /// What language, platform, hardware or protocol of a component ask for.
        Advice = "advice",
        /// A question about a key, or what the data sheet lacks.
        Question = "question",
    }
}

/// Something that can be asked for by its id.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// Id: `telemetry:SR-F2`, `sensor:JT04:P2`, `CM-ENC`, `REQ-ENC-sensor`, `sensor/telemetry/rate`, `policy/tls`,
    /// `message.refused (replayed)`, `CRA-I.2e`.
    pub id: String,
    /// What it is.
    pub kind: NodeKind,
    /// What a reader calls it.
    pub title: Text,
    /// What it says.
    pub text: Text,
}

/// What is linked to a node, by kind.
pub type Near<'t> = BTreeMap<NodeKind, Vec<&'t Node>>;

/// One node with everything that is linked to it, and what its requirements are linked to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation<'t> {
    /// The node.
    pub node: &'t Node,
    /// What is linked to it, requirements included.
    pub near: Near<'t>,
    /// What each of those requirements is linked to; empty for a requirement, whose links are in `near`.
    pub through: BTreeMap<&'t str, Near<'t>>,
}

/// Nodes and links of one analysis.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    nodes: BTreeMap<String, Node>,
    links: BTreeMap<String, BTreeSet<String>>,
}

/// Traces an analysis.
pub fn trace(analysis: &Analysis) -> Trace {
    let mut trace = Trace::default();
    trace.elements(analysis);
    trace.control(analysis);
    trace.risks(analysis);
    trace.measures(analysis);
    trace.items(analysis);
    trace.choice(analysis);
    trace.lists(analysis);
    for requirement in &analysis.requirements {
        trace.requirement(analysis, requirement);
    }
    trace.constraints(analysis);
    trace
}

impl Trace {
    /// Every node, by id.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.values()
    }

    /// The node with this id.
    pub fn node(&self, id: &str) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// Whether two nodes are linked.
    pub fn are_linked(&self, one: &str, other: &str) -> bool {
        self.links
            .get(one)
            .is_some_and(|links| links.contains(other))
    }

    /// What is linked to a node, by kind.
    pub fn near(&self, id: &str) -> Near<'_> {
        let mut near = Near::new();
        let links = self.links.get(id).into_iter().flatten();
        for node in links.filter_map(|link| self.nodes.get(link)) {
            near.entry(node.kind).or_default().push(node);
        }
        near
    }

    /// A node with everything that is linked to it, directly or by a requirement; [`None`] when nothing has this id.
    pub fn explain(&self, id: &str) -> Option<Explanation<'_>> {
        let node = self.nodes.get(id)?;
        let near = self.near(id);
        let requirements = near.get(&NodeKind::Requirement).into_iter().flatten();
        Some(Explanation {
            through: requirements
                .map(|requirement| {
                    let mut through = self.near(&requirement.id);
                    for nodes in through.values_mut() {
                        nodes.retain(|other| other.id != node.id);
                    }
                    through.retain(|_, nodes| !nodes.is_empty());
                    (requirement.id.as_str(), through)
                })
                .collect(),
            node,
            near,
        })
    }

    fn add(&mut self, id: &str, kind: NodeKind, title: Text, text: Text) {
        self.nodes.entry(id.to_owned()).or_insert_with(|| Node {
            id: id.to_owned(),
            kind,
            title,
            text,
        });
    }

    /// Both ways, or not at all.
    fn link(&mut self, one: &str, other: &str) {
        if one == other || !(self.nodes.contains_key(one) && self.nodes.contains_key(other)) {
            return;
        }
        for (from, to) in [(one, other), (other, one)] {
            let links = self.links.entry(from.to_owned()).or_default();
            links.insert(to.to_owned());
        }
    }
}
