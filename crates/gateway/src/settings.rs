//! Addresses and limits of a gateway.

use core::time::Duration;
use std::net::SocketAddr;

use sekimori_session::SessionLimits;

/// Where a gateway listens and what it bears.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Address for MQTT over TLS; port 0 takes a free port.
    pub mqtt: SocketAddr,
    /// Address for HTTPS; port 0 takes a free port.
    pub https: SocketAddr,
    /// Bounds on everything a peer can make the gateway do.
    pub limits: Limits,
}

impl Settings {
    /// These addresses with the default limits.
    pub fn new(mqtt: SocketAddr, https: SocketAddr) -> Self {
        Self {
            mqtt,
            https,
            limits: Limits::default(),
        }
    }
}

/// Bounds on everything a peer can make the gateway do.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections of MQTT devices that may be open at once.
    pub mqtt_connections: usize,
    /// HTTPS connections that may be open at once.
    pub https_connections: usize,
    /// HTTPS connections without a client certificate, so that devices find a place.
    pub visitors: usize,
    /// HTTPS connections without a client certificate from one source prefix.
    pub visitors_per_prefix: u32,
    /// HTTPS connections of one device.
    pub https_per_device: usize,
    /// Handshakes that may be unfinished at once, over all listeners.
    pub half_open: usize,
    /// Unfinished handshakes of one source prefix (IPv4 /24, IPv6 /56).
    pub half_open_per_prefix: u32,
    /// New connections that one source prefix may open in a burst.
    pub prefix_burst: u32,
    /// New connections per second that one source prefix may open steadily.
    pub prefix_per_second: u32,
    /// Source prefixes that are remembered.
    pub prefixes: usize,
    /// From the accepted connection to the finished handshake, in all.
    pub handshake: Duration,
    /// How long a peer may take none of the bytes that wait for it.
    pub write_stall: Duration,
    /// How long an HTTP request's head may take, idle time included.
    pub http_head: Duration,
    /// How long an HTTP request's body may take.
    pub http_body: Duration,
    /// Octets of an HTTP request's head.
    pub http_head_bytes: usize,
    /// Octets of an HTTP request's body.
    pub http_body_bytes: usize,
    /// How long a shutdown waits for sessions to end by themselves.
    pub drain: Duration,
    /// TLS sessions that may be resumed, of one listener.
    pub resumable: usize,
    /// How long a TLS session may be resumed.
    pub resumable_for: Duration,
    /// Octets that wait for one peer before its own messages are left unread.
    pub outbox_bytes: usize,
    /// What one MQTT session may ask for.
    pub session: SessionLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            mqtt_connections: 20_000,
            https_connections: 4_096,
            visitors: 2_048,
            visitors_per_prefix: 512,
            https_per_device: 16,
            half_open: 1_024,
            half_open_per_prefix: 512,
            prefix_burst: 2_048,
            prefix_per_second: 256,
            prefixes: 16_384,
            handshake: Duration::from_secs(10),
            write_stall: Duration::from_secs(30),
            http_head: Duration::from_secs(30),
            http_body: Duration::from_secs(120),
            http_head_bytes: 64 * 1024,
            http_body_bytes: 64 * 1024 * 1024,
            drain: Duration::from_secs(5),
            resumable: 32_768,
            resumable_for: Duration::from_secs(12 * 60 * 60),
            outbox_bytes: 64 * 1024,
            session: SessionLimits::default(),
        }
    }
}
