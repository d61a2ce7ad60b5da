//! Proofs, and whom they convince.

use proptest::prelude::*;
use sekimori_ledger::Hash;
use sekimori_ledger::checkpoint::Checkpoint;
use sekimori_ledger::note::{NoteError, NoteSigner};
use sekimori_ledger::proof::{MAX_HASHES, ProofError, TlogProof};
use sekimori_ledger::tree::MerkleError;
use sekimori_ledger::trust::Recorded;

use crate::world::{Log, ORIGIN, bit_flips, log_key, trust, witness_key};

fn proof_of(log: &Log, index: u64) -> TlogProof {
    TlogProof::build(
        &log.nodes,
        index,
        log.frontier.size(),
        log.signed().to_string(),
    )
    .expect("the nodes are there")
}

#[test]
fn every_entry_is_proven_to_every_reader() {
    let log = Log::of_size(37);
    for index in 0..37 {
        let text = proof_of(&log, index).encode();
        let proof = TlogProof::parse(&text).unwrap();
        assert_eq!(proof, proof_of(&log, index));
        let entry = &log.entries[index as usize];
        for (threshold, time) in [(0, 1_700_000_060), (1, 1_700_000_060), (2, 1_700_000_000)] {
            let recorded = trust(threshold).verify(entry, &proof);
            assert_eq!(
                recorded,
                Ok(Recorded {
                    index,
                    size: 37,
                    time: Some(time)
                })
            );
        }
        assert_eq!(
            trust(2).verify(b"another entry", &proof),
            Err(ProofError::Inclusion(MerkleError::RootMismatch))
        );
        assert_eq!(
            trust(3).verify(entry, &proof),
            Err(ProofError::Cosignatures {
                found: 2,
                required: 3
            })
        );
    }
}

#[test]
fn no_changed_bit_of_a_proof_is_believed() {
    let log = Log::of_size(6);
    let text = proof_of(&log, 2).encode();
    let believed = |text: &str, entry: &[u8]| {
        TlogProof::parse(text).and_then(|proof| trust(2).verify(entry, &proof))
    };
    assert!(believed(&text, b"entry 2").is_ok());
    for (position, changed) in bit_flips(text.as_bytes()) {
        let Ok(changed) = String::from_utf8(changed) else {
            continue;
        };
        assert!(
            believed(&changed, b"entry 2").is_err(),
            "byte {position}:\n{changed}"
        );
    }
    for (_, changed) in bit_flips(b"entry 2") {
        assert!(believed(&text, &changed).is_err());
    }
    for length in 0..text.len() {
        if let Some(cut) = text.get(..length) {
            assert!(believed(cut, b"entry 2").is_err(), "cut to {length}");
        }
    }
}

#[test]
fn each_way_not_to_be_believed_has_its_name() {
    let log = Log::of_size(5);
    let signed = log.signed();
    let with = |checkpoint: String| TlogProof {
        checkpoint,
        ..proof_of(&log, 1)
    };
    let entry = b"entry 1";

    let mut other = log.checkpoint();
    other.origin = "ledger.example/other".to_owned();
    let other = other.sign(&log_key()).unwrap();
    assert_eq!(
        trust(0).verify(entry, &with(other.to_string())),
        Err(ProofError::OtherLog)
    );

    let impostor = NoteSigner::from_seed(ORIGIN, &[9; 32]).unwrap();
    let forged = log.checkpoint().sign(&impostor).unwrap();
    assert_eq!(
        trust(0).verify(entry, &with(forged.to_string())),
        Err(ProofError::Log(NoteError::NotSigned))
    );

    let alone = log.checkpoint().sign(&log_key()).unwrap();
    assert_eq!(
        trust(1).verify(entry, &with(alone.to_string())),
        Err(ProofError::Cosignatures {
            found: 0,
            required: 1
        })
    );
    let recorded = trust(0).verify(entry, &with(alone.to_string())).unwrap();
    assert_eq!(recorded.time, None, "nobody but the log vouches for a time");

    let mut broken = alone.clone();
    let mut line = witness_key(1).cosign(alone.note().text(), 10);
    *line.bytes.last_mut().unwrap() ^= 1;
    broken.append(line);
    assert_eq!(
        trust(0).verify(entry, &with(broken.to_string())),
        Err(ProofError::Cosignature(NoteError::BadSignature { line: 6 }))
    );

    let mut shifted = proof_of(&log, 1);
    shifted.index = 7;
    assert_eq!(
        trust(2).verify(entry, &shifted),
        Err(ProofError::Inclusion(MerkleError::IndexOutside {
            index: 7,
            size: 5
        }))
    );
    assert!(matches!(
        trust(0).verify(entry, &with(signed.checkpoint().encode())),
        Err(ProofError::Checkpoint(_))
    ));
}

