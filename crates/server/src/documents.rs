//! Attached evidence: what people put beside what the system observes.
//!
//! The bytes become a file of the home under their hash before the row that names them is kept, and are
//! never changed or removed; the event chain says who attached or withdrew what, and when.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use http::StatusCode;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use sekimori_analysis::checklist::is_control;
use sekimori_analysis::documents::{
    Document, DocumentKind, Format, MAX_BYTES, MAX_ITEMS, Summary, Withdrawal, read,
};
use sekimori_analysis::knowledge;
use sekimori_analysis::language::Language;
use sekimori_audit::{Code, Event};
use sha2::{Digest as _, Sha256};

use crate::api::problem::Problem;
use crate::home;
use crate::operator::Operator;
use crate::server::Server;

pub(crate) mod intact;

use intact::Look;

/// Longest name, title, owner or reason, in characters.
const MAX_TEXT: usize = 200;
/// Most documents of one server, those that were withdrawn included.
const MAX_DOCUMENTS: u64 = 10_000;
/// Most bytes of all files together.
const MAX_TOTAL: u64 = 4 * 1024 * 1024 * 1024;

/// What somebody attaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The bytes of the file.
    pub bytes: Vec<u8>,
    /// Its name.
    pub name: String,
    /// What its owner calls it.
    pub title: Option<String>,
    /// What it is, and whether it is read.
    pub content: AttachedContent,
    /// What it is about.
    pub items: BTreeSet<String>,
    /// Who answers for it.
    pub owner: String,
    /// Last day on which it counts.
    pub until: Date,
    /// Id of the document that it replaces.
    pub replaces: Option<String>,
}

/// Whether the bytes of an attachment are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachedContent {
    /// Only kept.
    Kept(DocumentKind),
    /// A result, read in this format or in the one that it looks like.
    Read {
        /// Its format, when it is told.
        format: Option<Format>,
        /// For coverage: the least percentage of lines that must have run.
        at_least: Option<u8>,
    },
}

impl Server {
    /// Keeps a document as evidence of some items.
    ///
    /// # Errors
    ///
    /// A [`Problem`] that names what is wrong with the file, the items or the date.
    pub async fn attach_document(
        &self,
        attachment: Attachment,
        operator: Operator,
    ) -> Result<Document, Problem> {
        let _one_at_a_time = self.applying().lock().await;
        let Attachment {
            bytes,
            name,
            title,
            content,
            items,
            owner,
            until,
            replaces,
        } = attachment;
        let now = self.now();
        self.check_room(bytes.len()).await?;
        self.check_items(&items).await?;
        if until < now.to_zoned(TimeZone::UTC).date() {
            return Err(refused("SK-EVI-013", "the last day is over already")
                .observed(until.to_string())
                .fix("give a day to come:  --until 2027-12-31"));
        }
        let (kind, summary) = match content {
            AttachedContent::Kept(kind) => (kind, None),
            AttachedContent::Read { format, at_least } => {
                (DocumentKind::Test, Some(result(&bytes, format, at_least)?))
            }
        };
        let mut document = Document {
            id: String::new(),
            sha256: hex::encode(Sha256::digest(&bytes)),
            size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            name: text("name", &name)?,
            title: title.map(|title| text("title", &title)).transpose()?,
            kind,
            items,
            owner: text("owner", &owner)?,
            attached_by: operator.word().to_owned(),
            attached_at: now,
            until,
            summary,
            withdrawn: None,
        };
        self.keep_file(&document.sha256, bytes).await?;
        let kept = self
            .store_of()
            .keep_document(&document, replaces.as_deref());
        document.id = kept.await?.ok_or_else(|| {
            let id = replaces.clone().unwrap_or_default();
            not_there(&id)
        })?;
        if let Some(id) = &replaces {
            self.record_withdrawal(id, operator, &format!("replaced by {}", document.id));
        }
        let mut event = Event::new(now, Code::EvidenceAttached)
            .with_source(operator.word())
            .with_detail("document", document.id.clone())
            .with_detail("name", document.name.clone())
            .with_detail("sha256", document.sha256.clone())
            .with_detail("items", joined(&document.items))
            .with_detail("owner", document.owner.clone())
            .with_detail("until", until.to_string());
        if let Some(summary) = &document.summary {
            event = event.with_detail("verdict", summary.verdict.word());
        }
        self.record(event);
        Ok(document)
    }

