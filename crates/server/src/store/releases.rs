//! Releases, their files, and to whom they are offered.

use jiff::Timestamp;

use super::{Fields, Store, micros, storable};
use crate::error::StoreError;

/// A release that may be installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedRelease {
    /// The product.
    pub product: String,
    /// The version, `x.y.z`.
    pub version: String,
    /// Its security counter.
    pub counter: u64,
    /// The signed TUF metadata.
    pub targets: Vec<u8>,
    /// Where its approval is on the ledger.
    pub position: u64,
    /// When it was published.
    pub published: Timestamp,
}

/// An offer of one release to all devices of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Campaign {
    /// In sequence.
    pub id: u64,
    /// The product.
    pub product: String,
    /// The version on offer.
    pub version: String,
    /// The role whose devices get it.
    pub role: String,
    /// When it was started.
    pub created: Timestamp,
}

impl Store {
    /// Remembers that a file's content is here.
    pub(crate) async fn keep_blob(
        &self,
        sha256: &[u8; 32],
        length: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const DOING: &str = "keep a file of a release";
        let length = storable("length", length).map_err(|source| StoreError::new(DOING, source))?;
        self.change(DOING, || {
            sqlx::query(
                "INSERT INTO blob (sha256, length, added) VALUES ($1, $2, $3) \
                 ON CONFLICT (sha256) DO NOTHING",
            )
            .bind(sha256.to_vec())
            .bind(length)
            .bind(micros(now))
        })
        .await
        .map(drop)
    }

    /// The length of a file's content, when it is here.
    pub async fn blob_length(&self, sha256: &[u8; 32]) -> Result<Option<u64>, StoreError> {
        let statement =
            sqlx::query("SELECT length FROM blob WHERE sha256 = $1").bind(sha256.to_vec());
        self.first("look up a file of a release", statement, |fields| {
            fields.count("length")
        })
        .await
    }

    /// Keeps a release.
    pub(crate) async fn keep_release(&self, release: &PublishedRelease) -> Result<(), StoreError> {
        const DOING: &str = "keep a release";
        let failed = |source| StoreError::new(DOING, source);
        let counter = storable("counter", release.counter).map_err(failed)?;
        let position = storable("position", release.position).map_err(failed)?;
        self.change(DOING, || {
            sqlx::query(
                "INSERT INTO release (product, version, counter, targets, position, published) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(release.product.clone())
            .bind(release.version.clone())
            .bind(counter)
            .bind(release.targets.clone())
            .bind(position)
            .bind(micros(release.published))
        })
        .await
        .map(drop)
    }

    /// One release.
    pub async fn release(
        &self,
        product: &str,
        version: &str,
    ) -> Result<Option<PublishedRelease>, StoreError> {
        let statement = sqlx::query(
            "SELECT product, version, counter, targets, position, published FROM release \
             WHERE product = $1 AND version = $2",
        )
        .bind(product.to_owned())
        .bind(version.to_owned());
        self.first("read a release", statement, release).await
    }

    /// The newest releases, at most `limit`.
    pub async fn releases(&self, limit: u32) -> Result<Vec<PublishedRelease>, StoreError> {
        let statement = sqlx::query(
            "SELECT product, version, counter, targets, position, published FROM release \
             ORDER BY published DESC, product, version LIMIT $1",
        )
        .bind(i64::from(limit));
        self.all("list releases", statement, release).await
    }

    /// Starts a campaign.
    pub(crate) async fn start_campaign(
        &self,
        product: &str,
        version: &str,
        role: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.change("start a campaign", || {
            sqlx::query(
                "INSERT INTO campaign (product, version, role, created) VALUES ($1, $2, $3, $4)",
            )
            .bind(product.to_owned())
            .bind(version.to_owned())
            .bind(role.to_owned())
            .bind(micros(now))
        })
        .await
        .map(drop)
    }

    /// The newest campaign for a role.
    pub async fn newest_campaign(&self, role: &str) -> Result<Option<Campaign>, StoreError> {
        let statement = sqlx::query(
            "SELECT id, product, version, role, created FROM campaign \
             WHERE role = $1 ORDER BY id DESC LIMIT 1",
        )
        .bind(role.to_owned());
        self.first("read a campaign", statement, campaign).await
    }

    /// The newest campaigns, at most `limit`.
    pub async fn campaigns(&self, limit: u32) -> Result<Vec<Campaign>, StoreError> {
        let statement = sqlx::query(
            "SELECT id, product, version, role, created FROM campaign ORDER BY id DESC LIMIT $1",
        )
        .bind(i64::from(limit));
        self.all("list campaigns", statement, campaign).await
    }
}

fn release(fields: &Fields<'_>) -> Result<PublishedRelease, sqlx::Error> {
    Ok(PublishedRelease {
        product: fields.text("product")?,
        version: fields.text("version")?,
        counter: fields.count("counter")?,
        targets: fields.bytes("targets")?,
        position: fields.count("position")?,
        published: fields.time("published")?,
    })
}

fn campaign(fields: &Fields<'_>) -> Result<Campaign, sqlx::Error> {
    Ok(Campaign {
        id: fields.count("id")?,
        product: fields.text("product")?,
        version: fields.text("version")?,
        role: fields.text("role")?,
        created: fields.time("created")?,
    })
}
