//! What a new policy changes, for the operator to read before it becomes active.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::conduct::{Conduct, Peer};
use crate::json;
use crate::rules::{Clause, Policy, Role, Sequence};

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

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RoleAdded { role } => write!(f, "+ role {role}"),
            Self::RoleRemoved { role } => write!(f, "- role {role}"),
            Self::FlowAdded {
                role,
                direction,
                flow,
            } => write!(f, "+ {role} may {direction} {flow}"),
            Self::FlowRemoved {
                role,
                direction,
                flow,
            } => write!(f, "- {role} may {direction} {flow}"),
            Self::FlowChanged {
                role,
                direction,
                flow,
                what,
                from,
                to,
            } => {
                let name = condition_in_english(what);
                write!(f, "~ {role} may {direction} {flow}: {name}: {from} -> {to}")
            }
            Self::PeerAdded { role, peer } => write!(f, "+ {role} speaks with {peer}"),
            Self::PeerRemoved { role, peer } => write!(f, "- {role} speaks with {peer}"),
            Self::PeerChanged {
                role,
                peer,
                from,
                to,
            } => write!(f, "~ {role} speaks with {peer}: {from} -> {to}"),
            Self::ConductChanged { what, from, to } => {
                let name = rule_in_english(what);
                let (from, to) = (or_default(from), or_default(to));
                write!(f, "~ every device: {name}: {from} -> {to}")
            }
        }
    }
}

impl Change {
    /// The same line in Japanese.
    pub fn japanese(&self) -> impl fmt::Display + '_ {
        Japanese(self)
    }
}

struct Japanese<'a>(&'a Change);

impl fmt::Display for Japanese<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Change::RoleAdded { role } => write!(f, "+ 役割 {role}"),
            Change::RoleRemoved { role } => write!(f, "- 役割 {role}"),
            Change::FlowAdded {
                role,
                direction,
                flow,
            } => {
                let verb = match direction {
                    Direction::Publish => "送れる",
                    Direction::Subscribe => "受け取れる",
                };
                write!(f, "+ {role} は {flow} を{verb}")
            }
            Change::FlowRemoved {
                role,
                direction,
                flow,
            } => {
                let verb = match direction {
                    Direction::Publish => "送れなくなる",
                    Direction::Subscribe => "受け取れなくなる",
                };
                write!(f, "- {role} は {flow} を{verb}")
            }
            Change::FlowChanged {
                role,
                direction,
                flow,
                what,
                from,
                to,
            } => {
                let verb = match direction {
                    Direction::Publish => "送る",
                    Direction::Subscribe => "受け取る",
                };
                let (name, from, to) = (condition(what), value(what, from), value(what, to));
                write!(f, "~ {role} が{verb} {flow}: {name}: {from} → {to}")
            }
            Change::PeerAdded { role, peer } => write!(f, "+ {role} は {peer} と通信する"),
            Change::PeerRemoved { role, peer } => {
                write!(f, "- {role} は {peer} と通信しなくなる")
            }
            Change::PeerChanged {
                role,
                peer,
                from,
                to,
            } => {
                let (from, to) = (in_japanese(from), in_japanese(to));
                write!(f, "~ {role} と {peer} の通信: {from} → {to}")
            }
            Change::ConductChanged { what, from, to } => {
                let (name, from, to) = (rule(what), in_japanese(from), in_japanese(to));
                write!(f, "~ 全機器: {name}: {from} → {to}")
            }
        }
    }
}

/// The name of a rule for every device.
fn rule_in_english(what: &str) -> &str {
    match what {
        "tls" => "TLS parameters",
        "handshake_seconds" => "longest handshake, in seconds",
        "idle_seconds" => "longest silence of a session, in seconds",
        "credential_days" => "life of a certificate, in days",
        "renew_at_percent" => "renewal of a certificate, in percent of its life",
        "receive" => "receive filter",
        "refusals_per_minute" => "refusals within a minute that raise an alarm",
        "failed_enrollments" => "failed enrollments within ten minutes that raise an alarm",
        "silence_factor" => "silence that raises an alarm, in periods",
        "contain" => "what happens to a device that goes on being refused",
        other => other,
    }
}

/// What holds for every device; without a rule, the platform's own default.
fn or_default(text: &str) -> &str {
    if text == "none" { "default" } else { text }
}

/// The name of a condition.
fn condition_in_english(what: &str) -> String {
    match what {
        "max_bytes" => "largest payload, in bytes".into(),
        "requirement" => "requirements".into(),
        other => match other.strip_prefix("range ") {
            Some(field) => format!("range of {field}"),
            None => other.into(),
        },
    }
}

/// The name of a rule for every device in Japanese.
fn rule(what: &str) -> &str {
    match what {
        "tls" => "TLS の条件",
        "handshake_seconds" => "接続確立の制限時間（秒）",
        "idle_seconds" => "無通信で切断する時間（秒）",
        "credential_days" => "証明書の有効日数",
        "renew_at_percent" => "証明書を更新する時点（期間に対する百分率）",
        "receive" => "受信フィルター",
        "refusals_per_minute" => "警報を上げる拒否の数（1 分あたり）",
        "failed_enrollments" => "警報を上げる参加失敗の数（10 分あたり）",
        "silence_factor" => "警報を上げる沈黙の長さ（送信間隔の倍数）",
        "contain" => "拒否が続いた機器の扱い",
        other => other,
    }
}

