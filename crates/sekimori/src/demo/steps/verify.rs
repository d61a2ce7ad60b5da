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
        flip(&whole, &entry)?;
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

    let other = copy(&home, &world.folder().join("copy-ledger"))?;
    flip(&other, &entry)?;
    let broken_ledger = offline::fsck(&other).await.map_err(server_failure)?.broken;
    let other = copy(&home, &world.folder().join("copy-events"))?;
    // A reason as it stands in a record: a CBOR text of twelve bytes.
    flip(&other, b"\x6cout-of-range")?;
    let broken_events = offline::verify_events(&other)
        .await
        .map_err(server_failure)?
        .broken;
    world.start_server().await?;
    Ok(format!(
        "{} entries derived again, signed by the log and {} witness · {} events, {} anchors\none byte flipped in a copy: {}\none byte flipped in a copy: {}",
        ledger.size,
        ledger.witnesses,
        events.events,
        events.anchors,
        place(broken_ledger)?,
        place(broken_events)?,
    ))
}

fn place(broken: Option<String>) -> Result<String, Broken> {
    broken.ok_or_else(|| Broken::new("a flipped byte was not found"))
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

/// Changes one bit in the middle of every place in the database where `pattern` stands: where a
/// page was split, SQLite leaves what it moved behind as well, and nobody reads that.
fn flip(home: &Path, pattern: &[u8]) -> Result<(), Broken> {
    let path = home.join("sekimori.db");
    let mut bytes = std::fs::read(&path)?;
    // A long entry is spread over pages; its beginning stands in one piece.
    let pattern = pattern.get(..pattern.len().min(64)).unwrap_or(pattern);
    let places: Vec<usize> = bytes
        .windows(pattern.len())
        .enumerate()
        .filter_map(|(place, window)| (window == pattern).then_some(place))
        .collect();
    if places.is_empty() {
        return Err(Broken::new(
            "the database does not hold what was to be changed",
        ));
    }
    for place in places {
        if let Some(byte) = bytes.get_mut(place + pattern.len() / 2) {
            *byte ^= 1;
        }
    }
    std::fs::write(&path, bytes)?;
    Ok(())
}
