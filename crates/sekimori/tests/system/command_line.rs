//! Every word of the command line as a newcomer would type it, wrong ones too.

use crate::support::{MODEL, World, run, sekimori};

#[test]
fn help_is_there_in_both_languages() {
    let english = run(sekimori().arg("--help")).ok();
    assert!(english.contains("Start the server"), "{english}");
    let japanese = run(sekimori().args(["--lang", "ja", "--help"])).ok();
    assert!(japanese.contains("サーバーを起動する"), "{japanese}");
    let japanese = run(sekimori()
        .env("LC_ALL", "ja_JP.UTF-8")
        .args(["device", "revoke", "--help"]))
    .ok();
    assert!(japanese.contains("台帳に残す理由"), "{japanese}");
}

#[test]
fn a_wrong_word_is_a_usage_error() {
    for words in [
        &["frobnicate"][..],
        &["device", "invite"],
        &["up", "--listen", "here"],
        &[],
    ] {
        let said = run(sekimori().args(words));
        assert_eq!(said.code, Some(2), "{words:?}: {}", said.stderr);
        assert!(
            said.stderr.contains("Usage") || said.stderr.contains("error"),
            "{}",
            said.stderr
        );
    }
}

#[test]
fn nobody_has_to_read_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.toml");
    std::fs::write(&model, "[model]\n").unwrap();
    for (words, code) in [(&["model", "check"][..], 3), (&["frobnicate"], 2)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = sekimori();
        command.args(words).arg(&model).stderr(writer);
        let status = command.status().unwrap();
        assert_eq!(status.code(), Some(code), "{words:?}");
    }
}

#[test]
fn nobody_has_to_read_what_is_printed() {
    for (words, code) in [
        (&["model", "schema"][..], 0),
        (&["model", "init", "--list"], 0),
        // The demo begins to tell, and then its first step fails.
        (&["demo", "--once", "--sabotage", "up"], 1),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = sekimori();
        let status = command.args(words).stdout(writer).status().unwrap();
        assert_eq!(status.code(), Some(code), "{words:?}");
    }
}

#[test]
fn a_file_in_a_folder_that_is_not_there_is_refused_with_the_folder_as_reason() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.toml");
    std::fs::write(&model, MODEL).unwrap();
    let model = model.to_str().unwrap();
    let there = folder.path().join("nowhere").join("x");
    let there = there.to_str().unwrap();
    let otm = folder.path().join("otm.json");
    let otm = otm.to_str().unwrap();
    run(sekimori().args(["model", "export", model, "--to", "otm", "--output", otm])).ok();
    for words in [
        &["model", "init", there][..],
        &[
            "model", "analyze", model, "--format", "html", "--output", there,
        ],
        &["model", "export", model, "--to", "otm", "--output", there],
        &["model", "import", otm, "--output", there],
    ] {
        for (language, why, fix) in [
            ("en", "the folder does not exist", "make the folder first"),
            ("ja", "フォルダーがありません", "先にフォルダーを作る"),
        ] {
            let complaint = run(sekimori().args(["--lang", language]).args(words)).fails(1);
            let named = complaint.contains(&format!("{there}: {why}")) && complaint.contains(fix);
            assert!(named, "{words:?}\n{complaint}");
        }
    }
}

#[test]
fn without_a_server_the_error_says_how_to_start_one() {
    let home = tempfile::tempdir().unwrap();
    let complaint = run(sekimori().args(["status", "--home"]).arg(home.path())).fails(5);
    assert!(
        complaint.contains("SK-CTL-001") && complaint.contains("sekimori up"),
        "{complaint}"
    );
    let complaint = run(sekimori()
        .args(["--lang", "ja", "status", "--home"])
        .arg(home.path()))
    .fails(5);
    assert!(complaint.contains("対処"), "{complaint}");
}

