//! The session's state machine: opening (no CONNECT yet), open, closed.

mod commands;
mod messages;

use crate::command::{Commands, Outstanding};
use crate::words::{CloseReason, CommandFailure, Input, Output, SessionLimits, SessionSeed, Token};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_audit::{Code, Event};
use sekimori_identity::{DeviceRecord, Standing};
use sekimori_policy::{Budgets, Conduct, Policy};
use sekimori_proto::mqtt::{
    ConnectRefusal, DisconnectReason, Limits, Qos, ServerConnection, ServerEvent,
    UnsubscribeResult, Version, Violation,
};
use sekimori_proto::replay::{ReplayWindow, WINDOW};

/// One connection of one device.
pub struct Session {
    device: DeviceRecord,
    policy: Arc<Policy>,
    budgets: Budgets,
    limits: SessionLimits,
    connection: ServerConnection,
    window: ReplayWindow,
    /// Messages that wait for the store.
    pending: BTreeMap<Token, Pending>,
    last_token: Token,
    filters: BTreeMap<String, Qos>,
    commands: Commands,
    /// Refusals since the start of the minute that is counted.
    refusals: (Duration, u32),
    /// Resent messages not yet told of, and when to tell.
    resent: Option<(u32, Duration)>,
    /// When the device's certificate ends, and when that is by the clock since boot.
    certificate: Option<(Timestamp, Duration)>,
    state: State,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Opening,
    Open,
    Closed,
}

/// A message that was handed up.
#[derive(Debug)]
struct Pending {
    /// To be acknowledged; a message that is sent again meanwhile adds another.
    packet_ids: Vec<NonZeroU16>,
    envelope: Option<(u64, u64)>,
    duplicate: bool,
}

impl Session {
    /// The session of a connection that `device` opened at `now` (time since boot).
    #[must_use]
    pub fn new(
        now: Duration,
        device: DeviceRecord,
        seed: SessionSeed,
        policy: Arc<Policy>,
        limits: SessionLimits,
    ) -> Self {
        let mqtt = under(&policy.conduct, limits.mqtt);
        let mut budgets = Budgets::new();
        for (flow, idle) in &seed.idle {
            budgets.seed(flow, *idle);
        }
        Self {
            device,
            policy,
            budgets,
            limits: SessionLimits {
                // One less than the window, so that whatever waits can still be told apart.
                in_flight: limits
                    .in_flight
                    .clamp(1, usize::try_from(WINDOW - 1).unwrap_or(1)),
                ..limits
            },
            connection: ServerConnection::new(now, mqtt),
            window: seed.replay.unwrap_or_default(),
            pending: BTreeMap::new(),
            last_token: 0,
            filters: BTreeMap::new(),
            commands: Commands::default(),
            refusals: (now, 0),
            resent: None,
            certificate: None,
            state: State::Opening,
            outputs: VecDeque::new(),
        }
    }

    /// Goes on with the budgets that the device's session before this one left, on the same clock.
    pub fn carry_over(&mut self, budgets: Budgets) {
        self.budgets.carry_over(budgets);
    }

    /// What is left of the device's budgets, for its next session.
    #[must_use]
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// The certificate by which the device was let in is good until `not_after`, and so is the session.
    pub fn ends_with_certificate(&mut self, now: Duration, wall: Timestamp, not_after: Timestamp) {
        self.certificate = Some((not_after, due(now, wall, not_after)));
    }

    /// Takes one input; `now` is the time since boot, `wall` the date. Then ask [`Self::poll`] until it is empty.
    ///
    /// A closed session only answers commands, with their failure.
    pub fn handle(&mut self, now: Duration, wall: Timestamp, input: Input<'_>) {
        if self.state == State::Closed {
            if let Input::Command { token, .. } = input {
                let why = CommandFailure::NotConnected;
                self.outputs.push_back(Output::CommandFailed { token, why });
            }
            return;
        }
        if self.has_expired(now, wall) {
            return self.expired(wall);
        }
        match input {
            Input::Bytes(bytes) => self.connection.receive(now, bytes),
            Input::Stored { token, result } => self.stored(now, wall, token, result),
            Input::Command {
                token,
                flow,
                payload,
                correlation,
                deadline,
            } => {
                let command = Outstanding {
                    token,
                    flow,
                    correlation,
                    packet_id: None,
                    sent: now,
                    deadline,
                };
                self.command(now, wall, command, payload);
            }
            Input::PolicyChanged(policy) => self.policy = policy,
            Input::DeviceChanged(device) => self.device_changed(wall, device),
            Input::TakenOver => {
                self.report(Event::new(wall, Code::SessionTakenOver));
                self.end(
                    wall,
                    Some(DisconnectReason::SessionTakenOver),
                    CloseReason::TakenOver,
                );
            }
            Input::Shutdown => {
                self.end(
                    wall,
                    Some(DisconnectReason::ServerShuttingDown),
                    CloseReason::Shutdown,
                );
            }
            Input::PeerClosed => self.end(wall, None, CloseReason::PeerClosed),
            Input::Wake => self.wake(now, wall),
        }
        self.read(now, wall);
        self.transmit();
    }

