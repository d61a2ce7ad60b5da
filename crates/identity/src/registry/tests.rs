use super::*;
use crate::entry::Cause;
use alloc::vec;
use alloc::vec::Vec;
use proptest::prelude::*;
use sekimori_ledger::envelope::{Ed25519Signer, PublicKey, Signer};

fn public(seed: u8) -> PublicKey {
    Ed25519Signer::from_seed(&[seed; 32]).public_key()
}

fn spki(seed: u8) -> SpkiHash {
    SpkiHash::of_der(&public(seed).to_spki_der())
}

fn id(seed: u8) -> DeviceId {
    DeviceId::of_first_key(&spki(seed))
}

fn name(number: u8) -> DeviceName {
    DeviceName::parse(&std::format!("dev-{number}")).unwrap()
}

fn organization() -> OrganizationId {
    OrganizationId::parse("maker").unwrap()
}

fn registered(seed: u8, number: u64, called: u8) -> EntryBody {
    EntryBody::DeviceRegistered {
        id: id(seed),
        number: Number(number),
        name: name(called),
        role: RoleId::parse("sensor").unwrap(),
        public_key: public(seed),
    }
}

fn issued(device: u8, key: u8) -> EntryBody {
    EntryBody::CertificateIssued {
        device: id(device),
        spki: spki(key),
        serial_hash: [0; 32],
        not_before: Timestamp::UNIX_EPOCH,
        not_after: Timestamp::MAX,
    }
}

fn rotated(device: u8, from: u8, to: u8) -> EntryBody {
    EntryBody::KeyRotated {
        device: id(device),
        from: spki(from),
        to: spki(to),
    }
}

fn revoked(device: u8) -> EntryBody {
    EntryBody::Revoked {
        device: id(device),
        cause: Cause::Lost,
    }
}

fn entry(body: EntryBody) -> Entry {
    Entry::new(organization(), Timestamp::UNIX_EPOCH, body)
}

fn registry(bodies: Vec<EntryBody>) -> Registry {
    let mut registry = Registry::new();
    for body in bodies {
        registry.apply(&entry(body)).unwrap();
    }
    registry
}

fn key_of(registry: &Registry, key: u8) -> Option<KeyUse> {
    registry.key(&spki(key)).map(|known| known.key_use)
}

#[test]
fn an_organization_says_nothing_about_the_devices_of_another() {
    let mut registry = Registry::new();
    registry.apply(&entry(registered(1, 1, 1))).unwrap();
    registry.apply(&entry(issued(1, 2))).unwrap();
    let stranger = OrganizationId::parse("stranger").unwrap();
    let suspended = EntryBody::Suspended {
        device: id(1),
        cause: Cause::Lost,
    };
    for body in [
        issued(1, 3),
        rotated(1, 1, 2),
        suspended.clone(),
        revoked(1),
        EntryBody::DeviceRetired { device: id(1) },
    ] {
        let foreign = Entry::new(stranger.clone(), Timestamp::UNIX_EPOCH, body);
        let conflict = registry.apply(&foreign).unwrap_err();
        assert_eq!(conflict.code(), "other-organization", "{foreign:?}");
    }
    assert_eq!(registry.by_id(&id(1)).unwrap().standing, Standing::Active);
    assert_eq!(registry.key(&spki(3)), None);
    registry.apply(&entry(suspended)).unwrap();
    let restored = EntryBody::Restored { device: id(1) };
    let foreign = Entry::new(stranger, Timestamp::UNIX_EPOCH, restored);
    assert!(registry.apply(&foreign).is_err());
}

#[test]
fn the_old_key_works_until_the_new_one_was_used() {
    let mut registry = registry(vec![registered(1, 1, 1), issued(1, 1), issued(1, 2)]);
    assert_eq!(key_of(&registry, 1), Some(KeyUse::Current));
    assert_eq!(key_of(&registry, 2), Some(KeyUse::Next));
    assert_eq!(
        registry.by_spki(&spki(1)).map(|record| record.id),
        Some(id(1))
    );
    assert_eq!(
        registry.by_spki(&spki(2)).map(|record| record.id),
        Some(id(1))
    );

    registry.apply(&entry(rotated(1, 1, 2))).unwrap();
    assert_eq!(registry.by_spki(&spki(1)), None);
    assert_eq!(key_of(&registry, 1), Some(KeyUse::Former));
    assert_eq!(key_of(&registry, 2), Some(KeyUse::Current));
    let again = Conflict::UnknownKey {
        device: id(1),
        key: spki(1),
    };
    assert_eq!(registry.apply(&entry(rotated(1, 1, 2))), Err(again));
    let back = Conflict::KeyTaken {
        key: spki(1),
        holder: id(1),
    };
    assert_eq!(
        registry.apply(&entry(issued(1, 1))),
        Err(back),
        "a former key stays former"
    );
}

