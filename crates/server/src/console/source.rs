//! What the console asks of the rest of the server: plain facts, and three verbs.

use std::collections::BTreeMap;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use http::HeaderMap;
use http::request::Parts;
use jiff::Timestamp;
use jiff::civil::Date;
use sekimori_analysis::documents::{Document, Worth};
use sekimori_analysis::drift::Difference;
use sekimori_audit::{Case, Event, Severity};
use sekimori_identity::Standing;
use sekimori_identity::entry::Cause;
use sekimori_update::report::StateReport;

/// What stands behind the pages. One implementation reads the store; tests bring their own facts.
pub(crate) trait Source: Send + Sync + 'static {
    /// The time.
    fn now(&self) -> Timestamp;

    /// Whose console this is.
    fn organization(&self) -> String;

    /// Who sent a request; whoever is no operator is charged for it.
    fn admits<'a>(&'a self, request: &'a Parts) -> BoxFuture<'a, Result<Admission, Failure>>;

    /// Uses a one-time link up; the cookie of a new session, or nothing when the link is not good.
    fn open<'a>(
        &'a self,
        token: &'a str,
        source: &'a str,
    ) -> BoxFuture<'a, Result<Option<String>, Failure>>;

    /// Ends a session; the cookie that takes its own away.
    fn close<'a>(&'a self, headers: &'a HeaderMap) -> BoxFuture<'a, Result<String, Failure>>;

    /// How the ledger stands; shown on every page.
    fn ledger(&self) -> BoxFuture<'_, Result<LedgerState, Failure>>;

    /// The figures above the list of devices.
    fn summary(&self) -> BoxFuture<'_, Result<Summary, Failure>>;

    /// Devices in the order of their numbers.
    fn devices<'a>(
        &'a self,
        filter: &'a DeviceFilter,
    ) -> BoxFuture<'a, Result<DevicePage, Failure>>;

    /// Everything about one device.
    fn device<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<DeviceFacts>, Failure>>;

    /// Events, newest first.
    fn events<'a>(&'a self, filter: &'a EventFilter)
    -> BoxFuture<'a, Result<Page<Event>, Failure>>;

    /// Cases, newest first.
    fn cases(&self, before: Option<u64>) -> BoxFuture<'_, Result<Page<Case>, Failure>>;

    /// Where the model in force and what was seen in the last `days` differ; [`None`] without a model.
    fn drift(&self, days: u64) -> BoxFuture<'_, Result<Option<Drift>, Failure>>;

    /// Attached documents, newest first.
    fn documents<'a>(
        &'a self,
        filter: &'a DocumentFilter,
    ) -> BoxFuture<'a, Result<DocumentPage, Failure>>;

    /// Changes the standing of a device.
    fn change<'a>(
        &'a self,
        name: &'a str,
        change: Change,
        cause: Cause,
    ) -> BoxFuture<'a, Result<Changed, Refused>>;

    /// What happens from now on; ends when the server closes.
    fn watch(&self) -> BoxStream<'static, News>;
}

/// Who sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    Operator,
    Stranger,
    /// A stranger whose address prefix asked too often.
    TooOften,
}

/// The server could not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What failed and why, in words.
    pub(crate) observed: String,
    /// What to do about it.
    pub(crate) fix: String,
}

/// Something happened that a page may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// An event was recorded; it may concern a device.
    Event(Option<String>),
    /// A device's message was kept.
    Message(String),
    /// More happened than could be followed.
    Missed,
}

/// The figures above the list of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) total: u64,
    pub(crate) connected: u64,
    pub(crate) contained: u64,
    /// Refusals in the last hour.
    pub(crate) refusals: Refusals,
    /// Version of the policy in force.
    pub(crate) policy: Option<u64>,
    pub(crate) open_cases: u64,
    /// Who was invited and has not come yet.
    pub(crate) invitations: Vec<Invited>,
}

/// How many refusals were recorded, or that there were more than were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusals {
    Exactly(u64),
    MoreThan(u64),
}

/// An invitation that nobody used yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Invited {
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) expires: Timestamp,
}

/// Where model and system differ.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drift {
    /// Id of the model.
    pub(crate) model: String,
    /// Since when things were looked at.
    pub(crate) since: Timestamp,
    /// The differences, by id.
    pub(crate) differences: Vec<Differing>,
}

/// One difference, and which of its subjects are devices of this server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Differing {
    pub(crate) difference: Difference,
    pub(crate) devices: Vec<String>,
}

/// Which documents to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DocumentFilter {
    /// Only those of this worth …
    pub(crate) worth: Option<Worth>,
    /// … on this day.
    pub(crate) today: Date,
    /// How many newer ones are left out.
    pub(crate) skip: u64,
    pub(crate) limit: usize,
}

/// Some documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DocumentPage {
    pub(crate) items: Vec<Document>,
    /// How many to skip for the next page.
    pub(crate) next: Option<u64>,
    /// How many there are of each worth that occurs, whatever the filter says.
    pub(crate) counts: BTreeMap<Worth, u64>,
}

impl DocumentPage {
    /// The page of these documents, given in the order in which they were attached.
    pub(crate) fn of(documents: Vec<Document>, filter: &DocumentFilter) -> Self {
        let mut page = Self::default();
        let mut matched: u64 = 0;
        let limit = u64::try_from(filter.limit).unwrap_or(u64::MAX);
        for document in documents.into_iter().rev() {
            let worth = document.worth(filter.today);
            *page.counts.entry(worth).or_default() += 1;
            if filter.worth.is_some_and(|wanted| wanted != worth) {
                continue;
            }
            let place = matched;
            matched += 1;
            if place >= filter.skip && place - filter.skip < limit {
                page.items.push(document);
            }
        }
        let end = filter.skip.saturating_add(limit);
        page.next = (matched > end).then_some(end);
        page
    }
}

