//! The words between the device and its shell.

use crate::errand::{Errand, LinkFailure, Outcome, Ticket};
use crate::record::CredentialSlot;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;
use jiff::Timestamp;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// An owner asks the device to join an organization.
    Join(Invitation),
    /// An errand ended.
    Done {
        /// Which.
        ticket: Ticket,
        /// How.
        outcome: Outcome,
    },
    /// The connection of [`Action::Open`] is there, mutually authenticated; or why not.
    Opened(Result<(), LinkFailure>),
    /// Bytes came over it.
    Received(Vec<u8>),
    /// It ended; the reason is for a person.
    Closed(String),
    /// A sensor was read for [`Action::Sense`]; the payload goes out on `flow`. The error says why there is none.
    Sensed {
        /// The flow.
        flow: String,
        /// What is sent.
        payload: Result<Vec<u8>, String>,
    },
    /// Measure now, ask for an update now, report now: somebody is waiting.
    Attend,
    /// The shell is about to end: leave the connection in order and do not come back.
    Stop,
    /// Nothing but time passed.
    Wake,
}

/// What the shell has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// An errand; answer with [`Input::Done`].
    Do {
        /// To be given back.
        ticket: Ticket,
        /// What to do.
        errand: Errand,
    },
    /// Open the MQTT connection: TLS 1.3, our certificate, the server checked as of `at`. At most one is open.
    /// Answer with [`Input::Opened`].
    Open {
        /// Host and port.
        address: String,
        /// The credential to show.
        credential: CredentialSlot,
        /// The time at which the server's certificate must be valid.
        at: Timestamp,
    },
    /// Send these bytes over it.
    Transmit(Vec<u8>),
    /// Send what is still to be sent, then close it. No answer is expected.
    Close,
    /// Read the sensor of this flow; answer with [`Input::Sensed`].
    Sense {
        /// The flow.
        flow: String,
    },
    /// Stop and start again: everything that matters is on disk.
    Restart(RestartReason),
    /// Tell a person.
    Note(Note),
}

/// Why the device starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartReason {
    /// A new release waits for its trial.
    Trial,
    /// The release on trial failed; the launcher rolls back.
    RollBack,
    /// Files of the running release were replaced, the program among them.
    Repaired,
}

/// What an owner hands to a device: one line on the operator's screen.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// `https://host:port`.
    pub url: String,
    /// `host:port` of MQTT over TLS, when it is not what the server says.
    pub mqtt: Option<String>,
    /// The device's name.
    pub name: String,
    /// The one-time code.
    pub code: String,
    /// The fingerprint of the trust bundle in hexadecimal digits.
    pub root: String,
}

impl core::fmt::Debug for Invitation {
    /// Leaves the code out.
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Invitation")
            .field("url", &self.url)
            .field("mqtt", &self.mqtt)
            .field("name", &self.name)
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// What the running release wants: its `etc/settings.toml`, as far as the device needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What is reported, and how often.
    pub flows: Vec<FlowSetting>,
    /// Time between two measurements of the installed files.
    pub measure_every: Duration,
    /// Time between two questions for an update.
    pub update_every: Duration,
    /// Time between two state reports when nothing changes.
    pub state_every: Duration,
}

impl Settings {
    /// What holds before any settings were read: nothing is reported but the state.
    #[must_use]
    pub const fn quiet() -> Self {
        Self {
            flows: Vec::new(),
            measure_every: Duration::from_secs(60),
            update_every: Duration::from_secs(60),
            state_every: Duration::from_secs(300),
        }
    }
}

/// One flow that the device reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowSetting {
    /// Its id in the model.
    pub flow: String,
    /// Time between two readings.
    pub every: Duration,
}

/// Something a person may want to know. Facts only; the shell finds the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The trust bundle's fingerprint is the one that the owner gave.
    TrustCompared {
        /// The organization.
        organization: String,
    },
    /// It is not, so nothing was sent.
    WrongRoot {
        /// What the owner gave.
        expected: String,
        /// What the server's bundle has.
        observed: String,
    },
    /// The device is a member already; the invitation was not used.
    AlreadyMember {
        /// Under this name.
        name: String,
    },
    /// The certificate was issued.
    CertificateIssued {
        /// End of its validity.
        not_after: Timestamp,
    },
    /// The ledger's proof was checked offline.
    ProofVerified {
        /// How many witnesses besides the log signed.
        witnesses: usize,
        /// The number on the plate, when it is known.
        number: Option<String>,
    },
    /// The new credential was used and is now the one in use.
    Promoted {
        /// Which.
        credential: CredentialSlot,
    },
    /// The enrollment cannot go on without a person.
    EnrollmentRefused(LinkFailure),
    /// Something did not work and is tried again.
    Retrying {
        /// What.
        doing: &'static str,
        /// Why it did not work.
        because: LinkFailure,
        /// After how long.
        after: Duration,
    },
    /// The session is up.
    Connected {
        /// The credential in use.
        credential: CredentialSlot,
    },
    /// The session ended.
    Disconnected(String),
    /// A message was refused for good and is not sent again.
    MessageRefused {
        /// Its flow.
        flow: String,
        /// The gateway's code.
        code: &'static str,
    },
    /// The outbox was full, or a reading failed: the reading is lost, and counted.
    ReadingLost {
        /// Its flow.
        flow: String,
        /// Why.
        why: String,
    },
    /// The self-test failed.
    SelfTestFailed(String),
    /// A release is installed and waits for its trial.
    TrialReady {
        /// Its version.
        version: String,
    },
    /// The release on trial is confirmed.
    UpdateConfirmed {
        /// Its version.
        version: String,
    },
    /// A release was refused or rolled back.
    UpdateFailed {
        /// Its version, when it could be read.
        version: Option<String>,
        /// Why.
        why: String,
    },
    /// Installed files are not those of the signed release.
    Deviation {
        /// `path: kind`, one for each.
        files: Vec<String>,
    },
    /// They are again.
    Restored {
        /// From the deviation being seen until the self-test passed.
        after: Duration,
    },
    /// The clock was wrong; signed time from the ledger is used.
    ClockCorrected {
        /// What the clock said.
        wall: Timestamp,
        /// What is used instead.
        signed: Timestamp,
    },
}
