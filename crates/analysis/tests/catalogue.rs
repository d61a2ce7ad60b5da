//! Every candidate has one verdict, the counts add up, and no countermeasure stands in the catalogue for nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use sekimori_analysis::catalogue::{self, Reason, Source, Verdict, candidates};
use sekimori_analysis::knowledge::{MeasureKind, Pillar, Place};
use sekimori_analysis::{analyze, knowledge, model};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

/// Our own additions: no list asks for them, and why they are there all the same.
const OWN_ADDITIONS: &[(&str, &str)] = &[
    (
        "CM-ATTEST",
        "what boot verification does not show to others",
    ),
    ("CM-CLONE", "what a copied key gives away"),
    (
        "CM-CONFIRM",
        "control actions that were given and had no effect",
    ),
    ("CM-STALE", "control actions that come at the wrong time"),
];

fn count(source: Source) -> catalogue::Counts {
    catalogue::count(candidates().values().filter(|c| c.source == source))
}

#[test]
fn every_list_is_complete() {
    let matrix = count(Source::JnsaMatrix);
    assert_eq!((matrix.candidates, matrix.kept), (127, 65));
    assert_eq!(matrix.excluded[&Reason::Duplicate], 62);
    assert_eq!(count(Source::CsaSteps).candidates, 334);
    assert_eq!(count(Source::FourPillars).candidates, 24 + 31);
    // Every step of the checklist, and every threat of the three lists, has its candidates without a hole.
    let steps = [27, 44, 20, 18, 31, 35, 27, 8, 23, 19, 27, 30, 12, 13];
    for (step, controls) in steps.into_iter().enumerate() {
        for control in 1..=controls {
            let id = format!("CSA-{step}.{control}");
            assert!(candidates().contains_key(&id), "{id}");
        }
    }
    for list in ["IPA-O", "IPA-P", "BSI-"] {
        for threat in 1..=10 {
            let prefix = format!("{list}{threat}-");
            let of_threat = candidates().keys().filter(|id| id.starts_with(&prefix));
            let numbers: BTreeSet<usize> = of_threat
                .map(|id| id[prefix.len()..].parse().expect("a number"))
                .collect();
            assert!(numbers.len() >= 4, "{prefix}: {numbers:?}");
            assert_eq!(
                numbers.last(),
                Some(&numbers.len()),
                "{prefix}: {numbers:?}"
            );
        }
    }
}

#[test]
fn the_counts_add_up() {
    let total = catalogue::count(candidates().values());
    let mut sum = catalogue::Counts::default();
    for source in Source::ALL {
        let counts = count(*source);
        let excluded: usize = counts.excluded.values().sum();
        assert_eq!(counts.candidates, counts.kept + excluded, "{source:?}");
        assert!(
            counts.measures <= counts.kept.saturating_mul(3),
            "{source:?}"
        );
        sum.candidates += counts.candidates;
        sum.kept += counts.kept;
    }
    assert_eq!(total.candidates, candidates().len());
    assert_eq!((sum.candidates, sum.kept), (total.candidates, total.kept));
    let measures = knowledge::base().measures.len();
    assert!((110..=150).contains(&measures), "{measures}");
    assert_eq!(total.measures + OWN_ADDITIONS.len(), measures);
}

#[test]
fn every_measure_is_asked_for_by_a_list_or_is_a_named_addition_of_ours() {
    let mut realized: BTreeSet<&str> = BTreeSet::new();
    for candidate in candidates().values() {
        if let Verdict::Kept(measures) = &candidate.verdict {
            realized.extend(measures.iter().map(String::as_str));
        }
    }
    let all = knowledge::base().measures.keys().map(String::as_str);
    let alone: BTreeSet<&str> = all.filter(|id| !realized.contains(id)).collect();
    let named: BTreeSet<&str> = OWN_ADDITIONS.iter().map(|(id, _)| *id).collect();
    assert_eq!(alone, named);
}

#[test]
fn a_duplicate_leads_to_what_the_first_leads_to() {
    let repeated = &candidates()["IPA-P9-1"];
    assert_eq!(repeated.verdict, Verdict::Duplicate("IPA-P1-1".into()));
    assert_eq!(
        catalogue::realized_by(repeated),
        catalogue::realized_by(&candidates()["IPA-P1-1"])
    );
    let excluded = &candidates()["IPA-P2-1"];
    assert_eq!(excluded.verdict.reason(), Some(Reason::CannotBeAutomated));
    assert!(catalogue::realized_by(excluded).is_empty());
}

