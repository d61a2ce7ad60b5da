//! The rules for every device: what the policy says beside what each role may send and receive, which
//! countermeasures each rule puts to work, and whether the platform enforces it.

use std::collections::BTreeSet;

use sekimori_policy as enforced;

use crate::language::Text;
use crate::model::{Contain, Model, Opening, PolicySettings};
use crate::requirements::{Duty, Requirement};

/// A rule of the policy by the key that it has there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rule {
    /// Key in the policy's `conduct`.
    pub(crate) key: &'static str,
    /// What the id of a requirement made of it ends in.
    pub(crate) short: &'static str,
    /// Countermeasures that it puts to work.
    measures: &'static [&'static str],
}

/// Percent of a certificate's life after which the device renews it by itself.
const RENEWS_AT: u32 = 66;
/// Seconds from the accepted connection to the finished handshake, when the model says nothing.
const HANDSHAKE_SECONDS: u32 = 10;
/// Seconds of silence that end a connection, when the model says nothing: one and a half times the longest
/// keep-alive time that the gateway grants.
const IDLE_SECONDS: u32 = 1_800;
/// Refusals within a minute, when the model says nothing.
const REFUSALS_PER_MINUTE: u32 = 20;
/// Failed enrollments from one source within ten minutes.
const FAILED_ENROLLMENTS: u32 = 5;
/// Longest packet when no flow needs a longer one: the platform's own reports fit.
const PACKET_BYTES: u32 = 64 << 10;
/// What a packet has beside its payload: topic, properties, header.
const PACKET_OVERHEAD: u32 = 4 << 10;

pub(crate) const TLS: Rule = Rule {
    key: "tls",
    short: "TLS",
    measures: &[
        "CM-ENC",
        "CM-ENCDEF",
        "CM-SECPROTO",
        "CM-MUTAUTH",
        "CM-KEYROT",
        "CM-ADMENC",
    ],
};
pub(crate) const HANDSHAKE: Rule = Rule {
    key: "handshake_seconds",
    short: "HANDSHAKE",
    measures: &["CM-SESSTO", "CM-FLOOD"],
};
pub(crate) const IDLE: Rule = Rule {
    key: "idle_seconds",
    short: "IDLE",
    measures: &["CM-SESSTO", "CM-LINKLOSS"],
};
pub(crate) const CREDENTIAL: Rule = Rule {
    key: "credential_days",
    short: "CREDENTIAL",
    measures: &["CM-CREDEXP", "CM-AUTHROT"],
};
pub(crate) const RENEWAL: Rule = Rule {
    key: "renew_at_percent",
    short: "RENEWAL",
    measures: &["CM-AUTHROT"],
};
pub(crate) const RECEIVE: Rule = Rule {
    key: "receive",
    short: "RECEIVE",
    measures: &["CM-NETBLOCK", "CM-PREHARDEN"],
};
pub(crate) const REFUSALS: Rule = Rule {
    key: "refusals_per_minute",
    short: "REFUSALS",
    measures: &["CM-LOGDET", "CM-MON"],
};
pub(crate) const ENROLLMENTS: Rule = Rule {
    key: "failed_enrollments",
    short: "ENROLLMENTS",
    measures: &["CM-TRIES", "CM-LOGDET"],
};
pub(crate) const SILENCE: Rule = Rule {
    key: "silence_factor",
    short: "SILENCE",
    measures: &["CM-STOPVISIBLE", "CM-LINKLOSS"],
};
pub(crate) const CONTAIN: Rule = Rule {
    key: "contain",
    short: "CONTAIN",
    measures: &["CM-CONTAIN"],
};

impl Rule {
    /// Rules that the policy of a model has, in the order of their keys in the format.
    pub(crate) fn of(model: &Model) -> Vec<Rule> {
        let settings = &model.policy;
        let mut rules = vec![TLS, HANDSHAKE, IDLE];
        rules.extend(settings.credential_days.map(|_| CREDENTIAL));
        rules.extend([RENEWAL, RECEIVE, REFUSALS, ENROLLMENTS]);
        rules.extend(settings.detect.silence_factor.map(|_| SILENCE));
        rules.push(CONTAIN);
        rules
    }

