//! What API and pages show of devices and of the server: plain values, put together from registry,
//! store and live sessions.

use jiff::Timestamp;
use sekimori_identity::{DeviceId, DeviceRecord};
use sekimori_update::report::StateReport;
use serde::Serialize;

use crate::api::problem::Problem;
use crate::server::{Addresses, Server};
use crate::store::Page;

/// One device in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceView {
    /// For ever, 32 hexadecimal digits.
    pub id: String,
    /// The plate.
    pub number: String,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub role: String,
    /// What the ledger says of it.
    pub standing: &'static str,
    /// Whether it may use only its repair resources.
    pub contained: bool,
    /// Its open connections, each `mqtt` or `https`.
    pub connections: Vec<&'static str>,
    /// When anything last came from it.
    pub last_seen: Option<Timestamp>,
    /// Until when its newest certificate is valid.
    pub certificate_until: Option<Timestamp>,
    /// Its newest signed report, and when it came.
    pub reported: Option<Timestamp>,
    /// What it said.
    pub report: Option<StateReport>,
}

/// An invitation that nobody used yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InvitationView {
    /// For whom.
    pub name: String,
    /// As what.
    pub role: String,
    /// Until when.
    pub expires: Timestamp,
}

/// The whole server in one look.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// Whose server it is.
    pub organization: String,
    /// The program's version.
    pub version: &'static str,
    /// Since when it runs.
    pub started: Timestamp,
    /// Where the listeners are.
    pub addresses: Addresses,
    /// The fingerprint of the trust bundle.
    pub root: String,
    /// How it stands with the ledger.
    pub ledger: LedgerStatus,
    /// The policy in force: its version, 0 when there is none.
    pub policy: u64,
    /// Roles of that policy.
    pub roles: Vec<String>,
    /// How many devices there are.
    pub devices: DeviceCounts,
    /// Open connections of devices.
    pub sessions: usize,
    /// The newest event.
    pub events: u64,
    /// Messages that were ever kept.
    pub messages: u64,
    /// Cases that are open.
    pub open_cases: usize,
    /// Whether the disk takes nothing at the moment.
    pub store_failing: bool,
}

/// How it stands with the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerStatus {
    /// Entries that are durable here.
    pub recorded: u64,
    /// Entries under a cosigned checkpoint.
    pub published: u64,
    /// The ledger's own key, as witnesses need it.
    pub log: String,
    /// Witnesses that are asked.
    pub witnesses: Vec<String>,
    /// How many of them must have cosigned.
    pub threshold: u8,
    /// `one administrator` when nobody else has to cosign.
    pub administrators: &'static str,
    /// Why the newest checkpoint is not published, or what a witness has against it.
    pub hindrance: Option<String>,
}

/// Devices by standing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeviceCounts {
    /// Ever registered.
    pub total: usize,
    /// May act.
    pub active: usize,
    /// May not act until they are resumed.
    pub suspended: usize,
    /// May never act again.
    pub revoked: usize,
    /// Out of use.
    pub retired: usize,
    /// May use only their repair resources.
    pub contained: usize,
}

impl Server {
    /// Devices in the order of their ids; `after` is the id that the page before ended with.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when the store cannot be read.
    pub async fn devices(
        &self,
        after: Option<&DeviceId>,
        limit: u32,
    ) -> Result<Page<DeviceView, String>, Problem> {
        let wanted = usize::try_from(limit)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        let records: Vec<DeviceRecord> = self
            .ledger()
            .registry()
            .page(after, wanted)
            .cloned()
            .collect();
        let mut views = Vec::with_capacity(records.len());
        for record in records {
            views.push(self.view(record).await?);
        }
        Ok(Page::cut(views, limit, |view| view.id.clone()))
    }

    /// One device, the newest with this name.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when nobody has the name.
    pub async fn device(&self, name: &str) -> Result<DeviceView, Problem> {
        let record = self.device_named(name)?;
        self.view(record).await
    }

    async fn view(&self, record: DeviceRecord) -> Result<DeviceView, Problem> {
        let kept = self.store_of().report(&record.id.0).await?;
        let last_seen = self.store_of().last_message(&record.id.0).await?;
        let certificate_until = self.ledger().registry().not_after(&record.id);
        let connections = self
            .sessions()
            .into_iter()
            .filter(|session| session.device == record.id)
            .map(|session| session.listener)
            .collect();
        let (reported, report) = kept.map(|kept| (kept.received, kept.report)).unzip();
        Ok(DeviceView {
            id: record.id.to_string(),
            number: record.number.to_string(),
            name: record.name.to_string(),
            role: record.role.to_string(),
            standing: record.standing.code(),
            contained: record.contained,
            connections,
            last_seen,
            certificate_until,
            reported,
            report,
        })
    }

    /// Invitations that are open.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when the store cannot be read.
    pub async fn invitations(&self) -> Result<Vec<InvitationView>, Problem> {
        let open = self.store_of().open_invitations(self.now()).await?;
        Ok(open
            .into_iter()
            .map(|(name, role, expires)| InvitationView {
                name,
                role,
                expires,
            })
            .collect())
    }

    /// The whole server in one look.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when the store cannot be read.
    pub async fn status(&self) -> Result<Status, Problem> {
        let recorded = self.store_of().ledger_size().await?;
        let published = self.ledger().published().size;
        let trust = self.ledger().trust();
        let policy = self.policy();
        Ok(Status {
            organization: self.ledger().organization().to_string(),
            version: env!("CARGO_PKG_VERSION"),
            started: self.started(),
            addresses: self.addresses(),
            root: self.root_fingerprint(),
            ledger: LedgerStatus {
                recorded,
                published,
                log: trust.log.to_string(),
                witnesses: trust
                    .witnesses
                    .iter()
                    .map(|key| key.name().to_owned())
                    .collect(),
                threshold: trust.threshold,
                administrators: if self.witnessed() {
                    "several organizations"
                } else {
                    "one administrator"
                },
                hindrance: self.ledger().hindrance(),
            },
            policy: policy.as_ref().map_or(0, |policy| policy.version),
            roles: policy
                .map(|policy| policy.roles.iter().map(|role| role.id.clone()).collect())
                .unwrap_or_default(),
            devices: self.count_devices(),
            sessions: self.sessions().len(),
            events: self.store_of().chain_head().await?.sequence,
            messages: self.store_of().message_count().await?,
            open_cases: self.store_of().open_cases().await?.len(),
            store_failing: self.store_failing(),
        })
    }

    fn count_devices(&self) -> DeviceCounts {
        use sekimori_identity::Standing;
        let registry = self.ledger().registry();
        let mut counts = DeviceCounts {
            total: registry.len(),
            ..DeviceCounts::default()
        };
        for record in registry.page(None, usize::MAX) {
            match record.standing {
                Standing::Active => counts.active += 1,
                Standing::Suspended => counts.suspended += 1,
                Standing::Revoked => counts.revoked += 1,
                Standing::Retired => counts.retired += 1,
            }
            counts.contained += usize::from(record.contained);
        }
        counts
    }
}
