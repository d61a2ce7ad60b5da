//! Envelopes against another COSE library, OpenSSL's keys, and changed bits.

use coset::{CborSerializable as _, CoseSign1, TaggedCborSerializable as _};
use proptest::prelude::*;
use sekimori_ledger::envelope::{
    Ed25519Signer, EnvelopeError, P256Signer, PublicKey, Signer, open, peek_content_type, peek_kid,
    seal, signer_from_pkcs8_der,
};

use crate::world::bit_flips;

const TYPE: &str = "application/sekimori-entry+cbor";

fn signers() -> Vec<Box<dyn Signer>> {
    vec![
        Box::new(Ed25519Signer::from_seed(&[3; 32])),
        Box::new(P256Signer::from_scalar(&[4; 32]).expect("below the group order")),
    ]
}

#[test]
fn what_is_sealed_opens_and_nothing_else_does() {
    for signer in signers() {
        let key = signer.public_key();
        let bytes = seal(TYPE, b"payload", &*signer);
        assert_eq!(open(TYPE, &bytes, &key), Ok(b"payload".as_slice()));
        assert_eq!(seal(TYPE, b"payload", &*signer), bytes, "deterministic");
        assert_eq!(peek_kid(&bytes), Ok(key.kid()));
        assert_eq!(peek_content_type(&bytes), Ok(TYPE));
        assert_eq!(
            open("application/other", &bytes, &key),
            Err(EnvelopeError::ContentType)
        );
        let stranger = Ed25519Signer::from_seed(&[9; 32]).public_key();
        assert_eq!(open(TYPE, &bytes, &stranger), Err(EnvelopeError::OtherKey));
        for (position, changed) in bit_flips(&bytes) {
            assert!(open(TYPE, &changed, &key).is_err(), "byte {position}");
        }
        for length in 0..bytes.len() {
            assert_eq!(
                open(TYPE, &bytes[..length], &key),
                Err(EnvelopeError::Malformed)
            );
        }
        let longer = [bytes.as_slice(), b"\0"].concat();
        assert_eq!(open(TYPE, &longer, &key), Err(EnvelopeError::Malformed));
    }
}

#[test]
fn coset_reads_and_verifies_our_envelopes() {
    for signer in signers() {
        let key = signer.public_key();
        let bytes = seal(TYPE, b"payload", &*signer);
        let theirs = CoseSign1::from_tagged_slice(&bytes).unwrap();
        assert_eq!(theirs.payload.as_deref(), Some(b"payload".as_slice()));
        assert_eq!(theirs.protected.header.key_id, key.kid());
        let content_type = coset::RegisteredLabel::Text(TYPE.to_owned());
        assert_eq!(theirs.protected.header.content_type, Some(content_type));
        let verified = theirs.verify_signature(b"", |signature, message| {
            if key.verify(message, signature) {
                Ok(())
            } else {
                Err(())
            }
        });
        assert_eq!(verified, Ok(()));
    }
}

#[test]
fn our_bytes_are_those_that_coset_writes() {
    let algorithms = [coset::iana::Algorithm::EdDSA, coset::iana::Algorithm::ES256];
    for (signer, algorithm) in signers().into_iter().zip(algorithms) {
        let protected = coset::HeaderBuilder::new()
            .algorithm(algorithm)
            .content_type(TYPE.to_owned())
            .key_id(signer.public_key().kid().to_vec())
            .build();
        let theirs = coset::CoseSign1Builder::new()
            .protected(protected)
            .payload(b"payload".to_vec())
            .create_signature(b"", |message| signer.sign(message))
            .build();
        assert_eq!(
            theirs.to_tagged_vec().unwrap(),
            seal(TYPE, b"payload", &*signer)
        );
    }
}

/// The same values in other encodings are other bytes, and so not envelopes.
#[test]
fn only_the_deterministic_form_is_read() {
    let signer = Ed25519Signer::from_seed(&[3; 32]);
    let key = signer.public_key();
    let good = seal(TYPE, b"payload", &signer);

    let untagged = good[1..].to_vec();
    let other_tag = [&[0xd3], &good[1..]].concat();
    let long_tag = [&[0xd8, 0x12], &good[1..]].concat();
    let long_array = [&good[..1], &[0x98, 0x04], &good[2..]].concat();
    let open_array = [&good[..1], &[0x9f], &good[2..], &[0xff]].concat();
    let mut with_unprotected = CoseSign1::from_tagged_slice(&good).unwrap();
    with_unprotected.unprotected.key_id = vec![1];
    let mut detached = CoseSign1::from_tagged_slice(&good).unwrap();
    detached.payload = None;
    let forms = [
        untagged,
        other_tag,
        long_tag,
        long_array,
        open_array,
        with_unprotected.clone().to_tagged_vec().unwrap(),
        with_unprotected.to_vec().unwrap(),
        detached.to_tagged_vec().unwrap(),
    ];
    for form in forms {
        assert_eq!(
            open(TYPE, &form, &key),
            Err(EnvelopeError::Malformed),
            "{form:02x?}"
        );
    }
}

