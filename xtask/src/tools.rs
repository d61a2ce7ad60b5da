//! What the tests need from the system, and its installation.

use std::process::Command;

use crate::run::{Failure, Session, on_path};

/// A program that some test runs, and the system package that brings it.
struct Tool {
    program: &'static str,
    package: &'static str,
    needed_for: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool {
        program: "cc",
        package: "gcc",
        needed_for: "building SQLite and aws-lc",
    },
    Tool {
        program: "cmake",
        package: "cmake",
        needed_for: "building aws-lc",
    },
    Tool {
        program: "openssl",
        package: "openssl",
        needed_for: "TLS and EST with a foreign client",
    },
    Tool {
        program: "curl",
        package: "curl",
        needed_for: "EST with a foreign client",
    },
    Tool {
        program: "mosquitto_pub",
        package: "mosquitto-clients",
        needed_for: "MQTT with a foreign client",
    },
    Tool {
        program: "faketime",
        package: "faketime",
        needed_for: "a device with a wrong clock",
    },
    Tool {
        program: "chromium",
        package: "chromium",
        needed_for: "console pages",
    },
    Tool {
        program: "pdftotext",
        package: "poppler-utils",
        needed_for: "reading reports in PDF",
    },
    Tool {
        program: "node",
        package: "nodejs",
        needed_for: "driving Chromium",
    },
    Tool {
        program: "npm",
        package: "npm",
        needed_for: "driving Chromium, reading SARIF",
    },
    Tool {
        program: "python3",
        package: "python3-venv",
        needed_for: "reading releases and documents with foreign programs",
    },
];

/// Fonts have no program; their presence is asked of fontconfig.
const JAPANESE_FONT: &str = "fonts-noto-cjk";

/// The bare-metal target that the cores must build for.
pub(crate) const BARE_METAL: &str = "thumbv7em-none-eabihf";

/// Installs whatever is missing and may be installed; names the rest.
pub(crate) fn set_up(session: &Session) -> Result<(), Failure> {
    let mut packages: Vec<&str> = TOOLS
        .iter()
        .filter(|tool| !on_path(tool.program))
        .inspect(|tool| eprintln!("missing: {} (for {})", tool.program, tool.needed_for))
        .map(|tool| tool.package)
        .collect();
    if !has_japanese_font() {
        eprintln!("missing: a Japanese font (for console pages)");
        packages.push(JAPANESE_FONT);
    }
    // Debian splits Python: the program alone cannot make an environment.
    if on_path("python3") && !has_python_environments() {
        eprintln!("missing: Python's venv (for foreign programs)");
        packages.push("python3-venv");
    }
    if !packages.is_empty() {
        install(session, &packages)?;
    }
    for tool in TOOLS.iter().filter(|tool| !on_path(tool.program)) {
        session.leave_out(
            tool.needed_for,
            &format!("`{}` is not installed", tool.program),
        )?;
    }
    Ok(())
}

fn install(session: &Session, packages: &[&str]) -> Result<(), Failure> {
    if !on_path("apt-get") {
        eprintln!(
            "apt-get is not here: install by hand: {}",
            packages.join(" ")
        );
        return Ok(());
    }
    let prefix: &[&str] = if is_root() {
        &[]
    } else if on_path("sudo") {
        &["sudo", "-n"]
    } else {
        eprintln!(
            "neither root nor sudo: install by hand: apt-get install {}",
            packages.join(" ")
        );
        return Ok(());
    };
    let apt = |arguments: &[&str]| {
        let mut words = prefix.iter().chain(&["apt-get"]).chain(arguments).copied();
        let mut command = Command::new(words.next().expect("apt-get at least"));
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    // A stale list only matters if the installation then fails, which says so itself.
    if let Err(failure) = session.part("refresh the package lists", &mut apt(&["-qq", "update"])) {
        eprintln!("warning: {failure}");
    }
    let mut arguments = vec!["-qq", "-y", "--no-install-recommends", "install"];
    arguments.extend_from_slice(packages);
    if let Err(failure) = session.part(
        &format!("install {}", packages.join(" ")),
        &mut apt(&arguments),
    ) {
        eprintln!("warning: {failure}");
    }
    Ok(())
}

fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn has_python_environments() -> bool {
    Command::new("python3")
        .args(["-c", "import venv, ensurepip"])
        .output()
        .is_ok_and(|output| output.status.success())
}

fn has_japanese_font() -> bool {
    Command::new("fc-list")
        .arg(":lang=ja")
        .output()
        .is_ok_and(|output| !output.stdout.trim_ascii().is_empty())
}

/// Makes the bare-metal target available where that can be had.
pub(crate) fn bare_metal_target(session: &Session) -> bool {
    if has_bare_metal() {
        return true;
    }
    if !on_path("rustup") {
        return false;
    }
    let added = session.part(
        "add the bare-metal target",
        Command::new("rustup").args(["target", "add", BARE_METAL]),
    );
    added.is_ok() && has_bare_metal()
}

fn has_bare_metal() -> bool {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output();
    sysroot.is_ok_and(|output| {
        let sysroot = String::from_utf8_lossy(&output.stdout);
        std::path::Path::new(sysroot.trim())
            .join("lib/rustlib")
            .join(BARE_METAL)
            .is_dir()
    })
}

/// The version of cargo-deny that reads `deny.toml`.
const CARGO_DENY: &str = "0.20.2";

/// Builds cargo-deny once if it is not installed; it stays in cargo's own folder of programs.
pub(crate) fn cargo_deny(session: &Session) -> bool {
    if on_path("cargo-deny") {
        return true;
    }
    let mut install = session.cargo([
        "install",
        "--quiet",
        "--locked",
        "cargo-deny",
        "--version",
        CARGO_DENY,
    ]);
    install
        .env("CARGO_TARGET_DIR", session.target().join("tools"))
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_RELEASE_LTO", "off");
    session
        .part("build cargo-deny (once)", &mut install)
        .is_ok()
        && on_path("cargo-deny")
}
