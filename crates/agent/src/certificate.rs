//! What EST hands out: certs-only PKCS#7 in base 64, read into what the device needs to know.
//!
//! Source: RFC 7030 sections 4.1.3 and 4.2.3.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cms::cert::CertificateChoices;
use cms::cert::x509::der::{Decode as _, Encode as _};
use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use jiff::Timestamp;
use sekimori_device::IssuedCertificate;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Reads the body of an answer to `simpleenroll`; the device's own certificate is the one with `public_key`.
pub(crate) fn issued(body: &[u8], public_key: &[u8]) -> Result<IssuedCertificate, String> {
    let text: Vec<u8> = body
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let der = STANDARD
        .decode(text)
        .map_err(|_| "the answer is not in base 64".to_string())?;
    let content = ContentInfo::from_der(&der).map_err(|error| format!("not PKCS#7: {error}"))?;
    let signed: SignedData = content
        .content
        .decode_as()
        .map_err(|error| format!("not certs-only: {error}"))?;
    let mut chain = Vec::new();
    for choice in signed.certificates.iter().flat_map(|set| set.0.iter()) {
        if let CertificateChoices::Certificate(certificate) = choice {
            chain.push(certificate.to_der().map_err(|error| error.to_string())?);
        }
    }
    let own = chain.iter().position(|der| {
        X509Certificate::from_der(der)
            .is_ok_and(|(_, certificate)| certificate.public_key().raw == public_key)
    });
    // A set has no order: the device's own certificate is the one over its key.
    chain.swap(
        0,
        own.ok_or("no certificate in the answer is for this key")?,
    );
    describe(chain)
}

/// What the first certificate of a chain says.
pub(crate) fn describe(chain: Vec<Vec<u8>>) -> Result<IssuedCertificate, String> {
    let first = chain.first().ok_or("no certificate")?;
    let (_, certificate) =
        X509Certificate::from_der(first).map_err(|error| format!("not a certificate: {error}"))?;
    let time = |seconds: i64| Timestamp::from_second(seconds).map_err(|error| error.to_string());
    let validity = certificate.validity();
    let (not_before, not_after) = (
        time(validity.not_before.timestamp())?,
        time(validity.not_after.timestamp())?,
    );
    let name = certificate
        .subject()
        .iter_common_name()
        .next()
        .and_then(|name| name.as_str().ok())
        .unwrap_or_default()
        .to_string();
    let public_key = certificate.public_key().raw.to_vec();
    Ok(IssuedCertificate {
        name,
        public_key,
        not_before,
        not_after,
        chain,
    })
}

/// Splits certificates that stand one after the other.
pub(crate) fn split(mut bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut chain = Vec::new();
    while !bytes.is_empty() {
        let (rest, _) = X509Certificate::from_der(bytes)
            .map_err(|error| format!("not a certificate: {error}"))?;
        let length = bytes.len().saturating_sub(rest.len());
        chain.push(bytes.get(..length).unwrap_or_default().to_vec());
        bytes = rest;
    }
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cms::cert::x509::{Certificate, PkiPath};
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair, PublicKeyData as _};

    fn certificate(name: &str) -> (Vec<u8>, Vec<u8>) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        let certificate = parameters.self_signed(&key).unwrap();
        (certificate.der().to_vec(), key.subject_public_key_info())
    }

    fn answer(chain: &[Vec<u8>]) -> Vec<u8> {
        let path: PkiPath = chain
            .iter()
            .map(|der| Certificate::from_der(der).unwrap())
            .collect();
        let der = ContentInfo::try_from(path).unwrap().to_der().unwrap();
        let text = STANDARD.encode(der);
        let lines: Vec<&[u8]> = text.as_bytes().chunks(64).collect();
        lines.join(&b'\n')
    }

    #[test]
    fn the_own_certificate_comes_first_whatever_the_order() {
        let ((own, key), (other, _)) = (certificate("dev-0001"), certificate("ca"));
        for chain in [[own.clone(), other.clone()], [other, own.clone()]] {
            let issued = issued(&answer(&chain), &key).unwrap();
            assert_eq!((issued.name.as_str(), &issued.chain[0]), ("dev-0001", &own));
            assert_eq!(issued.public_key, key);
            assert!(issued.not_before < issued.not_after);
            assert_eq!(split(&issued.chain.concat()).unwrap(), issued.chain);
        }
    }

    #[test]
    fn a_certificate_for_another_key_is_not_ours() {
        let ((own, _), (_, key)) = (certificate("dev-0001"), certificate("dev-0001"));
        assert!(issued(&answer(&[own]), &key).is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = issued(&bytes, &[]);
            let _ = issued(STANDARD.encode(&bytes).as_bytes(), &[]);
            let _ = split(&bytes);
        }
    }
}
