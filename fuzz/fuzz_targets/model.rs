//! The model parser: any bytes get a model or a list of problems that can be shown.

#![no_main]

use jiff::civil::date;
use libfuzzer_sys::fuzz_target;
use sekimori_analysis::diagnostic::Color;
use sekimori_analysis::language::Language;
use sekimori_analysis::{analyze, model};

fuzz_target!(|bytes: &[u8]| {
    match model::parse_bytes("model.toml", bytes) {
        Ok(model) => {
            let analysis = analyze(&model, date(2026, 11, 21));
            assert!(analysis.solution.cost >= analysis.solution.lower_bound);
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            problems.render(Language::Japanese, Color::Plain);
        }
    }
});
