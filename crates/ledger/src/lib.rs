//! An append-only Merkle log whose statements a stranger's tool can check.
//!
//! What is here, from the bottom up: the tree ([`tree`]) and its published form ([`tile`]);
//! signed notes ([`note`]) and the checkpoints written in them ([`checkpoint`]); proofs that
//! travel by themselves ([`proof`]) and the decision whether to believe one ([`trust`]); what a
//! second organization's witness checks before it cosigns ([`witness`]); the re-derivation of a
//! whole ledger ([`fsck`]); and the signed envelope an entry is written in ([`envelope`]).
//!
//! A proof says "this was recorded", never "this still holds".
//!
//! # Standards, pinned
//!
//! | what | version |
//! |---|---|
//! | Merkle tree, inclusion and consistency proofs | RFC 6962 section 2.1; verification after RFC 9162 section 2.1 |
//! | signed note | C2SP signed-note v1.0.0, types 0x01 and 0x04 |
//! | checkpoint | C2SP tlog-checkpoint v1.0.0 |
//! | cosignature | C2SP tlog-cosignature v1.0.0, the Ed25519 form `cosignature/v1` |
//! | tiles | C2SP tlog-tiles v1.0.0 |
//! | proof | C2SP tlog-proof v1 |
//! | witness protocol | C2SP tlog-witness v1.0.0 |
//! | envelope | RFC 9052 (COSE_Sign1), RFC 9053 (EdDSA, ES256), RFC 8949 section 4.2.1 |
//!
//! # What this crate refuses to know
//!
//! Devices, organizations, the meaning of an entry, files, sockets and clocks: entries are bytes,
//! storage is the [`tree::Nodes`] port, and time is an argument in seconds since the epoch.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod checkpoint;
pub mod envelope;
pub mod fsck;
pub mod note;
pub mod proof;
mod text;
pub mod tile;
pub mod tree;
pub mod trust;
pub mod witness;

mod hash;

pub use hash::Hash;
