//! Files for programs and spreadsheets: whole, in both languages, and harmless whatever a model says.

use std::collections::BTreeSet;

use jiff::civil::date;
use sekimori_analysis::language::Language;
use sekimori_analysis::{Analysis, analyze, model};
use sekimori_report::{Format, Report, render};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

fn analyzed(text: &str) -> Analysis {
    let model = model::parse("model.toml", text).expect("sound");
    analyze(&model, date(2026, 11, 20))
}

fn bytes(analysis: &Analysis, format: Format, language: Language) -> Vec<u8> {
    let rendered = render(&Report::of(analysis), format, language);
    rendered.expect("a form without needs").bytes
}

fn text(analysis: &Analysis, format: Format, language: Language) -> String {
    String::from_utf8(bytes(analysis, format, language)).expect("UTF-8")
}

/// The example with a name that means harm in some form.
fn hostile(title: &str) -> Analysis {
    let quoted = serde_json::to_string(title).expect("a string");
    // TOML knows the escapes of JSON; DEL alone may not stand as it is.
    let quoted = quoted.replace('\u{7f}', "\\u007f");
    let source = TEXT.replace("\"Temperature sensor\"", &quoted);
    assert_ne!(source, TEXT);
    analyzed(&source)
}

fn hostile_titles() -> Vec<String> {
    [
        "=cmd()",
        "+1",
        "\"quoted\", and 'more'",
        "two\nlines\r\n| and | bars",
        "<script>alert(1)</script>",
        "\u{1b}[31mred\u{7f}\u{8}",
        "a`b`${c}\\",
        "\u{202e}reversed",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([("温度を測る装置".repeat(72)).chars().take(500).collect()])
    .collect()
}

/// Reads comma-separated values as RFC 4180 says, apart from how they were written.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut is_quoted = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let row = rows.last_mut().expect("never empty");
        let field = row.last_mut().expect("never empty");
        match c {
            '"' if is_quoted && rest.peek() == Some(&'"') => {
                rest.next();
                field.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => row.push(String::new()),
            '\r' if !is_quoted => assert_eq!(rest.peek(), Some(&'\n')),
            '\n' if !is_quoted => rows.push(vec![String::new()]),
            c => field.push(c),
        }
    }
    assert_eq!(
        rows.pop(),
        Some(vec![String::new()]),
        "ends with a line end"
    );
    rows
}

/// Every id that a table of targets has to name.
fn targets(analysis: &Analysis) -> BTreeSet<String> {
    let mut ids: BTreeSet<String> = analysis.threats.iter().map(|t| t.id.clone()).collect();
    ids.extend(analysis.solution.targets.iter().map(|t| t.id.clone()));
    for matrix in &analysis.matrices {
        ids.extend(matrix.cells.iter().map(|cell| cell.id.to_string()));
    }
    ids.extend(analysis.stpa.targets().map(|scenario| scenario.id.clone()));
    ids
}

#[test]
fn csv_names_every_target_and_requirement_once() {
    let analysis = analyzed(TEXT);
    for language in Language::ALL {
        let text = text(&analysis, Format::Csv, language);
        let rows = read_csv(text.strip_prefix('\u{feff}').expect("a mark for Excel"));
        let width = rows.first().expect("a head").len();
        assert!(width > 12 && rows.iter().all(|row| row.len() == width));
        let names: BTreeSet<&String> = rows.iter().take(1).flatten().collect();
        assert_eq!(names.len(), width, "two columns have the same name");
        let ids: Vec<&str> = rows
            .iter()
            .skip(1)
            .filter_map(|row| row.get(1))
            .map(String::as_str)
            .collect();
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len());
        let expected = targets(&analysis);
        let requirements = analysis.requirements.iter().map(|r| r.id.clone());
        let expected: BTreeSet<String> = expected.into_iter().chain(requirements).collect();
        assert_eq!(unique, expected.iter().map(String::as_str).collect());
    }
}

#[test]
fn csv_computes_nothing_and_keeps_its_shape_whatever_a_title_says() {
    for title in hostile_titles() {
        let text = text(&hostile(&title), Format::Csv, Language::English);
        let rows = read_csv(text.trim_start_matches('\u{feff}'));
        let width = rows.first().expect("a head").len();
        for row in &rows {
            assert_eq!(row.len(), width, "{title:?}");
            for field in row {
                assert!(!field.starts_with(['=', '+', '-', '@']), "{field}");
                assert!(!field.contains(char::is_control), "{field:?}");
            }
        }
    }
}

