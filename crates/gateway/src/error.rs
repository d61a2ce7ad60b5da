//! Failures of the gateway; refusals of a peer are not among them.

use std::fmt;
use std::net::SocketAddr;

/// Why a gateway did not start or could not load new TLS material.
#[derive(Debug)]
pub enum GatewayError {
    /// A listener could not be opened.
    Listen {
        /// Which listener: `mqtt` or `https`.
        listener: &'static str,
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Certificate, key or roots cannot be used.
    Tls {
        /// What was being done.
        doing: &'static str,
        /// What the library said.
        source: rustls::Error,
    },
    /// No usable client root was given.
    ClientRoots(String),
}

impl fmt::Display for GatewayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen {
                listener,
                address,
                source,
            } => write!(f, "open the {listener} listener on {address}: {source}"),
            Self::Tls { doing, source } => write!(f, "{doing}: {source}"),
            Self::ClientRoots(why) => write!(f, "load the roots for client certificates: {why}"),
        }
    }
}

impl std::error::Error for GatewayError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } => Some(source),
            Self::Tls { source, .. } => Some(source),
            Self::ClientRoots(_) => None,
        }
    }
}

/// Why the uplink could not begin a session or keep a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UplinkError {
    /// What was being done, and what went wrong.
    pub why: String,
}

impl UplinkError {
    /// An error with this explanation.
    pub fn new(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}

impl fmt::Display for UplinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for UplinkError {}
