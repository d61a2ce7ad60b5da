//! How devices get in, with what they are refused, and that no answer is lost.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic"
)]

mod support;

use std::time::Duration;

use axum::body::Body;
use http::{Method, Request, StatusCode};
use sekimori_server::Settings;
use serde_json::json;
use support::{Device, World, anybody, openssl, operate, post, read, send};

#[tokio::test]
async fn a_device_joins_over_est_and_openssl_believes_its_certificate() {
    let world = World::new();
    let server = world.open().await;
    let invited = post(
        &server,
        "/api/v1/devices/invitations",
        json!({"name":"dev-0001","role":"sensor"}),
    )
    .await
    .ok();
    let code = invited["code"].as_str().unwrap();
    let join = invited["join"].as_str().unwrap();
    assert!(join.starts_with("sekimori-agent join https://127.0.0.1:8443 --code dev-0001:"));
    assert!(join.ends_with(&server.root_fingerprint()));

    let mut device = Device::new("dev-0001");
    let answer = device.ask(&server, code).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(
        answer.headers["content-type"],
        "application/pkcs7-mime; smime-type=certs-only"
    );
    device.certificate = support::only_certificate(&answer.body);

    let folder = tempfile::tempdir().unwrap();
    let cacerts = send(
        &server,
        Request::get("/.well-known/est/cacerts")
            .extension(anybody())
            .body(Body::empty())
            .unwrap(),
    )
    .await;
    let root = folder.path().join("root.pem");
    let leaf = folder.path().join("leaf.pem");
    let armor = |der: &[u8]| pem::encode(&pem::Pem::new("CERTIFICATE", der.to_vec()));
    std::fs::write(&root, armor(&support::only_certificate(&cacerts.body))).unwrap();
    std::fs::write(&leaf, armor(&device.certificate)).unwrap();
    let at = world.now().as_second().to_string();
    let (root, leaf) = (root.to_str().unwrap(), leaf.to_str().unwrap());
    let verify = [
        "verify",
        "-x509_strict",
        "-attime",
        &at,
        "-purpose",
        "sslclient",
        "-CAfile",
        root,
        leaf,
    ];
    openssl(&verify, b"");
    let text = openssl(&["x509", "-in", leaf, "-noout", "-text"], b"");
    let text = String::from_utf8(text).unwrap();
    for part in [
        "CN = dev-0001".to_owned(),
        format!("URI:urn:sekimori:device:{}", device.id()),
        "TLS Web Client Authentication".to_owned(),
        "Digital Signature".to_owned(),
        "X509v3 Subject Key Identifier".to_owned(),
        "X509v3 Authority Key Identifier".to_owned(),
    ] {
        let squeezed = text.replace("CN=dev", "CN = dev");
        assert!(squeezed.contains(&part), "{part} in {text}");
    }

    let shown = read(&server, "/api/v1/devices/dev-0001").await.ok();
    assert_eq!(shown["number"], "SK-000001");
    assert_eq!(shown["standing"], "active");
    server.close().await;
}

#[tokio::test]
async fn a_lost_answer_is_given_again_even_after_a_crash() {
    let world = World::new();
    let server = world.open().await;
    let invited = server.invite("dev-0001", "sensor").await.unwrap();
    let device = Device::new("dev-0001");
    let first = device.ask(&server, &invited.code).await;
    let second = device.ask(&server, &invited.code).await;
    assert_eq!(first.status, StatusCode::OK);
    assert_eq!(first.body, second.body);
    server.close().await;
    drop(server);

    let server = world.open().await;
    let third = device.ask(&server, &invited.code).await;
    assert_eq!(first.body, third.body);
    // Another key with the same code is somebody else.
    let thief = Device::new("dev-0001");
    let refused = thief.ask(&server, &invited.code).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (StatusCode::FORBIDDEN, "SK-ENR-002")
    );
    server.close().await;
}

/// A device that was off while its certificate grew old would store one that ends, or has ended.
#[tokio::test]
async fn an_old_certificate_is_not_given_again() {
    let mut world = World::new();
    world.settings.device_certificate_life = Duration::from_secs(10 * 60 * 60);
    let server = world.open().await;
    let invited = server.invite("dev-0001", "sensor").await.unwrap();
    let device = Device::new("dev-0001");
    let first = device.ask(&server, &invited.code).await;
    world.pass(Duration::from_secs(60 * 60));
    assert_eq!(device.ask(&server, &invited.code).await.body, first.body);
    world.pass(Duration::from_secs(7 * 60 * 60));
    let fresh = device.ask(&server, &invited.code).await;
    assert_eq!(fresh.status, StatusCode::OK);
    assert_ne!(fresh.body, first.body);
    server.close().await;
}

#[tokio::test]
async fn wrong_codes_use_up_tries_that_a_restart_does_not_give_back() {
    let world = World::new();
    let server = world.open().await;
    let invited = server.invite("dev-0001", "sensor").await.unwrap();
    let device = Device::new("dev-0001");
    let unknown = Device::new("dev-0002")
        .ask(&server, "0000-0000-0000-0000")
        .await;
    for _ in 0..3 {
        let refused = device.ask(&server, "0000-0000-0000-0000").await;
        // Whoever does not know the code learns nothing about who was invited.
        assert_eq!(
            (refused.status, &refused.body),
            (StatusCode::UNAUTHORIZED, &unknown.body)
        );
        assert!(refused.headers.contains_key("www-authenticate"));
    }
    server.close().await;
    drop(server);
    let server = world.open().await;
    for _ in 0..2 {
        device.ask(&server, "0000-0000-0000-0000").await;
    }
    let late = device.ask(&server, &invited.code).await;
    assert_eq!(
        (late.status, &late.body),
        (StatusCode::UNAUTHORIZED, &unknown.body)
    );
    let again = server.invite("dev-0001", "sensor").await.unwrap();
    assert_eq!(
        device.ask(&server, &again.code).await.status,
        StatusCode::OK
    );
    server.close().await;
}

