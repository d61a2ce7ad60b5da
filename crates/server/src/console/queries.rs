//! The console's facts, read from store, ledger and live sessions.

use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use sekimori_audit::{Case, Event, Sign, chain};
use sekimori_identity::entry::{Entry, EntryBody};
use sekimori_identity::{Cause, DeviceId, DeviceName, DeviceRecord};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use axum::extract::FromRequestParts as _;

use super::source::{
    Admission, Certificate, Change, Changed, DeviceFacts, DeviceFilter, DevicePage, DeviceRow,
    Differing, DocumentFilter, DocumentPage, Drift, EventFilter, Failure, Flow, Invited,
    LedgerState, News, Page, Refusals, Refused, Session, Source, Summary,
};
use crate::api::peer::Public;
use crate::api::problem::Problem;
use crate::documents::intact::Look;
use crate::error::StoreError;
use crate::log::Live;
use crate::operator::Operator;
use crate::server::Server;
use crate::standing::Verdict;
use crate::store::{Fields, unreadable};

/// At most so many events are read to count refusals.
const COUNTED: u64 = 5_000;
/// At most so many events are read to find those of one page.
const SCANNED: u64 = 20_000;
/// How many values of a flow are charted.
const CHARTED: u32 = 60;
/// How many events a device's page shows.
const DEVICE_EVENTS: u32 = 25;
/// How many cases a page shows.
const CASES: u32 = 10;
/// Of how many invitations the list tells.
const INVITATIONS: usize = 50;

/// The pages' source over a server.
pub(super) struct Pages(pub(super) Server);

impl Pages {
    async fn admission(&self, request: &Parts) -> Result<Admission, Failure> {
        // Asked as a GET: where a change comes from is judged by the page that takes it.
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.headers = request.headers.clone();
        parts.extensions = request.extensions.clone();
        match Operator::from_request_parts(&mut parts, &self.0).await {
            Ok(_) => return Ok(Admission::Operator),
            Err(problem) if problem.status() == StatusCode::UNAUTHORIZED => {}
            Err(problem) => return Err(failure(&problem)),
        }
        match Public::from_request_parts(&mut parts, &self.0).await {
            Ok(_) => Ok(Admission::Stranger),
            Err(_) => Ok(Admission::TooOften),
        }
    }

    async fn ledger_state(&self) -> Result<LedgerState, StoreError> {
        let (store, ledger) = (self.0.reading(), self.0.ledger());
        let mut witnesses = Vec::new();
        for witness in &ledger.trust().witnesses {
            let name = witness.name().to_owned();
            let size = store.witness_size(&name).await?;
            witnesses.push((name, size));
        }
        Ok(LedgerState {
            size: store.ledger_size().await?,
            published: ledger.published().size,
            witnesses,
            threshold: ledger.trust().threshold,
        })
    }

    async fn figures(&self) -> Result<Summary, StoreError> {
        let store = self.0.reading();
        let now = self.0.now();
        let (mut total, mut contained) = (0, 0);
        for record in self.0.ledger().registry().page(None, usize::MAX) {
            total += 1;
            contained += u64::from(record.contained);
        }
        let invitations = store.open_invitations(now).await?;
        let invitations = invitations.into_iter().take(INVITATIONS);
        Ok(Summary {
            total,
            connected: count(self.connected().len()),
            contained,
            refusals: self
                .refusals_since(now - SignedDuration::from_hours(1))
                .await?,
            policy: self
                .0
                .policy()
                .map(|policy| policy.version)
                .filter(|version| *version > 0),
            open_cases: count(store.open_cases().await?.len()),
            invitations: invitations
                .map(|(name, role, expires)| Invited {
                    name,
                    role,
                    expires,
                })
                .collect(),
        })
    }

    async fn differences(&self, days: u64) -> Result<Option<Drift>, Failure> {
        if self.0.policy().is_none_or(|policy| policy.version == 0) {
            return Ok(None);
        }
        let drift = self.0.drift(None, days).await;
        let drift = drift.map_err(|problem| failure(&problem))?;
        let registry = self.0.ledger().registry();
        let is_device = |subject: &String| {
            let name = DeviceName::parse(subject).ok();
            name.is_some_and(|name| registry.by_name(&name).is_some())
        };
        let differences = drift.differences.into_iter().map(|difference| Differing {
            devices: difference
                .subjects
                .iter()
                .filter(|s| is_device(s))
                .cloned()
                .collect(),
            difference,
        });
        Ok(Some(Drift {
            model: drift.model,
            since: drift.since,
            differences: differences.collect(),
        }))
    }