    /// Whether a chosen countermeasure that the platform has is put to work by this rule.
    pub(crate) fn serves(self, measure: &str, duty: Duty) -> bool {
        duty == Duty::Platform && self.measures.contains(&measure)
    }

    /// Whether the platform enforces it under these settings.
    pub(crate) fn is_enforced(self, settings: &PolicySettings) -> bool {
        self != RENEWAL
            || settings
                .renew_at_percent
                .is_none_or(|percent| percent == RENEWS_AT)
    }

    /// Id of the requirement that is made of the rule when no countermeasure asks for it.
    pub(crate) fn requirement_id(self) -> String {
        format!("REQ-POLICY-{}", self.short)
    }

    /// Name, and what shall hold.
    pub(crate) fn words(self, model: &Model) -> (Text, Text) {
        let settings = &model.policy;
        let contain = match settings.contain {
            Some(Contain::Suspend) => (
                "a device whose own session brings a burst of refusals is suspended until an operator resumes it",
                "自分の接続で拒否が続いた機器は、運用者が再開するまで停止する",
            ),
            Some(Contain::Alert) | None => (
                "a burst of refusals of one device raises an alert",
                "一台の機器で拒否が続いたら警報を上げる",
            ),
        };
        let (title_en, title_ja, en, ja) = match self.key {
            "tls" => (
                "TLS parameters",
                "TLS の条件",
                "Connections offer TLS 1.3 with the groups and signatures of the policy, and nothing else.".to_owned(),
                "接続は、ポリシーの定める群と署名による TLS 1.3 だけを受け付ける。".to_owned(),
            ),
            "handshake_seconds" => (
                "Time for a handshake",
                "接続確立の制限時間",
                format!("A handshake that is not finished within {} s is ended.", handshake(settings)),
                format!("{} 秒以内に終わらない接続確立を打ち切る。", handshake(settings)),
            ),
            "idle_seconds" => (
                "Time of silence",
                "無通信の制限時間",
                format!("A connection that is silent for {} s is ended.", idle(settings)),
                format!("{} 秒間何も届かない接続を切る。", idle(settings)),
            ),
            "credential_days" => {
                let days = settings.credential_days.unwrap_or_default();
                (
                    "Life of certificates",
                    "証明書の有効期間",
                    format!("A device's certificate is good for {days} days."),
                    format!("機器の証明書の有効期間を {days} 日とする。"),
                )
            }
            "renew_at_percent" => {
                let percent = settings.renew_at_percent.unwrap_or(RENEWS_AT);
                let (en, ja) = if self.is_enforced(settings) {
                    (
                        format!("A device renews its certificate after {percent} % of its life."),
                        format!("機器は、証明書の有効期間の {percent} % が過ぎたら更新する。"),
                    )
                } else {
                    (
                        format!("See to it that devices renew their certificates after {percent} % of their life: the platform's agent renews after {RENEWS_AT} % and does not take another value yet."),
                        format!("証明書の有効期間の {percent} % が過ぎたら機器が更新するよう、人が手配すること。プラットフォームのエージェントは {RENEWS_AT} % で更新し、他の値にはまだ対応していない。"),
                    )
                };
                ("Point of renewal", "更新の時点", en, ja)
            }
            "receive" => (
                "Receive filter",
                "受信フィルター",
                format!("Nothing is taken but what the policy lists: parts of the HTTPS listener for strangers, versions and requests of MQTT, packets of at most {} bytes.", packet_bytes(model)),
                format!("ポリシーに挙げたもの以外は受け取らない。証明書を示さない相手に開く窓口、MQTT の版と要求、{} バイト以下のパケットだけを受け取る。", packet_bytes(model)),
            ),
            "refusals_per_minute" => (
                "Threshold for refusals",
                "拒否のしきい値",
                format!("{} refusals of one device or source within a minute raise an alert.", refusals(settings)),
                format!("一つの機器または送信元で一分間に {} 件の拒否があれば警報を上げる。", refusals(settings)),
            ),
            "failed_enrollments" => (
                "Threshold for failed enrollments",
                "参加失敗のしきい値",
                format!("{FAILED_ENROLLMENTS} failed enrollments from one source within ten minutes raise an alert."),
                format!("一つの送信元から十分間に {FAILED_ENROLLMENTS} 件の参加失敗があれば警報を上げる。"),
            ),
            "silence_factor" => {
                let factor = settings.detect.silence_factor.unwrap_or_default();
                (
                    "Threshold for silence",
                    "沈黙のしきい値",
                    format!("A device that says nothing for {factor} times its shortest period raises an alert."),
                    format!("最短の送信間隔の {factor} 倍を超えて沈黙した機器について警報を上げる。"),
                )
            }
            _ => (
                "Answer to misuse",
                "不正な使用への対応",
                capital(contain.0),
                format!("{}。", contain.1),
            ),
        };
        (Text::new(title_en, title_ja), Text::new(en, ja))
    }
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).chain(['.']).collect()
}

