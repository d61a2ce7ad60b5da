//! The system model: zones, components, assets, flows, control structure, assumptions, decisions.
//!
//! [`parse`] reads format `sekimori-model/0` (TOML). Every collection is keyed and sorted by id, so
//! the order in which a file lists things changes nothing that comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use crate::diagnostic::Problems;
use crate::knowledge::RuleChange;
use crate::language::{Language, Text};

mod author;
mod changes;
mod check;
mod fields;
mod guard;
mod header;
pub(crate) mod identifiers;
mod json_schema;
mod keys;
mod layout;
mod places;
mod protection;
mod read;
mod reader;
mod reference;
mod schema;
mod sections;
mod settings;
mod values;
mod words;
mod write;

pub use changes::*;
pub use places::{Place, Places};
pub use protection::*;
pub use settings::*;
pub use words::*;

/// The format that this version reads and writes.
pub const FORMAT: &str = "sekimori-model/0";

/// The largest model text that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A system model without any error.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Model {
    /// Names the model in policies and in reports.
    pub id: String,
    /// What a reader calls the system.
    pub title: Text,
    /// Requirement sets that must be proven.
    pub regimes: BTreeSet<Regime>,
    /// Cells whose risk is below this need no countermeasure.
    pub threshold: Level,
    /// Where the product is used.
    pub sector: Option<Sector>,
    /// Who may attack; empty when the author does not say.
    pub actors: BTreeSet<Actor>,
    /// Which items of IEC 62443-4-2 are mandatory.
    pub security_level: SecurityLevel,
    /// What countermeasures cost beside their effort.
    pub cost: Cost,
    /// What the author asks of the policy.
    pub policy: PolicySettings,
    /// Areas with one level of trust; a boundary lies between any two.
    pub zones: BTreeMap<String, Zone>,
    /// Devices, gateways, services, people and so on.
    pub components: BTreeMap<String, Component>,
    /// What is worth protecting.
    pub assets: BTreeMap<String, Asset>,
    /// Messages from one component to another.
    pub flows: BTreeMap<String, Flow>,
    /// What the stakeholders must not lose.
    pub losses: BTreeMap<String, Loss>,
    /// System states that lead to a loss.
    pub hazards: BTreeMap<String, Hazard>,
    /// Controllers of the control structure.
    pub controllers: BTreeMap<String, Controller>,
    /// What controllers do to their process.
    pub control_actions: BTreeMap<String, ControlAction>,
    /// Unsafe control actions.
    pub unsafe_control_actions: BTreeMap<String, UnsafeControlAction>,
    /// Scenarios in the author's words.
    pub scenarios: BTreeMap<String, Scenario>,
    /// Assumptions that expire.
    pub assumptions: BTreeMap<String, Assumption>,
    /// What the author states, by control of the checklist or item of a requirement set.
    pub statements: BTreeMap<String, Statement>,
    /// Accepted or transferred risks, by the id of cell, threat or scenario.
    pub decisions: BTreeMap<String, Decision>,
    /// Rules that the author adds or changes, by id.
    pub rules: BTreeMap<String, RuleChange>,
    /// Countermeasures that the author adds or changes, by id.
    pub measures: BTreeMap<String, MeasureEdit>,
    /// What the author may want to look at although the model is usable.
    #[serde(skip)]
    pub warnings: Problems,
}

/// One level of trust.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Zone {
    /// Name.
    pub title: Text,
    /// How hard it is to lay hands on things there; not stated counts as exposed.
    pub physical: Physical,
    /// Who shares its network; not stated counts as public.
    pub network: Network,
}

/// One part of the system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Component {
    /// Name.
    pub title: Text,
    /// What it is.
    pub kind: ComponentKind,
    /// JNSA device class; every component of kind `device` that is not bought has one.
    pub class: Option<DeviceClass>,
    /// Whether it is bought, and somebody else builds it.
    pub bought: bool,
    /// Device class of the CSA's appendix A, `CSA-DC1` to `CSA-DC13`.
    pub csa_class: Option<String>,
    /// Where it stands.
    pub zone: String,
    /// How many there are.
    pub count: u32,
    /// Where most of them are in their life now; the analysis covers every phase.
    pub phase: Phase,
    /// What the hardware offers.
    pub capabilities: Capabilities,
    /// Ways in beside the declared flows.
    pub interfaces: BTreeSet<Interface>,
    /// Components without which it does not do its work.
    pub depends_on: BTreeSet<String>,
    /// Hazards to which its compromise or failure leads directly.
    pub hazards: BTreeSet<String>,
    /// Names, addresses and networks under which others know it.
    pub hosts: BTreeSet<String>,
    /// What its programs run on.
    pub platform: Platform,
    /// What is free for protection.
    pub budget: Budget,
}

