//! What a device runs, and how it gets from one release to the next.
//!
//! - [`targets`]: a signed release, as TUF `targets.json` metadata.
//! - [`slots`]: two slots, one trial, and the way back.
//! - [`measure`]: installed files against the signed release.
//! - [`report`]: the signed word of a device about what it runs.
//!
//! This crate knows no device, no network and no file system: bytes and times are arguments,
//! and every state change is a value that the caller writes down before it acts.
//!
//! Standards: The Update Framework specification 1.0.31; canonical JSON as in `OLPC` Canonical
//! JSON; RFC 8032 (Ed25519, strict verification); FIPS 180-4 (SHA-256).
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod json;
pub mod measure;
pub mod path;
pub mod report;
pub mod slots;
pub mod targets;
