//! A small world for one device: an organization with its log, witness, server and gateway; a disk; a launcher.
//! Everything is in one process and in virtual time. The device sees only its own words.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test world that is wrong has to stop at once"
)]

mod organization;
mod shell;

pub(crate) use shell::{Fault, Shell};
