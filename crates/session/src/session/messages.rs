//! Messages up and subscriptions: judged, stored, answered.

use super::{Pending, Session, State};
use crate::wire;
use crate::words::{Accepted, CloseReason, Output, StoredResult, Token};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_audit::{Code, Event};
use sekimori_policy::{Action, Decision, FlowKind, Freshness, Reason, Request, cited, decide};
use sekimori_proto::mqtt::{
    DisconnectReason, FilterRequest, Message, PublishResult, ServerEvent, SubscribeResult,
};
use sekimori_proto::replay;

/// How long messages that were sent again are counted before one event tells of them.
const RESENT_PAUSE: Duration = Duration::from_secs(5);
/// The time in which refusals are counted.
const MINUTE: Duration = Duration::from_secs(60);

/// How a message stands to the ones before it.
enum Known {
    /// To be judged and stored.
    No(Freshness),
    /// It waits for the store already.
    Waiting(Token, Freshness),
    /// It was stored, or is said to be new and is too old for that.
    Stored(Freshness),
}

impl Known {
    const fn freshness(&self) -> Freshness {
        match self {
            Self::No(freshness) | Self::Waiting(_, freshness) | Self::Stored(freshness) => {
                *freshness
            }
        }
    }
}

impl Session {
    pub(super) fn publish(
        &mut self,
        now: Duration,
        wall: Timestamp,
        packet_id: Option<NonZeroU16>,
        message: Message,
    ) {
        let known = self.known(&message);
        let request = Request {
            device: self.device.name.as_str(),
            role: self.device.role.as_str(),
            contained: self.device.contained,
            action: Action::Publish {
                topic: &message.topic,
                payload: &message.payload,
                retain: message.retain,
            },
            freshness: known.freshness(),
        };
        let (flow, kind) = match decide(&self.policy, &mut self.budgets, now, &request) {
            Decision::Permit { flow, kind } => (flow, kind),
            Decision::Deny(reason) => {
                let cited = cited(&self.policy, &request).to_vec();
                return self.refuse(now, wall, packet_id, &message.topic, (&reason, &cited));
            }
        };
        match known {
            Known::Stored(Freshness::Resend) => {
                self.count("message.resent");
                self.acknowledge(wall, packet_id, PublishResult::Accepted);
            }
            Known::Waiting(token, Freshness::Resend) => {
                self.count("message.resent");
                if let Some(pending) = self.pending.get_mut(&token) {
                    pending.packet_ids.extend(packet_id);
                }
            }
            _ if kind == FlowKind::CommandAck || is_platform_answer(kind, &message.topic) => {
                self.answered(now, wall, packet_id, &flow, message);
            }
            _ => self.store(wall, packet_id, &flow, kind, message),
        }
    }

    fn known(&self, message: &Message) -> Known {
        let Some(envelope) = message.envelope else {
            return Known::No(Freshness::Absent);
        };
        let number = (envelope.boot, envelope.sequence);
        let again = if message.duplicate {
            Freshness::Resend
        } else {
            Freshness::Replayed
        };
        let waiting = self
            .pending
            .iter()
            .find(|(_, pending)| pending.envelope == Some(number));
        if let Some((token, _)) = waiting {
            return Known::Waiting(*token, again);
        }
        match self.window.check(envelope.boot, envelope.sequence) {
            replay::Freshness::Fresh => Known::No(Freshness::Fresh),
            replay::Freshness::Seen => Known::Stored(again),
            // Whether it was ever kept, only the store can tell, which keeps each number once:
            // to acknowledge it here would lose a message that never arrived.
            replay::Freshness::TooOld if message.duplicate => Known::No(Freshness::Fresh),
            replay::Freshness::TooOld => Known::Stored(Freshness::Replayed),
        }
    }

