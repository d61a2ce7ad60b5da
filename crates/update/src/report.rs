//! What a device says about itself: the payload of its signed state report.
//!
//! The device's own signed report is the truth about the running version; a server that only
//! remembers what it sent does not know what runs.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::measure::Deviation;
use crate::slots::Slot;

/// Content type of the envelope around the report.
pub const CONTENT_TYPE: &str = "application/sekimori-state+json";
/// Most bytes of an encoded report.
pub const MAX_LENGTH: usize = 16 * 1024;
/// Most deviations that a report lists; the rest is only counted.
pub const MAX_DEVIATIONS: usize = 32;
const MAX_TEXT: usize = 512;
/// Most bytes of a path that are told: more than a path of a release has.
const MAX_PATH: usize = 256;

/// The state of one device, as it saw itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateReport {
    /// Running version, `x.y.z`.
    pub release: String,
    /// Product that the release is for.
    pub product: String,
    /// The slot that runs; none before the first release is installed.
    pub slot: Option<Slot>,
    /// Security counter of the running release.
    pub counter: u64,
    /// How often the device has started.
    pub boot: u64,
    /// Whether the running release is on trial.
    pub trial: bool,
    /// Whether the ledger proof of the device's own registration was verified by the device.
    pub proof_verified: bool,
    /// Whether the installed files are those of the signed release.
    pub integrity: Integrity,
    /// The newest restoration since the start, if there was one.
    pub restored: Option<Restored>,
    /// The newest update, if there was one.
    pub last_update: Option<LastUpdate>,
    /// The buffer of unsent messages.
    pub outbox: OutboxState,
    /// Result of the newest self-test.
    pub self_test: SelfTest,
}

/// Whether the installed files are those of the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Integrity {
    /// True when every file is as released.
    pub held: bool,
    /// The differences, at most [`MAX_DEVIATIONS`] of them.
    pub deviations: Vec<Deviation>,
}

/// A restoration from the signed release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// Milliseconds from the first deviation seen to the passed self-test.
    pub millis: u64,
}

/// How the newest update ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUpdate {
    /// Version that was offered.
    pub release: String,
    /// How it ended.
    pub result: UpdateResult,
    /// Why, when it did not end well.
    pub reason: Option<String>,
}

/// How an update ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateResult {
    /// It runs and passed its self-test.
    Confirmed,
    /// It was started on trial and left again.
    RolledBack,
    /// It was never written or never started.
    Refused,
}

/// The buffer of unsent messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OutboxState {
    /// Messages that wait.
    pub depth: u64,
    /// Messages given up since the start, because the buffer was full.
    pub dropped: u64,
    /// Messages sent again after a lost connection.
    pub resent: u64,
}

/// Result of a self-test; in JSON `"passed"`, `"not run"` or `"failed: <what>"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelfTest {
    /// Not yet since the start.
    NotRun,
    /// Every check held.
    Passed,
    /// A check did not hold: which, and what was observed.
    Failed(String),
}

impl fmt::Display for SelfTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRun => f.write_str("not run"),
            Self::Passed => f.write_str("passed"),
            Self::Failed(what) => write!(f, "failed: {what}"),
        }
    }
}

impl Serialize for SelfTest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SelfTest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "not run" => Ok(Self::NotRun),
            "passed" => Ok(Self::Passed),
            other => match other.strip_prefix("failed: ") {
                Some(what) => Ok(Self::Failed(what.to_string())),
                None => Err(de::Error::custom(
                    "self_test is none of passed, not run, failed: …",
                )),
            },
        }
    }
}

/// Why bytes are not a state report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportError {
    /// More than [`MAX_LENGTH`] bytes.
    TooLong,
    /// Not JSON of this shape; the text says where.
    Malformed(String),
    /// A text is longer than 512 bytes or not on one line, or more than [`MAX_DEVIATIONS`] deviations
    /// are listed.
    OutOfBounds(&'static str),
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "state report is longer than {MAX_LENGTH} bytes"),
            Self::Malformed(why) => write!(f, "state report is malformed: {why}"),
            Self::OutOfBounds(field) => write!(f, "state report: {field} is out of bounds"),
        }
    }
}

impl core::error::Error for ReportError {}

