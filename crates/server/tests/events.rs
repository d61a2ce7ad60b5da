//! Messages, events, healing and revocation, as operators see them.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use futures_util::StreamExt as _;
use http::{Request, StatusCode};
use sekimori_audit::{Code, Event};
use sekimori_identity::Standing;
use sekimori_server::{LocalOperator, offline};
use sekimori_session::StoredResult;
use sekimori_update::measure::{Deviation, DeviationKind};
use sekimori_update::report::{Integrity, Restored, StateReport};
use serde_json::json;
use sqlx::Connection as _;
use support::{Device, FakeEdge, World, event, post, read};
use tower::ServiceExt as _;

fn deviating() -> StateReport {
    let deviations = vec![Deviation {
        path: "etc/settings.toml".into(),
        kind: DeviationKind::Changed,
    }];
    StateReport {
        integrity: Integrity {
            held: false,
            deviations,
        },
        ..support::report()
    }
}

fn healed() -> StateReport {
    StateReport {
        restored: Some(Restored { millis: 812 }),
        ..support::report()
    }
}

#[tokio::test]
async fn a_resent_message_is_kept_once_and_the_next_session_knows_it() {
    let world = World::new();
    let server = world.open().await;
    let mut device = Device::new("dev-0001");
    device.enroll(&server, "sensor").await;
    let first = device.message(world.now(), "telemetry", b"{\"temp_c\":4.5}");
    let second = device.message(world.now(), "telemetry", b"{\"temp_c\":4.6}");
    assert_eq!(
        server.store(first.clone()).await.unwrap(),
        StoredResult::Stored
    );
    assert_eq!(server.store(second).await.unwrap(), StoredResult::Stored);
    assert_eq!(
        server.store(first.clone()).await.unwrap(),
        StoredResult::AlreadyStored
    );
    // Both copies in one batch.
    let third = device.message(world.now(), "telemetry", b"{\"temp_c\":4.7}");
    let (one, other) = tokio::join!(server.store(third.clone()), server.store(third));
    let mut both = [one.unwrap(), other.unwrap()];
    both.sort_by_key(|result| *result != StoredResult::Stored);
    assert_eq!(both, [StoredResult::Stored, StoredResult::AlreadyStored]);
    server.close().await;
    drop(server);

    let server = world.open().await;
    world.pass(std::time::Duration::from_secs(30));
    let seed = server.begin(device.id()).await.unwrap();
    assert_eq!(seed.replay.unwrap().fields(), {
        let mut window = sekimori_session::ReplayWindow::new();
        (1..=3).for_each(|sequence| window.accept(1, sequence));
        window.fields()
    });
    assert_eq!(
        seed.idle,
        [("telemetry".to_owned(), std::time::Duration::from_secs(30))]
    );
    assert_eq!(
        server.store(first).await.unwrap(),
        StoredResult::AlreadyStored
    );
    let listed = read(
        &server,
        "/api/v1/messages?device=dev-0001&flow=telemetry&limit=2",
    )
    .await
    .ok();
    assert_eq!(listed["items"][0]["payload"]["temp_c"], 4.7);
    let next = listed["next"].as_u64().unwrap();
    let rest = read(&server, &format!("/api/v1/messages?before={next}"))
        .await
        .ok();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    server.close().await;
}

