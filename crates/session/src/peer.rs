//! Who is at the other end of a connection that is not MQTT.

use core::net::SocketAddr;
use jiff::Timestamp;
use sekimori_identity::{DeviceRecord, SpkiHash};

/// Who sent an HTTPS request, as the gateway has verified it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpsPeer {
    /// Where the connection comes from.
    pub address: SocketAddr,
    /// The device, when it showed a certificate that leads to one in good standing.
    pub client: Option<ClientIdentity>,
}

/// A device behind a verified client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    /// What is known of the device.
    pub record: DeviceRecord,
    /// Which of its keys it used.
    pub spki: SpkiHash,
    /// Whether the certificate has expired: such a device may only renew.
    pub expired: bool,
    /// When the certificate expires.
    pub not_after: Timestamp,
}
