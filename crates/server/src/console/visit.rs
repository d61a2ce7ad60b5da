//! One request for a page: in which language, by whom, and what every page shows.

use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::response::{Html, IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use jiff::Timestamp;
use sekimori_session::HttpsPeer;

use super::address::Address;
use super::assets::{self, Addresses};
use super::headers::cookie;
use super::source::{Admission, Failure, LedgerState};
use super::text::{Argument, Language, grouped};
use super::time::Moment;
use super::{Console, door, trouble};

/// The cookie that holds the language.
pub(crate) const LANGUAGE: &str = "sk-lang";

/// Anybody's visit.
pub(crate) struct Visit {
    pub(crate) console: Arc<Console>,
    pub(crate) t: Language,
    pub(crate) address: Address,
    /// Where it comes from, for events.
    pub(crate) source: String,
    pub(crate) now: Timestamp,
    operator: bool,
}

/// An operator's visit; others see how to get in.
pub(crate) struct Operator(pub(crate) Visit);

/// What every page shows around its content.
pub(crate) struct Frame {
    pub(crate) t: Language,
    pub(crate) title: String,
    pub(crate) organization: String,
    /// Which part of the console the page belongs to.
    pub(crate) here: &'static str,
    pub(crate) operator: bool,
    pub(crate) ledger: Option<LedgerLine>,
    pub(crate) as_of: Moment,
    pub(crate) in_japanese: String,
    pub(crate) in_english: String,
    /// Where the page learns that it changed.
    pub(crate) live: Option<String>,
    pub(crate) assets: &'static Addresses,
}

/// Who answers for the ledger, in one line.
pub(crate) struct LedgerLine {
    pub(crate) text: String,
    pub(crate) one_administrator: bool,
}

impl Visit {
    /// The frame of a page.
    pub(crate) fn frame(&self, title: String, here: &'static str) -> Frame {
        Frame {
            t: self.t,
            title,
            organization: self.console.source.organization(),
            here,
            operator: self.operator,
            ledger: None,
            as_of: self.moment(self.now),
            in_japanese: self.address.with("lang", "ja"),
            in_english: self.address.with("lang", "en"),
            live: None,
            assets: assets::addresses(),
        }
    }

    /// The frame of a page that only operators see, which says how the ledger stands.
    pub(crate) async fn full_frame(
        &self,
        title: String,
        here: &'static str,
    ) -> Result<(Frame, LedgerState), Response> {
        let ledger = self.fine(self.console.source.ledger().await)?;
        let mut frame = self.frame(title, here);
        frame.ledger = Some(self.ledger_line(&ledger));
        Ok((frame, ledger))
    }

    fn ledger_line(&self, ledger: &LedgerState) -> LedgerLine {
        let text = if ledger.one_administrator() {
            self.t.text("ledger-one-administrator")
        } else {
            let names: Vec<&str> = ledger
                .witnesses
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            let size = grouped(ledger.published);
            let arguments = [
                ("size", Argument::Text(&size)),
                ("witnesses", Argument::Text(&names.join(", "))),
            ];
            self.t.with("ledger-cosigned", &arguments)
        };
        LedgerLine {
            text,
            one_administrator: ledger.one_administrator(),
        }
    }

    /// A point in time, as seen now.
    pub(crate) fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(self.t, at, self.now)
    }

    /// A page.
    pub(crate) fn page(&self, status: StatusCode, page: &impl Template) -> Response {
        match page.render() {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page was not rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    /// What was asked of the server, or the page that says why it could not answer.
    #[expect(
        clippy::result_large_err,
        reason = "handlers answer with either of two responses, as axum has it"
    )]
    pub(crate) fn fine<T>(&self, answer: Result<T, Failure>) -> Result<T, Response> {
        answer.map_err(|failure| trouble::failed(self, &failure))
    }
}

impl FromRequestParts<Arc<Console>> for Visit {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Self, Response> {
        let address = Address::of(&parts.uri);
        let asked = address.value("lang").and_then(|tag| Language::parse(&tag));
        let kept = || cookie(&parts.headers, LANGUAGE).and_then(Language::parse);
        let accepted = || {
            let header = parts.headers.get(header::ACCEPT_LANGUAGE);
            let header = header
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default();
            Language::accepted(header)
        };
        let mut visit = Self {
            t: asked.or_else(kept).unwrap_or_else(accepted),
            address,
            source: parts.extensions.get::<HttpsPeer>().map_or_else(
                || "control socket".into(),
                |peer| peer.address.ip().to_canonical().to_string(),
            ),
            now: console.source.now(),
            operator: false,
            console: console.clone(),
        };
        match visit.fine(console.source.admits(parts).await)? {
            Admission::Operator => visit.operator = true,
            Admission::Stranger => {}
            Admission::TooOften => return Err(trouble::too_often(&visit)),
        }
        Ok(visit)
    }
}

impl FromRequestParts<Arc<Console>> for Operator {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        console: &Arc<Console>,
    ) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, console).await?;
        if visit.operator {
            Ok(Self(visit))
        } else {
            Err(door::closed(&visit))
        }
    }
}

/// Keeps the language that an address asked for.
pub(crate) async fn remember_language(
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let asked = Address::of(request.uri())
        .value("lang")
        .and_then(|tag| Language::parse(&tag));
    let mut response = next.run(request).await;
    if let Some(language) = asked {
        let tag = language.tag();
        let cookie =
            format!("{LANGUAGE}={tag}; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    response
}
