//! The tree against the definition, the known roots, and two other implementations.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sekimori_ledger::Hash;
use sekimori_ledger::tree::{
    Frontier, MerkleError, consistency_proof, empty_root, inclusion_proof, leaf_hash, node_hash,
    root, verify_consistency, verify_inclusion,
};
use tlog_tiles::{Error, HashReader};

use crate::world::{Log, Memory};

/// The definition of the tree hash, RFC 6962 section 2.1, word by word.
fn naive_root(entries: &[Vec<u8>]) -> Hash {
    match entries {
        [] => empty_root(),
        [entry] => leaf_hash(entry),
        _ => {
            let split = (1..entries.len())
                .rev()
                .find(|k| k.is_power_of_two())
                .expect("n > 1");
            let (left, right) = entries.split_at(split);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// Entries and roots of sizes 1 to 8 as in the Certificate Transparency reference tests
/// (google/certificate-transparency, Apache-2.0).
#[test]
fn the_roots_of_certificate_transparency_come_out() {
    let entries = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    assert_eq!(
        frontier.root().to_string(),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    );
    for (entry, expected) in entries.iter().zip(roots) {
        let _complete = frontier.push(&hex::decode(entry).unwrap());
        assert_eq!(frontier.root().to_string(), expected);
    }
}

#[test]
fn every_size_has_the_root_of_the_definition() {
    let log = Log::of_size(300);
    let mut frontier = Frontier::new();
    for size in 0..=300_usize {
        let expected = naive_root(&log.entries[..size]);
        assert_eq!(frontier.root(), expected, "frontier of {size}");
        assert_eq!(
            root(&log.nodes, size as u64),
            Ok(expected),
            "stored tree of {size}"
        );
        assert_eq!(
            Frontier::from_nodes(size as u64, &log.nodes).as_ref(),
            Ok(&frontier)
        );
        if let Some(entry) = log.entries.get(size) {
            let _complete = frontier.push(entry);
        }
    }
}

#[test]
fn every_inclusion_proof_verifies_and_no_neighbor_does() {
    let log = Log::of_size(70);
    for size in 1..=70_u64 {
        let tree = root(&log.nodes, size).unwrap();
        for index in 0..size {
            let leaf = leaf_hash(&log.entries[index as usize]);
            let proof = inclusion_proof(&log.nodes, index, size).unwrap();
            assert_eq!(verify_inclusion(&leaf, index, size, &proof, &tree), Ok(()));
            for other in (0..size + 2).filter(|other| *other != index) {
                assert!(verify_inclusion(&leaf, other, size, &proof, &tree).is_err());
            }
            assert_refused_when_changed(&proof, |proof| {
                verify_inclusion(&leaf, index, size, proof, &tree)
            });
            let stranger = leaf_hash(b"never recorded");
            assert_eq!(
                verify_inclusion(&stranger, index, size, &proof, &tree),
                Err(MerkleError::RootMismatch)
            );
        }
    }
}

#[test]
fn every_consistency_proof_verifies_and_no_other_history_does() {
    let log = Log::of_size(70);
    let roots: Vec<Hash> = (0..=70)
        .map(|size| root(&log.nodes, size).unwrap())
        .collect();
    for new in 0..=70_u64 {
        for old in 0..=new {
            let (old_root, new_root) = (&roots[old as usize], &roots[new as usize]);
            let proof = consistency_proof(&log.nodes, old, new).unwrap();
            assert_eq!(
                verify_consistency(old, old_root, new, new_root, &proof),
                Ok(())
            );
            assert_refused_when_changed(&proof, |proof| {
                verify_consistency(old, old_root, new, new_root, proof)
            });
            let wrong = leaf_hash(b"another history");
            assert!(verify_consistency(old, &wrong, new, new_root, &proof).is_err());
            // From the empty tree every history is a continuation.
            if old > 0 {
                assert!(verify_consistency(old, old_root, new, &wrong, &proof).is_err());
            }
            if old < new {
                assert_eq!(
                    verify_consistency(new, new_root, old, old_root, &proof),
                    Err(MerkleError::SizesReversed { old: new, new: old })
                );
            }
        }
    }
}

/// Any hash changed, left out, doubled or added makes the proof wrong.
fn assert_refused_when_changed(
    proof: &[Hash],
    verify: impl Fn(&[Hash]) -> Result<(), MerkleError>,
) {
    for position in 0..proof.len() {
        let mut changed = proof.to_vec();
        changed[position].0[position % 32] ^= 1;
        assert!(verify(&changed).is_err(), "hash {position} changed");
        let mut shorter = proof.to_vec();
        shorter.remove(position);
        assert!(verify(&shorter).is_err(), "hash {position} left out");
        let mut longer = proof.to_vec();
        longer.insert(position, proof[position]);
        assert!(verify(&longer).is_err(), "hash {position} doubled");
    }
    let mut longer = proof.to_vec();
    longer.push(Hash::default());
    assert!(verify(&longer).is_err(), "hash added");
}

#[test]
fn sizes_at_the_edge_neither_overflow_nor_verify() {
    let hash = leaf_hash(b"x");
    let long = vec![hash; 70];
    for size in [1, 2, u64::MAX - 1, u64::MAX] {
        for index in [0, 1, size - 1, size, u64::MAX] {
            for length in [0, 1, 63, 64, 65, 70] {
                let proof = &long[..length];
                let inclusion = verify_inclusion(&hash, index, size, proof, &hash);
                assert_eq!(inclusion.is_ok(), size == 1 && index == 0 && length == 0);
                assert!(verify_consistency(index, &hash, size, &empty_root(), proof).is_err());
            }
        }
    }
    let empty = Memory::default();
    assert_eq!(inclusion_proof(&empty, 5, 5), Ok(vec![]));
    assert_eq!(consistency_proof(&empty, 6, 5), Ok(vec![]));
    assert_eq!(inclusion_proof(&empty, 0, 2), Err("no node 0/1".to_owned()));
}

/// The stored nodes as the Go-derived implementation numbers them.
struct AsStoredHashes<'a>(&'a Memory);

impl HashReader for AsStoredHashes<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, Error> {
        Ok(indexes
            .iter()
            .map(|index| {
                let (level, number) = tlog_tiles::split_stored_hash_index(*index);
                tlog_tiles::Hash(self.0.0[&(level, number)].0)
            })
            .collect())
    }
}

#[test]
fn tlog_tiles_makes_and_accepts_the_same_proofs() {
    let log = Log::of_size(130);
    let reader = AsStoredHashes(&log.nodes);
    for size in [1_u64, 2, 3, 7, 64, 65, 127, 130] {
        let ours = root(&log.nodes, size).unwrap();
        let theirs = tlog_tiles::tree_hash(size, &reader).unwrap();
        assert_eq!(ours.0, theirs.0);
        for index in 0..size {
            let proof = inclusion_proof(&log.nodes, index, size).unwrap();
            let oracle = tlog_tiles::prove_record(size, index, &reader).unwrap();
            assert_eq!(plain(&oracle), proof, "inclusion of {index} in {size}");
            let leaf = tlog_tiles::record_hash(&log.entries[index as usize]);
            assert!(tlog_tiles::check_record(&oracle, size, theirs, index, leaf).is_ok());
        }
        for old in 1..=size {
            let proof = consistency_proof(&log.nodes, old, size).unwrap();
            let oracle = tlog_tiles::prove_tree(size, old, &reader).unwrap();
            assert_eq!(plain(&oracle), proof, "consistency of {old} with {size}");
        }
    }
}

fn plain(hashes: &[tlog_tiles::Hash]) -> Vec<Hash> {
    hashes.iter().map(|hash| Hash(hash.0)).collect()
}

#[test]
fn ct_merkle_makes_and_accepts_the_same_proofs() {
    let log = Log::of_size(90);
    let mut oracle = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    for size in 1..=90_u64 {
        oracle.push(log.entries[size as usize - 1].clone());
        let theirs = oracle.root();
        assert_eq!(
            theirs.as_bytes().as_slice(),
            root(&log.nodes, size).unwrap().0
        );
        for index in 0..size {
            let proof = inclusion_proof(&log.nodes, index, size).unwrap();
            let their_proof = oracle.prove_inclusion(index as usize);
            assert_eq!(their_proof.as_bytes(), joined(&proof));
            let entry = &log.entries[index as usize];
            assert!(theirs.verify_inclusion(entry, index, &their_proof).is_ok());
        }
        for old in 1..size {
            let proof = consistency_proof(&log.nodes, old, size).unwrap();
            let their_proof = oracle.prove_consistency((size - old) as usize);
            assert_eq!(
                their_proof.as_bytes(),
                joined(&proof),
                "from {old} to {size}"
            );
        }
    }
}

fn joined(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

proptest! {
    #[test]
    fn any_entries_any_order_of_growth(
        entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..200),
        pick in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
    ) {
        let log = Log::with_entries(entries.clone());
        prop_assert_eq!(log.frontier.root(), naive_root(&entries));

        let size = entries.len() as u64;
        let index = pick.index(entries.len());
        let proof = inclusion_proof(&log.nodes, index as u64, size).unwrap();
        let leaf = leaf_hash(&entries[index]);
        let tree = log.frontier.root();
        prop_assert_eq!(verify_inclusion(&leaf, index as u64, size, &proof, &tree), Ok(()));

        let old = cut.index(entries.len() + 1);
        let old_root = naive_root(&entries[..old]);
        let proof = consistency_proof(&log.nodes, old as u64, size).unwrap();
        prop_assert_eq!(verify_consistency(old as u64, &old_root, size, &tree, &proof), Ok(()));
    }

    #[test]
    fn arbitrary_proofs_neither_panic_nor_verify(
        index in any::<u64>(), size in any::<u64>(),
        hashes in prop::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let proof: Vec<Hash> = hashes.into_iter().map(Hash).collect();
        let hash = leaf_hash(b"x");
        prop_assert!(verify_inclusion(&hash, index, size, &proof, &empty_root()).is_err());
        if index != 0 {
            prop_assert!(verify_consistency(index, &hash, size, &empty_root(), &proof).is_err());
        }
    }
}
