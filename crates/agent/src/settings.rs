//! `etc/settings.toml`: what a release wants the agent to do. Format: `docs/formats/agent-settings.md`.

use core::time::Duration;
use sekimori_device::{FlowSetting, Settings};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The longest file that is read, in bytes.
const MAX_LENGTH: usize = 64 * 1024;
/// Bounds of every interval, in milliseconds.
const INTERVALS: core::ops::RangeInclusive<u64> = 10..=86_400_000;
/// Most sensors and actuators.
const MAX_PARTS: usize = 64;

/// A whole settings file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsFile {
    #[serde(default = "minute")]
    report_interval_ms: u64,
    #[serde(default = "minute")]
    measure_interval_ms: u64,
    #[serde(default = "minute")]
    update_interval_ms: u64,
    #[serde(default = "five_minutes")]
    state_interval_ms: u64,
    #[serde(default, rename = "sensor")]
    pub(crate) sensors: Vec<Sensor>,
    #[serde(default, rename = "actuator")]
    pub(crate) actuators: Vec<Actuator>,
}

/// A simulated sensor: one number that swings around a base.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sensor {
    /// The flow that it reports on.
    pub(crate) flow: String,
    /// The field of the payload.
    pub(crate) field: String,
    /// The value that it swings around.
    pub(crate) base: f64,
    /// How far it swings.
    #[serde(default)]
    pub(crate) swing: f64,
    /// How long one swing takes.
    #[serde(default = "one_minute_in_seconds")]
    pub(crate) period_s: f64,
    /// What a working sensor may read; the self-test checks it.
    pub(crate) plausible: [f64; 2],
    interval_ms: Option<u64>,
}

/// A simulated actuator: one switch that a command sets.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Actuator {
    /// The flow of its commands.
    pub(crate) command: String,
    /// The flow on which it reports its state, if it does.
    pub(crate) report: Option<String>,
    /// The field in command, acknowledgement and report.
    pub(crate) field: String,
    /// Its state at start.
    #[serde(default)]
    pub(crate) initial: bool,
    interval_ms: Option<u64>,
}

const fn minute() -> u64 {
    60_000
}

const fn five_minutes() -> u64 {
    300_000
}

const fn one_minute_in_seconds() -> f64 {
    60.0
}

impl Default for SettingsFile {
    /// What holds without a file: nothing is sensed.
    fn default() -> Self {
        Self {
            report_interval_ms: minute(),
            measure_interval_ms: minute(),
            update_interval_ms: minute(),
            state_interval_ms: five_minutes(),
            sensors: Vec::new(),
            actuators: Vec::new(),
        }
    }
}

impl SettingsFile {
    /// Reads a file; the error says what is wrong and where.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MAX_LENGTH {
            return Err(format!("longer than {MAX_LENGTH} bytes"));
        }
        let text = core::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let file: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        file.check()?;
        Ok(file)
    }

    /// What the device needs of it.
    pub(crate) fn settings(&self) -> Settings {
        let flow = |flow: &str, interval: Option<u64>| FlowSetting {
            flow: flow.to_string(),
            every: Duration::from_millis(interval.unwrap_or(self.report_interval_ms)),
        };
        let mut flows: BTreeMap<&str, FlowSetting> = BTreeMap::new();
        for sensor in &self.sensors {
            flows
                .entry(&sensor.flow)
                .or_insert_with(|| flow(&sensor.flow, sensor.interval_ms));
        }
        for actuator in &self.actuators {
            if let Some(report) = &actuator.report {
                flows
                    .entry(report)
                    .or_insert_with(|| flow(report, actuator.interval_ms));
            }
        }
        Settings {
            flows: flows.into_values().collect(),
            measure_every: Duration::from_millis(self.measure_interval_ms),
            update_every: Duration::from_millis(self.update_interval_ms),
            state_every: Duration::from_millis(self.state_interval_ms),
        }
    }

    fn check(&self) -> Result<(), String> {
        let intervals = [
            ("report_interval_ms", Some(self.report_interval_ms)),
            ("measure_interval_ms", Some(self.measure_interval_ms)),
            ("update_interval_ms", Some(self.update_interval_ms)),
            ("state_interval_ms", Some(self.state_interval_ms)),
        ];
        let sensors = self
            .sensors
            .iter()
            .map(|sensor| ("sensor.interval_ms", sensor.interval_ms));
        let actuators = self
            .actuators
            .iter()
            .map(|actuator| ("actuator.interval_ms", actuator.interval_ms));
        for (name, interval) in intervals.into_iter().chain(sensors).chain(actuators) {
            if interval.is_some_and(|interval| !INTERVALS.contains(&interval)) {
                return Err(format!("{name} is not in {INTERVALS:?}"));
            }
        }
        if self.sensors.len() > MAX_PARTS || self.actuators.len() > MAX_PARTS {
            return Err(format!("more than {MAX_PARTS} sensors or actuators"));
        }
        for sensor in &self.sensors {
            let numbers = [sensor.base, sensor.swing, sensor.period_s];
            let finite = numbers
                .into_iter()
                .chain(sensor.plausible)
                .all(f64::is_finite);
            let [low, high] = sensor.plausible;
            if !finite || sensor.period_s <= 0.0 || low > high {
                return Err(format!("sensor {}: numbers make no sense", sensor.flow));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EXAMPLE: &str = include_str!("../../../docs/formats/agent-settings.example.toml");

    #[test]
    fn the_documented_example_reads_as_documented() {
        let file = SettingsFile::parse(EXAMPLE.as_bytes()).unwrap();
        let settings = file.settings();
        let flows: Vec<(&str, u128)> = settings
            .flows
            .iter()
            .map(|flow| (flow.flow.as_str(), flow.every.as_millis()))
            .collect();
        assert_eq!(flows, [("door-state", 10_000), ("telemetry", 200)]);
        assert_eq!(settings.measure_every.as_millis(), 500);
        assert_eq!(file.sensors[0].plausible, [0.0, 8.0]);
        assert_eq!(file.actuators[0].command, "lock");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        for (text, expected) in [
            ("report_interval_ms = 1", "report_interval_ms"),
            ("colour = 1", "colour"),
            ("report_interval_ms = \"1\"", "report_interval_ms"),
            ("[[sensor]]\nflow = \"t\"", "field"),
            (
                "[[sensor]]\nflow = \"t\"\nfield = \"c\"\nbase = 1\nplausible = [8, 0]",
                "make no sense",
            ),
            (
                "[[sensor]]\nflow = \"t\"\nfield = \"c\"\nbase = nan\nplausible = [0, 8]",
                "make no sense",
            ),
        ] {
            let error = SettingsFile::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert_eq!(SettingsFile::parse(b""), Ok(SettingsFile::default()));
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
            let _ = SettingsFile::parse(&bytes);
            let _ = SettingsFile::parse(text.as_bytes());
        }
    }
}
