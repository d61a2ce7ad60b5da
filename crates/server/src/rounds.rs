//! What is due from time to time: anchoring the event log, keeping its head beside the database,
//! renewing the server's certificate, and the server's checks of itself.

use core::time::Duration;

use sekimori_audit::{Code, Event};
use sekimori_identity::entry::EntryBody;

use crate::clock::Stopwatch;
use crate::newest::Newest;
use crate::server::Server;

/// How often the server's own certificate is looked at.
const CERTIFICATE_EVERY: Duration = Duration::from_secs(60 * 60);

/// How long a shutdown waits for the witnesses to see the last anchor.
const LAST_ANCHOR: Duration = Duration::from_secs(2);

/// How long after the start the server first checks itself, and how long after a check that came
/// to nothing it tries again.
const FIRST_CHECK: Duration = Duration::from_secs(1);
const CHECK_AGAIN: Duration = Duration::from_secs(60);

/// How often the server speaks in clear to its own listeners.
const LISTENERS_EVERY: Duration = Duration::from_secs(60 * 60);

/// How often the newest part of the event chain is verified.
const CHAIN_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// How long after the start the event log is first anchored.
const FIRST_ANCHOR: Duration = Duration::from_secs(5);

/// Remembers when what was done last.
pub(crate) struct Rounds {
    started: Stopwatch,
    /// When the first is due after the start.
    first_anchor: Duration,
    anchored_at: Option<Duration>,
    /// The sequence that the ledger holds; none until it was read once.
    anchored: Option<u64>,
    certificate_at: Duration,
    leaf: Option<Vec<u8>>,
    /// What the file beside the database says.
    newest: Option<Newest>,
    listeners_due: Duration,
    /// A check that is under way; its answer is whether it observed anything.
    listeners: Option<tokio::task::JoinHandle<bool>>,
    chain_due: Duration,
}

impl Rounds {
    pub(crate) fn new(server: &Server) -> Self {
        let leaf = server
            .tls_material()
            .ok()
            .and_then(|material| first(&material));
        Self {
            started: Stopwatch::start(),
            first_anchor: FIRST_ANCHOR.min(server.settings().anchor_every),
            anchored_at: None,
            anchored: None,
            certificate_at: Duration::ZERO,
            leaf,
            newest: None,
            listeners_due: FIRST_CHECK,
            listeners: None,
            chain_due: FIRST_CHECK,
        }
    }

    /// Does what is due now.
    pub(crate) async fn next(&mut self, server: &Server) {
        let now = self.started.elapsed();
        let due = match self.anchored_at {
            Some(last) => last.saturating_add(server.settings().anchor_every),
            None => self.first_anchor,
        };
        if now >= due {
            self.anchored_at = Some(now);
            if let Err(error) = self.anchor(server).await {
                tracing::warn!(error, "the event log was not anchored this time");
            }
        }
        if now.saturating_sub(self.certificate_at) >= CERTIFICATE_EVERY {
            self.certificate_at = now;
            self.renew_certificate(server);
        }
        self.check(server, now).await;
        self.newest = server.keep_newest(self.newest.take()).await;
    }

    async fn check(&mut self, server: &Server, now: Duration) {
        // Off this task: a listener may take its time.
        if let Some(check) = self.listeners.take_if(|check| check.is_finished())
            && !check.await.unwrap_or(false)
        {
            self.listeners_due = now.saturating_add(CHECK_AGAIN);
        }
        if now >= self.listeners_due && !server.addresses().mqtt.is_empty() {
            self.listeners_due = now.saturating_add(LISTENERS_EVERY);
            let server = server.clone();
            self.listeners = Some(tokio::spawn(async move { server.check_listeners().await }));
        }
        if now >= self.chain_due {
            self.chain_due = now.saturating_add(CHAIN_EVERY);
            if let Err(error) = server.verify_recent_events().await {
                tracing::error!(%error, "the event chain was not verified");
                self.chain_due = now.saturating_add(CHECK_AGAIN);
            }
        }
    }

