//! The loop around the device: carries out its actions and tells it what happened.

use crate::clock::Clock;
use crate::diagnostic::{Diagnostic, Exit};
use crate::home::Home;
use crate::language::{Language, Text};
use crate::link::{Link, LinkInput};
use crate::simulate::Hardware;
use crate::status::{self, StatusFile};
use crate::{check, files, http, keys, slots, store, telling};
use core::time::Duration;
use sekimori_device::{
    Action, Device, Errand, Input, Invitation, LinkFailure, Note, Outcome, RestartReason,
    StorageFailure, Ticket,
};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// How long an orderly end may take.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);
/// How often the status file is written at most.
const STATUS_EVERY: Duration = Duration::from_millis(50);
/// How much may wait to be told to the device.
const QUEUE: usize = 64;

/// Why the loop ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Somebody asked for it.
    Stopped,
    /// The device wants to be started again.
    Restart(RestartReason),
    /// It is a member now.
    Joined(Box<StatusFile>),
}

/// What the loop is for.
#[derive(Clone, Debug)]
pub(crate) enum Purpose {
    /// To run until somebody stops it.
    Run,
    /// To join, and no longer than this.
    Join(Invitation, Duration),
}

struct Payload {
    home: Home,
    clock: Clock,
    language: Language,
    device: Device,
    hardware: Arc<Mutex<Hardware>>,
    link: Option<Link>,
    links_opened: u64,
    link_inputs: mpsc::Sender<LinkInput>,
    outcomes: mpsc::Sender<Input>,
    restart: Option<RestartReason>,
    /// The newest note of something that does not work, for whoever waits.
    trouble: Option<LinkFailure>,
    /// Whether a certificate was asked for.
    certificate_asked: bool,
    wrong_root: Option<(String, String)>,
    written: Option<(StatusFile, Duration)>,
}

/// Runs the device until it ends.
pub(crate) async fn run(
    home: Home,
    clock: Clock,
    language: Language,
    purpose: Purpose,
) -> Result<End, Diagnostic> {
    let memory = store::load(&home).map_err(|error| {
        let text = Text::new("読み込めません", "the home cannot be read");
        Diagnostic::new(Exit::Failed, "SK-AGT-009", text).observed(Text::fact(error))
    })?;
    let mut entropy = [0; 8];
    // Without random numbers the jitter is the same after each start, and nothing else suffers.
    let _ = getrandom::fill(&mut entropy);
    let config = status::config(u64::from_le_bytes(entropy));
    let device = Device::start(config, memory, clock.now(), clock.wall())
        .map_err(|error| status::damaged(&error))?;
    let (link_inputs, mut from_link) = mpsc::channel(QUEUE);
    let (outcomes, mut from_errands) = mpsc::channel(QUEUE);
    let mut payload = Payload {
        home,
        clock,
        language,
        device,
        hardware: Arc::default(),
        link: None,
        links_opened: 0,
        link_inputs,
        outcomes,
        restart: None,
        trouble: None,
        certificate_asked: false,
        wrong_root: None,
        written: None,
    };
    let give_up_at = match purpose {
        Purpose::Run => {
            if !payload.device.status().member {
                let text = Text::new(
                    "この機器はまだ参加していません。これを止めて sekimori-agent join を実行してください",
                    "this device has not joined yet: stop this, then run  sekimori-agent join",
                );
                tracing::warn!("{}", text.of(language));
            }
            None
        }
        Purpose::Join(invitation, within) => {
            payload.handle(Input::Join(invitation));
            Some(clock.now().saturating_add(within))
        }
    };
    let cannot_listen = |error: std::io::Error| {
        let text = Text::new("シグナルを受けられません", "signals cannot be received");
        Diagnostic::new(Exit::Failed, "SK-AGT-012", text).observed(Text::fact(error))
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot_listen)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot_listen)?;
    let mut attend = signal(SignalKind::user_defined1()).map_err(cannot_listen)?;
    // Listening is enough: a limit on file sizes is then an error to carry on from, not the end.
    let file_size = SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw());
    let _file_size = signal(file_size).map_err(cannot_listen)?;
    loop {
        payload.carry_out();
        if let Some(reason) = payload.restart {
            payload.leave(&mut from_link).await;
            return Ok(End::Restart(reason));
        }
        if let Some(until) = give_up_at
            && let Some(end) = payload.joined(until)
        {
            payload.leave(&mut from_link).await;
            return end;
        }
        let status_due = payload.write_status();
        let wakes = [payload.device.wake_at(), status_due, give_up_at];
        let wake = wakes.into_iter().flatten().min();
        let pause = async {
            match wake {
                Some(at) => tokio::time::sleep_until(clock.instant(at).into()).await,
                None => core::future::pending().await,
            }
        };
        tokio::select! {
            Some(said) = from_link.recv() => {
                if payload.link.as_ref().is_some_and(|link| link.number() == said.number) {
                    payload.handle(said.input);
                }
            }
            Some(input) = from_errands.recv() => payload.handle(input),
            () = pause => payload.handle(Input::Wake),
            _ = attend.recv() => payload.handle(Input::Attend),
            _ = terminate.recv() => return payload.stop(&mut from_link).await,
            _ = interrupt.recv() => return payload.stop(&mut from_link).await,
        }
    }
}

