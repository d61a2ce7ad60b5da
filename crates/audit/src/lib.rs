//! Security events, their chain, detectors and containment decisions.
//!
//! An [`Event`] says what happened, to whom, and why; its [`Code`] is also the probe that an observation
//! names. Equal events are folded into one with a count ([`fold`]), recorded in a hash chain in which a
//! changed byte is found and named ([`chain`]), watched by [`detect`], and told as one story by [`case`].
//!
//! The crate has no clock, no store and no network. It refuses to know who a device is (`identity`), why
//! policy refuses (`policy`; only its codes travel here), and how a containment is carried out.
//!
//! Standards: RFC 5424 (syslog severities, March 2009), RFC 8949 (CBOR, December 2020, section 4.2.1 for
//! the one encoding), FIPS 180-4 (SHA-256, August 2015).
#![no_std]

extern crate alloc;

pub mod case;
pub mod chain;
mod code;
pub mod detect;
mod event;
pub mod fold;
mod observe;

pub use case::Case;
pub use code::{Code, LogClass, Severity, Sign};
pub use detect::Containment;
pub use event::{Event, REQUIREMENT, bounds};
pub use observe::Observed;
