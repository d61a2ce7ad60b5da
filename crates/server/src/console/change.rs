//! Suspending, resuming and revoking a device: a page that says what will be cut off, then the
//! change itself.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode};
use sekimori_identity::entry::Cause;

use super::Console;
use super::devices::{Badge, badges};
use super::source::{Change, Refused};
use super::text::Argument;
use super::time::Moment;
use super::trouble;
use super::visit::{Frame, Operator};
use crate::same_origin;

#[derive(Template)]
#[template(path = "change.html")]
struct Page {
    frame: Frame,
    code: &'static str,
    plate: String,
    name: String,
    badges: Vec<Badge>,
    says: String,
    /// What will not work any more.
    consequences: Vec<String>,
    sessions: Vec<(&'static str, String, Moment)>,
    flows: Vec<(String, Moment)>,
    causes: Vec<(&'static str, String)>,
    confirm: String,
}

/// What the form carries.
#[derive(serde::Deserialize)]
pub(crate) struct Sent {
    #[serde(default)]
    cause: String,
}

/// `GET /devices/{name}/{change}`
pub(crate) async fn ask(
    State(console): State<Arc<Console>>,
    Operator(visit): Operator,
    Path((name, change)): Path<(String, String)>,
) -> Result<Response, Response> {
    let t = visit.t;
    let change = Change::parse(&change).ok_or_else(|| trouble::nothing_here(&visit))?;
    let facts = visit.fine(console.source.device(&name).await)?;
    let facts = facts.ok_or_else(|| trouble::no_device(&visit, &name))?;
    if !change.fits(facts.row.standing) {
        let standing = t.text(&format!("state-{}", facts.row.standing.code()));
        return Err(trouble::conflict(&visit, format!("{name}: {standing}")));
    }
    let code = change.code();
    let title = t.about(&format!("change-{code}-title"), &facts.row.name);
    let (frame, _) = visit.full_frame(title, "devices").await?;
    let mut consequences = Vec::new();
    if change != Change::Resume {
        let open = u64::try_from(facts.sessions.len()).unwrap_or(u64::MAX);
        consequences.push(t.count("change-cuts-sessions", open));
        consequences.push(t.text("change-cuts-handshakes"));
    }
    consequences.push(t.text(&format!("change-{code}-after")));
    let cause = |cause: Cause| (cause.code(), t.text(&format!("cause-{}", cause.code())));
    let page = Page {
        code,
        plate: facts.row.plate.clone(),
        badges: badges(t, &facts.row),
        says: t.text(&format!("change-{code}-says")),
        consequences,
        sessions: facts
            .sessions
            .iter()
            .map(|session| {
                (
                    session.listener,
                    session.peer.clone(),
                    visit.moment(session.since),
                )
            })
            .collect(),
        flows: match change {
            Change::Resume => Vec::new(),
            Change::Suspend | Change::Revoke => {
                let flows = facts.flows.iter();
                flows
                    .map(|flow| (flow.name.clone(), visit.moment(flow.last)))
                    .collect()
            }
        },
        causes: match change {
            Change::Resume => Vec::new(),
            Change::Suspend | Change::Revoke => Cause::ALL.into_iter().map(cause).collect(),
        },
        confirm: t.with(
            &format!("change-{code}-confirm"),
            &[("name", Argument::Text(&facts.row.name))],
        ),
        name: facts.row.name,
        frame,
    };
    Ok(visit.page(StatusCode::OK, &page))
}

/// `POST /devices/{name}/{change}`
pub(crate) async fn act(
    State(console): State<Arc<Console>>,
    Operator(visit): Operator,
    Path((name, change)): Path<(String, String)>,
    headers: HeaderMap,
    sent: Result<Form<Sent>, axum::extract::rejection::FormRejection>,
) -> Result<Response, Response> {
    if same_origin(&headers).is_err() {
        return Err(trouble::foreign(&visit));
    }
    let change = Change::parse(&change).ok_or_else(|| trouble::nothing_here(&visit))?;
    let cause = sent.map(|Form(sent)| sent.cause).unwrap_or_default();
    let cause = Cause::ALL
        .into_iter()
        .find(|known| known.code() == cause)
        .unwrap_or_default();
    let changed = console.source.change(&name, change, cause).await;
    let changed = changed.map_err(|refused| match refused {
        Refused::Unknown => trouble::no_device(&visit, &name),
        Refused::Standing(observed) => trouble::conflict(&visit, observed),
        Refused::Failed(failure) => trouble::failed(&visit, &failure),
    })?;
    let (code, closed, millis) = (change.code(), changed.closed, changed.millis);
    let name = super::address::encode(&name);
    let done = format!("/devices/{name}?done={code}&closed={closed}&millis={millis}");
    Ok(Redirect::to(&done).into_response())
}
