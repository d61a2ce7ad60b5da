//! The witness: each status, and requests that other programs made.

use proptest::prelude::*;
use sekimori_ledger::Hash;
use sekimori_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sekimori_ledger::note::{NoteError, NoteSignature, NoteSigner, SignatureType, VerifierKey};
use sekimori_ledger::tree::{consistency_proof, empty_root, leaf_hash, root};
use sekimori_ledger::witness::{
    AddCheckpoint, MAX_HASHES, MAX_REQUEST_BYTES, Witness, WitnessRefusal, parse_stored_size,
};

use crate::world::{Log, ORIGIN, bit_flips, log_key, trust, witness_key};

fn witness() -> Witness {
    Witness {
        cosigner: witness_key(1),
        logs: vec![log_key().verifier_key().clone()],
    }
}

/// A request from `old` to the log's present size, as the log would make it.
fn request(log: &Log, old: u64) -> AddCheckpoint {
    let size = log.frontier.size();
    AddCheckpoint {
        old_size: old,
        proof: consistency_proof(&log.nodes, old, size).expect("the nodes are there"),
        checkpoint: log
            .checkpoint()
            .sign(&log_key())
            .expect("a valid checkpoint"),
    }
}

#[test]
fn a_growing_log_is_cosigned_from_each_size_to_each() {
    let log = Log::of_size(20);
    for new in 0..=20 {
        let now = Log::of_size(new);
        for old in 0..=new {
            let stored = (old > 0).then(|| (old, root(&log.nodes, old).unwrap()));
            let body = request(&now, old).encode();
            let read = AddCheckpoint::parse(body.as_bytes()).unwrap();
            assert_eq!(read.encode(), body);
            assert_eq!(read.origin(), ORIGIN);
            let cosigned = witness().evaluate(stored.as_ref(), &read, 1_234).unwrap();
            assert_eq!((cosigned.size, cosigned.root), (new, now.frontier.root()));

            let mut signed = read.checkpoint.clone();
            assert_eq!(
                signed.accept_cosignatures(&cosigned.line, &trust(1).witnesses),
                1
            );
            let believed = trust(1).verify_checkpoint(&signed.to_string()).unwrap();
            assert_eq!(believed.time, Some(1_234));
        }
    }
}

#[test]
fn each_refusal_has_its_status() {
    let log = Log::of_size(9);
    let five = (5, root(&log.nodes, 5).unwrap());
    let good = request(&log, 5);
    let decide = |stored: Option<&(u64, Hash)>, request: &AddCheckpoint| {
        witness().evaluate(stored, request, 1).expect_err("refused")
    };
    let with_checkpoint = |checkpoint: SignedCheckpoint| AddCheckpoint {
        checkpoint,
        ..good.clone()
    };

    let mut unknown = log.checkpoint();
    unknown.origin = "other.example/log".to_owned();
    let unknown = with_checkpoint(unknown.sign(&log_key()).unwrap());
    let impostor = NoteSigner::from_seed(ORIGIN, &[9; 32]).unwrap();
    let unsigned = with_checkpoint(log.checkpoint().sign(&impostor).unwrap());
    let mut wrong_text = log.checkpoint().sign(&impostor).unwrap();
    wrong_text.append(log_key().sign("another text\n"));
    let wrong_text = with_checkpoint(wrong_text);

    let reversed = AddCheckpoint {
        old_size: 10,
        ..good.clone()
    };
    let behind = AddCheckpoint {
        old_size: 4,
        ..good.clone()
    };
    let no_proof = AddCheckpoint {
        proof: vec![],
        ..good.clone()
    };
    let mut bent = good.clone();
    bent.proof[0].0[0] ^= 1;
    let rewritten = Log::with_entries((0..9_u8).map(|byte| vec![byte]));
    let rewritten = AddCheckpoint {
        proof: consistency_proof(&rewritten.nodes, 5, 9).unwrap(),
        ..with_checkpoint(rewritten.checkpoint().sign(&log_key()).unwrap())
    };
    let same_size = request(&log, 9);
    let other_nine = (9, leaf_hash(b"another tree"));
    let padded = AddCheckpoint {
        proof: vec![five.1],
        ..same_size.clone()
    };
    let from_nothing = AddCheckpoint {
        old_size: 0,
        ..good.clone()
    };

    let table = [
        (
            "unknown log",
            decide(Some(&five), &unknown),
            WitnessRefusal::UnknownLog,
            404,
        ),
        (
            "not signed",
            decide(Some(&five), &unsigned),
            WitnessRefusal::NotSignedByLog(NoteError::NotSigned),
            403,
        ),
        (
            "wrongly signed",
            decide(Some(&five), &wrong_text),
            WitnessRefusal::NotSignedByLog(NoteError::BadSignature { line: 6 }),
            403,
        ),
        (
            "old > new",
            decide(Some(&five), &reversed),
            WitnessRefusal::SizesReversed,
            400,
        ),
        (
            "behind",
            decide(Some(&five), &behind),
            WitnessRefusal::OtherSize { stored: 5 },
            409,
        ),
        (
            "first time",
            decide(None, &good),
            WitnessRefusal::OtherSize { stored: 0 },
            409,
        ),
        (
            "no proof",
            decide(Some(&five), &no_proof),
            WitnessRefusal::NotConsistent,
            422,
        ),
        (
            "bent proof",
            decide(Some(&five), &bent),
            WitnessRefusal::NotConsistent,
            422,
        ),
        (
            "rewritten",
            decide(Some(&five), &rewritten),
            WitnessRefusal::NotConsistent,
            422,
        ),
        (
            "split view",
            decide(Some(&other_nine), &same_size),
            WitnessRefusal::SplitView { stored: 9 },
            409,
        ),
        (
            "padded",
            decide(Some(&(9, log.frontier.root())), &padded),
            WitnessRefusal::NotConsistent,
            422,
        ),
        (
            "proof from nothing",
            decide(None, &from_nothing),
            WitnessRefusal::NotConsistent,
            422,
        ),
    ];
    for (name, found, expected, status) in table {
        assert_eq!(found, expected, "{name}");
        assert_eq!(found.status(), status, "{name}");
        assert_eq!(found.stored_size().is_some(), status == 409, "{name}");
    }
    assert!(witness().evaluate(Some(&five), &good, 1).is_ok());
}

