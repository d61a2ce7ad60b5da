//! Reads the vectors in `docs/formats/vectors`: lines of `name: hexadecimal`.

use alloc::vec::Vec;

/// The bytes with this name.
pub(crate) fn read(text: &str, name: &str) -> Vec<u8> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    hex::decode(line.expect("the file has the vector")).expect("the vector is hexadecimal")
}
