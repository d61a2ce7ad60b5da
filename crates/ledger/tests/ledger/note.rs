//! Signed notes and checkpoints against another implementation and known values.

use base64::Engine as _;
use proptest::prelude::*;
use sekimori_ledger::Hash;
use sekimori_ledger::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use sekimori_ledger::note::{
    MAX_NOTE_BYTES, MAX_SIGNATURES, NoteError, NoteSignature, NoteSigner, SignatureType,
    SignedNote, VerifierKey,
};
use sekimori_ledger::tree::leaf_hash;

use crate::world::{Log, ORIGIN, bit_flips, log_key, trust, witness_key};

/// From the documentation of golang.org/x/mod/sumdb/note (BSD-3-Clause).
const NEUMANN_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NEUMANN_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

/// From C2SP tlog-cosignature; the keys are not published, so only its form is read.
const SOFA: &str = "example.com/behind-the-sofa\n20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

#[test]
fn a_known_note_verifies_and_no_changed_bit_does() {
    let key = VerifierKey::parse(NEUMANN_KEY).unwrap();
    assert_eq!(key.to_string(), NEUMANN_KEY);
    let note = SignedNote::parse(NEUMANN_NOTE).unwrap();
    assert_eq!(note.verify(&key).map(|verified| verified.time), Ok(None));
    assert_eq!(note.to_string(), NEUMANN_NOTE);
    for (position, changed) in bit_flips(NEUMANN_NOTE.as_bytes()) {
        let Ok(changed) = String::from_utf8(changed) else {
            continue;
        };
        let verified = SignedNote::parse(&changed).and_then(|note| note.verify(&key));
        assert!(verified.is_err(), "byte {position}: {changed}");
    }
}

#[test]
fn the_checkpoint_of_the_specification_is_read() {
    let signed = SignedCheckpoint::parse(SOFA).unwrap();
    let checkpoint = signed.checkpoint();
    assert_eq!(checkpoint.origin, "example.com/behind-the-sofa");
    assert_eq!(checkpoint.size, 20_852_163);
    assert_eq!(
        checkpoint.root.to_base64(),
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
    );
    assert_eq!(signed.to_string(), SOFA);
    let time = signed.note().signatures()[1].bytes[..8]
        .try_into()
        .map(u64::from_be_bytes);
    assert_eq!(time.ok(), Some(1_679_315_147));
}

#[test]
fn signed_note_signs_and_verifies_the_same_bytes() {
    let text = Log::of_size(5).checkpoint().encode();
    let secret = base64_of(&[[0x01].as_slice(), &[1; 32]].concat());
    let ours = log_key();
    let id = u32::from_be_bytes(ours.verifier_key().key_id());
    let theirs =
        signed_note::StandardSigner::new(&format!("PRIVATE+KEY+{ORIGIN}+{id:08x}+{secret}"))
            .expect("our key id is theirs");
    let mut their_note = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
    their_note.add_sigs(&[&theirs]).unwrap();

    let mut our_note = SignedNote::new(&text).unwrap();
    our_note.append(ours.sign(&text));
    assert_eq!(our_note.to_string().as_bytes(), their_note.to_bytes());

    let verifier = signed_note::StandardVerifier::new(&ours.verifier_key().to_string()).unwrap();
    let list = signed_note::VerifierList::new(vec![Box::new(verifier)]);
    let read = signed_note::Note::from_bytes(our_note.to_string().as_bytes()).unwrap();
    assert_eq!(read.verify(&list).unwrap().0.len(), 1);
}

#[test]
fn tlog_tiles_reads_the_same_checkpoint() {
    let checkpoint = Log::of_size(7).checkpoint();
    let text = checkpoint.encode();
    let theirs = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).unwrap();
    assert_eq!(theirs.origin(), checkpoint.origin);
    assert_eq!(theirs.size(), checkpoint.size);
    assert_eq!(theirs.hash().0, checkpoint.root.0);
    assert_eq!(theirs.to_bytes(), text.as_bytes());
}

