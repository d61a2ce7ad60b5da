//! Both ways along the chain: threat, countermeasure, requirement, clause of the policy, probe, item of a
//! regulation. Every link can be walked from either end, and what is linked to nothing is there all the same.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::analysis::Analysis;
use crate::evidence::name;
use crate::language::Text;
use crate::requirements::{ClauseName, Requirement};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a node of the trace is.
    NodeKind {
        /// A component or a flow of the model.
        Element = "element",
        /// A STRIDE threat.
        Threat = "threat",
        /// A cell of the JNSA matrix.
        Cell = "cell",
        /// A causal scenario.
        Scenario = "scenario",
        /// A countermeasure of the catalogue.
        Measure = "measure",
        /// A requirement.
        Requirement = "requirement",
        /// A clause or a rule of the policy.
        Clause = "clause",
        /// A probe that shows something at work.
        Probe = "probe",
        /// An item of a requirement set.
        Item = "item",
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
    trace.risks(analysis);
    trace.measures(analysis);
    trace.items(analysis);
    for requirement in &analysis.requirements {
        trace.requirement(analysis, requirement);
    }
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

    /// Ids that contain what was asked for, whatever its case; at most `most`.
    pub fn similar(&self, id: &str, most: usize) -> Vec<&str> {
        let wanted = id.to_lowercase();
        let ids = self.nodes.keys().map(String::as_str);
        ids.filter(|known| known.to_lowercase().contains(&wanted))
            .take(most)
            .collect()
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

    fn elements(&mut self, analysis: &Analysis) {
        for (id, component) in &analysis.source.components {
            let kind = component.kind.word();
            let text = Text::new(kind, kind);
            self.add(id, NodeKind::Element, component.title.clone(), text);
        }
        for (id, flow) in &analysis.source.flows {
            let way = format!("{} → {}", flow.from, flow.to);
            let text = Text::new(way.clone(), way);
            self.add(id, NodeKind::Element, flow.title.clone(), text);
            let ends = [Some(&flow.from), Some(&flow.to), flow.via.as_ref()];
            for end in ends.into_iter().flatten() {
                self.link(id, end);
            }
        }
    }

    fn risks(&mut self, analysis: &Analysis) {
        for threat in &analysis.threats {
            let (title, text) = ((*threat.title).clone(), (*threat.text).clone());
            self.add(&threat.id, NodeKind::Threat, title, text);
            self.link(&threat.id, &threat.element);
            self.link(&threat.id, &threat.at);
        }
        let threats = &analysis.knowledge.threats;
        for matrix in &analysis.matrices {
            for cell in matrix.cells.iter().filter(|cell| cell.applicable) {
                let id = cell.id.to_string();
                let known = threats.get(&cell.threat);
                let name = known.map(|known| known.name.clone()).unwrap_or_default();
                let phase = analysis.knowledge.phases.get(&cell.phase);
                let phase = phase.cloned().unwrap_or_default();
                let title = Text::new(
                    format!("{}: {} ({})", matrix.title.en, name.en, phase.en),
                    format!("{}: {}({})", matrix.title.ja, name.ja, phase.ja),
                );
                let text = known.map(|known| known.text.clone()).unwrap_or_default();
                self.add(&id, NodeKind::Cell, title, text);
                self.link(&id, &matrix.component);
            }
        }
        let stpa = &analysis.stpa;
        for scenario in stpa.scenarios.iter().chain(&stpa.before_attack) {
            let (title, text) = (scenario.title.clone(), scenario.text.clone());
            self.add(&scenario.id, NodeKind::Scenario, title, text);
            self.link(&scenario.id, &scenario.element);
            self.link(&scenario.id, &scenario.at);
        }
    }

    fn measures(&mut self, analysis: &Analysis) {
        for (id, measure) in &analysis.knowledge.measures {
            let (name, shall) = (measure.name.clone(), measure.shall.clone());
            self.add(id, NodeKind::Measure, name, shall);
            for probe in measure.observed.iter().chain(&measure.refused) {
                let probe = self.probe(analysis, probe);
                self.link(id, &probe);
            }
        }
    }

    fn probe(&mut self, analysis: &Analysis, probe: &crate::knowledge::ProbeName) -> String {
        let id = name(probe);
        let known = analysis.knowledge.probes.get(&probe.probe);
        let text = known.map(|known| known.text.clone()).unwrap_or_default();
        let title = Text::new(probe.probe.clone(), probe.probe.clone());
        self.add(&id, NodeKind::Probe, title, text);
        id
    }

    fn items(&mut self, analysis: &Analysis) {
        for set in &analysis.regimes {
            for item in &set.items {
                let title = Text::new(
                    format!("{} {}", set.name.en, item.r#ref),
                    format!("{} {}", set.name.ja, item.r#ref),
                );
                let text = Text::new(
                    format!("{} {}", item.text.en, item.why.en),
                    format!("{}{}", item.text.ja, item.why.ja),
                );
                self.add(&item.id, NodeKind::Item, title, text);
            }
        }
        for (id, measure) in &analysis.knowledge.measures {
            for item in &measure.items {
                self.link(id, item);
            }
        }
    }

    fn requirement(&mut self, analysis: &Analysis, requirement: &Requirement) {
        let id = requirement.id.as_str();
        let (title, shall) = (requirement.title.clone(), requirement.shall.clone());
        self.add(id, NodeKind::Requirement, title, shall);
        if let Some(at) = &requirement.at {
            self.link(id, at);
        }
        if let Some(measure) = &requirement.measure {
            self.link(id, measure);
        }
        for threat in &requirement.threats {
            self.link(id, threat);
            if let Some(measure) = &requirement.measure {
                self.link(measure, threat);
            }
        }
        for item in &requirement.items {
            self.link(id, item);
        }
        for clause in &requirement.clauses {
            let clause = self.clause(analysis, clause);
            self.link(id, &clause);
        }
        for rule in &requirement.rules {
            let rule = match (rule.as_str(), &requirement.at) {
                ("peers", Some(role)) => format!("{role}/peers"),
                _ => format!("policy/{rule}"),
            };
            let text = Text::new(
                "Rule of the policy for every device, or for the peers of a role.",
                "全機器、または役割の通信相手についてのポリシーの規則。",
            );
            let title = Text::new(rule.clone(), rule.clone());
            self.add(&rule, NodeKind::Clause, title, text);
            self.link(id, &rule);
        }
        for probe in requirement.observed.iter().chain(&requirement.refused) {
            let probe = self.probe(analysis, probe);
            self.link(id, &probe);
        }
        // What is asked of people about a flow answers what threatens the flow.
        if let Some(flow) = id.strip_prefix("REQ-FLOW-") {
            self.link(id, flow);
            let threats = analysis.threats.iter();
            for threat in threats.filter(|threat| threat.element == flow) {
                self.link(id, &threat.id);
            }
        }
    }

    fn clause(&mut self, analysis: &Analysis, clause: &ClauseName) -> String {
        let id = format!("{}/{}/{}", clause.role, clause.flow, clause.aspect.word());
        let flow = analysis.source.flows.get(&clause.flow);
        let title = flow.map(|flow| flow.title.clone()).unwrap_or_default();
        let aspect = clause.aspect.word();
        let text = Text::new(
            format!("Clause of the policy for {}: {aspect}.", clause.role),
            format!("{} についてのポリシーの条項（{aspect}）。", clause.role),
        );
        self.add(&id, NodeKind::Clause, title, text);
        self.link(&id, &clause.flow);
        id
    }
}
