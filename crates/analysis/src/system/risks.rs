//! The risk of a threat to a component or a flow; `docs/methods/risk.md` explains the formula.

use std::collections::BTreeSet;

use super::around::Candidates;
use super::{Harm, System, Way};
use crate::knowledge::{ActorSet, FactorKey, Knowledge, Reach};
use crate::model::{
    Component, Flow, Network, Phase, Physical, ProgrammingLanguage, Randomness, Stride,
};
use crate::risk::{Chance, Factor, Impact, Risk};

/// Memory in KiB up to which a device has little to spare.
const LITTLE_MEMORY: u32 = 64;

/// What a threat is like, whatever it threatens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Menace<'k> {
    /// How the attacker comes near.
    pub(crate) reach: Reach,
    /// Kinds of threat.
    pub(crate) kinds: &'k BTreeSet<Stride>,
    /// What it harms.
    pub(crate) harm: Harm,
    /// How much an open weakness raises it.
    pub(crate) raise: u32,
    /// What it takes, as an actor's skill.
    pub(crate) skill: u32,
    /// How many further steps the harm takes after it.
    pub(crate) steps: u32,
    /// Whether somebody has to want it.
    pub(crate) intent: bool,
    /// Phase of life, where that matters.
    pub(crate) phase: Option<Phase>,
    /// Actors who come near like this and want such a thing.
    pub(crate) willing: ActorSet,
}

impl<'k> Menace<'k> {
    /// Something that somebody wants, in whatever phase of life.
    pub(crate) fn of(
        knowledge: &Knowledge,
        reach: Reach,
        kinds: &'k BTreeSet<Stride>,
        harm: Harm,
        raise: u32,
    ) -> Self {
        Menace {
            reach,
            kinds,
            harm,
            raise,
            skill: 1,
            steps: 0,
            intent: true,
            phase: None,
            willing: knowledge.actors_for(reach, kinds),
        }
    }
}

impl System<'_> {
    /// Risk of a threat to a component.
    pub(crate) fn risk_of_component(
        &self,
        id: &str,
        component: &Component,
        menace: Menace<'_>,
    ) -> Risk {
        let assets = self.indexes.assets_of.get(id);
        let assets = assets.into_iter().flatten().copied();
        let impacts = self.stakes.at(id, assets, menace.harm, menace.kinds);
        let chance = self.chance_of_component(id, component, menace);
        chance.risk(&self.knowledge.risk, away(impacts, menace))
    }

    /// How likely it is that someone does something to a component.
    pub(crate) fn chance_of_component(
        &self,
        id: &str,
        component: &Component,
        menace: Menace<'_>,
    ) -> Chance {
        let around = self.around(id);
        let mut keys = Vec::with_capacity(6);
        match menace.reach {
            Reach::Network => {
                keys.push(if around.crossed {
                    FactorKey::Crosses
                } else if around.reached {
                    FactorKey::InRange
                } else if around.speaks {
                    FactorKey::Inside
                } else {
                    FactorKey::Unreached
                });
                keys.push(network(around.network));
            }
            Reach::Hands => keys.push(self.touch(component)),
            Reach::People => keys.push(FactorKey::People),
        }
        match (menace.reach, menace.phase) {
            (Reach::Hands, Some(Phase::P1)) => keys.push(FactorKey::Attended),
            (Reach::Network, Some(Phase::P5)) => keys.push(FactorKey::Leaving),
            (_, Some(Phase::P3)) => keys.push(FactorKey::Upset),
            _ => {}
        }
        let actors = self.who(around.actors, menace, &mut keys);
        if around.open_way && menace.reach == Reach::Network && listens(menace) {
            keys.push(FactorKey::OpenWay);
        }
        easier(component, menace, &mut keys);
        self.chance(keys, menace, actors)
    }

    /// Risk of a threat to a flow.
    pub(crate) fn risk_of_flow(
        &self,
        (id, flow, way): (&str, &Flow, Way),
        menace: Menace<'_>,
    ) -> Risk {
        let assets = flow.assets.iter().map(String::as_str);
        let impacts = self.stakes.at(id, assets, menace.harm, menace.kinds);
        let chance = self.chance_of_flow(flow, way, menace);
        chance.risk(&self.knowledge.risk, away(impacts, menace))
    }

    /// How likely it is that someone does something to a flow.
    pub(crate) fn chance_of_flow(&self, flow: &Flow, way: Way, menace: Menace<'_>) -> Chance {
        let mut keys = Vec::with_capacity(4);
        match menace.reach {
            Reach::Network => {
                keys.push(if way.crosses {
                    FactorKey::Crosses
                } else if way.reachable {
                    FactorKey::InRange
                } else {
                    FactorKey::Inside
                });
                keys.push(network(way.network));
            }
            // The end that is easiest to come near: for radio, coming near is enough.
            Reach::Hands => {
                let ends = [&flow.from, &flow.to].into_iter();
                let ends = ends.filter_map(|end| self.model.components.get(end));
                let touch = ends.map(|end| self.touch(end)).min();
                keys.push(touch.unwrap_or(FactorKey::Exposed));
            }
            Reach::People => keys.push(FactorKey::People),
        }
        let actors = self.who(way.actors, menace, &mut keys);
        if menace.reach == Reach::Network && listens(menace) && is_unprotected(flow, menace) {
            keys.push(FactorKey::Unprotected);
        }
        self.chance(keys, menace, actors)
    }

    fn chance(&self, mut keys: Vec<FactorKey>, menace: Menace<'_>, actors: ActorSet) -> Chance {
        let table = &self.knowledge.risk;
        match menace.skill {
            0 | 1 => {}
            2 => keys.push(FactorKey::KnowHow),
            _ => keys.push(FactorKey::Laboratory),
        }
        let mut factors: Vec<Factor> = keys.iter().map(|key| Factor::of(table, *key)).collect();
        if menace.raise > 0 {
            factors.push(Factor::weakness(table, menace.raise));
        }
        Chance { factors, actors }
    }

    /// How easy it is to lay hands on a component; the vocabulary goes from easy to hard.
    fn touch(&self, component: &Component) -> FactorKey {
        let zone = self.model.zones.get(&component.zone);
        match zone.map_or(Physical::Exposed, |zone| zone.physical) {
            Physical::Exposed => FactorKey::Exposed,
            Physical::Restricted => FactorKey::Restricted,
            Physical::Locked => FactorKey::Locked,
        }
    }

    /// Who would do it.
    fn who(
        &self,
        candidates: Candidates,
        menace: Menace<'_>,
        keys: &mut Vec<FactorKey>,
    ) -> ActorSet {
        if !menace.intent {
            keys.push(FactorKey::NoIntent);
            return ActorSet::NONE;
        }
        let willing = menace.willing;
        let (found, none) = match candidates {
            Candidates::Anyone => {
                keys.push(FactorKey::UnnamedActor);
                return willing;
            }
            // The source names examples; others may come as well.
            Candidates::Usual(actors) => (actors.intersection(willing), FactorKey::UnnamedActor),
            Candidates::Named(actors) => (actors.intersection(willing), FactorKey::NoActor),
        };
        keys.push(match self.knowledge.skill_of(found) {
            0 => none,
            1 | 2 => FactorKey::OrdinaryActor,
            _ => FactorKey::CapableActor,
        });
        found
    }
}

