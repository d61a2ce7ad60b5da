//! The event log: detectors, folding, the chain, cases, and whoever watches live.
//!
//! Recording never blocks. What does not fit in the queue is counted by code and reported as one
//! event. When the disk does not take events they wait here, bounded, and are written when it does;
//! detectors and containment go on meanwhile.

use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use sekimori_audit::case::Cases;
use sekimori_audit::detect::{Detection, Detectors, Thresholds};
use sekimori_audit::fold::{Folder, SHED};
use sekimori_audit::{Code, Containment, Event};
use sekimori_policy::Policy;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Stopwatch};
use crate::conduct;
use crate::error::StoreError;
use crate::metrics::Metrics;
use crate::store::events::StoredObservation;
use crate::store::messages::StoredMessage;
use crate::store::{Store, Writer};

/// How many events may wait to be looked at.
const QUEUE: usize = 8192;

/// How many events may wait for the disk.
const PENDING: usize = 8192;

/// How often counters are written down and quiet cases closed.
const TICK: Duration = Duration::from_secs(1);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How many pairs of counter and device wait to be written down.
const COUNTS: usize = 65_536;

/// How far a live watcher may fall behind before it misses something, which it is told.
const LIVE: usize = 1024;

/// Something that just happened, for whoever watches.
#[derive(Clone, Debug)]
pub enum Live {
    /// An event was recorded.
    Event(Arc<Event>),
    /// A message was kept.
    Message(Arc<StoredMessage>),
}

/// The way into the event log. Cheap to clone.
#[derive(Clone)]
pub(crate) struct EventLog {
    shared: Arc<Shared>,
}

struct Shared {
    queue: mpsc::Sender<Event>,
    settle: mpsc::Sender<oneshot::Sender<()>>,
    live: broadcast::Sender<Live>,
    shed: Mutex<BTreeMap<Code, u64>>,
    /// What detectors go by, and whether that changed since they were told.
    thresholds: Mutex<(Thresholds, bool)>,
    /// The policy that the thresholds are of, for alerts to say which requirement they serve.
    policy: Mutex<Option<Arc<Policy>>>,
    /// Devices that were heard since the last tick, with the longest silence that is allowed to each.
    heard: Mutex<HashMap<String, Duration>>,
    counts: Mutex<HashMap<(Code, String), u64>>,
    metrics: Arc<Metrics>,
    clock: Clock,
}

/// What the log's task works on.
pub(crate) struct LogTask {
    log: EventLog,
    events: mpsc::Receiver<Event>,
    settle: mpsc::Receiver<oneshot::Sender<()>>,
    store: Store,
    writer: Writer,
    orders: mpsc::UnboundedSender<Containment>,
    folder: Folder,
    detectors: Detectors,
    cases: Cases,
    started: Stopwatch,
    pending: Vec<Event>,
    retry_at: Option<Duration>,
    pause: Duration,
}

impl EventLog {
    /// The log of a store, the task that has to run, and the containments that detectors order.
    pub(crate) async fn open(
        store: Store,
        writer: Writer,
        clock: Clock,
        metrics: Arc<Metrics>,
    ) -> Result<(Self, LogTask, mpsc::UnboundedReceiver<Containment>), StoreError> {
        let (queue, events) = mpsc::channel(QUEUE);
        let (ask, settle) = mpsc::channel(1);
        let (orders, ordered) = mpsc::unbounded_channel();
        let log = Self {
            shared: Arc::new(Shared {
                queue,
                settle: ask,
                live: broadcast::Sender::new(LIVE),
                shed: Mutex::default(),
                thresholds: Mutex::default(),
                policy: Mutex::default(),
                heard: Mutex::default(),
                counts: Mutex::default(),
                metrics,
                clock,
            }),
        };
        let mut cases = Cases::new();
        for case in store.open_cases().await? {
            cases.resume(case);
        }
        let task = LogTask {
            log: log.clone(),
            events,
            settle,
            store,
            writer,
            orders,
            folder: Folder::default(),
            detectors: Detectors::default(),
            cases,
            started: Stopwatch::start(),
            pending: Vec::new(),
            retry_at: None,
            pause: FIRST_PAUSE,
        };
        Ok((log, task, ordered))
    }

