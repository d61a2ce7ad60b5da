//! What people answer for: documents that were attached, and statements of the model.
//!
//! An attestation is never an observation. It counts until its last day, and its state always says which kind it
//! is: a result, a document, a statement about how people work, or that something does not concern the system.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::documents::{Document, DocumentKind, Worth};
use crate::language::Text;
use crate::model::{Statement, StatementStatus};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What people's papers say of an item. The first one that holds is taken.
    Word {
        /// A result failed.
        Against = "against",
        /// A result shows it.
        Test = "test",
        /// A document shows it.
        Document = "document",
        /// Someone answers for how people work.
        Process = "process",
        /// Someone answers for that it does not concern the system.
        NotApplicable = "not-applicable",
        /// Something would show it, but its last day is over, or it is missing, or it tells nothing.
        Lapsed = "lapsed",
    }
}

/// What people answer for, of one item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attested {
    /// What it comes to.
    pub word: Word,
    /// That in a sentence.
    pub why: Text,
    /// Who answers for it.
    pub owner: Option<String>,
    /// Last day on which it holds.
    pub until: Option<Date>,
    /// Attached files that are about it, whatever they are worth.
    pub documents: Vec<DocumentView>,
}

/// An attached file as a finding names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DocumentView {
    /// Id of the document.
    pub id: String,
    /// Its title, else the name of its file.
    pub title: String,
    /// What it is.
    pub kind: DocumentKind,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// When it was attached.
    pub attached_at: Timestamp,
    /// Who answers for it.
    pub owner: String,
    /// Last day on which it counts.
    pub until: Date,
    /// What it is worth now.
    pub worth: Worth,
    /// What its result says, in a sentence.
    pub result: Option<Text>,
}

impl DocumentView {
    fn of(document: &Document, today: Date) -> Self {
        DocumentView {
            id: document.id.clone(),
            title: title(document).to_owned(),
            kind: document.kind,
            sha256: document.sha256.clone(),
            attached_at: document.attached_at,
            owner: document.owner.clone(),
            until: document.until,
            worth: document.worth(today),
            result: document.summary.as_ref().map(|summary| summary.why.clone()),
        }
    }
}

fn title(document: &Document) -> &str {
    document.title.as_deref().unwrap_or(&document.name)
}

/// Documents and statements by the item that they are about, as of one day.
pub(crate) struct Papers<'a> {
    by_item: BTreeMap<&'a str, Vec<&'a Document>>,
    documents: &'a [Document],
    statements: &'a BTreeMap<String, Statement>,
    today: Date,
}

impl<'a> Papers<'a> {
    pub(crate) fn new(
        documents: &'a [Document],
        statements: &'a BTreeMap<String, Statement>,
        today: Date,
    ) -> Self {
        let mut by_item: BTreeMap<&str, Vec<&Document>> = BTreeMap::new();
        for document in documents {
            for item in &document.items {
                by_item.entry(item).or_default().push(document);
            }
        }
        Papers {
            by_item,
            documents,
            statements,
            today,
        }
    }

    /// What people answer for, of one item; [`None`] when there is nothing about it.
    pub(crate) fn of(&self, item: &str) -> Option<Attested> {
        let statement = self.statements.get(item);
        let mut about = self.by_item.get(item).cloned().unwrap_or_default();
        // What the model says and what it points at are one.
        if let Some(named) = statement.and_then(|statement| self.named(statement))
            && !about.iter().any(|document| document.id == named.id)
        {
            about.push(named);
        }
        if about.is_empty() && statement.is_none() {
            return None;
        }
        let documents = about
            .iter()
            .map(|document| DocumentView::of(document, self.today))
            .collect();
        let claim = self
            .claims(&about, statement)
            .into_iter()
            .min_by_key(|claim| claim.word)?;
        Some(Attested {
            word: claim.word,
            why: claim.why,
            owner: claim.owner,
            until: claim.until,
            documents,
        })
    }

