//! From an event to what an observation says of it.

use jiff::Timestamp;

use crate::code::Sign;
use crate::event::Event;

/// The fields of an observation, as evidence uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed<'a> {
    /// The probe: the event's code.
    pub probe: &'static str,
    /// The exact cause, if there is one.
    pub reason: Option<&'a str>,
    /// The device, or `gateway` when no device proved who it is.
    pub subject: &'a str,
    /// When it last happened.
    pub observed_at: Timestamp,
    /// When the platform took it in.
    pub received_at: Timestamp,
    /// Whether the control held.
    pub held: bool,
    /// Whether it is a negative control: an attempt that was refused.
    pub negative_control: bool,
    /// How many equal things were seen.
    pub count: u32,
}

impl Event {
    /// What this event says as an observation.
    pub fn observed(&self) -> Observed<'_> {
        let held = match self.code.sign() {
            Sign::Held | Sign::Refused => true,
            Sign::HeldUnlessReason => self.reason.is_none(),
            Sign::Failed => false,
        };
        Observed {
            probe: self.code.as_str(),
            reason: self.reason.as_deref(),
            subject: self.device.as_deref().unwrap_or("gateway"),
            observed_at: self.last_at,
            received_at: self.at,
            held,
            negative_control: self.code.sign() == Sign::Refused,
            count: self.count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;

    #[test]
    fn the_sign_decides_whether_the_control_held() {
        let observe = |code, reason: Option<&str>| {
            let mut event = Event::new(Timestamp::UNIX_EPOCH, code);
            event.reason = reason.map(Into::into);
            let observed = event.observed();
            (observed.held, observed.negative_control)
        };
        let cases = [
            (Code::TlsMutual, None, (true, false)),
            (Code::MessageRefused, Some("out-of-range"), (true, true)),
            (Code::AuditVerified, None, (true, false)),
            (Code::AuditVerified, Some("broken"), (false, false)),
            (Code::IntegrityDeviation, None, (false, false)),
            (Code::LedgerLagging, Some("witness-away"), (false, false)),
        ];
        for (code, reason, expected) in cases {
            assert_eq!(observe(code, reason), expected, "{code} {reason:?}");
        }
    }

    #[test]
    fn an_event_without_a_device_is_about_the_gateway() {
        let event = Event::new(Timestamp::UNIX_EPOCH, Code::TlsRefused);
        assert_eq!(event.observed().subject, "gateway");
        assert_eq!(event.with_device("dev-0001").observed().subject, "dev-0001");
    }
}
