//! Operators: events, cases, messages, and the live stream of them.

use core::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::{Stream, StreamExt as _, stream};
use http::HeaderMap;
use sekimori_audit::{Case, Event};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;

use super::problem::Problem;
use super::{Query, limit};
use crate::log::Live;
use crate::operator::Operator;
use crate::server::Server;
use crate::store::Page;
use crate::store::events::EventFilter;
use crate::store::messages::{MessageFilter, StoredMessage};

/// How many missed events a watcher is told when it comes back.
const CATCH_UP: u32 = 1000;

pub(super) fn router() -> Router<Server> {
    Router::new()
        .route("/api/v1/events", get(list))
        .route("/api/v1/events/stream", get(watch))
        .route("/api/v1/events/verify", get(verify))
        .route("/api/v1/messages", get(messages))
        .route("/api/v1/cases", get(cases))
}

#[derive(Deserialize)]
struct Events {
    after: Option<u64>,
    before: Option<u64>,
    limit: Option<u32>,
    device: Option<String>,
    code: Option<String>,
}

/// Newest first; from `after` on, oldest first.
async fn list(
    State(server): State<Server>,
    _: Operator,
    Query(query): Query<Events>,
) -> Result<Json<Page<Event, u64>>, Problem> {
    let filter = EventFilter {
        device: query.device,
        code: query.code,
        after: query.after,
        before: query.before,
    };
    Ok(Json(
        server
            .store_of()
            .events(&filter, limit(query.limit))
            .await?,
    ))
}

#[derive(Deserialize)]
struct Watching {
    after: Option<u64>,
}

/// Events and messages as they come. A browser that reconnects says where it was, and is told
/// what it missed.
async fn watch(
    State(server): State<Server>,
    _: Operator,
    Query(query): Query<Watching>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Sent, axum::Error>>>, Problem> {
    let live = server.watch();
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse().ok())
        .or(query.after);
    let missed = match last {
        Some(after) => {
            let filter = EventFilter {
                after: Some(after),
                ..EventFilter::default()
            };
            server.store_of().events(&filter, CATCH_UP).await?.items
        }
        None => Vec::new(),
    };
    let told = missed.last().map_or(0, |event| event.sequence);
    let before = stream::iter(missed.into_iter().map(|event| event_sent(&event)));
    let closing = server.closing().clone();
    let after = stream::unfold(live, |mut live| async move {
        let sent = match live.recv().await {
            Ok(live) => Some(live),
            Err(RecvError::Lagged(_)) => None,
            Err(RecvError::Closed) => return None,
        };
        Some((sent, live))
    })
    .take_until(closing.cancelled_owned())
    .filter_map(move |live| core::future::ready(live_sent(live, told)));
    Ok(
        Sse::new(before.chain(after))
            .keep_alive(KeepAlive::new().interval(Duration::from_secs(15))),
    )
}

fn live_sent(live: Option<Live>, told: u64) -> Option<Result<Sent, axum::Error>> {
    match live {
        Some(Live::Event(event)) if event.sequence <= told => None,
        Some(Live::Event(event)) => Some(event_sent(&event)),
        Some(Live::Message(message)) => Some(
            Sent::default()
                .event("message")
                .json_data(MessageView::of(&message)),
        ),
        // Whoever fell behind reads the list again.
        None => Some(Ok(Sent::default().event("missed").data("{}"))),
    }
}

fn event_sent(event: &Event) -> Result<Sent, axum::Error> {
    Sent::default()
        .event("event")
        .id(event.sequence.to_string())
        .json_data(event)
}

async fn verify(
    State(server): State<Server>,
    _: Operator,
) -> Result<Json<crate::offline::EventsReport>, Problem> {
    let newest = server.newest()?;
    let report =
        crate::offline::verify_chain(server.store_of(), &server.ledger_key(), newest.as_ref())
            .await?;
    server.record_verification(&report);
    Ok(Json(report))
}

#[derive(Deserialize)]
struct Messages {
    device: Option<String>,
    flow: Option<String>,
    before: Option<u64>,
    limit: Option<u32>,
}

/// A message with its payload as JSON, as the model's flows have it.
#[derive(Serialize)]
struct MessageView {
    id: u64,
    device: String,
    flow: String,
    boot: Option<u64>,
    sequence: Option<u64>,
    device_time: Option<jiff::Timestamp>,
    received: jiff::Timestamp,
    payload: serde_json::Value,
}

impl MessageView {
    fn of(message: &StoredMessage) -> Self {
        // What is no JSON (a signed envelope) is shown as base64.
        let payload = serde_json::from_slice(&message.payload).unwrap_or_else(|_| {
            use base64::Engine as _;
            base64::engine::general_purpose::STANDARD
                .encode(&message.payload)
                .into()
        });
        Self {
            id: message.id,
            device: message.device.clone(),
            flow: message.flow.clone(),
            boot: message.boot,
            sequence: message.sequence,
            device_time: message.device_time,
            received: message.received,
            payload,
        }
    }
}

/// Newest first.
async fn messages(
    State(server): State<Server>,
    _: Operator,
    Query(query): Query<Messages>,
) -> Result<Json<Page<MessageView, u64>>, Problem> {
    let filter = MessageFilter {
        device: query.device,
        flow: query.flow,
        before: query.before,
    };
    let page = server
        .store_of()
        .messages(&filter, limit(query.limit))
        .await?;
    let items = page.items.iter().map(MessageView::of).collect();
    Ok(Json(Page {
        items,
        next: page.next,
    }))
}

#[derive(Deserialize)]
struct Cases {
    device: Option<String>,
    before: Option<u64>,
    limit: Option<u32>,
}

#[derive(Serialize)]
struct CaseView {
    #[serde(flatten)]
    case: Case,
    contained_millis: Option<u128>,
    restored_millis: Option<u128>,
    closed_millis: Option<u128>,
}

async fn cases(
    State(server): State<Server>,
    _: Operator,
    Query(query): Query<Cases>,
) -> Result<Json<Page<CaseView, u64>>, Problem> {
    let limit = limit(query.limit);
    let page = server
        .store_of()
        .cases(query.device.as_deref(), query.before, limit)
        .await?;
    let items = page
        .items
        .into_iter()
        .map(|case| {
            let durations = case.durations();
            let millis = |duration: Option<Duration>| duration.map(|duration| duration.as_millis());
            CaseView {
                contained_millis: millis(durations.contained),
                restored_millis: millis(durations.restored),
                closed_millis: millis(durations.closed),
                case,
            }
        })
        .collect();
    Ok(Json(Page {
        items,
        next: page.next,
    }))
}
