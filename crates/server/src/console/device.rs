//! The page of one device.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use sekimori_update::report::{SelfTest, StateReport};
use sekimori_update::slots::Slot;

use super::Console;
use super::chart::{self, Series};
use super::devices::RowView;
use super::source::{Change, DeviceFacts, Flow, LedgerState};
use super::story::{CaseView, EventView};
use super::text::{Argument, Language, grouped};
use super::time::{Moment, took};
use super::trouble;
use super::visit::{Frame, Operator, Visit};

#[derive(Template)]
#[template(path = "device.html")]
struct Page {
    frame: Frame,
    row: RowView,
    notice: Option<String>,
    containment: Option<(Moment, String)>,
    actions: Vec<Action>,
    id: String,
    key: Option<String>,
    algorithm: Option<&'static str>,
    certificate: Option<CertificateView>,
    enrolled: Option<Moment>,
    proof: Proof,
    entries: Vec<(u64, String)>,
    sessions: Vec<(&'static str, String, Moment)>,
    software: Option<Software>,
    flows: Vec<FlowView>,
    cases: Vec<CaseView>,
    events: Vec<EventView>,
}

/// A change that fits the device's standing.
struct Action {
    code: &'static str,
    text: String,
}

struct CertificateView {
    from: Moment,
    until: Moment,
    expired: bool,
}

/// What is known about the ledger's proof of the device.
struct Proof {
    /// For the style sheet.
    tone: &'static str,
    text: String,
    published: String,
}

/// What the device says of itself.
struct Software {
    reported: Option<Moment>,
    release: String,
    product: String,
    slot: Option<&'static str>,
    counter: String,
    boot: String,
    trial: bool,
    held: bool,
    deviations: Vec<(String, String)>,
    restored: Option<String>,
    /// For the style sheet.
    self_test_tone: &'static str,
    self_test: String,
    waiting: String,
    dropped: Option<String>,
    resent: String,
}

struct FlowView {
    name: String,
    last: Moment,
    newest: String,
    charts: Vec<ChartView>,
}

struct ChartView {
    series: Series,
    says: String,
}

/// `/devices/{name}`
pub(crate) async fn show(
    State(console): State<Arc<Console>>,
    Operator(visit): Operator,
    Path(name): Path<String>,
) -> Result<Response, Response> {
    let Some(facts) = visit.fine(console.source.device(&name).await)? else {
        return Err(trouble::no_device(&visit, &name));
    };
    let (mut frame, ledger) = visit.full_frame(facts.row.name.clone(), "devices").await?;
    frame.live = Some(format!("/live?of=device&name={}", facts.row.name));
    let t = visit.t;
    let page = Page {
        row: RowView::new(&visit, &facts.row),
        notice: notice(&visit, &facts.row.name),
        actions: Change::ALL
            .into_iter()
            .filter(|change| change.fits(facts.row.standing))
            .map(|change| Action {
                code: change.code(),
                text: t.text(&format!("change-{}", change.code())),
            })
            .collect(),
        certificate: facts.certificate.map(|certificate| CertificateView {
            from: visit.moment(certificate.not_before),
            until: visit.moment(certificate.not_after),
            expired: certificate.not_after < visit.now,
        }),
        enrolled: facts.enrolled.map(|at| visit.moment(at)),
        proof: proof(t, &facts, &ledger),
        entries: facts
            .entries
            .iter()
            .map(|(position, kind)| (*position, t.text(&format!("entry-{kind}"))))
            .collect(),
        sessions: facts
            .sessions
            .iter()
            .map(|session| {
                (
                    session.listener,
                    session.peer.clone(),
                    visit.moment(session.since),
                )
            })
            .collect(),
        software: facts.row.report.as_ref().map(|report| {
            let reported = facts.reported.map(|at| visit.moment(at));
            Software::new(t, report, reported)
        }),
        containment: facts
            .containment
            .map(|(since, why)| (visit.moment(since), why)),
        flows: facts
            .flows
            .iter()
            .map(|flow| FlowView::new(&visit, flow))
            .collect(),
        cases: facts
            .cases
            .iter()
            .map(|case| CaseView::new(t, case, visit.now))
            .collect(),
        events: facts
            .events
            .iter()
            .map(|event| EventView::new(t, event, visit.now))
            .collect(),
        id: facts.id,
        key: facts.key,
        algorithm: facts.algorithm,
        frame,
    };
    Ok(visit.page(StatusCode::OK, &page))
}

/// What was just done, when the visitor comes from the page that did it.
fn notice(visit: &Visit, name: &str) -> Option<String> {
    let done = Change::parse(&visit.address.value("done")?)?;
    let closed = visit.address.number("closed").unwrap_or(0);
    let millis = visit.address.number("millis").unwrap_or(0);
    let arguments = [
        ("name", Argument::Text(name)),
        ("count", Argument::Number(closed)),
        ("millis", Argument::Number(millis)),
    ];
    Some(
        visit
            .t
            .with(&format!("change-{}-done", done.code()), &arguments),
    )
}

fn proof(t: Language, facts: &DeviceFacts, ledger: &LedgerState) -> Proof {
    let newest = facts.entries.iter().map(|(position, _)| *position).max();
    let published = match newest {
        None => t.text("proof-nothing-recorded"),
        Some(newest) if newest < ledger.published && ledger.one_administrator() => t.with(
            "proof-one-administrator",
            &[("size", Argument::Number(ledger.published))],
        ),
        Some(newest) if newest < ledger.published => {
            let names: Vec<&str> = ledger.witnesses.iter().map(|(name, _)| &**name).collect();
            let names = names.join(", ");
            let size = ("size", Argument::Number(ledger.published));
            t.with(
                "proof-published",
                &[size, ("witnesses", Argument::Text(&names))],
            )
        }
        Some(_) => t.text("proof-waiting"),
    };
    let (tone, text) = match facts
        .row
        .report
        .as_ref()
        .map(|report| report.proof_verified)
    {
        Some(true) => ("good", t.text("proof-verified")),
        Some(false) => ("warn", t.text("proof-not-verified")),
        None => ("plain", t.text("proof-not-reported")),
    };
    Proof {
        tone,
        text,
        published,
    }
}

impl Software {
    fn new(t: Language, report: &StateReport, reported: Option<Moment>) -> Self {
        let (self_test_tone, self_test) = match &report.self_test {
            SelfTest::Passed => ("good", t.text("self-test-passed")),
            SelfTest::NotRun => ("plain", t.text("self-test-not-run")),
            SelfTest::Failed(what) => (
                "alert",
                t.with("self-test-failed", &[("what", Argument::Text(what))]),
            ),
        };
        let deviation = |deviation: &sekimori_update::measure::Deviation| {
            use sekimori_update::measure::DeviationKind;
            let kind = match deviation.kind {
                DeviationKind::Missing => t.text("deviation-missing"),
                DeviationKind::Changed => t.text("deviation-changed"),
                DeviationKind::Unexpected => t.text("deviation-unexpected"),
            };
            (deviation.path.clone(), kind)
        };
        Self {
            reported,
            release: report.release.clone(),
            product: report.product.clone(),
            slot: report.slot.map(|slot| match slot {
                Slot::A => "A",
                Slot::B => "B",
            }),
            counter: grouped(report.counter),
            boot: grouped(report.boot),
            trial: report.trial,
            held: report.integrity.held,
            deviations: report.integrity.deviations.iter().map(deviation).collect(),
            restored: report
                .restored
                .map(|restored| took(t, core::time::Duration::from_millis(restored.millis))),
            self_test_tone,
            self_test,
            waiting: grouped(report.outbox.depth),
            dropped: (report.outbox.dropped > 0).then(|| grouped(report.outbox.dropped)),
            resent: grouped(report.outbox.resent),
        }
    }
}

impl FlowView {
    fn new(visit: &Visit, flow: &Flow) -> Self {
        let newest = flow.messages.last();
        let charts = chart::series(&flow.messages).into_iter().map(|series| {
            let arguments = [
                ("field", Argument::Text(&series.field)),
                ("count", Argument::Number(series.count)),
                ("low", Argument::Text(&series.low)),
                ("high", Argument::Text(&series.high)),
                ("newest", Argument::Text(&series.newest)),
            ];
            let says = visit.t.with("chart-says", &arguments);
            ChartView { series, says }
        });
        Self {
            name: flow.name.clone(),
            last: visit.moment(flow.last),
            newest: newest
                .map(|(_, payload)| chart::shown(payload))
                .unwrap_or_default(),
            charts: charts.collect(),
        }
    }
}
