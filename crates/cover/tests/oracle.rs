//! Small tasks of every kind, against trying every choice.

#![expect(
    clippy::indexing_slicing,
    reason = "an index out of range fails the test, as it should"
)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sekimori_cover::{
    Candidate, Capacity, Cover, Diversity, Standing, Target, Task, Work, greedy, reached, roadmap,
    solve, violations, within,
};

fn diversity() -> impl Strategy<Value = Diversity> {
    prop_oneof![
        4 => Just(Diversity::Any),
        2 => Just(Diversity::Two),
        1 => Just(Diversity::Three),
    ]
}

fn target() -> impl Strategy<Value = Target> {
    (0_u32..5, 0_u32..4, 0_u32..4, diversity()).prop_map(|(strength, count, peak, groups)| Target {
        strength,
        count,
        peak,
        groups,
    })
}

fn candidate(targets: usize, candidates: usize) -> impl Strategy<Value = Candidate> {
    let standing = prop_oneof![
        12 => Just(Standing::Free),
        1 => Just(Standing::Forced),
        1 => Just(Standing::Excluded),
    ];
    (
        0_u32..9,
        0_u32..4,
        prop::collection::vec(prop_oneof![2 => Just(0_u32), 3 => 0_u32..4], targets),
        prop::collection::vec(0..candidates + 1, 0..3),
        0_u32..3,
        (standing, 0_u32..3),
    )
        .prop_map(
            |(cost, group, strengths, needs, keep, (standing, burden))| Candidate {
                cost,
                burden,
                group,
                gives: strengths
                    .into_iter()
                    .enumerate()
                    .filter(|(_, strength)| *strength > 0)
                    .collect(),
                // Most candidates need nothing.
                requires: if keep == 0 { needs } else { Vec::new() },
                standing,
            },
        )
}

fn task(targets: usize, candidates: usize) -> impl Strategy<Value = Task> {
    let pair = (0..candidates, 0..candidates);
    let uses = prop::collection::btree_map(0..candidates, 0_u32..6, 0..candidates);
    let capacity = (0_u32..14, uses).prop_map(|(limit, uses)| Capacity {
        limit,
        uses: uses.into_iter().collect(),
    });
    (
        prop::collection::vec(target(), 0..=targets),
        prop::collection::vec(candidate(targets, candidates), 0..=candidates),
        prop::collection::vec(pair, 0..4),
        prop::collection::vec(capacity, 0..3),
    )
        .prop_map(|(targets, candidates, conflicts, capacities)| Task {
            targets,
            candidates,
            conflicts,
            capacities,
        })
}

/// Every choice that keeps every condition.
fn allowed(task: &Task) -> Vec<Vec<usize>> {
    let all = task.candidates.len();
    let choices = (0_u32..1 << all).map(|bits| (0..all).filter(|i| bits & (1 << i) != 0).collect());
    choices
        .filter(|chosen: &Vec<usize>| violations(task, chosen).is_empty())
        .collect()
}

fn cost(task: &Task, chosen: &[usize]) -> u64 {
    chosen
        .iter()
        .map(|i| u64::from(task.candidates[*i].cost))
        .sum()
}

fn burden(task: &Task, chosen: &[usize]) -> u64 {
    let all = chosen.iter().map(|i| u64::from(task.candidates[*i].burden));
    all.sum()
}

/// How much a choice misses of what each target could get from everything that may be chosen.
fn missing(task: &Task, possible: &[usize], chosen: &[usize]) -> u64 {
    let most = reached(task, possible.iter().copied());
    let has = reached(task, chosen.iter().copied());
    let mut sum = 0;
    for ((target, most), has) in task.targets.iter().zip(most).zip(has) {
        let short = |asks: u32, most: u32, has: u32| u64::from(asks.min(most).saturating_sub(has));
        sum += short(target.strength, most.strength, has.strength);
        if target.count > 1 || target.strength == 0 {
            sum += short(target.count, most.count, has.count);
        }
        if most.peak >= target.peak {
            sum += u64::from(has.peak < target.peak);
        }
        let (all, got) = (
            u64::from(most.groups.count()),
            u64::from(has.groups.count()),
        );
        sum += match (u64::from(target.groups.number()).min(all), got) {
            (3, 0) => all * (all - 1) / 2,
            (3, 1) => all - 1,
            (3, 2) => 1,
            (2, 0) => all,
            (2, 1) => 1,
            (1, 0) if target.strength == 0 && target.count == 0 => 1,
            _ => 0,
        };
    }
    sum
}

