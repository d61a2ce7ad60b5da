//! The whole device: composes the small machines.

use crate::clock::Clock;
use crate::commanding::Commanding;
use crate::context::Context;
use crate::desk::{Desk, Owner};
use crate::enrollment::Enrollment;
use crate::errand::{LinkFailure, Outcome, Ticket};
use crate::firmware::Firmware;
use crate::healing::Healing;
use crate::link::Link;
use crate::membership::Membership;
use crate::offer;
use crate::outbox::{Bounds, Outbox, Writing};
use crate::pause::{Backoff, Jitter};
use crate::record::{CredentialSlot, Memory, Record};
use crate::reporting::Reporting;
use crate::sensing::Sensing;
use crate::traffic::Subscription;
use crate::trial::Trial;
use crate::updating::Updating;
use crate::words::{Action, Input, Invitation, Note, RestartReason, Settings};
use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_identity::{Fingerprint, TrustBundle};
use sekimori_update::report::{SelfTest, StateReport};
use sekimori_update::slots::{Installed, Slot};
use sekimori_update::targets::{Expiry, Release};

/// What does not change while the device runs.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the shell's own program is for: reported while no release is installed.
    pub product: String,
    /// The version of the shell's own program.
    pub version: String,
    /// Random bits for jitter; not secret.
    pub entropy: u64,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds of the device.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How many messages wait in the outbox.
    pub outbox_messages: usize,
    /// How many bytes wait in the outbox.
    pub outbox_bytes: usize,
    /// How many messages are sent before the first of them is acknowledged; below the gateway's
    /// replay window of 64.
    pub in_flight: usize,
    /// The first pause after a failure.
    pub retry_from: Duration,
    /// The longest pause after failures.
    pub retry_to: Duration,
    /// How long a release on trial may take to prove itself.
    pub trial: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            outbox_messages: 10_000,
            outbox_bytes: 4 * 1024 * 1024,
            in_flight: 8,
            retry_from: Duration::from_millis(500),
            retry_to: Duration::from_secs(60),
            trial: Duration::from_secs(60),
        }
    }
}

/// A record that exists and cannot be read: unreadable history is not absent history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// Which record.
    pub record: Record,
    /// What is wrong with it.
    pub why: String,
}

impl core::fmt::Display for Damaged {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{:?}: {}", self.record, self.why)
    }
}

impl core::error::Error for Damaged {}

/// What is known of a device, for whoever asks on the spot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Its name, once it was invited.
    pub name: Option<String>,
    /// Its plate, once the ledger's proof was verified.
    pub number: Option<String>,
    /// Whether it has a credential that was used.
    pub member: bool,
    /// Why the enrollment ended, if it was refused: code and message.
    pub refused: Option<(String, String)>,
    /// Whether the gateway has taken it.
    pub connected: bool,
    /// Whether the newest state report was heard.
    pub heard: bool,
    /// End of the certificate in use.
    pub not_after: Option<Timestamp>,
    /// The address of the server.
    pub url: Option<String>,
    /// The address of MQTT.
    pub mqtt: Option<String>,
    /// The credential in use.
    pub credential: Option<CredentialSlot>,
    /// What it says of itself, as in its signed state report.
    pub report: StateReport,
}

/// The signed release of a slot, verified against the stored trust bundle, for a launcher that looks before it starts.
/// Whether it is the one that the slot machine speaks of is for the caller to compare.
///
/// # Errors
///
/// Why nothing can be said: a record is missing or does not verify.
pub fn signed_release(memory: &Memory, slot: Slot) -> Result<(Installed, Release), Damaged> {
    let damaged = |record, why: &str| Damaged {
        record,
        why: why.to_string(),
    };
    let membership = read(memory, Record::Membership, Membership::decode)?;
    let root = membership.and_then(|m| m.root.parse::<Fingerprint>().ok());
    let bytes = memory
        .records
        .get(&Record::Trust)
        .filter(|bytes| root == Some(Fingerprint::of(bytes)))
        .ok_or_else(|| damaged(Record::Trust, "not there, or not what the owner gave"))?;
    let trust =
        TrustBundle::decode(bytes).map_err(|error| damaged(Record::Trust, &error.to_string()))?;
    let record = Record::Release(slot);
    let document = memory
        .records
        .get(&record)
        .ok_or_else(|| damaged(record, "not there"))?;
    let offer = offer::verify(&trust, document, Expiry::MayHavePassed)
        .map_err(|error| damaged(record, &error.why))?;
    Ok((offer.installed, offer.release))
}

