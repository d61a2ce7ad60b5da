//! A client that does what it should not: the demo's own hands on the gateway's doors.
//!
//! It speaks MQTT with the protocol core and TLS with rustls, but has no device brain, so that it
//! can replay, shout, and show wrong papers.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sekimori_identity::TrustBundle;
use sekimori_proto::mqtt::{
    ClientConnection, ClientEvent, ClientLimits, ConnectOptions, Envelope, FilterRequest, Message,
    PublishResult, Qos, SubscribeResult, Version,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::steps::Broken;
use crate::clock;

/// How long the gateway may take for one answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a client shows of itself.
pub(super) enum Papers<'a> {
    /// The certificate and key of a device's home.
    Of(&'a Path),
    /// A certificate that nobody here signed.
    Stranger,
    /// No certificate.
    Nothing,
}

/// A TLS configuration that shows these papers and trusts the server of `trust_home`.
pub(super) fn client_config(
    papers: &Papers<'_>,
    trust_home: &Path,
) -> Result<Arc<ClientConfig>, Broken> {
    let broken = |error: &dyn std::fmt::Display| Broken::new(error.to_string());
    let bundle = std::fs::read(trust_home.join("trust.cbor"))?;
    let bundle = TrustBundle::decode(&bundle).map_err(|error| broken(&error))?;
    let mut roots = RootCertStore::empty();
    for root in bundle.ca_roots {
        roots
            .add(CertificateDer::from(root))
            .map_err(|error| broken(&error))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| broken(&error))?
        .with_root_certificates(roots);
    let mut config = match papers {
        Papers::Nothing => builder.with_no_client_auth(),
        Papers::Of(home) => {
            let (chain, key) = device_papers(home)?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| broken(&error))?
        }
        Papers::Stranger => {
            let key = KeyPair::generate().map_err(|error| broken(&error))?;
            let certificate = CertificateParams::new(vec!["stranger".to_owned()])
                .and_then(|parameters| parameters.self_signed(&key))
                .map_err(|error| broken(&error))?;
            let key =
                PrivateKeyDer::try_from(key.serialize_der()).map_err(|error| broken(&error))?;
            builder
                .with_client_auth_cert(vec![certificate.der().clone()], key)
                .map_err(|error| broken(&error))?
        }
    };
    config.resumption = Resumption::in_memory_sessions(8);
    Ok(Arc::new(config))
}

/// The newest credential of a device's home.
fn device_papers(
    home: &Path,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), Broken> {
    for slot in ["2", "1"] {
        let certificate = home.join("keys").join(format!("{slot}.crt"));
        let key = home.join("keys").join(format!("{slot}.pem"));
        if !certificate.exists() || !key.exists() {
            continue;
        }
        let chain = CertificateDer::pem_file_iter(&certificate)
            .and_then(Iterator::collect)
            .map_err(|error| Broken::new(error.to_string()))?;
        let key =
            PrivateKeyDer::from_pem_file(&key).map_err(|error| Broken::new(error.to_string()))?;
        return Ok((chain, key));
    }
    Err(Broken::new(format!("no credential in {}", home.display())))
}

/// One connection of the client.
pub(super) struct Probe {
    stream: TlsStream<TcpStream>,
    mqtt: ClientConnection,
    begun: Instant,
    events: Vec<ClientEvent>,
}

impl Probe {
    /// Connects with TLS and MQTT 5.
    pub(super) async fn connect(
        address: &str,
        config: &Arc<ClientConfig>,
        name: &str,
    ) -> Result<Self, Broken> {
        let stream = handshake(address, config).await?;
        let begun = clock::monotonic();
        let options = ConnectOptions {
            version: Version::V5,
            client_id: name.to_owned(),
            keep_alive_seconds: 60.try_into().expect("60 is not zero"),
        };
        let mqtt = ClientConnection::new(Duration::ZERO, &options, ClientLimits::default());
        let mut probe = Probe {
            stream,
            mqtt,
            begun,
            events: Vec::new(),
        };
        let accepted = probe.next(|event| match event {
            ClientEvent::Connected { .. } => Some(Ok(())),
            ClientEvent::Refused { code } => Some(Err(*code)),
            _ => None,
        });
        match accepted.await? {
            Ok(()) => Ok(probe),
            Err(code) => Err(Broken::new(format!("CONNACK {code:#04x}"))),
        }
    }

    /// Whether this connection resumed an earlier one.
    pub(super) fn resumed(&self) -> bool {
        let (_, tls) = self.stream.get_ref();
        tls.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }

    /// Publishes with QoS 1 and returns what the gateway answered.
    pub(super) async fn publish(
        &mut self,
        topic: &str,
        payload: &str,
        order: Option<(u64, u64)>,
    ) -> Result<PublishResult, Broken> {
        let message = Message {
            topic: topic.to_owned(),
            payload: payload.as_bytes().to_vec(),
            qos: Qos::AtLeastOnce,
            duplicate: false,
            retain: false,
            envelope: order.map(|(boot, sequence)| Envelope {
                boot,
                sequence,
                time: None,
            }),
            correlation: None,
        };
        let sent = self.mqtt.publish(self.begun.elapsed(), &message);
        let id = sent
            .map_err(|error| Broken::new(format!("{error:?}")))?
            .ok_or_else(|| Broken::new("a QoS 1 message got no packet id"))?;
        self.next(|event| match event {
            ClientEvent::Published { packet_id, result } if *packet_id == id => Some(*result),
            _ => None,
        })
        .await
    }