#[test]
fn an_empty_tree_has_one_root_only() {
    let lying = Checkpoint::new(ORIGIN, 0, leaf_hash(b""))
        .sign(&log_key())
        .unwrap();
    let request = AddCheckpoint {
        old_size: 0,
        proof: vec![],
        checkpoint: lying,
    };
    let refusal = witness().evaluate(None, &request, 1);
    assert_eq!(refusal, Err(WitnessRefusal::SplitView { stored: 0 }));
    let honest = Checkpoint::new(ORIGIN, 0, empty_root())
        .sign(&log_key())
        .unwrap();
    let request = AddCheckpoint {
        checkpoint: honest,
        ..request
    };
    assert!(witness().evaluate(None, &request, 1).is_ok());
}

#[test]
fn a_log_may_change_its_key_while_both_are_trusted() {
    let next = NoteSigner::from_seed(ORIGIN, &[2; 32]).unwrap();
    let log = Log::of_size(3);
    let mut witness = witness();
    let only_next = AddCheckpoint {
        checkpoint: log.checkpoint().sign(&next).unwrap(),
        ..request(&log, 0)
    };
    assert!(witness.evaluate(None, &only_next, 1).is_err());
    witness.logs.push(next.verifier_key().clone());
    assert!(witness.evaluate(None, &only_next, 1).is_ok());
}

/// A sequence as the sigsum witness of another project is tested with: leaf and node hashes are
/// patterns, roots and signatures are real. Source: FiloSottile/litetlog,
/// cmd/litewitness/testdata/litewitness.txt (ISC, Copyright 2023 The Torchwood Authors).
#[test]
fn requests_of_the_litewitness_tests_get_the_same_answers() {
    let origin =
        "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562";
    let key = "ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f";
    let key = hex::decode(key).unwrap().try_into().unwrap();
    let key = VerifierKey::new(origin, SignatureType::Ed25519, key).unwrap();
    let hash = |text: &str| {
        Hash(
            hex::decode(format!("{text:0<64}"))
                .unwrap()
                .try_into()
                .unwrap(),
        )
    };
    let request = |size, root: &str, signature: &str, old_size, proof: &[&str]| {
        let text = Checkpoint::new(origin, size, hash(root)).encode();
        let line = NoteSignature {
            name: origin.to_owned(),
            key_id: key.key_id(),
            bytes: hex::decode(signature).unwrap(),
        };
        let mut body = format!("old {old_size}\n");
        for node in proof {
            body.push_str(&hash(node).to_base64());
            body.push('\n');
        }
        body.push_str(&format!("\n{text}\n{line}\n"));
        AddCheckpoint::parse(body.as_bytes()).unwrap()
    };
    let one = "b7cf653aa9c565a1ca359db81bd3bc656ab2890c6ea4c0aec42295e80aa05049423505026434f987923ccdf07d440c152cd59e736e5914d8ada8d7a4d51b2106";
    let three = "655bb4871d15bc05032d67eece88900c4863a27f190393b99176391577f5def971b023d9a418c3226b7b7ea47b33686d9b3849451dadc6b07c007c595af1ea0a";
    let three_bent = "655bb4871d15bc05032d67eece88900c4863a27f190393b99176391577f5def971b023d9a418c3226b7b7ea47b33686d9b3849451dadc6b07c007c595af1ea0b";
    let five = "0fc43899968b48b5150b0e8fe7ad07b17c21c7056a6fe381deb0cd19ece103d59b2119b5dbe5d54d8a1262ce67f01245c5898b4b56f747495804a17a2eec0f0c";
    let root3 = "45c088d4d939e9971298811f227d1295eaad57bbafae55cd71c171e7de48c25d";
    let root5 = "42bb57ad06420afa4882c4a63ac6a1ec77480b330b2f20dfc53a0caa5f564e36";
    let node01 = "f9f50357e93def4078237b8aaea24ce1a3f5965a0f64ff26bebd99e30470d8b2";
    let node_left = "c2088815d65f60dbfa594d4e96504ab169cb6084bf0c132ab7c521fd2e0eba41";
    let bent = "2a02000000000000000000000000000000000000000000000000000000000001";
    let steps = [
        (request(1, "2a", one, 0, &[]), 200),
        (request(3, root3, three_bent, 1, &["2a01", "2a02"]), 403),
        (request(3, root3, three, 1, &[]), 422),
        (request(3, root3, three, 1, &["2a01", bent]), 422),
        (request(3, root3, three, 1, &["2a01", "2a02"]), 200),
        (request(5, root5, five, 1, &["2a01", node01, "2a04"]), 409),
        (
            request(5, root5, five, 3, &["2a02", "2a03", node_left, "2a04"]),
            200,
        ),
    ];
    let witness = Witness {
        cosigner: witness_key(1),
        logs: vec![key.clone()],
    };
    let mut stored = None;
    for (number, (request, expected)) in steps.iter().enumerate() {
        let status = match witness.evaluate(stored.as_ref(), request, 1) {
            Ok(cosigned) => {
                stored = Some((cosigned.size, cosigned.root));
                200
            }
            Err(refusal) => refusal.status(),
        };
        assert_eq!(status, *expected, "step {number}");
    }
    assert_eq!(stored.map(|(size, _)| size), Some(5));
}

