//! From the model's text to the policy in force: analyzed, signed, recorded, told to the gateways.

use std::sync::Arc;

use http::StatusCode;
use jiff::tz::TimeZone;
use sekimori_analysis::diagnostic::Problems;
use sekimori_analysis::model::{self, Model};
use sekimori_analysis::{Analysis, analyze};
use sekimori_audit::{Code, Event};
use sekimori_identity::entry::EntryBody;
use sekimori_policy::{Change, Policy, difference};
use sha2::{Digest as _, Sha256};

use crate::api::problem::Problem;
use crate::server::Server;
use crate::store::policies::AppliedPolicy;

/// The largest model text that is read, in bytes.
pub(crate) const MODEL_LIMIT: usize = 1024 * 1024;

/// What problems and reports call the text of the model in force.
pub(crate) const MODEL: &str = "model.toml";

/// What applying a model does, or would do.
#[derive(Clone, Debug, PartialEq)]
pub struct Application {
    /// The version that is in force afterward, or would be.
    pub version: u64,
    /// Whether anything was changed.
    pub applied: bool,
    /// What devices may do that they could not, and the other way round.
    pub changes: Vec<Change>,
    /// What the author may want to look at; nothing here stops the model.
    pub problems: Problems,
    /// Live sessions that the new policy was told to.
    pub sessions: usize,
}

impl Server {
    /// Puts the policy of a model in force, or only says what that would change.
    ///
    /// A model that asks for the policy in force changes nothing and keeps the version.
    ///
    /// # Errors
    ///
    /// A [`Problem`] with all problems of the model, or with what the store or ledger said.
    pub async fn apply(&self, text: &str, dry_run: bool) -> Result<Application, Problem> {
        if text.len() > MODEL_LIMIT {
            return Err(Problem::bad_request(
                format!("a model of {} bytes", text.len()),
                format!("at most {MODEL_LIMIT}"),
            ));
        }
        let _one_at_a_time = self.applying().lock().await;
        let (model, analysis, problems) = self.analyze_text(text).await?;
        let current = self.policy();
        let in_force = current.as_ref().map_or(0, |policy| policy.version);
        let candidate = sekimori_analysis::policy::generate(&model, &analysis, in_force);
        let changes = difference(current.as_deref(), &candidate);
        let same = current.as_deref() == Some(&candidate);
        let same_text = match self.store_of().newest_policy().await? {
            Some(kept) => kept.model == text,
            None => false,
        };
        if same && same_text {
            return Ok(Application {
                version: in_force,
                applied: false,
                changes,
                problems,
                sessions: 0,
            });
        }
        let version = in_force.saturating_add(1);
        if dry_run {
            return Ok(Application {
                version,
                applied: false,
                changes,
                problems,
                sessions: 0,
            });
        }
        let policy = Policy {
            version,
            ..candidate
        };
        self.put_in_force(text, policy, changes.len()).await?;
        let sessions = self.sessions().len();
        Ok(Application {
            version,
            applied: true,
            changes,
            problems,
            sessions,
        })
    }

    async fn put_in_force(
        &self,
        text: &str,
        policy: Policy,
        changes: usize,
    ) -> Result<(), Problem> {
        let sealed = policy
            .seal(self.ledger().author())
            .map_err(|error| Problem::internal("sign the policy", format!("{error:?}")))?;
        let version = policy.version;
        // Recorded first: what is in force is always on the ledger. A crash in between leaves an
        // entry whose policy nobody has; applying again records the next one.
        let kept = AppliedPolicy {
            version,
            applied: self.now(),
            model: text.to_owned(),
            sealed: sealed.clone(),
        };
        let body = EntryBody::PolicyApplied {
            version,
            sha256: Sha256::digest(&sealed).into(),
        };
        self.ledger().append(vec![body]).await?;
        self.store_of().keep_policy(&kept).await?;
        self.set_policy(Arc::new(policy));
        self.record(
            Event::new(self.now(), Code::PolicyApplied)
                .with_source("operator")
                .with_detail("version", version.to_string())
                .with_detail("changes", changes.to_string()),
        );
        Ok(())
    }

    /// Reads and analyzes a model off the runtime's threads: it is work, not waiting.
    pub(crate) async fn analyze_text(
        &self,
        text: &str,
    ) -> Result<(Model, Analysis, Problems), Problem> {
        let today = self.now().to_zoned(TimeZone::UTC).date();
        let text = text.to_owned();
        tokio::task::spawn_blocking(move || {
            let model = model::parse(MODEL, &text)?;
            let warnings = model::check_dates(&model, MODEL, &text, today);
            let analysis = analyze(&model, today);
            Ok((model, analysis, warnings))
        })
        .await
        .map_err(|error| Problem::internal("analyze the model", error))?
        .map_err(|problems: Problems| invalid(&problems))
    }

    /// The analysis of the model in force, as of today.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when no model was applied yet.
    pub async fn analysis(&self) -> Result<Analysis, Problem> {
        let text = self.model_in_force().await?;
        self.analyze_text(&text)
            .await
            .map(|(_, analysis, _)| analysis)
    }

    /// The text of the model in force.
    pub(crate) async fn model_in_force(&self) -> Result<String, Problem> {
        let kept = self.store_of().newest_policy().await?.ok_or_else(|| {
            Problem::new(
                StatusCode::NOT_FOUND,
                "SK-POL-002",
                "no model was applied yet",
            )
            .fix("sekimori apply model.toml")
        })?;
        Ok(kept.model)
    }
}

pub(crate) fn invalid(problems: &Problems) -> Problem {
    let listed = serde_json::to_value(&problems.list).unwrap_or_default();
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "SK-POL-001",
        format!("the model has {} problems", problems.len()),
    )
    .fix("sekimori model check")
    .about("count", problems.len())
    .detail("problems", listed)
    .detail("omitted", problems.omitted)
}
