//! Deadlines, in virtual time.

use super::*;

#[test]
fn a_silent_connection_ends_at_its_deadline() {
    let limits = Limits {
        connect_within: Duration::from_secs(5),
        ..Limits::default()
    };
    let mut server = ServerConnection::new(at(1_000), limits);
    server.receive(at(2_000), &[0x10]);
    assert_eq!(server.wake_at(), Some(at(6_000)));
    server.wake(at(5_999));
    assert_eq!(events(&mut server), []);
    server.wake(at(6_000));
    assert_eq!(
        events(&mut server),
        [ServerEvent::Violation(Violation::ConnectTimeout)]
    );
    assert!(server.is_closed());
    assert_eq!(server.wake_at(), None);
}

#[test]
fn silence_ends_a_connection_after_one_and_a_half_times_the_keep_alive() {
    for version in VERSIONS {
        let (_, mut server) = open(version, Limits::default());
        assert_eq!(server.wake_at(), Some(at(45_000)));
        server.receive(at(10_000), &[0xC0, 0x00]);
        assert_eq!(events(&mut server), []);
        assert_eq!(
            server.transmit(),
            Some([0xD0, 0x00].into()),
            "a ping is answered"
        );
        assert_eq!(server.wake_at(), Some(at(55_000)));
        server.excuse(at(20_000));
        server.wake(at(64_999));
        assert_eq!(events(&mut server), []);
        server.wake(at(65_000));
        assert_eq!(
            events(&mut server),
            [ServerEvent::Violation(Violation::KeepAlive)]
        );
        let goodbye = (version == Version::V5).then(|| [0xE0, 0x01, 0x8D].into());
        assert_eq!(server.transmit(), goodbye);
    }
}

#[test]
fn a_longer_or_missing_keep_alive_gets_the_longest_that_is_granted() {
    let limits = Limits {
        keep_alive_seconds: NonZeroU16::new(60).unwrap(),
        ..Limits::default()
    };
    for (asked, granted) in [(0, 60_u16), (1, 1), (60, 60), (61, 60), (u16::MAX, 60)] {
        let mut server = ServerConnection::new(at(0), limits);
        let [high, low] = u16::to_be_bytes(asked);
        server.receive(
            at(0),
            &[
                16, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, high, low, 0, 1, b'x',
            ],
        );
        assert_eq!(events(&mut server).len(), 1);
        server.accept(at(0), "dev-0001");
        assert_eq!(
            server.wake_at(),
            Some(at(u64::from(granted) * 1_500)),
            "{asked}"
        );
    }
}

#[test]
fn a_client_pings_in_time_and_notices_silence() {
    for version in VERSIONS {
        let (mut client, mut server) = open(version, Limits::default());
        let mut answers = Vec::new();
        assert_eq!(client.wake_at(), Some(at(22_500)));
        client.publish(at(10_000), &message("a", b"")).unwrap();
        client.transmit();
        assert_eq!(
            client.wake_at(),
            Some(at(32_500)),
            "whatever is sent counts"
        );
        client.wake(at(32_500), &mut answers);
        assert_eq!(client.transmit(), Some([0xC0, 0x00].into()));
        assert_eq!(client.wake_at(), Some(at(42_500)));
        client.receive(at(33_000), &[0xD0, 0x00], &mut answers);
        assert_eq!(client.wake_at(), Some(at(55_000)));
        client.wake(at(55_000), &mut answers);
        assert_eq!(answers, []);
        client.wake(at(65_000), &mut answers);
        assert_eq!(answers, [ClientEvent::Violation(Violation::KeepAlive)]);
        assert!(client.is_closed());
        drop(server.transmit());
    }
}

#[test]
fn a_client_does_not_wait_for_ever_to_be_accepted() {
    let mut client = ClientConnection::new(at(0), &options(Version::V5), ClientLimits::default());
    let mut answers = Vec::new();
    assert_eq!(client.wake_at(), Some(at(10_000)));
    client.wake(at(9_999), &mut answers);
    assert_eq!(answers, []);
    client.wake(at(10_000), &mut answers);
    assert_eq!(answers, [ClientEvent::Violation(Violation::ConnectTimeout)]);
}
