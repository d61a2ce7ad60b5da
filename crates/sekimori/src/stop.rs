//! When the process is asked to end.

use tokio::signal::unix::{SignalKind, signal};

/// Resolves with the first SIGINT or SIGTERM that comes after the call.
pub(crate) async fn requested() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        // Without handlers the system ends the process by itself.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
