//! Each way in which a connection fails, against a real TLS server on loopback, has its own name.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::server::WebPkiClientVerifier;
use sekimori_identity::OrganizationId;
use sekimori_ledger::envelope::{Ed25519Signer, Signer as _};
use sekimori_ledger::note::NoteSigner;
use sekimori_ledger::trust::LedgerTrust;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// In the middle of the validity of every certificate here, unless said otherwise.
const NOW: &str = "2026-10-05T00:00:00Z";
const SLOT: CredentialSlot = CredentialSlot::One;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2040, 1, 1);
        Self(CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap())
    }

    fn der(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }

    /// A certificate for this address, valid in these years, and its key.
    fn issue(&self, address: &str, years: (i32, i32), key: &KeyPair) -> Vec<u8> {
        let mut parameters = CertificateParams::default();
        parameters.subject_alt_names = vec![SanType::IpAddress(address.parse().unwrap())];
        parameters.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        parameters.signed_by(key, &self.0).unwrap().der().to_vec()
    }
}

struct Scene {
    _folder: tempfile::TempDir,
    home: Home,
    authority: Authority,
}

impl Scene {
    /// A device that trusts an authority and holds a certificate of it.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        home.prepare().unwrap();
        let authority = Authority::new("ours");
        let bundle = TrustBundle {
            organization: OrganizationId::parse("maker.example").unwrap(),
            version: 1,
            authority: Ed25519Signer::from_seed(&[1; 32]).public_key(),
            ca_roots: vec![authority.der()],
            ledger: LedgerTrust {
                log: NoteSigner::from_seed("log.example/1", &[2; 32])
                    .unwrap()
                    .verifier_key()
                    .clone(),
                witnesses: Vec::new(),
                threshold: 0,
            },
        };
        files::replace(&home.record(Record::Trust), &bundle.encode()).unwrap();
        keys::make(&home, SLOT).unwrap();
        let scene = Self {
            _folder: folder,
            home,
            authority,
        };
        scene.hold(&scene.authority);
        scene
    }

    /// The device holds a certificate of this authority.
    fn hold(&self, authority: &Authority) {
        let der = keys::load(&self.home, SLOT).unwrap();
        let key = KeyPair::try_from(der.as_slice()).unwrap();
        let certificate = authority.issue("192.0.2.1", (2020, 2040), &key);
        crate::store::keep(&self.home, Record::Certificate(SLOT), &certificate).unwrap();
    }

    /// A server that answers one byte to whom it trusts: with a certificate of `issuer`, asking for one of `clients`.
    async fn serve(
        &self,
        issuer: &Authority,
        address: &str,
        years: (i32, i32),
        clients: &Authority,
    ) -> String {
        let key = KeyPair::generate().unwrap();
        let certificate = issuer.issue(address, years, &key);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(clients.der())).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                .build();
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_client_cert_verifier(verifier.unwrap())
            .with_single_cert(
                vec![CertificateDer::from(certificate)],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        config.alpn_protocols = vec![b"mqtt".to_vec()];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap().to_string();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            if let Ok(mut stream) = acceptor.accept(socket).await {
                stream.write_all(b"k").await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        at
    }

    /// Connects and reads the byte: in TLS 1.3 a refusal of our certificate arrives with the first read.
    async fn connect(&self, address: &str, at: &str) -> Result<u8, LinkFailure> {
        let check = ServerCheck::At(at.parse().unwrap());
        let mut stream = connect(&self.home, address, b"mqtt", check, Some(SLOT)).await?;
        stream.read_u8().await.map_err(|error| cause(&error))
    }
}

#[tokio::test]
async fn a_right_server_takes_us() {
    let scene = Scene::new();
    let address = scene
        .serve(
            &scene.authority,
            "127.0.0.1",
            (2020, 2030),
            &scene.authority,
        )
        .await;
    assert_eq!(scene.connect(&address, NOW).await, Ok(b'k'));
}

#[tokio::test]
async fn each_wrong_thing_has_its_name() {
    let scene = Scene::new();
    let other = Authority::new("other");
    let namesake = Authority::new("ours");
    let own = &scene.authority;
    let good = (2020, 2030);
    let (here, elsewhere) = ("127.0.0.1", "192.0.2.7");
    let kinds = |failure: &LinkFailure| match failure {
        LinkFailure::WrongAuthority(_) => "authority",
        LinkFailure::WrongName(_) => "name",
        LinkFailure::NotValidNow(_) => "time",
        LinkFailure::CredentialRefused(_) => "credential",
        _ => "something else",
    };
    let cases = [
        (&other, here, good, own, "authority"),
        (&namesake, here, good, own, "authority"),
        (own, elsewhere, good, own, "name"),
        (own, here, (2020, 2021), own, "time"),
        (own, here, (2028, 2029), own, "time"),
        (own, here, good, &other, "credential"),
        (own, here, good, &namesake, "credential"),
    ];
    for (at, (issuer, name, years, clients, expected)) in cases.into_iter().enumerate() {
        let address = scene.serve(issuer, name, years, clients).await;
        let failure = scene.connect(&address, NOW).await.unwrap_err();
        assert_eq!(kinds(&failure), expected, "case {at}: {failure:?}");
    }
}

#[tokio::test]
async fn the_device_says_as_of_when_a_server_must_be_valid() {
    let scene = Scene::new();
    for (at, valid) in [
        (NOW, true),
        ("1970-01-01T00:00:00Z", false),
        ("2035-01-01T00:00:00Z", false),
    ] {
        let address = scene
            .serve(
                &scene.authority,
                "127.0.0.1",
                (2020, 2030),
                &scene.authority,
            )
            .await;
        assert_eq!(scene.connect(&address, at).await.is_ok(), valid, "{at}");
    }
}

#[tokio::test]
async fn nobody_there_and_nobody_who_speaks_tls_are_told_apart() {
    let scene = Scene::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket
            .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            .await
            .unwrap();
    });
    let failure = scene.connect(&address, NOW).await.unwrap_err();
    assert!(matches!(failure, LinkFailure::Malformed(_)), "{failure:?}");
    let failure = scene.connect(&address, NOW).await.unwrap_err();
    assert!(
        matches!(failure, LinkFailure::Unreachable(_)),
        "{failure:?}"
    );
}

#[tokio::test]
async fn what_proves_itself_is_taken_from_anybody() {
    let scene = Scene::new();
    let other = Authority::new("other");
    let address = scene
        .serve(&other, "192.0.2.7", (2020, 2021), &scene.authority)
        .await;
    let check = ServerCheck::Unverified;
    let stream = connect(&scene.home, &address, b"mqtt", check, Some(SLOT)).await;
    assert!(stream.is_ok());
}
