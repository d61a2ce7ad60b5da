//! Exporters, one module for each format.

use jiff::Timestamp;
use sekimori_analysis::Analysis;
use sekimori_analysis::language::{Language, Text};
use sekimori_analysis::model::{ComponentKind, Model};
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
        notes: left_behind(model),
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

/// Parts of our model that neither drawing format knows.
fn left_behind(model: &Model) -> Vec<Note> {
    let parts = [
        ("loss", model.losses.len()),
        ("hazard", model.hazards.len()),
        ("controller", model.controllers.len()),
        ("control_action", model.control_actions.len()),
        ("uca", model.unsafe_control_actions.len()),
        ("decision", model.decisions.len()),
        ("assume", model.assumptions.len()),
        (
            "flow.schema",
            model
                .flows
                .values()
                .filter(|flow| flow.schema.is_some())
                .count(),
        ),
        (
            "flow.range",
            model
                .flows
                .values()
                .filter(|flow| !flow.range.is_empty())
                .count(),
        ),
        (
            "flow.rate",
            model
                .flows
                .values()
                .filter(|flow| flow.rate.is_some())
                .count(),
        ),
        ("flow.sequence", model.flows.len()),
        ("component.caps", model.components.len()),
        (
            "component.interfaces",
            model
                .components
                .values()
                .filter(|c| !c.interfaces.is_empty())
                .count(),
        ),
    ];
    parts
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(place, count)| Note {
            kind: NoteKind::NotCarriedOver,
            place: place.to_owned(),
            text: Text::new(
                format!("{count} of them; the format has no place for it"),
                format!("{count} 件。この形式に書く場所がない"),
            ),
        })
        .collect()
}
