//! A device's whole behavior as one state machine: it joins, connects, reports, obeys, renews, updates and heals itself.
//!
//! The shell around it (the Linux agent, the firmware, the simulation) owns sockets, files, keys, sensors and the
//! clock. It feeds [`Device::handle`] and carries out what [`Device::poll`] returns:
//!
//! ```text
//!            Input                                Action
//!  shell ───────────────▶  Device::handle(now, wall)  ───────────────▶ shell
//!   Opened, Received,         enrollment  session        Open, Transmit, Close,
//!   Sensed, Done(ticket)      outbox      healing        Sense, Restart, Note,
//!                             updating    renewal        Do(ticket, work)
//! ```
//!
//! Work that takes time is an [`Errand`] with a [`Ticket`]; its [`Outcome`] comes back as [`Input::Done`]. Nothing that
//! matters lives only in memory: every fact that has to survive a power cut is a [`Record`] or a line of the journal,
//! and is written before the next step depends on it.
//!
//! This crate refuses to know files, sockets, X.509 and private keys.
//!
//! Standards: MQTT 5.0 (OASIS, 2019), EST (RFC 7030), C2SP tlog-proof and tlog-cosignature, TUF 1.0.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod clock;
mod commanding;
mod context;
mod desk;
mod device;
mod enrollment;
mod errand;
mod firmware;
mod healing;
mod installing;
mod journal;
mod link;
mod membership;
mod offer;
mod outbox;
mod pause;
mod proven;
mod record;
mod renewal;
mod reporting;
mod sensing;
mod steering;
mod traffic;
mod trial;
mod updating;
mod words;

pub use device::{Config, Damaged, Device, Limits, Status, signed_release};
pub use errand::{
    CertificateRequest, Errand, HttpRequest, HttpResponse, IssuedCertificate, LinkFailure, Method,
    Outcome, PathSource, ServerCheck, StorageFailure, Ticket,
};
pub use record::{CredentialSlot, Memory, Record};
pub use words::{Action, FlowSetting, Input, Invitation, Note, RestartReason, Settings};
