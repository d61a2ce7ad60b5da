//! The certificate authority: one self-signed P-256 root that signs device certificates and the
//! server's own.
//!
//! Source: RFC 5280 for the profile. The root may sign end entities only (path length 0).

use core::time::Duration;
use std::net::IpAddr;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType,
    SerialNumber, SubjectPublicKeyInfo, date_time_ymd,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::error::ServerError;
use crate::home::{Home, read_if_present, write_private};
use crate::keys;

/// Certificates start this long before they are signed, for devices whose clock is behind.
const CLOCK_SLACK: Duration = Duration::from_secs(60 * 60);

const ROOT_LIFE: Duration = Duration::from_secs(20 * 365 * 24 * 60 * 60);
const SERVER_LIFE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The organization's authority, with its key in memory.
pub(crate) struct CertificateAuthority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
}

/// A certificate that was signed for a device.
#[derive(Clone, Debug)]
pub(crate) struct Issued {
    pub(crate) der: Vec<u8>,
    pub(crate) serial: [u8; 16],
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
}

/// Certificate chain, key and client roots for the gateway's listeners.
pub struct TlsMaterial {
    /// The server's certificate, then the root.
    pub chain: Vec<CertificateDer<'static>>,
    /// The key of the server's certificate.
    pub key: PrivateKeyDer<'static>,
    /// The roots under which device certificates are accepted.
    pub client_roots: Vec<CertificateDer<'static>>,
}

impl CertificateAuthority {
    /// Reads the authority of a home, and makes one when there is none.
    pub(crate) fn open(
        home: &Home,
        organization: &str,
        now: Timestamp,
    ) -> Result<Self, ServerError> {
        let key_path = home.key("ca.pem");
        let certificate_path = home.key("ca.crt");
        let key = load_or_make_key(&key_path)?;
        let certificate = match read_if_present(&certificate_path)? {
            Some(bytes) => pem::parse(&bytes)
                .map_err(|error| bad_key(&certificate_path, error))?
                .into_contents()
                .into(),
            None => {
                let root = make_root(&key, organization, now)
                    .map_err(|error| bad_key(&certificate_path, error))?;
                write_private(&certificate_path, pem_certificate(&root).as_bytes())?;
                root
            }
        };
        let (_, parsed) = x509_parser::parse_x509_certificate(&certificate)
            .map_err(|error| bad_key(&certificate_path, error))?;
        if parsed.public_key().raw != key.subject_public_key_info().as_slice() {
            return Err(bad_key(
                &certificate_path,
                "it does not belong to the key in ca.pem",
            ));
        }
        let issuer = Issuer::from_ca_cert_der(&certificate, key)
            .map_err(|error| bad_key(&certificate_path, error))?;
        Ok(Self {
            issuer,
            root: certificate,
        })
    }

    /// The root certificate.
    pub(crate) fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// Signs a certificate for a device: name as common name, id as URI, client
    /// authentication only.
    pub(crate) fn issue_device(
        &self,
        name: &str,
        device_id: &str,
        public_key_der: &[u8],
        life: Duration,
        now: Timestamp,
    ) -> Result<Issued, String> {
        let public_key =
            SubjectPublicKeyInfo::from_der(public_key_der).map_err(|error| error.to_string())?;
        let serial = serial().map_err(|error| error.to_string())?;
        let not_before = whole_second(now - CLOCK_SLACK);
        let not_after = whole_second(now + life);
        let mut parameters = leaf(
            name,
            &public_key,
            &serial,
            not_before,
            not_after,
            &[KeyUsagePurpose::DigitalSignature],
        );
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let urn = format!("urn:sekimori:device:{device_id}");
        parameters.subject_alt_names = vec![SanType::URI(
            urn.try_into()
                .map_err(|error: rcgen::Error| error.to_string())?,
        )];
        let certificate = parameters
            .signed_by(&public_key, &self.issuer)
            .map_err(|error| error.to_string())?;
        Ok(Issued {
            der: certificate.der().to_vec(),
            serial,
            not_before,
            not_after,
        })
    }

    /// The server's certificate and key; signs a new one when there is none, when it is past two
    /// thirds of its life, or when a name is missing in it.
    pub(crate) fn server_material(
        &self,
        home: &Home,
        names: &[String],
        now: Timestamp,
    ) -> Result<TlsMaterial, ServerError> {
        let key_path = home.key("server.pem");
        let certificate_path = home.key("server.crt");
        let key = load_or_make_key(&key_path)?;
        let names = all_names(names);
        let kept = read_if_present(&certificate_path)?
            .and_then(|bytes| pem::parse(&bytes).ok())
            .map(pem::Pem::into_contents)
            .filter(|der| self.still_good(der, &key, &names, now));
        let leaf = match kept {
            Some(der) => der.into(),
            None => {
                let leaf = self
                    .issue_server(&key, &names, now)
                    .map_err(|error| bad_key(&certificate_path, error))?;
                write_private(&certificate_path, pem_certificate(&leaf).as_bytes())?;
                leaf
            }
        };
        Ok(TlsMaterial {
            chain: vec![leaf, self.root.clone()],
            key: PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
            client_roots: vec![self.root.clone()],
        })
    }

