//! The server's process: certificates that wait for their cosignature, the witness, death and return.

use super::{Happening, World};
use crate::control::{Certificate, Verdict};
use crate::words::{Direction, Mistake, Moment};
use core::time::Duration;
use sekimori_audit::Code;
use sekimori_device::{IssuedCertificate, LinkFailure, Outcome, Ticket};
use sekimori_ledger::witness::{AddCheckpoint, WitnessRefusal};

/// How long a certificate may wait for its cosignature before the device is asked to come again.
const COSIGN_WITHIN: Duration = Duration::from_secs(5);
/// How long until the witness is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// A certificate that may go out when its entry is published.
pub(super) struct Waiting {
    unit: usize,
    life: u64,
    ticket: Ticket,
    certificate: Certificate,
    entry: u64,
    until: Duration,
}

impl World {
    /// A certificate goes out as soon as its entry is published.
    pub(super) fn hand_out(
        &mut self,
        unit: usize,
        life: u64,
        ticket: Ticket,
        certificate: Certificate,
        entry: u64,
    ) {
        self.waiting.push(Waiting {
            unit,
            life,
            ticket,
            certificate,
            entry,
            until: self.now.saturating_add(COSIGN_WITHIN),
        });
        self.ask_witness();
        self.release_certificates();
    }

    fn release_certificates(&mut self) {
        let published = self.control.log.published_size();
        let early = self.control.early;
        let (ready, waiting): (Vec<Waiting>, Vec<Waiting>) = core::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|one| early || one.entry < published || one.until <= self.now);
        self.waiting = waiting;
        for one in ready {
            let outcome = if early || one.entry < published {
                if one.entry >= published {
                    let why = format!(
                        "the certificate of {} is out; its entry {} is not among {published} cosigned ones",
                        one.certificate.name, one.entry
                    );
                    return self.violate("cosigned-before-handed-out", why);
                }
                self.control
                    .handed_out
                    .insert(one.certificate.serial, one.entry);
                Outcome::Issued(Ok(IssuedCertificate {
                    chain: vec![one.certificate.encode()],
                    name: one.certificate.name.clone(),
                    public_key: hex::decode(&one.certificate.public_key).unwrap_or_default(),
                    not_before: one.certificate.not_before,
                    not_after: one.certificate.not_after,
                }))
            } else {
                Outcome::Issued(Err(LinkFailure::Refused {
                    status: 503,
                    code: "SK-LED-001".to_string(),
                    message: "recorded, and not yet cosigned".to_string(),
                }))
            };
            self.reply(one.unit, one.life, one.ticket, outcome);
        }
    }

    /// Asks the witness to cosign what is new, unless it is being asked.
    pub(super) fn ask_witness(&mut self) {
        if self.cosigning || !self.server_up {
            return;
        }
        let Some(request) = self.control.log.request() else {
            return;
        };
        self.cosigning = true;
        let epoch = self.epoch;
        if let Some((Moment::BeforeCosignature, downtime)) = self.server_crash {
            // Not in the middle of whatever led here.
            return self.after(Duration::ZERO, Happening::Die { epoch, downtime });
        }
        let delay = self.millis(5, 40);
        let request = Box::new(request);
        self.after(delay, Happening::Witness { epoch, request });
    }

    /// A request reaches the witness.
    pub(super) fn witness(&mut self, epoch: u64, request: Box<AddCheckpoint>) {
        let seconds = self.control.wall(self.now).as_second();
        let time = u64::try_from(seconds).unwrap_or(0);
        let node = &mut self.control.witness;
        let mut answer = None;
        if node.up {
            answer = Some(node.answer(&request, time));
            if core::mem::take(&mut node.loses_answer) {
                answer = None;
            }
        }
        let delay = self.millis(5, 40);
        self.after(
            delay,
            Happening::Cosigned {
                epoch,
                request,
                answer,
            },
        );
    }

    /// Its answer reaches the server.
    pub(super) fn cosigned(
        &mut self,
        epoch: u64,
        request: Box<AddCheckpoint>,
        answer: Option<Result<String, WitnessRefusal>>,
    ) {
        if epoch != self.epoch || !self.server_up {
            return;
        }
        if let Some((Moment::AfterCosignature, downtime)) = self.server_crash {
            return self.crash_server(downtime);
        }
        self.cosigning = false;
        match answer.map(|answer| self.control.log.cosigned(&request, answer)) {
            None => {
                let happening = Happening::AskAgain { epoch };
                self.cosigning = true;
                self.after(ASK_AGAIN, happening);
                let event = self.control.event(self.now, Code::LedgerLagging);
                self.record(event.with_source("server"));
            }
            Some(Ok(published)) => {
                if published {
                    let event = self.control.event(self.now, Code::LedgerCosigned);
                    self.record(event.with_source("server"));
                }
                self.ask_witness();
            }
            Some(Err(why)) => return self.violate("ledger", why),
        }
        self.release_certificates();
    }

    pub(super) fn ask_again(&mut self, epoch: u64) {
        if epoch == self.epoch && self.server_up {
            self.cosigning = false;
            self.release_certificates();
            self.ask_witness();
        }
    }

    /// The server dies, now or at the next such moment.
    pub(super) fn plan_crash(&mut self, moment: Moment, downtime: Duration) {
        if !self.server_up {
            return;
        }
        if moment == Moment::Now {
            self.crash_server(downtime);
        } else {
            self.server_crash = Some((moment, downtime));
        }
    }

    pub(super) fn die(&mut self, epoch: u64, downtime: Duration) {
        if epoch == self.epoch && self.server_up {
            self.crash_server(downtime);
        }
    }

    pub(super) fn crash_server(&mut self, downtime: Duration) {
        self.trace.note(self.now, format_args!("the server dies"));
        self.server_crash = None;
        self.server_up = false;
        self.epoch = self.epoch.saturating_add(1);
        self.committing = false;
        self.cosigning = false;
        self.control.store.batch.clear();
        self.orders.clear();
        self.rogue.connection = None;
        let ids: Vec<u64> = self.live.keys().copied().collect();
        self.live.clear();
        for id in ids {
            self.close(id, Direction::Down);
        }
        for one in core::mem::take(&mut self.waiting) {
            let failure = LinkFailure::Unreachable("the connection was reset".to_string());
            let outcome = Outcome::Issued(Err(failure));
            let delay = Duration::from_millis(50);
            self.answer_after(delay, one.unit, one.life, one.ticket, outcome);
        }
        self.control.events.crash(self.now);
        self.after(downtime, Happening::ServerStart);
    }

    /// The server is back, with what was durable.
    pub(super) fn server_start(&mut self) {
        self.server_up = true;
        if let Err(why) = self.control.restart() {
            return self.violate("server-starts-again", why);
        }
        let event = self.control.event(self.now, Code::ServerStarted);
        self.record(event.with_source("server"));
        self.ask_witness();
    }

    /// An operator changes a device's standing: doors close first, then it is recorded.
    pub(super) fn judge(&mut self, index: usize, verdict: Verdict) {
        let name = self.units.get(index).map(|unit| unit.name.clone());
        let Some(record) = name.and_then(|name| self.control.device(&name)) else {
            return;
        };
        if !self.server_up {
            return;
        }
        let orders = self.control.judge(self.now, record.id, verdict);
        self.orders.extend(orders);
        if self.mistake != Some(Mistake::RevokedStaysConnected) {
            self.device_changed(record.id);
        }
        self.ask_witness();
    }
}
