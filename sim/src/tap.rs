//! Reads along on an MQTT 5 connection, with a reader of its own: who was promised what?

use std::collections::BTreeMap;

/// A QoS 1 message on its way up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) topic: String,
    /// Boot count and sequence.
    pub(crate) number: Option<(u64, u64)>,
    pub(crate) duplicate: bool,
    pub(crate) payload: Vec<u8>,
}

/// One connection, seen from outside.
#[derive(Default)]
pub(crate) struct Tap {
    up: Vec<u8>,
    down: Vec<u8>,
    waiting: BTreeMap<u16, Sent>,
}

impl Tap {
    /// Bytes go up; answers the messages that are complete now.
    pub(crate) fn up(&mut self, bytes: &[u8]) -> Vec<Sent> {
        self.up.extend_from_slice(bytes);
        let mut sent = Vec::new();
        while let Some((first, body)) = packet(&mut self.up) {
            if first >> 4 == 3
                && let Some((id, message)) = publish(first, &body)
            {
                self.waiting.insert(id, message.clone());
                sent.push(message);
            }
        }
        sent
    }

    /// Bytes go down; answers the messages that are acknowledged by them as taken, or refused.
    pub(crate) fn down(&mut self, bytes: &[u8]) -> Vec<(Sent, u8)> {
        self.down.extend_from_slice(bytes);
        let mut answered = Vec::new();
        while let Some((first, body)) = packet(&mut self.down) {
            if first >> 4 == 4
                && let Some((id, rest)) = number(&body)
                && let Some(sent) = self.waiting.remove(&id)
            {
                answered.push((sent, rest.first().copied().unwrap_or(0)));
            }
        }
        answered
    }
}

/// Takes one whole packet off the front: its first byte, and what follows the length.
fn packet(stream: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let first = *stream.first()?;
    let (length, size) = variable(stream.get(1..)?)?;
    let start = size.checked_add(1)?;
    let end = start.checked_add(length)?;
    let body = stream.get(start..end)?.to_vec();
    stream.drain(..end);
    Some((first, body))
}

/// A variable byte integer, and how many bytes it takes.
fn variable(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0_usize;
    for (at, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, at.saturating_add(1)));
        }
    }
    None
}

fn number(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*head), rest))
}

fn text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = number(bytes)?;
    let (text, rest) = rest.split_at_checked(length.into())?;
    Some((String::from_utf8_lossy(text).into_owned(), rest))
}

fn publish(first: u8, body: &[u8]) -> Option<(u16, Sent)> {
    let (topic, rest) = text(body)?;
    if (first >> 1) & 3 != 1 {
        return None;
    }
    let (id, rest) = number(rest)?;
    let (length, size) = variable(rest)?;
    let (properties, payload) = rest.get(size..)?.split_at_checked(length)?;
    let mut boot = None;
    let mut sequence = None;
    let mut left = properties;
    while let Some((kind, rest)) = left.split_first() {
        left = match kind {
            0x01 => rest.get(1..)?,
            0x02 => rest.get(4..)?,
            0x23 => rest.get(2..)?,
            0x03 | 0x08 | 0x09 => text(rest)?.1,
            0x0B => rest.get(variable(rest)?.1..)?,
            0x26 => {
                let (key, rest) = text(rest)?;
                let (value, rest) = text(rest)?;
                match key.as_str() {
                    "sk-boot" => boot = value.parse().ok(),
                    "sk-seq" => sequence = value.parse().ok(),
                    _ => {}
                }
                rest
            }
            _ => return None,
        };
    }
    let sent = Sent {
        topic,
        number: boot.zip(sequence),
        duplicate: first & 8 != 0,
        payload: payload.to_vec(),
    };
    Some((id, sent))
}
