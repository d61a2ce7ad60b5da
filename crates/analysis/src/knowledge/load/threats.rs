//! The twelve threats and the five phases of life.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::JnsaThreat;
use super::parse;
use crate::language::Text;
use crate::model::Phase;

const THREATS: &str = include_str!("../../../knowledge/threats.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ThreatsFile {
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "basis")]
    _basis: String,
    phase: BTreeMap<Phase, Named>,
    threat: BTreeMap<String, JnsaThreat>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: Text,
}

/// The rows and columns of the matrix.
pub(super) struct Threats {
    /// Threats by id.
    pub(super) threats: BTreeMap<String, JnsaThreat>,
    /// Names of the phases.
    pub(super) phases: BTreeMap<Phase, Text>,
}

/// The twelve and the five.
pub(super) fn read() -> Result<Threats, String> {
    let file: ThreatsFile = parse("threats", THREATS)?;
    let names = file.phase.into_iter();
    let phases = names.map(|(phase, named)| (phase, named.name)).collect();
    Ok(Threats {
        threats: file.threat,
        phases,
    })
}
