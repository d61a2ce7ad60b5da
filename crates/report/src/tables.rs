//! The tables of a report, in one language, for whatever shows tables: Markdown, spreadsheets, lists of values.

use std::collections::BTreeMap;

use sekimori_analysis::evidence::Status;
use sekimori_analysis::language::{Language, Text};
use sekimori_analysis::requirements::{Duty, Requirement};

use crate::labels::Labels;
use crate::words::state_word;
use crate::{Report, facts};

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Words for readers.
    Text(String),
    /// An id or a list of ids.
    Code(String),
    /// A number.
    Number(u64),
    /// A state or a level: its word, for color, and its label.
    Mark(&'static str, String),
}

impl Value {
    /// What a reader sees.
    pub(crate) fn shown(&self) -> String {
        match self {
            Value::Text(text) | Value::Code(text) | Value::Mark(_, text) => text.clone(),
            Value::Number(number) => number.to_string(),
        }
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    /// What it holds, the same in both languages.
    pub(crate) key: &'static str,
    /// What a reader calls it.
    pub(crate) name: String,
    /// Width in characters.
    pub(crate) width: u16,
}

/// A table with as many values in each row as there are columns.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Heading.
    pub(crate) title: String,
    /// The columns.
    pub(crate) columns: Vec<Column>,
    /// The rows.
    pub(crate) rows: Vec<Vec<Value>>,
}

/// Makes the tables of one report.
pub(crate) struct Tables<'a> {
    report: &'a Report<'a>,
    language: Language,
    pub(crate) labels: Labels,
}

impl<'a> Tables<'a> {
    pub(crate) fn new(report: &'a Report<'a>, language: Language) -> Self {
        Tables {
            report,
            language,
            labels: Labels::new(language),
        }
    }

    /// Every table, in the order of reading.
    pub(crate) fn all(&self) -> Vec<Table> {
        vec![
            self.targets(),
            self.requirements(),
            self.regimes(),
            self.checklist(),
            self.choice(),
            self.decisions(),
            self.assumptions(),
        ]
    }

    /// Threats, cells, scenarios, items and declared limits.
    pub(crate) fn targets(&self) -> Table {
        let rows = facts::of(self.report.analysis, self.language)
            .into_iter()
            .map(|fact| {
                vec![
                    Value::Code(fact.id),
                    Value::Text(self.label("method", fact.method.word())),
                    Value::Code(fact.rule),
                    Value::Code(fact.element),
                    Value::Text(fact.text),
                    fact.risk
                        .map_or_else(nothing, |level| self.mark("level", level.word())),
                    self.mark("state", state_word(fact.state)),
                    number(fact.strength.map(|(need, _)| need)),
                    number(fact.strength.map(|(_, reached)| reached)),
                    Value::Text(fact.missing),
                    Value::Code(fact.measures.join(", ")),
                    Value::Code(fact.requirements.join(", ")),
                    Value::Text(fact.source),
                ]
            })
            .collect();
        self.table(
            "data-targets",
            &[
                ("data-id", 26),
                ("data-method", 14),
                ("data-rule", 12),
                ("element", 16),
                ("text", 50),
                ("risk", 9),
                ("status", 14),
                ("need", 9),
                ("reached", 9),
                ("data-missing", 30),
                ("measures", 28),
                ("requirements", 28),
                ("data-source", 36),
            ],
            rows,
        )
    }

