//! Failures of the parts below, as diagnostics.

use sekimori_gateway::GatewayError;
use sekimori_server::ServerError;

use crate::diagnostic::{Diagnostic, Exit};

/// A failure of the control plane.
pub(crate) fn server_failure(error: ServerError) -> Diagnostic {
    let exit = if matches!(error, ServerError::HomeInUse { .. }) {
        Exit::Conflict
    } else {
        Exit::Failed
    };
    Diagnostic::new(exit, error.code(), error.to_string())
        .fix(error.fix())
        .below()
}

/// A failure of the gateway.
pub(crate) fn gateway_failure(error: &GatewayError) -> Diagnostic {
    Diagnostic::new(Exit::Failed, "SK-GW-001", error.to_string())
        .fix("choose another address:  --listen 127.0.0.1:0 --mqtt 127.0.0.1:0 --metrics 127.0.0.1:0")
        .below()
}
