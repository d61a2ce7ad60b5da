//! Sensors and actuators that are not there: numbers that swing, switches that remember.

use crate::settings::{Sensor, SettingsFile};
use core::time::Duration;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The simulated hardware of one device.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hardware {
    file: SettingsFile,
    /// The state of each actuator, by the flow of its commands.
    switches: BTreeMap<String, bool>,
}

impl Hardware {
    /// Takes the settings of a release; a switch that is known keeps its state.
    pub(crate) fn configure(&mut self, file: SettingsFile) {
        for actuator in &file.actuators {
            self.switches
                .entry(actuator.command.clone())
                .or_insert(actuator.initial);
        }
        self.file = file;
    }

    /// Reads everything that reports on `flow`, as one payload.
    pub(crate) fn sense(&self, flow: &str, now: Duration) -> Result<Vec<u8>, String> {
        let mut payload = Map::new();
        for sensor in self
            .file
            .sensors
            .iter()
            .filter(|sensor| sensor.flow == flow)
        {
            payload.insert(sensor.field.clone(), Value::from(value(sensor, now)));
        }
        let actuators = self.file.actuators.iter();
        for actuator in actuators.filter(|actuator| actuator.report.as_deref() == Some(flow)) {
            let state = self
                .switches
                .get(&actuator.command)
                .copied()
                .unwrap_or_default();
            payload.insert(actuator.field.clone(), Value::from(state));
        }
        if payload.is_empty() {
            return Err(format!("nothing reports on {flow}"));
        }
        Ok(Value::from(payload).to_string().into_bytes())
    }

    /// Does what a command says; answers with the state that came of it.
    pub(crate) fn actuate(&mut self, flow: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let actuator = self
            .file
            .actuators
            .iter()
            .find(|actuator| actuator.command == flow);
        let actuator = actuator.ok_or_else(|| format!("no actuator for {flow}"))?;
        let field = &actuator.field;
        let command: Value =
            serde_json::from_slice(payload).map_err(|error| format!("not JSON: {error}"))?;
        let wanted = command
            .get(field)
            .and_then(Value::as_bool)
            .ok_or_else(|| format!("{field} is not true or false"))?;
        self.switches.insert(flow.to_string(), wanted);
        let mut answer = Map::new();
        answer.insert(field.clone(), Value::from(wanted));
        Ok(Value::from(answer).to_string().into_bytes())
    }

    /// The first sensor that reads what no working one would.
    pub(crate) fn implausible(&self, now: Duration) -> Option<String> {
        let mut sensors = self.file.sensors.iter();
        sensors.find_map(|sensor| {
            let observed = value(sensor, now);
            let [low, high] = sensor.plausible;
            (!(low..=high).contains(&observed)).then(|| {
                let name = &sensor.field;
                format!("sensor {name}: observed {observed}, expected {low} to {high}")
            })
        })
    }
}

/// What a sensor reads at `now`, in hundredths.
fn value(sensor: &Sensor, now: Duration) -> f64 {
    let angle = now.as_secs_f64() / sensor.period_s * core::f64::consts::TAU;
    ((sensor.base + sensor.swing * angle.sin()) * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hardware(base: f64) -> Hardware {
        let text = format!(
            "[[sensor]]\nflow = \"telemetry\"\nfield = \"temp_c\"\nbase = {base:?}\nswing = 0.5\nperiod_s = 4\nplausible = [0.0, 8.0]\n\
             [[actuator]]\ncommand = \"lock\"\nreport = \"door-state\"\nfield = \"locked\"\ninitial = true\n"
        );
        let mut hardware = Hardware::default();
        hardware.configure(SettingsFile::parse(text.as_bytes()).unwrap());
        hardware
    }

    #[test]
    fn a_sensor_swings_around_its_base() {
        let hardware = hardware(4.5);
        for (second, expected) in [(0, 4.5), (1, 5.0), (2, 4.5), (3, 4.0)] {
            let payload = hardware
                .sense("telemetry", Duration::from_secs(second))
                .unwrap();
            let payload: Value = serde_json::from_slice(&payload).unwrap();
            assert_eq!(payload, serde_json::json!({"temp_c": expected}));
        }
        assert_eq!(hardware.implausible(Duration::ZERO), None);
        let why = self::hardware(450.0).implausible(Duration::ZERO).unwrap();
        assert_eq!(why, "sensor temp_c: observed 450, expected 0 to 8");
        assert!(hardware.sense("nothing", Duration::ZERO).is_err());
    }

    #[test]
    fn a_switch_does_what_it_is_told_and_remembers_it() {
        let mut hardware = hardware(4.5);
        let state = |hardware: &Hardware| hardware.sense("door-state", Duration::ZERO).unwrap();
        assert_eq!(state(&hardware), b"{\"locked\":true}");
        let answer = hardware.actuate("lock", b"{\"locked\":false}").unwrap();
        assert_eq!(answer, b"{\"locked\":false}");
        assert_eq!(state(&hardware), b"{\"locked\":false}");
        for bad in [&b"{}"[..], b"x", b"{\"locked\":1}", b"[]"] {
            assert!(hardware.actuate("lock", bad).is_err());
        }
        assert!(hardware.actuate("heater", b"{}").is_err());
        // A new release does not move the door.
        let file = hardware.file.clone();
        hardware.configure(file);
        assert_eq!(state(&hardware), b"{\"locked\":false}");
    }
}
