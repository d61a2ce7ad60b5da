//! TLS 1.3 to the server and the gateway, and the exact cause when there is none.

use crate::certificate;
use crate::home::Home;
use crate::{files, keys, store};
use core::time::Duration;
use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore,
    SignatureScheme,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use sekimori_device::{CredentialSlot, LinkFailure, Record, ServerCheck};
use sekimori_identity::TrustBundle;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long a connection may take until it is mutually authenticated.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Connects to `address` (`host:port`) and speaks TLS 1.3 with the protocol `alpn`.
pub(crate) async fn connect(
    home: &Home,
    address: &str,
    alpn: &[u8],
    check: ServerCheck,
    credential: Option<CredentialSlot>,
) -> Result<TlsStream<TcpStream>, LinkFailure> {
    let config = config(home, alpn, check, credential)?;
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_string())
        .map_err(|_| LinkFailure::Malformed(format!("{host} is no host name")))?;
    let attempt = async {
        let socket = TcpStream::connect(address)
            .await
            .map_err(|error| LinkFailure::Unreachable(format!("{address}: {error}")))?;
        socket
            .set_nodelay(true)
            .map_err(|error| LinkFailure::Unreachable(error.to_string()))?;
        let connector = TlsConnector::from(Arc::new(config));
        connector
            .connect(name, socket)
            .await
            .map_err(|error| cause(&error))
    };
    tokio::time::timeout(CONNECT_WITHIN, attempt)
        .await
        .unwrap_or_else(|_| {
            Err(LinkFailure::Unreachable(format!(
                "{address}: no answer in 10 s"
            )))
        })
}

/// What an error of a connection really is.
pub(crate) fn cause(error: &io::Error) -> LinkFailure {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(tls) => tls_cause(tls),
        None => LinkFailure::Unreachable(error.to_string()),
    }
}

fn tls_cause(error: &rustls::Error) -> LinkFailure {
    let text = error.to_string();
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. } => LinkFailure::NotValidNow(text),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                LinkFailure::WrongName(text)
            }
            _ => LinkFailure::WrongAuthority(text),
        },
        rustls::Error::AlertReceived(alert) => match alert {
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            // A certificate of a namesake of the server's CA, by another key.
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied => {
                LinkFailure::CredentialRefused(format!("{alert:?}"))
            }
            _ => LinkFailure::Unreachable(text),
        },
        rustls::Error::PeerIncompatible(_) => LinkFailure::Malformed(format!(
            "the server does not speak TLS 1.3 as we do: {text}"
        )),
        _ => LinkFailure::Malformed(format!("not TLS: {text}")),
    }
}

fn config(
    home: &Home,
    alpn: &[u8],
    check: ServerCheck,
    credential: Option<CredentialSlot>,
) -> Result<ClientConfig, LinkFailure> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match check {
        ServerCheck::Unverified => Arc::new(NoVerifier {
            provider: Arc::clone(&provider),
        }),
        ServerCheck::At(at) => Arc::new(VerifierAt {
            inner: roots(home, &provider)?,
            at: unix_time(at),
        }),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(malformed)?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match credential {
        None => builder.with_no_client_auth(),
        Some(slot) => {
            let (chain, key) = identity(home, slot)?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(malformed)?
        }
    };
    config.alpn_protocols = vec![alpn.to_vec()];
    // Each connection shows its certificate anew: nothing is kept that outlives a credential.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

fn malformed(error: impl core::fmt::Display) -> LinkFailure {
    LinkFailure::Malformed(error.to_string())
}

fn identity(
    home: &Home,
    slot: CredentialSlot,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), LinkFailure> {
    let key = keys::load(home, slot).map_err(LinkFailure::Storage)?;
    let record = Record::Certificate(slot);
    let bytes = store::read(home, record)
        .map_err(|error| LinkFailure::Storage(error.into()))?
        .ok_or_else(|| malformed(format!("{} is not there", home.record(record).display())))?;
    let chain = certificate::split(&bytes).map_err(malformed)?;
    let chain = chain.into_iter().map(CertificateDer::from).collect();
    Ok((chain, PrivatePkcs8KeyDer::from(key).into()))
}

fn roots(
    home: &Home,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, LinkFailure> {
    let path = home.record(Record::Trust);
    let bytes = files::read(&path)
        .map_err(|error| LinkFailure::Storage(error.into()))?
        .ok_or_else(|| malformed("there is no trust bundle yet"))?;
    let bundle = TrustBundle::decode(&bytes).map_err(malformed)?;
    let mut roots = RootCertStore::empty();
    for root in bundle.ca_roots {
        roots.add(CertificateDer::from(root)).map_err(malformed)?;
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(malformed)
}

fn unix_time(at: Timestamp) -> UnixTime {
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    UnixTime::since_unix_epoch(Duration::from_secs(seconds))
}

/// Checks chain and name as usual, and validity at the time that the device goes by.
#[derive(Debug)]
struct VerifierAt {
    inner: Arc<WebPkiServerVerifier>,
    at: UnixTime,
}

impl ServerCertVerifier for VerifierAt {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            self.at,
        )
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2 is not spoken".to_string()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

/// Takes any certificate: only for what proves itself (the trust bundle by its fingerprint, a checkpoint by its
/// signatures), and never with anything secret in the request.
#[derive(Debug)]
struct NoVerifier {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for NoVerifier {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2 is not spoken".to_string()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests;
