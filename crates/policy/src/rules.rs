//! The policy itself: roles, and what each may publish and receive.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use sekimori_ledger::envelope::{self, EnvelopeError, PublicKey, Signer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::conduct::{Conduct, Peer, few};
use crate::json::{self, JsonError};
use crate::schema::Schema;

/// Content type of a sealed policy.
pub const CONTENT_TYPE: &str = "application/sekimori-policy+json";

/// Limits that every policy keeps, so that no decision can become expensive.
pub mod bounds {
    /// Bytes of a policy's JSON.
    pub const POLICY_BYTES: usize = 4 << 20;
    /// Roles in a policy.
    pub const ROLES: usize = 1_000;
    /// Clauses of one role in one direction.
    pub const CLAUSES: usize = 256;
    /// Bytes of an id.
    pub const IDENTIFIER_BYTES: usize = 63;
    /// Requirements named by one clause.
    pub const REQUIREMENTS: usize = 64;
    /// Ranges in one clause.
    pub const RANGES: usize = 64;
    /// Bytes of one payload.
    pub const PAYLOAD_BYTES: u32 = 256 << 10;
    /// Messages in one rate.
    pub const RATE_MESSAGES: u32 = 1_000_000;
    /// Seconds in one rate: 31 days.
    pub const RATE_SECONDS: u32 = 31 * 86_400;
    /// Messages that a device may resend after it was away.
    pub const BACKLOG: u32 = 10_000;
    /// Greatest magnitude of a range or schema limit: up to here a double holds every integer exactly,
    /// so that no integer beyond the limit can round to a value inside of it.
    pub const LIMIT: f64 = 9_007_199_254_740_991.0;
    /// Requirements named by one rule for every device, or by one peer: some for each role.
    pub const RULE_REQUIREMENTS: usize = 8_192;
    /// Peers of one role.
    pub const PEERS: usize = 256;
    /// Names or addresses of one peer.
    pub const HOSTS: usize = 64;
    /// Bytes of a peer's name or address.
    pub const HOST_BYTES: usize = 253;
    /// Least and most seconds for a handshake.
    pub const HANDSHAKE_SECONDS: (u32, u32) = (1, 120);
    /// Least and most seconds of silence on a connection; the most is what an MQTT keep-alive can say.
    pub const IDLE_SECONDS: (u32, u32) = (2, 98_302);
    /// Least and most days of a certificate's life.
    pub const CREDENTIAL_DAYS: (u32, u32) = (1, 3_650);
    /// Least and most percent of a certificate's life before its renewal. Below half, a renewal would
    /// be answered with the certificate that is there; above nine tenths nothing is left for failures.
    pub const RENEW_AT_PERCENT: (u32, u32) = (50, 90);
    /// Least and most value of a detector's threshold.
    pub const DETECTOR: (u32, u32) = (1, 1_000_000);
    /// Least and most bytes of a packet: the platform's own reports must fit.
    pub const PACKET_BYTES: (u32, u32) = (36 << 10, 1 << 20);
}

/// What the devices of an organization may do. Version 0 is "no policy".
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Counts up with every policy that was applied; 0 means that none was.
    pub version: u64,
    /// Id of the model that the policy came from.
    pub model_id: String,
    /// What each role may do, in order of id.
    pub roles: Vec<Role>,
    /// How every device is treated; nothing in policies of version 1 of the format.
    #[serde(default, skip_serializing_if = "Conduct::is_empty")]
    pub conduct: Conduct,
}

/// What devices of one role may do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Id of the model's component.
    pub id: String,
    /// Flows that the device sends.
    pub publish: Vec<Clause>,
    /// Commands that the device receives; each clause describes the command's payload.
    pub subscribe: Vec<Clause>,
    /// Whom the device speaks with; nothing in policies of version 1 of the format.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub peers: Vec<Peer>,
}

/// One permission: a flow, and what its messages must look like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Id of the model's flow.
    pub flow: String,
    /// Requirements that this clause enforces.
    pub requirement: Vec<String>,
    /// What the payload looks like; without schema and range any bytes are taken.
    pub schema: Option<Schema>,
    /// Least and greatest value, by the name of a top-level property or by JSON Pointer (RFC 6901).
    pub range: BTreeMap<String, [f64; 2]>,
    /// How often; without it, only the session's own limits hold.
    pub rate: Option<Rate>,
    /// Longest payload in bytes.
    pub max_bytes: u32,
    /// Whether boot count and sequence must be there.
    pub sequence: Sequence,
}

