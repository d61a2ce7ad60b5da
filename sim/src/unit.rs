//! One honest device: its disk, its launcher, its process, and what the world does to it.

use crate::disk::{Disk, Key, Write};
use crate::random::Random;
use crate::words::{Cut, Mistake, Reading};
use core::time::Duration;
use jiff::{SignedDuration, Timestamp};
use sekimori_device::{CredentialSlot, Device, FlowSetting, Record, Settings, StorageFailure};
use sekimori_update::slots::{Phase, Slot, SlotState};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A process that runs on a device.
pub(crate) struct Process {
    pub(crate) device: Device,
    /// When it started, in the time of the world.
    pub(crate) started: Duration,
    /// What the program in the slot does, as it was at the start.
    behavior: String,
    /// Wakes in a row at one moment without any action.
    pub(crate) idle_wakes: u32,
    pub(crate) woken_at: Duration,
    /// When it wants to be woken, in the time of the world.
    pub(crate) wake: Option<Duration>,
}

impl Process {
    pub(crate) fn new(device: Device, started: Duration, behavior: String) -> Self {
        Self {
            device,
            started,
            behavior,
            idle_wakes: 0,
            woken_at: Duration::ZERO,
            wake: None,
        }
    }

    /// Asks when it wants to be woken.
    pub(crate) fn plan_wake(&mut self) {
        let at = self.device.wake_at();
        self.wake = at.map(|at| self.started.saturating_add(at));
    }
}

/// What became of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    Failed(StorageFailure),
    /// Power failed in the middle of it, for so long.
    PowerCut(Duration),
}

/// One honest device.
pub(crate) struct Unit {
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) source: String,
    pub(crate) p256: bool,
    pub(crate) disk: Disk,
    pub(crate) process: Option<Process>,
    /// Counts processes, so that answers to an earlier one are dropped.
    pub(crate) life: u64,
    /// How far its clock is from the right time.
    pub(crate) clock: SignedDuration,
    /// The connection that the process believes to have.
    pub(crate) connection: Option<u64>,
    // Faults.
    pub(crate) parted: bool,
    pub(crate) slow: (Duration, Duration),
    pub(crate) loses_requests: u32,
    pub(crate) loses_answers: u32,
    pub(crate) full_until: Duration,
    pub(crate) crash: Option<(u32, Cut, Duration)>,
    pub(crate) readings: VecDeque<Reading>,
    /// Files that were changed behind its back and are not yet as released.
    pub(crate) tampered: BTreeSet<(Slot, String)>,
    // What was seen of it.
    pub(crate) invited: bool,
    pub(crate) invited_again: bool,
    /// The newest one-time code that its owner was given.
    pub(crate) code: Option<String>,
    read: u64,
    /// Messages that it gave up, by its own notes.
    pub(crate) given_up: u64,
    pub(crate) highest_confirmed: u64,
    /// Messages that were once durable in its journal.
    pub(crate) journaled: BTreeSet<(u64, u64)>,
    pub(crate) last_stored: Option<(u64, u64)>,
    pub(crate) refused: BTreeSet<(u64, u64)>,
    /// Whether the newest command was acknowledged.
    pub(crate) acknowledged: Option<bool>,
    mistake: Option<Mistake>,
}

impl Unit {
    /// A device out of the box.
    pub(crate) fn new(index: usize, p256: bool, mistake: Option<Mistake>) -> Self {
        let role = if index == 1 { "door" } else { "sensor" };
        Self {
            name: format!("{role}-{index}"),
            role,
            source: format!("10.0.0.{index}"),
            p256,
            disk: Disk::default(),
            process: None,
            life: 0,
            clock: SignedDuration::ZERO,
            connection: None,
            parted: false,
            slow: (Duration::ZERO, Duration::ZERO),
            loses_requests: 0,
            loses_answers: 0,
            full_until: Duration::ZERO,
            crash: None,
            readings: VecDeque::new(),
            tampered: BTreeSet::new(),
            invited: false,
            invited_again: false,
            code: None,
            read: 0,
            given_up: 0,
            highest_confirmed: 0,
            journaled: BTreeSet::new(),
            last_stored: None,
            refused: BTreeSet::new(),
            acknowledged: None,
            mistake,
        }
    }