    /// Devices with a session now.
    fn connected(&self) -> std::collections::HashSet<DeviceId> {
        self.0
            .sessions()
            .into_iter()
            .map(|session| session.device)
            .collect()
    }

    /// Counts refusals from the newest event back to `since`.
    async fn refusals_since(&self, since: Timestamp) -> Result<Refusals, StoreError> {
        let mut counted: u64 = 0;
        let mut read = 0;
        // Equal events are written when their minute is over, so order and time differ a little.
        let long_before = since - SignedDuration::from_mins(2);
        self.newest_events(i64::MAX, |event| {
            read += 1;
            if event.at < long_before || read > COUNTED {
                return false;
            }
            if event.last_at >= since && event.code.sign() == Sign::Refused {
                counted = counted.saturating_add(event.count.into());
            }
            true
        })
        .await?;
        Ok(if read > COUNTED {
            Refusals::MoreThan(counted)
        } else {
            Refusals::Exactly(counted)
        })
    }

    /// Hands events to `visit`, newest first, until it says stop.
    async fn newest_events(
        &self,
        before: i64,
        mut visit: impl FnMut(Event) -> bool + Send,
    ) -> Result<(), StoreError> {
        const DOING: &str = "read events for a page";
        let failed = |source| StoreError::new(DOING, source);
        let statement =
            sqlx::query("SELECT record FROM event WHERE sequence < $1 ORDER BY sequence DESC");
        let mut rows = statement.bind(before).fetch(self.0.reading().reader());
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            let record = Fields(&row).bytes("record").map_err(failed)?;
            let record = chain::read(&record).map_err(|why| failed(unreadable("record", why)))?;
            if !visit(record.event) {
                break;
            }
        }
        Ok(())
    }

    async fn device_page(&self, filter: &DeviceFilter) -> Result<DevicePage, StoreError> {
        let connected = self.connected();
        let words = filter.words.to_lowercase();
        let mut roles = std::collections::BTreeSet::new();
        let mut matching: Vec<(u64, DeviceId)> = Vec::new();
        for record in self.0.ledger().registry().page(None, usize::MAX) {
            if !roles.contains(record.role.as_str()) {
                roles.insert(record.role.to_string());
            }
            let is_connected = connected.contains(&record.id);
            let matches = filter
                .role
                .as_ref()
                .is_none_or(|role| record.role.as_str() == role)
                && filter.state.is_none_or(|state| {
                    state.covers(record.standing, record.contained, is_connected)
                })
                && (record.name.as_str().contains(&words)
                    || record.number.to_string().to_lowercase().contains(&words));
            if matches {
                matching.push((record.number.0, record.id));
            }
        }
        let matched = count(matching.len());
        matching.retain(|(number, _)| filter.after.is_none_or(|after| *number > after));
        matching.sort_unstable();
        let more = matching.len() > filter.limit;
        matching.truncate(filter.limit);
        let mut rows = Vec::with_capacity(matching.len());
        for (_, id) in &matching {
            if let Some(record) = self.0.by_id(id) {
                rows.push(self.row(&record, connected.contains(id)).await?.0);
            }
        }
        let next = matching.last().filter(|_| more).map(|(number, _)| *number);
        Ok(DevicePage {
            rows,
            matched,
            next,
            roles: roles.into_iter().collect(),
        })
    }

    /// A row of the list, and when the newest report came.
    async fn row(
        &self,
        record: &DeviceRecord,
        connected: bool,
    ) -> Result<(DeviceRow, Option<Timestamp>), StoreError> {
        let store = self.0.reading();
        let kept = store.report(&record.id.0).await?;
        let last_message = store.last_message(&record.id.0).await?;
        let (reported, report) = kept.map(|kept| (kept.received, kept.report)).unzip();
        let row = DeviceRow {
            number: record.number.0,
            plate: record.number.to_string(),
            name: record.name.to_string(),
            role: record.role.to_string(),
            standing: record.standing,
            contained: record.contained,
            connected,
            last_seen: last_message.max(reported),
            report,
        };
        Ok((row, reported))
    }

    async fn facts(&self, name: &str) -> Result<Option<DeviceFacts>, StoreError> {
        let Ok(record) = self.0.device_named(name) else {
            return Ok(None);
        };
        // Until the ledger says so, too, a device may be barred already.
        let record = self.0.by_id(&record.id).unwrap_or(record);
        let store = self.0.reading();
        let sessions: Vec<Session> = self
            .0
            .sessions()
            .into_iter()
            .filter(|session| session.device == record.id)
            .map(|session| Session {
                listener: session.listener,
                peer: session.peer.to_string(),
                since: session.since,
            })
            .collect();
        let (row, reported) = self.row(&record, !sessions.is_empty()).await?;
        let entries = store.entries_of(&record.id.0).await?;
        let certificate = store.newest_certificate(&record.id.0).await?;
        let containment = store.contained().await?;
        let containment = containment
            .into_iter()
            .find(|contained| contained.device == record.id.0);
        let filter = crate::store::events::EventFilter {
            device: Some(row.name.clone()),
            ..Default::default()
        };
        Ok(Some(DeviceFacts {
            id: record.id.to_string(),
            key: certificate
                .as_ref()
                .map(|certificate| hex::encode(certificate.spki)),
            algorithm: certificate
                .as_ref()
                .and_then(|certificate| algorithm(&certificate.der)),
            certificate: certificate.map(|certificate| Certificate {
                not_before: certificate.not_before,
                not_after: certificate.not_after,
            }),
            enrolled: entries.iter().find_map(|entry| {
                let entry = Entry::open(&entry.bytes, &self.0.ledger_key()).ok()?;
                let registered = matches!(entry.body, EntryBody::DeviceRegistered { .. });
                registered.then_some(entry.at)
            }),
            entries: entries
                .into_iter()
                .map(|entry| (entry.position, entry.kind))
                .collect(),
            sessions,
            reported,
            containment: containment.map(|contained| (contained.since, contained.why)),
            flows: self.flows(&record).await?,
            events: store.events(&filter, DEVICE_EVENTS).await?.items,
            cases: store.cases(Some(&row.name), None, CASES).await?.items,
            row,
        }))
    }

    async fn flows(&self, record: &DeviceRecord) -> Result<Vec<Flow>, StoreError> {
        let store = self.0.reading();
        let mut flows = Vec::new();
        for (name, last) in store.flows_of(&record.id.0).await? {
            // The platform's own flows are told in words elsewhere.
            if name.starts_with('_') {
                continue;
            }
            let since = last - SignedDuration::from_hours(1);
            let messages = store
                .series(record.name.as_str(), &name, since, CHARTED)
                .await?;
            flows.push(Flow {
                name,
                last,
                messages: messages
                    .into_iter()
                    .map(|message| (message.received, message.payload))
                    .collect(),
            });
        }
        flows.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(flows)
    }

    async fn event_page(&self, filter: &EventFilter) -> Result<Page<Event>, StoreError> {
        let Some(severity) = filter.severity else {
            let filter_of_store = crate::store::events::EventFilter {
                device: filter.device.clone(),
                code: filter.code.map(|code| code.as_str().to_owned()),
                after: None,
                before: filter.before,
            };
            let page = self
                .0
                .reading()
                .events(&filter_of_store, filter.limit)
                .await?;
            return Ok(Page {
                items: page.items,
                next: page.next,
            });
        };
        // An event may be more serious than its code usually is, so each is looked at.
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let before = filter.before.and_then(|before| i64::try_from(before).ok());
        let (mut items, mut read, mut next) = (Vec::new(), 0, None);
        let mut last = 0;
        self.newest_events(before.unwrap_or(i64::MAX), |event| {
            if items.len() >= limit || read >= SCANNED {
                next = Some(last);
                return false;
            }
            read += 1;
            last = event.sequence;
            let matches = event.severity <= severity
                && filter
                    .device
                    .as_ref()
                    .is_none_or(|name| event.device.as_ref() == Some(name))
                && filter.code.is_none_or(|code| event.code == code);
            if matches {
                items.push(event);
            }
            true
        })
        .await?;
        Ok(Page { items, next })
    }

    async fn judge(&self, name: &str, change: Change, cause: Cause) -> Result<Changed, Refused> {
        let verdict = match change {
            Change::Suspend => Verdict::Suspend(cause),
            Change::Resume => Verdict::Resume,
            Change::Revoke => Verdict::Revoke(cause),
        };
        let effect =
            self.0
                .judge(name, verdict)
                .await
                .map_err(|problem| match problem.status() {
                    StatusCode::NOT_FOUND => Refused::Unknown,
                    StatusCode::CONFLICT => Refused::Standing(failure(&problem).observed),
                    _ => Refused::Failed(failure(&problem)),
                })?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "casts of floats saturate, and this is shown, not computed with"
        )]
        let millis = effect.millis.ceil() as u64;
        Ok(Changed {
            closed: count(effect.sessions_closed),
            millis,
        })
    }
}

