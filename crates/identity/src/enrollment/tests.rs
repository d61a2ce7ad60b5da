use super::*;
use crate::entry::{Cause, Entry, EntryBody};
use crate::id::Number;
use crate::name::OrganizationId;
use crate::registry::Registry;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;
use sekimori_ledger::envelope::{Ed25519Signer, P256Signer, Signer};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn public(seed: u8) -> PublicKey {
    Ed25519Signer::from_seed(&[seed; 32]).public_key()
}

fn der(seed: u8) -> Vec<u8> {
    public(seed).to_spki_der()
}

fn spki(seed: u8) -> SpkiHash {
    SpkiHash::of_der(&der(seed))
}

fn name(text: &str) -> DeviceName {
    DeviceName::parse(text).unwrap()
}

fn role() -> RoleId {
    RoleId::parse("sensor").unwrap()
}

fn registrar() -> Registrar {
    Registrar {
        invitation_lifetime: SignedDuration::from_secs(100),
        tries: 3,
        renewal_window: SignedDuration::from_secs(50),
    }
}

fn apply(registry: &mut Registry, body: EntryBody) {
    let organization = OrganizationId::parse("maker").unwrap();
    registry
        .apply(&Entry::new(organization, at(0), body))
        .unwrap();
}

fn register(registry: &mut Registry, seed: u8, called: &str) {
    let organization = OrganizationId::parse("maker").unwrap();
    let number = registry.next_number(&organization).unwrap_or(Number(1));
    let id = DeviceId::of_first_key(&spki(seed));
    let body = EntryBody::DeviceRegistered {
        id,
        number,
        name: name(called),
        role: role(),
        public_key: public(seed),
    };
    apply(registry, body);
}

struct Case {
    invitation: Option<Invitation>,
    registry: Registry,
    name: DeviceName,
    code: String,
    key: Vec<u8>,
    subject_matches: bool,
    possession_proven: bool,
    now: Timestamp,
}

impl Case {
    /// An invited device that does everything right.
    fn new() -> Self {
        let registry = Registry::new();
        let (invitation, code) = registrar()
            .invite(name("dev-1"), role(), [7; 32], &registry, at(0))
            .unwrap();
        Self {
            invitation: Some(invitation),
            registry,
            name: name("dev-1"),
            code: code.reveal(),
            key: der(1),
            subject_matches: true,
            possession_proven: true,
            now: at(50),
        }
    }

    fn invitation(&mut self) -> &mut Invitation {
        self.invitation.as_mut().unwrap()
    }

    fn evaluate(&self) -> Result<Admission, EnrollmentRefusal> {
        let request = EnrollmentRequest {
            name: &self.name,
            code: &self.code,
            public_key_spki: &self.key,
            subject_matches: self.subject_matches,
            possession_proven: self.possession_proven,
        };
        registrar().evaluate(self.invitation.as_ref(), &request, &self.registry, self.now)
    }
}

/// Changes one thing of a good case and expects this refusal.
fn refused(change: impl FnOnce(&mut Case), code: &str) -> EnrollmentRefusal {
    let mut case = Case::new();
    change(&mut case);
    let refusal = case.evaluate().unwrap_err();
    assert_eq!(refusal.code(), code);
    for text in [refusal.to_string(), refusal.observed(), refusal.fix()] {
        assert!(!text.is_empty());
        assert!(
            !text.contains(&Case::new().code),
            "no message shows the code"
        );
    }
    refusal
}

#[test]
fn a_request_does_not_show_its_code() {
    let name = DeviceName::parse("dev-1").unwrap();
    let request = EnrollmentRequest {
        name: &name,
        code: "ZZZZ-ZZZZ-ZZZZ-ZZZZ",
        public_key_spki: &[],
        subject_matches: true,
        possession_proven: true,
    };
    let shown = std::format!("{request:?}");
    assert!(
        shown.contains("dev-1") && !shown.contains("ZZZZ"),
        "{shown}"
    );
}

