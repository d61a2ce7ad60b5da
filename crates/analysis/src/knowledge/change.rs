//! What the author of a model adds to the knowledge, changes or takes out.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::{Fact, Knowledge, Measure, Rule, shared};
use crate::language::Text;

/// What a model says of a STRIDE rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RuleChange {
    /// It is turned off.
    Off,
    /// It is this one: a new rule, or one that replaces ours of the same id.
    Set(Box<Rule>),
}

/// What a model says of a countermeasure.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeasureChange {
    /// It cannot be had here, and why.
    Excluded(Text),
    /// It is this one: a new measure, or ours with other figures.
    Set(Box<Measure>),
}

/// What is wrong with a rule of an author, although it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleFault {
    /// It answers with a measure that nobody knows.
    UnknownMeasure(String),
    /// It asks for a fact that none of its subjects has, so that it can never fire.
    NotOfItsSubjects(Fact),
    /// It asks for values that the fact never has.
    Impossible(Fact, Vec<String>),
    /// It says nothing about where it applies.
    NoSubject,
    /// It has harm letters beside c, i, a and p.
    WrongHarms(String),
}

impl Rule {
    /// Everything that is wrong with the rule, given the measures that there are.
    pub fn faults(&self, measures: &BTreeMap<String, Measure>) -> Vec<RuleFault> {
        let mut faults: Vec<RuleFault> = self
            .answers
            .iter()
            .filter(|answer| !measures.contains_key(*answer))
            .map(|answer| RuleFault::UnknownMeasure(answer.clone()))
            .collect();
        for (fact, wanted) in &self.when {
            if !self.on.iter().all(|subject| fact.concerns(*subject)) {
                faults.push(RuleFault::NotOfItsSubjects(*fact));
            }
            let impossible = fact.impossible(wanted);
            if !impossible.is_empty() {
                faults.push(RuleFault::Impossible(*fact, impossible));
            }
        }
        if self.on.is_empty() {
            faults.push(RuleFault::NoSubject);
        }
        if let Some(harms) = &self.harms
            && (harms.is_empty() || harms.chars().any(|letter| !"ciap".contains(letter)))
        {
            faults.push(RuleFault::WrongHarms(harms.clone()));
        }
        faults
    }
}

impl Knowledge {
    /// The knowledge in force where an author made these changes: ours, when there are none.
    ///
    /// A measure that is taken out disappears from every rule and every cell; what needs it cannot be had either.
    pub fn with(
        rules: &BTreeMap<String, RuleChange>,
        measures: &BTreeMap<String, MeasureChange>,
    ) -> Arc<Knowledge> {
        let base = shared();
        if rules.is_empty() && measures.is_empty() {
            return base;
        }
        let mut knowledge = Knowledge::clone(&base);
        for (id, change) in measures {
            match change {
                MeasureChange::Excluded(_) => knowledge.forget(id),
                MeasureChange::Set(measure) => {
                    let measure = Measure::clone(measure);
                    knowledge.measures.insert(id.clone(), measure);
                }
            }
        }
        for (id, change) in rules {
            knowledge.rules.retain(|rule| rule.id != *id);
            if let RuleChange::Set(rule) = change {
                let mut rule = Rule::clone(rule);
                let known = &knowledge.measures;
                rule.answers.retain(|answer| known.contains_key(answer));
                knowledge.rules.push(rule);
            }
        }
        Arc::new(knowledge)
    }

    fn forget(&mut self, measure: &str) {
        self.measures.remove(measure);
        for rule in &mut self.rules {
            rule.answers.retain(|answer| answer != measure);
        }
        for list in self.board.values_mut() {
            list.retain(|id| id != measure);
        }
        for table in self.tables.values_mut() {
            for cell in table.cells.values_mut() {
                cell.measures.remove(measure);
            }
        }
    }
}
