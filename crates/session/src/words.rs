//! What goes into a session, and what comes out.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_audit::Event;
use sekimori_identity::{DeviceId, DeviceName, DeviceRecord};
use sekimori_policy::{FlowKind, Policy};
use sekimori_proto::mqtt::{Limits, Violation};
use sekimori_proto::replay::ReplayWindow;

/// Names one thing that was handed out, until its answer comes back.
pub type Token = u64;

/// How much one session may ask of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionLimits {
    /// The limits of its MQTT connection.
    pub mqtt: Limits,
    /// How many messages may wait for the store; at most 63, so that the replay window covers them.
    pub in_flight: usize,
    /// How many filters may be subscribed to.
    pub subscriptions: usize,
    /// How many commands may wait for their acknowledgement.
    pub commands: usize,
    /// How many refusals within a minute end the session.
    pub refusals_per_minute: u32,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self {
            mqtt: Limits::default(),
            in_flight: 32,
            subscriptions: 32,
            commands: 16,
            refusals_per_minute: 100,
        }
    }
}

/// What a session has to know of the sessions before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionSeed {
    /// Which messages of the device are already kept.
    pub replay: Option<ReplayWindow>,
    /// How long ago the newest message of each flow was accepted.
    pub idle: Vec<(String, Duration)>,
}

/// A message that may be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The device.
    pub device: DeviceId,
    /// Its name at the time.
    pub name: DeviceName,
    /// The flow of the model.
    pub flow: String,
    /// What kind of flow it is.
    pub kind: FlowKind,
    /// The payload as the device sent it.
    pub payload: Vec<u8>,
    /// The device's boot count, when the message has an envelope.
    pub boot: Option<u64>,
    /// The number of the message within that boot, when it has an envelope.
    pub sequence: Option<u64>,
    /// The device's clock, when it told it.
    pub device_time: Option<Timestamp>,
    /// When the gateway read it.
    pub received: Timestamp,
}

/// What became of a message that was handed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredResult {
    /// It is durable.
    Stored,
    /// It was durable before.
    AlreadyStored,
    /// It is not kept. The session ends without acknowledging, so that the device sends it again.
    Failed,
}

/// What the world tells a session.
#[derive(Clone, Debug)]
pub enum Input<'a> {
    /// Bytes from the device. Read more only while [`Session::wants_read`](crate::Session::wants_read).
    Bytes(&'a [u8]),
    /// The answer to [`Output::Store`].
    Stored {
        /// Of the message.
        token: Token,
        /// What became of it.
        result: StoredResult,
    },
    /// A command for the device.
    Command {
        /// Chosen by the caller; comes back with what became of it.
        token: Token,
        /// The flow.
        flow: String,
        /// The payload.
        payload: Vec<u8>,
        /// What the acknowledgement has to carry, in MQTT 5.
        correlation: Vec<u8>,
        /// Until when the acknowledgement may come, as time since boot.
        deadline: Duration,
    },
    /// Another policy is active from now on.
    PolicyChanged(Arc<Policy>),
    /// Something about the device changed.
    DeviceChanged(DeviceRecord),
    /// The device has connected again; this is its older session.
    TakenOver,
    /// The gateway goes down.
    Shutdown,
    /// The device's end of the connection is gone.
    PeerClosed,
    /// [`Session::wake_at`](crate::Session::wake_at) has come.
    Wake,
}

/// What a session wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Send these bytes to the device.
    Transmit(Vec<u8>),
    /// Keep this message, then answer with [`Input::Stored`].
    Store {
        /// To be given back.
        token: Token,
        /// The message.
        message: Accepted,
    },
    /// Record this event; its `source` is left for the gateway to fill in.
    Event(Event),
    /// Add one to this counter: `message.permitted`, `message.resent`, or the code of a refusal.
    Count(&'static str),
    /// The command was handed to the connection.
    CommandSent {
        /// As given with the command.
        token: Token,
    },
    /// The device has answered.
    CommandAcknowledged {
        /// As given with the command.
        token: Token,
        /// The payload of the answer.
        payload: Vec<u8>,
    },
    /// The command got no answer. It is over.
    CommandFailed {
        /// As given with the command.
        token: Token,
        /// Why.
        why: CommandFailure,
    },
    /// The session is over: send what was to be transmitted, then close the socket. Nothing follows.
    Close(CloseReason),
}

/// Why a command got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandFailure {
    /// There is no open session, or it ended.
    NotConnected,
    /// The device did not subscribe to it.
    NotSubscribed,
    /// The policy does not allow it, for the reason with this code.
    NotPermitted(&'static str),
    /// Too much is under way to the device.
    Busy,
    /// Larger than the device accepts.
    TooLarge,
    /// The device refused to take the message.
    Refused,
    /// No answer came in time; the device may have done it nevertheless.
    TimedOut,
}

impl CommandFailure {
    /// A stable word for events and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotConnected => "not-connected",
            Self::NotSubscribed => "not-subscribed",
            Self::NotPermitted(_) => "not-permitted",
            Self::Busy => "busy",
            Self::TooLarge => "too-large",
            Self::Refused => "refused",
            Self::TimedOut => "timed-out",
        }
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The device said goodbye.
    Disconnected,
    /// The device's end of the connection went away without a word.
    PeerClosed,
    /// The device broke the protocol.
    Violation(Violation),
    /// A QoS 1 message was refused, which MQTT 3.1.1 can say only by closing.
    RefusedMessage,
    /// Too many messages were refused within a minute.
    TooManyRefusals,
    /// A message could not be kept.
    StoreFailed,
    /// The device is suspended, revoked or retired, or is another than it was.
    Standing,
    /// The certificate by which the device was let in has ended.
    CertificateExpired,
    /// The device has connected again.
    TakenOver,
    /// The gateway goes down.
    Shutdown,
}

impl CloseReason {
    /// A stable word for events and counters.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Disconnected => "disconnected",
            Self::PeerClosed => "peer-closed",
            Self::Violation(violation) => violation.code(),
            Self::RefusedMessage => "refused-message",
            Self::TooManyRefusals => "too-many-refusals",
            Self::StoreFailed => "store-failed",
            Self::Standing => "standing",
            Self::CertificateExpired => "expired",
            Self::TakenOver => "taken-over",
            Self::Shutdown => "shutdown",
        }
    }
}