#[test]
fn an_id_of_a_report_is_explained() {
    let english = run(sekimori().args(["--lang", "en", "model", "explain", "CM-ENC"])).ok();
    assert!(
        english.starts_with("CM-ENC  Encrypted communication"),
        "{english}"
    );
    assert!(english.contains("CSA-1.19"), "{english}");
    let japanese = run(sekimori().args(["--lang", "ja", "model", "explain", "IPA-P2-1"])).ok();
    assert!(
        japanese.contains("効果がないという意味ではない"),
        "{japanese}"
    );
    let json = run(sekimori().args(["--json", "model", "explain", "BSI-8"])).ok();
    assert!(json.contains("\"facts\""), "{json}");
    let complaint = run(sekimori().args(["--lang", "en", "model", "explain", "CM-NONE"])).fails(2);
    assert!(
        complaint.contains("SK-MOD-920") && complaint.contains("CM-NONE"),
        "{complaint}"
    );
}

#[test]
fn an_id_of_a_model_is_explained_with_what_it_hangs_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.toml");
    std::fs::write(&file, MODEL).unwrap();
    let explain = |language: &str, id: &str| {
        let mut command = sekimori();
        command.args(["--lang", language, "model", "explain", id]);
        command
    };
    for (language, words) in [
        (
            "en",
            [
                "STRIDE threat",
                "Requirements",
                "By way of each requirement",
            ],
        ),
        ("ja", ["STRIDE の脅威", "要件", "要件ごとのつながり"]),
    ] {
        let said = run(explain(language, "telemetry:SR-F6").arg(&file)).ok();
        let ids = [
            "REQ-ACL-sensor",
            "sensor/telemetry/authorize",
            "message.permitted",
            "CRA-I.2d",
        ];
        for word in words.into_iter().chain(ids) {
            assert!(said.contains(word), "no {word} in\n{said}");
        }
    }
    // The usual file is read where it is, and a broken one is named.
    let said = run(explain("en", "REQ-ACL-sensor").current_dir(folder.path())).ok();
    assert!(said.contains("(Requirement)"), "{said}");
    let json = run(explain("en", "CM-ACL").arg("--json").arg(&file)).ok();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(!json["ways"].as_array().unwrap().is_empty(), "{json}");
    let unknown = run(explain("en", "telemetry:SR-F66").arg(&file)).fails(2);
    assert!(
        unknown.contains("SK-MOD-920") && unknown.contains("telemetry:SR-F6"),
        "{unknown}"
    );
    std::fs::write(&file, "[model]\nid = 7\n").unwrap();
    let broken = run(explain("en", "CM-ACL").current_dir(folder.path())).fails(3);
    assert!(broken.contains("SK-MOD-"), "{broken}");
    // What looks like nothing in the model: where its ids are to be found.
    std::fs::write(&file, MODEL).unwrap();
    for (language, fix) in [
        ("en", "take an id from the report"),
        ("ja", "報告書にある ID"),
    ] {
        let unknown = run(explain(language, "zzzzzzzzzzzz").arg(&file)).fails(2);
        let found = unknown.contains(fix) && unknown.contains("sekimori model analyze");
        assert!(found && !unknown.contains("ID FILE"), "{unknown}");
    }
    // Without a model, it is said how to name one.
    let elsewhere = tempfile::tempdir().unwrap();
    let unknown = run(explain("en", "garage:JT04:P2").current_dir(elsewhere.path())).fails(2);
    assert!(unknown.contains("model explain ID FILE"), "{unknown}");
}

#[test]
fn a_model_is_written_checked_and_analyzed() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.toml");
    run(sekimori().args(["model", "init"]).arg(&model)).ok();
    run(sekimori().args(["model", "check"]).arg(&model)).ok();
    let text = run(sekimori().args(["model", "analyze"]).arg(&model)).ok();
    assert!(!text.is_empty());
    let first = run(sekimori().args(["--json", "model", "analyze"]).arg(&model)).ok();
    let again = run(sekimori().args(["--json", "model", "analyze"]).arg(&model)).ok();
    assert_eq!(first, again);
    let complaint = run(sekimori().args(["model", "init"]).arg(&model)).fails(6);
    assert!(complaint.contains("SK-MOD-902"), "{complaint}");
    for (format, begins) in [
        ("html", "<!DOCTYPE html>\n<html lang=\"ja\">"),
        ("management", "<!DOCTYPE html>\n<html lang=\"ja\">"),
        ("json", "{\n  \"analysis\""),
        ("csv", "\u{feff}種類,"),
        ("markdown", "# セキュリティ報告書 – "),
        ("xlsx", "PK\u{3}\u{4}"),
        ("sarif", "{\n  \"$schema\""),
        ("tm-bom", "{\n  \"$schema\""),
        ("cyclonedx", "{\n  \"$schema\""),
        ("oscal", "{\n  \"assessment-results\""),
        ("pdf", "%PDF-"),
    ] {
        let file = folder.path().join(format);
        run(sekimori()
            .args(["--lang", "ja", "model", "analyze", "--format", format])
            .arg(&model)
            .arg("--output")
            .arg(&file))
        .ok();
        let report = std::fs::read(&file).unwrap();
        assert!(report.starts_with(begins.as_bytes()), "{format}");
    }
    run(sekimori().args(["model", "init", "--template", "castle", "x"])).fails(2);
}