#[test]
fn an_invited_device_joins_and_may_ask_again() {
    let mut case = Case::new();
    let register = Admission::Register {
        id: DeviceId::of_first_key(&spki(1)),
        name: name("dev-1"),
        role: role(),
        public_key: public(1),
        spki: spki(1),
    };
    assert_eq!(case.evaluate(), Ok(register));

    case.now = at(100);
    assert!(case.evaluate().is_ok(), "until the last second");

    // The answer was lost after the entry was committed; with and without the mark in the store.
    register_as(&mut case);
    let Ok(Admission::Again { device, .. }) = case.evaluate() else {
        panic!()
    };
    assert_eq!(device.name, name("dev-1"));
    case.invitation().used_by = Some(spki(1));
    assert!(matches!(case.evaluate(), Ok(Admission::Again { .. })));
}

fn register_as(case: &mut Case) {
    register(&mut case.registry, 1, "dev-1");
}

#[test]
fn a_p256_key_joins_too() {
    let key = P256Signer::from_scalar(&[1; 32]).unwrap().public_key();
    let case = Case {
        key: key.to_spki_der(),
        ..Case::new()
    };
    assert!(
        matches!(case.evaluate(), Ok(Admission::Register { public_key, .. }) if public_key == key)
    );
}

#[test]
fn each_refusal_has_its_own_reason() {
    refused(|case| case.invitation = None, "unknown-name");
    refused(|case| case.name = name("dev-2"), "unknown-name");
    refused(|case| case.invitation().tries_left = 0, "tries-used-up");
    refused(|case| case.now = at(101), "expired");
    refused(|case| case.key = vec![1, 2, 3], "weak-key");
    refused(|case| case.key = vec![0; 4096], "weak-key");
    refused(|case| case.key.push(0), "weak-key");
    refused(|case| case.invitation().used_by = Some(spki(9)), "used-up");
    refused(
        |case| case.possession_proven = false,
        "possession-not-proven",
    );
    refused(|case| case.subject_matches = false, "subject-differs");
    refused(
        |case| register(&mut case.registry, 1, "other"),
        "key-already-known",
    );
    refused(
        |case| register(&mut case.registry, 2, "dev-1"),
        "name-has-active-key",
    );
}

#[test]
fn an_ed25519_key_of_small_order_is_weak() {
    let mut small = public(1).to_spki_der();
    let prefix = small.len() - 32;
    small.truncate(prefix);
    small.push(1);
    small.extend([0; 31]);
    refused(|case| case.key = small, "weak-key");
}

#[test]
fn every_wrong_code_costs_a_try() {
    for code in ["", "0000-0000-0000-0000", "関", &"0".repeat(1000)] {
        let refusal = refused(|case| case.code = code.to_string(), "wrong-code");
        assert_eq!(refusal, EnrollmentRefusal::WrongCode { tries_left: 2 });
    }
    let mut case = Case::new();
    let right = core::mem::replace(&mut case.code, "0000-0000-0000-0000".to_string());
    for left in [2, 1, 0] {
        assert_eq!(
            case.evaluate(),
            Err(EnrollmentRefusal::WrongCode { tries_left: left })
        );
        case.invitation().tries_left = left;
    }
    case.code = right;
    assert_eq!(
        case.evaluate(),
        Err(EnrollmentRefusal::TriesUsedUp),
        "the right one comes too late"
    );
}

#[test]
fn without_the_code_a_stranger_learns_nothing() {
    // Everything else is wrong too, and only the code is named.
    let refusal = refused(
        |case| {
            case.code = "0000-0000-0000-0000".to_string();
            register(&mut case.registry, 2, "dev-1");
            case.invitation().used_by = Some(spki(2));
            case.key = vec![];
            case.now = at(1000);
            case.possession_proven = false;
            case.subject_matches = false;
        },
        "wrong-code",
    );
    assert!(refusal.wire_is_terse());
    assert!(refused(|case| case.invitation = None, "unknown-name").wire_is_terse());
    assert!(!refused(|case| case.now = at(101), "expired").wire_is_terse());
}

