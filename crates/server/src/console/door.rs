//! Getting in and out: the one-time link, the page that explains it, and the end of a session.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::headers::is_from_here;
use super::trouble;
use super::visit::{Frame, Operator, SESSION, Visit};

/// Why the visitor stands outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outside {
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

/// `/setup?token=…`: uses a one-time link up.
pub(crate) async fn setup(visit: Visit) -> Result<Response, Response> {
    let Some(token) = visit.address.value("token") else {
        return Ok(closed(&visit));
    };
    let opened = visit.console.source.open(&token, visit.peer).await;
    let Some(session) = visit.fine(opened)? else {
        return Ok(show(&visit, StatusCode::FORBIDDEN, Outside::SpentLink));
    };
    let cookie = format!("{SESSION}={session}; Path=/; Secure; HttpOnly; SameSite=Lax");
    Ok(with_cookie(Redirect::to("/devices").into_response(), &cookie))
}

/// `/logout`: ends the session.
pub(crate) async fn logout(
    Operator(visit): Operator,
    headers: HeaderMap,
) -> Result<Response, Response> {
    if !is_from_here(&headers) {
        return Err(trouble::foreign(&visit));
    }
    if let Some(session) = &visit.session {
        visit.fine(visit.console.source.close(session).await)?;
    }
    let cookie = format!("{SESSION}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
    Ok(with_cookie(Redirect::to("/setup?left=1").into_response(), &cookie))
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
