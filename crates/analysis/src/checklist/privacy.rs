//! The data sheet: what is collected, what for, with whose consent, for how long, and who gets it.
//!
//! Source: CSA 13 steps, step 4 (pages 47 to 51), in our own words.

use serde::Serialize;

use crate::language::Text;

/// The data sheet of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// One row for each asset that tells something about a person or names its fields.
    pub rows: Vec<Row>,
}

/// What the model says of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Asset.
    pub asset: String,
    /// Name of the asset.
    pub title: Text,
    /// Whether it tells something about a person.
    pub personal: bool,
    /// Fields that are collected.
    pub fields: Vec<String>,
    /// What they are collected for.
    pub purpose: Option<Text>,
    /// On what ground: opt-in and so on.
    pub consent: Option<Text>,
    /// Whether only what the purpose needs is collected.
    pub minimized: Option<bool>,
    /// Days until it is deleted.
    pub retention_days: Option<u32>,
    /// Components that keep it.
    pub stored_in: Vec<String>,
    /// Components that flows bring it to.
    pub sent_to: Vec<String>,
    /// Components it is shared with on purpose.
    pub shared_with: Vec<String>,
    /// What is missing or contradicts itself.
    pub gaps: Vec<Gap>,
}

/// Something that the data sheet lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// `gps:PRIV-purpose` and the like.
    pub id: String,
    /// What is wrong and what to write.
    pub text: Text,
    /// Controls that ask for it.
    pub controls: Vec<String>,
}
