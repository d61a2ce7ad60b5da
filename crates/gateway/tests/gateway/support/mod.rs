//! A small world around a gateway: an authority, a directory, a store and a
//! record of events, all in memory.

#![allow(dead_code, reason = "each test file uses its own part of this world")]

pub(crate) mod authority;
pub(crate) mod http;
pub(crate) mod mqtt;
pub(crate) mod world;

use core::future::Future;
use core::time::Duration;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{get, post};
use sekimori_gateway::{Gateway, Limits, Ports, Settings};
use sekimori_session::HttpsPeer;

pub(crate) use authority::{Authority, Identity, Validity};
pub(crate) use world::World;

/// Longer than anything here takes; a test that waits so long fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for `what`, but not for ever.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what)
        .await
        .expect("this should not take so long")
}

/// A gateway in its world.
pub(crate) struct Scene {
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) authority: Authority,
    pub(crate) world: Arc<World>,
    pub(crate) mqtt: SocketAddr,
    pub(crate) https: SocketAddr,
}

impl Scene {
    /// A gateway with a policy for the role `sensor` and the router of [`router`].
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}, router()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Limits), router: Router) -> Self {
        let authority = Authority::new("maker");
        let world = Arc::new(World::default());
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut settings = Settings::new(any, any);
        change(&mut settings.limits);
        let ports = Ports {
            directory: world.clone(),
            uplink: world.clone(),
            events: world.clone(),
        };
        let gateway = Gateway::start(settings, authority.material(), ports, router)
            .await
            .expect("the gateway starts on free ports");
        gateway.apply_policy(Arc::new(world::policy(1))).unwrap();
        let addresses = gateway.addresses();
        Self {
            gateway: Arc::new(gateway),
            authority,
            world,
            mqtt: addresses.mqtt,
            https: addresses.https,
        }
    }

    /// A registered device with a good certificate.
    pub(crate) fn device(&self, name: &str) -> Identity {
        let identity = self.authority.issue(name, Validity::Now);
        self.world.register(name, &identity);
        identity
    }

    /// Connects as `identity` and says CONNECT; fails unless it is welcome.
    pub(crate) async fn connect(&self, identity: &Identity) -> mqtt::Client {
        let config = self.authority.client(Some(identity));
        let mut client = mqtt::Client::tls(self.mqtt, config).await.expect("TLS");
        client.hello(&identity.name).await;
        client
    }
}

/// Says who asks, echoes bodies, and has a bug.
pub(crate) fn router() -> Router {
    let who = |Extension(peer): Extension<HttpsPeer>| async move {
        match peer.client {
            None => "nobody".to_owned(),
            Some(client) => format!(
                "{} expired={} contained={}",
                client.record.name, client.expired, client.record.contained
            ),
        }
    };
    let echo = |body: axum::body::Bytes| async move { body };
    let broken = || async {
        panic!("a handler with a bug");
        #[expect(unreachable_code, reason = "gives the handler its type")]
        ""
    };
    Router::new()
        .route("/who", get(who))
        .route("/echo", post(echo))
        .route("/broken", get(broken))
}
