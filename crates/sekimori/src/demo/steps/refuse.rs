//! Everything that the model does not allow is refused, each with one reason and counter.

use std::time::Duration;

use sekimori_proto::mqtt::{PublishResult, SubscribeResult};
use serde_json::{Value, json};

use super::enroll::INTRUDER;
use super::{Broken, Step, ensure};
use crate::commands::model::example;
use crate::demo::probe::{Papers, Probe, client_config, offer_tls12, refused_handshake};
use crate::demo::wait::until;
use crate::demo::world::World;

/// Code and reason that the operator must be able to read for each attempt.
const EXPECTED: [(&str, &str); 8] = [
    ("message.refused", "out-of-range"),
    ("message.refused", "not-authorized"),
    ("message.refused", "rate-exceeded"),
    ("message.refused", "replayed"),
    ("subscribe.refused", "wildcard-refused"),
    ("tls.refused", "unknown-issuer"),
    ("tls.refused", "no-certificate"),
    ("tls.refused", "tls-version"),
];

pub(super) async fn run(world: &mut World) -> Result<String, Broken> {
    if world.breaks(Step::Refuse) {
        without_ranges(world).await?;
    }
    let home = world.device_home(INTRUDER);
    let address = world.said("mqtt")?;
    let config = client_config(&Papers::Of(&home), &home)?;
    misbehave(&mut Probe::connect(&address, &config, INTRUDER).await?).await?;

    let stranger = refused_handshake(&address, &client_config(&Papers::Stranger, &home)?).await?;
    refused_handshake(&address, &client_config(&Papers::Nothing, &home)?).await?;
    let alert = offer_tls12(&address).await?;
    ensure(alert == 70, || {
        format!("TLS 1.2 got alert {alert}, expected protocol_version (70)")
    })?;

    let limit = Duration::from_secs(8);
    let seen = until("every refusal is an event", limit, || reasons(world)).await?;
    let seen: Vec<String> = seen
        .iter()
        .map(|(reason, count)| format!("{reason} ×{count}"))
        .collect();
    Ok(world.say(
        "demo-detail-refuse",
        &[("seen", &seen.join(" · ")), ("stranger", &stranger)],
    ))
}

/// What a device with good papers may still not do.
async fn misbehave(probe: &mut Probe) -> Result<(), Broken> {
    let topic = format!("sk/{INTRUDER}/telemetry");
    let expect = |what: &str, wanted: PublishResult, got: PublishResult| {
        ensure(wanted == got, || {
            format!("{what}: expected {wanted:?}, got {got:?}")
        })
    };
    let good = r#"{"temp_c":4.5}"#;
    let got = probe.publish(&topic, good, Some((1, 1))).await?;
    expect("a good reading", PublishResult::Accepted, got)?;
    let got = probe
        .publish(&topic, r#"{"temp_c":400}"#, Some((1, 2)))
        .await?;
    expect("out of range", PublishResult::PayloadInvalid, got)?;
    let got = probe
        .publish(&format!("sk/{INTRUDER}/diary"), good, Some((1, 3)))
        .await?;
    expect("undeclared topic", PublishResult::NotAuthorized, got)?;
    let got = probe.publish(&topic, good, Some((1, 1))).await?;
    ensure(got != PublishResult::Accepted, || {
        "a replay was accepted".to_owned()
    })?;
    let got = probe.subscribe("#").await?;
    ensure(!matches!(got, SubscribeResult::Granted(_)), || {
        "'#' was granted".to_owned()
    })?;
    for sequence in 4..40 {
        if probe.publish(&topic, good, Some((1, sequence))).await? == PublishResult::QuotaExceeded {
            return Ok(());
        }
    }
    Err(Broken::new("36 readings at once were not too fast"))
}

/// Each expected reason with how often it was seen.
async fn reasons(world: &World) -> Result<Vec<(&'static str, u64)>, Broken> {
    let answer = world.client().get("/api/v1/events?limit=500").await?;
    let events = answer["items"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut seen = Vec::new();
    for (code, reason) in EXPECTED {
        let matching =
            |event: &&Value| event["code"] == json!(code) && event["reason"] == json!(reason);
        let count: u64 = events
            .iter()
            .filter(matching)
            .filter_map(|event| event["count"].as_u64())
            .sum();
        ensure(count > 0, || {
            format!("no event {code} with reason {reason}")
        })?;
        seen.push((reason, count));
    }
    Ok(seen)
}

/// The same model without its ranges: the gateway then has no reason to refuse a value.
async fn without_ranges(world: &World) -> Result<(), Broken> {
    let text: String = example()
        .lines()
        .filter(|line| !line.starts_with("range"))
        .map(|line| format!("{line}\n"))
        .collect();
    let body = json!({ "model": text, "dry_run": false });
    world.client().post("/api/v1/policy", &body).await?;
    Ok(())
}
