//! Who may operate, and who may open a home.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic"
)]

mod support;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use sekimori_server::{Server, ServerError, offline};
use serde_json::json;
use support::{World, anybody, post, read, send};

async fn browse(
    server: &Server,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
) -> support::Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1:8443")
        .header("content-type", "application/json")
        .extension(anybody());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(server, request.body(Body::from("{}")).unwrap()).await
}

const OWN: (&str, &str) = ("origin", "https://127.0.0.1:8443");

#[tokio::test]
async fn a_link_opens_one_session_that_only_own_pages_may_use() {
    let world = World::new();
    let server = world.open().await;
    let link = post(&server, "/api/v1/console-link", json!({})).await.ok();
    let url = link["url"].as_str().unwrap();
    let path = url.strip_prefix("https://127.0.0.1:8443").unwrap();
    assert_eq!(
        browse(&server, Method::GET, "/api/v1/status", &[])
            .await
            .code(),
        "SK-OPR-001"
    );
    let elsewhere = browse(
        &server,
        Method::POST,
        path,
        &[("origin", "https://evil.example")],
    )
    .await;
    assert_eq!(elsewhere.code(), "SK-OPR-002");
    let opened = browse(&server, Method::POST, path, &[OWN]).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER);
    let cookie = opened.headers["set-cookie"].to_str().unwrap();
    for part in [
        "__Host-sekimori=",
        "Path=/",
        "Secure",
        "HttpOnly",
        "SameSite=Strict",
    ] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let cookie = ("cookie", cookie.as_str());
    assert_eq!(
        browse(&server, Method::POST, path, &[OWN]).await.code(),
        "SK-OPR-003"
    );

    let status = browse(&server, Method::GET, "/api/v1/status", &[cookie])
        .await
        .ok();
    assert_eq!(status["ledger"]["administrators"], "one administrator");
    let forged = browse(&server, Method::POST, "/api/v1/console-link", &[cookie]).await;
    assert_eq!(forged.code(), "SK-OPR-002");
    assert_eq!(
        browse(
            &server,
            Method::POST,
            "/api/v1/console-link",
            &[cookie, OWN]
        )
        .await
        .status,
        StatusCode::OK
    );
    let out = browse(&server, Method::POST, "/api/v1/sign-out", &[cookie, OWN]).await;
    assert_eq!(out.status, StatusCode::SEE_OTHER);
    assert_eq!(
        browse(&server, Method::GET, "/api/v1/status", &[cookie])
            .await
            .code(),
        "SK-OPR-001"
    );
    server.close().await;
}

#[tokio::test]
async fn no_token_is_kept_in_clear() {
    let world = World::new();
    let server = world.open().await;
    let url = server.console_link().await.unwrap();
    let token = url.split("token=").nth(1).unwrap().to_owned();
    let invited = server.invite("dev-0001", "sensor").await.unwrap();
    server.close().await;
    for name in ["sekimori.db", "sekimori.db-wal"] {
        let Ok(bytes) = std::fs::read(world.home().join(name)) else {
            continue;
        };
        for secret in [&token, &invited.code, &invited.code.replace('-', "")] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} is in {name}");
        }
    }
}

#[tokio::test]
async fn a_session_and_a_link_end_with_time() {
    let world = World::new();
    let server = world.open().await;
    let path = |url: String| {
        url.strip_prefix("https://127.0.0.1:8443")
            .unwrap()
            .to_owned()
    };
    let late = path(server.console_link().await.unwrap());
    world.pass(std::time::Duration::from_secs(2 * 60 * 60));
    assert_eq!(
        browse(&server, Method::POST, &late, &[OWN]).await.code(),
        "SK-OPR-003"
    );
    let opened = browse(
        &server,
        Method::POST,
        &path(server.console_link().await.unwrap()),
        &[OWN],
    )
    .await;
    let cookie = opened.headers["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let cookie = [("cookie", cookie.as_str())];
    assert_eq!(
        browse(&server, Method::GET, "/api/v1/status", &cookie)
            .await
            .status,
        StatusCode::OK
    );
    world.pass(std::time::Duration::from_secs(13 * 60 * 60));
    assert_eq!(
        browse(&server, Method::GET, "/api/v1/status", &cookie)
            .await
            .code(),
        "SK-OPR-001"
    );
    server.close().await;
}

#[tokio::test]
async fn every_operator_resource_is_closed_to_others() {
    let world = World::new();
    let server = world.open().await;
    for (method, path) in [
        (Method::GET, "/api/v1/devices"),
        (Method::POST, "/api/v1/devices/invitations"),
        (Method::GET, "/api/v1/devices/x"),
        (Method::POST, "/api/v1/devices/x/revoke"),
        (Method::POST, "/api/v1/devices/x/commands"),
        (Method::POST, "/api/v1/policy"),
        (Method::GET, "/api/v1/prove"),
        (Method::GET, "/api/v1/events"),
        (Method::GET, "/api/v1/events/stream"),
        (Method::GET, "/api/v1/events/verify"),
        (Method::GET, "/api/v1/messages"),
        (Method::GET, "/api/v1/cases"),
        (Method::GET, "/api/v1/ledger/fsck"),
        (Method::POST, "/api/v1/release-root"),
        (Method::PUT, "/api/v1/blobs/00"),
        (Method::POST, "/api/v1/releases"),
        (Method::POST, "/api/v1/campaigns"),
        (Method::POST, "/api/v1/console-link"),
    ] {
        let answer = browse(&server, method, path, &[OWN]).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::UNAUTHORIZED, "SK-OPR-001"),
            "{path}"
        );
    }
    for path in ["proof", "update", "repair?release=1.0.0", "blobs/00"] {
        let path = format!("/api/v1/devices/self/{path}");
        assert_eq!(
            browse(&server, Method::GET, &path, &[]).await.code(),
            "SK-DEV-001",
            "{path}"
        );
    }
    assert_eq!(read(&server, "/nothing").await.code(), "SK-API-001");
    assert_eq!(
        post(&server, "/healthz", json!({})).await.code(),
        "SK-API-005"
    );
    assert_eq!(
        browse(&server, Method::GET, "/healthz", &[]).await.status,
        StatusCode::OK
    );
    server.close().await;
}

