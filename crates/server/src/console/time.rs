//! Points in time and durations, as the console shows them: UTC, with a hint how long ago.

use core::time::Duration;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::text::{Argument, Language};

/// One point in time on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// For machines: RFC 3339 to the second.
    pub(crate) machine: String,
    /// The day.
    pub(crate) day: String,
    /// The time of the day in UTC.
    pub(crate) clock: String,
    /// How long ago, or in how long.
    pub(crate) hint: String,
}

impl Moment {
    /// `at` as seen from `now`.
    pub(crate) fn new(language: Language, at: Timestamp, now: Timestamp) -> Self {
        let utc = at.to_zoned(TimeZone::UTC);
        Self {
            machine: utc.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            day: utc.strftime("%Y-%m-%d").to_string(),
            clock: utc.strftime("%H:%M:%S").to_string(),
            hint: hint(language, now.duration_since(at)),
        }
    }
}

fn hint(language: Language, ago: SignedDuration) -> String {
    let key = |past: &'static str, future: &'static str| {
        if ago.is_negative() { future } else { past }
    };
    let seconds = ago.as_secs().unsigned_abs();
    let (key, count) = match seconds {
        0..=1 => return language.text("ago-now"),
        2..=119 => (key("ago-seconds", "ago-in-seconds"), seconds),
        120..=7_199 => (key("ago-minutes", "ago-in-minutes"), seconds / 60),
        7_200..=172_799 => (key("ago-hours", "ago-in-hours"), seconds / 3_600),
        _ => (key("ago-days", "ago-in-days"), seconds / 86_400),
    };
    language.count(key, count)
}

/// How long something took, in the unit that suits it.
pub(crate) fn took(language: Language, duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    match millis {
        0..=999 => language.count("took-millis", millis),
        1_000..=119_999 => {
            let shown = format!("{}.{}", millis / 1000, millis % 1000 / 100);
            language.with("took-seconds", &[("seconds", Argument::Text(&shown))])
        }
        120_000..=7_199_999 => language.count("took-minutes", millis / 60_000),
        _ => language.count("took-hours", millis / 3_600_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_choose_their_unit_and_direction() {
        let now: Timestamp = "2026-07-14T09:00:00Z".parse().expect("a time");
        let check = |seconds: i64, english: &str, japanese: &str| {
            let at = now - SignedDuration::from_secs(seconds);
            assert_eq!(Moment::new(Language::English, at, now).hint, english);
            assert_eq!(Moment::new(Language::Japanese, at, now).hint, japanese);
        };
        check(0, "just now", "たった今");
        check(2, "2 s ago", "2秒前");
        check(119, "119 s ago", "119秒前");
        check(120, "2 min ago", "2分前");
        check(7_200, "2 h ago", "2時間前");
        check(172_800, "2 days ago", "2日前");
        check(-30, "in 30 s", "30秒後");
        check(-2_592_000, "in 30 days", "30日後");
    }

    #[test]
    fn the_ends_of_time_are_shown_too() {
        let moment = Moment::new(Language::English, Timestamp::MIN, Timestamp::MAX);
        assert!(moment.hint.ends_with("days ago"), "{moment:?}");
        let moment = Moment::new(Language::English, Timestamp::MAX, Timestamp::MIN);
        assert!(moment.hint.starts_with("in "), "{moment:?}");
    }

    #[test]
    fn durations_choose_their_unit() {
        let check = |millis, shown: &str| {
            assert_eq!(
                took(Language::English, Duration::from_millis(millis)),
                shown
            );
        };
        check(0, "0 ms");
        check(999, "999 ms");
        check(1_000, "1.0 s");
        check(1_949, "1.9 s");
        check(120_000, "2 min");
        check(7_200_000, "2 h");
    }
}
