//! Recorded events, cases, and the observations that events leave behind.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use sekimori_audit::chain::{self, Head};
use sekimori_audit::{Case, Event};

use super::{Fields, Page, Statement, Store, micros, unreadable};
use crate::error::StoreError;

/// Which events to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of one device only, by name.
    pub device: Option<String>,
    /// Of one code only.
    pub code: Option<String>,
    /// Only those after this sequence, oldest first.
    pub after: Option<u64>,
    /// Only those before this sequence, newest first; the newest when neither is given.
    pub before: Option<u64>,
}

/// What one kind of event said in one hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObservation {
    /// The event's code.
    pub probe: String,
    /// Its exact cause, if there is one.
    pub reason: Option<String>,
    /// The device's name, or `gateway`.
    pub subject: String,
    /// Whether the control held.
    pub held: bool,
    /// When it last happened.
    pub observed_at: Timestamp,
    /// When it was last taken in.
    pub received_at: Timestamp,
    /// How often in that hour.
    pub count: u64,
}

impl Store {
    /// Events, as the filter says, at most `limit`.
    pub async fn events(
        &self,
        filter: &EventFilter,
        limit: u32,
    ) -> Result<Page<Event, u64>, StoreError> {
        let ascending = filter.after.is_some();
        let (bound, order) = match (filter.after, filter.before) {
            (Some(after), _) => (i64::try_from(after).unwrap_or(i64::MAX), "ASC"),
            (None, Some(before)) => (i64::try_from(before).unwrap_or(i64::MAX), "DESC"),
            (None, None) => (i64::MAX, "DESC"),
        };
        let mut sql = String::from("SELECT record FROM event WHERE ");
        sql.push_str(if ascending {
            "sequence > $1"
        } else {
            "sequence < $1"
        });
        let mut place = 1;
        for (value, condition) in [(&filter.device, "device"), (&filter.code, "code")] {
            if value.is_some() {
                place += 1;
                sql.push_str(&format!(" AND {condition} = ${place}"));
            }
        }
        sql.push_str(&format!(" ORDER BY sequence {order} LIMIT ${}", place + 1));
        // The text is put together from the constants above; every value is bound.
        let mut statement: Statement = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(bound);
        for value in [&filter.device, &filter.code].into_iter().flatten() {
            statement = statement.bind(value.clone());
        }
        let statement = statement.bind(i64::from(limit) + 1);
        let rows = self.all("list events", statement, event).await?;
        Ok(Page::cut(rows, limit, |event| event.sequence))
    }

    /// The last record of the chain.
    pub async fn chain_head(&self) -> Result<Head, StoreError> {
        let statement = sqlx::query("SELECT record FROM event ORDER BY sequence DESC LIMIT 1");
        let head = self
            .first("read the head of the event chain", statement, |fields| {
                chain::read(&fields.bytes("record")?)
                    .map(|record| record.head)
                    .map_err(|why| unreadable("record", why))
            })
            .await?;
        Ok(head.unwrap_or_default())
    }

    /// The head that the chain had at an event; none when there is no such event.
    pub(crate) async fn head_at(&self, sequence: u64) -> Result<Option<Head>, StoreError> {
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        let statement = sqlx::query("SELECT record FROM event WHERE sequence = $1").bind(sequence);
        self.first("read one record of the event chain", statement, |fields| {
            chain::read(&fields.bytes("record")?)
                .map(|record| record.head)
                .map_err(|why| unreadable("record", why))
        })
        .await
    }

