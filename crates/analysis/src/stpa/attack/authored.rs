//! What the author wrote about causes: scenarios of their own, and guide words that our table does not expect.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Loop, Rivals, impacts};
use crate::basis::{Basis, Method};
use crate::knowledge::Reach;
use crate::language::Text;
use crate::model::Stride;
use crate::stpa::cause::{Part, causes};
use crate::stpa::element::Element;
use crate::stpa::{Factor, Phase, Scenario, ThreatsOf, in_force, names_of};
use crate::system::{Harm, Menace, System};

/// Adds what the author wrote to the scenarios that were derived.
pub(super) fn join(
    system: &System<'_>,
    threats: &ThreatsOf<'_>,
    rivals: &Rivals<'_>,
    found: &mut BTreeMap<String, Scenario>,
) {
    let model = system.model;
    for (id, written) in &model.scenarios {
        let Some((uca_id, uca)) = model.unsafe_control_actions.get_key_value(&written.uca) else {
            continue;
        };
        let Some(looped) = Loop::of_action(model, uca_id, uca) else {
            continue;
        };
        let derived = format!("{uca_id}:{}@{}", written.stride.word(), written.element);
        if let Some(derived) = found.get_mut(&derived) {
            derived.is_named = true;
        }
        let said = Said {
            id: id.clone(),
            stride: written.stride,
            element: &written.element,
            text: written.text.clone(),
        };
        if let Some(scenario) = looped.authored(system, threats, rivals, said) {
            found.insert(id.clone(), scenario);
        }
    }
    let mut expected: BTreeSet<(String, Stride)> = BTreeSet::new();
    for scenario in found.values() {
        if let (Some(uca), Some(stride)) = (&scenario.unsafe_action, scenario.stride) {
            expected.insert((uca.clone(), stride));
        }
    }
    for (id, uca) in &model.unsafe_control_actions {
        let Some(looped) = Loop::of_action(model, id, uca) else {
            continue;
        };
        for stride in &uca.stride {
            if expected.contains(&(id.clone(), *stride)) {
                continue;
            }
            let flow = &looped.action.flow;
            let name = format!("{id}:{}@{flow}", stride.word());
            let word = stride_name(*stride);
            let title = model.flows.get(flow).map(|flow| &flow.title);
            let title = title.cloned().unwrap_or_default();
            let said = Said {
                id: name.clone(),
                stride: *stride,
                element: flow,
                text: Text::new(
                    format!(
                        "The author expects {} on “{}” to cause this: {}",
                        word.en, title.en, uca.text.en
                    ),
                    format!(
                        "作成者は「{}」での{}が次を引き起こすと見ている: {}",
                        title.ja, word.ja, uca.text.ja
                    ),
                ),
            };
            if let Some(scenario) = looped.authored(system, threats, rivals, said) {
                found.insert(name, scenario);
            }
        }
    }
}

/// What the author says of a cause.
struct Said<'a> {
    id: String,
    stride: Stride,
    element: &'a str,
    text: Text,
}

impl<'m> Loop<'m> {
    /// A cause that the author names. Measures and reach are those of the table when it knows the place, otherwise
    /// those of the STRIDE threats to the element.
    fn authored(
        &self,
        system: &System<'m>,
        threats: &ThreatsOf<'_>,
        rivals: &Rivals<'m>,
        said: Said<'_>,
    ) -> Option<Scenario> {
        let element = Element::find(system, said.element)?;
        let parts = self.parts(system.model, rivals);
        let station = parts.iter().find(|station| station.element == element.id);
        let cause =
            station.and_then(|station| causes().find(station.part, said.stride, self.uca.kind));
        let threats = threats.get(&(element.id, said.stride));
        // Where the author sees a cause outside of the loop, what helps at the most similar part of it is proposed.
        let similar = if element.is_flow() {
            Part::ActionFlow
        } else {
            Part::Controller
        };
        let of_threats = threats.into_iter().flatten();
        let of_threats = of_threats.flat_map(|threat| threat.answers.iter());
        let mut answers: BTreeSet<&String> = match cause {
            Some(cause) => cause.answers.iter().collect(),
            None => of_threats.collect(),
        };
        if answers.is_empty() {
            let rows = causes().find(similar, said.stride, self.uca.kind);
            answers.extend(rows.into_iter().flat_map(|cause| &cause.answers));
        }
        let reach = cause.map_or(Reach::Network, |cause| cause.reach);
        let raise = cause.map_or(0, |cause| element.weakness(cause));
        let harm = Harm::of_stride(said.stride);
        Some(Scenario {
            basis: Arc::new(Basis {
                method: Method::Stpa,
                rule: said.id.clone(),
                source: Text::new("written by the model's author", "モデルの作成者が書いた"),
                own_judgement: false,
            }),
            id: said.id,
            phase: Phase::Attack,
            unsafe_action: Some(self.id.to_owned()),
            kind: Some(self.uca.kind),
            stride: Some(said.stride),
            element: element.id.to_owned(),
            title: element.title.clone(),
            element_kind: element.kind(),
            factor: Some(station.map_or(Factor::Other, |station| station.factor)),
            also: Vec::new(),
            at: element.at(system).to_owned(),
            text: said.text,
            risk: element.risk(
                system,
                Menace::of(
                    system.knowledge(),
                    reach,
                    &BTreeSet::from([said.stride]),
                    harm,
                    raise,
                ),
                impacts(system.model, &self.uca.hazards),
            ),
            answers: in_force(system, answers),
            is_named: true,
            hazards: self.uca.hazards.iter().cloned().collect(),
            threats: names_of(threats),
            enables: Vec::new(),
            enables_more: 0,
        })
    }
}

fn stride_name(stride: Stride) -> Text {
    match stride {
        Stride::Spoofing => Text::new("spoofing", "なりすまし"),
        Stride::Tampering => Text::new("tampering", "改ざん"),
        Stride::Repudiation => Text::new("repudiation", "否認"),
        Stride::InformationDisclosure => Text::new("information disclosure", "情報漏えい"),
        Stride::DenialOfService => Text::new("denial of service", "サービス妨害"),
        Stride::ElevationOfPrivilege => Text::new("elevation of privilege", "権限昇格"),
    }
}
