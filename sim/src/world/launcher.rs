//! A device's launcher and its power: what starts, when, and what comes after the end.

use super::{Happening, World};
use crate::control::PRODUCT;
use crate::disk::Write;
use crate::unit::{Process, Written};
use core::time::Duration;
use sekimori_device::{Action, Config, Device, Input, Limits, Note, Record, RestartReason};
use sekimori_update::slots::{Phase, Reason};

/// How long a start takes.
const START: Duration = Duration::from_millis(200);
/// How long a shell sleeps at least between two wakes.
const LEAST_SLEEP: Duration = Duration::from_millis(1);
/// Wakes in a row that may come to nothing: more are a device that burns its battery.
const MOST_IDLE_WAKES: u32 = 50;

impl World {
    /// Switches a device on, after a while.
    pub(super) fn power_on(&mut self, index: usize, after: Duration) {
        if let Some(unit) = self.units.get(index) {
            let life = unit.life;
            self.after(after, Happening::Start { unit: index, life });
        }
    }

    /// The process of a device ends, whatever it was doing.
    pub(super) fn end_process(&mut self, index: usize, power_cut: bool) {
        let Some(unit) = self.units.get_mut(index) else {
            return;
        };
        unit.process = None;
        unit.life = unit.life.saturating_add(1);
        let connection = unit.connection.take();
        if power_cut {
            self.drop_links(index);
        } else if let Some(id) = connection {
            self.close(id, crate::words::Direction::Up);
        }
        self.check_slots(index);
    }

    /// Power fails.
    pub(super) fn power_cut(&mut self, index: usize, downtime: Duration) {
        self.trace
            .note(self.now, format_args!("power cut of {index}"));
        self.end_process(index, true);
        self.power_on(index, downtime.max(Duration::from_millis(1)));
    }

    /// Writes for a device; false when power failed meanwhile.
    pub(super) fn write(&mut self, index: usize, write: Write) -> Option<Written> {
        let now = self.now;
        let unit = self.units.get_mut(index)?;
        let written = unit.write(now, write);
        if let Written::PowerCut(downtime) = written {
            self.power_cut(index, downtime);
            return None;
        }
        self.check_slots(index);
        Some(written)
    }

    /// The launcher starts.
    pub(super) fn start(&mut self, index: usize, life: u64) {
        let Some(unit) = self.units.get(index) else {
            return;
        };
        if unit.life != life || unit.process.is_some() {
            return;
        }
        let mut slots = match unit.slots() {
            Ok(slots) => slots,
            Err(why) => return self.violate("slots", why),
        };
        let mut confirm_within = None;
        if let Some(slots) = &mut slots {
            let before = slots.clone();
            let decision = slots.boot();
            confirm_within = decision.confirm_within;
            if *slots != before {
                let bytes = slots.encode();
                match self.write(index, Write::Keep(Record::Slots, bytes)) {
                    Some(Written::Done) => {}
                    // The launcher tries again until the disk takes it.
                    Some(_) => return self.power_on(index, Duration::from_secs(1)),
                    None => return,
                }
            }
        }
        let slot = slots.as_ref().and_then(|slots| slots.running());
        let Some(unit) = self.units.get_mut(index) else {
            return;
        };
        let behavior = unit.behavior(slot);
        self.trace
            .note(self.now, format_args!("{index} starts {slot:?} {behavior}"));
        if behavior == "crashing" {
            unit.life = unit.life.saturating_add(1);
            return self.power_on(index, Duration::from_millis(500));
        }
        if let Some(within) = confirm_within {
            let happening = Happening::Deadline { unit: index, life };
            self.after(within, happening);
        }
        if behavior == "hanging" {
            return;
        }
        self.start_process(index, behavior);
    }

    fn start_process(&mut self, index: usize, behavior: String) {
        let entropy = self.random.draw();
        let right = self.control.wall(self.now);
        let now = self.now;
        let Some(unit) = self.units.get_mut(index) else {
            return;
        };
        let config = Config {
            product: PRODUCT.to_string(),
            version: "0.0.0".to_string(),
            entropy,
            limits: Limits {
                outbox_messages: 500,
                retry_to: Duration::from_secs(20),
                ..Limits::default()
            },
        };
        let wall = unit.wall(right);
        match Device::start(config, unit.disk.memory(), Duration::ZERO, wall) {
            Ok(device) => {
                unit.process = Some(Process::new(device, now, behavior));
                self.act(index);
            }
            Err(damaged) => {
                let why = format!("{} does not start: {damaged}", unit.name);
                self.violate("starts-again", why);
            }
        }
    }