    async fn anchor(&mut self, server: &Server) -> Result<(), String> {
        let before = match self.anchored {
            Some(sequence) => sequence,
            None => server.anchored().await.map_err(|error| error.to_string())?,
        };
        self.anchored = Some(before);
        let moved = server
            .store_of()
            .events_worth_anchoring(before)
            .await
            .map_err(|error| error.to_string())?;
        if moved {
            let sequence = server.anchor().await.map_err(|error| error.to_string())?;
            self.anchored = Some(sequence);
        }
        Ok(())
    }

    fn renew_certificate(&mut self, server: &Server) {
        match server.tls_material() {
            Ok(material) => {
                let leaf = first(&material);
                if leaf != self.leaf {
                    self.leaf = leaf;
                    if let Some(edge) = server.edge() {
                        edge.tls_changed(material);
                    }
                }
            }
            Err(error) => tracing::error!(%error, "the server's certificate was not renewed"),
        }
    }
}

fn first(material: &crate::ca::TlsMaterial) -> Option<Vec<u8>> {
    material.chain.first().map(|leaf| leaf.to_vec())
}

impl Server {
    /// The event that the newest anchor on the ledger speaks of; 0 when there is none.
    async fn anchored(&self) -> Result<u64, crate::error::StoreError> {
        use sekimori_ledger::envelope::Signer as _;
        let newest = self.store_of().newest_entry("event-head").await?;
        let author = self.ledger().author().public_key();
        Ok(newest
            .and_then(|stored| sekimori_identity::Entry::open(&stored.bytes, &author).ok())
            .map_or(0, |entry| match entry.body {
                EntryBody::EventHead { sequence, .. } => sequence,
                _ => 0,
            }))
    }

    /// Puts the very last event under an anchor. The log has ended, so nothing follows it.
    pub(crate) async fn anchor_the_end(&self) {
        let head = match self.store_of().chain_head().await {
            Ok(head) if head.sequence > 0 => head,
            _ => return,
        };
        let body = EntryBody::EventHead {
            sequence: head.sequence,
            hash: head.hash,
        };
        match self.ledger().append(vec![body]).await {
            // When it is known that the witnesses do not answer, nobody waits for them.
            Ok(position) if self.ledger().hindrance().is_none() => {
                drop(self.ledger().wait_published(position, LAST_ANCHOR).await);
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the last events were not anchored"),
        }
    }

    /// Brings the file beside the database up to date, when it says something else than `before`;
    /// returns what it says now.
    pub(crate) async fn keep_newest(&self, before: Option<Newest>) -> Option<Newest> {
        let newest = match Newest::of(self.store_of()).await {
            Ok(newest) => newest,
            Err(error) => {
                tracing::warn!(%error, "the newest head was not read");
                return before;
            }
        };
        if before.as_ref() == Some(&newest) {
            return before;
        }
        let home = self.home().to_path_buf();
        let written = tokio::task::spawn_blocking(move || newest.keep(&home).map(|()| newest));
        match written.await {
            Ok(Ok(newest)) => Some(newest),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the newest head was not kept");
                before
            }
            Err(error) => {
                tracing::warn!(%error, "the newest head was not kept");
                before
            }
        }
    }

    /// Puts the head of the event chain on the ledger now; returns its sequence.
    ///
    /// # Errors
    ///
    /// When the store or the ledger does not take it.
    pub async fn anchor(&self) -> Result<u64, crate::ledger::AppendError> {
        let head = self
            .store_of()
            .chain_head()
            .await
            .map_err(crate::ledger::AppendError::Store)?;
        let body = EntryBody::EventHead {
            sequence: head.sequence,
            hash: head.hash,
        };
        let position = self.ledger().append(vec![body]).await?;
        self.record(
            Event::new(self.now(), Code::AuditAnchored)
                .with_source("server")
                .with_detail("sequence", head.sequence.to_string())
                .with_detail("position", position.to_string()),
        );
        Ok(head.sequence)
    }
}
