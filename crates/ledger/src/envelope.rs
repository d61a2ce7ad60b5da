//! The signed envelope around entries, policies and reports: COSE_Sign1, one encoding per value.
//!
//! An envelope names its algorithm, its content type and its key inside of the signed bytes, and
//! nothing outside of them. Reading is strict: what [`seal`] would not have written is refused,
//! so an envelope has one form and its hash can be relied on. Reading allocates at most twice the
//! input, whatever lengths the input claims.
//!
//! Source: RFC 9052 section 4.2 and 4.4, RFC 9053 section 2, RFC 8949 section 4.2.1.

mod key;

use alloc::vec::Vec;
use core::fmt;

use minicbor::data::Tag;
use minicbor::{Decoder, Encoder};

pub use key::{Ed25519Signer, P256Signer, PublicKey, Signer, signer_from_pkcs8_der};

/// The tag of COSE_Sign1.
const COSE_SIGN1: u64 = 18;

/// Header labels, RFC 9052 section 3.1.
const LABEL_ALGORITHM: u8 = 1;
const LABEL_CONTENT_TYPE: u8 = 3;
const LABEL_KID: u8 = 4;

/// Why an envelope is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnvelopeError {
    /// Not the one form that a COSE_Sign1 of ours has.
    Malformed,
    /// The signed content type is another one.
    ContentType,
    /// Made by another key than the expected one.
    OtherKey,
    /// The signed algorithm is not that of the key.
    Algorithm,
    /// The signature does not verify: the content was changed, or the key never signed it.
    Signature,
    /// The public or private key is not one of the supported kinds, or not a valid point.
    Key,
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a deterministic COSE_Sign1 envelope",
            Self::ContentType => "the envelope holds another type of content",
            Self::OtherKey => "the envelope was signed by another key",
            Self::Algorithm => "the envelope's algorithm is not that of the key",
            Self::Signature => "the envelope's signature does not verify",
            Self::Key => "not a valid P-256 or Ed25519 key",
        })
    }
}

impl core::error::Error for EnvelopeError {}

/// Signs `payload` as `content_type`.
///
/// ES256 signatures are brought into their low form, so that nobody can make a second envelope
/// out of a first one.
#[must_use]
pub fn seal(content_type: &str, payload: &[u8], signer: &dyn Signer) -> Vec<u8> {
    let key = signer.public_key();
    let protected = protected_header(content_type, &key);
    let signature = signer.sign(&signed_bytes(&protected, payload));
    assemble(&protected, payload, &key.normalize(signature))
}

/// Verifies an envelope of `content_type` by `key` and returns its payload.
///
/// # Errors
///
/// The first [`EnvelopeError`] in the order of the checks: form, content type, key, algorithm,
/// signature.
pub fn open<'a>(
    content_type: &str,
    bytes: &'a [u8],
    key: &PublicKey,
) -> Result<&'a [u8], EnvelopeError> {
    let envelope = Parts::read(bytes)?;
    let header = Header::read(envelope.protected)?;
    if header.content_type != content_type {
        return Err(EnvelopeError::ContentType);
    }
    if header.kid != key.kid() {
        return Err(EnvelopeError::OtherKey);
    }
    if header.algorithm != key.algorithm() {
        return Err(EnvelopeError::Algorithm);
    }
    let message = signed_bytes(envelope.protected, envelope.payload);
    if !key.verify(&message, envelope.signature) {
        return Err(EnvelopeError::Signature);
    }
    Ok(envelope.payload)
}

/// Which key an envelope says it was made by, to look the key up. Nothing is verified.
///
/// # Errors
///
/// [`EnvelopeError::Malformed`].
pub fn peek_kid(bytes: &[u8]) -> Result<[u8; 8], EnvelopeError> {
    Ok(Header::read(Parts::read(bytes)?.protected)?.kid)
}