#[test]
fn one_witness_under_two_names_counts_once_and_a_log_key_is_no_witness() {
    let log = Log::of_size(3);
    let mut signed = log.checkpoint().sign(&log_key()).unwrap();
    let seed = [0x11; 32];
    let alias =
        sekimori_ledger::note::CosignerKey::from_seed("witness.example/alias", &seed).unwrap();
    signed.append(witness_key(1).cosign(signed.note().text(), 50));
    signed.append(alias.cosign(signed.note().text(), 90));
    let mut trust = trust(2);
    trust.witnesses = vec![
        witness_key(1).verifier_key().clone(),
        alias.verifier_key().clone(),
        trust.log.clone(),
    ];
    assert_eq!(
        trust.verify_checkpoint(&signed.to_string()),
        Err(ProofError::Cosignatures {
            found: 1,
            required: 2
        })
    );
    trust.threshold = 1;
    let believed = trust.verify_checkpoint(&signed.to_string()).unwrap();
    assert_eq!((believed.witnesses, believed.time), (1, Some(90)));
}

#[test]
fn one_lying_witness_does_not_move_the_clock_of_a_careful_reader() {
    let log = Log::of_size(3);
    let mut signed = log.checkpoint().sign(&log_key()).unwrap();
    signed.append(witness_key(1).cosign(signed.note().text(), u64::MAX >> 1));
    signed.append(witness_key(2).cosign(signed.note().text(), 1_000));
    let time = |threshold| {
        trust(threshold)
            .verify_checkpoint(&signed.to_string())
            .unwrap()
            .time
    };
    assert_eq!(time(2), Some(1_000));
    assert_eq!(
        time(1),
        Some(u64::MAX >> 1),
        "whoever trusts one witness trusts its clock"
    );
}

/// The goal: at most 1,000 bytes of hashes and signatures for one of a million entries with three
/// cosignatures. The text form adds base64 and names, and is measured for what it is.
#[test]
fn a_proof_among_a_million_entries_stays_small() {
    let hashes = vec![Hash([7; 32]); 20];
    let checkpoint = Checkpoint::new(ORIGIN, 1_000_000, Hash([7; 32]));
    let mut signed = checkpoint.sign(&log_key()).unwrap();
    for number in 1..=3 {
        signed.append(witness_key(number).cosign(signed.note().text(), 1_700_000_000));
    }
    let signatures = signed.note().signatures();
    let raw = 20 * 32
        + signatures
            .iter()
            .map(|line| line.bytes.len() + 4)
            .sum::<usize>();
    assert!(raw <= 1_000, "{raw} bytes of hashes and signatures");
    let proof = TlogProof {
        index: 999_999,
        hashes,
        checkpoint: signed.to_string(),
    };
    let text = proof.encode().len();
    assert!(text <= 1_650, "{text} bytes of text");
}

#[test]
fn malformed_proofs_are_refused_with_their_line() {
    let hash = Hash([7; 32]).to_base64();
    let head = "c2sp.org/tlog-proof@v1\n";
    let table = [
        (String::new(), 1),
        ("c2sp.org/tlog-proof@v2\nindex 0\n\nx".to_owned(), 1),
        (head.to_owned(), 2),
        (format!("{head}index 00\n\nx"), 2),
        (format!("{head}index -1\n\nx"), 2),
        (format!("{head}index 9223372036854775808\n\nx"), 2),
        (format!("{head}extra ***\nindex 0\n\nx"), 2),
        (format!("{head}extra AAAA\nextra AAAA\nindex 0\n\nx"), 3),
        (format!("{head}index 0\n"), 3),
        (format!("{head}index 0\n{hash}\nnoise\n\nx"), 4),
        (
            format!(
                "{head}index 0\n{}\nx",
                format!("{hash}\n").repeat(MAX_HASHES + 1)
            ),
            66,
        ),
        (format!("{head}index 0\n\n"), 4),
    ];
    for (text, line) in table {
        assert_eq!(
            TlogProof::parse(&text),
            Err(ProofError::Line(line)),
            "{text:?}"
        );
    }
    assert_eq!(
        TlogProof::parse(&"a".repeat(1 << 20)),
        Err(ProofError::TooLong)
    );
    let proof = TlogProof::parse(&format!("{head}extra AAAA\nindex 5\n{hash}\n\nx\n")).unwrap();
    assert_eq!(
        (proof.index, proof.hashes.len(), proof.checkpoint.as_str()),
        (5, 1, "x\n")
    );
}

proptest! {
    #[test]
    fn proofs_read_back(
        index in 0..=u64::MAX >> 1,
        hashes in prop::collection::vec(any::<[u8; 32]>(), 0..=MAX_HASHES),
        checkpoint in "\\PC{1,40}\n{0,3}\\PC{0,40}",
    ) {
        let hashes = hashes.into_iter().map(Hash).collect();
        let proof = TlogProof { index, hashes, checkpoint };
        prop_assert_eq!(TlogProof::parse(&proof.encode()), Ok(proof));
    }

    #[test]
    fn arbitrary_proofs_do_not_panic(text in "(c2sp.org/tlog-proof@v1\n)?(index |extra |\\PC|\n){0,100}") {
        if let Ok(proof) = TlogProof::parse(&text) {
            prop_assert!(trust(0).verify(b"entry", &proof).is_err());
        }
    }
}
