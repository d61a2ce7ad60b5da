//! The bytes of one record: deterministic CBOR, read back only in that one form.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;

use jiff::Timestamp;
use minicbor::{Decoder, Encoder};

use super::{Head, Record, digest};
use crate::code::{Code, Severity};
use crate::event::{Event, bounds};

/// Longest record in bytes: every event within [`bounds`] fits.
pub const MAX_RECORD_BYTES: usize = 12 << 10;

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// Longer than [`MAX_RECORD_BYTES`].
    TooLong,
    /// Not CBOR of the record's shape.
    Shape,
    /// The right shape, but not in the one deterministic form.
    NotDeterministic,
    /// An event code that this version does not know.
    UnknownCode,
    /// A value beyond its bounds.
    Bound,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "too long",
            Self::Shape => "not CBOR of the record's shape",
            Self::NotDeterministic => "not in the one deterministic form",
            Self::UnknownCode => "an event code that this version does not know",
            Self::Bound => "a value beyond its bounds",
        })
    }
}

impl core::error::Error for RecordError {}

impl From<minicbor::decode::Error> for RecordError {
    fn from(_: minicbor::decode::Error) -> Self {
        Self::Shape
    }
}

pub(super) struct Parts<'a> {
    pub(super) previous: [u8; 32],
    pub(super) body: &'a [u8],
    pub(super) digest: [u8; 32],
}

pub(super) fn seal(head: Head, event: Event) -> Record {
    let mut event = event.bounded();
    event.sequence = head
        .sequence
        .checked_add(1)
        .expect("2^64 events are never reached");
    event.count = event.count.max(1);
    for at in [&mut event.at, &mut event.first_at, &mut event.last_at] {
        *at = whole_microseconds(*at);
    }
    let body = encode(&event);
    let hash = digest(&head.hash, &body);
    let head_after = Head {
        sequence: event.sequence,
        hash,
    };
    let bytes = frame(&head.hash, &body, &hash);
    Record {
        event,
        bytes,
        head: head_after,
    }
}

/// The time without what a record does not hold.
fn whole_microseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond())
        // The last second of the calendar has nanoseconds, but no microseconds.
        .or_else(|_| Timestamp::from_second(at.as_second()))
        .expect("a timestamp's own seconds are one")
}

fn frame(previous: &[u8; 32], body: &[u8], digest: &[u8; 32]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder
        .array(3)
        .and_then(|encoder| encoder.bytes(previous))
        .and_then(|encoder| encoder.bytes(body))
        .and_then(|encoder| encoder.bytes(digest))
        .expect("a Vec takes every write");
    encoder.into_writer()
}

/// Takes a record apart.
pub(super) fn parse(bytes: &[u8]) -> Result<Parts<'_>, RecordError> {
    if bytes.len() > MAX_RECORD_BYTES {
        return Err(RecordError::TooLong);
    }
    let mut decoder = Decoder::new(bytes);
    if decoder.array()? != Some(3) {
        return Err(RecordError::Shape);
    }
    let previous = hash(decoder.bytes()?)?;
    let body = decoder.bytes()?;
    let digest = hash(decoder.bytes()?)?;
    if decoder.position() != bytes.len() {
        return Err(RecordError::Shape);
    }
    if frame(&previous, body, &digest) != bytes {
        return Err(RecordError::NotDeterministic);
    }
    Ok(Parts {
        previous,
        body,
        digest,
    })
}

fn hash(bytes: &[u8]) -> Result<[u8; 32], RecordError> {
    bytes.try_into().map_err(|_| RecordError::Shape)
}

// Keys of the event's map. Small integers in order are deterministic by RFC 8949 section 4.2.1.
const SEQUENCE: u8 = 1;
const AT: u8 = 2;
const CODE: u8 = 3;
const SEVERITY: u8 = 4;
const DEVICE: u8 = 5;
const SOURCE: u8 = 6;
const REASON: u8 = 7;
const DETAIL: u8 = 8;
const COUNT: u8 = 9;
const FIRST_AT: u8 = 10;
const LAST_AT: u8 = 11;

fn encode(event: &Event) -> Vec<u8> {
    write(event).expect("a Vec takes every write")
}

