use super::*;
use alloc::string::ToString;
use alloc::vec;
use proptest::prelude::*;
use sekimori_ledger::envelope::{Ed25519Signer, P256Signer};

fn author() -> Ed25519Signer {
    Ed25519Signer::from_seed(&[1; 32])
}

fn organization() -> OrganizationId {
    OrganizationId::parse("maker.example").unwrap()
}

fn entry(body: EntryBody) -> Entry {
    Entry::new(
        organization(),
        "2026-11-21T00:30:00.123456789Z".parse().unwrap(),
        body,
    )
}

fn registered(public_key: PublicKey) -> EntryBody {
    EntryBody::DeviceRegistered {
        id: DeviceId::of_first_key(&SpkiHash::of_der(&public_key.to_spki_der())),
        number: Number(1),
        name: DeviceName::parse("dev-0001").unwrap(),
        role: RoleId::parse("sensor").unwrap(),
        public_key,
    }
}

#[test]
fn a_sealed_entry_opens_with_the_authors_key_only() {
    let entry = entry(registered(Ed25519Signer::from_seed(&[2; 32]).public_key()));
    assert_eq!(
        entry.at.subsec_nanosecond(),
        123_000_000,
        "whole milliseconds"
    );
    let sealed = entry.seal(&author());
    assert_eq!(
        Entry::open(&sealed, &author().public_key()),
        Ok(entry.clone())
    );
    let stranger = Ed25519Signer::from_seed(&[9; 32]).public_key();
    assert!(matches!(
        Entry::open(&sealed, &stranger),
        Err(EntryError::Envelope(_))
    ));
    let other = envelope::seal("application/other", &entry.encode(), &author());
    assert!(matches!(
        Entry::open(&other, &author().public_key()),
        Err(EntryError::Envelope(_))
    ));
    assert_eq!(
        Entry::open(&[0; MAX_LENGTH + 1], &stranger),
        Err(EntryError::TooLong)
    );
}

/// The vectors that the format names are what the code writes.
#[test]
fn the_documented_vectors_hold() {
    let vectors = include_str!("../../../../docs/formats/vectors/entry.txt");
    let device = Ed25519Signer::from_seed(&[2; 32]).public_key();
    let registered = entry(registered(device));
    let EntryBody::DeviceRegistered { id, .. } = registered.body else {
        unreachable!()
    };
    let issued = entry(EntryBody::CertificateIssued {
        device: id,
        spki: SpkiHash([3; 32]),
        serial_hash: serial_hash(&[4; 16], &[5, 6, 7]),
        not_before: "2026-11-21T00:00:00Z".parse().unwrap(),
        not_after: "2027-02-19T00:00:00Z".parse().unwrap(),
    });
    let revoked = entry(EntryBody::Revoked {
        device: id,
        cause: Cause::Lost,
    });
    for (name, entry) in [
        ("registered", registered),
        ("issued", issued),
        ("revoked", revoked),
    ] {
        let payload = crate::vectors::read(vectors, &std::format!("{name} payload"));
        assert_eq!(
            hex::encode(&payload),
            hex::encode(entry.encode()),
            "{name} payload"
        );
        let sealed = crate::vectors::read(vectors, &std::format!("{name} sealed"));
        assert_eq!(
            hex::encode(&sealed),
            hex::encode(entry.seal(&author())),
            "{name} sealed"
        );
        assert_eq!(Entry::open(&sealed, &author().public_key()), Ok(entry));
    }
}

