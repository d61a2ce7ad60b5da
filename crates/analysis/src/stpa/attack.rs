//! Scenarios of attacks: puts the guide words on each part of each loop, and joins what the author wrote.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cause::{Cause, CauseTable, Part, causes};
use super::element::Element;
use super::{Factor, Phase, Scenario, ThreatsOf, in_force, names_of};
use crate::basis::Basis;
use crate::language::Text;
use crate::model::{ControlAction, Controller, Level, Model, Stride, UnsafeControlAction};
use crate::risk::Impact;
use crate::system::{Harm, Menace, System};

mod authored;

/// Most generated scenarios of one model; a gap says so when there would be more.
const MOST: usize = 50_000;

/// The scenarios of all unsafe control actions, by id.
pub(super) struct Attacks {
    pub(super) scenarios: Vec<Scenario>,
    /// Whether there would be more than are listed.
    pub(super) is_cut: bool,
}

pub(super) fn of_system(system: &System<'_>, threats: &ThreatsOf<'_>) -> Attacks {
    let model = system.model;
    let table = causes();
    let rivals = Rivals::of_model(model);
    let mut found = BTreeMap::new();
    let mut is_cut = false;
    for (id, uca) in &model.unsafe_control_actions {
        let Some(looped) = Loop::of_action(model, id, uca) else {
            continue;
        };
        for station in looped.parts(model, &rivals) {
            let (element, factor) = (station.element, station.factor);
            for (cause, basis) in table.rows(station.part, uca.kind) {
                let name = format!("{id}:{}@{element}", cause.stride.word());
                let count = found.len();
                match found.entry(name) {
                    Entry::Occupied(mut entry) => {
                        let scenario: &mut Scenario = entry.get_mut();
                        if scenario.factor != Some(factor) && !scenario.also.contains(&factor) {
                            scenario.also.push(factor);
                        }
                    }
                    Entry::Vacant(_) if count >= MOST => is_cut = true,
                    Entry::Vacant(entry) => {
                        let place = Place {
                            station,
                            cause,
                            basis,
                            table,
                        };
                        let id = entry.key().clone();
                        if let Some(scenario) = looped.scenario(system, threats, id, &place) {
                            entry.insert(scenario);
                        }
                    }
                }
            }
        }
    }
    authored::join(system, threats, &rivals, &mut found);
    Attacks {
        scenarios: found.into_values().collect(),
        is_cut,
    }
}

/// One control loop, seen from one unsafe control action.
struct Loop<'m> {
    id: &'m str,
    uca: &'m UnsafeControlAction,
    action: &'m ControlAction,
    controller: &'m Controller,
}

/// A flow or component of a loop, and what it is there.
#[derive(Clone, Copy)]
struct Station<'m> {
    part: Part,
    factor: Factor,
    element: &'m str,
}

/// Where in a loop a guide word is put, and why.
struct Place<'a> {
    station: Station<'a>,
    cause: &'a Cause,
    basis: &'a Arc<Basis>,
    table: &'a CauseTable,
}

impl<'m> Loop<'m> {
    fn of_action(model: &'m Model, id: &'m str, uca: &'m UnsafeControlAction) -> Option<Self> {
        let action = model.control_actions.get(&uca.action)?;
        let controller = model.controllers.get(&action.controller)?;
        Some(Loop {
            id,
            uca,
            action,
            controller,
        })
    }

    /// The parts of the loop, the nearest to the action first: where one element serves twice, the first counts.
    fn parts(&self, model: &'m Model, rivals: &Rivals<'m>) -> Vec<Station<'m>> {
        let via = |flow: &str| model.flows.get(flow).and_then(|flow| flow.via.as_deref());
        let mut parts = Vec::new();
        let mut add = |role: Part, element: &'m str| {
            parts.push(Station {
                part: role
                    .of_role(model.components.get(element))
                    .of_flow(model.flows.get(element)),
                factor: role.factor(),
                element,
            });
        };
        add(Part::ActionFlow, &self.action.flow);
        add(Part::Controller, &self.controller.component);
        add(Part::Process, &self.controller.process);
        if let Some(via) = via(&self.action.flow) {
            add(Part::ActionRelay, via);
        }
        for flow in &self.action.feedback {
            add(Part::FeedbackFlow, flow);
            if let Some(via) = via(flow) {
                add(Part::FeedbackRelay, via);
            }
        }
        for flow in rivals.of(self.controller, &self.action.controller) {
            add(Part::OtherAction, flow);
        }
        parts
    }

    fn scenario(
        &self,
        system: &System<'m>,
        threats: &ThreatsOf<'_>,
        id: String,
        place: &Place<'_>,
    ) -> Option<Scenario> {
        let Place {
            station,
            cause,
            basis,
            table,
        } = place;
        let element = Element::find(system, station.element)?;
        let effect = table.effects.get(&self.uca.kind)?;
        let process = system.model.components.get(&self.controller.process)?;
        let names = [
            ("{controller}", &self.controller.title),
            ("{process}", &process.title),
            ("{action}", &self.action.title),
            ("{element}", element.title),
            ("{belief}", &belief(self.controller)),
        ];
        let raise = element.weakness(cause);
        let kinds = BTreeSet::from([cause.stride]);
        let harm = Harm::of_stride(cause.stride);
        let menace = Menace::of(system.knowledge(), cause.reach, &kinds, harm, raise);
        let threats = threats.get(&(element.id, cause.stride));
        Some(Scenario {
            id,
            phase: Phase::Attack,
            basis: Arc::clone(basis),
            unsafe_action: Some(self.id.to_owned()),
            kind: Some(self.uca.kind),
            stride: Some(cause.stride),
            element: element.id.to_owned(),
            title: element.title.clone(),
            element_kind: element.kind(),
            factor: Some(station.factor),
            also: Vec::new(),
            at: element.at(system).to_owned(),
            text: sentence(&cause.text, effect, &names),
            risk: element.risk(system, menace, self.impacts(system.model, cause.stride)),
            answers: in_force(system, &cause.answers),
            is_named: self.uca.stride.contains(&cause.stride),
            hazards: self.uca.hazards.iter().cloned().collect(),
            threats: names_of(threats),
            enables: Vec::new(),
            enables_more: 0,
        })
    }
}

