//! The HTTP API: public resources, the devices' own, and the operators'.
//!
//! Every handler takes an extractor that says who may call it: `Public` (anybody, within a
//! budget), `DeviceOnly`, `Admitted` and `Trusted` (a device, ever stricter), or
//! [`crate::Operator`].

mod bodies;
mod device;
mod devices;
mod documents;
mod events;
mod ledger;
pub(crate) mod peer;
pub(crate) mod problem;
mod releases;
mod session;
mod translation;

use axum::Router;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderName, HeaderValue, StatusCode};

use crate::server::Server;
use peer::Public;
use problem::Problem;

pub(crate) fn router(server: &Server) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/api/v1/trust", get(trust))
        .merge(crate::est::router())
        .merge(ledger::router())
        .merge(device::router())
        .merge(devices::router())
        .merge(documents::router())
        .merge(releases::router())
        .merge(events::router())
        .merge(session::router())
        .merge(crate::console::router(server))
        .fallback(nothing_here)
        .method_not_allowed_fallback(not_this_way)
        .layer(DefaultBodyLimit::max(bodies::SMALL))
        .layer(axum::middleware::from_fn_with_state(
            server.clone(),
            bodies::bound,
        ))
        .layer(axum::middleware::from_fn_with_state(
            server.clone(),
            crate::conduct::filter,
        ))
        .layer(axum::middleware::from_fn(translation::translate))
        .layer(axum::middleware::map_response(guard))
        .with_state(server.clone())
}

/// What a monitor asks: up, and able to keep what is sent.
async fn healthz(State(server): State<Server>, _: Public) -> Response {
    if server.store_failing() {
        (StatusCode::SERVICE_UNAVAILABLE, "the disk takes nothing\n").into_response()
    } else {
        (StatusCode::OK, "ok\n").into_response()
    }
}

/// The trust bundle: worth nothing to a device before it compared the fingerprint.
async fn trust(State(server): State<Server>, _: Public) -> Response {
    let kind = HeaderValue::from_static("application/cbor");
    (
        [(http::header::CONTENT_TYPE, kind)],
        server.trust_bundle().to_vec(),
    )
        .into_response()
}

async fn nothing_here(State(server): State<Server>, request: axum::extract::Request) -> Response {
    if crate::console::reads_pages(request.headers()) {
        return crate::console::nothing_here(&server, request).await;
    }
    Problem::not_found(format!("resource {}", request.uri().path())).into_response()
}

async fn not_this_way(method: http::Method, uri: http::Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "SK-API-005",
        format!("{} is not answered to {method}", uri.path()),
    )
}

/// Headers that every answer carries; a page may set a stricter policy of its own.
async fn guard(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cache-control", "no-store"),
    ] {
        headers
            .entry(HeaderName::from_static(name))
            .or_insert_with(|| HeaderValue::from_static(value));
    }
    response
}

/// JSON of a request, refused in our own words.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: serde::de::DeserializeOwned> FromRequest<Server> for Json<T> {
    type Rejection = Problem;

    async fn from_request(
        request: axum::extract::Request,
        server: &Server,
    ) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, server).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::BytesRejection(_)) => Err(bodies::too_large()),
            Err(rejection) => Err(Problem::bad_request(
                rejection.body_text(),
                "JSON of this shape",
            )),
        }
    }
}

/// Query parameters, refused in our own words.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: serde::de::DeserializeOwned> FromRequestParts<Server> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        server: &Server,
    ) -> Result<Self, Problem> {
        axum::extract::Query::<T>::from_request_parts(parts, server)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection: QueryRejection| {
                Problem::bad_request(rejection.body_text(), "query parameters of this resource")
            })
    }
}

/// How many items a page has.
pub(crate) fn limit(asked: Option<u32>) -> u32 {
    asked.unwrap_or(100).clamp(1, 1000)
}

/// 32 bytes as hexadecimal digits.
pub(crate) fn sha256(text: &str) -> Result<[u8; 32], Problem> {
    let mut hash = [0; 32];
    hex::decode_to_slice(text, &mut hash)
        .map_err(|_| Problem::bad_request(format!("{text:?}"), "64 hexadecimal digits"))?;
    Ok(hash)
}

/// Bytes in base64.
pub(crate) fn base64(text: &str) -> Result<Vec<u8>, Problem> {
    use ::base64::Engine as _;
    ::base64::engine::general_purpose::STANDARD
        .decode(text)
        .map_err(|error| Problem::bad_request(error.to_string(), "base64"))
}
