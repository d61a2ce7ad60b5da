//! What protects a flow on its way: the protocol's own security, and the link or tunnel below or beside it.
//!
//! What each word gives is our own judgement from its specification: Bluetooth Core 5.4 volume 3 part H (pairing),
//! Zigbee R23, Thread 1.3, LoRaWAN 1.0.4, IEEE 802.11-2020 and WPA3 3.4, MAVLink 2 (message signing), OPC UA part 4
//! (message security modes), RFC 4301 (IPsec), IEEE 802.1AE (MACsec), RFC 4253 (SSH).

use serde::Serialize;

use super::{Flow, Protocol, Security};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Protection of a flow below or beside its protocol: of the radio link, by a tunnel, by signatures.
    LinkProtection {
        /// None.
        None = "none",
        /// Bluetooth LE Secure Connections, paired with a code or a comparison of numbers.
        BleSecureConnections = "ble-secure-connections",
        /// Bluetooth LE, paired without any confirmation.
        BleJustWorks = "ble-just-works",
        /// The network key of Zigbee or Thread, which all members share.
        Zigbee = "zigbee",
        /// LoRaWAN's session keys of each device (activation over the air).
        Lorawan = "lorawan",
        /// WPA2 with a passphrase.
        Wpa2 = "wpa2",
        /// WPA3 with a passphrase.
        Wpa3 = "wpa3",
        /// WPA2 or WPA3 with a credential of each device (802.1X).
        WpaEnterprise = "wpa-enterprise",
        /// Message signing of MAVLink 2.
        MavlinkSigning = "mavlink-signing",
        /// OPC UA with security mode Sign.
        OpcuaSign = "opcua-sign",
        /// OPC UA with security mode SignAndEncrypt.
        OpcuaSignAndEncrypt = "opcua-sign-and-encrypt",
        /// IPsec, WireGuard or another tunnel whose two ends prove themselves.
        Vpn = "vpn",
        /// MACsec on the wire.
        Macsec = "macsec",
        /// SSH.
        Ssh = "ssh",
    }
}

vocabulary! {
    /// Who is proven to the other end, as far as the protection goes.
    Proven {
        /// Nobody.
        Nobody = "nobody",
        /// That the sender is one of those who share a key.
        Group = "group",
        /// One end, usually the server.
        OneEnd = "one-end",
        /// Both ends.
        BothEnds = "both-ends",
    }
}

/// What the ways of protecting a flow give together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Protection {
    /// Nobody on the way can read it.
    pub confidential: bool,
    /// Nobody on the way can change it, forge it, or send it again, unseen.
    pub intact: bool,
    /// Who is proven to the other end.
    pub proven: Proven,
}

impl Protection {
    const NONE: Self = Self::of(false, false, Proven::Nobody);

    const fn of(confidential: bool, intact: bool, proven: Proven) -> Self {
        Protection {
            confidential,
            intact,
            proven,
        }
    }

    /// What two ways of protection give together.
    fn and(self, other: Self) -> Self {
        Protection {
            confidential: self.confidential || other.confidential,
            intact: self.intact || other.intact,
            proven: self.proven.max(other.proven),
        }
    }

    /// Whether others on the way can neither read nor change what is sent.
    pub const fn is_whole(self) -> bool {
        self.confidential && self.intact
    }
}

impl Security {
    /// What it gives.
    pub const fn protection(self) -> Protection {
        match self {
            Security::None | Security::Unknown => Protection::NONE,
            Security::Tls13 | Security::Dtls12 | Security::Dtls13 => {
                Protection::of(true, true, Proven::OneEnd)
            }
            Security::Oscore => Protection::of(true, true, Proven::BothEnds),
        }
    }
}

impl LinkProtection {
    /// What it gives.
    pub const fn protection(self) -> Protection {
        match self {
            LinkProtection::None => Protection::NONE,
            LinkProtection::BleJustWorks => Protection::of(true, true, Proven::Nobody),
            LinkProtection::Zigbee
            | LinkProtection::Wpa2
            | LinkProtection::Wpa3
            | LinkProtection::Macsec => Protection::of(true, true, Proven::Group),
            LinkProtection::MavlinkSigning => Protection::of(false, true, Proven::Group),
            LinkProtection::OpcuaSign => Protection::of(false, true, Proven::BothEnds),
            LinkProtection::BleSecureConnections
            | LinkProtection::Lorawan
            | LinkProtection::WpaEnterprise
            | LinkProtection::OpcuaSignAndEncrypt
            | LinkProtection::Vpn
            | LinkProtection::Ssh => Protection::of(true, true, Proven::BothEnds),
        }
    }

