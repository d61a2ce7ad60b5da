//! A device's end of one MQTT connection.

use super::decode::{self, Incoming};
use super::encode;
use super::frame::{Frame, Framer};
use super::guard::{self, Sender};
use super::server::next_id;
use super::{
    FilterRequest, Message, PublishError, PublishResult, Qos, SubscribeResult, UnsubscribeResult,
    Version, Violation,
};
use alloc::collections::BTreeSet;
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
/// States: asked (CONNECT was sent), open, closed. When the CONNECT could not be built, it is closed from the start.
pub struct ClientConnection {
    limits: ClientLimits,
    version: Version,
    framer: Framer,
    outgoing: Vec<u8>,
    state: State,
}

enum State {
    Asked {
        keep_alive_seconds: u16,
        until: Duration,
    },
    Open(Open),
    Closed,
}

struct Open {
    /// `None` when the gateway wants no pings.
    keep_alive: Option<Duration>,
    /// When something was last sent.
    sent: Duration,
    /// By when a ping has to be answered.
    pong_until: Option<Duration>,
    peer_packet_bytes: usize,
    peer_receive_maximum: usize,
    incoming: BTreeSet<NonZeroU16>,
    publishing: BTreeSet<NonZeroU16>,
    /// SUBSCRIBE and UNSUBSCRIBE without an answer.
    subscribing: BTreeSet<NonZeroU16>,
    last_id: u16,
}

impl ClientConnection {
    /// A connection on which `options` are sent at once; `now` is the time since boot.
    #[must_use]
    pub fn new(now: Duration, options: &ConnectOptions, limits: ClientLimits) -> Self {
        let keep_alive_seconds = options.keep_alive_seconds.get();
        let connect = encode::connect(
            options.version,
            &options.client_id,
            keep_alive_seconds,
            limits.receive_maximum,
            limits.packet_bytes,
        );
        let state = if connect.is_some() {
            let until = now.saturating_add(limits.answer_within);
            State::Asked {
                keep_alive_seconds,
                until,
            }
        } else {
            State::Closed
        };
        Self {
            limits,
            version: options.version,
            framer: Framer::new(usize::try_from(limits.packet_bytes).unwrap_or(usize::MAX)),
            outgoing: connect.unwrap_or_default(),
            state,
        }
    }

    /// Takes bytes from the gateway and reports what they say.
    pub fn receive(&mut self, now: Duration, bytes: &[u8], events: &mut Vec<ClientEvent>) {
        if self.is_closed() {
            return;
        }
        self.framer.push(bytes);
        while !self.is_closed() {
            let read = match self.framer.next() {
                Ok(Some(frame)) => self.read(now, frame),
                Ok(None) => return,
                Err(violation) => Err(violation),
            };
            match read {
                Ok(event) => events.extend(event),
                Err(violation) => events.push(self.fail(violation)),
            }
        }
    }

    fn read(&mut self, now: Duration, frame: Frame) -> Result<Option<ClientEvent>, Violation> {
        if let State::Asked {
            keep_alive_seconds, ..
        } = self.state
        {
            return self.connected(now, keep_alive_seconds, &frame).map(Some);
        }
        guard::inspect(Sender::Gateway, self.version, &frame)?;
        let incoming = decode::packet(self.version, frame)?;
        let State::Open(open) = &mut self.state else {
            return Ok(None);
        };
        Ok(Some(match incoming {
            Incoming::Publish { packet_id, message } => {
                if let Some(packet_id) = packet_id {
                    if open.incoming.len() >= usize::from(self.limits.receive_maximum.get()) {
                        return Err(Violation::ReceiveMaximum);
                    }
                    if !open.incoming.insert(packet_id) {
                        return Err(Violation::PacketIdInUse);
                    }
                }
                ClientEvent::Message { packet_id, message }
            }
            Incoming::PublishAcknowledged { packet_id, result } => {
                if !open.publishing.remove(&packet_id) {
                    return Err(Violation::Protocol);
                }
                ClientEvent::Published { packet_id, result }
            }
            Incoming::SubscribeAcknowledged { packet_id, results } => {
                if !open.subscribing.remove(&packet_id) {
                    return Err(Violation::Protocol);
                }
                ClientEvent::Subscribed { packet_id, results }
            }
            Incoming::UnsubscribeAcknowledged { packet_id, results } => {
                if !open.subscribing.remove(&packet_id) {
                    return Err(Violation::Protocol);
                }
                ClientEvent::Unsubscribed { packet_id, results }
            }
            Incoming::Pong => {
                open.pong_until = None;
                return Ok(None);
            }
            Incoming::Disconnect { code } => {
                self.close();
                ClientEvent::Disconnected(DisconnectCause::Gateway(code))
            }
            Incoming::Ping | Incoming::Subscribe { .. } | Incoming::Unsubscribe { .. } => {
                return Err(Violation::Protocol);
            }
        }))
    }