fn possible(choices: &[Vec<usize>]) -> Vec<usize> {
    let set: BTreeSet<usize> = choices.iter().flatten().copied().collect();
    set.into_iter().collect()
}

/// The least that can be missed, and the cheapest way to miss no more.
fn optimum(task: &Task, choices: &[Vec<usize>]) -> Option<(u64, u64)> {
    let possible = possible(choices);
    let values = choices
        .iter()
        .map(|c| (missing(task, &possible, c), cost(task, c)));
    values.min()
}

fn check(task: &Task, cover: &Cover, choices: &[Vec<usize>]) -> Result<(), TestCaseError> {
    let possible = possible(choices);
    let Some((least, cheapest)) = optimum(task, choices) else {
        // Forced candidates contradict each other: that is said, and they stay.
        prop_assert!(!cover.violations.is_empty());
        return Ok(());
    };
    prop_assert_eq!(violations(task, &cover.chosen), vec![]);
    prop_assert_eq!(&cover.violations, &vec![]);
    prop_assert_eq!(cost(task, &cover.chosen), cover.cost);
    let misses = missing(task, &possible, &cover.chosen);
    prop_assert!(misses >= least);
    if cover.misses_least {
        prop_assert_eq!(misses, least);
        prop_assert!(
            cover.lower_bound <= cheapest,
            "{} > {}",
            cover.lower_bound,
            cheapest
        );
        prop_assert!(cover.cost >= cheapest);
    }
    let has = reached(task, cover.chosen.iter().copied());
    for (index, (target, has)) in task.targets.iter().zip(&has).enumerate() {
        let open = cover.open.iter().find(|open| open.target == index);
        prop_assert_eq!(open.is_none(), has.meets(target));
        if let Some(open) = open {
            prop_assert_eq!(&open.reached, has);
            prop_assert_eq!(&open.reachable, &reached(task, possible.clone())[index]);
        }
    }
    for index in &cover.forced {
        let best = choices
            .iter()
            .filter(|c| missing(task, &possible, c) == least);
        let without = best.filter(|c| !c.contains(index)).count();
        prop_assert_eq!(without, 0, "{} is not forced", index);
    }
    for removed in &cover.chosen {
        let rest: Vec<usize> = cover
            .chosen
            .iter()
            .copied()
            .filter(|i| i != removed)
            .collect();
        let is_needed =
            missing(task, &possible, &rest) > misses || !violations(task, &rest).is_empty();
        prop_assert!(is_needed, "{removed} is spare");
    }
    Ok(())
}

