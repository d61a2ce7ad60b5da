//! A member that belongs to an attacker: it has a place and a certificate, and means no good.
//!
//! Its bytes reach the gateway at once; what it says is made with the client half of the protocol crate, or by hand.

use super::World;
use super::gateway::Peer;
use crate::control::{Certified, PRODUCT, Presented};
use crate::disk::Key;
use crate::random::Random;
use crate::words::Act;
use core::num::NonZeroU16;
use sekimori_ledger::envelope;
use sekimori_proto::mqtt::{
    ClientConnection, ClientLimits, ConnectOptions, Envelope, FilterRequest, Message, Qos, Version,
};
use sekimori_session::Input;
use sekimori_update::measure::{Deviation, DeviationKind};
use sekimori_update::report::{CONTENT_TYPE, Integrity, OutboxState, SelfTest, StateReport};

/// The name of the member.
pub(super) const NAME: &str = "rogue-9";
const SOURCE: &str = "10.6.6.6";

/// The attacker.
pub(super) struct Rogue {
    pub(super) key: Key,
    certificate: Option<Vec<u8>>,
    pub(super) connection: Option<u64>,
    client: Option<ClientConnection>,
    sequence: u64,
}

impl Rogue {
    pub(super) fn new(random: &mut Random) -> Self {
        Self {
            key: Key::make(random, false),
            certificate: None,
            connection: None,
            client: None,
            sequence: 0,
        }
    }
}

impl World {
    /// The attacker acts.
    pub(super) fn rogue_acts(&mut self, act: Act) {
        if !self.server_up {
            return;
        }
        if self.rogue.certificate.is_none() {
            self.rogue_joins();
        }
        match act {
            Act::Early => self.rogue_early(),
            Act::Old => self.rogue_old(),
            Act::Silent => {
                self.rogue_connects(None);
            }
            Act::Replay | Act::Resend => {
                // On a new connection, so that only what is kept can tell.
                self.rogue_connects(Some(Version::V5));
                let sequence = self.rogue.sequence;
                let mut message = telemetry(sequence, "4.5");
                message.duplicate = act == Act::Resend;
                self.rogue_publishes(&message);
            }
            _ => {
                if self.rogue.connection.is_none() {
                    self.rogue_connects(Some(Version::V5));
                }
                self.rogue_says(act);
            }
        }
    }

