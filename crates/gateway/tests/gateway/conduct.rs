//! The rules for every device are taken from the policy in force: another policy, another behavior.

use core::time::Duration;
use std::sync::Arc;

use sekimori_audit::Code;
use sekimori_policy::{Policy, Receive, Ruling, Tls};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use crate::support::mqtt::{self, Client};
use crate::support::{Scene, router, soon, world};

const TOPIC: &str = "sk/dev-0001/temperature";

fn rule<T>(is: T) -> Option<Ruling<T>> {
    Some(Ruling {
        is,
        requirement: vec!["REQ-TEST".into()],
        enforced: true,
    })
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|word| (*word).to_owned()).collect()
}

fn receive() -> Receive {
    Receive {
        unauthenticated: words(&["enrollment"]),
        mqtt: words(&["3.1.1", "5"]),
        packets: words(&["publish", "subscribe"]),
        packet_bytes: 65_536,
    }
}

fn tls(groups: &[&str], signatures: &[&str]) -> Tls {
    Tls {
        versions: words(&["1.3"]),
        groups: words(groups),
        signatures: words(signatures),
    }
}

/// Puts a policy in force that differs from the usual one as `change` says.
fn apply(scene: &Scene, change: impl FnOnce(&mut Policy)) {
    let mut policy = world::policy(2);
    change(&mut policy);
    policy.validate().expect("a policy");
    scene
        .gateway
        .apply_policy(Arc::new(policy))
        .expect("usable");
}

#[tokio::test]
async fn a_handshake_has_as_long_as_the_policy_says() {
    let scene = Scene::start().await;
    apply(&scene, |policy| policy.conduct.handshake_seconds = rule(1));
    let begun = tokio::time::Instant::now();
    let mut silent = TcpStream::connect(scene.mqtt).await.unwrap();
    assert_eq!(soon(silent.read(&mut [0; 8])).await.unwrap(), 0, "closed");
    let took = begun.elapsed();
    assert!(
        took < Duration::from_secs(8),
        "the gateway's own limit is 10 s: {took:?}"
    );
    scene.world.event(Code::TlsRefused, "timeout").await;
}

#[tokio::test]
async fn a_rule_that_is_not_enforced_changes_nothing() {
    let scene = Scene::with(|limits| limits.handshake = Duration::from_secs(1), router()).await;
    apply(&scene, |policy| {
        policy.conduct.handshake_seconds = rule(60);
        policy.conduct.handshake_seconds.as_mut().unwrap().enforced = false;
    });
    let mut silent = TcpStream::connect(scene.mqtt).await.unwrap();
    assert_eq!(soon(silent.read(&mut [0; 8])).await.unwrap(), 0, "closed");
}

#[tokio::test]
async fn a_silent_session_ends_when_the_policy_says() {
    let scene = Scene::start().await;
    apply(&scene, |policy| policy.conduct.idle_seconds = rule(3));
    let identity = scene.device("dev-0001");
    let mut client = scene.connect(&identity).await;
    client.publish(1, TOPIC, b"1").await;
    assert_eq!(client.receipt().await, (1, 0));
    let begun = tokio::time::Instant::now();
    client.end().await;
    let took = begun.elapsed();
    assert!(
        took >= Duration::from_secs(2),
        "not while it may be silent: {took:?}"
    );
    assert!(
        took < Duration::from_secs(12),
        "the usual is half an hour: {took:?}"
    );
}

#[tokio::test]
async fn a_session_takes_packets_as_long_as_the_policy_says() {
    let scene = Scene::start().await;
    let identity = scene.device("dev-0001");
    let long = vec![b'1'; 50_000];
    let mut usual = scene.connect(&identity).await;
    usual.publish(1, TOPIC, &long).await;
    assert_eq!(usual.receipt().await, (1, 0));
    drop(usual);
    apply(&scene, |policy| {
        policy.conduct.receive = rule(Receive {
            packet_bytes: 36_864,
            ..receive()
        });
    });
    let mut client = scene.connect(&identity).await;
    let _ = client.send(&mqtt::publish(1, TOPIC, &long)).await;
    client.end().await;
    scene
        .world
        .find(|event| event.code == Code::ProtocolViolation)
        .await;
}