impl StateReport {
    /// The report as JSON. Deviations beyond the bound and over-long texts are cut off, and characters
    /// that a terminal would act on become U+FFFD.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bounded = self.clone();
        bounded.integrity.deviations.truncate(MAX_DEVIATIONS);
        for deviation in &mut bounded.integrity.deviations {
            clean(&mut deviation.path);
            cut(&mut deviation.path, MAX_PATH);
        }
        clean(&mut bounded.release);
        clean(&mut bounded.product);
        if let SelfTest::Failed(what) = &mut bounded.self_test {
            clean(what);
            cut(what, MAX_TEXT - "failed: ".len());
        }
        if let Some(last) = &mut bounded.last_update {
            clean(&mut last.release);
            if let Some(reason) = &mut last.reason {
                clean(reason);
                cut(reason, MAX_TEXT);
            }
        }
        loop {
            let bytes =
                serde_json::to_vec(&bounded).expect("a report has string keys and no failing part");
            let listed = bounded.integrity.deviations.len();
            // Names that need escapes take more room; that there are deviations is said by `held`.
            if bytes.len() <= MAX_LENGTH || listed == 0 {
                return bytes;
            }
            bounded.integrity.deviations.truncate(listed / 2);
        }
    }

    /// Reads a report.
    ///
    /// # Errors
    ///
    /// [`ReportError`] when the bytes are too many, not of this shape, or out of bounds.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReportError> {
        if bytes.len() > MAX_LENGTH {
            return Err(ReportError::TooLong);
        }
        let report: Self = serde_json::from_slice(bytes)
            .map_err(|error| ReportError::Malformed(error.to_string()))?;
        report.check()?;
        Ok(report)
    }

    fn check(&self) -> Result<(), ReportError> {
        let deviations = &self.integrity.deviations;
        if deviations.len() > MAX_DEVIATIONS {
            return Err(ReportError::OutOfBounds("integrity.deviations"));
        }
        if deviations.iter().any(|deviation| !fits(&deviation.path)) {
            return Err(ReportError::OutOfBounds("integrity.deviations.path"));
        }
        if self.integrity.held && !deviations.is_empty() {
            return Err(ReportError::OutOfBounds("integrity.held"));
        }
        let reason = self
            .last_update
            .as_ref()
            .and_then(|last| last.reason.as_deref());
        let offered = self.last_update.as_ref().map(|last| last.release.as_str());
        let test = match &self.self_test {
            SelfTest::Failed(what) => Some(what.as_str()),
            SelfTest::NotRun | SelfTest::Passed => None,
        };
        for (field, text) in [
            ("release", Some(self.release.as_str())),
            ("product", Some(self.product.as_str())),
            ("last_update.release", offered),
            ("last_update.reason", reason),
            ("self_test", test),
        ] {
            if text.is_some_and(|text| !fits(text)) {
                return Err(ReportError::OutOfBounds(field));
            }
        }
        Ok(())
    }
}

fn fits(text: &str) -> bool {
    text.len() <= MAX_TEXT && !text.contains(acts)
}