#[tokio::test]
async fn what_is_not_a_good_request_is_refused_with_its_reason() {
    let world = World::new();
    let server = world.open().await;
    let invited = server.invite("dev-0001", "sensor").await.unwrap();
    let device = Device::new("dev-0001");

    let nobody = Request::post("/.well-known/est/simpleenroll")
        .extension(anybody())
        .body(Body::from(device.request()))
        .unwrap();
    let answer = send(&server, nobody).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (StatusCode::UNAUTHORIZED, "SK-ENR-006")
    );

    let liar = Device::new("dev-0001");
    let other_subject = Device::new("dev-0009");
    let basic = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(format!("dev-0001:{}", invited.code))
    };
    let with_body = |body: Vec<u8>| {
        Request::post("/.well-known/est/simpleenroll")
            .header("authorization", format!("Basic {basic}"))
            .extension(anybody())
            .body(Body::from(body))
            .unwrap()
    };
    for (body, code) in [
        (other_subject.request().into_bytes(), "SK-ENR-003"),
        (b"garbage".to_vec(), "SK-ENR-003"),
        (vec![b'A'; 100_000], "SK-API-003"),
    ] {
        assert_eq!(send(&server, with_body(body)).await.code(), code);
    }
    // None of this used the code up.
    assert_eq!(
        liar.ask(&server, &invited.code).await.status,
        StatusCode::OK
    );

    let taken = operate(
        &server,
        Method::POST,
        "/api/v1/devices/invitations",
        Some(json!({"name":"dev-0001","role":"sensor"})),
    )
    .await;
    assert_eq!(
        (taken.status, taken.code().as_str()),
        (StatusCode::CONFLICT, "SK-DEV-003")
    );
    server.close().await;
}

#[tokio::test]
async fn an_invitation_ends_and_budgets_hold() {
    let mut world = World::new();
    world.settings = Settings {
        enrollments_per_minute: 3,
        ..world.settings
    };
    let server = world.open().await;
    let invited = server.invite("dev-0001", "sensor").await.unwrap();
    world.pass(Duration::from_secs(2 * 24 * 60 * 60));
    let device = Device::new("dev-0001");
    assert_eq!(
        device.ask(&server, &invited.code).await.code(),
        "SK-ENR-002"
    );
    for _ in 0..2 {
        device.ask(&server, &invited.code).await;
    }
    let flooded = device.ask(&server, &invited.code).await;
    assert_eq!(flooded.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(flooded.headers.contains_key("retry-after"));
    server.close().await;
}

#[tokio::test]
async fn a_device_renews_with_a_new_key_and_the_old_one_works_until_the_new_was_used() {
    let world = World::new();
    let server = world.open().await;
    let mut device = Device::new("dev-0001");
    device.enroll(&server, "sensor").await;
    let mut renewed = Device::new("dev-0001");
    let ask = |renewed: &Device| {
        Request::post("/.well-known/est/simplereenroll")
            .extension(device.peer(&server))
            .body(Body::from(renewed.request()))
            .unwrap()
    };
    let first = send(&server, ask(&renewed)).await;
    assert_eq!(
        first.status,
        StatusCode::OK,
        "{}",
        String::from_utf8_lossy(&first.body)
    );
    let again = send(&server, ask(&renewed)).await;
    assert_eq!(first.body, again.body);
    renewed.certificate = support::only_certificate(&first.body);

    let proof = "/api/v1/devices/self/proof";
    assert_eq!(device.get(&server, proof).await.status, StatusCode::OK);
    assert_eq!(renewed.get(&server, proof).await.status, StatusCode::OK);
    assert!(
        server.lookup(&device.spki()).is_none(),
        "the old key ended with the new one's use"
    );
    assert!(server.lookup(&renewed.spki()).is_some());
    server.close().await;
    drop(server);
    let server = world.open().await;
    assert!(server.lookup(&device.spki()).is_none());
    server.close().await;
}

#[tokio::test]
async fn an_expired_device_may_only_renew() {
    let world = World::new();
    let server = world.open().await;
    let mut device = Device::new("dev-0001");
    device.enroll(&server, "sensor").await;
    world.pass(Duration::from_secs(40 * 24 * 60 * 60));
    let mut peer = device.peer(&server);
    peer.client.as_mut().unwrap().expired = true;
    let request = Request::get("/api/v1/devices/self/proof")
        .extension(peer.clone())
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(&server, request).await.code(), "SK-DEV-006");
    let request = || {
        Request::post("/.well-known/est/simplereenroll")
            .extension(peer.clone())
            .body(Body::from(device.request()))
            .unwrap()
    };
    assert_eq!(send(&server, request()).await.status, StatusCode::OK);
    world.pass(Duration::from_secs(200 * 24 * 60 * 60));
    let late = send(&server, request()).await;
    assert_eq!(late.code(), "SK-ENR-005");
    assert_eq!(late.json()["error"]["reason"], "too-late");
    server.close().await;
}

#[tokio::test]
async fn names_of_the_platform_itself_are_not_given_to_devices() {
    let world = World::new();
    let server = world.open().await;
    for name in ["gateway", "server"] {
        let refused = support::post(
            &server,
            "/api/v1/devices/invitations",
            serde_json::json!({"name": name, "role": "sensor"}),
        )
        .await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (StatusCode::UNPROCESSABLE_ENTITY, "SK-DEV-008")
        );
        assert!(refused.json()["error"]["fix"].is_string());
    }
    server.invite("gateway-1", "sensor").await.unwrap();
    server.close().await;
}
