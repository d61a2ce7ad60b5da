//! The page of events and cases.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use sekimori_audit::{Code, Severity};

use super::Console;
use super::source::EventFilter;
use super::story::{CaseView, EventView, SEVERITIES};
use super::visit::{Frame, Operator};

/// How many events a page lists.
const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "events.html")]
struct Page {
    frame: Frame,
    cases: Vec<CaseView>,
    first_cases: Option<String>,
    more_cases: Option<String>,
    events: Vec<EventView>,
    device: String,
    code: &'static str,
    codes: Vec<(&'static str, String)>,
    severity: &'static str,
    severities: Vec<(&'static str, String)>,
    filtered: bool,
    first: Option<String>,
    next: Option<String>,
}

/// `/events`
pub(crate) async fn list(
    State(console): State<Arc<Console>>,
    Operator(visit): Operator,
) -> Result<Response, Response> {
    let t = visit.t;
    let (mut frame, _) = visit.full_frame(t.text("events-title"), "events").await?;
    frame.live = Some("/live?of=events".to_owned());
    let severity = visit.address.value("severity");
    let filter = EventFilter {
        device: visit.address.value("device"),
        code: visit
            .address
            .value("code")
            .and_then(|code| Code::parse(&code)),
        severity: SEVERITIES
            .into_iter()
            .find(|known| severity.as_deref() == Some(known.as_str())),
        before: visit.address.number("before"),
        limit: PAGE,
    };
    let events = visit.fine(console.source.events(&filter).await)?;
    let cases_before = visit.address.number("cases-before");
    let cases = visit.fine(console.source.cases(cases_before).await)?;
    let page = Page {
        cases: cases
            .items
            .iter()
            .map(|case| CaseView::new(t, case, visit.now))
            .collect(),
        first_cases: cases_before.map(|_| visit.address.without("cases-before")),
        more_cases: cases
            .next
            .map(|next| visit.address.with("cases-before", &next.to_string())),
        events: events
            .items
            .iter()
            .map(|event| EventView::new(t, event, visit.now))
            .collect(),
        filtered: filter.device.is_some() || filter.code.is_some() || filter.severity.is_some(),
        device: filter.device.unwrap_or_default(),
        code: filter.code.map_or("", Code::as_str),
        codes: Code::ALL
            .iter()
            .map(|code| (code.as_str(), t.code(*code)))
            .collect(),
        severity: filter.severity.map_or("", Severity::as_str),
        severities: SEVERITIES
            .map(|severity| (severity.as_str(), t.severity(severity)))
            .to_vec(),
        first: filter.before.map(|_| visit.address.without("before")),
        next: events
            .next
            .map(|next| visit.address.with("before", &next.to_string())),
        frame,
    };
    Ok(visit.page(StatusCode::OK, &page))
}
