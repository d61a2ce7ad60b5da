//! Actors, and the device classes of the CSA with what threatens them.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::{ActorProfile, CsaClass};
use super::parse;
use crate::model::Actor;

const ACTORS: &str = include_str!("../../../knowledge/actors.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ActorsFile {
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "basis")]
    _basis: String,
    actor: BTreeMap<Actor, ActorProfile>,
    class: BTreeMap<String, CsaClass>,
}

/// Who, and against what.
pub(super) struct Actors {
    pub(super) actors: BTreeMap<Actor, ActorProfile>,
    pub(super) classes: BTreeMap<String, CsaClass>,
}

/// Tables 15 to 19.
pub(super) fn read() -> Result<Actors, String> {
    let file: ActorsFile = parse("actors", ACTORS)?;
    if let Some(missing) = Actor::ALL.iter().find(|key| !file.actor.contains_key(key)) {
        return Err(format!("actors: no {}", missing.word()));
    }
    Ok(Actors {
        actors: file.actor,
        classes: file.class,
    })
}
