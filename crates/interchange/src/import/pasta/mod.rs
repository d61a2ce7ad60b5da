//! PASTA: losses, hazards, control structure, unsafe control actions and loss scenarios of an STPA.
//!
//! An STPA says nothing of zones, protocols and protection; a flow of protocol `other` without protection
//! stands for each control action and each feedback until the author says more.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;
use sekimori_analysis::model::{
    ComponentKind, LinkProtection, Protocol, Security, Stride, UnsafeKind,
};

use self::tree::{Edge, Kind, Named, Tree};
use self::words::Copies;
use super::Imported;
use super::shared::REVIEW_DAYS;
use crate::document::shown;
use crate::draft::{
    Action, Assumption, Component, Controller, Draft, Flow, Scenario, Statement, UnsafeAction,
};
use crate::refusal::Refusal;

mod tree;
mod words;

pub(super) fn import(text: &str, today: Date) -> Result<Imported, Refusal> {
    let tree = Tree::of(text)?;
    let mut draft = Draft::new(tree.structure.as_deref().unwrap_or("stpa"));
    statements(&mut draft, &tree);
    structure(&mut draft, &tree)?;
    unsafe_actions(&mut draft, &tree);
    scenarios(&mut draft, &tree);
    for assumption in &tree.assumptions {
        let id = draft.name("assumption", &assumption.name, &assumption.name);
        let review_by = today.checked_add(REVIEW_DAYS.days()).unwrap_or(today);
        draft.assume(
            &id,
            format!("to be looked at again by {review_by}"),
            format!("{review_by} までに見直すこと"),
        );
        draft.assumptions.push(Assumption {
            id,
            text: assumption.text.clone(),
            review_by,
        });
    }
    left(&mut draft, &tree);
    draft.finish(Vec::new())
}

fn statements(draft: &mut Draft, tree: &Tree) {
    for loss in &tree.losses {
        let id = draft.name("loss", &loss.name, &loss.name);
        draft.losses.push(Statement {
            id,
            text: words_of(loss),
            losses: BTreeSet::new(),
        });
    }
    for hazard in &tree.hazards {
        let id = draft.name("hazard", &hazard.name, &hazard.name);
        let losses = known(draft, "loss", &id, &hazard.refers);
        draft.hazards.push(Statement {
            id,
            text: words_of(hazard),
            losses,
        });
    }
}

/// The author's words, or the name where there are none.
fn words_of(named: &Named) -> String {
    if named.text.trim().is_empty() {
        named.name.clone()
    } else {
        named.text.clone()
    }
}

fn known(
    draft: &mut Draft,
    space: &'static str,
    place: &str,
    names: &[String],
) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for name in names {
        match draft.known(space, name) {
            Some(id) => {
                out.insert(id);
            }
            None => draft.leave(
                place,
                format!(
                    "names a {space} that the source does not have: {}",
                    shown(name)
                ),
                format!("元の文書にない {space} を指す: {}", shown(name)),
            ),
        }
    }
    out
}

