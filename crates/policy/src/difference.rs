//! What a new policy changes, for the operator to read before it becomes active.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::conduct::{Conduct, Peer};
use crate::json;
use crate::rules::{Clause, Policy, Role, Sequence};

mod words;

/// One thing that a new policy changes; `Display` says it in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A role that was not there before.
    RoleAdded {
        /// Its id.
        role: String,
    },
    /// A role that is gone: its devices may do nothing but report their state.
    RoleRemoved {
        /// Its id.
        role: String,
    },
    /// The role may use a flow that it could not use before.
    FlowAdded {
        /// The role.
        role: String,
        /// Which way the flow goes.
        direction: Direction,
        /// The flow.
        flow: String,
    },
    /// The role may no longer use a flow.
    FlowRemoved {
        /// The role.
        role: String,
        /// Which way the flow goes.
        direction: Direction,
        /// The flow.
        flow: String,
    },
    /// A condition of a flow is another one.
    FlowChanged {
        /// The role.
        role: String,
        /// Which way the flow goes.
        direction: Direction,
        /// The flow.
        flow: String,
        /// Which condition: `schema`, `range temp_c`, `rate`, `max_bytes`, `sequence` or `requirement`.
        what: String,
        /// What held before; `none` when nothing did.
        from: String,
        /// What will hold.
        to: String,
    },
    /// The role speaks with a peer that it did not speak with before.
    PeerAdded {
        /// The role.
        role: String,
        /// The peer, such as `gateway mqtt/8883`.
        peer: String,
    },
    /// The role no longer speaks with a peer.
    PeerRemoved {
        /// The role.
        role: String,
        /// The peer.
        peer: String,
    },
    /// A peer is reached by other names, serves other requirements, or is enforced otherwise.
    PeerChanged {
        /// The role.
        role: String,
        /// The peer.
        peer: String,
        /// What held before.
        from: String,
        /// What will hold.
        to: String,
    },
    /// Every device is treated by another rule.
    ConductChanged {
        /// Which rule, such as `idle_seconds`.
        what: String,
        /// What held before; `none` is the platform's own default.
        from: String,
        /// What will hold.
        to: String,
    },
}

/// Which way a flow goes, seen from the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// The device sends it.
    Publish,
    /// The device receives it as a command.
    Subscribe,
}

/// What changes when `new` takes the place of `old`, in order of role, direction and flow.
///
/// Nothing is listed when devices may do exactly what they could before, whatever the version says.
pub fn difference(old: Option<&Policy>, new: &Policy) -> Vec<Change> {
    let none = Policy::none();
    let old = old.unwrap_or(&none);
    let mut changes = Vec::new();
    for (id, pair) in pairs(&old.roles, &new.roles, |role| &role.id) {
        let role = id.clone();
        let empty = Role::default();
        let (before, after) = match pair {
            (Some(before), Some(after)) => (before, after),
            (None, Some(after)) => {
                changes.push(Change::RoleAdded { role: role.clone() });
                (&empty, after)
            }
            (_, None) => {
                changes.push(Change::RoleRemoved { role });
                continue;
            }
        };
        clauses(
            &mut changes,
            &role,
            Direction::Publish,
            &before.publish,
            &after.publish,
        );
        clauses(
            &mut changes,
            &role,
            Direction::Subscribe,
            &before.subscribe,
            &after.subscribe,
        );
        peers(&mut changes, &role, &before.peers, &after.peers);
    }
    conduct(&mut changes, &old.conduct, &new.conduct);
    changes
}

