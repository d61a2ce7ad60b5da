//! Ledger and events are derived again from a copy; one flipped byte is found and its place named.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use sekimori_server::offline;
use serde_json::Value;

use super::enroll::SENSOR;
use super::{Broken, Step, ensure};
use crate::demo::world::World;
use crate::failure::server_failure;

pub(super) async fn run(world: &mut World) -> Result<String, Broken> {
    if let Some(server) = world.server.as_mut() {
        server.terminate().await?;
    }
    let home = world.server_home();
    let whole = copy(&home, &world.folder().join("copy"))?;
    let entry = an_entry(world)?;
    if world.breaks(Step::Verify) {
        for place in places(&database(&whole)?, &entry) {
            flip(&whole, place)?;
        }
    }
    let ledger = offline::fsck(&whole).await.map_err(server_failure)?;
    ensure(ledger.holds && ledger.witnesses > 0, || {
        format!("the ledger does not hold: {ledger:?}")
    })?;
    let events = offline::verify_events(&whole)
        .await
        .map_err(server_failure)?;
    ensure(events.holds, || {
        format!("the chain of events does not hold: {events:?}")
    })?;

    let copy_of_ledger = copy(&home, &world.folder().join("copy-ledger"))?;
    let broken_ledger = broken_by_a_flip(&copy_of_ledger, &entry, async || {
        Ok(offline::fsck(&copy_of_ledger)
            .await
            .map_err(server_failure)?
            .broken)
    });
    let copy_of_events = copy(&home, &world.folder().join("copy-events"))?;
    // A reason as it stands in a record: a CBOR text of twelve bytes.
    let broken_events = broken_by_a_flip(&copy_of_events, b"\x6cout-of-range", async || {
        Ok(offline::verify_events(&copy_of_events)
            .await
            .map_err(server_failure)?
            .broken)
    });
    let (broken_ledger, broken_events) = (broken_ledger.await?, broken_events.await?);
    world.start_server().await?;
    Ok(world.say(
        "demo-detail-verify",
        &[
            ("entries", &ledger.size),
            ("witnesses", &ledger.witnesses),
            ("events", &events.events),
            ("anchors", &events.anchors),
            ("entry", &broken_ledger),
            ("event", &broken_events),
        ],
    ))
}

/// Flips one byte where `pattern` stands and returns what the check says then.
///
/// A database keeps old copies of a row in space that it has given up; a byte flipped there changes
/// no record, so that the next place is tried.
async fn broken_by_a_flip(
    home: &Path,
    pattern: &[u8],
    check: impl AsyncFn() -> Result<Option<String>, Broken>,
) -> Result<String, Broken> {
    for place in places(&database(home)?, pattern) {
        flip(home, place)?;
        if let Some(broken) = check().await? {
            return Ok(broken);
        }
        flip(home, place)?;
    }
    Err(Broken::new("a flipped byte was not found"))
}

/// The bytes of one entry of the ledger, as a device keeps them with its proof.
fn an_entry(world: &World) -> Result<Vec<u8>, Broken> {
    let folder = world.device_home(SENSOR).join("proof");
    for file in std::fs::read_dir(folder)? {
        let stored: Value = serde_json::from_slice(&std::fs::read(file?.path())?)
            .map_err(|error| Broken::new(error.to_string()))?;
        if let Some(entry) = stored["entries"][0]["entry"].as_str() {
            return base64::engine::general_purpose::STANDARD
                .decode(entry)
                .map_err(|error| Broken::new(error.to_string()));
        }
    }
    Err(Broken::new("the sensor keeps no entry"))
}

/// Copies what a check needs of a home whose server has stopped.
fn copy(home: &Path, to: &Path) -> Result<PathBuf, Broken> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(home)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() && entry.file_name() != "run" && entry.file_name() != "blobs" {
            copy(&from, &to)?;
        } else if kind.is_file() {
            std::fs::copy(&from, &to)?;
        }
    }
    Ok(to.to_owned())
}

/// The middle of every place where `pattern` stands.
fn places(bytes: &[u8], pattern: &[u8]) -> Vec<usize> {
    // A long entry is spread over pages; its beginning stands in one piece.
    let pattern = pattern.get(..pattern.len().min(64)).unwrap_or(pattern);
    let found = bytes
        .windows(pattern.len())
        .enumerate()
        .filter(|(_, window)| *window == pattern);
    found.map(|(start, _)| start + pattern.len() / 2).collect()
}

fn database(home: &Path) -> Result<Vec<u8>, Broken> {
    Ok(std::fs::read(home.join("sekimori.db"))?)
}

/// Changes one bit; a second time, changes it back.
fn flip(home: &Path, place: usize) -> Result<(), Broken> {
    let mut bytes = database(home)?;
    let byte = bytes
        .get_mut(place)
        .ok_or_else(|| Broken::new("no such place"))?;
    *byte ^= 1;
    std::fs::write(home.join("sekimori.db"), bytes)?;
    Ok(())
}