fn handshake(settings: &PolicySettings) -> u32 {
    settings.handshake_seconds.unwrap_or(HANDSHAKE_SECONDS)
}

fn idle(settings: &PolicySettings) -> u32 {
    settings.idle_seconds.unwrap_or(IDLE_SECONDS)
}

fn refusals(settings: &PolicySettings) -> u32 {
    let refusals = settings.detect.refusals_per_minute;
    refusals.unwrap_or(REFUSALS_PER_MINUTE)
}

/// Enough for the longest payload that any flow declares.
fn packet_bytes(model: &Model) -> u32 {
    let longest = model.flows.values().map(|flow| flow.max_bytes).max();
    let longest = longest.unwrap_or(0).saturating_add(PACKET_OVERHEAD);
    longest.clamp(PACKET_BYTES, enforced::bounds::PACKET_BYTES.1)
}

/// The rules for every device, each with the requirements of `requirements` that it serves.
pub(super) fn conduct(model: &Model, requirements: &[Requirement]) -> enforced::Conduct {
    let settings = &model.policy;
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect();
    let mut conduct = enforced::Conduct::default();
    for rule in Rule::of(model) {
        let serving = requirements
            .iter()
            .filter(|requirement| requirement.rules.iter().any(|key| key == rule.key));
        let ids: Vec<String> = serving.map(|requirement| requirement.id.clone()).collect();
        let is_enforced = rule.is_enforced(settings);
        let number = |is: u32| Some(ruling(is, &ids, is_enforced));
        match rule.key {
            "tls" => {
                let tls = enforced::Tls {
                    versions: words(&enforced::TLS_VERSIONS),
                    groups: words(&enforced::TLS_GROUPS),
                    signatures: words(&enforced::TLS_SIGNATURES),
                };
                conduct.tls = Some(ruling(tls, &ids, is_enforced));
            }
            "handshake_seconds" => conduct.handshake_seconds = number(handshake(settings)),
            "idle_seconds" => conduct.idle_seconds = number(idle(settings)),
            "credential_days" => {
                conduct.credential_days = settings.credential_days.and_then(number);
            }
            "renew_at_percent" => {
                conduct.renew_at_percent = number(settings.renew_at_percent.unwrap_or(RENEWS_AT));
            }
            "receive" => {
                let opened = settings.unauthenticated.as_ref();
                let everything = || words(&enforced::UNAUTHENTICATED);
                let named = |opened: &BTreeSet<Opening>| {
                    opened.iter().map(|part| part.word().to_owned()).collect()
                };
                let receive = enforced::Receive {
                    unauthenticated: opened.map_or_else(everything, named),
                    mqtt: words(&enforced::MQTT_VERSIONS),
                    packets: words(&enforced::PACKETS),
                    packet_bytes: packet_bytes(model),
                };
                conduct.receive = Some(ruling(receive, &ids, is_enforced));
            }
            "refusals_per_minute" => conduct.refusals_per_minute = number(refusals(settings)),
            "failed_enrollments" => conduct.failed_enrollments = number(FAILED_ENROLLMENTS),
            "silence_factor" => {
                conduct.silence_factor = settings.detect.silence_factor.and_then(number);
            }
            _ => {
                let contain = match settings.contain {
                    Some(Contain::Suspend) => enforced::Contain::Suspend,
                    Some(Contain::Alert) | None => enforced::Contain::Alert,
                };
                conduct.contain = Some(ruling(contain, &ids, is_enforced));
            }
        }
    }
    conduct
}

fn ruling<T>(is: T, requirement: &[String], enforced: bool) -> enforced::Ruling<T> {
    enforced::Ruling {
        is,
        requirement: requirement.to_vec(),
        enforced,
    }
}