/// Which content type an envelope says it has. Nothing is verified.
///
/// # Errors
///
/// [`EnvelopeError::Malformed`].
pub fn peek_content_type(bytes: &[u8]) -> Result<&str, EnvelopeError> {
    Ok(Header::read(Parts::read(bytes)?.protected)?.content_type)
}

/// The three byte strings of a COSE_Sign1.
struct Parts<'a> {
    protected: &'a [u8],
    payload: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let parts = Self::decode(bytes).map_err(|_| EnvelopeError::Malformed)?;
        // Only one encoding is accepted: longer length forms and trailing bytes end here.
        if assemble(parts.protected, parts.payload, parts.signature) != bytes {
            return Err(EnvelopeError::Malformed);
        }
        Ok(parts)
    }

    fn decode(bytes: &'a [u8]) -> Result<Self, minicbor::decode::Error> {
        let mut decoder = Decoder::new(bytes);
        decoder.tag()?;
        decoder.array()?;
        let protected = decoder.bytes()?;
        decoder.map()?;
        Ok(Self {
            protected,
            payload: decoder.bytes()?,
            signature: decoder.bytes()?,
        })
    }
}

/// What the protected header says.
struct Header<'a> {
    algorithm: i8,
    content_type: &'a str,
    kid: [u8; 8],
}

impl<'a> Header<'a> {
    fn read(protected: &'a [u8]) -> Result<Self, EnvelopeError> {
        let header = Self::decode(protected).map_err(|_| EnvelopeError::Malformed)?;
        if header.encode() != protected {
            return Err(EnvelopeError::Malformed);
        }
        Ok(header)
    }

    fn decode(protected: &'a [u8]) -> Result<Self, minicbor::decode::Error> {
        let mut decoder = Decoder::new(protected);
        decoder.map()?;
        decoder.u8()?;
        let algorithm = decoder.i8()?;
        decoder.u8()?;
        let content_type = decoder.str()?;
        decoder.u8()?;
        let kid = decoder.bytes()?;
        let kid = kid
            .try_into()
            .map_err(|_| minicbor::decode::Error::message("kid"))?;
        Ok(Self {
            algorithm,
            content_type,
            kid,
        })
    }

    fn encode(&self) -> Vec<u8> {
        let mut encoder = Encoder::new(Vec::with_capacity(self.content_type.len() + 20));
        write(encoder.map(3));
        write(encoder.u8(LABEL_ALGORITHM));
        write(encoder.i8(self.algorithm));
        write(encoder.u8(LABEL_CONTENT_TYPE));
        write(encoder.str(self.content_type));
        write(encoder.u8(LABEL_KID));
        write(encoder.bytes(&self.kid));
        encoder.into_writer()
    }
}

fn protected_header(content_type: &str, key: &PublicKey) -> Vec<u8> {
    Header {
        algorithm: key.algorithm(),
        content_type,
        kid: key.kid(),
    }
    .encode()
}

fn assemble(protected: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    let room = protected.len() + payload.len() + signature.len() + 32;
    let mut encoder = Encoder::new(Vec::with_capacity(room));
    write(encoder.tag(Tag::new(COSE_SIGN1)));
    write(encoder.array(4));
    write(encoder.bytes(protected));
    write(encoder.map(0));
    write(encoder.bytes(payload));
    write(encoder.bytes(signature));
    encoder.into_writer()
}

/// The Sig_structure, RFC 9052 section 4.4, without external data.
fn signed_bytes(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::with_capacity(protected.len() + payload.len() + 32));
    write(encoder.array(4));
    write(encoder.str("Signature1"));
    write(encoder.bytes(protected));
    write(encoder.bytes(&[]));
    write(encoder.bytes(payload));
    encoder.into_writer()
}

/// A vector takes every byte.
fn write<T, E: fmt::Debug>(result: Result<T, E>) {
    result
        .map(drop)
        .expect("encoding into memory does not fail");
}
