//! The gateway's end of one MQTT connection.

use super::{
    FilterRequest, Message, PublishError, PublishResult, SubscribeResult, UnsubscribeResult,
    Version, Violation,
};
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::time::Duration;

/// How much one connection may ask of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest packet read, in bytes with its header; announced to MQTT 5 clients.
    pub packet_bytes: u32,
    /// How many QoS 1 messages may be unacknowledged in each direction.
    pub receive_maximum: NonZeroU16,
    /// How long a new connection may take to send its CONNECT.
    pub connect_within: Duration,
    /// The longest keep-alive time granted, in seconds; a client that asks for none, or more, gets this.
    pub keep_alive_seconds: NonZeroU16,
    /// How many bytes may wait to be sent before the peer counts as not reading.
    pub outgoing_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            packet_bytes: 64 * 1024,
            receive_maximum: NonZeroU16::MIN.saturating_add(15),
            connect_within: Duration::from_secs(10),
            keep_alive_seconds: NonZeroU16::MIN.saturating_add(1199),
            outgoing_bytes: 256 * 1024,
        }
    }
}

/// What a client asks for when it connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectRequest {
    /// The protocol version.
    pub version: Version,
    /// The client identifier; it identifies nobody, the certificate does.
    pub client_id: String,
    /// The keep-alive time asked for, in seconds; 0 asks for none.
    pub keep_alive_seconds: u16,
    /// Whether the client wants to start afresh.
    pub clean_start: bool,
}

/// Why a CONNECT is refused by the layer above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectRefusal {
    /// 5 in MQTT 3.1.1, 0x87 in 5.
    NotAuthorized,
    /// 3 in MQTT 3.1.1, 0x88 in 5.
    ServerUnavailable,
    /// 3 in MQTT 3.1.1, 0x97 in 5.
    QuotaExceeded,
}

/// Why the gateway ends an accepted connection. MQTT 3.1.1 sees only the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReason {
    /// 0x87: the device may no longer be connected.
    NotAuthorized,
    /// 0x8B: the gateway goes down.
    ServerShuttingDown,
    /// 0x8E: the device connected again.
    SessionTakenOver,
    /// 0x96: too many messages were refused.
    MessageRateTooHigh,
    /// 0x97: a budget was used up.
    QuotaExceeded,
    /// 0x98: an operator ended it.
    AdministrativeAction,
}

/// What the peer did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerEvent {
    /// It asks to connect: answer with [`ServerConnection::accept`] or [`ServerConnection::refuse`].
    Connect(ConnectRequest),
    /// It sent a message: when there is a packet identifier, answer with [`ServerConnection::acknowledge`].
    Publish {
        /// Present for QoS 1.
        packet_id: Option<NonZeroU16>,
        /// The message.
        message: Message,
    },
    /// It asks for messages: answer with [`ServerConnection::acknowledge_subscribe`].
    Subscribe {
        /// To be acknowledged.
        packet_id: NonZeroU16,
        /// At least one filter.
        filters: Vec<FilterRequest>,
    },
    /// It wants no more messages: answer with [`ServerConnection::acknowledge_unsubscribe`].
    Unsubscribe {
        /// To be acknowledged.
        packet_id: NonZeroU16,
        /// At least one filter.
        filters: Vec<String>,
    },
    /// It has taken a message that was published to it, or refused it.
    PublishAcknowledged {
        /// As returned by [`ServerConnection::publish`].
        packet_id: NonZeroU16,
        /// Whether the reason code was a success.
        taken: bool,
    },
    /// It ended the connection in order. Nothing follows.
    Disconnect,
    /// It broke a rule; the connection is over. Nothing follows.
    Violation(Violation),
}

/// One MQTT connection as the gateway sees it.
///
/// States: waiting for CONNECT, asked (CONNECT was reported), open, closed.
pub struct ServerConnection {
    _limits: Limits,
}

impl ServerConnection {
    /// A connection that was opened at `now` (time since boot).
    #[must_use]
    pub fn new(_now: Duration, limits: Limits) -> Self {
        Self { _limits: limits }
    }

    /// Takes bytes from the peer and reports what they say.
    pub fn receive(&mut self, _now: Duration, _bytes: &[u8], _events: &mut Vec<ServerEvent>) {}

    /// Accepts the CONNECT; `name` is told to an MQTT 5 client that sent no client identifier.
    pub fn accept(&mut self, _now: Duration, _name: &str) {}

    /// Refuses the CONNECT and closes.
    pub fn refuse(&mut self, _refusal: ConnectRefusal) {}

    /// Answers a QoS 1 message. An MQTT 3.1.1 client can only be told `Accepted`: for any other result the connection
    /// closes without an answer.
    pub fn acknowledge(&mut self, _packet_id: NonZeroU16, _result: PublishResult) {}

    /// Answers a SUBSCRIBE with one result for each filter, in order.
    pub fn acknowledge_subscribe(&mut self, _packet_id: NonZeroU16, _results: &[SubscribeResult]) {}

    /// Answers an UNSUBSCRIBE with one result for each filter, in order.
    pub fn acknowledge_unsubscribe(
        &mut self,
        _packet_id: NonZeroU16,
        _results: &[UnsubscribeResult],
    ) {
    }

    /// Sends a message to the peer; returns the packet identifier of a QoS 1 message.
    ///
    /// # Errors
    ///
    /// [`PublishError`], and nothing was sent.
    pub fn publish(&mut self, _message: &Message) -> Result<Option<NonZeroU16>, PublishError> {
        Err(PublishError::NotConnected)
    }

    /// Tells an MQTT 5 client why, and closes.
    pub fn disconnect(&mut self, _reason: DisconnectReason) {}

    /// The next bytes for the peer.
    pub fn transmit(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// When [`Self::wake`] has to be called, as time since boot.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        None
    }

    /// Enforces the deadlines for CONNECT and keep-alive.
    pub fn wake(&mut self, _now: Duration, _events: &mut Vec<ServerEvent>) {}

    /// Whether the connection is over: send what [`Self::transmit`] still has, then close the socket.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        false
    }

    /// The version of the CONNECT, once it was read.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        None
    }
}
