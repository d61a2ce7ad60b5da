//! The device's signed word about itself: sent when something changed, and every now and then.

use crate::context::Context;
use crate::pause::Backoff;
use core::num::NonZeroU16;
use core::time::Duration;
use sekimori_proto::mqtt::PublishResult;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Resting,
    /// The report of this revision is being signed, or is signed and waits for room on the link.
    Sealing(u64),
    /// It is out under this packet identifier.
    Sent(u64, NonZeroU16),
}

/// The machine. It counts revisions of what there is to say.
#[derive(Clone, Debug)]
pub(crate) struct Reporting {
    state: State,
    revision: u64,
    heard: u64,
    next: Duration,
    backoff: Backoff,
}

impl Reporting {
    pub(crate) fn new(backoff: Backoff) -> Self {
        Self {
            state: State::Resting,
            revision: 1,
            heard: 0,
            next: Duration::ZERO,
            backoff,
        }
    }

    /// Something changed.
    pub(crate) fn change(&mut self) {
        self.revision = self.revision.saturating_add(1);
        if self.state == State::Resting {
            self.next = Duration::ZERO;
        }
    }

    /// New settings: report again at the latest then.
    pub(crate) fn no_later_than(&mut self, at: Duration) {
        self.next = self.next.min(at);
    }

    /// Whether everything that there was to say has been heard.
    pub(crate) fn is_heard(&self) -> bool {
        self.heard >= self.revision
    }

    /// Whether a report is to be made and signed now.
    pub(crate) fn begin(&mut self, now: Duration) -> bool {
        if self.state != State::Resting || now < self.next {
            return false;
        }
        self.state = State::Sealing(self.revision);
        true
    }

    /// It is out.
    pub(crate) fn sent(&mut self, packet: NonZeroU16) {
        if let State::Sealing(revision) = self.state {
            self.state = State::Sent(revision, packet);
        }
    }

    /// It could not be made or sent.
    pub(crate) fn failed(&mut self, context: &mut Context<'_>) {
        self.state = State::Resting;
        self.next = context
            .now
            .saturating_add(self.backoff.fail(context.jitter));
    }

    /// The gateway answered something; true if it was the report.
    pub(crate) fn answered(
        &mut self,
        context: &mut Context<'_>,
        packet: NonZeroU16,
        result: PublishResult,
        every: Duration,
    ) -> bool {
        let State::Sent(revision, sent) = self.state else {
            return false;
        };
        if sent != packet {
            return false;
        }
        if matches!(
            result,
            PublishResult::Accepted | PublishResult::NoMatchingSubscribers
        ) {
            self.heard = self.heard.max(revision);
            self.backoff.succeed();
            self.state = State::Resting;
            self.next = if self.is_heard() {
                context.now.saturating_add(every)
            } else {
                context.now
            };
        } else {
            self.failed(context);
        }
        true
    }

    /// A new connection: say everything again, the other side may have forgotten.
    pub(crate) fn connected(&mut self) {
        self.state = State::Resting;
        self.next = Duration::ZERO;
    }

    /// When to ask [`Self::begin`] again, while the link is up.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        (self.state == State::Resting).then_some(self.next)
    }
}
