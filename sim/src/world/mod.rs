//! The world: virtual time, and everything that happens in it, in one order that follows from the plan.
//!
//! One queue holds what happens at a set time; links, devices, sessions and the event log say themselves when they
//! want to be woken. [`World::run_until`] always does the earliest, so that a run has no other order than this.

mod converge;
mod errands;
mod faults;
mod gateway;
mod launcher;
mod links;
mod predicates;
mod rogue;
mod server;
mod trace;

use crate::control::Control;
use crate::operation::Operation;
use crate::plan::Plan;
use crate::random::Random;
use crate::unit::Unit;
use crate::words::{Mistake, Moment};
use core::time::Duration;
use errands::Request;
use gateway::Live;
use jiff::Timestamp;
use links::Link;
use rogue::Rogue;
use sekimori_audit::Containment;
use sekimori_device::{CredentialSlot, Errand, LinkFailure, Outcome, Ticket};
use sekimori_identity::DeviceId;
use sekimori_ledger::witness::{AddCheckpoint, WitnessRefusal};
use sekimori_session::{StoredResult, Token};
use server::Waiting;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use trace::Trace;

/// More steps than this at one moment are no progress.
const MOST_STEPS: u32 = 20_000;

/// Something that must always hold did not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant, in one word.
    pub invariant: &'static str,
    /// What was seen.
    pub observed: String,
    /// When, in the time of the world.
    pub at: Duration,
    /// After how many operations.
    pub step: usize,
}

impl core::fmt::Display for Violation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "{} at {:.3} s, in operation {}: {}",
            self.invariant,
            self.at.as_secs_f64(),
            self.step,
            self.observed
        )
    }
}

/// What happens at a set time.
enum Happening {
    /// A device's power is on.
    Start { unit: usize, life: u64 },
    /// A trial has to be over.
    Deadline { unit: usize, life: u64 },
    /// A device asks the gateway for a connection.
    Shake {
        unit: usize,
        life: u64,
        credential: CredentialSlot,
        at: Timestamp,
    },
    /// A connection of somebody who may not come in ends.
    TurnAway { link: u64 },
    /// The device hears what became of it.
    Opened {
        unit: usize,
        life: u64,
        result: Result<u64, LinkFailure>,
    },
    /// A device does something that takes time.
    Work {
        unit: usize,
        life: u64,
        ticket: Ticket,
        errand: Errand,
    },
    /// A request reaches the server.
    Request(Request),
    /// An answer reaches a device.
    Answer {
        unit: usize,
        life: u64,
        ticket: Ticket,
        outcome: Outcome,
    },
    /// The batch of messages becomes durable.
    Commit { epoch: u64 },
    /// A session hears that a message is durable.
    Stored {
        epoch: u64,
        connection: u64,
        token: Token,
        result: StoredResult,
    },
    /// A request reaches the witness.
    Witness {
        epoch: u64,
        request: Box<AddCheckpoint>,
    },
    /// Its answer reaches the server.
    Cosigned {
        epoch: u64,
        request: Box<AddCheckpoint>,
        answer: Option<Result<String, WitnessRefusal>>,
    },
    /// The witness is asked again.
    AskAgain { epoch: u64 },
    /// The server dies.
    Die { epoch: u64, downtime: Duration },
    /// The server is back.
    ServerStart,
}

/// The world.
pub(crate) struct World {
    pub(crate) now: Duration,
    random: Random,
    mistake: Option<Mistake>,
    control: Control,
    server_up: bool,
    /// Counts the server's lives.
    epoch: u64,
    server_crash: Option<(Moment, Duration)>,
    committing: bool,
    cosigning: bool,
    waiting: Vec<Waiting>,
    units: Vec<Unit>,
    rogue: Rogue,
    links: BTreeMap<u64, Link>,
    live: BTreeMap<u64, Live>,
    last_connection: u64,
    queue: BTreeMap<(Duration, u64), Happening>,
    ticks: u64,
    orders: VecDeque<Containment>,
    stored: BTreeSet<(DeviceId, u64, u64)>,
    pub(crate) trace: Trace,
    pub(crate) violation: Option<Violation>,
    step: usize,
}

