//! Exporters, one module for each format.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sekimori_analysis::Analysis;
use sekimori_analysis::language::{Language, Text};
use sekimori_analysis::model::{self, ComponentKind, Model};
use serde::Serialize;

use crate::note::{Note, NoteKind};

mod mud;
mod otm;
mod threat_dragon;

/// A format that models are exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// OWASP Threat Dragon, version 2.
    ThreatDragon,
    /// Open Threat Model 0.2.0 in JSON.
    Otm,
}

impl Target {
    /// Every format.
    pub const ALL: [Target; 2] = [Target::ThreatDragon, Target::Otm];

    /// The word for it on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Target::ThreatDragon => "threat-dragon",
            Target::Otm => "otm",
        }
    }

    /// The keys of a section of our model that the format has a place for; none where it has none for the section.
    fn carries(self, section: &str) -> &'static [&'static str] {
        match (self, section) {
            (_, "model") => &["format", "id", "title"],
            (Target::ThreatDragon, "zone") => &["id", "title"],
            (Target::Otm, "zone") => &["id", "title", "physical"],
            (_, "component") => &["id", "title", "kind", "zone"],
            (Target::Otm, "asset") => &["id", "title", "c", "i", "a", "stored_in"],
            (Target::ThreatDragon, "flow") => {
                &["id", "title", "from", "to", "proto", "security", "link"]
            }
            (Target::Otm, "flow") => &[
                "id", "title", "from", "to", "via", "assets", "proto", "security", "link",
            ],
            _ => &[],
        }
    }
}

/// A model in a foreign format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The document, ending with a line break.
    pub text: String,
    /// What of our model the format has no place for.
    pub notes: Vec<Note>,
}

/// Writes a model with what its analysis found in a foreign format.
///
/// Threats are mitigated there when the chosen countermeasures close them here; whether those are at work
/// is for the findings to say, not for this document.
pub fn export(target: Target, model: &Model, analysis: &Analysis, language: Language) -> Exported {
    let document = match target {
        Target::ThreatDragon => threat_dragon::document(model, analysis, language),
        Target::Otm => otm::document(model, analysis, language),
    };
    Exported {
        text: pretty(&document),
        notes: left_behind(target, model),
    }
}

/// Why there is no usage description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoDescription {
    /// The component is not there, or no device; these are the devices.
    NotADevice {
        /// Ids of the model's devices.
        devices: Vec<String>,
    },
}

/// Writes the Manufacturer Usage Description of one device component: the peers that its flows name.
///
/// `url` is where the maker publishes it, `at` when it was made.
///
/// # Errors
///
/// [`NoDescription`] when the component is no device.
pub fn usage_description(
    model: &Model,
    device: &str,
    url: &str,
    at: Timestamp,
    language: Language,
) -> Result<Exported, NoDescription> {
    let component = model
        .components
        .get(device)
        .filter(|c| c.kind == ComponentKind::Device);
    let Some(component) = component else {
        let devices = model
            .components
            .iter()
            .filter(|(_, c)| c.kind == ComponentKind::Device);
        return Err(NoDescription::NotADevice {
            devices: devices.map(|(id, _)| id.clone()).collect(),
        });
    };
    let (document, notes) = mud::document(model, (device, component), url, at, language);
    Ok(Exported {
        text: pretty(&document),
        notes,
    })
}

fn pretty(document: &serde_json::Value) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("a document has only string keys");
    text.push('\n');
    text
}

/// What the format has no place for: every key that the model's own text has and [`Target::carries`] does not name.
fn left_behind(target: Target, model: &Model) -> Vec<Note> {
    let text = model::write(model);
    let document: toml::Table = text.parse().expect("what we write is TOML");
    let mut left: BTreeMap<String, usize> = BTreeMap::new();
    for (section, value) in &document {
        let carried = target.carries(section);
        let list = value.as_array().into_iter().flatten();
        let entries = list
            .filter_map(toml::Value::as_table)
            .chain(value.as_table());
        for entry in entries {
            if carried.is_empty() {
                *left.entry(section.clone()).or_default() += 1;
                continue;
            }
            // Both languages of one text are one thing.
            let keys = entry
                .keys()
                .map(|key| key.strip_suffix("_ja").unwrap_or(key));
            let keys: BTreeSet<&str> = keys.filter(|key| !carried.contains(key)).collect();
            for key in keys {
                *left.entry(format!("{section}.{key}")).or_default() += 1;
            }
        }
    }
    let notes = left.into_iter().map(|(place, count)| Note {
        kind: NoteKind::NotCarriedOver,
        place,
        text: Text::new(
            format!("{count} of them; the format has no place for it"),
            format!("{count} 件。この形式に書く場所がない"),
        ),
    });
    notes.collect()
}
