//! What was required and what was observed, as a report.

use core::time::Duration;

use http::StatusCode;
use sekimori_analysis::Analysis;
use sekimori_analysis::documents::Document;
use sekimori_analysis::evidence::{Assessment, ItemFinding, Observation, Status, judge};
use sekimori_analysis::model::{Places, Regime, Source};
use sekimori_audit::Code;

use crate::api::problem::Problem;
use crate::documents::intact::Look;
use crate::policy::MODEL;
use crate::server::Server;

/// How far back observations are read. No probe's window is longer than a year.
const HORIZON: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Everything that a report of evidence shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The analysis of the model in force.
    pub analysis: Analysis,
    /// Where the elements of that model stand in its text.
    pub places: Places,
    /// How it stands with each requirement, item and control.
    pub assessment: Assessment,
    /// Attached documents, those that count no more included.
    pub documents: Vec<Document>,
}

impl Evidence {
    /// How it stands with each item of the requirement sets.
    #[must_use]
    pub fn items(&self) -> &[ItemFinding] {
        &self.assessment.items
    }

    /// How many requirements have a status.
    #[must_use]
    pub fn count(&self, status: Status) -> usize {
        self.assessment
            .findings
            .iter()
            .filter(|finding| finding.status == status)
            .count()
    }
}

impl Server {
    /// Judges every requirement of the model in force by what was observed until now, for all of
    /// its requirement sets or for one.
    ///
    /// # Errors
    ///
    /// A [`Problem`] when no model was applied, or the model does not name the standard.
    pub async fn prove(&self, standard: Option<&str>) -> Result<Evidence, Problem> {
        let text = self.model_in_force().await?;
        let mut analysis = self.analyze_text(&text).await?.1;
        self.settle_events().await;
        let now = self.now();
        let observations = self.observed().await?;
        let documents = self.documents(Look::Whole).await?;
        // A control looks at requirements that no item of the one standard may need.
        let mut assessment = judge(&analysis, &observations, &documents, now);
        if let Some(standard) = standard {
            narrow(&mut analysis, &mut assessment, standard)?;
        }
        Ok(Evidence {
            analysis,
            places: Places::of(&[Source {
                name: MODEL,
                text: &text,
            }]),
            assessment,
            documents,
        })
    }

    /// What was observed, with the role of each device that is known.
    async fn observed(&self) -> Result<Vec<Observation>, Problem> {
        let stored = self.store_of().observations(self.now() - HORIZON).await?;
        let registry = self.ledger().registry();
        let role = |subject: &str| {
            let name = sekimori_identity::DeviceName::parse(subject).ok()?;
            registry
                .by_name(&name)
                .map(|record| record.role.to_string())
        };
        Ok(stored
            .into_iter()
            .map(|stored| Observation {
                role: role(&stored.subject),
                reason: stored.reason,
                subject: stored.subject,
                observed_at: stored.observed_at,
                received_at: stored.received_at,
                // Here it is an attempt that has to be noticed, and it was.
                held: stored.held || stored.probe == Code::IntegrityDeviation.as_str(),
                probe: stored.probe,
                count: stored.count,
            })
            .collect())
    }
}

/// Leaves one requirement set of those that the model names, and the requirements that serve it.
fn narrow(
    analysis: &mut Analysis,
    assessment: &mut Assessment,
    standard: &str,
) -> Result<(), Problem> {
    let wanted = Regime::of_name(standard);
    let known: Vec<&str> = analysis
        .regimes
        .iter()
        .map(|view| view.regime.short())
        .collect();
    analysis.regimes.retain(|view| Some(view.regime) == wanted);
    let Some(kept) = analysis.regimes.first() else {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "SK-EVI-001",
            format!("the model does not ask for the standard {standard:?}"),
        )
        .about("standard", standard)
        .expected(known.join(", "))
        .fix("add it to  regimes  in the model and apply it, or ask for one of these"));
    };
    let serving: Vec<String> = kept
        .items
        .iter()
        .flat_map(|item| item.requirements.iter().cloned())
        .collect();
    let regime = kept.regime;
    analysis
        .requirements
        .retain(|requirement| serving.contains(&requirement.id));
    assessment
        .findings
        .retain(|finding| serving.contains(&finding.requirement));
    assessment.items.retain(|item| item.regime == regime);
    Ok(())
}