fn structure(draft: &mut Draft, tree: &Tree) -> Result<(), Refusal> {
    let mut copies = Copies::default();
    for node in &tree.nodes {
        let title = node.label.clone().unwrap_or_else(|| node.name.clone());
        let id = draft.name("component", &node.name, &title);
        let zone = draft.nowhere();
        if let Some(parent) = &node.parent {
            draft.leave(
                &id,
                format!(
                    "it is a part of {}; here it stands beside it",
                    shown(parent)
                ),
                format!("{} の一部。ここでは並べて置く", shown(parent)),
            );
        }
        for other in &node.others {
            draft.leave(&id, shown(other), shown(other));
        }
        draft.components.push(Component {
            id,
            title,
            kind: ComponentKind::Service,
            zone,
            hosts: Vec::new(),
        });
    }
    let mut feedback: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for node in &tree.nodes {
        for edge in &node.feedback {
            for (flow, _) in edge_flows(draft, &node.name, edge) {
                // Feedback runs from the controlled to its controller.
                let key = (edge.target.clone(), node.name.clone());
                feedback.entry(key).or_default().insert(flow);
            }
        }
    }
    for node in &tree.nodes {
        for edge in &node.actions {
            let flows = edge_flows(draft, &node.name, edge);
            if flows.is_empty() {
                continue;
            }
            let (Some(component), Some(process)) = (
                draft.known("component", &node.name),
                draft.known("component", &edge.target),
            ) else {
                continue;
            };
            copies.add(node.variables.len())?;
            let id = draft.free(&format!("{component}-controls-{process}"));
            draft.controllers.push(Controller {
                id: id.clone(),
                title: format!("{} → {}", node.name, edge.target),
                component,
                process,
                process_model: node.variables.iter().cloned().collect(),
            });
            let key = (node.name.clone(), edge.target.clone());
            let returned = feedback.get(&key).cloned().unwrap_or_default();
            copies.add(returned.len().saturating_mul(flows.len()))?;
            for (flow, command) in flows {
                let foreign = format!("{}.{}", node.name, command.name);
                let wanted = format!("{}-{}", node.name, command.name);
                let action = draft.name("action", "", &wanted);
                draft.bind("action", &foreign, &action);
                draft.actions.push(Action {
                    id: action,
                    title: words_of(command),
                    controller: id.clone(),
                    flow,
                    feedback: returned.clone(),
                });
            }
        }
    }
    Ok(())
}

/// One flow for each command of an edge.
fn edge_flows<'t>(draft: &mut Draft, from: &str, edge: &'t Edge) -> Vec<(String, &'t Named)> {
    let ends = (
        draft.known("component", from),
        draft.known("component", &edge.target),
    );
    let (Some(from_id), Some(to_id)) = ends else {
        draft.leave(
            from,
            format!("leads to a node that is not there: {}", shown(&edge.target)),
            format!("存在しない節点を指す: {}", shown(&edge.target)),
        );
        return Vec::new();
    };
    if from_id == to_id {
        draft.leave(
            &from_id,
            "an edge that leads to where it starts",
            "自分自身へ戻る辺",
        );
        return Vec::new();
    }
    edge.commands
        .iter()
        .map(|command| {
            let id = draft.name("flow", "", &format!("{from}-{}-flow", command.name));
            draft.flows.push(Flow {
                id: id.clone(),
                title: words_of(command),
                from: from_id.clone(),
                to: to_id.clone(),
                assets: BTreeSet::new(),
                protocol: Protocol::Other,
                security: Security::Unknown,
                link: LinkProtection::None,
                port: None,
            });
            (id, command)
        })
        .collect()
}

fn unsafe_actions(draft: &mut Draft, tree: &Tree) {
    for uca in &tree.unsafe_actions {
        let foreign = format!("{}.{}", uca.system, uca.action);
        let Some(action) = draft.known("action", &foreign) else {
            draft.leave(
                &uca.name,
                format!(
                    "an unsafe control action of {}, which the structure does not have",
                    shown(&foreign)
                ),
                format!("制御構造にない {} の非安全制御動作", shown(&foreign)),
            );
            continue;
        };
        let id = draft.name("uca", &uca.name, &uca.name);
        let hazards = known(draft, "hazard", &id, &uca.hazards);
        let text = if uca.text.trim().is_empty() {
            uca.name.clone()
        } else {
            uca.text.clone()
        };
        draft.unsafe_actions.push(UnsafeAction {
            id,
            action,
            kind: match uca.kind {
                Kind::NotProvided => UnsafeKind::NotProvided,
                Kind::Provided => UnsafeKind::Provided,
                Kind::WrongTime => UnsafeKind::WrongTime,
                Kind::StoppedTooSoon => UnsafeKind::StoppedTooSoon,
            },
            text,
            hazards,
            stride: BTreeSet::new(),
        });
    }
    if !draft.unsafe_actions.is_empty() {
        draft.assume(
            "uca.stride",
            "the source is about safety: name in `stride` how an attacker could bring each unsafe control action about",
            "元の文書は安全の分析。攻撃者がどう引き起こすかを各 uca の stride に書くこと",
        );
    }
}

