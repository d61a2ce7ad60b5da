//! What an id of a report stands for in one model, and what it hangs on, both ways.

use std::collections::BTreeSet;

use super::words::{kind, kinds, level, state};
use super::{Explanation, Fact, Way, explain, fact, ids, lead, nearest_of};
use crate::analysis::Analysis;
use crate::language::Text;
use crate::model::DecisionStatus;
use crate::risk::Risk;
use crate::trace::{Near, Node, NodeKind, Trace, trace};

/// Kinds of which a requirement is the answer.
const ASKING: [NodeKind; 4] = [
    NodeKind::Threat,
    NodeKind::Cell,
    NodeKind::Scenario,
    NodeKind::Target,
];

/// Explains the ids of one analysis.
pub struct Explainer<'a> {
    analysis: &'a Analysis,
    trace: Trace,
}

impl<'a> Explainer<'a> {
    /// Links everything of an analysis once.
    pub fn new(analysis: &'a Analysis) -> Self {
        Explainer {
            analysis,
            trace: trace(analysis),
        }
    }

    /// Everything that has an id in this model, by id.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Explains an id that a report of this model prints; [`None`] when nothing is called so.
    ///
    /// Probes are understood as `message.refused (replayed)` and `message.refused replayed`; a countermeasure at a
    /// place where it was not chosen is explained as the countermeasure.
    pub fn explain(&self, id: &str) -> Option<Explanation> {
        let knowledge = &self.analysis.knowledge;
        let spaced = id
            .split_once(' ')
            .map(|(probe, why)| format!("{probe} ({why})"));
        let own = [Some(id), spaced.as_deref()].into_iter().flatten();
        let own = own.into_iter().find_map(|id| self.trace.node(id));
        let of_catalogue = explain(knowledge, id);
        match (of_catalogue, own) {
            (known, Some(node)) => Some(self.of_node(node, known)),
            (Some(known), None) => Some(known),
            (None, None) => self.not_chosen(id).or_else(|| self.decided(id)),
        }
    }

    /// Ids that were probably meant, the likeliest first; at most `most`.
    pub fn nearest(&self, id: &str, most: usize) -> Vec<String> {
        let nodes = self.trace.nodes().map(|node| node.id.as_str());
        let known: BTreeSet<&str> = ids(&self.analysis.knowledge);
        nearest_of(id, nodes.chain(known), most)
    }

    fn of_node(&self, node: &Node, known: Option<Explanation>) -> Explanation {
        let mut explanation = known.unwrap_or_else(|| Explanation {
            id: node.id.clone(),
            kind: kind(node.kind),
            title: node.title.clone(),
            facts: Vec::new(),
            ways: Vec::new(),
        });
        let facts = &mut explanation.facts;
        if facts.is_empty() && node.text != node.title {
            facts.push(fact("What it says", "内容", vec![node.text.clone()]));
        }
        facts.extend(self.standing(node));
        let shown: BTreeSet<String> = facts.iter().flat_map(leads).collect();
        for (of, near) in self.trace.near(&node.id) {
            // What the catalogue has said already is not said again.
            let new = near.into_iter().filter(|node| !shown.contains(&node.id));
            let values: Vec<Text> = new.map(|node| lead(&node.id, said(node))).collect();
            if !values.is_empty() {
                let label = kinds(of);
                facts.push(Fact { label, values });
            }
        }
        explanation.ways = self.ways(node);
        explanation
    }

    /// How it stands with a risk, and who decided what about it.
    fn standing(&self, node: &Node) -> Vec<Fact> {
        let mut facts = Vec::new();
        if let Some(risk) = self.risk(node) {
            facts.extend(of_risk(risk));
        }
        let solution = &self.analysis.solution;
        if let Some(found) = solution.states.get(node.id.as_str()) {
            facts.push(fact("State", "状態", vec![state(*found)]));
        }
        let target = solution.target(&node.id);
        if let Some(missing) = target.and_then(|target| target.missing.clone()) {
            facts.push(fact("Missing", "不足", vec![missing]));
        }
        facts.extend(self.decision(&node.id));
        if let Some(pick) = solution.pick(&node.id) {
            let points = Text::new(format!("{} points", pick.cost), format!("{} 点", pick.cost));
            facts.push(fact("Cost", "費用", vec![points]));
        }
        let requirements = &self.analysis.requirements;
        if let Some(requirement) = requirements.iter().find(|one| one.id == node.id) {
            facts.push(fact("Why", "理由", vec![requirement.why.clone()]));
        }
        facts
    }

    fn decision(&self, id: &str) -> Option<Fact> {
        let mut decisions = self.analysis.solution.decisions.iter();
        let decision = decisions.find(|decision| decision.cell == id)?;
        let status = match decision.status {
            DecisionStatus::Accepted => Text::new("accepted", "受容"),
            DecisionStatus::Transferred => Text::new("transferred", "移転"),
            DecisionStatus::Dismissed => Text::new("dismissed", "棄却"),
        };
        let (owner, until, why) = (&decision.owner, decision.until, &decision.why);
        let (over_en, over_ja) = if decision.holds {
            ("", "")
        } else {
            (", over", "、期限切れ")
        };
        let text = Text::new(
            format!(
                "{}: {} ({owner}, until {until}{over_en})",
                status.en, why.en
            ),
            format!(
                "{}: {}（{owner}、{until} まで{over_ja}）",
                status.ja, why.ja
            ),
        );
        Some(fact("Decision", "判断", vec![text]))
    }

