//! How a model and its analysis answer a control by themselves.
//!
//! Only what a model is the record of can be answered here: which threats were looked for, what was decided
//! and why, what is collected. What a model claims of hardware or people is no answer; a gap then says
//! what would be one.

use super::keys::{KeySheet, Topic};
use super::privacy::Sheet;
use crate::choose::Solution;
use crate::language::Text;
use crate::model::ComponentKind;
use crate::requirements::Requirement;
use crate::stride::Threat;
use crate::system::System;

mod built;
mod declared;
mod found;

/// Most names that an answer lists; the others are counted.
const MAX_NAMES: usize = 5;

/// What the methods found, for answers to point at.
pub(crate) struct Found<'a> {
    /// STRIDE threats.
    pub(crate) threats: &'a [Threat],
    /// Cells of the matrices.
    pub(crate) cells: usize,
    /// Unsafe control actions.
    pub(crate) unsafe_actions: usize,
    /// What was chosen.
    pub(crate) solution: &'a Solution,
    /// What shall hold.
    pub(crate) requirements: &'a [Requirement],
    /// The data sheet.
    pub(crate) sheet: &'a Sheet,
    /// The questions about keys.
    pub(crate) keys: &'a [KeySheet],
}

/// What a model says to a control.
pub(super) enum Answer {
    /// It answers it.
    Is(Text),
    /// It does not, and this is missing.
    Lacks(Text),
}

fn is(en: impl Into<String>, ja: impl Into<String>) -> Option<Answer> {
    Some(Answer::Is(Text::new(en, ja)))
}

fn lacks(en: impl Into<String>, ja: impl Into<String>) -> Option<Answer> {
    Some(Answer::Lacks(Text::new(en, ja)))
}

/// The answer with a name, as the knowledge files have it; [`None`] when there is no such answer.
pub(super) fn answer(name: &str, system: &System<'_>, found: &Found<'_>) -> Option<Answer> {
    if let Some(topic) = name.strip_prefix("key:") {
        return declared::keys(Topic::parse(topic)?, found.keys);
    }
    match name {
        "threat-model" => found::threat_model(found),
        "stride:spoofing" => found::spoofing(found),
        "stride:gateway" => found::gateway(system, found),
        "requirements" => found::requirements(found),
        "regimes" => found::regimes(system),
        "tradeoff" => found::tradeoff(found),
        "layers" => found::layers(system, found),
        "closed" => found::closed(found),
        "safety" => found::safety(system, found),
        "dependence" => found::dependence(system),
        "environment" => declared::environment(system),
        "externals" => declared::externals(system),
        "flows" => declared::flows(system),
        "open-flows" => declared::open_flows(system),
        "bounded" => declared::bounded(system),
        "datasheet" => declared::sheet(found.sheet, &[]),
        "consent" => declared::sheet(found.sheet, &["consent", "opt-in"]),
        "minimal" => declared::sheet(found.sheet, &["minimized", "retention", "fields"]),
        "hardware" => built::hardware(system),
        "tpm" => built::tpm(system),
        "secure-boot" => built::secure_boot(system),
        "randomness" => built::randomness(system),
        "entropy" => built::entropy(system),
        "platform" => built::platform(system),
        "languages" => built::languages(system, &[ComponentKind::Device, ComponentKind::Gateway]),
        "languages-services" => {
            built::languages(system, &[ComponentKind::Service, ComponentKind::App])
        }
        "languages-secrets" => built::language_secrets(system),
        _ => None,
    }
}

/// `a, b, c and 4 more`, in both languages.
fn names<'a>(list: impl IntoIterator<Item = &'a str>) -> Text {
    let all: Vec<&str> = list.into_iter().collect();
    let shown = all.iter().take(MAX_NAMES).copied();
    let shown = shown.collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(MAX_NAMES) {
        0 => Text::same(shown),
        more => Text::new(
            format!("{shown} and {more} more"),
            format!("{shown} ほか {more} 件"),
        ),
    }
}
