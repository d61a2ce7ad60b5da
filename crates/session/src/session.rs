//! The session's state machine.

use crate::command::{Commands, Outstanding};
use crate::wire;
use crate::words::{
    Accepted, CloseReason, CommandFailure, Input, Output, SessionLimits, SessionSeed, StoredResult,
    Token,
};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_audit::{Code, Event};
use sekimori_identity::{DeviceRecord, Standing};
use sekimori_policy::{
    Action, Budgets, Decision, FlowKind, Freshness, Policy, Reason, Request, decide,
};
use sekimori_proto::mqtt::{
    ConnectRefusal, DisconnectReason, FilterRequest, Message, PublishResult, Qos, ServerConnection,
    ServerEvent, SubscribeResult, UnsubscribeResult, Version, Violation,
};
use sekimori_proto::replay::{self, ReplayWindow, WINDOW};

/// How long messages that were sent again are counted before one event tells of them.
const RESENT_PAUSE: Duration = Duration::from_secs(5);
/// The time in which refusals are counted.
const MINUTE: Duration = Duration::from_secs(60);

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

/// How a message stands to the ones before it.
enum Known {
    /// To be judged and stored.
    No(Freshness),
    /// It waits for the store already.
    Waiting(Token, Freshness),
    /// It was stored, or is too old to tell.
    Stored(Freshness, replay::Freshness),
}

impl Known {
    const fn freshness(&self) -> Freshness {
        match self {
            Self::No(freshness) | Self::Waiting(_, freshness) | Self::Stored(freshness, _) => {
                *freshness
            }
        }
    }
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
            connection: ServerConnection::new(now, limits.mqtt),
            window: seed.replay.unwrap_or_default(),
            pending: BTreeMap::new(),
            last_token: 0,
            filters: BTreeMap::new(),
            commands: Commands::default(),
            refusals: (now, 0),
            resent: None,
            state: State::Opening,
            outputs: VecDeque::new(),
        }
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
        [connection, self.commands.wake_at(), resent]
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
        self.connection.accept(now, self.device.name.as_str());
        if self.connection.is_closed() {
            return;
        }
        self.state = State::Open;
        let version = match request.version {
            Version::V3_1_1 => "3.1.1",
            Version::V5 => "5",
        };
        self.report(
            Event::new(wall, Code::SessionOpened)
                .with_detail("mqtt", version)
                .with_detail("keep_alive_seconds", request.keep_alive_seconds.to_string()),
        );
    }

    fn publish(
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
                return self.refuse(now, wall, packet_id, &message.topic, &reason);
            }
        };
        match known {
            Known::Stored(Freshness::Resend, age) => {
                self.count("message.resent");
                if age == replay::Freshness::TooOld {
                    // Whether it was kept is not known any more, so this one is told of.
                    let report = Event::new(wall, Code::BufferResent).with_reason("too-old");
                    self.report(report.with_detail("flow", &*flow));
                }
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
            age @ (replay::Freshness::Seen | replay::Freshness::TooOld) => {
                Known::Stored(again, age)
            }
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

    fn stored(&mut self, now: Duration, wall: Timestamp, token: Token, result: StoredResult) {
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

    fn acknowledge(
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
        reason: &Reason,
    ) {
        self.count(reason.code());
        let report = Event::new(wall, Code::MessageRefused).with_reason(reason.code());
        self.report(
            report
                .with_detail("topic", topic)
                .with_detail("why", reason.to_string()),
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

    fn subscribe(
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
            self.report(report.with_detail("filter", filter).with_detail("why", why));
        }
        self.connection.acknowledge_subscribe(packet_id, &results);
        for _ in 0..refused {
            self.refused_once_more(now, wall);
        }
    }

    fn command(
        &mut self,
        now: Duration,
        wall: Timestamp,
        mut command: Outstanding,
        payload: Vec<u8>,
    ) {
        match self.send(now, &command, payload) {
            Ok(packet_id) => {
                self.outputs.push_back(Output::CommandSent {
                    token: command.token,
                });
                let report = Event::new(wall, Code::CommandSent);
                self.report(report.with_detail("flow", command.flow.as_str()));
                command.packet_id = packet_id;
                self.commands.sent(command);
            }
            Err(why) => self.outputs.push_back(Output::CommandFailed {
                token: command.token,
                why,
            }),
        }
    }

    fn send(
        &mut self,
        now: Duration,
        command: &Outstanding,
        payload: Vec<u8>,
    ) -> Result<Option<NonZeroU16>, CommandFailure> {
        if self.state != State::Open {
            return Err(CommandFailure::NotConnected);
        }
        if command.deadline <= now {
            return Err(CommandFailure::TimedOut);
        }
        let name = self.device.name.as_str();
        let topic = format!("sk/{name}/cmd/{}", command.flow);
        let all = [format!("sk/{name}/cmd/+"), format!("sk/{name}/cmd/#")];
        let qos = all
            .iter()
            .chain([&topic])
            .filter_map(|filter| self.filters.get(filter.as_str()))
            .max()
            .ok_or(CommandFailure::NotSubscribed)?;
        if self.commands.len() >= self.limits.commands {
            return Err(CommandFailure::Busy);
        }
        let request = Request {
            device: name,
            role: self.device.role.as_str(),
            contained: self.device.contained,
            action: Action::Command {
                flow: &command.flow,
                payload: &payload,
            },
            freshness: Freshness::Absent,
        };
        if let Decision::Deny(reason) = decide(&self.policy, &mut self.budgets, now, &request) {
            return Err(CommandFailure::NotPermitted(reason.code()));
        }
        let mut message = Message::new(topic, payload);
        message.qos = *qos;
        message.correlation = Some(command.correlation.clone());
        self.connection
            .publish(&message)
            .map_err(CommandFailure::of)
    }

    /// An answer from the device; it is not stored, only handed to whoever waits for it.
    fn answered(
        &mut self,
        now: Duration,
        wall: Timestamp,
        packet_id: Option<NonZeroU16>,
        flow: &str,
        message: Message,
    ) {
        self.count("message.permitted");
        let Some(command) = self.commands.answered(flow, message.correlation.as_deref()) else {
            // Too late, or never asked for: nobody waits, and the device may forget it.
            self.count("answer-unmatched");
            self.acknowledge(wall, packet_id, PublishResult::NoMatchingSubscribers);
            return;
        };
        let millis = now.saturating_sub(command.sent).as_millis().to_string();
        let report = Event::new(wall, Code::CommandAcknowledged);
        self.report(
            report
                .with_detail("flow", flow)
                .with_detail("millis", millis),
        );
        let (token, payload) = (command.token, message.payload);
        self.outputs
            .push_back(Output::CommandAcknowledged { token, payload });
        self.acknowledge(wall, packet_id, PublishResult::Accepted);
    }

    fn failed(&mut self, wall: Timestamp, command: &Outstanding, why: CommandFailure) {
        if why == CommandFailure::TimedOut {
            let report = Event::new(wall, Code::CommandTimedOut);
            self.report(report.with_detail("flow", command.flow.as_str()));
        }
        self.outputs.push_back(Output::CommandFailed {
            token: command.token,
            why,
        });
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

    fn tell_resent(&mut self, wall: Timestamp) {
        if let Some((count, _)) = self.resent.take() {
            let report = Event::new(wall, Code::BufferResent);
            self.report(report.with_detail("messages", count.to_string()));
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

/// Whether a permitted message of the platform's own is the answer to a platform command.
fn is_platform_answer(kind: FlowKind, topic: &str) -> bool {
    kind == FlowKind::Platform && topic.ends_with("/ack")
}
