//! Releases from the root to the device, and the policy from the model to the proof.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic"
)]

mod support;

use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use http::{Method, Request, StatusCode};
use sekimori_audit::{Code, Event};
use sekimori_server::{LocalOperator, Server};
use sekimori_update::report::{LastUpdate, StateReport, UpdateResult};
use sekimori_update::targets::{self, Release, ReleaseFile};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use support::{Device, FakeEdge, World, operate, post, read, send};

const SEED: [u8; 32] = [3; 32];
const MODEL: &str = include_str!("../../../examples/cold-store/model.toml");

async fn put(server: &Server, name: &str, content: &[u8]) -> support::Answer {
    let request = Request::put(format!("/api/v1/blobs/{name}"))
        .extension(LocalOperator)
        .body(Body::from(content.to_vec()))
        .unwrap();
    send(server, request).await
}

fn release(world: &World, version: &str, counter: u64, content: &[u8]) -> (Value, String) {
    let sha256: [u8; 32] = Sha256::digest(content).into();
    let release = Release {
        metadata_version: counter,
        product: "cold-store-sensor".into(),
        version: version.into(),
        counter,
        expires: world.now() + Duration::from_secs(30 * 24 * 60 * 60),
        files: vec![ReleaseFile {
            path: "bin/agent".into(),
            length: content.len() as u64,
            sha256,
            executable: true,
        }],
    };
    let signed = targets::sign(&release, &[SEED]).unwrap();
    (
        json!({"targets": STANDARD.encode(signed)}),
        hex::encode(sha256),
    )
}

async fn set_root(server: &Server) {
    let key = hex::encode(SigningKey::from_bytes(&SEED).verifying_key().to_bytes());
    post(
        server,
        "/api/v1/release-root",
        json!({"keys":[key],"threshold":1}),
    )
    .await
    .ok();
}

#[tokio::test]
async fn a_release_reaches_the_devices_of_a_role_and_no_other() {
    let world = World::new();
    let server = world.open().await;
    let mut sensor = Device::new("dev-0001");
    sensor.enroll(&server, "sensor").await;
    let mut door = Device::new("dev-0002");
    door.enroll(&server, "door").await;
    let content = b"agent 1.1.0 ".repeat(20_000);
    let (body, hash) = release(&world, "1.1.0", 2, &content);
    assert_eq!(
        post(&server, "/api/v1/releases", body.clone()).await.code(),
        "SK-REL-003"
    );
    set_root(&server).await;
    let missing = post(&server, "/api/v1/releases", body.clone()).await;
    assert_eq!(
        (
            missing.code().as_str(),
            &missing.json()["error"]["observed"]
        ),
        ("SK-REL-006", &json!("bin/agent"))
    );
    assert_eq!(
        put(&server, &hash, b"something else").await.code(),
        "SK-REL-002"
    );
    assert_eq!(
        put(&server, &hash, &content).await.ok()["length"],
        content.len()
    );
    let published = post(&server, "/api/v1/releases", body.clone()).await.ok();
    assert_eq!(published["release"], "1.1.0");
    // Publishing it again is no second release.
    post(&server, "/api/v1/releases", body).await.ok();
    assert_eq!(
        read(&server, "/api/v1/releases")
            .await
            .ok()
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let update = "/api/v1/devices/self/update";
    assert_eq!(
        sensor.get(&server, update).await.status,
        StatusCode::NO_CONTENT
    );
    let campaign = json!({"release":"1.1.0","product":"cold-store-sensor","role":"sensor"});
    post(&server, "/api/v1/campaigns", campaign).await.ok();
    let offer = sensor.get(&server, update).await.ok();
    for part in ["root", "approval"] {
        assert!(
            offer[part]["proof"]
                .as_str()
                .unwrap()
                .starts_with("c2sp.org/tlog-proof@v1")
        );
    }
    assert_eq!(
        door.get(&server, update).await.status,
        StatusCode::NO_CONTENT
    );

    let path = format!("/api/v1/devices/self/blobs/{hash}");
    let whole = sensor.get(&server, &path).await;
    assert_eq!((whole.status, &whole.body), (StatusCode::OK, &content));
    let request = Request::get(&path)
        .header("range", "bytes=200000-")
        .extension(sensor.peer(&server))
        .body(Body::empty())
        .unwrap();
    let part = send(&server, request).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.body, content[200_000..]);
    assert_eq!(
        part.headers["content-range"],
        format!("bytes 200000-{}/{}", content.len() - 1, content.len())
    );

    let tell = async |sensor: &mut Device, report: StateReport| {
        let sealed = sensor.sealed(&report);
        let message = sensor.message(world.now(), "_state", &sealed);
        server.store(message).await.unwrap();
    };
    let update_ended = |result| {
        Some(LastUpdate {
            release: "1.1.0".into(),
            result,
            reason: None,
        })
    };
    tell(
        &mut sensor,
        StateReport {
            last_update: update_ended(UpdateResult::RolledBack),
            ..support::report()
        },
    )
    .await;
    // What was tried and left again is not offered again.
    assert_eq!(
        sensor.get(&server, update).await.status,
        StatusCode::NO_CONTENT
    );
    let repair = sensor
        .get(&server, "/api/v1/devices/self/repair?release=1.1.0")
        .await
        .ok();
    assert_eq!(repair, offer);
    let unknown = sensor
        .get(&server, "/api/v1/devices/self/repair?release=9.9.9")
        .await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    server.close().await;
}

