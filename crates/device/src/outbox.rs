//! What was read and is not yet acknowledged: bounded, in order, without loss or duplicates.
//!
//! A message waits, is in flight, and is settled when the gateway has answered for good. It goes out in the order in
//! which it was read; messages of two starts are never in flight together, because a gateway that has seen a newer
//! start takes nothing of an older one. Everything that may have been sent before goes out with DUP.
//!
//! Sending does not wait for the disk: after a power cut a message is either in the journal and goes out again under
//! the same key, or was never promised to anybody.

use crate::journal::{self, Key, Letter};
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::time::Duration;
use sekimori_proto::mqtt::PublishResult;
use sekimori_update::report::OutboxState;

/// How long settled lines may wait for company before they are written.
const SETTLE_LINGER: Duration = Duration::from_secs(1);
/// A journal that is at most this long, in bytes, is not worth rewriting.
const COMPACT_FROM: usize = 16 * 1024;
/// How often a message that the gateway does not authorize is tried.
const UNAUTHORIZED_TRIES: u8 = 3;
/// The first pause after the gateway could not take a message, or asked to slow down.
const SLOW_FROM: Duration = Duration::from_millis(500);
/// The longest pause after the gateway could not take a message.
const SLOW_TO: Duration = Duration::from_secs(30);
/// The slowest pace: a message in two minutes.
const PACE_TO: Duration = Duration::from_secs(120);
/// A pace faster than this is none.
const PACE_FROM: Duration = Duration::from_millis(50);
/// How many messages in a row are accepted before a faster pace is tried.
const STEADY: u32 = 8;

/// Bounds of the outbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
    pub(crate) in_flight: usize,
}

/// What the journal needs done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    /// Add these lines at its end.
    Append(Vec<u8>),
    /// Replace all of it.
    Rewrite(Vec<u8>),
}

/// What became of an answered message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// It is stored.
    Accepted,
    /// It stays and is tried again.
    Kept,
    /// It was refused for good; the code is the gateway's.
    Refused { flow: String, code: &'static str },
    /// Nobody asked.
    Unknown,
}

#[derive(Clone, Debug)]
struct Item {
    letter: Letter,
    /// It may have been sent before.
    sent: bool,
    /// It was in flight when a connection or the power was lost.
    lost: bool,
    in_flight: Option<NonZeroU16>,
    unauthorized: u8,
}

/// The outbox.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    bounds: Bounds,
    boot: u64,
    next_sequence: u64,
    items: VecDeque<Item>,
    bytes: usize,
    flying: usize,
    /// How many may be in flight now: one until something was accepted after trouble.
    window: usize,
    slow_until: Option<Duration>,
    /// The next pause, when the gateway cannot take a message for reasons of its own.
    slow_for: Duration,
    /// The time between two messages that the gateway's limit was found to allow; zero while none was found.
    pace: Duration,
    /// Accepted in a row at this pace.
    steady: u32,
    dropped: u64,
    resent: u64,
    // The journal.
    journal_bytes: usize,
    /// Its end is unknown, so that it has to be written anew; lines are not collected meanwhile.
    torn: bool,
    lines: Vec<u8>,
    urgent: bool,
    linger_until: Option<Duration>,
}

impl Outbox {
    /// The outbox of start number `boot`, with what the journal still holds.
    pub(crate) fn new(bounds: Bounds, boot: u64, journal: &[u8]) -> Self {
        let reading = journal::read(journal);
        let items: VecDeque<Item> = reading
            .letters
            .into_iter()
            .map(|letter| Item {
                letter,
                sent: true,
                lost: true,
                in_flight: None,
                unauthorized: 0,
            })
            .collect();
        Self {
            bounds,
            boot,
            next_sequence: 1,
            bytes: items.iter().map(|item| weight(&item.letter)).sum(),
            items,
            flying: 0,
            window: bounds.in_flight.max(1),
            slow_until: None,
            slow_for: SLOW_FROM,
            pace: Duration::ZERO,
            steady: 0,
            dropped: 0,
            resent: 0,
            journal_bytes: journal.len(),
            torn: reading.torn > 0,
            lines: Vec::new(),
            urgent: false,
            linger_until: None,
        }
    }