#[test]
fn a_document_that_cannot_be_imported_is_refused_with_place_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("document");
    let import = |lang: &str, code: i32| {
        run(sekimori()
            .args(["--lang", lang, "model", "import"])
            .arg(&file))
        .fails(code)
    };
    for (bytes, code, exit, en, ja) in [
        (
            b"{\"otmVersion\":\n [,]}".to_vec(),
            "SK-IMP-003",
            3,
            "line 2, column 3",
            "2 行 3 桁",
        ),
        (
            b"{\n\"trust_zones\": \"\xff".to_vec(),
            "SK-IMP-002",
            3,
            "line 2, column 17",
            "2 行 17 桁",
        ),
        (
            b"otmVersion: &a\n  x: *a\n".to_vec(),
            "SK-IMP-003",
            3,
            "line 2",
            "エイリアス",
        ),
        (
            vec![b' '; 50_000_000],
            "SK-IMP-001",
            3,
            "50000000 bytes",
            "50000000 バイト",
        ),
        (b"hello".to_vec(), "SK-IMP-010", 2, "threagile", "threagile"),
    ] {
        std::fs::write(&file, bytes).unwrap();
        for (lang, word, fix) in [("en", en, "fix: "), ("ja", ja, "対処: ")] {
            let complaint = import(lang, exit);
            for word in [code, word, fix] {
                assert!(complaint.contains(word), "no {word} in\n{complaint}");
            }
        }
    }
    std::fs::remove_file(&file).unwrap();
    let complaint = import("ja", 1);
    assert!(
        complaint.contains("対処: ") && !complaint.contains("os error"),
        "{complaint}"
    );
}

#[test]
fn a_model_without_a_device_has_no_usage_description_and_is_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.toml");
    std::fs::write(
        &file,
        "[model]\nformat = \"sekimori-model/0\"\nid = \"m\"\n",
    )
    .unwrap();
    for (lang, word) in [("en", "kind = \"device\""), ("ja", "機器の部品")] {
        let arguments = ["--lang", lang, "model", "export", "--to", "mud"];
        let complaint = run(sekimori().args(arguments).arg(&file)).fails(2);
        assert!(
            complaint.contains("SK-IMP-011") && complaint.contains(word),
            "{complaint}"
        );
        let is_empty = complaint.lines().any(|line| line.trim_end().ends_with(':'));
        assert!(!is_empty, "{complaint}");
    }
}

#[test]
fn every_problem_of_a_model_is_named_in_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("model.toml");
    let text = MODEL
        .replacen("zone = \"site\"", "zone = \"nowhere\"", 1)
        .replacen("kind = \"service\"", "kind = \"servant\"", 1)
        .replacen("[model]", "[model]\ncolour = \"red\"", 1);
    std::fs::write(&model, text).unwrap();
    let complaint = run(sekimori().args(["model", "check"]).arg(&model)).fails(3);
    for word in ["nowhere", "servant", "colour", "model.toml", "^"] {
        assert!(complaint.contains(word), "no {word} in\n{complaint}");
    }
    std::fs::write(&model, b"[model]\nid = \"\xff\"").unwrap();
    let complaint = run(sekimori().args(["model", "check"]).arg(&model)).fails(3);
    assert!(complaint.contains("UTF-8"), "{complaint}");
    let complaint = run(sekimori().args(["model", "check", "/nonexistent/model.toml"])).fails(1);
    assert!(complaint.contains("sekimori model init"), "{complaint}");
}

