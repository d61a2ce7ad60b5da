//! Who may operate: the owner of the control socket, and browsers that used a one-time link.

use core::time::Duration;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use sekimori_audit::{Code, Event};
use sha2::{Digest as _, Sha256};

use crate::api::problem::Problem;
use crate::error::StoreError;
use crate::keys;
use crate::server::Server;

/// How long a one-time link may be used.
const LINK_LIFE: Duration = Duration::from_secs(60 * 60);

/// How long a browser's session lasts.
pub(crate) const SESSION_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// The cookie of an operator's session. The prefix makes browsers insist on `Secure`, on `/`, and
/// on this host alone.
pub(crate) const COOKIE: &str = "__Host-sekimori";

/// Marks a request that came over the control socket, whose peer was checked to be the owner.
#[derive(Clone, Copy, Debug)]
pub struct LocalOperator;

/// Whoever sent a request may operate. An extractor: a handler that takes it is closed to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Over the control socket.
    Local,
    /// A browser with a session.
    Browser,
}

impl Operator {
    /// How records name whoever acted; operators have no names of their own yet.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Local => "local-operator",
            Self::Browser => "console-operator",
        }
    }
}

impl FromRequestParts<Server> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Server) -> Result<Self, Problem> {
        if parts.extensions.get::<LocalOperator>().is_some() {
            return Ok(Self::Local);
        }
        let token = cookie(&parts.headers).ok_or_else(not_signed_in)?;
        if !server
            .store_of()
            .session_is_open(hash(&token), server.now())
            .await?
        {
            return Err(not_signed_in());
        }
        if parts.method != Method::GET && parts.method != Method::HEAD {
            same_origin(&parts.headers)?;
        }
        Ok(Self::Browser)
    }
}

impl Server {
    /// A one-time link that gives a browser an operator's session.
    ///
    /// # Errors
    ///
    /// When the store does not take it.
    pub async fn console_link(&self) -> Result<String, StoreError> {
        let token = token()?;
        let now = self.now();
        self.store_of()
            .keep_link(hash(&token), now + LINK_LIFE, now)
            .await?;
        Ok(format!("{}/setup?token={token}", self.https_url()))
    }

    /// Uses a one-time link up; returns the cookie to set.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when the link was used, has ended or never was.
    pub async fn use_link(&self, link: &str, source: &str) -> Result<String, Problem> {
        let session = token()?;
        let now = self.now();
        let good = self
            .store_of()
            .open_session(hash(link), hash(&session), now, now + SESSION_LIFE)
            .await?;
        if !good {
            self.record(
                Event::new(now, Code::EnrollRefused)
                    .with_source(source)
                    .with_reason("setup-link"),
            );
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "SK-OPR-003",
                "this link was used already, or has ended",
            )
            .fix("make a new one on the server with  sekimori console link"));
        }
        self.record(Event::new(now, Code::OperatorSession).with_source(source));
        Ok(format!(
            "{COOKIE}={session}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Strict",
            SESSION_LIFE.as_secs()
        ))
    }

    /// Ends the session of a browser; returns the cookie that takes its own away.
    ///
    /// # Errors
    ///
    /// When the store does not take it.
    pub async fn sign_out(&self, headers: &HeaderMap) -> Result<String, StoreError> {
        if let Some(token) = cookie(headers) {
            self.store_of().close_session(hash(&token)).await?;
        }
        Ok(format!(
            "{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict"
        ))
    }
}

/// Whether a browser sent this from our own pages: a page of somebody else's must not operate.
///
/// Source: RFC 6454 for `Origin`; Fetch Metadata for `Sec-Fetch-Site`. Browsers that keep
/// `__Host-` cookies send at least one of them with every request that changes something.
///
/// # Errors
///
/// A [`Problem`] when it came from elsewhere, or nothing says from where.
pub fn same_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &http::HeaderValue| value.to_str().ok())
    };
    let refused = |observed: String| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "SK-OPR-002",
            "the request did not come from this server's own pages",
        )
        .observed(observed)
        .fix("use the console itself, or the control socket for programs")
    };
    let host = text(header::HOST).unwrap_or_default();
    match text(header::ORIGIN) {
        Some(origin) if origin.strip_prefix("https://") == Some(host) && !host.is_empty() => Ok(()),
        Some(origin) => Err(refused(format!("origin {origin}"))),
        None => match text(http::HeaderName::from_static("sec-fetch-site")) {
            Some("same-origin") => Ok(()),
            Some(site) => Err(refused(format!("a request that is {site}"))),
            None => Err(refused("neither Origin nor Sec-Fetch-Site".into())),
        },
    }
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}

fn not_signed_in() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "SK-OPR-001",
        "an operator's session is needed",
    )
    .fix("open the link that  sekimori console link  prints on the server")
}

/// 256 random bits as text.
fn token() -> Result<String, StoreError> {
    let bytes: [u8; 32] =
        keys::random().map_err(|error| StoreError::unreadable("make a token", error))?;
    Ok(hex::encode(bytes))
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                let name = http::HeaderName::from_static(name);
                (name, http::HeaderValue::from_static(value))
            })
            .collect()
    }

    #[test]
    fn only_our_own_pages_may_change_anything() {
        let host = ("host", "127.0.0.1:8443");
        for (good, sent) in [
            (true, vec![host, ("origin", "https://127.0.0.1:8443")]),
            (true, vec![host, ("sec-fetch-site", "same-origin")]),
            (false, vec![host, ("origin", "https://evil.example")]),
            (false, vec![host, ("origin", "http://127.0.0.1:8443")]),
            (
                false,
                vec![host, ("origin", "null"), ("sec-fetch-site", "same-origin")],
            ),
            (false, vec![host, ("sec-fetch-site", "same-site")]),
            (false, vec![host]),
            (false, vec![("origin", "https://")]),
        ] {
            assert_eq!(same_origin(&headers(&sent)).is_ok(), good, "{sent:?}");
        }
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let sent = headers(&[("cookie", "a=b; __Host-sekimori=12ab; c=d")]);
        assert_eq!(cookie(&sent).as_deref(), Some("12ab"));
        assert_eq!(cookie(&headers(&[("cookie", "sekimori=12ab")])), None);
    }
}
