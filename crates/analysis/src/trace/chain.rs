//! The chain itself: elements, threats, cells and scenarios, countermeasures, requirements, clauses, probes, items.

use super::{NodeKind, Trace};
use crate::analysis::Analysis;
use crate::basis::{Basis, Method};
use crate::choose::{Pick, Target};
use crate::evidence::name;
use crate::knowledge::ProbeName;
use crate::language::Text;
use crate::policy::rules::Rule;
use crate::requirements::{ClauseName, Requirement};
use crate::stpa;

impl Trace {
    pub(super) fn elements(&mut self, analysis: &Analysis) {
        for (id, zone) in &analysis.source.zones {
            let text = Text::new(
                "Area with one level of trust.",
                "信頼の度合いが一様な区域。",
            );
            self.add(id, NodeKind::Zone, zone.title.clone(), text);
        }
        for (id, component) in &analysis.source.components {
            let text = Text::same(component.kind.word());
            self.add(id, NodeKind::Element, component.title.clone(), text);
            self.link(id, &component.zone);
        }
        for (id, flow) in &analysis.source.flows {
            let way = format!("{} → {}", flow.from, flow.to);
            self.add(id, NodeKind::Element, flow.title.clone(), Text::same(way));
            let ends = [Some(&flow.from), Some(&flow.to), flow.via.as_ref()];
            for end in ends.into_iter().flatten() {
                self.link(id, end);
            }
        }
        for (id, asset) in &analysis.source.assets {
            let text = Text::new("Something worth protecting.", "守る価値のあるもの。");
            self.add(id, NodeKind::Asset, asset.title.clone(), text);
            for component in &asset.stored_in {
                self.link(id, component);
            }
        }
        for (id, flow) in &analysis.source.flows {
            for asset in &flow.assets {
                self.link(id, asset);
            }
        }
    }

    pub(super) fn risks(&mut self, analysis: &Analysis) {
        for threat in &analysis.threats {
            let (title, text) = ((*threat.title).clone(), (*threat.text).clone());
            self.add(&threat.id, NodeKind::Threat, title, text);
            self.rule(analysis, &threat.basis, &threat.id);
            self.link(&threat.id, &threat.element);
            self.link(&threat.id, &threat.at);
        }
        let threats = &analysis.knowledge.threats;
        for matrix in &analysis.matrices {
            for cell in &matrix.cells {
                let id = cell.id.to_string();
                let known = threats.get(&cell.threat);
                let name = known.map(|known| known.name.clone()).unwrap_or_default();
                let phase = analysis.knowledge.phases.get(&cell.phase);
                let phase = phase.cloned().unwrap_or_default();
                let title = Text::new(
                    format!("{}: {} ({})", matrix.title.en, name.en, phase.en),
                    format!("{}: {}（{}）", matrix.title.ja, name.ja, phase.ja),
                );
                let text = known.map(|known| known.text.clone()).unwrap_or_default();
                self.add(&id, NodeKind::Cell, title, text);
                if let Some(known) = known {
                    let (name, text) = (known.name.clone(), known.text.clone());
                    self.add(&cell.threat, NodeKind::Rule, name, text);
                    self.link(&id, &cell.threat);
                }
                self.link(&id, &matrix.component);
            }
        }
        let stpa = &analysis.stpa;
        for scenario in stpa.scenarios.iter().chain(&stpa.before_attack) {
            let (title, text) = (scenario.title.clone(), scenario.text.clone());
            self.add(&scenario.id, NodeKind::Scenario, title, text);
            self.rule(analysis, &scenario.basis, &scenario.id);
            self.link(&scenario.id, &scenario.element);
            self.link(&scenario.id, &scenario.at);
            let near = scenario.hazards.iter().chain(&scenario.unsafe_action);
            for other in near.chain(&scenario.threats) {
                self.link(&scenario.id, other);
            }
        }
        for scenario in &stpa.before_attack {
            for attack in &scenario.enables {
                self.link(&scenario.id, attack);
            }
        }
    }

    /// The rule behind a result. An author's own scenario is its own rule.
    fn rule(&mut self, analysis: &Analysis, basis: &Basis, result: &str) {
        if basis.rule == result {
            return;
        }
        if self.node(&basis.rule).is_none() {
            let mut stride = analysis.knowledge.rules.iter();
            let stride = stride.find(|rule| rule.id == basis.rule);
            let mut before = stpa::before_rules().iter();
            let before = before.find(|rule| rule.id == basis.rule);
            let text = stride.map(|rule| &rule.text);
            let text = text.or(before.map(|rule| &rule.text));
            let title = text.unwrap_or(&basis.source).clone();
            self.add(&basis.rule, NodeKind::Rule, title, basis.source.clone());
        }
        self.link(&basis.rule, result);
    }