#[test]
fn every_text_is_in_both_languages() {
    for candidate in candidates().values() {
        let text = &candidate.text;
        let japanese = text.ja.chars().any(|c| c > '\u{3000}');
        assert!(!text.en.is_empty() && japanese, "{}", candidate.id);
    }
}

#[test]
fn the_view_says_where_each_measure_comes_from_and_where_it_is_chosen() {
    let model = model::parse("model.toml", TEXT).expect("the example has no problem");
    let analysis = analyze(&model, date(2026, 11, 20));
    let view = &analysis.catalogue;
    assert_eq!(view.sources.len(), Source::ALL.len());
    assert_eq!(view.measures.len(), knowledge::base().measures.len());
    let picks: usize = view
        .measures
        .iter()
        .map(|measure| measure.picks.len())
        .sum();
    assert_eq!(picks, analysis.solution.picks.len());
    let by_id: BTreeMap<&str, &catalogue::MeasureView> =
        view.measures.iter().map(|m| (m.id.as_str(), m)).collect();
    let encryption = by_id["CM-ENC"];
    assert!(encryption.candidates.iter().any(|id| id == "JM-05-P1-2"));
    assert!(encryption.candidates.iter().any(|id| id == "CSA-1.19"));
    assert!(encryption.picks.iter().any(|id| **id == *"CM-ENC@sensor"));
    assert!(view.note.en.contains("does not mean ineffective"));
}

/// What a measure needs is there wherever it is itself, and asking for it ends.
#[test]
fn prerequisites_end_and_can_be_had() {
    let measures = &knowledge::base().measures;
    let mut with_resources = 0;
    for measure in measures.values() {
        let mut needed: BTreeSet<&String> = BTreeSet::new();
        let mut next: Vec<&String> = measure.requires.iter().collect();
        while let Some(id) = next.pop() {
            assert_ne!(id, &measure.id, "needs itself");
            if needed.insert(id) {
                next.extend(&measures[id].requires);
            }
        }
        for id in &needed {
            let other = &measures[*id];
            // What stands on one device cannot be promised to something that stands at the gateway or the maker.
            assert!(
                measure.place == Place::Device || other.place != Place::Device,
                "{} needs {id}",
                measure.id
            );
            assert!(
                other.kind != MeasureKind::Guidance,
                "{} needs {id}",
                measure.id
            );
            assert!(!measure.conflicts.contains(*id) && !other.conflicts.contains(&measure.id));
            // Where it makes sense, what it needs does so, too.
            let is_there = !measure.on.is_empty() && measure.on.is_subset(&other.on);
            assert!(other.on.is_empty() || is_there, "{} needs {id}", measure.id);
        }
        let resources = &measure.resources;
        let of_device = resources.ram_kib + resources.flash_kib + resources.cpu_percent;
        assert!(
            of_device == 0 || measure.place == Place::Device,
            "{}",
            measure.id
        );
        with_resources += usize::from(of_device + resources.gateway_percent > 0);
    }
    assert!(with_resources > 60, "{with_resources}");
}

#[test]
fn the_documents_say_the_numbers_of_the_data() {
    let documents = [
        include_str!("../../../docs/methods/catalogue.md"),
        include_str!("../../../docs/methods/catalogue.ja.md"),
    ];
    let line = |name: &str, counts: &catalogue::Counts| {
        let mut numbers = vec![counts.candidates, counts.kept];
        numbers.extend(Reason::ALL.iter().map(|reason| counts.excluded[reason]));
        numbers.push(counts.measures);
        let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
        format!("| {name} | {} |", numbers.join(" | "))
    };
    let sources = Source::ALL
        .iter()
        .map(|source| line(source.word(), &count(*source)));
    let total = line("all", &catalogue::count(candidates().values()));
    let measures = &knowledge::base().measures;
    let lines: Vec<String> = sources.chain([total]).collect();
    for document in documents {
        for line in &lines {
            assert!(document.contains(line), "{line}");
        }
        assert!(document.contains(&measures.len().to_string()));
        for (id, _) in OWN_ADDITIONS {
            assert!(document.contains(id), "{id}");
        }
        // Full-width in Japanese.
        let says = |number: usize| {
            document.contains(&format!("({number})")) || document.contains(&format!("（{number}）"))
        };
        for pillar in Pillar::ALL {
            let number = measures.values().filter(|m| m.pillar == *pillar).count();
            assert!(says(number), "{pillar:?} {number}");
        }
        for kind in MeasureKind::ALL {
            let number = measures.values().filter(|m| m.kind == *kind).count();
            assert!(says(number), "{kind:?} {number}");
        }
    }
}
