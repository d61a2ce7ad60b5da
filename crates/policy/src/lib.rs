//! What a device may do, and the decision for one request.
//!
//! A [`Policy`] lists, for each role, the flows that its devices may publish and the commands that
//! they may receive; [`decide`] judges one [`Request`] against it, cheapest test first: authorize,
//! budget, size, freshness, schema, range. Every refusal has exactly one [`Reason`], whose
//! [`code`](Reason::code) is a counter and whose `Display` is for the operator; the wire stays terse.
//!
//! The crate has no clock, no socket and no store. It refuses to know how a device proved who it is
//! (that is `identity`), what MQTT is (that is `proto`), where a policy comes from (that is `analysis`)
//! and what happens after a refusal (that is `audit`).
//!
//! Standards: RFC 8259 (JSON, December 2017), RFC 8785 (canonical JSON, June 2020), RFC 6901 (JSON
//! Pointer, April 2013), JSON Schema draft 2020-12 (the subset of [`Schema`]), MQTT 5.0 (OASIS
//! Standard, March 2019) for the shape of topics.
#![no_std]

extern crate alloc;

mod budget;
mod conduct;
mod decide;
mod difference;
pub mod json;
mod reason;
mod rules;
mod schema;
mod topic;

pub use budget::Budgets;
pub use conduct::{
    Conduct, Contain, MQTT_VERSIONS, PACKETS, Peer, Receive, Rule, Ruling, TLS_GROUPS,
    TLS_SIGNATURES, TLS_VERSIONS, Tls, UNAUTHENTICATED,
};
pub use decide::{Action, Decision, FlowKind, Freshness, Request, cited, decide};
pub use difference::{Change, Direction, difference};
pub use reason::{Reason, Unauthorized};
pub use rules::{
    CONTENT_TYPE, Clause, Policy, PolicyError, Rate, Role, Sequence, bounds, is_identifier,
};
pub use schema::{Mismatch, Schema, SchemaError};
