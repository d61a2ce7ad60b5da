use super::*;
use alloc::format;
use alloc::vec;
use proptest::prelude::*;

const SEED: [u8; 32] = [1; 32];

fn public(seed: &[u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

fn root(seeds: &[[u8; 32]], threshold: u8) -> ReleaseRoot {
    ReleaseRoot {
        keys: seeds.iter().map(public).collect(),
        threshold,
    }
}

fn file(path: &str) -> ReleaseFile {
    ReleaseFile {
        path: path.to_string(),
        length: 3,
        sha256: [7; 32],
        executable: false,
    }
}

fn release() -> Release {
    Release {
        metadata_version: 2,
        product: "cold-store-sensor".to_string(),
        version: "1.0.0".to_string(),
        counter: 1,
        expires: "2027-01-01T00:00:00Z".parse().unwrap(),
        files: vec![
            ReleaseFile {
                executable: true,
                ..file("bin/agent")
            },
            file("etc/settings.toml"),
        ],
    }
}

fn read(bytes: &[u8]) -> Result<Release, ReleaseError> {
    verify(bytes, &root(&[SEED], 1), Expiry::MayHavePassed)
}

/// Signs any text as if it were a release.
fn sign_text(signed: &str) -> Vec<u8> {
    let canonical = Value::parse(signed.as_bytes()).unwrap().canonical();
    let signature = hex::encode(SigningKey::from_bytes(&SEED).sign(&canonical).to_bytes());
    let key = key_id(&public(&SEED));
    format!(r#"{{"signatures":[{{"keyid":"{key}","sig":"{signature}"}}],"signed":{signed}}}"#)
        .into_bytes()
}

#[test]
fn a_signed_release_reads_back() {
    let bytes = sign(&release(), &[SEED]).unwrap();
    assert_eq!(read(&bytes), Ok(release()));
    assert_eq!(
        sign(&release(), &[SEED]).unwrap(),
        bytes,
        "same release, same bytes"
    );
}

#[test]
fn the_documented_vector_holds() {
    let text = include_str!("../../../../docs/formats/vectors/release.json");
    assert_eq!(
        sign(&release(), &[SEED]).unwrap(),
        text.trim_end().as_bytes()
    );
    assert_eq!(read(text.as_bytes()), Ok(release()));
}

/// Written by python-tuf 7.0.1 through `tests/interop/python_tuf.py`.
#[test]
fn a_release_that_python_tuf_signed_is_read() {
    let text = include_str!("../../../../docs/formats/vectors/release-python-tuf.json");
    let both = root(&[[1; 32], [2; 32]], 2);
    let read = verify(text.as_bytes(), &both, Expiry::MayHavePassed).unwrap();
    let facts = (read.metadata_version, read.version.as_str(), read.counter);
    assert_eq!(facts, (3, "1.1.0", 2));
    let agent = read.file("bin/agent").unwrap();
    assert_eq!(
        (agent.length, agent.sha256, agent.executable),
        (5, [0xab; 32], true)
    );
    let settings = read.file("etc/settings.toml").unwrap();
    let content: [u8; 32] = Sha256::digest(b"interval = 5\n").into();
    assert_eq!(
        (settings.length, settings.sha256, settings.executable),
        (13, content, false)
    );
}

#[test]
fn white_space_and_order_do_not_matter_but_content_does() {
    let bytes = sign(&release(), &[SEED]).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let spaced = text.replace(',', " ,\n ").replace(':', " : ");
    // The time has colons too.
    let spaced = spaced.replace("00 : 00 : 00Z", "00:00:00Z");
    assert_eq!(read(spaced.as_bytes()), Ok(release()));

    let changed = text.replace("\"counter\":1", "\"counter\":2");
    let refusal = ReleaseError::NotEnoughSignatures {
        valid: 0,
        threshold: 1,
    };
    assert_eq!(read(changed.as_bytes()), Err(refusal.clone()));
    let smuggled = text.replace("\"counter\":1", "\"counter\":1,\"counter\":2");
    assert!(matches!(
        read(smuggled.as_bytes()),
        Err(ReleaseError::Malformed(_))
    ));
}

#[test]
fn the_threshold_counts_different_keys_of_the_root() {
    let (a, b, c) = ([1; 32], [2; 32], [3; 32]);
    let both = root(&[a, b], 2);
    let check = |seeds: &[[u8; 32]], expected| {
        let bytes = sign(&release(), seeds).unwrap();
        let result = verify(&bytes, &both, Expiry::MayHavePassed).map(|_| ());
        assert_eq!(result, expected);
    };
    let one = Err(ReleaseError::NotEnoughSignatures {
        valid: 1,
        threshold: 2,
    });
    check(&[a, b], Ok(()));
    check(&[b, c, a], Ok(()));
    check(&[a], one.clone());
    check(&[a, c], one);
    check(
        &[c],
        Err(ReleaseError::NotEnoughSignatures {
            valid: 0,
            threshold: 2,
        }),
    );
    check(
        &[],
        Err(ReleaseError::NotEnoughSignatures {
            valid: 0,
            threshold: 2,
        }),
    );
    check(&[a, a], Err(malformed("a key id is there twice")));
}

#[test]
fn a_root_that_cannot_work_is_refused() {
    let bytes = sign(&release(), &[SEED]).unwrap();
    let weak = ReleaseRoot {
        keys: vec![[0; 32]],
        threshold: 1,
    };
    for root in [
        root(&[SEED], 0),
        root(&[SEED], 2),
        root(&[SEED, SEED], 2),
        weak,
    ] {
        assert_eq!(
            verify(&bytes, &root, Expiry::MayHavePassed),
            Err(ReleaseError::RootUnusable)
        );
    }
}

#[test]
fn an_offer_expires_and_an_installed_release_does_not() {
    let bytes = sign(&release(), &[SEED]).unwrap();
    let expires = release().expires;
    let at = |seconds: i64| Timestamp::from_second(expires.as_second() + seconds).unwrap();
    let root = root(&[SEED], 1);
    assert!(verify(&bytes, &root, Expiry::MustHoldAt(at(-1))).is_ok());
    for late in [0, 1] {
        assert_eq!(
            verify(&bytes, &root, Expiry::MustHoldAt(at(late))),
            Err(ReleaseError::Expired { expires })
        );
    }
    assert!(verify(&bytes, &root, Expiry::MayHavePassed).is_ok());
}

#[test]
fn names_that_leave_the_slot_are_refused_even_when_signed() {
    for (path, problem) in [
        ("../x", PathProblem::NotPlain),
        ("a/../../x", PathProblem::NotPlain),
        ("a//b", PathProblem::NotPlain),
        ("./a", PathProblem::NotPlain),
        ("a/", PathProblem::NotPlain),
        ("/etc/passwd", PathProblem::Absolute),
        ("", PathProblem::Empty),
        ("a\\\\b", PathProblem::Character('\\')),
        ("C:a", PathProblem::Character(':')),
        ("a b", PathProblem::Character(' ')),
        ("a\\u0000b", PathProblem::Character('\0')),
        ("1/2/3/4/5/6/7/8/9", PathProblem::TooDeep),
        (&*"a".repeat(201), PathProblem::TooLong),
    ] {
        let bytes = sign(&release(), &[SEED]).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let signed = text.split_once("\"signed\":").unwrap().1;
        let signed = signed.strip_suffix('}').unwrap().replace("bin/agent", path);
        let result = read(&sign_text(&signed));
        let Err(ReleaseError::Path(_, found)) = result else {
            panic!("{path}: {result:?}")
        };
        assert_eq!(found, problem, "{path}");
    }
}

#[test]
fn names_that_meet_in_one_place_are_refused() {
    for (first, second, problem) in [
        ("a", "a", PathProblem::Twice),
        ("bin/Agent", "bin/agent", PathProblem::Twice),
        ("bin", "bin/agent", PathProblem::FileAndFolder),
        ("BIN", "bin/agent", PathProblem::FileAndFolder),
    ] {
        let files = vec![file(first), file("bin-x"), file(second)];
        let result = sign(&Release { files, ..release() }, &[SEED]);
        let Err(ReleaseError::Path(_, found)) = result else {
            panic!("{first} {second}")
        };
        assert_eq!(found, problem);
    }
    let files = vec![file("bin-x/a"), file("bin/a"), file("bin+"), file("binary")];
    assert!(sign(&Release { files, ..release() }, &[SEED]).is_ok());
}

#[test]
fn values_out_of_bounds_are_neither_signed_nor_read() {
    let good = release();
    for (broken, field) in [
        (
            Release {
                metadata_version: 0,
                ..good.clone()
            },
            "version",
        ),
        (
            Release {
                metadata_version: MAX_INTEGER + 1,
                ..good.clone()
            },
            "version",
        ),
        (
            Release {
                counter: u64::MAX,
                ..good.clone()
            },
            "sekimori.counter",
        ),
        (
            Release {
                product: String::new(),
                ..good.clone()
            },
            "sekimori.product",
        ),
        (
            Release {
                product: "A".to_string(),
                ..good.clone()
            },
            "sekimori.product",
        ),
        (
            Release {
                version: "1.0".to_string(),
                ..good.clone()
            },
            "sekimori.version",
        ),
        (
            Release {
                version: "1.0.00".to_string(),
                ..good.clone()
            },
            "sekimori.version",
        ),
        (
            Release {
                version: "1.0.+1".to_string(),
                ..good.clone()
            },
            "sekimori.version",
        ),
        (
            Release {
                version: "1.0.".to_string(),
                ..good.clone()
            },
            "sekimori.version",
        ),
        (
            Release {
                files: vec![],
                ..good.clone()
            },
            "targets",
        ),
        (
            Release {
                expires: Timestamp::MAX,
                ..good.clone()
            },
            "expires",
        ),
        (
            Release {
                expires: Timestamp::MIN,
                ..good.clone()
            },
            "expires",
        ),
    ] {
        assert_eq!(
            sign(&broken, &[SEED]),
            Err(ReleaseError::OutOfBounds(field))
        );
    }
    let text = String::from_utf8(signed_bytes(&good).unwrap()).unwrap();
    for (from, to) in [
        ("\"_type\":\"targets\"", "\"_type\":\"root\""),
        ("1.0.31", "2.0.0"),
        ("\"length\":3", "\"length\":-3"),
        ("\"length\":3", "\"length\":2000000000"),
        ("2027-01-01T00:00:00Z", "2027-01-01T00:00:00+01:00"),
        ("2027-01-01T00:00:00Z", "2027-01-01"),
        ("\"executable\":true", "\"executable\":1"),
        ("\"product\"", "\"produkt\""),
        ("\"version\":2", "\"version\":0"),
        ("\"version\":2", "\"delegations\":{},\"version\":2"),
        ("07070707", "0707"),
    ] {
        assert!(text.contains(from), "{from}");
        let result = read(&sign_text(&text.replace(from, to)));
        assert!(result.is_err(), "{from} -> {to}");
        assert!(
            !matches!(result, Err(ReleaseError::NotEnoughSignatures { .. })),
            "{to}"
        );
    }
}

#[test]
fn what_other_programs_add_is_kept_under_the_signature() {
    let text = String::from_utf8(signed_bytes(&release()).unwrap()).unwrap();
    let added = text.replace("\"length\":3", "\"length\":3,\"x-other\":[null,\"関\"]");
    assert_eq!(read(&sign_text(&added)), Ok(release()));
}

fn any_release() -> impl Strategy<Value = Release> {
    let part = "[A-Za-z0-9_+][A-Za-z0-9._+-]{0,5}";
    let file = (
        part,
        part,
        0..=MAX_FILE_LENGTH,
        any::<[u8; 32]>(),
        any::<bool>(),
    );
    let files = prop::collection::vec(file, 1..8).prop_map(|files| {
        let files = files.into_iter().enumerate();
        let mut files: Vec<_> = files
            .map(|(index, (folder, name, length, sha256, executable))| {
                let path = format!("{index}{folder}/{name}");
                ReleaseFile {
                    path,
                    length,
                    sha256,
                    executable,
                }
            })
            .collect();
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    });
    let numbers = (
        1..=MAX_INTEGER,
        0..=MAX_INTEGER,
        0_i64..=253_402_207_200,
        any::<[u32; 3]>(),
    );
    (numbers, "[a-z0-9-]{1,63}", files).prop_map(
        |((metadata_version, counter, expires, [x, y, z]), product, files)| Release {
            metadata_version,
            product,
            version: format!("{x}.{y}.{z}"),
            counter,
            expires: Timestamp::from_second(expires).unwrap(),
            files,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_release_reads_back(release in any_release()) {
        prop_assert_eq!(read(&sign(&release, &[SEED]).unwrap()), Ok(release));
    }

    #[test]
    fn no_changed_byte_is_believed(
        release in any_release(),
        place: prop::sample::Index,
        bit in 0_u8..8,
    ) {
        let mut bytes = sign(&release, &[SEED]).unwrap();
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        // Upper case hexadecimal in the signature is the same signature.
        if let Ok(read) = read(&bytes) {
            prop_assert_eq!(read, release);
        }
    }

    #[test]
    fn reading_never_panics(bytes: Vec<u8>, text in "[\\[\\]{}\":,a-z0-9]{0,64}") {
        let _ = read(&bytes);
        let _ = read(&sign_text(&serde_json::to_string(&text).unwrap()));
        if Value::parse(text.as_bytes()).is_ok() {
            let _ = read(&sign_text(&text));
        }
    }
}
