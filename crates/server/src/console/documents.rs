//! The page of attached documents: what each is about, who answers for it, until when, and whether it still counts.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use jiff::tz::TimeZone;
use sekimori_analysis::documents::{Document, Worth};

use super::Console;
use super::drift::said;
use super::source::DocumentFilter;
use super::text::grouped;
use super::time::Moment;
use super::visit::{Frame, Operator, Visit};

/// How many documents a page lists.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "documents.html")]
struct Page {
    frame: Frame,
    /// Whether there is no document at all, whatever the filter says.
    empty: bool,
    /// How many there are in each state that occurs.
    counts: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    state: &'static str,
    states: Vec<(&'static str, String)>,
    first: Option<String>,
    next: Option<String>,
}

struct Row {
    id: String,
    title: String,
    file: Option<String>,
    kind: String,
    sha256: String,
    bytes: String,
    items: Vec<String>,
    owner: String,
    attached: Moment,
    attached_by: String,
    until: String,
    state: &'static str,
    state_text: String,
    /// What its result says, or why it was withdrawn.
    says: Option<String>,
}

/// `/evidence`
pub(crate) async fn list(
    State(console): State<Arc<Console>>,
    Operator(visit): Operator,
) -> Result<Response, Response> {
    let t = visit.t;
    let (frame, _) = visit
        .full_frame(t.text("evidence-title"), "evidence")
        .await?;
    let asked = visit.address.value("state");
    let filter = DocumentFilter {
        worth: STATES
            .into_iter()
            .find(|worth| asked.as_deref() == Some(code(*worth))),
        skip: visit.address.number("skip").unwrap_or(0),
        limit: PAGE,
        today: visit.now.to_zoned(TimeZone::UTC).date(),
    };
    let found = visit.fine(console.source.documents(&filter).await)?;
    let words = |worth: Worth| (code(worth), t.text(&format!("evidence-{}", code(worth))));
    let counts = found.counts.iter().map(|(worth, count)| {
        let text = t.text(&format!("evidence-{}", code(*worth)));
        (code(*worth), format!("{text}: {}", grouped(*count)))
    });
    let page = Page {
        empty: found.counts.is_empty(),
        counts: counts.collect(),
        rows: found
            .items
            .iter()
            .map(|document| Row::new(&visit, document, filter.today))
            .collect(),
        state: filter.worth.map_or("", code),
        states: STATES.into_iter().map(words).collect(),
        first: (filter.skip > 0).then(|| visit.address.without("skip")),
        next: found
            .next
            .map(|next| visit.address.with("skip", &next.to_string())),
        frame,
    };
    Ok(visit.page(StatusCode::OK, &page))
}

const STATES: [Worth; 5] = [
    Worth::Counts,
    Worth::Against,
    Worth::TellsNothing,
    Worth::Expired,
    Worth::Withdrawn,
];

/// The word of a state in addresses, texts and styles.
fn code(worth: Worth) -> &'static str {
    match worth {
        Worth::Counts => "counts",
        Worth::Against => "against",
        Worth::TellsNothing => "tells-nothing",
        Worth::Expired => "expired",
        Worth::Withdrawn => "withdrawn",
    }
}

impl Row {
    fn new(visit: &Visit, document: &Document, today: jiff::civil::Date) -> Self {
        let t = visit.t;
        let state = code(document.worth(today));
        let result = document
            .summary
            .as_ref()
            .map(|summary| said(t, &summary.why));
        let withdrawn = document.withdrawn.as_ref();
        let title = document.title.as_deref();
        Row {
            id: document.id.clone(),
            title: title.unwrap_or(&document.name).to_owned(),
            file: title.map(|_| document.name.clone()),
            kind: t.text(&format!("evidence-kind-{}", document.kind.word())),
            sha256: document.sha256.clone(),
            bytes: t.count("evidence-bytes", document.size),
            items: document.items.iter().cloned().collect(),
            owner: document.owner.clone(),
            attached: visit.moment(document.attached_at),
            attached_by: document.attached_by.clone(),
            until: document.until.to_string(),
            state,
            state_text: t.text(&format!("evidence-{state}")),
            says: withdrawn
                .map(|end| format!("{}: {}", end.by, end.why))
                .or(result),
        }
    }
}
