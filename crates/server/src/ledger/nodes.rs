//! Reads tree nodes for the ledger crate, which asks without waiting.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use sekimori_ledger::Hash;
use sekimori_ledger::tree::Nodes;

use crate::error::StoreError;
use crate::store::Store;

/// First pass: notes which nodes a computation asks for.
#[derive(Default)]
struct Asked(RefCell<BTreeSet<(u8, u64)>>);

impl Nodes for Asked {
    type Error = core::convert::Infallible;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        self.0.borrow_mut().insert((level, index));
        Ok(Hash([0; 32]))
    }
}

/// Second pass: answers from what was fetched.
pub(crate) struct Fetched(BTreeMap<(u8, u64), Hash>);

/// A node that the tree of this size must have is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) level: u8,
    pub(crate) index: u64,
}

impl Nodes for Fetched {
    type Error = Missing;

    fn node(&self, level: u8, index: u64) -> Result<Hash, Missing> {
        self.0
            .get(&(level, index))
            .copied()
            .ok_or(Missing { level, index })
    }
}

/// Runs a computation over the stored tree: once to learn which nodes it needs, once for real.
pub(crate) async fn over_nodes<T>(
    store: &Store,
    learn: impl FnOnce(&dyn Nodes<Error = core::convert::Infallible>),
    compute: impl FnOnce(&Fetched) -> Result<T, Missing>,
) -> Result<T, StoreError> {
    let wanted = {
        let asked = Asked::default();
        learn(&asked);
        asked.0.into_inner()
    };
    let mut fetched = BTreeMap::new();
    for (level, index) in wanted {
        if let Some(hash) = store.node(level, index).await? {
            fetched.insert((level, index), hash);
        }
    }
    compute(&Fetched(fetched)).map_err(|missing| {
        StoreError::unreadable(
            "read the tree of the ledger",
            format!(
                "node {} of level {} is missing",
                missing.index, missing.level
            ),
        )
    })
}
