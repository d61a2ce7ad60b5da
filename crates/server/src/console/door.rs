//! Getting in and out: the one-time link, the page that explains it, and the end of a session.

use askama::Template;
use axum::extract::Form;
use axum::extract::rejection::FormRejection;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::trouble;
use super::visit::{Frame, Operator, Visit};
use crate::same_origin;

/// Why the visitor stands outside.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outside {
    /// Came with a one-time link, which may still be good.
    WithLink(String),
    /// Came without a session.
    NoSession,
    /// Came with a link that was used, or is too old, or never was.
    SpentLink,
    /// Just left.
    LoggedOut,
}

#[derive(Template)]
#[template(path = "door.html")]
struct Page {
    frame: Frame,
    outside: Outside,
}

/// `/`: the list of devices is the front page.
pub(crate) async fn front(_: Operator) -> Redirect {
    Redirect::to("/devices")
}

/// `GET /setup?token=…`: the page behind a one-time link. Only the button on it uses the link up,
/// so that a preview of the link in some chat does not.
pub(crate) async fn setup(visit: Visit) -> Response {
    match visit.address.value("token") {
        Some(token) => show(&visit, StatusCode::OK, Outside::WithLink(token)),
        None => closed(&visit),
    }
}

/// What the form behind a one-time link carries.
#[derive(serde::Deserialize)]
pub(crate) struct Link {
    token: String,
}

/// `POST /enter`: uses a one-time link up.
pub(crate) async fn enter(
    visit: Visit,
    headers: HeaderMap,
    link: Result<Form<Link>, FormRejection>,
) -> Result<Response, Response> {
    if same_origin(&headers).is_err() {
        return Err(trouble::foreign(&visit));
    }
    let Ok(Form(Link { token })) = link else {
        return Ok(closed(&visit));
    };
    let opened = visit.console.source.open(&token, &visit.source).await;
    match visit.fine(opened)? {
        Some(cookie) => Ok(with_cookie(
            Redirect::to("/devices").into_response(),
            &cookie,
        )),
        None => Ok(show(&visit, StatusCode::FORBIDDEN, Outside::SpentLink)),
    }
}

/// `/logout`: ends the session.
pub(crate) async fn logout(
    Operator(visit): Operator,
    headers: HeaderMap,
) -> Result<Response, Response> {
    if same_origin(&headers).is_err() {
        return Err(trouble::foreign(&visit));
    }
    let cookie = visit.fine(visit.console.source.close(&headers).await)?;
    Ok(with_cookie(
        Redirect::to("/setup?left=1").into_response(),
        &cookie,
    ))
}

/// The page for whoever has no session.
pub(crate) fn closed(visit: &Visit) -> Response {
    let outside = match visit.address.value("left") {
        Some(_) => Outside::LoggedOut,
        None => Outside::NoSession,
    };
    show(visit, StatusCode::UNAUTHORIZED, outside)
}

fn show(visit: &Visit, status: StatusCode, outside: Outside) -> Response {
    let mut frame = visit.frame(visit.t.text("door-title"), "");
    frame.operator = false;
    visit.page(status, &Page { frame, outside })
}

fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