/// Whether a character does something where it is shown: begins a line, commands a terminal, or turns
/// the direction of what follows.
fn acts(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn clean(text: &mut String) {
    if text.contains(acts) {
        *text = text.replace(acts, "\u{fffd}");
    }
}

/// Cuts `text` to at most `length` bytes, between characters.
fn cut(text: &mut String, length: usize) {
    if text.len() > length {
        let end = (0..=length)
            .rev()
            .find(|&end| text.is_char_boundary(end))
            .unwrap_or(0);
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::DeviationKind;
    use alloc::vec;
    use proptest::prelude::*;

    fn report() -> StateReport {
        StateReport {
            release: "1.0.0".to_string(),
            product: "sensor".to_string(),
            slot: Some(Slot::A),
            counter: 1,
            boot: 3,
            trial: false,
            proof_verified: true,
            integrity: Integrity {
                held: false,
                deviations: vec![Deviation {
                    path: "etc/settings.toml".to_string(),
                    kind: DeviationKind::Changed,
                }],
            },
            restored: Some(Restored { millis: 812 }),
            last_update: Some(LastUpdate {
                release: "1.1.0".to_string(),
                result: UpdateResult::RolledBack,
                reason: Some("self-test-failed: interval is 0".to_string()),
            }),
            outbox: OutboxState {
                depth: 0,
                dropped: 0,
                resent: 0,
            },
            self_test: SelfTest::Passed,
        }
    }

    #[test]
    fn it_looks_as_documented() {
        let text = String::from_utf8(report().encode()).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"release":"1.0.0","product":"sensor","slot":"A","counter":1,"boot":3,"#,
                r#""trial":false,"proof_verified":true,"integrity":{"held":false,"deviations":"#,
                r#"[{"path":"etc/settings.toml","kind":"changed"}]},"restored":{"millis":812},"#,
                r#""last_update":{"release":"1.1.0","result":"rolled-back","#,
                r#""reason":"self-test-failed: interval is 0"},"#,
                r#""outbox":{"depth":0,"dropped":0,"resent":0},"self_test":"passed"}"#,
            )
        );
        assert_eq!(StateReport::decode(text.as_bytes()), Ok(report()));
    }

    /// The report is shown in terminals, and a file name is whatever an intruder called the file.
    #[test]
    fn what_commands_a_terminal_is_neither_said_nor_taken() {
        let mut wild = report();
        wild.release = "1.0.0\u{1b}[2J".to_string();
        wild.integrity.deviations[0].path = "etc/a\nb\u{202e}c".to_string();
        wild.self_test = SelfTest::Failed("line 1\nline 2".to_string());
        let read = StateReport::decode(&wild.encode()).unwrap();
        assert_eq!(read.release, "1.0.0\u{fffd}[2J");
        assert_eq!(read.integrity.deviations[0].path, "etc/a\u{fffd}b\u{fffd}c");
        let failed = SelfTest::Failed("line 1\u{fffd}line 2".to_string());
        assert_eq!(read.self_test, failed);
        let raw = serde_json::to_vec(&wild).unwrap();
        let release = ReportError::OutOfBounds("integrity.deviations.path");
        assert_eq!(StateReport::decode(&raw), Err(release));
    }

    #[test]
    fn what_contradicts_or_exceeds_is_refused() {
        let text = String::from_utf8(report().encode()).unwrap();
        let lies = text.replace("\"held\":false", "\"held\":true");
        let held = ReportError::OutOfBounds("integrity.held");
        assert_eq!(StateReport::decode(lies.as_bytes()), Err(held));
        let long = text.replace("1.1.0", &"1".repeat(600));
        let release = ReportError::OutOfBounds("last_update.release");
        assert_eq!(StateReport::decode(long.as_bytes()), Err(release));
        for (from, to) in [
            ("passed", "perhaps"),
            ("\"A\"", "\"C\""),
            ("changed", "mended"),
        ] {
            let result = StateReport::decode(text.replace(from, to).as_bytes());
            assert!(matches!(result, Err(ReportError::Malformed(_))), "{to}");
        }
        assert_eq!(
            StateReport::decode(&vec![b' '; MAX_LENGTH + 1]),
            Err(ReportError::TooLong)
        );
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            failed in "[ -~関]{0,600}",
            reason in prop::option::of("[ -~関]{0,600}"),
            paths in prop::collection::vec("[a-z/\\\\\"関]{1,700}", 0..80),
            millis: u64,
        ) {
            let mut report = report();
            report.self_test = SelfTest::Failed(failed.clone());
            report.restored = Some(Restored { millis });
            report.last_update.as_mut().unwrap().reason = reason;
            // Whoever breaks in names the files, and must not be able to keep the report from being read.
            let kind = DeviationKind::Unexpected;
            let deviations = paths.into_iter().map(|path| Deviation { path, kind });
            report.integrity.deviations = deviations.collect();
            let read = StateReport::decode(&report.encode());
            prop_assert!(read.is_ok(), "{:?}", read);
            let SelfTest::Failed(what) = read.unwrap().self_test else { panic!() };
            prop_assert!(failed.starts_with(&what));
        }

        #[test]
        fn reading_never_panics(bytes: Vec<u8>, text in "[\\[\\]{}\":,a-z0-9]{0,64}") {
            let _ = StateReport::decode(&bytes);
            let _ = StateReport::decode(text.as_bytes());
        }
    }
}
