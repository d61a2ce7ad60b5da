//! Ed25519 keys in files: PKCS#8 version 1, which OpenSSL 3.0 reads too (RFC 8410 section 7).

use std::path::Path;

use crate::error::ServerError;
use crate::home::{read_if_present, write_private};

/// Everything of the file before the 32 bytes of the seed.
const PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

const PRIVATE_KEY: &str = "PRIVATE KEY";

/// Reads the seed from a file, and makes a new one when there is none.
pub fn load_or_make_seed(path: &Path) -> Result<[u8; 32], ServerError> {
    if let Some(bytes) = read_if_present(path)? {
        return decode(&bytes).map_err(|why| ServerError::Key {
            path: path.to_path_buf(),
            why,
        });
    }
    let seed = random()?;
    write_private(path, encode(&seed).as_bytes())?;
    Ok(seed)
}

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], ServerError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| ServerError::File {
        doing: "take random bytes from",
        path: "the system".into(),
        source: std::io::Error::other(error.to_string()),
    })?;
    Ok(bytes)
}

fn encode(seed: &[u8; 32]) -> String {
    let der: Vec<u8> = PREFIX.iter().chain(seed).copied().collect();
    pem::encode(&pem::Pem::new(PRIVATE_KEY, der))
}

fn decode(bytes: &[u8]) -> Result<[u8; 32], String> {
    let file = pem::parse(bytes).map_err(|error| format!("not a PEM file: {error}"))?;
    if file.tag() != PRIVATE_KEY {
        return Err(format!("holds {:?}, expected {PRIVATE_KEY:?}", file.tag()));
    }
    let seed = file
        .contents()
        .strip_prefix(&PREFIX)
        .ok_or("not an Ed25519 key in PKCS#8 version 1")?;
    seed.try_into()
        .map_err(|_| format!("the key has {} bytes instead of 32", seed.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let first = load_or_make_seed(&path).unwrap();
        assert_eq!(load_or_make_seed(&path).unwrap(), first);
        assert_ne!(
            load_or_make_seed(&folder.path().join("other.pem")).unwrap(),
            first
        );
    }

    #[test]
    fn a_damaged_key_is_named_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        std::fs::write(&path, "garbage").unwrap();
        let error = load_or_make_seed(&path).unwrap_err();
        assert_eq!(error.code(), "SK-SRV-003");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "garbage");
    }
}