    /// Whether it is the protection of a radio link.
    pub const fn is_of_radio(self) -> bool {
        matches!(
            self,
            LinkProtection::BleSecureConnections
                | LinkProtection::BleJustWorks
                | LinkProtection::Zigbee
                | LinkProtection::Lorawan
                | LinkProtection::Wpa2
                | LinkProtection::Wpa3
                | LinkProtection::WpaEnterprise
        )
    }

    /// Whether such protection can be there under this protocol: nothing protects what people say or carry, and no
    /// radio or plant protocol has the protection of another.
    pub const fn suits(self, protocol: Protocol) -> bool {
        match self {
            LinkProtection::None => true,
            LinkProtection::BleSecureConnections | LinkProtection::BleJustWorks => !matches!(
                protocol,
                Protocol::Human
                    | Protocol::Lorawan
                    | Protocol::Zigbee
                    | Protocol::Modbus
                    | Protocol::Opcua
            ),
            LinkProtection::Zigbee => !matches!(
                protocol,
                Protocol::Human
                    | Protocol::Ble
                    | Protocol::Lorawan
                    | Protocol::Modbus
                    | Protocol::Opcua
            ),
            LinkProtection::Lorawan => matches!(
                protocol,
                Protocol::Lorawan | Protocol::Coap | Protocol::Other
            ),
            LinkProtection::MavlinkSigning => {
                matches!(protocol, Protocol::Serial | Protocol::Other)
            }
            LinkProtection::OpcuaSign | LinkProtection::OpcuaSignAndEncrypt => {
                matches!(protocol, Protocol::Opcua)
            }
            LinkProtection::Wpa2
            | LinkProtection::Wpa3
            | LinkProtection::WpaEnterprise
            | LinkProtection::Vpn
            | LinkProtection::Macsec
            | LinkProtection::Ssh => !matches!(
                protocol,
                Protocol::Human | Protocol::Ble | Protocol::Lorawan | Protocol::Zigbee
            ),
        }
    }
}

impl Flow {
    /// What protects it on its way.
    pub fn protection(&self) -> Protection {
        self.security.protection().and(self.link.protection())
    }

    /// Whether people carry it: on screens, on paper, in words.
    pub fn is_by_people(&self) -> bool {
        self.protocol == Protocol::Human
    }

    /// Whether others on the way can change or forge what is sent. Nobody is on the way of what people carry.
    pub fn is_forgeable(&self) -> bool {
        !self.is_by_people() && !self.protection().intact
    }

    /// Whether others on the way can read what is sent. Nobody is on the way of what people carry.
    pub fn is_readable(&self) -> bool {
        !self.is_by_people() && !self.protection().confidential
    }

    /// Whether something is left for others on the way: reading, or changing.
    pub fn is_bare(&self) -> bool {
        self.is_forgeable() || self.is_readable()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_ways_of_protection_give_the_better_of_both() {
        let signed = LinkProtection::MavlinkSigning.protection();
        assert!(!signed.is_whole() && signed.intact);
        let both = signed.and(Security::Tls13.protection());
        assert_eq!(both, Protection::of(true, true, Proven::OneEnd));
        assert_eq!(
            Security::Unknown
                .protection()
                .and(LinkProtection::Lorawan.protection())
                .proven,
            Proven::BothEnds
        );
    }

    #[test]
    fn every_word_suits_some_protocol_and_none_suits_people() {
        for link in LinkProtection::ALL {
            assert!(Protocol::ALL.iter().any(|protocol| link.suits(*protocol)));
            let is_none = *link == LinkProtection::None;
            assert_eq!(link.suits(Protocol::Human), is_none, "{link:?}");
            assert_eq!(link.protection() == Protection::NONE, is_none, "{link:?}");
        }
        assert!(!LinkProtection::Lorawan.suits(Protocol::Ble));
        assert!(LinkProtection::BleSecureConnections.suits(Protocol::Coap));
    }
}
