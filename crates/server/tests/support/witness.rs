//! A witness of a second organization, on a real socket with real TLS.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http::StatusCode;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sekimori_ledger::Hash;
use sekimori_ledger::note::{CosignerKey, VerifierKey};
use sekimori_ledger::witness::{AddCheckpoint, Witness};
use sekimori_server::WitnessSettings;
use sha2::{Digest as _, Sha256};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// The witness; it takes any log that it is told of.
#[derive(Clone)]
pub struct TestWitness {
    shared: Arc<Shared>,
}

struct Shared {
    cosigner: CosignerKey,
    logs: Mutex<Vec<VerifierKey>>,
    stored: Mutex<HashMap<String, (u64, Hash)>>,
    address: Mutex<SocketAddr>,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    asleep: AtomicBool,
    asked: AtomicUsize,
}

impl TestWitness {
    pub async fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
        let witness = Self {
            shared: Arc::new(Shared {
                cosigner: CosignerKey::from_seed("partner.example/w1", &[9; 32]).unwrap(),
                logs: Mutex::default(),
                stored: Mutex::default(),
                address: Mutex::new("127.0.0.1:0".parse().unwrap()),
                certificate: made.cert.der().clone(),
                key: made.signing_key.serialize_der(),
                asleep: AtomicBool::new(false),
                asked: AtomicUsize::new(0),
            }),
        };
        witness.listen().await;
        witness
    }

    /// Trusts the log of an organization whose home is open.
    pub fn trust(&self, log: &VerifierKey) {
        self.shared.logs.lock().unwrap().push(log.clone());
    }

    /// Answers nothing but 503 until it is woken.
    pub fn sleep(&self, asleep: bool) {
        self.shared.asleep.store(asleep, Ordering::SeqCst);
    }

    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    pub fn size(&self) -> u64 {
        self.shared
            .stored
            .lock()
            .unwrap()
            .values()
            .map(|(size, _)| *size)
            .max()
            .unwrap_or(0)
    }

    pub fn settings(&self) -> WitnessSettings {
        WitnessSettings {
            url: format!("https://{}/", self.shared.address.lock().unwrap()),
            verifier_key: self.shared.cosigner.verifier_key().to_string(),
            certificate_sha256: Sha256::digest(&self.shared.certificate).into(),
        }
    }

    async fn listen(&self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        *self.shared.address.lock().unwrap() = listener.local_addr().unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![self.shared.certificate.clone()],
                PrivateKeyDer::try_from(self.shared.key.clone()).unwrap(),
            )
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let router = axum::Router::new()
            .route("/add-checkpoint", post(add_checkpoint))
            .with_state(self.clone());
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    return;
                };
                let acceptor = acceptor.clone();
                let service = TowerToHyperService::new(router.clone());
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let connection = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service);
                    drop(connection.await);
                });
            }
        });
    }
}

async fn add_checkpoint(State(witness): State<TestWitness>, body: Bytes) -> Response {
    let shared = &witness.shared;
    shared.asked.fetch_add(1, Ordering::SeqCst);
    if shared.asleep.load(Ordering::SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, "asleep").into_response();
    }
    let core = Witness {
        cosigner: shared.cosigner.clone(),
        logs: shared.logs.lock().unwrap().clone(),
    };
    let mut stored = shared.stored.lock().unwrap();
    let decided = AddCheckpoint::parse(&body)
        .and_then(|request| core.evaluate(stored.get(request.origin()), &request, 1_795_132_800));
    match decided {
        Ok(cosigned) => {
            stored.insert(cosigned.origin.clone(), (cosigned.size, cosigned.root));
            cosigned.line.into_response()
        }
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap();
            let text = match refusal.stored_size() {
                Some(size) => format!("{size}\n"),
                None => refusal.to_string(),
            };
            (status, text).into_response()
        }
    }
}
