//! Deterministic CBOR: what the formats of this crate share.
//!
//! Source: RFC 8949 section 4.2.1. Maps have unsigned keys in rising order, every length is
//! definite and shortest. A reader walks the expected shape and then compares with the bytes
//! that the writer would have written, so that there is exactly one encoding.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use jiff::Timestamp;
use minicbor::{Decoder, Encoder};

/// The bytes are not of the expected shape, from this offset on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) at: usize,
}

/// Writes into memory, which does not fail.
pub(crate) struct Writer(Encoder<Vec<u8>>);

const MEMORY: &str = "writing CBOR into memory does not fail";

impl Writer {
    pub(crate) fn new() -> Self {
        Self(Encoder::new(Vec::new()))
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.into_writer()
    }

    pub(crate) fn map(&mut self, pairs: u64) -> &mut Self {
        self.0.map(pairs).expect(MEMORY);
        self
    }

    pub(crate) fn array(&mut self, items: usize) -> &mut Self {
        self.0.array(items as u64).expect(MEMORY);
        self
    }

    pub(crate) fn unsigned(&mut self, value: u64) -> &mut Self {
        self.0.u64(value).expect(MEMORY);
        self
    }

    pub(crate) fn signed(&mut self, value: i64) -> &mut Self {
        self.0.i64(value).expect(MEMORY);
        self
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.0.bytes(value).expect(MEMORY);
        self
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        self.0.str(value).expect(MEMORY);
        self
    }

    /// Milliseconds since the epoch.
    pub(crate) fn millis(&mut self, at: Timestamp) -> &mut Self {
        self.signed(at.as_millisecond())
    }

    /// Seconds since the epoch.
    pub(crate) fn seconds(&mut self, at: Timestamp) -> &mut Self {
        self.signed(at.as_second())
    }
}

/// Reads the shape that a [`Writer`] wrote, and never more than is there.
pub(crate) struct Reader<'a>(Decoder<'a>);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    pub(crate) fn malformed(&self) -> Malformed {
        Malformed {
            at: self.0.position(),
        }
    }

    fn step<T>(
        &mut self,
        read: impl FnOnce(&mut Decoder<'a>) -> Result<T, minicbor::decode::Error>,
    ) -> Result<T, Malformed> {
        let at = self.0.position();
        read(&mut self.0).map_err(|_| Malformed { at })
    }

    pub(crate) fn map(&mut self, pairs: u64) -> Result<(), Malformed> {
        let found = self.step(Decoder::map)?;
        if found == Some(pairs) {
            Ok(())
        } else {
            Err(self.malformed())
        }
    }

    pub(crate) fn key(&mut self, key: u64) -> Result<&mut Self, Malformed> {
        if self.unsigned()? == key {
            Ok(self)
        } else {
            Err(self.malformed())
        }
    }

    pub(crate) fn array(&mut self, most: usize) -> Result<usize, Malformed> {
        let found = self.step(Decoder::array)?;
        found
            .and_then(|items| usize::try_from(items).ok())
            .filter(|&items| items <= most)
            .ok_or(self.malformed())
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, Malformed> {
        self.step(Decoder::u64)
    }

    pub(crate) fn small(&mut self) -> Result<u8, Malformed> {
        self.step(Decoder::u8)
    }

    pub(crate) fn bytes(&mut self, most: usize) -> Result<&'a [u8], Malformed> {
        let bytes = self.step(Decoder::bytes)?;
        if bytes.len() <= most {
            Ok(bytes)
        } else {
            Err(self.malformed())
        }
    }

    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.bytes(N)?.try_into().map_err(|_| self.malformed())
    }

    pub(crate) fn text(&mut self, most: usize) -> Result<String, Malformed> {
        let text = self.step(Decoder::str)?;
        if text.len() <= most {
            Ok(text.to_string())
        } else {
            Err(self.malformed())
        }
    }

    /// A text that `parse` takes.
    pub(crate) fn parsed<T, E>(
        &mut self,
        most: usize,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Malformed> {
        let text = self.text(most)?;
        parse(&text).map_err(|_| self.malformed())
    }

    pub(crate) fn millis(&mut self) -> Result<Timestamp, Malformed> {
        let millis = self.step(Decoder::i64)?;
        Timestamp::from_millisecond(millis).map_err(|_| self.malformed())
    }

    pub(crate) fn seconds(&mut self) -> Result<Timestamp, Malformed> {
        let seconds = self.step(Decoder::i64)?;
        Timestamp::from_second(seconds).map_err(|_| self.malformed())
    }
}
