//! Checks of a whole home that need no running server: `ledger fsck` and `events verify`, on the
//! home itself or on a copy of it.

use std::path::Path;

use sekimori_audit::Event;
use sekimori_audit::chain::{Broken, Head, Verifier};
use sekimori_identity::entry::EntryBody;
use sekimori_identity::{Entry, TrustBundle};
use sekimori_ledger::Hash;
use sekimori_ledger::envelope::PublicKey;
use sekimori_ledger::fsck;
use sekimori_ledger::tree::Nodes;
use sekimori_ledger::trust::LedgerTrust;
use serde::Serialize;

use crate::error::{ServerError, StoreError};
use crate::home::database;
use crate::store::Store;

/// How many entries are read at once.
const PAGE: u32 = 500;

/// What a check of the ledger found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerReport {
    /// Whether everything is what was signed.
    pub holds: bool,
    /// Entries under the checked checkpoint.
    pub size: u64,
    /// The root that was derived again, when all holds.
    pub root: Option<String>,
    /// Tree nodes that were compared.
    pub nodes: u64,
    /// Entries that wait for the next checkpoint.
    pub pending: u64,
    /// Witnesses whose cosignature was verified.
    pub witnesses: usize,
    /// How many have to cosign.
    pub threshold: u8,
    /// The first place that does not hold, and what is wrong there.
    pub broken: Option<String>,
}

/// What a check of the event chain found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventsReport {
    /// Whether every record follows from the one before, and every anchor is met.
    pub holds: bool,
    /// Records that were checked.
    pub events: u64,
    /// The hash of the last of them.
    pub head: String,
    /// Anchors on the ledger that were met.
    pub anchors: usize,
    /// The first record that does not hold, and what is wrong with it.
    pub broken: Option<String>,
}

/// Re-derives the ledger of a home, or of a copy, with the trust bundle that the home has.
///
/// # Errors
///
/// When the home cannot be read; what does not hold is in the report.
pub async fn fsck(home: &Path) -> Result<LedgerReport, ServerError> {
    let store = Store::open_read_only(&database(home)).await?;
    let bundle = bundle(&store).await?;
    let report = check_ledger(&store, &bundle.ledger).await;
    store.close().await;
    Ok(report?)
}

/// Verifies the event chain of a home, or of a copy, against the anchors on its ledger.
///
/// # Errors
///
/// When the home cannot be read; what does not hold is in the report.
pub async fn verify_events(home: &Path) -> Result<EventsReport, ServerError> {
    let store = Store::open_read_only(&database(home)).await?;
    let bundle = bundle(&store).await?;
    let report = verify_chain(&store, &bundle.authority).await;
    store.close().await;
    Ok(report?)
}

async fn bundle(store: &Store) -> Result<TrustBundle, ServerError> {
    let damaged = |why: String| ServerError::Damaged {
        what: "the trust bundle of the home".into(),
        why,
    };
    let bytes = store.setting("trust-bundle").await?;
    let bytes = bytes.ok_or_else(|| damaged("it is missing".into()))?;
    TrustBundle::decode(&bytes).map_err(|error| damaged(error.to_string()))
}

pub(crate) async fn check_ledger(
    store: &Store,
    trust: &LedgerTrust,
) -> Result<LedgerReport, StoreError> {
    const DOING: &str = "check the ledger";
    let checkpoint = store.published_checkpoint().await?;
    let Some(checkpoint) = checkpoint else {
        return Ok(LedgerReport {
            holds: false,
            size: 0,
            root: None,
            nodes: 0,
            pending: store.ledger_size().await?,
            witnesses: 0,
            threshold: trust.threshold,
            broken: Some("no checkpoint was published yet".into()),
        });
    };
    let runtime = tokio::runtime::Handle::current();
    let reading = store.clone();
    let believed = trust.clone();
    let size = checkpoint.size;
    let checked = tokio::task::spawn_blocking(move || {
        let entries = Entries {
            store: &reading,
            runtime: &runtime,
            page: Vec::new(),
            next: 0,
        };
        let nodes = StoredNodes {
            store: &reading,
            runtime: &runtime,
        };
        fsck::check(entries, &nodes, checkpoint.note.as_bytes(), &believed)
    })
    .await
    .map_err(|error| StoreError::unreadable(DOING, error))?;
    Ok(match checked {
        Ok(report) => LedgerReport {
            holds: true,
            size: report.size,
            root: Some(hex::encode(report.root.0)),
            nodes: report.nodes,
            pending: report.pending,
            witnesses: report.witnesses,
            threshold: trust.threshold,
            broken: None,
        },
        Err(divergence) => LedgerReport {
            holds: false,
            size,
            root: None,
            nodes: 0,
            pending: 0,
            witnesses: 0,
            threshold: trust.threshold,
            broken: Some(divergence.to_string()),
        },
    })
}

