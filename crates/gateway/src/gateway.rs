//! The gateway: its listeners, and what others may ask of it while it runs.

use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;

use sekimori_identity::{DeviceId, DeviceRecord};
use sekimori_policy::Policy;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::Admission;
use crate::clock::Clock;
use crate::error::GatewayError;
use crate::leftovers::Leftovers;
use crate::mqtt::Order;
use crate::peer;
use crate::ports::Ports;
use crate::registry::{Ending, ListenerKind, LiveSession, Registry, Signals};
use crate::report::Report;
use crate::settings::{Limits, Settings};
use crate::tls::{Cause, Tls, TlsMaterial};
use crate::visitors::Visitors;
use crate::{housekeeping, listener};
use sekimori_session::CommandFailure;

/// How much longer than its deadline a command is waited for, because the
/// session itself says that it was not answered in time.
const GRACE: Duration = Duration::from_millis(500);

/// What every connection of a gateway uses.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) ports: Ports,
    pub(crate) report: Arc<Report>,
    pub(crate) clock: Clock,
    pub(crate) tls: Tls,
    pub(crate) admission: Arc<Admission>,
    pub(crate) visitors: Arc<Visitors>,
    pub(crate) registry: Arc<Registry>,
    /// What sessions left for the next one of the same device.
    pub(crate) leftovers: Leftovers,
    pub(crate) policy: watch::Sender<Arc<Policy>>,
    pub(crate) router: axum::Router,
    pub(crate) tasks: TaskTracker,
    /// Sessions end by themselves, soon.
    pub(crate) stop: CancellationToken,
    /// What is left ends now.
    pub(crate) kill: CancellationToken,
}

impl Shared {
    /// How long a handshake may take under the policy in force.
    pub(crate) fn handshake(&self) -> Duration {
        let policy = self.policy.borrow();
        let rule = policy.conduct.handshake_seconds.as_ref();
        let rule = rule.filter(|rule| rule.enforced);
        rule.map_or(self.limits.handshake, |rule| {
            Duration::from_secs(rule.is.into())
        })
    }

    /// What is known of a device now, or why it may not be connected.
    pub(crate) fn still_standing(&self, device: &DeviceId) -> Result<DeviceRecord, Cause> {
        let record = self
            .ports
            .directory
            .by_id(device)
            .ok_or(Cause::UnknownDevice)?;
        match peer::barred(&record) {
            None => Ok(record),
            Some((cause, _)) => Err(cause),
        }
    }
}

/// A running gateway. Dropping it does not stop it; [`Gateway::shutdown`] does.
pub struct Gateway {
    shared: Arc<Shared>,
    addresses: Addresses,
}

/// Where a gateway listens, with the ports that it got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addresses {
    /// MQTT over TLS.
    pub mqtt: SocketAddr,
    /// HTTPS.
    pub https: SocketAddr,
}

/// What a change of a device did to its live sessions.
pub struct Closed {
    /// Sessions that were told to close, over all listeners.
    pub sessions: usize,
    /// Sessions that stay under other rules.
    pub restricted: usize,
    leaving: Vec<Arc<Signals>>,
}

impl Closed {
    /// Waits until the last of these sessions has closed its socket.
    pub async fn settled(self) {
        for signals in self.leaving {
            signals.gone.cancelled().await;
        }
    }
}

impl core::fmt::Debug for Closed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Closed")
            .field("sessions", &self.sessions)
            .field("restricted", &self.restricted)
            .finish_non_exhaustive()
    }
}

/// A device's answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The device's own words; empty when it only acknowledged.
    pub payload: Vec<u8>,
    /// From the order to the answer.
    pub took: Duration,
}

impl Gateway {
    /// Opens both listeners and serves until [`Gateway::shutdown`].
    ///
    /// Until [`Gateway::apply_policy`] is called the first time, only the
    /// platform's own flows are permitted.
    ///
    /// # Errors
    ///
    /// [`GatewayError`] when an address cannot be listened on, or certificate,
    /// key or roots cannot be used.
    pub async fn start(
        settings: Settings,
        material: TlsMaterial,
        ports: Ports,
        router: axum::Router,
    ) -> Result<Self, GatewayError> {
        let Settings {
            mqtt,
            https,
            limits,
        } = settings;
        let clock = Clock::start();
        let tls = Tls::new(material, &ports.directory, clock, &limits)?;
        let (mqtt, mqtt_address) = open(ListenerKind::Mqtt, mqtt).await?;
        let (https, https_address) = open(ListenerKind::Https, https).await?;
        let shared = Arc::new(Shared {
            report: Arc::new(Report::new(Arc::clone(&ports.events), clock)),
            admission: Arc::new(Admission::new(&limits)),
            visitors: Arc::new(Visitors::new(&limits)),
            registry: Arc::default(),
            policy: watch::Sender::new(Arc::new(Policy::none())),
            leftovers: Leftovers::new(limits.mqtt_connections),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            kill: CancellationToken::new(),
            limits,
            ports,
            clock,
            tls,
            router,
        });
        let spawn = |listener, kind| {
            let serving = listener::serve(listener, kind, Arc::clone(&shared));
            shared.tasks.spawn(serving);
        };
        spawn(mqtt, ListenerKind::Mqtt);
        spawn(https, ListenerKind::Https);
        shared.tasks.spawn(housekeeping::run(Arc::clone(&shared)));
        Ok(Self {
            shared,
            addresses: Addresses {
                mqtt: mqtt_address,
                https: https_address,
            },
        })
    }