#[test]
fn a_key_that_was_never_used_gives_way_to_a_newer_one() {
    let registry = registry(vec![registered(1, 1, 1), issued(1, 2), issued(1, 3)]);
    assert_eq!(key_of(&registry, 1), Some(KeyUse::Current));
    assert_eq!(key_of(&registry, 2), Some(KeyUse::Former));
    assert_eq!(key_of(&registry, 3), Some(KeyUse::Next));
}

#[test]
fn a_new_key_for_a_known_name_is_a_conflict_and_changes_nothing() {
    let mut registry = registry(vec![registered(1, 1, 1)]);
    let conflict = Conflict::NameTaken {
        name: name(1),
        holder: id(1),
    };
    assert_eq!(
        registry.apply(&entry(registered(2, 2, 1))),
        Err(conflict.clone())
    );
    assert_eq!(
        registry.by_name(&name(1)).map(|record| record.id),
        Some(id(1))
    );
    assert_eq!(registry.by_spki(&spki(2)), None);
    assert_eq!(registry.len(), 1);
    assert_eq!(
        registry.next_number(&organization()),
        Some(Number(2)),
        "no plate was spent"
    );
    let kept: Vec<_> = registry
        .conflicts()
        .map(|(_, conflict)| conflict.clone())
        .collect();
    assert_eq!(kept, [conflict]);

    registry.apply(&entry(revoked(1))).unwrap();
    registry.apply(&entry(registered(2, 2, 1))).unwrap();
    assert_eq!(
        registry.by_name(&name(1)).map(|record| record.id),
        Some(id(2))
    );
    let old = registry.by_id(&id(1)).map(|record| record.standing);
    assert_eq!(old, Some(Standing::Revoked), "the old one stays known");
    assert_eq!(
        registry.by_spki(&spki(1)).map(|record| record.standing),
        Some(Standing::Revoked)
    );
}

#[test]
fn the_same_key_twice_is_a_conflict() {
    let mut registry = registry(vec![registered(1, 1, 1), registered(2, 2, 2)]);
    let conflict = |key, holder| {
        Err(Conflict::KeyTaken {
            key: spki(key),
            holder: id(holder),
        })
    };
    assert_eq!(registry.apply(&entry(registered(1, 3, 3))), conflict(1, 1));
    assert_eq!(registry.apply(&entry(issued(2, 1))), conflict(1, 1));
    assert_eq!(registry.conflicts_seen(), 2);
}

#[test]
fn standing_goes_the_documented_ways_only() {
    use Standing::{Active, Retired, Revoked, Suspended};
    let cause = Cause::Lost;
    let to = |standing| match standing {
        Active => EntryBody::Restored { device: id(1) },
        Suspended => EntryBody::Suspended {
            device: id(1),
            cause,
        },
        Revoked => EntryBody::Revoked {
            device: id(1),
            cause,
        },
        Retired => EntryBody::DeviceRetired { device: id(1) },
    };
    let ways = [
        (Active, Suspended),
        (Active, Revoked),
        (Active, Retired),
        (Suspended, Active),
        (Suspended, Revoked),
        (Suspended, Retired),
        (Revoked, Retired),
    ];
    for from in [Active, Suspended, Revoked, Retired] {
        assert_eq!(Standing::from_code(from.code()), Some(from));
        let mut start = registry(vec![registered(1, 1, 1)]);
        if from != Active {
            start.apply(&entry(to(from))).unwrap();
        }
        for next in [Active, Suspended, Revoked, Retired] {
            let mut registry = start.clone();
            let result = registry.apply(&entry(to(next)));
            let now = registry.by_id(&id(1)).map(|record| record.standing);
            if ways.contains(&(from, next)) {
                assert_eq!((result, now), (Ok(()), Some(next)), "{from} to {next}");
            } else {
                let conflict = Conflict::Standing {
                    device: id(1),
                    standing: from,
                };
                assert_eq!(
                    (result, now),
                    (Err(conflict), Some(from)),
                    "{from} to {next}"
                );
            }
        }
    }
}

