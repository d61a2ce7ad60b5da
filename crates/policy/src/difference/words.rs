//! A change in one line, in English and in Japanese.

use alloc::format;
use alloc::string::String;
use core::fmt;

use super::{Change, Direction};

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
    use alloc::string::ToString;
    use alloc::vec;
    use alloc::vec::Vec;

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
