//! What a change of standing does to those who are inside, and to those who
//! want to come back.

use core::time::Duration;
use std::sync::Arc;

use sekimori_audit::Code;
use sekimori_gateway::CommandFailure;
use sekimori_identity::Standing;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::http::{self, request};
use crate::support::mqtt::{self, Client};
use crate::support::{Authority, Identity, Scene, Validity, soon, world};

#[tokio::test]
async fn a_revocation_closes_sessions_on_every_listener_at_once() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let bystander = scene.device("dev-0002");
    let mut client = scene.connect(&device).await;
    let mut other = scene.connect(&bystander).await;
    let config = scene.authority.client(Some(&device));
    let mut https = mqtt::tls(scene.https, config).await.unwrap();
    assert!(
        http::ask(&mut https, &request("GET", "/who"))
            .await
            .ends_with("contained=false")
    );

    scene
        .world
        .change(&device, |record| record.standing = Standing::Revoked);
    let closed = scene.gateway.device_changed(&world::id(&device));
    assert_eq!((closed.sessions, closed.restricted), (2, 0));
    soon(closed.settled()).await;

    let goodbye = client.end().await.expect("a DISCONNECT");
    assert_eq!(goodbye.body[0], 0x87, "not authorized");
    let mut rest = Vec::new();
    let _ = soon(https.read_to_end(&mut rest)).await;
    assert_eq!(rest, b"");
    for listener in ["mqtt", "https"] {
        let revoked = |event: &sekimori_audit::Event| {
            event.code == Code::SessionRevoked
                && event.device.as_deref() == Some("dev-0001")
                && event.detail["listener"] == listener
        };
        scene.world.find(revoked).await;
    }
    other.ping().await;
    let left: Vec<_> = scene
        .gateway
        .sessions()
        .iter()
        .map(|live| live.name.clone())
        .collect();
    assert_eq!(left, ["dev-0002"]);
    assert_eq!(
        scene.gateway.device_changed(&world::id(&device)).sessions,
        0
    );
}

/// Connects twice with one memory of sessions; the second time it resumes.
async fn resumed(scene: &Scene, config: &Arc<rustls::ClientConfig>) {
    for again in [false, true] {
        let mut client = Client::tls(scene.mqtt, config.clone()).await.unwrap();
        client.hello("dev-0001").await;
        assert_eq!(client.resumed(), again);
        // A take-over does not wait for a client that has gone in order.
        client.send(&[0xe0, 0]).await.unwrap();
        assert_eq!(client.packet().await, None);
    }
}

#[tokio::test]
async fn a_revoked_device_cannot_resume() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let config = scene.authority.client(Some(&device));
    resumed(&scene, &config).await;

    scene
        .world
        .change(&device, |record| record.standing = Standing::Revoked);
    scene.gateway.device_changed(&world::id(&device));
    if let Ok(mut client) = Client::tls(scene.mqtt, config).await {
        assert!(!client.resumed(), "the ticket of before is worth nothing");
        assert_eq!(client.packet().await, None);
    }
    let event = scene.world.event(Code::TlsRefused, "revoked").await;
    assert_eq!(event.device.as_deref(), Some("dev-0001"));
}

#[tokio::test]
async fn a_resumed_handshake_is_judged_by_the_standing_of_now() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let config = scene.authority.client(Some(&device));
    resumed(&scene, &config).await;

    // The directory knows, and nobody has told the gateway.
    scene
        .world
        .change(&device, |record| record.standing = Standing::Suspended);
    let mut client = Client::tls(scene.mqtt, config).await.unwrap();
    assert!(client.resumed());
    let _ = client.send(&mqtt::connect("dev-0001")).await;
    assert_eq!(client.packet().await, None);
    scene.world.event(Code::TlsRefused, "suspended").await;
}

#[tokio::test]
async fn a_session_without_certificate_cannot_be_resumed_where_one_is_needed() {
    let scene = Scene::start().await;
    let config = scene.authority.client(None);
    let mut https = mqtt::tls(scene.https, config.clone()).await.unwrap();
    assert!(
        http::ask(&mut https, &request("GET", "/who"))
            .await
            .ends_with("nobody")
    );
    if let Ok(mut client) = Client::tls(scene.mqtt, config).await {
        assert_eq!(client.packet().await, None);
    }
    scene.world.event(Code::TlsRefused, "no-certificate").await;
}

