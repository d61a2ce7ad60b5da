//! Renders a model in every form and language into a folder, to look at.
//!
//! `cargo run -p sekimori-report --example render -- MODEL FOLDER [--observed]`
//!
//! With `--observed` something was seen by each probe: two of three as it should be, every third against it.

use std::path::Path;

use jiff::Timestamp;
use sekimori_analysis::evidence::{Observation, judge};
use sekimori_analysis::language::Language;
use sekimori_analysis::{Analysis, analyze, model};
use sekimori_report::{Format, Report, render};

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (file, folder, is_observed) = match arguments.as_slice() {
        [file, folder] => (file, folder, false),
        [file, folder, option] if option == "--observed" => (file, folder, true),
        _ => return Err("usage: render MODEL FOLDER [--observed]".to_owned()),
    };
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let model = model::parse(file, &text).map_err(|problems| {
        problems.render(
            Language::English,
            sekimori_analysis::diagnostic::Color::Plain,
        )
    })?;
    let analysis = analyze(&model, jiff::civil::date(2026, 11, 20));
    let now: Timestamp = "2026-11-20T12:00:00Z".parse().expect("a time");
    let assessment = judge(&analysis, &observations(&analysis, now), &[], now);
    let report = if is_observed {
        Report::with_assessment(&analysis, &assessment)
    } else {
        Report::of(&analysis)
    };
    for format in Format::ALL {
        for language in Language::ALL {
            let name = format!(
                "{}.{}.{}",
                format.word(),
                language.tag(),
                format.file_extension()
            );
            match render(&report, *format, language) {
                Ok(rendered) => std::fs::write(Path::new(folder).join(&name), rendered.bytes)
                    .map_err(|error| format!("{name}: {error}"))?,
                Err(error) => eprintln!("{name}: {error}"),
            }
        }
    }
    Ok(())
}

fn observations(analysis: &Analysis, now: Timestamp) -> Vec<Observation> {
    let requirements = analysis.requirements.iter();
    let probes = requirements.flat_map(|requirement| {
        let asked = requirement.observed.iter().chain(&requirement.refused);
        asked.map(|probe| (probe.clone(), requirement.at.clone()))
    });
    probes
        .enumerate()
        .map(|(index, (probe, role))| Observation {
            probe: probe.probe,
            reason: probe.reason,
            subject: format!("{}-0001", role.as_deref().unwrap_or("server")),
            role,
            observed_at: now,
            received_at: now,
            held: index % 3 != 2,
            count: 1,
        })
        .collect()
}
