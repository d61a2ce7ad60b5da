//! Foreign models become models of ours, and whatever does not fit is named.

use jiff::civil::{Date, date};
use sekimori_analysis::language::Language;
use sekimori_interchange::{Format, Imported, NoteKind, Refusal, import};

const TODAY: Date = date(2026, 11, 21);

fn fixture(format: Format) -> &'static str {
    match format {
        Format::Threagile => include_str!("fixtures/threagile.yaml"),
        Format::ThreatDragon => include_str!("fixtures/threat-dragon.json"),
        Format::Otm => include_str!("fixtures/otm.yaml"),
        Format::TmBom => include_str!("fixtures/tm-bom.json"),
        Format::Pasta => include_str!("fixtures/door.stpa"),
        Format::Mud => include_str!("fixtures/mud.json"),
    }
}

fn imported(format: Format) -> Imported {
    import(format, fixture(format).as_bytes(), TODAY).expect("the fixture is of its format")
}

/// Model and notes as a reader sees them.
fn shown(imported: &Imported, language: Language) -> String {
    let notes: Vec<String> = imported
        .notes
        .iter()
        .map(|note| {
            format!(
                "{} | {} | {}",
                note.kind.word().of(language),
                note.place,
                note.text.of(language)
            )
        })
        .collect();
    format!("{}\n-----\n{}\n", imported.text, notes.join("\n"))
}

#[test]
fn every_format_becomes_a_model_with_its_notes() {
    for format in Format::ALL {
        let imported = imported(format);
        insta::assert_snapshot!(
            format!("{}-en", format.word()),
            shown(&imported, Language::English)
        );
        insta::assert_snapshot!(
            format!("{}-ja", format.word()),
            shown(&imported, Language::Japanese)
        );
    }
}

#[test]
fn a_format_is_told_by_its_document() {
    for format in Format::ALL {
        assert_eq!(Format::guess(fixture(format)), Some(format));
    }
    for text in ["", "{}", "hello", "[1]", "{\"detail\": 1}"] {
        assert_eq!(Format::guess(text), None, "{text}");
    }
}

#[test]
fn a_document_of_another_format_is_refused_by_name() {
    for format in Format::ALL {
        for other in Format::ALL {
            if format == other {
                continue;
            }
            let refusal =
                import(format, fixture(other).as_bytes(), TODAY).expect_err("another format");
            assert!(
                matches!(
                    refusal,
                    Refusal::OtherFormat { .. } | Refusal::Syntax { .. }
                ),
                "{} read as {}: {refusal:?}",
                other.word(),
                format.word()
            );
        }
    }
}

#[test]
fn wrong_bytes_are_refused_with_their_place() {
    assert_eq!(
        import(Format::Otm, b"otmVersion: \xff", TODAY),
        Err(Refusal::NotText { at: 12 })
    );
    let refusal = import(
        Format::Pasta,
        b"Losses\nL1 \"a\"\nHazards\nH1 \"b\" [",
        TODAY,
    );
    assert!(
        matches!(refusal, Err(Refusal::Syntax { line: 4, .. })),
        "{refusal:?}"
    );
    let refusal = import(Format::TmBom, b"{\n\"trust_zones\": [,]}", TODAY);
    assert!(
        matches!(refusal, Err(Refusal::Syntax { line: 2, .. })),
        "{refusal:?}"
    );
    let large = vec![b' '; sekimori_interchange::import::MAX_BYTES + 1];
    assert!(matches!(
        import(Format::Mud, &large, TODAY),
        Err(Refusal::TooLarge { .. })
    ));
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    for (format, text) in [
        (
            Format::Mud,
            format!(
                "{{\"ietf-mud:mud\":{}1{}}}",
                "[".repeat(100_000),
                "]".repeat(100_000)
            ),
        ),
        (
            Format::Otm,
            format!(
                "otmVersion: {}1{}",
                "[".repeat(100_000),
                "]".repeat(100_000)
            ),
        ),
        (
            Format::Pasta,
            format!(
                "ControlStructure C {{ {} {} }}",
                "A { ".repeat(100_000),
                "}".repeat(100_000)
            ),
        ),
        (
            Format::Pasta,
            format!("Hazards {}", "H1 \"x\" { ".repeat(100_000)),
        ),
    ] {
        assert!(
            import(format, text.as_bytes(), TODAY).is_err(),
            "{}",
            format.word()
        );
    }
}

#[test]
fn what_is_protected_in_an_unknown_way_does_not_count_as_protected() {
    for format in [
        Format::Threagile,
        Format::ThreatDragon,
        Format::TmBom,
        Format::Mud,
    ] {
        let imported = imported(format);
        let open = imported
            .model
            .flows
            .values()
            .all(|flow| flow.security.is_open());
        assert!(open, "{}", format.word());
        assert!(
            imported
                .notes
                .iter()
                .any(|note| note.kind == NoteKind::Assumed)
        );
    }
}

#[test]
fn an_import_says_the_same_every_time() {
    for format in Format::ALL {
        assert_eq!(imported(format), imported(format));
    }
}
