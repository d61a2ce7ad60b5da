//! The shell: a disk that keeps what it was told to keep, keys, a launcher, a gateway's end of the link, and faults.

use super::organization::{NAME, Organization};
use jiff::Timestamp;
use sekimori_device::{
    Action, CertificateRequest, Config, CredentialSlot, Device, Errand, FlowSetting, HttpRequest,
    Input, Invitation, Limits, LinkFailure, Memory, Note, Outcome, PathSource, Record,
    RestartReason, ServerCheck, Settings, StorageFailure, Ticket,
};
use sekimori_ledger::envelope::{self, P256Signer, Signer};
use sekimori_proto::mqtt::{self, Message, Qos, ServerConnection, ServerEvent, SubscribeResult};
use sekimori_update::measure::Measured;
use sekimori_update::slots::{Slot, SlotState};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// Every answer of the server is lost, though it did what was asked.
    AnswersLost,
    /// The server is away.
    ServerAway,
    /// Nothing can be written.
    DiskFull,
}

struct Link {
    gateway: ServerConnection,
    credential: CredentialSlot,
}

pub(crate) struct Shell {
    pub(crate) organization: Organization,
    pub(crate) device: Option<Device>,
    pub(crate) memory: Memory,
    pub(crate) keys: BTreeMap<CredentialSlot, [u8; 32]>,
    pub(crate) slots: BTreeMap<(Slot, String), (Vec<u8>, bool)>,
    link: Option<Link>,
    /// Open was asked for; answered in its turn.
    inputs: VecDeque<Input>,
    pub(crate) now: Duration,
    /// What is added to the true time: the device's clock is wrong by this.
    pub(crate) wall_error: jiff::SignedDuration,
    pub(crate) fault: Fault,
    pub(crate) notes: Vec<Note>,
    pub(crate) restarts: Vec<RestartReason>,
    pub(crate) subscriptions: Vec<String>,
    /// How long the operator's side takes to let a mended device back in.
    pub(crate) lift_after: Duration,
    lift_at: Option<Duration>,
    /// Actions carried out since the beginning of the world.
    pub(crate) steps: u64,
    /// The power fails when this many actions were carried out.
    pub(crate) cut_at: Option<u64>,
    pub(crate) cuts: u64,
    /// The offer is gone when the power comes back.
    pub(crate) withdraw_at_cut: bool,
    random: u8,
    readings: u64,
    /// The running program, as its settings file says.
    pub(crate) self_test: Result<(), String>,
    pub(crate) settings: Option<Settings>,
}

pub(crate) const EPOCH: &str = "2026-10-05T00:00:00Z";

impl Shell {
    pub(crate) fn new() -> Self {
        let mut shell = Self {
            organization: Organization::new(),
            device: None,
            memory: Memory::default(),
            keys: BTreeMap::new(),
            slots: BTreeMap::new(),
            link: None,
            inputs: VecDeque::new(),
            now: Duration::ZERO,
            wall_error: jiff::SignedDuration::ZERO,
            fault: Fault::None,
            notes: Vec::new(),
            restarts: Vec::new(),
            subscriptions: Vec::new(),
            lift_after: Duration::from_millis(50),
            lift_at: None,
            steps: 0,
            cut_at: None,
            cuts: 0,
            withdraw_at_cut: false,
            random: 10,
            readings: 0,
            self_test: Ok(()),
            settings: None,
        };
        shell.boot();
        shell
    }

    pub(crate) fn true_time(&self) -> Timestamp {
        EPOCH.parse::<Timestamp>().unwrap() + self.now
    }

    fn wall(&self) -> Timestamp {
        self.true_time() + self.wall_error
    }

    pub(crate) fn invitation(&self) -> Invitation {
        Invitation {
            url: "https://server.example:8443".into(),
            mqtt: None,
            name: NAME.into(),
            code: super::organization::CODE.into(),
            root: self.organization.bundle().fingerprint().to_string(),
        }
    }

    pub(crate) fn join(&mut self) {
        let invitation = self.invitation();
        self.handle(Input::Join(invitation));
    }

    /// The launcher starts the device with what is on disk.
    pub(crate) fn boot(&mut self) {
        self.link = None;
        self.inputs.clear();
        self.now += Duration::from_millis(100);
        if let Some(bytes) = self.memory.records.get(&Record::Slots) {
            let mut slots = SlotState::decode(bytes).unwrap();
            slots.boot();
            self.memory.records.insert(Record::Slots, slots.encode());
        }
        let config = Config {
            product: "none".into(),
            version: "0.0.0".into(),
            entropy: 7,
            limits: Limits {
                outbox_messages: 500,
                ..Limits::default()
            },
        };
        let device = Device::start(config, self.memory.clone(), self.now, self.wall());
        self.device = Some(device.expect("records are whole after every power cut"));
    }

