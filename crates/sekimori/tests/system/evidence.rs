//! Documents and results as evidence: attached, read, judged, expired, withdrawn, and tampered with.

use serde_json::Value;

use crate::support::World;

const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../analysis/tests/results");

fn result(name: &str) -> String {
    format!("{RESULTS}/{name}")
}

fn control(report: &Value, id: &str) -> Value {
    let controls = report["controls"].as_array().expect("controls");
    let found = controls.iter().find(|one| one["control"] == id);
    found.expect("the control").clone()
}

#[test]
fn what_is_attached_counts_until_it_is_withdrawn() {
    let world = World::new();
    let before = world.json(["prove", "--format", "json"]);
    assert_eq!(control(&before, "CSA-1.31")["state"], "open");
    let attached = world.attach_test_partners();
    assert_eq!(attached["id"], "DOC-1");
    assert_eq!(attached["worth"], "counts");
    let hash = attached["sha256"].as_str().unwrap().to_owned();
    let after = world.json(["prove", "--format", "json"]);
    let found = control(&after, "CSA-1.31");
    assert_eq!(found["state"], "document", "{found}");
    assert_eq!(found["documents"][0]["sha256"], hash.as_str());
    assert_eq!(found["until"], "2099-12-31");
    let event = world.event("evidence.attached", None);
    assert_eq!(event["detail"]["sha256"], hash.as_str());
    // A person reads the same in the table and in the report.
    let text = world.call(["prove"]).ok();
    assert!(
        text.contains("CSA-1.31") && text.contains(&hash[..12]),
        "{text}"
    );
    let table = world.call(["--lang", "ja", "evidence", "list"]).ok();
    assert!(
        table.contains("Test partners") && table.contains("有効"),
        "{table}"
    );

    // Whoever changes the file finds that it counts no more.
    let kept = world.home().join("documents").join(&hash[..2]).join(&hash);
    std::fs::write(&kept, "laboratory B\n").unwrap();
    let changed = world.json(["prove", "--format", "json"]);
    assert_eq!(control(&changed, "CSA-1.31")["state"], "open");
    std::fs::write(&kept, "laboratory A tests each release\n").unwrap();

    world
        .call(["evidence", "withdraw", "DOC-1", "--why", "contract ended"])
        .ok();
    let gone = world.json(["prove", "--format", "json"]);
    assert_eq!(control(&gone, "CSA-1.31")["state"], "open");
    let event = world.event("evidence.withdrawn", None);
    assert_eq!(event["detail"]["why"], "contract ended");
    let again = world.call(["evidence", "withdraw", "DOC-1", "--why", "again"]);
    assert!(again.fails(1).contains("SK-EVI-018"));
    world.call(["events", "verify"]).ok();
}

#[test]
fn results_of_foreign_tools_count_for_and_against() {
    let world = World::new();
    let import = |file: &str, item: &str, more: &[&str]| {
        let file = result(file);
        let mut words = vec![
            "--json",
            "evidence",
            "import",
            &file,
            "--for",
            item,
            "--owner",
            "ci",
            "--until",
            "2099-12-31",
        ];
        words.extend(more);
        world.call(words)
    };
    let id = |said: String| {
        let answer: Value = serde_json::from_str(&said).expect("JSON");
        answer["id"].as_str().expect("an id").to_owned()
    };
    let failed = import("pytest-failed.xml", "CSA-2.10", &[]);
    assert_eq!(failed.code, Some(3), "{}", failed.stderr);
    let failed = id(failed.stdout);
    let report = world.json(["prove", "--format", "json"]);
    assert_eq!(control(&report, "CSA-2.10")["state"], "contradicted");
    // The next run of the tests takes its place.
    import("nextest.xml", "CSA-2.10", &["--replaces", &failed]).ok();
    import("bandit-clean.sarif", "CSA-2.5", &[]).ok();
    import("cyclonedx-py.json", "CSA-2.16", &["--format", "cyclonedx"]).ok();
    import("coverage-py.xml", "CSA-2.15", &["--at-least", "80"]).ok();
    let report = world.json(["prove", "--format", "json"]);
    for item in ["CSA-2.10", "CSA-2.5", "CSA-2.16", "CSA-2.15"] {
        let found = control(&report, item);
        assert_eq!(found["state"], "test", "{found}");
    }
    let low = import("coverage-py.lcov", "CSA-2.15", &["--at-least", "95"]);
    assert_eq!(low.code, Some(3));
    let report = world.json(["prove", "--format", "json"]);
    assert_eq!(control(&report, "CSA-2.15")["state"], "contradicted");
    let list = world.json(["evidence", "list"]);
    let first = &list["items"][0];
    assert_eq!(first["worth"], "withdrawn");
    assert!(
        first["withdrawn"]["why"]
            .as_str()
            .unwrap()
            .contains("DOC-2"),
        "{first}"
    );
}

#[test]
fn what_cannot_be_evidence_is_refused_with_a_reason() {
    let world = World::new();
    let folder = world.folder.path();
    let paper = folder.join("paper.txt");
    std::fs::write(&paper, "words").unwrap();
    let large = folder.join("large.bin");
    std::fs::write(&large, vec![0_u8; 16 * 1024 * 1024 + 1]).unwrap();
    let empty = folder.join("empty.txt");
    std::fs::write(&empty, "").unwrap();
    let attach = |file: &std::path::Path, item: &str, until: &str| {
        let file = file.to_str().unwrap().to_owned();
        world.call([
            "evidence", "attach", &file, "--for", item, "--owner", "quality", "--until", until,
        ])
    };
    for (said, code, exit) in [
        (attach(&paper, "CSA-99.1", "2099-12-31"), "SK-EVI-014", 3),
        (attach(&paper, "CSA-1.31", "2020-01-01"), "SK-EVI-013", 3),
        (attach(&paper, "CSA-1.31", "soon"), "SK-API-002", 1),
        (attach(&empty, "CSA-1.31", "2099-12-31"), "SK-EVI-010", 3),
        (attach(&large, "CSA-1.31", "2099-12-31"), "SK-EVI-011", 1),
        (
            attach(&folder.join("none"), "CSA-1.31", "2099-12-31"),
            "SK-EVI-901",
            1,
        ),
    ] {
        let text = said.fails(exit);
        assert!(text.contains(code), "{code}: {text}");
    }
    let words = paper.to_str().unwrap().to_owned();
    let import = world.call([
        "--lang",
        "ja",
        "evidence",
        "import",
        &words,
        "--for",
        "CSA-2.5",
        "--owner",
        "ci",
        "--until",
        "2099-12-31",
    ]);
    let text = import.fails(3);
    assert!(
        text.contains("SK-EVI-017") && text.contains("対処"),
        "{text}"
    );
    assert_eq!(
        world.json(["evidence", "list"])["items"]
            .as_array()
            .map(Vec::len),
        Some(0)
    );
}
