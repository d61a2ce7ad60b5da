//! What the gateway itself has to say: one event for each thing that happened.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use sekimori_audit::{Code, Event, Severity};
use sekimori_identity::DeviceRecord;
use sekimori_session::ClientIdentity;

use crate::admission::Shed;
use crate::clock::Clock;
use crate::door::Handshake;
use crate::ports::Events;
use crate::registry::ListenerKind;
use crate::tls::{Cause, Refusal, printable};

/// Writes events.
pub(crate) struct Report {
    events: Arc<dyn Events>,
    clock: Clock,
}

/// The gateway itself, where a counter needs a name.
const GATEWAY: &str = "gateway";

impl Report {
    pub(crate) fn new(events: Arc<dyn Events>, clock: Clock) -> Self {
        Self { events, clock }
    }

    /// Hands on an event that a session made, with the source that it lacks.
    pub(crate) fn of_session(&self, event: Event, peer: SocketAddr) {
        let event = event.with_detail("listener", ListenerKind::Mqtt.name());
        self.events
            .record(event.with_source(crate::door::source(peer)));
    }

    /// Adds to a counter.
    pub(crate) fn count(&self, code: &'static str, device: &str) {
        self.events.count(code, device, 1);
    }

    /// A handshake in which both sides proved who they are.
    pub(crate) fn mutual(
        &self,
        kind: ListenerKind,
        peer: SocketAddr,
        identity: &ClientIdentity,
        handshake: &Handshake,
    ) {
        let event = self
            .about(Code::TlsMutual, kind, peer)
            .with_device(identity.record.name.as_str())
            .with_detail("key", identity.spki.to_string())
            .with_detail("version", "TLS 1.3")
            .with_detail("key_exchange", &handshake.key_exchange)
            .with_detail("cipher_suite", &handshake.cipher_suite)
            .with_detail("resumed", handshake.resumed.to_string())
            .with_detail("expired", identity.expired.to_string());
        self.record(event);
    }

    /// A peer that was turned away at the door.
    pub(crate) fn refused(&self, kind: ListenerKind, peer: SocketAddr, refusal: &Refusal) {
        let mut event = self
            .about(Code::TlsRefused, kind, peer)
            .with_reason(refusal.cause.code())
            .with_detail("observed", &refusal.observed);
        event.device.clone_from(&refusal.device);
        self.record(event);
    }

    /// A live session that ended because of its device's standing.
    pub(crate) fn revoked(
        &self,
        kind: ListenerKind,
        peer: SocketAddr,
        record: &DeviceRecord,
        cause: Cause,
    ) {
        let event = self
            .about(Code::SessionRevoked, kind, peer)
            .with_device(record.name.as_str())
            .with_reason(cause.code());
        self.record(event);
    }

    /// Bytes that break a protocol, after the handshake.
    pub(crate) fn violation(
        &self,
        kind: ListenerKind,
        peer: SocketAddr,
        device: Option<&DeviceRecord>,
        observed: &str,
    ) {
        let mut event = self
            .about(Code::ProtocolViolation, kind, peer)
            .with_reason("malformed")
            .with_detail("observed", printable(observed, 200));
        event.device = device.map(|record| record.name.to_string());
        self.record(event);
    }

    /// A bug of ours that ended one connection.
    pub(crate) fn panicked(&self, kind: ListenerKind, peer: SocketAddr, words: &str) {
        tracing::error!(listener = kind.name(), %peer, words, "a connection's task panicked");
        let event = self
            .about(Code::ProtocolViolation, kind, peer)
            .with_severity(Severity::Critical)
            .with_reason("panic")
            .with_detail("observed", printable(words, 200));
        self.record(event);
    }

    /// Connections that were shed before any cryptography.
    pub(crate) fn shed(&self, shed: &Shed) {
        let mut event = Event::new(self.clock.wall(), Code::BudgetExceeded)
            .with_source(shed.prefix.to_string())
            .with_reason(shed.spent.code());
        event.count = shed.count;
        self.record(event);
    }

    /// The system gave no socket.
    pub(crate) fn accept_failed(&self, kind: ListenerKind, error: &io::Error) {
        tracing::error!(listener = kind.name(), %error, "accept failed");
        let event = Event::new(self.clock.wall(), Code::BudgetExceeded)
            .with_severity(Severity::Error)
            .with_source("server")
            .with_reason("accept-failed")
            .with_detail("listener", kind.name())
            .with_detail("observed", error.to_string());
        self.record(event);
    }

    /// A device that was let in, but whose session could not begin.
    pub(crate) fn not_begun(&self, peer: SocketAddr, identity: &ClientIdentity, why: &str) {
        let event = self
            .about(Code::SessionClosed, ListenerKind::Mqtt, peer)
            .with_severity(Severity::Error)
            .with_device(identity.record.name.as_str())
            .with_reason("uplink-failed")
            .with_detail("observed", why);
        self.record(event);
    }

    /// The uplink failed; what it was asked is not acknowledged.
    pub(crate) fn uplink_failed(&self, device: &str, why: &str) {
        tracing::error!(device, why, "the uplink failed");
        self.events.count("uplink.failed", device, 1);
    }

    /// Records an event and counts what it stands for.
    fn record(&self, event: Event) {
        let event = event.bounded();
        let device = event.device.as_deref().unwrap_or(GATEWAY);
        self.events
            .count(event.code.as_str(), device, u64::from(event.count));
        self.events.record(event);
    }

    fn about(&self, code: Code, kind: ListenerKind, peer: SocketAddr) -> Event {
        Event::new(self.clock.wall(), code)
            .with_source(crate::door::source(peer))
            .with_detail("listener", kind.name())
    }
}
