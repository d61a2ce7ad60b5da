//! What was chosen, why, and what stays open.

use super::Page;

impl Page<'_> {
    pub(super) fn open(&mut self) {
        if self.analysis.solution.open().next().is_none() {
            let nothing = self.label("nothing-open");
            self.html.element("p", "", &nothing);
            return;
        }
        let columns = self.labels(&["cell", "asked-by", "risk", "need", "offered", "reached"]);
        let caption = self.label("section-open");
        self.html.table("open-targets", &caption, &columns);
        for target in self.analysis.solution.open() {
            self.html.raw("<tr>");
            self.code(&target.id);
            let method = self.label(&format!("method-{}", target.method.word()));
            self.cell(&method);
            match target.risk {
                Some(level) => {
                    let key = format!("level-{}", level.word());
                    self.mark(&key, &key);
                }
                None => {
                    self.cell("–");
                }
            }
            self.number(target.need)
                .number(target.offered)
                .number(target.reached);
            self.html.close("tr");
        }
        self.html.end_table();
    }

    pub(super) fn chosen(&mut self) {
        self.frontier();
        let columns = self.labels(&["measure", "at", "cost", "strength", "provided", "why"]);
        let caption = self.label("section-chosen");
        self.html.table("picks", &caption, &columns);
        for pick in &self.analysis.solution.picks {
            let measure = self.analysis.knowledge.measures.get(&pick.measure);
            let name = measure.map_or_else(|| pick.measure.clone(), |m| self.say(&m.name));
            self.html
                .raw("<tr><th scope=\"row\">")
                .text(&name)
                .raw("<br>")
                .element("code", "class=\"soft\"", &pick.id)
                .raw("</th>");
            let place = self.place(pick.at.as_deref());
            self.cell(&place).number(pick.cost).number(pick.strength);
            let provided = if pick.provided { "✓" } else { "–" };
            self.cell(provided);
            let why = self.say(&pick.why);
            self.html.element("td", "class=\"w\"", &why).close("tr");
        }
        self.html.end_table();
    }

    pub(super) fn decisions(&mut self) {
        if self.analysis.solution.decisions.is_empty() {
            self.nothing();
            return;
        }
        let columns = self.labels(&["cell", "status", "why", "owner", "until", "holds"]);
        let caption = self.label("section-decisions");
        self.html.table("decisions", &caption, &columns);
        for decision in &self.analysis.solution.decisions {
            self.html.raw("<tr>");
            self.code(&decision.cell);
            let word = decision.status.word();
            self.mark(word, &format!("decision-{word}"));
            let why = self.say(&decision.why);
            self.cell(&why)
                .cell(&decision.owner)
                .cell(&decision.until.to_string());
            if decision.holds {
                self.mark("closed", "holds");
            } else {
                self.mark("open", "expired");
            }
            self.html.close("tr");
        }
        self.html.end_table();
    }

    pub(super) fn assumptions(&mut self) {
        if self.analysis.assumptions.is_empty() {
            self.nothing();
            return;
        }
        let columns = self.labels(&["item", "text", "check-how", "review-by", "status"]);
        let caption = self.label("section-assumptions");
        self.html.table("assumptions", &caption, &columns);
        for assumption in &self.analysis.assumptions {
            self.html.raw("<tr>");
            self.code(&assumption.id);
            let text = self.say(&assumption.text);
            self.cell(&text)
                .cell(assumption.check.as_deref().unwrap_or("–"))
                .cell(&assumption.review_by.to_string());
            if assumption.holds {
                self.mark("needs-statement", "holds");
            } else {
                self.mark("stale", "due");
            }
            self.html.close("tr");
        }
        self.html.end_table();
    }

    pub(super) fn nothing(&mut self) {
        let none = self.label("none");
        self.html.element("p", "class=\"soft\"", &none);
    }
}