#[test]
fn a_used_invitation_is_worth_nothing_to_another_key() {
    let mut case = Case::new();
    register_as(&mut case);
    case.invitation().used_by = Some(spki(1));
    case.key = der(2);
    assert_eq!(case.evaluate(), Err(EnrollmentRefusal::UsedUp));
    // Nor to the same key when its device may not act any more.
    let device = DeviceId::of_first_key(&spki(1));
    apply(
        &mut case.registry,
        EntryBody::Revoked {
            device,
            cause: Cause::Lost,
        },
    );
    case.key = der(1);
    assert_eq!(
        case.evaluate(),
        Err(EnrollmentRefusal::KeyAlreadyKnown { device })
    );
}

#[test]
fn a_name_is_free_again_after_revocation() {
    let mut case = Case::new();
    register(&mut case.registry, 2, "dev-1");
    let invite = |registry: &Registry| {
        registrar()
            .invite(name("dev-1"), role(), [8; 32], registry, at(0))
            .map(|_| ())
    };
    let refusal = invite(&case.registry).unwrap_err();
    assert_eq!(
        (refusal.code(), refusal.holder.number),
        ("name-has-active-key", Number(1))
    );
    assert!(refusal.fix().contains("revoke dev-1"), "{}", refusal.fix());
    let device = DeviceId::of_first_key(&spki(2));
    apply(
        &mut case.registry,
        EntryBody::Revoked {
            device,
            cause: Cause::Lost,
        },
    );
    assert_eq!(invite(&case.registry), Ok(()));
    assert!(matches!(case.evaluate(), Ok(Admission::Register { .. })));
}

#[test]
fn at_rest_neither_the_code_nor_equal_codes_are_seen() {
    let code = new_code([3; 16]);
    let make =
        |salt, called| Invitation::new(name(called), role(), &code, salt, at(0), 1).code_hash;
    assert_eq!(make([1; 16], "a"), make([1; 16], "a"));
    assert_ne!(make([1; 16], "a"), make([2; 16], "a"));
    assert_ne!(make([1; 16], "a"), make([1; 16], "b"));
}

struct Renewing {
    registry: Registry,
    presented: SpkiHash,
    key: Vec<u8>,
    now: Timestamp,
    subject_matches: bool,
    possession_proven: bool,
}

impl Renewing {
    /// A device that renews with a new key, one second before its certificate ends.
    fn new() -> Self {
        let mut registry = Registry::new();
        register(&mut registry, 1, "dev-1");
        register(&mut registry, 2, "dev-2");
        Self {
            registry,
            presented: spki(1),
            key: der(3),
            now: at(999),
            subject_matches: true,
            possession_proven: true,
        }
    }

    fn evaluate(&self) -> Result<Renewal, RenewalRefusal> {
        let request = RenewalRequest {
            presented: &self.presented,
            not_after: at(1000),
            public_key_spki: &self.key,
            subject_matches: self.subject_matches,
            possession_proven: self.possession_proven,
        };
        registrar().evaluate_renewal(&request, &self.registry, self.now)
    }

    fn issue(&mut self, key: u8) {
        let body = EntryBody::CertificateIssued {
            device: DeviceId::of_first_key(&spki(1)),
            spki: spki(key),
            serial_hash: [0; 32],
            not_before: at(0),
            not_after: at(1000),
        };
        apply(&mut self.registry, body);
    }

    fn rotate(&mut self, from: u8, to: u8) {
        let device = DeviceId::of_first_key(&spki(1));
        apply(
            &mut self.registry,
            EntryBody::KeyRotated {
                device,
                from: spki(from),
                to: spki(to),
            },
        );
    }
}

