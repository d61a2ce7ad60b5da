//! STRIDE over elements and flows: rules from a data file, each with the conditions that made it fire.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use crate::basis::{Basis, Method};
use crate::knowledge::{ActorSet, Knowledge, Rule, Subject};
use crate::language::Text;
use crate::model::{Model, Stride};
use crate::risk::Risk;
use crate::system::{Harm, Menace, System};

mod facts;

/// One threat to one element.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Threat {
    /// Element and rule, as `telemetry:SR-F2`; stable.
    pub id: String,
    /// The rule that fired.
    pub rule: String,
    /// Which of the six.
    pub stride: Stride,
    /// Id of the flow or component.
    pub element: String,
    /// What a reader calls the element.
    pub title: Arc<Text>,
    /// `flow`, or the kind of component.
    pub element_kind: &'static str,
    /// Component at which measures are put to work.
    pub at: String,
    /// What happens.
    pub text: Arc<Text>,
    /// How large the risk is.
    pub risk: Risk,
    /// Countermeasures that answer it.
    pub answers: Arc<[String]>,
    /// Method, rule and source.
    pub basis: Arc<Basis>,
}

/// All threats of a model, by id.
pub fn threats(model: &Model) -> Vec<Threat> {
    of_system(&System::new(model))
}

pub(crate) fn of_system(system: &System<'_>) -> Vec<Threat> {
    let knowledge = system.knowledge();
    let rules = knowledge.rules.iter();
    let rules: Vec<Ready<'_>> = rules.map(|rule| Ready::of(knowledge, rule)).collect();
    let mut threats = Vec::new();
    for (id, flow) in &system.model.flows {
        let element = Element {
            id,
            title: Arc::new(flow.title.clone()),
            subject: Subject::Flow,
            at: system.owner_of(flow),
        };
        let way = system.way(id);
        for ready in ready_for(&rules, Subject::Flow) {
            if facts::flow_meets(&ready.rule.when, system, (id, flow, way)) {
                let risk = system.risk_of_flow((id, flow, way), ready.menace());
                threats.push(element.threat(ready, risk));
            }
        }
    }
    for (id, component) in &system.model.components {
        let subject = facts::subject(component.kind);
        let element = Element {
            id,
            title: Arc::new(component.title.clone()),
            subject,
            at: system.keeper_of(id),
        };
        for ready in ready_for(&rules, subject) {
            if facts::component_meets(&ready.rule.when, system, id, component) {
                let risk = system.risk_of_component(id, component, ready.menace());
                threats.push(element.threat(ready, risk));
            }
        }
    }
    threats.sort_by(|a, b| a.id.cmp(&b.id));
    threats
}

/// A rule with what all of its threats share.
struct Ready<'k> {
    rule: &'k Rule,
    text: Arc<Text>,
    answers: Arc<[String]>,
    basis: Arc<Basis>,
    kinds: BTreeSet<Stride>,
    willing: ActorSet,
}

impl<'k> Ready<'k> {
    fn of(knowledge: &Knowledge, rule: &'k Rule) -> Self {
        let kinds = BTreeSet::from([rule.stride]);
        Ready {
            rule,
            text: Arc::new(rule.text.clone()),
            answers: rule.answers.as_slice().into(),
            basis: Arc::new(basis(rule)),
            willing: knowledge.actors_for(rule.reach, &kinds),
            kinds,
        }
    }

    fn menace(&self) -> Menace<'_> {
        let rule = self.rule;
        Menace {
            reach: rule.reach,
            kinds: &self.kinds,
            harm: match &rule.harms {
                Some(letters) => Harm::of_letters(letters),
                None => Harm::of_stride(rule.stride),
            },
            raise: rule.raise,
            skill: rule.skill,
            steps: rule.steps,
            intent: rule.intent,
            phase: None,
            willing: self.willing,
        }
    }
}

fn ready_for<'r, 'k>(
    rules: &'r [Ready<'k>],
    subject: Subject,
) -> impl Iterator<Item = &'r Ready<'k>> {
    let rules = rules.iter();
    rules.filter(move |ready| ready.rule.on.contains(&subject))
}

fn basis(rule: &Rule) -> Basis {
    Basis {
        method: Method::Stride,
        rule: rule.id.clone(),
        source: rule.source.clone().unwrap_or_else(|| question(rule.stride)),
        own_judgement: rule.source.is_none(),
    }
}

/// What the method asks of every element, and that the rule that answers is ours.
fn question(stride: Stride) -> Text {
    let (en, ja) = match stride {
        Stride::Spoofing => (
            "can someone pass for another here?",
            "ここで他者になりすませるか。",
        ),
        Stride::Tampering => (
            "can something be changed here unseen?",
            "ここで気づかれずに変えられるか。",
        ),
        Stride::Repudiation => (
            "can someone deny what was done here?",
            "ここで行ったことを否認できるか。",
        ),
        Stride::InformationDisclosure => (
            "can someone learn here what is not meant for them?",
            "ここで、許されない者が知りうるか。",
        ),
        Stride::DenialOfService => (
            "can others be kept from using it?",
            "ここを使えなくできるか。",
        ),
        Stride::ElevationOfPrivilege => (
            "can someone do more here than they may?",
            "ここで、許された以上のことができるか。",
        ),
    };
    Text::new(
        format!("STRIDE asks: {en} The rule is our own judgement."),
        format!("STRIDE の問い: {ja}規則は当方の判断。"),
    )
}

/// What a rule fires on.
struct Element<'m> {
    id: &'m str,
    title: Arc<Text>,
    subject: Subject,
    at: &'m str,
}

impl Element<'_> {
    fn threat(&self, ready: &Ready<'_>, risk: Risk) -> Threat {
        Threat {
            id: [self.id, ":", &ready.rule.id].concat(),
            rule: ready.rule.id.clone(),
            stride: ready.rule.stride,
            element: self.id.to_owned(),
            title: Arc::clone(&self.title),
            element_kind: self.subject.word(),
            at: self.at.to_owned(),
            text: Arc::clone(&ready.text),
            risk,
            answers: Arc::clone(&ready.answers),
            basis: Arc::clone(&ready.basis),
        }
    }
}
