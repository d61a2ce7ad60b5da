//! What is due from time to time: anchoring the event log, renewing the server's certificate.

use core::time::Duration;

use sekimori_audit::{Code, Event};
use sekimori_identity::entry::EntryBody;

use crate::clock::Stopwatch;
use crate::server::Server;

/// How often the server's own certificate is looked at.
const CERTIFICATE_EVERY: Duration = Duration::from_secs(60 * 60);

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