#[tokio::test]
async fn a_changed_device_is_contained_heals_and_is_let_back_in_as_one_case() {
    let world = World::new();
    let server = world.open().await;
    let edge = Arc::new(FakeEdge::default());
    server.attach(edge.clone());
    let mut live = server.watch();
    let mut device = Device::new("dev-0001");
    device.enroll(&server, "sensor").await;
    let tell = async |device: &mut Device, report: &StateReport| {
        let sealed = device.sealed(report);
        let message = device.message(world.now(), "_state", &sealed);
        assert_eq!(server.store(message).await.unwrap(), StoredResult::Stored);
    };
    tell(&mut device, &support::report()).await;
    event(&mut live, "device.proof-verified").await;
    tell(&mut device, &deviating()).await;
    let deviation = event(&mut live, "integrity.deviation").await;
    assert_eq!(deviation.detail["deviations"], "etc/settings.toml changed");
    event(&mut live, "containment.begun").await;
    assert!(server.by_id(&device.id()).unwrap().contained);
    assert_eq!(edge.changed.lock().unwrap().as_slice(), [device.id()]);
    let refused = device.get(&server, "/api/v1/devices/self/update").await;
    assert_eq!(refused.code(), "SK-DEV-004");
    assert_eq!(
        device
            .get(&server, "/api/v1/devices/self/proof")
            .await
            .status,
        StatusCode::OK
    );

    tell(&mut device, &healed()).await;
    event(&mut live, "integrity.restored").await;
    event(&mut live, "containment.lifted").await;
    assert!(!server.by_id(&device.id()).unwrap().contained);
    let cases = read(&server, "/api/v1/cases?device=dev-0001").await.ok();
    let cases = cases["items"].as_array().unwrap();
    assert_eq!(cases.len(), 1);
    assert_eq!(cases[0]["state"]["state"], "healed", "{}", cases[0]);
    assert!(cases[0]["closed_millis"].is_u64());
    server.close().await;
}

#[tokio::test]
async fn a_containment_outlives_the_server() {
    let world = World::new();
    let server = world.open().await;
    let mut live = server.watch();
    let mut device = Device::new("dev-0001");
    device.enroll(&server, "sensor").await;
    let sealed = device.sealed(&deviating());
    server
        .store(device.message(world.now(), "_state", &sealed))
        .await
        .unwrap();
    event(&mut live, "containment.begun").await;
    server.close().await;
    drop(server);
    let server = world.open().await;
    let mut live = server.watch();
    assert!(server.by_id(&device.id()).unwrap().contained);
    let sealed = device.sealed(&healed());
    server
        .store(device.message(world.now(), "_state", &sealed))
        .await
        .unwrap();
    event(&mut live, "containment.lifted").await;
    server.close().await;
}

#[tokio::test]
async fn a_report_that_the_device_did_not_sign_changes_nothing() {
    let world = World::new();
    let server = world.open().await;
    let mut live = server.watch();
    let mut device = Device::new("dev-0001");
    device.enroll(&server, "sensor").await;
    let mut other = Device::new("dev-0002");
    other.enroll(&server, "sensor").await;
    let foreign = other.sealed(&deviating());
    // Each from a device of its own, as equal ones would be folded.
    for (device, payload) in [(&mut device, foreign), (&mut other, b"garbage".to_vec())] {
        let message = device.message(world.now(), "_state", &payload);
        server.store(message).await.unwrap();
        let violation = event(&mut live, "protocol.violation").await;
        assert_eq!(violation.reason.as_deref(), Some("state-report"));
        assert_eq!(violation.device.as_deref(), Some(device.name.as_str()));
        let path = format!("/api/v1/devices/{}", device.name);
        assert!(read(&server, &path).await.ok()["report"].is_null());
        assert!(!server.by_id(&device.id()).unwrap().contained);
    }
    server.close().await;
}