    pub(crate) fn handle(&mut self, input: Input) {
        let (now, wall) = (self.now, self.wall());
        self.device.as_mut().unwrap().handle(now, wall, input);
    }

    /// Runs for at most `time`, until `done` holds; false when it did not in that time.
    pub(crate) fn run_until(&mut self, time: Duration, done: impl Fn(&Self) -> bool) -> bool {
        let end = self.now + time;
        loop {
            self.carry_out();
            self.lift();
            if done(self) {
                return true;
            }
            let device = self.device.as_ref().unwrap();
            let wake = device
                .wake_at()
                .into_iter()
                .chain(self.link.as_ref().and_then(|link| link.gateway.wake_at()));
            let next = wake
                .min()
                .unwrap_or(end)
                .min(self.lift_at.unwrap_or(end))
                .max(self.now + Duration::from_millis(1));
            if next > end {
                self.now = end;
                return false;
            }
            self.now = next;
            if let Some(link) = &mut self.link {
                link.gateway.wake(next);
            }
            self.handle(Input::Wake);
        }
    }

    fn lift(&mut self) {
        if self.organization.lift {
            self.lift_at.get_or_insert(self.now + self.lift_after);
        }
        if self.lift_at.is_some_and(|at| at <= self.now) {
            self.organization.contained = false;
            self.organization.lift = false;
            self.lift_at = None;
        }
    }

    pub(crate) fn run(&mut self, time: Duration) {
        self.run_until(time, |_| false);
    }

