//! Devices that only talk: QoS 1 messages as fast as the server takes them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sekimori_identity::TrustBundle;
use sekimori_proto::mqtt::{
    ClientConnection, ClientEvent, ClientLimits, ConnectOptions, Envelope, Message, PublishResult,
    Qos, Version,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::process::now;

/// One connected device.
pub(crate) struct Talker {
    name: String,
    stream: TlsStream<TcpStream>,
    mqtt: ClientConnection,
    begun: std::time::Instant,
    sequence: u64,
}

impl Talker {
    /// Connects with the credential in a device's home.
    pub(crate) async fn connect(address: &str, name: &str, home: &Path) -> Result<Self, String> {
        let text = |error: &dyn std::fmt::Display| format!("{name}: {error}");
        let config = config(home).map_err(|error| text(&error))?;
        let host = address
            .rsplit_once(':')
            .map_or(address, |(host, _)| host)
            .to_owned();
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| text(&error))?;
        stream.set_nodelay(true).map_err(|error| text(&error))?;
        let host = ServerName::try_from(host).map_err(|error| text(&error))?;
        let stream = TlsConnector::from(config)
            .connect(host, stream)
            .await
            .map_err(|error| text(&error))?;
        let options = ConnectOptions {
            version: Version::V5,
            client_id: name.to_owned(),
            keep_alive_seconds: 600.try_into().expect("600 is not zero"),
        };
        let limits = ClientLimits::default();
        let mut talker = Talker {
            name: name.to_owned(),
            stream,
            mqtt: ClientConnection::new(Duration::ZERO, &options, limits),
            begun: now(),
            sequence: 0,
        };
        let mut events = Vec::new();
        while events.is_empty() {
            talker.exchange(&mut events).await?;
        }
        match events.first() {
            Some(ClientEvent::Connected { .. }) => Ok(talker),
            other => Err(format!("{name}: {other:?}")),
        }
    }

    /// Sends `count` messages of `payload` and waits until each is acknowledged as kept.
    pub(crate) async fn talk(
        &mut self,
        flow: &str,
        payload: &[u8],
        count: u64,
    ) -> Result<(), String> {
        let mut message = Message {
            topic: format!("sk/{}/{flow}", self.name),
            payload: payload.to_vec(),
            qos: Qos::AtLeastOnce,
            duplicate: false,
            retain: false,
            envelope: None,
            correlation: None,
        };
        let (mut sent, mut kept) = (0, 0);
        let mut events = Vec::new();
        while kept < count {
            while sent < count {
                message.envelope = Some(Envelope {
                    boot: 1,
                    sequence: self.sequence + 1,
                    time: None,
                });
                if self.mqtt.publish(self.begun.elapsed(), &message).is_err() {
                    break;
                }
                self.sequence += 1;
                sent += 1;
            }
            self.exchange(&mut events).await?;
            for event in events.drain(..) {
                match event {
                    ClientEvent::Published {
                        result: PublishResult::Accepted,
                        ..
                    } => kept += 1,
                    other => return Err(format!("{}: {other:?}", self.name)),
                }
            }
        }
        Ok(())
    }

    /// Waits until the server closes the connection.
    pub(crate) async fn closed(&mut self) {
        let mut buffer = [0u8; 1024];
        while !matches!(self.stream.read(&mut buffer).await, Ok(0) | Err(_)) {}
    }

    async fn exchange(&mut self, events: &mut Vec<ClientEvent>) -> Result<(), String> {
        while let Some(bytes) = self.mqtt.transmit() {
            self.stream
                .write_all(&bytes)
                .await
                .map_err(|error| error.to_string())?;
        }
        let mut buffer = [0u8; 16 * 1024];
        let read = self
            .stream
            .read(&mut buffer)
            .await
            .map_err(|error| error.to_string())?;
        if read == 0 {
            return Err(format!("{}: the server closed the connection", self.name));
        }
        let bytes = buffer.get(..read).unwrap_or_default();
        self.mqtt.receive(self.begun.elapsed(), bytes, events);
        Ok(())
    }
}

fn config(home: &Path) -> Result<Arc<ClientConfig>, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let bundle = std::fs::read(home.join("trust.cbor")).map_err(|error| text(&error))?;
    let bundle = TrustBundle::decode(&bundle).map_err(|error| text(&error))?;
    let mut roots = RootCertStore::empty();
    for root in bundle.ca_roots {
        roots
            .add(CertificateDer::from(root))
            .map_err(|error| text(&error))?;
    }
    let slot = ["2", "1"]
        .into_iter()
        .find(|slot| home.join("keys").join(format!("{slot}.crt")).exists())
        .ok_or("the device has no certificate")?;
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(home.join("keys").join(format!("{slot}.crt")))
            .and_then(Iterator::collect)
            .map_err(|error| text(&error))?;
    let key = PrivateKeyDer::from_pem_file(home.join("keys").join(format!("{slot}.pem")))
        .map_err(|error| text(&error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| text(&error))?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key)
        .map_err(|error| text(&error))?;
    Ok(Arc::new(config))
}
