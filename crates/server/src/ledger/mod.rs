//! The organization's ledger: orders entries, signs checkpoints, and has them cosigned.
//!
//! States of one entry: waiting in the queue → recorded (durable, under a checkpoint of our own)
//! → published (the checkpoint has the cosignatures that the trust bundle asks for). Only what is
//! published is handed out. A crash between any two of them is made good by [`Ledger::open`]: what
//! is recorded is asked to be cosigned again.

mod append;
mod nodes;
mod publish;
mod witness;

use core::time::Duration;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sekimori_identity::entry::EntryBody;
use sekimori_identity::{DeviceId, Entry, OrganizationId, Registry};
use sekimori_ledger::envelope::{Ed25519Signer, PublicKey, Signer as _};
use sekimori_ledger::note::NoteSigner;
use sekimori_ledger::proof::TlogProof;
use sekimori_ledger::tile::{self, Content, TilePath};
use sekimori_ledger::tree;
use sekimori_ledger::trust::LedgerTrust;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::error::{ServerError, StoreError};
use crate::settings::Settings;
use crate::store::Store;
use crate::store::ledger::StoredEntry;

pub use append::AppendError;
pub(crate) use nodes::over_nodes;
use witness::WitnessClient;

/// How many appends may wait.
const QUEUE: usize = 1024;

/// What the ledger has to tell to the event log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Enough witnesses cosigned a checkpoint.
    Cosigned { witnesses: String, size: u64 },
    /// A witness did not cosign.
    Lagging {
        witness: String,
        size: u64,
        code: &'static str,
        why: String,
    },
    /// A witness has seen more of this log than there is: a backup was put back.
    Rewound {
        witness: String,
        size: u64,
        seen: u64,
    },
}

/// A checkpoint that may be shown to anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Published {
    /// How many entries it covers; 0 before the first.
    pub(crate) size: u64,
    /// The signed note with its cosignatures.
    pub(crate) note: Arc<str>,
}

/// The keys of the organization's ledger.
pub(crate) struct Keys {
    pub(crate) organization: OrganizationId,
    /// Signs entries.
    pub(crate) author: Ed25519Signer,
    /// Signs checkpoints.
    pub(crate) log: NoteSigner,
}

/// The ledger of this home. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    clock: Clock,
    keys: Keys,
    trust: LedgerTrust,
    witnesses: Vec<WitnessClient>,
    registry: RwLock<Registry>,
    queue: mpsc::Sender<append::Request>,
    appended: Notify,
    published: watch::Sender<Published>,
    /// Why the newest checkpoint is not published yet, in words.
    hindrance: RwLock<Option<String>>,
    news: Box<dyn Fn(News) + Send + Sync>,
}

impl Ledger {
    /// Reads the ledger of a store and starts its two tasks, which end when `cancel` says so.
    pub(crate) async fn open(
        store: Store,
        settings: &Settings,
        keys: Keys,
        tasks: &TaskTracker,
        cancel: &CancellationToken,
        news: impl Fn(News) + Send + Sync + 'static,
    ) -> Result<Self, ServerError> {
        let witnesses: Vec<WitnessClient> = settings
            .witnesses
            .iter()
            .map(WitnessClient::new)
            .collect::<Result<_, _>>()?;
        if usize::from(settings.witness_threshold) > witnesses.len() {
            return Err(ServerError::Setting {
                name: "witness_threshold",
                observed: settings.witness_threshold.to_string(),
                expected: format!("at most the number of witnesses, {}", witnesses.len()),
            });
        }
        let trust = LedgerTrust {
            log: keys.log.verifier_key().clone(),
            witnesses: witnesses
                .iter()
                .map(|witness| witness.key.clone())
                .collect(),
            threshold: settings.witness_threshold,
        };
        let size = store.ledger_size().await?;
        let frontier = append::read_frontier(&store, size).await?;
        append::check_head(&store, &frontier).await?;
        let registry = fold(&store, &keys.author.public_key()).await?;
        let published = published(&store, &trust).await?;
        let (queue, requests) = mpsc::channel(QUEUE);
        let inner = Arc::new(Inner {
            store,
            clock: settings.clock.clone(),
            keys,
            trust,
            witnesses,
            registry: RwLock::new(registry),
            queue,
            appended: Notify::new(),
            published: watch::Sender::new(published),
            hindrance: RwLock::new(None),
            news: Box::new(news),
        });
        tasks.spawn(append::run(
            inner.clone(),
            requests,
            frontier,
            cancel.clone(),
        ));
        tasks.spawn(publish::run(inner.clone(), cancel.clone()));
        Ok(Self { inner })
    }

    /// Records facts in order, as one step: all of them or none. Returns the position of the
    /// first. Durable when it returns; published later, see [`Ledger::wait_published`].
    pub(crate) async fn append(&self, bodies: Vec<EntryBody>) -> Result<u64, AppendError> {
        append::submit(&self.inner.queue, bodies).await
    }

    /// Waits until the entry at `position` is under a published checkpoint.
    ///
    /// # Errors
    ///
    /// Why it is not yet, in words, after `deadline`.
    pub(crate) async fn wait_published(
        &self,
        position: u64,
        deadline: Duration,
    ) -> Result<(), String> {
        let mut published = self.inner.published.subscribe();
        let reached = published.wait_for(|published| published.size > position);
        match tokio::time::timeout(deadline, reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err("the server is closing".into()),
            Err(_) => Err(self
                .hindrance()
                .unwrap_or_else(|| "the witnesses have not answered yet".into())),
        }
    }

