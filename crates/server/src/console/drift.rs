//! The page of drift: what was observed and is not in the model, and the other way round.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use sekimori_analysis::drift::{Difference, Direction};

use super::Console;
use super::source::Drift;
use super::text::{Language, grouped};
use super::time::Moment;
use super::visit::{Frame, Operator, Visit};

/// How many days back a reader may look.
const SPANS: [u64; 4] = [1, 7, 30, 90];
/// How many days back is looked when nobody says.
const USUAL: u64 = 30;

#[derive(Template)]
#[template(path = "drift.html")]
struct Page {
    frame: Frame,
    /// The model that is in force; [`None`] when there is none yet.
    model: Option<String>,
    since: Option<Moment>,
    /// How many days back one may look, and which is chosen.
    spans: Vec<(u64, String, bool)>,
    parts: Vec<Part>,
    /// Whether model and system agree in everything that can be seen.
    agrees: bool,
}

/// The differences of one direction.
struct Part {
    code: &'static str,
    title: String,
    /// What it means and what to do about it.
    says: String,
    rows: Vec<Row>,
}

struct Row {
    id: String,
    what: String,
    text: String,
    /// Devices, which have a page, and others, which have none.
    subjects: Vec<(String, bool)>,
    count: String,
    last: Option<Moment>,
}

/// `/drift`
pub(crate) async fn show(
    State(console): State<Arc<Console>>,
    Operator(visit): Operator,
) -> Result<Response, Response> {
    let t = visit.t;
    let (frame, _) = visit.full_frame(t.text("drift-title"), "drift").await?;
    let asked = visit.address.number("days");
    let days = asked.filter(|days| SPANS.contains(days)).unwrap_or(USUAL);
    let drift = visit.fine(console.source.drift(days).await)?;
    let parts = drift.as_ref().map_or_else(Vec::new, |drift| {
        let directions = Direction::ALL.iter();
        directions
            .map(|direction| Part::new(&visit, drift, *direction))
            .filter(|part| !part.rows.is_empty())
            .collect()
    });
    let page = Page {
        model: drift.as_ref().map(|drift| drift.model.clone()),
        since: drift.as_ref().map(|drift| visit.moment(drift.since)),
        spans: SPANS
            .map(|span| (span, t.count("drift-days", span), span == days))
            .to_vec(),
        agrees: drift.is_some_and(|drift| {
            !drift
                .differences
                .iter()
                .any(|found| found.difference.is_drift())
        }),
        parts,
        frame,
    };
    Ok(visit.page(StatusCode::OK, &page))
}

impl Part {
    fn new(visit: &Visit, drift: &Drift, direction: Direction) -> Self {
        let t = visit.t;
        let found = drift.differences.iter();
        let found = found.filter(|found| found.difference.direction == direction);
        let code = direction.word();
        Part {
            code,
            title: t.text(&format!("drift-{code}")),
            says: t.text(&format!("drift-{code}-says")),
            rows: found
                .map(|found| Row::new(visit, &found.difference, &found.devices))
                .collect(),
        }
    }
}

impl Row {
    fn new(visit: &Visit, difference: &Difference, devices: &[String]) -> Self {
        let t = visit.t;
        let subjects = difference.subjects.iter();
        Row {
            id: difference.id.clone(),
            what: t.text(&format!("drift-what-{}", difference.what.word())),
            text: said(t, &difference.text),
            subjects: subjects
                .map(|subject| (subject.clone(), devices.contains(subject)))
                .collect(),
            count: grouped(difference.count),
            last: difference.last.map(|last| visit.moment(last)),
        }
    }
}

/// A text of the analysis in the reader's language.
pub(super) fn said(t: Language, text: &sekimori_analysis::language::Text) -> String {
    match t {
        Language::Japanese => text.ja.clone(),
        Language::English => text.en.clone(),
    }
}
