//! Why each pick is there, and what would stand in for it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::Pick;
use super::cover::{Candidate, Cover, Task, solve};
use super::targets::Wanted;
use crate::language::Text;

/// What would stand in for a pick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Alternative {
    /// Nothing else closes what it closes.
    None,
    /// These countermeasures together; `more` is what they cost beyond the pick.
    Instead {
        /// Ids as of picks.
        picks: Vec<String>,
        /// Effort points beyond the pick's own; below 0 when greedy missed something cheaper.
        more: i64,
    },
}

pub(super) fn picks(
    wanted: &Wanted<'_>,
    task: &Task,
    names: &[String],
    cover: &Cover,
) -> Vec<Pick> {
    let ids: Vec<&String> = wanted.targets.keys().collect();
    let given = given(task, &cover.chosen);
    let mut by_target = vec![Vec::new(); task.demand.len()];
    for (index, candidate) in task.candidates.iter().enumerate() {
        for (target, _) in &candidate.gives {
            if let Some(list) = by_target.get_mut(*target) {
                list.push(index);
            }
        }
    }
    let chosen: BTreeSet<usize> = cover.chosen.iter().copied().collect();
    let mut picks = Vec::new();
    for index in &cover.chosen {
        let (Some(candidate), Some(name)) = (task.candidates.get(*index), names.get(*index)) else {
            continue;
        };
        let Some(instance) = wanted.instances.get(name) else {
            continue;
        };
        // What each target would lack without this pick, of what could be reached at all.
        let lacks: Vec<(usize, u32)> = candidate
            .gives
            .iter()
            .filter_map(|(target, strength)| {
                let need = task.demand.get(*target).copied()?;
                let left = given.get(*target).copied()?.saturating_sub(*strength);
                (left < need).then(|| (*target, need - left))
            })
            .collect();
        let alternative = alternative((task, names, &by_target), &chosen, *index, &lacks);
        let name_of = |target: &usize| ids.get(*target).map(|id| (*id).clone());
        let without: Vec<String> = lacks.iter().filter_map(|(t, _)| name_of(t)).collect();
        let is_forced = cover.forced.binary_search(index).is_ok();
        picks.push(Pick {
            id: name.clone(),
            measure: instance.measure.id.clone(),
            at: instance.at.clone(),
            cost: instance.cost,
            strength: instance.strength,
            provided: instance.provided,
            forced: is_forced,
            helps: candidate
                .gives
                .iter()
                .filter_map(|(t, _)| name_of(t))
                .collect(),
            why: why(&without, is_forced, &alternative),
            without,
            alternative,
        });
    }
    picks
}

fn given(task: &Task, chosen: &[usize]) -> Vec<u32> {
    let mut given = vec![0_u32; task.demand.len()];
    let candidates = chosen
        .iter()
        .filter_map(|index| task.candidates.get(*index));
    for (target, strength) in candidates.flat_map(|candidate| &candidate.gives) {
        if let Some(given) = given.get_mut(*target) {
            *given = given.saturating_add(*strength);
        }
    }
    given
}

/// The cheapest other candidates that make good what is lacking without `removed`.
fn alternative(
    (task, names, by_target): (&Task, &[String], &[Vec<usize>]),
    chosen: &BTreeSet<usize>,
    removed: usize,
    lacks: &[(usize, u32)],
) -> Alternative {
    let mut others = Vec::new();
    let mut small = Task {
        demand: lacks.iter().map(|(_, lack)| *lack).collect(),
        candidates: Vec::new(),
    };
    let near: BTreeSet<usize> = lacks
        .iter()
        .filter_map(|(target, _)| by_target.get(*target))
        .flatten()
        .copied()
        .filter(|index| !chosen.contains(index))
        .collect();
    for index in near {
        let Some(candidate) = task.candidates.get(index) else {
            continue;
        };
        let gives: Vec<(usize, u32)> = candidate
            .gives
            .iter()
            .filter_map(|(target, strength)| {
                let at = lacks.binary_search_by_key(target, |(target, _)| *target);
                at.ok().map(|position| (position, *strength))
            })
            .collect();
        if !gives.is_empty() {
            others.push(index);
            small.candidates.push(Candidate {
                cost: candidate.cost,
                gives,
            });
        }
    }
    let cover = solve(&small);
    let reached = given(&small, &cover.chosen);
    if reached
        .iter()
        .zip(&small.demand)
        .any(|(reached, demand)| reached < demand)
    {
        return Alternative::None;
    }
    let own = task.candidates.get(removed).map_or(0, |c| c.cost);
    let picks = cover
        .chosen
        .iter()
        .filter_map(|index| names.get(*others.get(*index)?).cloned());
    Alternative::Instead {
        picks: picks.collect(),
        more: i64::try_from(cover.cost)
            .unwrap_or(i64::MAX)
            .saturating_sub(i64::from(own)),
    }
}

fn why(without: &[String], is_forced: bool, alternative: &Alternative) -> Text {
    let count = without.len();
    let shown: Vec<&str> = without.iter().take(3).map(String::as_str).collect();
    let (list, rest) = (shown.join(", "), count.saturating_sub(shown.len()));
    let more_en = if rest > 0 {
        format!(" and {rest} more")
    } else {
        String::new()
    };
    let more_ja = if rest > 0 {
        format!(" ほか {rest} 件")
    } else {
        String::new()
    };
    let mut en = format!("Without it {list}{more_en} would not be covered");
    let mut ja = format!("これがないと {list}{more_ja} の対策が足りなくなる");
    match alternative {
        Alternative::None if is_forced => {
            en.push_str("; nothing in the catalogue can stand in for it.");
            ja.push_str("。カタログに代わりはない。");
        }
        Alternative::None => {
            en.push_str("; what is left of the catalogue cannot cover all of them.");
            ja.push_str("。残りの対策では全ては補えない。");
        }
        Alternative::Instead { picks, more } => {
            let names = picks.join(" + ");
            if *more >= 0 {
                en.push_str(&format!("; the next cheapest, {names}, costs {more} more."));
                ja.push_str(&format!("。次に安いのは {names} で、{more} 点高い。"));
            } else {
                let less = more.unsigned_abs();
                en.push_str(&format!(
                    "; {names} would cost {less} less here, found by no greedy step."
                ));
                ja.push_str(&format!(
                    "。{names} なら {less} 点安いが、貪欲法では見つからなかった。"
                ));
            }
        }
    }
    Text::new(en, ja)
}