    /// Why the newest checkpoint is not published; nothing when it is, or was not tried yet.
    pub(crate) fn hindrance(&self) -> Option<String> {
        self.inner
            .hindrance
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The newest published checkpoint.
    pub(crate) fn published(&self) -> Published {
        self.inner.published.borrow().clone()
    }

    /// What others have to trust to check this ledger.
    pub(crate) fn trust(&self) -> &LedgerTrust {
        &self.inner.trust
    }

    /// Whose ledger this is.
    pub(crate) fn organization(&self) -> &OrganizationId {
        &self.inner.keys.organization
    }

    /// The key that signs entries, policies and whatever else the organization says.
    pub(crate) fn author(&self) -> &Ed25519Signer {
        &self.inner.keys.author
    }

    /// Who is who, as of the newest recorded entry.
    pub(crate) fn registry(&self) -> RwLockReadGuard<'_, Registry> {
        self.inner
            .registry
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Confines a device in what gateways look up, or lets it out. Not a fact of the ledger.
    pub(crate) fn set_contained(&self, device: &DeviceId, contained: bool) -> bool {
        self.inner.registry_mut().set_contained(device, contained)
    }

    /// The proof of an entry under the newest published checkpoint; nothing when it is not
    /// published yet.
    pub(crate) async fn proof(&self, position: u64) -> Result<Option<TlogProof>, StoreError> {
        let Published { size, note } = self.published();
        if position >= size {
            return Ok(None);
        }
        over_nodes(
            &self.inner.store,
            |nodes| drop(tree::inclusion_proof(&nodes, position, size)),
            |nodes| TlogProof::build(nodes, position, size, &*note),
        )
        .await
        .map(Some)
    }

    /// The bytes of a tile, as long as the published tree has it.
    pub(crate) async fn tile(&self, path: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Ok(path) = path.parse::<TilePath>() else {
            return Ok(None);
        };
        let published = self.published().size;
        if path
            .required_size()
            .is_none_or(|required| required > published)
        {
            return Ok(None);
        }
        if path.content() == Content::Entries {
            let first = path.index() * u64::from(tile::FULL_WIDTH);
            let entries = self
                .inner
                .store
                .entries(first, u32::from(path.width()))
                .await?;
            return tile::encode_bundle(entries.iter().map(|entry| &entry.bytes))
                .map(Some)
                .map_err(|error| StoreError::unreadable("read ledger entries", error));
        }
        over_nodes(
            &self.inner.store,
            |nodes| drop(path.read(&nodes)),
            |nodes| path.read(nodes),
        )
        .await
        .map(Some)
    }
}

impl Inner {
    fn registry_mut(&self) -> RwLockWriteGuard<'_, Registry> {
        self.registry
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn set_hindrance(&self, why: Option<String>) {
        *self
            .hindrance
            .write()
            .unwrap_or_else(PoisonError::into_inner) = why;
    }
}

/// Folds every stored entry, and what is contained beside them.
async fn fold(store: &Store, author: &PublicKey) -> Result<Registry, ServerError> {
    let mut registry = Registry::new();
    let mut wrong = None;
    store
        .each_entry(|stored| match Entry::open(&stored.bytes, author) {
            Ok(entry) => drop(registry.apply(&entry)),
            Err(error) if wrong.is_none() => wrong = Some(damaged(&stored, &error)),
            Err(_) => {}
        })
        .await?;
    if let Some(error) = wrong {
        return Err(error);
    }
    for contained in store.contained().await? {
        registry.set_contained(&DeviceId(contained.device), true);
    }
    Ok(registry)
}

fn damaged(stored: &StoredEntry, why: &dyn core::fmt::Display) -> ServerError {
    ServerError::Damaged {
        what: format!("ledger entry {}", stored.position),
        why: why.to_string(),
    }
}

/// The newest checkpoint that still satisfies the trust that is configured now.
async fn published(store: &Store, trust: &LedgerTrust) -> Result<Published, ServerError> {
    let Some(newest) = store.published_checkpoint().await? else {
        return Ok(Published::default());
    };
    if trust.verify_checkpoint(&newest.note).is_err() {
        // The witnesses were changed: what was enough before is not enough for this bundle.
        return Ok(Published::default());
    }
    Ok(Published {
        size: newest.size,
        note: newest.note.into(),
    })
}

/// The short word by which an entry's kind is found in the store.
pub(crate) fn kind(body: &EntryBody) -> &'static str {
    match body {
        EntryBody::OrganizationJoined { .. } => "organization-joined",
        EntryBody::OrganizationLeft { .. } => "organization-left",
        EntryBody::Root { .. } => "root",
        EntryBody::Issuer { .. } => "issuer",
        EntryBody::DeviceRegistered { .. } => "device-registered",
        EntryBody::CertificateIssued { .. } => "certificate-issued",
        EntryBody::KeyRotated { .. } => "key-rotated",
        EntryBody::Suspended { .. } => "suspended",
        EntryBody::Restored { .. } => "restored",
        EntryBody::Revoked { .. } => "revoked",
        EntryBody::DeviceRetired { .. } => "device-retired",
        EntryBody::FirmwareApproved { .. } => "firmware-approved",
        EntryBody::PolicyApplied { .. } => "policy-applied",
        EntryBody::EventHead { .. } => "event-head",
    }
}

/// The device that an entry speaks of.
pub(crate) fn device_of(body: &EntryBody) -> Option<DeviceId> {
    match body {
        EntryBody::DeviceRegistered { id, .. } => Some(*id),
        EntryBody::CertificateIssued { device, .. }
        | EntryBody::KeyRotated { device, .. }
        | EntryBody::Suspended { device, .. }
        | EntryBody::Restored { device }
        | EntryBody::Revoked { device, .. }
        | EntryBody::DeviceRetired { device } => Some(*device),
        _ => None,
    }
}
