//! What a threat would harm: assets, and the losses to which control loops and components lead.
//!
//! Which kind of threat leads to a hazard is asked where the model says most: in a control loop the published table of
//! causes ([`crate::stpa::causes`]) tells which guide word, on which part, can bring an unsafe control action about. A
//! hazard that is only stated of a component is reached by whoever changes it; that it is reached by silence as well is
//! not said, so it counts one level less. What must be provable is another question than what can happen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::language::Text;
use crate::model::{AssetKind, Level, LossCategory, Model, Stride, UnsafeControlAction};
use crate::risk::Impact;
use crate::stpa::{Part, causes};

/// What of a thing is harmed: confidentiality, integrity, availability, and that what happened can be proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Harm {
    pub(crate) c: bool,
    pub(crate) i: bool,
    pub(crate) a: bool,
    pub(crate) p: bool,
}

impl Harm {
    pub(crate) fn of_letters(letters: &str) -> Self {
        Harm {
            c: letters.contains('c'),
            i: letters.contains('i'),
            a: letters.contains('a'),
            p: letters.contains('p'),
        }
    }

    pub(crate) fn of_stride(stride: Stride) -> Self {
        Self::of_letters(match stride {
            Stride::Spoofing => "ci",
            Stride::Tampering => "i",
            Stride::Repudiation => "p",
            Stride::InformationDisclosure => "c",
            Stride::DenialOfService => "a",
            Stride::ElevationOfPrivilege => "cia",
        })
    }
}

/// Kinds of threat, as a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kinds(u8);

impl Kinds {
    const fn bit(stride: Stride) -> u8 {
        match stride {
            Stride::Spoofing => 1,
            Stride::Tampering => 2,
            // That nobody can show it brings nothing about.
            Stride::Repudiation => 0,
            Stride::InformationDisclosure => 4,
            Stride::DenialOfService => 8,
            Stride::ElevationOfPrivilege => 16,
        }
    }

    fn of<'s>(strides: impl IntoIterator<Item = &'s Stride>) -> Self {
        let bits = strides.into_iter().map(|stride| Kinds::bit(*stride));
        Kinds(bits.fold(0, |all, bit| all | bit))
    }

    const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    const fn with(self, stride: Stride) -> Self {
        Kinds(self.0 | Kinds::bit(stride))
    }
}

/// What each thing of a model would cost, with the words for it.
#[derive(Debug)]
pub(super) struct Stakes<'m> {
    assets: BTreeMap<&'m str, AssetStake>,
    hazards: BTreeMap<&'m str, Vec<LossStake>>,
    /// Hazards to which an element leads in a control loop, and by which kinds of threat.
    loops: BTreeMap<&'m str, BTreeMap<&'m str, Ways>>,
    /// Hazards to which a component leads because the author says so.
    stated: BTreeMap<&'m str, BTreeSet<&'m str>>,
    /// Hazards to which what depends on a component leads when that falls silent, and how many steps away that is.
    through: BTreeMap<&'m str, BTreeMap<&'m str, u32>>,
    least: Arc<Text>,
}

/// Kinds of threat that lead from an element of a loop to a hazard.
#[derive(Clone, Copy, Debug, Default)]
struct Ways {
    /// Those that the author of the unsafe control action names, or any where the author names none.
    named: Kinds,
    /// Those that can do so as well.
    possible: Kinds,
}

#[derive(Debug)]
struct AssetStake {
    c: Level,
    i: Level,
    a: Level,
    p: Level,
    why: Arc<Text>,
}

/// A hazard with one of the losses that it leads to, and the words for each way to it.
#[derive(Debug)]
struct LossStake {
    level: Level,
    category: Option<LossCategory>,
    direct: Arc<Text>,
    unnamed: Arc<Text>,
    silent: Arc<Text>,
    through: Arc<Text>,
    provable: Arc<Text>,
}

