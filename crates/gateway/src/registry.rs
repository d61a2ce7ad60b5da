//! Everyone who is inside, over all listeners.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use sekimori_identity::{DeviceId, DeviceRecord};
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::CancellationToken;

use crate::mqtt::Order;
use crate::tls::Cause;

/// Which door a connection came through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListenerKind {
    /// MQTT over TLS.
    Mqtt,
    /// HTTPS.
    Https,
}

impl ListenerKind {
    /// The name in events and settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mqtt => "mqtt",
            Self::Https => "https",
        }
    }

    /// The protocol's name in ALPN.
    pub(crate) fn alpn(self) -> &'static [u8] {
        match self {
            Self::Mqtt => b"mqtt",
            Self::Https => b"http/1.1",
        }
    }
}

impl fmt::Display for ListenerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One live connection of a device.
#[derive(Debug, Clone)]
pub struct LiveSession {
    /// Counts connections since the gateway's start.
    pub id: u64,
    /// Which door it came through.
    pub listener: ListenerKind,
    /// Whose it is.
    pub device: DeviceId,
    /// The device's name.
    pub name: String,
    /// Where it comes from.
    pub source: SocketAddr,
    /// When its handshake ended.
    pub opened: Timestamp,
    /// Whether the handshake resumed an earlier session.
    pub resumed: bool,
    /// The key exchange, for instance `X25519MLKEM768`.
    pub key_exchange: String,
    /// Whether only the repair resources are open to it.
    pub contained: bool,
}

/// Why the gateway ends a live session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The same device connected anew.
    TakenOver,
    /// The device's standing changed.
    Standing(Cause),
    /// The new roots do not vouch for its certificate.
    Roots,
}

impl Ending {
    /// What the event says, if it is about the certificate.
    pub(crate) fn cause(self) -> Option<Cause> {
        match self {
            Self::TakenOver => None,
            Self::Standing(cause) => Some(cause),
            Self::Roots => Some(Cause::UnknownIssuer),
        }
    }
}

/// What a live session has to notice at once.
#[derive(Default)]
pub(crate) struct Signals {
    pending: Mutex<Pending>,
    changed: Notify,
    /// Cancelled when the connection is gone.
    pub(crate) gone: CancellationToken,
}

/// Changes since the session looked last.
#[derive(Default)]
pub(crate) struct Pending {
    pub(crate) ending: Option<Ending>,
    pub(crate) record: Option<DeviceRecord>,
}

impl Signals {
    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the session to end; false when it was told before.
    pub(crate) fn end(&self, ending: Ending) -> bool {
        let mut pending = self.pending();
        let first = pending.ending.is_none() && !self.gone.is_cancelled();
        pending.ending.get_or_insert(ending);
        drop(pending);
        self.changed.notify_one();
        first
    }

    fn change(&self, record: DeviceRecord) {
        self.pending().record = Some(record);
        self.changed.notify_one();
    }

    /// Waits for a change and takes it; an ending stays.
    pub(crate) async fn next(&self) -> Pending {
        loop {
            let notified = self.changed.notified();
            {
                let mut pending = self.pending();
                if pending.ending.is_some() || pending.record.is_some() {
                    return Pending {
                        ending: pending.ending,
                        record: pending.record.take(),
                    };
                }
            }
            notified.await;
        }
    }
}

/// The live sessions of a gateway.
#[derive(Default)]
pub(crate) struct Registry {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    last: u64,
    by_device: HashMap<DeviceId, Vec<Entry>>,
    by_name: HashMap<String, DeviceId>,
}

