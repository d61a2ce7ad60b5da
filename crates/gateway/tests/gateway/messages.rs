//! The life of messages and commands over real sockets.

use core::time::Duration;
use std::sync::Arc;

use crate::support::mqtt::{self, PUBLISH, text};
use crate::support::{Scene, router, soon, world};
use sekimori_audit::Code;
use sekimori_gateway::{CommandFailure, ListenerKind};

const TOPIC: &str = "sk/dev-0001/temperature";

#[tokio::test]
async fn an_allowed_message_is_acknowledged_only_after_it_was_stored() {
    let scene = Scene::start().await;
    let mut client = scene.connect(&scene.device("dev-0001")).await;
    scene.world.hold();
    client.publish(7, TOPIC, b"21").await;
    // The answer to the ping would come after the receipt, if there were one.
    client.ping().await;
    assert!(scene.world.stored.lock().unwrap().is_empty());
    scene.world.release(1);
    assert_eq!(client.receipt().await, (7, 0));
    let stored = scene.world.stored.lock().unwrap();
    assert_eq!(stored[0].payload, b"21");
    assert_eq!(stored[0].flow, "temperature");
}

#[tokio::test]
async fn a_refused_message_has_its_reason_and_its_source() {
    let scene = Scene::start().await;
    let mut client = scene.connect(&scene.device("dev-0001")).await;
    client.publish(1, "sk/dev-0001/undeclared", b"1").await;
    let (_, code) = client.receipt().await;
    assert!(code >= 0x80);
    let event = scene
        .world
        .event(Code::MessageRefused, "not-authorized")
        .await;
    assert_eq!(event.device.as_deref(), Some("dev-0001"));
    assert_eq!(event.source.as_deref(), Some("127.0.0.1"));
    assert_eq!(scene.world.count_of("not-authorized"), 1);
}

#[tokio::test]
async fn the_handshake_is_mutual_and_its_key_exchange_resists_quantum_computers() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let _client = scene.connect(&device).await;
    let event = scene
        .world
        .find(|event| event.code == Code::TlsMutual)
        .await;
    assert_eq!(event.device.as_deref(), Some("dev-0001"));
    assert_eq!(event.detail["key_exchange"], "X25519MLKEM768");
    assert_eq!(event.detail["listener"], "mqtt");
    assert_eq!(event.detail["key"], device.spki.to_string());
    let sessions = scene.gateway.sessions();
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0].name, "dev-0001");
    assert_eq!(sessions[0].listener, ListenerKind::Mqtt);
}

#[tokio::test]
async fn a_message_that_nobody_waits_to_see_stored_is_stored() {
    let scene = Scene::start().await;
    let mut client = scene.connect(&scene.device("dev-0001")).await;
    scene.world.hold();
    let mut last = mqtt::publish(0, TOPIC, b"last words");
    last.extend_from_slice(&[0xe0, 0]);
    client.send(&last).await.unwrap();
    drop(client);
    scene.world.event(Code::SessionClosed, "disconnected").await;
    scene.world.release(1);
    scene.world.stored(1).await;
}

#[tokio::test]
async fn a_store_that_is_slow_leaves_the_socket_unread() {
    let change = |limits: &mut sekimori_gateway::Limits| limits.session.in_flight = 4;
    let scene = Scene::with(change, router()).await;
    let mut client = scene.connect(&scene.device("dev-0001")).await;
    scene.world.hold();
    for id in 1..=16 {
        client.publish(id, TOPIC, b"1").await;
    }
    scene.world.waiting(4).await;
    for id in 1..=16 {
        scene.world.release(1);
        assert_eq!(client.receipt().await, (id, 0));
    }
    assert_eq!(scene.world.most_waiting(), 4);
}

