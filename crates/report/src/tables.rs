//! The tables of a report, in one language, for whatever shows tables: Markdown, spreadsheets, lists of values.

use std::collections::BTreeMap;

use sekimori_analysis::evidence::Status;
use sekimori_analysis::language::{Language, Text};
use sekimori_analysis::model::Level;
use sekimori_analysis::requirements::{Duty, Requirement};

use crate::labels::Labels;
use crate::words::{self, state_word};
use crate::{Report, facts};

mod chosen;
mod shown;

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

impl Table {
    /// This table with the columns of another that it has not; the rows of both are about the same, in the same order.
    pub(crate) fn joined(mut self, other: Table) -> Self {
        let new: Vec<usize> = other
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !self.columns.iter().any(|known| known.key == column.key))
            .map(|(index, _)| index)
            .collect();
        let pick = |list: &[Value]| -> Vec<Value> {
            new.iter()
                .filter_map(|index| list.get(*index).cloned())
                .collect()
        };
        for (row, more) in self.rows.iter_mut().zip(&other.rows) {
            row.extend(pick(more));
        }
        self.columns.extend(
            new.iter()
                .filter_map(|index| other.columns.get(*index).cloned()),
        );
        self
    }
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
        let mut tables = vec![
            self.targets(),
            self.factors(),
            self.requirements(),
            self.regimes(),
            self.checklist(),
            self.documents(),
            self.choice(),
        ];
        tables.extend(self.comparison());
        tables.extend([
            self.lists(),
            self.decisions(),
            self.assumptions(),
            self.questions(),
        ]);
        tables
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
                    Value::Code(fact.unused.join(", ")),
                    Value::Code(fact.requirements.join(", ")),
                ]
            })
            .collect();
        self.table(
            "data-targets",
            &[
                ("data-id", 20),
                ("data-method", 12),
                ("data-rule", 10),
                ("element", 12),
                ("text", 40),
                ("risk", 8),
                ("status", 10),
                ("need", 6),
                ("reached", 6),
                ("data-missing", 20),
                ("measures", 26),
                ("data-unused", 20),
                ("requirements", 26),
            ],
            rows,
        )
    }

    /// Every factor of every risk, with the words of its source: the formula of each threat, cell and scenario.
    pub(crate) fn factors(&self) -> Table {
        let analysis = self.report.analysis;
        let rows = facts::of(analysis, self.language)
            .into_iter()
            .map(|fact| {
                let mut row = vec![Value::Code(fact.id)];
                match &fact.factors {
                    Some(risk) => row.extend([
                        Value::Number(risk.likelihood.into()),
                        Value::Text(risk.points.to_string()),
                        Value::Text(words::likelihood(
                            risk,
                            analysis,
                            &self.labels,
                            self.language,
                        )),
                        self.mark("level", risk.impact.word()),
                        Value::Text(words::impact(risk, &self.labels, self.language)),
                        self.mark("level", risk.level.word()),
                    ]),
                    None => row.extend((0..6).map(|_| nothing())),
                }
                let left = |level: Option<Level>| {
                    level.map_or_else(nothing, |level| self.mark("level", level.word()))
                };
                row.push(left(fact.residual.map(|left| left.in_place)));
                row.push(left(fact.residual.map(|left| left.chosen)));
                let own = if fact.own_judgement { "yes" } else { "no" };
                row.push(Value::Text(self.labels.text(own)));
                row.push(Value::Text(fact.source));
                row
            })
            .collect();
        self.table(
            "data-factors",
            &[
                ("data-id", 20),
                ("likelihood", 11),
                ("data-points", 10),
                ("data-likelihood-why", 44),
                ("impact", 8),
                ("data-impact-why", 44),
                ("risk", 8),
                ("remains-there", 9),
                ("remains-chosen", 9),
                ("own-judgement", 9),
                ("data-source", 44),
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
                ("data-id", 18),
                ("data-name", 18),
                ("shall", 38),
                ("at", 12),
                ("pillar", 10),
                ("duty", 9),
                ("status", 10),
                ("measures", 12),
                ("traces", 30),
                ("items-served", 18),
                ("clauses", 18),
                ("why", 30),
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

    /// What the control structure lacks, and what nobody wrote about, dismissed or not.
    pub(crate) fn questions(&self) -> Table {
        let stpa = &self.report.analysis.stpa;
        let gaps = stpa.gaps.iter().map(|gap| {
            vec![
                Value::Code(gap.id.clone()),
                self.mark("question", "gap"),
                self.say(&gap.text),
                self.say(&gap.fix),
                nothing(),
                nothing(),
            ]
        });
        let candidates = stpa.candidates.iter().map(|candidate| {
            let dismissed = candidate.dismissed.as_ref();
            let word = dismissed.map_or("candidate", |_| "dismissed");
            let answer = || Value::Text(self.labels.text("question-answer"));
            vec![
                Value::Code(candidate.id.clone()),
                self.mark("question", word),
                self.say(&candidate.text),
                dismissed.map_or_else(answer, |dismissed| self.say(&dismissed.why)),
                Value::Text(dismissed.map_or_else(String::new, |d| d.owner.clone())),
                Value::Text(dismissed.map_or_else(String::new, |d| d.until.to_string())),
            ]
        });
        let rows = gaps.chain(candidates).collect();
        self.table(
            "questions",
            &[
                ("data-id", 34),
                ("status", 14),
                ("text", 60),
                ("answer", 50),
                ("owner", 16),
                ("until", 12),
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