fn peers(changes: &mut Vec<Change>, role: &str, old: &[Peer], new: &[Peer]) {
    let by_name = |list: &[Peer]| -> BTreeMap<String, String> {
        list.iter().map(|peer| (name(peer), facts(peer))).collect()
    };
    let (old, new) = (by_name(old), by_name(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for peer in names {
        let (role, named) = (String::from(role), peer.clone());
        match (old.get(peer), new.get(peer)) {
            (Some(from), Some(to)) if from != to => changes.push(Change::PeerChanged {
                role,
                peer: named,
                from: from.clone(),
                to: to.clone(),
            }),
            (None, Some(_)) => changes.push(Change::PeerAdded { role, peer: named }),
            (Some(_), None) => changes.push(Change::PeerRemoved { role, peer: named }),
            _ => {}
        }
    }
}

/// `gateway mqtt/8883`.
fn name(peer: &Peer) -> String {
    match peer.port {
        Some(port) => format!("{} {}/{port}", peer.component, peer.protocol),
        None => format!("{} {}", peer.component, peer.protocol),
    }
}

fn facts(peer: &Peer) -> String {
    let mut hosts = peer.hosts.clone();
    hosts.sort();
    format!(
        "{} ({})",
        if hosts.is_empty() {
            "any".into()
        } else {
            hosts.join(", ")
        },
        stands(&peer.requirement, peer.enforced)
    )
}

/// Requirements in order, and who sees to the rule.
fn stands(requirement: &[String], enforced: bool) -> String {
    let mut ids = requirement.to_vec();
    ids.sort();
    ids.push(if enforced {
        "enforced".into()
    } else {
        "by people".into()
    });
    ids.join(", ")
}

fn conduct(changes: &mut Vec<Change>, old: &Conduct, new: &Conduct) {
    let by_name = |conduct: &Conduct| -> Vec<(&'static str, String)> {
        let mut sorted = conduct.clone();
        sorted.sort();
        let rules = sorted.rules().into_iter();
        rules
            .map(|rule| {
                let stands = stands(rule.requirement, rule.enforced);
                (rule.name, format!("{} ({stands})", rule.is))
            })
            .collect()
    };
    let (old, new) = (by_name(old), by_name(new));
    let names: BTreeSet<&str> = old.iter().chain(&new).map(|(name, _)| *name).collect();
    let of = |list: &[(&'static str, String)], wanted: &str| {
        let found = list.iter().find(|(name, _)| *name == wanted);
        found.map_or_else(|| "none".into(), |(_, is)| is.clone())
    };
    for what in names {
        let (from, to) = (of(&old, what), of(&new, what));
        if from != to {
            let what = what.into();
            changes.push(Change::ConductChanged { what, from, to });
        }
    }
}

fn clauses(
    changes: &mut Vec<Change>,
    role: &str,
    direction: Direction,
    old: &[Clause],
    new: &[Clause],
) {
    for (flow, pair) in pairs(old, new, |clause| &clause.flow) {
        let (role, flow) = (String::from(role), flow.clone());
        match pair {
            (Some(before), Some(after)) => {
                for (what, from, to) in conditions(before, after) {
                    changes.push(Change::FlowChanged {
                        role: role.clone(),
                        direction,
                        flow: flow.clone(),
                        what,
                        from,
                        to,
                    });
                }
            }
            (None, _) => changes.push(Change::FlowAdded {
                role,
                direction,
                flow,
            }),
            (_, None) => changes.push(Change::FlowRemoved {
                role,
                direction,
                flow,
            }),
        }
    }
}

/// What each condition was and will be, where the two differ.
fn conditions(old: &Clause, new: &Clause) -> Vec<(String, String, String)> {
    let mut rows = Vec::new();
    let mut row = |what: String, from: Option<String>, to: Option<String>| {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "none".into());
        if from != to {
            rows.push((what, or_none(from), or_none(to)));
        }
    };
    let schema = |clause: &Clause| {
        let schema = clause.schema.as_ref();
        schema.map(|schema| json::canonical(&schema.to_value()))
    };
    row("schema".into(), schema(old), schema(new));
    let fields: BTreeSet<_> = old.range.keys().chain(new.range.keys()).collect();
    for field in fields {
        let range = |clause: &Clause| {
            let range = clause.range.get(field);
            range.map(|[low, high]| format!("{low} to {high}"))
        };
        row(format!("range {field}"), range(old), range(new));
    }
    let rate = |clause: &Clause| {
        clause.rate.map(|rate| {
            format!(
                "{}/{}s, backlog {}",
                rate.messages, rate.per_seconds, rate.backlog
            )
        })
    };
    row("rate".into(), rate(old), rate(new));
    let max_bytes = |clause: &Clause| Some(clause.max_bytes.to_string());
    row("max_bytes".into(), max_bytes(old), max_bytes(new));
    let sequence = |clause: &Clause| match clause.sequence {
        Sequence::Required => Some("required".into()),
        Sequence::None => None,
    };
    row("sequence".into(), sequence(old), sequence(new));
    let requirement = |clause: &Clause| {
        let mut ids = clause.requirement.clone();
        ids.sort();
        (!ids.is_empty()).then(|| ids.join(", "))
    };
    row("requirement".into(), requirement(old), requirement(new));
    rows
}

type Pair<'a, T> = (Option<&'a T>, Option<&'a T>);

/// Puts what has the same id side by side.
fn pairs<'a, T>(
    old: &'a [T],
    new: &'a [T],
    id: fn(&T) -> &String,
) -> BTreeMap<&'a String, Pair<'a, T>> {
    let mut pairs: BTreeMap<_, Pair<'a, T>> = BTreeMap::new();
    for item in old {
        pairs.entry(id(item)).or_default().0 = Some(item);
    }
    for item in new {
        pairs.entry(id(item)).or_default().1 = Some(item);
    }
    pairs
}
