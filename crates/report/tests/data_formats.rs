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
    ids.extend(analysis.solution.targets.iter().map(|t| t.id.to_string()));
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
        assert_eq!(sheets.len(), 13);
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
        let picks = analysis
            .solution
            .picks
            .iter()
            .map(|pick| pick.id.to_string());
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
        assert_eq!(sheets.len(), 13, "{title:?}");
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
            matches!(
                state,
                State::Open | State::Accepted | State::Transferred | State::Dismissed
            )
        });
        let left: BTreeSet<String> = left.map(|(id, _)| id.to_string()).collect();
        assert!(!left.is_empty());
        assert_eq!(seen, left);
    }
}

/// What GitHub shows: a title and a severity for each rule, what and where in each message.
#[test]
fn sarif_tells_in_words_what_was_found_where() {
    let text = include_str!("../../../examples/openevse/model.toml").to_owned();
    // One of each method that a decision can be about.
    let cells = ["wifi:SR-D7", "wifi:JT03:P2", "UCA1:tampering@rapi"];
    let decisions = cells.map(|cell| {
        format!(
            "\n[[decision]]\ncell = \"{cell}\"\nstatus = \"accepted\"\nwhy = \"so be it\"\nwhy_ja = \"受け入れる\"\nowner = \"Mori\"\nuntil = 2027-03-31\n"
        )
    });
    let analysis = analyzed(&format!("{text}{}", decisions.concat()));
    for (language, titles) in [
        (
            Language::English,
            ["debug port", "Theft – ", "STPA-Sec – Tampering"],
        ),
        (
            Language::Japanese,
            ["デバッグ", "盗難 – ", "STPA-Sec のシナリオ – 改ざん"],
        ),
    ] {
        let value = json(&analysis, Format::Sarif, language);
        let rules = list(&value, "/runs/0/tool/driver/rules");
        for (cell, title) in cells.iter().zip(titles) {
            let results = list(&value, "/runs/0/results").iter();
            let mut results = results.filter(|result| word(result, "/properties/target") == *cell);
            let result = results.next().unwrap_or_else(|| panic!("no result {cell}"));
            let index = result.get("ruleIndex").and_then(serde_json::Value::as_u64);
            let index = usize::try_from(index.expect("an index")).expect("small");
            let rule = rules.get(index).expect("a rule");
            let short = word(rule, "/shortDescription/text");
            assert!(short.contains(title), "{short}");
            let message = word(result, "/message/text");
            assert!(message.ends_with(&format!("; {cell})")), "{message}");
            let has_risk = result
                .pointer("/properties/risk")
                .is_some_and(|r| !r.is_null());
            let severity = rule.pointer("/properties/security-severity");
            assert_eq!(severity.is_some(), has_risk, "{rule}");
        }
    }
}