/// A thing that is due.
enum Due {
    Queue,
    Link(u64, crate::words::Direction),
    Unit(usize),
    Session(u64),
    Events,
}

impl World {
    /// The world of a plan, before its first operation.
    pub(crate) fn new(plan: &Plan, verbose: bool) -> Self {
        let mut random = Random::new(plan.seed);
        let start = "2026-10-05T06:00:00Z".parse().expect("it is a time");
        let control = Control::found(plan, start, &mut random);
        let units = (0..plan.units)
            .map(|index| Unit::new(index, plan.p256 && index == 0, plan.mistake))
            .collect();
        let rogue = Rogue::new(&mut random);
        let mut world = Self {
            now: Duration::ZERO,
            random,
            mistake: plan.mistake,
            control,
            server_up: true,
            epoch: 0,
            server_crash: None,
            committing: false,
            cosigning: false,
            waiting: Vec::new(),
            units,
            rogue,
            links: BTreeMap::new(),
            live: BTreeMap::new(),
            last_connection: 0,
            queue: BTreeMap::new(),
            ticks: 0,
            orders: VecDeque::new(),
            stored: BTreeSet::new(),
            trace: Trace::new(verbose),
            violation: None,
            step: 0,
        };
        world.ask_witness();
        world
    }

    /// Does one operation, and checks what must hold after it.
    pub(crate) fn operate(&mut self, operation: &Operation) {
        self.step = self.step.saturating_add(1);
        self.trace.note(self.now, format_args!("--- {operation}"));
        self.apply(operation);
        self.carry_out_orders();
        self.check_step();
    }

    /// Lets time pass.
    pub(crate) fn run_until(&mut self, until: Duration) {
        let mut steps = 0_u32;
        let mut moment = self.now;
        while self.violation.is_none() {
            let Some((at, due)) = self.earliest() else {
                break;
            };
            if at > until {
                break;
            }
            self.now = self.now.max(at);
            if self.now > moment {
                moment = self.now;
                steps = 0;
            }
            steps = steps.saturating_add(1);
            if steps > MOST_STEPS {
                self.violate("progress", "the world spins at one moment".to_string());
                break;
            }
            self.happen(due);
            self.carry_out_orders();
        }
        if self.violation.is_none() {
            self.now = self.now.max(until);
        }
    }

    /// Notes that an invariant does not hold; the first one counts.
    pub(crate) fn violate(&mut self, invariant: &'static str, observed: String) {
        self.trace
            .note(self.now, format_args!("VIOLATION {invariant}: {observed}"));
        self.violation.get_or_insert(Violation {
            invariant,
            observed,
            at: self.now,
            step: self.step,
        });
    }

    /// Puts something in the queue.
    fn after(&mut self, delay: Duration, happening: Happening) {
        self.ticks = self.ticks.wrapping_add(1);
        let at = self.now.saturating_add(delay);
        self.queue.insert((at, self.ticks), happening);
    }

    fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.random.between(from, to))
    }

    /// What is due first.
    fn earliest(&self) -> Option<(Duration, Due)> {
        let queue = self.queue.keys().next().map(|(at, _)| (*at, Due::Queue));
        let mut first = queue;
        let mut consider = |at: Option<Duration>, due: Due| {
            if let Some(at) = at
                && first.as_ref().is_none_or(|(earliest, _)| at < *earliest)
            {
                first = Some((at, due));
            }
        };
        for (id, link) in &self.links {
            let parted = self.units.get(link.unit).is_some_and(|unit| unit.parted);
            let live = self.live.get(id);
            let reads = live.is_none_or(|live| live.reads);
            for direction in crate::words::Direction::ALL {
                let at = link.due(*direction, parted, reads);
                consider(at, Due::Link(*id, *direction));
            }
        }
        for (index, unit) in self.units.iter().enumerate() {
            let process = unit.process.as_ref();
            let wake = process.and_then(|process| Some(process.wake?.max(process.woken_at)));
            consider(wake, Due::Unit(index));
        }
        for (id, live) in &self.live {
            consider(live.wake, Due::Session(*id));
        }
        if self.server_up {
            consider(self.control.events.wake_at(), Due::Events);
        }
        first
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Queue => {
                if let Some((_, happening)) = self.queue.pop_first() {
                    self.dequeue(happening);
                }
            }
            Due::Link(link, direction) => self.deliver(link, direction),
            Due::Unit(unit) => self.wake_unit(unit),
            Due::Session(connection) => self.wake_session(connection),
            Due::Events => self.control.events.poll(self.now),
        }
    }

    fn dequeue(&mut self, happening: Happening) {
        match happening {
            Happening::Start { unit, life } => self.start(unit, life),
            Happening::Deadline { unit, life } => self.deadline(unit, life),
            Happening::Shake {
                unit,
                life,
                credential,
                at,
            } => self.shake(unit, life, credential, at),
            Happening::TurnAway { link } => self.close(link, crate::words::Direction::Down),
            Happening::Opened { unit, life, result } => self.opened(unit, life, result),
            Happening::Work {
                unit,
                life,
                ticket,
                errand,
            } => self.work(unit, life, ticket, errand),
            Happening::Request(request) => self.request(request),
            Happening::Answer {
                unit,
                life,
                ticket,
                outcome,
            } => self.answer(unit, life, ticket, outcome),
            Happening::Commit { epoch } => self.commit(epoch),
            Happening::Stored {
                epoch,
                connection,
                token,
                result,
            } => self.stored(epoch, connection, token, result),
            Happening::Witness { epoch, request } => self.witness(epoch, request),
            Happening::Cosigned {
                epoch,
                request,
                answer,
            } => self.cosigned(epoch, request, answer),
            Happening::AskAgain { epoch } => self.ask_again(epoch),
            Happening::Die { epoch, downtime } => self.die(epoch, downtime),
            Happening::ServerStart => self.server_start(),
        }
    }

    /// What must hold after every operation.
    fn check_step(&mut self) {
        if self.violation.is_some() {
            return;
        }
        for index in 0..self.units.len() {
            self.check_slots(index);
        }
        let mut unequal = None;
        for ((code, device), counted) in &self.control.counters {
            let told = self.control.events.refusals_of(code, device);
            if told != *counted {
                unequal = Some(format!(
                    "{device} was refused {counted} times for {code}, with {told} events"
                ));
            }
        }
        if let Some(why) = unequal {
            self.violate("one-refusal-one-event", why);
        }
    }

    pub(crate) fn check_slots(&mut self, index: usize) {
        let releases = &self.control.releases;
        let checked = self
            .units
            .get_mut(index)
            .map(|unit| unit.check_slots(|version| releases.files(version)));
        if let Some(Err(why)) = checked {
            self.violate("slots", why);
        }
    }

    /// What must hold at the end.
    pub(crate) fn check_end(&mut self) {
        if self.violation.is_some() {
            return;
        }
        self.control.events.flush(self.now);
        let checks = [
            ("every-event-once", self.control.events.balance()),
            ("event-chain", self.control.events.check(None)),
            ("ledger", self.control.log.check(None)),
        ];
        for (invariant, result) in checks {
            if let Err(why) = result {
                self.violate(invariant, why);
                return;
            }
        }
        self.check_conservation();
    }

    /// What was durable on a device is stored, or the device says that it gave it up, or it still waits.
    fn check_conservation(&mut self) {
        for index in 0..self.units.len() {
            let Some(unit) = self.units.get(index) else {
                continue;
            };
            let Some(record) = self.control.device(&unit.name) else {
                continue;
            };
            let stored = self.control.store.numbers_of(record.id);
            let waits = String::from_utf8_lossy(&unit.disk.journal).into_owned();
            let missing: Vec<_> = unit
                .journaled
                .difference(&stored)
                .filter(|(boot, sequence)| {
                    !waits.contains(&format!("\"boot\":{boot},\"sequence\":{sequence},"))
                })
                .collect();
            let given_up = unit.given_up;
            if missing.len() as u64 > given_up {
                let why = format!(
                    "{} lost {} messages that were durable, and gave up {given_up}: {missing:?}",
                    unit.name,
                    missing.len()
                );
                self.violate("nothing-lost", why);
                return;
            }
        }
    }
}
