//! What language, platform, hardware and protocols of a component ask for.
//!
//! Source: CSA 13 steps, steps 2, 3, 5, 6 and 10, in our own words; which control a property calls for
//! is our own judgement.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::property::Property;
use crate::language::Text;
use crate::system::System;
use crate::vocabulary::vocabulary;

const GUIDANCE: &str = include_str!("../../knowledge/guidance.toml");

vocabulary! {
    /// What a piece of guidance is about.
    Topic {
        /// Programming language.
        Language = "language",
        /// Operating system.
        Platform = "platform",
        /// Hardware.
        Hardware = "hardware",
        /// Radio, port or protocol.
        Protocol = "protocol",
    }
}

/// One piece of guidance for one component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Advice {
    /// `lock:ADV-c` and the like.
    pub id: String,
    /// Component.
    pub component: String,
    /// What it is about.
    pub topic: Topic,
    /// Which property of the component calls for it.
    pub because: Text,
    /// What to do.
    pub text: Text,
    /// Controls that say so.
    pub controls: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "basis")]
    _basis: String,
    advice: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    topic: Topic,
    /// Any of these calls for it.
    when: Vec<Property>,
    text: Text,
    controls: Vec<String>,
}

fn entries() -> &'static [Entry] {
    static READ: OnceLock<Vec<Entry>> = OnceLock::new();
    READ.get_or_init(|| {
        let file: Result<File, _> = toml::from_str(GUIDANCE);
        file.expect("the compiled-in guidance is sound; a test reads it")
            .advice
    })
}

/// The guidance for every component of a system.
pub(crate) fn of_system(system: &System<'_>) -> Vec<Advice> {
    let mut all = Vec::new();
    for (id, component) in &system.model.components {
        for entry in entries() {
            let mut properties = entry.when.iter();
            let Some(because) = properties.find(|one| one.is_of(system, id, component)) else {
                continue;
            };
            all.push(Advice {
                id: format!("{id}:{}", entry.id),
                component: id.clone(),
                topic: entry.topic,
                because: because.name(),
                text: entry.text.clone(),
                controls: entry.controls.clone(),
            });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::checklist::is_control;

    #[test]
    fn guidance_names_controls_and_says_it_in_both_languages() {
        let ids: BTreeSet<&str> = entries().iter().map(|entry| entry.id.as_str()).collect();
        assert_eq!(ids.len(), entries().len());
        for entry in entries() {
            assert!(
                !entry.when.is_empty() && !entry.controls.is_empty(),
                "{}",
                entry.id
            );
            assert!(
                entry.controls.iter().all(|id| is_control(id)),
                "{}",
                entry.id
            );
            assert!(
                entry.text.ja.chars().any(|c| c > '\u{3000}'),
                "{}",
                entry.id
            );
            assert!(
                !entry.text.en.chars().any(|c| c > '\u{3000}'),
                "{}",
                entry.id
            );
        }
        for topic in Topic::ALL {
            assert!(entries().iter().any(|entry| entry.topic == *topic));
        }
    }
}
