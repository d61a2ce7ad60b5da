//! Who a device is, and what is known of it.
//!
//! From the bottom up: names ([`DeviceName`], [`RoleId`], [`OrganizationId`]), ids and plates
//! ([`DeviceId`], [`SpkiHash`], [`Number`]); the trust bundle that a device pins when it joins
//! ([`bundle`]); the entries of the ledger ([`entry`]) and their fold into who is who
//! ([`registry`]); how a device joins ([`enrollment`]) and stays ([`renewal`]).
//!
//! # Standards, pinned
//!
//! | what | version |
//! |---|---|
//! | deterministic CBOR | RFC 8949 section 4.2.1 |
//! | envelope of an entry | RFC 9052 (COSE_Sign1), through the ledger crate |
//! | public keys | SubjectPublicKeyInfo, RFC 5280 section 4.1.2.7; RFC 8410; RFC 5480 |
//! | enrollment, renewal | RFC 7030 (EST) sections 4.2.1 and 4.2.2: what to decide, not how to speak it |
//! | invitation codes | Crockford's base 32 |
//!
//! # What this crate refuses to know
//!
//! Sockets, files, clocks, random numbers, certificates' bytes and databases. It decides; the
//! server signs certificates, spends tries in a transaction and writes the ledger.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod bundle;
mod cbor;
pub mod enrollment;
pub mod entry;
mod id;
mod name;
pub mod registry;
pub mod renewal;
#[cfg(test)]
mod vectors;

pub use bundle::{Fingerprint, TrustBundle};
pub use entry::{Cause, Entry, EntryBody, EntryError};
pub use id::{DeviceId, Number, SpkiHash};
pub use name::{DeviceName, NameError, OrganizationId, RoleId};
pub use registry::{Conflict, DeviceRecord, Registry, Standing};
