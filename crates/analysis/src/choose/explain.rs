//! Why each pick is there, and what would stand in for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use sekimori_cover::{
    Candidate, Capacity, Cover, Reached, Standing, Target, Task, Work, reached, solve,
};
use serde::Serialize;

use super::reason::Reason;
use super::targets::{Question, Wanted};
use super::{Method, Pick};

/// What would stand in for a pick.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Alternative {
    /// Nothing else closes what it closes.
    None,
    /// Nobody looked, because a budget and not the targets decided.
    Unknown,
    /// The cheapest choice without it.
    Instead {
        /// What comes in, as ids of picks.
        picks: Vec<Arc<str>>,
        /// What can go beside it, as ids of picks.
        drops: Vec<Arc<str>>,
        /// Points that this choice costs beyond the chosen one; below 0 only where neither is proven.
        more: i64,
        /// Whether it is proven that no choice without the pick costs less.
        exact: bool,
    },
}

/// Tasks up to this size are solved anew without each pick; in larger ones the other picks stay.
pub(super) const SMALL: usize = 400;

/// What is needed to explain.
pub(super) struct Explained<'e> {
    pub(super) wanted: &'e Wanted<'e>,
    pub(super) question: &'e Question<'e, 'e>,
    pub(super) cover: &'e Cover,
    /// Whether each candidate is chosen.
    pub(super) is_chosen: &'e [bool],
    /// Whether something else may come in for a pick.
    pub(super) may_exchange: bool,
    /// Candidates up to which the whole task is solved anew without each pick.
    pub(super) anew_up_to: usize,
}

