//! Who attacks, and what they want of which kind of product.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize, Serializer};

use super::{Knowledge, Reach};
use crate::language::Text;
use crate::model::{Actor, Sector, Stride};

/// One kind of attacker.
///
/// Source: CSA guide, appendix A, table 15, in our own words; skill, ways and wants are our own judgement.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActorProfile {
    /// Name.
    pub name: Text,
    /// What moves them.
    pub text: Text,
    /// 1 spare time and ready tools, 2 know-how and patience, 3 money and an organization.
    pub skill: u32,
    /// Ways in that they take.
    pub reaches: BTreeSet<Reach>,
    /// Kinds of threat that serve them.
    pub wants: BTreeSet<Stride>,
}

/// A kind of product and what threatens it.
///
/// Source: CSA guide, appendix A, tables 16 to 19, in our own words.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsaClass {
    /// Where it is used.
    pub sector: Sector,
    /// Number of the table in the source.
    pub table: u32,
    /// Name.
    pub name: Text,
    /// Products of this kind.
    pub examples: Text,
    /// Where they stand.
    pub places: Text,
    /// What threatens them.
    #[serde(rename = "threat")]
    pub threats: Vec<ClassThreat>,
}

/// What someone does to a kind of product.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassThreat {
    /// Who; the source does not always say.
    #[serde(default)]
    pub actor: Option<Actor>,
    /// What.
    pub text: Text,
}

/// Some of the actors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ActorSet(u16);

impl ActorSet {
    /// Nobody.
    pub const NONE: ActorSet = ActorSet(0);

    /// With one more.
    #[must_use]
    pub fn with(self, actor: Actor) -> Self {
        ActorSet(self.0 | bit(actor))
    }

    /// All that are in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        ActorSet(self.0 | other.0)
    }

    /// All that are in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        ActorSet(self.0 & other.0)
    }

    /// Whether nobody is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether `actor` is in it.
    pub fn contains(self, actor: Actor) -> bool {
        self.0 & bit(actor) != 0
    }

    /// Those in it, in the order of the vocabulary.
    pub fn iter(self) -> impl Iterator<Item = Actor> {
        let all = Actor::ALL.iter().copied();
        all.filter(move |actor| self.contains(*actor))
    }
}

impl FromIterator<Actor> for ActorSet {
    fn from_iter<I: IntoIterator<Item = Actor>>(actors: I) -> Self {
        actors.into_iter().fold(Self::NONE, Self::with)
    }
}

impl Serialize for ActorSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

fn bit(actor: Actor) -> u16 {
    let position = Actor::ALL.iter().position(|known| *known == actor);
    position.map_or(0, |position| 1 << position)
}

impl Knowledge {
    /// The actors who take such a way in for a threat of one of these kinds.
    pub(crate) fn actors_for(&self, reach: Reach, kinds: &BTreeSet<Stride>) -> ActorSet {
        let actors = self.actors.iter();
        actors
            .filter(|(_, actor)| actor.reaches.contains(&reach))
            .filter(|(_, actor)| !actor.wants.is_disjoint(kinds))
            .map(|(actor, _)| *actor)
            .collect()
    }

    /// The strongest skill among some actors; 0 for nobody.
    pub(crate) fn skill_of(&self, actors: ActorSet) -> u32 {
        let profiles = actors.iter().filter_map(|actor| self.actors.get(&actor));
        profiles.map(|profile| profile.skill).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let two = ActorSet::NONE.with(Actor::Thief).with(Actor::NationState);
        assert_eq!(
            two.iter().collect::<Vec<_>>(),
            [Actor::NationState, Actor::Thief]
        );
        assert!(!two.contains(Actor::Insider) && ActorSet::NONE.is_empty());
        let all: ActorSet = Actor::ALL.iter().copied().collect();
        assert_eq!(all.iter().count(), Actor::ALL.len());
        assert_eq!(all.intersection(two), two);
    }
}