    /// Where it listens.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Makes a policy active for live sessions and new ones.
    ///
    /// What it says about TLS holds from the next connection on; live sessions stay.
    ///
    /// # Errors
    ///
    /// [`GatewayError`] when the TLS configuration cannot be made under the policy. The policy is in force
    /// nevertheless, and the TLS configuration of before stays.
    pub fn apply_policy(&self, policy: Arc<Policy>) -> Result<(), GatewayError> {
        let shared = &self.shared;
        let tls = policy.conduct.tls.clone();
        let tls = tls.filter(|rule| rule.enforced).map(|rule| rule.is);
        shared.policy.send_replace(policy);
        shared
            .tls
            .restrict(tls, &shared.ports.directory, shared.clock, &shared.limits)
    }

    /// Reads the directory again and acts on the device's live sessions.
    ///
    /// Sessions of a device that may not be connected any more are told to
    /// close before this returns, on every listener, and nothing can be
    /// resumed. Otherwise they learn their new record, for instance that they
    /// are contained.
    pub fn device_changed(&self, device: &DeviceId) -> Closed {
        let mut told = None;
        loop {
            let record = match self.shared.still_standing(device) {
                Ok(record) => record,
                Err(cause) => {
                    self.shared.tls.forget_sessions();
                    let leaving = self.shared.registry.end(device, Ending::Standing(cause));
                    return Closed {
                        sessions: leaving.len(),
                        restricted: 0,
                        leaving,
                    };
                }
            };
            // Another change may have been told of between reading and telling; what was told
            // is right only if it still is what the directory says.
            if let Some((restricted, before)) = told
                && before == record
            {
                return Closed {
                    sessions: 0,
                    restricted,
                    leaving: Vec::new(),
                };
            }
            told = Some((self.shared.registry.change(&record), record));
        }
    }

    /// Sends a command to a device and waits for its acknowledgement, at most
    /// until `deadline` has passed from now.
    ///
    /// # Errors
    ///
    /// [`CommandFailure`] when the device is not connected, refuses, or does not
    /// answer in time.
    pub async fn command(
        &self,
        device: &str,
        flow: &str,
        payload: Vec<u8>,
        deadline: Duration,
    ) -> Result<Acknowledgement, CommandFailure> {
        let begun = self.shared.clock.now();
        let orders = self
            .shared
            .registry
            .orders(device)
            .ok_or(CommandFailure::NotConnected)?;
        let (reply, answer) = oneshot::channel();
        let order = Order {
            flow: flow.to_owned(),
            payload,
            expires: begun + deadline,
            reply,
        };
        orders.try_send(order).map_err(|error| match error {
            tokio::sync::mpsc::error::TrySendError::Full(_) => CommandFailure::Busy,
            tokio::sync::mpsc::error::TrySendError::Closed(_) => CommandFailure::NotConnected,
        })?;
        let payload = match tokio::time::timeout(deadline + GRACE, answer).await {
            Err(_) => return Err(CommandFailure::TimedOut),
            Ok(Err(_)) => return Err(CommandFailure::NotConnected),
            Ok(Ok(answer)) => answer?,
        };
        Ok(Acknowledgement {
            payload,
            took: self.shared.clock.now().saturating_sub(begun),
        })
    }

    /// All live sessions of devices, oldest first.
    pub fn sessions(&self) -> Vec<LiveSession> {
        self.shared.registry.sessions()
    }

    /// Uses new certificates, keys or roots from the next connection on.
    ///
    /// Live sessions stay, except those whose certificate the new roots do not
    /// vouch for; returns how many those were.
    ///
    /// # Errors
    ///
    /// [`GatewayError`] when the material cannot be used; the old stays then.
    pub fn reload_tls(&self, material: TlsMaterial) -> Result<usize, GatewayError> {
        let shared = &self.shared;
        let next = shared.tls.replace(
            material,
            &shared.ports.directory,
            shared.clock,
            &shared.limits,
        )?;
        let now = shared.clock.unix();
        Ok(shared
            .registry
            .end_unless(|chain| next.vouch_for(chain, now)))
    }

    /// Closes the listeners, lets sessions say goodbye, and returns when all
    /// tasks have ended.
    pub async fn shutdown(&self) {
        let shared = &self.shared;
        shared.stop.cancel();
        shared.tasks.close();
        if tokio::time::timeout(shared.limits.drain, shared.tasks.wait())
            .await
            .is_err()
        {
            shared.kill.cancel();
            shared.tasks.wait().await;
        }
    }
}

async fn open(
    kind: ListenerKind,
    address: SocketAddr,
) -> Result<(TcpListener, SocketAddr), GatewayError> {
    let failed = |source| GatewayError::Listen {
        listener: kind.name(),
        address,
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
