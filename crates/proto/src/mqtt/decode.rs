//! Packets to words. Only what the guard has let through comes here.

use super::frame::Frame;
use super::guard;
use super::{
    Envelope, FilterRequest, Message, PublishResult, Qos, SubscribeResult, UnsubscribeResult,
    Version, Violation,
};
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU16;
use mqtt_protocol_core::mqtt::packet::{self as wire, Property, v3_1_1, v5_0};
use mqtt_protocol_core::mqtt::result_code::{
    MqttError, PubackReasonCode, SubackReasonCode, SubackReturnCode, UnsubackReasonCode,
};

/// One packet of an open connection, from either end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    Publish {
        packet_id: Option<NonZeroU16>,
        message: Message,
    },
    PublishAcknowledged {
        packet_id: NonZeroU16,
        result: PublishResult,
    },
    Subscribe {
        packet_id: NonZeroU16,
        filters: Vec<FilterRequest>,
    },
    SubscribeAcknowledged {
        packet_id: NonZeroU16,
        results: Vec<SubscribeResult>,
    },
    Unsubscribe {
        packet_id: NonZeroU16,
        filters: Vec<String>,
    },
    UnsubscribeAcknowledged {
        packet_id: NonZeroU16,
        results: Vec<UnsubscribeResult>,
    },
    Ping,
    Pong,
    /// With the reason code; 0 when it was left out.
    Disconnect {
        code: u8,
    },
}

/// What a CONNECT says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Connect {
    pub(super) client_id: String,
    pub(super) keep_alive_seconds: u16,
    pub(super) clean_start: bool,
    pub(super) session_expiry_seconds: u32,
    pub(super) receive_maximum: u16,
    pub(super) packet_bytes: u32,
    pub(super) authentication: bool,
}

/// What a CONNACK says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ConnectAcknowledged {
    pub(super) code: u8,
    pub(super) session_present: bool,
    pub(super) keep_alive_seconds: Option<u16>,
    pub(super) receive_maximum: u16,
    pub(super) packet_bytes: u32,
}

fn violation(error: MqttError) -> Violation {
    match error {
        MqttError::ProtocolError => Violation::Protocol,
        _ => Violation::Malformed,
    }
}

/// The parser's packet, when it used every byte of the body.
fn whole<T>(body: &[u8], parsed: Result<(T, usize), MqttError>) -> Result<T, Violation> {
    match parsed {
        Ok((packet, used)) if used == body.len() => Ok(packet),
        Ok(_) => Err(Violation::Malformed),
        Err(error) => Err(violation(error)),
    }
}

fn id(packet_id: u16) -> Result<NonZeroU16, Violation> {
    NonZeroU16::new(packet_id).ok_or(Violation::PacketIdZero)
}

/// Reads one packet that [`guard::inspect`] has let through.
pub(super) fn packet(version: Version, frame: Frame) -> Result<Incoming, Violation> {
    let Frame { first, body } = frame;
    match first >> 4 {
        guard::PUBLISH => publish(version, first & 0x0F, body),
        guard::PUBACK => publish_acknowledged(version, &body),
        guard::SUBSCRIBE => subscribe(version, &body),
        guard::SUBACK => subscribe_acknowledged(version, &body),
        guard::UNSUBSCRIBE => unsubscribe(version, &body),
        guard::UNSUBACK => unsubscribe_acknowledged(version, &body),
        guard::PINGREQ => Ok(Incoming::Ping),
        guard::PINGRESP => Ok(Incoming::Pong),
        guard::DISCONNECT => {
            let code = match version {
                Version::V3_1_1 => 0,
                Version::V5 => whole(&body, v5_0::Disconnect::parse(&body))?
                    .reason_code()
                    .map_or(0, |code| code as u8),
            };
            Ok(Incoming::Disconnect { code })
        }
        _ => Err(Violation::Protocol),
    }
}

