//! What a device asks for itself: proofs, updates, repair, files.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::TryStreamExt as _;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sekimori_identity::Entry;
use sekimori_identity::entry::EntryBody;
use sekimori_ledger::envelope::Signer as _;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::peer::{Admitted, Trusted};
use super::problem::Problem;
use super::{Query, sha256};
use crate::home;
use crate::server::Server;
use crate::updates::{Offer, ProvenEntry};

/// How many bytes of a file are read at once.
const CHUNK: usize = 64 * 1024;

pub(super) fn router() -> Router<Server> {
    Router::new()
        .route("/api/v1/devices/self/proof", get(proof))
        .route("/api/v1/devices/self/update", get(update))
        .route("/api/v1/devices/self/repair", get(repair))
        .route("/api/v1/devices/self/blobs/{sha256}", get(blob))
}

#[derive(Serialize)]
struct Proofs {
    entries: Vec<ProvenEntry>,
    endpoints: Endpoints,
}

#[derive(Serialize)]
struct Endpoints {
    mqtt: String,
}

/// That the ledger knows this device and its newest certificate over the key it used.
async fn proof(
    State(server): State<Server>,
    Admitted { record, client }: Admitted,
) -> Result<Json<Proofs>, Problem> {
    let author = server.ledger().author().public_key();
    let stored = server.store_of().entries_of(&record.id.0).await?;
    let mut registered = None;
    let mut certified = None;
    for entry in &stored {
        match Entry::open(&entry.bytes, &author).map(|entry| entry.body) {
            Ok(EntryBody::DeviceRegistered { .. }) => registered = Some(entry),
            Ok(EntryBody::CertificateIssued { spki, .. }) if spki == client.spki => {
                certified = Some(entry);
            }
            _ => {}
        }
    }
    let mut entries = Vec::new();
    for entry in [registered, certified].into_iter().flatten() {
        entries.push(server.proven(entry).await?);
    }
    Ok(Json(Proofs {
        entries,
        endpoints: Endpoints {
            mqtt: server.addresses().mqtt,
        },
    }))
}

/// The release to install, or 204 when there is none.
async fn update(
    State(server): State<Server>,
    Trusted(record): Trusted,
) -> Result<Response, Problem> {
    Ok(match server.offer(&record).await? {
        Some(offer) => Json(offer).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

#[derive(Deserialize)]
struct Installed {
    release: String,
}

/// The release that is installed, to repair it from.
async fn repair(
    State(server): State<Server>,
    Admitted { record, .. }: Admitted,
    Query(Installed { release }): Query<Installed>,
) -> Result<Json<Offer>, Problem> {
    server.repair(&record, &release).await.map(Json)
}

/// A file by its hash, whole or from a byte on.
async fn blob(
    State(server): State<Server>,
    _: Admitted,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let hash = sha256(&name)?;
    let missing = || Problem::not_found(format!("file {name}"));
    let length = server
        .store_of()
        .blob_length(&hash)
        .await?
        .ok_or_else(missing)?;
    let path = home::blob(server.home(), &hash);
    let mut file = tokio::fs::File::open(&path)
        .await
        .map_err(|error| Problem::internal("open a file of a release", error))?;
    let range = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let (status, first, last) = match range.map(|range| parse_range(range, length)) {
        None | Some(Range::Whole) => (StatusCode::OK, 0, length.saturating_sub(1)),
        Some(Range::Part { first, last }) => (StatusCode::PARTIAL_CONTENT, first, last),
        Some(Range::Outside) => {
            let mut response = Problem::new(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "SK-API-006",
                "the file has no such bytes",
            )
            .into_response();
            insert(
                &mut response,
                header::CONTENT_RANGE,
                &format!("bytes */{length}"),
            );
            return Ok(response);
        }
    };
    file.seek(std::io::SeekFrom::Start(first))
        .await
        .map_err(|error| Problem::internal("read a file of a release", error))?;
    let count = if length == 0 { 0 } else { last - first + 1 };
    let reader = file.take(count);
    let stream = futures_util::stream::try_unfold(reader, |mut reader| async move {
        let mut buffer = vec![0; CHUNK];
        let read = reader.read(&mut buffer).await?;
        buffer.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((buffer, reader)))
    });
    let mut response = (
        status,
        Body::from_stream(stream.map_ok(axum::body::Bytes::from)),
    )
        .into_response();
    insert(
        &mut response,
        header::CONTENT_TYPE,
        "application/octet-stream",
    );
    insert(&mut response, header::ACCEPT_RANGES, "bytes");
    insert(&mut response, header::CONTENT_LENGTH, &count.to_string());
    if status == StatusCode::PARTIAL_CONTENT {
        insert(
            &mut response,
            header::CONTENT_RANGE,
            &format!("bytes {first}-{last}/{length}"),
        );
    }
    Ok(response)
}

fn insert(response: &mut Response, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Which bytes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Range {
    /// All: nothing was asked, or in a way that is not offered.
    Whole,
    /// One part, both ends included.
    Part { first: u64, last: u64 },
    /// Beyond the end.
    Outside,
}

/// Source: RFC 9110 section 14.1.2; one range only, a list is answered with the whole.
fn parse_range(text: &str, length: u64) -> Range {
    let Some(range) = text.strip_prefix("bytes=") else {
        return Range::Whole;
    };
    let Some((first, last)) = range.split_once('-') else {
        return Range::Whole;
    };
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), _) if first >= length => Range::Outside,
        (Ok(first), Ok(last)) if last < first => Range::Whole,
        (Ok(first), Ok(last)) => Range::Part {
            first,
            last: last.min(length.saturating_sub(1)),
        },
        (Ok(first), Err(_)) if last.is_empty() => Range::Part {
            first,
            last: length.saturating_sub(1),
        },
        (Err(_), Ok(0)) if first.is_empty() => Range::Outside,
        (Err(_), Ok(count)) if first.is_empty() && length > 0 => Range::Part {
            first: length.saturating_sub(count),
            last: length - 1,
        },
        _ => Range::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let part = |first, last| Range::Part { first, last };
        for (text, expected) in [
            ("bytes=0-0", part(0, 0)),
            ("bytes=2-", part(2, 9)),
            ("bytes=2-5", part(2, 5)),
            ("bytes=2-99", part(2, 9)),
            ("bytes=-3", part(7, 9)),
            ("bytes=-99", part(0, 9)),
            ("bytes=-0", Range::Outside),
            ("bytes=10-", Range::Outside),
            ("bytes=5-2", Range::Whole),
            ("bytes=0-1,3-4", Range::Whole),
            ("lines=1-2", Range::Whole),
            ("bytes=x", Range::Whole),
        ] {
            assert_eq!(parse_range(text, 10), expected, "{text}");
        }
        assert_eq!(parse_range("bytes=0-", 0), Range::Outside);
    }
}
