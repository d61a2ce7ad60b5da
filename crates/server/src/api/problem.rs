//! Answers that say what is wrong: code, observed, expected, fix.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use super::translation::japanese;
use crate::error::{StoreCause, StoreError};
use crate::ledger::AppendError;

/// One refusal or failure, as the API tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(Box<Content>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Content {
    status: StatusCode,
    code: &'static str,
    message: String,
    observed: Option<String>,
    expected: Option<String>,
    fix: Option<String>,
    details: Map<String, Value>,
    /// What the sentences are about, for the other language.
    about: Vec<(&'static str, String)>,
    retry_after: Option<u64>,
    challenge: bool,
}

impl Problem {
    /// A problem with its status and stable code.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self(Box::new(Content {
            status,
            code,
            message: message.into(),
            observed: None,
            expected: None,
            fix: None,
            details: Map::new(),
            about: Vec::new(),
            retry_after: None,
            challenge: false,
        }))
    }

    /// Adds what was seen.
    #[must_use]
    pub fn observed(mut self, observed: impl Into<String>) -> Self {
        self.0.observed = Some(observed.into());
        self
    }

    /// Adds what would have been right.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.0.expected = Some(expected.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.0.fix = Some(fix.into());
        self
    }

    /// Adds a member for programs.
    #[must_use]
    pub fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.details.insert(name.to_owned(), value.into());
        self
    }

    /// Names something that the message or the fix speaks of, so that it can be said in another
    /// language.
    #[must_use]
    pub fn about(mut self, name: &'static str, value: impl core::fmt::Display) -> Self {
        self.0.about.push((name, value.to_string()));
        self
    }

    /// The same in Japanese. The English message stays beside it: what comes from another part of
    /// the platform is told more exactly there.
    #[must_use]
    pub fn in_japanese(mut self) -> Self {
        let content = &mut *self.0;
        let code = content.code;
        let english = content.message.clone();
        content.about.push(("message", english.clone()));
        if let Some(message) = japanese(code, None, &content.about) {
            content.message = message;
            content.details.insert("message_en".into(), english.into());
        }
        for (name, text) in [
            ("fix", &mut content.fix),
            ("expected", &mut content.expected),
        ] {
            if text.is_some()
                && let Some(said) = japanese(code, Some(name), &content.about)
            {
                *text = Some(said);
            }
        }
        self
    }

    /// Says after how many seconds to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Asks for HTTP Basic.
    #[must_use]
    pub fn challenge(mut self) -> Self {
        self.0.challenge = true;
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        self.0.fix.as_deref()
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The request's content is not what belongs there.
    #[must_use]
    pub fn bad_request(observed: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "SK-API-002",
            "the request is not understood",
        )
        .observed(observed)
        .expected(expected)
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found(what: impl core::fmt::Display) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "SK-API-001",
            format!("there is no {what}"),
        )
        .about("what", what)
    }

    /// A budget is empty.
    #[must_use]
    pub fn too_many(wait: core::time::Duration) -> Self {
        let seconds = wait.as_secs().saturating_add(1);
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "SK-API-004",
            "too many requests from there",
        )
        .fix(format!("try again in {seconds} s"))
        .about("seconds", seconds)
        .retry_after(seconds)
    }

    /// The server is at fault, not the request.
    #[must_use]
    pub fn internal(doing: &str, why: impl core::fmt::Display) -> Self {
        tracing::error!(doing, %why, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "SK-SRV-009",
            format!("the server could not {doing}"),
        )
        .observed(why.to_string())
        .fix("look into the server's log, then run  sekimori doctor")
    }
}

impl core::fmt::Display for Problem {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(&self.0.message)?;
        match &self.0.observed {
            Some(observed) => write!(formatter, " ({observed})"),
            None => Ok(()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // Kept beside the answer, for whoever says it in another language.
        let problem = self.clone();
        let content = *self.0;
        let mut error = content.details;
        error.insert("code".into(), content.code.into());
        error.insert("message".into(), content.message.into());
        let optional = [
            ("observed", content.observed),
            ("expected", content.expected),
            ("fix", content.fix),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                error.insert(name.into(), value.into());
            }
        }
        let mut response = (content.status, Json(json!({ "error": error }))).into_response();
        response.extensions_mut().insert(problem);
        let headers = response.headers_mut();
        if let Some(seconds) = content.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if content.challenge {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"sekimori enrollment\", charset=\"UTF-8\""),
            );
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        let status = match error.cause {
            StoreCause::Full => StatusCode::INSUFFICIENT_STORAGE,
            StoreCause::Busy | StoreCause::Overloaded | StoreCause::Closed => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, "SK-SRV-004", error.to_string()).fix(error.fix())
    }
}

impl From<AppendError> for Problem {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Store(error) => error.into(),
            AppendError::Conflict(conflict) => {
                Self::new(StatusCode::CONFLICT, "SK-LED-002", conflict.to_string())
                    .detail("conflict", conflict.code())
            }
        }
    }
}

/// The record is durable, but the witnesses have not cosigned it yet.
#[must_use]
pub(crate) fn not_cosigned(why: impl Into<String>) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "SK-LED-001",
        "recorded, but not yet cosigned by enough organizations",
    )
    .observed(why)
    .fix("ask again; nothing is lost and nothing is done twice")
    .retry_after(2)
}