/// What a component's programs run on and are written in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Platform {
    /// Operating system; [`None`] when nobody said.
    pub os: Option<OperatingSystem>,
    /// Languages of its programs.
    pub languages: BTreeSet<ProgrammingLanguage>,
}

/// What a device has left for protection. What is [`None`] is not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Budget {
    /// Memory in KiB.
    pub ram_kib: Option<u32>,
    /// Program storage in KiB.
    pub flash_kib: Option<u32>,
    /// Processor time in percent.
    pub cpu_percent: Option<u32>,
}

/// What a component's hardware offers. What is not stated is [`None`] and counts as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    /// Memory in KiB.
    pub ram_kib: Option<u32>,
    /// Program storage in KiB.
    pub flash_kib: Option<u32>,
    /// Where random numbers come from.
    pub rng: Option<Randomness>,
    /// Whether the boot loader verifies what it starts.
    pub secure_boot: Option<bool>,
    /// Whether keys are kept in hardware of their own.
    pub tpm: Option<bool>,
    /// Whether it runs on a battery.
    pub battery: Option<bool>,
}

/// Something worth protecting, with its need for confidentiality, integrity and availability.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Asset {
    /// Name.
    pub title: Text,
    /// Confidentiality.
    pub c: Level,
    /// Integrity.
    pub i: Level,
    /// Availability.
    pub a: Level,
    /// Whether it tells something about a person.
    pub personal: bool,
    /// Components that keep it.
    pub stored_in: BTreeSet<String>,
    /// What it is.
    pub kind: AssetKind,
    /// What the people concerned may ask.
    pub privacy: Privacy,
    /// What is known of a key or credential.
    pub key: Option<KeyFacts>,
}

/// What the people that an asset tells about may ask. What is absent nobody has said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Privacy {
    /// Fields that are collected.
    pub fields: BTreeSet<String>,
    /// What for.
    pub purpose: Option<Text>,
    /// Days after which they are deleted; 0 means at once.
    pub retention_days: Option<u32>,
    /// Why they may be collected.
    pub consent: Option<Consent>,
    /// Whether less would not do.
    pub minimized: Option<bool>,
    /// Components that get them although they are run by someone else.
    pub shared_with: BTreeSet<String>,
}

/// Life of a key or credential. What is absent nobody has said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KeyFacts {
    /// Algorithm, in the author's words.
    pub algorithm: Option<String>,
    /// Where it comes from.
    pub origin: Option<KeyOrigin>,
    /// Where it is kept.
    pub storage: Option<KeyStorage>,
    /// Days after which it is replaced; 0 means never.
    pub rotation_days: Option<u32>,
    /// Whether there is a copy.
    pub backup: Option<bool>,
}

/// Messages from one component to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flow {
    /// Name.
    pub title: Text,
    /// Sending component.
    pub from: String,
    /// Receiving component.
    pub to: String,
    /// Gateway in between.
    pub via: Option<String>,
    /// Assets it carries.
    pub assets: BTreeSet<String>,
    /// Protocol.
    pub protocol: Protocol,
    /// Protection on the way, of the protocol itself.
    pub security: Security,
    /// Protection below or beside the protocol.
    pub link: LinkProtection,
    /// Whether each message must carry a sequence number.
    pub sequence: Sequence,
    /// Shape of the payload, a subset of JSON Schema, as JSON.
    pub schema: Option<serde_json::Value>,
    /// Bounds of numbers in the payload, by the name of the field.
    pub range: BTreeMap<String, [f64; 2]>,
    /// How often one device may send.
    pub rate: Option<Rate>,
    /// Largest payload in bytes.
    pub max_bytes: u32,
    /// Port at which the receiver listens.
    pub port: Option<u16>,
    /// Longest wait for an answer in seconds.
    pub timeout_seconds: Option<u32>,
}

impl Flow {
    /// Whom `component` itself speaks with on this flow: the gateway in between, else the other end; [`None`] where
    /// `component` is no end of it.
    #[must_use]
    pub fn peer_of(&self, component: &str) -> Option<&str> {
        let other = if self.from == component {
            &self.to
        } else if self.to == component {
            &self.from
        } else {
            return None;
        };
        Some(self.via.as_ref().unwrap_or(other))
    }
}

/// How often one device may send on a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rate {
    /// Messages in one period.
    pub messages: u32,
    /// Length of the period in seconds.
    pub per_seconds: u32,
    /// Messages that a device which was away may resend beyond the rate.
    pub backlog: u32,
}

/// What must not be lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// Statement.
    pub text: Text,
    /// What kind of harm it is.
    pub category: Option<LossCategory>,
    /// How grave it is.
    pub severity: Level,
}

/// A system state that leads to a loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hazard {
    /// Statement.
    pub text: Text,
    /// Losses it leads to.
    pub losses: BTreeSet<String>,
}

