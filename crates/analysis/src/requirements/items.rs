//! The requirement sets of a model: every item, and what answers it. None is dropped.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use super::{Requirement, scope};
use crate::knowledge::{Check, Confidence, Item, ItemStatus};
use crate::language::Text;
use crate::model::{Model, Regime, Statement, StatementStatus};
use crate::system::System;
use crate::vocabulary::vocabulary;

/// A requirement set of the model, and what serves its items.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RegimeView {
    /// Which.
    pub regime: Regime,
    /// Name.
    pub name: Text,
    /// Version or date of the text.
    pub version: Text,
    /// What to know about our paraphrase.
    pub note: Text,
    /// Items in the order of the text.
    pub items: Vec<ItemView>,
}

/// One item, and the requirements that serve it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ItemView {
    /// Id.
    pub id: String,
    /// Where in the text.
    pub r#ref: String,
    /// Paraphrase.
    pub text: Text,
    /// Whether it must be met.
    pub status: ItemStatus,
    /// How it is checked.
    pub check: Check,
    /// How sure we are of the paraphrase.
    pub confidence: Confidence,
    /// When it applies; without it, always.
    pub condition: Option<Text>,
    /// Requirements that serve it; none means that it needs something else, which `answer` names.
    pub requirements: Vec<String>,
    /// How it is answered.
    pub answer: Answer,
    /// The answer in a sentence.
    pub why: Text,
}

vocabulary! {
    /// How an item of a requirement set is answered: none is dropped.
    Answer {
        /// Requirements serve it.
        Requirement = "requirement",
        /// The author has stated how it is met.
        Stated = "stated",
        /// Nothing that was chosen meets it: something has to be built, or someone has to state how it is met.
        Statement = "statement",
        /// A test has to show it.
        Test = "test",
        /// A document has to show it.
        Document = "document",
        /// People have to follow a process.
        Process = "process",
        /// It does not concern this system.
        OutOfScope = "out-of-scope",
    }
}

/// The requirement sets of a model, with the requirements that serve each item.
///
/// `today` decides which statements of the author still hold.
pub fn regimes(model: &Model, requirements: &[Requirement], today: Date) -> Vec<RegimeView> {
    regimes_of(&System::new(model), requirements, today)
}

pub(crate) fn regimes_of(
    system: &System<'_>,
    requirements: &[Requirement],
    today: Date,
) -> Vec<RegimeView> {
    let mut by_item: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for requirement in requirements {
        for item in &requirement.items {
            let list = by_item.entry(item).or_default();
            list.push(requirement.id.clone());
        }
    }
    let known = &system.knowledge().regimes;
    let sets = system.model.regimes.iter().filter_map(|r| known.get(r));
    sets.map(|set| RegimeView {
        regime: set.regime,
        name: set.name.clone(),
        version: set.version.clone(),
        note: set.note.clone(),
        items: set
            .items
            .iter()
            .map(|item| {
                let serving = by_item.get(item.id.as_str()).cloned();
                item_view(system.model, item, serving.unwrap_or_default(), today)
            })
            .collect(),
    })
    .collect()
}

fn item_view(model: &Model, item: &Item, requirements: Vec<String>, today: Date) -> ItemView {
    let (answer, why) = answer(model, item, requirements.len(), today);
    ItemView {
        id: item.id.clone(),
        r#ref: item.r#ref.clone(),
        text: item.text.clone(),
        status: item.status,
        check: item.check,
        confidence: item.confidence,
        condition: item.condition.clone(),
        // What serves an item that does not concern the system serves nothing of the set.
        requirements: if answer == Answer::OutOfScope {
            Vec::new()
        } else {
            requirements
        },
        answer,
        why,
    }
}

fn answer(model: &Model, item: &Item, serving: usize, today: Date) -> (Answer, Text) {
    if let Some(why) = scope::out_of_scope(model, item) {
        return (Answer::OutOfScope, why);
    }
    let statement = model.statements.get(&item.id);
    if let Some(statement) = statement.filter(|statement| today <= statement.until) {
        return stated(statement);
    }
    if serving > 0 {
        let why = Text::new(
            match serving {
                1 => "1 requirement serves it.".to_owned(),
                _ => format!("{serving} requirements serve it."),
            },
            format!("{serving} 件の要件が応える。"),
        );
        return (Answer::Requirement, why);
    }
    match item.check {
        Check::Live => (
            Answer::Statement,
            Text::new(
                "Nothing that was chosen meets it: build something that does, or state how it is met.",
                "選ばれた対策では満たされない。満たすものを作るか、どう満たすかを述べること。",
            ),
        ),
        Check::Test => (
            Answer::Test,
            Text::new("A test has to show it.", "試験で示すこと。"),
        ),
        Check::Document => (
            Answer::Document,
            Text::new("A document has to show it.", "文書で示すこと。"),
        ),
        Check::Process => (
            Answer::Process,
            Text::new(
                "People have to follow a process for it.",
                "手順を定め、人が行うこと。",
            ),
        ),
    }
}

/// What the author says of an item, and until when.
fn stated(statement: &Statement) -> (Answer, Text) {
    let answer = match statement.status {
        StatementStatus::NotApplicable => Answer::OutOfScope,
        StatementStatus::Process | StatementStatus::Document | StatementStatus::Test => {
            Answer::Stated
        }
    };
    let (owner, until) = (&statement.owner, statement.until);
    let why = statement.why.clone().unwrap_or_default();
    let shown = statement.document.as_deref();
    let (en, ja) = match shown {
        Some(document) => (
            format!("{} ({document}) ", why.en),
            format!("{}（{document}）", why.ja),
        ),
        None => (format!("{} ", why.en), why.ja),
    };
    let said = Text::new(
        format!("{}Stated by {owner}, until {until}.", en.trim_start()),
        format!("{ja}{owner} が {until} まで述べている。"),
    );
    (answer, said)
}
