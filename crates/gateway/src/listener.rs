//! The accept loop: budgets first, then one task for each connection.

use core::future::Future;
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::admission::{HalfOpen, Spent};
use crate::gateway::Shared;
use crate::registry::ListenerKind;
use crate::{door, guard, https, mqtt};

/// Where sockets come from; a trait so that a test can run out of them.
pub(crate) trait Accept {
    fn accept(&self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send;
}

impl Accept for TcpListener {
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        Self::accept(self).await
    }
}

/// How long the loop rests when the system has no more file descriptors.
const REST: Duration = Duration::from_millis(50);

/// Accepts until the gateway shuts down; no error ends it before.
pub(crate) async fn serve(listener: impl Accept, kind: ListenerKind, shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(match kind {
        ListenerKind::Mqtt => shared.limits.mqtt_connections,
        ListenerKind::Https => shared.limits.https_connections,
    }));
    loop {
        let accepted = tokio::select! {
            biased;
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let (tcp, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                if !one_connection_only(&error) {
                    shared.report.accept_failed(kind, &error);
                    tokio::time::sleep(REST).await;
                }
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            shared
                .admission
                .note_no_place(peer.ip(), Spent::Connections);
            continue;
        };
        let Ok(half_open) = shared.admission.admit(shared.clock.now(), peer.ip()) else {
            continue;
        };
        let shared = Arc::clone(&shared);
        shared.tasks.clone().spawn(async move {
            let connection = connection(tcp, peer, kind, &shared, half_open);
            if let Err(words) = guard::contain(connection).await {
                shared.report.panicked(kind, peer, &words);
            }
            drop(place);
        });
    }
}

/// Whether an error of accept concerns only the connection that it was about
/// (accept(2): Linux passes pending network errors of the new socket on).
fn one_connection_only(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
            | io::ErrorKind::TimedOut
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown
    )
}

async fn connection(
    tcp: TcpStream,
    peer: SocketAddr,
    kind: ListenerKind,
    shared: &Arc<Shared>,
    half_open: HalfOpen,
) {
    // Without this, each small reply waits for the peer's delayed acknowledgement.
    if tcp.set_nodelay(true).is_err() {
        return;
    }
    let deadline = shared
        .clock
        .instant(shared.clock.now() + shared.handshake());
    let configurations = shared.tls.current();
    let directory = &*shared.ports.directory;
    let entered = tokio::select! {
        biased;
        () = shared.stop.cancelled() => return,
        entered = door::enter(tcp, kind, &configurations, directory, shared.clock, deadline) => entered,
    };
    let entered = match entered {
        Ok(entered) => entered,
        Err(turned_away) => {
            shared.report.refused(kind, peer, &turned_away.refusal);
            turned_away.say_goodbye().await;
            return;
        }
    };
    drop((half_open, configurations));
    match kind {
        ListenerKind::Mqtt => mqtt::serve(entered, peer, shared).await,
        ListenerKind::Https => https::serve(entered, peer, shared).await,
    }
}