    /// Changes the disk, unless it is full or the power fails.
    pub(crate) fn write(&mut self, now: Duration, write: Write) -> Written {
        if now < self.full_until && !matches!(write, Write::Forget(_) | Write::Remove(..)) {
            return Written::Failed(StorageFailure::Full);
        }
        if let Some((writes, cut, downtime)) = self.crash {
            if writes <= 1 {
                self.crash = None;
                if let (Cut::After, Write::Append(lines)) = (cut, &write) {
                    let lines = lines.clone();
                    self.observe(&lines);
                }
                self.disk.cut(write, cut);
                return Written::PowerCut(downtime);
            }
            self.crash = Some((writes.saturating_sub(1), cut, downtime));
        }
        match (self.mistake, &write) {
            (Some(Mistake::BootNotCounted), Write::Keep(Record::Boot, _)) => return Written::Done,
            (Some(Mistake::UpdateInPlace), Write::Install(slot, path, file)) => {
                let beside = Write::Install(slot.other(), path.clone(), file.clone());
                self.disk.write(beside);
            }
            (Some(Mistake::FloorIgnored), Write::Keep(Record::Slots, bytes)) => {
                let forgotten = forget_counters(bytes).unwrap_or_else(|| bytes.clone());
                self.disk.write(Write::Keep(Record::Slots, forgotten));
                return Written::Done;
            }
            _ => {}
        }
        if let Write::Append(lines) = &write {
            self.observe(lines);
        }
        self.disk.write(write);
        Written::Done
    }

    /// Remembers what these whole lines of the journal promise.
    fn observe(&mut self, lines: &[u8]) {
        #[derive(serde::Deserialize)]
        struct Line {
            line: String,
            boot: u64,
            sequence: u64,
        }
        for line in String::from_utf8_lossy(lines).lines() {
            if let Some((_, json)) = line.split_once(' ')
                && let Ok(read) = serde_json::from_str::<Line>(json)
                && read.line == "waits"
            {
                self.journaled.insert((read.boot, read.sequence));
            }
        }
    }

    /// What its clock says.
    pub(crate) fn wall(&self, right: Timestamp) -> Timestamp {
        right.saturating_add(self.clock).unwrap_or(Timestamp::MAX)
    }

    /// The state of its slots, as on the disk.
    pub(crate) fn slots(&self) -> Result<Option<SlotState>, String> {
        let bytes = self.disk.records.get(&Record::Slots);
        bytes
            .map(|bytes| SlotState::decode(bytes).map_err(|error| error.to_string()))
            .transpose()
    }

    /// The slot that runs, as on the disk.
    pub(crate) fn running(&self) -> Option<Slot> {
        self.slots()
            .ok()
            .flatten()
            .and_then(|slots| slots.running())
    }

    /// The version that runs and is confirmed.
    pub(crate) fn confirmed_version(&self) -> Option<String> {
        let slots = self.slots().ok().flatten()?;
        match slots.phase() {
            Phase::Confirmed { active } => slots
                .installed(*active)
                .map(|installed| installed.version.clone()),
            _ => None,
        }
    }

    /// What the program in a slot does: the last word of its first line.
    pub(crate) fn behavior(&self, slot: Option<Slot>) -> String {
        let text = slot.and_then(|slot| self.disk.text(slot, "bin/agent"));
        let line = text.and_then(|text| text.lines().next());
        let word = line.and_then(|line| line.split(' ').nth(2));
        word.unwrap_or("good").to_string()
    }

    /// The settings of a slot, or the built-in ones.
    pub(crate) fn settings(&self, slot: Option<Slot>) -> Result<Settings, String> {
        let mut settings = Settings {
            flows: vec![FlowSetting {
                flow: "telemetry".to_string(),
                every: Duration::from_secs(5),
            }],
            measure_every: Duration::from_secs(20),
            update_every: Duration::from_secs(15),
            state_every: Duration::from_secs(60),
        };
        let Some(slot) = slot else {
            return Ok(settings);
        };
        let text = self
            .disk
            .text(slot, "etc/settings.toml")
            .unwrap_or_default();
        let value = text.trim().strip_prefix("every_ms = ");
        let value = value.ok_or("every_ms is missing")?;
        let millis = value
            .parse()
            .map_err(|_| format!("every_ms is {value:?}"))?;
        settings.flows = vec![FlowSetting {
            flow: "telemetry".to_string(),
            every: Duration::from_millis(millis),
        }];
        Ok(settings)
    }