impl Explained<'_> {
    pub(super) fn picks(&self, work: &mut Work) -> Vec<Pick> {
        let chosen = &self.cover.chosen;
        let has = reached(&self.question.task, chosen.iter().copied());
        let near = Near::of(&self.question.task);
        let mut picks = Vec::new();
        for (done, index) in chosen.iter().enumerate() {
            let question = self.question;
            let (Some(candidate), Some(name), Some(instance)) = (
                question.task.candidates.get(*index),
                self.name(*index),
                question.instances.get(*index),
            ) else {
                continue;
            };
            let lost = self.lost(&[*index], &has);
            let name_of = |target: &usize| self.id(*target).cloned();
            // What stays open anyway does not open without it: it would only be worse off.
            let is_met = |target: &usize| {
                let target = (has.get(*target), question.task.targets.get(*target));
                matches!(target, (Some(has), Some(asks)) if has.meets(asks))
            };
            let (opens, worse): (Vec<usize>, Vec<usize>) = lost.iter().partition(|t| is_met(t));
            let without: Vec<Arc<str>> = opens.iter().filter_map(name_of).collect();
            let worse: Vec<Arc<str>> = worse.iter().filter_map(name_of).collect();
            let is_forced = self.cover.forced.binary_search(index).is_ok()
                || candidate.standing == Standing::Forced;
            let left = (chosen.len() - done) as u64;
            let mut share = work.take(work.left() / left);
            let alternative = if !self.may_exchange {
                Alternative::Unknown
            } else if is_forced {
                Alternative::None
            } else if self.question.task.candidates.len() <= self.anew_up_to {
                self.anew(*index, &has, &mut share)
            } else {
                self.nearby(*index, &has, &near, &mut share)
            };
            work.give_back(share);
            let users = near.needed_by.get(*index).into_iter().flatten();
            let needed_by: Vec<Arc<str>> = users
                .filter(|user| self.is_chosen(**user))
                .filter_map(|user| self.name(*user))
                .collect();
            let forced_by = if is_forced {
                self.only_for(&lost)
            } else {
                None
            };
            picks.push(Pick {
                id: name,
                measure: instance.measure.id.clone(),
                at: instance.at.map(str::to_owned),
                cost: candidate.cost,
                parts: instance.parts,
                strength: instance.measure.strength,
                provided: instance.provided,
                forced: is_forced,
                helps: candidate
                    .gives
                    .iter()
                    .filter_map(|(t, _)| name_of(t))
                    .collect(),
                why: Reason {
                    without: &without,
                    worse: &worse,
                    needed_by: &needed_by,
                    forced_by: forced_by.as_deref(),
                    is_wished: candidate.standing == Standing::Forced,
                    alternative: &alternative,
                }
                .text(),
                forced_by,
                needed_by,
                without,
                alternative,
            });
        }
        picks
    }

    fn name(&self, index: usize) -> Option<Arc<str>> {
        self.question.name(index).cloned()
    }

    fn is_chosen(&self, index: usize) -> bool {
        self.is_chosen.get(index) == Some(&true)
    }

    /// Id of a target.
    fn id(&self, target: usize) -> Option<&Arc<str>> {
        Some(&self.wanted.targets.get(target)?.id)
    }

    /// Who gives something to a target, and how much.
    fn users(&self, target: usize) -> impl Iterator<Item = (usize, u32)> {
        let candidates = self.question.candidates.get(target).into_iter().flatten();
        let given = candidates.map(|index| (*index, self.question.strength(*index)));
        given.filter(|(_, strength)| *strength > 0)
    }

    /// Targets that would get less than they need, and less than now, without some picks.
    fn lost(&self, gone: &[usize], has: &[Reached]) -> Vec<usize> {
        let candidates = gone.iter();
        let candidates = candidates.filter_map(|index| self.question.task.candidates.get(*index));
        let targets = candidates.flat_map(|candidate| &candidate.gives);
        let mut targets: Vec<usize> = targets.map(|(target, _)| *target).collect();
        if gone.len() > 1 {
            targets.sort_unstable();
            targets.dedup();
        }
        targets
            .into_iter()
            .filter(|target| {
                let (Some(asks), Some(has)) =
                    (self.question.task.targets.get(*target), has.get(*target))
                else {
                    return false;
                };
                let others = self.users(*target);
                let others =
                    others.filter(|(user, _)| self.is_chosen(*user) && !gone.contains(user));
                let mut rest = Reached::default();
                for (user, strength) in others {
                    let group = self
                        .question
                        .task
                        .candidates
                        .get(user)
                        .map_or(0, |c| c.group);
                    rest.add(group, strength);
                }
                is_less(asks, has, &rest)
            })
            .collect()
    }

    /// The mandatory item that nothing else meets.
    fn only_for(&self, lost: &[usize]) -> Option<Arc<str>> {
        lost.iter().find_map(|target| {
            let wanted = self.wanted.targets.get(*target)?;
            let is_only = self.users(*target).count() == 1;
            (wanted.method == Method::Regime && is_only).then(|| Arc::clone(&wanted.id))
        })
    }

    /// The cheapest choice of all without a pick.
    fn anew(&self, index: usize, has: &[Reached], work: &mut Work) -> Alternative {
        let mut task = self.question.task.clone();
        if let Some(candidate) = task.candidates.get_mut(index) {
            candidate.standing = Standing::Excluded;
        }
        let other = solve(&task, work);
        let gets = reached(&task, other.chosen.iter().copied());
        let mut each = task.targets.iter().zip(has).zip(&gets);
        if !other.violations.is_empty() || each.any(|((asks, has), gets)| is_less(asks, has, gets))
        {
            return Alternative::None;
        }
        let name = |index: &usize| self.name(*index);
        let signed = |cost: u64| i64::try_from(cost).unwrap_or(i64::MAX);
        let comes = other.chosen.iter().filter(|i| !self.is_chosen(**i));
        let goes = self
            .cover
            .chosen
            .iter()
            .filter(|i| other.chosen.binary_search(i).is_err());
        Alternative::Instead {
            picks: comes.filter_map(name).collect(),
            drops: goes.filter(|i| **i != index).filter_map(name).collect(),
            more: signed(other.cost).saturating_sub(signed(self.cover.cost)),
            exact: other.is_optimal() && self.cover.is_optimal(),
        }
    }

    /// A pick with everything chosen that cannot be had without it.
    fn gone_with(&self, index: usize, near: &Near) -> Vec<usize> {
        let mut gone = vec![index];
        let mut done = 0;
        while let Some(next) = gone.get(done) {
            let users = near.needed_by.get(*next).into_iter().flatten();
            let users = users.filter(|user| self.is_chosen(**user) && !gone.contains(user));
            let users: BTreeSet<usize> = users.copied().collect();
            gone.extend(users);
            done += 1;
        }
        gone
    }

    /// The cheapest others that make good what is lost with a pick, while all other picks stay that can.
    fn nearby(&self, index: usize, has: &[Reached], near: &Near, work: &mut Work) -> Alternative {
        let is_chosen = |index: &usize| self.is_chosen(*index);
        let gone = self.gone_with(index, near);
        let lost = self.lost(&gone, has);
        let mut members: BTreeSet<usize> = BTreeSet::new();
        let users = lost.iter().flat_map(|target| self.users(*target));
        let mut stack: Vec<usize> = users.map(|(user, _)| user).collect();
        while let Some(next) = stack.pop() {
            if !gone.contains(&next) && members.insert(next) {
                let candidate = self.question.task.candidates.get(next);
                stack.extend(candidate.into_iter().flat_map(|c| &c.requires));
            }
        }
        let rivals: BTreeSet<(usize, usize)> = members
            .iter()
            .filter_map(|member| near.conflicts.get(*member))
            .flatten()
            .copied()
            .collect();
        let both = rivals.iter().flat_map(|(a, b)| [*a, *b]);
        members.extend(both.filter(|one| is_chosen(one) && !gone.contains(one)));
        if members.is_empty() && !lost.is_empty() {
            return Alternative::None;
        }
        let shared: BTreeSet<usize> = members
            .iter()
            .filter_map(|member| near.capacities.get(*member))
            .flatten()
            .copied()
            .collect();
        let list: Vec<usize> = members.into_iter().collect();
        let place = |index: &usize| list.binary_search(index).ok();
        let mut gives: Vec<Vec<(usize, u32)>> = vec![Vec::new(); list.len()];
        for (target, id) in lost.iter().enumerate() {
            for (user, strength) in self.users(*id) {
                if let Some(gives) = place(&user).and_then(|place| gives.get_mut(place)) {
                    gives.push((target, strength));
                }
            }
        }
        let targets = lost.iter();
        let targets = targets.filter_map(|t| self.question.task.targets.get(*t));
        let small = Task {
            targets: targets.copied().collect(),
            candidates: list
                .iter()
                .zip(gives)
                .filter_map(|(member, gives)| {
                    let candidate = self.question.task.candidates.get(*member)?;
                    // What needs something gone points nowhere, and cannot be chosen; what is not
                    // here at all is chosen and stays.
                    let needs = candidate.requires.iter().filter_map(|needed| {
                        let is_gone = gone.contains(needed);
                        is_gone.then_some(usize::MAX).or_else(|| place(needed))
                    });
                    Some(Candidate {
                        cost: if is_chosen(member) { 0 } else { candidate.cost },
                        burden: candidate.burden,
                        group: candidate.group,
                        gives,
                        requires: needs.collect(),
                        standing: match (is_chosen(member), candidate.standing) {
                            (true, _) => Standing::Forced,
                            (false, standing) => standing,
                        },
                    })
                })
                .collect(),
            conflicts: rivals
                .iter()
                .filter_map(|(a, b)| Some((place(a)?, place(b)?)))
                .collect(),
            capacities: shared
                .iter()
                .filter_map(|capacity| self.question.task.capacities.get(*capacity))
                .map(|capacity| self.left_of(capacity, &gone, &place))
                .collect(),
        };
        let other = solve(&small, work);
        let gets = reached(&small, other.chosen.iter().copied());
        let has = lost.iter().filter_map(|target| has.get(*target));
        let mut each = small.targets.iter().zip(has).zip(&gets);
        if !other.violations.is_empty() || each.any(|((asks, has), gets)| is_less(asks, has, gets))
        {
            return Alternative::None;
        }
        let comes = other
            .chosen
            .iter()
            .filter_map(|i| list.get(*i))
            .filter(|i| !is_chosen(i));
        let costs = gone.iter();
        let costs = costs.filter_map(|gone| self.question.task.candidates.get(*gone));
        let own: i64 = costs.map(|candidate| i64::from(candidate.cost)).sum();
        let beside = gone.iter().skip(1);
        Alternative::Instead {
            picks: comes.filter_map(|i| self.name(*i)).collect(),
            drops: beside.filter_map(|gone| self.name(*gone)).collect(),
            more: i64::try_from(other.cost)
                .unwrap_or(i64::MAX)
                .saturating_sub(own),
            exact: false,
        }
    }

    /// What the picks that stay and have no place leave of a capacity.
    fn left_of(
        &self,
        capacity: &Capacity,
        gone: &[usize],
        place: &dyn Fn(&usize) -> Option<usize>,
    ) -> Capacity {
        let (mut limit, mut uses) = (capacity.limit, Vec::new());
        for (user, amount) in &capacity.uses {
            match place(user) {
                Some(place) => uses.push((place, *amount)),
                None if self.is_chosen(*user) && !gone.contains(user) => {
                    limit = limit.saturating_sub(*amount);
                }
                None => {}
            }
        }
        Capacity { limit, uses }
    }
}

