//! Drift: what was observed and is not in the model, and what is in the model and was not observed.
//!
//! Pure: the server says what it saw, this says where the two differ. A gateway sees what passes it and who
//! knocks at it; flows that do not pass it are named as not observable rather than counted as silent.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::language::Text;
use crate::model::{ComponentKind, Flow, Model};
use crate::system::System;
use crate::vocabulary::vocabulary;

/// Most subjects that a difference names; the others are counted.
const MAX_SUBJECTS: usize = 5;
/// Longest name from outside that a difference repeats, in characters.
const SHOWN: usize = 80;

/// What the server saw since a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Registered devices that may take part, by role.
    pub devices: BTreeMap<String, u64>,
    /// Messages and commands that passed.
    pub flows: Vec<SeenFlow>,
    /// What devices tried and their role may not.
    pub attempts: Vec<SeenAttempt>,
    /// Who knocked without being a device of ours.
    pub strangers: Vec<SeenStranger>,
}

/// A flow that passed the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenFlow {
    /// Role of the device that sent or received it.
    pub role: String,
    /// Flow id, as the topic has it.
    pub flow: String,
    /// When it last passed.
    pub last: Timestamp,
}

/// Something that a device tried and was refused, because its role may not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenAttempt {
    /// Name of the device.
    pub device: String,
    /// Its role.
    pub role: String,
    /// Topic or filter.
    pub topic: String,
    /// How often.
    pub count: u64,
    /// When last.
    pub last: Timestamp,
}

/// A peer that was turned away at the door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenStranger {
    /// Address or network.
    pub source: String,
    /// Reason of the refusal.
    pub reason: String,
    /// How often.
    pub count: u64,
    /// When last.
    pub last: Timestamp,
}

vocabulary! {
    /// Which way a difference goes.
    Direction {
        /// It was observed, and the model does not have it.
        NotInModel = "not-in-model",
        /// The model has it, and it was not observed.
        NotObserved = "not-observed",
        /// The model has it, and the gateway cannot see it; no drift, but no proof either.
        NotObservable = "not-observable",
    }
}

vocabulary! {
    /// What differs.
    What {
        /// A component.
        Component = "component",
        /// A flow between known components.
        Flow = "flow",
        /// A topic that no flow has.
        Topic = "topic",
        /// A peer.
        Peer = "peer",
        /// How many there are.
        Count = "count",
    }
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// `not-in-model:topic:sensor:camera`; stable.
    pub id: String,
    /// Which way.
    pub direction: Direction,
    /// What.
    pub what: What,
    /// In a sentence, with what to do.
    pub text: Text,
    /// Devices or addresses that show it, the first five by name.
    pub subjects: Vec<String>,
    /// How often it was seen.
    pub count: u64,
    /// When it was last seen.
    pub last: Option<Timestamp>,
}

impl Difference {
    /// Whether model and system really differ, so that a check finds a problem.
    pub fn is_drift(&self) -> bool {
        self.direction != Direction::NotObservable
    }
}

/// Compares a model with what was seen; by id.
pub fn compare(model: &Model, seen: &Seen) -> Vec<Difference> {
    let system = System::new(model);
    let mut found = Found::default();
    for (role, registered) in &seen.devices {
        devices(model, role, *registered, &mut found);
    }
    for flow in &seen.flows {
        passed(model, flow, &mut found);
    }
    for attempt in &seen.attempts {
        attempted(model, attempt, &mut found);
    }
    for stranger in &seen.strangers {
        let (source, reason) = (shown(&stranger.source), shown(&stranger.reason));
        found.add(
            (Direction::NotInModel, What::Peer, &stranger.source),
            Text::new(
                format!(
                    "{source} knocks without being a device of ours ({reason}): find out who it is"
                ),
                format!(
                    "{source} が登録のないまま接続を試みている（{reason}）。何者か確かめること"
                ),
            ),
            Sighting {
                subject: Some(&stranger.source),
                count: stranger.count,
                last: Some(stranger.last),
            },
        );
    }
    not_observed(&system, seen, &mut found);
    found.by_id.into_values().collect()
}

