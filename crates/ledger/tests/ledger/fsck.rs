//! Whatever is changed in a ledger, its place is named.

use proptest::prelude::*;
use sekimori_ledger::fsck::{Divergence, Fault, Place, Report, check};
use sekimori_ledger::note::NoteSigner;
use sekimori_ledger::tree::leaf_hash;

use crate::world::{Log, Memory, ORIGIN, bit_flips, log_key, trust, witness_key};

fn run(entries: &[Vec<u8>], nodes: &Memory, checkpoint: &[u8]) -> Result<Report, Divergence> {
    let entries = entries.iter().map(Ok::<_, String>);
    check(entries, nodes, checkpoint, &trust(2))
}

fn place(result: Result<Report, Divergence>) -> Option<Place> {
    result.err().map(|divergence| divergence.place)
}

#[test]
fn a_sound_ledger_is_derived_again() {
    for size in [0, 1, 2, 3, 7, 8, 100, 257] {
        let log = Log::of_size(size);
        let report = run(
            &log.entries,
            &log.nodes,
            log.signed().to_string().as_bytes(),
        )
        .unwrap();
        assert_eq!((report.size, report.root), (size, log.frontier.root()));
        assert_eq!(report.nodes, log.nodes.0.len() as u64);
        assert_eq!((report.witnesses, report.pending), (2, 0));
        assert_eq!(report.time, Some(1_700_000_000));
    }
}

#[test]
fn a_changed_bit_of_any_entry_is_named() {
    let log = Log::of_size(21);
    let checkpoint = log.signed().to_string();
    for index in 0..21_usize {
        for (_, changed) in bit_flips(&log.entries[index]) {
            let mut entries = log.entries.clone();
            entries[index] = changed;
            let found = run(&entries, &log.nodes, checkpoint.as_bytes());
            let place = Place::Entry(index as u64);
            assert_eq!(
                found,
                Err(Divergence {
                    place,
                    fault: Fault::Changed
                })
            );
        }
    }
}

#[test]
fn a_changed_or_missing_node_is_named() {
    let log = Log::of_size(21);
    let checkpoint = log.signed().to_string();
    for (level, index) in log.nodes.0.keys().copied() {
        let place = Place::Node { level, index };
        for byte in 0..32 {
            let mut nodes = log.nodes.clone();
            nodes.0.get_mut(&(level, index)).unwrap().0[byte] ^= 0x80;
            let found = run(&log.entries, &nodes, checkpoint.as_bytes());
            assert_eq!(
                found,
                Err(Divergence {
                    place,
                    fault: Fault::Changed
                })
            );
        }
        let mut nodes = log.nodes.clone();
        nodes.0.remove(&(level, index));
        let found = run(&log.entries, &nodes, checkpoint.as_bytes());
        let fault = Fault::Unreadable(format!("no node {level}/{index}"));
        assert_eq!(found, Err(Divergence { place, fault }));
    }
}

#[test]
fn a_changed_bit_of_the_checkpoint_is_named_by_its_line() {
    // Once exactly at the signed size, once with entries that wait for the next checkpoint.
    for later in [0, 3] {
        let mut log = Log::of_size(12);
        let checkpoint = log.signed().to_string().into_bytes();
        for number in 0..later {
            log.push(vec![number]);
        }
        assert_eq!(
            run(&log.entries, &log.nodes, &checkpoint).unwrap().pending,
            u64::from(later)
        );
        for (position, changed) in bit_flips(&checkpoint) {
            let line = checkpoint[..position]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            let found = place(run(&log.entries, &log.nodes, &changed));
            assert_eq!(
                found,
                Some(Place::Checkpoint { line }),
                "byte {position} with {later} later:\n{}",
                String::from_utf8_lossy(&changed)
            );
        }
    }
}