    /// What shall hold, for what, and what was seen of it.
    pub(crate) fn requirements(&self) -> Table {
        let statuses: BTreeMap<&str, Status> = self
            .report
            .found()
            .iter()
            .map(|finding| (finding.requirement.as_str(), finding.status))
            .collect();
        let row = |requirement: &Requirement| {
            let duty = match requirement.duty {
                Duty::Platform => "platform",
                Duty::Maker => "maker",
                Duty::People => "people",
            };
            let status = statuses.get(requirement.id.as_str());
            let at = requirement.at.clone();
            vec![
                Value::Code(requirement.id.clone()),
                self.say(&requirement.title),
                self.say(&requirement.shall),
                at.map_or_else(|| Value::Text(self.labels.text("everywhere")), Value::Code),
                Value::Text(self.label("pillar", requirement.pillar.word())),
                Value::Text(self.label("duty", duty)),
                status.map_or_else(nothing, |status| self.mark("status", status.word())),
                Value::Code(requirement.measure.clone().unwrap_or_default()),
                Value::Code(requirement.closes.join(", ")),
                Value::Code(requirement.items.join(", ")),
                Value::Text(self.clauses(requirement)),
                self.say(&requirement.why),
            ]
        };
        let rows = self.report.analysis.requirements.iter().map(row).collect();
        self.table(
            "requirements",
            &[
                ("data-id", 24),
                ("data-name", 26),
                ("shall", 50),
                ("at", 14),
                ("pillar", 14),
                ("duty", 12),
                ("status", 14),
                ("measures", 16),
                ("traces", 36),
                ("items-served", 26),
                ("clauses", 30),
                ("why", 40),
            ],
            rows,
        )
    }

    pub(crate) fn clauses(&self, requirement: &Requirement) -> String {
        let clauses = requirement.clauses.iter().map(|clause| {
            let aspect = self.label("aspect", clause.aspect.word());
            self.labels.with(
                "clause",
                &[
                    ("role", clause.role.as_str().into()),
                    ("flow", clause.flow.as_str().into()),
                    ("aspect", aspect.into()),
                ],
            )
        });
        clauses.collect::<Vec<String>>().join("; ")
    }