/// The signed bytes of C2SP tlog-cosignature, put together by hand and signed by another library.
#[test]
fn a_cosignature_is_over_header_time_and_text() {
    let cosigner = witness_key(1);
    let text = Log::of_size(3).checkpoint().encode();
    let line = cosigner.cosign(&text, 1_679_315_147);
    assert_eq!(line.bytes.len(), 8 + 64);
    assert_eq!(line.bytes[..8], 1_679_315_147_u64.to_be_bytes());

    let message = format!("cosignature/v1\ntime 1679315147\n{text}");
    let key = cosigner.verifier_key().public_key();
    let plain = VerifierKey::new("witness", SignatureType::Ed25519, *key).unwrap();
    let mut note = SignedNote::new(&message).unwrap();
    note.append(NoteSignature {
        name: "witness".to_owned(),
        key_id: plain.key_id(),
        bytes: line.bytes[8..].to_vec(),
    });
    let verifier = signed_note::StandardVerifier::new(&plain.to_string()).unwrap();
    let list = signed_note::VerifierList::new(vec![Box::new(verifier)]);
    let theirs = signed_note::Note::from_bytes(note.to_string().as_bytes()).unwrap();
    assert_eq!(theirs.verify(&list).unwrap().0.len(), 1);
}

#[test]
fn a_cosigner_is_not_a_log_key_even_with_the_same_name_and_seed() {
    let log = NoteSigner::from_seed("same.example", &[7; 32]).unwrap();
    let cosigner = sekimori_ledger::note::CosignerKey::from_seed("same.example", &[7; 32]).unwrap();
    assert_ne!(
        log.verifier_key().key_id(),
        cosigner.verifier_key().key_id()
    );
    let mut note = SignedNote::new("text\n").unwrap();
    note.append(cosigner.cosign("text\n", 5));
    assert_eq!(note.verify(log.verifier_key()), Err(NoteError::NotSigned));
    assert_eq!(
        note.verify(cosigner.verifier_key())
            .map(|verified| verified.time),
        Ok(Some(5))
    );
}

#[test]
fn the_newest_of_two_cosignatures_counts_and_a_broken_one_refuses_all() {
    let cosigner = witness_key(1);
    let mut note = SignedNote::new("text\n").unwrap();
    for time in [20, 30, 10] {
        note.append(cosigner.cosign("text\n", time));
    }
    note.append(cosigner.cosign("text\n", 10));
    assert_eq!(note.signatures().len(), 3, "the same line is kept once");
    assert_eq!(
        note.verify(cosigner.verifier_key()).map(|v| v.time),
        Ok(Some(30))
    );
    let mut broken = cosigner.cosign("text\n", 40);
    broken.bytes[20] ^= 1;
    note.append(broken);
    assert_eq!(
        note.verify(cosigner.verifier_key()),
        Err(NoteError::BadSignature { line: 6 })
    );
}

#[test]
fn a_time_beyond_the_specification_is_refused() {
    let cosigner = witness_key(1);
    let mut line = cosigner.cosign("text\n", u64::MAX);
    assert_eq!(
        line.bytes[..8],
        (u64::MAX >> 1).to_be_bytes(),
        "never written"
    );
    line.bytes[0] = 0x80;
    let mut note = SignedNote::new("text\n").unwrap();
    note.append(line);
    assert_eq!(
        note.verify(cosigner.verifier_key()),
        Err(NoteError::BadSignature { line: 3 })
    );
}

