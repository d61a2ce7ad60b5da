//! Both ends against each other, and against bytes that nobody should send.

mod hostile;
mod talk;
mod timing;

use super::*;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::time::Duration;

const VERSIONS: [Version; 2] = [Version::V3_1_1, Version::V5];

fn at(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A length that is known to fit one byte.
fn byte(length: usize) -> u8 {
    u8::try_from(length).unwrap()
}

fn options(version: Version) -> ConnectOptions {
    ConnectOptions {
        version,
        client_id: "dev-0001".to_string(),
        keep_alive_seconds: NonZeroU16::new(30).unwrap(),
    }
}

fn events(server: &mut ServerConnection) -> Vec<ServerEvent> {
    core::iter::from_fn(|| server.event()).collect()
}

/// A connection that was accepted, from both ends.
fn open(version: Version, limits: Limits) -> (ClientConnection, ServerConnection) {
    let mut client = ClientConnection::new(at(0), &options(version), ClientLimits::default());
    let mut server = ServerConnection::new(at(0), limits);
    server.receive(at(0), &client.transmit().unwrap());
    let connect = events(&mut server);
    assert!(
        matches!(connect.as_slice(), [ServerEvent::Connect(_)]),
        "{connect:?}"
    );
    server.accept(at(0), "dev-0001");
    let mut answers = Vec::new();
    client.receive(at(0), &server.transmit().unwrap(), &mut answers);
    assert!(
        matches!(answers.as_slice(), [ClientEvent::Connected { .. }]),
        "{answers:?}"
    );
    (client, server)
}

/// An accepted connection without the client's machine, for bytes that no client of ours would send.
fn opened(version: Version, limits: Limits) -> ServerConnection {
    let (_, mut server) = open(version, limits);
    assert_eq!(server.transmit(), None);
    server
}

fn message(topic: &str, payload: &[u8]) -> Message {
    Message::new(String::from(topic), payload.to_vec())
}