#[tokio::test]
async fn a_command_is_acknowledged_by_the_device() {
    let scene = Scene::start().await;
    let mut client = scene.connect(&scene.device("dev-0001")).await;
    assert_eq!(client.subscribe("sk/dev-0001/cmd/+").await, 1);
    let gateway = Arc::clone(&scene.gateway);
    let command = tokio::spawn(async move {
        gateway
            .command(
                "dev-0001",
                "setpoint",
                b"{\"to\":4}".to_vec(),
                Duration::from_secs(10),
            )
            .await
    });
    let order = client.expect(PUBLISH).await;
    let correlation = correlation(&order.body);
    assert!(order.body.ends_with(b"{\"to\":4}"));
    let mut answer = Vec::new();
    text(&mut answer, "sk/dev-0001/cmd/setpoint/ack");
    answer.extend_from_slice(&[0, 9]);
    answer.push(u8::try_from(correlation.len() + 3).unwrap());
    answer.push(9);
    answer.extend_from_slice(&u16::try_from(correlation.len()).unwrap().to_be_bytes());
    answer.extend_from_slice(&correlation);
    answer.extend_from_slice(b"{\"done\":true}");
    client.send(&mqtt::framed(0x32, &answer)).await.unwrap();
    let acknowledgement = soon(command).await.unwrap().unwrap();
    assert_eq!(acknowledgement.payload, b"{\"done\":true}");
}

/// The correlation data (MQTT 5.0 section 3.3.2.3.6) of a PUBLISH with QoS 1.
fn correlation(body: &[u8]) -> Vec<u8> {
    let topic = usize::from(u16::from_be_bytes([body[0], body[1]]));
    let properties = &body[2 + topic + 2..];
    let at = properties
        .iter()
        .skip(1)
        .position(|octet| *octet == 9)
        .unwrap()
        + 1;
    let length = usize::from(u16::from_be_bytes([properties[at + 1], properties[at + 2]]));
    properties[at + 3..at + 3 + length].to_vec()
}

#[tokio::test]
async fn a_command_without_answer_ends_at_its_deadline() {
    let scene = Scene::start().await;
    let wait = Duration::from_millis(50);
    let nobody = scene
        .gateway
        .command("dev-0001", "setpoint", Vec::new(), wait)
        .await;
    assert_eq!(nobody, Err(CommandFailure::NotConnected));
    let mut client = scene.connect(&scene.device("dev-0001")).await;
    let deaf = scene
        .gateway
        .command("dev-0001", "setpoint", b"{}".to_vec(), wait)
        .await;
    assert_eq!(deaf, Err(CommandFailure::NotSubscribed));
    client.subscribe("sk/dev-0001/cmd/+").await;
    let silent = scene
        .gateway
        .command("dev-0001", "setpoint", b"{}".to_vec(), wait)
        .await;
    assert_eq!(silent, Err(CommandFailure::TimedOut));
    scene
        .world
        .find(|event| event.code == Code::CommandTimedOut)
        .await;
}

#[tokio::test]
async fn a_policy_reaches_sessions_that_live_already() {
    let scene = Scene::start().await;
    let mut client = scene.connect(&scene.device("dev-0001")).await;
    client.publish(1, TOPIC, b"1").await;
    assert_eq!(client.receipt().await, (1, 0));
    let mut other = world::policy(2);
    other.roles[0].publish.clear();
    scene.gateway.apply_policy(Arc::new(other)).unwrap();
    client.publish(2, TOPIC, b"1").await;
    assert!(client.receipt().await.1 >= 0x80);
}

#[tokio::test]
async fn a_shutdown_says_goodbye_and_closes_the_listeners() {
    let scene = Scene::start().await;
    let mut client = scene.connect(&scene.device("dev-0001")).await;
    soon(scene.gateway.shutdown()).await;
    let goodbye = client.end().await.expect("a DISCONNECT");
    assert_eq!(goodbye.body[0], 0x8b, "server shutting down");
    assert!(tokio::net::TcpStream::connect(scene.mqtt).await.is_err());
    assert!(scene.gateway.sessions().is_empty());
}
