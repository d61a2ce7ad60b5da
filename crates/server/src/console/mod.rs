//! The console: server-rendered pages for operators, in Japanese and English.
//!
//! | file | what |
//! |---|---|
//! | `source.rs` | what the pages ask of the rest of the server, as one port |
//! | `devices.rs`, `device.rs`, `change.rs`, `events.rs`, `drift.rs`, `documents.rs` | the pages: facts → view → HTML |
//! | `story.rs`, `chart.rs`, `time.rs`, `text.rs` | how events, values, times and words are shown |
//! | `door.rs`, `visit.rs`, `trouble.rs` | who comes in, what every page shows, what goes wrong |
//! | `live.rs` | tells open pages that they changed |
//! | `queries.rs` | the port over store, ledger and live sessions |
//! | `headers.rs`, `assets.rs`, `address.rs` | security headers, own files, links |
//!
//! Every page works without script. A page with script asks for itself again when it is told that
//! something changed, and takes the parts that differ.

mod address;
mod assets;
mod change;
mod chart;
mod device;
mod devices;
mod documents;
mod door;
mod drift;
mod events;
mod headers;
mod live;
mod queries;
mod source;
mod story;
mod text;
mod time;
mod trouble;
mod visit;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::{get, post};
use http::{HeaderMap, header};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

use crate::server::Server;
use source::Source;

/// What all pages share.
pub(crate) struct Console {
    source: Arc<dyn Source>,
    streams: Arc<Semaphore>,
}

/// The pages, to be merged into the server's router.
pub(crate) fn router(server: &Server) -> Router<Server> {
    pages(Arc::new(queries::Pages(server.clone())))
}

/// Says as a page that there is no such page.
pub(crate) async fn nothing_here(server: &Server, request: Request) -> Response {
    let lost = lost(Arc::new(queries::Pages(server.clone())));
    let Ok(response) = lost.oneshot(request).await;
    response
}

/// Whether whoever sent this reads pages.
pub(crate) fn reads_pages(headers: &HeaderMap) -> bool {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn console(source: Arc<dyn Source>) -> Arc<Console> {
    let streams = Arc::new(Semaphore::new(live::STREAMS));
    Arc::new(Console { source, streams })
}

fn pages<S: Clone + Send + Sync + 'static>(source: Arc<dyn Source>) -> Router<S> {
    Router::new()
        .route("/", get(door::front))
        .route("/setup", get(door::setup))
        .route("/enter", post(door::enter))
        .route("/logout", post(door::logout))
        .route("/devices", get(devices::list))
        .route("/devices/{name}", get(device::show))
        .route(
            "/devices/{name}/{change}",
            get(change::ask).post(change::act),
        )
        .route("/events", get(events::list))
        .route("/drift", get(drift::show))
        .route("/evidence", get(documents::list))
        .route("/live", get(live::follow))
        .route("/assets/{tag}/{name}", get(assets::serve))
        .layer(from_fn(visit::remember_language))
        .layer(from_fn(headers::secure))
        .with_state(console(source))
}

fn lost(source: Arc<dyn Source>) -> Router {
    Router::new()
        .fallback(trouble::not_found)
        .layer(from_fn(visit::remember_language))
        .layer(from_fn(headers::secure))
        .with_state(console(source))
}

/// The console by itself.
#[cfg(test)]
fn whole(source: Arc<dyn Source>) -> Router {
    pages(source.clone()).fallback_service(lost(source))
}