impl Payload {
    fn handle(&mut self, input: Input) {
        self.device
            .handle(self.clock.now(), self.clock.wall(), input);
    }

    fn carry_out(&mut self) {
        while let Some(action) = self.device.poll() {
            match action {
                Action::Do { ticket, errand } => self.run_errand(ticket, errand),
                Action::Open {
                    address,
                    credential,
                    at,
                } => {
                    self.links_opened = self.links_opened.wrapping_add(1);
                    self.link = Some(Link::open(
                        self.links_opened,
                        self.home.clone(),
                        address,
                        credential,
                        at,
                        self.link_inputs.clone(),
                    ));
                }
                Action::Transmit(bytes) => {
                    if let Some(link) = &self.link {
                        link.send(bytes);
                    }
                }
                Action::Close => {
                    if let Some(link) = self.link.take() {
                        link.leave();
                    }
                }
                Action::Sense { flow } => {
                    let payload = lock(&self.hardware).sense(&flow, self.clock.now());
                    self.handle(Input::Sensed { flow, payload });
                }
                Action::Restart(reason) => self.restart = Some(reason),
                Action::Note(note) => self.note(note),
            }
        }
    }

    fn note(&mut self, note: Note) {
        telling::tell(&note, self.language);
        match note {
            Note::WrongRoot { expected, observed } => self.wrong_root = Some((expected, observed)),
            Note::Retrying { because, .. } | Note::EnrollmentRefused(because) => {
                self.trouble = Some(because);
            }
            _ => {}
        }
    }

    /// Starts an errand; its outcome comes back by the queue.
    fn run_errand(&mut self, ticket: Ticket, errand: Errand) {
        self.certificate_asked |= matches!(errand, Errand::Certify(_));
        let outcomes = self.outcomes.clone();
        let home = self.home.clone();
        let hardware = Arc::clone(&self.hardware);
        let clock = self.clock;
        let status = self.device.status();
        let url = status.url.unwrap_or_default();
        let slot = status.report.slot;
        tokio::spawn(async move {
            let outcome = match errand {
                Errand::Ask(request) => Outcome::Answered(http::ask(&home, &url, &request).await),
                Errand::Certify(request) => {
                    Outcome::Issued(http::certify(&home, &url, &request).await)
                }
                Errand::Install {
                    slot,
                    file,
                    from,
                    at,
                } => Outcome::Installed(slots::install(&home, &url, slot, &file, from, at).await),
                other => {
                    let work = move || at_disk(&home, &hardware, slot, clock, other);
                    match tokio::task::spawn_blocking(work).await {
                        Ok(outcome) => outcome,
                        Err(error) => {
                            Outcome::Stored(Err(StorageFailure::Other(error.to_string())))
                        }
                    }
                }
            };
            // Nobody listens any more when the process ends.
            let _ = outcomes.send(Input::Done { ticket, outcome }).await;
        });
    }

