//! One thing that happened.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::code::{Code, Severity};

/// Limits of one event, so that no peer decides how much is logged about it.
pub mod bounds {
    /// Bytes of device, source and reason.
    pub const NAME_BYTES: usize = 64;
    /// Entries in `detail`.
    pub const DETAILS: usize = 16;
    /// Bytes of a key in `detail`.
    pub const KEY_BYTES: usize = 64;
    /// Bytes of a value in `detail`.
    pub const VALUE_BYTES: usize = 512;
}

/// Detail of an event that carries the ids of the requirements which the rule serves that led to it.
pub const REQUIREMENT: &str = "requirement";

/// One thing that happened, or `count` equal things between `first_at` and `last_at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Place in the chain, from 1; 0 before it has one.
    pub sequence: u64,
    /// When the platform took it in.
    pub at: Timestamp,
    /// What happened.
    pub code: Code,
    /// How serious it is.
    pub severity: Severity,
    /// Name of the device that it is about; only where the device proved who it is, or an operator said so.
    pub device: Option<String>,
    /// Where it came from: an address, or `server`.
    pub source: Option<String>,
    /// The exact cause, as the stable code of a refusal or result.
    pub reason: Option<String>,
    /// What an operator needs beyond that, by name.
    pub detail: BTreeMap<String, String>,
    /// How many equal things this event stands for.
    pub count: u32,
    /// When the first of them happened.
    pub first_at: Timestamp,
    /// When the last of them happened.
    pub last_at: Timestamp,
}

impl Event {
    /// The same with the ids of the requirements that the rule serves which led to it, if there are any.
    #[must_use]
    pub fn citing<S: AsRef<str>>(self, requirements: &[S]) -> Self {
        let ids: Vec<&str> = requirements.iter().map(AsRef::as_ref).collect();
        if ids.is_empty() {
            return self;
        }
        self.with_detail(REQUIREMENT, ids.join(", "))
    }

    /// One event at `at`, with its code's own severity.
    pub fn new(at: Timestamp, code: Code) -> Self {
        Self {
            sequence: 0,
            at,
            code,
            severity: code.severity(),
            device: None,
            source: None,
            reason: None,
            detail: BTreeMap::new(),
            count: 1,
            first_at: at,
            last_at: at,
        }
    }

    /// Says which device it is about.
    #[must_use]
    pub fn with_device(mut self, name: impl Into<String>) -> Self {
        self.device = Some(name.into());
        self
    }

    /// Says where it came from.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Says the exact cause.
    #[must_use]
    pub fn with_reason(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds one detail.
    #[must_use]
    pub fn with_detail(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.detail.insert(name.into(), value.into());
        self
    }

    /// Says how serious this one is, where its code says otherwise.
    #[must_use]
    pub fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// The event within [`bounds`], on one line; whatever was cut ends with `…`, and details beyond the
    /// last are counted. Characters that a terminal or a log file would act on become U+FFFD.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let names = [&mut self.device, &mut self.source, &mut self.reason];
        for text in names.into_iter().flatten() {
            clean(text);
            cut(text, bounds::NAME_BYTES);
        }
        let fits = self.detail.len() <= bounds::DETAILS
            && self.detail.iter().all(|(key, value)| {
                let short = key.len() <= bounds::KEY_BYTES && value.len() <= bounds::VALUE_BYTES;
                short && !key.contains(acts) && !value.contains(acts)
            });
        if !fits {
            let all = core::mem::take(&mut self.detail);
            let kept = if all.len() > bounds::DETAILS {
                bounds::DETAILS - 1
            } else {
                bounds::DETAILS
            };
            let total = all.len();
            for (mut key, mut value) in all.into_iter().take(kept) {
                clean(&mut key);
                clean(&mut value);
                cut(&mut key, bounds::KEY_BYTES);
                cut(&mut value, bounds::VALUE_BYTES);
                self.detail.insert(key, value);
            }
            let dropped = total - self.detail.len();
            if dropped > 0 {
                self.detail.insert("…".into(), format!("{dropped} more"));
            }
        }
        self
    }
}

/// Whether a character does something where it is shown: begins a line, commands a terminal, or turns
/// the direction of what follows.
fn acts(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn clean(text: &mut String) {
    if text.contains(acts) {
        *text = text.replace(acts, "\u{fffd}");
    }
}

/// Cuts text at a character boundary so that it has at most `limit` bytes, with a mark.
fn cut(text: &mut String, limit: usize) {
    if text.len() <= limit {
        return;
    }
    let mut end = limit - '…'.len_utf8();
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push('…');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_bounded_event_is_within_bounds_and_stays_the_same(
            name in ".{0,200}",
            detail in proptest::collection::btree_map(".{0,100}", ".{0,700}", 0..40),
        ) {
            let count = detail.len();
            let mut event = Event::new(Timestamp::UNIX_EPOCH, Code::TlsRefused)
                .with_device(name.clone())
                .with_source(name);
            event.detail = detail;
            let once = event.bounded();
            prop_assert!(once.device.as_ref().is_some_and(|name| name.len() <= bounds::NAME_BYTES));
            prop_assert!(once.detail.len() <= bounds::DETAILS);
            prop_assert!(count == 0 || !once.detail.is_empty());
            for (key, value) in &once.detail {
                prop_assert!(key.len() <= bounds::KEY_BYTES && value.len() <= bounds::VALUE_BYTES);
            }
            prop_assert_eq!(once.clone().bounded(), once);
        }
    }

    /// What devices say (a topic, the reason of a failed test) ends up in terminals and log files.
    #[test]
    fn no_peer_can_write_a_line_or_command_a_terminal() {
        let event = Event::new(Timestamp::UNIX_EPOCH, Code::UpdateRolledBack)
            .with_device("dev\u{9b}2J")
            .with_source("192.0.2.1\r")
            .with_reason("crashed\n2026-01-01 device.enrolled")
            .with_detail("ob\tserved", "\u{1b}]0;owned\u{7} \u{202e}txt");
        let shown = alloc::format!("{:?}", event.bounded());
        for forbidden in [
            "\\u{9b}",
            "\\r",
            "\\n",
            "\\t",
            "\\u{1b}",
            "\\u{7}",
            "\\u{202e}",
        ] {
            assert!(!shown.contains(forbidden), "{forbidden} in {shown}");
        }
        assert!(shown.contains("crashed\u{fffd}2026-01-01 device.enrolled"));
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let mut event = Event::new(Timestamp::UNIX_EPOCH, Code::TlsRefused);
        for number in 0..20 {
            event
                .detail
                .insert(format!("key-{number:02}"), "value".into());
        }
        let event = event.bounded();
        assert_eq!(event.detail.len(), bounds::DETAILS);
        assert_eq!(event.detail.get("…").map(String::as_str), Some("5 more"));
    }

    #[test]
    fn an_event_reads_back_from_json() {
        let event = Event::new(Timestamp::UNIX_EPOCH, Code::MessageRefused)
            .with_device("dev-0001")
            .with_reason("out-of-range");
        let text = serde_json::to_string(&event).expect("events have a JSON form");
        assert!(
            text.contains(r#""code":"message.refused","severity":"warning""#),
            "{text}"
        );
        assert_eq!(
            serde_json::from_str::<Event>(&text).expect("reads back"),
            event
        );
    }
}
