//! Bytes that no one should send, and pieces of every size.

use super::*;
use proptest::prelude::*;

/// What a session does with `bytes` in pieces of `cut`, when the store answers in the end; and the bytes that it sends.
fn run(version: Version, bytes: &[u8], cut: usize) -> (Vec<Output>, Vec<u8>) {
    let mut world = World::open(version);
    let mut outputs = Vec::new();
    let mut sent = Vec::new();
    let mut tokens = Vec::new();
    let mut handle = |input: Input<'_>| {
        world.session.handle(world.now, wall(world.now), input);
        while let Some(output) = world.session.poll() {
            match output {
                Output::Transmit(bytes) => sent.extend(bytes),
                Output::Store { token, message } => {
                    tokens.push(token);
                    outputs.push(Output::Store { token, message });
                }
                other => outputs.push(other),
            }
        }
        core::mem::take(&mut tokens)
    };
    let mut waiting: Vec<Token> = bytes
        .chunks(cut)
        .flat_map(|piece| handle(Input::Bytes(piece)))
        .collect();
    while let Some(token) = waiting.pop() {
        waiting.extend(handle(Input::Stored {
            token,
            result: StoredResult::Stored,
        }));
    }
    (outputs, sent)
}

fn packets() -> impl Strategy<Value = Vec<u8>> {
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        Just(b"\0\x10sk/dev-0001/note\0\x01payload".to_vec()),
        Just(b"\0\x10sk/dev-0001/note\0\x01\0payload".to_vec()),
        Just(b"\0\x10sk/dev-0002/note\0\x01\0payload".to_vec()),
        Just(b"\0\x01\0\0\x11sk/dev-0001/cmd/+\x01".to_vec()),
        Just(b"\0\x01\0\0\x01#\x01".to_vec()),
        Just(b"\0\x01".to_vec()),
    ];
    let first = prop_oneof![
        Just(0x30_u8),
        Just(0x32),
        Just(0x82),
        Just(0x40),
        Just(0xC0),
        any::<u8>()
    ];
    let packet = (
        first,
        body,
        prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2),
    );
    let packet = packet.prop_map(|(first, body, changes)| {
        let mut packet = Vec::from([first, u8::try_from(body.len()).unwrap()]);
        packet.extend(body);
        for (index, byte) in changes {
            let position = index.index(packet.len());
            packet[position] = byte;
        }
        packet
    });
    prop::collection::vec(packet, 0..10).prop_map(|packets| packets.concat())
}

proptest! {
    #[test]
    fn pieces_of_every_size_are_the_same_session(bytes in packets(), cut in 1_usize..20) {
        for version in VERSIONS {
            prop_assert_eq!(run(version, &bytes, usize::MAX), run(version, &bytes, cut));
        }
    }

    #[test]
    fn a_closed_session_says_so_last_and_once(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for version in VERSIONS {
            let (outputs, _) = run(version, &bytes, 16);
            let closes = outputs.iter().filter(|one| matches!(one, Output::Close(_))).count();
            prop_assert!(closes <= 1);
            if closes == 1 {
                prop_assert!(matches!(outputs.last(), Some(Output::Close(_))));
            }
        }
    }
}