    fn connected(
        &mut self,
        now: Duration,
        asked_seconds: u16,
        frame: &Frame,
    ) -> Result<ClientEvent, Violation> {
        guard::inspect_connack(self.version, frame)?;
        let answer = decode::connect_acknowledged(self.version, &frame.body)?;
        if answer.code != 0 {
            self.close();
            return Ok(ClientEvent::Refused { code: answer.code });
        }
        if answer.session_present {
            // We asked for a fresh start: MQTT 5.0 section 3.2.2.1.1.
            return Err(Violation::Protocol);
        }
        let keep_alive_seconds = answer.keep_alive_seconds.unwrap_or(asked_seconds);
        let receive_maximum = answer
            .receive_maximum
            .min(self.limits.receive_maximum.get());
        self.state = State::Open(Open {
            keep_alive: (keep_alive_seconds > 0)
                .then(|| Duration::from_secs(u64::from(keep_alive_seconds))),
            sent: now,
            pong_until: None,
            peer_packet_bytes: usize::try_from(answer.packet_bytes).unwrap_or(usize::MAX),
            peer_receive_maximum: usize::from(receive_maximum),
            incoming: BTreeSet::new(),
            publishing: BTreeSet::new(),
            subscribing: BTreeSet::new(),
            last_id: 0,
        });
        Ok(ClientEvent::Connected {
            keep_alive_seconds,
            receive_maximum,
            packet_bytes: answer.packet_bytes,
        })
    }

    /// Sends a message; returns the packet identifier of a QoS 1 message.
    ///
    /// MQTT 3.1.1 carries neither envelope nor correlation data: they are left out there.
    ///
    /// # Errors
    ///
    /// [`PublishError`], and nothing was sent.
    pub fn publish(
        &mut self,
        now: Duration,
        message: &Message,
    ) -> Result<Option<NonZeroU16>, PublishError> {
        let State::Open(open) = &mut self.state else {
            return Err(PublishError::NotConnected);
        };
        let rough = message.payload.len().saturating_add(message.topic.len());
        if rough > self.limits.outgoing_bytes || rough > open.peer_packet_bytes {
            return Err(PublishError::TooLarge);
        }
        let packet_id = match message.qos {
            Qos::AtMostOnce => None,
            Qos::AtLeastOnce if open.publishing.len() >= open.peer_receive_maximum => {
                return Err(PublishError::Busy);
            }
            Qos::AtLeastOnce => Some(open.next_id()?),
        };
        let bytes =
            encode::publish(self.version, packet_id, message).ok_or(PublishError::Invalid)?;
        self.send(now, &bytes)?;
        if let State::Open(open) = &mut self.state {
            open.publishing.extend(packet_id);
        }
        Ok(packet_id)
    }

    /// Asks for messages.
    ///
    /// # Errors
    ///
    /// [`PublishError`], and nothing was sent.
    pub fn subscribe(
        &mut self,
        now: Duration,
        filters: &[FilterRequest],
    ) -> Result<NonZeroU16, PublishError> {
        let packet_id = self.subscription_id(filters.len())?;
        let bytes =
            encode::subscribe(self.version, packet_id, filters).ok_or(PublishError::Invalid)?;
        self.send_subscription(now, packet_id, &bytes)
    }

    /// Asks for no more messages.
    ///
    /// # Errors
    ///
    /// [`PublishError`], and nothing was sent.
    pub fn unsubscribe(
        &mut self,
        now: Duration,
        filters: &[&str],
    ) -> Result<NonZeroU16, PublishError> {
        let packet_id = self.subscription_id(filters.len())?;
        let bytes =
            encode::unsubscribe(self.version, packet_id, filters).ok_or(PublishError::Invalid)?;
        self.send_subscription(now, packet_id, &bytes)
    }

    fn subscription_id(&mut self, filters: usize) -> Result<NonZeroU16, PublishError> {
        let State::Open(open) = &mut self.state else {
            return Err(PublishError::NotConnected);
        };
        if filters > guard::MAXIMUM_FILTERS {
            return Err(PublishError::TooLarge);
        }
        if open.subscribing.len() >= usize::from(self.limits.receive_maximum.get()) {
            return Err(PublishError::Busy);
        }
        open.next_id()
    }