    /// Whether anything happened after an event beside the anchoring itself.
    pub(crate) async fn events_worth_anchoring(&self, after: u64) -> Result<bool, StoreError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let statement = sqlx::query(
            "SELECT sequence FROM event WHERE sequence > $1 \
             AND code NOT IN ('audit.anchored', 'ledger.cosigned') LIMIT 1",
        )
        .bind(after);
        let found = self.first("look for new events", statement, |fields| {
            fields.integer("sequence")
        });
        Ok(found.await?.is_some())
    }

    /// Hands every record after a sequence to `visit`, in order, until it says stop.
    pub(crate) async fn each_record(
        &self,
        after: u64,
        mut visit: impl FnMut(&[u8]) -> core::ops::ControlFlow<()> + Send,
    ) -> Result<(), StoreError> {
        const DOING: &str = "read the event chain";
        let failed = |source| StoreError::new(DOING, source);
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let mut rows =
            sqlx::query("SELECT record FROM event WHERE sequence > $1 ORDER BY sequence")
                .bind(after)
                .fetch(self.reader());
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            let record = Fields(&row).bytes("record").map_err(failed)?;
            if visit(&record).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Cases, newest first, at most `limit`; `next` is passed on as `before`.
    pub async fn cases(
        &self,
        device: Option<&str>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Page<Case, u64>, StoreError> {
        let before = before
            .and_then(|before| i64::try_from(before).ok())
            .unwrap_or(i64::MAX);
        let statement = match device {
            Some(device) => sqlx::query(
                "SELECT body FROM case_record WHERE id < $1 AND subject = $2 \
                 ORDER BY id DESC LIMIT $3",
            )
            .bind(before)
            .bind(device.to_owned()),
            None => {
                sqlx::query("SELECT body FROM case_record WHERE id < $1 ORDER BY id DESC LIMIT $2")
                    .bind(before)
            }
        };
        let rows = self
            .all("list cases", statement.bind(i64::from(limit) + 1), case)
            .await?;
        Ok(Page::cut(rows, limit, |case| case.id))
    }

    /// One case.
    pub async fn case(&self, id: u64) -> Result<Option<Case>, StoreError> {
        let id = i64::try_from(id).unwrap_or(i64::MAX);
        let statement = sqlx::query("SELECT body FROM case_record WHERE id = $1").bind(id);
        self.first("read a case", statement, case).await
    }

    /// Every case that is still open.
    pub async fn open_cases(&self) -> Result<Vec<Case>, StoreError> {
        let statement =
            sqlx::query("SELECT body FROM case_record WHERE open = 1 ORDER BY id LIMIT 2000");
        self.all("list open cases", statement, case).await
    }

    /// Keeps a case as it is now.
    pub(crate) async fn keep_case(&self, case: &Case) -> Result<(), StoreError> {
        const DOING: &str = "keep a case";
        let body =
            serde_json::to_string(case).map_err(|error| StoreError::unreadable(DOING, error))?;
        let id = i64::try_from(case.id).map_err(|error| StoreError::unreadable(DOING, error))?;
        let subject = match &case.subject {
            sekimori_audit::case::Subject::Device(name)
            | sekimori_audit::case::Subject::Source(name) => name.clone(),
        };
        let open = i64::from(case.is_open());
        self.change(DOING, || {
            sqlx::query(
                "INSERT INTO case_record (id, subject, open, body) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (id) DO UPDATE SET open = excluded.open, body = excluded.body",
            )
            .bind(id)
            .bind(subject.clone())
            .bind(open)
            .bind(body.clone())
        })
        .await
        .map(drop)
    }

    /// What was observed since a time.
    pub async fn observations(
        &self,
        since: Timestamp,
    ) -> Result<Vec<StoredObservation>, StoreError> {
        let statement = sqlx::query(
            "SELECT probe, reason, subject, held, observed_at, received_at, count \
             FROM observation WHERE hour >= $1 ORDER BY hour, probe, reason, subject, held",
        )
        .bind(hour(since));
        self.all("read observations", statement, |fields| {
            let reason = fields.text("reason")?;
            Ok(StoredObservation {
                probe: fields.text("probe")?,
                reason: (!reason.is_empty()).then_some(reason),
                subject: fields.text("subject")?,
                held: fields.integer("held")? != 0,
                observed_at: fields.time("observed_at")?,
                received_at: fields.time("received_at")?,
                count: fields.count("count")?,
            })
        })
        .await
    }
}

/// The hour that a time is in, counted from 1970.
pub(crate) fn hour(at: Timestamp) -> i64 {
    micros(at).div_euclid(3_600_000_000)
}

fn event(fields: &Fields<'_>) -> Result<Event, sqlx::Error> {
    chain::read(&fields.bytes("record")?)
        .map(|record| record.event)
        .map_err(|why| unreadable("record", why))
}

fn case(fields: &Fields<'_>) -> Result<Case, sqlx::Error> {
    serde_json::from_str(&fields.text("body")?).map_err(|error| unreadable("body", error))
}