#[tokio::test]
async fn what_the_receive_filter_does_not_list_is_refused_at_once() {
    let scene = Scene::start().await;
    let identity = scene.device("dev-0001");
    let mut client = scene.connect(&identity).await;
    assert_eq!(client.subscribe("sk/dev-0001/cmd/+").await, 1);
    apply(&scene, |policy| {
        policy.conduct.receive = rule(Receive {
            packets: words(&["publish"]),
            ..receive()
        });
    });
    assert!(client.subscribe("sk/dev-0001/cmd/+").await >= 0x80);
    let event = scene
        .world
        .event(Code::SubscribeRefused, "not-authorized")
        .await;
    assert!(
        event
            .detail
            .values()
            .any(|said| said.contains("receive filter")),
        "{event:?}"
    );
    client.publish(1, TOPIC, b"1").await;
    assert_eq!(client.receipt().await, (1, 0));
}

#[tokio::test]
async fn a_version_of_mqtt_that_the_policy_does_not_take_is_turned_away() {
    let scene = Scene::start().await;
    apply(&scene, |policy| {
        policy.conduct.receive = rule(Receive {
            mqtt: words(&["3.1.1"]),
            ..receive()
        });
    });
    let identity = scene.device("dev-0001");
    let config = scene.authority.client(Some(&identity));
    let mut client = Client::tls(scene.mqtt, config).await.expect("TLS");
    client.send(&mqtt::connect("dev-0001")).await.unwrap();
    let answer = client.packet().await.expect("a CONNACK");
    assert!(answer.body[1] >= 0x80, "refused: {:?}", answer.body);
    scene
        .world
        .event(Code::ProtocolViolation, "unsupported-version")
        .await;
}

#[tokio::test]
async fn a_connection_uses_a_group_of_the_policy() {
    let scene = Scene::start().await;
    let identity = scene.device("dev-0001");
    let groups = ["X25519MLKEM768", "x25519", "secp256r1", "secp384r1"];
    let agreed = |scene: &Scene| scene.gateway.sessions()[0].key_exchange.clone();
    let client = scene.connect(&identity).await;
    assert_eq!(agreed(&scene), "X25519MLKEM768");
    drop(client);
    for (wanted, shown) in [("secp384r1", "secp384r1"), ("x25519", "X25519")] {
        apply(&scene, |policy| {
            policy.conduct.tls = rule(tls(&[wanted], &["ecdsa_secp256r1_sha256", "ed25519"]));
        });
        let mut client = scene.connect(&identity).await;
        client.ping().await;
        let sessions = scene.gateway.sessions();
        assert!(
            sessions.iter().any(|session| session.key_exchange == shown),
            "{wanted}: {sessions:?}"
        );
        drop(client);
    }
    // Without a rule everything that the provider offers is there again.
    apply(&scene, |policy| policy.conduct.tls = None);
    let mut client = scene.connect(&identity).await;
    client.ping().await;
    assert!(groups.contains(&scene.gateway.sessions()[0].key_exchange.as_str()));
}

#[tokio::test]
async fn a_signature_that_the_policy_does_not_list_opens_nothing() {
    let scene = Scene::start().await;
    // The devices of this world have P-256 keys.
    apply(&scene, |policy| {
        policy.conduct.tls = rule(tls(&["x25519"], &["ed25519"]));
    });
    let identity = scene.device("dev-0001");
    let config = scene.authority.client(Some(&identity));
    if let Ok(mut client) = Client::tls(scene.mqtt, config).await {
        let _ = client.send(&mqtt::connect("dev-0001")).await;
        assert_eq!(client.packet().await, None, "a refused peer reads no MQTT");
    }
    assert!(scene.gateway.sessions().is_empty());
    apply(&scene, |policy| {
        policy.conduct.tls = rule(tls(&["x25519"], &["ecdsa_secp256r1_sha256"]));
    });
    scene.connect(&identity).await;
}
