//! The pages in headless Chromium, on loopback, over seeded facts: axe finds nothing, nothing
//! overflows, and pictures are kept when they are asked for.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::seeded::{Fleet, LONG_NAME, Seeded};
use crate::console::whole;

include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/run.rs"));

/// Serves the console without TLS, on loopback, for this test only.
async fn serve(fleet: Fleet, open: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let app = whole(Arc::new(Seeded { fleet, open }));
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Pages, and ways to look at each: more when pictures are wanted.
const PAGES: usize = 27;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_accessible_and_fits_in_both_languages_schemes_and_widths() {
    let busy = serve(Fleet::Busy, true).await;
    let empty = serve(Fleet::Empty, true).await;
    let broken = serve(Fleet::Broken, true).await;
    let closed = serve(Fleet::Busy, false).await;
    let long = format!("/devices/{LONG_NAME}");
    let pages: [(&str, SocketAddr, &str); PAGES] = [
        ("devices", busy, "/devices"),
        ("devices-filtered", busy, "/devices?state=contained"),
        ("devices-no-match", busy, "/devices?q=nothing"),
        ("devices-empty", empty, "/devices"),
        ("device", busy, "/devices/dev-0001"),
        ("device-contained", busy, "/devices/dev-0002"),
        ("device-long-name", busy, &long),
        ("device-revoked", busy, "/devices/dev-0004"),
        ("device-new", busy, "/devices/dev-0006"),
        (
            "device-done",
            busy,
            "/devices/dev-0003?done=suspend&closed=2&millis=7",
        ),
        ("revoke", busy, "/devices/dev-0001/revoke"),
        ("resume", busy, "/devices/dev-0003/resume"),
        ("events", busy, "/events"),
        ("events-empty", empty, "/events"),
        ("drift", busy, "/drift"),
        ("drift-none", busy, "/drift?days=1"),
        ("drift-empty", empty, "/drift"),
        ("evidence", busy, "/evidence"),
        ("evidence-expired", busy, "/evidence?state=expired"),
        ("evidence-no-match", busy, "/evidence?state=tells-nothing"),
        ("evidence-empty", empty, "/evidence"),
        ("door", closed, "/"),
        ("door-link", closed, "/setup?token=good-link"),
        ("door-left", closed, "/setup?left=1"),
        ("not-found", busy, "/nowhere"),
        ("no-device", busy, "/devices/nobody"),
        ("broken", broken, "/devices"),
    ];
    let pages = pages.map(|(name, at, path)| (name.to_owned(), format!("http://{at}{path}")));
    let plan = Plan {
        pages: pages.to_vec(),
        enter: None,
        act: None,
        folder: "seeded",
    };
    // The browser waits for the server, so it must not hold the server's threads.
    let seen = tokio::task::spawn_blocking(move || look(&plan))
        .await
        .expect("nothing was found");
    assert!(seen.is_none_or(|seen| seen >= PAGES * 4), "{seen:?}");
}
