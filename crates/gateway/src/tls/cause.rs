//! Why a connection was turned away before it could say anything.

use std::fmt;

use rustls::{CertificateError, Error, PeerIncompatible};

/// The exact cause of a refusal at the door; operators read it, peers do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// The listener demands a client certificate and the peer sent none.
    NoCertificate,
    /// No root of this organization signed the certificate.
    UnknownIssuer,
    /// The certificate's time is over.
    Expired,
    /// The certificate's time has not come, or the peer's clock made it so.
    NotYetValid,
    /// The device was revoked or retired.
    Revoked,
    /// The device is suspended.
    Suspended,
    /// The certificate is good, but nobody registered its key.
    UnknownDevice,
    /// The peer speaks no TLS 1.3.
    TlsVersion,
    /// The first bytes are no TLS at all.
    NotTls,
    /// The handshake did not end before its deadline.
    Timeout,
    /// Bytes that break the protocol, or a signature that does not hold.
    Malformed,
    /// The certificate was not made for a client.
    WrongPurpose,
    /// The peer speaks TLS 1.3 but offers nothing that is accepted here.
    Incompatible,
    /// The peer gave up: it closed, or it did not accept our certificate.
    PeerAborted,
}

impl Cause {
    /// The reason code of the event.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoCertificate => "no-certificate",
            Self::UnknownIssuer => "unknown-issuer",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::UnknownDevice => "unknown-device",
            Self::TlsVersion => "tls-version",
            Self::NotTls => "not-tls",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
            Self::WrongPurpose => "wrong-purpose",
            Self::Incompatible => "incompatible",
            Self::PeerAborted => "peer-aborted",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// One refusal with what an operator needs to understand it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The one cause.
    pub(crate) cause: Cause,
    /// The device's name, when its key is known.
    pub(crate) device: Option<String>,
    /// What was observed, in words; bytes of the peer are made printable first.
    pub(crate) observed: String,
}

impl Refusal {
    pub(crate) fn new(cause: Cause, observed: impl Into<String>) -> Self {
        Self {
            cause,
            device: None,
            observed: observed.into(),
        }
    }

    /// Wraps the refusal so that the handshake carries it to the connection's
    /// task; the peer reads `certificate_unknown`, whatever the cause.
    pub(crate) fn into_tls(self) -> Error {
        Error::InvalidCertificate(CertificateError::Other(rustls::OtherError(
            std::sync::Arc::new(self),
        )))
    }

    /// Reads the cause out of a failed handshake.
    pub(crate) fn from_handshake(error: &std::io::Error) -> Self {
        if let Some(tls) = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Error>())
        {
            return Self::from_tls(tls);
        }
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                Self::new(Cause::PeerAborted, "closed during the handshake")
            }
            _ => Self::new(Cause::PeerAborted, format!("connection lost: {error}")),
        }
    }

    fn from_tls(error: &Error) -> Self {
        let cause = match error {
            Error::InvalidCertificate(CertificateError::Other(other)) => {
                return match other.0.downcast_ref::<Self>() {
                    Some(refusal) => refusal.clone(),
                    None => Self::new(Cause::Malformed, other.to_string()),
                };
            }
            Error::NoCertificatesPresented => Cause::NoCertificate,
            Error::PeerIncompatible(
                PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::SupportedVersionsExtensionRequired
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::ServerDoesNotSupportTls12Or13,
            ) => Cause::TlsVersion,
            Error::PeerIncompatible(_) | Error::NoApplicationProtocol => Cause::Incompatible,
            Error::AlertReceived(_) => Cause::PeerAborted,
            _ => Cause::Malformed,
        };
        Self::new(cause, printable(&error.to_string(), 200))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.cause, self.observed)
    }
}

impl std::error::Error for Refusal {}

/// At most `limit` characters, and none that a terminal or a log would act on.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    text.chars()
        .take(limit)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: Error, expected: Cause) {
        let wrapped = std::io::Error::new(std::io::ErrorKind::InvalidData, error);
        assert_eq!(Refusal::from_handshake(&wrapped).cause, expected);
    }

    #[test]
    fn each_failure_of_a_handshake_has_its_cause() {
        check(Error::NoCertificatesPresented, Cause::NoCertificate);
        check(
            PeerIncompatible::Tls12NotOfferedOrEnabled.into(),
            Cause::TlsVersion,
        );
        check(
            PeerIncompatible::SupportedVersionsExtensionRequired.into(),
            Cause::TlsVersion,
        );
        check(
            PeerIncompatible::NoKxGroupsInCommon.into(),
            Cause::Incompatible,
        );
        check(
            Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType),
            Cause::Malformed,
        );
        check(
            Error::AlertReceived(rustls::AlertDescription::UnknownCA),
            Cause::PeerAborted,
        );
        check(Refusal::new(Cause::Revoked, "x").into_tls(), Cause::Revoked);
    }

    #[test]
    fn a_lost_connection_is_the_peers_doing() {
        let eof = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        assert_eq!(Refusal::from_handshake(&eof).cause, Cause::PeerAborted);
    }

    #[test]
    fn text_of_a_peer_is_made_printable_and_short() {
        assert_eq!(printable("a\x1b[31mb\nc", 5), "a\u{fffd}[31");
    }
}
