//! A server in a folder of its own, a clock to turn, devices with keys, and a witness.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic"
)]

pub mod witness;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData as _};
use sekimori_analysis::language::{Language, Text};
use sekimori_identity::{DeviceId, SpkiHash};
use sekimori_ledger::envelope;
use sekimori_policy::{FlowKind, Policy};
use sekimori_server::{
    Acknowledgement, Clock, Command, CommandFailure, Edge, Evidence, LiveSession, LocalOperator,
    RenderedReport, ReportFailure, Reports, Server, Settings, TlsMaterial,
};
use sekimori_session::{Accepted, ClientIdentity, HttpsPeer};
use sekimori_update::report::{Integrity, OutboxState, SelfTest, StateReport};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// Where every test begins: 2026-11-20T00:00:00Z.
const START: i64 = 1_795_132_800;

/// A home folder and a clock; servers come and go.
pub struct World {
    folder: tempfile::TempDir,
    seconds: Arc<AtomicI64>,
    pub settings: Settings,
}

impl World {
    pub fn new() -> Self {
        let seconds = Arc::new(AtomicI64::new(START));
        let told = seconds.clone();
        let clock = Clock::from_function(move || {
            Timestamp::from_second(told.load(Ordering::SeqCst)).unwrap()
        });
        let settings = Settings {
            organization: "maker.example".into(),
            cosign_deadline: Duration::from_secs(5),
            clock,
            ..Settings::default()
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            seconds,
            settings,
        }
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub fn pass(&self, time: Duration) {
        self.seconds
            .fetch_add(i64::try_from(time.as_secs()).unwrap(), Ordering::SeqCst);
    }

    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.seconds.load(Ordering::SeqCst)).unwrap()
    }

    pub async fn open(&self) -> Server {
        let server = Server::open(&self.home(), self.settings.clone())
            .await
            .unwrap();
        server.listening("https://127.0.0.1:8443", "127.0.0.1:8883");
        server.attach_reports(Arc::new(FakeReports));
        server
    }
}

/// An answer with its body read.
pub struct Answer {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The code of the problem, checked to have the promised shape.
    pub fn code(&self) -> String {
        let json = self.json();
        assert!(json["error"]["message"].is_string(), "{json}");
        json["error"]["code"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        let text = String::from_utf8_lossy(&self.body).into_owned();
        assert_eq!(self.status, StatusCode::OK, "{text}");
        self.json()
    }
}

pub async fn send(server: &Server, request: Request<Body>) -> Answer {
    let response = server.router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body,
    }
}

/// As the owner of the control socket.
pub async fn operate(server: &Server, method: Method, path: &str, body: Option<Value>) -> Answer {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .extension(LocalOperator);
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    send(server, request.body(body).unwrap()).await
}

pub async fn read(server: &Server, path: &str) -> Answer {
    operate(server, Method::GET, path, None).await
}

pub async fn post(server: &Server, path: &str, body: Value) -> Answer {
    operate(server, Method::POST, path, Some(body)).await
}

pub fn anybody() -> HttpsPeer {
    HttpsPeer {
        address: "192.0.2.7:40000".parse().unwrap(),
        client: None,
    }
}

/// A device: its key, and its certificate once it has one.
pub struct Device {
    pub name: String,
    pub key: KeyPair,
    pub certificate: Vec<u8>,
    pub boot: u64,
    sequence: u64,
}

impl Device {
    pub fn new(name: &str) -> Self {
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        Self {
            name: name.into(),
            key,
            certificate: Vec::new(),
            boot: 1,
            sequence: 0,
        }
    }

    pub fn spki(&self) -> SpkiHash {
        SpkiHash::of_der(&self.key.subject_public_key_info())
    }

    pub fn id(&self) -> DeviceId {
        DeviceId::of_first_key(&self.spki())
    }

    pub fn request(&self) -> String {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = DistinguishedName::new();
        parameters
            .distinguished_name
            .push(DnType::CommonName, self.name.as_str());
        STANDARD.encode(parameters.serialize_request(&self.key).unwrap().der())
    }

    /// Sends its enrollment request as it is.
    pub async fn ask(&self, server: &Server, code: &str) -> Answer {
        let basic = STANDARD.encode(format!("{}:{code}", self.name));
        let request = Request::post("/.well-known/est/simpleenroll")
            .header("authorization", format!("Basic {basic}"))
            .header("content-type", "application/pkcs10")
            .extension(anybody())
            .body(Body::from(self.request()))
            .unwrap();
        send(server, request).await
    }

    /// Invites and enrolls it.
    pub async fn enroll(&mut self, server: &Server, role: &str) {
        let invited = server.invite(&self.name, role).await.unwrap();
        let answer = self.ask(server, &invited.code).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        self.certificate = only_certificate(&answer.body);
    }

    pub fn peer(&self, server: &Server) -> HttpsPeer {
        let record = server.lookup(&self.spki()).expect("the device is known");
        let (_, parsed) = x509_parser::parse_x509_certificate(&self.certificate).unwrap();
        let not_after = parsed.validity().not_after.timestamp();
        let client = ClientIdentity {
            record,
            spki: self.spki(),
            expired: false,
            not_after: Timestamp::from_second(not_after).unwrap(),
        };
        HttpsPeer {
            client: Some(client),
            ..anybody()
        }
    }

