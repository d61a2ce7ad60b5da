//! The gateway: live sessions, and everything that a session wants done.

use super::{Happening, World};
use crate::control::{Client, Presented};
use crate::tap::Tap;
use crate::words::{Direction, Mistake, Moment};
use core::time::Duration;
use jiff::{SignedDuration, Timestamp};
use sekimori_audit::{Code, Event};
use sekimori_device::{CredentialSlot, Input as DeviceInput, LinkFailure};
use sekimori_identity::{DeviceId, Standing};
use sekimori_policy::FlowKind;
use sekimori_session::{Accepted, Input, Output, Session, SessionLimits, StoredResult, Token};
use std::collections::VecDeque;

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// This device.
    Unit(usize),
    /// Somebody who holds the key of this device and says nothing.
    Clone(usize),
    /// The member that belongs to the attacker.
    Rogue,
}

/// A live session.
pub(super) struct Live {
    pub(super) session: Session,
    pub(super) peer: Peer,
    pub(super) device: DeviceId,
    name: String,
    source: String,
    tap: Tap,
    /// When the session wants to be woken.
    pub(super) wake: Option<Duration>,
    /// Whether it wants to read.
    pub(super) reads: bool,
}

/// The server's certificate is valid from a day before the beginning for this long.
const SERVER_LIFE: SignedDuration = SignedDuration::from_hours(24 * 400);

impl World {
    /// Whether the server's certificate is valid for a device that thinks that it is `at`.
    pub(super) fn server_is_valid(&self, at: Timestamp) -> Result<(), LinkFailure> {
        let start = self.control.wall(Duration::ZERO);
        let age = at.duration_since(start);
        if age < SignedDuration::from_hours(-24) || age > SERVER_LIFE {
            return Err(LinkFailure::NotValidNow(format!("it is {at} here")));
        }
        Ok(())
    }