    /// Records one event. Never blocks; what does not fit is counted.
    pub(crate) fn record(&self, event: Event) {
        self.shared.metrics.event(event.code, event.count);
        if let Err(refused) = self.shared.queue.try_send(event) {
            let event = refused.into_inner();
            let mut shed = lock(&self.shared.shed);
            let count = shed.entry(event.code).or_default();
            *count = count.saturating_add(event.count.into());
        }
    }

    /// Waits until everything that happened before is in the record, folded events included.
    ///
    /// Whoever judges by the record would otherwise judge by how it was up to a minute ago.
    pub(crate) async fn settle(&self) {
        let (reply, settled) = oneshot::channel();
        if self.shared.settle.send(reply).await.is_ok() {
            // A log that ends meanwhile has written everything.
            let _ = settled.await;
        }
    }

    /// Adds to a counter. Codes of events become observations; every code becomes a metric.
    pub(crate) fn count(&self, code: &'static str, device: &str, n: u64) {
        self.shared.metrics.count(code, n);
        let Some(code) = Code::parse(code).filter(|code| *code == Code::MessagePermitted) else {
            return;
        };
        let mut counts = lock(&self.shared.counts);
        if let Some(count) = counts.get_mut(&(code, device.to_owned())) {
            *count = count.saturating_add(n);
        } else if counts.len() < COUNTS {
            counts.insert((code, device.to_owned()), n);
        } else {
            self.shared.metrics.count("counts-shed", n);
        }
    }

    /// Detectors go by the thresholds of this policy from the next event on. Devices that were heard before are
    /// forgotten: whether they are too quiet is judged from their next message on.
    pub(crate) fn go_by(&self, policy: &Arc<Policy>) {
        *lock(&self.shared.policy) = Some(Arc::clone(policy));
        *lock(&self.shared.thresholds) = (conduct::thresholds(policy), true);
        lock(&self.shared.heard).clear();
    }

    /// A device said something, and has to say something again within `longest`.
    pub(crate) fn heard(&self, device: &str, longest: Duration) {
        let mut heard = lock(&self.shared.heard);
        if let Some(known) = heard.get_mut(device) {
            *known = longest;
        } else if heard.len() < COUNTS {
            heard.insert(device.to_owned(), longest);
        }
    }

    /// Whatever is recorded from now on.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Live> {
        self.shared.live.subscribe()
    }

    /// Shows a kept message to whoever watches.
    pub(crate) fn show(&self, message: impl FnOnce() -> StoredMessage) {
        if self.shared.live.receiver_count() > 0 {
            drop(self.shared.live.send(Live::Message(Arc::new(message()))));
        }
    }
}

impl LogTask {
    /// Takes up a containment from before a restart.
    pub(crate) fn resume(&mut self, device: &str) {
        self.detectors.resume(device);
    }