impl<'m> Stakes<'m> {
    pub(super) fn of(model: &'m Model) -> Self {
        let assets = model.assets.iter().map(|(id, asset)| {
            let (en, ja) = (&asset.title.en, &asset.title.ja);
            let stake = AssetStake {
                c: asset.c,
                i: asset.i,
                a: asset.a,
                p: if asset.kind == AssetKind::Log {
                    asset.i
                } else {
                    asset.i.lowered(1).min(Level::Medium)
                },
                why: Arc::new(Text::new(format!("asset: {en}"), format!("資産: {ja}"))),
            };
            (id.as_str(), stake)
        });
        let hazards = model.hazards.keys();
        let loops = loops(model);
        let components = model.components.iter();
        let stated = components.map(|(id, component)| {
            let hazards = component.hazards.iter().map(String::as_str);
            (id.as_str(), hazards.collect())
        });
        let stated: BTreeMap<&str, BTreeSet<&str>> = stated.collect();
        Stakes {
            assets: assets.collect(),
            hazards: hazards.map(|id| (id.as_str(), losses(model, id))).collect(),
            through: through(model, &loops, &stated),
            loops,
            stated,
            least: Arc::new(Text::new("at least little", "少なくとも小さい")),
        }
    }

    /// What is harmed at an element that holds these assets, by these kinds of threat.
    pub(super) fn at<'a, 's>(
        &self,
        element: &str,
        assets: impl Iterator<Item = &'a str>,
        harm: Harm,
        strides: impl IntoIterator<Item = &'s Stride>,
    ) -> Vec<Impact> {
        // Few elements have more than a handful of reasons.
        let mut impacts = Vec::with_capacity(4);
        impacts.push(Impact {
            level: Level::Low,
            why: Arc::clone(&self.least),
        });
        let mut add = |level: Level, why: &Arc<Text>| {
            impacts.push(Impact {
                level,
                why: Arc::clone(why),
            });
        };
        for stake in assets.filter_map(|id| self.assets.get(id)) {
            let levels = [
                (harm.c, stake.c),
                (harm.i, stake.i),
                (harm.a, stake.a),
                (harm.p, stake.p),
            ];
            let harmed = levels.into_iter().filter(|(harmed, _)| *harmed);
            if let Some(level) = harmed.map(|(_, level)| level).max() {
                add(level, &stake.why);
            }
        }
        let losses = |id: &&str| self.hazards.get(*id).into_iter().flatten();
        let stated = self.stated.get(element);
        for loss in stated.into_iter().flatten().flat_map(losses) {
            use LossCategory::{Mission, Privacy};
            let learned = harm.c && loss.category == Some(Privacy);
            let missed = harm.a && loss.category == Some(Mission);
            if harm.i || learned || missed {
                add(loss.level, &loss.direct);
            } else if harm.a && loss.category != Some(Privacy) {
                add(loss.level.lowered(1), &loss.silent);
            } else if harm.p {
                add(loss.level.lowered(2), &loss.provable);
            }
        }
        let mut kinds = Kinds::of(strides);
        // Whoever takes a component over can change it as well.
        if kinds.meets(Kinds::of(&[Stride::ElevationOfPrivilege])) {
            kinds = kinds.with(Stride::Tampering);
        }
        for (hazard, ways) in self.loops.get(element).into_iter().flatten() {
            for loss in losses(hazard) {
                if ways.named.meets(kinds) {
                    add(loss.level, &loss.direct);
                } else if ways.possible.meets(kinds) {
                    add(loss.level.lowered(1), &loss.unnamed);
                } else if harm.p {
                    add(loss.level.lowered(2), &loss.provable);
                }
            }
        }
        if harm.a {
            for (hazard, steps) in self.through.get(element).into_iter().flatten() {
                let felt = losses(hazard).filter(|l| l.category != Some(LossCategory::Privacy));
                for loss in felt {
                    add(loss.level.lowered(*steps), &loss.through);
                }
            }
        }
        impacts
    }
}

/// The losses of a hazard, with words for each way to it; a hazard without one is held for grave.
fn losses(model: &Model, id: &str) -> Vec<LossStake> {
    let Some(hazard) = model.hazards.get(id) else {
        return Vec::new();
    };
    let losses = hazard.losses.iter().filter_map(|id| model.losses.get(id));
    let known: Vec<LossStake> = losses
        .map(|loss| {
            let (en, ja) = (&hazard.text.en, &hazard.text.ja);
            stake(
                id,
                &Text::new(
                    format!("{en} → {}", loss.text.en),
                    format!("{ja} → {}", loss.text.ja),
                ),
                (loss.severity, loss.category),
            )
        })
        .collect();
    if known.is_empty() {
        vec![stake(id, &hazard.text, (Level::High, None))]
    } else {
        known
    }
}

