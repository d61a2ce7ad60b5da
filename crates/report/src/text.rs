//! Plain text for a terminal: one fact a line, so that it can be searched and compared.

use std::borrow::Cow;

use sekimori_analysis::Analysis;
use sekimori_analysis::choose::State;
use sekimori_analysis::evidence::{Evidence, Finding, Status};
use sekimori_analysis::language::Language;
use sekimori_analysis::model::Level;
use sekimori_analysis::stride::Threat;

use crate::labels::Labels;
use crate::words::comma;
use crate::{Report, checklist};

/// What was observed of each requirement; for a model alone, what it says.
pub(crate) fn render(report: &Report<'_>, language: Language) -> String {
    match report.findings {
        Some(found) => {
            let mut text = findings(report.analysis, found, language);
            text.push_str(&checklist::render(report, language));
            text
        }
        None => analysis(report.analysis, language),
    }
}

/// Threats, what was chosen against them and why, and what is required now.
fn analysis(analysis: &Analysis, language: Language) -> String {
    let labels = Labels::new(language);
    let solution = &analysis.solution;
    let number = |count: usize| Cow::from(count.to_string());
    let (title, date) = (analysis.title.of(language), analysis.date);
    let mut lines = vec![match language {
        Language::English => format!("{title} ({date})"),
        Language::Japanese => format!("{title}（{date}）"),
    }];
    lines.push(
        labels.with(
            "text-threats",
            &[
                ("stride", number(analysis.threats.len())),
                (
                    "jnsa",
                    number(
                        analysis
                            .matrices
                            .iter()
                            .map(|matrix| matrix.cells.len())
                            .sum(),
                    ),
                ),
                ("stpa", number(analysis.stpa.unsafe_actions.len())),
            ],
        ),
    );
    lines.extend(risks(analysis, language));
    let [bound, gap] = solution.bound_and_gap();
    lines.push(labels.with(
        "text-choice",
        &[
            ("picks", number(solution.picks.len())),
            ("cost", solution.cost.to_string().into()),
            ("bound", bound.into()),
            ("gap", gap.into()),
        ],
    ));
    for pick in &solution.picks {
        lines.push(format!(
            "  {:<32} {:>3}  {}",
            pick.id,
            pick.cost,
            pick.why.of(language)
        ));
    }
    let open = solution
        .states
        .values()
        .filter(|state| **state == State::Open)
        .count();
    lines.push(labels.with("text-open", &[("count", number(open))]));
    lines.extend(solution.open().map(|target| format!("  {}", target.id)));
    let requirements = &analysis.requirements;
    lines.push(labels.with(
        "text-requirements",
        &[("count", number(requirements.len()))],
    ));
    for requirement in requirements {
        lines.push(format!(
            "  {:<32} {}",
            requirement.id,
            requirement.shall.of(language)
        ));
    }
    joined(&lines)
}

/// A level of a threat: as it is, or with measures.
type LevelOf<'a> = &'a dyn Fn(&Threat) -> Level;

/// How many threats there are of each level, and what remains of them.
fn risks(analysis: &Analysis, language: Language) -> Vec<String> {
    let labels = Labels::new(language);
    let left = |threat: &Threat| analysis.solution.residual.get(threat.id.as_str());
    let views: [(&str, LevelOf<'_>); 3] = [
        ("text-risks-inherent", &|threat| threat.risk.level),
        ("text-risks-there", &|threat| {
            left(threat).map_or(threat.risk.level, |left| left.in_place)
        }),
        ("text-risks-chosen", &|threat| {
            left(threat).map_or(threat.risk.level, |left| left.chosen)
        }),
    ];
    let line = |(what, level): &(&str, LevelOf<'_>)| {
        let count = |wanted: Level| {
            let threats = analysis.threats.iter();
            threats.filter(|threat| level(threat) == wanted).count()
        };
        let levels = [Level::Critical, Level::High, Level::Medium, Level::Low];
        let counts = levels.map(|level| {
            let name = labels.text(&format!("level-{}", level.word()));
            format!("{name} {}", count(level))
        });
        format!("{}: {}", labels.text(what), counts.join(comma(language)))
    };
    views.iter().map(line).collect()
}

/// What was required and what was observed of it, the most urgent first.
fn findings(analysis: &Analysis, findings: &[Finding], language: Language) -> String {
    let labels = Labels::new(language);
    let of = |status: Status| {
        findings
            .iter()
            .filter(move |finding| finding.status == status)
    };
    let label = |status: Status| labels.text(&format!("status-{}", status.word()));
    let counts: Vec<String> = Status::ALL
        .iter()
        .map(|status| format!("{} {}", label(*status), of(*status).count()))
        .collect();
    let mut lines = vec![format!(
        "{}: {}",
        analysis.title.of(language),
        counts.join(comma(language))
    )];
    for finding in Status::ALL.into_iter().flat_map(of) {
        let title = analysis
            .requirements
            .iter()
            .find(|requirement| requirement.id == finding.requirement)
            .map_or("", |requirement| requirement.title.of(language));
        lines.push(format!(
            "{} · {} · {title}",
            label(finding.status),
            finding.requirement
        ));
        lines.extend(
            finding
                .evidence
                .iter()
                .map(|evidence| seen(evidence, &labels)),
        );
        let attested = finding.attested.iter();
        lines.extend(attested.flat_map(|attested| checklist::papers(attested, &labels, language)));
    }
    joined(&lines)
}

/// One probe: what it saw, when, when the server learned of it, and for how long that counts.
fn seen(evidence: &Evidence, labels: &Labels) -> String {
    let probe = match &evidence.probe.reason {
        Some(reason) => format!("{} {reason}", evidence.probe.probe),
        None => evidence.probe.probe.clone(),
    };
    let hours = Cow::from(evidence.window_hours.to_string());
    let what = match (evidence.last_observed, evidence.last_received) {
        (Some(observed), Some(received)) => labels.with(
            "text-seen",
            &[
                ("count", evidence.count.to_string().into()),
                ("observed", observed.to_string().into()),
                ("received", received.to_string().into()),
                ("hours", hours),
            ],
        ),
        _ => labels.with("text-unseen", &[("hours", hours)]),
    };
    format!("    {probe:<36} {what}")
}

fn joined(lines: &[String]) -> String {
    lines
        .iter()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use sekimori_analysis::{analyze, evidence, model};

    #[test]
    fn both_texts_say_the_same_in_both_languages() {
        let text = include_str!("../../../examples/cold-store/model.toml");
        let model = model::parse("model.toml", text).expect("the example has no problem");
        let analyzed = analyze(&model, date(2026, 11, 20));
        let now = "2026-11-20T00:00:00Z".parse().expect("a time");
        let found = evidence::assess(&analyzed, &[], now);
        let english = findings(&analyzed, &found, Language::English);
        let japanese = findings(&analyzed, &found, Language::Japanese);
        assert_eq!(english.lines().count(), japanese.lines().count());
        assert!(
            english.contains("not observed") && japanese.contains("観測"),
            "{japanese}"
        );
        assert!(!english.contains("text-") && !japanese.contains("text-"));
        let english = analysis(&analyzed, Language::English);
        let japanese = analysis(&analyzed, Language::Japanese);
        assert_eq!(english.lines().count(), japanese.lines().count());
        assert!(!english.contains("text-") && !japanese.contains("text-"));
        for requirement in &analyzed.requirements {
            assert!(english.contains(&requirement.id) && japanese.contains(&requirement.id));
        }
    }
}
