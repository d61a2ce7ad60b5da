//! Who stands behind a certificate, and whether it may come in now.

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use sekimori_identity::{DeviceRecord, SpkiHash, Standing};
use sekimori_session::ClientIdentity;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::ports::Directory;
use crate::registry::ListenerKind;
use crate::tls::{Cause, Dates, Refusal};

/// What of a certificate matters after its chain was verified.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Leaf {
    pub(crate) spki: SpkiHash,
    pub(crate) not_after: Timestamp,
}

impl Leaf {
    pub(crate) fn read(end_entity: &CertificateDer<'_>) -> Result<Self, Refusal> {
        let malformed = || Refusal::new(Cause::Malformed, "the certificate cannot be read");
        let (_, certificate) = X509Certificate::from_der(end_entity).map_err(|_| malformed())?;
        let not_after = Timestamp::from_second(certificate.validity().not_after.timestamp())
            .unwrap_or(Timestamp::MAX);
        Ok(Self {
            spki: SpkiHash::of_der(certificate.public_key().raw),
            not_after,
        })
    }

    pub(crate) fn dates(&self, now: Timestamp) -> Dates {
        if now <= self.not_after {
            Dates::Hold
        } else {
            Dates::Expired
        }
    }
}

/// The device behind a verified certificate, if it may enter by this door.
///
/// HTTPS admits an expired certificate of a device in good standing, because
/// that is where it gets a new one.
pub(crate) fn identify(
    leaf: &Leaf,
    dates: Dates,
    directory: &dyn Directory,
    kind: ListenerKind,
) -> Result<ClientIdentity, Refusal> {
    let Some(record) = directory.lookup(&leaf.spki) else {
        return Err(Refusal::new(
            Cause::UnknownDevice,
            format!("no device has the key {}", leaf.spki),
        ));
    };
    let turned_away = |cause, observed: String| {
        Err(Refusal {
            cause,
            device: Some(record.name.to_string()),
            observed,
        })
    };
    if let Some((cause, observed)) = barred(&record) {
        return turned_away(cause, observed);
    }
    let expired = dates == Dates::Expired;
    if expired && kind == ListenerKind::Mqtt {
        return turned_away(
            Cause::Expired,
            format!("the certificate expired at {}", leaf.not_after),
        );
    }
    Ok(ClientIdentity {
        record,
        spki: leaf.spki,
        expired,
        not_after: leaf.not_after,
    })
}

/// Why a device may not be connected at all, if so.
pub(crate) fn barred(record: &DeviceRecord) -> Option<(Cause, String)> {
    match record.standing {
        Standing::Active => None,
        Standing::Suspended => Some((Cause::Suspended, "the device is suspended".to_owned())),
        Standing::Revoked => Some((Cause::Revoked, "the device was revoked".to_owned())),
        Standing::Retired => Some((Cause::Revoked, "the device was retired".to_owned())),
    }
}