#[test]
fn markdown_tables_keep_their_shape_whatever_a_title_says() {
    for title in hostile_titles() {
        for language in Language::ALL {
            let text = text(&hostile(&title), Format::Markdown, language);
            assert!(!text.contains("<script") && !text.contains('\u{202e}'));
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
            let mut width = None;
            for line in text.lines() {
                if !line.starts_with('|') {
                    width = None;
                    continue;
                }
                let bars = line
                    .replace("\\\\", "")
                    .replace("\\|", "")
                    .matches('|')
                    .count();
                assert_eq!(*width.get_or_insert(bars), bars, "{line}");
            }
        }
    }
}

#[test]
fn markdown_tells_everything_in_its_language() {
    let analysis = analyzed(TEXT);
    let english = text(&analysis, Format::Markdown, Language::English);
    let japanese = text(&analysis, Format::Markdown, Language::Japanese);
    assert_eq!(english.lines().count(), japanese.lines().count());
    let foreign = english
        .chars()
        .find(|c| ('\u{3040}'..'\u{a000}').contains(c));
    assert_eq!(foreign, None);
    for id in targets(&analysis) {
        assert!(english.contains(&format!("`{id}`")), "{id}");
    }
    for requirement in &analysis.requirements {
        assert!(japanese.contains(&requirement.id));
    }
    for control in analysis
        .checklist
        .steps
        .iter()
        .flat_map(|step| &step.controls)
    {
        assert!(japanese.contains(&format!("`{}`", control.id)));
    }
}

#[test]
fn no_form_shows_the_key_of_a_label() {
    let analysis = analyzed(TEXT);
    for format in [Format::Csv, Format::Markdown] {
        for language in Language::ALL {
            let text = text(&analysis, format, language);
            for key in [
                "data-", "state-", "level-", "method-", "section-", "pillar-",
            ] {
                assert!(
                    !text.contains(&format!("| {key}")) && !text.contains(&format!(",{key}")),
                    "{key}"
                );
            }
        }
    }
}

fn sheets(bytes: Vec<u8>) -> Vec<(String, Vec<Vec<String>>)> {
    use calamine::Reader as _;
    let mut book = calamine::Xlsx::new(std::io::Cursor::new(bytes)).expect("a workbook");
    let names = book.sheet_names();
    let rows = |name: &String| {
        let formulas = book.worksheet_formula(name).expect("a sheet");
        assert!(formulas.used_cells().next().is_none(), "{name} computes");
        let range = book.worksheet_range(name).expect("a sheet");
        let rows = range.rows();
        rows.map(|row| row.iter().map(ToString::to_string).collect())
            .collect()
    };
    names
        .iter()
        .map(rows)
        .zip(names.clone())
        .map(|(rows, name)| (name, rows))
        .collect()
}

#[test]
fn a_foreign_reader_finds_the_matrix_and_every_table() {
    let analysis = analyzed(TEXT);
    for (language, open) in [(Language::English, "covered"), (Language::Japanese, "対策")] {
        let sheets = sheets(bytes(&analysis, Format::Xlsx, language));
        assert_eq!(sheets.len(), 12);
        let (_, matrix) = sheets.get(1).expect("the matrix");
        assert_eq!(matrix.len(), 1 + 12 * analysis.matrices.len());
        assert!(matrix.iter().all(|row| row.len() == 7));
        for row in matrix.iter().skip(1) {
            assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        }
        assert!(matrix.iter().flatten().any(|cell| cell.contains(open)));
        assert!(matrix.iter().flatten().any(|cell| cell.contains("✓ CM-")));
        let ids = |index: usize, column: usize| -> BTreeSet<String> {
            let (_, rows) = sheets.get(index).expect("a sheet");
            rows.iter()
                .skip(1)
                .filter_map(|row| row.get(column).cloned())
                .collect()
        };
        assert_eq!(ids(2, 0), targets(&analysis));
        assert_eq!(ids(3, 0), targets(&analysis));
        let requirements = analysis.requirements.iter().map(|r| r.id.clone());
        assert_eq!(ids(4, 0), requirements.collect());
        let steps = analysis.checklist.steps.iter();
        let controls = steps.flat_map(|step| &step.controls).map(|c| c.id.clone());
        assert_eq!(ids(6, 1), controls.collect());
        let picks = analysis.solution.picks.iter().map(|pick| pick.id.clone());
        assert_eq!(ids(8, 0), picks.collect());
        let lists = analysis.cross_check.lists.iter();
        let hits = lists.flat_map(|list| &list.hits).map(|hit| hit.id.clone());
        assert_eq!(ids(9, 1), hits.collect());
    }
}