    fn send_subscription(
        &mut self,
        now: Duration,
        packet_id: NonZeroU16,
        bytes: &[u8],
    ) -> Result<NonZeroU16, PublishError> {
        self.send(now, bytes)?;
        if let State::Open(open) = &mut self.state {
            open.subscribing.insert(packet_id);
        }
        Ok(packet_id)
    }

    /// Answers a QoS 1 message; MQTT 3.1.1 can only say that it was taken, and says so in any case.
    pub fn acknowledge(&mut self, now: Duration, packet_id: NonZeroU16, result: PublishResult) {
        let State::Open(open) = &mut self.state else {
            return;
        };
        if !open.incoming.remove(&packet_id) {
            return;
        }
        open.sent = now;
        let said = match self.version {
            Version::V3_1_1 => PublishResult::Accepted,
            Version::V5 => result,
        };
        let bytes = encode::publish_acknowledged(self.version, packet_id, said);
        self.outgoing.extend(bytes.unwrap_or_default());
    }

    /// Ends the connection in order.
    pub fn disconnect(&mut self) {
        if matches!(self.state, State::Open(_)) {
            self.outgoing.extend_from_slice(encode::GOODBYE);
        }
        self.close();
    }

    /// The next bytes for the gateway.
    pub fn transmit(&mut self) -> Option<Vec<u8>> {
        (!self.outgoing.is_empty()).then(|| core::mem::take(&mut self.outgoing))
    }

    /// When [`Self::wake`] has to be called, as time since boot.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        match &self.state {
            State::Asked { until, .. } => Some(*until),
            State::Open(open) => match (open.pong_until, open.ping_at()) {
                (Some(pong), Some(ping)) => Some(pong.min(ping)),
                (pong, ping) => pong.or(ping),
            },
            State::Closed => None,
        }
    }

    /// Sends a ping when it is due, and notices a gateway that does not answer.
    pub fn wake(&mut self, now: Duration, events: &mut Vec<ClientEvent>) {
        match &mut self.state {
            State::Asked { until, .. } if now >= *until => {
                events.push(self.fail(Violation::ConnectTimeout));
            }
            State::Open(open) if open.pong_until.is_some_and(|until| now >= until) => {
                events.push(self.fail(Violation::KeepAlive));
            }
            State::Open(open) if open.ping_at().is_some_and(|at| now >= at) => {
                open.sent = now;
                open.pong_until = Some(now.saturating_add(self.limits.answer_within));
                self.outgoing.extend_from_slice(encode::PING);
            }
            State::Asked { .. } | State::Open(_) | State::Closed => {}
        }
    }

    /// Whether the connection is over: send what [`Self::transmit`] still has, then close the socket.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    fn send(&mut self, now: Duration, bytes: &[u8]) -> Result<(), PublishError> {
        let State::Open(open) = &mut self.state else {
            return Err(PublishError::NotConnected);
        };
        if bytes.len() > open.peer_packet_bytes {
            return Err(PublishError::TooLarge);
        }
        if self.outgoing.len().saturating_add(bytes.len()) > self.limits.outgoing_bytes {
            return Err(PublishError::Busy);
        }
        open.sent = now;
        self.outgoing.extend_from_slice(bytes);
        Ok(())
    }

    fn fail(&mut self, violation: Violation) -> ClientEvent {
        if matches!(self.state, State::Open(_))
            && self.version == Version::V5
            && let Some(bytes) = encode::disconnect_5(super::answer::violation(violation))
        {
            self.outgoing.extend_from_slice(&bytes);
        }
        self.close();
        ClientEvent::Violation(violation)
    }

    fn close(&mut self) {
        self.framer.clear();
        self.state = State::Closed;
    }
}

impl Open {
    /// A ping goes out when nothing was sent for three quarters of the keep-alive time, and none is unanswered.
    fn ping_at(&self) -> Option<Duration> {
        if self.pong_until.is_some() {
            return None;
        }
        let quiet = self.keep_alive?.saturating_mul(3) / 4;
        Some(self.sent.saturating_add(quiet))
    }

    fn next_id(&mut self) -> Result<NonZeroU16, PublishError> {
        // Messages and subscriptions draw from one set of identifiers.
        let used: BTreeSet<NonZeroU16> =
            self.publishing.union(&self.subscribing).copied().collect();
        next_id(&used, &mut self.last_id)
    }
}
