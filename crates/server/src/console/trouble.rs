//! Pages that say what went wrong and what to do.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::source::Failure;
use super::visit::{Frame, Visit};

#[derive(Template)]
#[template(path = "trouble.html")]
struct Page {
    frame: Frame,
    status: u16,
    says: String,
    observed: Option<String>,
    fix: Option<String>,
}

/// No such page.
pub(crate) async fn not_found(visit: Visit) -> Response {
    nothing_here(&visit)
}

/// No such page.
pub(crate) fn nothing_here(visit: &Visit) -> Response {
    let title = visit.t.text("trouble-not-found");
    let says = visit.t.text("trouble-not-found-says");
    show(visit, StatusCode::NOT_FOUND, title, says, None, None)
}

/// No such device.
pub(crate) fn no_device(visit: &Visit, name: &str) -> Response {
    let shown: String = name.chars().take(64).collect();
    let title = visit.t.about("trouble-no-device", &shown);
    let says = visit.t.text("trouble-no-device-says");
    let fix = Some("sekimori device list".to_owned());
    show(visit, StatusCode::NOT_FOUND, title, says, None, fix)
}

/// A change that did not come from one of our own pages.
pub(crate) fn foreign(visit: &Visit) -> Response {
    let title = visit.t.text("trouble-foreign");
    let says = visit.t.text("trouble-foreign-says");
    show(visit, StatusCode::FORBIDDEN, title, says, None, None)
}

/// A change that does not fit how things stand.
pub(crate) fn conflict(visit: &Visit, observed: String) -> Response {
    let title = visit.t.text("trouble-conflict");
    let says = visit.t.text("trouble-conflict-says");
    show(
        visit,
        StatusCode::CONFLICT,
        title,
        says,
        Some(observed),
        None,
    )
}

/// More live pages are open than the server keeps up with.
pub(crate) fn too_many(visit: &Visit) -> Response {
    let title = visit.t.text("trouble-too-many");
    let says = visit.t.text("trouble-too-many-says");
    show(
        visit,
        StatusCode::SERVICE_UNAVAILABLE,
        title,
        says,
        None,
        None,
    )
}

/// A visitor who asks more often than strangers may.
pub(crate) fn too_often(visit: &Visit) -> Response {
    let title = visit.t.text("trouble-too-often");
    let says = visit.t.text("trouble-too-often-says");
    show(
        visit,
        StatusCode::TOO_MANY_REQUESTS,
        title,
        says,
        None,
        None,
    )
}

/// The server could not answer.
pub(crate) fn failed(visit: &Visit, failure: &Failure) -> Response {
    tracing::warn!(observed = failure.observed, "a page could not be made");
    let title = visit.t.text("trouble-failed");
    let says = visit.t.text("trouble-failed-says");
    let (observed, fix) = (failure.observed.clone(), failure.fix.clone());
    show(
        visit,
        StatusCode::SERVICE_UNAVAILABLE,
        title,
        says,
        Some(observed),
        Some(fix),
    )
}

fn show(
    visit: &Visit,
    status: StatusCode,
    title: String,
    says: String,
    observed: Option<String>,
    fix: Option<String>,
) -> Response {
    let frame = visit.frame(title, "");
    visit.page(
        status,
        &Page {
            frame,
            status: status.as_u16(),
            says,
            observed,
            fix,
        },
    )
}
