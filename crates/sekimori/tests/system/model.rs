//! `sekimori model …` as its users type it: files, folders, rules, layout, schema, comparison.

use std::fs;

use crate::support::{MODEL, run, sekimori};

/// A folder in which a model stands as `model.toml`.
fn folder_with(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("model.toml");
    fs::write(&file, text).expect("our own folder");
    let file = file.display().to_string();
    (folder, file)
}

const OFF: &str = "[[rule]]\nid = \"SR-F1\"\ndisabled = true\n";

#[test]
fn a_folder_of_files_is_one_model() {
    let folder = tempfile::tempdir().unwrap();
    let (head, tail) = MODEL.split_at(MODEL.find("[[loss]]").unwrap());
    fs::write(folder.path().join("b.toml"), head).unwrap();
    fs::write(folder.path().join("a.toml"), tail).unwrap();
    fs::write(folder.path().join("notes.md"), "not a model").unwrap();
    fs::write(folder.path().join(".c.toml.swp.toml"), "= nonsense").unwrap();
    let said = run(sekimori().args(["model", "check"]).arg(folder.path())).ok();
    assert!(said.contains("no problem"), "{said}");
    let (_other, whole) = folder_with(MODEL);
    let said = run(sekimori()
        .args(["model", "diff", "--fail-on", "any", &whole])
        .arg(folder.path()))
    .ok();
    assert!(said.contains("No threat"), "{said}");

    fs::write(folder.path().join("c.toml"), "[[zone]]\nid = \"field\"\n").unwrap();
    let complaint = run(sekimori().args(["model", "check"]).arg(folder.path())).fails(3);
    for word in ["SK-MOD-011", "c.toml:2", "b.toml"] {
        assert!(complaint.contains(word), "no {word} in\n{complaint}");
    }
    let empty = tempfile::tempdir().unwrap();
    for (language, word) in [
        ("en", "no model file"),
        ("ja", "モデルのファイルがありません"),
    ] {
        let complaint = run(sekimori()
            .args(["--lang", language, "model", "check"])
            .arg(empty.path()))
        .fails(1);
        assert!(complaint.contains(word), "{complaint}");
    }
}

#[test]
fn rules_of_a_folder_of_their_own_take_effect() {
    let (folder, model) = folder_with(MODEL);
    let rules = folder.path().join("rules");
    fs::create_dir(&rules).unwrap();
    fs::write(rules.join("ours.toml"), OFF).unwrap();
    let threats = |arguments: &[&str]| {
        let text = run(sekimori()
            .args(["--json", "model", "analyze", &model])
            .args(arguments))
        .ok();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let threats = json["threats"].as_array().unwrap().clone();
        threats
            .iter()
            .filter(|threat| threat["rule"] == "SR-F1")
            .count()
    };
    assert!(threats(&[]) > 0);
    assert_eq!(threats(&["--rules", &rules.display().to_string()]), 0);
    let complaint =
        run(sekimori().args(["model", "check", &model, "--rules", "/nonexistent"])).fails(1);
    assert!(complaint.contains("SK-MOD-903"), "{complaint}");
}

#[test]
fn problems_of_files_are_told_in_both_languages() {
    let (folder, model) = folder_with(MODEL);
    fs::write(&model, b"[model]\nid = \"\xff\"").unwrap();
    for (language, word) in [
        ("en", "not UTF-8 text"),
        ("ja", "UTF-8 のテキストではありません"),
    ] {
        let complaint =
            run(sekimori().args(["--lang", language, "model", "check", &model])).fails(3);
        for word in [word, "SK-MOD-001", "model.toml:2"] {
            assert!(complaint.contains(word), "no {word} in\n{complaint}");
        }
    }
    let large = folder.path().join("large.toml");
    let file = fs::File::create(&large).unwrap();
    file.set_len(50 * 1024 * 1024).unwrap();
    for (language, word) in [("en", "too large"), ("ja", "大きすぎます")] {
        let complaint = run(sekimori()
            .args(["--lang", language, "model", "analyze"])
            .arg(&large))
        .fails(3);
        for word in [word, "SK-MOD-002", "52428800"] {
            assert!(complaint.contains(word), "no {word} in\n{complaint}");
        }
    }
    let missing = folder.path().join("missing.toml");
    for (language, word) in [("en", "no such file"), ("ja", "そのファイルはありません")]
    {
        let complaint = run(sekimori()
            .args(["--lang", language, "model", "check"])
            .arg(&missing))
        .fails(1);
        assert!(complaint.contains(word), "{complaint}");
        assert!(complaint.contains("sekimori model init"), "{complaint}");
        assert!(!complaint.contains("os error"), "{complaint}");
    }
}

#[test]
fn warnings_are_shown_and_stop_nobody() {
    let text = MODEL.replacen("cell = \"door:JT05:P4\"", "cell = \"dor:JT05:P4\"", 1);
    let (_folder, model) = folder_with(&text);
    let said = run(sekimori().args(["model", "check", &model]));
    assert!(
        said.stderr.contains("SK-MOD-029") && said.stderr.contains("`door`"),
        "{}",
        said.stderr
    );
    assert!(said.ok().contains("no error"));
    let json = run(sekimori().args(["--json", "model", "check", &model])).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sound"], true);
    assert_eq!(json["warnings"], 1);
    assert_eq!(json["problems"][0]["code"], "SK-MOD-029");

    fs::write(&model, text.replace("[[zone]]", "[[zoen]]")).unwrap();
    let said = run(sekimori().args(["--json", "model", "check", &model]));
    assert_eq!(said.code, Some(3));
    let json: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(json["sound"], false);
    assert!(json["problems"][0]["line"].as_u64().is_some());
}