#[test]
fn a_header_that_lies_about_its_algorithm_is_refused() {
    let signer = Ed25519Signer::from_seed(&[3; 32]);
    let key = signer.public_key();
    let header = |algorithm| {
        coset::HeaderBuilder::new()
            .algorithm(algorithm)
            .content_type(TYPE.to_owned())
            .key_id(key.kid().to_vec())
    };
    let sealed = |header: coset::Header| {
        coset::CoseSign1Builder::new()
            .protected(header)
            .payload(b"payload".to_vec())
            .create_signature(b"", |message| signer.sign(message))
            .build()
            .to_tagged_vec()
            .expect("coset encodes")
    };
    let lying = sealed(header(coset::iana::Algorithm::ES256).build());
    assert_eq!(open(TYPE, &lying, &key), Err(EnvelopeError::Algorithm));
    // Critical or unknown headers are never skipped over.
    let extra = sealed(
        header(coset::iana::Algorithm::EdDSA)
            .value(99, 1.into())
            .build(),
    );
    assert_eq!(open(TYPE, &extra, &key), Err(EnvelopeError::Malformed));
    let no_type = sealed(
        coset::HeaderBuilder::new()
            .key_id(key.kid().to_vec())
            .build(),
    );
    assert_eq!(open(TYPE, &no_type, &key), Err(EnvelopeError::Malformed));
}

#[test]
fn nobody_makes_a_second_envelope_out_of_a_first() {
    let signer = P256Signer::from_scalar(&[4; 32]).unwrap();
    let key = signer.public_key();
    // Over many messages about half of the raw signatures would be high.
    for number in 0..16_u8 {
        let bytes = seal(TYPE, &[number], &signer);
        let (head, signature) = bytes.split_at(bytes.len() - 64);
        let low = p256::ecdsa::Signature::from_slice(signature).unwrap();
        let high = p256::ecdsa::Signature::from_scalars(low.r(), -low.s()).unwrap();
        let twin = [head, &high.to_vec()].concat();
        assert_eq!(open(TYPE, &twin, &key), Err(EnvelopeError::Signature));
        assert!(open(TYPE, &bytes, &key).is_ok());
    }

    struct High(P256Signer);
    impl Signer for High {
        fn public_key(&self) -> PublicKey {
            self.0.public_key()
        }
        fn sign(&self, message: &[u8]) -> Vec<u8> {
            let low = p256::ecdsa::Signature::from_slice(&self.0.sign(message)).expect("valid");
            p256::ecdsa::Signature::from_scalars(low.r(), -low.s())
                .expect("valid")
                .to_vec()
        }
    }
    let sealed = seal(TYPE, b"x", &High(signer.clone()));
    assert_eq!(
        sealed,
        seal(TYPE, b"x", &signer),
        "hardware signs high; sealing brings it low"
    );
}

/// Keys and a signature made by OpenSSL 3.0.
#[test]
fn keys_and_signatures_of_openssl_are_read() {
    let p256 = hex::decode(concat!(
        "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420",
        "b6297db8987c4cf4f55b2f7e1a6d538cc009c8c232a272268a4e74b8451336a2a14403420004",
        "bf8b7186eadf94010e8d2d326f5211261f33e5a9c6e0fbd53d1881585d066e61",
        "430a0076a355725a07c6a1ed8269364d08b8d876a643d8cad9b54a3a86da5630",
    ))
    .unwrap();
    let p256_public = hex::decode(concat!(
        "3059301306072a8648ce3d020106082a8648ce3d03010703420004",
        "bf8b7186eadf94010e8d2d326f5211261f33e5a9c6e0fbd53d1881585d066e61",
        "430a0076a355725a07c6a1ed8269364d08b8d876a643d8cad9b54a3a86da5630",
    ))
    .unwrap();
    let signer = signer_from_pkcs8_der(&p256).unwrap();
    assert_eq!(signer.public_key().to_spki_der(), p256_public);
    assert_eq!(
        PublicKey::from_spki_der(&p256_public),
        Ok(signer.public_key())
    );
    let signature = hex::decode(concat!(
        "30440220368e1861787d23f260fdc053c7dee9dede2400dd1ef67d8d03b4d828997054e6",
        "02205506b7bd3e0f4d6a261f59b7f1154e610bba1eda6362f456b80a09b918a29a54",
    ))
    .unwrap();
    let signature = p256::ecdsa::Signature::from_der(&signature).unwrap();
    assert!(signer.public_key().verify(b"recorded", &signature.to_vec()));
    assert!(!signer.public_key().verify(b"recorder", &signature.to_vec()));

    let ed25519 = hex::decode(concat!(
        "302e020100300506032b657004220420",
        "cca9616c2876d0e5d722bdd23c5d1d4ab57c9b36a5249261e5a112b312cea952",
    ))
    .unwrap();
    let ed25519_public = hex::decode(concat!(
        "302a300506032b6570032100",
        "7cf3a747bb13e78a43572d024160124e246633f903d9d0b38dd803bf5e8c03a5",
    ))
    .unwrap();
    let signer = signer_from_pkcs8_der(&ed25519).unwrap();
    assert_eq!(signer.public_key().to_spki_der(), ed25519_public);
}

