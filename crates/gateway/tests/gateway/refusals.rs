//! Everyone who is turned away, with the one exact cause that the operator
//! reads, and with nothing but a closed door for the peer.

use rcgen::ExtendedKeyUsagePurpose;
use sekimori_audit::{Code, Event};
use sekimori_identity::Standing;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::mqtt::{self, Client};
use crate::support::{Authority, Identity, Scene, Validity, router, soon};

/// Tries to come in at the MQTT listener and reads the event that comes of it.
async fn refused(scene: &Scene, identity: Option<&Identity>, reason: &str) -> Event {
    let config = scene.authority.client(identity);
    if let Ok(mut client) = Client::tls(scene.mqtt, config).await {
        // The client learns of it after its own half of the handshake (RFC 8446 section 4.4).
        let _ = client.send(&mqtt::connect("whoever")).await;
        assert_eq!(client.packet().await, None, "a refused peer reads no MQTT");
    }
    let event = scene.world.event(Code::TlsRefused, reason).await;
    assert_eq!(
        scene.world.events().len(),
        1,
        "one event: {:#?}",
        scene.world.summary()
    );
    assert_eq!(scene.world.count_of("tls.refused"), 1);
    assert_eq!(event.source.as_deref(), Some("127.0.0.1"));
    assert!(!event.detail["observed"].is_empty());
    event
}

#[tokio::test]
async fn no_certificate() {
    let scene = Scene::start().await;
    let event = refused(&scene, None, "no-certificate").await;
    assert_eq!(event.device, None);
}

#[tokio::test]
async fn unknown_issuer() {
    let scene = Scene::start().await;
    let stranger = Authority::new("stranger").issue("dev-0001", Validity::Now);
    let event = refused(&scene, Some(&stranger), "unknown-issuer").await;
    assert_eq!(
        event.device, None,
        "a name that a stranger claims is no device's"
    );
    assert!(event.detail["observed"].contains("dev-0001"));
}

#[tokio::test]
async fn an_issuer_that_only_has_our_name_is_unknown() {
    let scene = Scene::start().await;
    let namesake = Authority::new("maker").issue("dev-0001", Validity::Now);
    refused(&scene, Some(&namesake), "unknown-issuer").await;
}

#[tokio::test]
async fn expired() {
    let scene = Scene::start().await;
    let old = scene.authority.issue("dev-0001", Validity::Past);
    scene.world.register("dev-0001", &old);
    let event = refused(&scene, Some(&old), "expired").await;
    assert_eq!(event.device.as_deref(), Some("dev-0001"));
}

#[tokio::test]
async fn a_strangers_expired_certificate_is_a_strangers_first() {
    let scene = Scene::start().await;
    let old = Authority::new("stranger").issue("dev-0001", Validity::Past);
    refused(&scene, Some(&old), "unknown-issuer").await;
}

#[tokio::test]
async fn not_yet_valid() {
    let scene = Scene::start().await;
    let early = scene.authority.issue("dev-0001", Validity::Future);
    scene.world.register("dev-0001", &early);
    refused(&scene, Some(&early), "not-yet-valid").await;
}

#[tokio::test]
async fn standing() {
    for (standing, reason) in [
        (Standing::Revoked, "revoked"),
        (Standing::Retired, "revoked"),
        (Standing::Suspended, "suspended"),
    ] {
        let scene = Scene::start().await;
        let device = scene.device("dev-0001");
        scene
            .world
            .change(&device, |record| record.standing = standing);
        let event = refused(&scene, Some(&device), reason).await;
        assert_eq!(event.device.as_deref(), Some("dev-0001"));
    }
}

#[tokio::test]
async fn unknown_device() {
    let scene = Scene::start().await;
    let ghost = scene.authority.issue("dev-0001", Validity::Now);
    refused(&scene, Some(&ghost), "unknown-device").await;
}