#[test]
fn facts_that_do_not_fit_are_refused_although_signed() {
    let (first, second) = (SpkiHash([1; 32]), SpkiHash([2; 32]));
    let device = DeviceId([1; 16]);
    let at = |second| Timestamp::from_second(second).unwrap();
    let public_key = Ed25519Signer::from_seed(&[2; 32]).public_key();
    let EntryBody::DeviceRegistered { id, name, role, .. } = registered(public_key.clone()) else {
        unreachable!()
    };
    let foreign_id = EntryBody::DeviceRegistered {
        id: device,
        number: Number(1),
        name: name.clone(),
        role: role.clone(),
        public_key: public_key.clone(),
    };
    let no_number = EntryBody::DeviceRegistered {
        id,
        number: Number(0),
        name,
        role,
        public_key,
    };
    let certificate = |not_before, not_after| EntryBody::CertificateIssued {
        device,
        spki: first,
        serial_hash: [0; 32],
        not_before,
        not_after,
    };
    let approved = |product: &str, version: &str| EntryBody::FirmwareApproved {
        product: product.to_string(),
        version: version.to_string(),
        counter: 1,
        targets_sha256: [0; 32],
    };
    for body in [
        foreign_id,
        no_number,
        certificate(at(5), at(5)),
        certificate(at(6), at(5)),
        EntryBody::KeyRotated {
            device,
            from: first,
            to: first,
        },
        EntryBody::Root {
            keys: vec![],
            threshold: 0,
        },
        EntryBody::Root {
            keys: vec![[1; 32]],
            threshold: 0,
        },
        EntryBody::Root {
            keys: vec![[1; 32]],
            threshold: 2,
        },
        EntryBody::Root {
            keys: vec![[1; 32], [1; 32]],
            threshold: 1,
        },
        approved("", "1.0.0"),
        approved("sensor", "1 0"),
        approved("関", "1.0.0"),
    ] {
        let sealed = entry(body.clone()).seal(&author());
        let opened = Entry::open(&sealed, &author().public_key());
        assert!(
            matches!(opened, Err(EntryError::Contradiction(_))),
            "{body:?}: {opened:?}"
        );
    }
    let rotated = EntryBody::KeyRotated {
        device,
        from: first,
        to: second,
    };
    assert_eq!(entry(rotated).check(), Ok(()));
}

#[test]
fn there_is_one_encoding() {
    let entry = entry(EntryBody::PolicyApplied {
        version: 1,
        sha256: [0; 32],
    });
    let payload = entry.encode();
    let mut longer = payload.clone();
    longer.push(0);
    assert_eq!(Entry::decode(&longer), Err(EntryError::NotDeterministic));

    // A map of five pairs with its length in a byte of its own.
    assert_eq!(payload[0], 0xa5);
    let wide = [&[0xb8, 0x05], &payload[1..]].concat();
    assert_eq!(Entry::decode(&wide), Err(EntryError::NotDeterministic));
    // Key 0 in a byte of its own.
    let wide = [&[0xa5, 0x18, 0x00], &payload[2..]].concat();
    assert_eq!(Entry::decode(&wide), Err(EntryError::NotDeterministic));

    // The kind is the last value before the body: {.., 3: kind, 4: {..}}.
    let at = payload
        .windows(4)
        .position(|window| window == [0x03, 0x0c, 0x04, 0xa2])
        .unwrap();
    let mut unknown = payload.clone();
    unknown[at + 1] = 0x17;
    assert_eq!(Entry::decode(&unknown), Err(EntryError::UnknownKind(23)));
    let mut other_format = payload;
    other_format[2] = 2;
    assert!(matches!(
        Entry::decode(&other_format),
        Err(EntryError::Malformed { .. })
    ));
}

#[test]
fn a_serial_is_not_recognized_without_its_salt() {
    assert_ne!(serial_hash(&[0; 16], &[1]), serial_hash(&[1; 16], &[1]));
    assert_ne!(serial_hash(&[0; 16], &[1]), serial_hash(&[0; 16], &[2]));
}

#[test]
fn causes_have_codes() {
    for cause in Cause::ALL {
        assert_eq!(Cause::from_code(cause.code()), Some(cause));
    }
    assert_eq!(Cause::from_code("because"), None);
}

fn any_key() -> impl Strategy<Value = PublicKey> {
    (any::<[u8; 32]>(), any::<bool>()).prop_map(|(seed, ed25519)| {
        match P256Signer::from_scalar(&seed) {
            Ok(signer) if !ed25519 => signer.public_key(),
            _ => Ed25519Signer::from_seed(&seed).public_key(),
        }
    })
}