/// A controller of the control structure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Controller {
    /// Name.
    pub title: Text,
    /// Component that runs the controller.
    pub component: String,
    /// Component under control.
    pub process: String,
    /// What the controller believes about its process.
    pub process_model: BTreeSet<String>,
}

/// What a controller does to its process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ControlAction {
    /// Name.
    pub title: Text,
    /// Who acts.
    pub controller: String,
    /// Flow that carries the action.
    pub flow: String,
    /// Flows that bring back what happened.
    pub feedback: BTreeSet<String>,
}

/// A way in which a control action leads to a hazard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnsafeControlAction {
    /// Control action.
    pub action: String,
    /// Which of the four kinds.
    pub kind: UnsafeKind,
    /// Statement.
    pub text: Text,
    /// Hazards it leads to.
    pub hazards: BTreeSet<String>,
    /// How an attacker could bring it about.
    pub stride: BTreeSet<Stride>,
}

/// Something taken for granted until a date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Assumption {
    /// Statement.
    pub text: Text,
    /// How it can be checked, in the author's words.
    pub check: Option<String>,
    /// Last day on which it may be taken for granted.
    pub review_by: Date,
}

/// A cell of the JNSA matrix: component, threat, phase. Written `sensor:JT04:P2`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CellId {
    /// Component of kind `device`.
    pub component: String,
    /// Threat, `JT01` to `JT12`.
    pub threat: String,
    /// Phase of life.
    pub phase: Phase,
}

impl fmt::Display for CellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = self.phase.word();
        write!(f, "{}:{}:{phase}", self.component, self.threat)
    }
}

impl Serialize for CellId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One text of a model, and what diagnostics call it.
#[derive(Clone, Copy, Debug)]
pub struct Source<'t> {
    /// Name of the file.
    pub name: &'t str,
    /// What it says.
    pub text: &'t str,
}

/// Reads a model.
///
/// `name` is what diagnostics call the file.
///
/// # Errors
///
/// All problems of the text at once, each with place, what was observed and expected, and a fix.
pub fn parse(name: &str, text: &str) -> Result<Model, Problems> {
    read::parse_sources(&[Source { name, text }])
}

/// Reads a model that is spread over several texts, in any order: ids join them, `[model]`,
/// `[cost]` and `[policy]` stand in one of them.
///
/// # Errors
///
/// As [`parse`]; each problem names its file.
pub fn parse_sources(sources: &[Source<'_>]) -> Result<Model, Problems> {
    read::parse_sources(sources)
}

/// Reads a model from bytes that may not be UTF-8.
///
/// # Errors
///
/// As [`parse`]; and when the bytes are not UTF-8, with the place of the first wrong byte.
pub fn parse_bytes(name: &str, bytes: &[u8]) -> Result<Model, Problems> {
    read::parse_bytes(name, bytes)
}

/// Reads a model from the bytes of several files, each with what diagnostics call it.
///
/// # Errors
///
/// As [`parse_sources`] and [`parse_bytes`].
pub fn parse_files(files: &[(&str, &[u8])]) -> Result<Model, Problems> {
    read::parse_files(files)
}

/// Says whether a model of this many bytes is read at all, so that nobody needs to load it first.
///
/// # Errors
///
/// The same problem that [`parse`] would report.
pub fn check_size(name: &str, bytes: usize) -> Result<(), Problems> {
    read::check_size(core::iter::once((name, bytes)))
}

/// Warns of decisions and statements that no longer hold on `today`, and of assumptions whose
/// review is due.
///
/// `name` and `text` are the ones that `model` was parsed from; they give the warnings their place.
pub fn check_dates(model: &Model, name: &str, text: &str, today: Date) -> Problems {
    read::check_dates(model, &[Source { name, text }], today)
}

/// As [`check_dates`], for a model that is spread over several texts.
pub fn check_dates_of(model: &Model, sources: &[Source<'_>], today: Date) -> Problems {
    read::check_dates(model, sources, today)
}

/// Writes a model as one text in canonical layout: sections and keys in the order of the
/// reference, things in the order of their ids, nothing that is a default.
///
/// [`parse`] gives the same model back.
pub fn write(model: &Model) -> String {
    write::model(model)
}

/// The JSON Schema (2020-12) of a model file, for editors. It knows every key, type, bound and
/// word; what one id says of another only [`parse`] knows.
pub fn json_schema() -> serde_json::Value {
    json_schema::document()
}

/// The reference of every section and key in one language, as Markdown.
pub fn reference(language: Language) -> String {
    reference::sections(language)
}

/// Brings a model text into canonical layout, comments included; [`None`] when it is not TOML.
///
/// What the text says stays the same, and formatting twice changes nothing more.
pub fn format(text: &str) -> Option<String> {
    if guard::too_deep(text).is_some() || text.len() > MAX_BYTES {
        return None;
    }
    layout::format(text)
}