    /// A decision about something that the analysis does not find any more.
    fn decided(&self, id: &str) -> Option<Explanation> {
        Some(Explanation {
            id: id.to_owned(),
            kind: Text::new("Decision", "判断"),
            title: Text::new(
                "Decided about, and not found now",
                "判断はあるが、今の分析では見つからない",
            ),
            facts: vec![self.decision(id)?],
            ways: Vec::new(),
        })
    }

    fn risk(&self, node: &Node) -> Option<&Risk> {
        let id = node.id.as_str();
        match node.kind {
            NodeKind::Threat => {
                let mut threats = self.analysis.threats.iter();
                threats.find(|one| one.id == id).map(|one| &one.risk)
            }
            NodeKind::Scenario => {
                let mut scenarios = self.analysis.stpa.targets();
                scenarios.find(|one| one.id == id).map(|one| &one.risk)
            }
            NodeKind::Cell => {
                let matrices = self.analysis.matrices.iter();
                let mut cells = matrices.flat_map(|matrix| &matrix.cells);
                let cell = cells.find(|one| one.id.to_string() == id)?;
                cell.risk.as_ref()
            }
            _ => None,
        }
    }

    /// The other ends of each requirement that a node is linked to.
    fn ways(&self, node: &Node) -> Vec<Way> {
        let Some(traced) = self.trace.explain(&node.id) else {
            return Vec::new();
        };
        let way = |(id, through): (&str, &Near<'_>)| {
            let ends = through.iter().filter(|(other, _)| {
                let is_end = ASKING.contains(other)
                    || matches!(
                        other,
                        NodeKind::Measure | NodeKind::Clause | NodeKind::Probe | NodeKind::Item
                    );
                let is_side_by_side = ASKING.contains(other) && ASKING.contains(&node.kind);
                is_end && !is_side_by_side && **other != node.kind
            });
            let ends = ends.map(|(other, nodes)| Fact {
                label: kinds(*other),
                values: nodes.iter().map(|node| Text::same(&node.id)).collect(),
            });
            Some(Way {
                requirement: id.to_owned(),
                shall: self.trace.node(id)?.text.clone(),
                ends: ends.collect(),
            })
        };
        let through = traced.through.iter().map(|(id, near)| (*id, near));
        through.filter_map(way).collect()
    }

    /// A countermeasure at a place where nobody put it: as an alternative names it.
    fn not_chosen(&self, id: &str) -> Option<Explanation> {
        let (measure, place) = id.split_once('@')?;
        let is_place = place == "all" || self.trace.node(place).is_some();
        let known = explain(&self.analysis.knowledge, measure).filter(|_| is_place)?;
        let said = Text::new(
            format!("It was not chosen at {place}."),
            format!("{place} では選ばれていない。"),
        );
        let mut facts = vec![fact("In this model", "このモデルでは", vec![said])];
        facts.extend(known.facts);
        Some(Explanation {
            id: id.to_owned(),
            facts,
            ..known
        })
    }
}

/// What tells most about a node in a list: of what happens on an element, the event, not the element.
fn said(node: &Node) -> &Text {
    match node.kind {
        NodeKind::Threat | NodeKind::Scenario => &node.text,
        _ => &node.title,
    }
}

/// The ids that the values of a fact begin with.
fn leads(fact: &Fact) -> Vec<String> {
    let values = fact.values.iter();
    let leads = values.filter_map(|value| value.en.split_once("  "));
    leads.map(|(id, _)| id.to_owned()).collect()
}

/// Level, and every factor that makes it.
fn of_risk(risk: &Risk) -> [Fact; 3] {
    let (how, impact) = (risk.likelihood, level(risk.impact));
    let of = level(risk.level);
    let text = Text::new(
        format!("{} (likelihood {how} of 3, impact {})", of.en, impact.en),
        format!("{}（起こりやすさ {how}/3、影響 {}）", of.ja, impact.ja),
    );
    let factors = risk.likelihood_factors.iter().map(|factor| {
        let points = factor.points;
        Text::new(
            format!("{points:+} {}", factor.why.en),
            format!("{points:+} {}", factor.why.ja),
        )
    });
    let impacts = risk.impact_factors.iter().map(|impact| {
        let of = level(impact.level);
        Text::new(
            format!("{}: {}", of.en, impact.why.en),
            format!("{}: {}", of.ja, impact.why.ja),
        )
    });
    [
        fact("Risk", "リスク", vec![text]),
        fact(
            "Likelihood comes from",
            "起こりやすさの内訳",
            factors.collect(),
        ),
        fact("Impact comes from", "影響の内訳", impacts.collect()),
    ]
}
