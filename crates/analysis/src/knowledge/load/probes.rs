//! What each probe shows, and for how long.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::Probe;
use super::parse;

const PROBES: &str = include_str!("../../../knowledge/probes.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProbesFile {
    #[serde(rename = "basis")]
    _basis: String,
    probe: BTreeMap<String, Probe>,
}

/// Probes by event code.
pub(super) fn read() -> Result<BTreeMap<String, Probe>, String> {
    let file: ProbesFile = parse("probes", PROBES)?;
    Ok(file.probe)
}