    /// Takes a reading. Answers how many older messages had to go for it (they are lost, and counted).
    pub(crate) fn push(&mut self, time: i64, flow: String, payload: Vec<u8>) -> u64 {
        let letter = Letter {
            key: Key {
                boot: self.boot,
                sequence: self.next_sequence,
            },
            time,
            flow,
            payload,
        };
        let mut lost: u64 = 0;
        while self.items.len() >= self.bounds.messages.max(1)
            || self.bytes.saturating_add(weight(&letter)) > self.bounds.bytes
        {
            let Some(at) = self.items.iter().position(|item| item.in_flight.is_none()) else {
                break;
            };
            self.remove(at);
            lost = lost.saturating_add(1);
        }
        let full = self.items.len() >= self.bounds.messages.max(1)
            || self.bytes.saturating_add(weight(&letter)) > self.bounds.bytes;
        if full {
            // Everything that is left is in flight, or this one alone is too large.
            lost = lost.saturating_add(1);
        } else {
            self.next_sequence = self.next_sequence.saturating_add(1);
            self.bytes = self.bytes.saturating_add(weight(&letter));
            self.line(journal::waits(&letter));
            self.urgent = true;
            self.items.push_back(Item {
                letter,
                sent: false,
                lost: false,
                in_flight: None,
                unauthorized: 0,
            });
        }
        self.dropped = self.dropped.saturating_add(lost);
        lost
    }

    /// The next message to send, and whether with DUP. Call [`Self::sent`] once it is out.
    pub(crate) fn next(&self, now: Duration) -> Option<(&Letter, bool)> {
        if self.flying >= self.window || self.slow_until.is_some_and(|until| now < until) {
            return None;
        }
        let item = self.items.iter().find(|item| item.in_flight.is_none())?;
        let mut flying = self
            .items
            .iter()
            .filter(|other| other.in_flight.is_some())
            .take(self.flying);
        flying
            .all(|other| other.letter.key.boot == item.letter.key.boot)
            .then_some((&item.letter, item.sent))
    }

    /// The message of [`Self::next`] is out under this packet identifier.
    pub(crate) fn sent(&mut self, packet: NonZeroU16) {
        let Some(item) = self.items.iter_mut().find(|item| item.in_flight.is_none()) else {
            return;
        };
        item.in_flight = Some(packet);
        self.flying = self.flying.saturating_add(1);
        if core::mem::take(&mut item.lost) {
            self.resent = self.resent.saturating_add(1);
        }
        item.sent = true;
    }

    /// The message of [`Self::next`] can never be sent on this link: too large, or no valid topic.
    pub(crate) fn give_up_next(&mut self) -> Option<String> {
        let at = self
            .items
            .iter()
            .position(|item| item.in_flight.is_none())?;
        let flow = self.remove(at)?.letter.flow;
        self.dropped = self.dropped.saturating_add(1);
        Some(flow)
    }

    /// The gateway answered.
    pub(crate) fn answered(
        &mut self,
        now: Duration,
        packet: NonZeroU16,
        result: PublishResult,
    ) -> Settlement {
        let Some(at) = self
            .items
            .iter()
            .position(|item| item.in_flight == Some(packet))
        else {
            return Settlement::Unknown;
        };
        self.flying = self.flying.saturating_sub(1);
        let unauthorized = self.items.get_mut(at).map_or(0, |item| {
            item.in_flight = None;
            if result == PublishResult::NotAuthorized {
                item.unauthorized = item.unauthorized.saturating_add(1);
            }
            item.unauthorized
        });
        let code = match result {
            PublishResult::Accepted | PublishResult::NoMatchingSubscribers => {
                self.remove(at);
                self.speed_up(now);
                return Settlement::Accepted;
            }
            PublishResult::QuotaExceeded => {
                self.keep_pace(now);
                return Settlement::Kept;
            }
            PublishResult::Unspecified | PublishResult::ImplementationSpecific => {
                self.slow_down(now);
                return Settlement::Kept;
            }
            PublishResult::NotAuthorized if unauthorized < UNAUTHORIZED_TRIES => {
                self.slow_down(now);
                return Settlement::Kept;
            }
            PublishResult::NotAuthorized => "not-authorized",
            PublishResult::TopicNameInvalid => "topic-name-invalid",
            PublishResult::PayloadInvalid => "payload-invalid",
        };
        let flow = self.remove(at).map(|item| item.letter.flow);
        self.dropped = self.dropped.saturating_add(1);
        Settlement::Refused {
            flow: flow.unwrap_or_default(),
            code,
        }
    }

    /// The connection is gone: what was in flight waits again.
    pub(crate) fn disconnected(&mut self) {
        for item in &mut self.items {
            item.lost |= item.in_flight.take().is_some();
        }
        self.flying = 0;
    }

    /// Whether nothing is in flight.
    pub(crate) fn is_quiet(&self) -> bool {
        self.flying == 0
    }

