//! How gateways and servers treat every device, beside what each role may say.
//!
//! Every rule names the requirements that it serves and says whether this platform enforces it. What
//! is not enforced stands in the policy all the same: it is what people have to see to, and no gateway
//! pretends otherwise. A rule that is absent leaves the platform's own default in force, which is how
//! policies of before this part are read.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::rules::{bounds, is_identifier, unique};

/// TLS versions that a policy may name.
pub const TLS_VERSIONS: [&str; 1] = ["1.3"];
/// Key exchange groups that a policy may name, by their names in IANA's registry.
pub const TLS_GROUPS: [&str; 4] = ["X25519MLKEM768", "x25519", "secp256r1", "secp384r1"];
/// Signature schemes that a policy may name, by their names in IANA's registry.
pub const TLS_SIGNATURES: [&str; 2] = ["ecdsa_secp256r1_sha256", "ed25519"];
/// What a policy may open to a peer of the HTTPS listener that has shown no certificate: joining, the trust
/// bundle, the ledger's proofs, and the operators' pages with their sign-in.
pub const UNAUTHENTICATED: [&str; 4] = ["console", "enrollment", "ledger", "trust-bundle"];
/// Versions of MQTT that a policy may take.
pub const MQTT_VERSIONS: [&str; 2] = ["3.1.1", "5"];
/// What a device may ask for on its MQTT connection, beside keeping and ending it.
pub const PACKETS: [&str; 2] = ["publish", "subscribe"];

/// One rule: what holds, which requirements it serves, and whether the platform sees to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ruling<T> {
    /// What holds.
    pub is: T,
    /// Requirements that this rule serves.
    pub requirement: Vec<String>,
    /// Whether gateway or server enforce it; otherwise people have to.
    pub enforced: bool,
}

/// How gateways and servers treat every device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Conduct {
    /// What a connection must offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Ruling<Tls>>,
    /// Seconds from the accepted connection to the finished handshake.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handshake_seconds: Option<Ruling<u32>>,
    /// Seconds of silence after which a connection ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_seconds: Option<Ruling<u32>>,
    /// Days for which a certificate of a device is issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_days: Option<Ruling<u32>>,
    /// Percent of a certificate's life after which it is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renew_at_percent: Option<Ruling<u32>>,
    /// What is taken from a peer at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receive: Option<Ruling<Receive>>,
    /// Refusals of one device or source within a minute that raise an alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusals_per_minute: Option<Ruling<u32>>,
    /// Failed enrollments from one source within ten minutes that raise an alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_enrollments: Option<Ruling<u32>>,
    /// Silence that raises an alert: as many times the time between two messages of the role's rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence_factor: Option<Ruling<u32>>,
    /// What a burst of refusals of one device leads to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contain: Option<Ruling<Contain>>,
}

/// What a TLS connection must offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Of [`TLS_VERSIONS`].
    pub versions: Vec<String>,
    /// Of [`TLS_GROUPS`], the preferred first.
    pub groups: Vec<String>,
    /// Of [`TLS_SIGNATURES`]: what a device may sign its handshake with.
    pub signatures: Vec<String>,
}

/// What is taken from a peer at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receive {
    /// Of [`UNAUTHENTICATED`]: what is open to a peer that has shown no certificate.
    pub unauthenticated: Vec<String>,
    /// Of [`MQTT_VERSIONS`].
    pub mqtt: Vec<String>,
    /// Of [`PACKETS`]: what a device may ask for.
    pub packets: Vec<String>,
    /// Longest MQTT packet in bytes, its header included.
    pub packet_bytes: u32,
}

/// What a burst of refusals of one device leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Contain {
    /// An alert, and nothing else.
    Alert,
    /// An alert, and the device is suspended until an operator resumes it.
    Suspend,
}

/// Whom devices of a role speak with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// Id of the model's component at the other end.
    pub component: String,
    /// Protocol, as the model names it.
    pub protocol: String,
    /// Its port, if the model says one or the platform's own listener has it.
    pub port: Option<u16>,
    /// Names or addresses of the other end, as far as the model says them.
    pub hosts: Vec<String>,
    /// Requirements that this rule serves.
    pub requirement: Vec<String>,
    /// Whether the platform keeps the device to it; otherwise the network between them has to.
    pub enforced: bool,
}

