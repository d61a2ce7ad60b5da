//! Runs a plan, and makes a failing one shorter.

use crate::plan::Plan;
use crate::world::{Violation, World};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// A number that follows from everything that happened.
    pub trace: u64,
    /// The first invariant that did not hold.
    pub violation: Option<Violation>,
    /// What happened, line by line, when it was asked for.
    pub lines: Vec<String>,
}

/// Runs a plan.
#[must_use]
pub fn run(plan: &Plan) -> Outcome {
    attempt(plan, false)
}

/// Runs a plan and keeps what happened.
#[must_use]
pub fn run_verbosely(plan: &Plan) -> Outcome {
    attempt(plan, true)
}

fn attempt(plan: &Plan, verbose: bool) -> Outcome {
    let mut world = World::new(plan, verbose);
    let ended = catch_unwind(AssertUnwindSafe(|| live(&mut world, plan)));
    if let Err(panic) = ended {
        let text = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        world.violate("no-panic", text.unwrap_or_default());
    }
    Outcome {
        trace: world.trace.hash(),
        violation: world.violation,
        lines: world.trace.lines.unwrap_or_default(),
    }
}

fn live(world: &mut World, plan: &Plan) {
    for operation in &plan.operations {
        world.operate(operation);
        if world.violation.is_some() {
            return;
        }
    }
    if plan.converge {
        world.converge();
    }
    world.check_end();
}

/// The shortest plan that was found to break the same invariant: operations are left out, in halves and smaller
/// parts, as long as it still does (delta debugging).
#[must_use]
pub fn shrink(plan: &Plan) -> Plan {
    let Some(invariant) = run(plan).violation.map(|violation| violation.invariant) else {
        return plan.clone();
    };
    let fails = |candidate: &Plan| {
        let violation = run(candidate).violation;
        violation.is_some_and(|violation| violation.invariant == invariant)
    };
    let mut best = plan.clone();
    let mut size = best.operations.len().div_ceil(2).max(1);
    loop {
        let mut from = 0;
        let mut shorter = false;
        while from < best.operations.len() {
            let to = from.saturating_add(size).min(best.operations.len());
            let mut candidate = best.clone();
            candidate.operations.drain(from..to);
            if fails(&candidate) {
                best = candidate;
                shorter = true;
            } else {
                from = to;
            }
        }
        if size == 1 && !shorter {
            return best;
        }
        if !shorter || size > best.operations.len() {
            size = (size / 2).max(1);
        }
    }
}
