//! The small text rules that C2SP formats share: decimals, base64 and key names.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Base64 with padding, RFC 4648 section 4.
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Strict base64: padding present, unused bits zero, no other character. One text per value.
pub(crate) fn base64_bytes(line: &str) -> Option<Vec<u8>> {
    STANDARD.decode(line).ok()
}

/// Strict base64 of exactly `N` bytes, without allocating.
pub(crate) fn base64_exact<const N: usize>(line: &str) -> Option<[u8; N]> {
    if line.len() != N.div_ceil(3) * 4 {
        return None;
    }
    // The decoder may ask for room up to the next multiple of three, which a stack buffer gives.
    let mut room = [0_u8; 96];
    let written = STANDARD.decode_slice(line, &mut room).ok()?;
    room.get(..written)?.try_into().ok()
}

/// A decimal without sign or leading zeroes, at most 2^63 - 1.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if text.len() > 1 && text.starts_with('0') {
        return None;
    }
    let value = text.parse::<u64>().ok()?;
    (value <= MAX_SIZE).then_some(value)
}

/// The largest tree size and timestamp that C2SP formats admit.
pub(crate) const MAX_SIZE: u64 = i64::MAX.unsigned_abs();

/// Whether a key name is one that a signed note can carry.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c < ' ' || c == '+')
}
