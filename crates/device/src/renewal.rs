//! When a certificate is renewed, with a pause between attempts that no clock can take away.

use crate::membership::Credential;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_identity::renewal::{ASK_AGAIN_WITHIN, Clock, Due, Schedule};

/// The least time between two renewals, whatever the clock says.
const PAUSE_FROM: Duration = Duration::from_secs(1);
/// The most that is asked for of that.
const PAUSE_TO: Duration = Duration::from_secs(3600);

/// What the schedule says of `credential` at `time`.
pub(crate) fn due(credential: &Credential, time: Timestamp) -> Due {
    let clock = Clock {
        now: time,
        at_least: None,
    };
    let (from, to) = (credential.not_before, credential.not_after);
    Schedule::default().evaluate(clock, from, to, spread(credential))
}

/// How long until `credential` is to be looked at again; zero when it is due.
pub(crate) fn wait(credential: &Credential, time: Timestamp) -> Duration {
    match due(credential, time) {
        Due::Later(at) => Duration::try_from(at.duration_since(time))
            .unwrap_or(Duration::ZERO)
            .min(ASK_AGAIN_WITHIN),
        Due::Now | Due::Expired { .. } | Due::ClockWrong | Due::WindowClosed => Duration::ZERO,
    }
}

/// The least time between two renewals of such certificates: a clock far in the future finds each of them due at once.
pub(crate) fn least_pause(credential: &Credential, time: Timestamp) -> Duration {
    if due(credential, time) == Due::WindowClosed {
        return ASK_AGAIN_WITHIN;
    }
    let life = credential.not_after.duration_since(credential.not_before);
    Duration::try_from(life)
        .unwrap_or(Duration::ZERO)
        .checked_div(12)
        .unwrap_or(PAUSE_TO)
        .clamp(PAUSE_FROM, PAUSE_TO)
}

/// Thousandths, from the public key: devices made on one day do not renew in one minute.
fn spread(credential: &Credential) -> u16 {
    let tail = credential.public_key.iter().rev().take(2);
    tail.fold(0_u16, |sum, &byte| {
        sum.wrapping_mul(251).wrapping_add(u16::from(byte))
    }) % 1000
}