fn devices(model: &Model, role: &str, registered: u64, found: &mut Found) {
    let component = model
        .components
        .get(role)
        .filter(|c| c.kind == ComponentKind::Device);
    let sighting = Sighting {
        count: registered,
        ..Sighting::default()
    };
    match component {
        None => found.add(
            (Direction::NotInModel, What::Component, role),
            Text::new(
                format!("{registered} devices have the role {}, which is no device of the model: add the component or retire them", shown(role)),
                format!("{registered} 台の役割 {} はモデルの機器にない。部品を加えるか、機器を廃止すること", shown(role)),
            ),
            sighting,
        ),
        Some(component) if registered > u64::from(component.count) => found.add(
            (Direction::NotInModel, What::Count, role),
            Text::new(
                format!("the model says {} of {role}, {registered} are registered: raise `count` or find out why", component.count),
                format!("モデルの {role} は {} 台だが、{registered} 台が登録されている。count を直すか、理由を確かめること", component.count),
            ),
            sighting,
        ),
        Some(_) => {}
    }
}

/// Whether a flow of the model has a role at either end.
fn has_end(flow: &Flow, role: &str) -> bool {
    flow.from == role || flow.to == role
}

fn passed(model: &Model, seen: &SeenFlow, found: &mut Found) {
    if model
        .flows
        .get(&seen.flow)
        .is_some_and(|flow| has_end(flow, &seen.role))
    {
        return;
    }
    let (role, flow) = (shown(&seen.role), shown(&seen.flow));
    found.add(
        (
            Direction::NotInModel,
            What::Flow,
            &format!("{}:{}", seen.role, seen.flow),
        ),
        Text::new(
            format!(
                "{role} used flow {flow} under an earlier policy; the model does not have it now"
            ),
            format!("{role} は以前のポリシーでフロー {flow} を使っていたが、今のモデルにはない"),
        ),
        Sighting {
            subject: None,
            count: 1,
            last: Some(seen.last),
        },
    );
}

fn attempted(model: &Model, seen: &SeenAttempt, found: &mut Found) {
    let role = shown(&seen.role);
    // sk/<device>/<flow> or sk/<device>/cmd/<flow>[/ack]
    let parts: Vec<&str> = seen.topic.split('/').collect();
    let flow = match parts.as_slice() {
        ["sk", _, "cmd", flow, ..] | ["sk", _, flow] => Some(*flow),
        _ => None,
    };
    let known = flow.and_then(|id| model.flows.get_key_value(id));
    let (key, what, text) = match known {
        Some((id, flow)) => {
            let (from, to) = (&flow.from, &flow.to);
            (
                format!("{}:{id}", seen.role),
                What::Flow,
                Text::new(
                    format!(
                        "{role} tries flow {id}, which the model gives to {from} and {to} in another way: mend the model or the device"
                    ),
                    format!(
                        "{role} がフロー {id} を試みているが、モデルでは {from} から {to} へのもの。モデルか機器を直すこと"
                    ),
                ),
            )
        }
        None => {
            let topic = shown(&general(&parts));
            (
                format!("{}:{topic}", seen.role),
                What::Topic,
                Text::new(
                    format!(
                        "{role} tries {topic}, which no flow has: add the flow, or find out what the device wants"
                    ),
                    format!(
                        "{role} が {topic} を試みているが、該当するフローがない。フローを加えるか、機器の意図を確かめること"
                    ),
                ),
            )
        }
    };
    found.add(
        (Direction::NotInModel, what, &key),
        text,
        Sighting {
            subject: Some(&seen.device),
            count: seen.count,
            last: Some(seen.last),
        },
    );
}

