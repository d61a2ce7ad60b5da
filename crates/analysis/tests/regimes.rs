//! Requirement sets: complete, in both languages, answered item by item, and nothing is dropped.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use sekimori_analysis::knowledge::{Confidence, base};
use sekimori_analysis::model::{self, Regime};
use sekimori_analysis::requirements::{Answer, ItemView, RegimeView};
use sekimori_analysis::{Analysis, analyze};

const EXAMPLE: &str = include_str!("../../../examples/cold-store/model.toml");
const TODAY: Date = date(2026, 11, 20);

/// The example under every requirement set, with more text at its end.
fn analysis(level: u8, more: &str) -> Analysis {
    let all: Vec<String> = Regime::ALL
        .iter()
        .map(|regime| format!("{:?}", regime.word()))
        .collect();
    let line = EXAMPLE
        .lines()
        .find(|line| line.starts_with("regimes"))
        .expect("the example names its sets");
    let replaced = format!("regimes = [{}]\nsecurity_level = {level}", all.join(", "));
    let text = format!("{}\n{more}", EXAMPLE.replacen(line, &replaced, 1));
    let model = model::parse("model.toml", &text).unwrap_or_else(|problems| panic!("{problems:?}"));
    analyze(&model, TODAY)
}

fn set(analysis: &Analysis, regime: Regime) -> &RegimeView {
    let mut sets = analysis.regimes.iter();
    sets.find(|set| set.regime == regime).expect("named")
}

fn item<'a>(analysis: &'a Analysis, id: &str) -> &'a ItemView {
    let mut items = analysis.regimes.iter().flat_map(|set| &set.items);
    items.find(|item| item.id == id).expect("known")
}

#[test]
fn every_set_is_there_with_everything_that_may_ship() {
    let expected = [
        (Regime::Cra, 22 + 6 + 1),
        (Regime::Etsi, 78),
        (Regime::JcStar, 14),
        (Regime::Mic, 4),
        (Regime::Ir8259a, 22),
        (Regime::Csf, 106),
        (Regime::Sp800171, 97),
        (Regime::Iec62443, 77 + 44),
        (Regime::Cpsf, 15),
        (Regime::OwaspIot, 10),
    ];
    assert_eq!(expected.len(), Regime::ALL.len());
    let mut seen = BTreeSet::new();
    for (regime, count) in expected {
        let set = &base().regimes[&regime];
        assert_eq!(set.items.len(), count, "{}", regime.word());
        assert!(!set.version.en.is_empty() && !set.version.ja.is_empty());
        for text in [&set.note, &set.name] {
            assert!(
                !text.en.is_empty() && !text.ja.is_empty(),
                "{}",
                regime.word()
            );
        }
        for item in &set.items {
            assert!(seen.insert(&item.id), "{} is there twice", item.id);
            assert_ne!(item.confidence, Confidence::Low, "{}", item.id);
        }
    }
    // What nobody could check stays out, and the set says so.
    for id in ["JCSTAR-S1.1-09", "JCSTAR-S1.1-14", "MIC-eq", "CPSF-C-BE"] {
        assert!(!seen.iter().any(|seen| *seen == id), "{id}");
    }
    let notes = [
        (Regime::JcStar, "S1.1-09"),
        (Regime::JcStar, "S1.1-14"),
        (Regime::Cpsf, "15"),
        (Regime::Cpsf, "BE"),
        (Regime::Iec62443, "security_level"),
        (Regime::Cra, "2026-09-11"),
    ];
    for (regime, word) in notes {
        let note = &base().regimes[&regime].note;
        assert!(note.en.contains(word) && note.ja.contains(word), "{word}");
    }
}

#[test]
fn a_text_is_a_sentence_in_both_languages_and_says_no_two_things() {
    for set in base().regimes.values() {
        let mut said: BTreeMap<&str, &str> = BTreeMap::new();
        for item in &set.items {
            let (en, ja) = (item.text.en.as_str(), item.text.ja.as_str());
            assert!(en.ends_with('.'), "{}: {en}", item.id);
            assert!(ja.ends_with('。'), "{}: {ja}", item.id);
            let latin = ja.chars().filter(char::is_ascii_alphabetic).count();
            let share = latin * 3 < ja.chars().count() * 2;
            assert!(share, "{}: {ja}", item.id);
            if let Some(other) = said.insert(ja, &item.id) {
                panic!("{other} and {} say the same: {ja}", item.id);
            }
        }
    }
}

