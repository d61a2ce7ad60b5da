//! The parts of a server, for the other files of this crate.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use sekimori_audit::{Code, Event};
use sekimori_identity::{DeviceId, DeviceRecord, Standing};
use sekimori_ledger::envelope::Signer as _;
use sekimori_policy::Policy;
use tokio_util::sync::CancellationToken;

use super::Server;
use crate::api::problem::Problem;
use crate::budget::{Budgets, Prefix};
use crate::ca::CertificateAuthority;
use crate::documents::intact::Intact;
use crate::ledger::Ledger;
use crate::log::EventLog;
use crate::newest::Newest;
use crate::ports::{Edge, Reports};
use crate::settings::Settings;
use crate::store::Store;

impl Server {
    pub(crate) fn store_of(&self) -> &Store {
        &self.inner.store
    }

    /// Waits until everything that happened before is in the record.
    pub(crate) async fn settle_events(&self) {
        self.inner.log.settle().await;
    }

    pub(crate) fn event_log(&self) -> &EventLog {
        &self.inner.log
    }

    pub(crate) fn ledger(&self) -> &Ledger {
        &self.inner.ledger
    }

    pub(crate) fn authority(&self) -> &CertificateAuthority {
        &self.inner.authority
    }

    /// The key that opens the organization's entries.
    pub(crate) fn ledger_key(&self) -> sekimori_ledger::envelope::PublicKey {
        self.inner.ledger.author().public_key()
    }

    /// Puts on record that the event chain was verified, and how it went.
    pub(crate) fn record_verification(&self, report: &crate::offline::EventsReport) {
        let mut event = Event::new(self.now(), Code::AuditVerified)
            .with_source("server")
            .with_detail("events", report.events.to_string())
            .with_detail("anchors", report.anchors.to_string());
        if let Some(broken) = &report.broken {
            event = event
                .with_reason("broken")
                .with_detail("observed", broken.clone());
        }
        self.record(event);
    }

    /// What is kept beside the database.
    pub(crate) fn newest(&self) -> Result<Option<Newest>, Problem> {
        Newest::read(self.home())
            .map_err(|error| Problem::internal("read what is kept beside the database", error))
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn home(&self) -> &Path {
        self.inner.home.path()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.settings.clock.now()
    }

    pub(crate) fn started(&self) -> Timestamp {
        self.inner.started
    }

    pub(crate) fn edge(&self) -> Option<&Arc<dyn Edge>> {
        self.inner.edge.get()
    }

    pub(crate) fn reports(&self) -> Option<&Arc<dyn Reports>> {
        self.inner.reports.get()
    }

    pub(crate) fn enrolling(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.enrolling
    }

    pub(crate) fn applying(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.applying
    }

    pub(crate) fn set_policy(&self, policy: Arc<Policy>) {
        let mut current = self
            .inner
            .policy
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = Some(policy.clone());
        drop(current);
        self.inner.log.go_by(&policy);
        if let Some(edge) = self.edge() {
            edge.policy_applied(policy);
        }
    }

    pub(crate) fn https_url(&self) -> String {
        self.addresses().https
    }

    pub(crate) fn public_budgets(&self) -> &Budgets<Prefix> {
        &self.inner.public_budgets
    }

    pub(crate) fn name_budgets(&self) -> &Budgets<String> {
        &self.inner.name_budgets
    }

    pub(crate) fn device_budgets(&self) -> &Budgets<String> {
        &self.inner.device_budgets
    }

    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.inner.cancel
    }

    pub(crate) fn store_failing(&self) -> bool {
        self.inner.metrics.store_failing()
    }

    /// Tells the gateways that something about a device changed; returns how many sessions ended.
    pub(crate) fn device_changed(&self, device: &DeviceId) -> usize {
        self.edge().map_or(0, |edge| edge.device_changed(device))
    }

    /// Takes a device's standing away in memory, before the ledger has it; nothing gives it back
    /// to the ledger's word.
    pub(crate) fn bar(&self, device: &DeviceId, standing: Option<Standing>) {
        let mut barred = self
            .inner
            .barred
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        match standing {
            Some(standing) => barred.insert(*device, standing),
            None => barred.remove(device),
        };
    }

    pub(super) fn with_bar(&self, mut record: DeviceRecord) -> DeviceRecord {
        let barred = self
            .inner
            .barred
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(standing) = barred.get(&record.id) {
            record.standing = *standing;
        }
        record
    }

    /// Whether this version was not the last thing that the device was offered.
    pub(crate) fn first_offer(&self, device: &DeviceId, version: &str) -> bool {
        let mut offered = self
            .inner
            .offered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        offered.insert(*device, version.to_owned()).as_deref() != Some(version)
    }

    /// Which attached files were read and found whole.
    pub(crate) fn intact(&self) -> &Intact {
        &self.inner.intact
    }

    pub(crate) fn contained_since(&self) -> &Mutex<HashMap<DeviceId, Timestamp>> {
        &self.inner.contained_since
    }
}