    /// A trial's time is over: if nothing confirmed it, it is left.
    pub(super) fn deadline(&mut self, index: usize, life: u64) {
        let Some(unit) = self.units.get(index).filter(|unit| unit.life == life) else {
            return;
        };
        let Ok(Some(mut slots)) = unit.slots() else {
            return;
        };
        if !matches!(slots.phase(), Phase::Trial { .. }) {
            return;
        }
        if slots.fail(Reason::DeadlinePassed).is_ok() {
            let write = Write::Keep(Record::Slots, slots.encode());
            if self.write(index, write).is_none() {
                return;
            }
        }
        self.end_process(index, false);
        self.power_on(index, START);
    }

    /// Gives the process of a device something, and does what it wants then.
    pub(super) fn feed(&mut self, index: usize, input: Input) {
        let right = self.control.wall(self.now);
        let now = self.now;
        let Some(unit) = self.units.get_mut(index) else {
            return;
        };
        let wall = unit.wall(right);
        let Some(process) = &mut unit.process else {
            return;
        };
        let since = now.saturating_sub(process.started);
        process.device.handle(since, wall, input);
        self.act(index);
    }

    /// Nothing but time passed.
    pub(super) fn wake_unit(&mut self, index: usize) {
        let now = self.now;
        let Some(unit) = self.units.get_mut(index) else {
            return;
        };
        let name = unit.name.clone();
        let Some(process) = &mut unit.process else {
            return;
        };
        process.idle_wakes = process.idle_wakes.saturating_add(1);
        // A shell sleeps at least this long.
        process.woken_at = now.saturating_add(LEAST_SLEEP);
        if process.idle_wakes > MOST_IDLE_WAKES {
            let since = now.saturating_sub(process.started);
            let at = process.device.wake_at();
            let why = format!(
                "{name} is woken again and again, at {since:?} for {at:?}, and does nothing: {:?}",
                process.device
            );
            return self.violate("progress", why);
        }
        self.feed(index, Input::Wake);
    }

    /// Does what the process wants, until it wants nothing.
    fn act(&mut self, index: usize) {
        loop {
            let Some(unit) = self.units.get_mut(index) else {
                return;
            };
            let life = unit.life;
            let Some(process) = &mut unit.process else {
                return;
            };
            let Some(action) = process.device.poll() else {
                process.plan_wake();
                return;
            };
            process.idle_wakes = 0;
            match action {
                Action::Do { ticket, errand } => self.begin(index, life, ticket, errand),
                Action::Open { credential, at, .. } => {
                    unit.connection = None;
                    let now = self.now;
                    let delay = unit.latency(now, &mut self.random);
                    let happening = Happening::Shake {
                        unit: index,
                        life,
                        credential,
                        at,
                    };
                    self.after(delay, happening);
                }
                Action::Transmit(bytes) => {
                    if let Some(id) = unit.connection {
                        self.send(id, crate::words::Direction::Up, bytes);
                    }
                }
                Action::Close => {
                    if let Some(id) = unit.connection.take() {
                        self.close(id, crate::words::Direction::Up);
                    }
                }
                Action::Sense { flow } => {
                    let payload = unit.sense();
                    self.feed(index, Input::Sensed { flow, payload });
                }
                Action::Restart(reason) => {
                    self.restart(index, reason);
                    return;
                }
                Action::Note(note) => self.noted(index, &note),
            }
            if self.violation.is_some() {
                return;
            }
        }
    }

    fn restart(&mut self, index: usize, reason: RestartReason) {
        self.trace
            .note(self.now, format_args!("{index} restarts: {reason:?}"));
        self.end_process(index, false);
        self.power_on(index, START);
    }

    fn noted(&mut self, index: usize, note: &Note) {
        self.trace.note(self.now, format_args!("{index}: {note:?}"));
        if let Some(unit) = self.units.get_mut(index)
            && matches!(note, Note::MessageRefused { .. } | Note::ReadingLost { .. })
        {
            unit.given_up = unit.given_up.saturating_add(1);
        }
    }
}
