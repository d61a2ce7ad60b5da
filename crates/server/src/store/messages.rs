//! Messages of devices, and what a new session has to know of those before it.

use jiff::Timestamp;
use sekimori_session::ReplayWindow;

use super::{Fields, Page, Statement, Store, micros};
use crate::error::StoreError;

/// A message as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct StoredMessage {
    /// In the order of arrival.
    pub id: u64,
    /// The device's name at the time.
    pub device: String,
    /// The flow of the model.
    pub flow: String,
    /// The device's boot count.
    pub boot: Option<u64>,
    /// The number within that boot.
    pub sequence: Option<u64>,
    /// The device's clock, when it told it.
    pub device_time: Option<Timestamp>,
    /// When the gateway read it.
    pub received: Timestamp,
    /// The payload; JSON for all flows of the model.
    pub payload: Vec<u8>,
}

/// Which messages to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Of one device only, by name.
    pub device: Option<String>,
    /// Of one flow only.
    pub flow: Option<String>,
    /// Only those that came before this id.
    pub before: Option<u64>,
}

const COLUMNS: &str = "id, name, flow, boot, sequence, device_time, received, payload";

impl Store {
    /// Messages, newest first, at most `limit`; `next` is passed on as `before`.
    pub async fn messages(
        &self,
        filter: &MessageFilter,
        limit: u32,
    ) -> Result<Page<StoredMessage, u64>, StoreError> {
        let mut sql = format!("SELECT {COLUMNS} FROM message WHERE id < $1");
        let mut place = 1;
        for (value, condition) in [(&filter.device, "name"), (&filter.flow, "flow")] {
            if value.is_some() {
                place += 1;
                sql.push_str(&format!(" AND {condition} = ${place}"));
            }
        }
        sql.push_str(&format!(" ORDER BY id DESC LIMIT ${}", place + 1));
        let before = filter
            .before
            .and_then(|before| i64::try_from(before).ok())
            .unwrap_or(i64::MAX);
        // The text is put together from the constants above; every value is bound.
        let mut statement: Statement = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(before);
        for value in [&filter.device, &filter.flow].into_iter().flatten() {
            statement = statement.bind(value.clone());
        }
        let statement = statement.bind(i64::from(limit) + 1);
        let rows = self.all("list messages", statement, message).await?;
        Ok(Page::cut(rows, limit, |message| message.id))
    }

    /// The window of sequence numbers that a device's kept messages make; none when it never sent
    /// one with an envelope.
    pub async fn replay_window(
        &self,
        device: &[u8; 16],
    ) -> Result<Option<ReplayWindow>, StoreError> {
        let statement = sqlx::query(
            "SELECT boot, sequence FROM message WHERE device = $1 AND boot = \
             (SELECT MAX(boot) FROM message WHERE device = $1) \
             ORDER BY sequence DESC LIMIT 64",
        )
        .bind(device.to_vec());
        let newest_first = self
            .all(
                "read the newest sequence numbers of a device",
                statement,
                |fields| Ok((fields.count("boot")?, fields.count("sequence")?)),
            )
            .await?;
        if newest_first.is_empty() {
            return Ok(None);
        }
        let mut window = ReplayWindow::new();
        for (boot, sequence) in newest_first.into_iter().rev() {
            window.accept(boot, sequence);
        }
        Ok(Some(window))
    }

    /// When each flow of a device last brought something.
    pub async fn flows_of(
        &self,
        device: &[u8; 16],
    ) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let statement =
            sqlx::query("SELECT flow, last_received FROM device_flow WHERE device = $1")
                .bind(device.to_vec());
        self.all("read the flows of a device", statement, |fields| {
            Ok((fields.text("flow")?, fields.time("last_received")?))
        })
        .await
    }

    /// What each flow of each device last brought, as far as that was since a time: device, flow, when.
    pub async fn flows_since(
        &self,
        since: Timestamp,
    ) -> Result<Vec<([u8; 16], String, Timestamp)>, StoreError> {
        let statement = sqlx::query(
            "SELECT device, flow, last_received FROM device_flow WHERE last_received >= $1",
        )
        .bind(micros(since));
        self.all("read the flows of all devices", statement, |fields| {
            Ok((
                fields.array("device")?,
                fields.text("flow")?,
                fields.time("last_received")?,
            ))
        })
        .await
    }

    /// How many messages were ever kept.
    pub async fn message_count(&self) -> Result<u64, StoreError> {
        let statement = sqlx::query("SELECT COALESCE(SUM(kept), 0) AS count FROM device_flow");
        let count = self
            .first("count messages", statement, |fields| fields.count("count"))
            .await?;
        Ok(count.unwrap_or(0))
    }

    /// How many messages were pruned to make room for newer ones.
    pub async fn pruned_count(&self) -> Result<u64, StoreError> {
        let statement = sqlx::query("SELECT COALESCE(SUM(pruned), 0) AS count FROM device_flow");
        let count = self
            .first("count pruned messages", statement, |fields| {
                fields.count("count")
            })
            .await?;
        Ok(count.unwrap_or(0))
    }

    /// The newest messages of one flow of one device since a time, oldest first: for a chart.
    pub async fn series(
        &self,
        device: &str,
        flow: &str,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let statement = sqlx::query(
            "SELECT id, name, flow, boot, sequence, device_time, received, payload FROM message \
             WHERE name = $1 AND flow = $2 AND received >= $3 ORDER BY id DESC LIMIT $4",
        )
        .bind(device.to_owned())
        .bind(flow.to_owned())
        .bind(micros(since))
        .bind(i64::from(limit));
        let mut rows = self
            .all("read the newest values of a flow", statement, message)
            .await?;
        rows.reverse();
        Ok(rows)
    }
}

fn message(fields: &Fields<'_>) -> Result<StoredMessage, sqlx::Error> {
    Ok(StoredMessage {
        id: fields.count("id")?,
        device: fields.text("name")?,
        flow: fields.text("flow")?,
        boot: fields.count_if_any("boot")?,
        sequence: fields.count_if_any("sequence")?,
        device_time: fields.time_if_any("device_time")?,
        received: fields.time("received")?,
        payload: fields.bytes("payload")?,
    })
}
