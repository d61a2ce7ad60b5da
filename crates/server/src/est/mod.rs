//! Enrollment over secure transport: how a device asks for its certificates.
//!
//! Source: RFC 7030, clarified by RFC 8951. `serverkeygen` and `fullcmc` are not offered: keys are
//! made on the device.

pub(crate) mod message;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::api::peer::{DeviceOnly, Public};
use crate::api::problem::Problem;
use crate::server::Server;

use message::{REQUEST_LIMIT, certificates_only, parse_request};

pub(crate) fn router() -> Router<Server> {
    Router::new()
        .route("/.well-known/est/cacerts", get(cacerts))
        .route("/.well-known/est/csrattrs", get(csrattrs))
        .route("/.well-known/est/simpleenroll", post(simpleenroll))
        .route("/.well-known/est/simplereenroll", post(simplereenroll))
        .layer(axum::extract::DefaultBodyLimit::max(REQUEST_LIMIT))
}

/// RFC 7030 section 4.1: the authority's own certificate.
async fn cacerts(State(server): State<Server>, _: Public) -> Result<Response, Problem> {
    answer(&[server.authority().root()])
}

/// RFC 7030 section 4.5: nothing beyond a P-256 or Ed25519 key is asked for.
async fn csrattrs(_: Public) -> StatusCode {
    StatusCode::NO_CONTENT
}

/// RFC 7030 section 4.2.1, with the one-time code as HTTP Basic password (section 3.2.3).
async fn simpleenroll(
    State(server): State<Server>,
    peer: Public,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, Problem> {
    let (name, code) = basic(&headers).ok_or_else(|| {
        Problem::new(
            StatusCode::UNAUTHORIZED,
            "SK-ENR-006",
            "the device's name and its one-time code are needed",
        )
        .expected("HTTP Basic with the name as user and the code as password")
        .challenge()
    })?;
    server
        .name_budgets()
        .take(&name)
        .map_err(Problem::too_many)?;
    let request = read(body)?;
    let certificate = server
        .enroll(&name, &code, &request, &peer.source())
        .await?;
    answer(&[&certificate])
}

/// RFC 7030 section 4.2.2: whoever shows its certificate gets the next one.
async fn simplereenroll(
    State(server): State<Server>,
    device: DeviceOnly,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, Problem> {
    let request = read(body)?;
    let certificate = server
        .renew(&device.client, &request, &device.source())
        .await?;
    answer(&[&certificate])
}

fn read(
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<message::CertificateRequest, Problem> {
    let body = body.map_err(|_| {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "SK-API-003",
            "the request is too large",
        )
        .expected(format!("at most {REQUEST_LIMIT} bytes"))
    })?;
    parse_request(&body).map_err(|why| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "SK-ENR-003",
            "this is no certificate request",
        )
        .observed(why)
        .expected("PKCS#10 in base64")
        .fix("openssl req -new -key device.key -subj /CN=NAME -outform DER | base64")
    })
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > 512 {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD
        .decode(encoded.trim())
        .ok()?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':')
        .map(|(name, code)| (name.to_owned(), code.to_owned()))
}

fn answer(certificates: &[&[u8]]) -> Result<Response, Problem> {
    let body = certificates_only(certificates)
        .map_err(|why| Problem::internal("write certificates", why))?;
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/pkcs7-mime; smime-type=certs-only"),
    );
    headers.insert(
        "content-transfer-encoding",
        HeaderValue::from_static("base64"),
    );
    Ok(response)
}
