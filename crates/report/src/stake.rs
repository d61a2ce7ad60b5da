//! What is at stake, how high the risks are before and after, and what each part of the money closes: the numbers that
//! the summary and the sheet for management share.

use sekimori_analysis::Analysis;
use sekimori_analysis::choose::{Solution, Step};
use sekimori_analysis::language::Language;
use sekimori_analysis::model::Level;

use crate::facts::Fact;
use crate::words::filter_word;

/// What would be lost, the worst first; the assets where a model names no loss.
pub(crate) fn losses(analysis: &Analysis, language: Language) -> Vec<(Level, &str)> {
    let mut losses: Vec<(Level, &str, &str)> = analysis
        .stpa
        .losses
        .iter()
        .map(|loss| (loss.severity, loss.id.as_str(), loss.text.of(language)))
        .collect();
    if losses.is_empty() {
        let assets = analysis.source.assets.iter();
        losses.extend(assets.map(|(id, asset)| {
            let worst = asset.c.max(asset.i).max(asset.a);
            (worst, id.as_str(), asset.title.of(language))
        }));
    }
    losses.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    losses
        .into_iter()
        .map(|(level, id, text)| (level, if text.is_empty() { id } else { text }))
        .collect()
}

/// How many risks are of one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Risks {
    /// The level.
    pub(crate) level: Level,
    /// Of this level before any measure.
    pub(crate) before: usize,
    /// How these stand: open, closed, other.
    pub(crate) states: [usize; 3],
    /// Of this level with what is there already.
    pub(crate) there: usize,
    /// Of this level with everything that was chosen.
    pub(crate) chosen: usize,
}

/// Threats, cells and scenarios by level, the worst first; levels that never occur are left out.
pub(crate) fn risks<'f>(facts: impl Iterator<Item = &'f Fact> + Clone) -> Vec<Risks> {
    let levels = Level::ALL.iter().rev();
    let rows = levels.map(|level| {
        let mut row = Risks {
            level: *level,
            before: 0,
            states: [0; 3],
            there: 0,
            chosen: 0,
        };
        for fact in facts.clone() {
            let Some(before) = fact.risk else { continue };
            // What needs no measure remains as it is.
            let (there, chosen) = fact
                .residual
                .map_or((before, before), |left| (left.in_place, left.chosen));
            if before == *level {
                row.before += 1;
                let [open, closed, other] = &mut row.states;
                *match filter_word(fact.state) {
                    "open" => open,
                    "closed" => closed,
                    _ => other,
                } += 1;
            }
            row.there += usize::from(there == *level);
            row.chosen += usize::from(chosen == *level);
        }
        row
    });
    rows.filter(|row| row.before + row.there + row.chosen > 0)
        .collect()
}

/// What the first steps of a choice close for a part of its cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Part of the whole cost that may be spent, in percent.
    pub(crate) percent: u64,
    /// Points that the steps within it cost.
    pub(crate) cost: u64,
    /// How many measures they add.
    pub(crate) picks: usize,
    /// Share of the risk that they close, in percent.
    pub(crate) share: u32,
    /// How many targets they close.
    pub(crate) targets: usize,
}

/// The choice in quarters of its cost, those steps first that pay most.
pub(crate) fn parts(solution: &Solution) -> Vec<Part> {
    if solution.frontier.is_empty() {
        return Vec::new();
    }
    let part = |percent: u64| {
        let budget = solution.cost.saturating_mul(percent) / 100;
        let steps = solution.frontier.iter();
        let steps: Vec<&Step> = steps.take_while(|step| step.cost <= budget).collect();
        let last = steps.last();
        Part {
            percent,
            cost: last.map_or(0, |step| step.cost),
            picks: steps.iter().map(|step| step.picks.len()).sum(),
            share: last.map_or(0, |step| step.share),
            targets: steps.iter().map(|step| step.targets.len()).sum(),
        }
    };
    [25, 50, 75, 100].map(part).into()
}