#[test]
fn only_an_active_device_gets_certificates_and_its_name_stays_its_own() {
    let mut registry = registry(vec![registered(1, 1, 1), issued(1, 2)]);
    let suspended = EntryBody::Suspended {
        device: id(1),
        cause: Cause::Lost,
    };
    registry.apply(&entry(suspended)).unwrap();
    let conflict = Conflict::Standing {
        device: id(1),
        standing: Standing::Suspended,
    };
    assert_eq!(registry.apply(&entry(issued(1, 3))), Err(conflict.clone()));
    assert_eq!(registry.apply(&entry(rotated(1, 1, 2))), Err(conflict));
    let taken = Conflict::NameTaken {
        name: name(1),
        holder: id(1),
    };
    assert_eq!(registry.apply(&entry(registered(5, 2, 1))), Err(taken));
    assert_eq!(
        registry.apply(&entry(issued(4, 4))),
        Err(Conflict::UnknownDevice(id(4)))
    );
}

#[test]
fn plates_rise() {
    let mut registry = registry(vec![registered(1, 1, 1), registered(2, 5, 2)]);
    for number in [1, 4, 5] {
        let conflict = Err(Conflict::NumberTaken(Number(number)));
        assert_eq!(registry.apply(&entry(registered(3, number, 3))), conflict);
    }
    assert_eq!(registry.next_number(&organization()), Some(Number(6)));
    let other = OrganizationId::parse("other").unwrap();
    assert_eq!(registry.next_number(&other), Some(Number(1)));
}

#[test]
fn conflicts_are_bounded_and_counted() {
    let mut registry = Registry::new();
    for _ in 0..MAX_CONFLICTS + 10 {
        assert!(registry.apply(&entry(revoked(1))).is_err());
    }
    assert_eq!(registry.conflicts().count(), MAX_CONFLICTS);
    assert_eq!(registry.conflicts_seen(), MAX_CONFLICTS as u64 + 10);
}

#[test]
fn pages_go_through_everyone_once() {
    let mut registry = registry(
        (1..=7)
            .map(|seed| registered(seed, seed.into(), seed))
            .collect(),
    );
    assert!(registry.set_contained(&id(3), true));
    assert!(!registry.set_contained(&id(9), true));
    let mut seen = vec![];
    loop {
        let page: Vec<_> = registry.page(seen.last(), 3).collect();
        if page.is_empty() {
            break;
        }
        assert!(
            page.iter()
                .all(|record| record.contained == (record.id == id(3)))
        );
        seen.extend(page.iter().map(|record| record.id));
    }
    let mut everyone: Vec<_> = (1..=7).map(id).collect();
    everyone.sort_unstable();
    assert_eq!(seen, everyone);
}

/// What can happen, over few devices, keys and names, so that facts collide.
fn any_body() -> impl Strategy<Value = EntryBody> {
    let small = || 1_u8..5;
    prop_oneof![
        // Number 0 stands for the next one.
        (small(), prop_oneof![3 => Just(0), 1 => 1_u64..12], small())
            .prop_map(|(key, number, name)| registered(key, number, name)),
        (small(), 1_u8..9).prop_map(|(device, key)| issued(device, key)),
        (small(), 1_u8..9, 1_u8..9).prop_map(|(device, from, to)| rotated(device, from, to)),
        small().prop_map(|device| EntryBody::Suspended {
            device: id(device),
            cause: Cause::Lost
        }),
        small().prop_map(|device| EntryBody::Restored { device: id(device) }),
        small().prop_map(revoked),
        small().prop_map(|device| EntryBody::DeviceRetired { device: id(device) }),
    ]
}

/// The same questions, answered by walking through the accepted facts from the beginning.
struct History(Vec<EntryBody>);