#[tokio::test]
async fn a_device_that_was_forgotten_is_closed() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let mut client = scene.connect(&device).await;
    scene.world.forget(&device);
    assert_eq!(
        scene.gateway.device_changed(&world::id(&device)).sessions,
        1
    );
    assert!(client.end().await.is_some());
}

#[tokio::test]
async fn a_contained_device_stays_and_may_do_less() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let mut client = scene.connect(&device).await;
    scene
        .world
        .change(&device, |record| record.contained = true);
    let closed = scene.gateway.device_changed(&world::id(&device));
    assert_eq!((closed.sessions, closed.restricted), (0, 1));
    assert!(scene.gateway.sessions()[0].contained);
    client.publish(1, "sk/dev-0001/temperature", b"1").await;
    assert!(client.receipt().await.1 >= 0x80);
    scene.world.event(Code::MessageRefused, "contained").await;

    scene
        .world
        .change(&device, |record| record.contained = false);
    scene.gateway.device_changed(&world::id(&device));
    client.publish(2, "sk/dev-0001/temperature", b"1").await;
    assert_eq!(client.receipt().await, (2, 0));
}

#[tokio::test]
async fn of_two_changes_at_once_the_later_one_counts() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let mut client = scene.connect(&device).await;
    let mut before = None;
    scene.world.change(&device, |record| {
        before = Some(record.clone());
        record.contained = true;
    });
    scene.gateway.device_changed(&world::id(&device));
    // Whoever told of the change before has read the directory then, and comes only now.
    *scene.world.stale.lock().unwrap() = before;
    scene.gateway.device_changed(&world::id(&device));
    client.publish(1, "sk/dev-0001/temperature", b"1").await;
    assert!(client.receipt().await.1 >= 0x80, "it is still contained");
    assert!(scene.gateway.sessions()[0].contained);
}

#[tokio::test]
async fn standing_is_read_anew_for_each_request() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let config = scene.authority.client(Some(&device));
    let mut https = mqtt::tls(scene.https, config).await.unwrap();
    let before = http::ask(&mut https, &request("GET", "/who")).await;
    assert!(
        before.ends_with("dev-0001 expired=false contained=false"),
        "{before}"
    );
    // The directory knows, and nobody has told the gateway.
    scene
        .world
        .change(&device, |record| record.contained = true);
    let contained = http::ask(&mut https, &request("GET", "/who")).await;
    assert!(contained.ends_with("contained=true"), "{contained}");
    scene
        .world
        .change(&device, |record| record.standing = Standing::Revoked);
    let after = http::ask(&mut https, &request("GET", "/who")).await;
    assert!(after.starts_with("HTTP/1.1 403 "), "{after}");
    let mut rest = Vec::new();
    let _ = soon(https.read_to_end(&mut rest)).await;
    assert_eq!(rest, b"", "the connection is closed");
    scene.world.event(Code::TlsRefused, "revoked").await;
}

#[tokio::test]
async fn the_newest_connection_of_a_device_takes_its_session_over() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let mut first = scene.connect(&device).await;
    let mut second = scene.connect(&device).await;
    let goodbye = first.end().await.expect("a DISCONNECT");
    assert_eq!(goodbye.body[0], 0x8e, "session taken over");
    second.ping().await;
    assert_eq!(scene.gateway.sessions().len(), 1);
    scene
        .world
        .find(|event| event.code == Code::SessionTakenOver)
        .await;
}

#[tokio::test]
async fn a_command_whose_session_is_revoked_does_not_wait() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let mut client = scene.connect(&device).await;
    client.subscribe("sk/dev-0001/cmd/+").await;
    let gateway = scene.gateway.clone();
    let command = tokio::spawn(async move {
        gateway
            .command(
                "dev-0001",
                "setpoint",
                b"{}".to_vec(),
                Duration::from_secs(3600),
            )
            .await
    });
    client.expect(mqtt::PUBLISH).await;
    scene
        .world
        .change(&device, |record| record.standing = Standing::Revoked);
    scene.gateway.device_changed(&world::id(&device));
    assert_eq!(
        soon(command).await.unwrap(),
        Err(CommandFailure::NotConnected)
    );
}

