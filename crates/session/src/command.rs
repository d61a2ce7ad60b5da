//! Commands on their way to the device, until it answers.

use crate::words::{CommandFailure, Token};
use alloc::string::String;
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::time::Duration;

/// A command that was sent and not answered.
#[derive(Debug)]
pub(crate) struct Outstanding {
    pub(crate) token: Token,
    pub(crate) flow: String,
    pub(crate) correlation: Vec<u8>,
    /// Of the message that carries it, when that is to be acknowledged.
    pub(crate) packet_id: Option<NonZeroU16>,
    pub(crate) sent: Duration,
    pub(crate) deadline: Duration,
}

/// All commands that wait for an answer, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    waiting: Vec<Outstanding>,
}

impl Commands {
    pub(crate) const fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(crate) fn sent(&mut self, command: Outstanding) {
        self.waiting.push(command);
    }

    /// The command that an answer on `flow` belongs to: the one with the same correlation data; for an
    /// answer without (every one in MQTT 3.1.1), the oldest of the flow.
    pub(crate) fn answered(
        &mut self,
        flow: &str,
        correlation: Option<&[u8]>,
    ) -> Option<Outstanding> {
        self.take(|one| {
            one.flow == flow && correlation.is_none_or(|bytes| bytes == one.correlation)
        })
    }

    /// The command whose message the device refused to take.
    pub(crate) fn refused(&mut self, packet_id: NonZeroU16) -> Option<Outstanding> {
        self.take(|one| one.packet_id == Some(packet_id))
    }

    /// A command whose time is over.
    pub(crate) fn expired(&mut self, now: Duration) -> Option<Outstanding> {
        self.take(|one| one.deadline <= now)
    }

    /// Any command, when the session is over.
    pub(crate) fn abandoned(&mut self) -> Option<Outstanding> {
        self.take(|_| true)
    }

    pub(crate) fn wake_at(&self) -> Option<Duration> {
        self.waiting.iter().map(|one| one.deadline).min()
    }

    fn take(&mut self, which: impl Fn(&Outstanding) -> bool) -> Option<Outstanding> {
        let position = self.waiting.iter().position(which)?;
        Some(self.waiting.remove(position))
    }
}

impl CommandFailure {
    /// What a connection that takes no message means for a command.
    pub(crate) const fn of(error: sekimori_proto::mqtt::PublishError) -> Self {
        use sekimori_proto::mqtt::PublishError;
        match error {
            PublishError::Busy => Self::Busy,
            PublishError::TooLarge | PublishError::Invalid => Self::TooLarge,
            PublishError::NotConnected => Self::NotConnected,
        }
    }
}
