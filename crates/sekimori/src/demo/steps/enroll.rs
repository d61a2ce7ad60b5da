//! Three devices join with nothing but the printed line; a wrong code and a wrong root do not.

use serde_json::json;

use super::{Broken, Step, ensure};
use crate::demo::world::World;

/// A sensor, a door, and the device that later behaves badly.
pub(in crate::demo) const SENSOR: &str = "sensor-0001";
pub(in crate::demo) const DOOR: &str = "door-0001";
pub(in crate::demo) const INTRUDER: &str = "sensor-0666";

pub(super) async fn run(world: &mut World) -> Result<String, Broken> {
    let wrong_root = "00".repeat(32);
    let root = world.breaks(Step::Enroll).then_some(wrong_root.as_str());
    for (name, role) in [(SENSOR, "sensor"), (DOOR, "door"), (INTRUDER, "sensor")] {
        world.join(name, role, root).await?;
    }
    // A device that is shown another root sends nothing: its invitation stays unused.
    let refused = world.join("sensor-0099", "sensor", Some(&wrong_root)).await;
    let why = refused
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    ensure(why.contains("SK-"), || {
        format!("a wrong root fingerprint was accepted: {why}")
    })?;
    let unknown = world.device("sensor-0099").await;
    ensure(unknown.is_err(), || {
        "a device with a wrong root was enrolled".to_owned()
    })?;

    let mut numbers = Vec::new();
    for name in [SENSOR, DOOR, INTRUDER] {
        let device = world.device(name).await?;
        ensure(device["standing"] == json!("active"), || {
            format!("{name} is not active: {device}")
        })?;
        numbers.push(device["number"].as_str().unwrap_or_default().to_owned());
    }
    ensure(numbers.iter().all(|number| !number.is_empty()), || {
        "a device has no number".to_owned()
    })?;
    let entries = proofs_hold(world)?;
    Ok(world.say(
        "demo-detail-enroll",
        &[("numbers", &numbers.join(", ")), ("entries", &entries)],
    ))
}

/// Checks each device's stored proof with nothing but its files.
fn proofs_hold(world: &World) -> Result<usize, Broken> {
    let mut entries = 0;
    for name in [SENSOR, DOOR, INTRUDER] {
        entries += super::super::proof::check(&world.device_home(name))
            .map_err(|error| Broken::new(format!("{name}: {error}")))?;
    }
    Ok(entries)
}
