//! Looks at a packet before the parser does.
//!
//! The parser accepts more than the standard does (reserved flags, packet identifier 0, wildcards in topic names,
//! control characters) and takes memory for as many properties and filters as a packet can name. What it must not
//! see is refused here, cheapest test first; what it needs is known to be there.
//!
//! Source: MQTT 5.0 sections 1.5, 2.1.3, 2.2 and 3; MQTT 3.1.1 sections 2.2.2 and 3.

use super::frame::Frame;
use super::{Version, Violation};

/// The largest number of properties read in one packet.
pub(super) const MAXIMUM_PROPERTIES: usize = 32;
/// The largest number of filters (or results) read in one packet.
pub(super) const MAXIMUM_FILTERS: usize = 32;

pub(super) const CONNECT: u8 = 1;
pub(super) const CONNACK: u8 = 2;
pub(super) const PUBLISH: u8 = 3;
pub(super) const PUBACK: u8 = 4;
pub(super) const PUBREC: u8 = 5;
pub(super) const PUBREL: u8 = 6;
pub(super) const PUBCOMP: u8 = 7;
pub(super) const SUBSCRIBE: u8 = 8;
pub(super) const SUBACK: u8 = 9;
pub(super) const UNSUBSCRIBE: u8 = 10;
pub(super) const UNSUBACK: u8 = 11;
pub(super) const PINGREQ: u8 = 12;
pub(super) const PINGRESP: u8 = 13;
pub(super) const DISCONNECT: u8 = 14;
pub(super) const AUTH: u8 = 15;

/// Which end sent the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Device,
    Gateway,
}

/// Whether `frame` may be given to the parser, on a connection that is open.
pub(super) fn inspect(sender: Sender, version: Version, frame: &Frame) -> Result<(), Violation> {
    let kind = frame.kind();
    match (sender, kind) {
        (_, PUBLISH | PUBACK)
        | (Sender::Device, SUBSCRIBE | UNSUBSCRIBE | PINGREQ | DISCONNECT)
        | (Sender::Gateway, SUBACK | UNSUBACK | PINGRESP) => {}
        (Sender::Gateway, DISCONNECT) if version == Version::V5 => {}
        (_, PUBREC | PUBREL | PUBCOMP) => return Err(Violation::QosTwo),
        (_, AUTH) if version == Version::V5 => return Err(Violation::AuthenticationMethod),
        _ => return Err(Violation::Protocol),
    }
    let flags = frame.first & 0x0F;
    let expected = if matches!(kind, SUBSCRIBE | UNSUBSCRIBE) {
        0b0010
    } else {
        0
    };
    if kind != PUBLISH && flags != expected {
        return Err(Violation::Malformed);
    }
    let mut reader = Reader(&frame.body);
    match kind {
        PUBLISH => publish(version, flags, &mut reader),
        PUBACK => {
            reader.packet_id()?;
            if version == Version::V3_1_1 {
                return reader.end();
            }
            reason_and_properties(&mut reader)
        }
        SUBSCRIBE | UNSUBSCRIBE => {
            reader.packet_id()?;
            if version == Version::V5 {
                reader.properties()?;
            }
            filters(&mut reader, if kind == SUBSCRIBE { 1 } else { 0 })
        }
        SUBACK | UNSUBACK => {
            reader.packet_id()?;
            if version == Version::V5 {
                reader.properties()?;
            } else if kind == UNSUBACK {
                return reader.end();
            }
            if reader.0.is_empty() {
                Err(Violation::Malformed)
            } else {
                reader.at_most(MAXIMUM_FILTERS)
            }
        }
        DISCONNECT if version == Version::V5 => reason_and_properties(&mut reader),
        _ => reader.end(),
    }
}

/// What the fixed fields of a CONNECT say, before anything else of it is read.
///
/// Source: MQTT 5.0 section 3.1.2; the fields have the same place in 3.1.1.
pub(super) fn inspect_connect(
    frame: &Frame,
) -> Result<(Version, Result<(), Violation>), Violation> {
    if frame.first != CONNECT << 4 {
        return Err(Violation::FirstPacket);
    }
    let mut reader = Reader(&frame.body);
    // Only our own two names are told apart; a stranger's is no CONNECT at all.
    match reader.text()? {
        b"MQTT" => {}
        b"MQIsdp" => return Err(Violation::UnsupportedVersion),
        _ => return Err(Violation::FirstPacket),
    }
    let version = match reader.byte()? {
        4 => Version::V3_1_1,
        5 => Version::V5,
        _ => return Err(Violation::UnsupportedVersion),
    };
    Ok((version, connect_fields(version, &mut reader)))
}

