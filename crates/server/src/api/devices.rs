//! Operators: devices, commands, policy, evidence, status.

use core::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use sekimori_analysis::diagnostic::Problems;
use sekimori_analysis::language::Language;
use sekimori_identity::{Cause, DeviceId};
use sekimori_policy::Change;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::{Json as Body, Query, limit};
use crate::drift::{self, Drift};
use crate::enroll::Invited;
use crate::evidence::Evidence;
use crate::language;
use crate::operator::Operator;
use crate::policy::{Application, MODEL_LIMIT};
use crate::ports::{Command, CommandFailure, RenderedReport, ReportFailure};
use crate::server::Server;
use crate::standing::{Effect, Verdict};
use crate::store::Page;
use crate::views::{DeviceView, InvitationView, Status};

/// How long a command waits for its answer when nothing else is asked for.
const COMMAND_DEADLINE: Duration = Duration::from_secs(10);

/// The longest that a command may wait.
const LONGEST_DEADLINE: Duration = Duration::from_secs(60);

pub(super) fn router() -> Router<Server> {
    Router::new()
        .route("/api/v1/devices", get(list))
        .route("/api/v1/devices/invitations", get(invitations).post(invite))
        .route("/api/v1/devices/{name}", get(show))
        .route("/api/v1/devices/{name}/commands", post(command))
        .route("/api/v1/devices/{name}/{verdict}", post(judge))
        .route(
            "/api/v1/policy",
            post(apply)
                .layer(axum::extract::DefaultBodyLimit::max(2 * MODEL_LIMIT + 1024))
                .get(policy),
        )
        .route("/api/v1/prove", get(prove))
        .route(
            "/api/v1/drift",
            get(drift_in_force)
                .post(drift_of)
                .layer(axum::extract::DefaultBodyLimit::max(2 * MODEL_LIMIT + 1024)),
        )
        .route("/api/v1/status", get(status))
}

#[derive(Deserialize)]
struct Listing {
    after: Option<String>,
    limit: Option<u32>,
}

async fn list(
    State(server): State<Server>,
    _: Operator,
    Query(listing): Query<Listing>,
) -> Result<Json<Page<DeviceView, String>>, Problem> {
    let after = listing.after.map(|after| {
        after
            .parse::<DeviceId>()
            .map_err(|_| Problem::bad_request(after, "the id that the page before ended with"))
    });
    server
        .devices(after.transpose()?.as_ref(), limit(listing.limit))
        .await
        .map(Json)
}

async fn show(
    State(server): State<Server>,
    _: Operator,
    Path(name): Path<String>,
) -> Result<Json<DeviceView>, Problem> {
    server.device(&name).await.map(Json)
}

async fn invitations(
    State(server): State<Server>,
    _: Operator,
) -> Result<Json<Vec<InvitationView>>, Problem> {
    server.invitations().await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invitation {
    name: String,
    role: String,
}

async fn invite(
    State(server): State<Server>,
    _: Operator,
    Body(invitation): Body<Invitation>,
) -> Result<Json<Invited>, Problem> {
    server
        .invite(&invitation.name, &invitation.role)
        .await
        .map(Json)
}

#[derive(Default, Deserialize)]
struct Why {
    cause: Option<String>,
}

async fn judge(
    State(server): State<Server>,
    _: Operator,
    Path((name, verdict)): Path<(String, String)>,
    Query(why): Query<Why>,
) -> Result<Json<Effect>, Problem> {
    let cause = match why.cause {
        None => Cause::Unspecified,
        Some(code) => Cause::from_code(&code).ok_or_else(|| {
            let known: Vec<&str> = Cause::ALL.iter().map(|cause| cause.code()).collect();
            Problem::bad_request(format!("cause {code:?}"), known.join(", "))
        })?,
    };
    let verdict = match verdict.as_str() {
        "revoke" => Verdict::Revoke(cause),
        "suspend" => Verdict::Suspend(cause),
        "resume" => Verdict::Resume,
        "retire" => Verdict::Retire,
        other => return Err(Problem::not_found(format!("action {other}"))),
    };
    server.judge(&name, verdict).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommandRequest {
    flow: String,
    payload: serde_json::Value,
    timeout_ms: Option<u64>,
}

#[derive(Serialize)]
struct CommandAnswer {
    acknowledged: bool,
    payload: serde_json::Value,
    millis: f64,
}

async fn command(
    State(server): State<Server>,
    _: Operator,
    Path(name): Path<String>,
    Body(request): Body<CommandRequest>,
) -> Result<Json<CommandAnswer>, Problem> {
    let device = server.device_named(&name)?;
    let deadline = request
        .timeout_ms
        .map_or(COMMAND_DEADLINE, Duration::from_millis);
    let command = Command {
        device: device.name.to_string(),
        flow: request.flow,
        payload: request.payload.to_string().into_bytes(),
        deadline: deadline.min(LONGEST_DEADLINE),
    };
    let sent = match server.edge() {
        Some(edge) => edge.command(command).await,
        None => Err(CommandFailure::NotConnected),
    };
    let answer = sent.map_err(|failure| failed(&name, &failure))?;
    let payload = serde_json::from_slice(&answer.payload).unwrap_or_else(|_| {
        serde_json::Value::String(String::from_utf8_lossy(&answer.payload).into_owned())
    });
    Ok(Json(CommandAnswer {
        acknowledged: true,
        payload,
        millis: answer.took.as_secs_f64() * 1000.0,
    }))
}

fn failed(name: &str, failure: &CommandFailure) -> Problem {
    let (status, code, message, fix) = match failure {
        CommandFailure::NotConnected => (
            StatusCode::CONFLICT,
            "SK-CMD-001",
            format!("{name} is not connected"),
            "wait until it reports again: commands are not kept",
        ),
        CommandFailure::NotSubscribed => (
            StatusCode::CONFLICT,
            "SK-CMD-002",
            format!("{name} does not listen to this command"),
            "check the flow's id, and that the device's software knows it",
        ),
        CommandFailure::NotPermitted(reason) => (
            StatusCode::FORBIDDEN,
            "SK-CMD-003",
            format!("the policy does not let this command through: {reason}"),
            "check flow and payload against the model",
        ),
        CommandFailure::TimedOut => (
            StatusCode::GATEWAY_TIMEOUT,
            "SK-CMD-004",
            format!("{name} did not answer in time; it may have done it nevertheless"),
            "look at its newest report before trying again",
        ),
        other => (
            StatusCode::SERVICE_UNAVAILABLE,
            "SK-CMD-005",
            format!("the command did not go through: {}", other.code()),
            "try again",
        ),
    };
    Problem::new(status, code, message)
        .fix(fix)
        .about("device", name)
        .about("reason", failure.code())
        .detail("reason", failure.code())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Apply {
    model: String,
    #[serde(default)]
    dry_run: bool,
}

/// An [`Application`] in the language of whoever asked.
#[derive(Serialize)]
struct Applied {
    version: u64,
    applied: bool,
    changes: Vec<String>,
    problems: Problems,
    sessions: usize,
}

async fn apply(
    State(server): State<Server>,
    _: Operator,
    headers: HeaderMap,
    Body(request): Body<Apply>,
) -> Result<Json<Applied>, Problem> {
    let Application {
        version,
        applied,
        changes,
        problems,
        sessions,
    } = server.apply(&request.model, request.dry_run).await?;
    let said = |change: &Change| match language::accepted(&headers) {
        Language::English => change.to_string(),
        Language::Japanese => change.japanese().to_string(),
    };
    Ok(Json(Applied {
        version,
        applied,
        changes: changes.iter().map(said).collect(),
        problems,
        sessions,
    }))
}

#[derive(Serialize)]
struct InForce {
    version: u64,
    applied: jiff::Timestamp,
    model: String,
}

async fn policy(State(server): State<Server>, _: Operator) -> Result<Json<InForce>, Problem> {
    let kept = server.store_of().newest_policy().await?;
    let kept = kept.ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "SK-POL-002",
            "no model was applied yet",
        )
        .fix("sekimori apply model.toml")
    })?;
    Ok(Json(InForce {
        version: kept.version,
        applied: kept.applied,
        model: kept.model,
    }))
}

