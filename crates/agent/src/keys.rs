//! The device's keys: P-256, made here, in files that only the owner reads.

use crate::files;
use crate::home::Home;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData as _};
use sekimori_device::{CredentialSlot, StorageFailure};
use sekimori_ledger::envelope;

/// The label of a private key in PEM.
const LABEL: &str = "PRIVATE KEY";

fn failed(error: impl core::fmt::Display) -> StorageFailure {
    StorageFailure::Other(error.to_string())
}

/// Makes a new key in `slot`; answers its SubjectPublicKeyInfo in DER.
pub(crate) fn make(home: &Home, slot: CredentialSlot) -> Result<Vec<u8>, StorageFailure> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
    let pem = pem::encode(&pem::Pem::new(LABEL, key.serialize_der()));
    files::replace(&home.key(slot), pem.as_bytes())?;
    Ok(key.subject_public_key_info())
}

/// The private key of `slot` as PKCS#8 in DER.
pub(crate) fn load(home: &Home, slot: CredentialSlot) -> Result<Vec<u8>, StorageFailure> {
    let path = home.key(slot);
    let missing = || StorageFailure::Other(format!("{} is not there", path.display()));
    let text = files::read(&path)?.ok_or_else(missing)?;
    let pem = pem::parse(&text).map_err(|error| {
        StorageFailure::Other(format!("{} is not a key: {error}", path.display()))
    })?;
    Ok(pem.into_contents())
}

/// A PKCS#10 request in DER for the device `name`, signed by the key of `slot`.
pub(crate) fn request(
    home: &Home,
    slot: CredentialSlot,
    name: &str,
) -> Result<Vec<u8>, StorageFailure> {
    let der = load(home, slot)?;
    let key = KeyPair::try_from(der.as_slice()).map_err(failed)?;
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    let request = parameters.serialize_request(&key).map_err(failed)?;
    Ok(request.der().to_vec())
}

/// Seals `payload` in an envelope signed by the key of `slot`.
pub(crate) fn seal(
    home: &Home,
    slot: CredentialSlot,
    content_type: &str,
    payload: &[u8],
) -> Result<Vec<u8>, StorageFailure> {
    let signer = envelope::signer_from_pkcs8_der(&load(home, slot)?).map_err(failed)?;
    Ok(envelope::seal(content_type, payload, signer.as_ref()))
}

/// Signs with the key of `slot` and checks it against `public_key`, a DER SubjectPublicKeyInfo.
pub(crate) fn prove(home: &Home, slot: CredentialSlot, public_key: &[u8]) -> Result<(), String> {
    let der = load(home, slot).map_err(|failure| failure.to_string())?;
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &der)
        .map_err(|error| format!("the key does not load: {error}"))?;
    if public_key.ends_with(pair.public_key().as_ref()) {
        return Ok(());
    }
    Err("the key is not the one in the certificate".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekimori_ledger::envelope::PublicKey;
    use x509_parser::prelude::FromDer as _;

    #[test]
    fn a_key_signs_requests_and_envelopes() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        home.prepare().unwrap();
        let slot = CredentialSlot::Two;
        assert!(load(&home, slot).is_err());
        let spki = make(&home, slot).unwrap();
        let public = PublicKey::from_spki_der(&spki).unwrap();
        let sealed = seal(&home, slot, "text/plain", b"hello").unwrap();
        assert_eq!(
            envelope::open("text/plain", &sealed, &public).unwrap(),
            b"hello"
        );
        prove(&home, slot, &spki).unwrap();

        let request = request(&home, slot, "dev-0001").unwrap();
        let (_, request) =
            x509_parser::certification_request::X509CertificationRequest::from_der(&request)
                .unwrap();
        request.verify_signature().unwrap();
        assert_eq!(request.certification_request_info.subject_pki.raw, spki);
        let subject = request.certification_request_info.subject.to_string();
        assert_eq!(subject, "CN=dev-0001");

        let other = make(&home, CredentialSlot::One).unwrap();
        assert!(prove(&home, slot, &other).is_err());
    }
}