    fn rogue_says(&mut self, act: Act) {
        let next = self.rogue.sequence.saturating_add(1);
        match act {
            Act::Report => {
                self.rogue.sequence = next;
                self.rogue_publishes(&telemetry(next, "4.5"));
            }
            Act::GoBack => {
                self.rogue.sequence = next.saturating_add(200);
                self.rogue_publishes(&telemetry(next.saturating_add(200), "4.5"));
                self.rogue_publishes(&telemetry(next.saturating_add(100), "4.5"));
            }
            Act::Flood => {
                for _ in 0..12 {
                    self.rogue.sequence = self.rogue.sequence.saturating_add(1);
                    let sequence = self.rogue.sequence;
                    self.rogue_publishes(&telemetry(sequence, "4.5"));
                }
            }
            Act::Foreign => {
                let mut message = telemetry(next, "4.5");
                message.topic = "sk/sensor-0/telemetry".to_string();
                self.rogue_publishes(&message);
            }
            Act::Wildcard => {
                let filters =
                    ["#", "sk/+/cmd/+", "sk/sensor-0/cmd/lock"].map(|filter| FilterRequest {
                        filter: filter.to_string(),
                        qos: Qos::AtLeastOnce,
                    });
                let now = self.now;
                if let Some(client) = &mut self.rogue.client {
                    // A refusal here is the client's own, and nothing is sent.
                    let _ = client.subscribe(now, &filters);
                }
                self.rogue_flushes();
            }
            Act::Retain => {
                let mut message = telemetry(next, "4.5");
                message.retain = true;
                self.rogue_publishes(&message);
            }
            Act::Bare => {
                let mut message = telemetry(next, "4.5");
                message.envelope = None;
                self.rogue_publishes(&message);
            }
            Act::OutOfRange => self.rogue_publishes(&telemetry(next, "450")),
            Act::FalseReport => {
                let stranger = Key::make(&mut self.random, false);
                self.rogue_reports(&stranger);
            }
            Act::Deviating => {
                let own = self.rogue.key.clone();
                self.rogue_reports(&own);
            }
            Act::QosTwo => self.rogue_sends(&[0x34, 0x08, 0, 1, b'a', 0, 1, 0, b'x', b'y']),
            Act::Zero => self.rogue_sends(&[0x32, 0x07, 0, 1, b'a', 0, 0, 0, b'x']),
            Act::Oversize => self.rogue_sends(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F]),
            Act::Garbage => {
                let bytes = self.random.bytes::<48>();
                self.rogue_sends(&bytes);
            }
            Act::Corrupt | Act::Duplicate => self.rogue_harms(act, next),
            Act::Early | Act::Old | Act::Silent | Act::Replay | Act::Resend => {}
        }
    }

    /// Enrolls as everybody does.
    fn rogue_joins(&mut self) {
        let Ok(code) = self.control.invite(self.now, NAME, "sensor") else {
            return;
        };
        let public = self.rogue.key.public();
        let (certified, orders) = self.control.enroll(self.now, SOURCE, NAME, &code, &public);
        self.orders.extend(orders);
        if let Certified::Made(certificate, _) = certified {
            self.rogue.certificate = Some(certificate.encode());
        }
        self.ask_witness();
    }

    /// Opens a connection; with a version, also sends CONNECT.
    fn rogue_connects(&mut self, version: Option<Version>) -> Option<u64> {
        let presented = Presented {
            certificate: self.rogue.certificate.clone(),
            key: self.rogue.key.public(),
        };
        let client = self.admit(&presented, SOURCE, false).ok()?;
        let id = self.enter(Peer::Rogue, &client, SOURCE.to_string());
        self.rogue.connection = Some(id);
        self.rogue.client = None;
        if let Some(version) = version {
            let options = ConnectOptions {
                version,
                client_id: NAME.to_string(),
                keep_alive_seconds: NonZeroU16::MIN.saturating_add(59),
            };
            let client = ClientConnection::new(self.now, &options, ClientLimits::default());
            self.rogue.client = Some(client);
            self.rogue_flushes();
        }
        Some(id)
    }

    fn rogue_publishes(&mut self, message: &Message) {
        let now = self.now;
        if let Some(client) = &mut self.rogue.client {
            // Too much under way: then it says nothing this time.
            let _ = client.publish(now, message);
        }
        self.rogue_flushes();
    }

    fn rogue_flushes(&mut self) {
        while let Some(bytes) = self
            .rogue
            .client
            .as_mut()
            .and_then(ClientConnection::transmit)
        {
            self.rogue_sends(&bytes);
        }
    }

    fn rogue_sends(&mut self, bytes: &[u8]) {
        if let Some(id) = self.rogue.connection {
            self.input(id, Input::Bytes(bytes));
        }
    }

    /// The gateway says something to it.
    pub(super) fn rogue_hears(&mut self, bytes: &[u8]) {
        let now = self.now;
        if let Some(client) = &mut self.rogue.client {
            let mut events = Vec::new();
            client.receive(now, bytes, &mut events);
        }
    }

    fn rogue_early(&mut self) {
        if self.rogue_connects(None).is_some() {
            self.rogue_sends(&[0x30, 0x05, 0, 1, b'a', 0, b'x']);
        }
    }

    fn rogue_old(&mut self) {
        self.rogue_connects(Some(Version::V3_1_1));
        let mut message = telemetry(0, "4.5");
        message.envelope = None;
        self.rogue_publishes(&message);
    }

    /// The bytes of a good message, twice or with flipped bits.
    fn rogue_harms(&mut self, act: Act, sequence: u64) {
        let now = self.now;
        let Some(client) = &mut self.rogue.client else {
            return;
        };
        let _ = client.publish(now, &telemetry(sequence, "4.5"));
        let Some(mut bytes) = client.transmit() else {
            return;
        };
        if act == Act::Duplicate {
            self.rogue.sequence = sequence;
            self.rogue_sends(&bytes);
        } else {
            for _ in 0..3 {
                let at = usize::try_from(self.random.below(bytes.len() as u64)).unwrap_or(0);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.random.below(8);
                }
            }
        }
        self.rogue_sends(&bytes);
    }

    fn rogue_reports(&mut self, key: &Key) {
        let deviation = Deviation {
            path: "bin/agent".to_string(),
            kind: DeviationKind::Changed,
        };
        let report = StateReport {
            release: "0.0.0".to_string(),
            product: PRODUCT.to_string(),
            slot: None,
            counter: 0,
            boot: 1,
            trial: false,
            proof_verified: true,
            integrity: Integrity {
                held: false,
                deviations: vec![deviation],
            },
            restored: None,
            last_update: None,
            outbox: OutboxState::default(),
            self_test: SelfTest::Passed,
        };
        let sealed = envelope::seal(CONTENT_TYPE, &report.encode(), key.signer());
        self.rogue_publishes(&Message::new(format!("sk/{NAME}/_state"), sealed));
    }
}

fn telemetry(sequence: u64, value: &str) -> Message {
    let payload = format!("{{\"temp_c\":{value},\"n\":{sequence}}}").into_bytes();
    let mut message = Message::new(format!("sk/{NAME}/telemetry"), payload);
    message.envelope = Some(Envelope {
        boot: 1,
        sequence,
        time: None,
    });
    message
}
