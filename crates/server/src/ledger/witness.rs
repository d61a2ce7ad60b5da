//! Asks a witness of another organization to cosign a checkpoint.
//!
//! Source: C2SP tlog-witness, "add-checkpoint". The witness is recognized by the SHA-256 of its
//! certificate, so that no authority in between has to be trusted.

use core::time::Duration;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::DigitallySignedStruct;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sekimori_ledger::note::{SignatureType, VerifierKey};
use sekimori_ledger::witness::{ADD_CHECKPOINT_PATH, AddCheckpoint, parse_stored_size};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::error::ServerError;
use crate::settings::WitnessSettings;

/// How long one request may take, from the connection to the answer's last byte.
const DEADLINE: Duration = Duration::from_secs(5);

/// The largest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

/// One witness and how to reach it.
pub(crate) struct WitnessClient {
    pub(crate) key: VerifierKey,
    host: String,
    port: u16,
    path: String,
    tls: TlsConnector,
}

/// What a witness answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Signature lines.
    Cosigned(String),
    /// It has another size stored than was said.
    OtherSize(u64),
}

/// Why there is no cosignature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// Nobody there, or the connection broke.
    Unreachable(String),
    /// Someone else answers at its address.
    OtherCertificate,
    /// It did not answer in time.
    TimedOut,
    /// It refused, with this status and text.
    Refused { status: u16, text: String },
}

impl NoAnswer {
    /// The word used in events.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "witness-unreachable",
            Self::OtherCertificate => "witness-other-certificate",
            Self::TimedOut => "witness-timed-out",
            Self::Refused { .. } => "witness-refused",
        }
    }
}

impl core::fmt::Display for NoAnswer {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unreachable(why) => write!(formatter, "unreachable: {why}"),
            Self::OtherCertificate => {
                formatter.write_str("its address shows another certificate than the pinned one")
            }
            Self::TimedOut => write!(formatter, "no answer within {} s", DEADLINE.as_secs()),
            Self::Refused { status, text } => write!(formatter, "refused with {status}: {text}"),
        }
    }
}

impl WitnessClient {
    pub(crate) fn new(settings: &WitnessSettings) -> Result<Self, ServerError> {
        let wrong = |observed: &str, expected: &str| ServerError::Setting {
            name: "witness",
            observed: observed.to_owned(),
            expected: expected.to_owned(),
        };
        let key = VerifierKey::parse(&settings.verifier_key)
            .map_err(|error| wrong(&settings.verifier_key, &format!("a verifier key ({error})")))?;
        if key.signature_type() != SignatureType::Cosignature {
            return Err(wrong(
                &settings.verifier_key,
                "a verifier key of type cosignature/v1",
            ));
        }
        const EXPECTED: &str = "an address such as https://witness.example:9443/";
        let uri: http::Uri = settings
            .url
            .parse()
            .map_err(|_| wrong(&settings.url, EXPECTED))?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("https"));
        let host = host.ok_or_else(|| wrong(&settings.url, EXPECTED))?;
        let path = format!("{}/{ADD_CHECKPOINT_PATH}", uri.path().trim_end_matches('/'));
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let tls = pinned(settings.certificate_sha256)
            .map_err(|error| wrong(&settings.url, &format!("TLS 1.3 ({error})")))?;
        Ok(Self {
            key,
            host,
            port: uri.port_u16().unwrap_or(443),
            path,
            tls,
        })
    }

    /// Sends one checkpoint and reads the answer.
    pub(crate) async fn ask(&self, request: &AddCheckpoint) -> Result<Answer, NoAnswer> {
        tokio::time::timeout(DEADLINE, self.exchange(request.encode()))
            .await
            .map_err(|_| NoAnswer::TimedOut)?
    }

    async fn exchange(&self, body: String) -> Result<Answer, NoAnswer> {
        let unreachable = |error: &dyn core::fmt::Display| NoAnswer::Unreachable(error.to_string());
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(|error| unreachable(&error))?;
        stream
            .set_nodelay(true)
            .map_err(|error| unreachable(&error))?;
        let name = ServerName::try_from(self.host.clone()).map_err(|error| unreachable(&error))?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| {
            let pinned = error
                .get_ref()
                .and_then(|inner| inner.downcast_ref::<rustls::Error>());
            match pinned {
                Some(rustls::Error::InvalidCertificate(_)) => NoAnswer::OtherCertificate,
                _ => unreachable(&error),
            }
        })?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| unreachable(&error))?;
        let running = tokio::spawn(connection);
        let request = http::Request::post(&self.path)
            .header(http::header::HOST, format!("{}:{}", self.host, self.port))
            .header(http::header::CONTENT_TYPE, "text/plain; charset=utf-8")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| unreachable(&error))?;
        let answer = sender
            .send_request(request)
            .await
            .map_err(|error| unreachable(&error));
        let answer = match answer {
            Ok(answer) => read(answer).await,
            Err(error) => Err(error),
        };
        running.abort();
        answer
    }
}

async fn read(answer: http::Response<hyper::body::Incoming>) -> Result<Answer, NoAnswer> {
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_LIMIT)
        .collect()
        .await
        .map_err(|error| NoAnswer::Unreachable(error.to_string()))?
        .to_bytes();
    let text = String::from_utf8_lossy(&body).into_owned();
    if status == http::StatusCode::OK {
        return Ok(Answer::Cosigned(text));
    }
    if status == http::StatusCode::CONFLICT
        && let Some(size) = parse_stored_size(&text)
    {
        return Ok(Answer::OtherSize(size));
    }
    let text = text.chars().take(200).collect::<String>().trim().to_owned();
    Err(NoAnswer::Refused {
        status: status.as_u16(),
        text,
    })
}

fn pinned(sha256: [u8; 32]) -> Result<TlsConnector, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Pinned {
        sha256,
        provider: provider.clone(),
    };
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Accepts exactly one certificate, whoever signed it.
#[derive(Debug)]
struct Pinned {
    sha256: [u8; 32],
    provider: Arc<rustls::crypto::CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found: [u8; 32] = Sha256::digest(end_entity).into();
        if found == self.sha256 {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(
                rustls::CertificateError::ApplicationVerificationFailure,
            ))
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(rustls::Error::General("TLS 1.2 is not spoken".into()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
