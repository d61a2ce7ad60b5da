//! The matrix: the source's table for the board with our additions, and our own tables for the other classes.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::super::{ClassTable, Origin, TableCell};
use super::parse;
use crate::language::Text;
use crate::model::{DeviceClass, Phase};

const BOARD: &str = include_str!("../../../knowledge/matrix-board.toml");
const BOARD_OWN: &str = include_str!("../../../knowledge/matrix-board-own.toml");
const CLASSES: [&str; 3] = [
    include_str!("../../../knowledge/matrix-smart-tv.toml"),
    include_str!("../../../knowledge/matrix-wearable.toml"),
    include_str!("../../../knowledge/matrix-network-camera.toml"),
];

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
struct BoardOwnFile {
    #[serde(rename = "basis")]
    _basis: String,
    add: BTreeMap<String, BTreeSet<String>>,
    row: BTreeMap<String, Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassFile {
    #[serde(rename = "basis")]
    _basis: String,
    class: DeviceClass,
    row: BTreeMap<String, Row>,
    #[serde(default)]
    example: Vec<Example>,
}

#[derive(Deserialize)]
struct Row {
    text: Text,
    #[serde(flatten)]
    phases: BTreeMap<Phase, BTreeSet<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    cells: Vec<String>,
    measures: BTreeSet<String>,
    text: Text,
}

/// What the matrix is made of.
pub(super) struct Matrices {
    pub(super) board: BTreeMap<Place, Vec<String>>,
    pub(super) not_applicable: BTreeSet<Place>,
    pub(super) tables: BTreeMap<DeviceClass, ClassTable>,
}

/// The tables of all classes.
pub(super) fn read() -> Result<Matrices, String> {
    let file: BoardFile = parse("matrix-board", BOARD)?;
    let board: BTreeMap<Place, Vec<String>> = cells(file.cell)?;
    let not_applicable = file.not_applicable.iter().map(|text| cell(text));
    let mut tables = BTreeMap::from([(DeviceClass::McuBoard, board_table(&board)?)]);
    for text in CLASSES {
        let file: ClassFile = parse("matrix of a class", text)?;
        let class = file.class;
        if tables.insert(class, class_table(file)?).is_some() {
            return Err(format!("{} twice", class.word()));
        }
    }
    Ok(Matrices {
        not_applicable: not_applicable.collect::<Result<_, _>>()?,
        board,
        tables,
    })
}

fn board_table(board: &BTreeMap<Place, Vec<String>>) -> Result<ClassTable, String> {
    let own: BoardOwnFile = parse("matrix-board-own", BOARD_OWN)?;
    let mut table = ClassTable {
        rows: own.row,
        cells: BTreeMap::new(),
        not_applicable: Origin::Jnsa,
    };
    for (place, measures) in board {
        let cell = table.cells.entry(place.clone()).or_default();
        let measures = measures.iter();
        cell.measures
            .extend(measures.map(|id| (id.clone(), Origin::Jnsa)));
    }
    for (place, measures) in cells(own.add)? {
        let cell = table.cells.entry(place).or_default();
        for measure in measures {
            cell.measures.entry(measure).or_insert(Origin::Own);
        }
    }
    Ok(table)
}

fn class_table(file: ClassFile) -> Result<ClassTable, String> {
    let mut table = ClassTable {
        rows: BTreeMap::new(),
        cells: BTreeMap::new(),
        not_applicable: Origin::Own,
    };
    for (threat, row) in file.row {
        for (phase, measures) in row.phases {
            let measures = measures.into_iter().map(|id| (id, Origin::Own));
            let cell = TableCell {
                measures: measures.collect(),
                example: None,
            };
            table.cells.insert((threat.clone(), phase), cell);
        }
        table.rows.insert(threat, row.text);
    }
    for example in file.example {
        for place in &example.cells {
            let found = table.cells.get_mut(&cell(place)?);
            let found = found.ok_or_else(|| format!("example of an empty cell {place}"))?;
            for measure in &example.measures {
                found.measures.insert(measure.clone(), Origin::Jnsa);
            }
            found.example = Some(match found.example.take() {
                None => example.text.clone(),
                Some(said) => Text::new(
                    format!("{} {}", said.en, example.text.en),
                    format!("{}{}", said.ja, example.text.ja),
                ),
            });
        }
    }
    Ok(table)
}

fn cell(text: &str) -> Result<Place, String> {
    let (threat, phase) = text.split_once(':').ok_or_else(|| text.to_owned())?;
    let phase = Phase::parse(phase).ok_or_else(|| text.to_owned())?;
    Ok((threat.to_owned(), phase))
}

fn cells<T>(map: BTreeMap<String, T>) -> Result<BTreeMap<Place, T>, String> {
    map.into_iter()
        .map(|(text, value)| Ok((cell(&text)?, value)))
        .collect()
}