/// The topic with the device's own name left out, so that equal attempts of many devices are one.
fn general(parts: &[&str]) -> String {
    let mut parts: Vec<&str> = parts.to_vec();
    if parts.first() == Some(&"sk")
        && let Some(device) = parts.get_mut(1)
    {
        *device = "…";
    }
    parts.join("/")
}

fn not_observed(system: &System<'_>, seen: &Seen, found: &mut Found) {
    let model = system.model;
    let passed: BTreeSet<(&str, &str)> = seen
        .flows
        .iter()
        .map(|seen| (seen.role.as_str(), seen.flow.as_str()))
        .collect();
    for role in crate::choose::devices(model) {
        if seen.devices.get(role).copied().unwrap_or(0) == 0 {
            found.add(
                (Direction::NotObserved, What::Component, role),
                Text::new(
                    format!("no device of role {role} is registered"),
                    format!("役割 {role} の機器は一台も登録されていない"),
                ),
                Sighting::default(),
            );
        }
    }
    for (id, flow) in &model.flows {
        if !system.way(id).enforced {
            found.add(
                (Direction::NotObservable, What::Flow, id),
                Text::new(
                    format!("flow {id} does not pass the gateway: nobody sees whether it is as the model says"),
                    format!("フロー {id} はゲートウェイを通らない。モデルの通りかは誰も見ていない"),
                ),
                Sighting::default(),
            );
            continue;
        }
        for role in [&flow.from, &flow.to] {
            let registered = seen.devices.get(role).copied().unwrap_or(0);
            if system.is_device(role)
                && registered > 0
                && !passed.contains(&(role.as_str(), id.as_str()))
            {
                found.add(
                    (Direction::NotObserved, What::Flow, &format!("{role}:{id}")),
                    Text::new(
                        format!("flow {id} of {role} was not seen: take it out of the model, or find out why it is silent"),
                        format!("{role} のフロー {id} が観測されていない。モデルから除くか、なぜ途絶えたか確かめること"),
                    ),
                    Sighting::default(),
                );
            }
        }
    }
}

#[derive(Default)]
struct Sighting<'a> {
    subject: Option<&'a str>,
    count: u64,
    last: Option<Timestamp>,
}

#[derive(Default)]
struct Found {
    by_id: BTreeMap<String, Difference>,
}

impl Found {
    fn add(
        &mut self,
        (direction, what, key): (Direction, What, &str),
        text: Text,
        sighting: Sighting<'_>,
    ) {
        let id = format!("{}:{}:{}", direction.word(), what.word(), shown(key));
        let difference = self.by_id.entry(id.clone()).or_insert_with(|| Difference {
            id,
            direction,
            what,
            text,
            subjects: Vec::new(),
            count: 0,
            last: None,
        });
        difference.count = difference.count.saturating_add(sighting.count);
        difference.last = difference.last.max(sighting.last);
        if let Some(subject) = sighting.subject {
            let subject = shown(subject);
            // The first by name, in whatever order they come.
            if let Err(place) = difference.subjects.binary_search(&subject) {
                difference.subjects.insert(place, subject);
                difference.subjects.truncate(MAX_SUBJECTS);
            }
        }
    }
}

