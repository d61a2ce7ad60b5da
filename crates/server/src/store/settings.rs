//! Small named values.

use super::Store;
use crate::error::StoreError;

impl Store {
    /// A named value.
    pub async fn setting(&self, name: &'static str) -> Result<Option<Vec<u8>>, StoreError> {
        let statement = sqlx::query("SELECT value FROM setting WHERE name = $1").bind(name);
        self.first("read a setting", statement, |fields| fields.bytes("value"))
            .await
    }

    /// Keeps a named value.
    pub(crate) async fn set(&self, name: &'static str, value: Vec<u8>) -> Result<(), StoreError> {
        self.change("keep a setting", || {
            sqlx::query(
                "INSERT INTO setting (name, value) VALUES ($1, $2) \
                 ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            )
            .bind(name)
            .bind(value.clone())
        })
        .await
        .map(drop)
    }
}
