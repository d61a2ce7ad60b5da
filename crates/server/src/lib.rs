//! The control plane of one organization: who may join, what holds, what happened, and the proof.
//!
//! [`Server::open`] opens a home folder and everything in it; [`Server::router`] serves the public
//! resources, the devices' own and the operators'; the gateway's three ports (directory, uplink,
//! events) are methods of [`Server`], which the binary adapts; [`Edge`] is what the server asks of
//! the gateways in turn.
//!
//! # Standards, pinned
//!
//! | what | version |
//! |---|---|
//! | enrollment over secure transport | RFC 7030, clarified by RFC 8951; RFC 5652 for certs-only messages; RFC 2986 |
//! | X.509 profile | RFC 5280 |
//! | ledger | C2SP tlog-tiles, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-witness, through the ledger crate |
//! | HTTP | RFC 9110, RFC 7617 (Basic, for the one-time code alone), RFC 6265bis (cookies) |
//!
//! # What this crate refuses to know
//!
//! Sockets and TLS of devices (the gateway's), what a message may be (policy), when something is
//! an incident (audit), and what a threat is (analysis). It keeps, signs, orders and serves.

mod api;
mod budget;
mod ca;
mod checks;
mod clock;
mod conduct;
mod console;
mod documents;
mod drift;
mod enroll;
mod error;
mod est;
mod evidence;
pub mod files;
mod home;
mod keys;
mod language;
mod ledger;
mod log;
mod metrics;
mod newest;
pub mod offline;
mod operator;
mod policy;
mod ports;
mod report;
mod rounds;
mod server;
mod settings;
mod standing;
pub mod store;
mod updates;
mod views;

pub use api::problem::Problem;
pub use ca::TlsMaterial;
pub use clock::Clock;
pub use enroll::Invited;
pub use error::{ServerError, StoreCause, StoreError};
pub use evidence::Evidence;
pub use ledger::AppendError;
pub use log::Live;
pub use operator::{LocalOperator, Operator, same_origin};
pub use policy::Application;
pub use ports::{
    Acknowledgement, Command, CommandFailure, Edge, LiveSession, RenderedReport, ReportFailure,
    Reports,
};
pub use server::{Addresses, Server};
pub use settings::{Settings, WitnessSettings};
pub use standing::{Effect, Verdict};
pub use store::Store;
pub use views::{DeviceCounts, DeviceView, InvitationView, LedgerStatus, Status};