/// What a rule says in Japanese: only a few of its words are English ones.
fn in_japanese(text: &str) -> String {
    if text == "none" {
        return "既定値".into();
    }
    text.replace("by people)", "人が守る）")
        .replace("enforced)", "強制する）")
        .replace("alert (", "警報 (")
        .replace("suspend (", "停止 (")
        .replace("any (", "相手を問わない (")
        .replace(" (", "（")
}

/// The name of a condition in Japanese.
fn condition(what: &str) -> String {
    match what {
        "schema" => "スキーマ".into(),
        "rate" => "頻度".into(),
        "max_bytes" => "最大バイト数".into(),
        "sequence" => "連番".into(),
        "requirement" => "要件".into(),
        other => match other.strip_prefix("range ") {
            Some(field) => format!("{field} の範囲"),
            None => other.into(),
        },
    }
}

/// The value of a condition in Japanese.
fn value(what: &str, text: &str) -> String {
    match (what, text) {
        (_, "none") => "なし".into(),
        ("sequence", "required") => "必須".into(),
        ("rate", _) => rate(text).unwrap_or_else(|| text.into()),
        _ if what.starts_with("range ") => text.replace(" to ", "〜"),
        _ => text.into(),
    }
}

/// `5/60s, backlog 100` in Japanese.
fn rate(text: &str) -> Option<String> {
    let (rate, backlog) = text.split_once("s, backlog ")?;
    let (messages, seconds) = rate.split_once('/')?;
    Some(format!(
        "{seconds} 秒に {messages} 件、ため置き {backlog} 件"
    ))
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publish => "publish",
            Self::Subscribe => "receive",
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn every_change_is_said_in_both_languages() {
        let (role, flow) = (String::from("sensor"), String::from("telemetry"));
        let changed = |what: &str, from: &str, to: &str| Change::FlowChanged {
            role: role.clone(),
            direction: Direction::Publish,
            flow: flow.clone(),
            what: what.into(),
            from: from.into(),
            to: to.into(),
        };
        let moved = |direction| {
            vec![
                Change::FlowAdded {
                    role: role.clone(),
                    direction,
                    flow: flow.clone(),
                },
                Change::FlowRemoved {
                    role: role.clone(),
                    direction,
                    flow: flow.clone(),
                },
            ]
        };
        let changes = [
            vec![
                Change::RoleAdded { role: role.clone() },
                Change::RoleRemoved { role: role.clone() },
            ],
            moved(Direction::Publish),
            moved(Direction::Subscribe),
            vec![
                changed("range temp_c", "none", "-20 to 20"),
                changed("rate", "5/60s, backlog 100", "none"),
                changed("sequence", "none", "required"),
                changed("max_bytes", "256", "512"),
                changed("schema", "none", r#"{"type":"number"}"#),
                changed("requirement", "REQ-A", "REQ-A, REQ-B"),
            ],
        ];
        let said: Vec<(String, String)> = changes
            .concat()
            .iter()
            .map(|change| (change.to_string(), change.japanese().to_string()))
            .collect();
        let expected = [
            ("+ role sensor", "+ 役割 sensor"),
            ("- role sensor", "- 役割 sensor"),
            (
                "+ sensor may publish telemetry",
                "+ sensor は telemetry を送れる",
            ),
            (
                "- sensor may publish telemetry",
                "- sensor は telemetry を送れなくなる",
            ),
            (
                "+ sensor may receive telemetry",
                "+ sensor は telemetry を受け取れる",
            ),
            (
                "- sensor may receive telemetry",
                "- sensor は telemetry を受け取れなくなる",
            ),
            (
                "~ sensor may publish telemetry: range of temp_c: none -> -20 to 20",
                "~ sensor が送る telemetry: temp_c の範囲: なし → -20〜20",
            ),
            (
                "~ sensor may publish telemetry: rate: 5/60s, backlog 100 -> none",
                "~ sensor が送る telemetry: 頻度: 60 秒に 5 件、ため置き 100 件 → なし",
            ),
            (
                "~ sensor may publish telemetry: sequence: none -> required",
                "~ sensor が送る telemetry: 連番: なし → 必須",
            ),
            (
                "~ sensor may publish telemetry: largest payload, in bytes: 256 -> 512",
                "~ sensor が送る telemetry: 最大バイト数: 256 → 512",
            ),
            (
                r#"~ sensor may publish telemetry: schema: none -> {"type":"number"}"#,
                r#"~ sensor が送る telemetry: スキーマ: なし → {"type":"number"}"#,
            ),
            (
                "~ sensor may publish telemetry: requirements: REQ-A -> REQ-A, REQ-B",
                "~ sensor が送る telemetry: 要件: REQ-A → REQ-A, REQ-B",
            ),
        ];
        assert_eq!(said.len(), expected.len());
        for ((english, japanese), (in_english, in_japanese)) in said.iter().zip(expected) {
            assert_eq!(
                (english.as_str(), japanese.as_str()),
                (in_english, in_japanese)
            );
        }
    }

    #[test]
    fn what_is_made_of_numbers_is_read_again() {
        assert_eq!(
            rate("1/1s, backlog 10000").as_deref(),
            Some("1 秒に 1 件、ため置き 10000 件")
        );
        assert_eq!(rate("often"), None);
    }
}
