//! Shortest ways from every component to every hazard: one breadth-first search for each hazard, backwards.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{Harm, HazardReached, Link, MOST_LISTED, MOST_STEPS, Step, Wrong, hazards_by_severity};
use crate::model::{Level, Model};
use crate::stpa::{Part, causes};

/// What every component that goes wrong in one way can harm.
pub(super) fn harms(model: &Model, wrong: Wrong) -> BTreeMap<&str, Harm> {
    let graph = Graph::of_model(model, wrong);
    let mut harms = super::nothing(model);
    for (hazard, severity) in hazards_by_severity(model) {
        let Some(seeds) = graph.seeds.get(hazard.as_str()) else {
            continue;
        };
        let next = graph.search(seeds);
        for (component, onward) in &next {
            let Some(harm) = harms.get_mut(component) else {
                continue;
            };
            if onward.steps > MOST_STEPS {
                harm.farther += 1;
            } else if harm.hazards.len() < MOST_LISTED {
                harm.hazards
                    .push(reached(model, hazard, severity, component, &next));
            } else {
                harm.more += 1;
            }
        }
    }
    harms
}

fn reached(
    model: &Model,
    hazard: &str,
    severity: Level,
    component: &str,
    next: &BTreeMap<&str, Onward<'_>>,
) -> HazardReached {
    let mut path = Vec::new();
    let mut at = component;
    while let Some(onward) = next.get(at) {
        path.push(Step {
            component: at.to_owned(),
            link: onward.link,
            through: onward.through.map(str::to_owned),
        });
        match onward.to {
            Some(to) => at = to,
            None => break,
        }
    }
    let losses = model.hazards.get(hazard).map(|hazard| &hazard.losses);
    HazardReached {
        hazard: hazard.to_owned(),
        losses: losses.into_iter().flatten().cloned().collect(),
        severity,
        path,
    }
}

/// How it goes on from a component: to another one, or, without it, to the hazard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Onward<'m> {
    to: Option<&'m str>,
    link: Link,
    through: Option<&'m str>,
    /// How many steps it is to the hazard, this one included.
    steps: usize,
}

struct Graph<'m> {
    /// Components that lead to a hazard directly.
    seeds: BTreeMap<&'m str, BTreeSet<(&'m str, Onward<'m>)>>,
    /// Components that make a component go wrong.
    sources: BTreeMap<&'m str, BTreeSet<(&'m str, Onward<'m>)>>,
}

impl<'m> Graph<'m> {
    fn of_model(model: &'m Model, wrong: Wrong) -> Self {
        let mut graph = Graph {
            seeds: BTreeMap::new(),
            sources: BTreeMap::new(),
        };
        graph.stated(model);
        graph.loops(model, wrong);
        graph.dependencies(model);
        if wrong == Wrong::Compromised {
            graph.flows(model);
        }
        graph
    }

    /// How it goes on from each component that reaches the hazard, along a shortest way. Every component is entered
    /// once, so circles end.
    fn search(&self, seeds: &BTreeSet<(&'m str, Onward<'m>)>) -> BTreeMap<&'m str, Onward<'m>> {
        let mut next: BTreeMap<&str, Onward<'_>> = BTreeMap::new();
        let mut queue = VecDeque::new();
        for (component, onward) in seeds {
            if !next.contains_key(component) {
                next.insert(component, *onward);
                queue.push_back(*component);
            }
        }
        while let Some(at) = queue.pop_front() {
            let steps = next.get(at).map_or(0, |onward| onward.steps);
            for (source, onward) in self.sources.get(at).into_iter().flatten() {
                if !next.contains_key(source) {
                    let onward = Onward {
                        steps: steps + 1,
                        ..*onward
                    };
                    next.insert(source, onward);
                    queue.push_back(source);
                }
            }
        }
        next
    }

    fn stated(&mut self, model: &'m Model) {
        for (id, component) in &model.components {
            for hazard in &component.hazards {
                let onward = Onward {
                    to: None,
                    link: Link::Stated,
                    through: None,
                    steps: 1,
                };
                self.seed(hazard, id, onward);
            }
        }
    }

    fn loops(&mut self, model: &'m Model, wrong: Wrong) {
        for (id, uca) in &model.unsafe_control_actions {
            let Some(action) = model.control_actions.get(&uca.action) else {
                continue;
            };
            let Some(controller) = model.controllers.get(&action.controller) else {
                continue;
            };
            let mut members = vec![
                (
                    Part::Controller,
                    Link::Controls,
                    controller.component.as_str(),
                ),
                (
                    Part::Process,
                    Link::IsControlled,
                    controller.process.as_str(),
                ),
            ];
            let carrier = model.flows.get(&action.flow);
            members.extend(
                carrier
                    .and_then(|flow| flow.via.as_deref())
                    .map(|via| (Part::ActionRelay, Link::RelaysAction, via)),
            );
            for flow in action.feedback.iter().filter_map(|id| model.flows.get(id)) {
                let part = Part::FeedbackFlow.of_flow(Some(flow));
                members.push((part, Link::Reports, &flow.from));
                let via = flow.via.as_deref();
                members.extend(via.map(|via| (Part::FeedbackRelay, Link::RelaysReport, via)));
            }
            for (part, link, component) in members {
                let part = part.of_role(model.components.get(component));
                if causes().can(part, wrong.words(), uca.kind) {
                    let onward = Onward {
                        to: None,
                        link,
                        through: Some(id),
                        steps: 1,
                    };
                    for hazard in &uca.hazards {
                        self.seed(hazard, component, onward);
                    }
                }
            }
        }
    }

    fn dependencies(&mut self, model: &'m Model) {
        for (id, component) in &model.components {
            for needed in &component.depends_on {
                let onward = Onward {
                    to: Some(id),
                    link: Link::NeededBy,
                    through: None,
                    steps: 1,
                };
                self.source(id, needed, onward);
            }
        }
    }

    fn flows(&mut self, model: &'m Model) {
        for (id, flow) in &model.flows {
            let onward = |link| Onward {
                to: Some(flow.to.as_str()),
                link,
                through: Some(id.as_str()),
                steps: 1,
            };
            self.source(&flow.to, &flow.from, onward(Link::SendsTo));
            if let Some(via) = &flow.via {
                self.source(&flow.to, via, onward(Link::RelaysTo));
            }
        }
    }

    fn seed(&mut self, hazard: &'m str, component: &'m str, onward: Onward<'m>) {
        let seeds = self.seeds.entry(hazard).or_default();
        seeds.insert((component, onward));
    }

    fn source(&mut self, of: &'m str, component: &'m str, onward: Onward<'m>) {
        let sources = self.sources.entry(of).or_default();
        sources.insert((component, onward));
    }
}
