//! The example: it parses without a word, and what follows from it is kept as golden files.

use jiff::civil::date;
use sekimori_analysis::{analyze, model};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

#[test]
fn peek() {
    let model = match model::parse("model.toml", TEXT) {
        Ok(model) => model,
        Err(problems) => panic!("{problems}"),
    };
    let analysis = analyze(&model, date(2026, 11, 20));
    let s = &analysis.solution;
    println!(
        "threats {} targets {} picks {} cost {} lower {} open {}",
        analysis.threats.len(),
        s.targets.len(),
        s.picks.len(),
        s.cost,
        s.lower_bound,
        s.open().count()
    );
    for p in &s.picks {
        println!(
            "{} cost {} str {} prov {} forced {} | {}",
            p.id, p.cost, p.strength, p.provided, p.forced, p.why.en
        );
    }
    for t in s.open() {
        println!("OPEN {t:?}");
    }
    println!("{}", analysis.requirements.len());
    for r in &analysis.regimes {
        println!(
            "{} {} of {}",
            r.regime.word(),
            r.items
                .iter()
                .filter(|i| !i.requirements.is_empty())
                .count(),
            r.items.len()
        );
    }
    println!(
        "{:#?}",
        sekimori_analysis::policy::generate(&model, &analysis, 1).canonical()
    );
}
