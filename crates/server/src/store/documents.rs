//! Documents and results that people attached as evidence.

use jiff::civil::Date;
use sekimori_analysis::documents::{Document, DocumentKind, Summary, Withdrawal};
use sqlx::Row as _;

use super::{Fields, Store, micros, storable, unreadable};
use crate::error::StoreError;

/// The prefix of a document's id, before its number.
const PREFIX: &str = "DOC-";

const COLUMNS: &str = "id, sha256, size, name, title, kind, items, owner, attached_by, \
     attached_at, until, summary, withdrawn_at, withdrawn_by, withdrawn_why";

impl Store {
    /// Keeps a document, and withdraws the one that it replaces, if any; returns its id.
    ///
    /// The id of `document` is not looked at: the store gives it one. [`None`] when the one to be
    /// replaced is not there, or was withdrawn before.
    pub(crate) async fn keep_document(
        &self,
        document: &Document,
        replaces: Option<&str>,
    ) -> Result<Option<String>, StoreError> {
        const DOING: &str = "keep a document";
        let failed = |source| StoreError::new(DOING, source);
        let json = |error: serde_json::Error| StoreError::unreadable(DOING, error);
        let size = storable("size", document.size).map_err(failed)?;
        let sha256 =
            hex::decode(&document.sha256).map_err(|error| StoreError::unreadable(DOING, error))?;
        let items = serde_json::to_string(&document.items).map_err(json)?;
        let summary = document.summary.as_ref().map(serde_json::to_string);
        let summary = summary.transpose().map_err(json)?;
        let replaced = match replaces {
            Some(id) => match number(id) {
                Some(number) => Some(number),
                None => return Ok(None),
            },
            None => None,
        };
        let document = document.clone();
        let kept = self.transaction(DOING, move |connection| {
            let document = document.clone();
            let (sha256, items, summary) = (sha256.clone(), items.clone(), summary.clone());
            Box::pin(async move {
                let row = sqlx::query(
                    "INSERT INTO document (sha256, size, name, title, kind, items, owner, \
                     attached_by, attached_at, until, summary) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
                )
                .bind(sha256)
                .bind(size)
                .bind(document.name)
                .bind(document.title)
                .bind(document.kind.word())
                .bind(items)
                .bind(document.owner)
                .bind(document.attached_by.clone())
                .bind(micros(document.attached_at))
                .bind(document.until.to_string())
                .bind(summary)
                .fetch_one(&mut *connection)
                .await?;
                let id = row.try_get::<i64, _>("id")?;
                let Some(replaced) = replaced else {
                    return Ok(Some(id));
                };
                let changed = sqlx::query(
                    "UPDATE document SET withdrawn_at = $2, withdrawn_by = $3, \
                     withdrawn_why = $4 WHERE id = $1 AND withdrawn_at IS NULL",
                )
                .bind(replaced)
                .bind(micros(document.attached_at))
                .bind(document.attached_by)
                .bind(format!("replaced by {PREFIX}{id}"))
                .execute(&mut *connection)
                .await?;
                if changed.rows_affected() == 1 {
                    return Ok(Some(id));
                }
                sqlx::query("DELETE FROM document WHERE id = $1")
                    .bind(id)
                    .execute(&mut *connection)
                    .await?;
                Ok(None)
            })
        });
        Ok(kept.await?.map(|id| format!("{PREFIX}{id}")))
    }

    /// Ends a document before its last day; says whether it was there and still counted.
    pub(crate) async fn withdraw_document(
        &self,
        id: &str,
        withdrawal: &Withdrawal,
    ) -> Result<bool, StoreError> {
        let Some(id) = number(id) else {
            return Ok(false);
        };
        let changed = self.change("withdraw a document", || {
            sqlx::query(
                "UPDATE document SET withdrawn_at = $2, withdrawn_by = $3, withdrawn_why = $4 \
                 WHERE id = $1 AND withdrawn_at IS NULL",
            )
            .bind(id)
            .bind(micros(withdrawal.at))
            .bind(withdrawal.by.clone())
            .bind(withdrawal.why.clone())
        });
        Ok(changed.await? == 1)
    }

    /// All documents in the order in which they were attached, those that count no more included.
    pub async fn documents(&self) -> Result<Vec<Document>, StoreError> {
        let statement = sqlx::query(sqlx::AssertSqlSafe(format!(
            "SELECT {COLUMNS} FROM document ORDER BY id"
        )));
        self.all("list documents", statement, document).await
    }

    /// How many documents there are, and how many bytes their files have.
    pub(crate) async fn document_sums(&self) -> Result<(u64, u64), StoreError> {
        let statement =
            sqlx::query("SELECT COUNT(*) AS number, COALESCE(SUM(size), 0) AS bytes FROM document");
        let sums = self.first("count documents", statement, |fields| {
            Ok((fields.count("number")?, fields.count("bytes")?))
        });
        Ok(sums.await?.unwrap_or_default())
    }
}

/// The number of `DOC-7`.
fn number(id: &str) -> Option<i64> {
    id.strip_prefix(PREFIX)?.parse().ok()
}

fn document(fields: &Fields<'_>) -> Result<Document, sqlx::Error> {
    let kind = fields.text("kind")?;
    let until = fields.text("until")?;
    let summary = fields.text_if_any("summary")?;
    let summary = summary.map(|text| serde_json::from_str::<Summary>(&text));
    let withdrawn = match fields.time_if_any("withdrawn_at")? {
        Some(at) => Some(Withdrawal {
            at,
            by: fields.text("withdrawn_by")?,
            why: fields.text("withdrawn_why")?,
        }),
        None => None,
    };
    Ok(Document {
        id: format!("{PREFIX}{}", fields.integer("id")?),
        sha256: hex::encode(fields.array::<32>("sha256")?),
        size: fields.count("size")?,
        name: fields.text("name")?,
        title: fields.text_if_any("title")?,
        kind: DocumentKind::parse(&kind).ok_or_else(|| unreadable("kind", &kind))?,
        items: serde_json::from_str(&fields.text("items")?)
            .map_err(|error| unreadable("items", error))?,
        owner: fields.text("owner")?,
        attached_by: fields.text("attached_by")?,
        attached_at: fields.time("attached_at")?,
        until: until
            .parse::<Date>()
            .map_err(|error| unreadable("until", error))?,
        summary: summary
            .transpose()
            .map_err(|error| unreadable("summary", error))?,
        withdrawn,
    })
}
