//! Policies that were applied, with the model each came from.

use jiff::Timestamp;

use super::{Fields, Store, micros, storable};
use crate::error::StoreError;

/// A policy as it was applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppliedPolicy {
    /// Its version.
    pub version: u64,
    /// When it was applied.
    pub applied: Timestamp,
    /// The model's text.
    pub model: String,
    /// The sealed policy.
    pub sealed: Vec<u8>,
}

impl Store {
    /// Keeps a policy.
    pub(crate) async fn keep_policy(&self, policy: &AppliedPolicy) -> Result<(), StoreError> {
        const DOING: &str = "keep a policy";
        let version =
            storable("version", policy.version).map_err(|source| StoreError::new(DOING, source))?;
        self.change(DOING, || {
            sqlx::query(
                "INSERT INTO policy (version, applied, model, sealed) VALUES ($1, $2, $3, $4)",
            )
            .bind(version)
            .bind(micros(policy.applied))
            .bind(policy.model.clone())
            .bind(policy.sealed.clone())
        })
        .await
        .map(drop)
    }

    /// The newest policy.
    pub async fn newest_policy(&self) -> Result<Option<AppliedPolicy>, StoreError> {
        let statement = sqlx::query(
            "SELECT version, applied, model, sealed FROM policy ORDER BY version DESC LIMIT 1",
        );
        self.first("read the policy", statement, |fields: &Fields<'_>| {
            Ok(AppliedPolicy {
                version: fields.count("version")?,
                applied: fields.time("applied")?,
                model: fields.text("model")?,
                sealed: fields.bytes("sealed")?,
            })
        })
        .await
    }
}