#[tokio::test]
async fn a_revoked_device_is_out_at_once_and_for_good() {
    let world = World::new();
    let server = world.open().await;
    let edge = Arc::new(FakeEdge::default());
    server.attach(edge.clone());
    edge.live.store(2, Ordering::SeqCst);
    let mut device = Device::new("dev-0001");
    device.enroll(&server, "sensor").await;
    let peer = device.peer(&server);
    let effect = post(
        &server,
        "/api/v1/devices/dev-0001/revoke?cause=lost",
        json!({}),
    )
    .await
    .ok();
    assert_eq!(effect["sessions_closed"], 2);
    assert!(effect["millis"].as_f64().unwrap() < 200.0);
    assert_eq!(
        server.by_id(&device.id()).unwrap().standing,
        Standing::Revoked
    );
    let request = Request::get("/api/v1/devices/self/proof")
        .extension(peer)
        .body(Body::empty())
        .unwrap();
    assert_eq!(support::send(&server, request).await.code(), "SK-DEV-005");
    let again = post(&server, "/api/v1/devices/dev-0001/suspend", json!({})).await;
    assert_eq!(
        (again.status, again.code().as_str()),
        (StatusCode::CONFLICT, "SK-DEV-005")
    );
    server.close().await;
    drop(server);
    let server = world.open().await;
    assert_eq!(
        server.by_id(&device.id()).unwrap().standing,
        Standing::Revoked
    );
    let mut successor = Device::new("dev-0001");
    successor.enroll(&server, "sensor").await;
    let shown = read(&server, "/api/v1/devices/dev-0001").await.ok();
    assert_eq!(
        (shown["number"].as_str(), shown["standing"].as_str()),
        (Some("SK-000002"), Some("active"))
    );
    server.close().await;
}

#[tokio::test]
async fn a_suspended_device_comes_back() {
    let world = World::new();
    let server = world.open().await;
    let mut device = Device::new("dev-0001");
    device.enroll(&server, "sensor").await;
    post(&server, "/api/v1/devices/dev-0001/suspend", json!({}))
        .await
        .ok();
    assert_eq!(
        server.lookup(&device.spki()).unwrap().standing,
        Standing::Suspended
    );
    post(&server, "/api/v1/devices/dev-0001/resume", json!({}))
        .await
        .ok();
    assert_eq!(
        server.lookup(&device.spki()).unwrap().standing,
        Standing::Active
    );
    let missing = post(&server, "/api/v1/devices/nobody/resume", json!({})).await;
    assert_eq!(missing.code(), "SK-DEV-002");
    server.close().await;
}

#[tokio::test]
async fn the_chain_is_anchored_and_a_changed_event_is_named() {
    let world = World::new();
    let server = world.open().await;
    let mut live = server.watch();
    for reason in ["no-certificate", "tls-version", "unknown-issuer"] {
        let refused = Event::new(world.now(), Code::TlsRefused)
            .with_source("192.0.2.9")
            .with_reason(reason);
        server.record(refused);
    }
    while event(&mut live, "tls.refused").await.reason.as_deref() != Some("unknown-issuer") {}
    let anchored = server.anchor().await.unwrap();
    let report = read(&server, "/api/v1/events/verify").await.ok();
    assert_eq!(
        (&report["holds"], &report["anchors"]),
        (&json!(true), &json!(1)),
        "{report}"
    );
    server.close().await;
    drop(server);

    let folder = tempfile::tempdir().unwrap();
    support::copy(&world.home(), folder.path());
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("sekimori.db"));
    let mut connection = sqlx::SqliteConnection::connect_with(&options)
        .await
        .unwrap();
    sqlx::query(
        "UPDATE event SET record = CAST(substr(record, 1, 60) || x'00' || substr(record, 62) AS BLOB) \
         WHERE sequence = 2",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let report = offline::verify_events(folder.path()).await.unwrap();
    assert!(
        report.broken.as_deref().unwrap().starts_with("event 2:"),
        "{report:?}"
    );

    let cut = tempfile::tempdir().unwrap();
    support::copy(&world.home(), cut.path());
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(cut.path().join("sekimori.db"));
    let mut connection = sqlx::SqliteConnection::connect_with(&options)
        .await
        .unwrap();
    sqlx::query("DELETE FROM event WHERE sequence >= $1")
        .bind(i64::try_from(anchored).unwrap())
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let report = offline::verify_events(cut.path()).await.unwrap();
    assert!(
        report.broken.as_deref().unwrap().contains("missing"),
        "{report:?}"
    );
    assert!(offline::verify_events(&world.home()).await.unwrap().holds);
}

