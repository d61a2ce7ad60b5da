//! Words to packets.
//!
//! A packet that cannot be built (a topic with a wildcard, a field of more than 65,535 bytes) is `None`.

use super::{
    Envelope, FilterRequest, Message, PublishResult, Qos, SubscribeResult, UnsubscribeResult,
    Version,
};
use alloc::string::ToString;
use alloc::vec::Vec;
use core::num::NonZeroU16;
use mqtt_protocol_core::mqtt::packet::{
    self as wire, AssignedClientIdentifier, CorrelationData, MaximumPacketSize, MaximumQos,
    Property, ReceiveMaximum, RetainAvailable, ServerKeepAlive, SessionExpiryInterval,
    SharedSubscriptionAvailable, SubEntry, SubOpts, SubscriptionIdentifierAvailable, UserProperty,
    v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{
    ConnectReasonCode, ConnectReturnCode, DisconnectReasonCode, PubackReasonCode, SubackReasonCode,
    SubackReturnCode, UnsubackReasonCode,
};

pub(super) fn connect(
    version: Version,
    client_id: &str,
    keep_alive_seconds: u16,
    receive_maximum: NonZeroU16,
    packet_bytes: u32,
) -> Option<Vec<u8>> {
    Some(match version {
        Version::V3_1_1 => v3_1_1::Connect::builder()
            .client_id(client_id)
            .ok()?
            .clean_session(true)
            .keep_alive(keep_alive_seconds)
            .build()
            .ok()?
            .to_continuous_buffer(),
        Version::V5 => {
            let properties: Vec<Property> = [
                ReceiveMaximum::new(receive_maximum.get()).ok()?.into(),
                MaximumPacketSize::new(packet_bytes).ok()?.into(),
            ]
            .into();
            v5_0::Connect::builder()
                .client_id(client_id)
                .ok()?
                .clean_start(true)
                .keep_alive(keep_alive_seconds)
                .props(properties)
                .build()
                .ok()?
                .to_continuous_buffer()
        }
    })
}

/// What the gateway grants in its CONNACK.
pub(super) struct Grant<'a> {
    pub(super) assigned_client_id: Option<&'a str>,
    pub(super) keep_alive_seconds: Option<u16>,
    pub(super) ends_session: bool,
    pub(super) receive_maximum: NonZeroU16,
    pub(super) packet_bytes: u32,
}

pub(super) fn accept(version: Version, grant: &Grant<'_>) -> Option<Vec<u8>> {
    match version {
        Version::V3_1_1 => refuse_3_1_1(ConnectReturnCode::Accepted),
        Version::V5 => {
            let mut properties: Vec<Property> = [
                ReceiveMaximum::new(grant.receive_maximum.get())
                    .ok()?
                    .into(),
                MaximumQos::new(1).ok()?.into(),
                RetainAvailable::new(0).ok()?.into(),
                MaximumPacketSize::new(grant.packet_bytes).ok()?.into(),
                SubscriptionIdentifierAvailable::new(0).ok()?.into(),
                SharedSubscriptionAvailable::new(0).ok()?.into(),
            ]
            .into();
            if grant.ends_session {
                properties.push(SessionExpiryInterval::new(0).ok()?.into());
            }
            if let Some(name) = grant.assigned_client_id {
                properties.push(AssignedClientIdentifier::new(name).ok()?.into());
            }
            if let Some(seconds) = grant.keep_alive_seconds {
                properties.push(ServerKeepAlive::new(seconds).ok()?.into());
            }
            v5_0::Connack::builder()
                .session_present(false)
                .reason_code(ConnectReasonCode::Success)
                .props(properties)
                .build()
                .ok()
                .map(|packet| packet.to_continuous_buffer())
        }
    }
}

pub(super) fn refuse_3_1_1(code: ConnectReturnCode) -> Option<Vec<u8>> {
    v3_1_1::Connack::builder()
        .session_present(false)
        .return_code(code)
        .build()
        .ok()
        .map(|packet| packet.to_continuous_buffer())
}

pub(super) fn refuse_5(code: ConnectReasonCode) -> Option<Vec<u8>> {
    v5_0::Connack::builder()
        .session_present(false)
        .reason_code(code)
        .build()
        .ok()
        .map(|packet| packet.to_continuous_buffer())
}

