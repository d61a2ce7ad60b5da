//! Reports in every form: with two choices side by side, of a running system, and never as bytes on a terminal.

use std::fs;

use crate::support::{MODEL, World, foreign, run, sekimori};

fn model() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("model.toml");
    fs::write(&file, MODEL).expect("written");
    let path = file.display().to_string();
    (folder, path)
}

/// Forms and how a file of each begins.
const FORMS: &[(&str, &[u8])] = &[
    ("text", b""),
    ("html", b"<!DOCTYPE html>"),
    ("management", b"<!DOCTYPE html>"),
    ("pdf", b"%PDF-"),
    ("json", b"{"),
    ("csv", b"\xef\xbb\xbf"),
    ("markdown", b"# "),
    ("xlsx", b"PK\x03\x04"),
    ("sarif", b"{"),
    ("oscal", b"{"),
    ("tm-bom", b"{"),
    ("cyclonedx", b"{"),
];

#[test]
fn two_choices_stand_side_by_side_in_the_forms_for_readers() {
    let (folder, model) = model();
    let analyze = ["--lang", "en", "model", "analyze", &model, "--budget", "40"];
    for (form, begins) in FORMS {
        let file = folder.path().join(form);
        let said = run(sekimori()
            .args(analyze)
            .args(["--format", form, "--output"])
            .arg(&file));
        if !["text", "json", "html", "pdf", "markdown", "xlsx"].contains(form) {
            let complaint = said.fails(2);
            for word in ["SK-MOD-911", "no place for a comparison", "html", form] {
                assert!(complaint.contains(word), "no {word} in\n{complaint}");
            }
            continue;
        }
        said.ok();
        let bytes = fs::read(&file).unwrap();
        assert!(bytes.starts_with(begins), "{form}");
        if ["html", "markdown"].contains(form) {
            let text = String::from_utf8(bytes).unwrap();
            for word in ["As chosen", "As wished", "Budget: 40 points.", "Goes"] {
                assert!(text.contains(word), "no {word} in {form}");
            }
        }
    }
}

#[test]
fn a_running_system_is_shown_in_every_form() {
    let world = World::new();
    let attached = world.attach_test_partners();
    let hash = attached["sha256"].as_str().unwrap();
    for (form, begins) in FORMS {
        let file = world.folder.path().join(form);
        let path = file.to_str().unwrap();
        world
            .call(["--lang", "en", "prove", "--format", form, "--output", path])
            .ok();
        let bytes = fs::read(&file).unwrap();
        assert!(bytes.starts_with(begins) && bytes.len() > 500, "{form}");
        let shows_documents = ["html", "json", "markdown"].contains(form);
        if shows_documents {
            let text = String::from_utf8(bytes).unwrap();
            for word in [hash, "Test partners", "quality", "2099-12-31"] {
                assert!(text.contains(word), "no {word} in {form}");
            }
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_not_written_to_a_terminal() {
    let (_folder, model) = model();
    let binary = env!("CARGO_BIN_EXE_sekimori");
    for form in ["xlsx", "pdf"] {
        let command = format!("'{binary}' --lang en model analyze '{model}' --format {form}");
        let said = run(foreign("script", "bsdutils").args(["-qec", &command, "/dev/null"]));
        assert_eq!(said.code, Some(2), "{}", said.stdout);
        for word in ["SK-CLI-014", "--output"] {
            assert!(said.stdout.contains(word), "no {word} in\n{}", said.stdout);
        }
        assert!(!said.stdout.contains("PK\u{3}") && !said.stdout.contains("%PDF"));
        let command = command.replace("--lang en", "--lang ja");
        let said = run(foreign("script", "bsdutils").args(["-qec", &command, "/dev/null"]));
        let is_told = said.stdout.contains("端末に表示できません");
        assert!(is_told, "{}", said.stdout);
        // Into a pipe or a file it goes as it is.
        let piped = run(sekimori().args(["model", "analyze", &model, "--format", form]));
        assert_eq!(piped.code, Some(0), "{}", piped.stderr);
        assert!(piped.stdout.starts_with("PK") || piped.stdout.starts_with("%PDF"));
    }
}