#[tokio::test]
async fn events_are_listed_by_key_and_streamed_from_where_a_watcher_was() {
    let world = World::new();
    let server = world.open().await;
    let mut live = server.watch();
    for number in 0..5 {
        let name = format!("dev-{number}");
        server.record(Event::new(world.now(), Code::DeviceInvited).with_device(name));
    }
    while event(&mut live, "device.invited").await.device.as_deref() != Some("dev-4") {}
    let newest = read(&server, "/api/v1/events?limit=2&code=device.invited")
        .await
        .ok();
    assert_eq!(newest["items"][0]["device"], "dev-4");
    let after = newest["items"][1]["sequence"].as_u64().unwrap();
    let oldest_first = read(&server, &format!("/api/v1/events?after={}", after - 1))
        .await
        .ok();
    assert_eq!(oldest_first["items"][0]["device"], "dev-3");

    let request = Request::get("/api/v1/events/stream")
        .header("last-event-id", after.to_string())
        .extension(LocalOperator)
        .body(Body::empty())
        .unwrap();
    let response = server.router().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.into_body().into_data_stream();
    let missed = stream.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&missed).contains("dev-4"));
    server.record(Event::new(world.now(), Code::DeviceInvited).with_device("dev-5"));
    let now = stream.next().await.unwrap().unwrap();
    assert!(String::from_utf8_lossy(&now).contains("dev-5"));
    // A watcher does not keep the server from closing.
    server.close().await;
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn commands_go_through_and_say_why_not() {
    let world = World::new();
    let server = world.open().await;
    let mut device = Device::new("dev-0001");
    device.enroll(&server, "door").await;
    let path = "/api/v1/devices/dev-0001/commands";
    let lock = json!({"flow":"lock","payload":{"locked":true}});
    assert_eq!(post(&server, path, lock.clone()).await.code(), "SK-CMD-001");
    server.attach(Arc::new(FakeEdge::default()));
    let answer = post(&server, path, lock).await.ok();
    assert_eq!(
        (&answer["acknowledged"], &answer["payload"]["locked"]),
        (&json!(true), &json!(true))
    );
    let open = post(&server, path, json!({"flow":"open","payload":{}})).await;
    assert_eq!(
        (open.status, open.code().as_str()),
        (StatusCode::CONFLICT, "SK-CMD-002")
    );
    server.close().await;
}

/// Runs a statement on the database of a home whose server has stopped.
async fn change(home: &std::path::Path, sql: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(home.join("sekimori.db"));
    let mut connection = sqlx::SqliteConnection::connect_with(&options)
        .await
        .unwrap();
    sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn an_orderly_end_anchors_every_event() {
    let world = World::new();
    let server = world.open().await;
    server.close().await;
    drop(server);
    let report = offline::verify_events(&world.home()).await.unwrap();
    assert!(report.holds, "{report:?}");
    assert_eq!(report.anchors, 1);
    // Without what is kept beside the database, the anchor names the gap by itself.
    std::fs::remove_file(world.home().join("newest.json")).unwrap();
    change(
        &world.home(),
        "DELETE FROM event WHERE sequence = (SELECT MAX(sequence) FROM event)",
    )
    .await;
    let last = report.events;
    let report = offline::verify_events(&world.home()).await.unwrap();
    let broken = report.broken.unwrap();
    assert!(
        broken.starts_with(&format!("events {last}..{last} are missing")),
        "{broken}"
    );
}

#[tokio::test]
async fn events_that_were_cut_off_after_the_newest_anchor_are_named() {
    let world = World::new();
    let server = world.open().await;
    server.anchor().await.unwrap();
    server.close().await;
    drop(server);
    let last = offline::verify_events(&world.home()).await.unwrap().events;
    // Somebody who may write the database takes anchors and events back together.
    change(
        &world.home(),
        "DELETE FROM ledger_entry WHERE kind = 'event-head'",
    )
    .await;
    change(
        &world.home(),
        &format!("DELETE FROM event WHERE sequence > {}", last - 2),
    )
    .await;
    let expected = format!("events {}..{last} are missing", last - 1);
    let report = offline::verify_events(&world.home()).await.unwrap();
    assert!(!report.holds);
    let broken = report.broken.unwrap();
    assert!(broken.starts_with(&expected), "{broken}");
    let refused = sekimori_server::Server::open(&world.home(), world.settings.clone())
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code(), "SK-SRV-007");
    assert!(refused.to_string().starts_with(&expected), "{refused}");
    assert!(refused.fix().contains("newest.json"));
}