fn write(event: &Event) -> Result<Vec<u8>, minicbor::encode::Error<Infallible>> {
    let texts = [
        (DEVICE, &event.device),
        (SOURCE, &event.source),
        (REASON, &event.reason),
    ];
    let optional = texts.iter().filter(|(_, text)| text.is_some()).count()
        + usize::from(!event.detail.is_empty());
    let mut encoder = Encoder::new(Vec::new());
    encoder.map(7 + optional as u64)?;
    encoder.u8(SEQUENCE)?.u64(event.sequence)?;
    encoder.u8(AT)?.i64(event.at.as_microsecond())?;
    encoder.u8(CODE)?.str(event.code.as_str())?;
    encoder.u8(SEVERITY)?.u8(event.severity.number())?;
    for (key, text) in texts {
        if let Some(text) = text {
            encoder.u8(key)?.str(text)?;
        }
    }
    if !event.detail.is_empty() {
        encoder.u8(DETAIL)?.map(event.detail.len() as u64)?;
        // Bytes of the encoded key decide, so the shorter key comes first.
        let mut entries: Vec<_> = event.detail.iter().collect();
        entries.sort_by_key(|(name, _)| (name.len(), name.as_bytes()));
        for (name, value) in entries {
            encoder.str(name)?.str(value)?;
        }
    }
    encoder.u8(COUNT)?.u32(event.count)?;
    encoder.u8(FIRST_AT)?.i64(event.first_at.as_microsecond())?;
    encoder.u8(LAST_AT)?.i64(event.last_at.as_microsecond())?;
    Ok(encoder.into_writer())
}

/// Reads an event, and refuses any other bytes than those that it would be written as.
pub(super) fn decode(bytes: &[u8]) -> Result<Event, RecordError> {
    let event = fields(&mut Decoder::new(bytes))?;
    if encode(&event) != bytes {
        return Err(RecordError::NotDeterministic);
    }
    if event.clone().bounded() != event {
        return Err(RecordError::Bound);
    }
    Ok(event)
}

/// Reads the map; anything out of order or left over differs when it is written again.
fn fields(decoder: &mut Decoder<'_>) -> Result<Event, RecordError> {
    let mut left = decoder.map()?.ok_or(RecordError::Shape)?;
    let mut next = |decoder: &mut Decoder<'_>, key: u8| -> Result<bool, RecordError> {
        if left == 0 || decoder.probe().u8()? != key {
            return Ok(false);
        }
        left -= 1;
        decoder.u8()?;
        Ok(true)
    };
    let mut must = |decoder: &mut Decoder<'_>, key: u8| match next(decoder, key)? {
        true => Ok(()),
        false => Err(RecordError::Shape),
    };
    must(decoder, SEQUENCE)?;
    let sequence = decoder.u64()?;
    must(decoder, AT)?;
    let at = timestamp(decoder)?;
    must(decoder, CODE)?;
    let code = Code::parse(decoder.str()?).ok_or(RecordError::UnknownCode)?;
    must(decoder, SEVERITY)?;
    let severity = Severity::from_number(decoder.u8()?).ok_or(RecordError::Bound)?;
    let mut text = |decoder: &mut Decoder<'_>, key: u8| -> Result<Option<String>, RecordError> {
        match next(decoder, key)? {
            true => Ok(Some(decoder.str()?.into())),
            false => Ok(None),
        }
    };
    let device = text(decoder, DEVICE)?;
    let source = text(decoder, SOURCE)?;
    let reason = text(decoder, REASON)?;
    let mut detail = BTreeMap::new();
    if next(decoder, DETAIL)? {
        let entries = decoder.map()?.ok_or(RecordError::Shape)?;
        if entries > bounds::DETAILS as u64 {
            return Err(RecordError::Bound);
        }
        for _ in 0..entries {
            detail.insert(decoder.str()?.into(), decoder.str()?.into());
        }
    }
    let mut must = |decoder: &mut Decoder<'_>, key: u8| match next(decoder, key)? {
        true => Ok(()),
        false => Err(RecordError::Shape),
    };
    must(decoder, COUNT)?;
    let count = decoder.u32()?;
    must(decoder, FIRST_AT)?;
    let first_at = timestamp(decoder)?;
    must(decoder, LAST_AT)?;
    let last_at = timestamp(decoder)?;
    if count == 0 || sequence == 0 {
        return Err(RecordError::Bound);
    }
    Ok(Event {
        sequence,
        at,
        code,
        severity,
        device,
        source,
        reason,
        detail,
        count,
        first_at,
        last_at,
    })
}

fn timestamp(decoder: &mut Decoder<'_>) -> Result<Timestamp, RecordError> {
    Timestamp::from_microsecond(decoder.i64()?).map_err(|_| RecordError::Bound)
}