    fn issue_server(
        &self,
        key: &KeyPair,
        names: &[String],
        now: Timestamp,
    ) -> Result<CertificateDer<'static>, String> {
        let serial = serial().map_err(|error| error.to_string())?;
        let mut parameters = leaf(
            names.first().map_or("localhost", String::as_str),
            key,
            &serial,
            whole_second(now - CLOCK_SLACK),
            whole_second(now + SERVER_LIFE),
            &[KeyUsagePurpose::DigitalSignature],
        );
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.subject_alt_names = names
            .iter()
            .map(|name| match name.parse::<IpAddr>() {
                Ok(address) => Ok(SanType::IpAddress(address)),
                Err(_) => name.as_str().try_into().map(SanType::DnsName),
            })
            .collect::<Result<_, rcgen::Error>>()
            .map_err(|error| error.to_string())?;
        let certificate = parameters
            .signed_by(key, &self.issuer)
            .map_err(|error| error.to_string())?;
        Ok(certificate.der().clone())
    }

    fn still_good(&self, der: &[u8], key: &KeyPair, names: &[String], now: Timestamp) -> bool {
        let Ok((_, certificate)) = x509_parser::parse_x509_certificate(der) else {
            return false;
        };
        let Ok((_, root)) = x509_parser::parse_x509_certificate(&self.root) else {
            return false;
        };
        if certificate
            .verify_signature(Some(root.public_key()))
            .is_err()
            || certificate.public_key().raw != key.subject_public_key_info().as_slice()
        {
            return false;
        }
        let not_before = certificate.validity().not_before.timestamp();
        let not_after = certificate.validity().not_after.timestamp();
        let renew_at = not_before + (not_after - not_before) / 3 * 2;
        (not_before..renew_at).contains(&now.as_second()) && covers(&certificate, names)
    }
}

fn covers(certificate: &x509_parser::certificate::X509Certificate<'_>, names: &[String]) -> bool {
    use x509_parser::extensions::GeneralName;
    let Ok(Some(alternative)) = certificate.subject_alternative_name() else {
        return false;
    };
    names.iter().all(|name| {
        let address = name.parse::<IpAddr>().ok().map(|address| match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        });
        alternative
            .value
            .general_names
            .iter()
            .any(|covered| match (covered, &address) {
                (GeneralName::DNSName(covered), None) => covered == name,
                (GeneralName::IPAddress(covered), Some(address)) => covered == address,
                _ => false,
            })
    })
}

fn all_names(configured: &[String]) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"]
        .into_iter()
        .map(str::to_owned)
        .collect();
    for name in configured {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

fn make_root(
    key: &KeyPair,
    organization: &str,
    now: Timestamp,
) -> Result<CertificateDer<'static>, String> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters
        .distinguished_name
        .push(DnType::OrganizationName, organization);
    parameters
        .distinguished_name
        .push(DnType::CommonName, format!("{organization} device root"));
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let serial = serial().map_err(|error| error.to_string())?;
    parameters.serial_number = Some(SerialNumber::from_slice(&serial));
    set_validity(
        &mut parameters,
        whole_second(now - CLOCK_SLACK),
        whole_second(now + ROOT_LIFE),
    );
    let certificate = parameters
        .self_signed(key)
        .map_err(|error| error.to_string())?;
    Ok(certificate.der().clone())
}

fn leaf(
    common_name: &str,
    key: &impl PublicKeyData,
    serial: &[u8; 16],
    not_before: Timestamp,
    not_after: Timestamp,
    key_usages: &[KeyUsagePurpose],
) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    parameters
        .distinguished_name
        .push(DnType::CommonName, common_name);
    parameters.is_ca = IsCa::NoCa;
    parameters.key_usages = key_usages.to_vec();
    parameters.serial_number = Some(SerialNumber::from_slice(serial));
    set_validity(&mut parameters, not_before, not_after);
    parameters.use_authority_key_identifier_extension = true;
    let identifier = parameters.key_identifier(key);
    // SubjectKeyIdentifier ::= OCTET STRING (RFC 5280 section 4.2.1.2); at most 20 bytes here.
    let mut content = vec![0x04, u8::try_from(identifier.len()).unwrap_or(0)];
    content.extend_from_slice(&identifier);
    parameters
        .custom_extensions
        .push(CustomExtension::from_oid_content(&[2, 5, 29, 14], content));
    parameters
}

/// Sixteen random bytes that are a positive number (RFC 5280 section 4.1.2.2).
fn serial() -> Result<[u8; 16], ServerError> {
    let mut serial: [u8; 16] = keys::random()?;
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7f) | 0x40;
    }
    Ok(serial)
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn set_validity(parameters: &mut CertificateParams, not_before: Timestamp, not_after: Timestamp) {
    let epoch = date_time_ymd(1970, 1, 1);
    let seconds = |at: Timestamp| Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0));
    parameters.not_before = epoch + seconds(not_before);
    parameters.not_after = epoch + seconds(not_after);
}

fn load_or_make_key(path: &std::path::Path) -> Result<KeyPair, ServerError> {
    if let Some(bytes) = read_if_present(path)? {
        let text = String::from_utf8(bytes).map_err(|error| bad_key(path, error))?;
        return KeyPair::from_pem(&text).map_err(|error| bad_key(path, error));
    }
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)
        .map_err(|error| bad_key(path, error))?;
    write_private(path, key.serialize_pem().as_bytes())?;
    Ok(key)
}

fn pem_certificate(der: &CertificateDer<'_>) -> String {
    pem::encode(&pem::Pem::new("CERTIFICATE", der.to_vec()))
}

fn bad_key(path: &std::path::Path, why: impl core::fmt::Display) -> ServerError {
    ServerError::Key {
        path: path.to_path_buf(),
        why: why.to_string(),
    }
}