/// What is harmed, as far away as the steps that the harm takes.
fn away(impacts: Vec<Impact>, menace: Menace<'_>) -> Vec<Impact> {
    match menace.steps {
        0 => impacts,
        steps => impacts.iter().map(|impact| impact.away(steps)).collect(),
    }
}

/// Whether an unprotected way in makes it easier: floods and denials need none.
fn listens(menace: Menace<'_>) -> bool {
    use Stride::{DenialOfService, Repudiation};
    let mut kinds = menace.kinds.iter();
    kinds.any(|kind| !matches!(kind, DenialOfService | Repudiation))
}

/// Whether others on the way can do it: read what is not encrypted, change or forge what nothing holds together.
fn is_unprotected(flow: &Flow, menace: Menace<'_>) -> bool {
    let mut kinds = menace.kinds.iter();
    kinds.any(|kind| match kind {
        Stride::InformationDisclosure => flow.is_readable(),
        _ => flow.is_forgeable(),
    })
}

const fn network(network: Option<Network>) -> FactorKey {
    match network {
        None | Some(Network::Public) => FactorKey::PublicNetwork,
        Some(Network::Shared) => FactorKey::SharedNetwork,
        Some(Network::Closed) => FactorKey::ClosedNetwork,
    }
}

/// What the hardware and its programs make easier. What they make harder counts as a countermeasure.
fn easier(component: &Component, menace: Menace<'_>, keys: &mut Vec<FactorKey>) {
    use Stride::{
        DenialOfService, ElevationOfPrivilege, InformationDisclosure, Spoofing, Tampering,
    };
    let is = |kinds: &[Stride]| kinds.iter().any(|kind| menace.kinds.contains(kind));
    let caps = &component.capabilities;
    match menace.reach {
        Reach::Network => {
            let guessed = matches!(caps.rng, Some(Randomness::None | Randomness::Unknown));
            if guessed && is(&[Spoofing, InformationDisclosure]) {
                keys.push(FactorKey::WeakRandom);
            }
            if caps.battery == Some(true) && is(&[DenialOfService]) {
                keys.push(FactorKey::Battery);
            }
            if caps.ram_kib.is_some_and(|ram| ram <= LITTLE_MEMORY) && is(&[DenialOfService]) {
                keys.push(FactorKey::LittleMemory);
            }
            let languages = &component.platform.languages;
            let unsafe_languages = [ProgrammingLanguage::C, ProgrammingLanguage::Cpp];
            if unsafe_languages.iter().any(|l| languages.contains(l))
                && is(&[Tampering, ElevationOfPrivilege])
            {
                keys.push(FactorKey::MemoryUnsafe);
            }
        }
        Reach::Hands | Reach::People => {}
    }
}
