//! A good release is confirmed, a broken one rolled back by the device, an older one refused.

use std::time::Duration;

use serde_json::{Value, json};

use super::enroll::SENSOR;
use super::{Broken, Step, ensure};
use crate::demo::release::{Release, publish, trust};
use crate::demo::wait::until;
use crate::demo::world::{World, sensor_settings};

/// The component of the model that the releases are for.
const PRODUCT: &str = "sensor";
const KEYS: &str = "release-keys";

pub(super) async fn run(world: &mut World) -> Result<String, Broken> {
    trust(world, KEYS).await?;
    let keys = if world.breaks(Step::Update) {
        "forged-keys"
    } else {
        KEYS
    };
    // Signed first, offered last.
    let old = Release {
        version: "0.9.0",
        counter: 1,
        ..release(keys)
    };
    publish(world, &old).await?;
    publish(world, &release(keys)).await?;
    let limit = Duration::from_secs(12);

    offer(world, "1.0.0").await?;
    let confirmed = until("1.0.0 is confirmed", limit, || {
        ended(world, "1.0.0", "confirmed")
    })
    .await?;
    ensure(confirmed["release"] == json!("1.0.0"), || {
        format!("it runs {}", confirmed["release"])
    })?;

    // Its sensor reads a temperature that no cold store has: the self-test must not pass.
    let broken = Release {
        version: "1.1.0",
        counter: 3,
        settings: sensor_settings().replace("base = 4.5", "base = 450.0"),
        ..release(keys)
    };
    publish(world, &broken).await?;
    offer(world, "1.1.0").await?;
    let rolled = until("1.1.0 is rolled back", limit, || {
        ended(world, "1.1.0", "rolled-back")
    })
    .await?;
    ensure(rolled["release"] == json!("1.0.0"), || {
        format!("it runs {}", rolled["release"])
    })?;

    offer(world, "0.9.0").await?;
    let refused = until("0.9.0 is refused", limit, || {
        ended(world, "0.9.0", "refused")
    })
    .await?;
    let reason = |report: &Value| {
        report["last_update"]["reason"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    Ok(world.say(
        "demo-detail-update",
        &[
            ("slot", &confirmed["slot"].as_str().unwrap_or("?")),
            ("rolled", &reason(&rolled)),
            ("refused", &reason(&refused)),
        ],
    ))
}

fn release(keys: &str) -> Release<'_> {
    Release {
        product: PRODUCT,
        version: "1.0.0",
        counter: 2,
        settings: sensor_settings(),
        keys,
    }
}

async fn offer(world: &World, version: &str) -> Result<(), Broken> {
    let body = json!({ "release": version, "product": PRODUCT, "role": PRODUCT });
    world.client().post("/api/v1/campaigns", &body).await?;
    Ok(())
}

/// The device's own report, once it says how the update to `version` ended.
async fn ended(world: &World, version: &str, result: &str) -> Result<Value, Broken> {
    let report = world.device(SENSOR).await?["report"].take();
    let last = &report["last_update"];
    ensure(
        last["release"] == json!(version) && last["result"] == json!(result),
        || format!("the last update is {last}"),
    )?;
    Ok(report)
}