#[tokio::test]
async fn new_certificates_load_without_dropping_a_session() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let mut client = scene.connect(&device).await;
    assert_eq!(
        scene
            .gateway
            .reload_tls(scene.authority.material())
            .unwrap(),
        0
    );
    client.ping().await;
    scene.connect(&scene.device("dev-0002")).await.ping().await;
}

#[tokio::test]
async fn new_roots_close_the_sessions_that_they_do_not_vouch_for() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let mut client = scene.connect(&device).await;
    let successor = Authority::new("successor");
    assert_eq!(scene.gateway.reload_tls(successor.material()).unwrap(), 1);
    assert!(client.end().await.is_some());
    scene
        .world
        .event(Code::SessionRevoked, "unknown-issuer")
        .await;

    let renewed = successor.issue("dev-0001", Validity::Now);
    scene.world.register("dev-0001", &renewed);
    let config = successor.client(Some(&renewed));
    Client::tls(scene.mqtt, config)
        .await
        .unwrap()
        .hello("dev-0001")
        .await;
}

#[tokio::test]
async fn material_that_cannot_be_used_leaves_the_old_in_place() {
    let scene = Scene::start().await;
    let mut wrong = scene.authority.material();
    wrong.key = scene.authority.material().key;
    assert!(
        scene.gateway.reload_tls(wrong).is_err(),
        "the key of another certificate"
    );
    let mut rootless = scene.authority.material();
    rootless.client_roots.clear();
    assert!(scene.gateway.reload_tls(rootless).is_err());
    scene.connect(&scene.device("dev-0001")).await.ping().await;
}

#[tokio::test]
async fn an_upload_of_a_revoked_device_is_cut_off() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let config = scene.authority.client(Some(&device));
    let mut https = mqtt::tls(scene.https, config).await.unwrap();
    https
        .write_all(b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nab")
        .await
        .unwrap();
    https.flush().await.unwrap();
    scene
        .world
        .find(|event| event.code == Code::TlsMutual)
        .await;
    scene
        .world
        .change(&device, |record| record.standing = Standing::Revoked);
    assert_eq!(
        scene.gateway.device_changed(&world::id(&device)).sessions,
        1
    );
    let mut rest = Vec::new();
    let _ = soon(https.read_to_end(&mut rest)).await;
    assert_eq!(rest, b"");
}

/// A certificate that is good for so long from now on.
fn lasting(scene: &Scene, name: &str, time: Duration) -> Identity {
    #[expect(
        clippy::disallowed_methods,
        reason = "the gateway under test goes by the machine's clock"
    )]
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).unwrap();
    let identity = scene.authority.sign(name, Validity::Now, |params| {
        params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + now + time;
    });
    scene.world.register(name, &identity);
    identity
}

#[tokio::test]
async fn a_live_session_does_not_outlive_its_certificate() {
    let scene = Scene::start().await;
    let short = lasting(&scene, "dev-0001", Duration::from_secs(3));
    let long = lasting(&scene, "dev-0002", Duration::from_secs(3_600));
    let mut client = scene.connect(&short).await;
    let mut other = scene.connect(&long).await;
    client.ping().await;
    // It says nothing more, and is put out all the same when its certificate ends.
    let goodbye = client.end().await.expect("a DISCONNECT");
    assert_eq!(goodbye.body[0], 0x87, "not authorized");
    let event = scene.world.event(Code::SessionRevoked, "expired").await;
    assert_eq!(event.device.as_deref(), Some("dev-0001"));
    other.ping().await;
    // And it does not get in again.
    let config = scene.authority.client_unchecked(&short);
    if let Ok(mut again) = Client::tls(scene.mqtt, config).await {
        assert_eq!(again.packet().await, None, "TLS 1.3 tells late");
    }
    scene.world.event(Code::TlsRefused, "expired").await;
}