#[test]
fn every_item_is_answered_and_the_answer_is_true() {
    let analysis = analysis(2, "");
    let ids: BTreeSet<&str> = analysis
        .requirements
        .iter()
        .map(|requirement| requirement.id.as_str())
        .collect();
    for (regime, known) in &base().regimes {
        let set = set(&analysis, *regime);
        assert_eq!(set.items.len(), known.items.len(), "{}", regime.word());
        for item in &set.items {
            let served = !item.requirements.is_empty();
            assert_eq!(served, item.answer == Answer::Requirement, "{}", item.id);
            assert!(
                !item.why.en.is_empty() && !item.why.ja.is_empty(),
                "{}",
                item.id
            );
            for id in &item.requirements {
                assert!(ids.contains(id.as_str()), "{id}");
                let requirement = analysis.requirements.iter().find(|r| r.id == *id);
                assert!(requirement.expect("known").items.contains(&item.id));
            }
        }
        let answers: BTreeSet<Answer> = set.items.iter().map(|item| item.answer).collect();
        assert!(answers.contains(&Answer::Requirement), "{}", regime.word());
    }
    // And back: whatever a requirement says that it serves has it.
    for requirement in &analysis.requirements {
        for id in &requirement.items {
            let item = item(&analysis, id);
            assert!(item.requirements.contains(&requirement.id), "{id}");
        }
    }
}

#[test]
fn the_security_level_decides_what_iec_asks_for() {
    let in_scope = |level| -> BTreeSet<String> {
        let analysis = analysis(level, "");
        let items = &set(&analysis, Regime::Iec62443).items;
        let items = items
            .iter()
            .filter(|item| item.answer != Answer::OutOfScope);
        items.map(|item| item.id.clone()).collect()
    };
    let levels: Vec<BTreeSet<String>> = (1..=4).map(in_scope).collect();
    for pair in levels.windows(2) {
        if let [lower, higher] = pair {
            assert!(lower.is_subset(higher) && lower.len() < higher.len());
        }
    }
    for (id, least) in [
        ("IEC42-CCSC-1", 1),
        ("IEC42-CR-1.1", 1),
        ("IEC42-CR-1.2", 2),
        ("IEC42-CR-2.7", 3),
        ("IEC42-CR-2.12-RE1", 4),
    ] {
        for (level, items) in (1..).zip(&levels) {
            assert_eq!(items.contains(id), level >= least, "{id} at level {level}");
        }
    }
    let low = analysis(1, "");
    let why = &item(&low, "IEC42-CR-1.2").why;
    assert_eq!(
        why.en,
        "Asked for from security level 2 on; the model says level 1."
    );
    // The example has no general-purpose computer, and its host items say so.
    assert_eq!(item(&low, "IEC42-HDR-3.2").answer, Answer::OutOfScope);
    assert_eq!(item(&low, "IEC42-EDR-3.2").answer, Answer::Requirement);
}

#[test]
fn what_the_author_states_is_an_answer_until_it_ends() {
    let state = |status: &str, until: &str| {
        format!(
            "[[statement]]\nitem = \"CSF-GV.OC-01\"\nstatus = \"{status}\"\nwhy = \"Minutes of the board.\"\nwhy_ja = \"取締役会の議事録。\"\nowner = \"Mori\"\nuntil = {until}\n"
        )
    };
    let before = analysis(2, "");
    assert_eq!(item(&before, "CSF-GV.OC-01").answer, Answer::Process);
    for (status, until, expected) in [
        ("process", "2026-11-20", Answer::Stated),
        ("not-applicable", "2026-11-20", Answer::OutOfScope),
        ("process", "2026-11-19", Answer::Process),
        ("not-applicable", "2026-11-19", Answer::Process),
    ] {
        let after = analysis(2, &state(status, until));
        let item = item(&after, "CSF-GV.OC-01");
        assert_eq!(item.answer, expected, "{status} {until}");
        if expected != Answer::Process {
            let said = "Minutes of the board. Stated by Mori, until 2026-11-20.";
            assert_eq!(item.why.en, said);
        }
    }
}

#[test]
fn every_set_has_its_short_name() {
    for (name, regime) in [
        ("cra", Regime::Cra),
        ("etsi", Regime::Etsi),
        ("jc-star", Regime::JcStar),
        ("nist", Regime::Ir8259a),
        ("csf", Regime::Csf),
        ("800-171", Regime::Sp800171),
        ("62443", Regime::Iec62443),
        ("mic", Regime::Mic),
        ("cpsf", Regime::Cpsf),
        ("owasp", Regime::OwaspIot),
    ] {
        assert_eq!(Regime::of_name(name), Some(regime));
        assert_eq!(Regime::of_name(regime.word()), Some(regime));
        assert_eq!(regime.short(), name);
    }
    assert_eq!(Regime::of_name("iso-27001"), None);
}
