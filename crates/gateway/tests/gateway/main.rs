//! A gateway on real sockets, with real clients, in a world in memory.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic like the tests themselves"
)]

mod conduct;
mod foreign;
mod https;
mod messages;
mod pressure;
mod refusals;
mod revocation;
mod support;