impl History {
    fn standing(&self, device: u8) -> Option<Standing> {
        let mut standing = None;
        for body in &self.0 {
            match body {
                EntryBody::DeviceRegistered { id: of, .. } if *of == id(device) => {
                    standing = Some(Standing::Active);
                }
                EntryBody::Suspended { device: of, .. } if *of == id(device) => {
                    standing = Some(Standing::Suspended);
                }
                EntryBody::Restored { device: of } if *of == id(device) => {
                    standing = Some(Standing::Active);
                }
                EntryBody::Revoked { device: of, .. } if *of == id(device) => {
                    standing = Some(Standing::Revoked);
                }
                EntryBody::DeviceRetired { device: of } if *of == id(device) => {
                    standing = Some(Standing::Retired);
                }
                _ => {}
            }
        }
        standing
    }

    fn holder(&self, called: u8) -> Option<DeviceId> {
        self.0.iter().rev().find_map(|body| match body {
            EntryBody::DeviceRegistered { id, name: of, .. } if *of == name(called) => Some(*id),
            _ => None,
        })
    }

    fn key_use(&self, key: u8) -> Option<KeyUse> {
        let mut found = None;
        let mut owner = None;
        for body in &self.0 {
            match body {
                EntryBody::DeviceRegistered { id: of, .. } if *of == id(key) => {
                    found = Some(KeyUse::Current);
                    owner = Some(*of);
                }
                EntryBody::CertificateIssued {
                    device, spki: of, ..
                } => {
                    if *of == spki(key) && found.is_none() {
                        found = Some(KeyUse::Next);
                        owner = Some(*device);
                    } else if Some(*device) == owner
                        && *of != spki(key)
                        && found == Some(KeyUse::Next)
                        && !self.is_current(*device, of, body)
                    {
                        found = Some(KeyUse::Former);
                    }
                }
                EntryBody::KeyRotated { from, .. } if *from == spki(key) => {
                    found = Some(KeyUse::Former);
                }
                EntryBody::KeyRotated { to, .. } if *to == spki(key) => {
                    found = Some(KeyUse::Current);
                }
                _ => {}
            }
        }
        found
    }

    /// Whether `key` was the current one of `device` when `until` happened.
    fn is_current(&self, device: DeviceId, key: &SpkiHash, until: &EntryBody) -> bool {
        let mut current = None;
        for body in &self.0 {
            if core::ptr::eq(body, until) {
                break;
            }
            match body {
                EntryBody::DeviceRegistered { id, public_key, .. } if *id == device => {
                    current = Some(SpkiHash::of_der(&public_key.to_spki_der()));
                }
                EntryBody::KeyRotated { device: of, to, .. } if *of == device => {
                    current = Some(*to);
                }
                _ => {}
            }
        }
        current == Some(*key)
    }
}

proptest! {
    #[test]
    fn the_fold_agrees_with_the_history(bodies in prop::collection::vec(any_body(), 0..60)) {
        let mut registry = Registry::new();
        let mut history = History(vec![]);
        for mut body in bodies {
            if let EntryBody::DeviceRegistered { number, .. } = &mut body
                && *number == Number(0)
            {
                *number = registry.next_number(&organization()).unwrap();
            }
            let before = registry.clone();
            match registry.apply(&entry(body.clone())) {
                Ok(()) => history.0.push(body),
                Err(_) => {
                    // A conflict is remembered, and nothing else.
                    prop_assert_eq!(registry.conflicts_seen(), before.conflicts_seen() + 1);
                }
            }
            for seed in 1..5 {
                let standing = registry.by_id(&id(seed)).map(|record| record.standing);
                prop_assert_eq!(standing, history.standing(seed));
                let holder = registry.by_name(&name(seed)).map(|record| record.id);
                prop_assert_eq!(holder, history.holder(seed));
            }
            for key in 1..9 {
                prop_assert_eq!(key_of(&registry, key), history.key_use(key), "key {}", key);
            }
        }
        // Two devices that may act never share a name.
        let acting: Vec<_> = registry
            .page(None, usize::MAX)
            .filter(|record| !record.standing.is_final())
            .map(|record| record.name.clone())
            .collect();
        let mut different = acting.clone();
        different.sort();
        different.dedup();
        prop_assert_eq!(acting.len(), different.len());
    }
}
