//! What a threat would harm: assets, and the losses to which control loops and components lead.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::language::Text;
use crate::model::{Level, LossCategory, Model, Stride};
use crate::risk::Impact;

/// What of a thing is harmed: confidentiality, integrity, availability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Harm {
    pub(crate) c: bool,
    pub(crate) i: bool,
    pub(crate) a: bool,
}

impl Harm {
    pub(crate) fn of_letters(letters: &str) -> Self {
        Harm {
            c: letters.contains('c'),
            i: letters.contains('i'),
            a: letters.contains('a'),
        }
    }

    pub(crate) fn of_stride(stride: Stride) -> Self {
        Self::of_letters(match stride {
            Stride::Spoofing => "ci",
            Stride::Tampering | Stride::Repudiation => "i",
            Stride::InformationDisclosure => "c",
            Stride::DenialOfService => "a",
            Stride::ElevationOfPrivilege => "cia",
        })
    }
}

/// What each thing of a model would cost, with the words for it.
#[derive(Debug)]
pub(super) struct Stakes<'m> {
    assets: BTreeMap<&'m str, AssetStake>,
    hazards: BTreeMap<&'m str, HazardStake>,
    /// Hazards to which an element leads: by a control loop, or because the author says so.
    leads_to: BTreeMap<&'m str, BTreeSet<&'m str>>,
    /// Hazards to which what depends on a component leads.
    through: BTreeMap<&'m str, BTreeSet<&'m str>>,
    least: Arc<Text>,
}

#[derive(Debug)]
struct AssetStake {
    c: Level,
    i: Level,
    a: Level,
    why: Arc<Text>,
}

#[derive(Debug)]
struct HazardStake {
    level: Level,
    is_private: bool,
    direct: Arc<Text>,
    through: Arc<Text>,
}

impl<'m> Stakes<'m> {
    pub(super) fn of(model: &'m Model) -> Self {
        let assets = model.assets.iter().map(|(id, asset)| {
            let (en, ja) = (&asset.title.en, &asset.title.ja);
            let stake = AssetStake {
                c: asset.c,
                i: asset.i,
                a: asset.a,
                why: Arc::new(Text::new(format!("asset: {en}"), format!("資産: {ja}"))),
            };
            (id.as_str(), stake)
        });
        let hazards = model.hazards.keys();
        let leads_to = leads_to(model);
        Stakes {
            assets: assets.collect(),
            hazards: hazards
                .filter_map(|id| Some((id.as_str(), hazard(model, id)?)))
                .collect(),
            through: through(model, &leads_to),
            leads_to,
            least: Arc::new(Text::new("at least little", "少なくとも小さい")),
        }
    }

    /// What is harmed at an element that holds these assets.
    pub(super) fn at<'a>(
        &self,
        element: &str,
        assets: impl Iterator<Item = &'a str>,
        harm: Harm,
    ) -> Vec<Impact> {
        let mut impacts = vec![Impact {
            level: Level::Low,
            why: Arc::clone(&self.least),
        }];
        for stake in assets.filter_map(|id| self.assets.get(id)) {
            let levels = [(harm.c, stake.c), (harm.i, stake.i), (harm.a, stake.a)];
            let harmed = levels.into_iter().filter(|(harmed, _)| *harmed);
            if let Some(level) = harmed.map(|(_, level)| level).max() {
                impacts.push(Impact {
                    level,
                    why: Arc::clone(&stake.why),
                });
            }
        }
        let hazards = |of: &BTreeMap<&'m str, BTreeSet<&'m str>>| {
            let names = of.get(element).into_iter().flatten();
            let stakes = names.filter_map(|id| self.hazards.get(id));
            stakes.collect::<Vec<_>>()
        };
        for stake in hazards(&self.leads_to) {
            if harm.i || harm.a || (harm.c && stake.is_private) {
                impacts.push(Impact {
                    level: stake.level,
                    why: Arc::clone(&stake.direct),
                });
            }
        }
        if harm.a {
            for stake in hazards(&self.through) {
                impacts.push(Impact {
                    level: stake.level,
                    why: Arc::clone(&stake.through),
                });
            }
        }
        impacts
    }
}

/// A hazard with the gravest loss that it leads to; a hazard without one is held for grave.
fn hazard(model: &Model, id: &str) -> Option<HazardStake> {
    let hazard = model.hazards.get(id)?;
    let losses = hazard.losses.iter().filter_map(|id| model.losses.get(id));
    // The first among equals, so that the words do not depend on chance.
    let worst = losses.clone().reduce(|worst, loss| {
        if loss.severity > worst.severity {
            loss
        } else {
            worst
        }
    });
    let (mut en, mut ja) = (hazard.text.en.clone(), hazard.text.ja.clone());
    if let Some(loss) = worst {
        en = format!("{en} → {}", loss.text.en);
        ja = format!("{ja} → {}", loss.text.ja);
    }
    Some(HazardStake {
        level: worst.map_or(Level::High, |loss| loss.severity),
        is_private: losses
            .clone()
            .any(|loss| loss.category == Some(LossCategory::Privacy)),
        direct: Arc::new(Text::new(
            format!("hazard {id}: {en}"),
            format!("ハザード {id}: {ja}"),
        )),
        through: Arc::new(Text::new(
            format!("hazard {id}, through what depends on it: {en}"),
            format!("ハザード {id}（依存する部品を通じて）: {ja}"),
        )),
    })
}

fn leads_to(model: &Model) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut of_action: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for uca in model.unsafe_control_actions.values() {
        let hazards = uca.hazards.iter().map(String::as_str);
        of_action.entry(&uca.action).or_default().extend(hazards);
    }
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, action) in &model.control_actions {
        let Some(hazards) = of_action.get(id.as_str()) else {
            continue;
        };
        let controller = model.controllers.get(&action.controller);
        let ends = controller.map(|c| [c.component.as_str(), c.process.as_str()]);
        let flows = action.feedback.iter().map(String::as_str);
        let elements = flows
            .chain([action.flow.as_str()])
            .chain(ends.into_iter().flatten());
        for element in elements {
            all.entry(element).or_default().extend(hazards);
        }
    }
    for (id, component) in &model.components {
        let hazards = component.hazards.iter().map(String::as_str);
        all.entry(id).or_default().extend(hazards);
    }
    all
}

/// For every component, the hazards of what depends on it, however far away.
fn through<'m>(
    model: &'m Model,
    leads_to: &BTreeMap<&'m str, BTreeSet<&'m str>>,
) -> BTreeMap<&'m str, BTreeSet<&'m str>> {
    let mut all: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for start in model.components.keys() {
        let Some(hazards) = leads_to.get(start.as_str()).filter(|set| !set.is_empty()) else {
            continue;
        };
        let mut seen = BTreeSet::from([start.as_str()]);
        let mut waiting = vec![start.as_str()];
        while let Some(id) = waiting.pop() {
            let component = model.components.get(id);
            for needed in component.into_iter().flat_map(|c| &c.depends_on) {
                if seen.insert(needed) {
                    all.entry(needed).or_default().extend(hazards);
                    waiting.push(needed);
                }
            }
        }
    }
    all
}
