//! What happens once a second: shed connections become events.

use core::time::Duration;
use std::sync::Arc;

use crate::gateway::Shared;

const EVERY: Duration = Duration::from_secs(1);

/// Reports what was shed, until the gateway stops, and then once more.
pub(crate) async fn run(shared: Arc<Shared>) {
    loop {
        let stopping = tokio::select! {
            () = shared.stop.cancelled() => true,
            () = tokio::time::sleep(EVERY) => false,
        };
        for shed in shared.admission.sweep(shared.clock.now()) {
            shared.report.shed(&shed);
        }
        if stopping {
            return;
        }
    }
}
