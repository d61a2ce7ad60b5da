//! The witness's HTTPS socket.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use sekimori_ledger::witness::{
    AddCheckpoint, MAX_REQUEST_BYTES, SIZE_CONTENT_TYPE, Witness, WitnessRefusal,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::history::History;
use crate::clock;
use crate::diagnostic::{Diagnostic, Exit, Outcome};
use crate::tls;

/// A handshake and a request head take a moment, never longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A witness has a handful of ledgers to serve.
const MAX_CONNECTIONS: usize = 256;

/// A witness that has its socket.
pub(super) struct Server {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    router: Router,
    address: SocketAddr,
}

struct Shared {
    witness: Witness,
    history: Mutex<History>,
}

impl Server {
    pub(super) async fn bind(
        listen: SocketAddr,
        certificate: &Path,
        key: &Path,
        witness: Witness,
        history: History,
    ) -> Outcome<Self> {
        let acceptor = TlsAcceptor::from(tls::server_config(certificate, key)?);
        let cannot = |error: std::io::Error| {
            Diagnostic::new(
                Exit::Failed,
                "SK-WIT-020",
                format!("cannot listen on {listen}"),
            )
            .below()
            .observed(error)
            .fix("choose another address:  --listen 127.0.0.1:0")
        };
        let listener = TcpListener::bind(listen).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let shared = Arc::new(Shared {
            witness,
            history: Mutex::new(history),
        });
        let router = Router::new()
            .route("/add-checkpoint", post(add_checkpoint))
            .route("/healthz", get(|| async { "ok\n" }))
            .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
            .with_state(shared);
        Ok(Server {
            listener,
            acceptor,
            router,
            address,
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the process is told to stop.
    pub(super) async fn run(self) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let stop = crate::stop::requested();
        tokio::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => return,
                accepted = self.listener.accept() => accepted,
            };
            match (accepted, Arc::clone(&places).try_acquire_owned()) {
                (Ok((stream, _)), Ok(place)) => {
                    let (acceptor, router) = (self.acceptor.clone(), self.router.clone());
                    tokio::spawn(async move {
                        serve_one(stream, acceptor, router).await;
                        drop(place);
                    });
                }
                (Ok((_, peer)), Err(_)) => {
                    tracing::warn!(%peer, "turned away: too many connections")
                }
                (Err(error), _) => {
                    // Out of file descriptors: those in use come back as connections end.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

/// One connection. What a peer does wrong ends it and is nobody else's business.
async fn serve_one(stream: TcpStream, acceptor: TlsAcceptor, router: Router) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(Ok(stream)) = tokio::time::timeout(PATIENCE, acceptor.accept(stream)).await else {
        return;
    };
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(16 * 1024)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn add_checkpoint(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let now = u64::try_from(clock::wall().as_second()).unwrap_or_default();
    // Disk writes of a few hundred bytes; one at a time is the point of the lock.
    let answer = tokio::task::spawn_blocking(move || shared.decide(&body, now)).await;
    answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

impl Shared {
    fn decide(&self, body: &[u8], unix_time: u64) -> Response {
        let request = match AddCheckpoint::parse(body) {
            Ok(request) => request,
            Err(refusal) => return refuse(refusal),
        };
        let mut history = self
            .history
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let stored = history.newest(request.origin());
        let cosigned = match self.witness.evaluate(stored, &request, unix_time) {
            Ok(cosigned) => cosigned,
            Err(refusal) => return refuse(refusal),
        };
        match history.remember(&cosigned.origin, cosigned.size, cosigned.root) {
            Ok(()) => cosigned.line.into_response(),
            Err(error) => {
                tracing::error!("{}", error.render(crate::language::Language::En));
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

fn refuse(refusal: WitnessRefusal) -> Response {
    tracing::warn!(code = refusal.code(), "refused: {refusal}");
    let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
    match refusal.stored_size() {
        Some(size) => (
            status,
            [(header::CONTENT_TYPE, SIZE_CONTENT_TYPE)],
            format!("{size}\n"),
        )
            .into_response(),
        None => (status, format!("{refusal}\n")).into_response(),
    }
}