#[test]
fn layout_is_checked_and_mended() {
    let crooked = MODEL.replace(
        "zone = \"field\"\ncount = 4000",
        "count=4000 # many\nzone='field'",
    );
    let (folder, model) = folder_with(&crooked);
    let complaint = run(sekimori().args(["model", "fmt", "--check", &model]));
    assert_eq!(complaint.code, Some(3));
    assert!(complaint.stdout.contains("not in canonical layout"));
    assert_eq!(
        fs::read_to_string(&model).unwrap(),
        crooked,
        "--check writes nothing"
    );
    let said = run(sekimori().args(["--lang", "ja", "model", "fmt", &model])).ok();
    assert!(said.contains("体裁を整えました"), "{said}");
    let mended = fs::read_to_string(&model).unwrap();
    assert!(
        mended.contains("zone = 'field'\ncount = 4000 # many\n"),
        "{mended}"
    );
    run(sekimori().args(["model", "fmt", "--check", &model])).ok();
    run(sekimori().args(["model", "fmt", &model])).ok();
    assert_eq!(fs::read_to_string(&model).unwrap(), mended);

    // What is wrong but TOML can be laid out; what is no TOML is named and left alone.
    fs::write(&model, "[[zoen]]\nid=1\n").unwrap();
    run(sekimori().args(["model", "fmt", &model])).ok();
    fs::write(&model, "[model\n").unwrap();
    let complaint = run(sekimori().args(["model", "fmt", &model])).fails(3);
    assert!(complaint.contains("SK-MOD-003"), "{complaint}");
    assert_eq!(fs::read_to_string(&model).unwrap(), "[model\n");

    // One that cannot be laid out keeps nobody from the others.
    let other = folder.path().join("other.toml");
    fs::write(&other, &crooked).unwrap();
    let said = run(sekimori().args(["model", "fmt", &model]).arg(&other));
    assert!(
        said.stdout.contains("other.toml is laid out anew"),
        "{}",
        said.stdout
    );
    assert!(said.fails(3).contains("SK-MOD-003"));
    assert_eq!(fs::read_to_string(&other).unwrap(), mended);
}

#[test]
fn the_schema_that_is_printed_is_the_published_one() {
    let text = run(sekimori().args(["model", "schema"])).ok();
    let printed: serde_json::Value = serde_json::from_str(&text).unwrap();
    let published = include_str!("../../../../docs/formats/model.schema.json");
    let published: serde_json::Value = serde_json::from_str(published).unwrap();
    assert_eq!(printed, published);
}

#[test]
fn a_comparison_fails_only_on_what_was_asked() {
    let (folder, old) = folder_with(MODEL);
    let new = folder.path().join("new.toml").display().to_string();
    let from = MODEL.find("[[decision]]\ncell = \"door:JT05:P4\"").unwrap();
    fs::write(&new, MODEL.get(..from).unwrap()).unwrap();
    let said = run(sekimori().args(["model", "diff", &old, &new])).ok();
    assert!(said.contains("door:JT05:P4"), "{said}");
    run(sekimori().args(["model", "diff", &old, &new, "--fail-on", "any"])).fails(3);
    run(sekimori().args(["model", "diff", &old, &new, "--fail-on", "critical"])).ok();
    run(sekimori().args([
        "model",
        "diff",
        &old,
        &old,
        "--fail-on",
        "any,open,cost,high",
    ]))
    .ok();
    let json = run(sekimori().args(["--json", "model", "diff", &old, &new])).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let states = json["states"].as_array().unwrap();
    assert!(
        states.iter().any(|state| state["id"] == "door:JT05:P4"),
        "{json}"
    );
    let japanese = run(sekimori().args(["--lang", "ja", "model", "diff", &old, &new])).ok();
    assert!(japanese.contains("費用"), "{japanese}");
    run(sekimori().args(["model", "diff", &old])).fails(2);
    run(sekimori().args(["model", "diff", &old, &new, "--fail-on", "monday"])).fails(2);
}

#[test]
fn templates_are_listed_and_never_overwrite() {
    let said = run(sekimori().args(["model", "init", "--list"])).ok();
    assert!(
        said.contains("sensor-gateway") && said.contains("Cold-store"),
        "{said}"
    );
    let said = run(sekimori().args(["--lang", "ja", "--json", "model", "init", "--list"])).ok();
    let json: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(json[0]["title"], "冷蔵倉庫の監視");
    let (_folder, model) = folder_with("mine");
    run(sekimori().args(["model", "init", &model])).fails(6);
    assert_eq!(fs::read_to_string(&model).unwrap(), "mine");
    let complaint = run(sekimori().args(["model", "init", "/proc/none/x.toml"])).fails(1);
    assert!(complaint.contains("cannot be written"), "{complaint}");
}
