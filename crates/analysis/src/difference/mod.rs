//! What a change of the model means: risks, protection and requirements that come, go or change.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::analysis::Analysis;
use crate::basis::Method;
use crate::choose::State;
use crate::language::Text;
use crate::model::Level;

mod words;

/// Two analyses side by side. Lists are in order of id.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// What a reader calls the system before and after.
    pub titles: Change<Text>,
    /// Cells, threats and scenarios whose risk came, went or changed.
    pub risks: Vec<RiskChange>,
    /// Cells, threats, scenarios and items that stand otherwise than before.
    pub states: Vec<StateChange>,
    /// Countermeasures that are chosen now and were not, or the other way round.
    pub picks: Vec<PickChange>,
    /// Requirements that are new or gone, or whose words changed.
    pub requirements: Vec<RequirementChange>,
    /// Effort points of everything that is chosen.
    pub cost: Change<u64>,
    /// How many targets nothing closes.
    pub open: Change<usize>,
}

/// Before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Change<T> {
    /// In the old model.
    pub before: T,
    /// In the new model.
    pub after: T,
}

impl<T: PartialEq> Change<T> {
    /// Whether before and after differ.
    pub fn is_change(&self) -> bool {
        self.before != self.after
    }
}

/// A risk that came, went or changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RiskChange {
    /// `sensor:JT04:P2`, `telemetry:SR-F2`, `UCA1:spoofing@lock`.
    pub id: String,
    /// Who found it.
    pub method: Method,
    /// Where and what, for a reader.
    pub what: Text,
    /// How large it is; [`None`] where it is not there.
    pub level: Change<Option<Level>>,
}

/// Something that stands otherwise than before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StateChange {
    /// Cell, threat, scenario or item.
    pub id: String,
    /// Where and what, for a reader; [`None`] where nothing but the id is known.
    pub what: Option<Text>,
    /// How it stands; [`None`] where it is not there.
    pub state: Change<Option<State>>,
}

impl StateChange {
    /// Whether nothing closes it now, and that is new.
    pub fn is_opened(&self) -> bool {
        self.state.after == Some(State::Open) && self.state.before != Some(State::Open)
    }

    /// Whether nothing closed it before, and that is over.
    pub fn is_mended(&self) -> bool {
        self.state.before == Some(State::Open) && self.state.after != Some(State::Open)
    }
}

/// A countermeasure that is chosen in one of the two models only, or at another cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PickChange {
    /// `CM-ENC@sensor`.
    pub id: String,
    /// Name of the countermeasure.
    pub name: Text,
    /// Its effort points; [`None`] where it is not chosen.
    pub cost: Change<Option<u32>>,
}

/// A requirement that one of the two models has, or that says something else.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RequirementChange {
    /// `REQ-ENC-sensor`.
    pub id: String,
    /// Name.
    pub title: Text,
    /// What shall hold; [`None`] where nothing is required.
    pub shall: Change<Option<Text>>,
}

/// What makes a comparison fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// Something opened: nothing closes it, and before it was closed or not there.
    Opened,
    /// A risk of at least this level appeared, or rose to it.
    Risk(Level),
    /// The choice costs more.
    Cost,
    /// Anything changed.
    Any,
}

impl Difference {
    /// Whether the change gives this alarm.
    pub fn rings(&self, alarm: Alarm) -> bool {
        match alarm {
            Alarm::Opened => self.opened().next().is_some(),
            Alarm::Risk(least) => self.risks.iter().any(|risk| {
                let Change { before, after } = risk.level;
                after.is_some_and(|after| after >= least) && after > before
            }),
            Alarm::Cost => self.cost.after > self.cost.before,
            Alarm::Any => !self.is_empty(),
        }
    }

    /// What opened.
    pub fn opened(&self) -> impl Iterator<Item = &StateChange> {
        self.states.iter().filter(|state| state.is_opened())
    }

    /// Whether both models mean the same.
    pub fn is_empty(&self) -> bool {
        self.risks.is_empty()
            && self.states.is_empty()
            && self.picks.is_empty()
            && self.requirements.is_empty()
            && !self.cost.is_change()
            && !self.open.is_change()
    }
}

