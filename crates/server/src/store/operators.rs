//! One-time links and sessions of operators. Tokens are kept as their SHA-256 only.

use jiff::Timestamp;

use super::{Store, micros};
use crate::error::StoreError;

impl Store {
    /// Keeps a one-time link, and forgets those that ended.
    pub(crate) async fn keep_link(
        &self,
        token_hash: [u8; 32],
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.transaction("keep a setup link", move |connection| {
            Box::pin(async move {
                sqlx::query("DELETE FROM operator_link WHERE expires < $1")
                    .bind(micros(now))
                    .execute(&mut *connection)
                    .await?;
                sqlx::query("INSERT INTO operator_link (token_hash, expires) VALUES ($1, $2)")
                    .bind(token_hash.to_vec())
                    .bind(micros(expires))
                    .execute(&mut *connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Uses a one-time link up and opens a session; says whether the link was good.
    pub(crate) async fn open_session(
        &self,
        link_hash: [u8; 32],
        session_hash: [u8; 32],
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<bool, StoreError> {
        self.transaction("open an operator's session", move |connection| {
            Box::pin(async move {
                let used = sqlx::query(
                    "DELETE FROM operator_link WHERE token_hash = $1 AND expires >= $2",
                )
                .bind(link_hash.to_vec())
                .bind(micros(now))
                .execute(&mut *connection)
                .await?;
                if used.rows_affected() == 0 {
                    return Ok(false);
                }
                sqlx::query("DELETE FROM operator_session WHERE expires < $1")
                    .bind(micros(now))
                    .execute(&mut *connection)
                    .await?;
                sqlx::query(
                    "INSERT INTO operator_session (token_hash, created, expires) \
                     VALUES ($1, $2, $3)",
                )
                .bind(session_hash.to_vec())
                .bind(micros(now))
                .bind(micros(expires))
                .execute(&mut *connection)
                .await?;
                Ok(true)
            })
        })
        .await
    }

    /// Whether a session is open.
    pub(crate) async fn session_is_open(
        &self,
        token_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let statement = sqlx::query(
            "SELECT created FROM operator_session WHERE token_hash = $1 AND expires >= $2",
        )
        .bind(token_hash.to_vec())
        .bind(micros(now));
        let found = self.first("look up an operator's session", statement, |fields| {
            fields.time("created")
        });
        Ok(found.await?.is_some())
    }

    /// Ends a session.
    pub(crate) async fn close_session(&self, token_hash: [u8; 32]) -> Result<(), StoreError> {
        self.change("close an operator's session", || {
            sqlx::query("DELETE FROM operator_session WHERE token_hash = $1")
                .bind(token_hash.to_vec())
        })
        .await
        .map(drop)
    }
}