impl Loop<'_> {
    /// The losses at stake; one level less where the author names other guide words than this one.
    fn impacts(&self, model: &Model, stride: Stride) -> Vec<Impact> {
        let all = impacts(model, &self.uca.hazards);
        if self.uca.stride.is_empty() || self.uca.stride.contains(&stride) {
            return all;
        }
        let lowered = all.into_iter().map(|Impact { level, why }| {
            let why = Text::new(
                format!("{} (in a way that its author does not name)", why.en),
                format!("{}（作成者の挙げていない手口で）", why.ja),
            );
            Impact::new(level.lowered(1), why)
        });
        lowered.collect()
    }
}

/// What a controller believes, to be put behind a clause; nothing when nobody said it.
fn belief(controller: &Controller) -> Text {
    if controller.process_model.is_empty() {
        return Text::default();
    }
    let beliefs: Vec<&str> = controller
        .process_model
        .iter()
        .map(String::as_str)
        .collect();
    Text::new(
        format!(" ({})", beliefs.join(", ")),
        format!("（{}）", beliefs.join("、")),
    )
}

/// Control actions by the process that they act on.
struct Rivals<'m> {
    flows: BTreeMap<&'m str, Vec<(&'m str, &'m str)>>,
}

impl<'m> Rivals<'m> {
    fn of_model(model: &'m Model) -> Self {
        let mut flows: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for action in model.control_actions.values() {
            if let Some(controller) = model.controllers.get(&action.controller) {
                let of_process = flows.entry(&controller.process).or_default();
                of_process.push((&action.controller, &action.flow));
            }
        }
        Rivals { flows }
    }

    /// Flows by which others than this controller act on its process.
    fn of<'r>(
        &'r self,
        controller: &Controller,
        id: &'r str,
    ) -> impl Iterator<Item = &'m str> + 'r {
        let flows = self.flows.get(controller.process.as_str());
        let flows = flows.map_or(&[][..], Vec::as_slice).iter();
        flows
            .filter(move |(other, _)| *other != id)
            .map(|(_, flow)| *flow)
    }
}

/// The impact of a scenario: the worst loss that its hazards lead to.
pub(super) fn impacts<'a>(
    model: &Model,
    hazards: impl IntoIterator<Item = &'a String>,
) -> Vec<Impact> {
    let mut impacts = vec![Impact::new(
        Level::Low,
        Text::new("no hazard is named", "ハザードが挙げられていない"),
    )];
    for id in hazards {
        let Some(hazard) = model.hazards.get(id) else {
            continue;
        };
        let losses = hazard.losses.iter();
        let losses: Vec<_> = losses
            .filter_map(|id| Some((id, model.losses.get(id)?)))
            .collect();
        if losses.is_empty() {
            let why = Text::new(
                format!("hazard {id} without a named loss"),
                format!("損失の挙げられていないハザード {id}"),
            );
            impacts.push(Impact::new(Level::Medium, why));
        }
        for (loss_id, loss) in losses {
            let why = Text::new(
                format!("hazard {id} leads to loss {loss_id}: {}", loss.text.en),
                format!("ハザード {id} が損失 {loss_id} に至る: {}", loss.text.ja),
            );
            impacts.push(Impact::new(loss.severity, why));
        }
    }
    impacts
}

/// Cause and effect as one statement.
fn sentence(cause: &Text, effect: &Text, names: &[(&str, &Text)]) -> Text {
    let fill = |text: &str, of: fn(&Text) -> &str| {
        // One pass, so that a name that looks like a placeholder stays what it is.
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, after) = rest.split_at(at);
            out.push_str(before);
            match names.iter().find(|(key, _)| after.starts_with(key)) {
                Some((key, name)) => {
                    out.push_str(of(name));
                    rest = after.strip_prefix(key).unwrap_or_default();
                }
                None => {
                    out.push('{');
                    rest = after.strip_prefix('{').unwrap_or_default();
                }
            }
        }
        out.push_str(rest);
        out
    };
    let en = |text: &Text| fill(&text.en, |name| &name.en);
    let ja = |text: &Text| fill(&text.ja, |name| &name.ja);
    Text::new(
        format!("{}: {}.", en(cause), en(effect)),
        format!("{}。その結果、{}。", ja(cause), ja(effect)),
    )
}
