//! Each requirement with what was observed of it, in both languages.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Broken, Step, ensure};
use crate::client::Client;
use crate::commands::model::example;
use crate::demo::process::Process;
use crate::demo::world::World;

pub(super) async fn run(world: &mut World) -> Result<String, Broken> {
    let strangers_home = world.folder().join("elsewhere");
    let (client, other) = if world.breaks(Step::Prove) {
        // A server that has seen nothing has nothing to prove.
        let server = untouched_server(world, &strangers_home).await?;
        (Client::new(&strangers_home, world.language), Some(server))
    } else {
        (world.client(), None)
    };
    let report = client.get("/api/v1/prove?format=json&lang=en").await?;
    let findings = report["findings"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    ensure(!findings.is_empty(), || {
        "the report has no findings".to_owned()
    })?;
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        *states
            .entry(finding["status"].as_str().unwrap_or("?").to_owned())
            .or_default() += 1;
    }
    ensure(states.contains_key("met"), || {
        format!("nothing is observed as met: {states:?}")
    })?;
    let controls = findings
        .iter()
        .flat_map(evidence)
        .filter(|seen| is_refused(seen))
        .count();
    ensure(controls > 0, || {
        "no negative control was observed".to_owned()
    })?;
    for (language, word) in [("ja", "要件"), ("en", "Requirement")] {
        let page = client
            .get_bytes(&format!("/api/v1/prove?format=html&lang={language}"))
            .await?;
        let page = String::from_utf8_lossy(&page);
        ensure(page.contains("<html") && page.contains(word), || {
            format!("the {language} page is not whole")
        })?;
    }
    drop(other);
    let contradicted: Vec<&str> = findings
        .iter()
        .filter(|finding| finding["status"] == json!("contradicted"))
        .filter_map(|finding| finding["requirement"].as_str())
        .collect();
    // Everything that went wrong on purpose was put right again; the record must know that.
    ensure(contradicted.is_empty(), || {
        format!("contradicted: {}", contradicted.join(", "))
    })?;
    let count = |status: &str| states.get(status).copied().unwrap_or_default();
    Ok(world.say(
        "demo-detail-prove",
        &[
            ("requirements", &findings.len()),
            ("met", &count("met")),
            ("unseen", &count("not-observed")),
            ("stated", &count("needs-statement")),
            ("stale", &count("stale")),
            ("controls", &controls),
        ],
    ))
}

fn evidence(finding: &Value) -> impl Iterator<Item = &Value> {
    finding["evidence"].as_array().into_iter().flatten()
}

/// A harmless attempt that was seen refused, as it must be.
fn is_refused(seen: &Value) -> bool {
    seen["negative"] == json!(true) && seen["status"] == json!("met")
}

async fn untouched_server(world: &World, home: &std::path::Path) -> Result<Process, Broken> {
    let mut server = Process::start(
        world.program(),
        "elsewhere",
        world.folder(),
        [
            "up".as_ref(),
            "--json".as_ref(),
            "--home".as_ref(),
            home.as_os_str(),
            "--listen".as_ref(),
            "127.0.0.1:0".as_ref(),
            "--mqtt".as_ref(),
            "127.0.0.1:0".as_ref(),
            "--metrics".as_ref(),
            "127.0.0.1:0".as_ref(),
        ],
    )?;
    server.first_line().await?;
    let body = json!({ "model": example(), "dry_run": false });
    Client::new(home, world.language)
        .post("/api/v1/policy", &body)
        .await?;
    Ok(server)
}
