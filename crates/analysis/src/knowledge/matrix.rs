//! The tables of the matrix: for each device class, what each threat is there, and the measures of each phase.

use std::collections::BTreeMap;

use super::Origin;
use crate::language::Text;
use crate::model::Phase;

/// The table of one device class.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassTable {
    /// What each threat is for this class, by threat; our own judgement.
    pub rows: BTreeMap<String, Text>,
    /// Cells that apply, by threat and phase.
    pub cells: BTreeMap<(String, Phase), TableCell>,
    /// Whose word it is that the other cells do not apply.
    pub not_applicable: Origin,
}

/// One cell that applies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableCell {
    /// Measures, and whose idea it is that they belong here.
    pub measures: BTreeMap<String, Origin>,
    /// What the source says of this class here, in our own words, where it says something.
    pub example: Option<Text>,
}
