//! What changes around a live session takes effect at once.

use super::*;
use sekimori_proto::mqtt::{DisconnectCause, PublishResult};

fn said(world: &World) -> Option<u8> {
    match world.heard.last() {
        Some(ClientEvent::Disconnected(DisconnectCause::Gateway(code))) => Some(*code),
        _ => None,
    }
}

#[test]
fn a_new_policy_decides_the_next_message() {
    let mut world = World::open(Version::V5);
    world.publish(&note(b"x"));
    world.stored(StoredResult::Stored);
    world.heard.clear();
    world.handle(Input::PolicyChanged(Arc::new(Policy::none())));
    let packet_id = world.publish(&note(b"x")).unwrap();
    let result = PublishResult::ImplementationSpecific;
    assert_eq!(world.heard, [ClientEvent::Published { packet_id, result }]);
    world.handle(Input::PolicyChanged(policy()));
    world.publish(&note(b"x"));
    assert_eq!(world.stores().len(), 1);
}

#[test]
fn containment_leaves_the_platform_flows_and_ends() {
    let mut world = World::open(Version::V5);
    let contained = DeviceRecord {
        contained: true,
        ..record()
    };
    world.handle(Input::DeviceChanged(contained));
    assert_eq!(world.closed(), None);
    world.publish(&note(b"x"));
    assert_eq!(world.counts(), ["contained"]);
    let state = Message::new(String::from("sk/dev-0001/_state"), b"{}".to_vec());
    world.publish(&state);
    assert_eq!(world.stores().len(), 1);
    assert_eq!(
        world.subscribe("sk/dev-0001/cmd/lock"),
        SubscribeResult::NotAuthorized
    );
    world.handle(Input::DeviceChanged(record()));
    world.publish(&note(b"x"));
    assert_eq!(world.stores().len(), 2);
}

#[test]
fn a_device_that_may_no_longer_be_here_is_sent_away_at_once() {
    let other = DeviceName::parse("dev-0002").unwrap();
    let cases = [
        (
            DeviceRecord {
                standing: Standing::Revoked,
                ..record()
            },
            "revoked",
        ),
        (
            DeviceRecord {
                standing: Standing::Suspended,
                ..record()
            },
            "suspended",
        ),
        (
            DeviceRecord {
                standing: Standing::Retired,
                ..record()
            },
            "retired",
        ),
        (
            DeviceRecord {
                name: other,
                ..record()
            },
            "renamed",
        ),
    ];
    for (device, reason) in cases {
        for version in VERSIONS {
            let mut world = World::open(version);
            world.handle(Input::DeviceChanged(device.clone()));
            assert_eq!(world.closed(), Some(CloseReason::Standing));
            assert_eq!(world.events(), [Code::SessionRevoked, Code::SessionClosed]);
            assert_eq!(world.all_events()[0].reason.as_deref(), Some(reason));
            assert_eq!(said(&world), (version == Version::V5).then_some(0x87));
            world.outputs.clear();
            world.publish_into_the_void();
            assert_eq!(world.outputs, [], "nothing follows");
            assert!(!world.session.wants_read());
            assert_eq!(world.session.wake_at(), None);
        }
    }
}

impl World {
    /// Bytes that were on their way when the session ended.
    fn publish_into_the_void(&mut self) {
        self.handle(Input::Bytes(b"\x32\x14\0\x10sk/dev-0001/note\0\x01"));
        self.handle(Input::Wake);
        self.handle(Input::Stored {
            token: 1,
            result: StoredResult::Stored,
        });
        self.handle(Input::TakenOver);
    }
}

#[test]
fn a_device_out_of_standing_is_not_let_in() {
    for (version, code) in [(Version::V3_1_1, 5), (Version::V5, 0x87)] {
        let device = DeviceRecord {
            standing: Standing::Suspended,
            ..record()
        };
        let limits = SessionLimits::default();
        let mut world =
            World::connecting(version, device, SessionSeed::default(), policy(), limits);
        world.flush();
        assert_eq!(world.heard, [ClientEvent::Refused { code }]);
        assert_eq!(world.closed(), Some(CloseReason::Standing));
        assert!(!world.session.is_open());
    }
}