#[tokio::test]
async fn a_missing_head_is_put_on_record() {
    let world = World::new();
    let server = world.open().await;
    server.close().await;
    drop(server);
    std::fs::remove_file(world.home().join("newest.json")).unwrap();
    let server = world.open().await;
    let mut live = server.watch();
    let alert = event(&mut live, "alert.raised").await;
    assert_eq!(alert.reason.as_deref(), Some("head-missing"));
    assert!(world.home().join("newest.json").exists());
    server.close().await;
}

/// A listener that gives the same answer to everybody.
async fn listener(answer: &'static [u8]) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut said = [0; 256];
            drop(stream.read(&mut said).await);
            drop(stream.write_all(answer).await);
        }
    });
    address
}

#[tokio::test]
async fn a_running_server_checks_itself_soon_after_its_start() {
    let world = World::new();
    let server = world.open().await;
    let https = listener(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let mqtt = listener(b"\x20\x02\x00\x00").await;
    server.listening(&format!("https://{https}"), &mqtt);
    let mut live = server.watch();
    let cancel = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn({
        let (server, cancel) = (server.clone(), cancel.clone());
        async move { server.run(cancel).await }
    });
    let mut found = std::collections::BTreeMap::new();
    while found.len() < 3 {
        let live = tokio::time::timeout(std::time::Duration::from_secs(10), live.recv());
        if let sekimori_server::Live::Event(event) = live.await.unwrap().unwrap() {
            let name = match event.code {
                Code::AuditVerified => "chain".to_owned(),
                Code::ListenerChecked => event.detail["listener"].clone(),
                _ => continue,
            };
            found.insert(name, (event.reason.clone(), event.observed().held));
        }
    }
    assert_eq!(found["chain"], (None, true));
    assert_eq!(found["https"], (None, true));
    assert_eq!(found["mqtt"], (Some("answers-in-clear".into()), false));
    cancel.cancel();
    running.await.unwrap().unwrap();
    assert!(offline::verify_events(&world.home()).await.unwrap().holds);
}

#[tokio::test]
async fn a_self_check_finds_what_was_changed() {
    let world = World::new();
    let server = world.open().await;
    let mut live = server.watch();
    server.record(Event::new(world.now(), Code::DeviceInvited).with_device("dev-0001"));
    event(&mut live, "device.invited").await;
    change(
        &world.home(),
        "UPDATE event SET record = CAST(substr(record, 1, 60) || x'00' || substr(record, 62) AS BLOB) \
         WHERE sequence = 1",
    )
    .await;
    server.verify_recent_events().await.unwrap();
    let verified = event(&mut live, "audit.verified").await;
    assert_eq!(verified.reason.as_deref(), Some("broken"));
    assert!(verified.detail["observed"].starts_with("event 1:"));
    server.close().await;
}

/// What was seen once is drift, however much was seen since.
#[tokio::test]
async fn drift_looks_past_what_came_later() {
    let world = World::new();
    let server = world.open().await;
    let mut device = Device::new("dev-0001");
    device.enroll(&server, "sensor").await;
    for number in 0..2_100 {
        let flow = if number == 0 {
            "forgotten"
        } else {
            "telemetry"
        };
        let mut event = Event::new(world.now(), Code::CommandSent).with_detail("flow", flow);
        event.device = Some("dev-0001".to_owned());
        server.record(event);
    }
    let model = include_str!("../../../examples/cold-store/model.toml");
    let drift = server.drift(Some(model.to_owned()), 30).await.unwrap();
    let found = drift.differences.iter().map(|difference| &difference.id);
    let found: Vec<&String> = found.filter(|id| id.contains("forgotten")).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    server.close().await;
}
