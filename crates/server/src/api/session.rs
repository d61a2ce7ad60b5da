//! Operators' sessions: one-time links in, cookies out.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

use super::Query;
use super::peer::Public;
use super::problem::Problem;
use crate::operator::{Operator, same_origin};
use crate::server::Server;

pub(super) fn router() -> Router<Server> {
    Router::new()
        .route("/api/v1/console-link", post(link))
        .route("/api/v1/sign-out", post(sign_out))
        .route("/setup", post(setup))
}

#[derive(Serialize)]
struct Link {
    url: String,
}

async fn link(State(server): State<Server>, _: Operator) -> Result<Json<Link>, Problem> {
    Ok(Json(Link {
        url: server.console_link().await?,
    }))
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

/// Uses a link up. A POST, so that a preview of the link in some chat does not use it.
async fn setup(
    State(server): State<Server>,
    peer: Public,
    headers: HeaderMap,
    Query(Token { token }): Query<Token>,
) -> Result<Response, Problem> {
    same_origin(&headers)?;
    let cookie = server.use_link(&token, &peer.source()).await?;
    with_cookie(&cookie, "/")
}

async fn sign_out(
    State(server): State<Server>,
    _: Operator,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let cookie = server.sign_out(&headers).await?;
    with_cookie(&cookie, "/")
}

fn with_cookie(cookie: &str, to: &'static str) -> Result<Response, Problem> {
    let cookie = HeaderValue::from_str(cookie)
        .map_err(|error| Problem::internal("write a cookie", error))?;
    let headers = [
        (header::SET_COOKIE, cookie),
        (header::LOCATION, HeaderValue::from_static(to)),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}