pub(super) fn publish(
    version: Version,
    packet_id: Option<NonZeroU16>,
    message: &Message,
) -> Option<Vec<u8>> {
    let quality = match message.qos {
        Qos::AtMostOnce => wire::Qos::AtMostOnce,
        Qos::AtLeastOnce => wire::Qos::AtLeastOnce,
    };
    Some(match version {
        Version::V3_1_1 => v3_1_1::Publish::builder()
            .topic_name(message.topic.as_str())
            .ok()?
            .qos(quality)
            .dup(message.duplicate && packet_id.is_some())
            .retain(message.retain)
            .packet_id(packet_id.map(NonZeroU16::get))
            .payload(message.payload.as_slice())
            .build()
            .ok()?
            .to_continuous_buffer(),
        Version::V5 => {
            let mut properties: Vec<Property> = Vec::new();
            if let Some(bytes) = &message.correlation {
                properties.push(CorrelationData::new(bytes).ok()?.into());
            }
            if let Some(envelope) = &message.envelope {
                if envelope.boot.max(envelope.sequence) > Envelope::MAXIMUM {
                    return None;
                }
                for (key, value) in [
                    ("sk-boot", Some(envelope.boot)),
                    ("sk-seq", Some(envelope.sequence)),
                    (
                        "sk-time",
                        envelope.time.and_then(|time| u64::try_from(time).ok()),
                    ),
                ] {
                    if let Some(value) = value {
                        properties.push(UserProperty::new(key, value.to_string()).ok()?.into());
                    }
                }
            }
            v5_0::Publish::builder()
                .topic_name(message.topic.as_str())
                .ok()?
                .qos(quality)
                .dup(message.duplicate && packet_id.is_some())
                .retain(message.retain)
                .packet_id(packet_id.map(NonZeroU16::get))
                .props(properties)
                .payload(message.payload.as_slice())
                .build()
                .ok()?
                .to_continuous_buffer()
        }
    })
}

/// `None` for a result that MQTT 3.1.1 has no word for.
pub(super) fn publish_acknowledged(
    version: Version,
    packet_id: NonZeroU16,
    result: PublishResult,
) -> Option<Vec<u8>> {
    match version {
        Version::V3_1_1 => {
            if !matches!(
                result,
                PublishResult::Accepted | PublishResult::NoMatchingSubscribers
            ) {
                return None;
            }
            v3_1_1::Puback::builder()
                .packet_id(packet_id.get())
                .build()
                .ok()
                .map(|packet| packet.to_continuous_buffer())
        }
        Version::V5 => {
            let code = match result {
                PublishResult::Accepted => PubackReasonCode::Success,
                PublishResult::NoMatchingSubscribers => PubackReasonCode::NoMatchingSubscribers,
                PublishResult::Unspecified => PubackReasonCode::UnspecifiedError,
                PublishResult::ImplementationSpecific => {
                    PubackReasonCode::ImplementationSpecificError
                }
                PublishResult::NotAuthorized => PubackReasonCode::NotAuthorized,
                PublishResult::TopicNameInvalid => PubackReasonCode::TopicNameInvalid,
                PublishResult::QuotaExceeded => PubackReasonCode::QuotaExceeded,
                PublishResult::PayloadInvalid => PubackReasonCode::PayloadFormatInvalid,
            };
            let builder = v5_0::Puback::builder().packet_id(packet_id.get());
            // The shortest form stands for success.
            let builder = if result == PublishResult::Accepted {
                builder
            } else {
                builder.reason_code(code)
            };
            builder
                .build()
                .ok()
                .map(|packet| packet.to_continuous_buffer())
        }
    }
}

pub(super) fn subscribe(
    version: Version,
    packet_id: NonZeroU16,
    filters: &[FilterRequest],
) -> Option<Vec<u8>> {
    let mut entries = Vec::with_capacity(filters.len());
    for request in filters {
        let quality = match request.qos {
            Qos::AtMostOnce => wire::Qos::AtMostOnce,
            Qos::AtLeastOnce => wire::Qos::AtLeastOnce,
        };
        let options = SubOpts::new().set_qos(quality);
        entries.push(SubEntry::new(request.filter.as_str(), options).ok()?);
    }
    match version {
        Version::V3_1_1 => v3_1_1::Subscribe::builder()
            .packet_id(packet_id.get())
            .entries(entries)
            .build()
            .ok()
            .map(|packet| packet.to_continuous_buffer()),
        Version::V5 => v5_0::Subscribe::builder()
            .packet_id(packet_id.get())
            .entries(entries)
            .build()
            .ok()
            .map(|packet| packet.to_continuous_buffer()),
    }
}