#[tokio::test]
async fn a_home_is_opened_once_and_its_faults_are_named() {
    let world = World::new();
    let server = world.open().await;
    let fault = async || match Server::open(&world.home(), world.settings.clone()).await {
        Ok(_) => panic!("the home was opened"),
        Err(error) => error,
    };
    let second = fault().await;
    assert!(matches!(second, ServerError::HomeInUse { .. }), "{second}");
    assert!(second.fix().contains("--home"));
    server.close().await;
    drop(server);

    std::fs::write(world.home().join("keys/ca.crt"), "garbage").unwrap();
    let damaged = fault().await;
    assert_eq!(damaged.code(), "SK-SRV-003");
    assert!(damaged.to_string().contains("ca.crt"), "{damaged}");
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_left_alone() {
    use sqlx::Connection as _;
    let world = World::new();
    let server = world.open().await;
    server.close().await;
    drop(server);
    let options =
        sqlx::sqlite::SqliteConnectOptions::new().filename(world.home().join("sekimori.db"));
    let mut connection = sqlx::SqliteConnection::connect_with(&options)
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'later', 1, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let Err(error) = Server::open(&world.home(), world.settings.clone()).await else {
        panic!("the home was opened");
    };
    assert!(error.to_string().contains("version 9999"), "{error}");
    assert!(error.fix().contains("newer"), "{}", error.fix());
}

#[tokio::test]
async fn a_home_that_may_only_be_read_says_so() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    std::fs::create_dir(world.home()).unwrap();
    let set = |mode| {
        std::fs::set_permissions(world.home(), std::fs::Permissions::from_mode(mode)).unwrap()
    };
    set(0o500);
    let opened = Server::open(&world.home(), world.settings.clone()).await;
    set(0o700);
    match opened {
        Err(error) => {
            assert_eq!(error.code(), "SK-SRV-002");
            assert!(error.fix().contains("writable"), "{error}: {}", error.fix());
        }
        // The owner of the machine may write everywhere; then there is nothing to refuse.
        Ok(server) => {
            assert!(std::fs::write(world.home().join("run/probe"), b"").is_ok());
            server.close().await;
        }
    }
}

#[tokio::test]
async fn keys_stay_the_same_and_only_the_owner_reads_them() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let server = world.open().await;
    let before = (
        server.root_fingerprint(),
        server.tls_material().unwrap().chain,
    );
    for entry in std::fs::read_dir(world.home().join("keys")).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
    for name in ["organization.pem", "ledger.pem", "ca.pem"] {
        let path = world.home().join("keys").join(name);
        support::openssl(&["pkey", "-in", path.to_str().unwrap(), "-noout"], b"");
    }
    server.close().await;
    drop(server);
    let server = world.open().await;
    assert_eq!(
        before,
        (
            server.root_fingerprint(),
            server.tls_material().unwrap().chain
        )
    );
    world.pass(std::time::Duration::from_secs(70 * 24 * 60 * 60));
    let renewed = server.tls_material().unwrap().chain;
    assert_ne!(before.1[0], renewed[0], "past two thirds of its life");
    assert_eq!(before.1[1], renewed[1]);
    server.close().await;
    drop(server);
    assert!(offline::fsck(&world.home()).await.unwrap().holds);
}

