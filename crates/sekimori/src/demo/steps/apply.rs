//! The difference is shown first, then the policy is signed and active.

use serde_json::{Value, json};

use super::{Broken, Step, ensure};
use crate::commands::model::example;
use crate::demo::world::World;

pub(super) async fn run(world: &mut World) -> Result<String, Broken> {
    if world.breaks(Step::Apply)
        && let Some(server) = world.server.as_mut()
    {
        server.kill().await;
    }
    let planned = apply(world, true).await?;
    let changes = count(&planned);
    ensure(changes > 0, || {
        format!("the dry run shows no change: {planned}")
    })?;
    let before = world.client().get("/api/v1/status").await?;
    ensure(before["policy"] == json!(0), || {
        format!("the dry run applied something: {before}")
    })?;
    let applied = apply(world, false).await?;
    ensure(applied["version"] == json!(1), || {
        format!("expected version 1: {applied}")
    })?;
    let again = count(&apply(world, true).await?);
    ensure(again == 0, || {
        format!("the same model still shows {again} changes")
    })?;
    Ok(world.say("demo-detail-apply", &[("changes", &changes)]))
}

async fn apply(world: &World, dry_run: bool) -> Result<Value, Broken> {
    let body = json!({ "model": example(), "dry_run": dry_run });
    Ok(world.client().post("/api/v1/policy", &body).await?)
}

fn count(answer: &Value) -> usize {
    answer["changes"].as_array().map_or(0, Vec::len)
}