pub(super) fn subscribe_acknowledged(
    version: Version,
    packet_id: NonZeroU16,
    results: &[SubscribeResult],
) -> Option<Vec<u8>> {
    match version {
        Version::V3_1_1 => {
            let codes = results.iter().map(|result| match result {
                SubscribeResult::Granted(Qos::AtMostOnce) => SubackReturnCode::SuccessMaximumQos0,
                SubscribeResult::Granted(Qos::AtLeastOnce) => SubackReturnCode::SuccessMaximumQos1,
                _ => SubackReturnCode::Failure,
            });
            v3_1_1::Suback::builder()
                .packet_id(packet_id.get())
                .return_codes(codes.collect())
                .build()
                .ok()
                .map(|packet| packet.to_continuous_buffer())
        }
        Version::V5 => {
            let codes = results.iter().map(|result| match result {
                SubscribeResult::Granted(Qos::AtMostOnce) => SubackReasonCode::GrantedQos0,
                SubscribeResult::Granted(Qos::AtLeastOnce) => SubackReasonCode::GrantedQos1,
                SubscribeResult::Unspecified => SubackReasonCode::UnspecifiedError,
                SubscribeResult::ImplementationSpecific => {
                    SubackReasonCode::ImplementationSpecificError
                }
                SubscribeResult::NotAuthorized => SubackReasonCode::NotAuthorized,
                SubscribeResult::FilterInvalid => SubackReasonCode::TopicFilterInvalid,
                SubscribeResult::QuotaExceeded => SubackReasonCode::QuotaExceeded,
                SubscribeResult::WildcardsRefused => {
                    SubackReasonCode::WildcardSubscriptionsNotSupported
                }
            });
            v5_0::Suback::builder()
                .packet_id(packet_id.get())
                .reason_codes(codes.collect())
                .build()
                .ok()
                .map(|packet| packet.to_continuous_buffer())
        }
    }
}

pub(super) fn unsubscribe(
    version: Version,
    packet_id: NonZeroU16,
    filters: &[&str],
) -> Option<Vec<u8>> {
    match version {
        Version::V3_1_1 => v3_1_1::Unsubscribe::builder()
            .packet_id(packet_id.get())
            .entries(filters.iter().copied())
            .ok()?
            .build()
            .ok()
            .map(|packet| packet.to_continuous_buffer()),
        Version::V5 => v5_0::Unsubscribe::builder()
            .packet_id(packet_id.get())
            .entries(filters.iter().copied())
            .ok()?
            .build()
            .ok()
            .map(|packet| packet.to_continuous_buffer()),
    }
}

pub(super) fn unsubscribe_acknowledged(
    version: Version,
    packet_id: NonZeroU16,
    results: &[UnsubscribeResult],
) -> Option<Vec<u8>> {
    match version {
        Version::V3_1_1 => v3_1_1::Unsuback::builder()
            .packet_id(packet_id.get())
            .build()
            .ok()
            .map(|packet| packet.to_continuous_buffer()),
        Version::V5 => {
            let codes = results.iter().map(|result| match result {
                UnsubscribeResult::Done => UnsubackReasonCode::Success,
                UnsubscribeResult::NoSubscription => UnsubackReasonCode::NoSubscriptionExisted,
            });
            v5_0::Unsuback::builder()
                .packet_id(packet_id.get())
                .reason_codes(codes.collect())
                .build()
                .ok()
                .map(|packet| packet.to_continuous_buffer())
        }
    }
}

/// PINGREQ is the same two bytes in both versions.
pub(super) const PING: &[u8] = &[0xC0, 0x00];
/// PINGRESP is the same two bytes in both versions.
pub(super) const PONG: &[u8] = &[0xD0, 0x00];
/// A DISCONNECT without a reason is the same two bytes in both versions.
pub(super) const GOODBYE: &[u8] = &[0xE0, 0x00];

/// A DISCONNECT with a reason, which only MQTT 5 can carry from the gateway.
pub(super) fn disconnect_5(code: DisconnectReasonCode) -> Option<Vec<u8>> {
    v5_0::Disconnect::builder()
        .reason_code(code)
        .build()
        .ok()
        .map(|packet| packet.to_continuous_buffer())
}