    /// Somebody shows a certificate: who is it? A refusal is one event.
    pub(super) fn admit(
        &mut self,
        presented: &Presented,
        source: &str,
        expired_too: bool,
    ) -> Result<Client, &'static str> {
        let vouched = self.control.vouch(self.now, presented);
        let judged = match vouched {
            Ok(client) if client.expired && !expired_too => Err("expired"),
            other => other,
        };
        match judged {
            Ok(client) => {
                let event = self.control.event(self.now, Code::TlsMutual);
                let event = event.with_device(client.record.name.as_str());
                self.record(event.with_source(source));
                let (id, spki) = (client.record.id, client.spki);
                self.control.key_used(self.now, id, spki);
                self.ask_witness();
                Ok(client)
            }
            Err(reason) => {
                let event = self.control.event(self.now, Code::TlsRefused);
                self.record(event.with_source(source).with_reason(reason));
                Err(reason)
            }
        }
    }

    /// A device's connection reaches the gateway.
    pub(super) fn shake(&mut self, index: usize, life: u64, slot: CredentialSlot, at: Timestamp) {
        let Some(unit) = self.units.get(index).filter(|unit| unit.life == life) else {
            return;
        };
        let (certificate, key) = unit.credential(slot);
        let key = key.map(crate::disk::Key::public).unwrap_or_default();
        let presented = Presented { certificate, key };
        let source = unit.source.clone();
        let result = if unit.parted || !self.server_up {
            Err(LinkFailure::Unreachable("no answer".to_string()))
        } else if let Err(failure) = self.server_is_valid(at) {
            Err(failure)
        } else {
            match self.admit(&presented, &source, false) {
                Ok(client) => Ok(self.enter(Peer::Unit(index), &client, source)),
                // In TLS 1.3 the client has finished before the server looks: it may hear of it only afterward.
                Err(_) if self.random.once_in(2) => Ok(self.turn_away(index)),
                Err(reason) => Err(LinkFailure::CredentialRefused(reason.to_string())),
            }
        };
        let delay = self.millis(2, 40);
        self.after(
            delay,
            Happening::Opened {
                unit: index,
                life,
                result,
            },
        );
    }

    /// A connection that ends as soon as it is there.
    fn turn_away(&mut self, unit: usize) -> u64 {
        self.last_connection = self.last_connection.saturating_add(1);
        let id = self.last_connection;
        self.links.insert(id, super::Link::new(unit));
        // After the device has heard that it is open.
        let delay = Duration::from_millis(50);
        self.after(delay, Happening::TurnAway { link: id });
        id
    }

    /// The device hears what became of it.
    pub(super) fn opened(&mut self, index: usize, life: u64, result: Result<u64, LinkFailure>) {
        let Some(unit) = self.units.get_mut(index).filter(|unit| unit.life == life) else {
            if let Ok(id) = result {
                self.close(id, Direction::Up);
            }
            return;
        };
        if let Ok(id) = result {
            unit.connection = Some(id);
        }
        self.feed(index, DeviceInput::Opened(result.map(|_| ())));
    }

    /// A new session; an earlier one of the device is taken over.
    pub(super) fn enter(&mut self, peer: Peer, client: &Client, source: String) -> u64 {
        let device = client.record.id;
        let earlier: Vec<u64> = self
            .live
            .iter()
            .filter(|(_, live)| live.device == device)
            .map(|(id, _)| *id)
            .collect();
        for id in earlier {
            self.input(id, Input::TakenOver);
        }
        self.last_connection = self.last_connection.saturating_add(1);
        let id = self.last_connection;
        let seed = self.control.store.seed(device, self.now);
        let policy = self.control.policy.clone();
        let record = client.record.clone();
        let name = record.name.to_string();
        let session = Session::new(self.now, record, seed, policy, SessionLimits::default());
        if let Peer::Unit(unit) = peer {
            self.links.insert(id, super::Link::new(unit));
        }
        self.live.insert(
            id,
            Live {
                session,
                peer,
                device,
                name,
                source,
                tap: Tap::default(),
                wake: Some(self.now),
                reads: true,
            },
        );
        id
    }

    /// Bytes of an honest device arrive.
    pub(super) fn up(&mut self, id: u64, _unit: usize, bytes: &[u8]) {
        if let Some(live) = self.live.get_mut(&id) {
            live.tap.up(bytes);
        }
        self.input(id, Input::Bytes(bytes));
    }

    pub(super) fn wake_session(&mut self, id: u64) {
        self.input(id, Input::Wake);
    }

    /// Gives a session something, and does what it wants then.
    pub(super) fn input(&mut self, id: u64, input: Input<'_>) {
        let wall = self.control.wall(self.now);
        let Some(live) = self.live.get_mut(&id) else {
            return;
        };
        live.session.handle(self.now, wall, input);
        let mut outputs = VecDeque::new();
        while let Some(output) = live.session.poll() {
            outputs.push_back(output);
        }
        live.wake = live.session.wake_at();
        live.reads = live.session.wants_read();
        while let Some(output) = outputs.pop_front() {
            self.output(id, output);
        }
    }

    fn output(&mut self, id: u64, output: Output) {
        let Some(live) = self.live.get(&id) else {
            return;
        };
        let peer = live.peer;
        match output {
            Output::Transmit(bytes) => self.transmit(id, peer, bytes),
            Output::Store { token, message } => self.store(id, token, message),
            Output::Event(event) => {
                let event = event.with_source(live.source.clone());
                self.record(event);
            }
            Output::Count(code) => {
                let told = ["message.permitted", "message.resent", "answer-unmatched"];
                if !told.contains(&code) {
                    let key = (code.to_string(), live.name.clone());
                    let count = self.control.counters.entry(key).or_default();
                    *count = count.saturating_add(1);
                }
            }
            Output::CommandSent { .. } => {}
            Output::CommandAcknowledged { .. } => self.commanded(peer, true),
            Output::CommandFailed { why, .. } => {
                self.trace
                    .note(self.now, format_args!("command failed: {}", why.code()));
                self.commanded(peer, false);
            }
            Output::Close(reason) => {
                self.trace.note(
                    self.now,
                    format_args!("session {id} closes: {}", reason.code()),
                );
                self.live.remove(&id);
                self.close(id, Direction::Down);
                if peer == Peer::Rogue {
                    self.rogue.connection = None;
                }
            }
        }
    }

    fn commanded(&mut self, peer: Peer, acknowledged: bool) {
        if let Peer::Unit(index) = peer
            && let Some(unit) = self.units.get_mut(index)
        {
            unit.acknowledged = Some(acknowledged);
        }
    }

    fn transmit(&mut self, id: u64, peer: Peer, bytes: Vec<u8>) {
        match peer {
            Peer::Unit(unit) => {
                self.watch(id, unit, &bytes);
                self.send(id, Direction::Down, bytes);
            }
            Peer::Rogue => self.rogue_hears(&bytes),
            Peer::Clone(_) => {}
        }
    }

    /// Whoever is promised something gets it: what is acknowledged is durable, with this very content.
    fn watch(&mut self, id: u64, unit: usize, bytes: &[u8]) {
        let Some(live) = self.live.get_mut(&id) else {
            return;
        };
        let device = live.device;
        let answered = live.tap.down(bytes);
        for (sent, code) in answered {
            let Some((boot, sequence)) = sent.number else {
                continue;
            };
            if code != 0 {
                let refused = self.units.get_mut(unit).map(|unit| &mut unit.refused);
                refused.into_iter().for_each(|refused| {
                    refused.insert((boot, sequence));
                });
                continue;
            }
            let found = self.control.store.find(device, boot, sequence);
            let name = &live.name;
            let problem = match found {
                None => Some(format!(
                    "{name}: message {boot}/{sequence} (resend: {}) is acknowledged and not stored",
                    sent.duplicate
                )),
                Some(message) if message.payload != sent.payload => Some(format!(
                    "{name}: message {boot}/{sequence} is acknowledged, and another content is stored"
                )),
                Some(_) => None,
            };
            if let Some(problem) = problem {
                self.violate("acknowledged-is-stored", problem);
                return;
            }
        }
    }

    /// A session hands a message up.
    fn store(&mut self, id: u64, token: Token, message: Accepted) {
        let registry = &self.control.log.registry;
        let record = registry.by_id(&message.device);
        let standing = record.map_or(Standing::Retired, |record| record.standing);
        let name = message.name.to_string();
        if standing != Standing::Active {
            let why = format!("{name} is {standing}, and its message was accepted");
            self.violate("revoked-stores-nothing", why);
        }
        if self.control.contained.contains(&message.device) && message.kind != FlowKind::Platform {
            let why = format!("{name} is contained, and {} was accepted", message.flow);
            self.violate("contained-stores-only-platform", why);
        }
        self.control.store.batch.push((id, token, message));
        if self.mistake == Some(Mistake::AcknowledgeBeforeStore) {
            self.input(
                id,
                Input::Stored {
                    token,
                    result: StoredResult::Stored,
                },
            );
        }
        if !core::mem::replace(&mut self.committing, true) {
            let delay = self.millis(1, 6);
            let epoch = self.epoch;
            self.after(delay, Happening::Commit { epoch });
        }
    }

    /// The batch becomes durable.
    pub(super) fn commit(&mut self, epoch: u64) {
        if epoch != self.epoch || !self.server_up {
            return;
        }
        self.committing = false;
        if let Some((Moment::BeforeCommit, downtime)) = self.server_crash {
            return self.crash_server(downtime);
        }
        let mut batch = core::mem::take(&mut self.control.store.batch);
        if self.mistake == Some(Mistake::BatchReversed) {
            batch.reverse();
        }
        let mut answers = Vec::new();
        for (id, token, message) in batch {
            let result = self.control.store.insert(self.now, &message);
            self.trace.note(
                self.now,
                format_args!(
                    "{} {} {:?} {:?}: {result:?}",
                    message.name, message.flow, message.boot, message.sequence
                ),
            );
            if result == StoredResult::Stored {
                self.check_stored(&message);
                let orders = self.control.take_report(self.now, &message);
                self.orders.extend(orders);
            }
            answers.push((id, token, result));
        }
        if let Some((Moment::AfterCommit, downtime)) = self.server_crash {
            return self.crash_server(downtime);
        }
        for (connection, token, result) in answers {
            let delay = Duration::from_micros(self.random.between(10, 900));
            let epoch = self.epoch;
            self.after(
                delay,
                Happening::Stored {
                    epoch,
                    connection,
                    token,
                    result,
                },
            );
        }
    }

    fn check_stored(&mut self, message: &Accepted) {
        let Some(number) = message.boot.zip(message.sequence) else {
            return;
        };
        let (boot, sequence) = number;
        let name = message.name.as_str();
        if !self.stored.insert((message.device, boot, sequence)) {
            let why = format!("{name}: message {boot}/{sequence} is stored twice");
            return self.violate("stored-once", why);
        }
        let Some(unit) = self.units.iter_mut().find(|unit| unit.name == name) else {
            return;
        };
        let last = unit.last_stored.replace(number);
        // What was refused for a while comes later than what was sent after it.
        let excused = unit.refused.contains(&number);
        if excused {
            unit.last_stored = last.max(Some(number));
        } else if last.is_some_and(|last| last >= number) {
            let why = format!("{name}: {boot}/{sequence} is stored after {last:?}");
            self.violate("in-order", why);
        }
    }

    /// A session hears that its message is durable.
    pub(super) fn stored(
        &mut self,
        epoch: u64,
        connection: u64,
        token: Token,
        result: StoredResult,
    ) {
        if epoch == self.epoch {
            self.input(connection, Input::Stored { token, result });
        }
    }

    /// Tells the sessions of a device what is known of it now.
    pub(super) fn device_changed(&mut self, device: DeviceId) {
        let Some(record) = self.control.log.registry.by_id(&device).cloned() else {
            return;
        };
        let ids: Vec<u64> = self
            .live
            .iter()
            .filter(|(_, live)| live.device == device)
            .map(|(id, _)| *id)
            .collect();
        for id in ids {
            self.input(id, Input::DeviceChanged(record.clone()));
        }
    }

    /// Records an event; what detectors order is carried out soon.
    pub(super) fn record(&mut self, event: Event) {
        self.trace.note(
            self.now,
            format_args!(
                "event {} {} {}",
                event.code,
                event.device.as_deref().unwrap_or("-"),
                event.reason.as_deref().unwrap_or("-")
            ),
        );
        let orders = self.control.record(self.now, event);
        self.orders.extend(orders);
    }

    /// Carries out what detectors ordered.
    pub(super) fn carry_out_orders(&mut self) {
        while let Some(order) = self.orders.pop_front() {
            self.trace.note(self.now, format_args!("order {order:?}"));
            let (device, more) = self.control.carry_out(self.now, &order);
            self.orders.extend(more);
            if let Some(device) = device
                && self.mistake != Some(Mistake::ContainmentUntold)
            {
                self.device_changed(device);
            }
        }
    }
}
