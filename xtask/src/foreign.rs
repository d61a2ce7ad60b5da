//! Programs of other people that read what Sekimori writes, each in the version that its file pins.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Failure, Session, on_path};

/// Where its package has the program that reads SARIF.
const MULTITOOL: &str = "@microsoft/sarif-multitool-linux/Sarif.Multitool";

/// python-tuf reads a release that we signed, and we read one that it signed.
pub(crate) fn python_tuf(session: &Session) -> Result<(), Failure> {
    let what = "releases read by python-tuf";
    if !on_path("python3") {
        return session.leave_out(what, "`python3` is not installed");
    }
    let folder = session.root().join("crates/update/tests/interop");
    let python = python(session, "python-tuf", &folder.join("requirements.txt"))?;
    let mut script = Command::new(python);
    script
        .arg(folder.join("python_tuf.py"))
        .current_dir(session.root());
    session.part(what, script.env("CARGO_TARGET_DIR", session.target()))
}

/// Validators of each form read every example in it, and our importers read what others wrote.
pub(crate) fn documents(session: &Session) -> Result<(), Failure> {
    let what = "documents read by foreign programs";
    for tool in ["python3", "npm"] {
        if !on_path(tool) {
            return session.leave_out(what, &format!("`{tool}` is not installed"));
        }
    }
    let folder = session.root().join("crates/interchange/tests/foreign");
    let python = python(session, "foreign", &folder.join("requirements.txt"))?;
    let packages = node(session, "foreign-node", &folder)?;
    session.part(
        "build what writes documents",
        &mut session.cargo([
            "build",
            "--quiet",
            "--package",
            "sekimori",
            "--bin",
            "sekimori",
        ]),
    )?;
    session.part(
        "build what writes reports on something observed",
        &mut session.cargo([
            "build",
            "--quiet",
            "--package",
            "sekimori-report",
            "--example",
            "render",
        ]),
    )?;
    let output = session.target().join("tools").join("foreign-documents");
    renew(&output)?;
    let built = session.target().join("debug");
    let mut script = Command::new(python);
    script
        .arg(folder.join("foreign.py"))
        .arg(built.join("sekimori"))
        .arg(built.join("examples").join("render"))
        .arg(packages.join(MULTITOOL))
        .arg(output)
        .current_dir(session.root());
    session.part(what, &mut script)
}

/// A Python with the packages that a file lists, made once for each content of the file.
fn python(session: &Session, name: &str, requirements: &Path) -> Result<PathBuf, Failure> {
    let environment = session.target().join("tools").join(name);
    let python = environment.join("bin").join("python");
    let wanted = read(requirements)?;
    if is_installed(&environment, &wanted) {
        return Ok(python);
    }
    session.part(
        "make a Python environment",
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&environment),
    )?;
    session.part(
        &format!("install the Python packages of {name}"),
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "-r"])
            .arg(requirements),
    )?;
    note_installed(&environment, &wanted)?;
    Ok(python)
}

/// The folder with the npm packages that a folder's lock file pins.
fn node(session: &Session, name: &str, from: &Path) -> Result<PathBuf, Failure> {
    let environment = session.target().join("tools").join(name);
    let packages = environment.join("node_modules");
    let wanted = read(&from.join("package-lock.json"))?;
    if is_installed(&environment, &wanted) {
        return Ok(packages);
    }
    renew(&environment)?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::write(environment.join(file), read(&from.join(file))?)
            .map_err(|error| Failure::new(format!("{}: {error}", environment.display())))?;
    }
    session.part(
        &format!("install the npm packages of {name}"),
        Command::new("npm")
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .arg("--loglevel=error")
            .current_dir(&environment),
    )?;
    // No script of a package runs here, so that what one of them would make executable is not yet.
    let multitool = packages.join(MULTITOOL);
    session.part(
        "make the SARIF Multitool executable",
        Command::new("chmod").arg("u+x").arg(multitool),
    )?;
    note_installed(&environment, &wanted)?;
    Ok(packages)
}

fn is_installed(environment: &Path, wanted: &str) -> bool {
    std::fs::read_to_string(environment.join("installed")).is_ok_and(|kept| kept == wanted)
}

fn note_installed(environment: &Path, wanted: &str) -> Result<(), Failure> {
    let file = environment.join("installed");
    std::fs::write(&file, wanted)
        .map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

/// An empty folder, whatever stood there.
fn renew(folder: &Path) -> Result<(), Failure> {
    let done = match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => std::fs::create_dir_all(folder),
    };
    done.map_err(|error| Failure::new(format!("{}: {error}", folder.display())))
}