    /// Whether joining has come to an end, one way or the other.
    fn joined(&self, until: Duration) -> Option<Result<End, Diagnostic>> {
        let status = self.device.status();
        if status.member {
            let status = StatusFile::of(status, None);
            return Some(Ok(End::Joined(Box::new(status))));
        }
        if status.refused.is_some() || self.clock.now() >= until {
            if let Some((expected, observed)) = &self.wrong_root {
                return Some(Err(telling::wrong_root(expected, observed)));
            }
            let unknown = LinkFailure::Unreachable("no answer in time".to_string());
            return Some(Err(match &self.trouble {
                Some(trouble) => telling::failure(trouble),
                // The server answers a request for a certificate when it is cosigned, and keeps silent until then.
                None if self.certificate_asked => telling::not_cosigned(&unknown),
                None => telling::failure(&unknown),
            }));
        }
        None
    }

    async fn stop(mut self, from_link: &mut mpsc::Receiver<LinkInput>) -> Result<End, Diagnostic> {
        self.leave(from_link).await;
        Ok(End::Stopped)
    }

    /// Ends the connection in order.
    async fn leave(&mut self, from_link: &mut mpsc::Receiver<LinkInput>) {
        let number = self.link.as_ref().map(Link::number);
        self.handle(Input::Stop);
        self.carry_out();
        if let Some(link) = self.link.take() {
            link.leave();
        }
        let closed = async {
            while let Some(said) = from_link.recv().await {
                if Some(said.number) == number
                    && matches!(said.input, Input::Closed(_) | Input::Opened(Err(_)))
                {
                    break;
                }
            }
        };
        if number.is_some() {
            // A peer that does not let go is left anyway.
            let _ = tokio::time::timeout(LEAVE_WITHIN, closed).await;
        }
        // The status of a process that is gone would be believed as long as its number is not used again.
        let _ = files::remove(&self.home.status());
    }

    /// Writes the status when it changed; answers when to look again.
    fn write_status(&mut self) -> Option<Duration> {
        let now = self.clock.now();
        let status = StatusFile::of(self.device.status(), Some(std::process::id()));
        if let Some((written, at)) = &self.written {
            if *written == status {
                return None;
            }
            let due = at.saturating_add(STATUS_EVERY);
            if now < due {
                return Some(due);
            }
        }
        let path = self.home.status();
        let temporary = path.with_added_extension("new");
        let json = serde_json::to_vec(&status).unwrap_or_default();
        // A status that cannot be written is missed by nobody but who asks for it; the disk is noticed elsewhere.
        let _ = std::fs::write(&temporary, json).and_then(|()| std::fs::rename(&temporary, &path));
        self.written = Some((status, now));
        None
    }
}

fn lock(hardware: &Mutex<Hardware>) -> std::sync::MutexGuard<'_, Hardware> {
    hardware.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The errands that are done at the disk.
fn at_disk(
    home: &Home,
    hardware: &Mutex<Hardware>,
    running: Option<sekimori_update::slots::Slot>,
    clock: Clock,
    errand: Errand,
) -> Outcome {
    match errand {
        Errand::Keep { record, bytes } => Outcome::Stored(store::keep(home, record, &bytes)),
        Errand::Forget { record } => Outcome::Stored(store::forget(home, record)),
        Errand::Append { bytes } => Outcome::Stored(store::append(home, &bytes)),
        Errand::Rewrite { bytes } => Outcome::Stored(store::rewrite(home, &bytes)),
        Errand::MakeKey { slot } => Outcome::KeyMade(keys::make(home, slot)),
        Errand::Seal {
            slot,
            content_type,
            payload,
        } => Outcome::Sealed(keys::seal(home, slot, content_type, &payload)),
        Errand::Measure { slot } => Outcome::Measured(slots::measure(home, slot)),
        Errand::Remove { slot, path } => Outcome::Stored(slots::remove(home, slot, &path)),
        Errand::Configure { slot } => {
            Outcome::Configured(check::settings(home, slot).map(|file| {
                let settings = file.settings();
                lock(hardware).configure(file);
                settings
            }))
        }
        Errand::SelfTest { credential } => {
            let hardware = lock(hardware).clone();
            Outcome::SelfTested(check::shell(home, &hardware, running, credential, clock))
        }
        Errand::Actuate { flow, payload } => {
            Outcome::Actuated(lock(hardware).actuate(&flow, &payload))
        }
        Errand::Ask(_) | Errand::Certify(_) | Errand::Install { .. } => Outcome::Stored(Err(
            StorageFailure::Other("not an errand for the disk".to_string()),
        )),
    }
}