#[test]
fn a_workbook_shows_hostile_titles_as_text() {
    for title in hostile_titles() {
        let sheets = sheets(bytes(&hostile(&title), Format::Xlsx, Language::Japanese));
        assert_eq!(sheets.len(), 12, "{title:?}");
    }
}

fn json(analysis: &Analysis, format: Format, language: Language) -> serde_json::Value {
    serde_json::from_str(&text(analysis, format, language)).expect("JSON")
}

fn list<'v>(value: &'v serde_json::Value, pointer: &str) -> &'v [serde_json::Value] {
    value
        .pointer(pointer)
        .and_then(serde_json::Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn word<'v>(value: &'v serde_json::Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(serde_json::Value::as_str)
        .unwrap_or_else(|| panic!("no {pointer} in {value}"))
}

#[test]
fn sarif_has_a_result_for_whatever_stays_open_and_its_rules() {
    use sekimori_analysis::choose::State;
    let analysis = analyzed(TEXT);
    for language in Language::ALL {
        let value = json(&analysis, Format::Sarif, language);
        assert_eq!(word(&value, "/version"), "2.1.0");
        let rules: Vec<&str> = list(&value, "/runs/0/tool/driver/rules")
            .iter()
            .map(|rule| word(rule, "/id"))
            .collect();
        let results = list(&value, "/runs/0/results");
        let mut seen = BTreeSet::new();
        for result in results {
            let index = result.get("ruleIndex").and_then(serde_json::Value::as_u64);
            let index = usize::try_from(index.expect("an index")).expect("small");
            assert_eq!(rules.get(index).copied(), Some(word(result, "/ruleId")));
            assert!(["error", "warning", "note"].contains(&word(result, "/level")));
            assert!(!word(result, "/message/text").is_empty());
            word(result, "/locations/0/physicalLocation/artifactLocation/uri");
            word(result, "/locations/0/logicalLocations/0/fullyQualifiedName");
            let id = word(result, "/partialFingerprints/sekimoriTarget~1v1");
            let is_open = analysis.solution.states.get(id) == Some(&State::Open);
            assert_eq!(is_open, result.get("suppressions").is_none(), "{id}");
            assert!(seen.insert(id.to_owned()));
        }
        let states = analysis.solution.states.iter();
        let left = states.filter(|(_, state)| {
            matches!(state, State::Open | State::Accepted | State::Transferred)
        });
        let left: BTreeSet<String> = left.map(|(id, _)| id.clone()).collect();
        assert!(!left.is_empty());
        assert_eq!(seen, left);
    }
}

#[test]
fn oscal_has_a_finding_for_each_requirement_and_no_loose_reference() {
    let analysis = analyzed(TEXT);
    let now: jiff::Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
    let seen = sekimori_analysis::evidence::Observation {
        probe: "message.permitted".to_owned(),
        reason: None,
        subject: "sensor-0001".to_owned(),
        role: Some("sensor".to_owned()),
        observed_at: now,
        received_at: now,
        held: true,
        count: 1,
    };
    let findings = sekimori_analysis::evidence::assess(&analysis, &[seen], now);
    for report in [
        Report::of(&analysis),
        Report::with_findings(&analysis, &findings),
    ] {
        let rendered = render(&report, Format::Oscal, Language::English).expect("text");
        let value: serde_json::Value = serde_json::from_slice(&rendered.bytes).expect("JSON");
        let root = "/assessment-results";
        assert_eq!(
            word(&value, &format!("{root}/metadata/oscal-version")),
            "1.1.2"
        );
        for key in [
            "uuid",
            "metadata/title",
            "metadata/last-modified",
            "metadata/version",
        ] {
            word(&value, &format!("{root}/{key}"));
        }
        let plan = word(&value, &format!("{root}/back-matter/resources/0/uuid"));
        assert_eq!(
            word(&value, &format!("{root}/import-ap/href")),
            format!("#{plan}")
        );
        let part = |key: &str| list(&value, &format!("{root}/results/0/{key}"));
        let ids = |key: &str| -> BTreeSet<&str> {
            part(key).iter().map(|entry| word(entry, "/uuid")).collect()
        };
        assert_eq!(part("observations").is_empty(), report.findings.is_none());
        assert_eq!(part("findings").len(), analysis.requirements.len());
        assert_eq!(ids("findings").len(), analysis.requirements.len());
        let mut related = 0;
        for finding in part("findings") {
            let state = word(finding, "/target/status/state");
            if report.findings.is_none() {
                assert_eq!(state, "not-satisfied");
            }
            for (key, part) in [("observation", "observations"), ("risk", "risks")] {
                for entry in list(finding, &format!("/related-{part}")) {
                    assert!(ids(part).contains(word(entry, &format!("/{key}-uuid"))));
                    related += 1;
                }
            }
        }
        assert!(related > 0 || report.findings.is_none());
    }
}