/// A large request of somebody who is no operator is turned away before it is read; one whose
/// length is not told, as soon as it is too long.
#[tokio::test]
async fn only_an_operator_may_send_much() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    let world = World::new();
    let server = world.open().await;
    let device = {
        let mut device = support::Device::new("dev-0001");
        device.enroll(&server, "sensor").await;
        device
    };
    let file = vec![b'x'; 300 * 1024];
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&file));
    let blob = format!("/api/v1/blobs/{hash}");
    for (method, path) in [
        (Method::POST, "/.well-known/est/simpleenroll"),
        (Method::POST, "/.well-known/est/simplereenroll"),
        (Method::POST, "/setup?token=x"),
        (Method::POST, "/enter"),
        (Method::GET, "/api/v1/trust"),
        (Method::GET, "/api/v1/devices/self/proof"),
        (Method::POST, "/api/v1/policy"),
        (Method::PUT, blob.as_str()),
        (Method::POST, "/nowhere"),
    ] {
        for peer in [anybody(), device.peer(&server)] {
            let request = Request::builder()
                .method(&method)
                .uri(path)
                .header("cookie", "__Host-sekimori=00")
                .header("content-length", file.len())
                .extension(peer)
                .body(Body::from(file.clone()))
                .unwrap();
            let answer = send(&server, request).await;
            assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path}");
            assert_eq!(answer.code(), "SK-API-003");
        }
    }

    let taken = Arc::new(AtomicUsize::new(0));
    let counter = taken.clone();
    let endless = futures_util::stream::repeat_with(move || {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok::<_, std::io::Error>(vec![b'x'; 1024])
    });
    let request = Request::post("/.well-known/est/simpleenroll")
        .header(
            "authorization",
            "Basic ZGV2LTAwMDI6QUFBQS1BQUFBLUFBQUEtQUFBQQ==",
        )
        .extension(anybody())
        .body(Body::from_stream(endless))
        .unwrap();
    let answer = send(&server, request).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(
        taken.load(Ordering::SeqCst) <= 65,
        "{taken:?} KiB were read"
    );

    let request = Request::put(&blob)
        .extension(sekimori_server::LocalOperator)
        .body(Body::from(file.clone()))
        .unwrap();
    assert_eq!(send(&server, request).await.ok()["length"], file.len());
    let model = "#".repeat(500 * 1024);
    let applied = post(&server, "/api/v1/policy", json!({"model": model})).await;
    assert_eq!(applied.code(), "SK-POL-001", "it was read and is no model");
    let name = "n".repeat(100 * 1024);
    let invited = post(
        &server,
        "/api/v1/devices/invitations",
        json!({"name": name, "role": "r"}),
    )
    .await;
    assert_eq!(invited.code(), "SK-API-003");
    server.close().await;
}

#[tokio::test]
async fn answers_are_in_the_language_that_is_asked_for() {
    let world = World::new();
    let server = world.open().await;
    let model = include_str!("../../../examples/cold-store/model.toml");
    let ask = async |language: &'static str, path: &str, body: serde_json::Value| {
        let request = Request::post(path)
            .header("accept-language", language)
            .header("content-type", "application/json")
            .extension(sekimori_server::LocalOperator)
            .body(Body::from(body.to_string()))
            .unwrap();
        send(&server, request).await
    };
    let draft = json!({"model": model, "dry_run": true});
    let english = ask("en", "/api/v1/policy", draft.clone()).await.ok();
    let japanese = ask("ja-JP,ja;q=0.9,en;q=0.5", "/api/v1/policy", draft)
        .await
        .ok();
    let (english, japanese) = (&english["changes"], &japanese["changes"]);
    assert_eq!(
        english.as_array().unwrap().len(),
        japanese.as_array().unwrap().len()
    );
    assert!(english[0].as_str().unwrap().starts_with("+ role "));
    assert!(japanese[0].as_str().unwrap().starts_with("+ 役割 "));

    ask("en", "/api/v1/policy", json!({"model": model}))
        .await
        .ok();
    let path = "/api/v1/devices/invitations";
    let invitation = json!({"name": "dev-0001", "role": "nobody"});
    let english = ask("en", path, invitation.clone()).await.json();
    let refused = ask("ja", path, invitation).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.headers["content-language"], "ja");
    let japanese = &refused.json()["error"];
    let english = &english["error"];
    assert_eq!(english["message"], "the policy has no role nobody");
    assert!(english["message_en"].is_null());
    assert_eq!(japanese["message"], "ポリシーに役割 nobody はありません");
    assert_eq!(japanese["message_en"], english["message"]);
    assert_eq!(japanese["code"], english["code"]);
    assert_eq!(japanese["expected"], english["expected"]);
    assert!(japanese["fix"].as_str().unwrap().contains("役割"));
    // What an extractor or the fallback says is no different.
    let unread = ask("ja", path, json!({"nombre": 1})).await.json();
    assert_eq!(unread["error"]["message"], "要求を解釈できません");
    let nowhere = ask("ja", "/nowhere", json!({})).await.json();
    assert_eq!(
        nowhere["error"]["message"],
        "resource /nowhere はありません"
    );
    server.close().await;
}
