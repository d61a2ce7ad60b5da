//! A client that writes MQTT 5 by hand, so that it may also write it wrongly.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::soon;

pub(crate) const CONNACK: u8 = 0x20;
pub(crate) const PUBLISH: u8 = 0x30;
pub(crate) const PUBACK: u8 = 0x40;
pub(crate) const SUBACK: u8 = 0x90;
pub(crate) const PINGRESP: u8 = 0xd0;
pub(crate) const DISCONNECT: u8 = 0xe0;

/// One packet: the type with its flags, and what follows the length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) first: u8,
    pub(crate) body: Vec<u8>,
}

impl Packet {
    pub(crate) fn kind(&self) -> u8 {
        self.first & 0xf0
    }
}

/// One connection.
pub(crate) struct Client {
    pub(crate) stream: TlsStream<TcpStream>,
    input: Vec<u8>,
}

/// A TLS connection to `address`, with the handshake as far as the client sees it.
pub(crate) async fn tls(
    address: SocketAddr,
    config: Arc<ClientConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let tcp = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    soon(TlsConnector::from(config).connect(name, tcp)).await
}

impl Client {
    pub(crate) async fn tls(address: SocketAddr, config: Arc<ClientConfig>) -> io::Result<Self> {
        Ok(Self::from_stream(tls(address, config).await?))
    }

    pub(crate) fn from_stream(stream: TlsStream<TcpStream>) -> Self {
        Self {
            stream,
            input: Vec::new(),
        }
    }

    pub(crate) fn resumed(&self) -> bool {
        self.stream.get_ref().1.handshake_kind() == Some(rustls::HandshakeKind::Resumed)
    }

    pub(crate) async fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        self.stream.write_all(octets).await?;
        self.stream.flush().await
    }

    /// The next packet; nothing at the end of the connection, however it ended.
    pub(crate) async fn packet(&mut self) -> Option<Packet> {
        soon(async {
            loop {
                if let Some(packet) = self.take() {
                    return Some(packet);
                }
                let mut octets = [0; 4096];
                match self.stream.read(&mut octets).await {
                    Ok(0) | Err(_) => return None,
                    Ok(count) => self.input.extend_from_slice(&octets[..count]),
                }
            }
        })
        .await
    }

    fn take(&mut self) -> Option<Packet> {
        let (mut length, mut at) = (0, 1);
        loop {
            let octet = *self.input.get(at)?;
            length |= usize::from(octet & 0x7f) << (7 * (at - 1));
            at += 1;
            if octet & 0x80 == 0 {
                break;
            }
        }
        let body = self.input.get(at..at + length)?.to_vec();
        let first = self.input[0];
        self.input.drain(..at + length);
        Some(Packet { first, body })
    }

    /// The next packet, which has to be of this kind.
    pub(crate) async fn expect(&mut self, kind: u8) -> Packet {
        let packet = self.packet().await.expect("the connection is still open");
        assert_eq!(packet.kind(), kind, "{packet:?}");
        packet
    }

    /// Reads until the connection ends; whether a DISCONNECT came before.
    pub(crate) async fn end(&mut self) -> Option<Packet> {
        let mut last = None;
        while let Some(packet) = self.packet().await {
            last = (packet.kind() == DISCONNECT).then_some(packet);
        }
        last
    }

    /// CONNECT and a good CONNACK.
    pub(crate) async fn hello(&mut self, name: &str) {
        self.send(&connect(name)).await.unwrap();
        let answer = self.expect(CONNACK).await;
        assert_eq!(answer.body[1], 0, "CONNACK {answer:?}");
    }

    pub(crate) async fn publish(&mut self, packet_id: u16, topic: &str, payload: &[u8]) {
        self.send(&publish(packet_id, topic, payload))
            .await
            .unwrap();
    }

    /// The next PUBACK: packet id and reason code.
    pub(crate) async fn receipt(&mut self) -> (u16, u8) {
        let packet = self.expect(PUBACK).await;
        let id = u16::from_be_bytes([packet.body[0], packet.body[1]]);
        (id, packet.body.get(2).copied().unwrap_or(0))
    }

    pub(crate) async fn subscribe(&mut self, filter: &str) -> u8 {
        let mut body = vec![0, 1, 0];
        text(&mut body, filter);
        body.push(1);
        self.send(&framed(0x82, &body)).await.unwrap();
        *self.expect(SUBACK).await.body.last().unwrap()
    }

    /// Asks for a sign of life and waits for it.
    pub(crate) async fn ping(&mut self) {
        self.send(&[0xc0, 0]).await.unwrap();
        self.expect(PINGRESP).await;
    }
}

pub(crate) fn connect(name: &str) -> Vec<u8> {
    let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 5, 0b10, 0, 60, 0];
    text(&mut body, name);
    framed(0x10, &body)
}

/// QoS 1, or QoS 0 when the packet id is 0.
pub(crate) fn publish(packet_id: u16, topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, topic);
    if packet_id > 0 {
        body.extend_from_slice(&packet_id.to_be_bytes());
    }
    body.push(0);
    body.extend_from_slice(payload);
    framed(if packet_id > 0 { 0x32 } else { 0x30 }, &body)
}

pub(crate) fn text(body: &mut Vec<u8>, text: &str) {
    body.extend_from_slice(&u16::try_from(text.len()).unwrap().to_be_bytes());
    body.extend_from_slice(text.as_bytes());
}

pub(crate) fn framed(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut length = body.len();
    loop {
        let octet = u8::try_from(length & 0x7f).unwrap();
        length >>= 7;
        packet.push(if length > 0 { octet | 0x80 } else { octet });
        if length == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    packet
}
