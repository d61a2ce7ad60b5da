//! A device's end of one MQTT connection.

use super::{
    FilterRequest, Message, PublishError, PublishResult, SubscribeResult, UnsubscribeResult,
    Version, Violation,
};
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::time::Duration;

/// How much one connection may ask of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// The largest packet read, in bytes with its header.
    pub packet_bytes: u32,
    /// How many QoS 1 messages may be unacknowledged in each direction.
    pub receive_maximum: NonZeroU16,
    /// How long the gateway may take to answer CONNECT, or a ping.
    pub answer_within: Duration,
    /// How many bytes may wait to be sent.
    pub outgoing_bytes: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            packet_bytes: 64 * 1024,
            receive_maximum: NonZeroU16::MIN.saturating_add(7),
            answer_within: Duration::from_secs(10),
            outgoing_bytes: 128 * 1024,
        }
    }
}

/// What a device asks for when it connects. It always starts afresh: nothing is kept between connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The protocol version.
    pub version: Version,
    /// The device's name.
    pub client_id: String,
    /// The keep-alive time asked for, in seconds.
    pub keep_alive_seconds: NonZeroU16,
}

/// Who ended an accepted connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectCause {
    /// The gateway, with this MQTT 5 reason code.
    Gateway(u8),
}

/// What the gateway did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// It accepted the connection.
    Connected {
        /// The keep-alive time that holds, in seconds.
        keep_alive_seconds: u16,
        /// How many QoS 1 messages may be unacknowledged.
        receive_maximum: u16,
        /// The largest packet that the gateway reads, in bytes.
        packet_bytes: u32,
    },
    /// It refused the connection with this CONNACK code of the version in use. Nothing follows.
    Refused {
        /// The return code (3.1.1) or reason code (5).
        code: u8,
    },
    /// It answered a QoS 1 message.
    Published {
        /// As returned by [`ClientConnection::publish`].
        packet_id: NonZeroU16,
        /// What became of the message.
        result: PublishResult,
    },
    /// It answered a SUBSCRIBE.
    Subscribed {
        /// As returned by [`ClientConnection::subscribe`].
        packet_id: NonZeroU16,
        /// One result for each filter.
        results: Vec<SubscribeResult>,
    },
    /// It answered an UNSUBSCRIBE.
    Unsubscribed {
        /// As returned by [`ClientConnection::unsubscribe`].
        packet_id: NonZeroU16,
        /// One result for each filter; empty in MQTT 3.1.1.
        results: Vec<UnsubscribeResult>,
    },
    /// It sent a message: when there is a packet identifier, answer with [`ClientConnection::acknowledge`].
    Message {
        /// Present for QoS 1.
        packet_id: Option<NonZeroU16>,
        /// The message.
        message: Message,
    },
    /// It ended the connection and said so (MQTT 5 only). Nothing follows.
    Disconnected(DisconnectCause),
    /// It broke a rule or did not answer; the connection is over. Nothing follows.
    Violation(Violation),
}

/// One MQTT connection as a device sees it.
///
/// States: new, asked (CONNECT was sent), open, closed.
pub struct ClientConnection {
    _limits: ClientLimits,
}

impl ClientConnection {
    /// A connection on which `options` are sent at once; `now` is the time since boot.
    #[must_use]
    pub fn new(_now: Duration, _options: &ConnectOptions, limits: ClientLimits) -> Self {
        Self { _limits: limits }
    }

    /// Takes bytes from the gateway and reports what they say.
    pub fn receive(&mut self, _now: Duration, _bytes: &[u8], _events: &mut Vec<ClientEvent>) {}

    /// Sends a message; returns the packet identifier of a QoS 1 message.
    ///
    /// # Errors
    ///
    /// [`PublishError`], and nothing was sent.
    pub fn publish(
        &mut self,
        _now: Duration,
        _message: &Message,
    ) -> Result<Option<NonZeroU16>, PublishError> {
        Err(PublishError::NotConnected)
    }

    /// Asks for messages.
    ///
    /// # Errors
    ///
    /// [`PublishError`], and nothing was sent.
    pub fn subscribe(
        &mut self,
        _now: Duration,
        _filters: &[FilterRequest],
    ) -> Result<NonZeroU16, PublishError> {
        Err(PublishError::NotConnected)
    }

    /// Asks for no more messages.
    ///
    /// # Errors
    ///
    /// [`PublishError`], and nothing was sent.
    pub fn unsubscribe(
        &mut self,
        _now: Duration,
        _filters: &[&str],
    ) -> Result<NonZeroU16, PublishError> {
        Err(PublishError::NotConnected)
    }

    /// Answers a QoS 1 message; MQTT 3.1.1 can only say `Accepted`.
    pub fn acknowledge(&mut self, _now: Duration, _packet_id: NonZeroU16, _result: PublishResult) {}

    /// Ends the connection in order.
    pub fn disconnect(&mut self) {}

    /// The next bytes for the gateway.
    pub fn transmit(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// When [`Self::wake`] has to be called, as time since boot.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        None
    }

    /// Sends a ping when it is due, and notices a gateway that does not answer.
    pub fn wake(&mut self, _now: Duration, _events: &mut Vec<ClientEvent>) {}

    /// Whether the connection is over: send what [`Self::transmit`] still has, then close the socket.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        false
    }
}
