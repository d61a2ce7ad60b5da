//! The files of the slots: measured, installed, removed.

use crate::files::{FileError, While, flush_folder_of, make_folder};
use crate::home::Home;
use crate::http;
use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use sekimori_device::{LinkFailure, PathSource, ServerCheck, StorageFailure};
use sekimori_update::measure::Measured;
use sekimori_update::path;
use sekimori_update::slots::Slot;
use sekimori_update::targets::ReleaseFile;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// How deep folders are followed; a release is less deep.
const DEEPEST: usize = 64;

/// Reads and hashes every file of a slot. Whatever is no plain file counts as one of another content.
pub(crate) fn measure(home: &Home, slot: Slot) -> Result<Vec<Measured>, StorageFailure> {
    let root = home.slot(slot);
    let mut found = Vec::new();
    match fs::symlink_metadata(&root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        _ => walk(&root, "", 0, &mut found)?,
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk(
    folder: &Path,
    prefix: &str,
    depth: usize,
    found: &mut Vec<Measured>,
) -> Result<(), FileError> {
    for entry in fs::read_dir(folder).while_doing("read", folder)? {
        let entry = entry.while_doing("read", folder)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = if prefix.is_empty() {
            name.to_string()
        } else {
            format!("{prefix}/{name}")
        };
        let kind = entry.file_type().while_doing("look at", &entry.path())?;
        if kind.is_dir() && depth < DEEPEST {
            walk(&entry.path(), &path, depth + 1, found)?;
        } else if kind.is_file() {
            found.push(measure_file(&entry.path(), path)?);
        } else {
            // A link, a pipe, a device: never what was released, and never opened.
            let target = fs::read_link(entry.path()).unwrap_or_default();
            found.push(Measured {
                path,
                length: u64::MAX,
                sha256: digest(target.as_os_str().as_bytes()),
                executable: false,
            });
        }
    }
    Ok(())
}

fn measure_file(file: &Path, path: String) -> Result<Measured, FileError> {
    let mut opened = File::open(file).while_doing("open", file)?;
    let metadata = opened.metadata().while_doing("look at", file)?;
    let (sha256, length) = hash(&mut opened).while_doing("read", file)?;
    Ok(Measured {
        path,
        length,
        sha256,
        executable: metadata.permissions().mode() & 0o111 != 0,
    })
}

fn hash(file: &mut File) -> io::Result<([u8; 32], u64)> {
    let mut context = Context::new(&SHA256);
    let mut chunk = vec![0; 256 * 1024];
    let mut length: u64 = 0;
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        length = length.saturating_add(read as u64);
        context.update(chunk.get(..read).unwrap_or_default());
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(context.finish().as_ref());
    Ok((sha256, length))
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(aws_lc_rs::digest::digest(&SHA256, bytes).as_ref());
    sha256
}

/// Puts a file into a slot: all or nothing, on the disk when this returns.
pub(crate) async fn install(
    home: &Home,
    url: &str,
    slot: Slot,
    file: &ReleaseFile,
    from: PathSource,
    at: Timestamp,
) -> Result<(), LinkFailure> {
    path::check(&file.path).map_err(|problem| LinkFailure::Malformed(problem.to_string()))?;
    let part = home.part(&file.sha256);
    match from {
        PathSource::Server { credential } => {
            let server = ServerCheck::At(at);
            http::fetch(
                home,
                url,
                &file.sha256,
                file.length,
                server,
                credential,
                &part,
            )
            .await?;
        }
        PathSource::Slot(other) => copy(home, other, file, &part).map_err(storage)?,
    }
    let home = home.clone();
    let file = file.clone();
    tokio::task::spawn_blocking(move || place(&home, slot, &file, &part))
        .await
        .unwrap_or_else(|error| Err(LinkFailure::Malformed(error.to_string())))
}

fn storage(error: FileError) -> LinkFailure {
    LinkFailure::Storage(error.into())
}

/// Copies a file with the same content out of the other slot; its place there may be another.
fn copy(home: &Home, slot: Slot, file: &ReleaseFile, part: &Path) -> Result<(), FileError> {
    let same = home.slot(slot).join(&file.path);
    let is_it = |path: &Path| {
        let mut opened = File::open(path).ok()?;
        let (sha256, _) = hash(&mut opened).ok()?;
        Some(sha256 == file.sha256)
    };
    let source = if is_it(&same) == Some(true) {
        same
    } else {
        let mut found = Vec::new();
        walk(&home.slot(slot), "", 0, &mut found)?;
        let other = found
            .into_iter()
            .find(|measured| measured.sha256 == file.sha256);
        home.slot(slot)
            .join(other.map_or_else(|| file.path.clone(), |other| other.path))
    };
    fs::copy(&source, part).while_doing("copy", &source)?;
    Ok(())
}

/// Checks what was fetched and gives it its name in the slot.
fn place(home: &Home, slot: Slot, file: &ReleaseFile, part: &Path) -> Result<(), LinkFailure> {
    let mut opened = File::open(part)
        .while_doing("open", part)
        .map_err(storage)?;
    let (sha256, length) = hash(&mut opened)
        .while_doing("read", part)
        .map_err(storage)?;
    if (sha256, length) != (file.sha256, file.length) {
        // Never goes on from there: the next attempt begins anew.
        let _ = fs::remove_file(part);
        let path = &file.path;
        return Err(LinkFailure::Malformed(format!(
            "{path} is not the released file"
        )));
    }
    let write = || {
        let target = clear_the_way(&home.slot(slot), &file.path)?;
        let mode = if file.executable { 0o700 } else { 0o600 };
        fs::set_permissions(part, fs::Permissions::from_mode(mode)).while_doing("prepare", part)?;
        opened.sync_all().while_doing("flush", part)?;
        fs::rename(part, &target).while_doing("put in place", &target)?;
        flush_folder_of(&target)
    };
    write().map_err(storage)
}

/// Makes the folders above `path` inside `root`, as real folders: a link or file in the way is removed, never followed.
fn clear_the_way(root: &Path, path: &str) -> Result<PathBuf, FileError> {
    let mut folder = root.to_path_buf();
    make_real_folder(&folder)?;
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    for part in folders.split('/').filter(|part| !part.is_empty()) {
        folder.push(part);
        make_real_folder(&folder)?;
    }
    let target = folder.join(name);
    if fs::symlink_metadata(&target).is_ok_and(|metadata| metadata.is_dir()) {
        fs::remove_dir_all(&target).while_doing("remove", &target)?;
    }
    Ok(target)
}

fn make_real_folder(folder: &Path) -> Result<(), FileError> {
    match fs::symlink_metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => {
            fs::remove_file(folder).while_doing("remove", folder)?;
            make_folder(folder)
        }
        Err(_) => make_folder(folder),
    }
}

/// Removes one file that does not belong to the release, and folders that it leaves empty.
pub(crate) fn remove(home: &Home, slot: Slot, path: &str) -> Result<(), StorageFailure> {
    let root = home.slot(slot);
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(StorageFailure::Other(format!(
            "{path} is no path in a slot"
        )));
    }
    let target = root.join(path);
    // Only a tamperer puts a link here; what it leads to is not ours to remove.
    for folder in target
        .ancestors()
        .skip(1)
        .take_while(|folder| *folder != root)
    {
        if fs::symlink_metadata(folder).is_ok_and(|metadata| metadata.is_symlink()) {
            return Ok(fs::remove_file(folder).while_doing("remove", folder)?);
        }
    }
    crate::files::remove(&target)?;
    for folder in target
        .ancestors()
        .skip(1)
        .take_while(|folder| *folder != root)
    {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn home() -> (tempfile::TempDir, Home) {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::new(folder.path().to_path_buf());
        home.prepare().unwrap();
        (folder, home)
    }

    fn release_file(path: &str, content: &[u8], executable: bool) -> ReleaseFile {
        ReleaseFile {
            path: path.into(),
            length: content.len() as u64,
            sha256: digest(content),
            executable,
        }
    }

    fn put(home: &Home, slot: Slot, file: &ReleaseFile, content: &[u8]) -> Result<(), LinkFailure> {
        let part = home.part(&file.sha256);
        fs::write(&part, content).unwrap();
        place(home, slot, file, &part)
    }

    #[test]
    fn what_is_installed_measures_as_released() {
        let (_folder, home) = home();
        assert_eq!(measure(&home, Slot::A).unwrap(), []);
        let files = [
            (
                release_file("bin/agent", b"program", true),
                b"program".as_slice(),
            ),
            (release_file("etc/settings.toml", b"", false), b""),
        ];
        for (file, content) in &files {
            put(&home, Slot::A, file, content).unwrap();
        }
        let measured = measure(&home, Slot::A).unwrap();
        for ((file, _), measured) in files.iter().zip(&measured) {
            assert_eq!(
                (&file.path, file.length, file.sha256, file.executable),
                (
                    &measured.path,
                    measured.length,
                    measured.sha256,
                    measured.executable
                )
            );
        }
        assert_eq!(measured.len(), 2);
        assert_eq!(measure(&home, Slot::B).unwrap(), []);
    }

    #[test]
    fn other_bytes_than_released_never_get_into_a_slot() {
        let (_folder, home) = home();
        let file = release_file("bin/agent", b"program", true);
        assert!(matches!(
            put(&home, Slot::A, &file, b"progran"),
            Err(LinkFailure::Malformed(_))
        ));
        assert_eq!(measure(&home, Slot::A).unwrap(), []);
        assert!(!home.part(&file.sha256).exists());
    }

    #[test]
    fn links_are_neither_followed_nor_left() {
        let (folder, home) = home();
        let outside = folder.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("settings.toml"), b"precious").unwrap();
        fs::create_dir(home.slot(Slot::A)).unwrap();
        symlink(&outside, home.slot(Slot::A).join("etc")).unwrap();
        symlink("/dev/zero", home.slot(Slot::A).join("endless")).unwrap();
        let paths: Vec<String> = measure(&home, Slot::A)
            .unwrap()
            .into_iter()
            .map(|file| file.path)
            .collect();
        assert_eq!(paths, ["endless", "etc"]);
        let file = release_file("etc/settings.toml", b"mine", false);
        put(&home, Slot::A, &file, b"mine").unwrap();
        remove(&home, Slot::A, "endless").unwrap();
        assert_eq!(
            fs::read(outside.join("settings.toml")).unwrap(),
            b"precious"
        );
        let measured = measure(&home, Slot::A).unwrap();
        assert_eq!(measured.len(), 1);
        assert_eq!(measured[0].sha256, digest(b"mine"));
        symlink(&outside, home.slot(Slot::A).join("var")).unwrap();
        remove(&home, Slot::A, "var/settings.toml").unwrap();
        assert!(outside.join("settings.toml").exists());
    }

    #[test]
    fn a_folder_in_the_way_of_a_file_goes_and_empty_folders_too() {
        let (_folder, home) = home();
        let way = home.slot(Slot::A).join("bin/agent/deep");
        fs::create_dir_all(&way).unwrap();
        fs::write(way.join("x"), b"x").unwrap();
        put(&home, Slot::A, &release_file("bin/agent", b"p", true), b"p").unwrap();
        assert_eq!(measure(&home, Slot::A).unwrap().len(), 1);
        fs::create_dir_all(home.slot(Slot::A).join("a/b")).unwrap();
        fs::write(home.slot(Slot::A).join("a/b/c"), b"c").unwrap();
        remove(&home, Slot::A, "a/b/c").unwrap();
        assert!(!home.slot(Slot::A).join("a").exists());
        assert!(remove(&home, Slot::A, "../state/boot").is_err());
    }

    #[test]
    fn a_copy_is_found_under_another_name_and_is_no_link() {
        let (_folder, home) = home();
        put(
            &home,
            Slot::A,
            &release_file("old/name", b"same", false),
            b"same",
        )
        .unwrap();
        let file = release_file("new/name", b"same", true);
        let part = home.part(&file.sha256);
        copy(&home, Slot::A, &file, &part).unwrap();
        place(&home, Slot::B, &file, &part).unwrap();
        fs::write(home.slot(Slot::A).join("old/name"), b"evil").unwrap();
        assert_eq!(measure(&home, Slot::B).unwrap()[0].sha256, digest(b"same"));
    }
}
