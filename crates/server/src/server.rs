//! The server as a whole: opened, wired, run and closed.

use std::path::Path;
use std::sync::Arc;

use sekimori_audit::Event;
use sekimori_identity::{DeviceId, DeviceRecord, SpkiHash};
use sekimori_policy::Policy;
use sekimori_session::{Accepted, SessionSeed, StoredResult};
use tokio_util::sync::CancellationToken;

use crate::ca::TlsMaterial;
use crate::error::{ServerError, StoreError};
use crate::ports::Edge;
use crate::settings::Settings;

/// Marks a request that came over the control socket, whose peer was checked to be the owner.
#[derive(Clone, Copy, Debug)]
pub struct LocalOperator;

/// The control plane over one home folder. Cheap to clone; all clones are the same server.
#[derive(Clone)]
pub struct Server {}

impl Server {
    /// Opens the home, makes keys, database and ledger when they are missing, and starts the
    /// tasks that write.
    pub async fn open(home: &Path, settings: Settings) -> Result<Self, ServerError> {
        todo!()
    }

    /// Tells where the listeners are, as others reach them: `https` without a path, such as
    /// `https://127.0.0.1:8443`, and `mqtt` as `127.0.0.1:8883`.
    pub fn listening(&self, https: &str, mqtt: &str) {
        todo!()
    }

    /// Wires the gateways in. Before this, commands answer that the device is not connected.
    pub fn attach(&self, edge: Arc<dyn Edge>) {
        todo!()
    }

    /// Public, device and operator resources. A request carries `HttpsPeer` from the gateway, or
    /// [`LocalOperator`] from the control socket, as an extension.
    pub fn router(&self) -> axum::Router {
        todo!()
    }

    /// Does what is due from time to time until it is cancelled, then writes what waits and
    /// closes the store.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), ServerError> {
        todo!()
    }

    /// Certificate, key and client roots for the listeners.
    pub fn tls_material(&self) -> Result<TlsMaterial, ServerError> {
        todo!()
    }

    /// The policy in force.
    pub fn policy(&self) -> Option<Arc<Policy>> {
        todo!()
    }

    /// Fingerprint of the trust bundle: what `--root` of the join line is compared with.
    pub fn root_fingerprint(&self) -> String {
        todo!()
    }

    /// Whether records need a cosignature of another organization.
    pub fn witnessed(&self) -> bool {
        todo!()
    }

    /// A one-time link that gives a browser an operator's session.
    pub async fn console_link(&self) -> Result<String, StoreError> {
        todo!()
    }

    /// Gateway port `Directory`: the device whose key has this hash.
    pub fn lookup(&self, spki: &SpkiHash) -> Option<DeviceRecord> {
        todo!()
    }

    /// Gateway port `Directory`: the device with this id.
    pub fn by_id(&self, device: &DeviceId) -> Option<DeviceRecord> {
        todo!()
    }

    /// Gateway port `Uplink`: what a new session has to know of those before it.
    pub async fn begin(&self, device: DeviceId) -> Result<SessionSeed, StoreError> {
        todo!()
    }

    /// Gateway port `Uplink`: keeps one message; answers when it is durable.
    pub async fn store(&self, message: Accepted) -> Result<StoredResult, StoreError> {
        todo!()
    }

    /// Gateway port `Events`: records one event. Never blocks; what does not fit is counted.
    pub fn record(&self, event: Event) {
        todo!()
    }

    /// Gateway port `Events`: adds to a counter.
    pub fn count(&self, code: &'static str, device: &str, n: u64) {
        todo!()
    }

    /// All counters and gauges in the text format of Prometheus.
    pub fn metrics(&self) -> String {
        todo!()
    }
}
