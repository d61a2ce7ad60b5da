//! Importers, one module for each format.

use jiff::civil::Date;
use sekimori_analysis::model::Model;
use serde::Serialize;

use crate::document::Document;
use crate::note::Note;
use crate::refusal::Refusal;

mod mud;
mod otm;
mod pasta;
mod shared;
mod threagile;
mod threat_dragon;
mod tm_bom;

/// Most bytes of a document.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A format that models are imported from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Threagile's model in YAML.
    Threagile,
    /// OWASP Threat Dragon's model, version 2, in JSON.
    ThreatDragon,
    /// Open Threat Model, in YAML or JSON.
    Otm,
    /// OWASP Threat Model Library (TM-BOM), in JSON.
    TmBom,
    /// PASTA's text for STPA.
    Pasta,
    /// Manufacturer Usage Description, RFC 8520, in JSON.
    Mud,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 6] = [
        Format::Threagile,
        Format::ThreatDragon,
        Format::Otm,
        Format::TmBom,
        Format::Pasta,
        Format::Mud,
    ];

    /// The word for it on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Format::Threagile => "threagile",
            Format::ThreatDragon => "threat-dragon",
            Format::Otm => "otm",
            Format::TmBom => "tm-bom",
            Format::Pasta => "pasta",
            Format::Mud => "mud",
        }
    }

    /// The format that a document seems to be of; [`None`] when it is of none of them.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] when the document could be of no format: it is too large, is not UTF-8, or begins as JSON and is
    /// none.
    pub fn tell(bytes: &[u8]) -> Result<Option<Self>, Refusal> {
        let text = readable(bytes)?;
        if text.trim_start().starts_with('{') {
            Document::of_json(text)?;
        }
        Ok(Self::guess(text))
    }

    /// The format that a document seems to be of, by its first words and keys.
    pub fn guess(text: &str) -> Option<Self> {
        let start = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']);
        if start.starts_with('{') {
            let document = Document::of_json(text).ok()?;
            let root = document.root();
            let keys: [(&[&str], Format); 4] = [
                (&["ietf-mud:mud"], Format::Mud),
                (&["otmVersion"], Format::Otm),
                (&["trust_zones"], Format::TmBom),
                (&["detail", "diagrams"], Format::ThreatDragon),
            ];
            return keys
                .iter()
                .find(|(keys, _)| root.at(keys).is_some())
                .map(|(_, format)| *format);
        }
        let has = |key: &str| text.lines().any(|line| line.starts_with(key));
        if has("otmVersion:") {
            Some(Format::Otm)
        } else if has("threagile_version:") || has("technical_assets:") {
            Some(Format::Threagile)
        } else if ["Losses", "Hazards", "ControlStructure", "Goals"]
            .iter()
            .any(|word| has(word))
        {
            Some(Format::Pasta)
        } else {
            None
        }
    }
}

/// What came of an import.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The model as text of our own format.
    pub text: String,
    /// The same, read back.
    pub model: Model,
    /// What stayed behind, what was assumed, what has another name; in order.
    pub notes: Vec<Note>,
}

/// Makes a model of a foreign document.
///
/// `today` dates the reviews of what the source takes for granted. Ids of the source are kept where they
/// can be read; everything that our model has no place for is in [`Imported::notes`].
///
/// # Errors
///
/// A [`Refusal`] when the document is too large, is not UTF-8 or not of the format, or has more elements
/// than are read.
pub fn import(format: Format, bytes: &[u8], today: Date) -> Result<Imported, Refusal> {
    let text = readable(bytes)?;
    match format {
        Format::Threagile => threagile::import(&Document::of_yaml(text)?),
        Format::ThreatDragon => threat_dragon::import(&Document::of_json(text)?),
        Format::Otm => {
            let is_json = text.trim_start().starts_with('{');
            let document = if is_json {
                Document::of_json(text)?
            } else {
                Document::of_yaml(text)?
            };
            otm::import(&document)
        }
        Format::TmBom => tm_bom::import(&Document::of_json(text)?, today),
        Format::Pasta => pasta::import(text, today),
        Format::Mud => mud::import(&Document::of_json(text)?),
    }
}

/// The text of a document, without its byte order mark.
fn readable(bytes: &[u8]) -> Result<&str, Refusal> {
    if bytes.len() > MAX_BYTES {
        return Err(Refusal::TooLarge {
            bytes: bytes.len(),
            limit: MAX_BYTES,
        });
    }
    let text = core::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let before = bytes.get(..at).unwrap_or_default();
        let before = core::str::from_utf8(before).unwrap_or_default();
        let line_before = before.rsplit('\n').next().unwrap_or_default();
        Refusal::NotText {
            at,
            line: before.matches('\n').count().saturating_add(1),
            column: line_before.chars().count().saturating_add(1),
        }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}
