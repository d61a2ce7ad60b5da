//! `sekimori model analyze` with another choice beside the model's own, and as a check that can fail.

use std::fs;

use serde_json::Value;

use crate::support::{MODEL, run, sekimori};

/// A folder with a model, and the words that analyze it.
fn model(text: &str) -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("model.toml");
    fs::write(&file, text).expect("written");
    let file = file.display().to_string();
    let words = ["model", "analyze", &file].map(str::to_owned).to_vec();
    (folder, words)
}

/// The comparison as values.
fn compared(analyze: &[String], wishes: &[&str]) -> Value {
    let said = run(sekimori().arg("--json").args(analyze).args(wishes)).ok();
    serde_json::from_str(&said).expect("JSON")
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value}"))
}

fn ids(list: &Value) -> Vec<String> {
    let list = list.as_array().expect("a list").iter();
    list.map(|pick| pick["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[test]
fn what_if_shows_two_choices_side_by_side_in_both_languages() {
    let (_folder, analyze) = model(MODEL);
    let whole = run(sekimori().arg("--json").args(&analyze)).ok();
    let whole: Value = serde_json::from_str(&whole).unwrap();
    let picks = whole["solution"]["picks"].as_array().unwrap();
    let pick = picks
        .iter()
        .find(|pick| pick["alternative"]["kind"] == "instead")
        .expect("one that something stands in for");
    let (id, measure) = (
        pick["id"].as_str().unwrap(),
        pick["measure"].as_str().unwrap(),
    );

    let without = compared(&analyze, &["--without", id]);
    assert!(
        ids(&without["removed"]).contains(&id.to_owned()),
        "{without}"
    );
    assert!(without["more"].as_i64().unwrap() >= 0, "{without}");
    assert_eq!(
        number(&without["before"]["cost"]),
        number(&whole["solution"]["cost"])
    );
    let everywhere = compared(&analyze, &["--without", measure]);
    assert!(
        !ids(&everywhere["added"])
            .iter()
            .any(|id| id.starts_with(&format!("{measure}@")))
    );

    let chosen: Vec<&str> = picks
        .iter()
        .filter_map(|pick| pick["id"].as_str())
        .collect();
    let spare = ids(&without["added"])
        .into_iter()
        .find(|id| !chosen.contains(&id.as_str()));
    let spare = spare.expect("what stands in is not chosen by itself");
    let with = compared(&analyze, &["--with", &spare]);
    assert!(ids(&with["added"]).contains(&spare), "{with}");
    assert_eq!(with["opened"].as_array().unwrap().len(), 0, "{with}");

    for (language, words) in [
        ("en", ["now: ", "what if: ", "difference: ", "goes: "]),
        ("ja", ["現在: ", "変更後: ", "差: ", "外れる対策: "]),
    ] {
        let said = run(sekimori()
            .args(["--lang", language])
            .args(&analyze)
            .args(["--without", id]))
        .ok();
        for word in words {
            assert!(said.contains(word), "no {word} in\n{said}");
        }
        assert!(said.contains(id), "{said}");
    }
}

#[test]
fn a_budget_closes_what_it_can_and_more_closes_no_less() {
    let (_folder, analyze) = model(MODEL);
    let mut before = 0;
    for budget in ["0", "10", "40", "100000"] {
        let compared = compared(&analyze, &["--budget", budget]);
        let after = &compared["after"];
        let closed = number(&after["closed"]);
        assert!(closed >= before, "{compared}");
        assert!(
            number(&after["cost"]) <= budget.parse().unwrap(),
            "{compared}"
        );
        assert_eq!(after["proof"]["kind"], "budget");
        before = closed;
        if budget == "100000" {
            assert_eq!(closed, number(&compared["before"]["closed"]));
        }
    }
    run(sekimori().args(&analyze).args(["--budget", "-3"])).fails(2);
    run(sekimori().args(&analyze).args(["--budget", "many"])).fails(2);
}

#[test]
fn names_of_nothing_are_told_and_wishes_that_exclude_each_other_too() {
    let (_folder, analyze) = model(MODEL);
    for (language, fix) in [("en", "fix:"), ("ja", "対処:")] {
        for wish in ["--with", "--without"] {
            let said = run(sekimori()
                .args(["--lang", language])
                .args(&analyze)
                .args([wish, "CM-NOSUCH"]));
            let complaint = said.fails(2);
            // The place is one of this model.
            for word in ["CM-NOSUCH", "SK-MOD-910", "CM-ENC@door", fix] {
                assert!(complaint.contains(word), "no {word} in\n{complaint}");
            }
        }
    }
    let complaint = run(sekimori().args(&analyze).args(["--with", "CM-ENC@nowhere"])).fails(2);
    assert!(complaint.contains("CM-ENC@nowhere"), "{complaint}");

    let rival = "[[measure]]\nid = \"CM-LOG\"\nconflicts = [\"CM-ENC\"]\n";
    let (_folder, analyze) = model(&format!("{MODEL}\n{rival}"));
    let both = ["--with", "CM-LOG", "--with", "CM-ENC"];
    for (language, word) in [("en", "exclude each other"), ("ja", "両立しない")] {
        let said = run(sekimori()
            .args(["--lang", language])
            .args(&analyze)
            .args(both))
        .ok();
        assert!(said.contains(word), "no {word} in\n{said}");
    }
}

/// The model with devices that have room for nothing.
fn cramped() -> String {
    let nothing = "\nbudget = { ram_kib = 0, flash_kib = 0, cpu_percent = 0 }";
    let mut text = String::new();
    for line in MODEL.lines().filter(|line| !line.starts_with("budget")) {
        text.push_str(line);
        if line.starts_with("kind = \"device\"") {
            text.push_str(nothing);
        }
        text.push('\n');
    }
    text
}

#[test]
fn where_nothing_fits_the_rest_stays_open_and_no_proof_is_claimed_that_is_none() {
    let (_folder, analyze) = model(&cramped());
    let said = run(sekimori().arg("--json").args(&analyze)).ok();
    let whole: Value = serde_json::from_str(&said).unwrap();
    let solution = &whole["solution"];
    let picks = solution["picks"].as_array().unwrap();
    let devices = whole["components"].as_object().unwrap().iter();
    let devices: Vec<&str> = devices
        .filter(|(_, component)| component["kind"] == "device")
        .map(|(id, _)| id.as_str())
        .collect();
    for pick in picks {
        let is_there = devices.iter().any(|id| pick["at"] == *id);
        let needs = ["ram", "flash", "cpu"]
            .iter()
            .any(|part| pick["parts"][part].as_f64().unwrap_or(0.0) > 0.0);
        assert!(!(is_there && needs) || pick["provided"] == true, "{pick}");
    }
    let open = solution["states"].as_object().unwrap().values();
    assert!(open.filter(|state| *state == "open").count() > 0);
    let (cost, bound) = (number(&solution["cost"]), number(&solution["lower_bound"]));
    match solution["proof"]["kind"].as_str().unwrap() {
        "optimal" => assert_eq!(cost, bound),
        "gap" => assert!(bound > 0 && bound < cost, "{bound} of {cost}"),
        other => panic!("{other}"),
    }
    assert!(bound > 0);
}

#[test]
fn what_stays_open_can_be_made_a_failure() {
    let (_folder, analyze) = model(MODEL);
    run(sekimori().args(&analyze).args(["--fail-on", "open"])).ok();
    let with = |words: &[&str]| run(sekimori().args(&analyze).args(words));
    with(&["--budget", "0"]).ok();
    with(&["--budget", "0", "--fail-on", "open"]).fails(3);
    with(&["--budget", "100000", "--fail-on", "open"]).ok();
    with(&["--fail-on", "cost"]).fails(2);
    let (_folder, analyze) = model(&cramped());
    let with = |level: &str| run(sekimori().args(&analyze).args(["--fail-on", level]));
    with("open").fails(3);
    with("high").fails(3);
}