#[test]
fn malformed_notes_are_refused_with_their_line() {
    let line = log_key().sign("a\n").to_string();
    let table = [
        (String::new(), NoteError::NoSignatures),
        ("a\n".to_owned(), NoteError::NoSignatures),
        ("a\n\n".to_owned(), NoteError::NoSignatures),
        (format!("a\n{line}\n"), NoteError::NoSignatures),
        (format!("a\n\n{line}"), NoteError::SignatureLine { line: 3 }),
        (
            format!("a\nb\n\n{line}\nnoise\n"),
            NoteError::SignatureLine { line: 5 },
        ),
        (format!("a\n\n{line}\n\n"), NoteError::NoSignatures),
        (
            format!("a\r\n\n{line}\n"),
            NoteError::ControlCharacter { line: 1 },
        ),
        (
            format!("a\n\n{line}\t\n"),
            NoteError::ControlCharacter { line: 3 },
        ),
        (
            format!("a\n\n-{}\n", &line[3..]),
            NoteError::SignatureLine { line: 3 },
        ),
        (
            "a\n\n— two words AAAAAAA=\n".to_owned(),
            NoteError::SignatureLine { line: 3 },
        ),
        (
            "a\n\n— plus+name AAAAAAA=\n".to_owned(),
            NoteError::SignatureLine { line: 3 },
        ),
        (
            "a\n\n— name AAAA\n".to_owned(),
            NoteError::SignatureLine { line: 3 },
        ),
        (
            "a\n\n— name AAAAAA==\n".to_owned(),
            NoteError::SignatureLine { line: 3 },
        ),
        (
            "a\n\n— name AAAAAAA\n".to_owned(),
            NoteError::SignatureLine { line: 3 },
        ),
        (
            format!("a\n\n{}", format!("{line}\n").repeat(MAX_SIGNATURES + 1)),
            NoteError::TooManySignatures,
        ),
        ("a".repeat(MAX_NOTE_BYTES + 1), NoteError::TooLong),
    ];
    for (text, expected) in table {
        let shown: String = text.chars().take(60).collect();
        assert_eq!(SignedNote::parse(&text).err(), Some(expected), "{shown:?}");
    }
    // An empty line inside of the text is text.
    let note = SignedNote::parse(&format!("a\n\nb\n\n{line}\n")).unwrap();
    assert_eq!(note.text(), "a\n\nb\n");
}

#[test]
fn malformed_verifier_keys_are_refused() {
    let good = log_key().verifier_key().to_string();
    let key = good.rsplit('+').next().unwrap();
    let table = [
        (String::new(), NoteError::VerifierKey),
        ("name".to_owned(), NoteError::VerifierKey),
        ("name+00000000".to_owned(), NoteError::VerifierKey),
        ("name+00000000+".to_owned(), NoteError::VerifierKey),
        (format!("name+00000000+{key}"), NoteError::VerifierKeyHash),
        (format!("two words+00000000+{key}"), NoteError::KeyName),
        (format!("+00000000+{key}"), NoteError::KeyName),
        ("name+00000000+AQ==".to_owned(), NoteError::VerifierKey),
        ("name+00000000+Ag==".to_owned(), NoteError::SignatureType(2)),
        (good.to_uppercase(), NoteError::VerifierKey),
        // The neutral element verifies forged signatures in lenient implementations.
        (
            format!(
                "name+00000000+{}",
                base64_of(&[&[1_u8, 1][..], &[0; 31]].concat())
            ),
            NoteError::WeakKey,
        ),
    ];
    for (text, expected) in table {
        let found = VerifierKey::parse(&text).err();
        let uppercase_is_any = text == good.to_uppercase() && found.is_some();
        assert!(
            found == Some(expected) || uppercase_is_any,
            "{text:?}: {found:?}"
        );
    }
    assert!(NoteSigner::from_seed("with+plus", &[1; 32]).is_err());
    assert!(NoteSigner::from_seed("", &[1; 32]).is_err());
}

#[test]
fn malformed_checkpoints_are_refused_with_their_line() {
    let root = leaf_hash(b"").to_base64();
    let table = [
        (String::new(), 1),
        (format!("\n1\n{root}\n"), 1),
        ("log\n".to_owned(), 2),
        (format!("log\n01\n{root}\n"), 2),
        (format!("log\n\n{root}\n"), 2),
        (format!("log\n+1\n{root}\n"), 2),
        (format!("log\n-1\n{root}\n"), 2),
        (format!("log\n1 \n{root}\n"), 2),
        (format!("log\n9223372036854775808\n{root}\n"), 2),
        (format!("log\n99999999999999999999\n{root}\n"), 2),
        ("log\n1\n".to_owned(), 3),
        (format!("log\n1\n{}\n", &root[..43]), 3),
        (format!("log\n1\n{root}=\n"), 3),
        (
            "log\n1\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB1=\n".to_owned(),
            3,
        ),
        (format!("log\n1\n{root}"), 1),
        (format!("log\n1\n{root}\nextension\n\n"), 5),
    ];
    for (text, line) in table {
        assert_eq!(
            Checkpoint::parse(&text),
            Err(CheckpointError::Line(line)),
            "{text:?}"
        );
    }
    let with_extension = format!("log\n0\n{root}\nextension\n");
    let checkpoint = Checkpoint::parse(&with_extension).unwrap();
    assert_eq!(checkpoint.extensions, ["extension"]);
    assert_eq!(checkpoint.encode(), with_extension);
    assert!(
        Checkpoint::new("two\nlines", 1, leaf_hash(b""))
            .sign(&log_key())
            .is_err()
    );
    assert!(
        Checkpoint::new("", 1, leaf_hash(b""))
            .sign(&log_key())
            .is_err()
    );
}

