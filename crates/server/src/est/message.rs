//! Bytes of EST: certs-only PKCS#7 out, PKCS#10 in, both base64.
//!
//! Source: RFC 7030 sections 4.1.3, 4.2.1 and 4.2.3; RFC 8951 for base64 without a transfer
//! encoding header; RFC 2986 for the request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cms::cert::x509::der::{Decode as _, Encode as _};
use cms::cert::x509::{Certificate, PkiPath};
use cms::content_info::ContentInfo;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::OID_X509_COMMON_NAME;
use x509_parser::prelude::FromDer as _;

/// The largest request body that is read, in bytes. A P-256 request is about 400 as base64.
pub(crate) const REQUEST_LIMIT: usize = 16 * 1024;

/// What a device asks to have certified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateRequest {
    /// The subject, when it is one common name and nothing else.
    common_name: Option<String>,
    /// The names it asks for beside the subject, each as text with its kind.
    alternative_names: Vec<String>,
    /// SubjectPublicKeyInfo in DER.
    pub(crate) public_key: Vec<u8>,
    /// Whether the request is signed by the key that it carries.
    pub(crate) possession_proven: bool,
}

impl CertificateRequest {
    /// Whether it asks for exactly this name, and for no other name than that of the device's id.
    pub(crate) fn is_for(&self, name: &str, device_id: Option<&str>) -> bool {
        let urn = device_id.map(|id| format!("URI(urn:sekimori:device:{id})"));
        self.common_name.as_deref() == Some(name)
            && self
                .alternative_names
                .iter()
                .all(|asked| Some(asked) == urn.as_ref())
    }
}

/// Wraps certificates as a certs-only message and encodes it in base64 lines.
pub(crate) fn certificates_only(certificates: &[&[u8]]) -> Result<String, String> {
    let path: PkiPath = certificates
        .iter()
        .map(|der| Certificate::from_der(der))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let content = ContentInfo::try_from(path).map_err(|error| error.to_string())?;
    let der = content.to_der().map_err(|error| error.to_string())?;
    Ok(base64_lines(&der))
}

fn base64_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut lines = String::with_capacity(text.len() + text.len() / 64 + 1);
    for (index, character) in text.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            lines.push('\n');
        }
        lines.push(character);
    }
    lines.push('\n');
    lines
}

/// Reads a request: base64 with or without line breaks, with or without PEM armor, or plain DER.
pub(crate) fn parse_request(body: &[u8]) -> Result<CertificateRequest, String> {
    let der = request_der(body)?;
    let (rest, request) =
        x509_parser::certification_request::X509CertificationRequest::from_der(&der)
            .map_err(|error| format!("not a PKCS#10 request: {error}"))?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the request", rest.len()));
    }
    let possession_proven = request.verify_signature().is_ok();
    let alternative_names = request
        .requested_extensions()
        .into_iter()
        .flatten()
        .flat_map(|extension| match extension {
            ParsedExtension::SubjectAlternativeName(names) => {
                names.general_names.iter().map(alternative_name).collect()
            }
            _ => Vec::new(),
        })
        .collect();
    let content = &request.certification_request_info;
    let mut attributes = content.subject.iter_attributes();
    let common_name = match (attributes.next(), attributes.next()) {
        (Some(only), None) if *only.attr_type() == OID_X509_COMMON_NAME => {
            only.as_str().ok().map(str::to_owned)
        }
        _ => None,
    };
    Ok(CertificateRequest {
        common_name,
        alternative_names,
        public_key: content.subject_pki.raw.to_vec(),
        possession_proven,
    })
}

fn alternative_name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::URI(uri) => format!("URI({uri})"),
        other => format!("{other:?}"),
    }
}