    /// Ends a document before its last day.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when there is no such document, or it was withdrawn before.
    pub async fn withdraw_document(
        &self,
        id: &str,
        why: &str,
        operator: Operator,
    ) -> Result<(), Problem> {
        let withdrawal = Withdrawal {
            at: self.now(),
            by: operator.word().to_owned(),
            why: text("why", why)?,
        };
        if !self.store_of().withdraw_document(id, &withdrawal).await? {
            return Err(not_there(id));
        }
        self.record_withdrawal(id, operator, &withdrawal.why);
        Ok(())
    }

    fn record_withdrawal(&self, id: &str, operator: Operator, why: &str) {
        self.record(
            Event::new(self.now(), Code::EvidenceWithdrawn)
                .with_source(operator.word())
                .with_detail("document", id.to_owned())
                .with_detail("why", why.to_owned()),
        );
    }

    /// All documents. One whose file is gone or was changed counts as withdrawn, and says so.
    ///
    /// # Errors
    ///
    /// When the store cannot be read.
    pub(crate) async fn documents(&self, look: Look) -> Result<Vec<Document>, Problem> {
        let documents = self.store_of().documents().await?;
        let server = self.clone();
        let now = self.now();
        let checked = tokio::task::spawn_blocking(move || {
            let checked = documents.into_iter().map(|mut document| {
                let path = file(server.home(), &document.sha256);
                let is_intact = || server.intact().is(&path, &document.sha256, look);
                if document.withdrawn.is_none() && !is_intact() {
                    document.withdrawn = Some(Withdrawal {
                        at: now,
                        by: "server".to_owned(),
                        why: "its file is gone or was changed".to_owned(),
                    });
                }
                document
            });
            checked.collect()
        });
        checked
            .await
            .map_err(|error| Problem::internal("check the documents", error))
    }

    /// The bytes of a document, when they are what was attached.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when there is no such document, or its file was changed.
    pub async fn document_file(&self, id: &str) -> Result<(Document, Vec<u8>), Problem> {
        let documents = self.store_of().documents().await?;
        let document = documents.into_iter().find(|document| document.id == id);
        let document = document.ok_or_else(|| Problem::not_found(format!("document {id}")))?;
        let changed = || {
            Problem::new(
                StatusCode::CONFLICT,
                "SK-EVI-015",
                "the file of the document is gone or was changed",
            )
            .expected(document.sha256.clone())
            .fix("put the file back from a backup of  HOME/documents")
        };
        let path = file(self.home(), &document.sha256);
        let bytes = tokio::fs::read(&path).await.map_err(|_| changed())?;
        if hex::encode(Sha256::digest(&bytes)) != document.sha256 {
            return Err(changed());
        }
        Ok((document, bytes))
    }