    /// For the state report.
    pub(crate) fn state(&self) -> OutboxState {
        OutboxState {
            depth: self.items.len() as u64,
            dropped: self.dropped,
            resent: self.resent,
        }
    }

    /// What has to be written now. Call [`Self::written`] with what became of it before asking again.
    pub(crate) fn writing(&mut self, now: Duration) -> Option<Writing> {
        let live: usize = self.bytes;
        let grown = self.journal_bytes > COMPACT_FROM.saturating_add(live.saturating_mul(4));
        if self.torn || grown {
            let whole: Vec<u8> = self
                .items
                .iter()
                .flat_map(|item| journal::waits(&item.letter))
                .collect();
            self.torn = false;
            self.lines.clear();
            self.urgent = false;
            self.linger_until = None;
            return Some(Writing::Rewrite(whole));
        }
        if self.lines.is_empty() {
            return None;
        }
        if !self.urgent {
            let until = *self
                .linger_until
                .get_or_insert(now.saturating_add(SETTLE_LINGER));
            if now < until {
                return None;
            }
        }
        self.urgent = false;
        self.linger_until = None;
        Some(Writing::Append(core::mem::take(&mut self.lines)))
    }

    /// Whether there are messages that the journal does not have.
    pub(crate) const fn needs_writing(&self) -> bool {
        self.torn || self.urgent
    }

    /// Whether the journal has everything, settled lines included.
    #[cfg(test)]
    pub(crate) fn is_durable(&self) -> bool {
        !self.torn && self.lines.is_empty()
    }

    /// The journal was written, or not. After a failure its end is unknown, and it is written anew.
    pub(crate) fn written(&mut self, writing: &Writing, succeeded: bool) {
        match (writing, succeeded) {
            (Writing::Append(bytes), true) => {
                self.journal_bytes = self.journal_bytes.saturating_add(bytes.len());
            }
            (Writing::Rewrite(bytes), true) => self.journal_bytes = bytes.len(),
            (_, false) => {
                self.torn = true;
                self.lines.clear();
            }
        }
    }

    /// When something can be sent or written again.
    pub(crate) fn wake_at(&self, now: Duration) -> Option<Duration> {
        let sending = self
            .slow_until
            .filter(|until| *until > now && !self.items.is_empty());
        [sending, self.linger_until].into_iter().flatten().min()
    }

    /// After an acceptance: goes on at the pace that was found, and tries a faster one now and then.
    fn speed_up(&mut self, now: Duration) {
        self.slow_for = SLOW_FROM;
        if self.pace.is_zero() {
            self.slow_until = None;
            let most = self.bounds.in_flight.max(1);
            self.window = self.window.saturating_add(1).min(most);
            return;
        }
        self.steady = self.steady.saturating_add(1);
        if self.steady >= STEADY {
            self.steady = 0;
            let faster = self.pace / 2;
            self.pace = if faster < PACE_FROM {
                Duration::ZERO
            } else {
                faster
            };
        }
        self.slow_until = Some(now.saturating_add(self.pace));
    }

    /// After the gateway's limit was reached: a slower pace, one message at a time. An honest device that drains its
    /// buffer must not look like one that floods.
    fn keep_pace(&mut self, now: Duration) {
        self.window = 1;
        self.steady = 0;
        // Several answers for one burst are one reason.
        if self.slow_until.is_none_or(|until| until <= now) {
            self.pace = self.pace.saturating_mul(2).clamp(SLOW_FROM, PACE_TO);
            self.slow_until = Some(now.saturating_add(self.pace));
        }
    }

    fn slow_down(&mut self, now: Duration) {
        self.window = 1;
        // Several answers for one burst are one reason to slow down.
        if self.slow_until.is_none_or(|until| until <= now) {
            self.slow_until = Some(now.saturating_add(self.slow_for));
            self.slow_for = self.slow_for.saturating_mul(2).min(SLOW_TO);
        }
    }

    fn remove(&mut self, at: usize) -> Option<Item> {
        let item = self.items.remove(at)?;
        self.bytes = self.bytes.saturating_sub(weight(&item.letter));
        self.line(journal::settled(item.letter.key));
        Some(item)
    }

    fn line(&mut self, line: Vec<u8>) {
        if !self.torn {
            self.lines.extend(line);
        }
    }
}

/// What a message counts for, in bytes: itself and its bookkeeping.
fn weight(letter: &Letter) -> usize {
    letter
        .payload
        .len()
        .saturating_add(letter.flow.len())
        .saturating_add(64)
}

#[cfg(test)]
mod tests;