#[test]
fn a_link_that_protects_a_flow_is_named_in_every_bill() {
    let text = TEXT.replacen("proto = \"mqtt\"", "proto = \"mqtt\"\nlink = \"wpa3\"", 1);
    let analysis = analyzed(&text);
    for format in [Format::TmBom, Format::CycloneDx] {
        let bill = self::text(&analysis, format, Language::English);
        assert!(bill.contains("WPA3 passphrase"), "{}", format.word());
        assert!(bill.contains("MQTT, "), "{}", format.word());
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
        for format in [
            Format::Sarif,
            Format::Oscal,
            Format::TmBom,
            Format::CycloneDx,
        ] {
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
        for threat in list(&value, "/threats") {
            for part in list(threat, "/components_affected") {
                let part = part.as_str().expect("a name");
                assert!(
                    knows("components", part) || knows("data_stores", part),
                    "{threat}"
                );
            }
        }
        // The library's matrix: five steps of likelihood times five of impact, in six bands.
        for risk in list(&value, "/risks") {
            let score = risk
                .get("score")
                .and_then(serde_json::Value::as_u64)
                .expect("a score");
            let bands = [
                (2, "very_low"),
                (4, "low"),
                (9, "medium"),
                (12, "high"),
                (16, "very_high"),
                (25, "critical"),
            ];
            let band = bands
                .iter()
                .find(|(most, _)| score <= *most)
                .expect("at most 25");
            assert_eq!(word(risk, "/level"), band.1, "{risk}");
        }
        for flow in list(&value, "/data_flows") {
            for end in ["source", "destination"] {
                let name = word(flow, &format!("/{end}/object"));
                let key = match word(flow, &format!("/{end}/type")) {
                    "actor" => "actors",
                    "data_store" => "data_stores",
                    "component" => "components",
                    other => panic!("{other} is no type of an end"),
                };
                assert!(knows(key, name), "{flow}");
            }
        }
    }
}

#[test]
fn a_sarif_result_points_to_the_line_of_its_element_in_its_file() {
    use sekimori_analysis::model::{Places, Source};
    // The example as a folder: the first part in a file of its own.
    let at = TEXT
        .find("[[component]]\nid = \"door\"")
        .expect("the example has a door");
    let (parts, rest) = TEXT.split_at(at);
    let sources = [("./a model/parts.toml", parts), ("rest.toml", rest)]
        .map(|(name, text)| Source { name, text });
    let model = model::parse_sources(&sources).expect("sound");
    let analysis = analyze(&model, date(2026, 11, 20));
    let places = Places::of(&sources);
    let report = Report::of(&analysis).with_places(&places);
    let rendered = render(&report, Format::Sarif, Language::English).expect("text");
    let value: serde_json::Value = serde_json::from_slice(&rendered.bytes).expect("JSON");
    let mut files = BTreeSet::new();
    for result in list(&value, "/runs/0/results") {
        let place = "/locations/0/physicalLocation";
        let file = word(result, &format!("{place}/artifactLocation/uri"));
        let line = result.pointer(&format!("{place}/region/startLine"));
        let line = line.and_then(serde_json::Value::as_u64).expect("a line");
        let text = match file {
            "a%20model/parts.toml" => parts,
            "rest.toml" => rest,
            other => panic!("no file of the model: {other}"),
        };
        let line = text.lines().nth(usize::try_from(line - 1).expect("small"));
        let element = word(result, "/locations/0/logicalLocations/0/name");
        assert_eq!(line, Some(format!("id = \"{element}\"").as_str()));
        files.insert(file);
    }
    assert_eq!(files.len(), 2, "{files:?}");
}

/// Every reference that a document makes, and every name that it gives.
fn references<'v>(value: &'v serde_json::Value, given: &mut Vec<&'v str>, used: &mut Vec<&'v str>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let texts = value
                    .as_array()
                    .map_or(std::slice::from_ref(value), Vec::as_slice);
                let texts = texts.iter().filter_map(serde_json::Value::as_str);
                match key.as_str() {
                    "bom-ref" => given.extend(texts),
                    "ref" | "dependsOn" | "subjects" | "target" | "assessor" | "requirement"
                    | "claims" | "counterClaims" | "evidence" | "counterEvidence" => {
                        used.extend(texts);
                    }
                    "source" | "destination" => {
                        used.extend(texts.filter_map(|link| Some(link.split_once('#')?.1)));
                    }
                    _ => {}
                }
                references(value, given, used);
            }
        }
        serde_json::Value::Array(values) => {
            for value in values {
                references(value, given, used);
            }
        }
        _ => {}
    }
}

#[test]
fn cyclonedx_carries_every_flow_and_claims_only_what_was_looked_at() {
    let analysis = analyzed(TEXT);
    let now: jiff::Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
    let observation = |probe: &str, held: bool| sekimori_analysis::evidence::Observation {
        probe: probe.to_owned(),
        reason: None,
        subject: "sensor-0001".to_owned(),
        role: Some("sensor".to_owned()),
        observed_at: now,
        received_at: now,
        held,
        count: 1,
    };
    let seen = [
        observation("message.permitted", true),
        observation("session.opened", false),
    ];
    let findings = sekimori_analysis::evidence::assess(&analysis, &seen, now);
    for report in [
        Report::of(&analysis),
        Report::with_findings(&analysis, &findings),
    ] {
        let rendered = render(&report, Format::CycloneDx, Language::Japanese).expect("text");
        let value: serde_json::Value = serde_json::from_slice(&rendered.bytes).expect("JSON");
        let (mut given, mut used) = (Vec::new(), Vec::new());
        references(&value, &mut given, &mut used);
        let names: BTreeSet<&str> = given.iter().copied().collect();
        assert_eq!(names.len(), given.len(), "a name is given twice");
        for reference in used {
            assert!(names.contains(reference), "{reference}");
        }
        let services = list(&value, "/services").iter();
        let flows = services.flat_map(|service| list(service, "/data"));
        let mut flows: BTreeSet<String> =
            flows.map(|flow| word(flow, "/name").to_owned()).collect();
        flows.extend(
            list(&value, "/metadata/component/properties")
                .iter()
                .filter_map(|property| {
                    Some(
                        word(property, "/name")
                            .strip_prefix("sekimori:flow:")?
                            .to_owned(),
                    )
                }),
        );
        assert_eq!(flows, analysis.source.flows.keys().cloned().collect());
        let claims = list(&value, "/declarations/claims");
        match report.findings {
            None => assert!(value.get("declarations").is_none()),
            Some(findings) => assert_eq!(claims.len(), findings.len()),
        }
        let maps = list(&value, "/declarations/attestations").iter();
        for entry in maps.flat_map(|attestation| list(attestation, "/map")) {
            let score = entry
                .pointer("/conformance/score")
                .and_then(serde_json::Value::as_u64);
            let is_against = entry.get("counterClaims").is_some();
            assert_eq!(score == Some(0), is_against, "{entry}");
        }
        let evidence = list(&value, "/declarations/evidence");
        assert_eq!(evidence.is_empty(), report.findings.is_none());
    }
}
