//! A gateway without file descriptors goes on when there are some again.
//!
//! Alone in its process, because it takes the descriptors of all of it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic like the tests themselves"
)]

#[path = "gateway/support/mod.rs"]
mod support;

use rustix::process::{Resource, getrlimit, setrlimit};
use sekimori_audit::Code;
use support::Scene;
use tokio::net::TcpStream;

#[tokio::test]
async fn the_listeners_survive_that_the_system_has_no_more_descriptors() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let mut before = scene.connect(&device).await;
    let used = u64::try_from(std::fs::read_dir("/proc/self/fd").unwrap().count()).unwrap();
    let mut limit = getrlimit(Resource::Nofile);
    // The client's own socket takes one of these, the gateway's end finds none.
    limit.current = Some(used);
    setrlimit(Resource::Nofile, limit).unwrap();
    let waiting = TcpStream::connect(scene.mqtt).await.unwrap();
    let event = scene
        .world
        .event(Code::BudgetExceeded, "accept-failed")
        .await;
    assert_eq!(event.source.as_deref(), Some("server"));
    before.ping().await;

    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    drop(waiting);
    let mut after = scene.connect(&scene.device("dev-0002")).await;
    after.ping().await;
    before.ping().await;
}
