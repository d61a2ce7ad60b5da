//! What each operation does to the world.

use super::World;
use crate::control::{Presented, Verdict};
use crate::disk::Write;
use crate::operation::Operation;
use crate::words::{Half, Intruder, Order, Target};
use core::time::Duration;
use jiff::SignedDuration;
use sekimori_device::{Input as DeviceInput, Invitation, Record};
use sekimori_proto::mqtt::{ClientConnection, ClientLimits, ConnectOptions, Version};
use sekimori_session::Input;

/// How long a command may take.
const COMMAND_WITHIN: Duration = Duration::from_secs(10);

impl World {
    pub(super) fn apply(&mut self, operation: &Operation) {
        use Operation as O;
        let millis = Duration::from_millis;
        match operation {
            O::Advance(for_millis) => {
                let until = self.now.saturating_add(millis(*for_millis));
                self.run_until(until);
            }
            O::Invite(unit) => self.invite(*unit),
            O::Guess(unit) => self.guess(*unit),
            O::Read(unit, reading) => self.unit(*unit, |unit| unit.readings.push_back(*reading)),
            O::Part(unit) => self.unit(*unit, |unit| unit.parted = true),
            O::Mend(unit) => self.unit(*unit, |unit| unit.parted = false),
            O::Cut(unit, side) => self.cut(*unit, *side),
            O::Slow(unit, extra) => {
                let until = self.now.saturating_add(Duration::from_secs(10));
                self.unit(*unit, |unit| unit.slow = (until, millis(*extra)));
            }
            O::Harm(unit, direction, harm) => self.harm(*unit, *direction, Some(*harm)),
            O::Drop(unit, direction) => self.harm(*unit, *direction, None),
            O::Lose(unit, half) => self.unit(*unit, |unit| match half {
                Half::Request => unit.loses_requests = 1,
                Half::Answer => unit.loses_answers = 1,
            }),
            O::Clock(unit, seconds) => {
                let by = SignedDuration::from_secs(*seconds);
                self.unit(*unit, |unit| unit.clock = unit.clock.saturating_add(by));
            }
            O::Crash(unit, 0, _, downtime) => {
                let on = self
                    .units
                    .get(*unit)
                    .is_some_and(|unit| unit.process.is_some());
                if on {
                    self.power_cut(*unit, millis(*downtime));
                }
            }
            O::Crash(unit, writes, cut, downtime) => {
                let crash = Some((*writes, *cut, millis(*downtime)));
                self.unit(*unit, |unit| unit.crash = crash);
            }
            O::Full(unit, for_millis) => {
                let until = self.now.saturating_add(millis(*for_millis));
                self.unit(*unit, |unit| unit.full_until = until);
            }
            O::Tamper(unit, target) => self.tamper(*unit, *target),
            O::ServerCrash(moment, downtime) => self.plan_crash(*moment, millis(*downtime)),
            O::WitnessDown => self.control.witness.up = false,
            O::WitnessUp => self.control.witness.up = true,
            O::WitnessLosesAnswer => self.control.witness.loses_answer = true,
            O::Revoke(unit) => self.judge(*unit, Verdict::Revoke),
            O::Suspend(unit) => self.judge(*unit, Verdict::Suspend),
            O::Resume(unit) => self.judge(*unit, Verdict::Resume),
            O::Publish(kind) => {
                if self.server_up {
                    let orders = self.control.publish(self.now, *kind);
                    self.orders.extend(orders);
                    self.ask_witness();
                }
            }
            O::Apply(kind) => {
                if self.server_up {
                    let orders = self.control.apply(self.now, *kind);
                    self.orders.extend(orders);
                    self.tell_policy();
                    self.ask_witness();
                }
            }
            O::Order(unit, order) => self.order(*unit, *order),
            O::TakeOver(unit) => self.take_over(*unit),
            O::Rogue(act) => self.rogue_acts(*act),
            O::Stranger(intruder) => self.stranger(*intruder),
            O::Await(within, predicate) => self.wait_for(millis(*within), predicate),
            O::Expect(predicate) => self.expect(predicate),
        }
    }

    fn unit(&mut self, index: usize, change: impl FnOnce(&mut crate::unit::Unit)) {
        if let Some(unit) = self.units.get_mut(index) {
            change(unit);
        }
    }

    /// An operator invites a device, and its owner makes it join; a device that is off is switched on.
    pub(super) fn invite(&mut self, index: usize) {
        let Some(unit) = self.units.get(index) else {
            return;
        };
        if !self.server_up {
            return;
        }
        let (name, role, life) = (unit.name.clone(), unit.role, unit.life);
        let first = !unit.invited;
        if first {
            self.start(index, life);
        }
        // When the name is taken, by this very device perhaps, the owner tries the line of before.
        let code = self.control.invite(self.now, &name, role).ok();
        let before = self.units.get(index).and_then(|unit| unit.code.clone());
        let Some(code) = code.or(before) else {
            return;
        };
        let root = self.control.root.clone();
        self.unit(index, |unit| {
            unit.invited = true;
            unit.code = Some(code.clone());
        });
        let invitation = Invitation {
            url: "https://server:8443".to_string(),
            mqtt: None,
            name,
            code,
            root,
        };
        self.feed(index, DeviceInput::Join(invitation));
    }