/// A device.
pub struct Device {
    pub(crate) config: Config,
    pub(crate) boot: u64,
    pub(crate) boot_durable: bool,
    pub(crate) enrollment: Enrollment,
    /// Taken up as soon as the enrollment has no errand out.
    pub(crate) invitation: Option<Invitation>,
    pub(crate) clock: Clock,
    pub(crate) doubt: bool,
    pub(crate) firmware: Firmware,
    pub(crate) healing: Healing,
    pub(crate) updating: Updating,
    pub(crate) trial: Option<Trial>,
    pub(crate) outbox: Outbox,
    pub(crate) writing: Option<Writing>,
    pub(crate) sensing: Sensing,
    pub(crate) commanding: Commanding,
    pub(crate) reporting: Reporting,
    pub(crate) link: Link,
    pub(crate) subscription: Subscription,
    /// Telemetry stays here until the report of the repair was heard.
    pub(crate) held_back: bool,
    /// When to try again what a contained device may not do.
    pub(crate) come_back_at: Option<Duration>,
    pub(crate) next_switch: Duration,
    pub(crate) settings: Settings,
    /// `None` until the settings were read.
    pub(crate) configured: Option<Result<(), String>>,
    pub(crate) self_test: SelfTest,
    pub(crate) checked: bool,
    pub(crate) restart: Option<(RestartReason, Duration)>,
    pub(crate) stopping: bool,
    /// When the errands of the device itself may be tried again: boot count, journal, clock, checks.
    pub(crate) retry: Retry,
    pub(crate) desk: Desk,
    pub(crate) jitter: Jitter,
    pub(crate) actions: VecDeque<Action>,
    pub(crate) now: Duration,
    pub(crate) time: Timestamp,
}

/// Pauses of the errands that have no machine of their own.
pub(crate) struct Retry {
    pub(crate) boot: Pause,
    pub(crate) journal: Pause,
    pub(crate) clock: Pause,
    pub(crate) subscription: Pause,
}

/// A pause and how it grows.
pub(crate) struct Pause {
    pub(crate) backoff: Backoff,
    pub(crate) until: Duration,
}

impl Pause {
    pub(crate) fn fail(&mut self, context: &mut Context<'_>) -> Duration {
        let after = self.backoff.fail(context.jitter);
        self.until = context.now.saturating_add(after);
        after
    }
}

