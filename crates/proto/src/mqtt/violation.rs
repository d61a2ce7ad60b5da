//! What a peer did that ends the connection.

/// Why a connection was closed by us. After it, nothing from the peer is read any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Bytes that are no packet of the version.
    Malformed,
    /// A packet that the standard or this reading of it forbids at this point.
    Protocol,
    /// The first packet was not CONNECT (or, on the device's side, not CONNACK).
    FirstPacket,
    /// No complete CONNECT (or CONNACK) within the deadline.
    ConnectTimeout,
    /// Neither 3.1.1 nor 5.
    UnsupportedVersion,
    /// CONNECT carried a password. There are none here, and taking one would pretend that it protects something.
    PasswordPresented,
    /// CONNECT carried a will message.
    WillPresented,
    /// CONNECT or AUTH asked for an enhanced authentication method.
    AuthenticationMethod,
    /// An empty client identifier from a client that asked to resume a session (3.1.1 only).
    ClientIdentifier,
    /// The announced length exceeds the limit.
    PacketTooLarge,
    /// More properties or filters in one packet than are read.
    TooManyParts,
    /// The peer accepts only packets too small to be answered with.
    PeerPacketLimit,
    /// Packet identifier 0 where one is required.
    PacketIdZero,
    /// A packet identifier was used again before it was acknowledged: an acknowledgement could mean either message.
    PacketIdInUse,
    /// QoS 2 was used although QoS 1 was announced as the maximum.
    QosTwo,
    /// A topic alias was used although none was allowed.
    TopicAlias,
    /// More unacknowledged messages than allowed.
    ReceiveMaximum,
    /// Silence for one and a half times the keep-alive time, or no answer to a ping.
    KeepAlive,
    /// The peer does not read what it asks for.
    OutgoingFull,
}

impl Violation {
    /// A stable word for counters and events.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Protocol => "protocol-error",
            Self::FirstPacket => "first-packet",
            Self::ConnectTimeout => "connect-timeout",
            Self::UnsupportedVersion => "unsupported-version",
            Self::PasswordPresented => "password-presented",
            Self::WillPresented => "will-presented",
            Self::AuthenticationMethod => "authentication-method",
            Self::ClientIdentifier => "client-identifier",
            Self::PacketTooLarge => "packet-too-large",
            Self::TooManyParts => "too-many-parts",
            Self::PeerPacketLimit => "peer-packet-limit",
            Self::PacketIdZero => "packet-id-zero",
            Self::PacketIdInUse => "packet-id-in-use",
            Self::QosTwo => "qos-two",
            Self::TopicAlias => "topic-alias",
            Self::ReceiveMaximum => "receive-maximum",
            Self::KeepAlive => "keep-alive",
            Self::OutgoingFull => "outgoing-full",
        }
    }
}

impl core::fmt::Display for Violation {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::Malformed => "the bytes are no packet of this MQTT version",
            Self::Protocol => "the packet is not allowed at this point",
            Self::FirstPacket => "the first packet does not open a connection",
            Self::ConnectTimeout => "the connection was not opened in time",
            Self::UnsupportedVersion => "the protocol version is neither 3.1.1 nor 5",
            Self::PasswordPresented => {
                "a password was presented, but only certificates identify a device"
            }
            Self::WillPresented => "a will message was presented",
            Self::AuthenticationMethod => "an enhanced authentication method was asked for",
            Self::ClientIdentifier => "an empty client identifier asked to resume a session",
            Self::PacketTooLarge => "the packet is larger than the limit",
            Self::TooManyParts => "more properties or filters in one packet than are read",
            Self::PeerPacketLimit => "the peer accepts only packets too small to be answered with",
            Self::PacketIdZero => "packet identifier 0",
            Self::PacketIdInUse => "a packet identifier was used again before it was acknowledged",
            Self::QosTwo => "QoS 2 was used although the maximum is QoS 1",
            Self::TopicAlias => "a topic alias was used although none is allowed",
            Self::ReceiveMaximum => "more unacknowledged messages than allowed",
            Self::KeepAlive => "silence for longer than the keep-alive time allows",
            Self::OutgoingFull => "the peer does not read what is sent to it",
        })
    }
}
