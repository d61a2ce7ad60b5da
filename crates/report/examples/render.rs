//! Renders a model in every form and language into a folder, to look at.
//!
//! `cargo run -p sekimori-report --example render -- MODEL FOLDER`

use std::path::Path;

use sekimori_analysis::language::Language;
use sekimori_analysis::{analyze, model};
use sekimori_report::{Format, Report, render};

fn main() -> Result<(), String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, folder] = arguments.as_slice() else {
        return Err("usage: render MODEL FOLDER".to_owned());
    };
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let model = model::parse(file, &text).map_err(|problems| {
        problems.render(
            Language::English,
            sekimori_analysis::diagnostic::Color::Plain,
        )
    })?;
    let analysis = analyze(&model, jiff::civil::date(2026, 11, 20));
    let report = Report::of(&analysis);
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
