//! The control plane in memory: registrar, certificates, ledger, releases, policy, events.
//!
//! It makes the decisions with the real cores; only storage and HTTP are stand-ins. Everything in [`Control`] is
//! durable unless its field says otherwise.

mod certificate;
mod http;
mod joining;
mod releases;
mod reports;
mod standing;

pub(crate) use certificate::{Certificate, Client, Presented};
pub(crate) use joining::Certified;
pub(crate) use standing::Verdict;

use crate::events::EventLog;
use crate::log::{self, Log, WitnessNode};
use crate::plan::Plan;
use crate::random::Random;
use crate::store::Store;
use crate::words::{Mistake, PolicyKind};
use core::time::Duration;
use jiff::{SignedDuration, Timestamp};
use releases::Releases;
use sekimori_audit::{Code, Containment, Event};
use sekimori_identity::enrollment::{Invitation, Registrar};
use sekimori_identity::{
    Conflict, DeviceId, DeviceName, DeviceRecord, EntryBody, Fingerprint, OrganizationId,
    TrustBundle,
};
use sekimori_ledger::envelope::{Ed25519Signer, Signer as _};
use sekimori_policy::{Clause, Policy, Rate, Role, Schema, Sequence};
use sekimori_update::report::StateReport;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The product that all devices are.
pub(crate) const PRODUCT: &str = "unit";

/// The server.
pub(crate) struct Control {
    start: Timestamp,
    pub(crate) log: Log,
    pub(crate) witness: WitnessNode,
    pub(crate) bundle: Vec<u8>,
    pub(crate) root: String,
    registrar: Registrar,
    authority: [u8; 32],
    certificate_life: SignedDuration,
    invitations: BTreeMap<DeviceName, Invitation>,
    certificates: Vec<joining::Kept>,
    /// Which certificates were handed out, by serial number: the index of the entry.
    pub(crate) handed_out: BTreeMap<u64, u64>,
    pub(crate) store: Store,
    pub(crate) events: EventLog,
    /// Refusals that gateways counted: code and device.
    pub(crate) counters: BTreeMap<(String, String), u64>,
    pub(crate) contained: BTreeSet<DeviceId>,
    pub(crate) reports: BTreeMap<DeviceId, StateReport>,
    pub(crate) releases: Releases,
    policy_version: u64,
    pub(crate) policy: Arc<Policy>,
    random: Random,
    pub(crate) early: bool,
}

impl Control {
    /// An organization that begins: keys, ledger, a release root; no policy and no device.
    pub(crate) fn found(plan: &Plan, start: Timestamp, random: &mut Random) -> Self {
        let organization = OrganizationId::parse("maker.example").expect("it is a name");
        let author = Ed25519Signer::from_seed(&random.bytes());
        let authority_key = author.public_key();
        let seeds = [random.bytes(), random.bytes()];
        let (log, witness) = log::found(&organization, author, seeds);
        let bundle = TrustBundle {
            organization: organization.clone(),
            version: 1,
            authority: authority_key.clone(),
            ca_roots: vec![b"a stand-in for the certificate of the authority".to_vec()],
            ledger: log.trust.clone(),
        }
        .encode();
        let mut control = Self {
            start,
            log,
            witness,
            root: Fingerprint::of(&bundle).to_string(),
            bundle,
            registrar: Registrar::default(),
            authority: random.bytes(),
            certificate_life: SignedDuration::from_secs(plan.certificate_life.into()),
            invitations: BTreeMap::new(),
            certificates: Vec::new(),
            handed_out: BTreeMap::new(),
            store: Store::default(),
            events: EventLog::default(),
            counters: BTreeMap::new(),
            contained: BTreeSet::new(),
            reports: BTreeMap::new(),
            releases: Releases::new(random),
            policy_version: 0,
            policy: Arc::new(Policy::none()),
            random: random.fork(),
            early: plan.mistake == Some(Mistake::CertificateBeforeCosignature),
        };
        control.store.forgetful = plan.mistake == Some(Mistake::ReplayWindowOff);
        control.events.forgetful = plan.mistake == Some(Mistake::EventLost);
        let joined = EntryBody::OrganizationJoined {
            organization,
            authority: authority_key,
        };
        let (keys, threshold) = control.releases.root();
        let root = EntryBody::Root { keys, threshold };
        control.append(Duration::ZERO, vec![joined, root]);
        control
    }