    /// The next thing to be done.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Wake`] is due, as time since boot.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        if self.state == State::Closed {
            return None;
        }
        // While we leave the socket unread, the device's silence is our doing.
        let connection = self
            .wants_read()
            .then(|| self.connection.wake_at())
            .flatten();
        let resent = self.resent.map(|(_, at)| at);
        let expiry = self.certificate.map(|(_, at)| at);
        [connection, self.commands.wake_at(), resent, expiry]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether the socket is to be read now. While not, leave the bytes there, so that the device slows down.
    #[must_use]
    pub fn wants_read(&self) -> bool {
        self.state != State::Closed
            && self.pending.len() < self.limits.in_flight
            && self.connection.wants_read()
    }

    /// What is known of the device.
    #[must_use]
    pub const fn device(&self) -> &DeviceRecord {
        &self.device
    }

    /// Whether the device's CONNECT was accepted and the session is not over.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// Reads what has arrived, as long as there is room for more.
    fn read(&mut self, now: Duration, wall: Timestamp) {
        while self.state != State::Closed && self.pending.len() < self.limits.in_flight {
            let Some(event) = self.connection.event() else {
                return;
            };
            match event {
                ServerEvent::Connect(request) => self.connect(now, wall, &request),
                ServerEvent::Publish { packet_id, message } => {
                    self.publish(now, wall, packet_id, message);
                }
                ServerEvent::Subscribe { packet_id, filters } => {
                    self.subscribe(now, wall, packet_id, filters);
                }
                ServerEvent::Unsubscribe { packet_id, filters } => {
                    let results: Vec<UnsubscribeResult> = filters
                        .iter()
                        .map(|filter| match self.filters.remove(filter) {
                            Some(_) => UnsubscribeResult::Done,
                            None => UnsubscribeResult::NoSubscription,
                        })
                        .collect();
                    self.connection.acknowledge_unsubscribe(packet_id, &results);
                }
                ServerEvent::PublishAcknowledged {
                    packet_id,
                    taken: false,
                } => {
                    if let Some(command) = self.commands.refused(packet_id) {
                        self.failed(wall, &command, CommandFailure::Refused);
                    }
                }
                ServerEvent::PublishAcknowledged { taken: true, .. } => {}
                ServerEvent::Disconnect => self.end(wall, None, CloseReason::Disconnected),
                ServerEvent::Violation(violation) => self.violated(wall, violation),
            }
        }
    }

    fn connect(
        &mut self,
        now: Duration,
        wall: Timestamp,
        request: &sekimori_proto::mqtt::ConnectRequest,
    ) {
        if self.device.standing != Standing::Active {
            self.connection.refuse(ConnectRefusal::NotAuthorized);
            self.end(wall, None, CloseReason::Standing);
            return;
        }
        let version = match request.version {
            Version::V3_1_1 => "3.1.1",
            Version::V5 => "5",
        };
        let receive = self.policy.conduct.receive.as_ref();
        if receive.is_some_and(|rule| rule.enforced && !rule.is.takes_mqtt(version)) {
            self.connection.refuse(ConnectRefusal::NotAuthorized);
            return self.violated(wall, Violation::UnsupportedVersion);
        }
        self.connection.accept(now, self.device.name.as_str());
        if self.connection.is_closed() {
            return;
        }
        self.state = State::Open;
        self.report(
            Event::new(wall, Code::SessionOpened)
                .with_detail("mqtt", version)
                .with_detail("keep_alive_seconds", request.keep_alive_seconds.to_string()),
        );
    }

    /// Whether the certificate has ended by now. The date may have been set since, so that what is due moves.
    fn has_expired(&mut self, now: Duration, wall: Timestamp) -> bool {
        let Some((not_after, at)) = &mut self.certificate else {
            return false;
        };
        *at = due(now, wall, *not_after);
        wall > *not_after
    }

    /// Puts the device out: it has to come again with a certificate that is good.
    fn expired(&mut self, wall: Timestamp) {
        self.report(Event::new(wall, Code::SessionRevoked).with_reason("expired"));
        let reason = DisconnectReason::NotAuthorized;
        self.end(wall, Some(reason), CloseReason::CertificateExpired);
    }

    fn device_changed(&mut self, wall: Timestamp, device: DeviceRecord) {
        let same = device.id == self.device.id && device.name == self.device.name;
        let active = device.standing == Standing::Active;
        if same && active {
            self.device = device;
            return;
        }
        let reason = if same {
            device.standing.code()
        } else {
            "renamed"
        };
        self.report(Event::new(wall, Code::SessionRevoked).with_reason(reason));
        self.end(
            wall,
            Some(DisconnectReason::NotAuthorized),
            CloseReason::Standing,
        );
    }

    fn wake(&mut self, now: Duration, wall: Timestamp) {
        if self.wants_read() {
            self.connection.wake(now);
        }
        while let Some(command) = self.commands.expired(now) {
            self.failed(wall, &command, CommandFailure::TimedOut);
        }
        if self.resent.is_some_and(|(_, at)| at <= now) {
            self.tell_resent(wall);
        }
    }

    fn violated(&mut self, wall: Timestamp, violation: Violation) {
        self.count(violation.code());
        let report = Event::new(wall, Code::ProtocolViolation).with_reason(violation.code());
        self.report(report.with_detail("why", violation.to_string()));
        self.end(wall, None, CloseReason::Violation(violation));
    }

    /// Ends the session, telling the device why if there is a reason to tell.
    fn end(&mut self, wall: Timestamp, tell: Option<DisconnectReason>, reason: CloseReason) {
        if self.state == State::Closed {
            return;
        }
        let was_open = self.state == State::Open;
        self.state = State::Closed;
        if let Some(tell) = tell {
            self.connection.disconnect(tell);
        }
        self.transmit();
        while let Some(command) = self.commands.abandoned() {
            self.failed(wall, &command, CommandFailure::NotConnected);
        }
        self.tell_resent(wall);
        if was_open {
            self.report(Event::new(wall, Code::SessionClosed).with_reason(reason.code()));
        }
        self.outputs.push_back(Output::Close(reason));
    }

    fn transmit(&mut self) {
        self.outputs
            .extend(self.connection.transmit().map(Output::Transmit));
    }

    fn count(&mut self, code: &'static str) {
        self.outputs.push_back(Output::Count(code));
    }

    fn report(&mut self, event: Event) {
        let event = event.with_device(self.device.name.as_str()).bounded();
        self.outputs.push_back(Output::Event(event));
    }
}

/// The limits of a connection under the rules of a policy; what the policy does not say stays as it is.
///
/// A session lives under the limits that held when it began: what was granted is not taken back.
fn under(conduct: &Conduct, limits: Limits) -> Limits {
    let mut limits = limits;
    if let Some(rule) = conduct.idle_seconds.as_ref().filter(|rule| rule.enforced) {
        // The peer counts as gone after one and a half times the keep-alive time (MQTT 5.0 section 3.1.2.10).
        let granted = (rule.is / 3).saturating_mul(2).max(1);
        let granted = u16::try_from(granted).unwrap_or(u16::MAX);
        limits.keep_alive_seconds = NonZeroU16::new(granted).unwrap_or(NonZeroU16::MIN);
    }
    if let Some(rule) = conduct.receive.as_ref().filter(|rule| rule.enforced) {
        limits.packet_bytes = rule.is.packet_bytes;
    }
    limits
}

/// When `not_after` has just passed, as time since boot.
fn due(now: Duration, wall: Timestamp, not_after: Timestamp) -> Duration {
    let left = Duration::try_from(not_after.duration_since(wall)).unwrap_or_default();
    // A certificate is good in its last moment still.
    now.saturating_add(left)
        .saturating_add(Duration::from_millis(1))
}
