//! The gateway's end of one MQTT connection.

use super::decode::{self, Connect, Incoming};
use super::frame::{Frame, Framer};
use super::guard::{self, Sender};
use super::{
    FilterRequest, Message, PublishError, PublishResult, Qos, SubscribeResult, UnsubscribeResult,
    Version, Violation,
};
use super::{answer, encode};
use alloc::collections::BTreeSet;
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
    /// 0x89: the gateway cannot keep what the device sends.
    ServerBusy,
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

/// The smallest Maximum Packet Size of a client that can still be answered, in bytes.
const SMALLEST_PEER_PACKET: u32 = 128;
/// How many bytes may wait unread beyond one packet, before the peer counts as sending more than allowed.
const BACKLOG: usize = 64 * 1024;

/// One MQTT connection as the gateway sees it.
///
/// States: waiting for CONNECT, asked (CONNECT was reported), open, closed. Bytes go in by [`Self::receive`]; what they
/// say comes out by [`Self::event`], one packet at a time, so that a caller with enough to do leaves the rest unread.
pub struct ServerConnection {
    limits: Limits,
    framer: Framer,
    outgoing: Vec<u8>,
    state: State,
    /// A violation that was noticed while writing, to be reported next.
    noticed: Option<Violation>,
}

enum State {
    Waiting {
        until: Duration,
    },
    Asked {
        version: Version,
        connect: Connect,
        until: Duration,
    },
    Open(Open),
    Closed {
        version: Option<Version>,
    },
}

struct Open {
    version: Version,
    /// The longest silence allowed.
    silence: Duration,
    heard: Duration,
    peer_packet_bytes: usize,
    peer_receive_maximum: usize,
    /// QoS 1 messages from the peer, not yet acknowledged by us.
    incoming: BTreeSet<NonZeroU16>,
    /// QoS 1 messages to the peer, not yet acknowledged by it.
    outgoing: BTreeSet<NonZeroU16>,
    last_id: u16,
}

impl ServerConnection {
    /// A connection that was opened at `now` (time since boot).
    #[must_use]
    pub fn new(now: Duration, limits: Limits) -> Self {
        Self {
            limits,
            framer: Framer::new(usize::try_from(limits.packet_bytes).unwrap_or(usize::MAX)),
            outgoing: Vec::new(),
            state: State::Waiting {
                until: now.saturating_add(limits.connect_within),
            },
            noticed: None,
        }
    }

