//! What the gateway tells a peer before it closes the connection, as far as the version has a word for it.

use super::encode;
use super::{ConnectRefusal, DisconnectReason, Version, Violation};
use alloc::vec::Vec;
use mqtt_protocol_core::mqtt::result_code::{
    ConnectReasonCode, ConnectReturnCode, DisconnectReasonCode,
};

/// The CONNACK that refuses a CONNECT which breaks a rule; `None` where the standard only lets us close.
///
/// Source: MQTT 3.1.1 section 3.2.2.3, MQTT 5.0 section 3.2.2.2.
pub(super) fn connect_violation(version: Option<Version>, violation: Violation) -> Option<Vec<u8>> {
    let Some(version) = version else {
        // Its version is not known: the old answer is understood by all.
        return match violation {
            Violation::UnsupportedVersion => {
                encode::refuse_3_1_1(ConnectReturnCode::UnacceptableProtocolVersion)
            }
            _ => None,
        };
    };
    match version {
        Version::V3_1_1 => encode::refuse_3_1_1(match violation {
            Violation::PasswordPresented => ConnectReturnCode::BadUserNameOrPassword,
            Violation::WillPresented => ConnectReturnCode::NotAuthorized,
            Violation::ClientIdentifier => ConnectReturnCode::IdentifierRejected,
            _ => return None,
        }),
        Version::V5 => encode::refuse_5(match violation {
            Violation::PasswordPresented => ConnectReasonCode::BadUserNameOrPassword,
            Violation::WillPresented => ConnectReasonCode::ImplementationSpecificError,
            Violation::AuthenticationMethod => ConnectReasonCode::BadAuthenticationMethod,
            Violation::ClientIdentifier => ConnectReasonCode::ClientIdentifierNotValid,
            Violation::Malformed => ConnectReasonCode::MalformedPacket,
            Violation::Protocol => ConnectReasonCode::ProtocolError,
            Violation::TooManyParts => ConnectReasonCode::QuotaExceeded,
            _ => return None,
        }),
    }
}

/// The DISCONNECT for a violation on an open connection.
///
/// Source: MQTT 5.0 section 3.14.2.1.
pub(super) fn violation(violation: Violation) -> DisconnectReasonCode {
    match violation {
        Violation::Malformed => DisconnectReasonCode::MalformedPacket,
        Violation::PacketTooLarge => DisconnectReasonCode::PacketTooLarge,
        Violation::QosTwo => DisconnectReasonCode::QosNotSupported,
        Violation::TopicAlias => DisconnectReasonCode::TopicAliasInvalid,
        Violation::ReceiveMaximum => DisconnectReasonCode::ReceiveMaximumExceeded,
        Violation::KeepAlive => DisconnectReasonCode::KeepAliveTimeout,
        Violation::OutgoingFull | Violation::TooManyParts => DisconnectReasonCode::QuotaExceeded,
        Violation::Protocol
        | Violation::FirstPacket
        | Violation::ConnectTimeout
        | Violation::UnsupportedVersion
        | Violation::PasswordPresented
        | Violation::WillPresented
        | Violation::AuthenticationMethod
        | Violation::ClientIdentifier
        | Violation::PeerPacketLimit
        | Violation::PacketIdZero
        | Violation::PacketIdInUse => DisconnectReasonCode::ProtocolError,
    }
}

pub(super) fn refusal(version: Version, refusal: ConnectRefusal) -> Option<Vec<u8>> {
    match version {
        Version::V3_1_1 => encode::refuse_3_1_1(match refusal {
            ConnectRefusal::NotAuthorized => ConnectReturnCode::NotAuthorized,
            ConnectRefusal::ServerUnavailable | ConnectRefusal::QuotaExceeded => {
                ConnectReturnCode::ServerUnavailable
            }
        }),
        Version::V5 => encode::refuse_5(match refusal {
            ConnectRefusal::NotAuthorized => ConnectReasonCode::NotAuthorized,
            ConnectRefusal::ServerUnavailable => ConnectReasonCode::ServerUnavailable,
            ConnectRefusal::QuotaExceeded => ConnectReasonCode::QuotaExceeded,
        }),
    }
}

pub(super) fn disconnect(reason: DisconnectReason) -> DisconnectReasonCode {
    match reason {
        DisconnectReason::NotAuthorized => DisconnectReasonCode::NotAuthorized,
        DisconnectReason::ServerBusy => DisconnectReasonCode::ServerBusy,
        DisconnectReason::ServerShuttingDown => DisconnectReasonCode::ServerShuttingDown,
        DisconnectReason::SessionTakenOver => DisconnectReasonCode::SessionTakenOver,
        DisconnectReason::MessageRateTooHigh => DisconnectReasonCode::MessageRateTooHigh,
        DisconnectReason::QuotaExceeded => DisconnectReasonCode::QuotaExceeded,
        DisconnectReason::AdministrativeAction => DisconnectReasonCode::AdministrativeAction,
    }
}