    /// The document that a statement names: by id, title or name of the file.
    fn named(&self, statement: &Statement) -> Option<&'a Document> {
        let wanted = statement.document.as_deref()?;
        let is_meant = |document: &&Document| {
            document.id == wanted || title(document) == wanted || document.name == wanted
        };
        // The newest that still stands; else the newest, so that the reason can be said.
        let all = || self.documents.iter().rev().filter(is_meant);
        all()
            .find(|document| document.worth(self.today) == Worth::Counts)
            .or_else(|| all().next())
    }

    fn claims(&self, about: &[&Document], statement: Option<&Statement>) -> Vec<Claim> {
        let mut claims: Vec<Claim> = about
            .iter()
            .map(|document| self.of_document(document))
            .collect();
        claims.extend(statement.map(|statement| self.of_statement(statement)));
        claims
    }

    fn of_document(&self, document: &Document) -> Claim {
        let name = title(document);
        let until = document.until;
        let owner = Some(document.owner.clone());
        let said = document.summary.as_ref().map(|summary| &summary.why);
        let with_result = |text: Text| match said {
            Some(said) => Text::new(
                format!("{}: {}.", text.en, said.en),
                format!("{}: {}。", text.ja, said.ja),
            ),
            None => Text::new(format!("{}.", text.en), format!("{}。", text.ja)),
        };
        let lapsed = |en: &str, ja: &str| {
            let text = Text::new(format!("{name} {en}"), format!("「{name}」は{ja}"));
            (Word::Lapsed, with_result(text))
        };
        let (word, why) = match document.worth(self.today) {
            Worth::Against => {
                let text = Text::new(
                    format!("The result {name} speaks against it"),
                    format!("結果「{name}」が反証となっている"),
                );
                (Word::Against, with_result(text))
            }
            Worth::Counts => {
                let (word, en, ja) = match document.kind {
                    DocumentKind::Test => (Word::Test, "The result", "結果"),
                    DocumentKind::Document => (Word::Document, "The document", "文書"),
                };
                let text = Text::new(
                    format!("{en} {name} shows it until {until}"),
                    format!("{ja}「{name}」が {until} まで示す"),
                );
                (word, with_result(text))
            }
            Worth::Expired => lapsed(
                &format!("counted until {until}"),
                &format!(" {until} で期限が切れた"),
            ),
            Worth::TellsNothing => lapsed("tells nothing", "何も示していない"),
            Worth::Withdrawn => lapsed("was withdrawn", "取り下げられた"),
        };
        Claim {
            word,
            why,
            owner,
            until: Some(until),
        }
    }

    fn of_statement(&self, statement: &Statement) -> Claim {
        let (owner, until) = (&statement.owner, statement.until);
        let reason = statement.why.clone().unwrap_or_default();
        let claim = |word, en: String, ja: String| Claim {
            word,
            why: if reason.en.is_empty() {
                Text::new(format!("{en}."), format!("{ja}。"))
            } else {
                Text::new(
                    format!("{en}: {}", reason.en),
                    format!("{ja}: {}", reason.ja),
                )
            },
            owner: Some(owner.clone()),
            until: Some(until),
        };
        if until < self.today {
            return claim(
                Word::Lapsed,
                format!("The statement of {owner} held until {until}"),
                format!("{owner} の申告は {until} で期限が切れた"),
            );
        }
        match (statement.status, self.named(statement)) {
            (StatementStatus::Process, _) => claim(
                Word::Process,
                format!("{owner} answers for it until {until}"),
                format!("{owner} が {until} まで責任を持つ"),
            ),
            (StatementStatus::NotApplicable, _) => claim(
                Word::NotApplicable,
                format!("{owner} answers until {until} that it does not concern this system"),
                format!("このシステムには当たらないと {owner} が {until} まで申告している"),
            ),
            // The document itself is a claim of its own; it counts for what it is worth.
            (StatementStatus::Document | StatementStatus::Test, Some(document)) => claim(
                Word::Lapsed,
                format!("{owner} points at {}", title(document)),
                format!("{owner} が「{}」を挙げている", title(document)),
            ),
            (StatementStatus::Document | StatementStatus::Test, None) => {
                let wanted = statement.document.as_deref().unwrap_or("–");
                claim(
                    Word::Lapsed,
                    format!("{owner} points at {wanted}, which is not attached"),
                    format!("{owner} が挙げる「{wanted}」は添付されていない"),
                )
            }
        }
    }
}

/// One thing that is said about an item.
struct Claim {
    word: Word,
    why: Text,
    owner: Option<String>,
    until: Option<Date>,
}
