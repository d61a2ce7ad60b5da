//! Releases and to whom they are offered; files are kept by the hash of their content.

use std::path::PathBuf;

use http::StatusCode;
use sekimori_audit::{Code, Event};
use sekimori_identity::entry::EntryBody;
use sekimori_identity::{DeviceRecord, Entry};
use sekimori_ledger::envelope::Signer as _;
use sekimori_update::report::UpdateResult;
use sekimori_update::targets::{self, Expiry, Release, ReleaseRoot};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;

use crate::api::problem::{Problem, not_cosigned};
use crate::home;
use crate::keys;
use crate::server::Server;
use crate::store::ledger::StoredEntry;
use crate::store::releases::PublishedRelease;

/// An entry with its proof, as devices read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ProvenEntry {
    /// The sealed entry, base64.
    pub(crate) entry: String,
    /// The proof, C2SP tlog-proof.
    pub(crate) proof: String,
}

/// A release on offer: who may release, that this one was approved, and the signed metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Offer {
    /// The release root on the ledger.
    pub(crate) root: ProvenEntry,
    /// The approval on the ledger.
    pub(crate) approval: ProvenEntry,
    /// TUF targets metadata, base64.
    pub(crate) targets: String,
}

/// A file of a release while it comes in.
pub(crate) struct Upload {
    file: tokio::fs::File,
    temporary: PathBuf,
    wanted: [u8; 32],
    hash: Sha256,
    length: u64,
}

impl Upload {
    /// Takes the next bytes, onto the disk.
    pub(crate) async fn push(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.length = self.length.saturating_add(length);
        if self.length > targets::MAX_FILE_LENGTH {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "SK-API-003",
                "the file is larger than any file of a release",
            )
            .expected(format!("at most {} bytes", targets::MAX_FILE_LENGTH)));
        }
        self.hash.update(bytes);
        self.file
            .write_all(bytes)
            .await
            .map_err(|error| disk("write a file", &error))
    }

    /// Gives up; nothing is left behind.
    pub(crate) async fn discard(self) {
        drop(tokio::fs::remove_file(&self.temporary).await);
    }
}

