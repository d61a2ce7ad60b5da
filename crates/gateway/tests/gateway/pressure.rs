//! Floods, garbage, bugs and peers that do not play along: whoever plays along
//! does not notice.

use core::num::NonZeroU16;
use core::sync::atomic::Ordering;
use core::time::Duration;

use futures_util::future::join_all;
use sekimori_audit::Code;
use sekimori_gateway::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::support::http::{self, request};
use crate::support::mqtt::{self, Client};
use crate::support::{Scene, Validity, router, soon};

const TOPIC: &str = "sk/dev-0001/temperature";

/// Octets that are different in each run of a test and the same in each test run.
struct Noise(u64);

impl Noise {
    fn octets(&mut self, count: usize) -> Vec<u8> {
        let next = || {
            // xorshift64 (Marsaglia 2003)
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0.to_le_bytes()[3]
        };
        core::iter::repeat_with(next).take(count).collect()
    }
}

#[tokio::test]
async fn garbage_before_the_handshake_harms_nobody() {
    let scene = Scene::start().await;
    let mut noise = Noise(0x5eed);
    for round in 0..60_u8 {
        for address in [scene.mqtt, scene.https] {
            let mut octets = noise.octets(usize::from(round) * 40 + 1);
            if round % 2 == 0 {
                octets.splice(0..1, [22, 3, 1, 2, 0, 1, 0, 1, 0xfc]);
            }
            let mut tcp = TcpStream::connect(address).await.unwrap();
            let _ = tcp.write_all(&octets).await;
            let _ = tcp.shutdown().await;
            let mut answer = Vec::new();
            let _ = soon(tcp.read_to_end(&mut answer)).await;
            assert!(!answer.starts_with(b"\x16"), "no ServerHello for garbage");
        }
    }
    scene.connect(&scene.device("dev-0001")).await.ping().await;
    for event in scene.world.events() {
        assert_ne!(event.reason.as_deref(), Some("panic"), "{event:?}");
    }
    assert_eq!(scene.world.count_of("tls.refused"), 120);
}

#[tokio::test]
async fn garbage_after_the_handshake_harms_nobody() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let mut noise = Noise(0xf00d);
    for round in 0..40 {
        let config = scene.authority.client(Some(&device));
        let mut client = Client::tls(scene.mqtt, config.clone()).await.unwrap();
        let mut octets = if round % 2 == 0 {
            mqtt::connect("x")
        } else {
            Vec::new()
        };
        octets.extend(noise.octets(200));
        octets.extend([0xff; 8]);
        let _ = client.send(&octets).await;
        let _ = client.stream.shutdown().await;
        client.end().await;
        let mut https = mqtt::tls(scene.https, config).await.unwrap();
        let mut octets = noise.octets(200);
        octets.extend_from_slice(b"\r\n\r\n");
        let _ = https.write_all(&octets).await;
        let _ = https.shutdown().await;
        let answer = http::answer(&mut https).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer}"
        );
    }
    scene.connect(&device).await.ping().await;
    for event in scene.world.events() {
        assert_ne!(event.reason.as_deref(), Some("panic"), "{event:?}");
    }
    assert!(scene.world.count_of("protocol.violation") > 0);
}