/// What of `new` differs from `old`. Both should be analyzed for the same day.
pub fn between(old: &Analysis, new: &Analysis) -> Difference {
    let [before, after] = [risks(old), risks(new)];
    let risks = joined(&before, &after)
        .filter_map(|(id, before, after)| {
            let known = after.or(before)?;
            let level = Change {
                before: before.map(|risk| risk.level),
                after: after.map(|risk| risk.level),
            };
            level.is_change().then(|| RiskChange {
                id: id.clone(),
                method: known.method,
                what: known.what.clone(),
                level,
            })
        })
        .collect();
    let states = joined(&old.solution.states, &new.solution.states)
        .filter_map(|(id, was, is)| {
            let state = Change {
                before: was.copied(),
                after: is.copied(),
            };
            let known = after.get(&**id).or(before.get(&**id));
            state.is_change().then(|| StateChange {
                id: id.to_string(),
                what: known.map(|risk| risk.what.clone()),
                state,
            })
        })
        .collect();
    Difference {
        titles: Change {
            before: old.title.clone(),
            after: new.title.clone(),
        },
        risks,
        states,
        picks: picks(old, new),
        requirements: requirements(old, new),
        cost: Change {
            before: old.solution.cost,
            after: new.solution.cost,
        },
        open: Change {
            before: old.solution.open().count(),
            after: new.solution.open().count(),
        },
    }
}

/// A risk as one of the models has it.
struct Known {
    method: Method,
    what: Text,
    level: Level,
}

fn risks(analysis: &Analysis) -> BTreeMap<String, Known> {
    let mut risks = BTreeMap::new();
    for threat in &analysis.threats {
        let known = Known {
            method: Method::Stride,
            what: at(&threat.title, &threat.text),
            level: threat.risk.level,
        };
        risks.insert(threat.id.clone(), known);
    }
    for matrix in &analysis.matrices {
        for cell in &matrix.cells {
            let Some(risk) = &cell.risk else { continue };
            let threat = analysis.knowledge.threats.get(&cell.threat);
            let phase = analysis.knowledge.phases.get(&cell.phase);
            let mut what = matrix.title.clone();
            for name in threat.map(|t| &t.name).into_iter().chain(phase) {
                what = at(&what, name);
            }
            let known = Known {
                method: Method::Jnsa,
                what,
                level: risk.level,
            };
            risks.insert(cell.id.to_string(), known);
        }
    }
    for scenario in analysis.stpa.targets() {
        let known = Known {
            method: Method::Stpa,
            what: at(&scenario.title, &scenario.text),
            level: scenario.risk.level,
        };
        risks.insert(scenario.id.clone(), known);
    }
    risks
}

fn at(place: &Text, what: &Text) -> Text {
    Text::new(
        format!("{}: {}", place.en, what.en),
        format!("{}: {}", place.ja, what.ja),
    )
}

fn picks(old: &Analysis, new: &Analysis) -> Vec<PickChange> {
    let of = |analysis: &Analysis| -> BTreeMap<Arc<str>, (Text, u32)> {
        let picks = analysis.solution.picks.iter();
        picks
            .map(|pick| {
                let measure = analysis.knowledge.measures.get(&pick.measure);
                let name = measure.map_or_else(|| Text::same(&*pick.measure), |m| m.name.clone());
                (Arc::clone(&pick.id), (name, pick.cost))
            })
            .collect()
    };
    let (before, after) = (of(old), of(new));
    joined(&before, &after)
        .filter_map(|(id, before, after)| {
            let (name, _) = after.or(before)?;
            let cost = Change {
                before: before.map(|(_, cost)| *cost),
                after: after.map(|(_, cost)| *cost),
            };
            cost.is_change().then(|| PickChange {
                id: id.to_string(),
                name: name.clone(),
                cost,
            })
        })
        .collect()
}

fn requirements(old: &Analysis, new: &Analysis) -> Vec<RequirementChange> {
    let of = |analysis: &Analysis| -> BTreeMap<String, (Text, Text)> {
        let requirements = analysis.requirements.iter();
        requirements
            .map(|r| (r.id.clone(), (r.title.clone(), r.shall.clone())))
            .collect()
    };
    let (before, after) = (of(old), of(new));
    joined(&before, &after)
        .filter_map(|(id, before, after)| {
            let (title, _) = after.or(before)?;
            let shall = Change {
                before: before.map(|(_, shall)| shall.clone()),
                after: after.map(|(_, shall)| shall.clone()),
            };
            shall.is_change().then(|| RequirementChange {
                id: id.clone(),
                title: title.clone(),
                shall,
            })
        })
        .collect()
}

/// All ids of both sides, in order, with what each side has.
fn joined<'m, I: Ord, T>(
    before: &'m BTreeMap<I, T>,
    after: &'m BTreeMap<I, T>,
) -> impl Iterator<Item = (&'m I, Option<&'m T>, Option<&'m T>)> {
    let ids: std::collections::BTreeSet<&I> = before.keys().chain(after.keys()).collect();
    ids.into_iter()
        .map(|id| (id, before.get(id), after.get(id)))
}
