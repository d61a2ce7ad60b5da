//! Where a result comes from: the method, the rule that it applied, the element that it is about, and the words of
//! its source.

use serde::Serialize;

use crate::language::Text;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Which method says so, or asks for protection.
    Method {
        /// A STRIDE threat.
        Stride = "stride",
        /// A cell of the JNSA matrix.
        Jnsa = "jnsa",
        /// A causal scenario of STPA-Sec.
        Stpa = "stpa",
        /// A mandatory item of a requirement set.
        Regime = "regime",
        /// Something that the model itself says of a flow: a schema or range, a rate, a sequence.
        Declared = "declared",
        /// The catalogue of countermeasures.
        Catalogue = "catalogue",
        /// The cross-check against lists of common threats.
        CrossCheck = "cross-check",
        /// The checklist of the thirteen steps.
        Checklist = "checklist",
    }
}

/// Why a result is there. Many results share one basis, so it is kept behind an [`Arc`](std::sync::Arc).
///
/// The element that a result is about is named by the result itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Basis {
    /// Method.
    pub method: Method,
    /// What of the method: a rule, a threat of the matrix, a control; its stable id.
    pub rule: String,
    /// Which document and which part of it, and what it says, in our own words.
    pub source: Text,
    /// Whether all of it, or the part that decides here, is our own judgement.
    pub own_judgement: bool,
}
