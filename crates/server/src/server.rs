//! The server as a whole: wired, run and closed; what gateways and the binary call.

mod open;
mod parts;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use jiff::Timestamp;
use sekimori_audit::{Code, Containment, Event};
use sekimori_identity::{DeviceId, DeviceRecord, SpkiHash, Standing};
use sekimori_policy::{FlowKind, Policy};
use sekimori_session::{Accepted, SessionSeed, StoredResult};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::budget::{Budgets, Prefix};
use crate::ca::{CertificateAuthority, TlsMaterial};
use crate::documents::intact::Intact;
use crate::error::{ServerError, StoreError};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::log::{EventLog, Live};
use crate::metrics::{Gauges, Metrics};
use crate::ports::{Edge, LiveSession, Reports};
use crate::settings::Settings;
use crate::store::messages::StoredMessage;
use crate::store::{Store, Writer};

/// How often what is due from time to time is looked at.
const ROUND: core::time::Duration = core::time::Duration::from_secs(1);

/// The control plane over one home folder. Cheap to clone; all clones are the same server.
#[derive(Clone)]
pub struct Server {
    inner: Arc<Inner>,
}

struct Inner {
    home: Home,
    settings: Settings,
    started: Timestamp,
    store: Store,
    writer: Writer,
    log: EventLog,
    ledger: Ledger,
    authority: CertificateAuthority,
    bundle: Vec<u8>,
    fingerprint: String,
    policy: RwLock<Option<Arc<Policy>>>,
    edge: OnceLock<Arc<dyn Edge>>,
    reports: OnceLock<Arc<dyn Reports>>,
    addresses: RwLock<Addresses>,
    enrolling: tokio::sync::Mutex<()>,
    applying: tokio::sync::Mutex<()>,
    public_budgets: Budgets<Prefix>,
    name_budgets: Budgets<String>,
    device_budgets: Budgets<String>,
    metrics: Arc<Metrics>,
    contained_since: Mutex<HashMap<DeviceId, Timestamp>>,
    /// Devices whose standing an operator took away, while the ledger is still being written.
    barred: RwLock<HashMap<DeviceId, Standing>>,
    /// What each device was last offered.
    offered: Mutex<HashMap<DeviceId, String>>,
    /// Attached files that were read and found whole.
    intact: Intact,
    tasks: TaskTracker,
    cancel: CancellationToken,
    /// Ends the event log, which ends before the ledger that anchors it.
    log_cancel: CancellationToken,
    log_done: CancellationToken,
}

/// Where the listeners are, as others reach them.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Addresses {
    /// Without a path, such as `https://127.0.0.1:8443`.
    pub https: String,
    /// Such as `127.0.0.1:8883`.
    pub mqtt: String,
}

impl Server {
    /// Tells where the listeners are, as others reach them: `https` without a path, such as
    /// `https://127.0.0.1:8443`, and `mqtt` as `127.0.0.1:8883`.
    pub fn listening(&self, https: &str, mqtt: &str) {
        let addresses = Addresses {
            https: https.to_owned(),
            mqtt: mqtt.to_owned(),
        };
        *self
            .inner
            .addresses
            .write()
            .unwrap_or_else(PoisonError::into_inner) = addresses;
    }

    /// Where the listeners are; empty before [`Server::listening`].
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        self.inner
            .addresses
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Wires the gateways in, once. Before this, commands answer that the device is not connected.
    pub fn attach(&self, edge: Arc<dyn Edge>) {
        if let Some(policy) = self.policy() {
            edge.policy_applied(policy);
        }
        if self.inner.edge.set(edge).is_err() {
            tracing::warn!("gateways were wired in twice; the first stay");
        }
    }

    /// Wires in who renders reports of evidence, once. Before this, nothing can be proven on paper.
    pub fn attach_reports(&self, reports: Arc<dyn Reports>) {
        if self.inner.reports.set(reports).is_err() {
            tracing::warn!("reports were wired in twice; the first stay");
        }
    }

    /// Public, device and operator resources. A request carries `HttpsPeer` from the gateway, or
    /// [`crate::LocalOperator`] from the control socket, as an extension.
    pub fn router(&self) -> axum::Router {
        crate::api::router(self)
    }