    /// Subscribes to one filter and returns what the gateway answered.
    pub(super) async fn subscribe(&mut self, filter: &str) -> Result<SubscribeResult, Broken> {
        let request = FilterRequest {
            filter: filter.to_owned(),
            qos: Qos::AtLeastOnce,
        };
        let id = self
            .mqtt
            .subscribe(self.begun.elapsed(), &[request])
            .map_err(|error| Broken::new(format!("{error:?}")))?;
        self.next(|event| match event {
            ClientEvent::Subscribed { packet_id, results } if *packet_id == id => {
                results.first().copied()
            }
            _ => None,
        })
        .await
    }

    /// Waits until the gateway closes the connection.
    pub(super) async fn closed(&mut self) -> Result<(), Broken> {
        let mut buffer = [0u8; 4096];
        let closed =
            async { while !matches!(self.stream.read(&mut buffer).await, Ok(0) | Err(_)) {} };
        tokio::time::timeout(PATIENCE, closed)
            .await
            .map_err(|_| Broken::new("the connection stayed open"))
    }

    async fn next<T>(&mut self, wanted: impl Fn(&ClientEvent) -> Option<T>) -> Result<T, Broken> {
        let answer = self.exchange(wanted);
        tokio::time::timeout(PATIENCE, answer)
            .await
            .map_err(|_| Broken::new("the gateway did not answer"))?
    }

    async fn exchange<T>(
        &mut self,
        wanted: impl Fn(&ClientEvent) -> Option<T>,
    ) -> Result<T, Broken> {
        let mut buffer = [0u8; 4096];
        loop {
            while let Some(bytes) = self.mqtt.transmit() {
                self.stream.write_all(&bytes).await?;
            }
            if let Some(answer) = self.events.iter().find_map(&wanted) {
                self.events.clear();
                return Ok(answer);
            }
            let read = self
                .stream
                .read(&mut buffer)
                .await
                .map_err(|error| tls_broken(&error))?;
            if read == 0 {
                return Err(Broken::new("the gateway closed the connection"));
            }
            let bytes = buffer.get(..read).unwrap_or_default();
            self.mqtt
                .receive(self.begun.elapsed(), bytes, &mut self.events);
        }
    }
}

/// A TLS connection, or why the gateway refused it.
///
/// In TLS 1.3 a client is done before the server has looked at its certificate, so a refusal comes
/// with the first read.
pub(super) async fn handshake(
    address: &str,
    config: &Arc<ClientConfig>,
) -> Result<TlsStream<TcpStream>, Broken> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let name =
        ServerName::try_from(host.to_owned()).map_err(|error| Broken::new(error.to_string()))?;
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let connector = TlsConnector::from(Arc::clone(config));
    tokio::time::timeout(PATIENCE, connector.connect(name, stream))
        .await
        .map_err(|_| Broken::new("the handshake did not end"))?
        .map_err(|error| tls_broken(&error))
}

/// What a refused client sees: one terse alert.
pub(super) async fn refused_handshake(
    address: &str,
    config: &Arc<ClientConfig>,
) -> Result<String, Broken> {
    match Probe::connect(address, config, "probe").await {
        Ok(_) => Err(Broken::new("the gateway let it in")),
        Err(why) => Ok(why.to_string()),
    }
}

/// Offers TLS 1.2 at most, and returns the alert's description (RFC 8446 section 6).
pub(super) async fn offer_tls12(address: &str) -> Result<u8, Broken> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&tls12_hello()).await?;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    read.map_err(|_| Broken::new("the gateway did not answer"))?
        .ok();
    match answer.as_slice() {
        // Alert, any record version, two bytes, fatal.
        [0x15, _, _, 0x00, 0x02, 0x02, description] => Ok(*description),
        other => Err(Broken::new(format!("expected an alert, got {other:02x?}"))),
    }
}

/// A ClientHello as a client of 2015 would send it: no `supported_versions` (RFC 5246 section
/// 7.4.1.2), one cipher suite, one group, one signature scheme.
fn tls12_hello() -> Vec<u8> {
    let mut body = vec![0x03, 0x03];
    body.extend([0x5a; 32]);
    body.push(0x00);
    body.extend([0x00, 0x02, 0xc0, 0x2b]);
    body.extend([0x01, 0x00]);
    let extensions: [u8; 22] = [
        0x00, 0x0a, 0x00, 0x04, 0x00, 0x02, 0x00, 0x17, // groups: secp256r1
        0x00, 0x0b, 0x00, 0x02, 0x01, 0x00, // point formats: uncompressed
        0x00, 0x0d, 0x00, 0x04, 0x00, 0x02, 0x04, 0x03, // ECDSA with P-256 and SHA-256
    ];
    body.extend([0x00, 22]);
    body.extend(extensions);
    let length = u8::try_from(body.len()).expect("a short message");
    let mut record = vec![0x16, 0x03, 0x01, 0x00, length + 4, 0x01, 0x00, 0x00, length];
    record.extend(body);
    record
}

fn tls_broken(error: &std::io::Error) -> Broken {
    Broken::new(error.to_string())
}