/// The example of C2SP tlog-witness, whose keys are not published.
#[test]
fn the_request_of_the_specification_is_read() {
    let body = "old 20852014\n\
        PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
        5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
        /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
        \n\
        example.com/behind-the-sofa\n\
        20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
        \n\
        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        — example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";
    let request = AddCheckpoint::parse(body.as_bytes()).unwrap();
    assert_eq!((request.old_size, request.proof.len()), (20_852_014, 4));
    assert_eq!(request.checkpoint.note().signatures().len(), 2);
    assert_eq!(request.encode(), body);
}

#[test]
fn malformed_requests_are_refused_with_their_line() {
    let good = request(&Log::of_size(3), 0).encode();
    let tail = &good["old 0\n\n".len()..];
    let hash = leaf_hash(b"").to_base64();
    let table = [
        (String::new(), 1),
        ("old 0".to_owned(), 1),
        ("new 0\n\n".to_owned(), 1),
        (format!("old 00\n\n{tail}"), 1),
        (format!("old -1\n\n{tail}"), 1),
        (format!("old  0\n\n{tail}"), 1),
        (format!("old 0\n{tail}"), 2),
        (format!("old 0\n{hash}\nnoise\n\n{tail}"), 3),
        (
            format!(
                "old 0\n{}\n{tail}",
                format!("{hash}\n").repeat(MAX_HASHES + 1)
            ),
            65,
        ),
        ("old 0\n\n".to_owned(), 3),
        ("old 0\n\nnot a checkpoint\n".to_owned(), 3),
    ];
    for (body, line) in table {
        let refusal = AddCheckpoint::parse(body.as_bytes()).expect_err("refused");
        assert_eq!(refusal, WitnessRefusal::Malformed { line }, "{body:?}");
        assert_eq!(refusal.status(), 400);
    }
    assert!(AddCheckpoint::parse(&[0xff, b'\n']).is_err());
    let huge = vec![b'a'; MAX_REQUEST_BYTES + 1];
    assert_eq!(AddCheckpoint::parse(&huge), Err(WitnessRefusal::TooLong));
    for (body, size) in [
        ("5\n", Some(5)),
        ("0", Some(0)),
        ("05\n", None),
        ("5\n\n", None),
        ("", None),
    ] {
        assert_eq!(parse_stored_size(body), size, "{body:?}");
    }
}

#[test]
fn no_changed_bit_of_a_request_is_cosigned() {
    let log = Log::of_size(7);
    let stored = (3, root(&log.nodes, 3).unwrap());
    let body = request(&log, 3).encode();
    for (position, changed) in bit_flips(body.as_bytes()) {
        let cosigned = AddCheckpoint::parse(&changed)
            .and_then(|request| witness().evaluate(Some(&stored), &request, 1));
        assert!(cosigned.is_err(), "byte {position}");
    }
}

proptest! {
    #[test]
    fn arbitrary_requests_do_not_panic(body in prop::collection::vec(any::<u8>(), 0..300), text in "(old [0-9]{1,20}\n)?(\\PC|\n|— ){0,100}") {
        for body in [body.as_slice(), text.as_bytes()] {
            if let Ok(request) = AddCheckpoint::parse(body) {
                let written = request.encode();
                prop_assert_eq!(written.as_bytes(), body);
                prop_assert!(witness().evaluate(None, &request, 1).is_err());
            }
        }
    }
}