    /// Does what is due from time to time until it is cancelled, then writes what waits and
    /// closes the store.
    ///
    /// # Errors
    ///
    /// None yet; the type leaves room for a server that cannot go on.
    pub async fn run(&self, cancel: CancellationToken) -> Result<(), ServerError> {
        let mut round = tokio::time::interval(ROUND);
        round.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut rounds = crate::rounds::Rounds::new(self);
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                _ = round.tick() => rounds.next(self).await,
            }
        }
        self.close().await;
        Ok(())
    }

    /// Writes what waits, anchors the last event and closes the store. The home is free when the
    /// last clone is dropped.
    pub async fn close(&self) {
        self.record(Event::new(self.now(), Code::ServerStopped).with_source("server"));
        self.inner.log_cancel.cancel();
        self.inner.log_done.cancelled().await;
        self.anchor_the_end().await;
        self.inner.cancel.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        self.keep_newest(None).await;
        self.inner.store.close().await;
    }

    /// Certificate, key and client roots for the listeners.
    ///
    /// # Errors
    ///
    /// When the home cannot be read or written.
    pub fn tls_material(&self) -> Result<TlsMaterial, ServerError> {
        let inner = &self.inner;
        inner
            .authority
            .server_material(&inner.home, &inner.settings.server_names, self.now())
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> Option<Arc<Policy>> {
        self.inner
            .policy
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Fingerprint of the trust bundle: what `--root` of the join line is compared with.
    #[must_use]
    pub fn root_fingerprint(&self) -> String {
        self.inner.fingerprint.clone()
    }

    /// The trust bundle that devices pin.
    #[must_use]
    pub fn trust_bundle(&self) -> &[u8] {
        &self.inner.bundle
    }

    /// Whether records need a cosignature of another organization; otherwise the ledger is to be
    /// shown as one administrator's.
    #[must_use]
    pub fn witnessed(&self) -> bool {
        self.inner.ledger.trust().threshold > 0
    }

    /// Gateway port `Directory`: the device whose key has this hash.
    #[must_use]
    pub fn lookup(&self, spki: &SpkiHash) -> Option<DeviceRecord> {
        let record = self.inner.ledger.registry().by_spki(spki).cloned();
        record.map(|record| self.with_bar(record))
    }

    /// Gateway port `Directory`: the device with this id.
    #[must_use]
    pub fn by_id(&self, device: &DeviceId) -> Option<DeviceRecord> {
        let record = self.inner.ledger.registry().by_id(device).cloned();
        record.map(|record| self.with_bar(record))
    }

    /// Gateway port `Uplink`: what a new session has to know of those before it.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub async fn begin(&self, device: DeviceId) -> Result<SessionSeed, StoreError> {
        let now = self.now();
        let replay = self.inner.store.replay_window(&device.0).await?;
        let idle = self
            .inner
            .store
            .flows_of(&device.0)
            .await?
            .into_iter()
            .map(|(flow, last)| {
                let idle = core::time::Duration::try_from(now.duration_since(last));
                (flow, idle.unwrap_or_default())
            })
            .collect();
        Ok(SessionSeed { replay, idle })
    }

    /// Gateway port `Uplink`: keeps one message; answers when it is durable.
    ///
    /// # Errors
    ///
    /// When the disk does not take it; then it must not be acknowledged.
    pub async fn store(&self, message: Accepted) -> Result<StoredResult, StoreError> {
        let shown = message.clone();
        let result = self.inner.writer.message(message).await;
        if let Err(error) = &result
            && error.is_about_a_row()
        {
            // The device will send it again; nobody but an operator can end that.
            self.record(
                Event::new(self.now(), Code::AlertRaised)
                    .with_device(shown.name.to_string())
                    .with_source("server")
                    .with_reason("unstorable")
                    .with_detail("flow", shown.flow.as_str())
                    .with_detail("observed", error.to_string()),
            );
        }
        let result = result?;
        if result == StoredResult::Stored {
            if shown.kind == FlowKind::Platform {
                crate::report::take(self, &shown).await;
            }
            self.inner.log.show(|| StoredMessage {
                id: 0,
                device: shown.name.to_string(),
                flow: shown.flow,
                boot: shown.boot,
                sequence: shown.sequence,
                device_time: shown.device_time,
                received: shown.received,
                payload: shown.payload,
            });
        }
        Ok(result)
    }

    /// Gateway port `Events`: records one event. Never blocks; what does not fit is counted.
    pub fn record(&self, event: Event) {
        if event.code == Code::TlsMutual {
            self.notice_key(&event);
        }
        self.inner.log.record(event);
    }

    /// Gateway port `Events`: adds to a counter.
    pub fn count(&self, code: &'static str, device: &str, n: u64) {
        self.inner.log.count(code, device, n);
        if code == Code::MessagePermitted.as_str() {
            self.notice_voice(device);
        }
    }

    /// Whatever is recorded or kept from now on.
    #[must_use]
    pub fn watch(&self) -> broadcast::Receiver<Live> {
        self.inner.log.watch()
    }

    /// All counters and gauges in the text format of Prometheus.
    #[must_use]
    pub fn metrics(&self) -> String {
        let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        self.inner.metrics.encode(Gauges {
            devices: count(self.inner.ledger.registry().len()),
            sessions: count(self.sessions().len()),
            ledger_size: self.inner.ledger.published().size,
        })
    }

    /// Everyone who is connected now.
    #[must_use]
    pub fn sessions(&self) -> Vec<LiveSession> {
        self.inner
            .edge
            .get()
            .map(|edge| edge.sessions())
            .unwrap_or_default()
    }

    /// The queries behind the API, for pages that show the same.
    #[must_use]
    pub fn reading(&self) -> &Store {
        &self.inner.store
    }

    fn follow_orders(&self, mut orders: mpsc::UnboundedReceiver<Containment>) {
        let server = self.clone();
        let cancel = self.inner.cancel.clone();
        self.inner.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = cancel.cancelled() => return,
                    order = orders.recv() => match order {
                        Some(order) => server.carry_out(order).await,
                        None => return,
                    },
                }
            }
        });
    }

    fn notice_key(&self, event: &Event) {
        let key = event
            .detail
            .get("key")
            .and_then(|key| key.parse::<SpkiHash>().ok());
        let Some(key) = key else { return };
        let server = self.clone();
        let next = self
            .inner
            .ledger
            .registry()
            .key(&key)
            .filter(|key| key.key_use == sekimori_identity::registry::KeyUse::Next);
        if let Some(next) = next {
            self.inner.tasks.spawn(async move {
                if let Err(problem) = server.key_used(&next.device, &key).await {
                    tracing::warn!(?problem, "the use of a new key was not recorded yet");
                }
            });
        }
    }
}
