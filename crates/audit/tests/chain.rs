//! Whatever is done to a chain is found, and the place is named.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use sekimori_audit::chain::{
    self, Broken, Chain, Head, MAX_RECORD_BYTES, Record, RecordError, Verifier, Why, verify,
    verify_anchored,
};
use sekimori_audit::{Code, Event, Severity};

const VECTOR: &str = include_str!("../../../docs/formats/vectors/event.chain.hex");

fn at(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).expect("in range")
}

fn vector() -> Vec<Vec<u8>> {
    let lines = VECTOR.lines();
    lines.map(|line| hex::decode(line).expect("hex")).collect()
}

fn records(events: impl IntoIterator<Item = Event>) -> Vec<Record> {
    let mut chain = Chain::new();
    events
        .into_iter()
        .map(|event| chain.append(event))
        .collect()
}

fn bytes(records: &[Record]) -> Vec<Vec<u8>> {
    records.iter().map(|record| record.bytes.clone()).collect()
}

fn many(count: i64) -> Vec<Record> {
    records((0..count).map(|second| {
        Event::new(at(second * 1_000_000), Code::MessageRefused)
            .with_device(format!("dev-{second:04}"))
            .with_reason("replayed")
            .with_detail("flow", "telemetry")
    }))
}

/// The vector was made by another program, from `docs/formats/event.md`.
#[test]
fn the_vector_is_what_these_events_become() {
    const START: i64 = 1_795_219_200_000_000;
    let refused = |start: i64| {
        Event::new(at(START + start), Code::MessageRefused)
            .with_device("dev-0001")
            .with_source("192.0.2.7")
            .with_reason("out-of-range")
    };
    let mut folded = refused(61_000_000);
    folded.count = 41;
    folded.first_at = at(START + 2_000_000);
    let mut stranger = Event::new(at(-1), Code::TlsRefused)
        .with_source("192.0.2.9")
        .with_reason("unknown-issuer");
    stranger.count = u32::MAX;
    stranger.first_at = at(-1_000_001);
    let made = records([
        Event::new(at(START), Code::ServerStarted),
        refused(1_500_000)
            .with_detail("cause", "\"temp_c\" is 999, allowed is -40 to 60")
            .with_detail("flow", "telemetry"),
        folded,
        stranger,
    ]);
    assert_eq!(bytes(&made), vector());
    let head = verify(vector()).expect("whole");
    assert_eq!(head.sequence, 4);
    assert_eq!(
        hex::encode(head.hash),
        "dcd694ef6c77fb454638f0e5d56b8098ac778a4e87aed3af6d06e7a2737a280a"
    );
    let read = vector()
        .iter()
        .map(|bytes| chain::read(bytes))
        .collect::<Result<Vec<_>, _>>();
    assert_eq!(read, Ok(made));
}

#[test]
fn any_flipped_bit_is_found_in_the_record_that_it_is_in() {
    let original = vector();
    for (index, record) in original.iter().enumerate() {
        for place in 0..record.len() {
            for bit in 0..8 {
                let mut changed = original.clone();
                changed[index][place] ^= 1 << bit;
                let broken = verify(&changed).expect_err("a bit was flipped");
                assert_eq!(
                    broken.sequence,
                    index as u64 + 1,
                    "byte {place}, bit {bit}: {broken}"
                );
            }
        }
    }
}

#[test]
fn records_that_are_moved_left_out_or_repeated_are_found() {
    let whole = bytes(&many(5));
    let broken = |change: fn(&mut Vec<Vec<u8>>)| {
        let mut changed = whole.clone();
        change(&mut changed);
        verify(changed)
            .expect_err("the chain was changed")
            .to_string()
    };
    assert_eq!(
        broken(|records| records.swap(1, 2)),
        "event 2: event 3 stands in its place"
    );
    assert_eq!(
        broken(|records| {
            records.remove(0);
        }),
        "event 1: event 2 stands in its place"
    );
    assert_eq!(
        broken(|records| records.insert(3, records[2].clone())),
        "event 4: event 3 stands in its place"
    );
    assert_eq!(
        broken(|records| records[3].clear()),
        "event 4: not a record: not CBOR of the record's shape"
    );
}