impl Device {
    /// A device that starts at `now` with what it had stored; this start is counted first of all.
    ///
    /// # Errors
    ///
    /// [`Damaged`] when a record cannot be read.
    pub fn start(
        config: Config,
        memory: Memory,
        now: Duration,
        wall: Timestamp,
    ) -> Result<Self, Damaged> {
        let membership = read(&memory, Record::Membership, Membership::decode)?;
        let trust = read(&memory, Record::Trust, |bytes| {
            let expected = membership
                .as_ref()
                .and_then(|m| m.root.parse::<Fingerprint>().ok());
            if expected != Some(Fingerprint::of(bytes)) {
                return Err("its fingerprint is not the one that the owner gave".to_string());
            }
            TrustBundle::decode(bytes).map_err(|error| error.to_string())
        });
        // A bundle of an earlier invitation is fetched anew; one of a member must fit.
        let member = membership
            .as_ref()
            .is_some_and(|m| m.active.is_some() || m.candidate.is_some());
        let trust = match trust {
            Err(damaged) if member => return Err(damaged),
            other => other.unwrap_or(None),
        };
        let boot = read(&memory, Record::Boot, |bytes| {
            let text = core::str::from_utf8(bytes).ok();
            text.and_then(|text| text.trim().parse::<u64>().ok())
                .ok_or_else(|| "not a number".to_string())
        })?;
        let boot = boot.unwrap_or(0).saturating_add(1);
        let firmware = Firmware::read(&memory, trust.as_ref())?;
        let limits = config.limits.clone();
        let backoff = || Backoff::new(limits.retry_from, limits.retry_to);
        let pause = || Pause {
            backoff: backoff(),
            until: Duration::ZERO,
        };
        let bounds = Bounds {
            messages: limits.outbox_messages,
            bytes: limits.outbox_bytes,
            in_flight: limits.in_flight,
        };
        let floor = membership
            .as_ref()
            .map_or(Timestamp::UNIX_EPOCH, |m| m.time_floor);
        let clock = Clock::new(now, floor);
        let trial = firmware
            .on_trial()
            .then(|| Trial::new(now, limits.trial, backoff()));
        let mut device = Self {
            boot,
            boot_durable: false,
            time: clock.time(now, wall),
            enrollment: Enrollment::new(membership, trust, backoff()),
            invitation: None,
            clock,
            doubt: false,
            firmware,
            healing: Healing::new(backoff(), backoff()),
            updating: Updating::new(backoff(), backoff()),
            trial,
            outbox: Outbox::new(bounds, boot, &memory.journal),
            writing: None,
            sensing: Sensing::default(),
            commanding: Commanding::default(),
            reporting: Reporting::new(backoff()),
            link: Link::new(backoff()),
            subscription: Subscription::None,
            held_back: false,
            come_back_at: None,
            next_switch: Duration::ZERO,
            settings: Settings::quiet(),
            configured: None,
            self_test: SelfTest::NotRun,
            checked: false,
            restart: None,
            stopping: false,
            retry: Retry {
                boot: pause(),
                journal: pause(),
                clock: pause(),
                subscription: pause(),
            },
            desk: Desk::default(),
            jitter: Jitter::new(config.entropy ^ boot),
            actions: VecDeque::new(),
            now,
            config,
        };
        device.advance(now, wall);
        Ok(device)
    }

    /// Takes one input. `now` is the time since boot, `wall` what the clock says.
    pub fn handle(&mut self, now: Duration, wall: Timestamp, input: Input) {
        self.with_context(now, wall, |device, context| device.take(context, input));
        self.advance(now, wall);
    }

