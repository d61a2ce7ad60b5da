//! Operators: documents and results as evidence.

use std::collections::BTreeSet;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Path, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderValue, header};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sekimori_analysis::documents::{Document, DocumentKind, Format, MAX_BYTES, Worth};
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::{Json as Body, Query, bodies};
use crate::documents::intact::Look;
use crate::documents::{AttachedContent, Attachment};
use crate::operator::Operator;
use crate::server::Server;

pub(super) fn router() -> Router<Server> {
    // A byte more than is taken, so that the refusal can say by how much.
    let limit = DefaultBodyLimit::max(MAX_BYTES.saturating_add(1));
    Router::new()
        .route("/api/v1/evidence", post(attach).get(list).layer(limit))
        .route("/api/v1/evidence/{id}/file", get(file))
        .route("/api/v1/evidence/{id}/withdraw", post(withdraw))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attaching {
    name: String,
    /// Ids, separated by commas.
    items: String,
    owner: String,
    until: String,
    title: Option<String>,
    /// `document`, `test`, or `result`, which is read.
    kind: String,
    format: Option<String>,
    at_least: Option<u8>,
    replaces: Option<String>,
}

/// A document and what it is worth today.
#[derive(Serialize)]
struct DocumentView {
    #[serde(flatten)]
    document: Document,
    worth: Worth,
}

impl DocumentView {
    fn of(document: Document, today: Date) -> Self {
        Self {
            worth: document.worth(today),
            document,
        }
    }
}

/// The file is the body; what it is stands in the query.
async fn attach(
    State(server): State<Server>,
    operator: Operator,
    Query(asked): Query<Attaching>,
    request: Request,
) -> Result<Json<DocumentView>, Problem> {
    let bytes = Bytes::from_request(request, &server)
        .await
        .map_err(|_| bodies::too_large())?;
    let content = content(&asked)?;
    let until = asked.until.parse().map_err(|_| {
        Problem::bad_request(
            format!("until {:?}", asked.until),
            "a date such as 2027-12-31",
        )
    })?;
    let attachment = Attachment {
        bytes: bytes.to_vec(),
        name: asked.name,
        title: asked.title,
        content,
        items: items(&asked.items),
        owner: asked.owner,
        until,
        replaces: asked.replaces,
    };
    let document = server.attach_document(attachment, operator).await?;
    Ok(Json(DocumentView::of(document, today(&server))))
}

fn content(asked: &Attaching) -> Result<AttachedContent, Problem> {
    if asked.at_least.is_some_and(|percent| percent > 100) {
        return Err(Problem::bad_request("at_least above 100", "0 to 100"));
    }
    if let Some(kind) = DocumentKind::parse(&asked.kind) {
        return Ok(AttachedContent::Kept(kind));
    }
    if asked.kind != "result" {
        return Err(Problem::bad_request(
            format!("kind {:?}", asked.kind),
            "document, test or result",
        ));
    }
    let format = match asked.format.as_deref() {
        None => None,
        Some(word) => Some(Format::parse(word).ok_or_else(|| {
            Problem::bad_request(format!("format {word:?}"), Format::WORDS.join(", "))
        })?),
    };
    Ok(AttachedContent::Read {
        format,
        at_least: asked.at_least,
    })
}

fn items(text: &str) -> BTreeSet<String> {
    let items = text.split(',').map(str::trim);
    items
        .filter(|item| !item.is_empty())
        .map(str::to_owned)
        .collect()
}

fn today(server: &Server) -> Date {
    server.now().to_zoned(TimeZone::UTC).date()
}

#[derive(Serialize)]
struct Documents {
    items: Vec<DocumentView>,
}

/// In the order in which they were attached; those that count no more are among them.
async fn list(State(server): State<Server>, _: Operator) -> Result<Json<Documents>, Problem> {
    let today = today(&server);
    let documents = server.documents(Look::Touched).await?;
    let views = documents.into_iter();
    Ok(Json(Documents {
        items: views
            .map(|document| DocumentView::of(document, today))
            .collect(),
    }))
}

/// The bytes, never to be shown inside a page: somebody else made them.
async fn file(
    State(server): State<Server>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (_, bytes) = server.document_file(&id).await?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment"),
        ),
    ];
    Ok((headers, bytes).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Withdrawing {
    why: String,
}

async fn withdraw(
    State(server): State<Server>,
    operator: Operator,
    Path(id): Path<String>,
    Body(asked): Body<Withdrawing>,
) -> Result<Json<Documents>, Problem> {
    server.withdraw_document(&id, &asked.why, operator).await?;
    let today = today(&server);
    let documents = server.documents(Look::Touched).await?;
    let one = documents.into_iter().filter(|document| document.id == id);
    Ok(Json(Documents {
        items: one
            .map(|document| DocumentView::of(document, today))
            .collect(),
    }))
}
