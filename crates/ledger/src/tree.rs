//! The RFC 6962 Merkle tree: hashes, growth, proofs and their verification.
//!
//! A *node* is the root of a perfect subtree: level 0 holds the leaf hashes, and node `index` of
//! level `l` covers the entries `index * 2^l ..(index + 1) * 2^l`. Nodes never change once they
//! exist, so a store keeps them and every root or proof is made from at most 64 reads per side.

mod frontier;
mod prove;
mod verify;

use core::fmt;

use crate::Hash;

pub use frontier::{Frontier, StoredNode};
pub use prove::{consistency_proof, inclusion_proof, root};
pub use verify::{verify_consistency, verify_inclusion};

/// Where complete nodes of the tree are read from.
pub trait Nodes {
    /// Why a node could not be read.
    type Error;

    /// The node `index` of `level`; only complete nodes are asked for.
    ///
    /// # Errors
    ///
    /// When the store cannot give the node. Every function here passes it on unchanged.
    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

impl<N: Nodes + ?Sized> Nodes for &N {
    type Error = N::Error;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        (**self).node(level, index)
    }
}

/// The hash of an entry as a leaf.
///
/// Source: RFC 6962 section 2.1.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::of(&[&[0x00], entry])
}

/// The hash of two neighboring subtrees.
///
/// Source: RFC 6962 section 2.1.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of(&[&[0x01], &left.0, &right.0])
}

/// The root of the tree without entries.
///
/// Source: RFC 6962 section 2.1.
#[must_use]
pub fn empty_root() -> Hash {
    Hash::of(&[])
}

/// Why a Merkle proof does not prove what it claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MerkleError {
    /// The entry's index is not inside the tree.
    IndexOutside {
        /// The claimed index.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The older tree is larger than the newer one.
    SizesReversed {
        /// Size of the tree said to be older.
        old: u64,
        /// Size of the tree said to be newer.
        new: u64,
    },
    /// The proof has too many or too few hashes for these sizes.
    Length,
    /// The proof leads to another root of the (newer) tree.
    RootMismatch,
    /// The proof leads to another root of the older tree.
    OldRootMismatch,
}

impl fmt::Display for MerkleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IndexOutside { index, size } => {
                write!(f, "index {index} is outside of a tree of {size} entries")
            }
            Self::SizesReversed { old, new } => {
                write!(
                    f,
                    "the old tree ({old} entries) is larger than the new one ({new})"
                )
            }
            Self::Length => f.write_str("the proof has the wrong number of hashes"),
            Self::RootMismatch => f.write_str("the proof leads to another root"),
            Self::OldRootMismatch => f.write_str("the proof leads to another root of the old tree"),
        }
    }
}

impl core::error::Error for MerkleError {}

/// The largest power of two strictly below `n`, for `n >= 2`.
fn split(n: u64) -> u64 {
    debug_assert!(n >= 2, "only a tree of two or more entries is split");
    1 << (63 - (n - 1).leading_zeros())
}
