//! The knowledge that ships with the product, read once from the TOML files that are compiled in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use crate::language::Text;
use crate::model::{
    Actor, Component, ComponentKind, DeviceClass, Level, Phase, Points, Regime, Stride,
};
use crate::vocabulary::vocabulary;

mod actor;
mod change;
mod load;
mod matrix;
mod risk_table;
mod rule;

pub use actor::{ActorProfile, ActorSet, ClassThreat, CsaClass};
pub use change::{MeasureChange, RuleChange, RuleFault};
pub use matrix::{ClassTable, TableCell};
pub use risk_table::{FactorKey, RiskTable};
pub use rule::{Fact, Rule, Shape, Subject, Wanted};

vocabulary! {
    /// The pillars of compact security; the measures outside of them are hardware, processes and words.
    Pillar {
        /// Who is it?
        Certification = "certification",
        /// What passes?
        Network = "network",
        /// Back to a good state.
        Refresh = "refresh",
        /// What happened?
        Trace = "trace",
        /// Outside the four.
        None = "none",
    }
}

vocabulary! {
    /// Where a countermeasure is put to work.
    Place {
        /// On each device.
        Device = "device",
        /// At the gateway, once for all.
        Gateway = "gateway",
        /// At the maker or operator.
        Vendor = "vendor",
    }
}

vocabulary! {
    /// What a countermeasure is made of.
    MeasureKind {
        /// Built in.
        Function = "function",
        /// Offered by the maker.
        Service = "service",
        /// Done by people.
        Process = "process",
        /// Only said; closes nothing.
        Guidance = "guidance",
    }
}

vocabulary! {
    /// Whose idea a countermeasure or an entry of the matrix is.
    #[derive(Default)]
    Origin {
        /// The JNSA's matrix.
        Jnsa = "jnsa",
        /// Our own judgement.
        #[default]
        Own = "own",
    }
}

vocabulary! {
    /// When platform or hardware already have a countermeasure.
    Provided {
        /// The component speaks with the gateway over MQTT and TLS 1.3.
        Connected = "connected",
        /// So it does, and every other flow proves both ends.
        Mutual = "mutual",
        /// So it does, and a flow has a schema or a range.
        Bounded = "bounded",
        /// So it does, and a flow is sequenced.
        Sequenced = "sequenced",
        /// So it does, and a flow that it sends has a rate.
        Rated = "rated",
        /// The boot loader verifies what it starts.
        SecureBoot = "secure-boot",
        /// Keys are in hardware of their own.
        Tpm = "tpm",
        /// Random numbers come from hardware.
        HardwareRandom = "hardware-random",
        /// Never: someone has to do or build it.
        Never = "never",
    }
}

vocabulary! {
    /// How an attacker comes near.
    Reach {
        /// Over a network.
        Network = "network",
        /// By laying hands on the device.
        Hands = "hands",
        /// By being one of the people concerned.
        People = "people",
    }
}

vocabulary! {
    /// How an item of a requirement set is checked.
    Check {
        /// By the running system.
        Live = "live",
        /// By a test.
        Test = "test",
        /// By a document.
        Document = "document",
        /// By how people work.
        Process = "process",
    }
}

vocabulary! {
    /// Whether an item of a requirement set must be met.
    ItemStatus {
        /// It must.
        Mandatory = "mandatory",
        /// It should.
        Recommended = "recommended",
    }
}

vocabulary! {
    /// What of a model decides whether an item with a condition applies.
    ItemWhen {
        /// An asset tells something about a person.
        Personal = "personal",
        /// Such an asset is collected because the person agreed, or nobody said why.
        Consent = "consent",
        /// A component has a debug port.
        Debug = "debug",
        /// Nothing: only people can tell, so the item demands no countermeasure by itself.
        Unjudged = "unjudged",
    }
}

vocabulary! {
    /// Kind of component that an item is about (IEC 62443-4-2).
    ItemOn {
        /// A software application.
        Software = "software",
        /// An embedded device.
        Embedded = "embedded",
        /// A general-purpose computer.
        Host = "host",
        /// A network device.
        Network = "network",
    }
}

vocabulary! {
    /// How sure we are of a paraphrase.
    Confidence {
        /// Compared with two sources or the text itself.
        High = "high",
        /// Seen in one source or in part.
        Medium = "medium",
        /// Not checked; such items do not ship.
        Low = "low",
    }
}

vocabulary! {
    /// What an observation of a probe says.
    Says {
        /// It happened.
        Observed = "observed",
        /// Ledger or chain have it, which does not say that it still holds.
        Recorded = "recorded",
    }
}

/// One countermeasure of the catalogue.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// Id in the catalogue.
    pub id: String,
    /// Its pillar.
    pub pillar: Pillar,
    /// Where it is put to work.
    pub place: Place,
    /// What it is made of.
    pub kind: MeasureKind,
    /// Whose idea it is.
    pub origin: Origin,
    /// Name.
    pub name: Text,
    /// What shall hold.
    pub shall: Text,
    /// Effort points from nothing (own judgement).
    pub cost: u32,
    /// Effort points when it is provided (own judgement).
    pub cost_provided: u32,
    /// 0 guidance, 1 detection or people, 2 response or hurdle, 3 prevention (own judgement).
    pub strength: u32,
    /// What it takes of a device and of the gateway (own judgement).
    pub resources: Resources,
    /// Measures without which it cannot be had at the same place.
    pub requires: BTreeSet<String>,
    /// Kinds of component on which it makes sense; none means all.
    pub on: BTreeSet<ComponentKind>,
    /// Classes of device on which it makes sense; none means all.
    pub classes: BTreeSet<DeviceClass>,
    /// Measures that cannot be had beside it at the same place; said by one of the two.
    pub conflicts: BTreeSet<String>,
    /// When platform or hardware have it.
    pub provided: Provided,
    /// Probes that show it at work.
    pub observed: Vec<ProbeName>,
    /// Negative controls: attempts that must be refused.
    pub refused: Vec<ProbeName>,
    /// Items of requirement sets that it serves.
    pub items: BTreeSet<String>,
}

