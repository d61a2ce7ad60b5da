//! The server as a whole: opened, wired, run and closed.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use jiff::Timestamp;
use sekimori_audit::{Code, Containment, Event};
use sekimori_identity::entry::EntryBody;
use sekimori_identity::{DeviceId, DeviceRecord, OrganizationId, SpkiHash, Standing, TrustBundle};
use sekimori_ledger::envelope::{Ed25519Signer, Signer as _};
use sekimori_ledger::note::NoteSigner;
use sekimori_policy::{FlowKind, Policy};
use sekimori_session::{Accepted, SessionSeed, StoredResult};
use sha2::{Digest as _, Sha256};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::budget::{Budgets, Prefix};
use crate::ca::{CertificateAuthority, TlsMaterial};
use crate::error::{ServerError, StoreError};
use crate::home::{Home, database};
use crate::keys;
use crate::ledger::{Keys, Ledger, News};
use crate::log::{EventLog, Live};
use crate::metrics::{Gauges, Metrics};
use crate::ports::{Edge, LiveSession};
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
    tasks: TaskTracker,
    cancel: CancellationToken,
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
    /// Opens the home, makes keys, database and ledger when they are missing, and starts the
    /// tasks that write.
    ///
    /// # Errors
    ///
    /// [`ServerError`] with its cause and what to do about it.
    pub async fn open(home: &Path, settings: Settings) -> Result<Self, ServerError> {
        let home = Home::open(home)?;
        let started = settings.clock.now();
        let organization = OrganizationId::parse(&settings.organization).map_err(|error| {
            ServerError::Setting {
                name: "organization",
                observed: settings.organization.clone(),
                expected: format!("1 to 63 of a-z 0-9 - . ({error})"),
            }
        })?;
        let authority = CertificateAuthority::open(&home, organization.as_str(), started)?;
        let ledger_keys = ledger_keys(&home, organization)?;
        let store = Store::open(&database(home.path())).await?;
        let tasks = TaskTracker::new();
        let cancel = CancellationToken::new();
        // Writers outlive everything that writes, so that the last events are kept.
        let metrics = Arc::new(Metrics::new());
        let head = store.chain_head().await?;
        let reports = metrics.clone();
        let (writer, write) =
            Writer::new(store.clone(), head, move |report| reports.writer(&report));
        let writing = CancellationToken::new();
        let (log, mut log_task, orders) = EventLog::open(
            store.clone(),
            writer.clone(),
            settings.clock.clone(),
            metrics.clone(),
        )
        .await?;
        let news_log = log.clone();
        let news_clock = settings.clock.clone();
        let ledger = Ledger::open(
            store.clone(),
            &settings,
            ledger_keys,
            &tasks,
            &cancel,
            move |news| news_log.record(news_event(news, news_clock.now())),
        )
        .await?;
        let mut contained_since = HashMap::new();
        for contained in store.contained().await? {
            let device = DeviceId(contained.device);
            contained_since.insert(device, contained.since);
            if let Some(record) = ledger.registry().by_id(&device) {
                log_task.resume(record.name.as_str());
            }
        }
        // From here on, an error would leave tasks behind; what can fail is done first.
        let opened = begin(&store, &ledger, &authority).await;
        let (bundle, policy) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                cancel.cancel();
                return Err(error);
            }
        };
        let fingerprint = sekimori_identity::Fingerprint::of(&bundle).to_string();
        tasks.spawn(run_log(log_task, write, cancel.clone(), writing));
        let inner = Inner {
            public_budgets: Budgets::new(settings.public_requests_per_minute),
            name_budgets: Budgets::new(settings.enrollments_per_minute),
            device_budgets: Budgets::new(settings.device_requests_per_minute),
            home,
            settings,
            started,
            store,
            writer,
            log,
            ledger,
            authority,
            bundle,
            fingerprint,
            policy: RwLock::new(policy),
            edge: OnceLock::new(),
            addresses: RwLock::default(),
            enrolling: tokio::sync::Mutex::new(()),
            applying: tokio::sync::Mutex::new(()),
            metrics,
            contained_since: Mutex::new(contained_since),
            barred: RwLock::default(),
            offered: Mutex::default(),
            tasks,
            cancel,
        };
        let server = Self {
            inner: Arc::new(inner),
        };
        server.follow_orders(orders);
        server.record(Event::new(started, Code::ServerStarted).with_source("server"));
        Ok(server)
    }

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

    /// Writes what waits and closes the store. The home is free when the last clone is dropped.
    pub async fn close(&self) {
        self.record(Event::new(self.now(), Code::ServerStopped).with_source("server"));
        self.inner.cancel.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
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
        let result = self.inner.writer.message(message).await?;
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

    pub(crate) fn store_of(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    pub(crate) fn authority(&self) -> &CertificateAuthority {
        &self.inner.authority
    }

    /// The key that opens the organization's entries.
    pub(crate) fn ledger_key(&self) -> sekimori_ledger::envelope::PublicKey {
        self.inner.ledger.author().public_key()
    }

    /// Puts on record that the event chain was verified, and how it went.
    pub(crate) fn record_verification(&self, report: &crate::offline::EventsReport) {
        let mut event = Event::new(self.now(), Code::AuditVerified)
            .with_source("server")
            .with_detail("events", report.events.to_string())
            .with_detail("anchors", report.anchors.to_string());
        if let Some(broken) = &report.broken {
            event = event
                .with_reason("broken")
                .with_detail("observed", broken.clone());
        }
        self.record(event);
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn home(&self) -> &Path {
        self.inner.home.path()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.settings.clock.now()
    }

    pub(crate) fn started(&self) -> Timestamp {
        self.inner.started
    }

    pub(crate) fn edge(&self) -> Option<&Arc<dyn Edge>> {
        self.inner.edge.get()
    }

    pub(crate) fn enrolling(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.enrolling
    }

    pub(crate) fn applying(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.applying
    }

    pub(crate) fn set_policy(&self, policy: Arc<Policy>) {
        let mut current = self
            .inner
            .policy
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = Some(policy.clone());
        drop(current);
        if let Some(edge) = self.edge() {
            edge.policy_applied(policy);
        }
    }

    pub(crate) fn https_url(&self) -> String {
        self.addresses().https
    }

    pub(crate) fn public_budgets(&self) -> &Budgets<Prefix> {
        &self.inner.public_budgets
    }

    pub(crate) fn name_budgets(&self) -> &Budgets<String> {
        &self.inner.name_budgets
    }

    pub(crate) fn device_budgets(&self) -> &Budgets<String> {
        &self.inner.device_budgets
    }

    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.inner.cancel
    }

    pub(crate) fn store_failing(&self) -> bool {
        self.inner.metrics.store_failing()
    }

    /// Tells the gateways that something about a device changed; returns how many sessions ended.
    pub(crate) fn device_changed(&self, device: &DeviceId) -> usize {
        self.edge().map_or(0, |edge| edge.device_changed(device))
    }

    /// Takes a device's standing away in memory, before the ledger has it; nothing gives it back
    /// to the ledger's word.
    pub(crate) fn bar(&self, device: &DeviceId, standing: Option<Standing>) {
        let mut barred = self
            .inner
            .barred
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match standing {
            Some(standing) => barred.insert(*device, standing),
            None => barred.remove(device),
        };
    }

    fn with_bar(&self, mut record: DeviceRecord) -> DeviceRecord {
        let barred = self
            .inner
            .barred
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(standing) = barred.get(&record.id) {
            record.standing = *standing;
        }
        record
    }

    /// Whether this version was not the last thing that the device was offered.
    pub(crate) fn first_offer(&self, device: &DeviceId, version: &str) -> bool {
        let mut offered = self
            .inner
            .offered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        offered.insert(*device, version.to_owned()).as_deref() != Some(version)
    }

    pub(crate) fn contained_since(&self) -> &Mutex<HashMap<DeviceId, Timestamp>> {
        &self.inner.contained_since
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

/// The log ends first, then the writer that it needs.
async fn run_log(
    log: crate::log::LogTask,
    write: impl FnOnce(CancellationToken) -> futures_util::future::BoxFuture<'static, ()>,
    cancel: CancellationToken,
    writing: CancellationToken,
) {
    let writer = write(writing.clone());
    let log = async {
        log.run(cancel).await;
        writing.cancel();
    };
    futures_util::future::join(writer, log).await;
}

fn ledger_keys(home: &Home, organization: OrganizationId) -> Result<Keys, ServerError> {
    let author = keys::load_or_make_seed(&home.key("organization.pem"))?;
    let log = keys::load_or_make_seed(&home.key("ledger.pem"))?;
    let origin = format!("{organization}/ledger");
    let log = NoteSigner::from_seed(&origin, &log).map_err(|error| ServerError::Setting {
        name: "organization",
        observed: organization.to_string(),
        expected: format!("a name that can stand in a checkpoint ({error})"),
    })?;
    Ok(Keys {
        organization,
        author: Ed25519Signer::from_seed(&author),
        log,
    })
}

/// Writes the first entries, or what changed since; returns bundle and policy.
async fn begin(
    store: &Store,
    ledger: &Ledger,
    authority: &CertificateAuthority,
) -> Result<(Vec<u8>, Option<Arc<Policy>>), ServerError> {
    let recorded = |error: crate::ledger::AppendError| match error {
        crate::ledger::AppendError::Store(error) => ServerError::Store(error),
        crate::ledger::AppendError::Conflict(conflict) => ServerError::Damaged {
            what: "the ledger".into(),
            why: conflict.to_string(),
        },
    };
    if store.ledger_size().await? == 0 {
        let joined = EntryBody::OrganizationJoined {
            organization: ledger.organization().clone(),
            authority: ledger.author().public_key(),
        };
        ledger
            .append(vec![joined, issuer(authority)?])
            .await
            .map_err(recorded)?;
    }
    let bundle = bundle(store, ledger, authority).await?;
    let policy = match store.newest_policy().await? {
        Some(kept) => {
            let policy =
                Policy::open(&kept.sealed, &ledger.author().public_key()).map_err(|error| {
                    ServerError::Damaged {
                        what: format!("policy version {}", kept.version),
                        why: format!("{error:?}"),
                    }
                })?;
            Some(Arc::new(policy))
        }
        None => None,
    };
    Ok((bundle, policy))
}

fn issuer(authority: &CertificateAuthority) -> Result<EntryBody, ServerError> {
    let root = authority.root();
    let (_, parsed) =
        x509_parser::parse_x509_certificate(root).map_err(|error| ServerError::Damaged {
            what: "the CA's certificate".into(),
            why: error.to_string(),
        })?;
    Ok(EntryBody::Issuer {
        certificate_sha256: Sha256::digest(root).into(),
        spki: SpkiHash::of_der(parsed.public_key().raw),
    })
}

/// The trust bundle; its version rises when something in it changed.
async fn bundle(
    store: &Store,
    ledger: &Ledger,
    authority: &CertificateAuthority,
) -> Result<Vec<u8>, ServerError> {
    const NAME: &str = "trust-bundle";
    let kept = store.setting(NAME).await?;
    let before = kept
        .as_deref()
        .and_then(|bytes| TrustBundle::decode(bytes).ok());
    let mut bundle = TrustBundle {
        organization: ledger.organization().clone(),
        version: before.as_ref().map_or(1, |before| before.version),
        authority: ledger.author().public_key(),
        ca_roots: vec![authority.root().to_vec()],
        ledger: ledger.trust().clone(),
    };
    bundle.check().map_err(|error| ServerError::Setting {
        name: "witnesses",
        observed: error.to_string(),
        expected: "what fits into a trust bundle".into(),
    })?;
    if let Some(before) = before
        && before != bundle
    {
        bundle.version = before.version.saturating_add(1);
        tracing::warn!(
            version = bundle.version,
            "the trust bundle changed; new devices need its new fingerprint"
        );
    }
    let bytes = bundle.encode();
    if kept.as_deref() != Some(&*bytes) {
        store.set(NAME, bytes.clone()).await?;
    }
    Ok(bytes)
}

fn news_event(news: News, now: Timestamp) -> Event {
    match news {
        News::Cosigned { witnesses, size } => Event::new(now, Code::LedgerCosigned)
            .with_source("server")
            .with_detail("witnesses", witnesses)
            .with_detail("size", size.to_string()),
        News::Lagging {
            witness,
            size,
            code,
            why,
        } => Event::new(now, Code::LedgerLagging)
            .with_source(witness)
            .with_reason(code)
            .with_detail("size", size.to_string())
            .with_detail("observed", why),
        News::Rewound {
            witness,
            size,
            seen,
        } => Event::new(now, Code::LedgerLagging)
            .with_source(witness)
            .with_reason("older-than-witness")
            .with_severity(sekimori_audit::Severity::Alert)
            .with_detail("size", size.to_string())
            .with_detail("witness_size", seen.to_string()),
    }
}