fn any_second() -> impl Strategy<Value = Timestamp> {
    (0_i64..253_000_000_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn any_body() -> impl Strategy<Value = EntryBody> {
    let device = || any::<[u8; 16]>().prop_map(DeviceId);
    let spki = || any::<[u8; 32]>().prop_map(SpkiHash);
    let organization = || "[a-z0-9]{1,31}[.-][a-z0-9]{1,31}";
    let cause = || prop::sample::select(Cause::ALL.to_vec());
    let people = prop_oneof![
        (organization(), any_key()).prop_map(|(organization, authority)| {
            let organization = OrganizationId::parse(&organization).unwrap();
            EntryBody::OrganizationJoined {
                organization,
                authority,
            }
        }),
        organization().prop_map(|organization| {
            let organization = OrganizationId::parse(&organization).unwrap();
            EntryBody::OrganizationLeft { organization }
        }),
        prop::collection::btree_set(any::<[u8; 32]>(), 1..=MAX_ROOT_KEYS).prop_map(|keys| {
            let threshold = u8::try_from(keys.len()).unwrap();
            EntryBody::Root {
                keys: keys.into_iter().collect(),
                threshold,
            }
        }),
        (any::<[u8; 32]>(), spki()).prop_map(|(certificate_sha256, spki)| {
            EntryBody::Issuer {
                certificate_sha256,
                spki,
            }
        }),
    ];
    let devices = prop_oneof![
        (any_key(), 1..=u64::MAX, "[a-z0-9]{1,63}", "[a-z0-9]{1,63}").prop_map(
            |(public_key, number, name, role)| EntryBody::DeviceRegistered {
                id: DeviceId::of_first_key(&SpkiHash::of_der(&public_key.to_spki_der())),
                number: Number(number),
                name: DeviceName::parse(&name).unwrap(),
                role: RoleId::parse(&role).unwrap(),
                public_key,
            }
        ),
        (
            device(),
            spki(),
            any::<[u8; 32]>(),
            any_second(),
            1_i64..1_000_000
        )
            .prop_map(|(device, spki, serial_hash, not_before, life)| {
                EntryBody::CertificateIssued {
                    device,
                    spki,
                    serial_hash,
                    not_before,
                    not_after: Timestamp::from_second(not_before.as_second() + life).unwrap(),
                }
            }),
        (device(), any::<[u8; 32]>()).prop_map(|(device, key)| {
            let to = SpkiHash(key.map(|byte| !byte));
            EntryBody::KeyRotated {
                device,
                from: SpkiHash(key),
                to,
            }
        }),
        (device(), cause()).prop_map(|(device, cause)| EntryBody::Suspended { device, cause }),
        device().prop_map(|device| EntryBody::Restored { device }),
        (device(), cause()).prop_map(|(device, cause)| EntryBody::Revoked { device, cause }),
        device().prop_map(|device| EntryBody::DeviceRetired { device }),
    ];
    let digests = prop_oneof![
        (
            "[!-~]{1,63}",
            "[!-~]{1,63}",
            any::<u64>(),
            any::<[u8; 32]>()
        )
            .prop_map(|(product, version, counter, targets_sha256)| {
                EntryBody::FirmwareApproved {
                    product,
                    version,
                    counter,
                    targets_sha256,
                }
            }),
        (any::<u64>(), any::<[u8; 32]>())
            .prop_map(|(version, sha256)| EntryBody::PolicyApplied { version, sha256 }),
        (any::<u64>(), any::<[u8; 32]>())
            .prop_map(|(sequence, hash)| EntryBody::EventHead { sequence, hash }),
    ];
    prop_oneof![people, devices, digests]
}

proptest! {
    #[test]
    fn every_entry_reads_back(body in any_body(), at in any_second(), millis in 0_i64..1000) {
        let at = Timestamp::from_millisecond(at.as_millisecond() + millis).unwrap();
        let entry = Entry::new(organization(), at, body);
        let payload = entry.encode();
        prop_assert!(payload.len() <= 1024);
        prop_assert_eq!(Entry::decode(&payload), Ok(entry));
    }

    #[test]
    fn what_reads_is_what_was_written(
        body in any_body(),
        place: prop::sample::Index,
        byte: u8,
    ) {
        let mut payload = entry(body).encode();
        let place = place.index(payload.len());
        payload[place] = byte;
        if let Ok(read) = Entry::decode(&payload) {
            prop_assert_eq!(read.encode(), payload);
        }
    }

    #[test]
    fn reading_never_panics(bytes: Vec<u8>) {
        let _ = Entry::decode(&bytes);
        let _ = Entry::open(&bytes, &author().public_key());
    }
}
