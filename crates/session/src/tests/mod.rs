//! A session against a real client, in virtual time.

mod changes;
mod commands;
mod hostile;
mod messages;
mod refusals;

use crate::*;
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::num::NonZeroU16;
use core::time::Duration;
use jiff::Timestamp;
use sekimori_audit::{Code, Event};
use sekimori_identity::{DeviceId, DeviceName, DeviceRecord, Number, RoleId, Standing};
use sekimori_policy::Policy;
use sekimori_proto::mqtt::{
    ClientConnection, ClientEvent, ClientLimits, ConnectOptions, Envelope, FilterRequest, Message,
    Qos, SubscribeResult, Version,
};

const VERSIONS: [Version; 2] = [Version::V3_1_1, Version::V5];
const NAME: &str = "dev-0001";

fn at(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn wall(now: Duration) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + now
}

fn record() -> DeviceRecord {
    DeviceRecord {
        id: DeviceId([1; 16]),
        number: Number(1),
        name: DeviceName::parse(NAME).unwrap(),
        role: RoleId::parse("sensor").unwrap(),
        standing: Standing::Active,
        contained: false,
    }
}

/// `temperature` needs a sequence and has a range and a rate, `note` takes anything, `lock` is a command.
fn policy() -> Arc<Policy> {
    let text = r#"{
        "version": 1, "model_id": "test", "roles": [{
            "id": "sensor",
            "publish": [
                {"flow": "temperature", "requirement": [], "max_bytes": 64, "sequence": "required",
                 "schema": {"type": "object", "properties": {"celsius": {"type": "number"}},
                            "required": ["celsius"]},
                 "range": {"celsius": [-40.0, 85.0]},
                 "rate": {"messages": 1, "per_seconds": 10, "backlog": 20}},
                {"flow": "note", "requirement": [], "max_bytes": 64, "sequence": "none",
                 "schema": null, "range": {}, "rate": null}
            ],
            "subscribe": [
                {"flow": "lock", "requirement": [], "max_bytes": 64, "sequence": "none",
                 "schema": null, "range": {}, "rate": null}
            ]
        }]
    }"#;
    Arc::new(Policy::parse(text.as_bytes()).unwrap())
}

/// A session, the client that it talks to, and what the session wanted done.
struct World {
    session: Session,
    client: ClientConnection,
    now: Duration,
    /// Everything but bytes, in order.
    outputs: Vec<Output>,
    /// What the client heard.
    heard: Vec<ClientEvent>,
}

impl World {
    /// A session that has accepted its client.
    fn open(version: Version) -> Self {
        Self::with(
            version,
            record(),
            SessionSeed::default(),
            policy(),
            SessionLimits::default(),
        )
    }

    fn with(
        version: Version,
        device: DeviceRecord,
        seed: SessionSeed,
        policy: Arc<Policy>,
        limits: SessionLimits,
    ) -> Self {
        let mut world = Self::connecting(version, device, seed, policy, limits);
        world.flush();
        assert!(
            matches!(world.heard.as_slice(), [ClientEvent::Connected { .. }]),
            "{:?}",
            world.heard
        );
        assert_eq!(world.events(), [Code::SessionOpened]);
        world.heard.clear();
        world.outputs.clear();
        world
    }

    /// A session whose client has not sent its CONNECT.
    fn connecting(
        version: Version,
        device: DeviceRecord,
        seed: SessionSeed,
        policy: Arc<Policy>,
        limits: SessionLimits,
    ) -> Self {
        let now = at(1_000_000);
        let options = ConnectOptions {
            version,
            client_id: NAME.to_string(),
            keep_alive_seconds: NonZeroU16::new(30).unwrap(),
        };
        Self {
            session: Session::new(now, device, seed, policy, limits),
            client: ClientConnection::new(now, &options, ClientLimits::default()),
            now,
            outputs: Vec::new(),
            heard: Vec::new(),
        }
    }

    fn handle(&mut self, input: Input<'_>) {
        self.session.handle(self.now, wall(self.now), input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll() {
            if let Output::Transmit(bytes) = &output {
                self.client.receive(self.now, bytes, &mut self.heard);
            } else {
                self.outputs.push(output);
            }
        }
    }

    /// Carries what the client has to say to the session.
    fn flush(&mut self) {
        while let Some(bytes) = self.client.transmit() {
            self.handle(Input::Bytes(&bytes));
        }
    }

    fn publish(&mut self, message: &Message) -> Option<NonZeroU16> {
        let packet_id = self.client.publish(self.now, message).unwrap();
        self.flush();
        packet_id
    }

    fn subscribe(&mut self, filter: &str) -> SubscribeResult {
        let filters = [FilterRequest {
            filter: filter.to_string(),
            qos: Qos::AtLeastOnce,
        }];
        self.client.subscribe(self.now, &filters).unwrap();
        self.flush();
        match self.heard.pop() {
            Some(ClientEvent::Subscribed { results, .. }) => results[0],
            other => panic!("{other:?}"),
        }
    }

    /// Answers the store's oldest question.
    fn stored(&mut self, result: StoredResult) {
        let position = self
            .outputs
            .iter()
            .position(|output| matches!(output, Output::Store { .. }));
        let Output::Store { token, .. } = self.outputs.remove(position.unwrap()) else {
            unreachable!("the position is that of a question to the store");
        };
        self.handle(Input::Stored { token, result });
    }

    fn all_events(&self) -> Vec<&Event> {
        let events = self.outputs.iter().filter_map(|output| match output {
            Output::Event(event) => Some(event),
            _ => None,
        });
        events.collect()
    }

    fn events(&self) -> Vec<Code> {
        self.all_events().iter().map(|event| event.code).collect()
    }

    fn counts(&self) -> Vec<&'static str> {
        let counts = self.outputs.iter().filter_map(|output| match output {
            Output::Count(code) => Some(*code),
            _ => None,
        });
        counts.collect()
    }

    fn stores(&self) -> Vec<&Accepted> {
        let stores = self.outputs.iter().filter_map(|output| match output {
            Output::Store { message, .. } => Some(message),
            _ => None,
        });
        stores.collect()
    }

    fn closed(&self) -> Option<CloseReason> {
        match self.outputs.last() {
            Some(Output::Close(reason)) => Some(*reason),
            _ => None,
        }
    }
}

fn note(payload: &[u8]) -> Message {
    Message::new(String::from("sk/dev-0001/note"), payload.to_vec())
}

/// A reading of 21.5 degrees, number `sequence` of start `boot`.
fn reading(boot: u64, sequence: u64) -> Message {
    let mut message = Message::new(
        String::from("sk/dev-0001/temperature"),
        br#"{"celsius":21.5}"#.to_vec(),
    );
    message.envelope = Some(Envelope {
        boot,
        sequence,
        time: None,
    });
    message
}

fn again(mut message: Message) -> Message {
    message.duplicate = true;
    message
}
