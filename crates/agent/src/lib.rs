//! The device brain on Linux: files, sockets, keys, slots and a launcher.
//!
//! `run` is the launcher: small, never part of a release. It starts the payload, which is `bin/agent` of the running
//! slot, or this very program when no release is installed yet; it holds the deadline of a trial and rolls back. The
//! payload feeds `sekimori_device::Device` and carries out its actions. Every rule is in the device; this crate knows
//! how, never whether.
//!
//! Standards: TLS 1.3 (RFC 8446), EST (RFC 7030), PKCS#10 (RFC 2986), PKCS#7 certs-only (RFC 5652), PKCS#8 (RFC 5958).

mod certificate;
mod check;
mod cli;
mod clock;
mod diagnostic;
mod files;
mod help;
mod home;
mod http;
mod keys;
mod language;
mod launcher;
mod link;
mod payload;
mod settings;
mod simulate;
mod slots;
mod status;
mod store;
mod telling;
mod tls;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the agent with these words; the first is the program's name, as in `std::env::args_os`.
///
/// A program that carries the agent calls this when its own name is `agent` or `sekimori-agent`: that is how the
/// launcher starts a payload.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    cli::run(arguments)
}
