//! A deterministic world: devices, links, attackers, clock, crashes.
//!
//! The cores that decide on a device (`device`), at the gateway (`session`, `policy`) and in the control plane
//! (`identity`, `ledger`, `update`, `audit`) run here in one process, in virtual time. A [`Plan`] is a seed, a few
//! settings and a list of [`Operation`]s; [`run`] follows from it alone. After every step the invariants of the
//! platform are checked; at the end faults stop, and every device that may act has to come to rest.
//!
//! [`generate`] makes a plan from a seed; [`shrink`] makes a failing plan shorter. Plans are text, one operation a
//! line, and live as cases in `sim/cases`.

mod control;
mod disk;
mod events;
mod generate;
mod log;
mod operation;
mod plan;
mod random;
mod run;
mod store;
mod tap;
mod unit;
mod words;
mod world;

pub use generate::generate;
pub use operation::{Operation, Predicate};
pub use plan::Plan;
pub use run::{Outcome, run, run_verbosely, shrink};
pub use words::{
    Act, Cut, Direction, Half, Harm, Intruder, Mistake, Moment, Order, PolicyKind, Reading,
    ReleaseKind, Side, Target,
};
pub use world::Violation;