    /// Carries out everything that is to be done now.
    fn carry_out(&mut self) {
        for round in 0.. {
            assert!(round < 100_000, "the device never rests");
            if let Some(action) = self.device.as_mut().unwrap().poll() {
                self.steps += 1;
                if self.cut_at == Some(self.steps) {
                    self.cuts += 1;
                    if self.withdraw_at_cut {
                        self.organization.offer = None;
                    }
                    self.boot();
                    continue;
                }
                self.act(action);
                continue;
            }
            if let Some(input) = self.inputs.pop_front() {
                self.handle(input);
                continue;
            }
            if !self.serve() {
                return;
            }
        }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Do { ticket, errand } => self.errand(ticket, errand),
            Action::Open { credential, at, .. } => {
                let result = self
                    .check_link(ServerCheck::At(at))
                    .and_then(|()| self.check_client(credential));
                if result.is_ok() {
                    let gateway = ServerConnection::new(self.now, mqtt::Limits::default());
                    self.link = Some(Link {
                        gateway,
                        credential,
                    });
                }
                self.inputs.push_back(Input::Opened(result));
            }
            Action::Transmit(bytes) => {
                if let Some(link) = &mut self.link {
                    link.gateway.receive(self.now, &bytes);
                }
            }
            Action::Close => self.link = None,
            Action::Sense { flow } => {
                self.readings += 1;
                let payload = Ok(self.readings.to_string().into_bytes());
                self.inputs.push_back(Input::Sensed { flow, payload });
            }
            Action::Restart(reason) => {
                self.restarts.push(reason);
                self.boot();
            }
            Action::Note(note) => self.notes.push(note),
        }
    }

    pub(crate) fn cut_link(&mut self) {
        if self.link.take().is_some() {
            self.inputs
                .push_back(Input::Closed("the cable was pulled".into()));
        }
    }

    pub(crate) fn command(&mut self, flow: &str, payload: &str) {
        let mut message = Message::new(format!("sk/{NAME}/cmd/{flow}"), payload.into());
        message.correlation = Some(vec![1, 2, 3]);
        let link = self.link.as_mut().expect("the device is connected");
        link.gateway.publish(&message).unwrap();
    }

    fn check_link(&self, check: ServerCheck) -> Result<(), LinkFailure> {
        if self.fault == Fault::ServerAway {
            return Err(LinkFailure::Unreachable("no route".into()));
        }
        if let ServerCheck::At(at) = check {
            // The server's certificate is valid for a year around now.
            let off = at.duration_since(self.true_time()).abs();
            if off > jiff::SignedDuration::from_hours(24 * 180) {
                return Err(LinkFailure::NotValidNow(format!("at {at}")));
            }
        }
        Ok(())
    }

    fn public_key(&self, slot: CredentialSlot) -> Vec<u8> {
        let scalar = self.keys[&slot];
        P256Signer::from_scalar(&scalar)
            .unwrap()
            .public_key()
            .to_spki_der()
    }

    fn check_client(&self, slot: CredentialSlot) -> Result<(), LinkFailure> {
        let certificate = self.memory.records.get(&Record::Certificate(slot));
        let ended = |organization: &Organization, key: &[u8]| {
            let known = organization
                .keys
                .iter()
                .rev()
                .find(|known| known.spki == key);
            known.is_some_and(|known| known.not_after < self.true_time())
        };
        if ended(&self.organization, &self.public_key(slot)) {
            return Err(LinkFailure::CredentialRefused("expired".into()));
        }
        let key = self.public_key(slot);
        if certificate != Some(&key)
            || !self.organization.keys.iter().any(|known| known.spki == key)
        {
            return Err(LinkFailure::CredentialRefused("unknown".into()));
        }
        Ok(())
    }

    fn stored(&mut self, change: impl FnOnce(&mut Self)) -> Outcome {
        if self.fault == Fault::DiskFull {
            return Outcome::Stored(Err(StorageFailure::Full));
        }
        change(self);
        Outcome::Stored(Ok(()))
    }

    fn errand(&mut self, ticket: Ticket, errand: Errand) {
        let outcome = match errand {
            Errand::Keep { record, bytes } => self.stored(|shell| {
                shell.memory.records.insert(record, bytes);
            }),
            Errand::Forget { record } => self.stored(|shell| {
                shell.memory.records.remove(&record);
            }),
            Errand::Append { bytes } => self.stored(|shell| shell.memory.journal.extend(bytes)),
            Errand::Rewrite { bytes } => self.stored(|shell| shell.memory.journal = bytes),
            Errand::Ask(request) => Outcome::Answered(self.ask(&request)),
            Errand::MakeKey { slot } => {
                if self.fault == Fault::DiskFull {
                    Outcome::KeyMade(Err(StorageFailure::Full))
                } else {
                    self.random += 1;
                    self.keys.insert(slot, [self.random; 32]);
                    Outcome::KeyMade(Ok(self.public_key(slot)))
                }
            }
            Errand::Certify(request) => Outcome::Issued(self.certify(&request)),
            Errand::Seal {
                slot,
                content_type,
                payload,
            } => {
                let signer = P256Signer::from_scalar(&self.keys[&slot]).unwrap();
                Outcome::Sealed(Ok(envelope::seal(content_type, &payload, &signer)))
            }
            Errand::Measure { slot } => Outcome::Measured(Ok(self.measure(slot))),
            Errand::Install {
                slot,
                file,
                from,
                at,
            } => {
                let content = match from {
                    PathSource::Slot(other) => self
                        .slots
                        .iter()
                        .find(|((known, _), (content, _))| {
                            *known == other
                                && <[u8; 32]>::from(Sha256::digest(content)) == file.sha256
                        })
                        .map(|(_, (content, _))| content.clone())
                        .ok_or_else(|| LinkFailure::Malformed("not there".into())),
                    PathSource::Server { credential } => self
                        .check_link(ServerCheck::At(at))
                        .and_then(|()| self.check_client(credential))
                        .and_then(|()| {
                            self.organization.blobs.get(&file.sha256).cloned().ok_or(
                                LinkFailure::Refused {
                                    status: 404,
                                    code: "none".into(),
                                    message: String::new(),
                                },
                            )
                        }),
                };
                let full = self.fault == Fault::DiskFull;
                Outcome::Installed(match content {
                    Ok(_) if full => Err(LinkFailure::Storage(StorageFailure::Full)),
                    Ok(content) => {
                        self.slots
                            .insert((slot, file.path), (content, file.executable));
                        Ok(())
                    }
                    Err(failure) => Err(failure),
                })
            }
            Errand::Remove { slot, path } => self.stored(|shell| {
                shell.slots.remove(&(slot, path));
            }),
            Errand::Configure { slot } => Outcome::Configured(self.configure(slot)),
            Errand::SelfTest { .. } => Outcome::SelfTested(self.self_test(ticket)),
            Errand::Actuate { flow, payload } => {
                let done = format!("{flow}:{}", String::from_utf8_lossy(&payload));
                Outcome::Actuated(Ok(done.into_bytes()))
            }
        };
        self.inputs.push_back(Input::Done { ticket, outcome });
    }

    fn self_test(&self, _ticket: Ticket) -> Result<(), String> {
        // A broken release carries a file that says so.
        let broken = self
            .slots
            .iter()
            .any(|((slot, path), _)| Some(*slot) == self.running() && path == "share/broken");
        if broken {
            return Err("sensor: observed 99, expected at most 60".into());
        }
        self.self_test.clone()
    }

    pub(crate) fn running(&self) -> Option<Slot> {
        let bytes = self.memory.records.get(&Record::Slots)?;
        SlotState::decode(bytes).unwrap().running()
    }

    fn configure(&self, slot: Option<Slot>) -> Result<Settings, String> {
        if let Some(settings) = &self.settings {
            return Ok(settings.clone());
        }
        let text = slot.and_then(|slot| self.slots.get(&(slot, "etc/settings".into())));
        if text.is_some_and(|(text, _)| text == b"nonsense") {
            return Err("report_interval_ms: not a number".into());
        }
        Ok(Settings {
            flows: vec![FlowSetting {
                flow: "telemetry".into(),
                every: Duration::from_secs(10),
            }],
            measure_every: Duration::from_secs(5),
            update_every: Duration::from_secs(20),
            state_every: Duration::from_secs(60),
        })
    }

    fn measure(&self, slot: Slot) -> Vec<Measured> {
        self.slots
            .iter()
            .filter(|((known, _), _)| *known == slot)
            .map(|((_, path), (content, executable))| Measured {
                path: path.clone(),
                length: content.len() as u64,
                sha256: Sha256::digest(content).into(),
                executable: *executable,
            })
            .collect()
    }

    fn ask(&mut self, request: &HttpRequest) -> Result<sekimori_device::HttpResponse, LinkFailure> {
        self.check_link(request.server)?;
        let client = match request.credential {
            Some(slot) => {
                self.check_client(slot)?;
                Some(self.public_key(slot))
            }
            None => None,
        };
        let now = self.true_time();
        let response = self
            .organization
            .answer(&request.path, client.as_deref(), now);
        self.lose(response)
    }

    fn certify(
        &mut self,
        request: &CertificateRequest,
    ) -> Result<sekimori_device::IssuedCertificate, LinkFailure> {
        let now = self.true_time();
        let issued = match request {
            CertificateRequest::Enroll { key, code, at, .. } => {
                self.check_link(ServerCheck::At(*at))?;
                let public_key = self.public_key(*key);
                self.organization
                    .certify(public_key, Some(code), None, now)?
            }
            CertificateRequest::Renew {
                key,
                credential,
                at,
                ..
            } => {
                self.check_link(ServerCheck::At(*at))?;
                let client = self.public_key(*credential);
                let public_key = self.public_key(*key);
                self.organization
                    .certify(public_key, None, Some(&client), now)?
            }
        };
        self.lose(issued)
    }

    fn lose<T>(&self, answer: T) -> Result<T, LinkFailure> {
        if self.fault == Fault::AnswersLost {
            return Err(LinkFailure::Unreachable("connection reset".into()));
        }
        Ok(answer)
    }

    /// The gateway's end of the link; whether anything happened.
    fn serve(&mut self) -> bool {
        let Some(mut link) = self.link.take() else {
            return false;
        };
        let client = self.public_key(link.credential);
        let mut active = false;
        while let Some(event) = link.gateway.event() {
            active = true;
            match event {
                ServerEvent::Connect(_) => link.gateway.accept(self.now, NAME),
                ServerEvent::Publish { packet_id, message } => {
                    let result = self.organization.take(&message, &client);
                    if let Some(packet) = packet_id.filter(|_| self.fault != Fault::AnswersLost) {
                        link.gateway.acknowledge(packet, result);
                    }
                }
                ServerEvent::Subscribe { packet_id, filters } => {
                    let contained = self.organization.contained;
                    let results: Vec<SubscribeResult> = filters
                        .iter()
                        .map(|filter| {
                            if contained && !filter.filter.ends_with("_platform") {
                                self.organization.kept_out += 1;
                                SubscribeResult::NotAuthorized
                            } else {
                                SubscribeResult::Granted(Qos::AtLeastOnce)
                            }
                        })
                        .collect();
                    self.subscriptions
                        .extend(filters.into_iter().map(|filter| filter.filter));
                    link.gateway.acknowledge_subscribe(packet_id, &results);
                }
                ServerEvent::Unsubscribe { .. } | ServerEvent::PublishAcknowledged { .. } => {}
                ServerEvent::Disconnect => return true,
                ServerEvent::Violation(violation) => panic!("the device broke MQTT: {violation:?}"),
            }
        }
        while let Some(bytes) = link.gateway.transmit() {
            active = true;
            self.inputs.push_back(Input::Received(bytes));
        }
        self.link = Some(link);
        active
    }

    /// Flips one byte of a file of the running slot.
    pub(crate) fn tamper(&mut self, path: &str) {
        let slot = self.running().unwrap();
        let (content, _) = self.slots.get_mut(&(slot, path.into())).unwrap();
        content[0] ^= 1;
    }

    pub(crate) fn is_as_released(&self, files: &[(&str, &[u8], bool)]) -> bool {
        let slot = self.running().unwrap();
        let installed = self.slots.iter().filter(|((known, _), _)| *known == slot);
        let installed: BTreeMap<&str, (&[u8], bool)> = installed
            .map(|((_, path), (content, executable))| {
                (path.as_str(), (content.as_slice(), *executable))
            })
            .collect();
        let released = files
            .iter()
            .map(|(path, content, executable)| (*path, (*content, *executable)));
        installed == released.collect()
    }
}
