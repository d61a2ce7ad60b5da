//! Why a request was refused: one reason for each refusal.

use alloc::string::String;
use core::fmt;

use crate::json::JsonError;
use crate::schema::Mismatch;

/// Why a device may not do what it asked for, each with the one code that counters and events carry.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// No policy is active, so that nothing but the platform's own flows is permitted.
    NoPolicy,
    /// The device is contained: only the platform's own flows stay open to it.
    Contained,
    /// The role does not allow this topic.
    NotAuthorized {
        /// The topic, filter or flow that was asked for, cut to 128 bytes.
        topic: String,
        /// What stands against it.
        why: Unauthorized,
    },
    /// The filter (or topic) has a wildcard that reaches further than the device's own commands.
    WildcardRefused {
        /// The filter, cut to 128 bytes.
        filter: String,
    },
    /// A retained message outlives the session that was checked, so none is taken.
    RetainRefused,
    /// The flow's bucket is empty.
    RateExceeded {
        /// Messages that the flow allows …
        messages: u32,
        /// … in this many seconds.
        per_seconds: u32,
    },
    /// The payload is longer than the flow allows.
    PayloadTooLarge {
        /// Its length in bytes.
        size: usize,
        /// The flow's limit in bytes.
        limit: u32,
    },
    /// The flow requires boot count and sequence, and the message has none.
    SequenceMissing,
    /// This boot count and sequence were accepted before, or are too old to tell.
    Replayed,
    /// The payload is not JSON within bounds.
    NotJson(JsonError),
    /// The payload is not what the flow's schema describes.
    SchemaViolation {
        /// JSON Pointer (RFC 6901) of the offending value; empty is the whole payload. Cut to 128 bytes.
        pointer: String,
        /// What was expected there.
        mismatch: Mismatch,
    },
    /// A value lies outside of the range that the flow declares.
    OutOfRange {
        /// The field, as the policy names it.
        field: String,
        /// What the device sent.
        observed: f64,
        /// Least value allowed.
        low: f64,
        /// Greatest value allowed.
        high: f64,
    },
}

/// What stands against a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthorized {
    /// The policy does not know the device's role.
    UnknownRole,
    /// The topic belongs to another device.
    OtherDevice,
    /// The role has no such flow in this direction.
    UndeclaredFlow,
    /// The topic does not have a form that this platform uses.
    UnknownTopic,
    /// The policy takes no packet of this kind from anybody.
    Filtered,
}

impl Reason {
    /// Every code.
    pub const CODES: [&'static str; 12] = [
        "no-policy",
        "contained",
        "not-authorized",
        "wildcard-refused",
        "retain-refused",
        "rate-exceeded",
        "payload-too-large",
        "sequence-missing",
        "replayed",
        "not-json",
        "schema-violation",
        "out-of-range",
    ];

    pub(crate) fn unauthorized(topic: &str, why: Unauthorized) -> Self {
        Self::NotAuthorized {
            topic: bounded(topic),
            why,
        }
    }

    /// The stable code of this reason, used as counter label and as `reason` of the event.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoPolicy => "no-policy",
            Self::Contained => "contained",
            Self::NotAuthorized { .. } => "not-authorized",
            Self::WildcardRefused { .. } => "wildcard-refused",
            Self::RetainRefused => "retain-refused",
            Self::RateExceeded { .. } => "rate-exceeded",
            Self::PayloadTooLarge { .. } => "payload-too-large",
            Self::SequenceMissing => "sequence-missing",
            Self::Replayed => "replayed",
            Self::NotJson(_) => "not-json",
            Self::SchemaViolation { .. } => "schema-violation",
            Self::OutOfRange { .. } => "out-of-range",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPolicy => f.write_str("no policy is active: apply a model first"),
            Self::Contained => {
                f.write_str("the device is contained: only its state report and repair are open")
            }
            Self::NotAuthorized { topic, why } => write!(f, "{topic:?} is not allowed: {why}"),
            Self::WildcardRefused { filter } => write!(
                f,
                "{filter:?} has a wildcard: a device may use one only for all of its own commands"
            ),
            Self::RetainRefused => f.write_str("retained messages are not taken"),
            Self::RateExceeded {
                messages,
                per_seconds,
            } => write!(
                f,
                "more than {messages} messages in {per_seconds} s, and the backlog is used up"
            ),
            Self::PayloadTooLarge { size, limit } => {
                write!(f, "payload of {size} B, limit {limit} B")
            }
            Self::SequenceMissing => f.write_str(
                "the flow requires boot count and sequence (sk-boot, sk-seq), and there is none",
            ),
            Self::Replayed => f.write_str("boot count and sequence were accepted before"),
            Self::NotJson(error) => write!(f, "the payload is not acceptable JSON: {error}"),
            Self::SchemaViolation { pointer, mismatch } if pointer.is_empty() => {
                write!(f, "payload: {mismatch}")
            }
            Self::SchemaViolation { pointer, mismatch } => write!(f, "{pointer:?}: {mismatch}"),
            Self::OutOfRange {
                field,
                observed,
                low,
                high,
            } => write!(f, "{field:?} is {observed}, allowed is {low} to {high}"),
        }
    }
}

impl fmt::Display for Unauthorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownRole => "the policy does not know the role",
            Self::OtherDevice => "the topic belongs to another device",
            Self::UndeclaredFlow => "the role declares no such flow in this direction",
            Self::UnknownTopic => "no topic of this platform has this form",
            Self::Filtered => "the policy's receive filter takes no packet of this kind",
        })
    }
}

/// Cuts text from outside at a character boundary, marking the cut, so that no peer can fill the log.
pub(crate) fn bounded(text: &str) -> String {
    const LIMIT: usize = 128;
    if text.len() <= LIMIT {
        return text.into();
    }
    let mut end = LIMIT - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut cut = String::from(text.get(..end).unwrap_or_default());
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_at_a_character() {
        let text = "é".repeat(100);
        let cut = bounded(&text);
        assert!(cut.len() <= 128);
        assert!(cut.ends_with('…'));
        assert!(text.starts_with(cut.trim_end_matches('…')));
        assert_eq!(bounded("short"), "short");
    }

    #[test]
    fn control_characters_cannot_forge_a_log_line() {
        let reason = Reason::WildcardRefused {
            filter: "#\nFAKE \u{1b}[31m".into(),
        };
        let shown = alloc::string::ToString::to_string(&reason);
        assert!(
            !shown.contains('\n') && !shown.contains('\u{1b}'),
            "{shown}"
        );
    }
}