#[test]
fn lost_and_unreadable_entries_are_named() {
    let log = Log::of_size(12);
    let checkpoint = log.signed().to_string();
    let found = run(&log.entries[..9], &log.nodes, checkpoint.as_bytes());
    let place = Place::Entry(9);
    assert_eq!(
        found,
        Err(Divergence {
            place,
            fault: Fault::Missing
        })
    );

    let torn = log.entries.iter().enumerate().map(|(index, entry)| {
        if index == 4 {
            Err("torn page")
        } else {
            Ok(entry)
        }
    });
    let found = check(torn, &log.nodes, checkpoint.as_bytes(), &trust(2));
    let fault = Fault::Unreadable("torn page".to_owned());
    assert_eq!(
        found,
        Err(Divergence {
            place: Place::Entry(4),
            fault
        })
    );

    let mut swapped = log.entries.clone();
    swapped.swap(3, 8);
    let found = run(&swapped, &log.nodes, checkpoint.as_bytes());
    assert_eq!(
        found,
        Err(Divergence {
            place: Place::Entry(3),
            fault: Fault::Changed
        })
    );
}

#[test]
fn a_history_rewritten_as_a_whole_is_called_so() {
    let log = Log::of_size(12);
    let mut entries = log.entries.clone();
    entries[5] = b"never happened".to_vec();
    let rewritten = Log::with_entries(entries);
    let found = run(
        &rewritten.entries,
        &rewritten.nodes,
        log.signed().to_string().as_bytes(),
    );
    let place = Place::Checkpoint { line: 3 };
    assert_eq!(
        found,
        Err(Divergence {
            place,
            fault: Fault::Rewritten
        })
    );

    // Entry and leaf changed together: the first node that no longer fits is named.
    let mut half = log.clone();
    half.entries[5] = b"never happened".to_vec();
    half.nodes.0.insert((0, 5), leaf_hash(b"never happened"));
    let found = run(
        &half.entries,
        &half.nodes,
        log.signed().to_string().as_bytes(),
    );
    let place = Place::Node { level: 1, index: 2 };
    assert_eq!(
        found,
        Err(Divergence {
            place,
            fault: Fault::Changed
        })
    );
}

#[test]
fn missing_signatures_are_named() {
    let log = Log::of_size(4);
    let impostor = NoteSigner::from_seed(ORIGIN, &[9; 32]).unwrap();
    let forged = log.checkpoint().sign(&impostor).unwrap();
    let not_signed = Fault::NotSigned {
        name: Some(ORIGIN.to_owned()),
    };
    let found = run(&log.entries, &log.nodes, forged.to_string().as_bytes());
    let place = Place::Checkpoint { line: 5 };
    assert_eq!(
        found,
        Err(Divergence {
            place,
            fault: not_signed
        })
    );

    let mut alone = log.checkpoint().sign(&log_key()).unwrap();
    alone.append(witness_key(1).cosign(alone.note().text(), 1));
    let found = run(&log.entries, &log.nodes, alone.to_string().as_bytes());
    let place = Place::Checkpoint { line: 7 };
    assert_eq!(
        found,
        Err(Divergence {
            place,
            fault: Fault::NotSigned { name: None }
        })
    );

    let mut broken = alone.clone();
    let mut line = witness_key(2).cosign(alone.note().text(), 1);
    line.bytes[30] ^= 1;
    broken.append(line);
    let found = run(&log.entries, &log.nodes, broken.to_string().as_bytes());
    assert_eq!(
        found,
        Err(Divergence {
            place,
            fault: Fault::BadSignature
        })
    );
}

#[test]
fn places_read_like_sentences() {
    let say = |place, fault| Divergence { place, fault }.to_string();
    assert_eq!(
        say(Place::Entry(3), Fault::Changed),
        "entry 3 is not what was signed"
    );
    assert_eq!(
        say(Place::Node { level: 2, index: 1 }, Fault::Changed),
        "node 1 of level 2 is not what was signed"
    );
    assert_eq!(
        say(Place::Checkpoint { line: 6 }, Fault::BadSignature),
        "checkpoint line 6 holds a signature that does not verify"
    );
}

proptest! {
    #[test]
    fn arbitrary_checkpoints_do_not_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..200), text in "(\\PC|\n|— ){0,100}",
        keep in 0_usize..400,
    ) {
        let log = Log::of_size(5);
        let real = log.signed().to_string().into_bytes();
        let keep = keep.min(real.len());
        let spliced = [&real[..keep], &bytes].concat();
        for checkpoint in [bytes.as_slice(), text.as_bytes(), &spliced] {
            if checkpoint != real {
                prop_assert!(run(&log.entries, &log.nodes, checkpoint).is_err());
            }
        }
    }
}