/// The example with a public key in RFC 8410 section 10.3 has attributes; its key is the same.
#[test]
fn private_keys_read_back_and_a_foreign_public_half_is_refused() {
    let seed =
        hex::decode("d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842").unwrap();
    let public =
        hex::decode("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1").unwrap();
    let signer = Ed25519Signer::from_seed(seed.as_slice().try_into().unwrap());
    assert_eq!(signer.public_key().to_spki_der()[12..], public);
    let version_1 = signer.to_pkcs8_der();
    assert_eq!(
        signer_from_pkcs8_der(&version_1).unwrap().public_key(),
        signer.public_key()
    );

    let head = hex::decode("3051020101300506032b657004220420").unwrap();
    let mut version_2 = [head.as_slice(), &seed, &[0x81, 0x21, 0x00], &public].concat();
    assert_eq!(
        signer_from_pkcs8_der(&version_2).unwrap().public_key(),
        signer.public_key()
    );
    *version_2.last_mut().unwrap() ^= 1;
    assert_eq!(
        signer_from_pkcs8_der(&version_2).err(),
        Some(EnvelopeError::Key)
    );

    let p256 = P256Signer::from_scalar(&[4; 32]).unwrap();
    let der = p256.to_pkcs8_der().unwrap();
    assert_eq!(
        signer_from_pkcs8_der(&der).unwrap().public_key(),
        p256.public_key()
    );
}

#[test]
fn keys_that_are_none_are_refused() {
    let good = P256Signer::from_scalar(&[4; 32])
        .unwrap()
        .public_key()
        .to_spki_der();
    let mut off_curve = good.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    let compressed = hex::decode(concat!(
        "3039301306072a8648ce3d020106082a8648ce3d03010703220002",
        "bf8b7186eadf94010e8d2d326f5211261f33e5a9c6e0fbd53d1881585d066e61",
    ))
    .unwrap();
    let mut neutral = Ed25519Signer::from_seed(&[3; 32])
        .public_key()
        .to_spki_der();
    neutral.truncate(12);
    neutral.push(1);
    neutral.resize(44, 0);
    let cases = [
        vec![],
        good[..90].to_vec(),
        [good.as_slice(), &[0]].concat(),
        off_curve,
        compressed,
        neutral,
    ];
    for case in cases {
        assert_eq!(
            PublicKey::from_spki_der(&case),
            Err(EnvelopeError::Key),
            "{case:02x?}"
        );
    }
    assert!(P256Signer::from_scalar(&[0; 32]).is_err());
    assert!(P256Signer::from_scalar(&[0xff; 32]).is_err());
    assert!(!PublicKey::P256([0; 65]).is_valid());
    assert!(!PublicKey::P256([0; 65]).verify(b"", &[0; 64]));
}

#[test]
fn secrets_are_not_shown() {
    let signer = Ed25519Signer::from_seed(&[0x5e; 32]);
    assert!(!format!("{signer:?}").contains("5e5e5e5e"));
    let signer = P256Signer::from_scalar(&[0x5e; 32]).unwrap();
    assert!(!format!("{signer:?}").contains("5e5e5e5e"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn envelopes_read_back(content_type in "\\PC{0,300}", payload in prop::collection::vec(any::<u8>(), 0..70_000)) {
        let signer = Ed25519Signer::from_seed(&[3; 32]);
        let bytes = seal(&content_type, &payload, &signer);
        prop_assert_eq!(open(&content_type, &bytes, &signer.public_key()), Ok(payload.as_slice()));
    }

    #[test]
    fn public_keys_read_back(seed in any::<[u8; 32]>()) {
        let ed25519 = Ed25519Signer::from_seed(&seed).public_key();
        prop_assert_eq!(PublicKey::from_spki_der(&ed25519.to_spki_der()), Ok(ed25519));
        if let Ok(signer) = P256Signer::from_scalar(&seed) {
            let p256 = signer.public_key();
            prop_assert_eq!(PublicKey::from_spki_der(&p256.to_spki_der()), Ok(p256));
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200), head in 0_usize..60,
    ) {
        let signer = Ed25519Signer::from_seed(&[3; 32]);
        let real = seal(TYPE, b"payload", &signer);
        let spliced = [&real[..head], &bytes].concat();
        for bytes in [bytes.as_slice(), &spliced] {
            prop_assert!(open(TYPE, bytes, &signer.public_key()).is_err());
            let _ = peek_kid(bytes);
            let _ = peek_content_type(bytes);
            let _ = PublicKey::from_spki_der(bytes);
            let _ = signer_from_pkcs8_der(bytes);
        }
    }
}
