//! The published table: which guide word, on which part of a loop, can cause which kind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::Factor;
use crate::basis::{Basis, Method};
use crate::knowledge::{Reach, base};
use crate::language::Text;
use crate::model::{Component, ComponentKind, Flow, Stride, UnsafeKind};
use crate::vocabulary::vocabulary;

const TABLE: &str = include_str!("../../knowledge/stpa-causes.toml");

vocabulary! {
    /// Part of a control loop on which a guide word is put.
    Part {
        /// The component that runs the controller.
        Controller = "controller",
        /// A person who controls or is controlled, in the place of those.
        Person = "person",
        /// The flow that carries the action.
        ActionFlow = "action-flow",
        /// What a person says, presses or enters to act, in the place of that flow.
        SpokenAction = "spoken-action",
        /// A component through which the action passes.
        ActionRelay = "action-relay",
        /// A flow from which the controller learns.
        FeedbackFlow = "feedback-flow",
        /// What a person reads, hears or tells, in the place of that flow.
        SpokenFeedback = "spoken-feedback",
        /// A component through which feedback passes.
        FeedbackRelay = "feedback-relay",
        /// The component under control.
        Process = "process",
        /// The flow of another controller's action on the same process.
        OtherAction = "other-action",
        /// The same, as a person says, presses or enters it.
        OtherSpoken = "other-spoken",
    }
}

impl Part {
    /// This role as the component plays it: a person controls, or is controlled, otherwise than a machine.
    pub(crate) fn of_role(self, component: Option<&Component>) -> Self {
        match (self, component.map(|component| component.kind)) {
            (Part::Controller | Part::Process, Some(ComponentKind::Human)) => Part::Person,
            _ => self,
        }
    }

    /// This role as the flow plays it: what people carry comes to harm otherwise than what goes through a network.
    pub(crate) fn of_flow(self, flow: Option<&Flow>) -> Self {
        if !flow.is_some_and(Flow::is_by_people) {
            return self;
        }
        match self {
            Part::ActionFlow => Part::SpokenAction,
            Part::FeedbackFlow => Part::SpokenFeedback,
            Part::OtherAction => Part::OtherSpoken,
            _ => self,
        }
    }

    /// The class of causal factor that it belongs to; a person who is controlled belongs to the process.
    pub const fn factor(self) -> Factor {
        match self {
            Part::Controller | Part::Person => Factor::Controller,
            Part::ActionFlow | Part::SpokenAction | Part::ActionRelay => Factor::ControlPath,
            Part::FeedbackFlow | Part::SpokenFeedback | Part::FeedbackRelay => Factor::FeedbackPath,
            Part::Process => Factor::ControlledProcess,
            Part::OtherAction | Part::OtherSpoken => Factor::Other,
        }
    }

    /// Whether it is a flow, not a component.
    pub const fn is_flow(self) -> bool {
        matches!(
            self,
            Part::ActionFlow
                | Part::FeedbackFlow
                | Part::OtherAction
                | Part::SpokenAction
                | Part::SpokenFeedback
                | Part::OtherSpoken
        )
    }
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Id.
    pub id: String,
    /// Part of the loop.
    pub r#where: Part,
    /// Guide word.
    pub stride: Stride,
    /// Kinds of unsafe control action that it can cause.
    pub kinds: BTreeSet<UnsafeKind>,
    /// How the attacker comes near.
    pub reach: Reach,
    /// How much it raises the likelihood that messages of the flow carry no sequence number.
    #[serde(default)]
    pub unsequenced: u32,
    /// Countermeasures, any of which may answer it.
    pub answers: Vec<String>,
    /// The cause, with `{controller}`, `{process}`, `{action}` and `{element}` for names, and `{belief}` for what the
    /// controller believes of its process.
    pub text: Text,
}

/// The whole table.
#[derive(Clone, Debug)]
pub struct CauseTable {
    /// Rows in the order of the file.
    pub causes: Vec<Cause>,
    /// What each kind comes to; `{action}` stands for the action's name.
    pub effects: BTreeMap<UnsafeKind, Text>,
    bases: Vec<Arc<Basis>>,
    by_place: BTreeMap<(Part, Stride, UnsafeKind), usize>,
}

impl CauseTable {
    /// The row for a guide word on a part of the loop and a kind, if the table has one.
    pub fn find(&self, part: Part, stride: Stride, kind: UnsafeKind) -> Option<&Cause> {
        let index = self.by_place.get(&(part, stride, kind))?;
        self.causes.get(*index)
    }