    pub async fn get(&self, server: &Server, path: &str) -> Answer {
        let request = Request::get(path)
            .extension(self.peer(server))
            .body(Body::empty())
            .unwrap();
        send(server, request).await
    }

    /// A message of a flow, as the session hands it to the store.
    pub fn message(&mut self, now: Timestamp, flow: &str, payload: &[u8]) -> Accepted {
        self.sequence += 1;
        let kind = if flow.starts_with('_') {
            FlowKind::Platform
        } else {
            FlowKind::Telemetry
        };
        Accepted {
            device: self.id(),
            name: self.name.parse().unwrap(),
            flow: flow.into(),
            kind,
            payload: payload.to_vec(),
            boot: Some(self.boot),
            sequence: Some(self.sequence),
            device_time: None,
            received: now,
        }
    }

    /// Its state report, signed by its key.
    pub fn sealed(&self, report: &StateReport) -> Vec<u8> {
        let signer = envelope::signer_from_pkcs8_der(&self.key.serialize_der()).unwrap();
        envelope::seal(
            sekimori_update::report::CONTENT_TYPE,
            &report.encode(),
            &*signer,
        )
    }
}

pub fn report() -> StateReport {
    StateReport {
        release: "1.0.0".into(),
        product: "cold-store-sensor".into(),
        slot: None,
        counter: 1,
        boot: 1,
        trial: false,
        proof_verified: true,
        integrity: Integrity {
            held: true,
            deviations: Vec::new(),
        },
        restored: None,
        last_update: None,
        outbox: OutboxState::default(),
        self_test: SelfTest::Passed,
    }
}

/// The certificate inside of a certs-only answer, read by the openssl command.
pub fn only_certificate(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    let armored = format!("-----BEGIN PKCS7-----\n{text}-----END PKCS7-----\n");
    let printed = openssl(&["pkcs7", "-print_certs"], armored.as_bytes());
    let certificates = pem::parse_many(printed).unwrap();
    assert_eq!(certificates.len(), 1);
    certificates[0].contents().to_vec()
}

pub fn openssl(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut process = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this test needs the openssl command");
    process.stdin.take().unwrap().write_all(input).unwrap();
    let output = process.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments:?}: {errors}");
    output.stdout
}

/// Copies a home, as somebody would who looks into it elsewhere.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Gateways that remember what they were told.
#[derive(Default)]
pub struct FakeEdge {
    pub policies: Mutex<Vec<u64>>,
    pub changed: Mutex<Vec<DeviceId>>,
    pub commands: Mutex<Vec<Command>>,
    pub live: AtomicUsize,
}

impl Edge for FakeEdge {
    fn policy_applied(&self, policy: Arc<Policy>) {
        self.policies.lock().unwrap().push(policy.version);
    }

    fn device_changed(&self, device: &DeviceId) -> usize {
        self.changed.lock().unwrap().push(*device);
        self.live.swap(0, Ordering::SeqCst)
    }

    fn tls_changed(&self, _: TlsMaterial) {}

    fn command(
        &self,
        command: Command,
    ) -> BoxFuture<'static, Result<Acknowledgement, CommandFailure>> {
        let known = command.flow == "lock";
        self.commands.lock().unwrap().push(command);
        Box::pin(async move {
            if known {
                let payload = b"{\"locked\":true}".to_vec();
                Ok(Acknowledgement {
                    payload,
                    took: Duration::from_millis(3),
                })
            } else {
                Err(CommandFailure::NotSubscribed)
            }
        })
    }

    fn sessions(&self) -> Vec<LiveSession> {
        Vec::new()
    }
}

/// Reports that show which form was asked for, in which language, and what was found.
pub struct FakeReports;

impl Reports for FakeReports {
    fn render(
        &self,
        evidence: &Evidence,
        format: &str,
        language: Language,
    ) -> Result<RenderedReport, ReportFailure> {
        let report =
            json!({ "language": language.tag(), "findings": evidence.assessment.findings });
        let (media_type, bytes) = match format {
            "json" => ("application/json", report.to_string().into_bytes()),
            "html" => (
                "text/html; charset=utf-8",
                format!("<html lang=\"{}\">", language.tag()).into_bytes(),
            ),
            "pdf" => {
                return Err(ReportFailure::Unavailable {
                    observed: Text::new("no font", "フォントがない"),
                    fix: Text::new("install a font", "フォントを入れてください"),
                });
            }
            _ => {
                let known = "json, html".to_owned();
                return Err(ReportFailure::UnknownFormat { known });
            }
        };
        Ok(RenderedReport { media_type, bytes })
    }
}

/// Waits for an event with this code, and returns it.
pub async fn event(
    live: &mut tokio::sync::broadcast::Receiver<sekimori_server::Live>,
    code: &str,
) -> sekimori_audit::Event {
    let waiting = async {
        loop {
            if let sekimori_server::Live::Event(event) = live.recv().await.unwrap()
                && event.code.as_str() == code
            {
                return (*event).clone();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting)
        .await
        .unwrap_or_else(|_| panic!("no event {code} within 10 s"))
}

pub fn address() -> SocketAddr {
    "192.0.2.7:40000".parse().unwrap()
}
