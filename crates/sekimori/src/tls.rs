//! TLS 1.3 for what this program serves by itself.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::diagnostic::{Diagnostic, Exit, Outcome};

/// A configuration without client authentication, from PEM files.
pub(crate) fn server_config(certificate: &Path, key: &Path) -> Outcome<Arc<ServerConfig>> {
    let unusable = |path: &Path, error: &dyn std::fmt::Display| {
        Diagnostic::new(
            Exit::Failed,
            "SK-TLS-001",
            format!("{} cannot be used", path.display()),
        )
        .below()
        .observed(error)
        .fix("put the file back from a backup, or make new keys in a new home")
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unusable(certificate, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider speaks TLS 1.3")
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| unusable(certificate, &error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
