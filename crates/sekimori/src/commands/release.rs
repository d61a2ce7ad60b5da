//! `sekimori release …`: signing works without a server, with keys that the server never sees.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::ToSpan;
use sekimori_ledger::Hash;
use sekimori_ledger::envelope::{Ed25519Signer, PublicKey, Signer};
use sekimori_server::files;
use sekimori_update::targets::{self, Expiry, Release, ReleaseFile, ReleaseRoot};
use serde_json::json;

use super::Context;
use crate::cli::ReleaseCommand;
use crate::clock;
use crate::diagnostic::{Diagnostic, Doing, Exit, Outcome, why_not};
use crate::failure::server_failure;
use crate::output::print_line;

pub(crate) async fn run(context: &Context, command: &ReleaseCommand) -> Outcome<ExitCode> {
    match command {
        ReleaseCommand::Keys { dir, trust } => keys(context, dir, *trust).await?,
        ReleaseCommand::Sign {
            folder,
            product,
            version,
            counter,
            keys,
            output,
            days,
        } => {
            let order = Order {
                product,
                version,
                counter: *counter,
                days: *days,
            };
            sign(context, folder, &order, keys, output)?;
        }
        ReleaseCommand::Publish { folder, targets } => publish(context, folder, targets).await?,
        ReleaseCommand::Verify {
            targets,
            keys,
            folder,
        } => {
            return verify(context, targets, keys, folder.as_deref());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What the signer says about a folder of files.
struct Order<'a> {
    product: &'a str,
    version: &'a str,
    counter: u64,
    days: u16,
}

async fn keys(context: &Context, folder: &Path, trust: bool) -> Outcome {
    files::make_folder(folder).map_err(server_failure)?;
    let seed = files::load_or_make_seed(&folder.join("release.pem")).map_err(server_failure)?;
    let public = public_key(&seed);
    files::write_private(&folder.join("release.pub"), hex::encode(public).as_bytes())
        .map_err(server_failure)?;
    if trust {
        let body = json!({ "keys": [hex::encode(public)], "threshold": 1 });
        context.client().post("/api/v1/release-root", &body).await?;
    }
    if context.json {
        return print_line(&json!({ "public_key": hex::encode(public), "trusted": trust }));
    }
    let folder = folder.display().to_string();
    let key = if trust {
        "release-keys-trusted"
    } else {
        "release-keys-made"
    };
    print_line(&context.text(key, &[("key", &hex::encode(public)), ("folder", &folder)]))
}

fn sign(
    context: &Context,
    folder: &Path,
    order: &Order<'_>,
    keys: &Path,
    output: &Path,
) -> Outcome {
    let seed = load_seed(keys)?;
    let now = clock::wall();
    let expires = now
        .checked_add((i64::from(order.days) * 24).hours())
        .map_err(|error| bad_release(&error).fix("choose fewer days"))?;
    let release = Release {
        // Metadata that is signed later replaces what was signed before.
        metadata_version: u64::try_from(now.as_second()).unwrap_or(1).max(1),
        product: order.product.to_owned(),
        version: order.version.to_owned(),
        counter: order.counter,
        expires: jiff::Timestamp::from_second(expires.as_second()).unwrap_or(expires),
        files: list_files(context, folder)?,
    };
    let signed = targets::sign(&release, &[seed]).map_err(|error| bad_release(&error))?;
    std::fs::write(output, &signed)
        .map_err(|error| file_error(context, Doing::Write, output, &error))?;
    if context.json {
        return print_line(&json!({ "targets": output, "files": release.files.len() }));
    }
    let arguments = [
        ("product", order.product),
        ("version", order.version),
        ("count", &release.files.len().to_string()),
        ("file", &output.display().to_string()),
    ];
    print_line(&context.text("release-signed", &arguments))
}

async fn publish(context: &Context, folder: &Path, targets: &Path) -> Outcome {
    let signed = std::fs::read(targets)
        .map_err(|error| file_error(context, Doing::Read, targets, &error))?;
    let client = context.client();
    for path in walk(context, folder)? {
        let bytes = std::fs::read(&path)
            .map_err(|error| file_error(context, Doing::Read, &path, &error))?;
        let name = hex::encode(Hash::of(&[&bytes]).0);
        client.put(&format!("/api/v1/blobs/{name}"), bytes).await?;
    }
    let body = json!({ "targets": base64(&signed) });
    let answer = client.post("/api/v1/releases", &body).await?;
    if context.json {
        return print_line(&answer);
    }
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    let arguments = [
        ("product", &*text("product")),
        ("version", &*text("release")),
    ];
    print_line(&context.text("release-published", &arguments))
}

fn verify(
    context: &Context,
    targets: &Path,
    keys: &Path,
    folder: Option<&Path>,
) -> Outcome<ExitCode> {
    let signed = std::fs::read(targets)
        .map_err(|error| file_error(context, Doing::Read, targets, &error))?;
    let root = ReleaseRoot {
        keys: vec![load_public(keys)?],
        threshold: 1,
    };
    let release = targets::verify(&signed, &root, Expiry::MustHoldAt(clock::wall()))
        .map_err(|error| bad_release(&error))?;
    let mut problems = Vec::new();
    if let Some(folder) = folder {
        let found = list_files(context, folder)?;
        for file in &release.files {
            match found.iter().find(|other| other.path == file.path) {
                None => problems.push(format!("{}: missing", file.path)),
                Some(other) if other != file => problems.push(format!("{}: changed", file.path)),
                Some(_) => {}
            }
        }
        let extra = found
            .iter()
            .filter(|file| release.files.iter().all(|other| other.path != file.path));
        problems.extend(extra.map(|file| format!("{}: not in the release", file.path)));
    }
    if context.json {
        print_line(&json!({
            "product": release.product, "version": release.version, "counter": release.counter,
            "expires": release.expires.to_string(), "files": release.files.len(), "problems": problems,
        }))?;
    } else if problems.is_empty() {
        let arguments = [
            ("product", release.product.as_str()),
            ("version", release.version.as_str()),
            ("count", &release.files.len().to_string()),
            ("expires", &release.expires.to_string()),
        ];
        print_line(&context.text("release-verified", &arguments))?;
    } else {
        print_line(&problems.join("\n"))?;
    }
    Ok(if problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        Exit::Problems.into()
    })
}

/// Every file below `folder`, as a release names it.
fn list_files(context: &Context, folder: &Path) -> Outcome<Vec<ReleaseFile>> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut found = Vec::new();
    for path in walk(context, folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path);
        let bytes = std::fs::read(&path)
            .map_err(|error| file_error(context, Doing::Read, &path, &error))?;
        let metadata = std::fs::metadata(&path)
            .map_err(|error| file_error(context, Doing::Read, &path, &error))?;
        found.push(ReleaseFile {
            path: name.to_string_lossy().into_owned(),
            length: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            sha256: Hash::of(&[&bytes]).0,
            executable: metadata.permissions().mode() & 0o100 != 0,
        });
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

fn walk(context: &Context, folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = std::fs::read_dir(&folder)
            .map_err(|error| file_error(context, Doing::Read, &folder, &error))?;
        for entry in entries {
            let path = entry
                .map_err(|error| file_error(context, Doing::Read, &folder, &error))?
                .path();
            let kind = std::fs::symlink_metadata(&path)
                .map_err(|error| file_error(context, Doing::Read, &path, &error))?;
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_file() {
                found.push(path);
            } else {
                return Err(Diagnostic::new(
                    Exit::Failed,
                    "SK-REL-903",
                    "a release holds plain files only",
                )
                .observed(path.display())
                .fix("replace links by the files they point to"));
            }
        }
    }
    found.sort();
    Ok(found)
}