impl Conduct {
    /// Whether no rule is there: all of the platform's own defaults hold.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Every rule's name, content and requirements, in a fixed order; what is absent is left out.
    pub fn rules(&self) -> Vec<Rule<'_>> {
        let mut rules = Vec::new();
        rules.extend(rule("tls", &self.tls, Tls::said));
        let numbers = [
            ("handshake_seconds", &self.handshake_seconds),
            ("idle_seconds", &self.idle_seconds),
            ("credential_days", &self.credential_days),
            ("renew_at_percent", &self.renew_at_percent),
        ];
        let watching = [
            ("refusals_per_minute", &self.refusals_per_minute),
            ("failed_enrollments", &self.failed_enrollments),
            ("silence_factor", &self.silence_factor),
        ];
        for (name, number) in numbers {
            rules.extend(rule(name, number, ToString::to_string));
        }
        rules.extend(rule("receive", &self.receive, Receive::said));
        for (name, number) in watching {
            rules.extend(rule(name, number, ToString::to_string));
        }
        let word = |contain: &Contain| contain.word().to_string();
        rules.extend(rule("contain", &self.contain, word));
        rules
    }

    pub(crate) fn sort(&mut self) {
        for list in self.requirement_lists() {
            list.sort();
        }
        if let Some(receive) = &mut self.receive {
            receive.is.unauthenticated.sort();
            receive.is.mqtt.sort();
            receive.is.packets.sort();
        }
    }

    fn requirement_lists(&mut self) -> impl Iterator<Item = &mut Vec<String>> {
        let Self {
            tls,
            handshake_seconds,
            idle_seconds,
            credential_days,
            renew_at_percent,
            receive,
            refusals_per_minute,
            failed_enrollments,
            silence_factor,
            contain,
        } = self;
        let numbers = [
            handshake_seconds,
            idle_seconds,
            credential_days,
            renew_at_percent,
            refusals_per_minute,
            failed_enrollments,
            silence_factor,
        ];
        let numbers = numbers.into_iter().flatten().map(|r| &mut r.requirement);
        numbers
            .chain(tls.iter_mut().map(|r| &mut r.requirement))
            .chain(receive.iter_mut().map(|r| &mut r.requirement))
            .chain(contain.iter_mut().map(|r| &mut r.requirement))
    }

    pub(crate) fn validate(&self) -> Result<(), String> {
        for rule in self.rules() {
            requirements(rule.requirement)
                .map_err(|problem| format!("{}: {problem}", rule.name))?;
        }
        let number = |name: &str, ruling: &Option<Ruling<u32>>, least: u32, most: u32| match ruling
        {
            Some(ruling) if !(least..=most).contains(&ruling.is) => {
                Err(format!("{name} {} is not {least} to {most}", ruling.is))
            }
            _ => Ok(()),
        };
        let (least, most) = bounds::HANDSHAKE_SECONDS;
        number("handshake_seconds", &self.handshake_seconds, least, most)?;
        let (least, most) = bounds::IDLE_SECONDS;
        number("idle_seconds", &self.idle_seconds, least, most)?;
        let (least, most) = bounds::CREDENTIAL_DAYS;
        number("credential_days", &self.credential_days, least, most)?;
        let (least, most) = bounds::RENEW_AT_PERCENT;
        number("renew_at_percent", &self.renew_at_percent, least, most)?;
        let (least, most) = bounds::DETECTOR;
        number(
            "refusals_per_minute",
            &self.refusals_per_minute,
            least,
            most,
        )?;
        number("failed_enrollments", &self.failed_enrollments, least, most)?;
        number("silence_factor", &self.silence_factor, least, most)?;
        if let Some(tls) = &self.tls {
            words("tls versions", &tls.is.versions, &TLS_VERSIONS)?;
            words("tls groups", &tls.is.groups, &TLS_GROUPS)?;
            words("tls signatures", &tls.is.signatures, &TLS_SIGNATURES)?;
        }
        if let Some(receive) = &self.receive {
            words(
                "unauthenticated",
                &receive.is.unauthenticated,
                &UNAUTHENTICATED,
            )?;
            words("mqtt", &receive.is.mqtt, &MQTT_VERSIONS)?;
            words("packets", &receive.is.packets, &PACKETS)?;
            let (least, most) = bounds::PACKET_BYTES;
            if !(least..=most).contains(&receive.is.packet_bytes) {
                return Err(format!("packet_bytes {}", receive.is.packet_bytes));
            }
        }
        Ok(())
    }
}