pub(super) fn connect(version: Version, body: &[u8]) -> Result<Connect, Violation> {
    let mut connect = Connect {
        client_id: String::new(),
        keep_alive_seconds: 0,
        clean_start: true,
        session_expiry_seconds: 0,
        receive_maximum: u16::MAX,
        packet_bytes: u32::MAX,
        authentication: false,
    };
    match version {
        Version::V3_1_1 => {
            let packet = whole(body, v3_1_1::Connect::parse(body))?;
            packet.client_id().clone_into(&mut connect.client_id);
            connect.keep_alive_seconds = packet.keep_alive();
            connect.clean_start = packet.clean_start();
        }
        Version::V5 => {
            let packet = whole(body, v5_0::Connect::parse(body))?;
            packet.client_id().clone_into(&mut connect.client_id);
            connect.keep_alive_seconds = packet.keep_alive();
            connect.clean_start = packet.clean_start();
            for property in packet.props() {
                match property {
                    Property::SessionExpiryInterval(seconds) => {
                        connect.session_expiry_seconds = seconds.val();
                    }
                    Property::ReceiveMaximum(count) => connect.receive_maximum = count.val(),
                    Property::MaximumPacketSize(bytes) => connect.packet_bytes = bytes.val(),
                    Property::AuthenticationMethod(_) | Property::AuthenticationData(_) => {
                        connect.authentication = true;
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(connect)
}

pub(super) fn connect_acknowledged(
    version: Version,
    body: &[u8],
) -> Result<ConnectAcknowledged, Violation> {
    let mut answer = ConnectAcknowledged {
        code: 0,
        session_present: false,
        keep_alive_seconds: None,
        receive_maximum: u16::MAX,
        packet_bytes: u32::MAX,
    };
    match version {
        Version::V3_1_1 => {
            let packet = whole(body, v3_1_1::Connack::parse(body))?;
            answer.code = packet.return_code() as u8;
            answer.session_present = packet.session_present();
        }
        Version::V5 => {
            let packet = whole(body, v5_0::Connack::parse(body))?;
            answer.code = packet.reason_code() as u8;
            answer.session_present = packet.session_present();
            for property in packet.props() {
                match property {
                    Property::ServerKeepAlive(seconds) => {
                        answer.keep_alive_seconds = Some(seconds.val());
                    }
                    Property::ReceiveMaximum(count) => answer.receive_maximum = count.val(),
                    Property::MaximumPacketSize(bytes) => answer.packet_bytes = bytes.val(),
                    _ => {}
                }
            }
        }
    }
    Ok(answer)
}

fn publish(version: Version, flags: u8, body: Vec<u8>) -> Result<Incoming, Violation> {
    let packet_id;
    let mut message = Message {
        topic: String::new(),
        payload: Vec::new(),
        qos: if flags & 0b110 == 0 {
            Qos::AtMostOnce
        } else {
            Qos::AtLeastOnce
        },
        duplicate: flags & 0b1000 != 0,
        retain: flags & 0b1 != 0,
        envelope: None,
        correlation: None,
    };
    match version {
        Version::V3_1_1 => {
            let (packet, _) = v3_1_1::Publish::parse(flags, body.into()).map_err(violation)?;
            packet.topic_name().clone_into(&mut message.topic);
            message.payload = packet.payload().as_slice().to_vec();
            packet_id = packet.packet_id();
        }
        Version::V5 => {
            let (packet, _) = v5_0::Publish::parse(flags, body.into()).map_err(violation)?;
            packet.topic_name().clone_into(&mut message.topic);
            message.payload = packet.payload().as_slice().to_vec();
            packet_id = packet.packet_id();
            message.envelope = envelope(packet.props());
            for property in packet.props() {
                match property {
                    Property::TopicAlias(_) => return Err(Violation::TopicAlias),
                    Property::CorrelationData(bytes) => {
                        message.correlation = Some(bytes.val().to_vec());
                    }
                    _ => {}
                }
            }
        }
    }
    let packet_id = packet_id.map(id).transpose()?;
    Ok(Incoming::Publish { packet_id, message })
}

/// The envelope, when `sk-boot` and `sk-seq` are each there exactly once, as plain decimal numbers below 2^63.
///
/// Anything else is no envelope: two answers to the question which message this is are none, and a number that no
/// store can keep would make one device's message the reason why others' are not kept.
fn envelope(properties: &[Property]) -> Option<Envelope> {
    let mut boot = None;
    let mut sequence = None;
    let mut time = None;
    for property in properties {
        let Property::UserProperty(pair) = property else {
            continue;
        };
        let repeated = match pair.key() {
            "sk-boot" => boot.replace(decimal(pair.val())?).is_some(),
            "sk-seq" => sequence.replace(decimal(pair.val())?).is_some(),
            "sk-time" => time
                .replace(i64::try_from(decimal(pair.val())?).ok()?)
                .is_some(),
            _ => false,
        };
        if repeated {
            return None;
        }
    }
    Some(Envelope {
        boot: boot?,
        sequence: sequence?,
        time,
    })
}

/// Digits and nothing else, without a leading zero, at most [`Envelope::MAXIMUM`].
fn decimal(text: &str) -> Option<u64> {
    if text.len() > 1 && text.starts_with('0') || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse()
        .ok()
        .filter(|number| *number <= Envelope::MAXIMUM)
}

fn publish_acknowledged(version: Version, body: &[u8]) -> Result<Incoming, Violation> {
    Ok(match version {
        Version::V3_1_1 => Incoming::PublishAcknowledged {
            packet_id: id(whole(body, v3_1_1::Puback::parse(body))?.packet_id())?,
            result: PublishResult::Accepted,
        },
        Version::V5 => {
            let packet = whole(body, v5_0::Puback::parse(body))?;
            let result = match packet.reason_code().unwrap_or(PubackReasonCode::Success) {
                PubackReasonCode::Success => PublishResult::Accepted,
                PubackReasonCode::NoMatchingSubscribers => PublishResult::NoMatchingSubscribers,
                PubackReasonCode::ImplementationSpecificError => {
                    PublishResult::ImplementationSpecific
                }
                PubackReasonCode::NotAuthorized => PublishResult::NotAuthorized,
                PubackReasonCode::TopicNameInvalid => PublishResult::TopicNameInvalid,
                PubackReasonCode::QuotaExceeded => PublishResult::QuotaExceeded,
                PubackReasonCode::PayloadFormatInvalid => PublishResult::PayloadInvalid,
                PubackReasonCode::UnspecifiedError | PubackReasonCode::PacketIdentifierInUse => {
                    PublishResult::Unspecified
                }
            };
            Incoming::PublishAcknowledged {
                packet_id: id(packet.packet_id())?,
                result,
            }
        }
    })
}

fn subscribe(version: Version, body: &[u8]) -> Result<Incoming, Violation> {
    let (packet_id, entries) = match version {
        Version::V3_1_1 => {
            let packet = whole(body, v3_1_1::Subscribe::parse(body))?;
            (packet.packet_id(), packet.entries().clone())
        }
        Version::V5 => {
            let packet = whole(body, v5_0::Subscribe::parse(body))?;
            if packet
                .props()
                .iter()
                .any(|one| matches!(one, Property::SubscriptionIdentifier(_)))
            {
                return Err(Violation::Protocol);
            }
            (packet.packet_id(), packet.entries().clone())
        }
    };
    let filters = entries
        .iter()
        .map(|entry| FilterRequest {
            filter: entry.topic_filter().to_owned(),
            qos: match entry.sub_opts().qos() {
                wire::Qos::AtMostOnce => Qos::AtMostOnce,
                wire::Qos::AtLeastOnce | wire::Qos::ExactlyOnce => Qos::AtLeastOnce,
            },
        })
        .collect();
    Ok(Incoming::Subscribe {
        packet_id: id(packet_id)?,
        filters,
    })
}

fn subscribe_acknowledged(version: Version, body: &[u8]) -> Result<Incoming, Violation> {
    let (packet_id, results) = match version {
        Version::V3_1_1 => {
            let packet = whole(body, v3_1_1::Suback::parse(body))?;
            let results = packet.return_codes().into_iter().map(|code| match code {
                SubackReturnCode::SuccessMaximumQos0 => SubscribeResult::Granted(Qos::AtMostOnce),
                SubackReturnCode::SuccessMaximumQos1 | SubackReturnCode::SuccessMaximumQos2 => {
                    SubscribeResult::Granted(Qos::AtLeastOnce)
                }
                SubackReturnCode::Failure => SubscribeResult::Unspecified,
            });
            (packet.packet_id(), results.collect())
        }
        Version::V5 => {
            let packet = whole(body, v5_0::Suback::parse(body))?;
            let results = packet.reason_codes().into_iter().map(|code| match code {
                SubackReasonCode::GrantedQos0 => SubscribeResult::Granted(Qos::AtMostOnce),
                SubackReasonCode::GrantedQos1 | SubackReasonCode::GrantedQos2 => {
                    SubscribeResult::Granted(Qos::AtLeastOnce)
                }
                SubackReasonCode::ImplementationSpecificError => {
                    SubscribeResult::ImplementationSpecific
                }
                SubackReasonCode::NotAuthorized => SubscribeResult::NotAuthorized,
                SubackReasonCode::TopicFilterInvalid => SubscribeResult::FilterInvalid,
                SubackReasonCode::QuotaExceeded => SubscribeResult::QuotaExceeded,
                SubackReasonCode::WildcardSubscriptionsNotSupported => {
                    SubscribeResult::WildcardsRefused
                }
                _ => SubscribeResult::Unspecified,
            });
            (packet.packet_id(), results.collect())
        }
    };
    Ok(Incoming::SubscribeAcknowledged {
        packet_id: id(packet_id)?,
        results,
    })
}

fn unsubscribe(version: Version, body: &[u8]) -> Result<Incoming, Violation> {
    let (packet_id, entries) = match version {
        Version::V3_1_1 => {
            let packet = whole(body, v3_1_1::Unsubscribe::parse(body))?;
            (packet.packet_id(), packet.entries().clone())
        }
        Version::V5 => {
            let packet = whole(body, v5_0::Unsubscribe::parse(body))?;
            (packet.packet_id(), packet.entries().clone())
        }
    };
    let filters = entries
        .iter()
        .map(|entry| entry.as_str().to_owned())
        .collect();
    Ok(Incoming::Unsubscribe {
        packet_id: id(packet_id)?,
        filters,
    })
}

fn unsubscribe_acknowledged(version: Version, body: &[u8]) -> Result<Incoming, Violation> {
    let (packet_id, results) = match version {
        Version::V3_1_1 => (
            whole(body, v3_1_1::Unsuback::parse(body))?.packet_id(),
            Vec::new(),
        ),
        Version::V5 => {
            let packet = whole(body, v5_0::Unsuback::parse(body))?;
            let results = packet.reason_codes().into_iter().map(|code| match code {
                UnsubackReasonCode::Success => UnsubscribeResult::Done,
                _ => UnsubscribeResult::NoSubscription,
            });
            (packet.packet_id(), results.collect())
        }
    };
    Ok(Incoming::UnsubscribeAcknowledged {
        packet_id: id(packet_id)?,
        results,
    })
}