#[derive(Deserialize)]
struct Looking {
    days: Option<u64>,
}

/// Where the model in force and what was seen differ.
async fn drift_in_force(
    State(server): State<Server>,
    _: Operator,
    Query(looking): Query<Looking>,
) -> Result<Json<Drift>, Problem> {
    let days = looking.days.unwrap_or(drift::DAYS);
    server.drift(None, days).await.map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Compared {
    model: String,
    days: Option<u64>,
}

/// Where a model that is not in force and what was seen would differ.
async fn drift_of(
    State(server): State<Server>,
    _: Operator,
    Body(compared): Body<Compared>,
) -> Result<Json<Drift>, Problem> {
    let days = compared.days.unwrap_or(drift::DAYS);
    server.drift(Some(compared.model), days).await.map(Json)
}

#[derive(Deserialize)]
struct Report {
    lang: Option<String>,
    format: Option<String>,
    standard: Option<String>,
}

async fn prove(
    State(server): State<Server>,
    _: Operator,
    Query(report): Query<Report>,
) -> Result<Response, Problem> {
    let language = match report.lang.as_deref() {
        None => Language::English,
        Some(tag) => Language::parse(tag)
            .ok_or_else(|| Problem::bad_request(format!("lang {tag:?}"), "ja or en"))?,
    };
    let evidence = server.prove(report.standard.as_deref()).await?;
    let format = report.format.unwrap_or_else(|| "json".to_owned());
    let rendered = rendered(&server, evidence, format, language).await?;
    let mut response = rendered.bytes.into_response();
    let kind = HeaderValue::from_static(rendered.media_type);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    if rendered.media_type.starts_with("text/html") {
        // A report carries its style in itself and no script at all.
        let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        );
    }
    Ok(response)
}

/// Has a report rendered, away from what serves others: a large one takes long.
async fn rendered(
    server: &Server,
    evidence: Evidence,
    format: String,
    language: Language,
) -> Result<RenderedReport, Problem> {
    let missing = || {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "SK-EVI-002",
            "this server renders no reports",
        )
        .fix("ask a server that was started by  sekimori up")
    };
    let reports = server.reports().cloned().ok_or_else(missing)?;
    let asked = format.clone();
    let work = move || reports.render(&evidence, &format, language);
    let outcome = tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Problem::internal("render a report", error))?;
    outcome.map_err(|failure| match failure {
        ReportFailure::UnknownFormat { known } => {
            Problem::bad_request(format!("format {asked:?}"), known)
        }
        ReportFailure::Unavailable { observed, fix } => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "SK-EVI-003",
            "the report cannot be rendered in this form here",
        )
        .observed(observed.of(language))
        .about("fix", fix.of(Language::Japanese))
        .fix(fix.en),
    })
}

async fn status(State(server): State<Server>, _: Operator) -> Result<Json<Status>, Problem> {
    server.status().await.map(Json)
}