#[test]
fn the_settings_in_force_name_their_origin() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(
        home.path().join("sekimori.toml"),
        "organization = 'maker.example'",
    )
    .unwrap();
    let said = run(sekimori()
        .env("SEKIMORI_MQTT", "127.0.0.1:1884")
        .args(["config", "show", "--origin", "--home"])
        .arg(home.path()))
    .ok();
    for words in [
        ["maker.example", "sekimori.toml"],
        ["127.0.0.1:1884", "environment"],
    ] {
        assert!(
            said.lines()
                .any(|line| words.iter().all(|word| line.contains(word))),
            "{words:?} in\n{said}"
        );
    }
}

#[test]
fn applying_shows_the_difference_first() {
    let world = World::bare();
    let model = world.folder.path().join("model.toml");
    std::fs::write(&model, MODEL).unwrap();
    let model = model.display().to_string();
    let planned = world.call(["apply", &model, "--dry-run"]).ok();
    assert!(planned.contains("Nothing was applied"), "{planned}");
    assert!(world.json(["status"])["policy"] == 0);
    world.call(["apply", &model]).ok();
    assert_eq!(world.json(["status"])["policy"], 1);
    assert!(world.call(["apply", &model]).ok().contains("stays"));
}

#[test]
fn a_name_that_is_taken_or_unknown_is_a_clear_answer() {
    let world = World::new();
    world.join("door-0001", "door");
    let complaint = world
        .call([
            "device",
            "invite",
            "door-0001",
            "--role",
            "door",
            "--no-wait",
        ])
        .fails(6);
    assert!(
        complaint.contains("door-0001") && complaint.contains("fix"),
        "{complaint}"
    );
    let complaint = world.call(["device", "invite", "Door 1", "--role", "door", "--no-wait"]);
    assert_ne!(complaint.code, Some(0));
    assert!(complaint.stderr.contains("SK-"), "{}", complaint.stderr);
    let complaint = world.call([
        "device",
        "invite",
        "door-0002",
        "--role",
        "dragon",
        "--no-wait",
    ]);
    assert_ne!(complaint.code, Some(0));
    assert!(complaint.stderr.contains("dragon"), "{}", complaint.stderr);
    let complaint = world.call(["device", "show", "door-0404"]).fails(1);
    assert!(complaint.contains("door-0404"), "{complaint}");
}

#[test]
fn doctor_names_what_is_missing() {
    let world = World::bare();
    let said = world.call(["doctor"]);
    assert_eq!(said.code, Some(3));
    assert!(said.stdout.contains("sekimori apply"), "{}", said.stdout);
    assert!(said.stdout.contains("One administrator"), "{}", said.stdout);
}

#[test]
fn ledger_and_events_are_checked_without_a_server_too() {
    let mut world = World::new();
    world.join("door-0001", "door");
    world.server.kill();
    assert!(
        world
            .call(["ledger", "fsck"])
            .ok()
            .contains("everything agrees")
    );
    assert!(world.call(["events", "verify"]).ok().contains("whole"));
    assert_eq!(world.json(["ledger", "fsck"])["holds"], true);
}

#[test]
fn a_release_is_signed_and_checked_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let (files, keys) = (folder.path().join("files"), folder.path().join("keys"));
    std::fs::create_dir_all(files.join("etc")).unwrap();
    std::fs::write(files.join("etc/settings.toml"), "a = 1").unwrap();
    let targets = folder.path().join("targets.json");
    run(sekimori().args(["release", "keys", "--dir"]).arg(&keys)).ok();
    run(sekimori()
        .args(["release", "sign"])
        .arg(&files)
        .args([
            "--product",
            "sensor",
            "--version",
            "1.0.0",
            "--counter",
            "1",
            "--keys",
        ])
        .arg(&keys)
        .arg("--output")
        .arg(&targets))
    .ok();
    let verify = || {
        run(sekimori()
            .args(["release", "verify"])
            .arg(&targets)
            .arg("--keys")
            .arg(&keys)
            .arg("--folder")
            .arg(&files))
    };
    verify().ok();
    std::fs::write(files.join("etc/settings.toml"), "a = 2").unwrap();
    let said = verify();
    assert_eq!(said.code, Some(3));
    assert!(
        said.stdout.contains("etc/settings.toml: changed"),
        "{}",
        said.stdout
    );
    let complaint = run(sekimori()
        .args(["release", "sign"])
        .arg(&files)
        .args([
            "--product",
            "sensor",
            "--version",
            "one",
            "--counter",
            "1",
            "--keys",
        ])
        .arg(&keys))
    .fails(1);
    assert!(complaint.contains("SK-REL-902"), "{complaint}");
}