impl Server {
    /// Says who may release from now on.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when the keys cannot be a root.
    pub async fn set_release_root(
        &self,
        keys: Vec<[u8; 32]>,
        threshold: u8,
    ) -> Result<u64, Problem> {
        let body = EntryBody::Root { keys, threshold };
        let organization = self.ledger().organization().clone();
        Entry::new(organization, self.now(), body.clone())
            .check()
            .map_err(|error| {
                Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "SK-REL-001",
                    error.to_string(),
                )
                .expected("1 to 16 different Ed25519 keys and a threshold that they reach")
            })?;
        let position = self.ledger().append(vec![body]).await?;
        Ok(position)
    }

    /// Who may release.
    pub(crate) async fn release_root(&self) -> Result<Option<(StoredEntry, ReleaseRoot)>, Problem> {
        let Some(stored) = self.store_of().newest_entry("root").await? else {
            return Ok(None);
        };
        let entry = Entry::open(&stored.bytes, &self.ledger().author().public_key())
            .map_err(|error| Problem::internal("read the release root", error))?;
        Ok(match entry.body {
            EntryBody::Root { keys, threshold } => Some((stored, ReleaseRoot { keys, threshold })),
            _ => None,
        })
    }

    /// Begins to take in a file whose content has this hash.
    pub(crate) async fn receive_blob(&self, sha256: [u8; 32]) -> Result<Upload, Problem> {
        let target = home::blob(self.home(), &sha256);
        let folder = target
            .parent()
            .map_or_else(|| self.home().to_path_buf(), Into::into);
        home::make_folder(&folder).map_err(|error| Problem::internal("make a folder", error))?;
        let nonce: [u8; 8] =
            keys::random().map_err(|error| Problem::internal("name a file", error))?;
        let temporary = folder.join(format!(
            "{}.{}.part",
            hex::encode(sha256),
            hex::encode(nonce)
        ));
        let file = tokio::fs::File::create(&temporary)
            .await
            .map_err(|error| disk("make a file", &error))?;
        Ok(Upload {
            file,
            temporary,
            wanted: sha256,
            hash: Sha256::new(),
            length: 0,
        })
    }

    /// Keeps a file that came in, when its content is what was said.
    pub(crate) async fn keep_blob(&self, upload: Upload) -> Result<u64, Problem> {
        let Upload {
            file,
            temporary,
            wanted,
            hash,
            length,
        } = upload;
        let found: [u8; 32] = hash.finalize().into();
        if found != wanted {
            drop(tokio::fs::remove_file(&temporary).await);
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "SK-REL-002",
                "the content is not what its name says",
            )
            .observed(hex::encode(found))
            .expected(hex::encode(wanted)));
        }
        let target = home::blob(self.home(), &wanted);
        file.sync_all()
            .await
            .map_err(|error| disk("write a file", &error))?;
        tokio::fs::rename(&temporary, &target)
            .await
            .map_err(|error| disk("put a file in place", &error))?;
        if let Some(folder) = target.parent() {
            let folder = tokio::fs::File::open(folder).await;
            let folder = folder.map_err(|error| disk("open a folder", &error))?;
            folder
                .sync_all()
                .await
                .map_err(|error| disk("make a file durable", &error))?;
        }
        self.store_of()
            .keep_blob(&wanted, length, self.now())
            .await?;
        Ok(length)
    }

    /// Publishes a signed release whose files are all here; its approval goes on the ledger.
    ///
    /// # Errors
    ///
    /// A [`Problem`] that names the signature, the file or the release that is in the way.
    pub async fn publish_release(&self, metadata: &[u8]) -> Result<PublishedRelease, Problem> {
        let _one_at_a_time = self.applying().lock().await;
        let Some((_, root)) = self.release_root().await? else {
            return Err(
                Problem::new(StatusCode::CONFLICT, "SK-REL-003", "nobody may release yet")
                    .fix("sekimori release keys --trust"),
            );
        };
        let release =
            targets::verify(metadata, &root, Expiry::MustHoldAt(self.now())).map_err(|error| {
                Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "SK-REL-004",
                    error.to_string(),
                )
                .detail("reason", error.code())
                .fix("sign the release with the keys of the release root")
            })?;
        self.check_files(&release).await?;
        let kept = self
            .store_of()
            .release(&release.product, &release.version)
            .await?;
        if let Some(kept) = kept {
            if kept.targets == metadata {
                return Ok(kept);
            }
            return Err(Problem::new(
                StatusCode::CONFLICT,
                "SK-REL-005",
                format!(
                    "{} {} is published already with other content",
                    release.product, release.version
                ),
            )
            .fix("give the release a new version"));
        }
        let body = EntryBody::FirmwareApproved {
            product: release.product.clone(),
            version: release.version.clone(),
            counter: release.counter,
            targets_sha256: Sha256::digest(metadata).into(),
        };
        let position = self.ledger().append(vec![body]).await?;
        let published = PublishedRelease {
            product: release.product,
            version: release.version,
            counter: release.counter,
            targets: metadata.to_vec(),
            position,
            published: self.now(),
        };
        self.store_of().keep_release(&published).await?;
        Ok(published)
    }

    async fn check_files(&self, release: &Release) -> Result<(), Problem> {
        let mut missing = Vec::new();
        for file in &release.files {
            let length = self.store_of().blob_length(&file.sha256).await?;
            if length != Some(file.length) {
                missing.push(file.path.clone());
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "SK-REL-006",
            format!("{} files of the release are not here", missing.len()),
        )
        .about("count", missing.len())
        .observed(
            missing
                .iter()
                .take(5)
                .cloned()
                .collect::<Vec<_>>()
                .join(", "),
        )
        .fix("send each file to  PUT /api/v1/blobs/<sha256>  first"))
    }

    /// Offers a release to all devices of a role, in place of what they were offered before.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when there is no such release or role.
    pub async fn start_campaign(
        &self,
        product: &str,
        version: &str,
        role: &str,
    ) -> Result<(), Problem> {
        if self.store_of().release(product, version).await?.is_none() {
            return Err(Problem::not_found(format!("release {product} {version}"))
                .fix("sekimori release publish"));
        }
        self.store_of()
            .start_campaign(product, version, role, self.now())
            .await?;
        self.ask_to_attend(role);
        Ok(())
    }

    /// Asks the connected devices of a role to look for an update now instead of at their own
    /// time. Whoever does not hear it looks later by itself.
    fn ask_to_attend(&self, role: &str) {
        let Some(edge) = self.edge().cloned() else {
            return;
        };
        let names: Vec<String> = edge
            .sessions()
            .into_iter()
            .filter(|session| {
                self.by_id(&session.device)
                    .is_some_and(|record| record.role.as_str() == role)
            })
            .map(|session| session.name)
            .collect();
        tokio::spawn(async move {
            for device in names {
                let asked = edge.command(crate::ports::Command {
                    device: device.clone(),
                    flow: "_platform".into(),
                    payload: b"{\"do\":\"attend\"}".to_vec(),
                    deadline: core::time::Duration::from_secs(5),
                });
                if let Err(why) = asked.await {
                    tracing::debug!(device, why = why.code(), "the device will look later");
                }
            }
        });
    }

    /// What a device is to install, if anything: the newest campaign of its role, unless it runs
    /// that release, or tried it and left it again.
    pub(crate) async fn offer(&self, device: &DeviceRecord) -> Result<Option<Offer>, Problem> {
        let Some(campaign) = self
            .store_of()
            .newest_campaign(device.role.as_str())
            .await?
        else {
            return Ok(None);
        };
        let report = self
            .store_of()
            .report(&device.id.0)
            .await?
            .map(|kept| kept.report);
        if let Some(report) = report {
            let running = report.release == campaign.version && report.product == campaign.product;
            let ended = report.last_update.is_some_and(|update| {
                update.release == campaign.version && update.result != UpdateResult::Confirmed
            });
            if (running && !report.trial) || ended {
                return Ok(None);
            }
        }
        let offer = self.offer_of(&campaign.product, &campaign.version).await?;
        // A device asks again until it is done; the offer is one.
        if self.first_offer(&device.id, &campaign.version) {
            self.record(
                Event::new(self.now(), Code::UpdateOffered)
                    .with_device(device.name.to_string())
                    .with_source("server")
                    .with_detail("release", campaign.version),
            );
        }
        Ok(Some(offer))
    }

    /// The signed release that a device has installed, to repair itself from.
    pub(crate) async fn repair(
        &self,
        device: &DeviceRecord,
        version: &str,
    ) -> Result<Offer, Problem> {
        let product = match self.store_of().report(&device.id.0).await? {
            Some(kept) if !kept.report.product.is_empty() => kept.report.product,
            _ => match self
                .store_of()
                .newest_campaign(device.role.as_str())
                .await?
            {
                Some(campaign) => campaign.product,
                None => return Err(Problem::not_found(format!("release {version}"))),
            },
        };
        self.offer_of(&product, version).await
    }

    async fn offer_of(&self, product: &str, version: &str) -> Result<Offer, Problem> {
        let release = self
            .store_of()
            .release(product, version)
            .await?
            .ok_or_else(|| Problem::not_found(format!("release {product} {version}")))?;
        let (root, _) = self
            .release_root()
            .await?
            .ok_or_else(|| Problem::internal("find the release root", "it is not there"))?;
        let approval = self.store_of().entries(release.position, 1).await?;
        let approval = approval
            .into_iter()
            .next()
            .ok_or_else(|| Problem::internal("find an approval", "it is not there"))?;
        use base64::Engine as _;
        Ok(Offer {
            root: self.proven(&root).await?,
            approval: self.proven(&approval).await?,
            targets: base64::engine::general_purpose::STANDARD.encode(&release.targets),
        })
    }

    /// An entry with its proof under the newest published checkpoint.
    pub(crate) async fn proven(&self, stored: &StoredEntry) -> Result<ProvenEntry, Problem> {
        use base64::Engine as _;
        let proof = self.ledger().proof(stored.position).await?.ok_or_else(|| {
            not_cosigned(
                self.ledger()
                    .hindrance()
                    .unwrap_or_else(|| "not yet".into()),
            )
        })?;
        Ok(ProvenEntry {
            entry: base64::engine::general_purpose::STANDARD.encode(&stored.bytes),
            proof: proof.encode(),
        })
    }
}

fn disk(doing: &str, error: &std::io::Error) -> Problem {
    if matches!(
        error.kind(),
        std::io::ErrorKind::StorageFull
            | std::io::ErrorKind::QuotaExceeded
            | std::io::ErrorKind::FileTooLarge
    ) {
        return Problem::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "SK-SRV-004",
            format!("could not {doing}: {error}"),
        )
        .fix("make room on the disk that holds the home");
    }
    Problem::internal(doing, error)
}
