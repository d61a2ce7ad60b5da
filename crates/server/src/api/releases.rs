//! Operators: release root, files, releases, campaigns.

use axum::body::Body as Stream;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::{post, put};
use axum::{Json, Router};
use futures_util::StreamExt as _;
use sekimori_update::targets::MAX_METADATA;
use serde::{Deserialize, Serialize};

use super::problem::Problem;
use super::{Json as Body, base64, sha256};
use crate::operator::Operator;
use crate::server::Server;

pub(super) fn router() -> Router<Server> {
    Router::new()
        .route("/api/v1/release-root", post(set_root).get(root))
        // The upload counts its own bytes, onto the disk.
        .route(
            "/api/v1/blobs/{sha256}",
            put(upload).layer(DefaultBodyLimit::disable()),
        )
        .route(
            "/api/v1/releases",
            post(publish)
                .get(list)
                .layer(DefaultBodyLimit::max(2 * MAX_METADATA)),
        )
        .route("/api/v1/campaigns", post(start).get(campaigns))
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Root {
    keys: Vec<String>,
    threshold: u8,
}

#[derive(Serialize)]
struct Recorded {
    position: u64,
}

async fn set_root(
    State(server): State<Server>,
    _: Operator,
    Body(root): Body<Root>,
) -> Result<Json<Recorded>, Problem> {
    let keys = root
        .keys
        .iter()
        .map(|key| sha256(key))
        .collect::<Result<_, _>>()?;
    let position = server.set_release_root(keys, root.threshold).await?;
    Ok(Json(Recorded { position }))
}

async fn root(State(server): State<Server>, _: Operator) -> Result<Json<Root>, Problem> {
    let (_, root) = server
        .release_root()
        .await?
        .ok_or_else(|| Problem::not_found("release root"))?;
    Ok(Json(Root {
        keys: root.keys.iter().map(hex::encode).collect(),
        threshold: root.threshold,
    }))
}

#[derive(Serialize)]
struct Kept {
    sha256: String,
    length: u64,
}

async fn upload(
    State(server): State<Server>,
    _: Operator,
    Path(name): Path<String>,
    body: Stream,
) -> Result<Json<Kept>, Problem> {
    let hash = sha256(&name)?;
    if let Some(length) = server.store_of().blob_length(&hash).await? {
        // Taken to its end all the same: a sender that is still writing would not read the answer.
        let mut stream = body.into_data_stream();
        while stream.next().await.is_some_and(|chunk| chunk.is_ok()) {}
        return Ok(Json(Kept {
            sha256: name,
            length,
        }));
    }
    let mut upload = server.receive_blob(hash).await?;
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let taken = match chunk {
            Ok(bytes) => upload.push(&bytes).await,
            Err(error) => Err(Problem::bad_request(error.to_string(), "the whole file")),
        };
        if let Err(problem) = taken {
            upload.discard().await;
            return Err(problem);
        }
    }
    let length = server.keep_blob(upload).await?;
    Ok(Json(Kept {
        sha256: name,
        length,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Publish {
    targets: String,
}

#[derive(Serialize)]
struct ReleaseView {
    product: String,
    release: String,
    counter: u64,
    published: jiff::Timestamp,
}

async fn publish(
    State(server): State<Server>,
    _: Operator,
    Body(request): Body<Publish>,
) -> Result<Json<ReleaseView>, Problem> {
    let metadata = base64(&request.targets)?;
    server
        .publish_release(&metadata)
        .await
        .map(|release| Json(view(release)))
}

async fn list(
    State(server): State<Server>,
    _: Operator,
) -> Result<Json<Vec<ReleaseView>>, Problem> {
    let releases = server.store_of().releases(200).await?;
    Ok(Json(releases.into_iter().map(view).collect()))
}

fn view(release: crate::store::releases::PublishedRelease) -> ReleaseView {
    ReleaseView {
        product: release.product,
        release: release.version,
        counter: release.counter,
        published: release.published,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    release: String,
    product: String,
    role: String,
}

#[derive(Serialize)]
struct CampaignView {
    id: u64,
    release: String,
    product: String,
    role: String,
    created: jiff::Timestamp,
}

async fn start(
    State(server): State<Server>,
    _: Operator,
    Body(start): Body<Start>,
) -> Result<Json<Option<CampaignView>>, Problem> {
    server
        .start_campaign(&start.product, &start.release, &start.role)
        .await?;
    let newest = server.store_of().newest_campaign(&start.role).await?;
    Ok(Json(newest.map(campaign)))
}

async fn campaigns(
    State(server): State<Server>,
    _: Operator,
) -> Result<Json<Vec<CampaignView>>, Problem> {
    let campaigns = server.store_of().campaigns(200).await?;
    Ok(Json(campaigns.into_iter().map(campaign).collect()))
}

fn campaign(campaign: crate::store::releases::Campaign) -> CampaignView {
    CampaignView {
        id: campaign.id,
        release: campaign.version,
        product: campaign.product,
        role: campaign.role,
        created: campaign.created,
    }
}