    /// Every row for a part of the loop and a kind, by guide word, with its basis.
    pub(crate) fn rows(
        &self,
        part: Part,
        kind: UnsafeKind,
    ) -> impl Iterator<Item = (&Cause, &Arc<Basis>)> {
        Stride::ALL.iter().filter_map(move |stride| {
            let index = self.by_place.get(&(part, *stride, kind))?;
            Some((self.causes.get(*index)?, self.bases.get(*index)?))
        })
    }

    /// Whether one of these guide words, on a part of the loop, can cause a kind.
    pub(crate) fn can(&self, part: Part, strides: &[Stride], kind: UnsafeKind) -> bool {
        strides
            .iter()
            .any(|stride| self.by_place.contains_key(&(part, *stride, kind)))
    }
}

/// The table that ships with this version.
pub fn causes() -> &'static CauseTable {
    static CAUSES: OnceLock<CauseTable> = OnceLock::new();
    CAUSES.get_or_init(|| load(TABLE).expect("the compiled-in table is sound; a test reads it"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "basis")]
    _basis: String,
    effect: BTreeMap<UnsafeKind, Text>,
    cause: Vec<Cause>,
}

fn load(text: &str) -> Result<CauseTable, String> {
    let file: File = toml::from_str(text).map_err(|error| format!("stpa-causes: {error}"))?;
    if let Some(kind) = UnsafeKind::ALL
        .iter()
        .find(|kind| !file.effect.contains_key(kind))
    {
        return Err(format!("no effect for {}", kind.word()));
    }
    let mut by_place = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for (index, cause) in file.cause.iter().enumerate() {
        if !ids.insert(&cause.id) {
            return Err(format!("{} twice", cause.id));
        }
        let mut answers = cause.answers.iter();
        if let Some(unknown) = answers.find(|id| !base().measures.contains_key(*id)) {
            return Err(format!("{}: unknown measure {unknown}", cause.id));
        }
        for kind in &cause.kinds {
            let place = (cause.r#where, cause.stride, *kind);
            if by_place.insert(place, index).is_some() {
                return Err(format!("{}: {place:?} twice", cause.id));
            }
        }
    }
    let bases = file.cause.iter().map(|cause| Arc::new(basis(cause)));
    Ok(CauseTable {
        bases: bases.collect(),
        by_place,
        causes: file.cause,
        effects: file.effect,
    })
}

fn basis(cause: &Cause) -> Basis {
    Basis {
        method: Method::Stpa,
        rule: cause.id.clone(),
        source: Text::new(
            "STPA Handbook, part 2, step 4: the classes of causal factors; that this guide word \
             causes this kind here is our own judgement",
            "STPA ハンドブック第 2 部、手順 4 の要因の分類。この手がかり語がここでこの種類を引き起こすことは\
             当方の判断",
        ),
        own_judgement: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sound() {
        let table = load(TABLE).expect("sound");
        for part in Part::ALL {
            assert!(table.causes.iter().any(|cause| cause.r#where == *part));
        }
        for cause in &table.causes {
            assert!(
                !cause.answers.is_empty() && !cause.kinds.is_empty(),
                "{}",
                cause.id
            );
            for text in [&cause.text.en, &cause.text.ja] {
                assert!(text.contains("{element}"), "{}: {text}", cause.id);
            }
            // The highest risk asks for strength 3, which some answers together must be able to give.
            let strengths = cause.answers.iter().map(|id| base().measures[id].strength);
            assert!(strengths.sum::<u32>() >= 3, "{}", cause.id);
            assert!(
                cause.unsequenced == 0 || cause.r#where.is_flow(),
                "{}",
                cause.id
            );
        }
    }

    #[test]
    fn a_table_that_does_not_fit_is_refused() {
        for (edit, said) in [
            (("id = \"ST-C2\"", "id = \"ST-C1\""), "ST-C1 twice"),
            (("CM-SERVHARDEN", "CM-NOSUCH"), "unknown measure CM-NOSUCH"),
            (("wrong-time = {", "wrong-tim = {"), "stpa-causes"),
            (
                ("kinds = [\"not-provided\"]", "kinds = [\"provided\"]"),
                "twice",
            ),
        ] {
            let text = TABLE.replacen(edit.0, edit.1, 1);
            let error = load(&text).err().unwrap_or_default();
            assert!(error.contains(said), "{error}");
        }
    }
}