/// Somebody with the program writes a false record, with digest, in the place of a true one.
#[test]
fn a_forged_record_is_found_by_the_next_or_by_an_anchor() {
    let truth = many(4);
    let forge = |from: usize| {
        let mut chain = match from.checked_sub(1) {
            Some(before) => Chain::resume(truth[before].head),
            None => Chain::new(),
        };
        let mut forged = truth.clone();
        let mut event = truth[from].event.clone();
        event.reason = Some("nothing-happened".into());
        forged[from] = chain.append(event);
        (forged, chain)
    };
    let (one, _) = forge(1);
    let link = Broken {
        sequence: 3,
        why: Why::Link,
    };
    assert_eq!(verify(bytes(&one)), Err(link));
    let (mut all, mut chain) = forge(1);
    for (record, original) in all.iter_mut().zip(&truth).skip(2) {
        *record = chain.append(original.event.clone());
    }
    let forged_head = verify(bytes(&all)).expect("a chain of its own");
    let anchors = [truth[0].head, truth[2].head];
    let anchored = |records: &[Record]| verify_anchored(Head::default(), bytes(records), &anchors);
    assert_eq!(anchored(&truth), Ok(truth[3].head));
    assert_ne!(forged_head, truth[3].head);
    let anchor = Broken {
        sequence: 3,
        why: Why::Anchor,
    };
    assert_eq!(anchored(&all), Err(anchor));
}

#[test]
fn a_shortened_chain_is_found_by_an_anchor() {
    let truth = many(4);
    let anchor = [truth[3].head];
    let missing = Broken {
        sequence: 3,
        why: Why::Missing,
    };
    assert!(verify(bytes(&truth[..2])).is_ok());
    assert_eq!(
        verify_anchored(Head::default(), bytes(&truth[..2]), &anchor),
        Err(missing)
    );
    assert_eq!(
        verify_anchored(truth[1].head, bytes(&truth[2..]), &anchor),
        Ok(truth[3].head)
    );
    let none: [&[u8]; 0] = [];
    assert_eq!(
        verify_anchored(truth[3].head, none, &anchor),
        Ok(truth[3].head)
    );
    let other = Head {
        sequence: 4,
        hash: [1; 32],
    };
    for anchors in [[truth[3].head, other], [other, truth[3].head]] {
        assert!(Verifier::new(Head::default(), &anchors).is_err());
    }
    assert!(Verifier::new(truth[3].head, &[other]).is_err());
}

#[test]
fn a_chain_goes_on_where_it_stopped() {
    let whole = many(6);
    let mut chain = Chain::resume(whole[2].head);
    let rest: Vec<_> = whole[3..]
        .iter()
        .map(|record| chain.append(record.event.clone()))
        .collect();
    assert_eq!(rest, whole[3..]);
    assert_eq!(chain.head(), whole[5].head);
    let none: [&[u8]; 0] = [];
    assert_eq!(verify(none), Ok(Head::default()));
}

#[test]
fn an_event_of_any_size_becomes_a_record_within_bounds() {
    let mut event = Event::new(Timestamp::MAX, Code::EnrollRefused)
        .with_device("d".repeat(10_000))
        .with_source("s".repeat(10_000))
        .with_reason("r".repeat(10_000));
    for number in 0..1_000 {
        event.detail.insert(
            format!("{number:04}{}", "k".repeat(1_000)),
            "v".repeat(10_000),
        );
    }
    let record = Chain::new().append(event);
    assert!(
        record.bytes.len() <= MAX_RECORD_BYTES,
        "{}",
        record.bytes.len()
    );
    assert!(verify([record.bytes]).is_ok());
    let first = Chain::new().append(Event::new(Timestamp::MIN, Code::EnrollRefused));
    assert_eq!(first.event.at, Timestamp::MIN);
    assert!(verify([first.bytes]).is_ok());
    let long = vec![0; MAX_RECORD_BYTES + 1];
    assert_eq!(
        chain::read(&long),
        Err(Why::Malformed(RecordError::TooLong))
    );
}

