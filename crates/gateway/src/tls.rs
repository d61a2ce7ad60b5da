//! TLS material, and the configurations that listeners take from it.

mod cause;
mod resumption;
mod verifier;

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{NamedGroup, RootCertStore, ServerConfig, SignatureScheme};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use sekimori_policy::Tls as Rule;

pub use cause::Cause;
pub(crate) use cause::{Refusal, printable};
pub(crate) use resumption::{Epoch, ResumableSessions};
pub(crate) use verifier::{Dates, DeviceVerifier, verify_chain};

use crate::clock::Clock;
use crate::error::GatewayError;
use crate::ports::Directory;
use crate::registry::ListenerKind;
use crate::settings::Limits;

/// What a gateway shows of itself, and whose devices it knows.
pub struct TlsMaterial {
    /// The server's certificate, then its intermediates.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key of the first certificate.
    pub key: PrivateKeyDer<'static>,
    /// Roots that sign devices' certificates.
    pub client_roots: Vec<CertificateDer<'static>>,
}

impl core::fmt::Debug for TlsMaterial {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("TlsMaterial")
            .field("chain", &self.chain.len())
            .field("client_roots", &self.client_roots.len())
            .finish_non_exhaustive()
    }
}

/// The configurations that new connections use; replaced as a whole.
pub(crate) struct Tls {
    current: RwLock<Arc<Configurations>>,
    source: Mutex<Source>,
    epoch: Epoch,
}

/// What configurations are made from.
struct Source {
    material: TlsMaterial,
    /// What the policy in force says; without it, everything that the provider offers.
    rule: Option<Rule>,
}

/// One configuration per listener, from the same material.
pub(crate) struct Configurations {
    mqtt: Arc<ServerConfig>,
    https: Arc<ServerConfig>,
    roots: Arc<dyn ClientCertVerifier>,
}

impl Configurations {
    pub(crate) fn of(&self, kind: ListenerKind) -> Arc<ServerConfig> {
        Arc::clone(match kind {
            ListenerKind::Mqtt => &self.mqtt,
            ListenerKind::Https => &self.https,
        })
    }

    /// Whether these roots still vouch for a chain that was accepted before.
    pub(crate) fn vouch_for(&self, chain: &[CertificateDer<'_>], now: UnixTime) -> bool {
        chain.split_first().is_none_or(|(leaf, intermediates)| {
            verify_chain(&*self.roots, leaf, intermediates, now).is_ok()
        })
    }
}

impl Tls {
    pub(crate) fn new(
        material: TlsMaterial,
        directory: &Arc<dyn Directory>,
        clock: Clock,
        limits: &Limits,
    ) -> Result<Self, GatewayError> {
        let epoch = Epoch::default();
        let source = Source {
            material,
            rule: None,
        };
        let first = build(&source, directory, clock, limits, &epoch)?;
        Ok(Self {
            current: RwLock::new(Arc::new(first)),
            source: Mutex::new(source),
            epoch,
        })
    }

    /// Uses new material for every connection from now on.
    pub(crate) fn replace(
        &self,
        material: TlsMaterial,
        directory: &Arc<dyn Directory>,
        clock: Clock,
        limits: &Limits,
    ) -> Result<Arc<Configurations>, GatewayError> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        let rule = source.rule.clone();
        let next = Source { material, rule };
        let built = Arc::new(build(&next, directory, clock, limits, &self.epoch)?);
        *source = next;
        self.put(&built);
        Ok(built)
    }

    /// Offers what a policy says from now on, and nothing else; without a rule, everything.
    pub(crate) fn restrict(
        &self,
        rule: Option<Rule>,
        directory: &Arc<dyn Directory>,
        clock: Clock,
        limits: &Limits,
    ) -> Result<(), GatewayError> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        if source.rule == rule {
            return Ok(());
        }
        let before = core::mem::replace(&mut source.rule, rule);
        match build(&source, directory, clock, limits, &self.epoch) {
            Ok(built) => {
                self.put(&Arc::new(built));
                Ok(())
            }
            Err(error) => {
                source.rule = before;
                Err(error)
            }
        }
    }

    /// What was agreed before is not resumed under the new configurations.
    fn put(&self, next: &Arc<Configurations>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::clone(next);
        self.epoch.advance();
    }

    pub(crate) fn current(&self) -> Arc<Configurations> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends every resumable session of before.
    pub(crate) fn forget_sessions(&self) {
        self.epoch.advance();
    }
}

/// The one provider: aws-lc-rs, key exchange with ML-KEM first, or what the policy says.
fn provider(rule: Option<&Rule>) -> Arc<CryptoProvider> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    if let Some(rule) = rule {
        let offered = core::mem::take(&mut provider.kx_groups);
        let wanted = rule.groups.iter().filter_map(|name| group(name));
        provider.kx_groups = wanted
            .filter_map(|name| offered.iter().find(|group| group.name() == name).copied())
            .collect();
    }
    Arc::new(provider)
}

/// The group with this name in IANA's registry.
fn group(name: &str) -> Option<NamedGroup> {
    match name {
        "X25519MLKEM768" => Some(NamedGroup::X25519MLKEM768),
        "x25519" => Some(NamedGroup::X25519),
        "secp256r1" => Some(NamedGroup::secp256r1),
        "secp384r1" => Some(NamedGroup::secp384r1),
        _ => None,
    }
}

/// The signature scheme with this name in IANA's registry.
fn scheme(name: &str) -> Option<SignatureScheme> {
    match name {
        "ecdsa_secp256r1_sha256" => Some(SignatureScheme::ECDSA_NISTP256_SHA256),
        "ed25519" => Some(SignatureScheme::ED25519),
        _ => None,
    }
}

fn build(
    source: &Source,
    directory: &Arc<dyn Directory>,
    clock: Clock,
    limits: &Limits,
    epoch: &Epoch,
) -> Result<Configurations, GatewayError> {
    let Source { material, rule } = source;
    let provider = provider(rule.as_ref());
    let signatures: Option<Vec<SignatureScheme>> = rule.as_ref().map(|rule| {
        let names = rule.signatures.iter();
        names.filter_map(|name| scheme(name)).collect()
    });
    let mut roots = RootCertStore::empty();
    for root in &material.client_roots {
        roots
            .add(root.clone())
            .map_err(|error| GatewayError::ClientRoots(error.to_string()))?;
    }
    let roots = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::clone(&provider))
        .build()
        .map_err(|error| GatewayError::ClientRoots(error.to_string()))?;
    let one = |kind: ListenerKind, key: PrivateKeyDer<'static>| {
        let verifier = DeviceVerifier::new(Arc::clone(&roots), Arc::clone(directory), kind, clock)
            .taking(signatures.clone());
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(|source| GatewayError::Tls {
                doing: "choose TLS 1.3",
                source,
            })?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(material.chain.clone(), key)
            .map_err(|source| GatewayError::Tls {
                doing: "use the server's certificate and key",
                source,
            })?;
        config.alpn_protocols = vec![kind.alpn().to_vec()];
        config.session_storage = Arc::new(ResumableSessions::new(
            epoch.clone(),
            clock,
            limits.resumable,
            limits.resumable_for,
        ));
        config.send_tls13_tickets = 1;
        config.max_early_data_size = 0;
        Ok(Arc::new(config))
    };
    Ok(Configurations {
        mqtt: one(ListenerKind::Mqtt, material.key.clone_key())?,
        https: one(ListenerKind::Https, material.key.clone_key())?,
        roots,
    })
}
