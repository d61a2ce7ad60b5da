//! Directory, uplink and events in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use sekimori_audit::{Code, Event};
use sekimori_gateway::{BoxFuture, Directory, Events, Uplink, UplinkError};
use sekimori_identity::{DeviceId, DeviceName, DeviceRecord, Number, RoleId, SpkiHash, Standing};
use sekimori_policy::Policy;
use sekimori_session::{Accepted, SessionSeed, StoredResult};
use tokio::sync::{Semaphore, watch};

use super::authority::Identity;
use super::soon;

/// Everything around a gateway.
pub(crate) struct World {
    devices: Mutex<HashMap<SpkiHash, DeviceRecord>>,
    events: Mutex<Vec<Event>>,
    counts: Mutex<BTreeMap<String, u64>>,
    happened: watch::Sender<usize>,
    /// Messages that are durable.
    pub(crate) stored: Arc<Mutex<Vec<Accepted>>>,
    /// Permits to store; unlimited until [`World::hold`].
    gate: Arc<Semaphore>,
    /// How many stores wait at once, now and at most.
    waiting: Arc<(AtomicUsize, AtomicUsize)>,
    /// What the next question for a device by its id is answered with: read before a change.
    pub(crate) stale: Mutex<Option<DeviceRecord>>,
    /// Whether the next store panics.
    pub(crate) trap: AtomicBool,
}

impl Default for World {
    fn default() -> Self {
        Self {
            devices: Mutex::default(),
            events: Mutex::default(),
            counts: Mutex::default(),
            happened: watch::Sender::new(0),
            stored: Default::default(),
            gate: Arc::new(Semaphore::new(1_000_000)),
            waiting: Default::default(),
            stale: Mutex::default(),
            trap: AtomicBool::new(false),
        }
    }
}

/// A policy under which a `sensor` publishes `temperature` and takes `setpoint`.
pub(crate) fn policy(version: u64) -> Policy {
    let clause = |flow: &str| {
        serde_json::json!({
            "flow": flow, "requirement": [], "schema": null, "range": {}, "rate": null,
            "max_bytes": 65536, "sequence": "none",
        })
    };
    let policy = serde_json::json!({
        "version": version, "model_id": "test",
        "roles": [{"id": "sensor", "publish": [clause("temperature")], "subscribe": [clause("setpoint")]}],
    });
    Policy::parse(policy.to_string().as_bytes()).expect("the test's policy is a policy")
}

pub(crate) fn id(identity: &Identity) -> DeviceId {
    DeviceId::of_first_key(&identity.spki)
}

impl World {
    pub(crate) fn register(&self, name: &str, identity: &Identity) {
        let mut devices = self.devices.lock().unwrap();
        let number = Number(u64::try_from(devices.len()).unwrap() + 1);
        let record = DeviceRecord {
            id: id(identity),
            number,
            name: DeviceName::parse(name).unwrap(),
            role: RoleId::parse("sensor").unwrap(),
            standing: Standing::Active,
            contained: false,
        };
        devices.insert(identity.spki, record);
    }

    /// Changes what the directory says, without telling the gateway.
    pub(crate) fn change(&self, identity: &Identity, change: impl FnOnce(&mut DeviceRecord)) {
        change(
            self.devices
                .lock()
                .unwrap()
                .get_mut(&identity.spki)
                .unwrap(),
        );
    }

    pub(crate) fn forget(&self, identity: &Identity) {
        self.devices.lock().unwrap().remove(&identity.spki);
    }

    /// Lets nothing be stored until [`World::release`].
    pub(crate) fn hold(&self) {
        self.gate.forget_permits(usize::MAX >> 4);
    }

    pub(crate) fn release(&self, count: usize) {
        self.gate.add_permits(count);
    }

    pub(crate) fn most_waiting(&self) -> usize {
        self.waiting.1.load(Ordering::SeqCst)
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap().clone()
    }

    pub(crate) fn count_of(&self, code: &str) -> u64 {
        self.counts.lock().unwrap().get(code).copied().unwrap_or(0)
    }

    /// Waits for the first event with this code and reason.
    pub(crate) async fn event(&self, code: Code, reason: &str) -> Event {
        self.find(|event| event.code == code && event.reason.as_deref() == Some(reason))
            .await
    }

    /// Waits for the first event that `matches`.
    pub(crate) async fn find(&self, matches: impl Fn(&Event) -> bool) -> Event {
        let mut happened = self.happened.subscribe();
        let found = tokio::time::timeout(super::PATIENCE, async {
            loop {
                if let Some(event) = self.events().into_iter().find(&matches) {
                    return event;
                }
                happened.changed().await.unwrap();
            }
        });
        match found.await {
            Ok(event) => event,
            Err(_) => panic!("no such event; there were {:#?}", self.summary()),
        }
    }

    /// All events in short.
    pub(crate) fn summary(&self) -> Vec<String> {
        let events = self.events();
        let line = |event: &Event| {
            format!(
                "{} {:?} {:?} {:?}",
                event.code, event.reason, event.device, event.detail
            )
        };
        events.iter().map(line).collect()
    }

    /// Waits until `count` messages wait to be stored.
    pub(crate) async fn waiting(&self, count: usize) {
        let mut happened = self.happened.subscribe();
        soon(async {
            while self.waiting.0.load(Ordering::SeqCst) < count {
                happened.changed().await.unwrap();
            }
        })
        .await;
    }

    /// Waits until `count` messages are durable.
    pub(crate) async fn stored(&self, count: usize) {
        let mut happened = self.happened.subscribe();
        soon(async {
            while self.stored.lock().unwrap().len() < count {
                happened.changed().await.unwrap();
            }
        })
        .await;
    }
}

impl Directory for World {
    fn lookup(&self, spki: &SpkiHash) -> Option<DeviceRecord> {
        self.devices.lock().unwrap().get(spki).cloned()
    }

    fn by_id(&self, id: &DeviceId) -> Option<DeviceRecord> {
        if let Some(stale) = self.stale.lock().unwrap().take() {
            return Some(stale);
        }
        self.devices
            .lock()
            .unwrap()
            .values()
            .find(|record| record.id == *id)
            .cloned()
    }
}

impl Uplink for World {
    fn begin(&self, _device: DeviceId) -> BoxFuture<Result<SessionSeed, UplinkError>> {
        Box::pin(async { Ok(SessionSeed::default()) })
    }

    fn store(&self, message: Accepted) -> BoxFuture<Result<StoredResult, UplinkError>> {
        let trapped = self.trap.swap(false, Ordering::SeqCst);
        let gate = self.gate.clone();
        let waiting = self.waiting.clone();
        let stored = self.stored.clone();
        let happened = self.happened.clone();
        Box::pin(async move {
            assert!(!trapped, "a trap in the uplink");
            let now = waiting.0.fetch_add(1, Ordering::SeqCst) + 1;
            waiting.1.fetch_max(now, Ordering::SeqCst);
            happened.send_modify(|count| *count += 1);
            gate.acquire()
                .await
                .expect("the gate is never closed")
                .forget();
            waiting.0.fetch_sub(1, Ordering::SeqCst);
            stored.lock().unwrap().push(message);
            happened.send_modify(|count| *count += 1);
            Ok(StoredResult::Stored)
        })
    }
}

impl Events for World {
    fn record(&self, event: Event) {
        self.events.lock().unwrap().push(event);
        self.happened.send_modify(|count| *count += 1);
    }

    fn count(&self, code: &'static str, _device: &str, n: u64) {
        *self
            .counts
            .lock()
            .unwrap()
            .entry(code.to_owned())
            .or_default() += n;
    }
}