fn load_seed(folder: &Path) -> Outcome<[u8; 32]> {
    let path = folder.join("release.pem");
    if files::read_if_present(&path)
        .map_err(server_failure)?
        .is_none()
    {
        return Err(no_key(&path));
    }
    files::load_or_make_seed(&path).map_err(server_failure)
}

fn load_public(folder: &Path) -> Outcome<[u8; 32]> {
    let path = folder.join("release.pub");
    let bytes = files::read_if_present(&path)
        .map_err(server_failure)?
        .ok_or_else(|| no_key(&path))?;
    let mut key = [0; 32];
    hex::decode_to_slice(bytes.trim_ascii(), &mut key).map_err(|error| {
        Diagnostic::new(Exit::Failed, "SK-REL-904", "the public key cannot be read")
            .observed(format!("{}: {error}", path.display()))
            .expected("64 hexadecimal digits")
    })?;
    Ok(key)
}

fn no_key(path: &Path) -> Diagnostic {
    Diagnostic::new(Exit::Failed, "SK-REL-901", "there is no release key")
        .observed(format!("{} does not exist", path.display()))
        .fix("sekimori release keys --dir DIR")
}

fn public_key(seed: &[u8; 32]) -> [u8; 32] {
    match Ed25519Signer::from_seed(seed).public_key() {
        PublicKey::Ed25519(key) => key,
        PublicKey::P256(_) => unreachable!("an Ed25519 signer has an Ed25519 key"),
    }
}

fn bad_release(error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::new(Exit::Failed, "SK-REL-902", "the release is refused").observed(error)
}

fn file_error(context: &Context, doing: Doing, path: &Path, error: &std::io::Error) -> Diagnostic {
    let message = match doing {
        Doing::Read => "error-document-unreadable",
        Doing::Write => "error-document-unwritable",
    };
    let (why, fix) = why_not(context.language, doing, error);
    Diagnostic::new(Exit::Failed, "SK-CLI-012", context.text(message, &[]))
        .observed(format!("{}: {why}", path.display()))
        .fix(fix)
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