    /// Runs until it is cancelled, then writes what waits.
    pub(crate) async fn run(mut self, cancel: CancellationToken) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut batch = Vec::new();
        loop {
            let wake = self.wake_after();
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                received = self.events.recv_many(&mut batch, 256) => {
                    if received == 0 {
                        break;
                    }
                    for event in batch.drain(..) {
                        self.take(event);
                    }
                }
                Some(reply) = self.settle.recv() => {
                    while let Ok(event) = self.events.try_recv() {
                        self.take(event);
                    }
                    self.folder.flush();
                    self.write().await;
                    self.write_counts().await;
                    // Whoever asked may be gone.
                    let _ = reply.send(());
                }
                _ = tick.tick() => self.tick().await,
                () = tokio::time::sleep(wake) => {}
            }
            self.write().await;
        }
        self.events.close();
        while let Ok(event) = self.events.try_recv() {
            self.take(event);
        }
        self.folder.flush();
        self.tick().await;
        self.retry_at = None;
        self.write().await;
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn wake_after(&self) -> Duration {
        let at = match (self.folder.wake_at(), self.retry_at) {
            (Some(fold), Some(retry)) => fold.min(retry),
            (Some(at), None) | (None, Some(at)) => at,
            (None, None) => return TICK,
        };
        at.saturating_sub(self.now())
    }

    /// Shows one event to the detectors, then folds it.
    fn take(&mut self, event: Event) {
        let now = self.now();
        self.adapt();
        self.detectors.handle(now, &event);
        self.folder.handle(now, event);
        self.act(now);
    }

    /// Takes over other thresholds.
    fn adapt(&mut self) {
        let mut shared = lock(&self.log.shared.thresholds);
        if core::mem::take(&mut shared.1) {
            self.detectors.set(shared.0);
            self.detectors.expect_nothing();
        }
    }

    /// Looks at what did not happen.
    fn listen(&mut self) {
        self.adapt();
        let now = self.now();
        let heard = core::mem::take(&mut *lock(&self.log.shared.heard));
        for (device, longest) in heard {
            self.detectors.heard(now, &device, longest);
        }
        self.detectors.tick(now);
        self.act(now);
    }

    fn act(&mut self, now: Duration) {
        while let Some(detection) = self.detectors.poll() {
            match detection {
                Detection::Containment(containment) => drop(self.orders.send(containment)),
                Detection::Alert(alert) => {
                    let event = alert.to_event(self.log.shared.clock.now());
                    let policy = lock(&self.log.shared.policy).clone();
                    let cited = policy.map_or_else(Vec::new, |policy| {
                        conduct::cited_by_alert(&policy, alert.pattern)
                    });
                    self.folder.handle(now, event.citing(&cited));
                }
            }
        }
    }

    async fn tick(&mut self) {
        self.listen();
        let now = self.log.shared.clock.now();
        let shed = core::mem::take(&mut *lock(&self.log.shared.shed));
        if !shed.is_empty() {
            let total: u64 = shed.values().sum();
            let mut event = Event::new(now, Code::BudgetExceeded)
                .with_source("server")
                .with_reason(SHED);
            event.count = u32::try_from(total).unwrap_or(u32::MAX);
            for (code, count) in shed {
                event = event.with_detail(code.as_str(), count.to_string());
            }
            self.take(event);
        }
        if let Some(failure) = self.log.shared.metrics.unreported_failure() {
            self.take(
                Event::new(now, Code::AlertRaised)
                    .with_source("server")
                    .with_reason("store-failed")
                    .with_detail("observed", failure.why)
                    .with_detail("unacknowledged_messages", failure.messages.to_string()),
            );
        }
        for case in self.cases.expire(now) {
            if let Err(error) = self.store.keep_case(&case).await {
                tracing::warn!(%error, "a quiet case was not closed yet");
                self.cases.resume(sekimori_audit::Case {
                    state: sekimori_audit::case::State::Open,
                    ..case
                });
            }
        }
        self.write_counts().await;
    }

    async fn write_counts(&self) {
        let counts = core::mem::take(&mut *lock(&self.log.shared.counts));
        if counts.is_empty() {
            return;
        }
        let now = self.log.shared.clock.now();
        let observations = counts
            .iter()
            .map(|((code, device), count)| StoredObservation {
                probe: code.as_str().to_owned(),
                reason: None,
                subject: device.clone(),
                held: true,
                observed_at: now,
                received_at: now,
                count: *count,
            })
            .collect();
        if self.writer.observations(observations).await.is_err() {
            let mut waiting = lock(&self.log.shared.counts);
            for (key, count) in counts {
                let sum = waiting.entry(key).or_default();
                *sum = sum.saturating_add(count);
            }
        }
    }

    /// Writes what is ready, unless the disk refused a moment ago.
    async fn write(&mut self) {
        let now = self.now();
        while let Some(event) = self.folder.poll(now) {
            if self.pending.len() < PENDING {
                self.pending.push(event);
            } else {
                let mut shed = lock(&self.log.shared.shed);
                let count = shed.entry(event.code).or_default();
                *count = count.saturating_add(event.count.into());
            }
        }
        if self.pending.is_empty() || self.retry_at.is_some_and(|retry| now < retry) {
            return;
        }
        match self.writer.events(self.pending.clone()).await {
            Ok(recorded) => {
                self.pending.clear();
                self.retry_at = None;
                self.pause = FIRST_PAUSE;
                for event in recorded {
                    self.recorded(event).await;
                }
            }
            Err(error) => {
                tracing::error!(%error, waiting = self.pending.len(), "events were not written");
                self.retry_at = Some(now.saturating_add(self.pause));
                self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
        }
    }

    async fn recorded(&mut self, event: Event) {
        if let Some(case) = self.cases.handle(&event)
            && let Err(error) = self.store.keep_case(&case).await
        {
            // The next event of the case brings it again.
            tracing::warn!(%error, case = case.id, "a case was not kept");
        }
        drop(self.log.shared.live.send(Live::Event(Arc::new(event))));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
