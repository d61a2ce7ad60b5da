//! Reads the compiled-in knowledge files, each kind in a file of its own, and checks that they fit together.

use std::collections::BTreeSet;

use super::Knowledge;

mod actors;
mod matrices;
mod measures;
mod probes;
mod regimes;
mod risk;
mod stride;
mod threats;

/// Reads everything; the error says which file does not fit and why.
pub(super) fn load() -> Result<Knowledge, String> {
    let catalogue = measures::read()?;
    let threats = threats::read()?;
    let matrices = matrices::read()?;
    let actors = actors::read()?;
    let knowledge = Knowledge {
        measures: catalogue.measures,
        probes: probes::read()?,
        threats: threats.threats,
        phases: threats.phases,
        rules: stride::read()?,
        regimes: regimes::read()?,
        enough: catalogue.enough,
        board: matrices.board,
        not_applicable: matrices.not_applicable,
        tables: matrices.tables,
        actors: actors.actors,
        csa_classes: actors.classes,
        risk: risk::read()?,
    };
    check(&knowledge)?;
    Ok(knowledge)
}

/// Reads one file.
fn parse<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| format!("{name}: {error}"))
}

/// Every id that one file names is in the other.
fn check(knowledge: &Knowledge) -> Result<(), String> {
    let known = |id: &String| {
        knowledge
            .measures
            .contains_key(id)
            .then_some(())
            .ok_or_else(|| format!("unknown measure {id}"))
    };
    for rule in &knowledge.rules {
        if let Some(fault) = rule.faults(&knowledge.measures).first() {
            return Err(format!("{}: {fault:?}", rule.id));
        }
    }
    for measures in knowledge.board.values() {
        measures.iter().try_for_each(known)?;
    }
    let cells = knowledge.tables.values().flat_map(|t| t.cells.values());
    for cell in cells {
        cell.measures.keys().try_for_each(known)?;
    }
    let items: BTreeSet<&str> = knowledge
        .regimes
        .values()
        .flat_map(|set| set.items.iter().map(|item| item.id.as_str()))
        .collect();
    for measure in knowledge.measures.values() {
        for name in measure.observed.iter().chain(&measure.refused) {
            if !knowledge.probes.contains_key(&name.probe) {
                return Err(format!("{}: unknown probe {}", measure.id, name.probe));
            }
        }
        for item in &measure.items {
            if !items.contains(item.as_str()) {
                return Err(format!("{}: unknown item {item}", measure.id));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Origin;
    use crate::language::Text;

    #[test]
    fn the_files_fit_together() {
        let knowledge = load().expect("sound");
        assert_eq!(knowledge.threats.len(), 12);
        assert_eq!(knowledge.phases.len(), 5);
        let source: BTreeSet<&String> = knowledge.board.values().flatten().collect();
        assert_eq!(source.len(), 65, "the source's canonical measures");
        assert_eq!(knowledge.board.values().flatten().count(), 127);
        for id in source {
            assert_eq!(knowledge.measures[id].origin, Origin::Jnsa, "{id}");
        }
        assert_eq!(knowledge.enough.len(), 4);
    }

    #[test]
    fn what_nobody_checked_does_not_ship() {
        let knowledge = load().expect("sound");
        for set in knowledge.regimes.values() {
            for item in &set.items {
                assert_ne!(
                    item.confidence,
                    super::super::Confidence::Low,
                    "{}",
                    item.id
                );
                assert!(!["JCSTAR-S1.1-09", "JCSTAR-S1.1-14"].contains(&item.id.as_str()));
            }
        }
    }

    #[test]
    fn every_text_is_in_both_languages() {
        let knowledge = load().expect("sound");
        let japanese = |text: &Text| text.ja.chars().any(|c| c > '\u{3000}');
        for measure in knowledge.measures.values() {
            assert!(
                japanese(&measure.name) && japanese(&measure.shall),
                "{}",
                measure.id
            );
        }
        let probes = knowledge.probes.values().map(|p| &p.text);
        let rules = knowledge.rules.iter().map(|r| &r.text);
        let threats = knowledge.threats.values().flat_map(|t| [&t.name, &t.text]);
        let items = knowledge.regimes.values().flat_map(|r| &r.items);
        for text in probes
            .chain(rules)
            .chain(threats)
            .chain(items.map(|i| &i.text))
        {
            assert!(!text.en.is_empty() && japanese(text), "{text:?}");
        }
    }
}