/// Entries in order, a page at a time, for a check that runs on a thread of its own.
struct Entries<'a> {
    store: &'a Store,
    runtime: &'a tokio::runtime::Handle,
    page: Vec<Vec<u8>>,
    next: u64,
}

impl Iterator for Entries<'_> {
    type Item = Result<Vec<u8>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.page.is_empty() {
            let page = match self.runtime.block_on(self.store.entries(self.next, PAGE)) {
                Ok(page) => page,
                Err(error) => return Some(Err(error)),
            };
            if let Some(gap) = page
                .iter()
                .zip(self.next..)
                .find(|(e, at)| e.position != *at)
            {
                // The missing one ends the walk where it is missing.
                let (_, at) = gap;
                if at == self.next {
                    return None;
                }
            }
            let from = self.next;
            self.page = page
                .into_iter()
                .zip(from..)
                .take_while(|(entry, at)| entry.position == *at)
                .map(|(entry, _)| entry.bytes)
                .collect();
            self.page.reverse();
        }
        let entry = self.page.pop()?;
        self.next = self.next.saturating_add(1);
        Some(Ok(entry))
    }
}

struct StoredNodes<'a> {
    store: &'a Store,
    runtime: &'a tokio::runtime::Handle,
}

impl Nodes for StoredNodes<'_> {
    type Error = StoreError;

    fn node(&self, level: u8, index: u64) -> Result<Hash, StoreError> {
        self.runtime
            .block_on(self.store.node(level, index))?
            .ok_or_else(|| StoreError::unreadable("read a node of the ledger", "it is missing"))
    }
}

pub(crate) async fn verify_chain(
    store: &Store,
    author: &PublicKey,
) -> Result<EventsReport, StoreError> {
    let anchors = anchors(store, author).await?;
    let mut verifier = match Verifier::new(Head::default(), &anchors) {
        Ok(verifier) => verifier,
        Err(broken) => return Ok(found(Head::default(), 0, Some(broken))),
    };
    let mut broken = None;
    store
        .each_record(|record| match verifier.push(record) {
            Ok(Event { .. }) => core::ops::ControlFlow::Continue(()),
            Err(why) => {
                broken = Some(why);
                core::ops::ControlFlow::Break(())
            }
        })
        .await?;
    let head = verifier.head();
    let broken = match broken {
        Some(broken) => Some(broken),
        None => verifier.finish().err(),
    };
    Ok(found(head, anchors.len(), broken))
}

fn found(head: Head, anchors: usize, broken: Option<Broken>) -> EventsReport {
    EventsReport {
        holds: broken.is_none(),
        events: head.sequence,
        head: hex::encode(head.hash),
        anchors,
        broken: broken.map(|broken| broken.to_string()),
    }
}

/// The heads of the chain that the ledger holds.
async fn anchors(store: &Store, author: &PublicKey) -> Result<Vec<Head>, StoreError> {
    let mut anchors = Vec::new();
    let mut wrong = None;
    store
        .each_entry(|stored| {
            if stored.kind != "event-head" {
                return;
            }
            match Entry::open(&stored.bytes, author).map(|entry| entry.body) {
                Ok(EntryBody::EventHead { sequence, hash }) => {
                    anchors.push(Head { sequence, hash })
                }
                Ok(_) => {}
                Err(error) => wrong = Some(format!("ledger entry {}: {error}", stored.position)),
            }
        })
        .await?;
    match wrong {
        Some(why) => Err(StoreError::unreadable(
            "read the anchors of the event chain",
            why,
        )),
        None => Ok(anchors),
    }
}