#[test]
fn a_witnesses_answer_is_taken_only_as_far_as_it_verifies() {
    let log = Log::of_size(4);
    let mut signed = log.checkpoint().sign(&log_key()).unwrap();
    let text = signed.note().text().to_owned();
    let witnesses = trust(1).witnesses;
    let good = witness_key(1).cosign(&text, 10);
    let other_tree = witness_key(2).cosign(&Log::of_size(5).checkpoint().encode(), 10);
    let stranger = witness_key(3).cosign(&text, 10);
    let answer = format!("{stranger}\nnoise\n{other_tree}\n{good}\n{good}\n");
    assert_eq!(signed.accept_cosignatures(&answer, &witnesses), 1);
    assert_eq!(signed.note().signatures().len(), 2);
    assert_eq!(signed.verify(&witnesses[0]), Ok(Some(10)));
    assert_eq!(signed.accept_cosignatures(&answer, &witnesses), 0);
}

fn base64_of(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

proptest! {
    #[test]
    fn hashes_read_back_and_have_one_text(bytes in any::<[u8; 32]>()) {
        let hash = Hash(bytes);
        let text = hash.to_base64();
        prop_assert_eq!(&text, &base64_of(&bytes));
        prop_assert_eq!(Hash::from_base64(&text), Some(hash));
        prop_assert_eq!(Hash::from_base64(text.trim_end_matches('=')), None);
        prop_assert_eq!(Hash::from_base64(&format!("{text} ")), None);
    }

    #[test]
    fn notes_read_back(
        text in "([^\\p{Cc}]{0,20}\n){1,5}",
        names in prop::collection::vec("[a-z./—é]{1,20}", 1..20),
        bytes in prop::collection::vec(any::<u8>(), 1..200),
    ) {
        let mut note = SignedNote::new(&text).unwrap();
        for (number, name) in names.iter().enumerate() {
            let key_id = [number as u8, 1, 2, 3];
            note.append(NoteSignature { name: name.clone(), key_id, bytes: bytes.clone() });
        }
        let written = note.to_string();
        prop_assert_eq!(SignedNote::parse(&written), Ok(note));
    }

    #[test]
    fn checkpoints_read_back(
        origin in "[^\\p{Cc}]{1,30}", size in 0..=u64::MAX >> 1, root in any::<[u8; 32]>(),
        extensions in prop::collection::vec("[^\\p{Cc}]{1,30}", 0..3),
    ) {
        let mut checkpoint = Checkpoint::new(origin, size, Hash(root));
        checkpoint.extensions = extensions;
        prop_assert_eq!(Checkpoint::parse(&checkpoint.encode()), Ok(checkpoint.clone()));
        let signed = checkpoint.sign(&log_key()).unwrap();
        prop_assert_eq!(SignedCheckpoint::parse(&signed.to_string()), Ok(signed));
    }

    #[test]
    fn arbitrary_text_does_not_panic(text in "(\\PC|\n|— ){0,200}") {
        if let Ok(note) = SignedNote::parse(&text) {
            prop_assert_eq!(note.to_string(), text.clone());
        }
        if let Ok(checkpoint) = Checkpoint::parse(&text) {
            prop_assert_eq!(checkpoint.encode(), text.clone());
        }
        let _ = VerifierKey::parse(&text);
        let _ = NoteSignature::parse(&text);
        let _ = Hash::from_base64(&text);
    }
}
