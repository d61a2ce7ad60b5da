//! What the control plane asks of the gateways, and of whoever renders its reports.

use core::net::SocketAddr;
use core::time::Duration;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use sekimori_analysis::language::{Language, Text};
use sekimori_identity::DeviceId;
use sekimori_policy::Policy;
pub use sekimori_session::CommandFailure;

use crate::ca::TlsMaterial;
use crate::evidence::Evidence;

/// The gateways of this control plane, as the binary wires them.
pub trait Edge: Send + Sync {
    /// A new policy is in force from now on.
    fn policy_applied(&self, policy: Arc<Policy>);

    /// What is known of a device changed: read it again, and close or restrict its live sessions
    /// on every listener. Returns how many sessions were closed.
    fn device_changed(&self, device: &DeviceId) -> usize;

    /// The server's certificate changed; new handshakes use it, live sessions stay.
    fn tls_changed(&self, material: TlsMaterial);

    /// Sends a command to a device and waits for its acknowledgement.
    fn command(
        &self,
        command: Command,
    ) -> BoxFuture<'static, Result<Acknowledgement, CommandFailure>>;

    /// Everyone who is connected now.
    fn sessions(&self) -> Vec<LiveSession>;
}

/// Renders what was required and what was observed, as the binary wires it. The server knows no
/// form of a report, and no form knows the server.
pub trait Reports: Send + Sync {
    /// Renders a report in the form of that name. May take long: it runs where blocking is allowed.
    ///
    /// # Errors
    ///
    /// [`ReportFailure`], when there is no such form or this machine lacks what it needs.
    fn render(
        &self,
        evidence: &Evidence,
        format: &str,
        language: Language,
    ) -> Result<RenderedReport, ReportFailure>;
}

/// A finished report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderedReport {
    /// Media type, as HTTP writes it.
    pub media_type: &'static str,
    /// The report.
    pub bytes: Vec<u8>,
}

/// Why a report was not rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReportFailure {
    /// There is no form of that name.
    UnknownFormat {
        /// The forms that there are, separated by commas.
        known: String,
    },
    /// This form needs something that this machine does not have.
    Unavailable {
        /// What is wrong, and what was found.
        observed: Text,
        /// What to do about it.
        fix: Text,
    },
}

/// A command on its way to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The device's name.
    pub device: String,
    /// The flow of the model that carries it.
    pub flow: String,
    /// The payload, JSON.
    pub payload: Vec<u8>,
    /// How long to wait for the acknowledgement.
    pub deadline: Duration,
}

/// What the device answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The payload of its answer.
    pub payload: Vec<u8>,
    /// How long it took.
    pub took: Duration,
}

/// One connection that is open now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSession {
    /// The device.
    pub device: DeviceId,
    /// The device's name.
    pub name: String,
    /// Which listener: `"mqtt"` or `"https"`.
    pub listener: &'static str,
    /// From where.
    pub peer: SocketAddr,
    /// Since when.
    pub since: Timestamp,
}
