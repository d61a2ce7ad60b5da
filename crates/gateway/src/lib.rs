//! Sockets, TLS and timers around the session core.
//!
//! A [`Gateway`] listens for MQTT over TLS 1.3 and for HTTPS, decides at the
//! door who may come in, and keeps one registry of everyone who is inside, so
//! that a revocation acts on every listener at once.
//!
//! Standards: TLS 1.3 (RFC 8446), X.509 (RFC 5280), HTTP/1.1 (RFC 9112),
//! ALPN (RFC 7301, protocol names `http/1.1` and `mqtt`).
//!
//! This crate refuses to know: what a device may say (`policy`, through
//! `session`), where a message is kept ([`Uplink`]), who a device is beyond
//! what [`Directory`] answers, and how events are stored ([`Events`]).
//!
//! Three rules hold for every connection:
//! - Budgets come before cryptography: a source prefix, the number of
//!   connections and the number of unfinished handshakes are checked first.
//! - The operator reads the exact cause of a refusal in one event; the wire
//!   says only that it was refused.
//! - Standing is looked up again after each handshake and on each change of
//!   standing, resumed or not; a ticket is never a permission.

mod admission;
mod body;
mod clock;
mod door;
mod error;
mod gateway;
mod guard;
mod housekeeping;
mod https;
mod leftovers;
mod listener;
mod mqtt;
mod outbox;
mod peer;
mod ports;
mod registry;
mod report;
mod settings;
mod stall;
mod tls;
mod visitors;

pub use error::{GatewayError, UplinkError};
pub use gateway::{Acknowledgement, Addresses, Closed, Gateway};
pub use ports::{BoxFuture, Directory, Events, Ports, Uplink};
pub use registry::{ListenerKind, LiveSession};
pub use sekimori_session::CommandFailure;
pub use settings::{Limits, Settings};
pub use tls::{Cause, TlsMaterial};
