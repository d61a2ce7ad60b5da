//! The ledger against others' programs, others' vectors, and those who tamper with it.

#![expect(
    clippy::cast_possible_truncation,
    reason = "the trees in these tests are small"
)]
#![expect(
    clippy::indexing_slicing,
    reason = "a place that is not there fails the test, as it should"
)]

mod envelope;
mod fsck;
mod note;
mod proof;
mod tile;
mod tree;
mod vectors;
mod witness;
mod world;
