//! One connection's life at the gateway: protocol events in, decisions, replies and audit events out.
//!
//! A [`Session`] begins when a device has proven who it is, and ends with [`Output::Close`]. In
//! between, each message is read, judged by the active policy, handed up for storing, and
//! acknowledged only when it is kept; commands go down and their acknowledgements come back. Each
//! refusal has exactly one reason, one counter and one event.
//!
//! States of a session: opening (no CONNECT yet), open, closed.
//!
//! Standards: MQTT 3.1.1 and 5.0 as the protocol crate reads them.
//!
//! This crate refuses to know sockets, TLS, stores and clocks, and has no rule of its own about what
//! a device may do: it asks the policy.
#![no_std]

extern crate alloc;

mod command;
mod peer;
mod session;
#[cfg(test)]
mod tests;
mod wire;
mod words;

pub use peer::{ClientIdentity, HttpsPeer};
pub use sekimori_proto::replay::ReplayWindow;
pub use session::Session;
pub use words::{
    Accepted, CloseReason, CommandFailure, Input, Output, SessionLimits, SessionSeed, StoredResult,
    Token,
};