const WORK: Work = Work::new(20_000_000);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn the_best_choice_is_found_and_proven(task in task(6, 9)) {
        let choices = allowed(&task);
        let cover = solve(&task, &mut WORK.clone());
        check(&task, &cover, &choices)?;
        if let Some((_, cheapest)) = optimum(&task, &choices) {
            prop_assert!(cover.is_optimal());
            prop_assert_eq!(cover.cost, cheapest);
            let possible = possible(&choices);
            let least = missing(&task, &possible, &cover.chosen);
            let equals = choices
                .iter()
                .filter(|c| cost(&task, c) == cheapest && missing(&task, &possible, c) == least);
            let lightest = equals.map(|c| burden(&task, c)).min();
            prop_assert_eq!(Some(burden(&task, &cover.chosen)), lightest);
        }
    }

    #[test]
    fn greedy_is_allowed_and_its_bound_holds(task in task(6, 9)) {
        check(&task, &greedy(&task), &allowed(&task))?;
    }

    #[test]
    fn out_of_work_is_still_a_choice(task in task(6, 9), steps in 0_u64..3000) {
        check(&task, &solve(&task, &mut Work::new(steps)), &allowed(&task))?;
    }

    #[test]
    fn a_budget_meets_as_much_as_any_choice_could(task in task(5, 8), budget in 0_u64..30) {
        let weights: Vec<u32> = [1, 6, 4, 2, 7].into_iter().take(task.targets.len()).collect();
        let found = within(&task, budget, &weights, &mut WORK.clone());
        let weight = |chosen: &[usize]| -> u64 {
            let has = reached(&task, chosen.iter().copied());
            let met = task.targets.iter().zip(&has).enumerate().filter(|(_, (t, r))| r.meets(t));
            met.map(|(i, _)| u64::from(weights[i])).sum()
        };
        prop_assert_eq!(weight(&found.chosen), found.weight);
        prop_assert_eq!(cost(&task, &found.chosen), found.cost);
        prop_assert!(found.weight <= found.upper_bound);
        let choices = allowed(&task);
        let fits = choices.iter().filter(|chosen| cost(&task, chosen) <= budget);
        let best = fits.map(|c| (weight(c), std::cmp::Reverse(cost(&task, c)))).max();
        if let Some((most, std::cmp::Reverse(cheapest))) = best {
            prop_assert_eq!(violations(&task, &found.chosen), vec![]);
            prop_assert_eq!((found.weight, found.upper_bound, found.cost), (most, most, cheapest));
        }
    }

    #[test]
    fn a_roadmap_is_the_whole_choice_in_steps_that_close(task in task(6, 9)) {
        let cover = solve(&task, &mut WORK.clone());
        let weights = vec![2; task.targets.len()];
        let steps = roadmap(&task, &cover.chosen, &weights);
        let mut added: Vec<usize> = steps.iter().flat_map(|step| step.added.clone()).collect();
        let mut so_far: BTreeMap<usize, ()> = BTreeMap::new();
        for (index, step) in steps.iter().enumerate() {
            so_far.extend(step.added.iter().map(|i| (*i, ())));
            let chosen: Vec<usize> = so_far.keys().copied().collect();
            let has = reached(&task, chosen.iter().copied());
            let asked = |i: usize| task.targets[i] != Target::default();
            let met = (0..has.len()).filter(|i| asked(*i) && has[*i].meets(&task.targets[*i])).count();
            prop_assert_eq!(step.weight, 2 * met as u64);
            prop_assert_eq!(step.cost, cost(&task, &chosen));
            prop_assert!(!step.met.is_empty() || index + 1 == steps.len());
        }
        added.sort_unstable();
        prop_assert_eq!(added, cover.chosen);
    }

    #[test]
    fn one_more_candidate_never_opens_a_target(task in task(6, 8), more in candidate(6, 8)) {
        let mut task = task;
        // Conditions on what is added, or a capacity that it uses, could take something away.
        task.conflicts.clear();
        task.capacities.clear();
        let before = solve(&task, &mut WORK.clone());
        let added = Candidate { requires: Vec::new(), standing: Standing::Free, ..more };
        // What needed a candidate that was not there may be chosen now.
        task.candidates.push(added);
        let after = solve(&task, &mut WORK.clone());
        let was: BTreeSet<usize> = before.open.iter().map(|open| open.target).collect();
        for open in &after.open {
            prop_assert!(was.contains(&open.target), "{} opened", open.target);
        }
    }

    #[test]
    fn the_same_task_gives_the_same_answer(task in task(12, 14)) {
        prop_assert_eq!(solve(&task, &mut Work::new(5_000)), solve(&task, &mut Work::new(5_000)));
    }
}

#[test]
fn numbers_at_their_ends_do_not_overflow() {
    let huge = |index| Candidate {
        cost: u32::MAX,
        group: index,
        gives: vec![(0, u32::MAX), (7, 1)],
        requires: vec![index as usize],
        burden: u32::MAX,
        standing: Standing::Free,
    };
    let task = Task {
        targets: vec![Target {
            strength: u32::MAX,
            count: u32::MAX,
            peak: u32::MAX,
            groups: Diversity::Three,
        }],
        candidates: (0..4).map(huge).collect(),
        conflicts: vec![(0, 0), (1, 99)],
        capacities: vec![Capacity {
            limit: u32::MAX,
            uses: vec![(0, u32::MAX), (1, u32::MAX), (2, 0), (50, 1)],
        }],
    };
    for cover in [greedy(&task), solve(&task, &mut WORK.clone())] {
        assert_eq!(violations(&task, &cover.chosen), []);
        assert_eq!(cover.chosen.len(), 3, "{cover:?}");
    }
    let found = within(&task, u64::MAX, &[u32::MAX], &mut WORK.clone());
    assert_eq!((found.weight, found.upper_bound), (0, 0));
}
