//! The one task that appends: checks entries against the registry, seals and stores them, many
//! callers in one transaction.

use std::sync::Arc;

use sekimori_identity::entry::EntryBody;
use sekimori_identity::{Conflict, Entry};
use sekimori_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sekimori_ledger::envelope::Signer as _;
use sekimori_ledger::tree::Frontier;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{Inner, device_of, fold, kind, over_nodes};
use crate::error::{ServerError, StoreError};
use crate::store::Store;
use crate::store::ledger::{Append, StoredEntry};

/// How many requests share one transaction.
const BATCH: usize = 128;

/// Why nothing was appended.
#[derive(Debug)]
pub enum AppendError {
    /// The fact does not fit what is known.
    Conflict(Conflict),
    /// It could not be kept.
    Store(StoreError),
}

impl core::fmt::Display for AppendError {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Conflict(conflict) => conflict.fmt(formatter),
            Self::Store(error) => error.fmt(formatter),
        }
    }
}

impl core::error::Error for AppendError {}

pub(super) struct Request {
    bodies: Vec<EntryBody>,
    answer: oneshot::Sender<Result<u64, AppendError>>,
}

const DOING: &str = "append to the ledger";

pub(super) async fn submit(
    queue: &mpsc::Sender<Request>,
    bodies: Vec<EntryBody>,
) -> Result<u64, AppendError> {
    let (answer, answered) = oneshot::channel();
    let closed = || AppendError::Store(StoreError::closed(DOING));
    queue
        .send(Request { bodies, answer })
        .await
        .map_err(|_| closed())?;
    answered.await.map_err(|_| closed())?
}

/// The right edge of the stored tree.
pub(super) async fn read_frontier(store: &Store, size: u64) -> Result<Frontier, StoreError> {
    over_nodes(
        store,
        |nodes| drop(Frontier::from_nodes(size, &nodes)),
        |nodes| Frontier::from_nodes(size, nodes),
    )
    .await
}

/// Whether the newest checkpoint speaks of the tree that is stored.
pub(super) async fn check_head(store: &Store, frontier: &Frontier) -> Result<(), ServerError> {
    let damaged = |why: String| ServerError::Damaged {
        what: "the newest checkpoint".into(),
        why,
    };
    let Some(newest) = store.newest_checkpoint().await? else {
        return if frontier.size() == 0 {
            Ok(())
        } else {
            Err(damaged(format!(
                "it is missing, though there are {} entries",
                frontier.size()
            )))
        };
    };
    let signed =
        SignedCheckpoint::parse(&newest.note).map_err(|error| damaged(error.to_string()))?;
    let checkpoint = signed.checkpoint();
    if checkpoint.size != frontier.size() || newest.size != checkpoint.size {
        return Err(damaged(format!(
            "it covers {} entries, {} are stored",
            checkpoint.size,
            frontier.size()
        )));
    }
    if checkpoint.root != frontier.root() {
        return Err(damaged("its root is not that of the stored tree".into()));
    }
    Ok(())
}

/// Appends until the server closes; what was submitted before that is still appended.
pub(super) async fn run(
    ledger: Arc<Inner>,
    mut requests: mpsc::Receiver<Request>,
    mut frontier: Frontier,
    cancel: CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        tokio::select! {
            biased;
            received = requests.recv_many(&mut batch, BATCH) => {
                if received == 0 {
                    return;
                }
            }
            () = cancel.cancelled(), if !requests.is_closed() => {
                requests.close();
                continue;
            }
        }
        if let Some(grown) = commit(&ledger, &frontier, core::mem::take(&mut batch)).await {
            frontier = grown;
            ledger.appended.notify_one();
        }
    }
}

/// Appends one batch; returns the grown edge when something was kept.
async fn commit(ledger: &Arc<Inner>, before: &Frontier, batch: Vec<Request>) -> Option<Frontier> {
    let at = ledger.clock.now();
    let mut frontier = before.clone();
    let mut append = Append {
        entries: Vec::new(),
        nodes: Vec::new(),
        size: 0,
        note: String::new(),
    };
    let mut kept = Vec::new();
    let mut torn = false;
    for request in batch {
        let entries: Vec<Entry> = request
            .bodies
            .into_iter()
            .map(|body| Entry::new(ledger.keys.organization.clone(), at, body))
            .collect();
        match apply(ledger, &entries) {
            Ok(()) => {
                kept.push((frontier.size(), request.answer));
                for entry in &entries {
                    push(ledger, entry, &mut frontier, &mut append);
                }
            }
            Err((done, conflict)) => {
                torn |= done > 0;
                drop(request.answer.send(Err(AppendError::Conflict(conflict))));
            }
        }
    }
    if torn {
        // Part of a refused request is in the registry; it is folded anew below, after the rest
        // was kept.
        tracing::debug!("a refused append is taken back");
    }
    let result = if kept.is_empty() {
        Ok(())
    } else {
        keep(ledger, &frontier, append).await
    };
    if torn || result.is_err() {
        refold(ledger).await;
    }
    let grown = !kept.is_empty() && result.is_ok();
    for (position, answer) in kept {
        let answered = match &result {
            Ok(()) => Ok(position),
            Err(error) => Err(AppendError::Store(error.share())),
        };
        drop(answer.send(answered));
    }
    grown.then_some(frontier)
}

/// Applies a request's entries; on a conflict says how many were applied before it.
fn apply(ledger: &Inner, entries: &[Entry]) -> Result<(), (usize, Conflict)> {
    let mut registry = ledger.registry_mut();
    for (done, entry) in entries.iter().enumerate() {
        registry.apply(entry).map_err(|conflict| (done, conflict))?;
    }
    Ok(())
}

fn push(ledger: &Inner, entry: &Entry, frontier: &mut Frontier, append: &mut Append) {
    let bytes = entry.seal(&ledger.keys.author);
    append.entries.push(StoredEntry {
        position: frontier.size(),
        kind: kind(&entry.body).to_owned(),
        device: device_of(&entry.body).map(|device| device.0),
        bytes: bytes.clone(),
    });
    append.nodes.extend(frontier.push(&bytes));
}

async fn keep(ledger: &Inner, frontier: &Frontier, mut append: Append) -> Result<(), StoreError> {
    let origin = ledger.trust.log.name();
    let signed = Checkpoint::new(origin, frontier.size(), frontier.root())
        .sign(&ledger.keys.log)
        .map_err(|error| StoreError::unreadable(DOING, error))?;
    append.size = frontier.size();
    append.note = signed.to_string();
    ledger.store.append_entries(Arc::new(append)).await
}

/// Makes the registry say again what is stored.
async fn refold(ledger: &Inner) {
    match fold(&ledger.store, &ledger.keys.author.public_key()).await {
        Ok(registry) => *ledger.registry_mut() = registry,
        Err(error) => tracing::error!(%error, "the registry could not be read again"),
    }
}
