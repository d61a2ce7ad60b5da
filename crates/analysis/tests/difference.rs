//! What a change of the model means, in values and in both languages.

use jiff::civil::date;
use sekimori_analysis::choose::State;
use sekimori_analysis::difference::{Alarm, Difference, between};
use sekimori_analysis::language::Language;
use sekimori_analysis::model::{self, Level};
use sekimori_analysis::{Analysis, analyze};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

fn analysis(text: &str) -> Analysis {
    let model = model::parse("model.toml", text).unwrap_or_else(|problems| panic!("{problems}"));
    analyze(&model, date(2026, 11, 20))
}

fn edited(from: &str, to: &str) -> Difference {
    assert!(TEXT.contains(from), "{from}");
    between(&analysis(TEXT), &analysis(&TEXT.replacen(from, to, 1)))
}

const ALARMS: [Alarm; 5] = [
    Alarm::Opened,
    Alarm::Risk(Level::High),
    Alarm::Risk(Level::Critical),
    Alarm::Cost,
    Alarm::Any,
];

#[test]
fn the_same_model_differs_in_nothing_however_it_is_written() {
    let model = model::parse("model.toml", TEXT).expect("sound");
    let same = between(&analysis(TEXT), &analysis(&model::write(&model)));
    assert!(same.is_empty(), "{same:?}");
    assert!(ALARMS.iter().all(|alarm| !same.rings(*alarm)));
    assert!(same.text(Language::English).contains("No threat"));
    assert!(same.text(Language::Japanese).contains("違いはありません"));
}

#[test]
fn a_flow_that_loses_its_protection_shows_as_risks_and_cost() {
    let lock = "to = \"door\"\nvia = \"gw\"\nassets = [\"setpoint\"]\nproto = \"mqtt\"\nsecurity = \"tls13\"";
    let open = lock.replace("tls13", "none");
    let difference = edited(lock, &open);
    assert!(difference.rings(Alarm::Any) && difference.rings(Alarm::Risk(Level::High)));
    let came = difference
        .risks
        .iter()
        .filter(|risk| risk.level.before.is_none());
    let of_lock = |id: &str| id.starts_with("lock:") || id.ends_with("@lock");
    assert!(
        came.clone().any(|risk| of_lock(&risk.id)),
        "a rule fires on open flows"
    );
    // The way back is the mirror image.
    let back = between(&analysis(&TEXT.replacen(lock, &open, 1)), &analysis(TEXT));
    assert_eq!(back.risks.len(), difference.risks.len());
    assert_eq!(
        (back.cost.before, back.cost.after),
        (difference.cost.after, difference.cost.before)
    );
    for (there, back) in difference.risks.iter().zip(&back.risks) {
        assert_eq!(
            (&there.id, there.level.before),
            (&back.id, back.level.after)
        );
    }
}

#[test]
fn a_withdrawn_decision_opens_its_cell_or_asks_for_measures() {
    let from = TEXT
        .find("[[decision]]\ncell = \"door:JT05:P4\"")
        .expect("a decision");
    let without = TEXT.get(..from).expect("a part");
    let difference = between(&analysis(TEXT), &analysis(without));
    let cell = difference
        .states
        .iter()
        .find(|state| state.id == "door:JT05:P4");
    let cell = cell.expect("the cell stands otherwise");
    assert_eq!(cell.state.before, Some(State::Accepted));
    assert_ne!(cell.state.after, Some(State::Accepted));
    assert!(
        cell.what
            .as_ref()
            .is_some_and(|what| what.en.contains("Door controller"))
    );
}

#[test]
fn what_nothing_covers_any_more_rings() {
    let out: String = analysis(TEXT)
        .solution
        .target("lock:SR-F1")
        .map(|_| "CM-MUTAUTH\nCM-DEVAUTH")
        .expect("a target")
        .lines()
        .map(|id| format!("[[measure]]\nid = \"{id}\"\nexcluded = \"The radio cannot\"\n"))
        .collect();
    let rule = "[[rule]]\nid = \"SR-F1\"\nstride = \"spoofing\"\non = [\"flow\"]\nwhen = { crosses = true }\nreach = \"network\"\nanswers = [\"CM-MUTAUTH\"]\ntext = \"A stranger speaks\"\n";
    let difference = between(&analysis(TEXT), &analysis(&format!("{TEXT}\n{out}{rule}")));
    let opened: Vec<&str> = difference.opened().map(|state| state.id.as_str()).collect();
    assert!(opened.contains(&"lock:SR-F1"), "{opened:?}");
    assert!(difference.rings(Alarm::Opened));
    assert!(difference.open.after > difference.open.before);
    let gone = difference.picks.iter().any(|pick| {
        pick.id.starts_with("CM-MUTAUTH@") && pick.cost.after.is_none() && !pick.name.ja.is_empty()
    });
    let never = analysis(TEXT)
        .solution
        .picks
        .iter()
        .all(|pick| pick.measure != "CM-MUTAUTH");
    assert!(gone || never);
}

#[test]
fn the_text_says_everything_in_both_languages() {
    let camera = "[[component]]\nid = \"camera\"\ntitle = \"Camera\"\ntitle_ja = \"カメラ\"\nkind = \"device\"\nclass = \"network-camera\"\nzone = \"field\"\n\n[[asset]]\nid = \"temp\"";
    let difference = edited("[[asset]]\nid = \"temp\"", camera);
    for language in Language::ALL {
        let text = difference.text(language);
        for risk in &difference.risks {
            assert!(text.contains(&risk.id), "{} in {text}", risk.id);
        }
        for pick in &difference.picks {
            assert!(text.contains(&pick.id), "{} in {text}", pick.id);
        }
        for requirement in &difference.requirements {
            assert!(
                text.contains(&requirement.id),
                "{} in {text}",
                requirement.id
            );
        }
    }
    let japanese = difference.text(Language::Japanese);
    let headings = japanese
        .lines()
        .filter(|line| !line.starts_with(' ') && !line.is_empty());
    for heading in headings {
        assert!(heading.chars().any(|c| c > '\u{2fff}'), "{heading}");
    }
    assert!(!japanese.contains(['(', ')']), "{japanese}");
    let json = serde_json::to_value(&difference).expect("JSON");
    assert!(
        json["risks"]
            .as_array()
            .is_some_and(|risks| !risks.is_empty())
    );
    assert!(json["cost"]["after"].as_u64() >= json["cost"]["before"].as_u64());
}
