//! A revoked device's session closes at once; its key and its resumption ticket are worth nothing.

use serde_json::Value;

use super::enroll::{DOOR, INTRUDER};
use super::{Broken, Step, ensure};
use crate::clock;
use crate::demo::probe::{Papers, Probe, client_config};
use crate::demo::world::World;

pub(super) async fn run(world: &mut World) -> Result<String, Broken> {
    let home = world.device_home(INTRUDER);
    let address = world.said("mqtt")?;
    let config = client_config(&Papers::Of(&home), &home)?;
    // The first connection takes the tickets that the second one resumes with.
    Probe::connect(&address, &config, INTRUDER).await?;
    let mut live = Probe::connect(&address, &config, INTRUDER).await?;
    ensure(live.resumed(), || {
        "resumption does not work even before the revocation".to_owned()
    })?;

    let name = if world.breaks(Step::Revoke) {
        DOOR
    } else {
        INTRUDER
    };
    let client = world.client();
    let path = format!("/api/v1/devices/{name}/revoke?cause=lost");
    let body = Value::Null;
    let begin = clock::monotonic();
    let (order, closed) = tokio::join!(
        async {
            let answer = client.post(&path, &body).await;
            (answer, begin.elapsed())
        },
        async {
            let closed = live.closed().await;
            (closed, begin.elapsed())
        },
    );
    let (answer, committed) = order;
    let answer = answer?;
    let (closed, took) = closed;
    closed?;
    let resumed = Probe::connect(&address, &config, INTRUDER).await;
    ensure(resumed.is_err(), || {
        "the revoked device resumed its session".to_owned()
    })?;
    let fresh = client_config(&Papers::Of(&home), &home)?;
    let again = Probe::connect(&address, &fresh, INTRUDER).await;
    ensure(again.is_err(), || {
        "the revoked device connected again".to_owned()
    })?;
    Ok(world.say(
        "demo-detail-revoke",
        &[
            ("closed", &took.as_millis()),
            ("committed", &committed.as_millis()),
            ("sessions", &answer["sessions_closed"]),
        ],
    ))
}
