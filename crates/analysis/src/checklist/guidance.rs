//! What language, platform, hardware and protocols of a component ask for.
//!
//! Source: CSA 13 steps, steps 2, 3, 5, 6 and 10, in our own words; which control a property calls for
//! is our own judgement.

use serde::Serialize;

use crate::language::Text;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a piece of guidance is about.
    Topic {
        /// Programming language.
        Language = "language",
        /// Operating system.
        Platform = "platform",
        /// Hardware.
        Hardware = "hardware",
        /// Radio, port or protocol.
        Protocol = "protocol",
    }
}

/// One piece of guidance for one component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// `lock:ADV-c` and the like.
    pub id: String,
    /// Component.
    pub component: String,
    /// What it is about.
    pub topic: Topic,
    /// Which property of the component calls for it.
    pub because: Text,
    /// What to do.
    pub text: Text,
    /// Controls that say so.
    pub controls: Vec<String>,
}
