//! The steps of the demo, one file each.

mod analyze;
mod apply;
mod enroll;
mod heal;
mod prove;
mod refuse;
mod report;
mod revoke;
mod up;
mod update;
mod verify;

use std::fmt;
use std::time::Duration;

use super::world::World;
use crate::diagnostic::Diagnostic;
use crate::language::Language;

/// Why a step does not hold.
#[derive(Debug)]
pub(super) struct Broken(String);

impl Broken {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Broken(why.into())
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Diagnostic> for Broken {
    fn from(error: Diagnostic) -> Self {
        Broken(error.render(Language::En))
    }
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Broken(error.to_string())
    }
}

/// Fails the step with `why` unless `held`.
pub(super) fn ensure(held: bool, why: impl FnOnce() -> String) -> Result<(), Broken> {
    if held { Ok(()) } else { Err(Broken(why())) }
}

/// One link of the loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Up,
    Analyze,
    Apply,
    Enroll,
    Report,
    Refuse,
    Update,
    Heal,
    Revoke,
    Prove,
    Verify,
}

impl Step {
    /// Every step in its order.
    pub(super) const ALL: [Step; 11] = [
        Step::Up,
        Step::Analyze,
        Step::Apply,
        Step::Enroll,
        Step::Report,
        Step::Refuse,
        Step::Update,
        Step::Heal,
        Step::Revoke,
        Step::Prove,
        Step::Verify,
    ];

    /// The name in JSON and in texts.
    pub(super) fn name(self) -> &'static str {
        match self {
            Step::Up => "up",
            Step::Analyze => "analyze",
            Step::Apply => "apply",
            Step::Enroll => "enroll",
            Step::Report => "report",
            Step::Refuse => "refuse",
            Step::Update => "update",
            Step::Heal => "heal",
            Step::Revoke => "revoke",
            Step::Prove => "prove",
            Step::Verify => "verify",
        }
    }

    /// Its place, from 1.
    pub(super) fn number(self) -> usize {
        Self::ALL
            .iter()
            .position(|step| *step == self)
            .map_or(0, |index| index + 1)
    }

    /// A step that takes longer than this does not hold.
    pub(super) fn deadline(self) -> Duration {
        match self {
            Step::Update => Duration::from_secs(40),
            _ => Duration::from_secs(20),
        }
    }

    /// Shows the step; the answer says what was seen, for people.
    pub(super) async fn run(self, world: &mut World) -> Result<String, Broken> {
        match self {
            Step::Up => up::run(world).await,
            Step::Analyze => analyze::run(world),
            Step::Apply => apply::run(world).await,
            Step::Enroll => enroll::run(world).await,
            Step::Report => report::run(world).await,
            Step::Refuse => refuse::run(world).await,
            Step::Update => update::run(world).await,
            Step::Heal => heal::run(world).await,
            Step::Revoke => revoke::run(world).await,
            Step::Prove => prove::run(world).await,
            Step::Verify => verify::run(world).await,
        }
    }
}
