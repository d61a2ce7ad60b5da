//! The answer on one page: what is at stake, how it stands, what to do first, what people have to decide.

use std::collections::BTreeMap;

use sekimori_analysis::choose::{Pick, Proof};
use sekimori_analysis::evidence::Status;
use sekimori_analysis::knowledge::Pillar;
use sekimori_analysis::language::Language;

use super::Page;
use crate::diagram::charts::{self, Bar};
use crate::due;
use crate::stake;

/// How many entries of each list are told here; the sections have the rest.
const FIRST: usize = 8;

impl Page<'_> {
    pub(super) fn summary(&mut self) {
        let solution = &self.analysis.solution;
        let open = solution.open().count();
        let lead = if open == 0 {
            self.label("all-covered")
        } else {
            self.with(
                "some-open",
                &[
                    ("count", &open.to_string()),
                    ("targets", &solution.targets.len().to_string()),
                ],
            )
        };
        self.html.element("p", "", &lead);
        let contradicted = self.count_of(Status::Contradicted);
        if contradicted > 0 {
            let count = contradicted.to_string();
            let said = self.with("contradicted-count", &[("count", &count)]);
            self.html
                .raw("<p><a href=\"#findings\"><b>")
                .text(&said)
                .raw("</b></a></p>\n");
        }
        let cards = [
            ("targets", solution.targets.len() as u64),
            ("open", open as u64),
            ("picks", solution.picks.len() as u64),
            ("cost", solution.cost),
            ("requirements", self.analysis.requirements.len() as u64),
            ("status-met", self.count_of(Status::Met) as u64),
        ];
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
        self.at_stake();
        self.what_to_do();
        self.what_to_decide();
    }

    /// What would be lost, and how many risks there are of each level: in each state, and by what remains.
    fn at_stake(&mut self) {
        let heading = self.label("management-risk");
        self.html.element("h3", "", &heading);
        let losses = stake::losses(self.analysis, self.language);
        let more = losses.len().saturating_sub(FIRST);
        self.html.raw("<ul>\n");
        for (level, text) in losses.into_iter().take(FIRST) {
            let class = format!("level-{}", level.word());
            let label = self.label(&class);
            self.html.raw("<li>").badge(&class, &label).raw(" ");
            self.html.text(text).raw("</li>\n");
        }
        self.html.raw("</ul>\n");
        self.and_more(more);
        let columns = self.labels(&[
            "risk",
            "risk-before",
            "state-open",
            "state-closed",
            "filter-other",
            "remains-there",
            "remains-chosen",
        ]);
        let caption = self.label("by-level");
        self.html.table("levels", &caption, &columns);
        for row in stake::risks(self.facts.values()) {
            let key = format!("level-{}", row.level.word());
            let label = self.label(&key);
            self.html
                .raw("<tr><th scope=\"row\">")
                .badge(&key, &label)
                .raw("</th>");
            self.number(row.before);
            for number in row.states.into_iter().chain([row.there, row.chosen]) {
                self.number(number);
            }
            self.html.close("tr");
        }
        self.html.end_table();
        let note = self.label("remains-note");
        self.html.element("p", "class=\"soft\"", &note);
    }

    /// What has to be built or done, that first which pays most.
    fn what_to_do(&mut self) {
        let heading = self.label("to-do");
        self.html.element("h3", "", &heading);
        let solution = &self.analysis.solution;
        let provided = solution.picks.iter().filter(|pick| pick.provided).count();
        let (picks, provided) = (solution.picks.len().to_string(), provided.to_string());
        let mut said = self.with(
            "provided-long",
            &[("picks", &picks), ("provided", &provided)],
        );
        if self.language == Language::English {
            said.push(' ');
        }
        said.push_str(&self.goodness());
        self.html.element("p", "", &said);
        let known: BTreeMap<&str, &Pick> = solution
            .picks
            .iter()
            .map(|pick| (&*pick.id, pick))
            .collect();
        let steps = solution.frontier.iter().flat_map(|step| {
            let picks = step.picks.iter();
            picks.map(|pick| (&**pick, step.share))
        });
        let steps: Vec<(&Pick, u32)> = steps
            .filter_map(|(id, share)| Some((*known.get(id)?, share)))
            .filter(|(pick, _)| !pick.provided)
            .collect();
        if !steps.is_empty() {
            let columns = self.labels(&["measure", "at", "cost", "closed-so-far"]);
            let caption = self.label("to-do-caption");
            self.html.table("to-do", &caption, &columns);
            for (pick, share) in steps.iter().take(FIRST) {
                self.html.raw("<tr><th scope=\"row\">");
                self.picks(std::slice::from_ref(&pick.id));
                self.html.raw("</th>");
                let place = self.place(pick.at.as_deref());
                self.cell(&place)
                    .number(pick.cost)
                    .number(format!("{share} %"));
                self.html.close("tr");
            }
            self.html.end_table();
            self.and_more(steps.len().saturating_sub(FIRST));
        }
        self.pillars();
    }

    /// How good the choice is known to be.
    fn goodness(&self) -> String {
        let solution = &self.analysis.solution;
        if solution.proof == Proof::Unproven {
            return self.say(&solution.proof.text());
        }
        if solution.gap == 0 {
            return self.label("optimal");
        }
        let (bound, cost) = (solution.lower_bound.to_string(), solution.cost.to_string());
        let gap = solution.gap.to_string();
        self.with(
            "not-optimal",
            &[("bound", &bound), ("cost", &cost), ("gap", &gap)],
        )
    }

    /// What people have to decide, the most urgent first.
    fn what_to_decide(&mut self) {
        let heading = self.label("management-decisions");
        self.html.element("h3", "", &heading);
        let due = due::of(self.report, &self.facts, &self.labels, self.language);
        if due.is_empty() {
            let none = self.label("management-no-decision");
            self.html.element("p", "", &none);
            return;
        }
        let columns = self.labels(&["management-what", "owner", "management-when"]);
        self.html.table("due", &heading, &columns);
        for entry in due.iter().take(FIRST) {
            self.html
                .raw("<tr>")
                .element("td", "class=\"w\"", &entry.what);
            let nobody = || self.label("management-nobody");
            let owner = entry.owner.clone().unwrap_or_else(nobody);
            let now = || self.label("management-now");
            let when = entry.until.map_or_else(now, |until| until.to_string());
            self.cell(&owner).cell(&when);
            self.html.close("tr");
        }
        self.html.end_table();
        self.and_more(due.len().saturating_sub(FIRST));
    }

    fn and_more(&mut self, count: usize) {
        if count > 0 {
            let said = self.with("and-more", &[("count", &count.to_string())]);
            self.html.element("p", "class=\"soft\"", &said);
        }
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
                Some((&*pick.id, measure.pillar))
            })
            .collect();
        let covered = |pillar: Pillar| {
            let targets = analysis.solution.targets.iter();
            targets
                .filter(|target| {
                    let mut by = target.by.iter();
                    by.any(|pick| pillar_of.get(&**pick) == Some(&pillar))
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
}