/// Names from outside on one line, without what a terminal would act on, cut where they are long.
fn shown(text: &str) -> String {
    let safe = text
        .chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c });
    safe.take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        let text = include_str!("../../../examples/cold-store/model.toml");
        crate::model::parse("model.toml", text).expect("the example is sound")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    /// A fleet that does all that the model says and nothing else.
    fn faithful(model: &Model) -> Seen {
        let system = System::new(model);
        let roles = crate::choose::devices(model);
        let flows = model.flows.iter().filter(|(id, _)| system.way(id).enforced);
        Seen {
            devices: roles.map(|role| (role.clone(), 1)).collect(),
            flows: flows
                .flat_map(|(id, flow)| [&flow.from, &flow.to].map(|role| (id, role)))
                .filter(|(_, role)| system.is_device(role))
                .map(|(id, role)| SeenFlow {
                    role: role.clone(),
                    flow: id.clone(),
                    last: at(100),
                })
                .collect(),
            ..Seen::default()
        }
    }

    fn drift(model: &Model, seen: &Seen) -> Vec<String> {
        let found = compare(model, seen).into_iter();
        found.filter(Difference::is_drift).map(|it| it.id).collect()
    }

    #[test]
    fn a_fleet_that_does_what_the_model_says_has_not_drifted() {
        let model = model();
        assert_eq!(drift(&model, &faithful(&model)), [""; 0]);
    }

    #[test]
    fn what_was_seen_beside_the_model_is_named() {
        let model = model();
        let mut seen = faithful(&model);
        seen.devices.insert("camera".to_owned(), 2);
        seen.devices.insert("door".to_owned(), 1_000);
        seen.flows.push(SeenFlow {
            role: "sensor".to_owned(),
            flow: "humidity".to_owned(),
            last: at(5),
        });
        let attempt = |device: &str, topic: &str, count| SeenAttempt {
            device: device.to_owned(),
            role: "sensor".to_owned(),
            topic: topic.to_owned(),
            count,
            last: at(count.try_into().expect("small")),
        };
        seen.attempts = vec![
            attempt("dev-1", "sk/dev-1/pictures", 2),
            attempt("dev-2", "sk/dev-2/pictures", 3),
            attempt("dev-1", "sk/dev-9/cmd/lock", 1),
            attempt("dev-1", "#\u{1b}[2J", 1),
        ];
        seen.strangers.push(SeenStranger {
            source: "198.51.100.7".to_owned(),
            reason: "unknown-issuer".to_owned(),
            count: 9,
            last: at(9),
        });
        assert_eq!(
            drift(&model, &seen),
            [
                "not-in-model:component:camera",
                "not-in-model:count:door",
                "not-in-model:flow:sensor:humidity",
                "not-in-model:flow:sensor:lock",
                "not-in-model:peer:198.51.100.7",
                "not-in-model:topic:sensor:#\u{fffd}[2J",
                "not-in-model:topic:sensor:sk/…/pictures",
            ]
        );
        let found = compare(&model, &seen);
        let pictures = found
            .iter()
            .find(|it| it.id.ends_with("pictures"))
            .expect("found");
        assert_eq!((pictures.count, pictures.last), (5, Some(at(3))));
        assert_eq!(pictures.subjects, ["dev-1", "dev-2"]);
    }

    #[test]
    fn what_the_model_has_and_nobody_saw_is_named() {
        let model = model();
        let mut seen = faithful(&model);
        seen.devices.remove("door");
        seen.flows
            .retain(|seen| seen.flow != "telemetry" && seen.role != "door");
        assert_eq!(
            drift(&model, &seen),
            [
                "not-observed:component:door",
                "not-observed:flow:sensor:telemetry"
            ]
        );
    }

    #[test]
    fn the_order_of_what_was_seen_changes_nothing() {
        let model = model();
        let mut seen = faithful(&model);
        seen.devices.insert("camera".to_owned(), 2);
        seen.attempts = (1_u64..10)
            .map(|number| SeenAttempt {
                device: format!("dev-{number}"),
                role: "sensor".to_owned(),
                topic: format!("sk/dev-{number}/pictures"),
                count: number,
                last: at(9),
            })
            .collect();
        let before = compare(&model, &seen);
        let pictures = before.iter().find(|it| it.id.ends_with("pictures"));
        assert_eq!(
            pictures.map(|it| it.subjects.as_slice()),
            Some(
                ["dev-1", "dev-2", "dev-3", "dev-4", "dev-5"]
                    .map(str::to_owned)
                    .as_slice()
            )
        );
        seen.attempts.reverse();
        seen.flows.reverse();
        assert_eq!(before, compare(&model, &seen));
    }
}