    pub(super) fn measures(&mut self, analysis: &Analysis) {
        for (id, measure) in &analysis.knowledge.measures {
            let (name, shall) = (measure.name.clone(), measure.shall.clone());
            self.add(id, NodeKind::Measure, name, shall);
            for probe in measure.observed.iter().chain(&measure.refused) {
                let probe = self.probe(analysis, probe);
                self.link(id, &probe);
            }
        }
    }

    pub(super) fn probe(&mut self, analysis: &Analysis, probe: &ProbeName) -> String {
        let id = name(probe);
        let known = analysis.knowledge.probes.get(&probe.probe);
        let text = known.map(|known| known.text.clone()).unwrap_or_default();
        let title = Text::same(&probe.probe);
        self.add(&id, NodeKind::Probe, title, text);
        id
    }

    pub(super) fn items(&mut self, analysis: &Analysis) {
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

    pub(super) fn requirement(&mut self, analysis: &Analysis, requirement: &Requirement) {
        let id = requirement.id.as_str();
        let (title, shall) = (requirement.title.clone(), requirement.shall.clone());
        self.add(id, NodeKind::Requirement, title, shall);
        if let Some(at) = &requirement.at {
            self.link(id, at);
        }
        if let Some(measure) = &requirement.measure {
            self.link(id, measure);
            let at = requirement.at.as_deref().unwrap_or("all");
            self.link(id, &format!("{measure}@{at}"));
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
        for closed in &requirement.closes {
            self.link(id, closed);
        }
        if let Some(assumption) = id.strip_prefix("REQ-ASSUME-") {
            self.link(id, assumption);
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
            let (title, text) = rule_words(analysis, &rule);
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
            for threat in self.threats_of(flow) {
                self.link(id, &threat);
            }
        }
    }

    /// Ids of the threats that were found on an element. Links are followed instead of reading the list of all
    /// threats, which grows as the flows do.
    fn threats_of(&self, element: &str) -> Vec<String> {
        let near = self.near(element);
        let threats = near.get(&NodeKind::Threat).into_iter().flatten();
        let of_element = |id: &&str| id.split_once(':').is_some_and(|(of, _)| of == element);
        let ids = threats.map(|threat| threat.id.as_str()).filter(of_element);
        ids.map(str::to_owned).collect()
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

    /// What was chosen, and what had to be closed although no threat asks for it.
    pub(super) fn choice(&mut self, analysis: &Analysis) {
        for target in &analysis.solution.targets {
            if matches!(target.method, Method::Regime | Method::Declared) {
                self.target(target);
            }
        }
        for pick in &analysis.solution.picks {
            self.pick(analysis, pick);
        }
        for pick in &analysis.solution.picks {
            for user in &pick.needed_by {
                self.link(&pick.id, user);
            }
        }
    }

    fn target(&mut self, target: &Target) {
        let Some((element, asked)) = target.id.split_once(':') else {
            return;
        };
        let element_title = self.node(element).map(|node| node.title.clone());
        let element_title = element_title.unwrap_or_else(|| Text::same(element));
        let item = self.node(asked).filter(|node| node.kind == NodeKind::Item);
        let text = match item {
            Some(item) => item.text.clone(),
            None => Text::new(
                "The model says so of the flow, so it must be shown.",
                "モデルがフローについてそう述べるので、示さなければならない。",
            ),
        };
        let asked_title = item.map_or_else(|| Text::same(asked), |item| item.title.clone());
        let title = Text::new(
            format!("{}: {}", element_title.en, asked_title.en),
            format!("{}: {}", element_title.ja, asked_title.ja),
        );
        self.add(&target.id, NodeKind::Target, title, text);
        self.link(&target.id, element);
        self.link(&target.id, asked);
    }

    fn pick(&mut self, analysis: &Analysis, pick: &Pick) {
        let measure = analysis.knowledge.measures.get(&pick.measure);
        let title = measure.map_or_else(|| Text::same(&pick.measure), |m| m.name.clone());
        self.add(&pick.id, NodeKind::Pick, title, pick.why.clone());
        self.link(&pick.id, &pick.measure);
        let helped = pick.helps.iter().map(|id| &**id);
        for other in helped.chain(pick.at.as_deref()) {
            self.link(&pick.id, other);
        }
    }
}

/// What a rule of the policy is called and says.
fn rule_words(analysis: &Analysis, id: &str) -> (Text, Text) {
    let known = id.strip_prefix("policy/").and_then(|key| {
        let rules = Rule::of(&analysis.source);
        let rule = rules.into_iter().find(|rule| rule.key == key)?;
        Some(rule.words(&analysis.source))
    });
    known.unwrap_or_else(|| {
        let text = Text::new(
            "Rule of the policy for whom devices of this role speak with.",
            "この役割の機器の通信相手についてのポリシーの規則。",
        );
        (text.clone(), text)
    })
}
