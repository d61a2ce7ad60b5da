//! The outbox against a gateway that remembers everything, with lost connections, power cuts and a full disk.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Takes each key once; takes nothing of an older start, nor 64 behind the newest, unless it saw it before.
#[derive(Default)]
struct Gateway {
    seen: BTreeSet<Key>,
    stored: Vec<Letter>,
    newest: Option<Key>,
}

impl Gateway {
    fn publish(&mut self, letter: &Letter, duplicate: bool) {
        if self.seen.contains(&letter.key) {
            assert!(duplicate, "{:?} came again without DUP", letter.key);
            return;
        }
        if let Some(newest) = self.newest {
            assert!(
                letter.key.boot >= newest.boot,
                "an older start came after a newer one"
            );
            if letter.key.boot == newest.boot {
                assert!(
                    letter.key.sequence + 64 > newest.sequence,
                    "fell out of the window"
                );
            }
        }
        self.newest = self.newest.max(Some(letter.key));
        self.seen.insert(letter.key);
        self.stored.push(letter.clone());
    }
}

/// What happens next. Numbers pick from what is possible then.
#[derive(Clone, Debug)]
enum Operation {
    Read,
    Send,
    /// The gateway stores what it got and its answer arrives.
    Answer(PublishResult),
    /// The gateway stores what it got, the answers are lost.
    LoseConnection,
    Write {
        disk_full: bool,
    },
    PowerCut {
        torn_bytes: usize,
    },
    Wait(u64),
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        6 => Just(Operation::Read),
        6 => Just(Operation::Send),
        5 => Just(Operation::Answer(PublishResult::Accepted)),
        1 => Just(Operation::Answer(PublishResult::QuotaExceeded)),
        1 => Just(Operation::Answer(PublishResult::Unspecified)),
        1 => Just(Operation::LoseConnection),
        4 => prop::bool::weighted(0.2).prop_map(|disk_full| Operation::Write { disk_full }),
        1 => (0_usize..30).prop_map(|torn_bytes| Operation::PowerCut { torn_bytes }),
        2 => (0_u64..40_000).prop_map(Operation::Wait),
    ];
    vec(operation, 0..150)
}

const BOUNDS: Bounds = Bounds {
    messages: 1000,
    bytes: 1 << 20,
    in_flight: 8,
};

struct World {
    outbox: Outbox,
    gateway: Gateway,
    disk: Vec<u8>,
    boot: u64,
    now: Duration,
    packet: u16,
    /// On the wire: delivered in this order when the gateway gets to it.
    wire: Vec<(NonZeroU16, Letter, bool)>,
    /// Read, and on disk at some time: these must arrive.
    promised: BTreeSet<Key>,
    read: u64,
}

impl World {
    fn new() -> Self {
        Self {
            outbox: Outbox::new(BOUNDS, 1, &[]),
            gateway: Gateway::default(),
            disk: Vec::new(),
            boot: 1,
            now: Duration::ZERO,
            packet: 0,
            wire: Vec::new(),
            promised: BTreeSet::new(),
            read: 0,
        }
    }

    fn send(&mut self) -> bool {
        let Some((letter, duplicate)) = self.outbox.next(self.now) else {
            return false;
        };
        let letter = letter.clone();
        self.packet = self.packet.wrapping_add(1).max(1);
        let packet = NonZeroU16::new(self.packet).unwrap();
        self.outbox.sent(packet);
        self.wire.push((packet, letter, duplicate));
        true
    }

    fn answer(&mut self, result: PublishResult) {
        if self.wire.is_empty() {
            return;
        }
        let (packet, letter, duplicate) = self.wire.remove(0);
        if result == PublishResult::Accepted {
            self.gateway.publish(&letter, duplicate);
        }
        let settlement = self.outbox.answered(self.now, packet, result);
        let expected = match result {
            PublishResult::Accepted => Settlement::Accepted,
            _ => Settlement::Kept,
        };
        assert_eq!(settlement, expected);
    }

    fn write(&mut self, disk_full: bool) {
        let Some(writing) = self.outbox.writing(self.now) else {
            return;
        };
        match &writing {
            // A full disk may take a part of the line.
            Writing::Append(bytes) if disk_full => self.disk.extend(&bytes[..bytes.len() / 2]),
            Writing::Append(bytes) => self.disk.extend(bytes),
            Writing::Rewrite(_) if disk_full => {}
            Writing::Rewrite(bytes) => self.disk.clone_from(bytes),
        }
        self.outbox.written(&writing, !disk_full);
        if self.outbox.is_durable() {
            let waiting = self.outbox.items.iter().map(|item| item.letter.key);
            self.promised.extend(waiting);
        }
    }

    fn step(&mut self, operation: &Operation) {
        match operation {
            Operation::Read => {
                self.read += 1;
                let payload = std::format!("{}", self.read).into_bytes();
                self.outbox.push(0, "telemetry".into(), payload);
            }
            Operation::Send => {
                self.send();
            }
            Operation::Answer(result) => self.answer(*result),
            Operation::LoseConnection => {
                for (_, letter, duplicate) in core::mem::take(&mut self.wire) {
                    self.gateway.publish(&letter, duplicate);
                }
                self.outbox.disconnected();
            }
            Operation::Write { disk_full } => self.write(*disk_full),
            Operation::PowerCut { torn_bytes } => {
                self.wire.clear();
                // A line that was being written may have got half its way to the disk.
                if let Some(Writing::Append(bytes)) = self.outbox.writing(self.now) {
                    self.disk.extend(bytes.iter().take(*torn_bytes));
                }
                self.boot += 1;
                self.outbox = Outbox::new(BOUNDS, self.boot, &self.disk);
            }
            Operation::Wait(millis) => self.now += Duration::from_millis(*millis),
        }
    }