/// Who has to do with whom.
struct Near {
    /// Who needs each candidate.
    needed_by: Vec<Vec<usize>>,
    /// Pairs that exclude each other, by each of the two.
    conflicts: Vec<Vec<(usize, usize)>>,
    /// Capacities, by who uses them.
    capacities: Vec<Vec<usize>>,
}

impl Near {
    fn of(task: &Task) -> Self {
        let mut near = Near {
            needed_by: vec![Vec::new(); task.candidates.len()],
            conflicts: vec![Vec::new(); task.candidates.len()],
            capacities: vec![Vec::new(); task.candidates.len()],
        };
        fn push<T>(lists: &mut [Vec<T>], at: usize, what: T) {
            if let Some(list) = lists.get_mut(at) {
                list.push(what);
            }
        }
        for (index, candidate) in task.candidates.iter().enumerate() {
            for needed in &candidate.requires {
                push(&mut near.needed_by, *needed, index);
            }
        }
        for (a, b) in &task.conflicts {
            push(&mut near.conflicts, *a, (*a, *b));
            push(&mut near.conflicts, *b, (*a, *b));
        }
        for (index, capacity) in task.capacities.iter().enumerate() {
            for (user, _) in &capacity.uses {
                push(&mut near.capacities, *user, index);
            }
        }
        near
    }
}