fn connect_fields(version: Version, reader: &mut Reader<'_>) -> Result<(), Violation> {
    let flags = reader.byte()?;
    reader.take(2)?;
    if flags & 0b1 != 0 {
        return Err(Violation::Malformed);
    }
    if flags & 0b0100_0000 != 0 {
        return Err(Violation::PasswordPresented);
    }
    if flags & 0b0000_0100 != 0 {
        return Err(Violation::WillPresented);
    }
    if flags & 0b0011_1000 != 0 {
        // A quality or a retain flag for a will that is not there.
        return Err(Violation::Malformed);
    }
    if version == Version::V5 {
        reader.properties()?;
    }
    let client_id = text_is_clean(reader.text()?)?;
    if version == Version::V3_1_1 && client_id.is_empty() && flags & 0b10 == 0 {
        return Err(Violation::ClientIdentifier);
    }
    if flags & 0b1000_0000 != 0 {
        reader.text()?;
    }
    reader.end()
}

/// Whether a CONNACK may be given to the parser.
pub(super) fn inspect_connack(version: Version, frame: &Frame) -> Result<(), Violation> {
    if frame.first != CONNACK << 4 {
        return Err(Violation::FirstPacket);
    }
    let mut reader = Reader(&frame.body);
    if reader.byte()? > 1 {
        return Err(Violation::Malformed);
    }
    reader.byte()?;
    if version == Version::V5 {
        reader.properties()?;
    }
    reader.end()
}

/// Source: MQTT 5.0 section 3.3.
fn publish(version: Version, flags: u8, reader: &mut Reader<'_>) -> Result<(), Violation> {
    let quality = (flags >> 1) & 0b11;
    match quality {
        0 if flags & 0b1000 != 0 => return Err(Violation::Malformed),
        0 | 1 => {}
        2 => return Err(Violation::QosTwo),
        _ => return Err(Violation::Malformed),
    }
    let topic = text_is_clean(reader.text()?)?;
    if topic.iter().any(|byte| matches!(byte, b'+' | b'#')) {
        return Err(Violation::Malformed);
    }
    if topic.is_empty() {
        return Err(if version == Version::V5 {
            Violation::TopicAlias
        } else {
            Violation::Malformed
        });
    }
    if quality == 1 {
        reader.packet_id()?;
    }
    if version == Version::V5 {
        reader.properties()?;
    }
    Ok(())
}

/// Filters, each followed by `options` more bytes.
fn filters(reader: &mut Reader<'_>, options: usize) -> Result<(), Violation> {
    let mut count = 0_usize;
    while !reader.0.is_empty() {
        count = count.saturating_add(1);
        if count > MAXIMUM_FILTERS {
            return Err(Violation::TooManyParts);
        }
        if text_is_clean(reader.text()?)?.is_empty() {
            return Err(Violation::Protocol);
        }
        reader.take(options)?;
    }
    if count == 0 {
        Err(Violation::Protocol)
    } else {
        Ok(())
    }
}

/// A reason code and properties, both of which may be left out.
fn reason_and_properties(reader: &mut Reader<'_>) -> Result<(), Violation> {
    if reader.0.is_empty() {
        return Ok(());
    }
    reader.byte()?;
    if reader.0.is_empty() {
        return Ok(());
    }
    reader.properties()?;
    reader.end()
}

/// Source: MQTT 5.0 section 1.5.4; control characters are allowed to be refused, U+0000 must be.
fn text_is_clean(text: &[u8]) -> Result<&[u8], Violation> {
    if text.iter().any(|byte| *byte < 0x20 || *byte == 0x7F) {
        return Err(Violation::Malformed);
    }
    Ok(text)
}

