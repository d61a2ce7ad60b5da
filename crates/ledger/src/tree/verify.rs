//! Verifying proofs with nothing but the proof.

use super::{MerkleError, empty_root, node_hash};
use crate::Hash;

/// Checks that `leaf` is entry `index` of the tree of `size` entries with this root.
///
/// Source: RFC 9162 section 2.1.3.2.
///
/// # Errors
///
/// [`MerkleError`]: the index is outside, the proof has the wrong length, or leads elsewhere.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), MerkleError> {
    if index >= size {
        return Err(MerkleError::IndexOutside { index, size });
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(MerkleError::Length);
        }
        if place & 1 == 1 || place == last {
            hash = node_hash(sibling, &hash);
            // At the right edge a level without a sibling is skipped.
            let skipped = if place & 1 == 1 {
                0
            } else {
                place.trailing_zeros()
            };
            place = shift(place, skipped);
            last = shift(last, skipped);
        } else {
            hash = node_hash(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(MerkleError::Length);
    }
    if hash != *root {
        return Err(MerkleError::RootMismatch);
    }
    Ok(())
}

/// Checks that the tree of `old` entries is a prefix of the tree of `new` entries.
///
/// Every tree is consistent with the empty one; a proof from size 0 must be empty, and so must one
/// between equal sizes.
///
/// Source: RFC 9162 section 2.1.4.2.
///
/// # Errors
///
/// [`MerkleError`]: sizes reversed, wrong length, or a root that the proof does not lead to.
pub fn verify_consistency(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), MerkleError> {
    if old > new {
        return Err(MerkleError::SizesReversed { old, new });
    }
    if old == 0 || old == new {
        return verify_trivial(old, old_root, new, new_root, proof);
    }

    let (mut place, mut last) = (old - 1, new - 1);
    let skipped = place.trailing_ones();
    place = shift(place, skipped);
    last = shift(last, skipped);

    let mut rest = proof.iter();
    // A perfect old tree is itself the first node of the walk and is not repeated in the proof.
    let first = if old.is_power_of_two() {
        Some(old_root)
    } else {
        rest.next()
    };
    let Some(first) = first else {
        return Err(MerkleError::Length);
    };
    let (mut old_hash, mut new_hash) = (*first, *first);

    for sibling in rest {
        if last == 0 {
            return Err(MerkleError::Length);
        }
        if place & 1 == 1 || place == last {
            old_hash = node_hash(sibling, &old_hash);
            new_hash = node_hash(sibling, &new_hash);
            let skipped = if place & 1 == 1 {
                0
            } else {
                place.trailing_zeros()
            };
            place = shift(place, skipped);
            last = shift(last, skipped);
        } else {
            new_hash = node_hash(&new_hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(MerkleError::Length);
    }
    if old_hash != *old_root {
        return Err(MerkleError::OldRootMismatch);
    }
    if new_hash != *new_root {
        return Err(MerkleError::RootMismatch);
    }
    Ok(())
}

fn verify_trivial(
    old: u64,
    old_root: &Hash,
    new: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), MerkleError> {
    if !proof.is_empty() {
        return Err(MerkleError::Length);
    }
    if old == 0 && *old_root != empty_root() {
        return Err(MerkleError::OldRootMismatch);
    }
    if old == new && old_root != new_root {
        return Err(MerkleError::RootMismatch);
    }
    Ok(())
}

/// Shifts right; a shift by the whole width gives zero instead of overflowing.
fn shift(value: u64, bits: u32) -> u64 {
    value.checked_shr(bits).unwrap_or(0)
}
