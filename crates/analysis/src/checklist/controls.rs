//! The controls of the 13 steps, read once from the TOML files that are compiled in.

use std::sync::OnceLock;

use serde::Deserialize;

use super::Site;
use super::property::Property;
use crate::documents::Format;
use crate::knowledge::{Check, ProbeName};
use crate::language::Text;

const STEPS: [&str; 14] = [
    include_str!("../../knowledge/csa-steps-00.toml"),
    include_str!("../../knowledge/csa-steps-01.toml"),
    include_str!("../../knowledge/csa-steps-02.toml"),
    include_str!("../../knowledge/csa-steps-03.toml"),
    include_str!("../../knowledge/csa-steps-04.toml"),
    include_str!("../../knowledge/csa-steps-05.toml"),
    include_str!("../../knowledge/csa-steps-06.toml"),
    include_str!("../../knowledge/csa-steps-07.toml"),
    include_str!("../../knowledge/csa-steps-08.toml"),
    include_str!("../../knowledge/csa-steps-09.toml"),
    include_str!("../../knowledge/csa-steps-10.toml"),
    include_str!("../../knowledge/csa-steps-11.toml"),
    include_str!("../../knowledge/csa-steps-12.toml"),
    include_str!("../../knowledge/csa-steps-13.toml"),
];

/// One step as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepEntry {
    pub(super) step: u8,
    pub(super) page: u16,
    pub(super) name: Text,
    pub(super) control: Vec<ControlEntry>,
}

/// One control as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ControlEntry {
    pub(super) id: String,
    pub(super) r#ref: String,
    pub(super) page: u16,
    pub(super) r#where: Site,
    pub(super) check: Check,
    pub(super) text: Text,
    #[serde(default)]
    pub(super) measures: Vec<String>,
    #[serde(default)]
    pub(super) observed: Vec<ProbeName>,
    #[serde(default)]
    pub(super) refused: Vec<ProbeName>,
    #[serde(default)]
    pub(super) when: Vec<Property>,
    #[serde(default)]
    pub(super) answer: Option<String>,
    #[serde(default)]
    pub(super) results: Vec<Format>,
}

/// The steps that ship with this version.
pub(super) fn steps() -> &'static [StepEntry] {
    static READ: OnceLock<Vec<StepEntry>> = OnceLock::new();
    READ.get_or_init(|| {
        let steps = STEPS.iter().map(|text| toml::from_str(text));
        let steps: Result<_, _> = steps.collect();
        steps.expect("the compiled-in steps are sound; a test reads them")
    })
}

/// Whether an id is one of a control.
pub fn is_control(id: &str) -> bool {
    let mut controls = steps().iter().flat_map(|step| &step.control);
    controls.any(|control| control.id == id)
}

/// The text of a control, and the countermeasures that do it; [`None`] when there is no such control.
pub(crate) fn shipped(id: &str) -> Option<(&'static Text, &'static [String])> {
    let mut controls = steps().iter().flat_map(|step| &step.control);
    let control = controls.find(|control| control.id == id)?;
    Some((&control.text, &control.measures))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::answers;
    use super::*;
    use crate::knowledge;
    use crate::system::System;

    fn all() -> impl Iterator<Item = &'static ControlEntry> {
        steps().iter().flat_map(|step| &step.control)
    }

    #[test]
    fn there_are_334_controls_in_13_steps_and_the_lessons() {
        let ids: BTreeSet<&str> = all().map(|control| control.id.as_str()).collect();
        assert_eq!((all().count(), ids.len()), (334, 334));
        let counts: Vec<usize> = steps().iter().map(|step| step.control.len()).collect();
        assert_eq!(
            counts,
            [27, 44, 20, 18, 31, 35, 27, 8, 23, 19, 27, 30, 12, 13]
        );
        for (number, step) in steps().iter().enumerate() {
            assert_eq!(usize::from(step.step), number);
            for control in &step.control {
                assert!(
                    control.id.starts_with(&format!("CSA-{number}.")),
                    "{}",
                    control.id
                );
            }
        }
        assert!(is_control("CSA-4.7") && !is_control("CSA-4.70"));
    }

    #[test]
    fn what_shows_a_control_exists() {
        let base = knowledge::base();
        let text = include_str!("../../../../examples/cold-store/model.toml");
        let model = crate::model::parse("model.toml", text).expect("the example is sound");
        let analysis = crate::analyze(&model, jiff::civil::date(2026, 11, 20));
        let system = System::new(&model);
        let found = answers::Found {
            threats: &analysis.threats,
            cells: 0,
            unsafe_actions: 0,
            solution: &analysis.solution,
            requirements: &analysis.requirements,
            sheet: &analysis.privacy,
            keys: &analysis.keys,
        };
        for control in all() {
            for measure in &control.measures {
                assert!(
                    base.measures.contains_key(measure),
                    "{}: {measure}",
                    control.id
                );
            }
            for probe in control.observed.iter().chain(&control.refused) {
                assert!(
                    base.probes.contains_key(&probe.probe),
                    "{}: {}",
                    control.id,
                    probe.probe
                );
            }
            if let Some(name) = &control.answer {
                let answer = answers::answer(name, &system, &found);
                assert!(answer.is_some(), "{}: {name}", control.id);
            }
        }
    }

    #[test]
    fn every_control_is_a_sentence_in_both_languages() {
        let kanji = |text: &str| text.chars().any(|c| c > '\u{3000}');
        for control in all() {
            let Text { en, ja } = &control.text;
            assert!(
                en.ends_with(['.', '?']) && !kanji(en),
                "{}: {en}",
                control.id
            );
            assert!(ja.ends_with('。') && kanji(ja), "{}: {ja}", control.id);
        }
        let names: Vec<&Text> = steps().iter().map(|step| &step.name).collect();
        assert!(
            names
                .iter()
                .all(|name| kanji(&name.ja) && !name.en.is_empty())
        );
    }

    #[test]
    fn what_can_be_shown_by_a_result_is_no_matter_of_words_alone() {
        for control in all().filter(|control| !control.results.is_empty()) {
            assert!(
                matches!(control.check, Check::Live | Check::Test),
                "{}",
                control.id
            );
        }
    }
}