#[tokio::test]
async fn an_oversize_packet_ends_the_session_with_its_reason() {
    let scene = Scene::start().await;
    let mut client = scene.connect(&scene.device("dev-0001")).await;
    // The header alone announces 256 MB.
    client.send(&[0x30, 0xff, 0xff, 0xff, 0x7f]).await.unwrap();
    client.end().await;
    let event = scene
        .world
        .find(|event| event.code == Code::ProtocolViolation)
        .await;
    assert_eq!(event.device.as_deref(), Some("dev-0001"));
    assert_eq!(event.source.as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn packet_identifier_zero_ends_the_session_and_not_the_gateway() {
    let scene = Scene::start().await;
    let mut client = scene.connect(&scene.device("dev-0001")).await;
    let mut body = Vec::new();
    mqtt::text(&mut body, TOPIC);
    body.extend_from_slice(&[0, 0, 0]);
    client.send(&mqtt::framed(0x32, &body)).await.unwrap();
    client.end().await;
    let event = scene
        .world
        .find(|event| event.code == Code::ProtocolViolation)
        .await;
    assert_ne!(event.reason.as_deref(), Some("panic"));
}

#[tokio::test]
async fn a_bug_under_one_connection_closes_it_and_is_told() {
    let scene = Scene::start().await;
    let mut bystander = scene.connect(&scene.device("dev-0002")).await;
    let device = scene.device("dev-0001");
    let mut client = scene.connect(&device).await;
    scene.world.trap.store(true, Ordering::SeqCst);
    client.publish(1, TOPIC, b"1").await;
    assert_eq!(client.packet().await, None);
    let event = scene.world.event(Code::ProtocolViolation, "panic").await;
    assert_eq!(event.detail["observed"], "a trap in the uplink");
    bystander.ping().await;
    let mut again = scene.connect(&device).await;
    again.publish(1, TOPIC, b"1").await;
    assert_eq!(again.receipt().await, (1, 0));
}

#[tokio::test]
async fn a_device_that_reads_nothing_is_given_up() {
    let change = |limits: &mut Limits| {
        limits.write_stall = Duration::from_millis(300);
        limits.session.commands = 1000;
        limits.session.mqtt.receive_maximum = NonZeroU16::new(1000).unwrap();
    };
    let scene = Scene::with(change, router()).await;
    let device = scene.device("dev-0001");
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let tcp = socket.connect(scene.mqtt).await.unwrap();
    let connector = TlsConnector::from(scene.authority.client(Some(&device)));
    let stream = connector
        .connect("localhost".try_into().unwrap(), tcp)
        .await
        .unwrap();
    let mut client = Client::from_stream(stream);
    client.hello("dev-0001").await;
    client.subscribe("sk/dev-0001/cmd/+").await;
    let payload = format!("\"{}\"", "x".repeat(60_000)).into_bytes();
    let long = Duration::from_secs(3600);
    let commands = (0..400).map(|_| {
        scene
            .gateway
            .command("dev-0001", "setpoint", payload.clone(), long)
    });
    // Every one of them ends, though nobody reads.
    let ended = soon(join_all(commands)).await;
    assert!(ended.iter().all(Result::is_err));
    let event = scene
        .world
        .find(|event| event.code == Code::SessionClosed)
        .await;
    assert_eq!(event.device.as_deref(), Some("dev-0001"));
    assert!(scene.gateway.sessions().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_devices_at_once() {
    let scene = Scene::start().await;
    let devices: Vec<_> = (0..200)
        .map(|number| scene.device(&format!("dev-{number:04}")))
        .collect();
    let life = async |device: &crate::support::Identity| {
        let mut client = scene.connect(device).await;
        for id in 1..=5 {
            client
                .publish(id, &format!("sk/{}/temperature", device.name), b"21")
                .await;
            assert_eq!(client.receipt().await, (id, 0));
        }
        client
    };
    let clients = soon(join_all(devices.iter().map(life))).await;
    assert_eq!(scene.gateway.sessions().len(), 200);
    assert_eq!(scene.world.stored.lock().unwrap().len(), 1000);
    soon(scene.gateway.shutdown()).await;
    assert!(scene.gateway.sessions().is_empty());
    drop(clients);
}

#[tokio::test]
async fn a_flood_from_one_prefix_is_shed_before_any_cryptography_and_counted() {
    let change = |limits: &mut Limits| {
        limits.prefix_burst = 3;
        limits.prefix_per_second = 0;
    };
    let scene = Scene::with(change, router()).await;
    let mut kept = scene.connect(&scene.device("dev-0001")).await;
    for _ in 0..12 {
        let mut tcp = TcpStream::connect(scene.https).await.unwrap();
        let _ = tcp.write_all(b"x").await;
        let mut answer = Vec::new();
        let _ = soon(tcp.read_to_end(&mut answer)).await;
    }
    let event = scene.world.event(Code::BudgetExceeded, "prefix-rate").await;
    assert_eq!(event.source.as_deref(), Some("127.0.0.0/24"));
    soon(scene.gateway.shutdown()).await;
    let shed: u32 = scene
        .world
        .events()
        .iter()
        .filter(|event| event.code == Code::BudgetExceeded)
        .map(|event| event.count)
        .sum();
    assert_eq!(shed, 10, "each of them is counted");
    assert_eq!(scene.world.count_of("budget.exceeded"), 10);
    assert_eq!(scene.world.count_of("tls.refused"), 2);
    kept.end().await;
}

#[tokio::test]
async fn silent_peers_do_not_keep_others_out() {
    let change = |limits: &mut Limits| {
        limits.half_open = 4;
        limits.half_open_per_prefix = 3;
    };
    let scene = Scene::with(change, router()).await;
    let device = scene.device("dev-0001");
    let mut before = scene.connect(&device).await;
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(TcpStream::connect(scene.mqtt).await.unwrap());
    }
    let mut shed = TcpStream::connect(scene.mqtt).await.unwrap();
    let mut answer = Vec::new();
    let _ = soon(shed.read_to_end(&mut answer)).await;
    scene
        .world
        .event(Code::BudgetExceeded, "prefix-half-open")
        .await;
    before.ping().await;
    drop(silent);
    scene.world.event(Code::TlsRefused, "peer-aborted").await;
    let config = scene.authority.client(None);
    let mut https = mqtt::tls(scene.https, config).await.unwrap();
    assert!(
        http::ask(&mut https, &request("GET", "/who"))
            .await
            .ends_with("nobody")
    );
}

#[tokio::test]
async fn visitors_do_not_take_the_places_of_devices() {
    let change = |limits: &mut Limits| {
        limits.https_connections = 8;
        limits.visitors = 4;
        limits.visitors_per_prefix = 2;
    };
    let scene = Scene::with(change, router()).await;
    let visitor = scene.authority.client(None);
    let mut inside = Vec::new();
    for _ in 0..2 {
        let mut https = mqtt::tls(scene.https, visitor.clone()).await.unwrap();
        let answer = http::ask(&mut https, &request("GET", "/who")).await;
        assert!(answer.ends_with("nobody"), "{answer}");
        inside.push(https);
    }
    let mut third = mqtt::tls(scene.https, visitor.clone()).await.unwrap();
    let mut answer = Vec::new();
    let _ = soon(third.read_to_end(&mut answer)).await;
    assert_eq!(answer, b"");
    let event = scene.world.event(Code::BudgetExceeded, "visitors").await;
    assert_eq!(event.source.as_deref(), Some("127.0.0.0/24"));

    let config = scene.authority.client(Some(&scene.device("dev-0001")));
    let mut device = mqtt::tls(scene.https, config).await.unwrap();
    let answer = http::ask(&mut device, &request("GET", "/who")).await;
    assert!(answer.contains("dev-0001"), "{answer}");
}

#[tokio::test]
async fn one_device_does_not_take_the_places_of_others() {
    let scene = Scene::with(|limits| limits.https_per_device = 2, router()).await;
    let config = scene.authority.client(Some(&scene.device("dev-0001")));
    let mut inside = Vec::new();
    for _ in 0..2 {
        let mut https = mqtt::tls(scene.https, config.clone()).await.unwrap();
        let answer = http::ask(&mut https, &request("GET", "/who")).await;
        assert!(answer.contains("dev-0001"), "{answer}");
        inside.push(https);
    }
    let mut third = mqtt::tls(scene.https, config).await.unwrap();
    let mut answer = Vec::new();
    let _ = soon(third.read_to_end(&mut answer)).await;
    assert_eq!(answer, b"");
    scene
        .world
        .event(Code::BudgetExceeded, "device-connections")
        .await;
    let config = scene.authority.client(Some(&scene.device("dev-0002")));
    let mut other = mqtt::tls(scene.https, config).await.unwrap();
    let answer = http::ask(&mut other, &request("GET", "/who")).await;
    assert!(answer.contains("dev-0002"), "{answer}");
}

#[tokio::test]
async fn a_chain_longer_than_any_of_ours_is_refused() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    let junk = scene.authority.issue("junk", Validity::Now).certificate;
    for copies in [1, 60] {
        let config = scene
            .authority
            .client_with(&device, &vec![junk.clone(); copies]);
        let Ok(mut client) = Client::tls(scene.mqtt, config).await else {
            continue;
        };
        if copies == 1 {
            client.hello("dev-0001").await;
        } else {
            let _ = client.send(&mqtt::connect("dev-0001")).await;
            assert_eq!(client.packet().await, None);
        }
    }
    scene.world.event(Code::TlsRefused, "malformed").await;
}

#[tokio::test]
async fn a_full_listener_sheds_the_newest() {
    let scene = Scene::with(|limits| limits.mqtt_connections = 1, router()).await;
    let mut first = scene.connect(&scene.device("dev-0001")).await;
    let config = scene.authority.client(Some(&scene.device("dev-0002")));
    assert!(Client::tls(scene.mqtt, config).await.is_err());
    scene.world.event(Code::BudgetExceeded, "connections").await;
    first.ping().await;
    let config = scene.authority.client(None);
    let mut https = mqtt::tls(scene.https, config).await.unwrap();
    assert!(
        http::ask(&mut https, &request("GET", "/who"))
            .await
            .ends_with("nobody")
    );
}