impl Source for Pages {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn organization(&self) -> String {
        self.0.ledger().organization().to_string()
    }

    fn admits<'a>(&'a self, request: &'a Parts) -> BoxFuture<'a, Result<Admission, Failure>> {
        self.admission(request).boxed()
    }

    fn open<'a>(
        &'a self,
        token: &'a str,
        source: &'a str,
    ) -> BoxFuture<'a, Result<Option<String>, Failure>> {
        let opened = async move {
            match self.0.use_link(token, source).await {
                Ok(cookie) => Ok(Some(cookie)),
                Err(problem) if problem.status() == StatusCode::FORBIDDEN => Ok(None),
                Err(problem) => Err(failure(&problem)),
            }
        };
        opened.boxed()
    }

    fn close<'a>(&'a self, headers: &'a HeaderMap) -> BoxFuture<'a, Result<String, Failure>> {
        self.0
            .sign_out(headers)
            .map(|closed| closed.map_err(Failure::from))
            .boxed()
    }

    fn ledger(&self) -> BoxFuture<'_, Result<LedgerState, Failure>> {
        self.ledger_state()
            .map(|state| state.map_err(Failure::from))
            .boxed()
    }

    fn summary(&self) -> BoxFuture<'_, Result<Summary, Failure>> {
        self.figures()
            .map(|summary| summary.map_err(Failure::from))
            .boxed()
    }

    fn devices<'a>(
        &'a self,
        filter: &'a DeviceFilter,
    ) -> BoxFuture<'a, Result<DevicePage, Failure>> {
        self.device_page(filter)
            .map(|page| page.map_err(Failure::from))
            .boxed()
    }

    fn device<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<DeviceFacts>, Failure>> {
        self.facts(name)
            .map(|facts| facts.map_err(Failure::from))
            .boxed()
    }

    fn events<'a>(
        &'a self,
        filter: &'a EventFilter,
    ) -> BoxFuture<'a, Result<Page<Event>, Failure>> {
        self.event_page(filter)
            .map(|page| page.map_err(Failure::from))
            .boxed()
    }

    fn cases(&self, before: Option<u64>) -> BoxFuture<'_, Result<Page<Case>, Failure>> {
        let page = async move {
            let page = self.0.reading().cases(None, before, CASES).await?;
            Ok(Page {
                items: page.items,
                next: page.next,
            })
        };
        page.boxed()
    }

    fn drift(&self, days: u64) -> BoxFuture<'_, Result<Option<Drift>, Failure>> {
        self.differences(days).boxed()
    }

    fn documents<'a>(
        &'a self,
        filter: &'a DocumentFilter,
    ) -> BoxFuture<'a, Result<DocumentPage, Failure>> {
        let page = async move {
            let documents = self.0.documents(Look::Touched).await;
            let documents = documents.map_err(|problem| failure(&problem))?;
            Ok(DocumentPage::of(documents, filter))
        };
        page.boxed()
    }

    fn change<'a>(
        &'a self,
        name: &'a str,
        change: Change,
        cause: Cause,
    ) -> BoxFuture<'a, Result<Changed, Refused>> {
        self.judge(name, change, cause).boxed()
    }

    fn watch(&self) -> BoxStream<'static, News> {
        let news = BroadcastStream::new(self.0.watch()).map(|live| match live {
            Ok(Live::Event(event)) => News::Event(event.device.clone()),
            Ok(Live::Message(message)) => News::Message(message.device.clone()),
            Err(BroadcastStreamRecvError::Lagged(_)) => News::Missed,
        });
        news.take_until(self.0.closing().clone().cancelled_owned())
            .boxed()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self {
            observed: error.to_string(),
            fix: error.fix().to_owned(),
        }
    }
}

fn failure(problem: &Problem) -> Failure {
    Failure {
        observed: problem.to_string(),
        fix: problem.remedy().unwrap_or_default().to_owned(),
    }
}

/// What kind of key a certificate is over.
fn algorithm(certificate: &[u8]) -> Option<&'static str> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    match certificate.public_key().parsed() {
        Ok(x509_parser::public_key::PublicKey::EC(_)) => Some("P-256"),
        _ => Some("Ed25519"),
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