fn request_der(body: &[u8]) -> Result<Vec<u8>, String> {
    if body.len() > REQUEST_LIMIT {
        return Err(format!(
            "{} bytes, at most {REQUEST_LIMIT} are read",
            body.len()
        ));
    }
    // A SEQUENCE with a two-byte length: plain DER.
    if body.starts_with(&[0x30, 0x82]) || body.starts_with(&[0x30, 0x81]) {
        return Ok(body.to_vec());
    }
    if body.starts_with(b"-----BEGIN") {
        return pem::parse(body)
            .map(pem::Pem::into_contents)
            .map_err(|error| format!("not a PEM file: {error}"));
    }
    let text: Vec<u8> = body
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    STANDARD
        .decode(text)
        .map_err(|error| format!("not base64: {error}"))
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use rcgen::{CertificateParams, DnType, KeyPair, PublicKeyData as _};

    use super::*;

    fn request(name: &str) -> (KeyPair, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        let der = parameters.serialize_request(&key).unwrap().der().to_vec();
        (key, der)
    }

    #[test]
    fn every_spelling_of_a_request_is_read() {
        let (key, der) = request("dev-0001");
        let expected = CertificateRequest {
            common_name: Some("dev-0001".into()),
            alternative_names: Vec::new(),
            public_key: key.subject_public_key_info(),
            possession_proven: true,
        };
        let pem = pem::encode(&pem::Pem::new("CERTIFICATE REQUEST", der.clone()));
        let one_line = STANDARD.encode(&der);
        let lines = base64_lines(&der);
        for body in [
            &der[..],
            pem.as_bytes(),
            one_line.as_bytes(),
            lines.as_bytes(),
        ] {
            assert_eq!(parse_request(body).unwrap(), expected);
        }
    }

    #[test]
    fn a_request_signed_by_another_key_says_so() {
        let (_, mut der) = request("dev-0001");
        let last = der.len() - 1;
        der[last] ^= 1;
        assert!(!parse_request(&der).unwrap().possession_proven);
    }

    #[test]
    fn only_the_name_may_be_asked_for() {
        let key = KeyPair::generate().unwrap();
        let ask = |names: &[(DnType, &str)], urn: Option<&str>| {
            let mut parameters = CertificateParams::default();
            parameters.distinguished_name = rcgen::DistinguishedName::new();
            for (kind, value) in names {
                parameters.distinguished_name.push(kind.clone(), *value);
            }
            if let Some(urn) = urn {
                parameters.subject_alt_names = vec![rcgen::SanType::URI(urn.try_into().unwrap())];
            }
            let der = parameters.serialize_request(&key).unwrap().der().to_vec();
            parse_request(&der).unwrap().is_for("a", Some("00ff"))
        };
        let name = (DnType::CommonName, "a");
        assert!(ask(core::slice::from_ref(&name), None));
        assert!(ask(
            core::slice::from_ref(&name),
            Some("urn:sekimori:device:00ff")
        ));
        assert!(!ask(
            core::slice::from_ref(&name),
            Some("urn:sekimori:device:00fe")
        ));
        assert!(!ask(&[(DnType::CommonName, "b")], None));
        assert!(!ask(&[name, (DnType::OrganizationName, "x")], None));
        assert!(!ask(&[], None));
    }

    #[test]
    fn noise_is_refused_and_never_panics() {
        for body in [
            &b""[..],
            b"\x30\x82\xff\xff",
            b"!!!!",
            b"-----BEGIN X-----",
            &[0x41; 20_000],
        ] {
            assert!(parse_request(body).is_err());
        }
    }

    #[test]
    fn openssl_reads_the_certificates() {
        use std::io::Write as _;
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["device.example".into()])
            .unwrap()
            .self_signed(&key)
            .unwrap();
        let message = certificates_only(&[certificate.der()]).unwrap();
        let armored = format!("-----BEGIN PKCS7-----\n{message}-----END PKCS7-----\n");
        let mut process = Command::new("openssl")
            .args(["pkcs7", "-print_certs", "-text", "-noout"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs the openssl command");
        process
            .stdin
            .take()
            .unwrap()
            .write_all(armored.as_bytes())
            .unwrap();
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success());
        assert!(
            String::from_utf8(output.stdout)
                .unwrap()
                .contains("DNS:device.example")
        );
    }
}
