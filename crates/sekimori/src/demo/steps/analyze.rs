//! The model is analyzed twice, and the second time gives the same bytes.

use jiff::tz::TimeZone;
use sekimori_analysis::diagnostic::Color;
use sekimori_analysis::language::Language as ReportLanguage;
use sekimori_analysis::{analyze, model};

use super::{Broken, Step, ensure};
use crate::clock;
use crate::commands::model::example;
use crate::demo::world::World;

pub(super) fn run(world: &mut World) -> Result<String, Broken> {
    let mut text = example().to_owned();
    if world.breaks(Step::Analyze) {
        text = text.replace("zone = \"site\"", "zone = \"nowhere\"");
    }
    let today = clock::wall().to_zoned(TimeZone::UTC).date();
    let parsed = model::parse("examples/cold-store/model.toml", &text)
        .map_err(|problems| Broken::new(problems.render(ReportLanguage::English, Color::Plain)))?;
    let first = analyze(&parsed, today);
    let again = analyze(&parsed, today);
    let bytes =
        |analysis| serde_json::to_vec(analysis).map_err(|error| Broken::new(error.to_string()));
    ensure(bytes(&first)? == bytes(&again)?, || {
        "the same model gave other bytes".to_owned()
    })?;
    summary(world, &first)
}

fn summary(world: &World, analysis: &sekimori_analysis::Analysis) -> Result<String, Broken> {
    let solution = &analysis.solution;
    ensure(!analysis.threats.is_empty(), || {
        "no threat was found".to_owned()
    })?;
    ensure(!solution.picks.is_empty(), || {
        "no countermeasure was chosen".to_owned()
    })?;
    ensure(!analysis.requirements.is_empty(), || {
        "no requirement came out".to_owned()
    })?;
    Ok(world.say(
        "demo-detail-analyze",
        &[
            ("threats", &analysis.threats.len()),
            ("picks", &solution.picks.len()),
            ("cost", &solution.cost),
            ("bound", &solution.lower_bound),
            ("requirements", &analysis.requirements.len()),
        ],
    ))
}
