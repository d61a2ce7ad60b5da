//! The outbox on disk: one line for each message that waits, one for each that is settled.
//!
//! A line is eight hexadecimal digits, a space, and JSON; the digits are the first four bytes of the JSON's SHA-256.
//! A power cut may tear the last line; reading stops at the first line that does not check and says so.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Which message: unique for the life of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Key {
    /// How often the device had started.
    pub(crate) boot: u64,
    /// The number of the message within that start, from 1.
    pub(crate) sequence: u64,
}

/// One telemetry message that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) key: Key,
    /// Milliseconds since 1970 on the device's clock when it was read.
    pub(crate) time: i64,
    pub(crate) flow: String,
    pub(crate) payload: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case", deny_unknown_fields)]
enum Line {
    Waits {
        boot: u64,
        sequence: u64,
        time: i64,
        flow: String,
        payload: String,
    },
    Settled {
        boot: u64,
        sequence: u64,
    },
}

/// What reading a journal gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The messages that wait, in the order in which they were written.
    pub(crate) letters: Vec<Letter>,
    /// Bytes at the end that could not be read: zero, or what a power cut tore.
    pub(crate) torn: usize,
}

/// The line of a message that waits.
pub(crate) fn waits(letter: &Letter) -> Vec<u8> {
    encode(&Line::Waits {
        boot: letter.key.boot,
        sequence: letter.key.sequence,
        time: letter.time,
        flow: letter.flow.clone(),
        payload: STANDARD_NO_PAD.encode(&letter.payload),
    })
}

/// The line of a message that needs no more sending.
pub(crate) fn settled(key: Key) -> Vec<u8> {
    encode(&Line::Settled {
        boot: key.boot,
        sequence: key.sequence,
    })
}

/// Reads a whole journal.
pub(crate) fn read(bytes: &[u8]) -> Reading {
    let mut reading = Reading::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let Some((line, tail)) = next_line(rest) else {
            reading.torn = rest.len();
            break;
        };
        rest = tail;
        match line {
            Line::Waits {
                boot,
                sequence,
                time,
                flow,
                payload,
            } => {
                let Ok(payload) = STANDARD_NO_PAD.decode(payload) else {
                    continue;
                };
                reading.letters.push(Letter {
                    key: Key { boot, sequence },
                    time,
                    flow,
                    payload,
                });
            }
            Line::Settled { boot, sequence } => {
                let key = Key { boot, sequence };
                // Messages are settled nearly in order, so that this looks at the first few.
                if let Some(at) = reading.letters.iter().position(|letter| letter.key == key) {
                    reading.letters.remove(at);
                }
            }
        }
    }
    reading
}

fn next_line(bytes: &[u8]) -> Option<(Line, &[u8])> {
    let end = bytes.iter().position(|&byte| byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    let (digits, json) = line.split_at_checked(8)?;
    let json = json.strip_prefix(b" ")?;
    if digits != checksum(json).as_bytes() {
        return None;
    }
    Some((serde_json::from_slice(json).ok()?, rest.get(1..)?))
}

fn encode(line: &Line) -> Vec<u8> {
    let json = serde_json::to_vec(line).expect("a line has string keys and no failing part");
    let mut bytes = format!("{} ", checksum(&json)).into_bytes();
    bytes.extend_from_slice(&json);
    bytes.push(b'\n');
    bytes
}

fn checksum(json: &[u8]) -> String {
    let digest = Sha256::digest(json);
    hex::encode(digest.get(..4).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn letters() -> impl Strategy<Value = Vec<Letter>> {
        vec(
            (
                any::<u64>(),
                any::<i64>(),
                "[a-z-]{1,12}",
                vec(any::<u8>(), 0..40),
            ),
            0..20,
        )
        .prop_map(|rows| {
            rows.into_iter()
                .enumerate()
                .map(|(at, (boot, time, flow, payload))| Letter {
                    key: Key {
                        boot,
                        sequence: at as u64,
                    },
                    time,
                    flow,
                    payload,
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn reading_gives_what_was_written_and_not_settled(letters in letters(), settle in vec(any::<prop::sample::Index>(), 0..5)) {
            let mut bytes: Vec<u8> = letters.iter().flat_map(waits).collect();
            let mut model = letters.clone();
            for index in settle {
                if letters.is_empty() { break; }
                let key = letters[index.index(letters.len())].key;
                bytes.extend(settled(key));
                model.retain(|letter| letter.key != key);
            }
            prop_assert_eq!(read(&bytes), Reading { letters: model, torn: 0 });
        }

        #[test]
        fn a_torn_end_loses_only_the_torn_line(letters in letters(), cut: prop::sample::Index) {
            let lines: Vec<Vec<u8>> = letters.iter().map(waits).collect();
            let bytes: Vec<u8> = lines.concat();
            let cut = if bytes.is_empty() { 0 } else { cut.index(bytes.len()) };
            let mut whole = 0;
            let mut length = 0;
            for line in &lines {
                if length + line.len() > cut { break; }
                length += line.len();
                whole += 1;
            }
            let reading = read(&bytes[..cut]);
            prop_assert_eq!(&reading.letters[..], &letters[..whole]);
            prop_assert_eq!(reading.torn, cut - length);
        }

        #[test]
        fn reading_never_panics(bytes in vec(any::<u8>(), 0..200)) {
            read(&bytes);
        }
    }

    #[test]
    fn a_flipped_byte_is_noticed() {
        let letter = Letter {
            key: Key {
                boot: 1,
                sequence: 2,
            },
            time: 3,
            flow: "telemetry".into(),
            payload: b"{\"temp_c\":4.5}".to_vec(),
        };
        let line = waits(&letter);
        for at in 0..line.len() {
            let mut bytes = line.clone();
            bytes[at] ^= 1;
            assert_eq!(read(&bytes).letters, [], "byte {at}");
        }
    }
}
