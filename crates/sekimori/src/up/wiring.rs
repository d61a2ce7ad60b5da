//! Adapters between gateway and control plane, which do not know each other.

use std::sync::Arc;

use futures_util::FutureExt;
use sekimori_analysis::language::{Language, Text};
use sekimori_audit::Event;
use sekimori_gateway::{BoxFuture, Directory, Events, Gateway, TlsMaterial, Uplink, UplinkError};
use sekimori_identity::{DeviceId, DeviceRecord, SpkiHash};
use sekimori_policy::Policy;
use sekimori_report::{Format, Report};
use sekimori_server::{
    Acknowledgement, Command, CommandFailure, Edge, Evidence, LiveSession, RenderedReport,
    ReportFailure, Reports, Server,
};
use sekimori_session::{Accepted, SessionSeed, StoredResult};

/// The control plane as the gateway sees it.
pub(super) fn ports(server: &Server) -> Arc<ControlPlane> {
    Arc::new(ControlPlane(server.clone()))
}

/// The gateway as the control plane sees it.
pub(super) fn edge(gateway: &Arc<Gateway>) -> Arc<dyn Edge> {
    Arc::new(GatewayEdge(Arc::clone(gateway)))
}

/// Reports of evidence as the control plane sees them.
pub(super) fn reports() -> Arc<dyn Reports> {
    Arc::new(Forms)
}

/// The same certificates and keys under the gateway's name for them.
pub(super) fn tls_material(material: sekimori_server::TlsMaterial) -> TlsMaterial {
    TlsMaterial {
        chain: material.chain,
        key: material.key,
        client_roots: material.client_roots,
    }
}

/// [`Server`] behind the gateway's ports.
pub(super) struct ControlPlane(Server);

impl Directory for ControlPlane {
    fn lookup(&self, spki: &SpkiHash) -> Option<DeviceRecord> {
        self.0.lookup(spki)
    }

    fn by_id(&self, id: &DeviceId) -> Option<DeviceRecord> {
        self.0.by_id(id)
    }
}

impl Uplink for ControlPlane {
    fn begin(&self, device: DeviceId) -> BoxFuture<Result<SessionSeed, UplinkError>> {
        let server = self.0.clone();
        Box::pin(async move {
            server
                .begin(device)
                .await
                .map_err(|error| UplinkError::new(error.to_string()))
        })
    }

    fn store(&self, message: Accepted) -> BoxFuture<Result<StoredResult, UplinkError>> {
        let server = self.0.clone();
        Box::pin(async move {
            server
                .store(message)
                .await
                .map_err(|error| UplinkError::new(error.to_string()))
        })
    }
}

impl Events for ControlPlane {
    fn record(&self, event: Event) {
        self.0.record(event);
    }

    fn count(&self, code: &'static str, device: &str, n: u64) {
        self.0.count(code, device, n);
    }
}

struct GatewayEdge(Arc<Gateway>);

impl Edge for GatewayEdge {
    fn policy_applied(&self, policy: Arc<Policy>) {
        if let Err(error) = self.0.apply_policy(policy) {
            tracing::error!(%error, "the policy's TLS rules cannot be used; the ones before stay");
        }
    }

    fn device_changed(&self, device: &DeviceId) -> usize {
        self.0.device_changed(device).sessions
    }

    fn tls_changed(&self, material: sekimori_server::TlsMaterial) {
        if let Err(error) = self.0.reload_tls(tls_material(material)) {
            tracing::error!(%error, "the new certificate cannot be used; the old one stays");
        }
    }

    fn command(
        &self,
        command: Command,
    ) -> futures_util::future::BoxFuture<'static, Result<Acknowledgement, CommandFailure>> {
        let gateway = Arc::clone(&self.0);
        async move {
            gateway
                .command(
                    &command.device,
                    &command.flow,
                    command.payload,
                    command.deadline,
                )
                .await
                .map(|answer| Acknowledgement {
                    payload: answer.payload,
                    took: answer.took,
                })
        }
        .boxed()
    }

    fn sessions(&self) -> Vec<LiveSession> {
        let sessions = self.0.sessions().into_iter();
        sessions
            .map(|session| LiveSession {
                device: session.device,
                name: session.name,
                listener: session.listener.name(),
                peer: session.source,
                since: session.opened,
            })
            .collect()
    }
}

/// Every form of [`sekimori_report`] behind the control plane's port.
struct Forms;

impl Reports for Forms {
    fn render(
        &self,
        evidence: &Evidence,
        format: &str,
        language: Language,
    ) -> Result<RenderedReport, ReportFailure> {
        let Some(format) = Format::parse(format) else {
            let known: Vec<&str> = Format::ALL.iter().map(|format| format.word()).collect();
            let known = known.join(", ");
            return Err(ReportFailure::UnknownFormat { known });
        };
        let report = Report::with_assessment(&evidence.analysis, &evidence.assessment)
            .with_places(&evidence.places);
        let rendered = sekimori_report::render(&report, format, language);
        rendered
            .map(|rendered| RenderedReport {
                media_type: rendered.media_type,
                bytes: rendered.bytes,
            })
            .map_err(|error| ReportFailure::Unavailable {
                observed: Text::new(
                    format!("{}: {}", error.title.en, error.observed.en),
                    format!("{}: {}", error.title.ja, error.observed.ja),
                ),
                fix: error.fix,
            })
    }
}