/// How many messages a device may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// This many messages …
    pub messages: u32,
    /// … in this many seconds.
    pub per_seconds: u32,
    /// Messages that a device may resend at once after it was away.
    pub backlog: u32,
}

/// Whether a flow's messages carry boot count and sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sequence {
    /// They must: a replay is refused, a resend is stored once.
    Required,
    /// They may: a plain MQTT client can send the flow.
    None,
}

/// Why bytes are not a policy that this platform would enforce.
#[derive(Clone, Debug, PartialEq)]
pub enum PolicyError {
    /// The envelope does not hold.
    Envelope(EnvelopeError),
    /// Not JSON, or not within bounds.
    Json(JsonError),
    /// JSON, but not the policy's shape; the text names the place.
    Shape(String),
    /// The shape is right, but a value breaks a bound; the text names the place.
    Bound(String),
    /// The same policy has other bytes: RFC 8785 form is required.
    NotCanonical,
}

impl Policy {
    /// The state before any policy was applied: nothing but the platform's own flows is permitted.
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads a policy from JSON of any layout, and checks every bound.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] names the first thing that is wrong: JSON, a key named twice, an unknown key, a
    /// missing or impossible value.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > bounds::POLICY_BYTES {
            return Err(bound(format!("policy of {} B", bytes.len())));
        }
        // Maps read by serde would take the last of two equal keys; this pass refuses them.
        json::parse_own(bytes).map_err(PolicyError::Json)?;
        let policy: Self =
            serde_json::from_slice(bytes).map_err(|error| PolicyError::Shape(error.to_string()))?;
        policy.validate()?;
        Ok(policy)
    }

    /// The policy's one form: JSON by RFC 8785, with roles, clauses and requirements in order of id.
    /// Policies that are equal up to that order have the same bytes.
    pub fn canonical(&self) -> String {
        let mut sorted = self.clone();
        sorted.roles.sort_by(|a, b| a.id.cmp(&b.id));
        for role in &mut sorted.roles {
            for clauses in [&mut role.publish, &mut role.subscribe] {
                clauses.sort_by(|a, b| a.flow.cmp(&b.flow));
                for clause in clauses {
                    clause.requirement.sort();
                }
            }
            for peer in &mut role.peers {
                peer.requirement.sort();
                peer.hosts.sort();
            }
            role.peers.sort();
        }
        sorted.conduct.sort();
        let text = serde_json::to_vec(&sorted).expect("a policy has no value without a JSON form");
        let value = json::parse_own(&text).expect("serde_json writes JSON");
        json::canonical(&value)
    }

    /// SHA-256 of [`canonical`](Self::canonical): what the ledger records when the policy is applied.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.canonical().as_bytes()).into()
    }

    /// Signs the policy: its canonical form in an envelope of [`CONTENT_TYPE`].
    ///
    /// # Errors
    ///
    /// [`PolicyError::Bound`] when the policy would not be accepted again.
    pub fn seal(&self, signer: &dyn Signer) -> Result<Vec<u8>, PolicyError> {
        self.validate()?;
        Ok(envelope::seal(
            CONTENT_TYPE,
            self.canonical().as_bytes(),
            signer,
        ))
    }

    /// Opens a sealed policy, which must be in canonical form.
    ///
    /// # Errors
    ///
    /// [`PolicyError`]: the envelope does not hold, or its content is not a policy in its one form.
    pub fn open(bytes: &[u8], key: &PublicKey) -> Result<Self, PolicyError> {
        let payload = envelope::open(CONTENT_TYPE, bytes, key).map_err(PolicyError::Envelope)?;
        let policy = Self::parse(payload)?;
        if policy.canonical().as_bytes() != payload {
            return Err(PolicyError::NotCanonical);
        }
        Ok(policy)
    }

    /// Checks every bound of [`bounds`].
    ///
    /// # Errors
    ///
    /// [`PolicyError::Bound`] names the place and the first bound that is broken.
    pub fn validate(&self) -> Result<(), PolicyError> {
        // RFC 8785 numbers are doubles; a version must survive that.
        if self.version >= 1 << 53 {
            return Err(bound(format!("version {}", self.version)));
        }
        // "No policy" has no model either.
        if !(is_identifier(&self.model_id) || self.version == 0 && self.model_id.is_empty()) {
            return Err(bound(format!("model_id {:?}", self.model_id)));
        }
        if self.roles.len() > bounds::ROLES {
            return Err(bound(format!("{} roles", self.roles.len())));
        }
        unique(self.roles.iter().map(|role| &role.id)).map_err(bound)?;
        for role in &self.roles {
            role.validate()
                .map_err(|problem| bound(format!("role {:?}: {problem}", role.id)))?;
        }
        self.conduct
            .validate()
            .map_err(|problem| bound(format!("conduct: {problem}")))
    }
}