#[tokio::test]
async fn a_release_of_somebody_else_is_refused() {
    let world = World::new();
    let server = world.open().await;
    let key = hex::encode(SigningKey::from_bytes(&[4; 32]).verifying_key().to_bytes());
    post(
        &server,
        "/api/v1/release-root",
        json!({"keys":[key],"threshold":1}),
    )
    .await
    .ok();
    let (body, hash) = release(&world, "1.1.0", 2, b"agent");
    put(&server, &hash, b"agent").await.ok();
    let refused = post(&server, "/api/v1/releases", body).await;
    assert_eq!(refused.code(), "SK-REL-004");
    assert_eq!(refused.json()["error"]["reason"], "not-enough-signatures");
    let bad = post(
        &server,
        "/api/v1/release-root",
        json!({"keys":[],"threshold":1}),
    )
    .await;
    assert_eq!(bad.code(), "SK-REL-001");
    server.close().await;
}

#[tokio::test]
async fn a_model_becomes_the_policy_in_force_and_survives() {
    let world = World::new();
    let server = world.open().await;
    let edge = std::sync::Arc::new(FakeEdge::default());
    server.attach(edge.clone());
    let dry = post(
        &server,
        "/api/v1/policy",
        json!({"model":MODEL,"dry_run":true}),
    )
    .await
    .ok();
    assert_eq!(
        (&dry["version"], &dry["applied"]),
        (&json!(1), &json!(false))
    );
    assert!(!dry["changes"].as_array().unwrap().is_empty());
    assert!(server.policy().is_none());
    let applied = post(&server, "/api/v1/policy", json!({"model":MODEL}))
        .await
        .ok();
    assert_eq!(
        (&applied["version"], &applied["applied"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(edge.policies.lock().unwrap().as_slice(), [1]);
    let again = post(&server, "/api/v1/policy", json!({"model":MODEL}))
        .await
        .ok();
    assert_eq!(
        (&again["version"], &again["applied"]),
        (&json!(1), &json!(false))
    );
    let unknown = operate(
        &server,
        Method::POST,
        "/api/v1/devices/invitations",
        Some(json!({"name":"dev-0001","role":"toaster"})),
    )
    .await;
    assert_eq!(unknown.code(), "SK-DEV-007");
    server.close().await;
    drop(server);
    let server = world.open().await;
    assert_eq!(server.policy().unwrap().version, 1);
    server.close().await;
}

#[tokio::test]
async fn a_bad_model_is_refused_with_every_problem() {
    let world = World::new();
    let server = world.open().await;
    let model = MODEL
        .replacen("[model]", "[model]\nsurprise = 1", 1)
        .replace("tls13", "tls99");
    let refused = post(&server, "/api/v1/policy", json!({"model":model})).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "SK-POL-001")
    );
    let problems = refused.json()["error"]["problems"]
        .as_array()
        .unwrap()
        .len();
    assert!(problems >= 2, "{}", refused.json());
    assert_eq!(read(&server, "/api/v1/prove").await.code(), "SK-POL-002");
    server.close().await;
}

#[tokio::test]
async fn what_was_observed_is_proven_and_what_was_not_is_not() {
    let world = World::new();
    let server = world.open().await;
    post(&server, "/api/v1/policy", json!({"model":MODEL}))
        .await
        .ok();
    let statuses = |report: &Value| report.to_string().matches("not-observed").count();
    let before = read(&server, "/api/v1/prove").await.ok();
    let mut live = server.watch();
    let mut sensor = Device::new("dev-0001");
    sensor.enroll(&server, "sensor").await;
    for (code, reason) in [
        (Code::TlsRefused, "no-certificate"),
        (Code::TlsRefused, "unknown-issuer"),
        (Code::TlsRefused, "tls-version"),
        (Code::MessageRefused, "out-of-range"),
        (Code::MessageRefused, "rate-exceeded"),
        (Code::MessageRefused, "replayed"),
    ] {
        server.record(
            Event::new(world.now(), code)
                .with_reason(reason)
                .with_source("192.0.2.9"),
        );
    }
    server.record(Event::new(world.now(), Code::TlsMutual).with_device("dev-0001"));
    support::event(&mut live, "tls.mutual").await;
    let after = read(&server, "/api/v1/prove?lang=ja").await.ok();
    assert!(
        statuses(&after) < statuses(&before),
        "{} of {}",
        statuses(&after),
        statuses(&before)
    );
    let page = read(
        &server,
        "/api/v1/prove?format=html&standard=jc-star&lang=ja",
    )
    .await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert!(
        page.headers["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    assert!(
        String::from_utf8(page.body)
            .unwrap()
            .contains("lang=\"ja\"")
    );
    assert_eq!(
        read(&server, "/api/v1/prove?standard=nonsense")
            .await
            .code(),
        "SK-EVI-001"
    );
    for (query, code) in [
        ("lang=fr", "SK-API-002"),
        ("format=docx", "SK-API-002"),
        ("format=pdf", "SK-EVI-003"),
    ] {
        let refused = read(&server, &format!("/api/v1/prove?{query}")).await;
        assert_eq!(refused.code(), code, "{query}");
    }
    let refused = read(&server, "/api/v1/prove?format=pdf&lang=ja").await;
    let said = &refused.json()["error"];
    assert_eq!(said["observed"], "フォントがない", "{said}");
    assert_eq!(said["fix"], "install a font", "{said}");
    server.close().await;
}
