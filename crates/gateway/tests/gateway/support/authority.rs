//! Certificates for tests, made anew each time.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PublicKeyData as _, date_time_ymd,
};
use rustls::client::Resumption;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sekimori_gateway::TlsMaterial;
use sekimori_identity::SpkiHash;

/// A certificate authority with a server's certificate for `localhost`.
pub(crate) struct Authority {
    pub(crate) root: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

/// A key with its certificate.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: Vec<u8>,
    pub(crate) spki: SpkiHash,
}

/// When a certificate holds.
#[derive(Clone, Copy)]
pub(crate) enum Validity {
    Now,
    Past,
    Future,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().der().clone();
        Self {
            root,
            issuer: Issuer::new(params, key),
        }
    }

    /// A device's certificate.
    pub(crate) fn issue(&self, name: &str, validity: Validity) -> Identity {
        self.sign(name, validity, |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        })
    }

    /// A certificate of any shape.
    pub(crate) fn sign(
        &self,
        name: &str,
        validity: Validity,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Identity {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let (from, until) = match validity {
            Validity::Now => (2020, 2999),
            Validity::Past => (2020, 2021),
            Validity::Future => (2998, 2999),
        };
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity {
            name: name.to_owned(),
            certificate: certificate.der().clone(),
            spki: SpkiHash::of_der(&key.subject_public_key_info()),
            key: key.serialize_der(),
        }
    }

    fn server(&self) -> Identity {
        self.sign("gateway", Validity::Now, |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
            params.subject_alt_names =
                vec![rcgen::SanType::DnsName("localhost".try_into().unwrap())];
        })
    }

    /// What a gateway of this authority shows; a new server certificate each time.
    pub(crate) fn material(&self) -> TlsMaterial {
        let server = self.server();
        TlsMaterial {
            chain: vec![server.certificate.clone()],
            key: server.private_key(),
            client_roots: vec![self.root.clone()],
        }
    }

    /// A client whose key need not be its certificate's.
    pub(crate) fn client_unchecked(&self, identity: &Identity) -> Arc<ClientConfig> {
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&identity.private_key());
        let certified = CertifiedKey::new(vec![identity.certificate.clone()], key.unwrap());
        let mut config = (*self.client(None)).clone();
        config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(certified));
        Arc::new(config)
    }

    /// A client that sends more certificates behind its own.
    pub(crate) fn client_with(
        &self,
        identity: &Identity,
        more: &[CertificateDer<'static>],
    ) -> Arc<ClientConfig> {
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&identity.private_key());
        let chain = core::iter::once(&identity.certificate).chain(more);
        let certified = CertifiedKey::new(chain.cloned().collect(), key.unwrap());
        let mut config = (*self.client(None)).clone();
        config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(certified));
        Arc::new(config)
    }

    /// A client that trusts this authority and remembers its sessions.
    pub(crate) fn client(&self, identity: Option<&Identity>) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder
                .with_client_auth_cert(vec![identity.certificate.clone()], identity.private_key())
                .unwrap(),
        };
        config.resumption = Resumption::in_memory_sessions(8);
        Arc::new(config)
    }
}

impl Identity {
    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.clone()).into()
    }
}