fn scenarios(draft: &mut Draft, tree: &Tree) {
    let actions = draft.actions.iter();
    let actions: BTreeMap<&str, &Action> = actions.map(|it| (it.id.as_str(), it)).collect();
    let ucas = draft.unsafe_actions.iter();
    let places: BTreeMap<String, Place> = ucas
        .filter_map(|uca| {
            let action = actions.get(uca.action.as_str())?;
            let place = Place {
                kind: uca.kind,
                flow: action.flow.clone(),
                feedback: action.feedback.first().cloned(),
            };
            Some((uca.id.clone(), place))
        })
        .collect();
    for scenario in &tree.scenarios {
        let text = scenario.text.clone();
        let factor = scenario.factor.as_deref();
        let uca = scenario
            .uca
            .as_ref()
            .and_then(|uca| draft.known("uca", uca));
        let place = uca.and_then(|uca| Some((places.get(&uca)?.of(factor), uca)));
        match place {
            Some(((element, stride), uca)) if !text.trim().is_empty() => {
                let id = draft.name("scenario", &scenario.name, &scenario.name);
                let factor = shown(factor.unwrap_or("-"));
                draft.assume(
                    &id,
                    format!(
                        "causal factor {factor}: taken for {} of {element}",
                        stride.word()
                    ),
                    format!("要因 {factor}: {element} への {} とした", stride.word()),
                );
                draft.scenarios.push(Scenario {
                    id,
                    uca,
                    text,
                    element,
                    stride,
                });
            }
            _ => {
                let hazards = scenario.hazards.join(", ");
                let factor = shown(factor.unwrap_or("-"));
                draft.leave(
                    &scenario.name,
                    format!(
                        "a scenario without an unsafe control action ({factor}; {}): {}",
                        shown(&hazards),
                        shown(&text)
                    ),
                    format!(
                        "非安全制御動作のないシナリオ（{factor}; {}）: {}",
                        shown(&hazards),
                        shown(&text)
                    ),
                );
            }
        }
    }
}

/// What an unsafe control action says of where its scenarios happen.
struct Place {
    kind: UnsafeKind,
    flow: String,
    feedback: Option<String>,
}

impl Place {
    /// Where an attacker would bring a scenario about, and how: our reading of its causal factor.
    fn of(&self, factor: Option<&str>) -> (String, Stride) {
        let (on_feedback, stride) = match factor {
            Some("missingFeedback" | "delayedFeedback") => (true, Stride::DenialOfService),
            Some(
                "measurementInaccurate"
                | "incorrectInformationProvided"
                | "wrongProcessModel"
                | "processOutput",
            ) => (true, Stride::Tampering),
            Some("conflictingCA" | "wrongControlInput") => (false, Stride::Spoofing),
            Some("delayedOperation" | "componentFailure") => (false, Stride::DenialOfService),
            _ => match self.kind {
                UnsafeKind::NotProvided | UnsafeKind::StoppedTooSoon => {
                    (false, Stride::DenialOfService)
                }
                UnsafeKind::Provided => (false, Stride::Spoofing),
                UnsafeKind::WrongTime => (false, Stride::Tampering),
            },
        };
        let feedback = self.feedback.as_ref().filter(|_| on_feedback);
        (feedback.unwrap_or(&self.flow).clone(), stride)
    }
}

/// What STPA writes and our model derives.
fn left(draft: &mut Draft, tree: &Tree) {
    let parts: [(&str, &str, &[Named]); 5] = [
        ("goal", "目標", &tree.goals),
        ("system constraint", "システム制約", &tree.constraints),
        ("responsibility", "責務", &tree.responsibilities),
        (
            "controller constraint",
            "制御器の制約",
            &tree.controller_constraints,
        ),
        ("safety requirement", "安全要求", &tree.safety_requirements),
    ];
    for (en, ja, list) in parts {
        for it in list {
            let text = shown(&it.text);
            let refers = it.refers.join(", ");
            draft.leave(
                &it.name,
                format!("{en}: {text} [{refers}]"),
                format!("{ja}: {text} [{refers}]"),
            );
        }
    }
    for name in &tree.desired {
        draft.leave(
            name,
            "a rule for desired control actions",
            "望ましい制御動作の規則",
        );
    }
}
