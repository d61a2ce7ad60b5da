//! What was required and what was observed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use sekimori_analysis::choose::Proof;
use sekimori_analysis::evidence::{self, Evidence, Finding, ItemFinding, Status};
use sekimori_analysis::knowledge::Pillar;
use sekimori_analysis::requirements::{Duty, Requirement};

use super::Page;
use crate::diagram::charts::{self, Bar};

impl Page<'_> {
    pub(super) fn summary(&mut self) {
        let solution = &self.analysis.solution;
        let open = solution.open().count();
        let provided = solution.picks.iter().filter(|pick| pick.provided).count();
        let (cost, bound, gap) = (solution.cost, solution.lower_bound, solution.gap);
        let cards = [
            ("requirements", self.analysis.requirements.len() as u64),
            ("status-met", self.count_of(Status::Met) as u64),
            ("targets", solution.targets.len() as u64),
            ("open", open as u64),
            ("picks", solution.picks.len() as u64),
            ("cost", cost),
        ];
        let picks = solution.picks.len().to_string();
        self.html.raw("<ul class=\"cards\">\n");
        for (key, number) in cards {
            if key == "status-met" && self.findings.is_empty() {
                continue;
            }
            let label = self.label(key);
            self.html
                .raw("<li>")
                .element("b", "", &number.to_string())
                .text(&label)
                .raw("</li>\n");
        }
        self.html.raw("</ul>\n");
        // A report on a model alone was not asked what is observed, and says nothing of it.
        if !self.findings.is_empty() {
            self.status_bar();
        }
        let provided = self.with(
            "provided-long",
            &[("picks", &picks), ("provided", &provided.to_string())],
        );
        self.html.element("p", "", &provided);
        let goodness = if solution.proof == Proof::Unproven {
            self.say(&solution.proof.text())
        } else if gap == 0 {
            self.label("optimal")
        } else {
            let (bound, cost, gap) = (bound.to_string(), cost.to_string(), gap.to_string());
            self.with(
                "not-optimal",
                &[("bound", &bound), ("cost", &cost), ("gap", &gap)],
            )
        };
        self.html.element("p", "", &goodness);
        self.by_level();
        self.pillars();
    }

    /// A bar of all statuses, and its legend with the numbers.
    fn status_bar(&mut self) {
        self.html.raw("<div class=\"bar\" aria-hidden=\"true\">");
        for status in Status::ALL.iter().rev() {
            let count = self.count_of(*status);
            if count > 0 {
                let word = status.word();
                let attributes = format!("class=\"{word}\" style=\"flex-grow:{count}\"");
                self.html.element("span", &attributes, "");
            }
        }
        self.html.raw("</div>\n<p>");
        for status in Status::ALL.iter().rev() {
            let label = self.label(&format!("status-{}", status.word()));
            let said = format!("{label}: {}", self.count_of(*status));
            self.html.badge(status.word(), &said).raw(" ");
        }
        self.html.raw("</p>\n");
    }

    /// What each pillar carries: how much is there, how much has to be built, what it covers.
    fn pillars(&mut self) {
        let bars = self.pillar_bars();
        let caption = self.label("figure-pillars");
        let scene = charts::pillars(&bars);
        self.figure("figure-pillars", &caption, Some(&scene));
    }

    fn pillar_bars(&self) -> Vec<Bar> {
        let analysis = self.analysis;
        let pillar_of: BTreeMap<&str, Pillar> = analysis
            .solution
            .picks
            .iter()
            .filter_map(|pick| {
                let measure = analysis.knowledge.measures.get(&pick.measure)?;
                Some((pick.id.as_str(), measure.pillar))
            })
            .collect();
        let covered = |pillar: Pillar| {
            let targets = analysis.solution.targets.iter();
            targets
                .filter(|target| {
                    let mut by = target.by.iter();
                    by.any(|pick| pillar_of.get(pick.as_str()) == Some(&pillar))
                })
                .count()
        };
        let pillars = analysis.pillars.iter();
        pillars
            .map(|(pillar, view)| Bar {
                name: self.label(&format!("pillar-{}", pillar.word())),
                provided: view.provided,
                built: view.picks.saturating_sub(view.provided),
                said: self.with(
                    "pillar-said",
                    &[
                        ("picks", &view.picks.to_string()),
                        ("provided", &view.provided.to_string()),
                        ("cost", &view.cost.to_string()),
                        ("targets", &covered(*pillar).to_string()),
                    ],
                ),
            })
            .collect()
    }

    /// What each unit of effort closes.
    pub(super) fn frontier(&mut self) {
        let solution = &self.analysis.solution;
        if solution.frontier.is_empty() {
            return;
        }
        let (cost, closed) = (self.label("cost"), self.label("axis-closed"));
        let axes = charts::Axes {
            cost: &cost,
            closed: &closed,
        };
        let scene = charts::frontier(&solution.frontier, (680, 260), &axes, &|cost| {
            cost.to_string()
        });
        let caption = self.label("figure-frontier");
        self.figure("figure-frontier", &caption, Some(&scene));
    }

    pub(super) fn requirements(&mut self) {
        let findings: BTreeMap<&str, &Finding> = self
            .findings
            .iter()
            .map(|finding| (finding.requirement.as_str(), finding))
            .collect();
        for pillar in Pillar::ALL {
            let of_pillar: Vec<&Requirement> = self
                .analysis
                .requirements
                .iter()
                .filter(|requirement| requirement.pillar == *pillar)
                .collect();
            if of_pillar.is_empty() {
                continue;
            }
            let label = self.label(&format!("pillar-{}", pillar.word()));
            self.html.element("h3", "", &label);
            for requirement in of_pillar {
                self.requirement(requirement, findings.get(requirement.id.as_str()).copied());
            }
        }
    }

    fn requirement(&mut self, requirement: &Requirement, finding: Option<&Finding>) {
        let place = self.place(requirement.at.as_deref());
        let duty = match requirement.duty {
            Duty::Platform => "duty-platform",
            Duty::Maker => "duty-maker",
            Duty::People => "duty-people",
        };
        let title = self.say(&requirement.title);
        let status = finding.map_or(Status::NotObserved, |finding| finding.status);
        let status_label = self.label(&format!("status-{}", status.word()));
        let id = format!("id=\"{}\"", requirement.id);
        self.html.open("article", &id).raw("<h4>");
        if finding.is_some() {
            self.html.badge(status.word(), &status_label).raw(" ");
        }
        self.html
            .text(&title)
            .raw(" – ")
            .text(&place)
            .raw("</h4>\n");
        let shall = self.say(&requirement.shall);
        let duty = format!("{}: {}", self.label("duty"), self.label(duty));
        self.html.element("p", "", &shall).raw("<p class=\"soft\">");
        self.html.element("code", "", &requirement.id);
        self.html.text(" · ").text(&duty).raw("</p>\n");
        if let Some(finding) = finding {
            let why = self.say(&finding.why);
            self.html.element("p", "", &why);
            if let Some(attested) = &finding.attested
                && attested.why != finding.why
            {
                let said = self.say(&attested.why);
                self.html.element("p", "", &said);
            }
            if finding.evidence.is_empty() && finding.attested.is_none() {
                let none = self.label("evidence-none");
                self.html.element("p", "class=\"soft\"", &none);
            } else if !finding.evidence.is_empty() {
                self.evidence_table(&title, &finding.evidence);
            }
        }
        self.traces(requirement);
        self.html.close("article");
    }

    fn traces(&mut self, requirement: &Requirement) {
        let clauses: Vec<String> = requirement
            .clauses
            .iter()
            .map(|clause| {
                let aspect = self.label(&format!("aspect-{}", clause.aspect.word()));
                self.with(
                    "clause",
                    &[
                        ("role", &clause.role),
                        ("flow", &clause.flow),
                        ("aspect", &aspect),
                    ],
                )
            })
            .collect();
        for (key, list) in [("clauses", &clauses), ("items-served", &requirement.items)] {
            if !list.is_empty() {
                let said = format!("{}: {}", self.label(key), list.join(self.comma()));
                self.html.element("p", "class=\"soft\"", &said);
            }
        }
        if !requirement.closes.is_empty() {
            let count = requirement.closes.len().to_string();
            let label = self.with("traces-count", &[("count", &count)]);
            self.html
                .raw("<details><summary>")
                .text(&label)
                .raw("</summary><p class=\"soft\">");
            self.targets(&requirement.closes);
            self.html.raw("</p></details>\n");
        }
    }

    fn evidence_table(&mut self, caption: &str, evidence: &[Evidence]) {
        let columns = self.labels(&[
            "probe",
            "status",
            "seen",
            "subjects",
            "first-observed",
            "last-observed",
            "last-received",
            "window",
        ]);
        self.html.table("evidence", caption, &columns);
        for evidence in evidence {
            self.evidence_row(evidence);
        }
        self.html.end_table();
    }

    fn evidence_row(&mut self, evidence: &Evidence) {
        let meaning = self.say(&evidence.text);
        let role = self.label(if evidence.negative {
            "negative"
        } else {
            "positive"
        });
        let says = self.label(&format!("says-{}", evidence.says.word()));
        let probe = evidence::name(&evidence.probe);
        self.html
            .raw("<tr><td class=\"w\">")
            .element("code", "", &probe)
            .raw("<br>")
            .text(&meaning)
            .raw("<br><span class=\"soft\">")
            .text(&role)
            .text(" · ")
            .text(&says)
            .raw("</span></td>");
        let word = evidence.status.word();
        self.mark(word, &format!("status-{word}"));
        let count = if evidence.contradictions > 0 {
            let contradictions = self.label("contradictions");
            format!(
                "{} ({contradictions}: {})",
                evidence.count, evidence.contradictions
            )
        } else {
            evidence.count.to_string()
        };
        self.number(count);
        let list = evidence.subjects.join(", ");
        let more = evidence
            .subject_count
            .saturating_sub(evidence.subjects.len());
        let subjects = if more > 0 {
            let more = more.to_string();
            self.with("subjects-more", &[("list", &list), ("more", &more)])
        } else {
            list
        };
        self.cell(&subjects);
        for at in [
            evidence.first_observed,
            evidence.last_observed,
            evidence.last_received,
        ] {
            let said = at.map_or_else(|| "–".to_owned(), time);
            self.html.element("td", "class=\"t\"", &said);
        }
        let hours = evidence.window_hours.to_string();
        let window = self.with("hours", &[("hours", &hours)]);
        self.cell(&window);
        self.html.close("tr");
    }

    pub(super) fn regimes(&mut self) {
        let items = self.items.clone();
        let found: BTreeMap<&str, &ItemFinding> = items
            .iter()
            .map(|item| (item.item.as_str(), item))
            .collect();
        for set in &self.analysis.regimes {
            let name = self.say(&set.name);
            self.html.element("h3", "", &name);
            let version = format!("{}: {}", self.label("version"), self.say(&set.version));
            let note = self.say(&set.note);
            self.html.element("p", "class=\"soft\"", &version).element(
                "p",
                "class=\"soft\"",
                &note,
            );
            let columns = self.labels(&[
                "item",
                "text",
                "status",
                "checked-by",
                "served-by",
                "confidence",
            ]);
            self.html.table("items", &name, &columns);
            for item in &set.items {
                let mandatory = self.label(&format!("item-{}", item.status.word()));
                let text = self.say(&item.text);
                self.html
                    .raw("<tr><th scope=\"row\">")
                    .text(&item.r#ref)
                    .raw("<br><span class=\"soft\">")
                    .text(&mandatory)
                    .raw("</span></th>")
                    .element("td", "class=\"w\"", &text);
                let found = found.get(item.id.as_str());
                let status = found.map_or(Status::NeedsStatement, |found| found.status);
                let label = self.label(&format!("status-{}", status.word()));
                self.html.raw("<td>").badge(status.word(), &label);
                if let Some(attested) = found.and_then(|found| found.attested.as_ref()) {
                    let why = self.say(&attested.why);
                    self.html.raw("<br><small>").text(&why).raw("</small>");
                }
                self.html.raw("</td>");
                let check = self.label(&format!("check-{}", item.check.word()));
                self.cell(&check);
                self.links(&item.requirements);
                let confidence = self.label(&format!("confidence-{}", item.confidence.word()));
                self.cell(&confidence);
                self.html.close("tr");
            }
            self.html.end_table();
        }
    }

    /// A cell with links to requirements of this page.
    fn links(&mut self, requirements: &[String]) {
        self.html.raw("<td>");
        self.anchors(requirements);
        self.html.raw("</td>");
    }
}

/// Date and time to the second, in UTC.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
