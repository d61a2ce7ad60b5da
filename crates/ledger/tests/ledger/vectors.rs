//! The vectors beside the format documents: read, derived again, and byte for byte the same.
//!
//! With `SEKIMORI_WRITE_VECTORS` set they are written instead; a change of a published byte is a
//! new version of the format.

use std::path::PathBuf;

use sekimori_ledger::checkpoint::SignedCheckpoint;
use sekimori_ledger::envelope::{Ed25519Signer, P256Signer, Signer, open, seal};
use sekimori_ledger::note::VerifierKey;
use sekimori_ledger::proof::TlogProof;
use sekimori_ledger::tile::{TilePath, encode_bundle};
use sekimori_ledger::tree::{consistency_proof, leaf_hash};
use sekimori_ledger::trust::LedgerTrust;
use sekimori_ledger::witness::{AddCheckpoint, Witness};

use crate::world::{Log, log_key, witness_key};

/// Compares a vector file with what is derived now, and returns it.
fn vector(name: &str, derived: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats/vectors");
    let path = folder.join(name);
    if std::env::var_os("SEKIMORI_WRITE_VECTORS").is_some() {
        std::fs::write(&path, derived).expect("the vector folder is writable");
    }
    let written = std::fs::read_to_string(&path).expect("the vector is there");
    assert_eq!(written, derived, "{name} is published and does not change");
    written
}

/// The log of the vectors: five entries `entry 0` to `entry 4`.
fn log() -> Log {
    Log::of_size(5)
}

/// The keys as a reader gets them, out of the file alone.
fn trust_from_file() -> LedgerTrust {
    let keys = [
        log_key().verifier_key(),
        witness_key(1).verifier_key(),
        witness_key(2).verifier_key(),
    ]
    .map(|key| format!("{key}\n"))
    .concat();
    let file = vector("keys.txt", &keys);
    let mut keys = file
        .lines()
        .map(|line| VerifierKey::parse(line).expect("a verifier key"));
    LedgerTrust {
        log: keys.next().expect("the log's key comes first"),
        witnesses: keys.collect(),
        threshold: 2,
    }
}

#[test]
fn checkpoint() {
    let file = vector("checkpoint.txt", &log().signed().to_string());
    let believed = trust_from_file().verify_checkpoint(&file).unwrap();
    assert_eq!(believed.checkpoint, log().checkpoint());
    assert_eq!(believed.time, Some(1_700_000_000));
}

#[test]
fn proof() {
    let proof = TlogProof::build(&log().nodes, 2, 5, log().signed().to_string()).unwrap();
    let file = vector("proof.tlog-proof", &proof.encode());
    let proof = TlogProof::parse(&file).unwrap();
    assert_eq!(
        trust_from_file().verify(b"entry 2", &proof).unwrap().index,
        2
    );
}

#[test]
fn tile_and_bundle() {
    let tile: TilePath = "tile/0/000.p/5".parse().unwrap();
    let file = vector(
        "tile-0-000.p-5.hex",
        &hex_line(&tile.read(&log().nodes).unwrap()),
    );
    let hashes = tile.hashes(&hex::decode(file.trim_end()).unwrap()).unwrap();
    assert_eq!(hashes[4], leaf_hash(b"entry 4"));
    vector(
        "tile-entries-000.p-5.hex",
        &hex_line(&encode_bundle(log().entries).unwrap()),
    );
}

#[test]
fn add_checkpoint() {
    let three = Log::of_size(3);
    let request = AddCheckpoint {
        old_size: 3,
        proof: consistency_proof(&log().nodes, 3, 5).unwrap(),
        checkpoint: log().checkpoint().sign(&log_key()).unwrap(),
    };
    let file = vector("add-checkpoint-request.txt", &request.encode());
    let request = AddCheckpoint::parse(file.as_bytes()).unwrap();
    let witness = Witness {
        cosigner: witness_key(1),
        logs: vec![log_key().verifier_key().clone()],
    };
    let stored = (3, three.frontier.root());
    let cosigned = witness
        .evaluate(Some(&stored), &request, 1_700_000_000)
        .unwrap();
    let answer = vector("add-checkpoint-answer.txt", &cosigned.line);
    let mut signed: SignedCheckpoint = request.checkpoint;
    assert_eq!(
        signed.accept_cosignatures(&answer, &trust_from_file().witnesses),
        1
    );
}

#[test]
fn envelopes() {
    let signers: [(&str, Box<dyn Signer>); 2] = [
        (
            "envelope-ed25519.txt",
            Box::new(Ed25519Signer::from_seed(&[3; 32])),
        ),
        (
            "envelope-p256.txt",
            Box::new(P256Signer::from_scalar(&[4; 32]).unwrap()),
        ),
    ];
    for (name, signer) in signers {
        let key = signer.public_key();
        let bytes = seal("text/plain", b"hello", &*signer);
        let derived = format!(
            "content type: text/plain\npayload: {}spki: {}kid: {}envelope: {}",
            hex_line(b"hello"),
            hex_line(&key.to_spki_der()),
            hex_line(&key.kid()),
            hex_line(&bytes),
        );
        let file = vector(name, &derived);
        let envelope = file
            .lines()
            .find_map(|line| line.strip_prefix("envelope: "))
            .unwrap();
        let envelope = hex::decode(envelope).unwrap();
        assert_eq!(open("text/plain", &envelope, &key), Ok(b"hello".as_slice()));
    }
}

fn hex_line(bytes: &[u8]) -> String {
    format!("{}\n", hex::encode(bytes))
}
