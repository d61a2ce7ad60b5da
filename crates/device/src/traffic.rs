//! What goes over the link: telemetry, the state report, commands and their acknowledgements.

use crate::commanding::Reception;
use crate::context::Context;
use crate::device::Device;
use crate::errand::Outcome;
use crate::link::LinkEvent;
use crate::outbox::Settlement;
use crate::record::CredentialSlot;
use crate::words::{Action, Note};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::time::Duration;
use sekimori_proto::mqtt::{Envelope, Message, PublishError, PublishResult, SubscribeResult};

/// How long the gateway gets, once it has heard of a repair, to let the device back in.
const LET_IN_WITHIN: Duration = Duration::from_millis(250);
/// How long after a vain attempt the device stays on its old credential.
const SWITCH_PAUSE: Duration = Duration::from_secs(600);

/// Which commands the device hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subscription {
    /// None yet.
    None,
    /// It asked for all of them.
    Asked,
    /// It hears all of them.
    All,
    /// Contained: it hears only the platform.
    PlatformOnly,
}

impl Device {
    /// Moves what can be moved without an errand. Answers whether anything did.
    pub(crate) fn move_traffic(&mut self, context: &mut Context<'_>) -> bool {
        let mut moved = false;
        if let Some(reason) = self.may_restart(context.now) {
            self.restart = None;
            self.actions.push_back(Action::Restart(reason));
            moved = true;
        }
        if self.may_sense() {
            while let Some(flow) = self.sensing.next(context.now) {
                self.actions.push_back(Action::Sense { flow });
            }
        }
        if self.boot_durable
            && !self.stopping
            && let Some(membership) = self.enrollment.membership()
            && let Some(open) = self.link.open(context, membership)
        {
            self.actions.push_back(open);
            moved = true;
        }
        if self.link.is_up() {
            self.come_back(context);
            self.subscribe(context.now);
            self.send_acknowledgements(context.now);
            self.send_telemetry(context);
            self.change_credential(context.now);
        }
        while let Some(bytes) = self.link.transmit() {
            self.actions.push_back(Action::Transmit(bytes));
            moved = true;
        }
        if self.link.is_over(context.now) {
            self.link_down();
            self.actions.push_back(Action::Close);
            moved = true;
        }
        moved
    }

    /// Takes what the link says.
    pub(crate) fn link_events(&mut self, context: &mut Context<'_>, events: Vec<LinkEvent>) {
        for event in events {
            match event {
                LinkEvent::Connected(credential) => {
                    self.enrollment.used(credential);
                    self.switched(context.now, credential);
                    self.reporting.connected();
                    self.subscription = Subscription::None;
                }
                LinkEvent::Published(packet, result) => self.published(context, packet, result),
                LinkEvent::Subscribed(results) => self.subscribed(context, &results),
                LinkEvent::Message(packet, message) => self.message(context.now, packet, message),
                LinkEvent::Down => {
                    self.link_down();
                    self.actions.push_back(Action::Close);
                }
            }
        }
    }

    /// Takes a reading.
    pub(crate) fn sensed(
        &mut self,
        context: &mut Context<'_>,
        flow: String,
        payload: Result<Vec<u8>, String>,
    ) {
        match payload {
            Ok(payload) => {
                let time = context.time.as_millisecond();
                let lost = self.outbox.push(time, flow.clone(), payload);
                if lost > 0 {
                    let why = format!("the outbox was full, {lost} lost");
                    context.notes.push(Note::ReadingLost { flow, why });
                }
            }
            Err(why) => context.notes.push(Note::ReadingLost { flow, why }),
        }
    }

    /// The state report is signed.
    pub(crate) fn sealed(&mut self, context: &mut Context<'_>, outcome: Outcome) {
        let (Outcome::Sealed(Ok(envelope)), Some(name)) = (outcome, self.name()) else {
            self.reporting.failed(context);
            return;
        };
        let message = Message::new(format!("sk/{name}/_state"), envelope);
        match self.link.publish(context.now, &message) {
            Ok(Some(packet)) => self.reporting.sent(packet),
            Ok(None) | Err(_) => self.reporting.failed(context),
        }
    }

    /// Whether sensors are read: only what can be counted and, one day, sent.
    pub(crate) fn may_sense(&self) -> bool {
        let membership = self.enrollment.membership();
        let member = membership.is_some_and(|m| m.active.is_some() || m.candidate.is_some());
        // A release on trial has its sensors tested before anybody is told what they read.
        let tried = self
            .trial
            .as_ref()
            .is_none_or(|trial| trial.self_test() == Some(&Ok(())));
        self.boot_durable && member && tried
    }

    /// When the link wants to be woken.
    pub(crate) fn link_wake_at(&self) -> Option<Duration> {
        let membership = self.enrollment.membership()?;
        let ready = self.boot_durable && membership.credential(0).is_some();
        self.link.wake_at().filter(|_| ready || self.link.is_up())
    }

