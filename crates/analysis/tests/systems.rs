//! Every template and every published system: sound, in both languages, and with what follows from
//! it kept as a short golden file.
//!
//! The golden files change whenever rules or the catalogue change. Read the difference as an engineer
//! would read a new report, then take it over with
//! `INSTA_UPDATE=always cargo test -p sekimori-analysis --test systems`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, date};
use sekimori_analysis::choose::{Proof, State};
use sekimori_analysis::language::Text;
use sekimori_analysis::model::{self, Model};
use sekimori_analysis::requirements::Duty;
use sekimori_analysis::{Analysis, analyze};

const TODAY: Date = date(2026, 11, 20);

/// The examples, by the name of their golden file.
fn examples() -> BTreeMap<String, PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut found = BTreeMap::new();
    for folder in [root.clone(), root.join("templates")] {
        for entry in std::fs::read_dir(&folder).expect("the folder of examples") {
            let path = entry.expect("an entry").path();
            let file = path.join("model.toml");
            if file.is_file() {
                let name = path.file_name().expect("a name").to_string_lossy();
                found.insert(name.into_owned(), file);
            }
        }
    }
    found
}

fn read(file: &Path) -> (String, Model) {
    let text = std::fs::read_to_string(file).expect("readable");
    match model::parse(&file.display().to_string(), &text) {
        Ok(model) => (text, model),
        Err(problems) => panic!("{problems}"),
    }
}

#[test]
fn there_are_six_to_start_from_and_three_that_others_published() {
    let names: Vec<String> = examples().into_keys().collect();
    let expected = [
        "cold-store", // the template `sensor-gateway`
        "drone",
        "industrial-controller",
        "network-camera",
        "openevse",
        "pinetime",
        "px4",
        "smart-tv",
        "wearable",
    ];
    assert_eq!(names, expected);
}

#[test]
fn no_example_has_an_error_or_a_warning_now_or_in_half_a_year() {
    for (name, file) in examples() {
        let (text, model) = read(&file);
        assert!(model.warnings.is_empty(), "{name}: {}", model.warnings);
        let later = date(2027, 5, 20);
        let stale = model::check_dates(&model, &name, &text, later);
        assert!(stale.is_empty(), "{name}: {stale}");
    }
}

#[test]
fn every_example_is_laid_out_as_fmt_would() {
    for (name, file) in examples() {
        let (text, _) = read(&file);
        assert_eq!(model::format(&text).as_deref(), Some(&*text), "{name}");
    }
}

/// Japanese letters: kana or ideographs.
fn is_japanese(text: &str) -> bool {
    text.chars().any(|c| ('\u{3040}'..='\u{9fff}').contains(&c))
}

#[test]
fn every_text_of_an_example_is_there_in_japanese() {
    // Names that Japanese readers write in Latin letters too would be listed here.
    for (name, file) in examples() {
        let text = std::fs::read_to_string(&file).expect("readable");
        let model: toml::Table = text.parse().expect("TOML");
        let mut asked = 0;
        for (section, value) in &model {
            let tables = match value {
                toml::Value::Array(tables) => tables.clone(),
                table => vec![table.clone()],
            };
            for table in &tables {
                let table = table.as_table().expect("a section");
                for key in ["title", "text", "why", "purpose"] {
                    if !table.contains_key(key) {
                        continue;
                    }
                    asked += 1;
                    let japanese = table.get(&format!("{key}_ja"));
                    let japanese = japanese.and_then(toml::Value::as_str).unwrap_or("");
                    assert!(
                        is_japanese(japanese),
                        "{name}: [{section}] {key} = {:?} has no Japanese beside it",
                        table.get(key)
                    );
                }
            }
        }
        assert!(asked > 20, "{name}: {asked} texts");
    }
}

#[test]
fn every_sentence_of_an_analysis_is_there_in_japanese() {
    for (name, file) in examples() {
        let (_, model) = read(&file);
        let analysis = analyze(&model, TODAY);
        let sentences: Vec<&Text> = analysis
            .solution
            .picks
            .iter()
            .map(|pick| &pick.why)
            .chain(
                analysis
                    .requirements
                    .iter()
                    .flat_map(|r| [&r.shall, &r.why]),
            )
            .collect();
        assert!(sentences.len() > 50, "{name}: {}", sentences.len());
        for sentence in sentences {
            assert!(is_japanese(&sentence.ja), "{name}: {}", sentence.en);
        }
    }
}

#[test]
fn published_systems_cite_their_sources_in_both_languages() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for name in ["openevse", "pinetime", "px4"] {
        let model = std::fs::read_to_string(root.join(name).join("model.toml")).expect("readable");
        for readme in ["README.md", "README.ja.md"] {
            let text = std::fs::read_to_string(root.join(name).join(readme)).expect(readme);
            let mut cited = 0;
            for number in 1..=9 {
                let mark = format!("[{number}]");
                if model.contains(&mark) {
                    cited += 1;
                    let entry = text.lines().find(|line| line.starts_with(&mark));
                    let entry = entry.unwrap_or_else(|| panic!("{name}/{readme}: no {mark}"));
                    assert!(entry.contains("https://"), "{name}/{readme}: {entry}");
                }
            }
            assert!(cited >= 4, "{name}: {cited} sources");
        }
    }
}

