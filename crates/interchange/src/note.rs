//! What an import has to tell: what stayed behind, what was assumed, what has another name now.

use sekimori_analysis::language::Text;
use serde::Serialize;

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// Our model has no place for it; it is only in the source.
    NotCarriedOver,
    /// The source does not say it, and a model must: look whether it is right.
    Assumed,
    /// It has another name now.
    Renamed,
}

impl NoteKind {
    /// The word for it in a list for people.
    pub fn word(self) -> Text {
        match self {
            NoteKind::NotCarriedOver => Text::new("not carried over", "引き継がない"),
            NoteKind::Assumed => Text::new("assumed", "仮定"),
            NoteKind::Renamed => Text::new("renamed", "名称変更"),
        }
    }
}

/// One thing to look at after an import.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Note {
    /// What it is about.
    pub kind: NoteKind,
    /// Where in the source, as `technical_assets.*.owner`, or an id of the model.
    pub place: String,
    /// What happened and what to do.
    pub text: Text,
}
