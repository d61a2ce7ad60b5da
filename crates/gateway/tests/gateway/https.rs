//! HTTPS: who is asking, and the bounds around each request.

use core::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use sekimori_audit::Code;
use sekimori_gateway::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;

use crate::support::http::{self, request};
use crate::support::{Authority, Identity, Scene, Validity, mqtt, router, soon};

async fn connect(scene: &Scene, identity: Option<&Identity>) -> TlsStream<tokio::net::TcpStream> {
    let config = scene.authority.client(identity);
    mqtt::tls(scene.https, config).await.expect("TLS")
}

async fn who(scene: &Scene, identity: Option<&Identity>) -> String {
    let mut stream = connect(scene, identity).await;
    http::ask(&mut stream, &request("GET", "/who")).await
}

#[tokio::test]
async fn a_certificate_is_optional_and_known_to_the_router() {
    let scene = Scene::start().await;
    let device = scene.device("dev-0001");
    assert!(who(&scene, None).await.ends_with("nobody"));
    let answer = who(&scene, Some(&device)).await;
    assert!(
        answer.ends_with("dev-0001 expired=false contained=false"),
        "{answer}"
    );
    let event = scene
        .world
        .find(|event| event.code == Code::TlsMutual)
        .await;
    assert_eq!(event.detail["listener"], "https");
}

#[tokio::test]
async fn an_expired_certificate_of_a_device_in_good_standing_is_admitted_as_expired() {
    let scene = Scene::start().await;
    let old = scene.authority.issue("dev-0001", Validity::Past);
    scene.world.register("dev-0001", &old);
    let answer = who(&scene, Some(&old)).await;
    assert!(
        answer.ends_with("dev-0001 expired=true contained=false"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_bad_certificate_is_worse_than_none() {
    for (reason, authority, validity) in [
        (
            "unknown-issuer",
            Some(Authority::new("stranger")),
            Validity::Now,
        ),
        (
            "unknown-issuer",
            Some(Authority::new("stranger")),
            Validity::Past,
        ),
        ("unknown-device", None, Validity::Now),
        ("unknown-device", None, Validity::Past),
        ("not-yet-valid", None, Validity::Future),
    ] {
        let scene = Scene::start().await;
        let identity = authority
            .as_ref()
            .unwrap_or(&scene.authority)
            .issue("x", validity);
        let config = scene.authority.client(Some(&identity));
        if let Ok(mut stream) = mqtt::tls(scene.https, config).await {
            let _ = stream.write_all(request("GET", "/who").as_bytes()).await;
            assert_eq!(http::answer(&mut stream).await, "");
        }
        let event = scene.world.event(Code::TlsRefused, reason).await;
        assert_eq!(event.detail["listener"], "https");
    }
}

#[tokio::test]
async fn one_connection_serves_many_requests() {
    let scene = Scene::start().await;
    let mut stream = connect(&scene, None).await;
    for _ in 0..3 {
        let answer = http::ask(&mut stream, &request("GET", "/who")).await;
        assert!(answer.starts_with("HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn a_head_that_never_ends_is_dropped_at_its_deadline() {
    let brief = |limits: &mut Limits| limits.http_head = Duration::from_millis(100);
    let scene = Scene::with(brief, router()).await;
    let mut stream = connect(&scene, None).await;
    stream
        .write_all(b"GET /who HTTP/1.1\r\nHost:")
        .await
        .unwrap();
    stream.flush().await.unwrap();
    let answer = http::answer(&mut stream).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408 "),
        "{answer}"
    );
}

#[tokio::test]
async fn a_body_that_never_ends_is_dropped_at_its_deadline() {
    let brief = |limits: &mut Limits| limits.http_body = Duration::from_millis(100);
    let scene = Scene::with(brief, router()).await;
    let mut stream = connect(&scene, None).await;
    let head = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nabc";
    stream.write_all(head).await.unwrap();
    stream.flush().await.unwrap();
    let answer = http::answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let small = |limits: &mut Limits| {
        limits.http_body_bytes = 1000;
        limits.http_head_bytes = 8192;
    };
    let scene = Scene::with(small, router()).await;
    let mut stream = connect(&scene, None).await;
    let body = "x".repeat(1001);
    let large =
        format!("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n{body}");
    let answer = http::ask(&mut stream, &large).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");

    let mut stream = connect(&scene, None).await;
    let head = format!(
        "GET /who HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n",
        "x".repeat(9000)
    );
    let answer = http::ask(&mut stream, &head).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
}

/// Sends without end, and tells when it is stopped.
fn endless(stopped: CancellationToken) -> Router {
    let body = move || {
        let guard = stopped.clone().drop_guard();
        let chunks = futures_util::stream::repeat_with(move || {
            let _ = &guard;
            Ok::<_, std::io::Error>(vec![0; 64 * 1024])
        });
        core::future::ready(Body::from_stream(chunks))
    };
    Router::new().route("/endless", get(body))
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_given_up() {
    let stopped = CancellationToken::new();
    let brief = |limits: &mut Limits| limits.write_stall = Duration::from_millis(200);
    let scene = Scene::with(brief, endless(stopped.clone())).await;
    let mut stream = connect(&scene, None).await;
    stream
        .write_all(request("GET", "/endless").as_bytes())
        .await
        .unwrap();
    stream.flush().await.unwrap();
    soon(stopped.cancelled()).await;
    let mut rest = Vec::new();
    assert!(
        soon(stream.read_to_end(&mut rest)).await.is_err(),
        "cut off, not ended"
    );
}

#[tokio::test]
async fn a_bug_in_a_handler_closes_one_connection_and_is_told() {
    let scene = Scene::start().await;
    let mut bystander = connect(&scene, None).await;
    let mut stream = connect(&scene, None).await;
    let answer = http::ask(&mut stream, &request("GET", "/broken")).await;
    assert_eq!(answer, "");
    let event = scene.world.event(Code::ProtocolViolation, "panic").await;
    assert_eq!(event.detail["observed"], "a handler with a bug");
    let answer = http::ask(&mut bystander, &request("GET", "/who")).await;
    assert!(answer.ends_with("nobody"));
}
