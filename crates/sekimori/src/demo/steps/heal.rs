//! A changed byte and a changed setting are noticed, contained, and undone without a human.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::enroll::SENSOR;
use super::{Broken, Step, ensure};
use crate::clock;
use crate::demo::wait::until;
use crate::demo::world::World;

pub(super) async fn run(world: &mut World) -> Result<String, Broken> {
    let slot = active_slot(world).await?;
    let (file, settings) = (
        slot.join("share/calibration.bin"),
        slot.join("etc/settings.toml"),
    );
    let (good_file, good_settings) = (std::fs::read(&file)?, std::fs::read(&settings)?);
    if world.breaks(Step::Heal) {
        world.kill_agent(SENSOR).await;
    }
    let begin = clock::monotonic();
    let mut changed = good_file.clone();
    if let Some(byte) = changed.get_mut(1000) {
        *byte ^= 1;
    }
    std::fs::write(&file, &changed)?;
    let text = String::from_utf8_lossy(&good_settings).replace("base = 4.5", "base = 7.9");
    std::fs::write(&settings, text)?;

    let limit = Duration::from_secs(15);
    let case = until("the case is healed", limit, || healed_case(world)).await?;
    let total = begin.elapsed().as_millis();
    ensure(std::fs::read(&file)? == good_file, || {
        "the file is not what was released".to_owned()
    })?;
    ensure(std::fs::read(&settings)? == good_settings, || {
        "the setting is not what was released".to_owned()
    })?;
    let device = world.device(SENSOR).await?;
    ensure(device["contained"] == json!(false), || {
        "the device is still contained".to_owned()
    })?;
    let steps = timeline(&case);
    for code in [
        "integrity.deviation",
        "containment.begun",
        "integrity.restored",
        "containment.lifted",
    ] {
        ensure(steps.iter().any(|step| step == code), || {
            format!("the case lacks {code}: {steps:?}")
        })?;
    }
    Ok(world.say(
        "demo-detail-heal",
        &[("millis", &total), ("steps", &steps.join(" → "))],
    ))
}

/// The folder of the files that the sensor runs.
async fn active_slot(world: &World) -> Result<PathBuf, Broken> {
    let device = world.device(SENSOR).await?;
    let slot = device["report"]["slot"]
        .as_str()
        .ok_or_else(|| Broken::new("the sensor runs no release"))?;
    Ok(world.device_home(SENSOR).join("slots").join(slot))
}

async fn healed_case(world: &World) -> Result<Value, Broken> {
    let answer = world
        .client()
        .get(&format!("/api/v1/cases?device={SENSOR}"))
        .await?;
    let case = answer["items"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|case| case["integrity"] == json!(true))
        .ok_or_else(|| Broken::new("there is no case"))?;
    ensure(case["state"]["state"] == json!("healed"), || {
        format!("the case is {}", case["state"])
    })?;
    Ok(case.clone())
}

/// What happened, in the order of the case, each kind once.
fn timeline(case: &Value) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for step in case["timeline"].as_array().into_iter().flatten() {
        if let Some(code) = step["code"].as_str()
            && !steps.iter().any(|seen| seen == code)
        {
            steps.push(code.to_owned());
        }
    }
    steps
}
