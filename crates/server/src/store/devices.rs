//! What devices last said of themselves, and which of them are contained.

use jiff::Timestamp;
use sekimori_update::report::StateReport;

use super::{Fields, Store, micros, unreadable};
use crate::error::StoreError;

/// The newest signed report of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceReport {
    /// When it was received.
    pub received: Timestamp,
    /// What it says.
    pub report: StateReport,
}

/// A device that may use only its repair resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contained {
    /// The device's id.
    pub device: [u8; 16],
    /// Since when.
    pub since: Timestamp,
    /// Why, in words.
    pub why: String,
}

impl Store {
    /// Keeps a device's report in place of the one before.
    pub(crate) async fn keep_report(
        &self,
        device: &[u8; 16],
        received: Timestamp,
        report: &StateReport,
    ) -> Result<(), StoreError> {
        let text = String::from_utf8(report.encode())
            .map_err(|error| StoreError::unreadable("keep a state report", error))?;
        self.change("keep a state report", || {
            sqlx::query(
                "INSERT INTO device_report (device, received, report) VALUES ($1, $2, $3) \
                 ON CONFLICT (device) DO UPDATE SET received = excluded.received, \
                 report = excluded.report",
            )
            .bind(device.to_vec())
            .bind(micros(received))
            .bind(text.clone())
        })
        .await
        .map(drop)
    }

    /// The newest report of a device.
    pub async fn report(&self, device: &[u8; 16]) -> Result<Option<DeviceReport>, StoreError> {
        let statement = sqlx::query("SELECT received, report FROM device_report WHERE device = $1")
            .bind(device.to_vec());
        self.first("read a state report", statement, |fields| {
            let text = fields.text("report")?;
            let report = StateReport::decode(text.as_bytes())
                .map_err(|error| unreadable("report", error))?;
            Ok(DeviceReport {
                received: fields.time("received")?,
                report,
            })
        })
        .await
    }

    /// When anything last came from a device.
    pub async fn last_message(&self, device: &[u8; 16]) -> Result<Option<Timestamp>, StoreError> {
        let statement =
            sqlx::query("SELECT MAX(last_received) AS last FROM device_flow WHERE device = $1")
                .bind(device.to_vec());
        let last = self
            .first("read when a device was last heard", statement, |fields| {
                fields.time_if_any("last")
            })
            .await?;
        Ok(last.flatten())
    }

    /// Remembers that a device is contained.
    pub(crate) async fn contain(
        &self,
        device: &[u8; 16],
        since: Timestamp,
        why: &str,
    ) -> Result<(), StoreError> {
        self.change("contain a device", || {
            sqlx::query(
                "INSERT INTO containment (device, since, why) VALUES ($1, $2, $3) \
                 ON CONFLICT (device) DO NOTHING",
            )
            .bind(device.to_vec())
            .bind(micros(since))
            .bind(why.to_owned())
        })
        .await
        .map(drop)
    }

    /// Remembers that a device is not contained any more.
    pub(crate) async fn release_device(&self, device: &[u8; 16]) -> Result<(), StoreError> {
        self.change("lift a containment", || {
            sqlx::query("DELETE FROM containment WHERE device = $1").bind(device.to_vec())
        })
        .await
        .map(drop)
    }

    /// Every device that is contained now.
    pub async fn contained(&self) -> Result<Vec<Contained>, StoreError> {
        let statement = sqlx::query("SELECT device, since, why FROM containment ORDER BY since");
        self.all(
            "list contained devices",
            statement,
            |fields: &Fields<'_>| {
                Ok(Contained {
                    device: fields.array("device")?,
                    since: fields.time("since")?,
                    why: fields.text("why")?,
                })
            },
        )
        .await
    }
}
