//! One HTTPS connection: bounds around the router, and who is asking.

use core::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use sekimori_session::HttpsPeer;
use tower::ServiceExt as _;

use crate::admission::Spent;
use crate::body::Bounded;
use crate::door::Entered;
use crate::gateway::Shared;
use crate::peer::{self, Leaf};
use crate::registry::{Ending, ListenerKind, Place};
use crate::stall::StallGuard;

/// Fields of one request's head.
const HEADER_FIELDS: usize = 64;

/// Serves requests until either side ends the connection.
pub(crate) async fn serve(entered: Entered, peer: SocketAddr, shared: &Arc<Shared>) {
    let _visitor = match entered.identity {
        Some(_) => None,
        None => match shared.visitors.enter(peer.ip()) {
            Some(visitor) => Some(visitor),
            None => {
                let spent = Spent::Visitors;
                return shared.admission.note_no_place(peer.ip(), spent);
            }
        },
    };
    let Ok(place) = place(&entered, peer, shared) else {
        return;
    };
    let leaf = entered.leaf;
    let identity = entered.identity;
    let service = service_fn(|request| answer(request, peer, leaf, shared));
    let stream = StallGuard::new(entered.stream, shared.limits.write_stall);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.limits.http_head)
        .max_buf_size(shared.limits.http_head_bytes.max(8192))
        .max_headers(HEADER_FIELDS)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = core::pin::pin!(connection);
    let mut stopping = false;
    loop {
        tokio::select! {
            biased;
            () = shared.kill.cancelled() => return,
            ending = ending(place.as_ref()) => {
                if let (Some(identity), Some(cause)) = (&identity, ending.cause()) {
                    shared.report.revoked(ListenerKind::Https, peer, &identity.record, cause);
                }
                return;
            }
            () = shared.stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
            result = connection.as_mut() => {
                if let Err(error) = result && error.is_parse() {
                    let device = identity.as_ref().map(|identity| &identity.record);
                    shared.report.violation(ListenerKind::Https, peer, device, &error.to_string());
                }
                return;
            }
        }
    }
}

/// The connection is not served; why was reported.
struct NoPlace;

/// A device's place in the registry; a visitor without certificate has none.
fn place(entered: &Entered, peer: SocketAddr, shared: &Shared) -> Result<Option<Place>, NoPlace> {
    let Some(identity) = &entered.identity else {
        return Ok(None);
    };
    let kind = ListenerKind::Https;
    let before = shared.registry.count(&identity.record.id, kind);
    if before >= shared.limits.https_per_device {
        let spent = Spent::DeviceConnections;
        shared.admission.note_no_place(peer.ip(), spent);
        return Err(NoPlace);
    }
    shared
        .report
        .mutual(kind, peer, identity, &entered.handshake);
    let live = entered.live(kind, identity, peer, shared.clock);
    let (place, _) = shared
        .registry
        .enter(live, None, Arc::clone(&entered.chain));
    // A change from now on is signalled to this place; one of before is read here.
    shared
        .still_standing(&identity.record.id)
        .map_err(|cause| {
            shared.report.revoked(kind, peer, &identity.record, cause);
            NoPlace
        })?;
    Ok(Some(place))
}

async fn ending(place: Option<&Place>) -> Ending {
    let Some(place) = place else {
        return core::future::pending().await;
    };
    loop {
        // A changed record needs nothing here: each request reads it anew.
        if let Some(ending) = place.signals.next().await.ending {
            return ending;
        }
    }
}

/// One request: standing once more, then the router.
async fn answer(
    request: Request<Incoming>,
    address: SocketAddr,
    leaf: Option<Leaf>,
    shared: &Shared,
) -> Result<Response, Infallible> {
    let directory = &*shared.ports.directory;
    let client = match leaf {
        None => None,
        Some(leaf) => {
            let dates = leaf.dates(shared.clock.wall());
            match peer::identify(&leaf, dates, directory, ListenerKind::Https) {
                Ok(identity) => Some(identity),
                Err(refusal) => {
                    shared
                        .report
                        .refused(ListenerKind::Https, address, &refusal);
                    return Ok(closed_door());
                }
            }
        }
    };
    let deadline = shared
        .clock
        .instant(shared.clock.now() + shared.limits.http_body);
    let mut request =
        request.map(|body| Body::new(Bounded::new(body, shared.limits.http_body_bytes, deadline)));
    request
        .extensions_mut()
        .insert(HttpsPeer { address, client });
    shared.router.clone().oneshot(request).await
}

/// What a device reads whose standing ended between two requests.
fn closed_door() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FORBIDDEN;
    response.headers_mut().insert(
        header::CONNECTION,
        header::HeaderValue::from_static("close"),
    );
    response
}
