//! What a model says beside its parts: money, policy, what its author states and decides.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use super::words::{Contain, DecisionStatus, Opening, StatementStatus, Stride, UnsafeKind};
use super::{CellId, Phase};
use crate::language::Text;

/// What a countermeasure costs beside its effort (own judgement where the model says nothing).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// Currency by its three letters of ISO 4217.
    pub currency: String,
    /// Money for one effort point, in whole units of the currency.
    pub effort_point: u32,
    /// Effort points for one KiB of memory, on each kind of device.
    pub ram_kib: Points,
    /// Effort points for one KiB of program storage, on each kind of device.
    pub flash_kib: Points,
    /// Effort points for one percent of processor time, on each kind of device.
    pub cpu_percent: Points,
    /// Effort points for one percent of the gateway's load.
    pub gateway_percent: Points,
    /// What the points of hardware in one unit count for, times the number of units.
    pub unit: Points,
}

impl Default for Cost {
    fn default() -> Self {
        Cost {
            currency: "JPY".to_owned(),
            effort_point: 50_000,
            ram_kib: Points::from_thousandths(20),
            flash_kib: Points::from_thousandths(5),
            cpu_percent: Points::from_thousandths(100),
            gateway_percent: Points::from_thousandths(200),
            unit: Points::from_thousandths(1_000),
        }
    }
}

/// Effort points, in thousandths so that sums are exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points(u32);

impl Points {
    /// So many thousandths of a point.
    pub const fn from_thousandths(thousandths: u32) -> Self {
        Points(thousandths)
    }

    /// How many thousandths of a point.
    pub const fn thousandths(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1_000, self.0 % 1_000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(1_000) {
            serializer.serialize_u32(self.0 / 1_000)
        } else {
            serializer.serialize_f64(f64::from(self.0) / 1_000.0)
        }
    }
}

/// Security level of IEC 62443, 1 to 4: which of its items are mandatory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct SecurityLevel(u8);

impl SecurityLevel {
    /// The level with this number; [`None`] outside of 1 to 4.
    pub fn new(number: u8) -> Option<Self> {
        (1..=4).contains(&number).then_some(SecurityLevel(number))
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl Default for SecurityLevel {
    /// Level 2: intentional violation with simple means (own judgement).
    fn default() -> Self {
        SecurityLevel(2)
    }
}

/// What the author asks of the policy; what is absent is left to the platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PolicySettings {
    /// Life of a device's certificate in days.
    pub credential_days: Option<u32>,
    /// Part of that life after which it is renewed, in percent.
    pub renew_at_percent: Option<u32>,
    /// Longest handshake in seconds.
    pub handshake_seconds: Option<u32>,
    /// Longest silence of a session in seconds.
    pub idle_seconds: Option<u32>,
    /// What is open to a peer without certificate, not empty; [`None`] is everything.
    pub unauthenticated: Option<BTreeSet<Opening>>,
    /// What happens to a device that a detector points at.
    pub contain: Option<Contain>,
    /// When detectors speak up.
    pub detect: Detect,
}

/// Thresholds of the detectors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Detect {
    /// Refusals of one device within a minute.
    pub refusals_per_minute: Option<u32>,
    /// How many times its period a flow may be silent.
    pub silence_factor: Option<u32>,
}

/// A way in which a hazardous action may come about, in its author's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Scenario {
    /// Unsafe control action that it leads to.
    pub uca: String,
    /// Statement.
    pub text: Text,
    /// Flow or component at which it happens.
    pub element: String,
    /// Kind of attack.
    pub stride: Stride,
}

/// What the author states about a control of the checklist or an item of a requirement set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// How it is met, or that it does not concern this system.
    pub status: StatementStatus,
    /// Why, or where to look.
    pub why: Option<Text>,
    /// Who answers for it.
    pub owner: String,
    /// Last day on which it holds.
    pub until: Date,
    /// Name of an attached document.
    pub document: Option<String>,
}

/// A risk that somebody accepted, transferred or dismissed, or a candidate that somebody dismissed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// What it is about.
    pub risk: RiskId,
    /// What was decided.
    pub status: DecisionStatus,
    /// Why.
    pub why: Text,
    /// Who answers for it.
    pub owner: String,
    /// Last day on which it holds.
    pub until: Date,
}

/// A risk that can be decided about, by the id that the analysis gives it.
///
/// The id stays readable when its element is gone, so that a decision survives edits of the model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RiskId {
    /// A cell of the JNSA matrix: `sensor:JT04:P2`.
    Cell(CellId),
    /// A STRIDE threat: `telemetry:SR-F2`.
    Threat {
        /// Flow or component.
        element: String,
        /// Rule.
        rule: String,
    },
    /// A scenario that STPA derives: `UCA1:spoofing@lock`.
    Derived {
        /// Unsafe control action.
        uca: String,
        /// Guide word.
        stride: Stride,
        /// Flow or component.
        element: String,
    },
    /// A scenario of the author, by its id.
    Scenario(String),
    /// A kind of unsafe control action that nobody wrote about: `unlock:wrong-time`.
    Candidate {
        /// Control action.
        action: String,
        /// Which of the four kinds.
        kind: UnsafeKind,
    },
}

impl RiskId {
    /// Reads an id of the analysis; [`None`] when it has none of the five forms.
    ///
    /// Whether threat, rule and element exist is not asked.
    pub fn parse(id: &str) -> Option<Self> {
        let named = |text: &str| !text.is_empty() && !text.contains(['@', ' ']);
        match id.split(':').collect::<Vec<_>>().as_slice() {
            [scenario] if named(scenario) => Some(RiskId::Scenario((*scenario).to_owned())),
            [uca, rest] if rest.contains('@') => {
                let (stride, element) = rest.split_once('@')?;
                (named(uca) && named(element)).then_some(RiskId::Derived {
                    uca: (*uca).to_owned(),
                    stride: Stride::parse(stride)?,
                    element: element.to_owned(),
                })
            }
            [element, rule] if named(element) && named(rule) => {
                // No rule is called as one of the four kinds.
                Some(match UnsafeKind::parse(rule) {
                    Some(kind) => RiskId::Candidate {
                        action: (*element).to_owned(),
                        kind,
                    },
                    None => RiskId::Threat {
                        element: (*element).to_owned(),
                        rule: (*rule).to_owned(),
                    },
                })
            }
            [component, threat, phase] if named(component) && named(threat) => {
                Some(RiskId::Cell(CellId {
                    component: (*component).to_owned(),
                    threat: (*threat).to_owned(),
                    phase: Phase::parse(phase)?,
                }))
            }
            _ => None,
        }
    }
}

impl fmt::Display for RiskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RiskId::Cell(cell) => cell.fmt(f),
            RiskId::Threat { element, rule } => write!(f, "{element}:{rule}"),
            RiskId::Derived {
                uca,
                stride,
                element,
            } => write!(f, "{uca}:{}@{element}", stride.word()),
            RiskId::Scenario(id) => f.write_str(id),
            RiskId::Candidate { action, kind } => write!(f, "{action}:{}", kind.word()),
        }
    }
}

impl Serialize for RiskId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