    /// The date at `now`, by the server's clock, which is right.
    pub(crate) fn wall(&self, now: Duration) -> Timestamp {
        self.start.saturating_add(now).unwrap_or(Timestamp::MAX)
    }

    /// Records an event; answers what detectors order.
    pub(crate) fn record(&mut self, now: Duration, event: Event) -> Vec<Containment> {
        self.events.record(now, event)
    }

    /// An event now.
    pub(crate) fn event(&self, now: Duration, code: Code) -> Event {
        Event::new(self.wall(now), code)
    }

    /// Appends facts that cannot be in conflict with anything.
    pub(crate) fn append(&mut self, now: Duration, bodies: Vec<EntryBody>) -> u64 {
        let first = self.try_append(now, bodies);
        first.expect("these facts are in conflict with nothing")
    }

    /// Appends facts.
    pub(crate) fn try_append(
        &mut self,
        now: Duration,
        bodies: Vec<EntryBody>,
    ) -> Result<u64, Conflict> {
        let at = self.wall(now);
        let first = self.log.append(at, bodies)?;
        for id in &self.contained {
            self.log.registry.set_contained(id, true);
        }
        Ok(first)
    }

    /// The device of this name.
    pub(crate) fn device(&self, name: &str) -> Option<DeviceRecord> {
        let name = DeviceName::parse(name).ok()?;
        self.log.registry.by_name(&name).cloned()
    }

    /// Applies a policy: sealed, opened again as a gateway would, and recorded.
    pub(crate) fn apply(&mut self, now: Duration, kind: PolicyKind) -> Vec<Containment> {
        self.policy_version = self.policy_version.saturating_add(1);
        let policy = policy(self.policy_version, kind);
        let sealed = policy.seal(&self.log.author).expect("within all bounds");
        let opened = Policy::open(&sealed, &self.log.author.public_key());
        self.policy = Arc::new(opened.expect("what was sealed opens"));
        let body = EntryBody::PolicyApplied {
            version: policy.version,
            sha256: policy.digest(),
        };
        self.append(now, vec![body]);
        let event = self.event(now, Code::PolicyApplied).with_source("operator");
        self.record(now, event)
    }

    /// Forgets what is not durable, and reads the rest again.
    pub(crate) fn restart(&mut self) -> Result<(), String> {
        self.log.restart()?;
        for id in &self.contained {
            self.log.registry.set_contained(id, true);
        }
        let registry = &self.log.registry;
        let records = self.contained.iter().filter_map(|id| registry.by_id(id));
        self.events
            .restart(records.map(|record| record.name.as_str()))
    }
}

/// The policy of this kind.
fn policy(version: u64, kind: PolicyKind) -> Policy {
    let clause = |flow: &str, schema: Option<&str>| Clause {
        flow: flow.to_string(),
        requirement: vec!["r-1".to_string()],
        schema: schema.map(|text| Schema::parse(text).expect("within the subset")),
        range: BTreeMap::new(),
        rate: None,
        max_bytes: 256,
        sequence: Sequence::Required,
    };
    let number =
        r#"{"type":"object","required":["temp_c"],"properties":{"temp_c":{"type":"number"}}}"#;
    let locked =
        r#"{"type":"object","required":["locked"],"properties":{"locked":{"type":"boolean"}}}"#;
    let mut telemetry = clause("telemetry", Some(number));
    telemetry.range.insert("temp_c".to_string(), [-30.0, 30.0]);
    telemetry.rate = Some(match kind {
        PolicyKind::Tight => Rate {
            messages: 1,
            per_seconds: 20,
            backlog: 1,
        },
        PolicyKind::Standard | PolicyKind::Narrow => Rate::new(1, 1),
    });
    let sensor = match kind {
        PolicyKind::Narrow => Vec::new(),
        PolicyKind::Standard | PolicyKind::Tight => vec![telemetry],
    };
    Policy {
        version,
        model_id: "cold-store".to_string(),
        conduct: Default::default(),
        roles: vec![
            Role {
                id: "door".to_string(),
                publish: vec![
                    clause("telemetry", Some(number)),
                    clause("door-state", None),
                ],
                subscribe: vec![clause("lock", Some(locked))],
                peers: vec![],
            },
            Role {
                id: "sensor".to_string(),
                publish: sensor,
                subscribe: Vec::new(),
                peers: vec![],
            },
        ],
    }
}
