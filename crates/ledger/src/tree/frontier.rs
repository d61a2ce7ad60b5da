//! Growing a tree: the right edge is all that has to be kept in memory.

use alloc::vec::Vec;

use super::{Nodes, empty_root, leaf_hash, node_hash};
use crate::Hash;

/// A complete node together with its place: level, index, hash.
pub type StoredNode = (u8, u64, Hash);

/// The right edge of a tree: one hash per set bit of its size, largest subtree first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    subtrees: Vec<Hash>,
}

impl Frontier {
    /// The edge of the tree without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge of a stored tree of `size` entries.
    ///
    /// # Errors
    ///
    /// The store's own error.
    pub fn from_nodes<N: Nodes>(size: u64, nodes: &N) -> Result<Self, N::Error> {
        let mut subtrees = Vec::new();
        for level in (0..64_u8).rev() {
            if (size >> level) & 1 == 1 {
                subtrees.push(nodes.node(level, (size >> level) - 1)?);
            }
        }
        Ok(Self { size, subtrees })
    }

    /// How many entries the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.subtrees
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(empty_root)
    }

    /// Appends an entry and returns every node that this completes, the leaf first.
    #[must_use = "the completed nodes have to be stored"]
    pub fn push(&mut self, entry: &[u8]) -> Vec<StoredNode> {
        self.push_leaf(leaf_hash(entry))
    }

    /// Appends an entry that is already hashed, as [`Frontier::push`] does.
    ///
    /// # Panics
    ///
    /// When the tree already has 2^64 - 1 entries, which no store holds.
    #[must_use = "the completed nodes have to be stored"]
    pub fn push_leaf(&mut self, leaf: Hash) -> Vec<StoredNode> {
        let mut index = self.size;
        let mut hash = leaf;
        let mut level = 0_u8;
        let mut complete = Vec::with_capacity(1 + self.size.trailing_ones() as usize);
        complete.push((level, index, hash));
        while index & 1 == 1 {
            let left = self
                .subtrees
                .pop()
                .expect("a set bit of the size has its subtree");
            hash = node_hash(&left, &hash);
            index >>= 1;
            level += 1;
            complete.push((level, index, hash));
        }
        self.subtrees.push(hash);
        self.size = self
            .size
            .checked_add(1)
            .expect("a tree has fewer than 2^64 entries");
        complete
    }
}
