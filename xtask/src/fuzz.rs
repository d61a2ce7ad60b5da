//! `cargo xtask fuzz`: builds the fuzz targets with coverage feedback and runs each for a while.
//!
//! The flags are those of cargo-fuzz without a sanitizer, so that the pinned stable toolchain does: nothing
//! here is unsafe code that a sanitizer would have to watch.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Failure, Session};

/// Feedback for libFuzzer: counters at every edge, and a table of places.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 -Cdebug-assertions --cfg fuzzing";
/// Named, so that build scripts and macros run without the feedback.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// A fuzz target, and the files of the project that it starts from.
struct Fuzz {
    name: &'static str,
    /// Files that go into the first corpus, each with the byte that chooses its format, if any.
    seeds: &'static [(&'static str, Option<u8>)],
}

const TARGETS: &[Fuzz] = &[
    Fuzz {
        name: "model",
        seeds: &[("examples/cold-store/model.toml", None)],
    },
    Fuzz {
        name: "import",
        seeds: &[
            ("crates/interchange/tests/fixtures/threagile.yaml", Some(0)),
            (
                "crates/interchange/tests/fixtures/threat-dragon.json",
                Some(1),
            ),
            ("crates/interchange/tests/fixtures/otm.yaml", Some(2)),
            ("crates/interchange/tests/fixtures/tm-bom.json", Some(3)),
            ("crates/interchange/tests/fixtures/door.stpa", Some(4)),
            ("crates/interchange/tests/fixtures/mud.json", Some(5)),
            (
                "crates/interchange/tests/foreign/samples/threagile-clients.yaml",
                Some(0),
            ),
            (
                "crates/interchange/tests/foreign/samples/threat-dragon-demo.json",
                Some(1),
            ),
            (
                "crates/interchange/tests/foreign/samples/startleft.otm.json",
                Some(2),
            ),
        ],
    },
    Fuzz {
        name: "evidence",
        // The formats in the order of `documents::Format`, from 1; 0 is left for the reader to tell.
        seeds: &[
            ("crates/analysis/tests/results/bandit-clean.sarif", Some(1)),
            (
                "crates/analysis/tests/results/bandit-findings.sarif",
                Some(0),
            ),
            ("crates/analysis/tests/results/pytest-failed.xml", Some(2)),
            ("crates/analysis/tests/results/nextest.xml", Some(0)),
            ("crates/analysis/tests/results/coverage-py.lcov", Some(3)),
            ("crates/analysis/tests/results/coverage-py.xml", Some(4)),
            ("crates/analysis/tests/results/gcovr.xml", Some(0)),
            ("crates/analysis/tests/results/cyclonedx-py.json", Some(5)),
            ("crates/analysis/tests/results/cyclonedx-py.xml", Some(5)),
        ],
    },
];

/// Runs every target, or the named ones, for `seconds` each.
pub(crate) fn fuzz(session: &Session, names: &[String], seconds: u64) -> Result<(), Failure> {
    let mut build = session.cargo([
        "build",
        "--release",
        "--target",
        TARGET,
        "--manifest-path",
        "fuzz/Cargo.toml",
    ]);
    session.part("build the fuzz targets", build.env("RUSTFLAGS", COVERAGE))?;
    for fuzz in TARGETS {
        if !names.is_empty() && !names.iter().any(|name| name == fuzz.name) {
            continue;
        }
        let corpus = seed(session.root(), fuzz)
            .map_err(|error| Failure::new(format!("fuzz/corpus: {error}")))?;
        let artifacts = format!("fuzz/artifacts/{}/", fuzz.name);
        std::fs::create_dir_all(session.root().join(&artifacts))
            .map_err(|error| Failure::new(format!("{artifacts}: {error}")))?;
        let program = session
            .target()
            .join(TARGET)
            .join("release")
            .join(fuzz.name);
        let mut run = Command::new(program);
        run.current_dir(session.root())
            .arg(corpus)
            .arg(format!("-max_total_time={seconds}"))
            .arg(format!("-artifact_prefix={artifacts}"))
            .args([
                "-timeout=10",
                "-rss_limit_mb=2048",
                "-max_len=65536",
                "-print_final_stats=1",
            ]);
        session.part(&format!("fuzz {} for {seconds} s", fuzz.name), &mut run)?;
    }
    Ok(())
}

/// Puts the project's own files into the corpus of a target.
fn seed(root: &Path, fuzz: &Fuzz) -> std::io::Result<PathBuf> {
    let corpus = root.join("fuzz/corpus").join(fuzz.name);
    std::fs::create_dir_all(&corpus)?;
    for (index, (file, choice)) in fuzz.seeds.iter().enumerate() {
        let mut bytes: Vec<u8> = choice.iter().copied().collect();
        bytes.extend(std::fs::read(root.join(file))?);
        std::fs::write(corpus.join(format!("seed-{index}")), bytes)?;
    }
    Ok(corpus)
}
