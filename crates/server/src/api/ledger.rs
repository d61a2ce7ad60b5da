//! The ledger for everybody (C2SP tlog-tiles), and its check for operators.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderValue, header};

use super::peer::Public;
use super::problem::Problem;
use crate::offline::LedgerReport;
use crate::operator::Operator;
use crate::server::Server;

pub(super) fn router() -> Router<Server> {
    Router::new()
        .route("/ledger/checkpoint", get(checkpoint))
        .route("/ledger/tile/{*path}", get(tile))
        .route("/api/v1/ledger/fsck", get(fsck))
}

async fn checkpoint(State(server): State<Server>, _: Public) -> Result<Response, Problem> {
    let published = server.ledger().published();
    if published.size == 0 {
        return Err(super::problem::not_cosigned(
            server
                .ledger()
                .hindrance()
                .unwrap_or_else(|| "nothing is published yet".into()),
        ));
    }
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], published.note.to_string()).into_response())
}

/// A full tile never changes again, and says so.
async fn tile(
    State(server): State<Server>,
    _: Public,
    Path(path): Path<String>,
) -> Result<Response, Problem> {
    let path = format!("tile/{path}");
    let bytes = server
        .ledger()
        .tile(&path)
        .await?
        .ok_or_else(|| Problem::not_found(&path))?;
    let lasting = if path.contains(".p/") {
        "no-store"
    } else {
        "public, max-age=31536000, immutable"
    };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static(lasting)),
    ];
    Ok((headers, bytes).into_response())
}

async fn fsck(State(server): State<Server>, _: Operator) -> Result<Json<LedgerReport>, Problem> {
    let newest = server.newest()?;
    let trust = server.ledger().trust();
    let report = crate::offline::check_ledger(server.store_of(), trust, newest.as_ref()).await?;
    Ok(Json(report))
}