/// How the ledger stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LedgerState {
    /// Entries that are recorded.
    pub(crate) size: u64,
    /// Entries under a checkpoint that enough witnesses cosigned.
    pub(crate) published: u64,
    /// Other organizations' witnesses and the size that each is known to have cosigned.
    pub(crate) witnesses: Vec<(String, u64)>,
    /// How many of them must cosign.
    pub(crate) threshold: u8,
}

impl LedgerState {
    /// Whether one key alone answers for the ledger.
    pub(crate) fn one_administrator(&self) -> bool {
        self.threshold == 0
    }
}

/// Which devices to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DeviceFilter {
    /// Part of the name or number.
    pub(crate) words: String,
    pub(crate) role: Option<String>,
    pub(crate) state: Option<DeviceState>,
    /// Only those with a greater number.
    pub(crate) after: Option<u64>,
    pub(crate) limit: usize,
}

/// One word for how a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceState {
    Connected,
    Away,
    Contained,
    Suspended,
    Revoked,
    Retired,
}

impl DeviceState {
    pub(crate) const ALL: [Self; 6] = [
        Self::Connected,
        Self::Away,
        Self::Contained,
        Self::Suspended,
        Self::Revoked,
        Self::Retired,
    ];

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Away => "away",
            Self::Contained => "contained",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Retired => "retired",
        }
    }

    pub(crate) fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether a device that stands so is listed under this word.
    pub(crate) fn covers(self, standing: Standing, contained: bool, connected: bool) -> bool {
        match self {
            Self::Connected => connected,
            Self::Away => standing == Standing::Active && !connected,
            Self::Contained => contained,
            Self::Suspended => standing == Standing::Suspended,
            Self::Revoked => standing == Standing::Revoked,
            Self::Retired => standing == Standing::Retired,
        }
    }
}

/// A page of the list of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DevicePage {
    pub(crate) rows: Vec<DeviceRow>,
    /// How many devices match, on all pages.
    pub(crate) matched: u64,
    /// What to ask for as `after`.
    pub(crate) next: Option<u64>,
    /// Every role that a device has.
    pub(crate) roles: Vec<String>,
}

/// One device in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceRow {
    pub(crate) number: u64,
    /// The number as it stands on the plate.
    pub(crate) plate: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) standing: Standing,
    pub(crate) contained: bool,
    pub(crate) connected: bool,
    pub(crate) last_seen: Option<Timestamp>,
    pub(crate) report: Option<StateReport>,
}

/// Everything about one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeviceFacts {
    pub(crate) row: DeviceRow,
    /// The id, in hexadecimal.
    pub(crate) id: String,
    /// SHA-256 of the public key in use, in hexadecimal.
    pub(crate) key: Option<String>,
    /// What kind of key, for instance `P-256`.
    pub(crate) algorithm: Option<&'static str>,
    pub(crate) certificate: Option<Certificate>,
    /// When its registration was recorded.
    pub(crate) enrolled: Option<Timestamp>,
    /// Positions and kinds of the ledger's entries about it, oldest first.
    pub(crate) entries: Vec<(u64, String)>,
    pub(crate) sessions: Vec<Session>,
    /// When its newest report came.
    pub(crate) reported: Option<Timestamp>,
    /// Since when and why it is contained.
    pub(crate) containment: Option<(Timestamp, String)>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) events: Vec<Event>,
    pub(crate) cases: Vec<Case>,
}

/// The newest certificate of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
}

/// A connection that is open now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    /// `mqtt` or `https`.
    pub(crate) listener: &'static str,
    pub(crate) peer: String,
    pub(crate) since: Timestamp,
}

/// What one flow brought lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flow {
    pub(crate) name: String,
    pub(crate) last: Timestamp,
    /// The newest payloads and when they came, oldest first.
    pub(crate) messages: Vec<(Timestamp, Vec<u8>)>,
}

/// Which events to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventFilter {
    pub(crate) device: Option<String>,
    pub(crate) code: Option<sekimori_audit::Code>,
    /// Only of codes that are at least this serious.
    pub(crate) severity: Option<Severity>,
    /// Only those before this sequence.
    pub(crate) before: Option<u64>,
    pub(crate) limit: u32,
}

/// A page of a listing, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// What to ask for as `before`.
    pub(crate) next: Option<u64>,
}

/// What an operator may do to a device's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Suspend,
    Resume,
    Revoke,
}

impl Change {
    pub(crate) const ALL: [Self; 3] = [Self::Suspend, Self::Resume, Self::Revoke];

    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Revoke => "revoke",
        }
    }

    pub(crate) fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|change| change.code() == code)
    }

    /// Whether it can be done to a device that stands so.
    pub(crate) fn fits(self, standing: Standing) -> bool {
        match self {
            Self::Suspend => standing == Standing::Active,
            Self::Resume => standing == Standing::Suspended,
            Self::Revoke => matches!(standing, Standing::Active | Standing::Suspended),
        }
    }
}

/// A change that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// How many sessions were closed.
    pub(crate) closed: u64,
    /// How long it took, in milliseconds.
    pub(crate) millis: u64,
}

/// A change that was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// No such device.
    Unknown,
    /// It cannot come to this from where it stands.
    Standing(String),
    /// The server could not.
    Failed(Failure),
}
