//! The end of a run: faults stop, and every device that may act has to come to rest, whole and heard.

use super::World;
use crate::control::Verdict;
use crate::words::PolicyKind;
use core::time::Duration;
use sekimori_identity::Standing;
use sekimori_update::slots::Phase;

/// How long it may take.
const WITHIN: Duration = Duration::from_secs(20 * 60);
/// How often it is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

impl World {
    /// Ends all faults, and waits until everybody is at rest. Clocks stay as wrong as they are.
    pub(crate) fn converge(&mut self) {
        self.trace.note(self.now, format_args!("--- faults stop"));
        self.step = self.step.saturating_add(1);
        self.server_crash = None;
        self.control.witness.up = true;
        self.control.witness.loses_answer = false;
        for unit in &mut self.units {
            unit.parted = false;
            unit.slow.0 = Duration::ZERO;
            unit.loses_requests = 0;
            unit.loses_answers = 0;
            unit.full_until = Duration::ZERO;
            unit.crash = None;
            unit.readings.clear();
        }
        let until = self.now.saturating_add(WITHIN);
        let mut settled = false;
        while self.violation.is_none() {
            self.run_until(self.now.saturating_add(LOOK_EVERY));
            if !self.server_up {
                continue;
            }
            if !core::mem::replace(&mut settled, true) {
                self.settle();
            }
            let restless = (0..self.units.len()).find_map(|index| {
                let why = self.rests(index).err()?;
                Some((index, why))
            });
            match restless {
                None => return,
                Some((index, why)) => {
                    if self.needs_invitation(index) {
                        self.invite(index);
                        if let Some(unit) = self.units.get_mut(index) {
                            unit.invited_again = true;
                        }
                    }
                    if self.now >= until {
                        let name = self.units.get(index).map(|unit| unit.name.clone());
                        let name = name.unwrap_or_default();
                        self.violate("converges", format!("{name} does not: {why}"));
                    }
                }
            }
        }
    }

    /// What an operator mends: suspended devices are let in, and the policy is the one that fits.
    fn settle(&mut self) {
        self.apply(&crate::operation::Operation::Apply(PolicyKind::Standard));
        for index in 0..self.units.len() {
            let suspended = self.standing(index) == Some(Standing::Suspended);
            if suspended {
                self.judge(index, Verdict::Resume);
            }
        }
        self.carry_out_orders();
    }

    fn standing(&self, index: usize) -> Option<Standing> {
        let unit = self.units.get(index)?;
        self.control
            .device(&unit.name)
            .map(|record| record.standing)
    }

    /// Whether a device was turned away for good, or lost power before it knew of its invitation: its owner has to
    /// come once more.
    fn needs_invitation(&self, index: usize) -> bool {
        let again = self.units.get(index).is_some_and(|unit| unit.invited_again);
        let status = self.status(index).ok();
        !again
            && status.is_some_and(|status| {
                !status.member && (status.refused.is_some() || status.name.is_none())
            })
    }

    /// Whether a device is at rest: connected, heard, whole, with nothing that waits; or may not act.
    fn rests(&self, index: usize) -> Result<(), String> {
        let unit = self.units.get(index).ok_or("there is no such unit")?;
        if !unit.invited || self.standing(index).is_some_and(Standing::is_final) {
            return Ok(());
        }
        let status = self.status(index)?;
        if !status.member || !status.connected || !status.heard {
            return Err(format!("{status:?}"));
        }
        let record = self.control.device(&unit.name).ok_or("nobody knows it")?;
        if record.contained {
            return Err("it is contained".to_string());
        }
        if let Some((slot, path)) = unit.tampered.iter().find(|(slot, _)| {
            // What lies in the other slot is looked at when it is used.
            unit.running() == Some(*slot)
        }) {
            return Err(format!("{path} in slot {slot} is not as released"));
        }
        if let Some(slots) = unit.slots()?
            && !matches!(slots.phase(), Phase::Confirmed { .. } | Phase::Empty)
        {
            return Err(format!("its slots are {:?}", slots.phase()));
        }
        let report = self.control.reports.get(&record.id).ok_or("no report")?;
        if !report.integrity.held {
            return Err(format!("it says {:?}", report.integrity));
        }
        // One reading may always be on its way.
        if report.outbox.depth > 3 {
            return Err(format!("{} messages wait", report.outbox.depth));
        }
        Ok(())
    }
}