#[tokio::test]
async fn wrong_purpose() {
    for purposes in [vec![], vec![ExtendedKeyUsagePurpose::ServerAuth]] {
        let scene = Scene::start().await;
        let server = scene.authority.sign("dev-0001", Validity::Now, |params| {
            params.extended_key_usages = purposes;
        });
        scene.world.register("dev-0001", &server);
        refused(&scene, Some(&server), "wrong-purpose").await;
    }
}

#[tokio::test]
async fn a_copied_certificate_without_its_key() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let thief = Identity {
        key: scene.authority.issue("thief", Validity::Now).key,
        ..device
    };
    let config = scene.authority.client_unchecked(&thief);
    if let Ok(mut client) = Client::tls(scene.mqtt, config).await {
        assert_eq!(client.packet().await, None);
    }
    let event = scene.world.event(Code::TlsRefused, "malformed").await;
    assert_eq!(event.device, None, "who holds no key is no device");
}

#[tokio::test]
async fn a_peer_that_does_not_trust_us() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let wary = Authority::new("other").client(Some(&device));
    assert!(Client::tls(scene.mqtt, wary).await.is_err());
    let event = scene.world.event(Code::TlsRefused, "peer-aborted").await;
    assert!(event.detail["observed"].contains("UnknownCA"), "{event:?}");
}

#[tokio::test]
async fn plain_http_on_a_tls_port_is_told_so_and_closed() {
    let scene = Scene::start().await;
    for address in [scene.https, scene.mqtt] {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        tcp.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        soon(tcp.read_to_string(&mut answer)).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(
            answer.ends_with("\r\n\r\nThis port speaks TLS 1.3.\n"),
            "{answer}"
        );
        let listener = if address == scene.https {
            "https"
        } else {
            "mqtt"
        };
        let event = scene
            .world
            .find(|event| {
                event.reason.as_deref() == Some("not-tls") && event.detail["listener"] == listener
            })
            .await;
        assert!(event.detail["observed"].contains("HTTP"));
    }
}

#[tokio::test]
async fn plain_mqtt_on_a_tls_port_is_closed() {
    let scene = Scene::start().await;
    let mut tcp = TcpStream::connect(scene.mqtt).await.unwrap();
    tcp.write_all(&mqtt::connect("dev-0001")).await.unwrap();
    let mut answer = Vec::new();
    soon(tcp.read_to_end(&mut answer)).await.unwrap();
    assert_eq!(answer, b"");
    let event = scene.world.event(Code::TlsRefused, "not-tls").await;
    assert!(event.detail["observed"].contains("MQTT"));
}

#[tokio::test]
async fn a_broken_handshake_is_malformed() {
    let scene = Scene::start().await;
    let mut tcp = TcpStream::connect(scene.mqtt).await.unwrap();
    tcp.write_all(&[22, 3, 1, 0, 5, 1, 0, 0, 1, 0xff])
        .await
        .unwrap();
    let mut answer = Vec::new();
    soon(tcp.read_to_end(&mut answer)).await.unwrap();
    scene.world.event(Code::TlsRefused, "malformed").await;
}

#[tokio::test]
async fn a_silent_peer_is_dropped_at_the_deadline() {
    let brief = core::time::Duration::from_millis(100);
    let scene = Scene::with(|limits| limits.handshake = brief, router()).await;
    for (address, first) in [(scene.mqtt, vec![]), (scene.https, vec![22, 3, 1])] {
        let mut tcp = TcpStream::connect(address).await.unwrap();
        tcp.write_all(&first).await.unwrap();
        let mut answer = Vec::new();
        let _ = soon(tcp.read_to_end(&mut answer)).await;
        assert_eq!(answer, b"");
    }
    for listener in ["mqtt", "https"] {
        let timeout = |event: &Event| {
            event.reason.as_deref() == Some("timeout") && event.detail["listener"] == listener
        };
        scene.world.find(timeout).await;
    }
}

#[tokio::test]
async fn a_peer_that_comes_and_goes_is_seen() {
    let scene = Scene::start().await;
    drop(TcpStream::connect(scene.https).await.unwrap());
    scene.world.event(Code::TlsRefused, "peer-aborted").await;
}