    fn store(
        &mut self,
        wall: Timestamp,
        packet_id: Option<NonZeroU16>,
        flow: &str,
        kind: FlowKind,
        message: Message,
    ) {
        self.count("message.permitted");
        self.last_token = self.last_token.wrapping_add(1);
        let token = self.last_token;
        let envelope = message.envelope;
        self.pending.insert(
            token,
            Pending {
                packet_ids: packet_id.into_iter().collect(),
                envelope: envelope.map(|envelope| (envelope.boot, envelope.sequence)),
                duplicate: message.duplicate,
            },
        );
        let device_time = envelope
            .and_then(|envelope| envelope.time)
            .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok());
        let message = Accepted {
            device: self.device.id,
            name: self.device.name.clone(),
            flow: flow.to_string(),
            kind,
            payload: message.payload,
            boot: envelope.map(|envelope| envelope.boot),
            sequence: envelope.map(|envelope| envelope.sequence),
            device_time,
            received: wall,
        };
        self.outputs.push_back(Output::Store { token, message });
    }

    pub(super) fn stored(
        &mut self,
        now: Duration,
        wall: Timestamp,
        token: Token,
        result: StoredResult,
    ) {
        let paused = !self.wants_read();
        let Some(pending) = self.pending.remove(&token) else {
            return;
        };
        if result == StoredResult::Failed {
            self.end(
                wall,
                Some(DisconnectReason::ServerBusy),
                CloseReason::StoreFailed,
            );
            return;
        }
        if let Some((boot, sequence)) = pending.envelope {
            self.window.accept(boot, sequence);
        }
        if pending.duplicate && result == StoredResult::Stored {
            let count = self.resent.map_or(0, |(count, _)| count).saturating_add(1);
            self.resent = Some((count, now.saturating_add(RESENT_PAUSE)));
        }
        for packet_id in pending.packet_ids {
            self.acknowledge(wall, Some(packet_id), PublishResult::Accepted);
        }
        if paused && self.wants_read() {
            self.connection.excuse(now);
        }
    }

    pub(super) fn acknowledge(
        &mut self,
        wall: Timestamp,
        packet_id: Option<NonZeroU16>,
        result: PublishResult,
    ) {
        if let Some(packet_id) = packet_id {
            self.connection.acknowledge(packet_id, result);
        }
        if let Some(ServerEvent::Violation(violation)) = self
            .connection
            .is_closed()
            .then(|| self.connection.event())
            .flatten()
        {
            self.violated(wall, violation);
        }
    }

    /// One reason, one counter, one event; then the answer that the version has for it.
    fn refuse(
        &mut self,
        now: Duration,
        wall: Timestamp,
        packet_id: Option<NonZeroU16>,
        topic: &str,
        (reason, cited): (&Reason, &[String]),
    ) {
        self.count(reason.code());
        let report = Event::new(wall, Code::MessageRefused).with_reason(reason.code());
        self.report(
            report
                .with_detail("topic", topic)
                .with_detail("why", reason.to_string())
                .citing(cited),
        );
        self.acknowledge(wall, packet_id, wire::publish_result(reason));
        if self.connection.is_closed() {
            self.end(wall, None, CloseReason::RefusedMessage);
        }
        self.refused_once_more(now, wall);
    }

    fn refused_once_more(&mut self, now: Duration, wall: Timestamp) {
        let (since, count) = self.refusals;
        self.refusals = if now.saturating_sub(since) >= MINUTE {
            (now, 1)
        } else {
            (since, count.saturating_add(1))
        };
        if self.refusals.1 <= self.limits.refusals_per_minute || self.state == State::Closed {
            return;
        }
        let report = Event::new(wall, Code::BudgetExceeded).with_reason("too-many-refusals");
        self.report(report.with_detail("refusals", self.refusals.1.to_string()));
        let reason = DisconnectReason::MessageRateTooHigh;
        self.end(wall, Some(reason), CloseReason::TooManyRefusals);
    }

    pub(super) fn subscribe(
        &mut self,
        now: Duration,
        wall: Timestamp,
        packet_id: NonZeroU16,
        filters: Vec<FilterRequest>,
    ) {
        let mut results = Vec::with_capacity(filters.len());
        let mut refused = 0_u32;
        for FilterRequest { filter, qos } in filters {
            let request = Request {
                device: self.device.name.as_str(),
                role: self.device.role.as_str(),
                contained: self.device.contained,
                action: Action::Subscribe { filter: &filter },
                freshness: Freshness::Absent,
            };
            let decision = decide(&self.policy, &mut self.budgets, now, &request);
            let cited = match decision {
                Decision::Deny(_) => cited(&self.policy, &request).to_vec(),
                Decision::Permit { .. } => Vec::new(),
            };
            let full = self.filters.len() >= self.limits.subscriptions
                && !self.filters.contains_key(&filter);
            let (result, code, why) = match decision {
                Decision::Permit { .. } if !full => {
                    self.filters.insert(filter, qos);
                    results.push(SubscribeResult::Granted(qos));
                    continue;
                }
                Decision::Permit { .. } => {
                    let why = format!("{} filters are subscribed to already", self.filters.len());
                    (SubscribeResult::QuotaExceeded, "quota-exceeded", why)
                }
                Decision::Deny(reason) => (
                    wire::subscribe_result(&reason),
                    reason.code(),
                    reason.to_string(),
                ),
            };
            refused = refused.saturating_add(1);
            results.push(result);
            self.count(code);
            let report = Event::new(wall, Code::SubscribeRefused).with_reason(code);
            let report = report.with_detail("why", why).citing(&cited);
            self.report(report.with_detail("filter", filter));
        }
        self.connection.acknowledge_subscribe(packet_id, &results);
        for _ in 0..refused {
            self.refused_once_more(now, wall);
        }
    }

    pub(super) fn tell_resent(&mut self, wall: Timestamp) {
        if let Some((count, _)) = self.resent.take() {
            let report = Event::new(wall, Code::BufferResent);
            self.report(report.with_detail("messages", count.to_string()));
        }
    }
}

/// Whether a permitted message of the platform's own is the answer to a platform command.
fn is_platform_answer(kind: FlowKind, topic: &str) -> bool {
    kind == FlowKind::Platform && topic.ends_with("/ack")
}