    /// The next thing to do; call until `None` after every [`Self::handle`].
    pub fn poll(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// When to call [`Self::handle`] with [`Input::Wake`] at the latest, as time since boot.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        let link = self.link_wake_at();
        let busy = |owner, at: Option<Duration>| at.filter(|_| !self.desk.is_busy(owner));
        let pause = |owner, wanted: bool, pause: &Pause| busy(owner, wanted.then_some(pause.until));
        let can_update = self.may_update();
        let sensing = self.sensing.wake_at().filter(|_| self.may_sense());
        [
            link,
            busy(
                Owner::Enrollment,
                self.enrollment.wake_at(self.now, self.time),
            ),
            busy(
                Owner::Healing,
                self.healing
                    .wake_at()
                    .filter(|_| self.firmware.running().is_some()),
            ),
            busy(
                Owner::Updating,
                self.updating.wake_at().filter(|_| can_update),
            ),
            busy(Owner::Trial, self.trial.as_ref().and_then(Trial::wake_at)),
            busy(
                Owner::Report,
                self.reporting.wake_at().filter(|_| self.link.is_up()),
            ),
            busy(Owner::Journal, self.outbox.wake_at(self.now))
                .map(|at| at.max(self.retry.journal.until)),
            sensing,
            pause(Owner::Boot, !self.boot_durable, &self.retry.boot),
            pause(
                Owner::Journal,
                self.outbox.needs_writing(),
                &self.retry.journal,
            ),
            pause(
                Owner::Clock,
                self.doubt && self.enrollment.trust().is_some(),
                &self.retry.clock,
            ),
            self.restart.map(|(_, until)| until),
            self.come_back_at
                .filter(|_| self.link.is_up() && self.healing.holds()),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// What is known now.
    #[must_use]
    pub fn status(&self) -> Status {
        let membership = self.enrollment.membership();
        // An old refusal says nothing while a new invitation is tried.
        let refused = membership
            .filter(|_| self.enrollment.is_idle() && self.invitation.is_none())
            .and_then(|m| m.refused.as_ref());
        let active = membership.and_then(|m| m.active.as_ref());
        Status {
            name: membership.map(|m| m.name.clone()),
            number: membership.and_then(|m| m.number.clone()),
            member: active.is_some(),
            refused: refused.map(|refused| (refused.code.clone(), refused.message.clone())),
            connected: self.link.is_up(),
            heard: self.reporting.is_heard(),
            not_after: active.map(|active| active.not_after),
            url: membership.map(|m| m.url.clone()),
            mqtt: membership.map(Membership::mqtt_address),
            credential: self.credential(),
            report: self.report(),
        }
    }

    fn take(&mut self, context: &mut Context<'_>, input: Input) {
        match input {
            Input::Join(invitation) => self.invitation = Some(invitation),
            Input::Done { ticket, outcome } => self.done(context, ticket, outcome),
            Input::Opened(result) => {
                self.doubt |= matches!(&result, Err(failure) if doubts_time(failure));
                let name = self.name().unwrap_or_default();
                self.link.opened(context, &name, result);
            }
            Input::Received(bytes) => {
                let events = self.link.received(context, &bytes);
                self.link_events(context, events);
            }
            Input::Closed(why) => {
                // In TLS 1.3 a refused certificate is told only after the handshake: as expired, perhaps.
                self.doubt |= !self.link.is_up();
                let events = self.link.closed(context, why);
                self.link_events(context, events);
            }
            Input::Sensed { flow, payload } => self.sensed(context, flow, payload),
            Input::Attend => self.attend(),
            Input::Stop => {
                self.stopping = true;
                self.link.leave();
            }
            Input::Wake => {
                let events = self.link.wake(context);
                self.link_events(context, events);
            }
        }
    }

    fn done(&mut self, context: &mut Context<'_>, ticket: Ticket, outcome: Outcome) {
        let Some(owner) = self.desk.take(ticket) else {
            return;
        };
        self.doubt |= match &outcome {
            Outcome::Answered(Err(failure))
            | Outcome::Issued(Err(failure))
            | Outcome::Installed(Err(failure)) => doubts_time(failure),
            _ => false,
        };
        self.finish(context, owner, outcome);
    }

    fn advance(&mut self, now: Duration, wall: Timestamp) {
        self.with_context(now, wall, |device, context| {
            loop {
                let mut progress = device.move_traffic(context);
                for owner in Owner::ALL {
                    if device.desk.is_busy(owner) {
                        continue;
                    }
                    if let Some(errand) = device.next_errand(context, owner) {
                        let ticket = device.desk.issue(owner);
                        device.actions.push_back(Action::Do { ticket, errand });
                        progress = true;
                    }
                }
                if !progress {
                    break;
                }
            }
        });
    }

    /// Lends the clocks and the jitter to the machines, and passes their notes on.
    fn with_context(
        &mut self,
        now: Duration,
        wall: Timestamp,
        work: impl FnOnce(&mut Self, &mut Context<'_>),
    ) {
        self.now = now;
        self.time = self.clock.time(now, wall);
        let mut jitter = self.jitter.clone();
        let mut notes: Vec<Note> = Vec::new();
        let mut context = Context {
            now,
            time: self.time,
            wall,
            jitter: &mut jitter,
            notes: &mut notes,
        };
        work(self, &mut context);
        self.jitter = jitter;
        self.actions.extend(notes.into_iter().map(Action::Note));
    }

    pub(crate) fn name(&self) -> Option<String> {
        self.enrollment
            .membership()
            .map(|membership| membership.name.clone())
    }
}

impl core::fmt::Debug for Device {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("Device")
            .field("boot", &self.boot)
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}

/// Whether a failure may be the clock's fault: the server seems not to be valid now, or our certificate has ended
/// without being renewed.
fn doubts_time(failure: &LinkFailure) -> bool {
    matches!(
        failure,
        LinkFailure::NotValidNow(_) | LinkFailure::CredentialRefused(_)
    )
}

fn read<T>(
    memory: &Memory,
    record: Record,
    decode: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<Option<T>, Damaged> {
    memory
        .records
        .get(&record)
        .map(|bytes| decode(bytes).map_err(|why| Damaged { record, why }))
        .transpose()
}