fn timestamps() -> impl Strategy<Value = Timestamp> {
    let nanoseconds = Timestamp::MIN.as_nanosecond()..=Timestamp::MAX.as_nanosecond();
    nanoseconds.prop_map(|time| Timestamp::from_nanosecond(time).expect("in range"))
}

fn events() -> impl Strategy<Value = Event> {
    let text = || proptest::option::of(".{0,80}");
    (
        proptest::sample::select(Code::ALL),
        0_u8..8,
        (text(), text(), text()),
        proptest::collection::btree_map(".{0,70}", ".{0,600}", 0..20),
        any::<u32>(),
        (timestamps(), timestamps(), timestamps()),
    )
        .prop_map(|(code, severity, texts, detail, count, times)| Event {
            sequence: 0,
            at: times.0,
            code,
            severity: Severity::from_number(severity).expect("0 to 7"),
            device: texts.0,
            source: texts.1,
            reason: texts.2,
            detail,
            count,
            first_at: times.1,
            last_at: times.2,
        })
}

proptest! {
    #[test]
    fn a_record_reads_back(list in proptest::collection::vec(events(), 0..6)) {
        let made = records(list.clone());
        for (record, event) in made.iter().zip(&list) {
            prop_assert_eq!(chain::read(&record.bytes), Ok(record.clone()));
            prop_assert_eq!(record.event.count, event.count.max(1));
            prop_assert_eq!(record.event.at.as_microsecond(), event.at.as_microsecond());
        }
        let head = made.last().map_or(Head::default(), |record| record.head);
        prop_assert_eq!(verify(bytes(&made)), Ok(head));
    }

    #[test]
    fn a_changed_byte_is_found_where_it_is(
        list in proptest::collection::vec(events(), 1..5),
        which: proptest::sample::Index,
        place: proptest::sample::Index,
        difference in 1_u8..,
    ) {
        let mut changed = bytes(&records(list));
        let index = which.index(changed.len());
        let place = place.index(changed[index].len());
        changed[index][place] ^= difference;
        let broken = verify(&changed).expect_err("a byte was changed");
        prop_assert_eq!(broken.sequence, index as u64 + 1);
    }

    #[test]
    fn reading_never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(chain::read(&noise).is_err());
    }

    /// Noise behind a true digest reaches the event's own decoder.
    #[test]
    fn a_noisy_event_never_panics(
        place: proptest::sample::Index,
        noise in proptest::collection::vec(any::<u8>(), 0..4),
    ) {
        use sha2::{Digest, Sha256};
        let record = &vector()[1];
        // [previous, event, digest]: 3 + 32 bytes, a 2-byte head of the event, and 34 bytes at the end.
        let (front, rest) = record.split_at(37);
        let mut body = rest[..rest.len() - 34].to_vec();
        let at = place.index(body.len() - noise.len());
        body[at..at + noise.len()].copy_from_slice(&noise);
        let mut hash = Sha256::new();
        hash.update(b"sekimori event record v1\0");
        hash.update(&front[3..35]);
        hash.update(&body);
        let forged = [front, &body, &[0x58, 32], &hash.finalize()].concat();
        match chain::read(&forged) {
            Ok(read) => prop_assert_eq!(read.bytes, forged),
            Err(why) => prop_assert!(matches!(why, Why::Malformed(_)), "{:?}", why),
        }
    }
}

#[test]
fn details_keep_their_names() {
    let detail: BTreeMap<_, _> = [("bb", "1"), ("a", "2"), ("é", "3"), ("ab", "4")]
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .into();
    let mut event = Event::new(at(0), Code::PolicyApplied);
    event.detail.clone_from(&detail);
    let record = Chain::new().append(event);
    assert_eq!(
        chain::read(&record.bytes).expect("reads").event.detail,
        detail
    );
}