impl Measure {
    /// Whether it makes sense on a component at all.
    pub fn suits(&self, component: &Component) -> bool {
        let is_kind = self.on.is_empty() || self.on.contains(&component.kind);
        let class = component.class.as_ref();
        is_kind && (self.classes.is_empty() || class.is_none_or(|c| self.classes.contains(c)))
    }
}

/// What a measure takes where it is not provided (own judgement).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Resources {
    /// Memory of each device, in KiB.
    pub ram_kib: u32,
    /// Storage of each device, in KiB.
    pub flash_kib: u32,
    /// Time of each device's processor, in percent.
    pub cpu_percent: u32,
    /// Time of the gateway's processor, in percent.
    pub gateway_percent: u32,
    /// Hardware in each unit, in effort points.
    pub unit: Points,
}

/// What is enough against a risk (own judgement).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enough {
    /// Strength of all countermeasures together, at least.
    pub strength: u32,
    /// How many they are, at least.
    #[serde(default)]
    pub measures: u32,
    /// Strength of one of them by itself, at least: 3 is prevention.
    #[serde(default)]
    pub strongest: u32,
    /// From how many pillars they come, at least; what is outside of the four counts as one more.
    #[serde(default)]
    pub pillars: u32,
}

/// A probe, and the reason if one in particular is meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeName {
    /// Event code.
    pub probe: String,
    /// Reason of the event; without it, any.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What a probe shows and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Hours for which an observation counts.
    pub window: u32,
    /// Whether it happened or is recorded.
    pub says: Says,
    /// What an observation means.
    pub text: Text,
}

/// One of the twelve JNSA threats.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JnsaThreat {
    /// Name.
    pub name: Text,
    /// What happens.
    pub text: Text,
    /// Which of c, i, a it harms (own judgement).
    pub harms: String,
    /// How the attacker comes near (own judgement).
    pub reach: Reach,
    /// STRIDE kinds (own judgement).
    pub stride: BTreeSet<Stride>,
    /// Whether somebody has to want it; a mistake needs no attacker (own judgement).
    #[serde(default = "wanted_by_someone")]
    pub intent: bool,
}

const fn wanted_by_someone() -> bool {
    true
}

/// A requirement set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegimeSet {
    /// Which.
    pub regime: Regime,
    /// Name.
    pub name: Text,
    /// Version or date of the text.
    pub version: Text,
    /// What to know about our paraphrase.
    pub note: Text,
    /// Items in the order of the text.
    pub items: Vec<Item>,
}

/// One item of a requirement set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Id.
    pub id: String,
    /// Where in the text.
    pub r#ref: String,
    /// Paraphrase.
    pub text: Text,
    /// Whether it must be met.
    pub status: ItemStatus,
    /// How it is checked.
    pub check: Check,
    /// How sure we are of the paraphrase.
    pub confidence: Confidence,
    /// When it applies; without it, always.
    #[serde(default)]
    pub condition: Option<Text>,
    /// What of the model decides about `condition`; without it, the condition counts as met.
    #[serde(default)]
    pub when: Option<ItemWhen>,
    /// Lowest security level of IEC 62443 that asks for it; without it, every level does.
    #[serde(default)]
    pub level: Option<u8>,
    /// Kind of component that it is about; without it, all are.
    #[serde(default)]
    pub on: Option<ItemOn>,
}

/// Everything that ships.
#[derive(Clone, Debug, PartialEq)]
pub struct Knowledge {
    /// The catalogue, by id.
    pub measures: BTreeMap<String, Measure>,
    /// Probes by event code.
    pub probes: BTreeMap<String, Probe>,
    /// JNSA threats by id.
    pub threats: BTreeMap<String, JnsaThreat>,
    /// Names of the phases of life.
    pub phases: BTreeMap<Phase, Text>,
    /// STRIDE rules in the order of their file.
    pub rules: Vec<Rule>,
    /// Requirement sets.
    pub regimes: BTreeMap<Regime, RegimeSet>,
    /// What is enough against a risk of each level (own judgement).
    pub enough: BTreeMap<Level, Enough>,
    /// Measures of each cell of the board's matrix, by threat and phase, from the source.
    pub board: BTreeMap<(String, Phase), Vec<String>>,
    /// Cells that the source calls not applicable.
    pub not_applicable: BTreeSet<(String, Phase)>,
    /// The tables of the device classes, the board's with our additions.
    pub tables: BTreeMap<DeviceClass, ClassTable>,
    /// Who attacks.
    pub actors: BTreeMap<Actor, ActorProfile>,
    /// Device classes of the CSA, by id.
    pub csa_classes: BTreeMap<String, CsaClass>,
    /// Points of the risk formula.
    pub risk: RiskTable,
}

/// The knowledge that ships with this version, without what a model changes of it.
///
/// A method that looks at a model takes the knowledge in force from its system instead.
pub fn base() -> &'static Knowledge {
    in_memory()
}

/// The same, to be kept.
pub fn shared() -> Arc<Knowledge> {
    Arc::clone(in_memory())
}

fn in_memory() -> &'static Arc<Knowledge> {
    static BASE: OnceLock<Arc<Knowledge>> = OnceLock::new();
    BASE.get_or_init(|| {
        let knowledge = load::load();
        Arc::new(knowledge.expect("the compiled-in knowledge files are sound; a test reads them"))
    })
}
