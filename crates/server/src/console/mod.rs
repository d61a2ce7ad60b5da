//! The console: server-rendered pages for operators, in Japanese and English.
//!
//! | file | what |
//! |---|---|
//! | `source.rs` | what the pages ask of the rest of the server, as one port |
//! | `devices.rs`, `device.rs`, `change.rs`, `events.rs` | the pages: facts → view → HTML |
//! | `story.rs`, `chart.rs`, `time.rs`, `text.rs` | how events, values, times and words are shown |
//! | `door.rs`, `visit.rs`, `trouble.rs` | who comes in, what every page shows, what goes wrong |
//! | `live.rs` | tells open pages that they changed |
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
mod door;
mod events;
mod headers;
mod live;
pub(crate) mod source;
mod story;
mod text;
mod time;
mod trouble;
mod visit;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use tokio::sync::Semaphore;

pub(crate) use source::Source;

/// What all pages share.
pub(crate) struct Console {
    source: Arc<dyn Source>,
    streams: Arc<Semaphore>,
}

/// The pages over their source; what they do not know is answered by a page of theirs, too.
pub(crate) fn router(source: Arc<dyn Source>) -> Router {
    let streams = Arc::new(Semaphore::new(live::STREAMS));
    let console = Arc::new(Console { source, streams });
    Router::new()
        .route("/", get(door::front))
        .route("/setup", get(door::setup))
        .route("/enter", post(door::enter))
        .route("/logout", post(door::logout))
        .route("/devices", get(devices::list))
        .route("/devices/{name}", get(device::show))
        .route("/devices/{name}/{change}", get(change::ask).post(change::act))
        .route("/events", get(events::list))
        .route("/live", get(live::follow))
        .route("/assets/{tag}/{name}", get(assets::serve))
        .fallback(trouble::not_found)
        .layer(from_fn(visit::remember_language))
        .layer(from_fn(headers::secure))
        .with_state(console)
}