/// Whether `gets` is less than `asks` in something in which `has` is more.
fn is_less(asks: &Target, has: &Reached, gets: &Reached) -> bool {
    [
        (asks.strength, has.strength, gets.strength),
        (asks.count, has.count, gets.count),
        (asks.peak, has.peak, gets.peak),
        (
            asks.groups.number(),
            has.groups.count(),
            gets.groups.count(),
        ),
    ]
    .into_iter()
    .any(|(asks, has, gets)| gets < asks.min(has))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::civil::date;

    use super::*;
    use crate::choose::{Wishes, targets};
    use crate::system::System;
    use crate::{jnsa, model, stpa, stride};

    /// What stands in for each pick of a model, by its id.
    fn alternatives(text: &str, anew_up_to: usize) -> BTreeMap<Arc<str>, Alternative> {
        let model = model::parse("model.toml", text).expect("it ships");
        let (system, today) = (System::new(&model), date(2026, 11, 21));
        let threats = stride::of_system(&system);
        let matrices = jnsa::of_system(&system);
        let control = stpa::of_system(&system, &threats, today);
        let asked = &mut control.targets();
        let wanted = targets::collect(&system, &threats, asked, &matrices, today);
        let question = wanted.question(&Wishes::default());
        let cover = solve(&question.task, &mut Work::new(100_000_000));
        let candidates = 0..question.task.candidates.len();
        let is_chosen: Vec<bool> = candidates.map(|i| cover.chosen.contains(&i)).collect();
        let explained = Explained {
            wanted: &wanted,
            question: &question,
            cover: &cover,
            is_chosen: &is_chosen,
            may_exchange: true,
            anew_up_to,
        };
        let picks = explained.picks(&mut Work::new(500_000_000)).into_iter();
        picks.map(|pick| (pick.id, pick.alternative)).collect()
    }

    /// A large model keeps all other picks; what it finds then is a true alternative, also where devices have a budget.
    #[test]
    fn what_stands_in_while_the_rest_stays_stands_in_at_all() {
        let models = [
            include_str!("../../../../examples/templates/wearable/model.toml"),
            include_str!("../../../../examples/templates/drone/model.toml"),
            include_str!("../../../../examples/cold-store/model.toml"),
        ];
        for text in models {
            let (anew, nearby) = (alternatives(text, usize::MAX), alternatives(text, 0));
            let mut both = 0;
            let mut only_anew = 0;
            for (id, best) in &anew {
                match (best, &nearby[id]) {
                    (
                        Alternative::Instead { more: least, .. },
                        Alternative::Instead { more, .. },
                    ) => {
                        assert!(
                            least <= more,
                            "{id}: {least} anew, {more} while the rest stays"
                        );
                        both += 1;
                    }
                    (Alternative::Instead { .. }, _) => only_anew += 1,
                    (_, found) => assert_eq!(*found, Alternative::None, "{id}"),
                }
            }
            assert!(both > 3 * only_anew, "{both} of {}", both + only_anew);
        }
    }
}
