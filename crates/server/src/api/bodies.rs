//! How much whoever asks may send: little, unless it is an operator.
//!
//! The gateway's own bound is that of the largest upload. Everything but an operator's upload is
//! small, so whoever is no operator is held to that before any handler reads.

use axum::body::{Body, HttpBody as _};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http_body_util::Limited;

use super::problem::Problem;
use crate::operator::Operator;
use crate::server::Server;

/// The largest request body where nothing else is said, in bytes.
pub(super) const SMALL: usize = 64 * 1024;

/// Bounds the body of a request by who sent it. An operator is held to the limit of the resource.
pub(super) async fn bound(State(server): State<Server>, request: Request, next: Next) -> Response {
    let small = u64::try_from(SMALL).unwrap_or(u64::MAX);
    let told = request.body().size_hint();
    if told.upper().is_some_and(|upper| upper <= small) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let operator = Operator::from_request_parts(&mut parts, &server).await;
    let body = match operator {
        Ok(_) => body,
        Err(_) if told.lower() > small => return too_large().into_response(),
        // Its length is not told: read as far as it may go.
        Err(_) => Body::new(Limited::new(body, SMALL)),
    };
    next.run(Request::from_parts(parts, body)).await
}

/// The request's body is larger than this resource takes from whoever sent it.
pub(crate) fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "SK-API-003",
        "the request is too large",
    )
}