struct Entry {
    live: LiveSession,
    signals: Arc<Signals>,
    orders: Option<mpsc::Sender<Order>>,
    chain: Arc<[CertificateDer<'static>]>,
}

/// A place in the registry; leaving is dropping it.
pub(crate) struct Place {
    registry: Arc<Registry>,
    device: DeviceId,
    name: String,
    id: u64,
    pub(crate) signals: Arc<Signals>,
}

impl Registry {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place; for MQTT, the device's earlier sessions are told to end
    /// and come back for waiting.
    pub(crate) fn enter(
        self: &Arc<Self>,
        mut live: LiveSession,
        orders: Option<mpsc::Sender<Order>>,
        chain: Arc<[CertificateDer<'static>]>,
    ) -> (Place, Vec<Arc<Signals>>) {
        let mut inside = self.inside();
        inside.last += 1;
        let id = inside.last;
        live.id = id;
        let device = live.device;
        let name = live.name.clone();
        let signals = Arc::new(Signals::default());
        let replaces = live.listener == ListenerKind::Mqtt;
        inside.by_name.insert(name.clone(), device);
        let entries = inside.by_device.entry(device).or_default();
        let before: Vec<_> = entries
            .iter()
            .filter(|entry| replaces && entry.live.listener == ListenerKind::Mqtt)
            .map(|entry| Arc::clone(&entry.signals))
            .collect();
        entries.push(Entry {
            live,
            signals: Arc::clone(&signals),
            orders,
            chain,
        });
        drop(inside);
        for earlier in &before {
            earlier.end(Ending::TakenOver);
        }
        let place = Place {
            registry: Arc::clone(self),
            device,
            name,
            id,
            signals,
        };
        (place, before)
    }

    /// How many connections a device has through one door.
    pub(crate) fn count(&self, device: &DeviceId, listener: ListenerKind) -> usize {
        let inside = self.inside();
        let entries = inside.by_device.get(device).into_iter().flatten();
        entries
            .filter(|entry| entry.live.listener == listener)
            .count()
    }

    /// Tells all sessions of a device to end; returns those that were told now.
    pub(crate) fn end(&self, device: &DeviceId, ending: Ending) -> Vec<Arc<Signals>> {
        let inside = self.inside();
        inside
            .by_device
            .get(device)
            .into_iter()
            .flatten()
            .filter(|entry| entry.signals.end(ending))
            .map(|entry| Arc::clone(&entry.signals))
            .collect()
    }

    /// Tells all sessions of a device what is known of it now.
    pub(crate) fn change(&self, record: &DeviceRecord) -> usize {
        let mut inside = self.inside();
        let Some(entries) = inside.by_device.get_mut(&record.id) else {
            return 0;
        };
        for entry in entries.iter_mut() {
            entry.live.contained = record.contained;
            entry.signals.change(record.clone());
        }
        entries.len()
    }

    /// Tells all sessions to end whose certificate is not vouched for.
    pub(crate) fn end_unless(&self, vouched: impl Fn(&[CertificateDer<'static>]) -> bool) -> usize {
        let chains: Vec<_> = self
            .inside()
            .by_device
            .values()
            .flatten()
            .map(|entry| (Arc::clone(&entry.chain), Arc::clone(&entry.signals)))
            .collect();
        chains
            .iter()
            .filter(|(chain, _)| !vouched(chain))
            .filter(|(_, signals)| signals.end(Ending::Roots))
            .count()
    }

    /// Where orders for the named device go, when it has a live MQTT session.
    pub(crate) fn orders(&self, name: &str) -> Option<mpsc::Sender<Order>> {
        let inside = self.inside();
        let device = inside.by_name.get(name)?;
        inside
            .by_device
            .get(device)?
            .iter()
            .rev()
            .find_map(|entry| entry.orders.clone())
    }

    /// All live sessions, oldest first.
    pub(crate) fn sessions(&self) -> Vec<LiveSession> {
        let mut sessions: Vec<_> = self
            .inside()
            .by_device
            .values()
            .flatten()
            .map(|entry| entry.live.clone())
            .collect();
        sessions.sort_by_key(|live| live.id);
        sessions
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut guard = self.registry.inside();
        let inside = &mut *guard;
        if let Some(entries) = inside.by_device.get_mut(&self.device) {
            entries.retain(|entry| entry.live.id != self.id);
            if entries.is_empty() {
                inside.by_device.remove(&self.device);
                if inside.by_name.get(&self.name) == Some(&self.device) {
                    inside.by_name.remove(&self.name);
                }
            }
        }
        drop(guard);
        self.signals.gone.cancel();
    }
}