#[test]
fn taken_over_and_shut_down() {
    let mut world = World::open(Version::V5);
    world.handle(Input::TakenOver);
    assert_eq!(said(&world), Some(0x8E));
    assert_eq!(
        world.events(),
        [Code::SessionTakenOver, Code::SessionClosed]
    );
    assert_eq!(world.closed(), Some(CloseReason::TakenOver));

    let mut world = World::open(Version::V5);
    world.handle(Input::Shutdown);
    assert_eq!(said(&world), Some(0x8B));
    assert_eq!(world.closed(), Some(CloseReason::Shutdown));
}

#[test]
fn goodbye_and_silence() {
    for version in VERSIONS {
        let mut world = World::open(version);
        world.client.disconnect();
        world.flush();
        assert_eq!(world.closed(), Some(CloseReason::Disconnected));
        assert_eq!(world.events(), [Code::SessionClosed]);
        assert_eq!(world.counts(), [] as [&str; 0]);

        let mut world = World::open(version);
        world.now += at(45_000);
        assert_eq!(world.session.wake_at(), Some(world.now));
        world.handle(Input::Wake);
        let violation = sekimori_proto::mqtt::Violation::KeepAlive;
        assert_eq!(world.closed(), Some(CloseReason::Violation(violation)));
        assert_eq!(
            world.events(),
            [Code::ProtocolViolation, Code::SessionClosed]
        );
        assert_eq!(world.counts(), ["keep-alive"]);
    }
}

#[test]
fn a_connection_without_a_connect_ends_without_having_been_a_session() {
    let limits = SessionLimits::default();
    let mut world = World::connecting(
        Version::V5,
        record(),
        SessionSeed::default(),
        policy(),
        limits,
    );
    world.now += at(10_000);
    world.handle(Input::Wake);
    assert_eq!(world.events(), [Code::ProtocolViolation]);
    assert_eq!(world.counts(), ["connect-timeout"]);
    assert!(matches!(world.closed(), Some(CloseReason::Violation(_))));
}

#[test]
fn a_session_ends_with_the_certificate_by_which_it_began() {
    for version in VERSIONS {
        let mut world = World::open(version);
        let not_after = wall(world.now) + at(20_000);
        let (now, date) = (world.now, wall(world.now));
        world.session.ends_with_certificate(now, date, not_after);
        let due = world.session.wake_at().expect("something is due");
        assert!(due <= now + at(20_001), "{due:?}");
        // In its last moment the certificate is still good.
        world.now = now + at(20_000);
        world.handle(Input::Wake);
        assert!(world.session.is_open());
        assert_eq!(world.session.wake_at(), Some(world.now + at(1)));
        world.now += at(1);
        world.handle(Input::Wake);
        assert_eq!(world.closed(), Some(CloseReason::CertificateExpired));
        assert_eq!(world.events(), [Code::SessionRevoked, Code::SessionClosed]);
        assert_eq!(world.all_events()[0].reason.as_deref(), Some("expired"));
        assert_eq!(said(&world), (version == Version::V5).then_some(0x87));
        assert_eq!(world.session.wake_at(), None);
    }
}

#[test]
fn a_date_that_is_set_ahead_ends_the_session_at_the_next_occasion() {
    let mut world = World::open(Version::V5);
    let not_after = wall(world.now) + at(3_600_000);
    let (now, date) = (world.now, wall(world.now));
    world.session.ends_with_certificate(now, date, not_after);
    let later = wall(world.now) + at(7_200_000);
    world
        .session
        .handle(world.now, later, Input::Bytes(b"\xc0\0"));
    world.drain();
    assert_eq!(world.closed(), Some(CloseReason::CertificateExpired));
}
