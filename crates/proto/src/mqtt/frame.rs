//! Cuts the byte stream into packets, without trusting the length that a peer announces.

use super::Violation;
use alloc::vec::Vec;

/// One packet: its first byte and what follows the length.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) first: u8,
    pub(super) body: Vec<u8>,
}

impl Frame {
    /// The packet type, 0 to 15.
    pub(super) const fn kind(&self) -> u8 {
        self.first >> 4
    }
}

/// Bytes that were received and not yet read as packets.
#[derive(Debug)]
pub(super) struct Framer {
    held: Vec<u8>,
    /// How many of the held bytes were already read.
    read: usize,
    limit: usize,
}

impl Framer {
    /// A framer for packets of at most `limit` bytes with their headers.
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            held: Vec::new(),
            read: 0,
            limit,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        if self.read > 0 {
            self.held.drain(..self.read);
            self.read = 0;
        }
        self.held.extend_from_slice(bytes);
    }

    /// How many bytes wait to be read.
    pub(super) fn waiting(&self) -> usize {
        self.held.len().saturating_sub(self.read)
    }

    pub(super) fn clear(&mut self) {
        self.held = Vec::new();
        self.read = 0;
    }

    /// The next complete packet. Memory is only ever taken for bytes that have arrived.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Violation> {
        let unread = self.held.get(self.read..).unwrap_or_default();
        let Some((&first, rest)) = unread.split_first() else {
            return Ok(None);
        };
        let Some((length, header)) = length(rest)? else {
            return Ok(None);
        };
        let whole = length.saturating_add(header).saturating_add(1);
        if whole > self.limit {
            return Err(Violation::PacketTooLarge);
        }
        let Some(body) = unread.get(header.saturating_add(1)..whole) else {
            return Ok(None);
        };
        let frame = Frame {
            first,
            body: body.to_vec(),
        };
        self.read = self.read.saturating_add(whole);
        if self.waiting() == 0 {
            // Memory goes back after a burst; a short buffer is kept for the next packet.
            self.read = 0;
            if self.held.capacity() > 4096 {
                self.held = Vec::new();
            } else {
                self.held.clear();
            }
        }
        Ok(Some(frame))
    }
}

/// The remaining length and how many bytes it took, when it has arrived completely.
///
/// Source: MQTT 5.0 section 1.5.5.
fn length(bytes: &[u8]) -> Result<Option<(usize, usize)>, Violation> {
    let mut value = 0_usize;
    for (position, &byte) in bytes.iter().take(4).enumerate() {
        let shift = position.saturating_mul(7);
        value |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok(Some((value, position.saturating_add(1))));
        }
    }
    if bytes.len() < 4 {
        Ok(None)
    } else {
        Err(Violation::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A length that is known to fit one byte.
    fn byte(length: usize) -> u8 {
        u8::try_from(length).unwrap()
    }

    fn frames(framer: &mut Framer) -> Result<Vec<Frame>, Violation> {
        let mut all = Vec::new();
        while let Some(frame) = framer.next()? {
            all.push(frame);
        }
        Ok(all)
    }

    #[test]
    fn a_short_header_does_not_take_memory_for_a_long_packet() {
        let mut framer = Framer::new(64 * 1024);
        framer.push(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0x00]);
        assert_eq!(framer.next(), Err(Violation::PacketTooLarge));
        assert!(framer.held.capacity() < 64);
    }

    #[test]
    fn a_packet_within_the_limit_takes_memory_only_as_it_arrives() {
        let mut framer = Framer::new(64 * 1024);
        // 60,000 bytes are announced, none follows.
        framer.push(&[0x30, 0xE0, 0xD4, 0x03]);
        assert_eq!(framer.next(), Ok(None));
        assert!(framer.held.capacity() < 64);
    }

    #[test]
    fn the_limit_counts_the_header() {
        for (limit, expected) in [(7, Ok(1)), (6, Err(Violation::PacketTooLarge))] {
            let mut framer = Framer::new(limit);
            framer.push(&[0x30, 5, 1, 2, 3, 4, 5]);
            assert_eq!(
                frames(&mut framer).map(|all| all.len()),
                expected,
                "limit {limit}"
            );
        }
    }

    #[test]
    fn a_length_of_five_bytes_is_malformed() {
        let mut framer = Framer::new(usize::MAX);
        framer.push(&[0x30, 0x80, 0x80, 0x80, 0x80]);
        assert_eq!(framer.next(), Err(Violation::Malformed));
    }

    proptest! {
        #[test]
        fn packets_do_not_depend_on_how_the_bytes_are_cut(
            bodies in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..200)), 0..8),
            cuts in prop::collection::vec(1_usize..40, 1..20),
        ) {
            let mut stream = Vec::new();
            for (first, body) in &bodies {
                stream.push(*first);
                if body.len() < 128 {
                    stream.push(byte(body.len()));
                } else {
                    stream.extend_from_slice(&[byte(body.len() % 128) | 0x80, byte(body.len() / 128)]);
                }
                stream.extend_from_slice(body);
            }
            let mut framer = Framer::new(1024);
            let mut seen = Vec::new();
            let mut rest = stream.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                framer.push(now);
                seen.extend(frames(&mut framer).unwrap());
                rest = later;
            }
            let expected: Vec<Frame> =
                bodies.into_iter().map(|(first, body)| Frame { first, body }).collect();
            prop_assert_eq!(seen, expected);
            prop_assert_eq!(framer.waiting(), 0);
        }
    }
}
