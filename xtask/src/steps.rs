//! What each chore runs, in order, cheapest first.

use std::process::Command;

use crate::run::{Failure, Session, on_path};
use crate::{foreign, tools};

/// The crates that must build without an operating system.
const BARE_METAL_CRATES: &[&str] = &[
    "sekimori-proto",
    "sekimori-ledger",
    "sekimori-update",
    "sekimori-identity",
    "sekimori-policy",
    "sekimori-audit",
    "sekimori-device",
    "sekimori-session",
];

/// Formatting, lints, documentation, bare metal and dependency rules.
pub(crate) fn check(session: &Session) -> Result<(), Failure> {
    session.part(
        "formatting",
        &mut session.cargo(["fmt", "--all", "--check"]),
    )?;
    session.part(
        "lints",
        &mut session.cargo([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]),
    )?;
    session.part(
        "documentation",
        session
            .cargo(["doc", "--workspace", "--no-deps", "--quiet"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )?;
    bare_metal(session)?;
    dependencies(session)
}

/// Everything that must hold before a change lands.
pub(crate) fn test(session: &Session) -> Result<(), Failure> {
    tools::set_up(session)?;
    check(session)?;
    if on_path("cargo-nextest") {
        session.part(
            "unit, integration and interop tests",
            &mut session.cargo(["nextest", "run", "--workspace", "--no-fail-fast"]),
        )?;
    } else {
        eprintln!("cargo-nextest is not installed; the same tests run under cargo test");
        session.part(
            "unit, integration and interop tests",
            &mut session.cargo([
                "test",
                "--workspace",
                "--bins",
                "--lib",
                "--tests",
                "--no-fail-fast",
            ]),
        )?;
    }
    session.part(
        "documentation tests",
        &mut session.cargo(["test", "--workspace", "--doc", "--quiet"]),
    )?;
    foreign::python_tuf(session)?;
    foreign::documents(session)?;
    sim(session, 1000)
}

/// Seeds of the simulated world.
pub(crate) fn sim(session: &Session, seeds: u64) -> Result<(), Failure> {
    let seeds = seeds.to_string();
    session.part(
        "simulated world",
        &mut session.cargo([
            "run",
            "--quiet",
            "--package",
            "sekimori-sim",
            "--",
            "--seeds",
            &seeds,
        ]),
    )
}

/// Figures of whole processes.
pub(crate) fn bench(session: &Session, arguments: &[String]) -> Result<(), Failure> {
    tools::set_up(session)?;
    session.part(
        "release build",
        &mut session.cargo(["build", "--release", "--package", "sekimori"]),
    )?;
    let mut words = vec![
        "run",
        "--release",
        "--quiet",
        "--package",
        "sekimori-bench",
        "--",
    ];
    words.extend(arguments.iter().map(String::as_str));
    session.part(
        "benchmarks",
        session
            .cargo(words)
            .env("SEKIMORI_BIN_DIR", session.target().join("release")),
    )
}

/// The documentation of every crate.
pub(crate) fn docs(session: &Session) -> Result<(), Failure> {
    session.part(
        "documentation",
        &mut session.cargo([
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ]),
    )?;
    eprintln!(
        "open {}",
        session.target().join("doc/sekimori/index.html").display()
    );
    Ok(())
}

/// Pictures of every console page.
pub(crate) fn screenshots(session: &Session) -> Result<(), Failure> {
    tools::set_up(session)?;
    let folder = session.root().join("tmp").join("screenshots");
    session.part(
        "console pages in Chromium",
        session
            .cargo([
                "test",
                "--package",
                "sekimori",
                "--test",
                "console",
                "--",
                "--nocapture",
            ])
            .env("SEKIMORI_SCREENSHOTS", &folder),
    )?;
    eprintln!("pictures are in {}", folder.display());
    Ok(())
}

fn bare_metal(session: &Session) -> Result<(), Failure> {
    if !tools::bare_metal_target(session) {
        session.note(
            "bare-metal build of the cores",
            &format!(
                "target {} cannot be had here: rustup target add {0}",
                tools::BARE_METAL
            ),
        );
        return Ok(());
    }
    let mut words = vec!["build", "--target", tools::BARE_METAL];
    for name in BARE_METAL_CRATES {
        words.extend(["--package", name]);
    }
    session.part("cores on bare metal", &mut session.cargo(words))
}

fn dependencies(session: &Session) -> Result<(), Failure> {
    if !tools::cargo_deny(session) {
        return session.leave_out(
            "dependency rules",
            "cargo-deny is not installed and could not be built",
        );
    }
    session.part(
        "dependency bans, licences and sources",
        Command::new("cargo-deny")
            .current_dir(session.root())
            .args([
                "--log-level",
                "error",
                "check",
                "bans",
                "licenses",
                "sources",
            ]),
    )?;
    let advisories = session.part(
        "dependency advisories",
        Command::new("cargo-deny")
            .current_dir(session.root())
            .args([
                "--log-level",
                "error",
                "check",
                "--hide-inclusion-graph",
                "advisories",
            ]),
    );
    if let Err(failure) = advisories {
        if advisory_database_is_here() {
            return Err(failure);
        }
        session.note(
            "dependency advisories",
            "the advisory database cannot be reached from here",
        );
    }
    Ok(())
}

/// cargo-deny keeps its copy under cargo's home; an empty folder there means it never arrived.
fn advisory_database_is_here() -> bool {
    let home = std::env::var_os("CARGO_HOME")
        .map(std::path::PathBuf::from)
        .or_else(|| {
            std::env::var_os("HOME").map(|home| std::path::PathBuf::from(home).join(".cargo"))
        });
    home.is_some_and(|home| {
        std::fs::read_dir(home.join("advisory-dbs")).is_ok_and(|entries| {
            entries
                .flatten()
                .any(|entry| entry.path().join("crates").is_dir())
        })
    })
}