    fn guess(&mut self, index: usize) {
        let name = self.units.get(index).map(|unit| unit.name.clone());
        if let Some(name) = name.filter(|_| self.server_up) {
            let key = self.rogue.key.public();
            let code = "0000-0000-0000-0000";
            let (_, orders) = self.control.enroll(self.now, "10.9.9.9", &name, code, &key);
            self.orders.extend(orders);
        }
    }

    fn tamper(&mut self, index: usize, target: Target) {
        let Some(unit) = self.units.get_mut(index) else {
            return;
        };
        let Some(slot) = unit.running() else {
            return;
        };
        let (slot, path) = match target {
            Target::Settings => (slot, "etc/settings.toml"),
            Target::Program => (slot, "bin/agent"),
            Target::Share | Target::Removed => (slot, "share/words"),
            Target::Extra => (slot, "share/more"),
            Target::Idle => (slot.other(), "etc/settings.toml"),
            Target::SignedRelease => {
                if let Some(bytes) = unit.disk.records.get_mut(&Record::Release(slot)) {
                    bytes.truncate(bytes.len() / 2);
                }
                return;
            }
        };
        if target == Target::Removed {
            unit.disk.write(Write::Remove(slot, path.to_string()));
        } else {
            let files = unit.disk.files.entry(slot).or_default();
            let executable = path == "bin/agent";
            let (content, _) = files
                .entry(path.to_string())
                .or_insert((Vec::new(), executable));
            // Behind the first words, so that a changed program still runs.
            content.extend_from_slice(b"# changed\n");
        }
        unit.tampered.insert((slot, path.to_string()));
        self.check_slots(index);
    }

    fn tell_policy(&mut self) {
        let ids: Vec<u64> = self.live.keys().copied().collect();
        for id in ids {
            let policy = self.control.policy.clone();
            self.input(id, Input::PolicyChanged(policy));
        }
    }

    fn order(&mut self, index: usize, order: Order) {
        let name = self.units.get(index).map(|unit| unit.name.clone());
        let record = name.and_then(|name| self.control.device(&name));
        let live = record.and_then(|record| {
            let mut lives = self.live.iter();
            lives
                .find(|(_, live)| live.device == record.id)
                .map(|(id, _)| *id)
        });
        self.unit(index, |unit| unit.acknowledged = Some(false));
        let Some(id) = live else {
            return;
        };
        let (flow, payload) = match order {
            Order::Lock => ("lock", "{\"locked\":true}"),
            Order::Attend => ("_platform", "{\"do\":\"attend\"}"),
            Order::Renew => ("_platform", "{\"do\":\"renew\"}"),
        };
        let correlation = self.random.bytes::<16>().to_vec();
        let deadline = self.now.saturating_add(COMMAND_WITHIN);
        self.input(
            id,
            Input::Command {
                token: 1,
                flow: flow.to_string(),
                payload: payload.as_bytes().to_vec(),
                correlation,
                deadline,
            },
        );
    }

    /// Somebody else holds the device's key and connects with it.
    fn take_over(&mut self, index: usize) {
        let Some(unit) = self.units.get(index).filter(|_| self.server_up) else {
            return;
        };
        let name = unit.name.clone();
        let slots = [
            sekimori_device::CredentialSlot::One,
            sekimori_device::CredentialSlot::Two,
        ];
        let shown: Vec<Presented> = slots
            .into_iter()
            .filter_map(|slot| {
                let (certificate, key) = unit.credential(slot);
                let key = key?.public();
                Some(Presented { certificate, key })
            })
            .collect();
        for presented in shown {
            if self.control.vouch(self.now, &presented).is_err() {
                continue;
            }
            if let Ok(client) = self.admit(&presented, "10.8.8.8", false) {
                let peer = super::gateway::Peer::Clone(index);
                let id = self.enter(peer, &client, "10.8.8.8".to_string());
                let options = ConnectOptions {
                    version: Version::V5,
                    client_id: name,
                    keep_alive_seconds: core::num::NonZeroU16::MIN.saturating_add(29),
                };
                let mut client = ClientConnection::new(self.now, &options, ClientLimits::default());
                if let Some(bytes) = client.transmit() {
                    self.input(id, Input::Bytes(&bytes));
                }
            }
            return;
        }
    }

    fn stranger(&mut self, intruder: Intruder) {
        if !self.server_up {
            return;
        }
        let key = crate::disk::Key::make(&mut self.random, false).public();
        let presented = match intruder {
            Intruder::NoCertificate => Presented::default(),
            Intruder::ForgedCertificate | Intruder::UnknownDevice => {
                let forged = intruder == Intruder::ForgedCertificate;
                let certificate = self.control.certificate_for_nobody(self.now, &key, forged);
                Presented {
                    certificate: Some(certificate),
                    key,
                }
            }
            Intruder::Expired => Presented {
                certificate: Some(self.control.expired_certificate(&key)),
                key,
            },
        };
        if self.admit(&presented, "10.7.7.7", false).is_ok() {
            self.violate("strangers-stay-out", format!("{intruder} was let in"));
        }
    }
}
