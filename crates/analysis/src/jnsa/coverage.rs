//! How far each cell is covered by what was chosen, and what is missing.

use std::sync::Arc;

use serde::Serialize;

use super::Cell;
use crate::choose::{Solution, State};

/// How it stands with one cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// How it stands.
    pub state: State,
    /// Strength that its risk needs; 0 where nothing is needed.
    pub need: u32,
    /// Strength of what was chosen.
    pub reached: u32,
    /// The chosen countermeasures, as ids of picks.
    pub chosen: Vec<Arc<str>>,
    /// Measures of the cell that were not chosen for it.
    pub unused: Vec<String>,
    /// What is missing.
    pub gap: Gap,
}

/// What is missing in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Gap {
    /// Nothing.
    None,
    /// Strength that measures of the cell could give, but were not chosen to.
    NotChosen {
        /// How much.
        strength: u32,
    },
    /// Strength that no measure of the cell can give.
    NothingKnown {
        /// How much.
        strength: u32,
    },
}

/// How it stands with a cell, given what was chosen.
pub fn coverage(cell: &Cell, solution: &Solution) -> Coverage {
    let id = cell.id.to_string();
    let state = solution.states.get(id.as_str()).copied();
    let state = state.unwrap_or(State::NotApplicable);
    let target = solution.target(&id);
    let chosen = target.map(|target| target.by.clone()).unwrap_or_default();
    let is_used = |measure: &String| {
        let mut names = chosen.iter();
        names.any(|name| name.split('@').next() == Some(measure.as_str()))
    };
    let measures = cell.measures.keys();
    let unused = measures.filter(|measure| !is_used(measure)).cloned();
    Coverage {
        state,
        need: target.map_or(0, |target| target.need),
        reached: target.map_or(0, |target| target.reached),
        unused: unused.collect(),
        gap: target.map_or(Gap::None, |target| {
            let missing = target.need.saturating_sub(target.reached);
            match target.need.saturating_sub(target.offered) {
                _ if missing == 0 => Gap::None,
                0 => Gap::NotChosen { strength: missing },
                strength => Gap::NothingKnown { strength },
            }
        }),
        chosen,
    }
}