#[test]
fn json_forms_hold_hostile_titles_without_control_characters() {
    for title in hostile_titles() {
        let analysis = hostile(&title);
        for format in [Format::Sarif, Format::Oscal, Format::TmBom] {
            let text = text(&analysis, format, Language::English);
            let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            assert!(value.is_object());
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'));
            assert!(!text.contains("\\u001b") && !text.contains("\\r"));
        }
    }
}

/// The keys that the schema demands of each thing, by the list it stands in.
const DEMANDED: [(&str, &[&str]); 11] = [
    ("trust_zones", &["symbolic_name", "title", "description"]),
    ("trust_boundaries", &["trust_zone_a", "trust_zone_b"]),
    ("actors", &["symbolic_name", "title", "description", "type"]),
    ("components", &["symbolic_name", "title", "description"]),
    (
        "data_stores",
        &["symbolic_name", "title", "description", "type"],
    ),
    (
        "data_sets",
        &["symbolic_name", "placements", "data_sensitivity"],
    ),
    (
        "data_flows",
        &[
            "symbolic_name",
            "source",
            "destination",
            "has_sensitive_data",
            "encrypted",
        ],
    ),
    ("assumptions", &["description", "validity"]),
    (
        "threats",
        &["symbolic_name", "threat_persona", "event", "sources"],
    ),
    (
        "controls",
        &["symbolic_name", "threats", "status", "priority"],
    ),
    (
        "risks",
        &[
            "symbolic_name",
            "threats",
            "likelihood",
            "impact",
            "impact_description",
            "score",
            "level",
        ],
    ),
];

#[test]
fn tm_bom_has_what_its_schema_demands_and_no_loose_reference() {
    let analysis = analyzed(TEXT);
    for language in Language::ALL {
        let value = json(&analysis, Format::TmBom, language);
        word(&value, "/scope/title");
        let mut names = BTreeSet::new();
        for (key, demanded) in DEMANDED {
            let part = value.get(key).and_then(serde_json::Value::as_array);
            for thing in part.unwrap_or_else(|| panic!("no {key}")) {
                for field in demanded {
                    assert!(thing.get(field).is_some(), "{key}: {field} in {thing}");
                }
                if let Some(name) = thing.get("symbolic_name") {
                    let name = name.as_str().expect("a name").to_owned();
                    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                    assert!(name.chars().all(fits), "{name}");
                    assert!(names.insert((key, name)), "twice: {thing}");
                }
            }
        }
        assert!(!list(&value, "/threats").is_empty());
        assert_eq!(list(&value, "/threats").len(), list(&value, "/risks").len());
        let knows = |key: &'static str, name: &str| names.contains(&(key, name.to_owned()));
        for control in list(&value, "/controls")
            .iter()
            .chain(list(&value, "/risks"))
        {
            for threat in list(control, "/threats") {
                assert!(
                    knows("threats", threat.as_str().expect("a name")),
                    "{control}"
                );
            }
        }
        for flow in list(&value, "/data_flows") {
            for end in ["source", "destination"] {
                let name = word(flow, &format!("/{end}/object"));
                let key = match word(flow, &format!("/{end}/type")) {
                    "actor" => "actors",
                    "data-store" => "data_stores",
                    _ => "components",
                };
                assert!(knows(key, name), "{flow}");
            }
        }
    }
}
