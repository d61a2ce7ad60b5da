//! The state file: one line of JSON, its schema and its checksum.
//!
//! `{"schema":1,"sha256":"…","state":{…}}`; the checksum is over the text of `state` as written.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::{Phase, SlotState};

const SCHEMA: u32 = 1;
/// Far above any state that this program writes.
const MAX_LENGTH: usize = 16 * 1024;

/// Why a state file is not believed. Unreadable history is not absent history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// Not a state file, or torn; the text says where.
    Malformed(String),
    /// The checksum does not fit.
    Checksum,
    /// A newer program wrote it.
    Schema(u32),
    /// It contradicts itself.
    Contradiction(&'static str),
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "slot state is malformed: {why}"),
            Self::Checksum => f.write_str("slot state: checksum does not fit"),
            Self::Schema(version) => write!(f, "slot state has schema {version}, newer than this"),
            Self::Contradiction(what) => write!(f, "slot state contradicts itself: {what}"),
        }
    }
}

impl core::error::Error for Unreadable {}

#[derive(Serialize, Deserialize)]
struct StateFile<'a> {
    schema: u32,
    sha256: String,
    #[serde(borrow)]
    state: &'a RawValue,
}

impl SlotState {
    /// The bytes to write, atomically, before acting on the change.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let state = serde_json::value::to_raw_value(self).expect("a state has string keys");
        let sha256 = checksum(&state);
        let file = StateFile {
            schema: SCHEMA,
            sha256,
            state: &state,
        };
        let mut bytes = serde_json::to_vec(&file).expect("a state file has string keys");
        bytes.push(b'\n');
        bytes
    }

    /// Reads a state file.
    ///
    /// # Errors
    ///
    /// [`Unreadable`]: keep the file, report it, and do not start over as if new; see
    /// [`SlotState::recover`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        if bytes.len() > MAX_LENGTH {
            return Err(Unreadable::Malformed("too long".to_string()));
        }
        let malformed = |error: serde_json::Error| Unreadable::Malformed(error.to_string());
        let file: StateFile<'_> = serde_json::from_slice(bytes).map_err(malformed)?;
        if file.schema != SCHEMA {
            return Err(Unreadable::Schema(file.schema));
        }
        if file.sha256 != checksum(file.state) {
            return Err(Unreadable::Checksum);
        }
        let state: Self = serde_json::from_str(file.state.get()).map_err(malformed)?;
        match state.contradiction() {
            None => Ok(state),
            Some(what) => Err(Unreadable::Contradiction(what)),
        }
    }

    /// What cannot be in a state that the verbs made.
    fn contradiction(&self) -> Option<&'static str> {
        let (from, to, filled) = match &self.phase {
            Phase::Empty => (None, None, false),
            Phase::Confirmed { active } => (Some(*active), None, false),
            Phase::Writing { from, to, .. } => (*from, Some(*to), false),
            Phase::Trial { from, to, .. } => (*from, Some(*to), true),
        };
        if from.is_some() && from == to {
            return Some("an update goes to the slot that it comes from");
        }
        if from.is_some_and(|slot| self.installed(slot).is_none()) {
            return Some("the confirmed slot is empty");
        }
        if to.is_some_and(|slot| self.installed(slot).is_some() != filled) {
            return Some("the slot of the update is not as its phase says");
        }
        if self.floor > self.highest_counter {
            return Some("the floor is above the highest counter");
        }
        None
    }
}

fn checksum(state: &RawValue) -> String {
    hex::encode(Sha256::digest(state.get()))
}
