//! What the gateway asks of the world above it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use sekimori_audit::Event;
use sekimori_identity::{DeviceId, DeviceRecord, SpkiHash};
use sekimori_session::{Accepted, SessionSeed, StoredResult};

use crate::error::UplinkError;

/// A future that owns everything it needs.
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Who a device is and what holds for it now.
///
/// Asked in the middle of a handshake: an implementation answers from memory.
pub trait Directory: Send + Sync {
    /// The device whose key has this SHA-256 over its SubjectPublicKeyInfo.
    fn lookup(&self, spki: &SpkiHash) -> Option<DeviceRecord>;

    /// The device with this id.
    fn by_id(&self, id: &DeviceId) -> Option<DeviceRecord>;
}

/// Where accepted messages go.
pub trait Uplink: Send + Sync {
    /// What a new session of `device` has to know of the sessions before it.
    fn begin(&self, device: DeviceId) -> BoxFuture<Result<SessionSeed, UplinkError>>;

    /// Keeps one message; resolves when it is durable.
    fn store(&self, message: Accepted) -> BoxFuture<Result<StoredResult, UplinkError>>;
}

/// Where events and counters go. Never blocks.
pub trait Events: Send + Sync {
    /// Records one event; its sequence number is assigned by the chain.
    fn record(&self, event: Event);

    /// Adds `n` to the counter `code` of `device` (or of `"gateway"`).
    fn count(&self, code: &'static str, device: &str, n: u64);
}

/// All three ports together.
#[derive(Clone)]
pub struct Ports {
    /// Who a device is.
    pub directory: Arc<dyn Directory>,
    /// Where messages go.
    pub uplink: Arc<dyn Uplink>,
    /// Where events go.
    pub events: Arc<dyn Events>,
}
