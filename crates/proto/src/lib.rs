//! Wire formats and sans-I/O sessions; knows no device, key store or policy.
//!
//! Standards: MQTT 3.1.1 (OASIS Standard, 29 October 2014), MQTT 5.0 (OASIS Standard, 7 March 2019),
//! RFC 8613 section 7.4 for the replay window. There is no socket and no clock here: bytes and the time since boot
//! come in, events and bytes go out.
//!
//! This crate refuses to know who is connected and what they may do. It answers only one question: is this what the
//! standard, and our narrower reading of it, allows on the wire?
#![no_std]

extern crate alloc;

pub mod mqtt;
pub mod replay;