#[test]
fn published_systems_speak_of_ids_that_their_analysis_has() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    for name in ["openevse", "pinetime", "px4"] {
        let (_, model) = read(&root.join(name).join("model.toml"));
        let analysis = analyze(&model, TODAY);
        let mut known: BTreeSet<&str> = BTreeSet::new();
        known.extend(analysis.threats.iter().map(|threat| threat.id.as_str()));
        known.extend(analysis.stpa.scenarios.iter().map(|s| s.id.as_str()));
        known.extend(
            analysis
                .solution
                .picks
                .iter()
                .map(|pick| pick.measure.as_str()),
        );
        for readme in ["README.md", "README.ja.md"] {
            let text = std::fs::read_to_string(root.join(name).join(readme)).expect(readme);
            let quoted = text.split('`').skip(1).step_by(2);
            let ids = quoted.filter(|word| word.contains(':') || word.starts_with("CM-"));
            let mut spoken = 0;
            for id in ids.filter(|id| !id.contains(char::is_whitespace)) {
                assert!(known.contains(id), "{name}/{readme}: {id}");
                spoken += 1;
            }
            assert!(spoken > 5, "{name}/{readme}: {spoken}");
        }
    }
}

#[test]
fn golden() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("snapshots/systems");
    settings.bind(|| {
        for (name, file) in examples() {
            let (_, model) = read(&file);
            insta::assert_snapshot!(name, summary(&analyze(&model, TODAY)));
        }
    });
}

/// What follows from a model, on one page.
fn summary(analysis: &Analysis) -> String {
    let mut out = String::new();
    let solution = &analysis.solution;

    out.push_str("STRIDE threats by kind and level\n");
    let mut kinds: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    for threat in &analysis.threats {
        let levels = kinds.entry(threat.stride.word()).or_default();
        *levels.entry(threat.risk.level.word()).or_default() += 1;
    }
    for (kind, levels) in &kinds {
        let _ = writeln!(out, "  {kind}: {}", counts(levels));
    }

    out.push_str("Cells of the matrix by state\n");
    for matrix in &analysis.matrices {
        let mut states: BTreeMap<&str, u32> = BTreeMap::new();
        for cell in &matrix.cells {
            let state = solution.states.get(cell.id.to_string().as_str());
            *states.entry(state.map_or("?", |s| word(*s))).or_default() += 1;
        }
        let _ = writeln!(out, "  {}: {}", matrix.component, counts(&states));
    }

    let stpa = &analysis.stpa;
    let _ = writeln!(
        out,
        "Control: {} unsafe actions, {} scenarios, {} before an attack, {} constraints, {} gaps",
        stpa.unsafe_actions.len(),
        stpa.scenarios.len(),
        stpa.before_attack.len(),
        stpa.constraints.len(),
        stpa.gaps.len()
    );

    let proof = match solution.proof {
        Proof::Optimal => "optimal".to_owned(),
        Proof::Gap { bound, above } => format!("at least {bound}, gap {above}"),
        Proof::Unproven => "not proven".to_owned(),
        Proof::Budget { .. } => "within a budget".to_owned(),
    };
    let to_do = solution.picks.iter().filter(|pick| !pick.provided).count();
    let _ = writeln!(
        out,
        "Chosen: {} countermeasures, {to_do} of them to do, {} points, {proof}",
        solution.picks.len(),
        solution.cost
    );
    for pick in &solution.picks {
        let mark = if pick.provided { "" } else { " to do" };
        let _ = writeln!(out, "  {} {}{mark}", pick.id, pick.cost);
    }

    out.push_str("Left open\n");
    for (id, state) in &solution.states {
        if *state == State::Open {
            let _ = writeln!(out, "  {id}");
        }
    }

    let duty = |duty: Duty| {
        analysis
            .requirements
            .iter()
            .filter(|r| r.duty == duty)
            .count()
    };
    let _ = writeln!(
        out,
        "Requirements: {} of the platform, {} of the maker, {} of people",
        duty(Duty::Platform),
        duty(Duty::Maker),
        duty(Duty::People)
    );
    out
}

fn counts(counts: &BTreeMap<&str, u32>) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|(word, n)| format!("{n} {word}"))
        .collect();
    parts.join(", ")
}

fn word(state: State) -> &'static str {
    match state {
        State::NotApplicable => "not applicable",
        State::BelowThreshold => "below threshold",
        State::Accepted => "accepted",
        State::Transferred => "transferred",
        State::Dismissed => "dismissed",
        State::Closed => "closed",
        State::Open => "open",
    }
}