/// One rule of a [`Conduct`], for lists and comparisons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule<'a> {
    /// Its key.
    pub name: &'static str,
    /// What holds, in one line.
    pub is: String,
    /// Requirements that it serves.
    pub requirement: &'a [String],
    /// Whether the platform enforces it.
    pub enforced: bool,
}

impl Tls {
    fn said(&self) -> String {
        format!(
            "{}; {}; {}",
            self.versions.join(", "),
            self.groups.join(", "),
            self.signatures.join(", ")
        )
    }
}

impl Receive {
    fn said(&self) -> String {
        format!(
            "{}; MQTT {}; {}; {} B",
            self.unauthenticated.join(", "),
            self.mqtt.join(", "),
            self.packets.join(", "),
            self.packet_bytes
        )
    }
}

impl Receive {
    /// Whether a peer without certificate may come to this part of the HTTPS listener.
    pub fn opens(&self, part: &str) -> bool {
        self.unauthenticated.iter().any(|open| open == part)
    }

    /// Whether a device may speak this version of MQTT.
    pub fn takes_mqtt(&self, version: &str) -> bool {
        self.mqtt.iter().any(|taken| taken == version)
    }

    /// Whether a device may ask for this.
    pub fn takes(&self, packet: &str) -> bool {
        self.packets.iter().any(|taken| taken == packet)
    }
}

impl Contain {
    /// The word for it in policies.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Suspend => "suspend",
        }
    }
}

impl Peer {
    pub(crate) fn validate(&self) -> Result<(), String> {
        if !(is_identifier(&self.component) && is_identifier(&self.protocol)) {
            return Err("not an id".to_string());
        }
        if self.hosts.len() > bounds::HOSTS {
            return Err(format!("{} hosts", self.hosts.len()));
        }
        let fits = |host: &String| {
            (1..=bounds::HOST_BYTES).contains(&host.len())
                && host.bytes().all(|byte| byte.is_ascii_graphic())
        };
        if let Some(host) = self.hosts.iter().find(|host| !fits(host)) {
            return Err(format!("host {host:?}"));
        }
        unique(self.hosts.iter())?;
        requirements(&self.requirement)
    }
}

fn rule<'a, T>(
    name: &'static str,
    ruling: &'a Option<Ruling<T>>,
    said: impl Fn(&T) -> String,
) -> Option<Rule<'a>> {
    ruling.as_ref().map(|ruling| Rule {
        name,
        is: said(&ruling.is),
        requirement: &ruling.requirement,
        enforced: ruling.enforced,
    })
}

pub(crate) fn requirements(ids: &[String]) -> Result<(), String> {
    few(ids, bounds::RULE_REQUIREMENTS)
}

/// Ids, each once, at most so many.
pub(crate) fn few(ids: &[String], most: usize) -> Result<(), String> {
    if ids.len() > most {
        return Err(format!("{} requirements", ids.len()));
    }
    unique(ids.iter())?;
    match ids.iter().find(|id| !is_identifier(id)) {
        Some(id) => Err(format!("requirement {id:?} is not an id")),
        None => Ok(()),
    }
}

/// At least one word, each once, each known: a word that nobody knows is a rule that nobody keeps.
fn words(what: &str, list: &[String], known: &[&str]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for word in list {
        if !known.contains(&word.as_str()) {
            return Err(format!(
                "{what}: {word:?} is not one of {}",
                known.join(", ")
            ));
        }
        if !seen.insert(word) {
            return Err(format!("{what}: {word:?} is there twice"));
        }
    }
    if list.is_empty() {
        return Err(format!("{what}: none"));
    }
    Ok(())
}
