//! The questions of key management, asked of every key and credential.
//!
//! Source: CSA 13 steps, step 11 (pages 82 to 86, tables 13 and 14), in our own words.

use serde::Serialize;

use crate::language::Text;

/// The questions about one key or credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeySheet {
    /// Asset.
    pub asset: String,
    /// Name of the asset.
    pub title: Text,
    /// The questions, always the same in the same order.
    pub questions: Vec<Question>,
}

/// One question and what the model answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// `operator-key:KEY-rotation` and the like.
    pub id: String,
    /// The question.
    pub text: Text,
    /// The answer, when the model has one.
    pub answer: Option<Text>,
    /// Why the answer is no good one.
    pub concern: Option<Text>,
    /// Controls that ask it.
    pub controls: Vec<String>,
}
