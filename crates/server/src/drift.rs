//! What was seen of devices, flows and strangers, for comparing with a model.

use core::time::Duration;
use std::collections::BTreeMap;

use jiff::Timestamp;
use sekimori_analysis::drift::{self, Difference, Seen, SeenAttempt, SeenFlow, SeenStranger};
use sekimori_analysis::model;
use sekimori_audit::{Code, Event};
use sekimori_identity::{DeviceId, DeviceName, Standing};
use serde::Serialize;

use crate::api::problem::Problem;
use crate::server::Server;
use crate::store::events::EventFilter;

/// How far back is looked when nothing else is asked for, in days.
pub(crate) const DAYS: u64 = 30;
/// The longest that is looked back.
pub(crate) const MAX_DAYS: u64 = 400;
/// Events of one code that are read in one turn.
const EVENTS: u32 = 2_000;
/// Turns at most: equal refusals fold, so that 40,000 of one code are more than a month of trouble has.
const TURNS: u32 = 20;
/// Devices that are read in one turn of the registry's lock.
const PAGE: usize = 1_000;

/// Where a model and what was seen differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// Id of the model that was compared.
    pub model: String,
    /// Since when things were looked at.
    pub since: Timestamp,
    /// When the comparison was made.
    pub at: Timestamp,
    /// The differences, by id.
    pub differences: Vec<Difference>,
}

impl Server {
    /// Compares a model, or the one in force, with what was seen in the last `days`.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when no model was applied, the text is no model, or the store cannot be read.
    pub async fn drift(&self, text: Option<String>, days: u64) -> Result<Drift, Problem> {
        let text = match text {
            Some(text) => text,
            None => self.model_in_force().await?,
        };
        self.settle_events().await;
        let at = self.now();
        let since = at - Duration::from_secs(days.clamp(1, MAX_DAYS) * 24 * 60 * 60);
        let seen = self.seen(since).await?;
        let compared = tokio::task::spawn_blocking(move || {
            let model = model::parse("model.toml", &text)?;
            Ok((model.id.clone(), drift::compare(&model, &seen)))
        });
        let (model, differences) = compared
            .await
            .map_err(|error| Problem::internal("compare the model", error.to_string()))?
            .map_err(|problems| crate::policy::invalid(&problems))?;
        Ok(Drift {
            model,
            since,
            at,
            differences,
        })
    }

    async fn seen(&self, since: Timestamp) -> Result<Seen, Problem> {
        let mut seen = Seen::default();
        let mut roles: BTreeMap<[u8; 16], String> = BTreeMap::new();
        let mut after: Option<DeviceId> = None;
        loop {
            let registry = self.ledger().registry();
            let start = after;
            let mut read = 0;
            for record in registry.page(start.as_ref(), PAGE) {
                read += 1;
                after = Some(record.id);
                roles.insert(record.id.0, record.role.to_string());
                if matches!(record.standing, Standing::Active | Standing::Suspended) {
                    *seen.devices.entry(record.role.to_string()).or_default() += 1;
                }
            }
            if read < PAGE {
                break;
            }
        }
        let mut flows: BTreeMap<(String, String), Timestamp> = BTreeMap::new();
        for (device, flow, last) in self.store_of().flows_since(since).await? {
            if let Some(role) = roles.get(&device) {
                let newest = flows.entry((role.clone(), flow)).or_insert(last);
                *newest = (*newest).max(last);
            }
        }
        for code in [Code::CommandSent, Code::CommandAcknowledged] {
            for event in self.newest_of(code, since).await? {
                let (Some(role), Some(flow)) = (self.role_of(&event), event.detail.get("flow"))
                else {
                    continue;
                };
                let newest = flows.entry((role, flow.clone())).or_insert(event.last_at);
                *newest = (*newest).max(event.last_at);
            }
        }
        seen.flows = flows
            .into_iter()
            .map(|((role, flow), last)| SeenFlow { role, flow, last })
            .collect();
        for (code, detail) in [
            (Code::MessageRefused, "topic"),
            (Code::SubscribeRefused, "filter"),
        ] {
            for event in self.newest_of(code, since).await? {
                if event.reason.as_deref() == Some("not-authorized") {
                    seen.attempts.extend(self.attempt(&event, detail));
                }
            }
        }
        for event in self.newest_of(Code::TlsRefused, since).await? {
            // A device of ours with a problem of its own is no stranger.
            if event.device.is_none() {
                seen.strangers.extend(stranger(&event));
            }
        }
        Ok(seen)
    }

    /// The newest events of a code since a time.
    async fn newest_of(&self, code: Code, since: Timestamp) -> Result<Vec<Event>, Problem> {
        let mut filter = EventFilter {
            code: Some(code.as_str().to_owned()),
            ..EventFilter::default()
        };
        let mut found = Vec::new();
        for _ in 0..TURNS {
            let page = self.store_of().events(&filter, EVENTS).await?.items;
            let Some(oldest) = page.last() else { break };
            let is_over = oldest.last_at < since;
            filter.before = Some(oldest.sequence);
            found.extend(page.into_iter().filter(|event| event.last_at >= since));
            if is_over {
                break;
            }
        }
        Ok(found)
    }

    fn role_of(&self, event: &Event) -> Option<String> {
        let name = DeviceName::parse(event.device.as_deref()?).ok()?;
        let registry = self.ledger().registry();
        registry
            .by_name(&name)
            .map(|record| record.role.to_string())
    }

    fn attempt(&self, event: &Event, detail: &str) -> Option<SeenAttempt> {
        Some(SeenAttempt {
            device: event.device.clone()?,
            role: self.role_of(event)?,
            topic: event.detail.get(detail)?.clone(),
            count: u64::from(event.count),
            last: event.last_at,
        })
    }
}

fn stranger(event: &Event) -> Option<SeenStranger> {
    let reason = event.reason.clone()?;
    // The server's own check that its port answers nothing in clear leaves this one.
    if reason == "not-tls" {
        return None;
    }
    Some(SeenStranger {
        source: event.source.clone()?,
        reason,
        count: u64::from(event.count),
        last: event.last_at,
    })
}