fn stake(id: &str, text: &Text, (level, category): (Level, Option<LossCategory>)) -> LossStake {
    let said = |en: &str, ja: &str| {
        let (text_en, text_ja) = (&text.en, &text.ja);
        Arc::new(Text::new(
            format!("hazard {id}{en}: {text_en}"),
            format!("ハザード {id}{ja}: {text_ja}"),
        ))
    };
    LossStake {
        level,
        category,
        direct: said("", ""),
        unnamed: said(
            ", in a way that its author does not name",
            "（作成者の挙げていない手口で）",
        ),
        silent: said(
            ", if silence leads to it as well",
            "（止まることでも至るなら）",
        ),
        through: said(", through what depends on it", "（依存する部品を通じて）"),
        provable: said(
            ", of which it must be provable how it came about",
            "（起きた経緯を示せる必要がある）",
        ),
    }
}

/// The hazards of every control loop, by the elements that take part in it.
fn loops(model: &Model) -> BTreeMap<&str, BTreeMap<&str, Ways>> {
    let mut all: BTreeMap<&str, BTreeMap<&str, Ways>> = BTreeMap::new();
    for uca in model.unsafe_control_actions.values() {
        for (part, element) in parts(model, uca) {
            let part = part.of_role(model.components.get(element));
            let can = |stride: &&Stride| causes().can(part, &[**stride], uca.kind);
            let possible = Kinds::of(Stride::ALL.iter().filter(can));
            let named = Stride::ALL.iter().filter(can);
            let named = named.filter(|s| uca.stride.is_empty() || uca.stride.contains(s));
            let named = Kinds::of(named);
            for hazard in &uca.hazards {
                let ways = all.entry(element).or_default().entry(hazard).or_default();
                ways.named.0 |= named.0;
                ways.possible.0 |= possible.0;
            }
        }
    }
    all
}

/// What takes part in the loop of an unsafe control action.
fn parts<'m>(model: &'m Model, uca: &UnsafeControlAction) -> Vec<(Part, &'m str)> {
    let mut parts = Vec::new();
    let via = |flow: &str| model.flows.get(flow).and_then(|flow| flow.via.as_deref());
    if let Some(action) = model.control_actions.get(&uca.action) {
        parts.push((Part::ActionFlow, action.flow.as_str()));
        parts.extend(via(&action.flow).map(|via| (Part::ActionRelay, via)));
        for flow in &action.feedback {
            parts.push((Part::FeedbackFlow, flow));
            parts.extend(via(flow).map(|via| (Part::FeedbackRelay, via)));
        }
        if let Some(controller) = model.controllers.get(&action.controller) {
            parts.push((Part::Controller, &controller.component));
            parts.push((Part::Process, &controller.process));
        }
    }
    parts
}

/// For every component, the hazards of what depends on it, by the fewest steps.
fn through<'m>(
    model: &'m Model,
    loops: &BTreeMap<&'m str, BTreeMap<&'m str, Ways>>,
    stated: &BTreeMap<&'m str, BTreeSet<&'m str>>,
) -> BTreeMap<&'m str, BTreeMap<&'m str, u32>> {
    let silence = Kinds::of(&[Stride::DenialOfService]);
    let mut all: BTreeMap<&str, BTreeMap<&str, u32>> = BTreeMap::new();
    for start in model.components.keys() {
        let in_loops = loops.get(start.as_str()).into_iter().flatten();
        let in_loops = in_loops.filter(|(_, ways)| ways.possible.meets(silence));
        let mut hazards: BTreeSet<&str> = in_loops.map(|(hazard, _)| *hazard).collect();
        hazards.extend(stated.get(start.as_str()).into_iter().flatten());
        if hazards.is_empty() {
            continue;
        }
        let mut seen = BTreeSet::from([start.as_str()]);
        let mut front = vec![start.as_str()];
        let mut steps = 0;
        while !front.is_empty() {
            steps += 1;
            let mut next = Vec::new();
            for id in front {
                let component = model.components.get(id);
                for needed in component.into_iter().flat_map(|c| &c.depends_on) {
                    if seen.insert(needed) {
                        next.push(needed.as_str());
                        for hazard in &hazards {
                            let nearest = all.entry(needed).or_default();
                            let least = nearest.entry(hazard).or_insert(steps);
                            *least = steps.min(*least);
                        }
                    }
                }
            }
            front = next;
        }
    }
    all
}
