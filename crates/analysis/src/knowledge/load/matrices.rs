//! The matrix: the source's table for the board, and our own for what it leaves out.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::Changes;
use super::parse;
use crate::model::{DeviceClass, Phase};

const BOARD: &str = include_str!("../../../knowledge/matrix-board.toml");
const OWN: &str = include_str!("../../../knowledge/matrix-own.toml");

/// A threat and a phase.
type Place = (String, Phase);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BoardFile {
    #[serde(rename = "source")]
    _source: String,
    not_applicable: Vec<String>,
    cell: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnFile {
    #[serde(rename = "basis")]
    _basis: String,
    all: OwnChanges,
    class: BTreeMap<DeviceClass, OwnChanges>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct OwnChanges {
    add: BTreeMap<String, BTreeSet<String>>,
    remove: BTreeMap<String, BTreeSet<String>>,
}

/// What the matrix is made of.
pub(super) struct Matrices {
    pub(super) board: BTreeMap<Place, Vec<String>>,
    pub(super) not_applicable: BTreeSet<Place>,
    pub(super) own: BTreeMap<DeviceClass, Changes>,
}

/// The tables of all classes.
pub(super) fn read() -> Result<Matrices, String> {
    let board: BoardFile = parse("matrix-board", BOARD)?;
    let own: OwnFile = parse("matrix-own", OWN)?;
    let mut classes = BTreeMap::new();
    for class in DeviceClass::ALL {
        let mut changes = Changes {
            add: cells(own.all.add.clone())?,
            remove: cells(own.all.remove.clone())?,
        };
        if let Some(special) = own.class.get(class) {
            for (cell, measures) in cells(special.add.clone())? {
                changes.add.entry(cell).or_default().extend(measures);
            }
            for (cell, measures) in cells(special.remove.clone())? {
                changes.remove.entry(cell).or_default().extend(measures);
            }
        }
        classes.insert(*class, changes);
    }
    let not_applicable = board.not_applicable.iter().map(|text| cell(text));
    Ok(Matrices {
        not_applicable: not_applicable.collect::<Result<_, _>>()?,
        board: cells(board.cell)?,
        own: classes,
    })
}

fn cell(text: &str) -> Result<(String, Phase), String> {
    let (threat, phase) = text.split_once(':').ok_or_else(|| text.to_owned())?;
    let phase = Phase::parse(phase).ok_or_else(|| text.to_owned())?;
    Ok((threat.to_owned(), phase))
}

fn cells<T>(map: BTreeMap<String, T>) -> Result<BTreeMap<(String, Phase), T>, String> {
    map.into_iter()
        .map(|(text, value)| Ok((cell(&text)?, value)))
        .collect()
}
