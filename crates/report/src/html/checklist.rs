//! The thirteen steps with the state of each control, and the documents that speak for them.

use std::collections::BTreeMap;

use sekimori_analysis::attestation::DocumentView;
use sekimori_analysis::checklist::{self, Control, ControlFinding, Shown, State};

use super::Page;
use crate::papers;

/// How many characters of a hash are shown in a row; the list of documents shows it whole.
const HASH: usize = 12;

impl Page<'_> {
    pub(super) fn checklist(&mut self) {
        let analysis = self.analysis;
        let controls = self.report.controls();
        let found: BTreeMap<&str, &ControlFinding> = controls
            .iter()
            .map(|found| (found.control.as_str(), found))
            .collect();
        let note = self.label(match self.report.assessment {
            Some(_) => "checklist-judged",
            None => "checklist-model-alone",
        });
        self.html.element("p", "class=\"soft\"", &note);
        self.state_table(&found);
        for step in &analysis.checklist.steps {
            let name = self.say(&step.name);
            let title = format!("{}. {name}", step.number);
            self.html.element("h3", "", &title);
            let columns = self.labels(&["item", "text", "status", "why"]);
            self.html.table("steps", &title, &columns);
            for control in &step.controls {
                if let Some(found) = found.get(control.id.as_str()) {
                    self.control_row(control, found);
                }
            }
            self.html.end_table();
        }
    }

    /// How many controls are in each state, by step.
    fn state_table(&mut self, found: &BTreeMap<&str, &ControlFinding>) {
        let analysis = self.analysis;
        let mut columns = vec![self.label("data-step")];
        columns.extend(State::ALL.iter().map(|state| self.control_label(*state)));
        let caption = self.label("checklist-states");
        self.html.table("states", &caption, &columns);
        let total = self.label("all-lists");
        let mut rows: Vec<(String, Vec<ControlFinding>)> = Vec::new();
        for step in &analysis.checklist.steps {
            let of_step = step.controls.iter();
            let of_step = of_step.filter_map(|control| found.get(control.id.as_str()));
            rows.push((
                format!("{}. {}", step.number, self.say(&step.name)),
                of_step.map(|found| (*found).clone()).collect(),
            ));
        }
        let all = rows.iter().flat_map(|(_, found)| found.clone()).collect();
        rows.push((total, all));
        for (name, found) in rows {
            self.html.raw("<tr>").element("th", "scope=\"row\"", &name);
            let counts = checklist::count(&found);
            for state in State::ALL {
                let count = counts.get(state).copied().unwrap_or(0);
                if count == 0 {
                    self.html.element("td", "class=\"n soft\"", "–");
                } else {
                    self.number(count);
                }
            }
            self.html.close("tr");
        }
        self.html.end_table();
    }

    fn control_row(&mut self, control: &Control, found: &ControlFinding) {
        let filter = match found.state {
            State::Contradicted | State::Open => "open",
            State::Live | State::Test | State::Document | State::Process => "closed",
            State::NotApplicable => "other",
        };
        self.html
            .raw("<tr class=\"st-")
            .raw(filter)
            .raw("\" id=\"")
            .text(&control.id)
            .raw("\"><th scope=\"row\">")
            .text(&control.id)
            .raw("</th>");
        let text = self.say(&control.text);
        let site = self.label(&format!("site-{}", control.site.word()));
        let check = self.label(&format!("check-{}", control.check.word()));
        let page = self.with("source-page", &[("page", &control.page.to_string())]);
        self.html
            .raw("<td class=\"w\">")
            .text(&text)
            .raw("<br><span class=\"soft\">")
            .text(&format!("{site} · {check} · {page}"))
            .raw("</span></td>");
        self.mark(
            &format!("control-{}", found.state.word()),
            &format!("control-{}", found.state.word()),
        );
        let mut said = vec![self.say(&found.why)];
        let shown = self.shown(control);
        if !shown.is_empty() {
            let list = shown.join(self.comma());
            said.push(format!("{}: {list}", self.label("shown-by")));
        }
        if let Some(seen) = found.last_observed {
            let seen = super::evidence::time(seen);
            said.push(format!("{}: {seen}", self.label("last-observed")));
        }
        match (&found.owner, found.until) {
            (Some(owner), Some(until)) => said.push(self.with(
                "answers-until",
                &[("owner", owner), ("until", &until.to_string())],
            )),
            (Some(owner), None) => said.push(format!("{}: {owner}", self.label("owner"))),
            (None, Some(until)) => said.push(format!("{}: {until}", self.label("until"))),
            (None, None) => {}
        }
        said.extend(found.documents.iter().map(|document| self.paper(document)));
        self.lines(&said);
        self.html.close("tr");
    }

    /// What of the running system shows a control.
    fn shown(&self, control: &Control) -> Vec<String> {
        let shown = control.shown_by.iter();
        shown
            .map(|shown| match shown {
                Shown::Measure { measure } => self.measure(measure),
                Shown::Probes { observed, refused } => {
                    let probes = observed.iter().chain(refused);
                    let names = probes.map(sekimori_analysis::evidence::name);
                    names.collect::<Vec<String>>().join(self.comma())
                }
                Shown::Absent { measure } => self.with("would-show", &[("measure", measure)]),
            })
            .collect()
    }

    /// A document in a line: name, beginning of its hash, days, owner, what it is worth.
    fn paper(&self, document: &DocumentView) -> String {
        let hash: String = document.sha256.chars().take(HASH).collect();
        let attached = document.attached_at.to_string();
        let attached: String = attached.chars().take(10).collect();
        let said = self.with(
            "text-document",
            &[
                ("id", &document.id),
                ("title", &document.title),
                ("hash", &hash),
                ("attached", &attached),
                ("until", &document.until.to_string()),
                ("owner", &document.owner),
            ],
        );
        let worth = self.label(crate::words::worth_key(document.worth));
        format!("{said} · {worth}")
    }

    fn control_label(&self, state: State) -> String {
        self.label(&format!("control-{}", state.word()))
    }

    /// Everything that was attached, with its whole hash.
    pub(super) fn documents(&mut self) {
        let papers = papers::of(self.report);
        if papers.is_empty() {
            let key = match self.report.assessment {
                Some(_) => "documents-none",
                None => "documents-model-alone",
            };
            let none = self.label(key);
            self.html.element("p", "class=\"soft\"", &none);
            return;
        }
        let keys = [
            "item", "kind", "status", "owner", "until", "sha256", "about",
        ];
        let columns = self.labels(&keys);
        let caption = self.label("section-documents");
        self.html.table("documents", &caption, &columns);
        for paper in papers {
            let view = paper.view;
            self.row_head(&view.title, &view.id);
            let kind = self.label(&format!("document-{}", view.kind.word()));
            let worth = self.label(crate::words::worth_key(view.worth));
            let mut status = vec![worth];
            status.extend(view.result.iter().map(|result| self.say(result)));
            self.cell(&kind);
            self.lines(&status);
            self.cell(&view.owner).cell(&view.until.to_string());
            self.code(&view.sha256);
            let about: Vec<&str> = paper.about.into_iter().collect();
            self.cell(&about.join(", "));
            self.html.close("tr");
        }
        self.html.end_table();
    }
}
