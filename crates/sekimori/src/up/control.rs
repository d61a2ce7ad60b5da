//! The control socket: the same resources as HTTPS, for the owner of the home on this machine.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use axum::{Extension, Router};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use sekimori_server::LocalOperator;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use crate::client::socket_path;
use crate::diagnostic::{Diagnostic, Exit, Outcome};

/// The open socket; it is gone when this value is.
pub(super) struct Control {
    path: PathBuf,
    accepting: JoinHandle<()>,
}

impl Drop for Control {
    fn drop(&mut self) {
        self.accepting.abort();
        // The next start removes what is left.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Serves `router` to processes of the same user.
pub(super) async fn serve(home: &Path, router: Router) -> Outcome<Control> {
    let path = socket_path(home);
    let cannot = |error: std::io::Error| {
        Diagnostic::new(
            Exit::Failed,
            "SK-CTL-004",
            "the control socket cannot be opened",
        )
        .observed(format!("{}: {error}", path.display()))
        .fix("choose a home with a shorter path on a local disk:  --home DIR")
    };
    // The home is locked by this process: a socket that is there belongs to one that is gone.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(cannot(error)),
        _ => {}
    }
    let listener = UnixListener::bind(&path).map_err(cannot)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).map_err(cannot)?;
    let router = router.layer(Extension(LocalOperator));
    let accepting = tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) if is_owner(&stream) => {
                    tokio::spawn(serve_one(stream, router.clone()));
                }
                Ok(_) => {
                    tracing::warn!("another user tried the control socket and was turned away")
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket could not accept");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    });
    Ok(Control { path, accepting })
}

/// The user of this process, or root.
fn is_owner(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

async fn serve_one(stream: UnixStream, router: Router) {
    let connection = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a control connection ended early");
    }
}