    async fn check_room(&self, size: usize) -> Result<(), Problem> {
        if size == 0 {
            return Err(refused("SK-EVI-010", "the file is empty"));
        }
        if size > MAX_BYTES {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "SK-EVI-011",
                "the file is too large to be attached",
            )
            .observed(format!("{size} bytes"))
            .expected(format!("at most {MAX_BYTES}"))
            .fix("attach a page that says where the file is kept, with its hash"));
        }
        let (number, bytes) = self.store_of().document_sums().await?;
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        if number >= MAX_DOCUMENTS || bytes.saturating_add(size) > MAX_TOTAL {
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "SK-EVI-016",
                "there is no room for another document",
            )
            .observed(format!("{number} documents, {bytes} bytes"))
            .expected(format!(
                "at most {MAX_DOCUMENTS} documents, {MAX_TOTAL} bytes"
            )));
        }
        Ok(())
    }

    /// Every item is a control, an item of a requirement set, or a requirement of the model in force.
    async fn check_items(&self, items: &BTreeSet<String>) -> Result<(), Problem> {
        if items.is_empty() || items.len() > MAX_ITEMS {
            return Err(
                refused("SK-EVI-012", "a document is about one item or more")
                    .observed(items.len().to_string())
                    .expected(format!("1 to {MAX_ITEMS} items"))
                    .fix("name them:  --for CSA-4.7 --for ETSI-5.1-1"),
            );
        }
        let sets = knowledge::base().regimes.values();
        let of_sets: BTreeSet<&str> = sets
            .flat_map(|set| set.items.iter().map(|item| item.id.as_str()))
            .collect();
        let mut unknown: BTreeSet<&String> = items
            .iter()
            .filter(|item| !is_control(item) && !of_sets.contains(item.as_str()))
            .collect();
        if !unknown.is_empty()
            && let Ok(analysis) = self.analysis().await
        {
            let requirements = analysis.requirements.iter();
            let known: BTreeSet<&str> = requirements.map(|one| one.id.as_str()).collect();
            unknown.retain(|item| !known.contains(item.as_str()));
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let list = unknown.into_iter().take(5).cloned().collect::<Vec<_>>();
        Err(
            refused("SK-EVI-014", "no control, item or requirement has this id")
                .observed(list.join(", "))
                .expected("ids such as CSA-4.7, ETSI-5.1-1 or REQ-TAMPERDET-door")
                .fix("sekimori prove --json  lists them all"),
        )
    }

    /// Puts bytes under their hash, durably, unless they are there.
    async fn keep_file(&self, sha256: &str, bytes: Vec<u8>) -> Result<(), Problem> {
        let path = file(self.home(), sha256);
        tokio::task::spawn_blocking(move || {
            if std::fs::read(&path).is_ok_and(|there| there == bytes) {
                return Ok(());
            }
            if let Some(folder) = path.parent() {
                home::make_folder(folder)?;
            }
            home::write_private(&path, &bytes)
        })
        .await
        .map_err(|error| Problem::internal("keep a document", error))?
        .map_err(|error| Problem::internal("keep a document", error))
    }
}

/// Where the bytes with a hash are kept.
fn file(home: &Path, sha256: &str) -> PathBuf {
    let folder = sha256.get(..2).unwrap_or_default();
    home.join("documents").join(folder).join(sha256)
}

/// Reads a result, and holds coverage against what was asked for.
fn result(bytes: &[u8], format: Option<Format>, at_least: Option<u8>) -> Result<Summary, Problem> {
    let summary = read(bytes, format).map_err(|why| {
        let text = why.text();
        refused(
            "SK-EVI-017",
            &format!("the result cannot be read: {}", text.en),
        )
        .about("why", text.of(Language::Japanese))
        .fix("check the format, or attach the file without reading it:  sekimori evidence attach")
    })?;
    Ok(match at_least {
        Some(percent) => summary.with_least(percent),
        None => summary,
    })
}

/// A short text without what a terminal would obey.
fn text(what: &'static str, said: &str) -> Result<String, Problem> {
    let said = said.trim();
    let is_bad =
        |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if said.is_empty() || said.chars().count() > MAX_TEXT || said.chars().any(is_bad) {
        return Err(Problem::bad_request(
            format!("{what} of {} characters", said.chars().count()),
            format!("1 to {MAX_TEXT} printable characters"),
        ));
    }
    Ok(said.to_owned())
}

fn joined(items: &BTreeSet<String>) -> String {
    items.iter().cloned().collect::<Vec<_>>().join(", ")
}

fn refused(code: &'static str, message: &str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
}

fn not_there(id: &str) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "SK-EVI-018",
        "there is no such document, or it was withdrawn before",
    )
    .observed(id.to_owned())
    .fix("sekimori evidence list")
}