    fn drain(&mut self) {
        for _ in 0..5_000 {
            while self.send() {}
            self.answer(PublishResult::Accepted);
            self.write(false);
            self.now += Duration::from_secs(1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_promised_is_lost_and_nothing_arrives_twice(operations in operations()) {
        let mut world = World::new();
        for operation in &operations {
            world.step(operation);
        }
        world.drain();
        prop_assert_eq!(world.outbox.items.len(), 0);
        for key in &world.promised {
            prop_assert!(world.gateway.seen.contains(key), "{:?} was lost", key);
        }
        let keys: BTreeSet<Key> = world.gateway.stored.iter().map(|letter| letter.key).collect();
        prop_assert_eq!(keys.len(), world.gateway.stored.len());
        // Settled for good: the next start finds nothing.
        world.step(&Operation::Wait(10_000));
        world.write(false);
        prop_assert_eq!(journal::read(&world.disk).letters, []);
    }

    #[test]
    fn bounds_hold_and_every_loss_is_counted(lengths in vec(0_usize..300, 0..60)) {
        let bounds = Bounds { messages: 10, bytes: 1500, in_flight: 2 };
        let mut outbox = Outbox::new(bounds, 1, &[]);
        let mut lost = 0;
        for length in &lengths {
            lost += outbox.push(0, "t".into(), std::vec![0; *length]);
            prop_assert!(outbox.items.len() <= 10 && outbox.bytes <= 1500);
        }
        prop_assert_eq!(outbox.state().dropped, lost);
        prop_assert_eq!(outbox.state().depth + lost, lengths.len() as u64);
    }
}

fn packet(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

#[test]
fn a_refusal_for_good_goes_out_of_the_way_and_is_counted() {
    let mut outbox = Outbox::new(BOUNDS, 1, &[]);
    outbox.push(0, "telemetry".into(), b"{}".to_vec());
    outbox.sent(packet(1));
    assert_eq!(
        outbox.answered(Duration::ZERO, packet(1), PublishResult::PayloadInvalid),
        Settlement::Refused {
            flow: "telemetry".into(),
            code: "payload-invalid"
        }
    );
    assert_eq!((outbox.state().depth, outbox.state().dropped), (0, 1));
}

#[test]
fn without_authorization_it_is_tried_three_times() {
    let mut outbox = Outbox::new(BOUNDS, 1, &[]);
    outbox.push(0, "telemetry".into(), b"{}".to_vec());
    let mut now = Duration::ZERO;
    for expected in [true, true, false] {
        assert!(outbox.next(now).is_some());
        outbox.sent(packet(1));
        let settlement = outbox.answered(now, packet(1), PublishResult::NotAuthorized);
        assert_eq!(settlement == Settlement::Kept, expected);
        assert!(outbox.next(now).is_none(), "it waits, or is gone");
        now += SLOW_TO;
    }
    assert_eq!(outbox.state().depth, 0);
}

/// A gateway that takes one message a second, and three at once.
#[test]
fn draining_a_long_buffer_finds_the_pace_and_does_not_look_like_a_flood() {
    let mut outbox = Outbox::new(BOUNDS, 1, &[]);
    for _ in 0..600 {
        outbox.push(0, "telemetry".into(), b"{}".to_vec());
    }
    let (mut now, mut tokens, mut refused, mut number) = (Duration::ZERO, 3.0, 0_u32, 0_u16);
    while outbox.state().depth > 0 {
        let mut sent = Vec::new();
        while outbox.next(now).is_some() {
            number = number.wrapping_add(1).max(1);
            outbox.sent(packet(number));
            sent.push(packet(number));
        }
        for packet in sent {
            let result = if tokens >= 1.0 {
                tokens -= 1.0;
                PublishResult::Accepted
            } else {
                refused += 1;
                PublishResult::QuotaExceeded
            };
            outbox.answered(now, packet, result);
        }
        let next = outbox
            .wake_at(now)
            .unwrap_or(now + Duration::from_millis(1));
        assert!(next > now, "the shell would spin");
        tokens = f64::min(3.0, tokens + (next - now).as_secs_f64());
        now = next;
    }
    let (seconds, refused) = (now.as_secs_f64(), f64::from(refused));
    assert!(seconds < 900.0, "not slower than needed: {seconds} s");
    assert!(
        refused / (seconds / 60.0) < 20.0,
        "{refused} refusals in {seconds} s"
    );
}

#[test]
fn a_gateway_that_recovers_is_used_at_full_speed_at_once() {
    let mut outbox = Outbox::new(BOUNDS, 1, &[]);
    for _ in 0..4 {
        outbox.push(0, "telemetry".into(), b"{}".to_vec());
    }
    outbox.sent(packet(1));
    outbox.answered(
        Duration::ZERO,
        packet(1),
        PublishResult::ImplementationSpecific,
    );
    assert!(outbox.next(Duration::ZERO).is_none());
    assert_eq!(outbox.wake_at(Duration::ZERO), Some(SLOW_FROM));
    let (letter, duplicate) = outbox.next(SLOW_FROM).unwrap();
    assert_eq!((letter.key.sequence, duplicate), (1, true));
    outbox.sent(packet(2));
    assert!(outbox.next(SLOW_FROM).is_none(), "one at a time");
    assert_eq!(
        outbox.wake_at(SLOW_FROM),
        None,
        "nothing to do before the answer"
    );
    outbox.answered(SLOW_FROM, packet(2), PublishResult::Accepted);
    outbox.sent(packet(3));
    assert!(outbox.next(SLOW_FROM).is_some(), "two at a time");
}