    /// Takes bytes from the peer; ask [`Self::event`] what they say, until it has nothing more.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) {
        match &mut self.state {
            State::Closed { .. } => return,
            State::Open(open) => open.heard = open.heard.max(now),
            State::Waiting { .. } | State::Asked { .. } => {}
        }
        let packet_bytes = usize::try_from(self.limits.packet_bytes).unwrap_or(usize::MAX);
        if self.framer.waiting() > packet_bytes.saturating_add(BACKLOG) {
            self.notice(Violation::ReceiveMaximum);
            return;
        }
        self.framer.push(bytes);
    }

    /// What the peer did next. `None` when more bytes, or an answer of ours, have to come first.
    pub fn event(&mut self) -> Option<ServerEvent> {
        if let Some(violation) = self.noticed.take() {
            return Some(ServerEvent::Violation(violation));
        }
        loop {
            match &self.state {
                State::Closed { .. } | State::Asked { .. } => return None,
                State::Open(open) if self.is_full(open) => return None,
                State::Open(_) | State::Waiting { .. } => {}
            }
            let read = match self.framer.next() {
                Ok(Some(frame)) => self.read(frame),
                Ok(None) => return None,
                Err(violation) => Err(violation),
            };
            match read {
                Ok(Some(event)) => return Some(event),
                // A ping was answered.
                Ok(None) => {}
                Err(violation) => self.notice(violation),
            }
            if let Some(violation) = self.noticed.take() {
                return Some(ServerEvent::Violation(violation));
            }
        }
    }

    /// Whether more bytes would be read now. While not, leave them in the socket: an MQTT 3.1.1 client has sent as many
    /// QoS 1 messages as may be unacknowledged, and cannot be told that it is too much.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        match &self.state {
            State::Waiting { .. } | State::Asked { .. } => true,
            State::Open(open) => !self.is_full(open),
            State::Closed { .. } => false,
        }
    }

    fn is_full(&self, open: &Open) -> bool {
        open.version == Version::V3_1_1
            && open.incoming.len() >= usize::from(self.limits.receive_maximum.get())
    }

    fn read(&mut self, frame: Frame) -> Result<Option<ServerEvent>, Violation> {
        let version = match &self.state {
            State::Waiting { until } => {
                let until = *until;
                return self.connect(&frame, until).map(Some);
            }
            State::Open(open) => open.version,
            State::Asked { .. } | State::Closed { .. } => return Ok(None),
        };
        guard::inspect(Sender::Device, version, &frame)?;
        let incoming = decode::packet(version, frame)?;
        let State::Open(open) = &mut self.state else {
            return Ok(None);
        };
        Ok(Some(match incoming {
            Incoming::Publish { packet_id, message } => {
                if let Some(packet_id) = packet_id {
                    if open.incoming.contains(&packet_id) {
                        // An older client may send again what we have not acknowledged: we have it already.
                        return if version == Version::V3_1_1 && message.duplicate {
                            Ok(None)
                        } else {
                            Err(Violation::PacketIdInUse)
                        };
                    }
                    if open.incoming.len() >= usize::from(self.limits.receive_maximum.get()) {
                        return Err(Violation::ReceiveMaximum);
                    }
                    open.incoming.insert(packet_id);
                }
                ServerEvent::Publish { packet_id, message }
            }
            Incoming::PublishAcknowledged { packet_id, result } => {
                if !open.outgoing.remove(&packet_id) {
                    return Err(Violation::Protocol);
                }
                let taken = matches!(
                    result,
                    PublishResult::Accepted | PublishResult::NoMatchingSubscribers
                );
                ServerEvent::PublishAcknowledged { packet_id, taken }
            }
            Incoming::Subscribe { packet_id, filters } => {
                ServerEvent::Subscribe { packet_id, filters }
            }
            Incoming::Unsubscribe { packet_id, filters } => {
                ServerEvent::Unsubscribe { packet_id, filters }
            }
            Incoming::Ping => {
                self.write(encode::PONG);
                return Ok(None);
            }
            Incoming::Disconnect { .. } => {
                self.close();
                ServerEvent::Disconnect
            }
            Incoming::Pong
            | Incoming::SubscribeAcknowledged { .. }
            | Incoming::UnsubscribeAcknowledged { .. } => return Err(Violation::Protocol),
        }))
    }

    fn connect(&mut self, frame: &Frame, until: Duration) -> Result<ServerEvent, Violation> {
        let (version, fields) = guard::inspect_connect(frame)?;
        // From here on a refusal can be said in the peer's version.
        self.state = State::Asked {
            version,
            connect: Connect::default(),
            until,
        };
        fields?;
        let connect = decode::connect(version, &frame.body)?;
        if connect.authentication {
            return Err(Violation::AuthenticationMethod);
        }
        if connect.packet_bytes < SMALLEST_PEER_PACKET {
            return Err(Violation::PeerPacketLimit);
        }
        let request = ConnectRequest {
            version,
            client_id: connect.client_id.clone(),
            keep_alive_seconds: connect.keep_alive_seconds,
            clean_start: connect.clean_start,
        };
        self.state = State::Asked {
            version,
            connect,
            until,
        };
        Ok(ServerEvent::Connect(request))
    }

    /// Accepts the CONNECT; `name` is told to an MQTT 5 client that sent no client identifier.
    ///
    /// Without a CONNECT that waits for an answer, nothing happens.
    pub fn accept(&mut self, now: Duration, name: &str) {
        let State::Asked {
            version, connect, ..
        } = &self.state
        else {
            return;
        };
        let version = *version;
        let most = self.limits.keep_alive_seconds.get();
        let granted = match connect.keep_alive_seconds {
            0 => most,
            seconds => seconds.min(most),
        };
        let answer = encode::accept(
            version,
            &encode::Grant {
                assigned_client_id: connect.client_id.is_empty().then_some(name),
                keep_alive_seconds: (granted != connect.keep_alive_seconds).then_some(granted),
                ends_session: connect.session_expiry_seconds > 0,
                receive_maximum: self.limits.receive_maximum,
                packet_bytes: self.limits.packet_bytes,
            },
        );
        let open = Open {
            version,
            // One and a half times the keep-alive time: MQTT 5.0 section 3.1.2.10.
            silence: Duration::from_millis(u64::from(granted).saturating_mul(1500)),
            heard: now,
            peer_packet_bytes: usize::try_from(connect.packet_bytes).unwrap_or(usize::MAX),
            peer_receive_maximum: usize::from(
                connect
                    .receive_maximum
                    .min(self.limits.receive_maximum.get()),
            ),
            incoming: BTreeSet::new(),
            outgoing: BTreeSet::new(),
            last_id: 0,
        };
        self.state = State::Open(open);
        match answer {
            Some(bytes) => self.write(&bytes),
            None => self.notice(Violation::ClientIdentifier),
        }
    }

    /// Refuses the CONNECT and closes. Without a CONNECT that waits for an answer, it only closes.
    pub fn refuse(&mut self, refusal: ConnectRefusal) {
        if let State::Asked { version, .. } = self.state
            && let Some(bytes) = answer::refusal(version, refusal)
        {
            self.outgoing.extend_from_slice(&bytes);
        }
        self.close();
    }

    /// Answers a QoS 1 message. An MQTT 3.1.1 client can only be told of success: for any other result the connection
    /// closes without an answer. An identifier that waits for no answer changes nothing.
    pub fn acknowledge(&mut self, packet_id: NonZeroU16, result: PublishResult) {
        let State::Open(open) = &mut self.state else {
            return;
        };
        if !open.incoming.remove(&packet_id) {
            return;
        }
        let version = open.version;
        match encode::publish_acknowledged(version, packet_id, result) {
            Some(bytes) => self.write(&bytes),
            None => self.close(),
        }
    }

    /// Answers a SUBSCRIBE with one result for each filter, in order.
    pub fn acknowledge_subscribe(&mut self, packet_id: NonZeroU16, results: &[SubscribeResult]) {
        if let State::Open(open) = &self.state
            && let Some(bytes) = encode::subscribe_acknowledged(open.version, packet_id, results)
        {
            self.write(&bytes);
        }
    }

    /// Answers an UNSUBSCRIBE with one result for each filter, in order.
    pub fn acknowledge_unsubscribe(
        &mut self,
        packet_id: NonZeroU16,
        results: &[UnsubscribeResult],
    ) {
        if let State::Open(open) = &self.state
            && let Some(bytes) = encode::unsubscribe_acknowledged(open.version, packet_id, results)
        {
            self.write(&bytes);
        }
    }

    /// Sends a message to the peer; returns the packet identifier of a QoS 1 message.
    ///
    /// # Errors
    ///
    /// [`PublishError`], and nothing was sent.
    pub fn publish(&mut self, message: &Message) -> Result<Option<NonZeroU16>, PublishError> {
        let State::Open(open) = &mut self.state else {
            return Err(PublishError::NotConnected);
        };
        let rough = message.payload.len().saturating_add(message.topic.len());
        if rough > self.limits.outgoing_bytes || rough > open.peer_packet_bytes {
            return Err(PublishError::TooLarge);
        }
        let packet_id = match message.qos {
            Qos::AtMostOnce => None,
            Qos::AtLeastOnce if open.outgoing.len() >= open.peer_receive_maximum => {
                return Err(PublishError::Busy);
            }
            Qos::AtLeastOnce => Some(next_id(&open.outgoing, &mut open.last_id)?),
        };
        let bytes =
            encode::publish(open.version, packet_id, message).ok_or(PublishError::Invalid)?;
        if bytes.len() > open.peer_packet_bytes {
            return Err(PublishError::TooLarge);
        }
        if self.outgoing.len().saturating_add(bytes.len()) > self.limits.outgoing_bytes {
            return Err(PublishError::Busy);
        }
        open.outgoing.extend(packet_id);
        self.outgoing.extend_from_slice(&bytes);
        Ok(packet_id)
    }

    /// Tells an MQTT 5 client why, and closes. A CONNECT that still waits for an answer is refused.
    pub fn disconnect(&mut self, reason: DisconnectReason) {
        match &self.state {
            State::Open(Open {
                version: Version::V5,
                ..
            }) => {
                if let Some(bytes) = encode::disconnect_5(answer::disconnect(reason)) {
                    self.outgoing.extend_from_slice(&bytes);
                }
            }
            State::Asked { .. } => return self.refuse(ConnectRefusal::ServerUnavailable),
            State::Open(_) | State::Waiting { .. } | State::Closed { .. } => {}
        }
        self.close();
    }

    /// The next bytes for the peer.
    pub fn transmit(&mut self) -> Option<Vec<u8>> {
        (!self.outgoing.is_empty()).then(|| core::mem::take(&mut self.outgoing))
    }

    /// When [`Self::wake`] has to be called, as time since boot.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        match &self.state {
            State::Waiting { until } | State::Asked { until, .. } => Some(*until),
            State::Open(open) => Some(open.heard.saturating_add(open.silence)),
            State::Closed { .. } => None,
        }
    }

    /// Enforces the deadlines for CONNECT and keep-alive; then ask [`Self::event`].
    pub fn wake(&mut self, now: Duration) {
        if self.wake_at().is_none_or(|at| now < at) {
            return;
        }
        self.notice(match &self.state {
            State::Open(_) => Violation::KeepAlive,
            _ => Violation::ConnectTimeout,
        });
    }

    /// Lets the keep-alive time start again at `now`, because we, not the peer, were the reason for the silence.
    pub fn excuse(&mut self, now: Duration) {
        if let State::Open(open) = &mut self.state {
            open.heard = open.heard.max(now);
        }
    }

    /// Whether the connection is over: send what [`Self::transmit`] still has, then close the socket.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed { .. })
    }

    /// The version of the CONNECT, once it was read.
    #[must_use]
    pub const fn version(&self) -> Option<Version> {
        match &self.state {
            State::Waiting { .. } => None,
            State::Asked { version, .. } => Some(*version),
            State::Open(open) => Some(open.version),
            State::Closed { version } => *version,
        }
    }

    /// Appends an answer. A peer that lets too many pile up does not read, and is not written to any more.
    fn write(&mut self, bytes: &[u8]) {
        if self.outgoing.len().saturating_add(bytes.len()) > self.limits.outgoing_bytes {
            self.outgoing = Vec::new();
            self.notice(Violation::OutgoingFull);
            return;
        }
        self.outgoing.extend_from_slice(bytes);
    }

    /// Says what the version can say, closes, and leaves the violation to be reported.
    fn notice(&mut self, violation: Violation) {
        let last = match &self.state {
            State::Waiting { .. } => answer::connect_violation(None, violation),
            State::Asked { version, .. } => answer::connect_violation(Some(*version), violation),
            State::Open(Open {
                version: Version::V5,
                ..
            }) => encode::disconnect_5(answer::violation(violation)),
            State::Open(_) | State::Closed { .. } => None,
        };
        if self.is_closed() {
            return;
        }
        self.outgoing.extend(last.unwrap_or_default());
        self.close();
        self.noticed = Some(violation);
    }

    fn close(&mut self) {
        self.framer.clear();
        self.state = State::Closed {
            version: self.version(),
        };
    }
}

/// The next packet identifier after `last` that is not in use.
pub(super) fn next_id(
    used: &BTreeSet<NonZeroU16>,
    last: &mut u16,
) -> Result<NonZeroU16, PublishError> {
    for _ in 0..u16::MAX {
        *last = last.wrapping_add(1);
        if let Some(packet_id) = NonZeroU16::new(*last)
            && !used.contains(&packet_id)
        {
            return Ok(packet_id);
        }
    }
    Err(PublishError::Busy)
}