/// What is left of a packet.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Violation> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Violation::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Violation> {
        let (&byte, rest) = self.0.split_first().ok_or(Violation::Malformed)?;
        self.0 = rest;
        Ok(byte)
    }

    fn packet_id(&mut self) -> Result<(), Violation> {
        match self.take(2)? {
            [0, 0] => Err(Violation::PacketIdZero),
            _ => Ok(()),
        }
    }

    fn text(&mut self) -> Result<&'a [u8], Violation> {
        let length = match self.take(2)? {
            [high, low] => usize::from(u16::from_be_bytes([*high, *low])),
            _ => return Err(Violation::Malformed),
        };
        self.take(length)
    }

    fn variable(&mut self) -> Result<usize, Violation> {
        let mut value = 0_usize;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            value |= usize::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Violation::Malformed)
    }

    /// Source: MQTT 5.0 section 2.2.2.2.
    fn properties(&mut self) -> Result<(), Violation> {
        let length = self.variable()?;
        let mut properties = Reader(self.take(length)?);
        let mut count = 0_usize;
        while !properties.0.is_empty() {
            count = count.saturating_add(1);
            if count > MAXIMUM_PROPERTIES {
                return Err(Violation::TooManyParts);
            }
            match properties.byte()? {
                1 | 23 | 25 | 36 | 37 | 40 | 41 | 42 => properties.take(1).map(|_| ())?,
                19 | 33 | 34 | 35 => properties.take(2).map(|_| ())?,
                2 | 17 | 24 | 39 => properties.take(4).map(|_| ())?,
                11 => properties.variable().map(|_| ())?,
                3 | 8 | 9 | 18 | 21 | 22 | 26 | 28 | 31 => properties.text().map(|_| ())?,
                38 => {
                    properties.text()?;
                    properties.text()?;
                }
                _ => return Err(Violation::Malformed),
            }
        }
        Ok(())
    }

    fn at_most(&self, count: usize) -> Result<(), Violation> {
        if self.0.len() > count {
            Err(Violation::TooManyParts)
        } else {
            Ok(())
        }
    }

    fn end(&self) -> Result<(), Violation> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Violation::Malformed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    /// A length that is known to fit one byte.
    fn byte(length: usize) -> u8 {
        u8::try_from(length).unwrap()
    }

    fn check(
        sender: Sender,
        version: Version,
        first: u8,
        body: &[u8],
        expected: Result<(), Violation>,
    ) {
        let frame = Frame {
            first,
            body: body.to_vec(),
        };
        assert_eq!(
            inspect(sender, version, &frame),
            expected,
            "{sender:?} {version:?} {first:#04x} {body:02x?}"
        );
    }

    #[test]
    fn every_rule_has_its_violation() {
        use Sender::{Device, Gateway};
        use Version::{V3_1_1, V5};
        // A publish on topic "a".
        check(Device, V3_1_1, 0x30, b"\0\x01a!", Ok(()));
        check(Device, V3_1_1, 0x32, b"\0\x01a\0\x07!", Ok(()));
        check(
            Device,
            V3_1_1,
            0x32,
            b"\0\x01a\0\0!",
            Err(Violation::PacketIdZero),
        );
        check(
            Device,
            V3_1_1,
            0x32,
            b"\0\x01a\0",
            Err(Violation::Malformed),
        );
        check(
            Device,
            V3_1_1,
            0x34,
            b"\0\x01a\0\x07!",
            Err(Violation::QosTwo),
        );
        check(
            Device,
            V3_1_1,
            0x36,
            b"\0\x01a\0\x07!",
            Err(Violation::Malformed),
        );
        check(Device, V3_1_1, 0x38, b"\0\x01a!", Err(Violation::Malformed));
        check(Device, V3_1_1, 0x30, b"\0\0!", Err(Violation::Malformed));
        check(Device, V5, 0x30, b"\0\0\0!", Err(Violation::TopicAlias));
        check(Device, V5, 0x30, b"\0\x01a\0!", Ok(()));
        check(Device, V5, 0x30, b"\0\x01a", Err(Violation::Malformed));
        check(Device, V5, 0x30, b"\0\x01+\0", Err(Violation::Malformed));
        check(Device, V5, 0x30, b"\0\x01\0\0", Err(Violation::Malformed));
        check(
            Device,
            V5,
            0x30,
            b"\0\x01a\x05\x26\0\0\0",
            Err(Violation::Malformed),
        );
        check(
            Device,
            V5,
            0x30,
            b"\0\x01a\x01\x7E",
            Err(Violation::Malformed),
        );
        // Two-part delivery, authentication, and packets of the other side.
        for kind in [PUBREC, PUBREL, PUBCOMP] {
            check(Device, V5, kind << 4, b"\0\x01", Err(Violation::QosTwo));
        }
        check(Device, V5, 0xF0, b"", Err(Violation::AuthenticationMethod));
        check(Device, V3_1_1, 0xF0, b"", Err(Violation::Protocol));
        for kind in [0, CONNECT, CONNACK, SUBACK, UNSUBACK, PINGRESP] {
            check(Device, V5, kind << 4, b"\0\x01", Err(Violation::Protocol));
        }
        for kind in [0, CONNECT, CONNACK, SUBSCRIBE, UNSUBSCRIBE, PINGREQ] {
            check(Gateway, V5, kind << 4, b"\0\x01", Err(Violation::Protocol));
        }
        check(Gateway, V3_1_1, 0xE0, b"", Err(Violation::Protocol));
        check(Gateway, V5, 0xE0, b"\x8E", Ok(()));
        // Subscriptions.
        check(Device, V3_1_1, 0x82, b"\0\x01\0\x01a\x01", Ok(()));
        check(
            Device,
            V3_1_1,
            0x80,
            b"\0\x01\0\x01a\x01",
            Err(Violation::Malformed),
        );
        check(
            Device,
            V3_1_1,
            0x82,
            b"\0\0\0\x01a\x01",
            Err(Violation::PacketIdZero),
        );
        check(Device, V3_1_1, 0x82, b"\0\x01", Err(Violation::Protocol));
        check(
            Device,
            V3_1_1,
            0x82,
            b"\0\x01\0\0\x01",
            Err(Violation::Protocol),
        );
        check(
            Device,
            V5,
            0x82,
            b"\0\x01\0\0\x01a",
            Err(Violation::Malformed),
        );
        check(Device, V5, 0xA2, b"\0\x01\0\0\x01a", Ok(()));
        // Acknowledgements.
        check(Device, V3_1_1, 0x40, b"\0\x01", Ok(()));
        check(Device, V3_1_1, 0x40, b"\0\x01\0", Err(Violation::Malformed));
        check(Device, V5, 0x40, b"\0\x01\0", Ok(()));
        check(Device, V5, 0x40, b"\0\0", Err(Violation::PacketIdZero));
        check(Device, V3_1_1, 0xC0, b"", Ok(()));
        check(Device, V3_1_1, 0xC0, b"!", Err(Violation::Malformed));
        check(Device, V3_1_1, 0xC1, b"", Err(Violation::Malformed));
    }

    #[test]
    fn more_properties_or_filters_than_are_read_are_refused_before_parsing() {
        let mut filters = Vec::from(*b"\0\x01");
        for _ in 0..MAXIMUM_FILTERS {
            filters.extend_from_slice(b"\0\x01a\0");
        }
        check(Sender::Device, Version::V3_1_1, 0x82, &filters, Ok(()));
        filters.extend_from_slice(b"\0\x01a\0");
        check(
            Sender::Device,
            Version::V3_1_1,
            0x82,
            &filters,
            Err(Violation::TooManyParts),
        );

        let mut publish = Vec::from(*b"\0\x01a");
        let user_properties = |count: usize| -> Vec<u8> {
            let length = count * 5;
            let mut all = Vec::from([byte(length % 128) | 0x80, byte(length / 128)]);
            for _ in 0..count {
                all.extend_from_slice(b"\x26\0\0\0\0");
            }
            all
        };
        publish.extend(user_properties(MAXIMUM_PROPERTIES));
        check(Sender::Device, Version::V5, 0x30, &publish, Ok(()));
        publish.truncate(3);
        publish.extend(user_properties(MAXIMUM_PROPERTIES + 1));
        check(
            Sender::Device,
            Version::V5,
            0x30,
            &publish,
            Err(Violation::TooManyParts),
        );
    }
}