    fn published(&mut self, context: &mut Context<'_>, packet: NonZeroU16, result: PublishResult) {
        let every = self.settings.state_every;
        if self.reporting.answered(context, packet, result, every) {
            if self.reporting.is_heard() && self.healing.holds() && self.held_back {
                let until = context.now.saturating_add(LET_IN_WITHIN);
                self.come_back_at.get_or_insert(until);
            }
            return;
        }
        if let Settlement::Refused { flow, code } =
            self.outbox.answered(context.now, packet, result)
        {
            context.notes.push(Note::MessageRefused { flow, code });
        }
    }

    /// After a repair: sends telemetry again, and asks for all commands again, until they are granted.
    fn come_back(&mut self, context: &mut Context<'_>) {
        if self.come_back_at.is_none_or(|at| context.now < at) || !self.healing.holds() {
            return;
        }
        self.held_back = false;
        self.subscription = Subscription::None;
        self.come_back_at = None;
    }

    fn subscribe(&mut self, now: Duration) {
        let Some(name) = self.name() else {
            return;
        };
        if self.subscription == Subscription::None
            && self.link.subscribe(now, format!("sk/{name}/cmd/+"))
        {
            self.subscription = Subscription::Asked;
        }
    }

    fn subscribed(&mut self, context: &mut Context<'_>, results: &[SubscribeResult]) {
        let granted = results
            .iter()
            .all(|result| matches!(result, SubscribeResult::Granted(_)));
        if self.subscription != Subscription::Asked {
            return;
        }
        if granted {
            self.subscription = Subscription::All;
            self.retry.subscription.backoff.succeed();
            return;
        }
        // Contained, for a reason that the device may not know: only the platform is heard until it ends.
        self.subscription = Subscription::PlatformOnly;
        self.retry.subscription.fail(context);
        self.come_back_at = Some(self.retry.subscription.until);
        if let Some(name) = self.name() {
            let platform = format!("sk/{name}/cmd/_platform");
            self.link.subscribe(context.now, platform);
        }
    }

    fn message(&mut self, now: Duration, packet: Option<NonZeroU16>, message: Message) {
        let name = self.name().unwrap_or_default();
        let result = match self.commanding.receive(&name, message) {
            Reception::Taken => PublishResult::Accepted,
            Reception::Attend => {
                self.attend();
                PublishResult::Accepted
            }
            Reception::Renew => {
                self.enrollment.renew();
                PublishResult::Accepted
            }
            Reception::NotTaken(result) => result,
        };
        if let Some(packet) = packet {
            self.link.acknowledge(now, packet, result);
        }
    }

    fn send_acknowledgements(&mut self, now: Duration) {
        while let Some(message) = self.commanding.acknowledgement() {
            match self.link.publish(now, message) {
                Ok(_) | Err(PublishError::TooLarge | PublishError::Invalid) => {
                    self.commanding.acknowledged();
                }
                Err(PublishError::Busy | PublishError::NotConnected) => break,
            }
        }
    }

    fn send_telemetry(&mut self, context: &mut Context<'_>) {
        let Some(name) = self.name() else {
            return;
        };
        if self.held_back || !self.healing.holds() {
            return;
        }
        while let Some((letter, duplicate)) = self.outbox.next(context.now) {
            let mut message =
                Message::new(format!("sk/{name}/{}", letter.flow), letter.payload.clone());
            message.duplicate = duplicate;
            message.envelope = Some(Envelope {
                boot: letter.key.boot,
                sequence: letter.key.sequence,
                time: Some(letter.time),
            });
            match self.link.publish(context.now, &message) {
                Ok(Some(packet)) => self.outbox.sent(packet),
                Err(PublishError::Busy | PublishError::NotConnected) | Ok(None) => break,
                Err(error @ (PublishError::TooLarge | PublishError::Invalid)) => {
                    let flow = self.outbox.give_up_next().unwrap_or_default();
                    let why = error.to_string();
                    context.notes.push(Note::ReadingLost { flow, why });
                }
            }
        }
    }

    /// Leaves a connection of the old credential for one with the new, in a quiet moment.
    fn change_credential(&mut self, now: Duration) {
        let candidate = self
            .enrollment
            .membership()
            .and_then(|m| m.candidate.as_ref());
        let waits =
            candidate.is_some_and(|new| new.proven && self.link.credential() != Some(new.slot));
        if waits && now >= self.next_switch && self.outbox.is_quiet() {
            self.next_switch = now.saturating_add(SWITCH_PAUSE);
            self.link.leave();
        }
    }

    /// Only a vain attempt keeps the device from the next one.
    fn switched(&mut self, now: Duration, used: CredentialSlot) {
        let membership = self.enrollment.membership();
        let candidate = membership.and_then(|m| m.candidate.as_ref());
        if candidate.is_some_and(|new| new.slot == used) {
            self.next_switch = now;
        }
    }

    fn link_down(&mut self) {
        self.outbox.disconnected();
        self.subscription = Subscription::None;
        // A new connection begins with the question; what is held back waits for the report of the repair.
        if !self.held_back {
            self.come_back_at = None;
        }
    }
}