    /// What only the shell can check.
    pub(crate) fn self_test(&self, credential: Option<CredentialSlot>) -> Result<(), String> {
        let behavior = self
            .process
            .as_ref()
            .map(|process| process.behavior.as_str());
        if behavior == Some("sick") {
            return Err("the sensor reads 450 °C".to_string());
        }
        match credential {
            Some(slot) if !self.disk.keys.contains_key(&slot) => Err("the key is gone".to_string()),
            _ => Ok(()),
        }
    }

    /// Reads the sensor.
    pub(crate) fn sense(&mut self) -> Result<Vec<u8>, String> {
        self.read = self.read.saturating_add(1);
        let number = self.read;
        match self.readings.pop_front() {
            None => Ok(format!("{{\"temp_c\":4.5,\"n\":{number}}}").into_bytes()),
            Some(Reading::OutOfRange) => {
                Ok(format!("{{\"temp_c\":450,\"n\":{number}}}").into_bytes())
            }
            Some(Reading::NotJson) => Ok(format!("temp_c is {number}").into_bytes()),
            Some(Reading::TooLarge) => Ok(vec![b'x'; 300]),
            Some(Reading::Broken) => Err("the sensor does not answer".to_string()),
        }
    }

    /// The time until something that this device says, or that is said to it, arrives.
    pub(crate) fn latency(&self, now: Duration, random: &mut Random) -> Duration {
        let usual = Duration::from_millis(random.between(3, 30));
        let (until, extra) = self.slow;
        if now < until {
            usual.saturating_add(extra)
        } else {
            usual
        }
    }

    /// The certificate and the key of a credential slot.
    pub(crate) fn credential(&self, slot: CredentialSlot) -> (Option<Vec<u8>>, Option<&Key>) {
        let certificate = self.disk.records.get(&Record::Certificate(slot)).cloned();
        (certificate, self.disk.keys.get(&slot))
    }

    /// Whether the files of every slot that may be started next are as released, but for what was tampered with; and
    /// whether nothing older than what was confirmed is active.
    pub(crate) fn check_slots<'a>(
        &mut self,
        released: impl Fn(&str) -> Option<&'a BTreeMap<String, (Vec<u8>, bool)>>,
    ) -> Result<(), String> {
        let Some(slots) = self.slots()? else {
            return Ok(());
        };
        let (way_back, active) = match slots.phase() {
            Phase::Empty => (None, None),
            Phase::Confirmed { active } => (Some(*active), Some(*active)),
            Phase::Writing { from, .. } => (*from, *from),
            Phase::Trial { from, to, .. } => (*from, Some(*to)),
        };
        if let Some(active) = active.and_then(|slot| slots.installed(slot)) {
            if active.counter < self.highest_confirmed {
                return Err(format!(
                    "{} runs counter {} after {} was confirmed",
                    self.name, active.counter, self.highest_confirmed
                ));
            }
            if matches!(slots.phase(), Phase::Confirmed { .. }) {
                self.highest_confirmed = self.highest_confirmed.max(active.counter);
            }
        }
        let empty = BTreeMap::new();
        for slot in [Slot::A, Slot::B] {
            let version = slots
                .installed(slot)
                .map(|installed| installed.version.as_str());
            let expected = version.and_then(&released).unwrap_or(&empty);
            let found = self.disk.files.get(&slot).unwrap_or(&empty);
            self.tampered
                .retain(|(of, path)| *of != slot || found.get(path) != expected.get(path));
            if way_back != Some(slot) {
                continue;
            }
            let paths = expected.keys().chain(found.keys());
            for path in paths {
                let known = self.tampered.contains(&(slot, path.clone()));
                if !known && found.get(path) != expected.get(path) {
                    return Err(format!(
                        "{}: {path} in slot {slot}, which must stay startable, is not as released",
                        self.name
                    ));
                }
            }
        }
        Ok(())
    }
}

/// The mistake: a state of slots without a memory of counters.
fn forget_counters(bytes: &[u8]) -> Option<Vec<u8>> {
    let slots = SlotState::decode(bytes).ok()?;
    let mut value = serde_json::to_value(&slots).ok()?;
    let fields = value.as_object_mut()?;
    for field in ["floor", "highest_counter", "highest_metadata"] {
        fields.insert(field.to_string(), 0.into());
    }
    let forgotten: SlotState = serde_json::from_value(value).ok()?;
    Some(forgotten.encode())
}
