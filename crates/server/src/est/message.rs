//! Bytes of EST: certs-only PKCS#7 out, PKCS#10 in, both base64.
//!
//! Source: RFC 7030 sections 4.1.3, 4.2.1 and 4.2.3; RFC 8951 for base64 without a transfer
//! encoding header; RFC 2986 for the request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cms::cert::x509::der::{Decode as _, Encode as _};
use cms::cert::x509::{Certificate, PkiPath};
use cms::content_info::ContentInfo;
use x509_parser::prelude::FromDer as _;

/// The largest request body that is read, in bytes. A P-256 request is about 400 as base64.
pub(crate) const REQUEST_LIMIT: usize = 16 * 1024;

/// A request whose signature proves that the sender holds the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CertificateRequest {
    /// Common name of the subject, when there is one.
    pub(crate) common_name: Option<String>,
    /// SubjectPublicKeyInfo in DER.
    pub(crate) public_key: Vec<u8>,
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
    let (rest, request) = x509_parser::certification_request::X509CertificationRequest::from_der(&der)
        .map_err(|error| format!("not a PKCS#10 request: {error}"))?;
    if !rest.is_empty() {
        return Err(format!("{} bytes follow the request", rest.len()));
    }
    request
        .verify_signature()
        .map_err(|_| "the request is not signed by the key that it carries".to_owned())?;
    let content = &request.certification_request_info;
    let common_name = content
        .subject
        .iter_common_name()
        .next()
        .and_then(|name| name.as_str().ok())
        .map(str::to_owned);
    Ok(CertificateRequest { common_name, public_key: content.subject_pki.raw.to_vec() })
}

fn request_der(body: &[u8]) -> Result<Vec<u8>, String> {
    if body.len() > REQUEST_LIMIT {
        return Err(format!("{} bytes, at most {REQUEST_LIMIT} are read", body.len()));
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
    let text: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(text).map_err(|error| format!("not base64: {error}"))
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
            public_key: key.subject_public_key_info(),
        };
        let pem = pem::encode(&pem::Pem::new("CERTIFICATE REQUEST", der.clone()));
        let one_line = STANDARD.encode(&der);
        let lines = base64_lines(&der);
        for body in [&der[..], pem.as_bytes(), one_line.as_bytes(), lines.as_bytes()] {
            assert_eq!(parse_request(body).unwrap(), expected);
        }
    }

    #[test]
    fn a_request_signed_by_another_key_is_refused() {
        let (_, mut der) = request("dev-0001");
        let last = der.len() - 1;
        der[last] ^= 1;
        assert!(parse_request(&der).unwrap_err().contains("not signed by the key"));
    }

    #[test]
    fn noise_is_refused_and_never_panics() {
        for body in [&b""[..], b"\x30\x82\xff\xff", b"!!!!", b"-----BEGIN X-----", &[0x41; 20_000]] {
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
        process.stdin.take().unwrap().write_all(armored.as_bytes()).unwrap();
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success());
        assert!(String::from_utf8(output.stdout).unwrap().contains("DNS:device.example"));
    }
}
