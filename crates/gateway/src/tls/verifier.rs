//! Whether a certificate opens this door: chain, then possession, then standing.
//!
//! Standing is looked up only after the peer has proven that it holds the key,
//! so that a copied certificate cannot put words into a device's record.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::cause::{Cause, Refusal, printable};
use crate::clock::Clock;
use crate::peer::{self, Leaf};
use crate::ports::Directory;
use crate::registry::ListenerKind;

/// The verifier of one listener.
pub(crate) struct DeviceVerifier {
    roots: Arc<dyn ClientCertVerifier>,
    directory: Arc<dyn Directory>,
    kind: ListenerKind,
    clock: Clock,
    /// Schemes that the policy takes; without it, all that the roots' verifier knows.
    schemes: Option<Vec<SignatureScheme>>,
}

impl DeviceVerifier {
    pub(crate) fn new(
        roots: Arc<dyn ClientCertVerifier>,
        directory: Arc<dyn Directory>,
        kind: ListenerKind,
        clock: Clock,
    ) -> Self {
        Self {
            roots,
            directory,
            kind,
            clock,
            schemes: None,
        }
    }

    /// Takes signatures of these schemes only.
    pub(crate) fn taking(mut self, schemes: Option<Vec<SignatureScheme>>) -> Self {
        self.schemes = schemes;
        self
    }

    fn standing(&self, end_entity: &CertificateDer<'_>) -> Result<(), Refusal> {
        let leaf = Leaf::read(end_entity)?;
        let dates = leaf.dates(self.clock.wall());
        peer::identify(&leaf, dates, &*self.directory, self.kind).map(|_| ())
    }
}

impl core::fmt::Debug for DeviceVerifier {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("DeviceVerifier")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl ClientCertVerifier for DeviceVerifier {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        self.kind == ListenerKind::Mqtt
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.roots.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        verify_chain(&*self.roots, end_entity, intermediates, now)
            .map(|_| ClientCertVerified::assertion())
            .map_err(Refusal::into_tls)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.roots.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if !self.supported_verify_schemes().contains(&dss.scheme) {
            let observed = format!("the policy takes no signature of scheme {:?}", dss.scheme);
            return Err(Refusal::new(Cause::Incompatible, observed).into_tls());
        }
        let holds = self
            .roots
            .verify_tls13_signature(message, cert, dss)
            .map_err(|error| {
                Refusal::new(
                    Cause::Malformed,
                    format!("the peer does not prove that it holds the key: {error}"),
                )
                .into_tls()
            })?;
        self.standing(cert).map_err(Refusal::into_tls)?;
        Ok(holds)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut known = self.roots.supported_verify_schemes();
        if let Some(taken) = &self.schemes {
            known.retain(|scheme| taken.contains(scheme));
        }
        known
    }
}

/// How a moment lies to a certificate's dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dates {
    /// Between both.
    Hold,
    /// After the second.
    Expired,
}

/// The most certificates that a peer may send, its own included.
const MOST_CERTIFICATES: usize = 4;

/// The most octets of all certificates that a peer may send.
const MOST_OCTETS: usize = 16 * 1024;

/// Whether a chain is one that could be ours. It is kept as long as its connection, and by each
/// session that may be resumed, so a peer must not choose how long it is.
fn is_short(end_entity: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> bool {
    let octets: usize = intermediates.iter().map(|one| one.len()).sum();
    intermediates.len() < MOST_CERTIFICATES
        && octets.saturating_add(end_entity.len()) <= MOST_OCTETS
}

/// Whether a root vouches for a device's certificate.
///
/// An expired certificate is checked as of its last second, so that "expired"
/// is said only of one that was good.
pub(crate) fn verify_chain(
    roots: &dyn ClientCertVerifier,
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<Dates, Refusal> {
    if !is_short(end_entity, intermediates) {
        return Err(Refusal::new(
            Cause::Malformed,
            format!(
                "{} certificates, more or longer ones than are read",
                intermediates.len().saturating_add(1)
            ),
        ));
    }
    let verify = |at| roots.verify_client_cert(end_entity, intermediates, at);
    let refuse = |error: &Error| chain_refusal(error, end_entity);
    let dates = match verify(now) {
        Ok(_) => Dates::Hold,
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            verify(not_after).map_err(|error| refuse(&error))?;
            Dates::Expired
        }
        Err(
            error @ Error::InvalidCertificate(CertificateError::NotValidYetContext {
                not_before,
                ..
            }),
        ) => {
            verify(not_before).map_err(|error| refuse(&error))?;
            return Err(refuse(&error));
        }
        Err(error) => return Err(refuse(&error)),
    };
    for_clients(end_entity)?;
    Ok(dates)
}

/// Whether the certificate itself says that it is a client's.
///
/// Chain building accepts a certificate that names no purpose; this does not.
fn for_clients(end_entity: &CertificateDer<'_>) -> Result<(), Refusal> {
    let malformed = || Refusal::new(Cause::Malformed, "the certificate cannot be read");
    let (_, certificate) = X509Certificate::from_der(end_entity).map_err(|_| malformed())?;
    let usage = certificate
        .extended_key_usage()
        .map_err(|_| malformed())?
        .is_some_and(|usage| usage.value.client_auth);
    if usage && !certificate.is_ca() {
        return Ok(());
    }
    Err(Refusal::new(
        Cause::WrongPurpose,
        "the certificate does not name client authentication as its purpose",
    ))
}

fn chain_refusal(error: &Error, end_entity: &CertificateDer<'_>) -> Refusal {
    let certificate = X509Certificate::from_der(end_entity).ok();
    let is_ca = certificate.as_ref().is_some_and(|(_, c)| c.is_ca());
    let cause = match error {
        Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Cause::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Cause::NotYetValid
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Cause::WrongPurpose
            }
            // A stranger's authority may carry our authority's name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                Cause::UnknownIssuer
            }
            _ if is_ca => Cause::WrongPurpose,
            _ => Cause::Malformed,
        },
        _ => Cause::Malformed,
    };
    let claimed = certificate.map_or_else(
        || "unreadable".to_owned(),
        |(_, c)| format!("subject {}, issuer {}", c.subject(), c.issuer()),
    );
    Refusal::new(
        cause,
        format!(
            "{}; the certificate claims {}",
            printable(&error.to_string(), 200),
            printable(&claimed, 200)
        ),
    )
}
