//! Foreign models become models of ours, and whatever does not fit is named.

use jiff::civil::{Date, date};
use sekimori_analysis::language::Language;
use sekimori_analysis::model::LinkProtection;
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
        Err(Refusal::NotText {
            at: 12,
            line: 1,
            column: 13
        })
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
        let open = imported.model.flows.values().all(|flow| flow.is_bare());
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

#[test]
fn what_is_of_no_format_says_why() {
    let large = vec![b'{'; sekimori_interchange::import::MAX_BYTES + 1];
    assert!(matches!(
        Format::tell(&large),
        Err(Refusal::TooLarge { .. })
    ));
    // The second line, after two characters of three bytes each.
    let wrong = Format::tell(
        "{\n温度"
            .as_bytes()
            .iter()
            .chain(b"\xff")
            .copied()
            .collect::<Vec<u8>>()
            .as_slice(),
    );
    let place = Refusal::NotText {
        at: 8,
        line: 2,
        column: 3,
    };
    assert_eq!(wrong, Err(place));
    let broken = Format::tell(b"{\"otmVersion\": [,]}");
    assert!(
        matches!(broken, Err(Refusal::Syntax { line: 1, .. })),
        "{broken:?}"
    );
    assert_eq!(Format::tell(b"hello"), Ok(None));
    assert_eq!(
        Format::tell(fixture(Format::Otm).as_bytes()),
        Ok(Some(Format::Otm))
    );
}

#[test]
fn every_refusal_is_told_in_both_languages() {
    let many = format!("{{\"otmVersion\": [{}1]}}", "1,".repeat(1_000_001));
    let deep = format!("ControlStructure C {{ {} }}", "A { ".repeat(1_000));
    for (format, document) in [
        (Format::Otm, "otmVersion: &a\n  x: *a\n"),
        (Format::Otm, &many),
        (Format::Otm, "[1]"),
        (Format::Otm, "trust_zones: []"),
        (Format::TmBom, "{\"bomFormat\": \"CycloneDX\"}"),
        (
            Format::ThreatDragon,
            "{\"detail\": {\"diagrams\": [{\"diagramJson\": {}}]}}",
        ),
        (Format::Pasta, "Losses\nL1 \"a"),
        (Format::Pasta, "Losses\nL1 ]"),
        (Format::Pasta, &deep),
    ] {
        let refusal = import(format, document.as_bytes(), TODAY).expect_err(format.word());
        let observed = refusal.observed();
        assert!(
            observed.en.is_ascii() && !observed.en.is_empty(),
            "{observed:?}"
        );
        let is_japanese = observed
            .ja
            .chars()
            .any(|c| ('\u{3040}'..'\u{a000}').contains(&c));
        assert!(is_japanese, "{observed:?}");
    }
}

#[test]
fn a_part_of_itself_is_told_and_followed_no_further() {
    let text = "otmVersion: 0.2.0\nproject: {name: n, id: n}\ntrustZones: [{id: z, name: z}]\ncomponents:\n\
        - {id: a, name: a, type: x, parent: {component: b}}\n\
        - {id: b, name: b, type: x, parent: {component: a}}\n\
        - {id: c, name: c, type: x, parent: {component: a}}\n";
    let imported = import(Format::Otm, text.as_bytes(), TODAY).expect("a model");
    assert_eq!(imported.model.components.len(), 3);
    let told = |place: &str| {
        let mut notes = imported.notes.iter();
        notes.any(|note| note.place == place && note.text.en.contains("a part of itself"))
    };
    assert_eq!(["a", "b", "c"].map(told), [true, true, false]);
}

#[test]
fn a_tunnel_that_the_source_names_is_kept() {
    let links = |format, text: &str| {
        let imported = import(format, text.as_bytes(), TODAY).expect("of its format");
        let flows = imported.model.flows.values();
        flows.map(|flow| flow.link).collect::<Vec<_>>()
    };
    let threagile = fixture(Format::Threagile);
    assert!(!links(Format::Threagile, threagile).contains(&LinkProtection::Vpn));
    let tunneled = threagile.replace("vpn: false", "vpn: true");
    assert!(links(Format::Threagile, &tunneled).contains(&LinkProtection::Vpn));
}