#[test]
fn a_large_file_that_the_server_has_already_may_be_sent_again() {
    let world = World::new();
    let (files, keys) = (
        world.folder.path().join("files"),
        world.folder.path().join("keys"),
    );
    std::fs::create_dir_all(files.join("bin")).unwrap();
    // Larger than every buffer between the two processes.
    let bytes: Vec<u8> = (0..40_000_000_u32)
        .map(|number| number.to_le_bytes()[1])
        .collect();
    std::fs::write(files.join("bin/agent"), bytes).unwrap();
    world
        .call([
            "release".as_ref(),
            "keys".as_ref(),
            "--trust".as_ref(),
            "--dir".as_ref(),
            keys.as_os_str(),
        ])
        .ok();
    for version in ["1.0.0", "1.0.1"] {
        let targets = world.folder.path().join("targets.json");
        run(sekimori()
            .args([
                "release",
                "sign",
                "--product",
                "sensor",
                "--version",
                version,
                "--counter",
                "1",
            ])
            .arg(&files)
            .arg("--keys")
            .arg(&keys)
            .arg("--output")
            .arg(&targets))
        .ok();
        let said = world
            .call([
                "release".as_ref(),
                "publish".as_ref(),
                files.as_os_str(),
                "--targets".as_ref(),
                targets.as_os_str(),
            ])
            .ok();
        assert!(said.contains(version), "{said}");
    }
}

#[test]
fn a_home_keeps_its_organization_and_its_witness_without_being_told_again() {
    let mut world = World::witnessed();
    let (root, log) = (world.text("root"), world.text("log"));
    world.crash();
    let status = world.json(["status"]);
    assert_eq!(status["root"], root.as_str());
    assert_eq!(status["ledger"]["log"], log.as_str());
    assert_eq!(status["ledger"]["threshold"], 1);
    world.server.kill();
    let complaint = run(sekimori()
        .args([
            "up",
            "--organization",
            "other.example",
            "--listen",
            "127.0.0.1:0",
        ])
        .args([
            "--mqtt",
            "127.0.0.1:0",
            "--metrics",
            "127.0.0.1:0",
            "--home",
        ])
        .arg(world.home()))
    .fails(1);
    assert!(
        complaint.contains("other.example") && complaint.contains("sekimori, the name"),
        "{complaint}"
    );
}

#[test]
fn a_search_for_a_code_that_no_event_has_says_so() {
    let world = World::bare();
    let complaint = world
        .call([
            "--lang",
            "en",
            "events",
            "search",
            "--code",
            "message.refuse",
        ])
        .fails(2);
    for word in [
        "SK-EVT-901",
        "message.refuse",
        "message.refused",
        "message.permitted",
    ] {
        assert!(complaint.contains(word), "no {word} in\n{complaint}");
    }
    let complaint = world
        .call(["--lang", "ja", "events", "search", "--code", "nonsense"])
        .fails(2);
    assert!(
        complaint.contains("このコードのイベントはありません"),
        "{complaint}"
    );
    // A code that exists and did not happen is no mistake, and is told apart from it.
    let said = world.call([
        "--lang",
        "en",
        "events",
        "search",
        "--code",
        "device.revoked",
    ]);
    assert!(said.stderr.contains("no event matches"), "{}", said.stderr);
    assert_eq!(said.ok(), "");
    let said = world.call(["--json", "events", "search", "--code", "device.revoked"]);
    assert_eq!((said.stderr.as_str(), said.code), ("", Some(0)));
}
