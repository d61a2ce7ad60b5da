//! Metrics on loopback, the one listener without TLS.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use sekimori_server::Server;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::diagnostic::{Diagnostic, Exit, Outcome};

/// The content type of the Prometheus text format.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The open listener; it closes when this value is dropped.
pub(super) struct Metrics {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Metrics {
    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Metrics {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Serves `GET /metrics`.
pub(super) async fn serve(address: SocketAddr, server: Server) -> Outcome<Metrics> {
    let cannot = |error: std::io::Error| {
        Diagnostic::new(
            Exit::Failed,
            "SK-UP-002",
            format!("cannot listen on {address} for metrics"),
        )
        .below()
        .observed(error)
        .fix("choose another address:  --metrics 127.0.0.1:0")
    };
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let text = move || {
        let body = server.metrics();
        async move { ([(header::CONTENT_TYPE, CONTENT_TYPE)], body) }
    };
    let router = Router::new().route("/metrics", get(text));
    let accepting = tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(serve_one(stream, router.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "a metrics connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    });
    Ok(Metrics { address, accepting })
}

async fn serve_one(stream: TcpStream, router: Router) {
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(5))
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a metrics connection ended early");
    }
}
