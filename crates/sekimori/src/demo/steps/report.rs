//! Telemetry arrives, a command is answered, and a server that goes away loses nothing.

use std::time::Duration;

use serde_json::{Value, json};

use super::enroll::{DOOR, SENSOR};
use super::{Broken, Step, ensure};
use crate::demo::wait::until;
use crate::demo::world::{World, door_settings, sensor_settings};

/// The flow of the example that the sensor reports on.
const TELEMETRY: &str = "telemetry";
/// The command of the example.
const COMMAND: &str = "lock";

pub(super) async fn run(world: &mut World) -> Result<String, Broken> {
    if !world.breaks(Step::Report) {
        world.start_agent(SENSOR, &sensor_settings())?;
    }
    world.start_agent(DOOR, &door_settings())?;
    let live = Duration::from_secs(10);
    until("telemetry arrives", live, || at_least(world, 3)).await?;

    let answer = until("the door answers", live, || unlock(world)).await?;
    let millis = answer["millis"].as_f64().unwrap_or_default().round();

    let server = world
        .server
        .as_mut()
        .ok_or_else(|| Broken::new("no server runs"))?;
    server.kill().await;
    let waiting = until("the sensor buffers on disk", live, || buffered(world, 4)).await?;
    world.start_server().await?;
    let total = until("the buffer arrives", live, || drained(world)).await?;
    let sequences = sequences(world).await?;
    let gaps = gaps(&sequences);
    ensure(gaps.is_empty(), || {
        format!("sequence numbers are missing or doubled: {gaps:?}")
    })?;
    Ok(world.say(
        "demo-detail-report",
        &[
            ("total", &total),
            ("millis", &millis),
            ("waiting", &waiting),
        ],
    ))
}

async fn at_least(world: &World, count: usize) -> Result<(), Broken> {
    let seen = messages(world).await?.len();
    ensure(seen >= count, || format!("{seen} messages"))
}

async fn unlock(world: &World) -> Result<Value, Broken> {
    let body = json!({ "flow": COMMAND, "payload": { "locked": false }, "timeout_ms": 3000 });
    Ok(world
        .client()
        .post(&format!("/api/v1/devices/{DOOR}/commands"), &body)
        .await?)
}

async fn messages(world: &World) -> Result<Vec<Value>, Broken> {
    let path = format!("/api/v1/messages?device={SENSOR}&flow={TELEMETRY}&limit=1000");
    let mut answer = world.client().get(&path).await?;
    Ok(answer["items"]
        .as_array_mut()
        .map(std::mem::take)
        .unwrap_or_default())
}

/// How many readings wait in the sensor's outbox.
async fn buffered(world: &World, wanted: u64) -> Result<u64, Broken> {
    let depth = outbox_depth(world).await?;
    ensure(depth >= wanted, || format!("{depth} readings wait"))?;
    Ok(depth)
}

async fn drained(world: &World) -> Result<usize, Broken> {
    let depth = outbox_depth(world).await?;
    ensure(depth <= 1, || format!("{depth} readings still wait"))?;
    Ok(messages(world).await?.len())
}

async fn outbox_depth(world: &World) -> Result<u64, Broken> {
    let status = world.agent_status(SENSOR).await?;
    status["outbox"]["depth"]
        .as_u64()
        .ok_or_else(|| Broken::new(format!("the agent tells no outbox depth: {status}")))
}

/// Boot and sequence of every stored reading, in order.
async fn sequences(world: &World) -> Result<Vec<(u64, u64)>, Broken> {
    let mut found: Vec<(u64, u64)> = messages(world)
        .await?
        .iter()
        .filter_map(|message| Some((message["boot"].as_u64()?, message["sequence"].as_u64()?)))
        .collect();
    found.sort_unstable();
    Ok(found)
}

/// Where one number does not follow the one before.
fn gaps(sequences: &[(u64, u64)]) -> Vec<((u64, u64), (u64, u64))> {
    sequences
        .iter()
        .zip(sequences.iter().skip(1))
        .filter(|(one, next)| one.0 == next.0 && one.1 + 1 != next.1 || one == next)
        .map(|(one, next)| (*one, *next))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::gaps;

    #[test]
    fn a_hole_and_a_double_are_seen_and_a_new_boot_is_none() {
        assert!(gaps(&[(1, 1), (1, 2), (2, 1), (2, 2)]).is_empty());
        assert_eq!(gaps(&[(1, 1), (1, 3)]).len(), 1);
        assert_eq!(gaps(&[(1, 1), (1, 1)]).len(), 1);
    }
}
