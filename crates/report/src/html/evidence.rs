//! What was required and what was observed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use sekimori_analysis::evidence::{self, Evidence, Finding, ItemFinding, Status};
use sekimori_analysis::knowledge::Pillar;
use sekimori_analysis::requirements::{Duty, Requirement};

use super::Page;

impl Page<'_> {
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