fn not_renewed(change: impl FnOnce(&mut Renewing), code: &str) {
    let mut case = Renewing::new();
    change(&mut case);
    let refusal = case.evaluate().unwrap_err();
    assert_eq!(refusal.code(), code);
    for text in [refusal.to_string(), refusal.observed(), refusal.fix()] {
        assert!(!text.is_empty());
    }
}

#[test]
fn a_device_renews_with_the_same_key_or_a_new_one() {
    let mut case = Renewing::new();
    let renewal = case.evaluate().unwrap();
    assert_eq!((renewal.spki, renewal.replaces), (spki(3), Some(spki(1))));
    assert_eq!(renewal.device.name, name("dev-1"));
    case.key = der(1);
    let renewal = case.evaluate().unwrap();
    assert_eq!((renewal.spki, renewal.replaces), (spki(1), None));
}

#[test]
fn a_lost_answer_does_not_strand_it() {
    let mut case = Renewing::new();
    case.issue(3);
    // It asks again: with the same new key, with yet another one, or already by the new one.
    assert!(case.evaluate().is_ok());
    case.key = der(4);
    assert!(case.evaluate().is_ok());
    case.presented = spki(3);
    assert!(case.evaluate().is_ok());
}

#[test]
fn an_expired_device_renews_inside_the_window_only() {
    let mut case = Renewing::new();
    for inside in [1001, 1050] {
        case.now = at(inside);
        assert!(case.evaluate().is_ok(), "{inside}");
    }
    not_renewed(|case| case.now = at(1051), "too-late");
}

#[test]
fn each_refusal_of_a_renewal_has_its_own_reason() {
    let first = DeviceId::of_first_key(&spki(1));
    not_renewed(|case| case.presented = spki(9), "unknown-device");
    not_renewed(
        |case| {
            case.issue(3);
            case.rotate(1, 3);
        },
        "former-key",
    );
    not_renewed(
        |case| {
            let cause = Cause::Lost;
            apply(
                &mut case.registry,
                EntryBody::Suspended {
                    device: first,
                    cause,
                },
            );
        },
        "suspended",
    );
    not_renewed(
        |case| {
            let cause = Cause::Lost;
            apply(
                &mut case.registry,
                EntryBody::Revoked {
                    device: first,
                    cause,
                },
            );
        },
        "revoked",
    );
    not_renewed(|case| case.key = der(2), "key-already-known");
    not_renewed(
        |case| {
            case.issue(3);
            case.rotate(1, 3);
            case.presented = spki(3);
            case.key = der(1);
        },
        "key-already-known",
    );
    not_renewed(|case| case.key = vec![], "weak-key");
    not_renewed(
        |case| case.possession_proven = false,
        "possession-not-proven",
    );
    not_renewed(|case| case.subject_matches = false, "subject-differs");
}

proptest! {
    #[test]
    fn only_the_right_code_opens(random: [u8; 32], typed: String) {
        let registry = Registry::new();
        let (invitation, code) =
            registrar().invite(name("dev-1"), role(), random, &registry, at(0)).unwrap();
        let key = der(1);
        let evaluate = |code: &str| {
            let request = EnrollmentRequest {
                name: &invitation.name,
                code,
                public_key_spki: &key,
                subject_matches: true,
                possession_proven: true,
            };
            registrar().evaluate(Some(&invitation), &request, &registry, at(1))
        };
        prop_assert!(evaluate(&code.reveal().to_lowercase().replace('-', " ")).is_ok());
        if Code::parse(&typed).ok().map(|code| code.reveal()) != Some(code.reveal()) {
            prop_assert_eq!(evaluate(&typed), Err(EnrollmentRefusal::WrongCode { tries_left: 2 }));
        }
        let mut near = code.reveal().into_bytes();
        near[0] = if near[0] == b'0' { b'2' } else { b'0' };
        let near = String::from_utf8(near).unwrap();
        prop_assert!(evaluate(&near).is_err());
    }
}
