//! The page of all devices.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use sekimori_audit::Code;
use sekimori_update::report::UpdateResult;

use super::Console;
use super::source::{DeviceFilter, DeviceRow, DeviceState, LedgerState, Refusals, Summary};
use super::text::{Language, grouped};
use super::time::Moment;
use super::visit::{Frame, Operator, Visit};

/// How many devices a page lists.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "devices.html")]
struct Page {
    frame: Frame,
    tiles: Vec<Tile>,
    one_administrator: bool,
    no_policy: bool,
    /// Whether there is no device at all, whatever the filter says.
    empty: bool,
    rows: Vec<RowView>,
    matched: String,
    words: String,
    role: String,
    roles: Vec<String>,
    state: &'static str,
    states: Vec<(&'static str, String)>,
    filtered: bool,
    first: Option<String>,
    next: Option<String>,
    invitations: Vec<(String, String, Moment)>,
}

struct Tile {
    name: String,
    value: String,
    note: Option<String>,
    /// For the style sheet: whether somebody should look.
    tone: &'static str,
    link: Option<String>,
}

/// One device in the list.
pub(crate) struct RowView {
    pub(crate) plate: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) badges: Vec<Badge>,
    pub(crate) release: Option<String>,
    pub(crate) last_seen: Option<Moment>,
    pub(crate) update: Option<UpdateView>,
}

/// How a device is, in one word.
pub(crate) struct Badge {
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

/// How the newest update of a device ended.
pub(crate) struct UpdateView {
    pub(crate) release: String,
    pub(crate) code: &'static str,
    pub(crate) text: String,
    pub(crate) reason: Option<String>,
}

/// `/devices`
pub(crate) async fn list(
    State(console): State<Arc<Console>>,
    Operator(visit): Operator,
) -> Result<Response, Response> {
    let t = visit.t;
    let (mut frame, ledger) = visit.full_frame(t.text("devices-title"), "devices").await?;
    frame.live = Some("/live?of=devices".to_owned());
    let filter = DeviceFilter {
        words: visit.address.value("q").unwrap_or_default(),
        role: visit.address.value("role"),
        state: visit
            .address
            .value("state")
            .and_then(|code| DeviceState::parse(&code)),
        after: visit.address.number("after"),
        limit: PAGE,
    };
    let summary = visit.fine(console.source.summary().await)?;
    let page = visit.fine(console.source.devices(&filter).await)?;
    let words = |state: DeviceState| (state.code(), t.text(&format!("state-{}", state.code())));
    let page = Page {
        tiles: tiles(t, &summary, &ledger),
        one_administrator: ledger.one_administrator(),
        no_policy: summary.policy.is_none(),
        empty: summary.total == 0,
        rows: page
            .rows
            .iter()
            .map(|row| RowView::new(&visit, row))
            .collect(),
        matched: t.count("devices-matched", page.matched),
        filtered: filter.role.is_some() || filter.state.is_some() || !filter.words.is_empty(),
        words: filter.words,
        role: filter.role.unwrap_or_default(),
        roles: page.roles,
        state: filter.state.map_or("", DeviceState::code),
        states: DeviceState::ALL.into_iter().map(words).collect(),
        first: filter.after.map(|_| visit.address.without("after")),
        next: page
            .next
            .map(|next| visit.address.with("after", &next.to_string())),
        invitations: summary
            .invitations
            .into_iter()
            .map(|invited| (invited.name, invited.role, visit.moment(invited.expires)))
            .collect(),
        frame,
    };
    Ok(visit.page(StatusCode::OK, &page))
}

fn tiles(t: Language, summary: &Summary, ledger: &LedgerState) -> Vec<Tile> {
    let plain = |name: &str, value: u64, link: &str| Tile {
        name: t.text(name),
        value: grouped(value),
        note: None,
        tone: "plain",
        link: Some(link.to_owned()),
    };
    let mut tiles = vec![
        plain("tile-devices", summary.total, "/devices"),
        plain(
            "tile-connected",
            summary.connected,
            "/devices?state=connected",
        ),
        plain(
            "tile-contained",
            summary.contained,
            "/devices?state=contained",
        ),
    ];
    if summary.contained > 0
        && let Some(tile) = tiles.last_mut()
    {
        tile.tone = "alert";
        tile.note = Some(t.count("tile-open-cases", summary.open_cases));
        tile.link = Some("/events".to_owned());
    }
    tiles.push(Tile {
        name: t.text("tile-refusals"),
        value: match summary.refusals {
            Refusals::Exactly(count) => grouped(count),
            Refusals::MoreThan(count) => format!("> {}", grouped(count)),
        },
        note: Some(t.text("tile-refusals-note")),
        tone: "plain",
        link: Some("/events?severity=warning".to_owned()),
    });
    let waiting = ledger.size.saturating_sub(ledger.published);
    let note = if ledger.one_administrator() {
        t.text("tile-one-administrator")
    } else if waiting > 0 {
        t.count("tile-ledger-waiting", waiting)
    } else {
        let names: Vec<&str> = ledger
            .witnesses
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        t.about("tile-ledger-cosigned", &names.join(", "))
    };
    tiles.push(Tile {
        name: t.text("tile-ledger"),
        value: grouped(ledger.size),
        note: Some(note),
        tone: if ledger.one_administrator() || waiting > 0 {
            "warn"
        } else {
            "good"
        },
        link: None,
    });
    tiles
}

impl RowView {
    pub(crate) fn new(visit: &Visit, row: &DeviceRow) -> Self {
        let update = row
            .report
            .as_ref()
            .and_then(|report| report.last_update.as_ref());
        Self {
            plate: row.plate.clone(),
            name: row.name.clone(),
            role: row.role.clone(),
            badges: badges(visit.t, row),
            release: row.report.as_ref().map(|report| report.release.clone()),
            last_seen: row.last_seen.map(|at| visit.moment(at)),
            update: update.map(|update| {
                let code = match update.result {
                    UpdateResult::Confirmed => "confirmed",
                    UpdateResult::RolledBack => "rolled-back",
                    UpdateResult::Refused => "refused",
                };
                UpdateView {
                    release: update.release.clone(),
                    code,
                    text: visit.t.text(&format!("state-update-{code}")),
                    reason: update.reason.as_deref().map(|why| in_words(visit.t, why)),
                }
            }),
        }
    }
}

/// What a device says about an update: a code, and often what it observed, after a colon.
fn in_words(t: Language, why: &str) -> String {
    let code = why.split(':').next().unwrap_or_default().trim();
    t.reason(Code::UpdateRefused, code)
        .map_or_else(|| why.to_owned(), |words| format!("{words} ({why})"))
}

/// What stands on a device's page beside its name: standing, containment, connection.
pub(crate) fn badges(t: Language, row: &DeviceRow) -> Vec<Badge> {
    let badge = |code: &'static str| Badge {
        code,
        text: t.text(&format!("state-{code}")),
    };
    let standing = badge(row.standing.code());
    let connection = badge(if row.connected { "connected" } else { "away" });
    match (
        row.contained,
        row.standing == sekimori_identity::Standing::Active,
    ) {
        (true, true) => vec![badge("contained"), connection],
        (false, true) => vec![standing, connection],
        (_, false) => vec![standing],
    }
}
