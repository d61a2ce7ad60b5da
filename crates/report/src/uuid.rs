//! UUIDs that are derived, so that the same analysis gives the same bytes.

use sha2::{Digest, Sha256};

/// A UUID that depends on nothing but the parts.
///
/// As RFC 9562 version 5, with SHA-256 in the place of SHA-1: OSCAL admits only versions 4 and 5.
pub(crate) fn uuid(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    let mut bits = digest
        .iter()
        .take(16)
        .fold(0_u128, |bits, byte| (bits << 8) | u128::from(*byte));
    bits = (bits & !(0xf << 76)) | (0x5 << 76);
    bits = (bits & !(0x3 << 62)) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let mut out = String::new();
    for (index, c) in hex.chars().enumerate() {
        if [8, 12, 16, 20].contains(&index) {
            out.push('-');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_uuid_looks_like_one_and_depends_on_each_part() {
        let one = uuid(&["a", "b"]);
        let groups: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(one.chars().nth(14), Some('5'));
        assert!(
            one.chars().nth(19).is_some_and(|c| "89ab".contains(c)),
            "{one}"
        );
        assert_ne!(one, uuid(&["ab", ""]));
        assert_eq!(one, uuid(&["a", "b"]));
    }
}
