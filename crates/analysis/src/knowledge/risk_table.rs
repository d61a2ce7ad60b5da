//! The points of the risk formula.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::language::Text;
use crate::model::Level;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Something that makes a threat more or less likely.
    FactorKey {
        /// The way in crosses a trust boundary.
        Crosses = "crosses",
        /// The way in is a radio in a public zone.
        InRange = "in-range",
        /// The way in stays within one zone.
        Inside = "inside",
        /// No flow reaches it.
        Unreached = "unreached",
        /// Anyone can touch it.
        Exposed = "exposed",
        /// Known people can touch it.
        Restricted = "restricted",
        /// It is locked away.
        Locked = "locked",
        /// People handle it.
        People = "people",
        /// Anyone shares the network.
        PublicNetwork = "public-network",
        /// Known others share the network.
        SharedNetwork = "shared-network",
        /// Nobody else is on the network.
        ClosedNetwork = "closed-network",
        /// People are present at the start of use.
        Attended = "attended",
        /// It is about to leave the network.
        Leaving = "leaving",
        /// Only while something is wrong already.
        Upset = "upset",
        /// An organization with money would do this.
        CapableActor = "capable-actor",
        /// People with ordinary means would do this.
        OrdinaryActor = "ordinary-actor",
        /// None of the actors that the model names would do this.
        NoActor = "no-actor",
        /// No actor is named.
        UnnamedActor = "unnamed-actor",
        /// It needs no attacker.
        NoIntent = "no-intent",
        /// What passes is not protected on its way.
        Unprotected = "unprotected",
        /// A way in from outside is not protected.
        OpenWay = "open-way",
        /// It takes know-how and patience.
        KnowHow = "know-how",
        /// It takes a laboratory or an organization.
        Laboratory = "laboratory",
        /// Random numbers can be guessed, or nobody knows.
        WeakRandom = "weak-random",
        /// It lives on a battery.
        Battery = "battery",
        /// It has little memory to spare.
        LittleMemory = "little-memory",
        /// Its programs are in a language without memory safety.
        MemoryUnsafe = "memory-unsafe",
        /// A weakness stands open; its points are those of the rule.
        Weakness = "weakness",
    }
}

/// The points of the formula, and the limits between its three likelihoods.
#[derive(Clone, Debug, PartialEq)]
pub struct RiskTable {
    /// Points from which a threat is possible (2).
    pub possible: i32,
    /// Points from which it is likely (3).
    pub likely: i32,
    /// Points for each step by which a rule's weakness raises the likelihood.
    pub raise: i32,
    /// Points and words of each factor.
    pub factors: BTreeMap<FactorKey, (i32, Arc<Text>)>,
}

impl RiskTable {
    /// The level of a risk with so many points and this impact.
    pub(crate) fn level(&self, points: i32, impact: Level) -> Level {
        crate::risk::level(self.likelihood(points), impact)
    }

    /// The likelihood of so many points, 1 to 3.
    pub const fn likelihood(&self, points: i32) -> u32 {
        if points >= self.likely {
            3
        } else if points >= self.possible {
            2
        } else {
            1
        }
    }
}