impl Role {
    fn validate(&self) -> Result<(), String> {
        if !is_identifier(&self.id) {
            return Err("not an id".to_string());
        }
        for (direction, clauses) in [("publish", &self.publish), ("subscribe", &self.subscribe)] {
            if clauses.len() > bounds::CLAUSES {
                return Err(format!("{direction}: {} clauses", clauses.len()));
            }
            unique(clauses.iter().map(|clause| &clause.flow))
                .map_err(|problem| format!("{direction}: {problem}"))?;
            for clause in clauses {
                clause
                    .validate()
                    .map_err(|problem| format!("{direction} {:?}: {problem}", clause.flow))?;
            }
        }
        if self.peers.len() > bounds::PEERS {
            return Err(format!("{} peers", self.peers.len()));
        }
        let mut seen = BTreeSet::new();
        for peer in &self.peers {
            peer.validate()
                .map_err(|problem| format!("peer {:?}: {problem}", peer.component))?;
            if !seen.insert((&peer.component, &peer.protocol, peer.port)) {
                return Err(format!("peer {:?} is there twice", peer.component));
            }
        }
        Ok(())
    }
}

impl Clause {
    fn validate(&self) -> Result<(), String> {
        if !crate::topic::is_flow(&self.flow) {
            return Err("not a flow id".to_string());
        }
        few(&self.requirement, bounds::REQUIREMENTS)?;
        if !(1..=bounds::PAYLOAD_BYTES).contains(&self.max_bytes) {
            return Err(format!("max_bytes {}", self.max_bytes));
        }
        if self.range.len() > bounds::RANGES {
            return Err(format!("{} ranges", self.range.len()));
        }
        for (field, [low, high]) in &self.range {
            if field.is_empty() || field.len() > 256 {
                return Err(format!("range of field {field:?}"));
            }
            let limits = -bounds::LIMIT..=bounds::LIMIT;
            if !(limits.contains(low) && limits.contains(high) && low <= high) {
                return Err(format!("range of {field:?}: {low} to {high}"));
            }
        }
        self.rate.as_ref().map_or(Ok(()), Rate::validate)
    }
}

impl Rate {
    /// A rate whose backlog is one day of messages, at most [`bounds::BACKLOG`].
    pub fn new(messages: u32, per_seconds: u32) -> Self {
        let day = (u64::from(messages) * 86_400).checked_div(per_seconds.into());
        let backlog = day.unwrap_or(0).min(bounds::BACKLOG.into());
        Self {
            messages,
            per_seconds,
            backlog: u32::try_from(backlog).unwrap_or(bounds::BACKLOG),
        }
    }

    fn validate(&self) -> Result<(), String> {
        let Self {
            messages,
            per_seconds,
            backlog,
        } = *self;
        let holds = (1..=bounds::RATE_MESSAGES).contains(&messages)
            && (1..=bounds::RATE_SECONDS).contains(&per_seconds)
            && backlog <= bounds::BACKLOG;
        if holds {
            return Ok(());
        }
        Err(format!(
            "rate {messages}/{per_seconds}s with backlog {backlog}"
        ))
    }
}

/// Whether the text is an id of model or policy: 1 to 63 of `A-Z a-z 0-9 - _ .`, first a letter or digit.
pub fn is_identifier(text: &str) -> bool {
    let first = text.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphanumeric())
        && text.len() <= bounds::IDENTIFIER_BYTES
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

pub(crate) fn unique<'a>(ids: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(format!("{id:?} is there twice"));
        }
    }
    Ok(())
}

fn bound(problem: String) -> PolicyError {
    PolicyError::Bound(problem)
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envelope(error) => write!(f, "the policy's signature does not hold: {error}"),
            Self::Json(error) => write!(f, "the policy is not JSON: {error}"),
            Self::Shape(problem) => write!(f, "not a policy: {problem}"),
            Self::Bound(problem) => write!(f, "the policy breaks a bound: {problem}"),
            Self::NotCanonical => f.write_str("the policy is not in its canonical form (RFC 8785)"),
        }
    }
}

impl core::error::Error for PolicyError {}
