//! Roots and proofs out of stored nodes.

use alloc::vec::Vec;

use super::{Frontier, Nodes, node_hash, split};
use crate::Hash;

/// The root of the stored tree when it had `size` entries.
///
/// # Errors
///
/// The store's own error.
pub fn root<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    Ok(Frontier::from_nodes(size, nodes)?.root())
}

/// The hashes that lead from entry `index` to the root of the tree of `size` entries, the leaf's
/// sibling first.
///
/// An index outside of the tree has no proof: the list is empty, and verification refuses it.
///
/// Source: RFC 6962 section 2.1.1.
///
/// # Errors
///
/// The store's own error.
pub fn inclusion_proof<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<Vec<Hash>, N::Error> {
    let mut proof = Vec::new();
    if index >= size {
        return Ok(proof);
    }
    let (mut start, mut end) = (0, size);
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            proof.push(range_root(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_root(nodes, start, middle)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// The hashes that show the tree of `old` entries to be a prefix of the tree of `new` entries.
///
/// The list is empty when the sizes are equal or `old` is zero; sizes in the wrong order have no
/// proof either, and verification refuses them.
///
/// Source: RFC 6962 section 2.1.2.
///
/// # Errors
///
/// The store's own error.
pub fn consistency_proof<N: Nodes>(nodes: &N, old: u64, new: u64) -> Result<Vec<Hash>, N::Error> {
    let mut proof = Vec::new();
    if old == 0 || old >= new {
        return Ok(proof);
    }
    let (mut start, mut end) = (0, new);
    while end > old {
        let middle = start + split(end - start);
        if old <= middle {
            proof.push(range_root(nodes, middle, end)?);
            end = middle;
        } else {
            proof.push(range_root(nodes, start, middle)?);
            start = middle;
        }
    }
    // While the old tree is a left edge of the walk its root is known to the verifier.
    if start != 0 {
        proof.push(range_root(nodes, start, end)?);
    }
    proof.reverse();
    Ok(proof)
}

/// The root over the entries `start..end`, where `start` is a split point of the tree, so that
/// the range falls into complete nodes.
fn range_root<N: Nodes>(nodes: &N, start: u64, end: u64) -> Result<Hash, N::Error> {
    let length = end - start;
    let mut position = start;
    let mut parts = Vec::new();
    for level in (0..64_u8).rev() {
        if (length >> level) & 1 == 1 {
            parts.push(nodes.node(level, position >> level)?);
            position += 1 << level;
        }
    }
    Ok(parts
        .into_iter()
        .rev()
        .reduce(|right, left| node_hash(&left, &right))
        .expect("a range between split points is never empty"))
}
