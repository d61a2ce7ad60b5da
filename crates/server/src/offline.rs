//! Checks of a whole home that need no running server: `ledger fsck` and `events verify`, on the
//! home itself or on a copy of it.

use std::path::Path;

use sekimori_audit::Event;
use sekimori_audit::chain::{Head, Verifier, Why};
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
use crate::newest::{Newest, missing_events};
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
    let newest = Newest::read(home)?;
    let report = check_ledger(&store, &bundle.ledger, newest.as_ref()).await;
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
    let newest = Newest::read(home)?;
    let report = verify_chain(&store, &bundle.authority, newest.as_ref()).await;
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
    newest: Option<&Newest>,
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
    let lost = match newest {
        Some(newest) if checked.is_ok() => newest.lost_entries(store).await?,
        _ => None,
    };
    Ok(match checked {
        Ok(report) => LedgerReport {
            holds: lost.is_none(),
            size: report.size,
            root: Some(hex::encode(report.root.0)),
            nodes: report.nodes,
            pending: report.pending,
            witnesses: report.witnesses,
            threshold: trust.threshold,
            broken: lost,
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

/// How many of the newest events a check looks at that has to cost little.
const RECENT: u64 = 10_000;

/// How many of the newest anchors such a check looks for its beginning in.
const RECENT_ANCHORS: u32 = 2000;

/// Verifies the whole chain against all anchors and against what is kept beside the database.
pub(crate) async fn verify_chain(
    store: &Store,
    author: &PublicKey,
    newest: Option<&Newest>,
) -> Result<EventsReport, StoreError> {
    let anchors = anchors(store, author, u32::MAX).await?;
    verify_from(store, Head::default(), &anchors, newest).await
}

/// Verifies the newest part of the chain, from an anchor on.
pub(crate) async fn verify_recent(
    store: &Store,
    author: &PublicKey,
    newest: Option<&Newest>,
) -> Result<EventsReport, StoreError> {
    let last = store.chain_head().await?.sequence;
    let anchors = anchors(store, author, RECENT_ANCHORS).await?;
    let old_enough = |anchor: &&Head| anchor.sequence.saturating_add(RECENT) <= last;
    let all = anchors.len() < usize::try_from(RECENT_ANCHORS).unwrap_or(usize::MAX);
    let start = match anchors.iter().rev().find(old_enough) {
        Some(anchor) => *anchor,
        None if all => Head::default(),
        None => anchors.first().copied().unwrap_or_default(),
    };
    let later: Vec<Head> = anchors
        .into_iter()
        .filter(|anchor| anchor.sequence >= start.sequence)
        .collect();
    verify_from(store, start, &later, newest).await
}

async fn verify_from(
    store: &Store,
    start: Head,
    anchors: &[Head],
    newest: Option<&Newest>,
) -> Result<EventsReport, StoreError> {
    let mut expected = anchors.to_vec();
    expected.extend(newest.and_then(Newest::head));
    let mut verifier = match Verifier::new(start, &expected) {
        Ok(verifier) => verifier,
        Err(broken) => return Ok(found(start, start, 0, Some(broken.to_string()))),
    };
    let mut broken = None;
    store
        .each_record(start.sequence, |record| match verifier.push(record) {
            Ok(Event { .. }) => core::ops::ControlFlow::Continue(()),
            Err(why) => {
                broken = Some(why);
                core::ops::ControlFlow::Break(())
            }
        })
        .await?;
    let head = verifier.head();
    let broken = broken.or_else(|| verifier.finish().err());
    let broken = broken.map(|broken| match broken.why {
        Why::Missing => {
            let last = expected.iter().map(|head| head.sequence).max();
            missing_events(broken.sequence, last.unwrap_or(broken.sequence))
        }
        _ => broken.to_string(),
    });
    Ok(found(start, head, anchors.len(), broken))
}

fn found(start: Head, head: Head, anchors: usize, broken: Option<String>) -> EventsReport {
    EventsReport {
        holds: broken.is_none(),
        events: head.sequence.saturating_sub(start.sequence),
        head: hex::encode(head.hash),
        anchors,
        broken,
    }
}

/// The newest heads of the chain that the ledger holds, oldest first, at most `limit`.
async fn anchors(store: &Store, author: &PublicKey, limit: u32) -> Result<Vec<Head>, StoreError> {
    let mut anchors = Vec::new();
    for stored in store.newest_entries("event-head", limit).await? {
        match Entry::open(&stored.bytes, author).map(|entry| entry.body) {
            Ok(EntryBody::EventHead { sequence, hash }) => anchors.push(Head { sequence, hash }),
            Ok(_) => {}
            Err(error) => {
                return Err(StoreError::unreadable(
                    "read the anchors of the event chain",
                    format!("ledger entry {}: {error}", stored.position),
                ));
            }
        }
    }
    anchors.reverse();
    Ok(anchors)
}
