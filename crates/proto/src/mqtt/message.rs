//! The words that both ends of a connection use.

use alloc::string::String;
use alloc::vec::Vec;

/// The protocol version of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// MQTT 3.1.1, protocol level 4.
    V3_1_1,
    /// MQTT 5.0, protocol level 5.
    V5,
}

/// How often a message is delivered. QoS 2 is refused everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Qos {
    /// QoS 0: no acknowledgement.
    AtMostOnce,
    /// QoS 1: acknowledged, may come twice.
    AtLeastOnce,
}

/// Where a message stands in the life of its device.
///
/// It travels as the MQTT 5 user properties `sk-boot`, `sk-seq` and `sk-time`; MQTT 3.1.1 cannot carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// How often the device has started; at most [`Envelope::MAXIMUM`].
    pub boot: u64,
    /// The number of the message within that start; at most [`Envelope::MAXIMUM`].
    pub sequence: u64,
    /// Milliseconds since 1970 on the device's clock, when it has one.
    pub time: Option<i64>,
}

impl Envelope {
    /// The largest boot count and sequence that travel: 2^63 - 1, the largest number that every store keeps exactly.
    pub const MAXIMUM: u64 = i64::MAX.unsigned_abs();
}

/// An application message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The topic name, without wildcards.
    pub topic: String,
    /// The application's bytes.
    pub payload: Vec<u8>,
    /// How often it is delivered.
    pub qos: Qos,
    /// Whether the sender marks it as sent before (DUP).
    pub duplicate: bool,
    /// Whether the sender asks for it to be kept (RETAIN).
    pub retain: bool,
    /// Boot count, sequence and time, when the sender gave them.
    pub envelope: Option<Envelope>,
    /// MQTT 5 correlation data, when the sender gave it.
    pub correlation: Option<Vec<u8>>,
}

impl Message {
    /// A QoS 1 message without envelope or correlation.
    #[must_use]
    pub const fn new(topic: String, payload: Vec<u8>) -> Self {
        Self {
            topic,
            payload,
            qos: Qos::AtLeastOnce,
            duplicate: false,
            retain: false,
            envelope: None,
            correlation: None,
        }
    }
}

/// One line of a SUBSCRIBE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterRequest {
    /// The topic filter.
    pub filter: String,
    /// The highest quality asked for; a request for QoS 2 arrives here as QoS 1, which is all that is granted.
    pub qos: Qos,
}

/// What became of a QoS 1 message. MQTT 3.1.1 can say only `Accepted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishResult {
    /// It is kept: 0x00.
    Accepted,
    /// Nobody waits for it: 0x10, which is a success.
    NoMatchingSubscribers,
    /// 0x80, no reason given.
    Unspecified,
    /// The receiver cannot take it now, for a reason of its own: 0x83.
    ImplementationSpecific,
    /// 0x87.
    NotAuthorized,
    /// 0x90.
    TopicNameInvalid,
    /// A limit on rate or storage was reached: 0x97.
    QuotaExceeded,
    /// The payload is not what the flow carries: 0x99.
    PayloadInvalid,
}

/// What became of one filter of a SUBSCRIBE. MQTT 3.1.1 has one code (0x80) for every refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscribeResult {
    /// Granted with this quality.
    Granted(Qos),
    /// 0x80.
    Unspecified,
    /// 0x83.
    ImplementationSpecific,
    /// 0x87.
    NotAuthorized,
    /// 0x8F.
    FilterInvalid,
    /// 0x97.
    QuotaExceeded,
    /// 0xA2.
    WildcardsRefused,
}

/// What became of one filter of an UNSUBSCRIBE. MQTT 3.1.1 acknowledges without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnsubscribeResult {
    /// 0x00.
    Done,
    /// 0x11, which is a success.
    NoSubscription,
}

/// Why a message could not be handed to the connection. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishError {
    /// The outgoing buffer is full, or as many messages are unacknowledged as the peer allows: try again later.
    Busy,
    /// Larger than the largest packet that the peer accepts, or a field is longer than MQTT can carry.
    TooLarge,
    /// Not a topic name, or a filter that MQTT forbids.
    Invalid,
    /// There is no accepted connection.
    NotConnected,
}

impl core::fmt::Display for PublishError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(match self {
            Self::Busy => "too much is waiting to be sent or acknowledged",
            Self::TooLarge => "larger than the peer accepts",
            Self::Invalid => "not a valid topic",
            Self::NotConnected => "not connected",
        })
    }
}

impl core::error::Error for PublishError {}