    pub(crate) fn regimes(&self) -> Table {
        let items = self.report.items();
        let statuses: BTreeMap<(&str, &str), Status> = items
            .iter()
            .map(|found| ((found.regime.word(), found.item.as_str()), found.status))
            .collect();
        let mut rows = Vec::new();
        for set in &self.report.analysis.regimes {
            for item in &set.items {
                let status = statuses.get(&(set.regime.word(), item.id.as_str()));
                rows.push(vec![
                    self.say(&set.name),
                    Value::Code(item.id.clone()),
                    Value::Text(item.r#ref.clone()),
                    Value::Text(self.label("item", item.status.word())),
                    self.say(&item.text),
                    status.map_or_else(nothing, |status| self.mark("status", status.word())),
                    Value::Text(self.label("check", item.check.word())),
                    Value::Code(item.requirements.join(", ")),
                    self.say(&item.why),
                ]);
            }
        }
        self.table(
            "section-regimes",
            &[
                ("data-set", 26),
                ("data-id", 20),
                ("data-place", 14),
                ("data-weight", 12),
                ("text", 50),
                ("status", 14),
                ("checked-by", 14),
                ("served-by", 30),
                ("why", 40),
            ],
            rows,
        )
    }

    pub(crate) fn checklist(&self) -> Table {
        let controls = self.report.controls();
        let found: BTreeMap<&str, _> = controls
            .iter()
            .map(|finding| (finding.control.as_str(), finding))
            .collect();
        let mut rows = Vec::new();
        for step in &self.report.analysis.checklist.steps {
            for control in &step.controls {
                let Some(finding) = found.get(control.id.as_str()) else {
                    continue;
                };
                let until = finding.until.map(|date| date.to_string());
                rows.push(vec![
                    Value::Text(format!("{} {}", step.number, step.name.of(self.language))),
                    Value::Code(control.id.clone()),
                    self.say(&control.text),
                    Value::Text(self.label("site", control.site.word())),
                    Value::Text(self.label("check", control.check.word())),
                    self.mark("control", finding.state.word()),
                    self.say(&finding.why),
                    Value::Text(finding.owner.clone().unwrap_or_default()),
                    Value::Text(until.unwrap_or_default()),
                ]);
            }
        }
        self.table(
            "section-checklist",
            &[
                ("data-step", 28),
                ("data-id", 12),
                ("text", 56),
                ("site", 12),
                ("checked-by", 12),
                ("status", 14),
                ("why", 44),
                ("owner", 16),
                ("until", 12),
            ],
            rows,
        )
    }

    pub(crate) fn choice(&self) -> Table {
        let analysis = self.report.analysis;
        let row = |pick: &sekimori_analysis::choose::Pick| {
            let measure = analysis.knowledge.measures.get(&pick.measure);
            let at = pick.at.clone();
            let provided = if pick.provided { "yes" } else { "no" };
            vec![
                Value::Code(pick.id.clone()),
                measure.map_or_else(nothing, |measure| self.say(&measure.name)),
                at.map_or_else(|| Value::Text(self.labels.text("everywhere")), Value::Code),
                Value::Number(pick.cost.into()),
                Value::Number(pick.strength.into()),
                Value::Text(self.labels.text(provided)),
                Value::Code(pick.helps.join(", ")),
                self.say(&pick.why),
            ]
        };
        let rows = analysis.solution.picks.iter().map(row).collect();
        self.table(
            "section-chosen",
            &[
                ("data-id", 26),
                ("measure", 30),
                ("at", 14),
                ("cost", 9),
                ("strength", 9),
                ("provided", 12),
                ("traces", 50),
                ("why", 50),
            ],
            rows,
        )
    }

    pub(crate) fn decisions(&self) -> Table {
        let decisions = self.report.analysis.solution.decisions.iter();
        let rows = decisions
            .map(|decision| {
                vec![
                    Value::Code(decision.cell.clone()),
                    self.mark("decision", decision.status.word()),
                    self.say(&decision.why),
                    Value::Text(decision.owner.clone()),
                    Value::Text(decision.until.to_string()),
                    Value::Text(self.labels.text(if decision.holds { "yes" } else { "no" })),
                ]
            })
            .collect();
        self.table(
            "section-decisions",
            &[
                ("data-id", 26),
                ("status", 14),
                ("why", 60),
                ("owner", 18),
                ("until", 12),
                ("data-holds", 12),
            ],
            rows,
        )
    }

    pub(crate) fn assumptions(&self) -> Table {
        let assumptions = self.report.analysis.assumptions.iter();
        let rows = assumptions
            .map(|assumption| {
                vec![
                    Value::Code(assumption.id.clone()),
                    self.say(&assumption.text),
                    Value::Text(assumption.check.clone().unwrap_or_default()),
                    Value::Text(assumption.review_by.to_string()),
                    Value::Text(
                        self.labels
                            .text(if assumption.holds { "yes" } else { "no" }),
                    ),
                ]
            })
            .collect();
        self.table(
            "section-assumptions",
            &[
                ("data-id", 22),
                ("text", 70),
                ("check-how", 40),
                ("review-by", 14),
                ("data-holds", 12),
            ],
            rows,
        )
    }

    fn table(&self, title: &str, columns: &[(&'static str, u16)], rows: Vec<Vec<Value>>) -> Table {
        let columns = columns.iter();
        Table {
            title: self.labels.text(title),
            columns: columns
                .map(|(key, width)| Column {
                    key,
                    name: self.labels.text(key),
                    width: *width,
                })
                .collect(),
            rows,
        }
    }

    fn say(&self, text: &Text) -> Value {
        Value::Text(text.of(self.language).to_owned())
    }

    fn label(&self, prefix: &str, word: &str) -> String {
        self.labels.text(&format!("{prefix}-{word}"))
    }

    pub(crate) fn mark(&self, prefix: &str, word: &'static str) -> Value {
        Value::Mark(word, self.label(prefix, word))
    }
}

fn nothing() -> Value {
    Value::Text(String::new())
}

fn number(number: Option<u32>) -> Value {
    number.map_or_else(nothing, |number| Value::Number(number.into()))
}

/// A text without what no table can hold: line ends become blanks, other control characters go.
pub(crate) fn plain(text: &str) -> String {
    let kept = text.chars().filter_map(|c| match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => Some(' '),
        // Changes the order in which what follows is read, or names no character.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => None,
        c if c.is_control() => None,
        c => Some(c),
    });
    kept.collect()
}
