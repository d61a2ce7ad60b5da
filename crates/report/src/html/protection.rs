//! What was chosen, why, and what stays open.

use sekimori_analysis::choose::{Alternative, Pick, State};
use sekimori_analysis::knowledge::Pillar;

use super::Page;
use crate::facts::Fact;

impl Page<'_> {
    pub(super) fn open(&mut self) {
        if self.analysis.solution.open().next().is_none() {
            let nothing = self.label("nothing-open");
            self.html.element("p", "", &nothing);
            return;
        }
        let mut open: Vec<Fact> = self
            .facts
            .values()
            .filter(|fact| fact.state == State::Open)
            .cloned()
            .collect();
        open.sort_by_cached_key(Fact::urgency);
        let keys = ["risk", "element", "text", "data-missing", "need", "reached"];
        let columns = self.labels(&keys);
        let caption = self.label("section-open");
        self.html.table("open-targets", &caption, &columns);
        for fact in &open {
            self.html.raw("<tr>");
            match fact.risk {
                Some(level) => {
                    let key = format!("level-{}", level.word());
                    self.mark(&key, &key);
                }
                None => {
                    self.cell("–");
                }
            }
            let method = self.label(&format!("method-{}", fact.method.word()));
            self.cell(&fact.title);
            self.html
                .raw("<td class=\"w\">")
                .text(&fact.text)
                .raw("<br><span class=\"soft\">");
            self.html.text(&method).raw(" · ");
            self.targets(std::slice::from_ref(&fact.id));
            self.html.raw("</span></td>");
            self.cell(&fact.missing);
            let (need, reached) = fact.strength.unwrap_or_default();
            self.number(need).number(reached);
            self.html.close("tr");
        }
        self.html.end_table();
    }

    pub(super) fn chosen(&mut self) {
        self.frontier();
        let note = self.label("chosen-note");
        self.html.element("p", "class=\"soft\"", &note);
        for pillar in Pillar::ALL {
            let picks = self.analysis.solution.picks.iter();
            let picks: Vec<&Pick> = picks
                .filter(|pick| {
                    let measure = self.analysis.knowledge.measures.get(&pick.measure);
                    measure.map_or(Pillar::None, |measure| measure.pillar) == *pillar
                })
                .collect();
            if picks.is_empty() {
                continue;
            }
            let label = self.label(&format!("pillar-{}", pillar.word()));
            self.html
                .element("h3", "", &format!("{label}: {}", picks.len()));
            for pick in picks {
                self.chosen_pick(pick);
            }
        }
    }

    /// A pick, folded: in the summary what it is and costs; inside why it is there, what opens without it, what
    /// would stand in for it, and what makes its cost.
    fn chosen_pick(&mut self, pick: &Pick) {
        let name = self.measure_name(&pick.measure);
        let place = self.place(pick.at.as_deref());
        let numbers = self.with(
            "pick-numbers",
            &[
                ("cost", &pick.cost.to_string()),
                ("strength", &pick.strength.to_string()),
            ],
        );
        self.html
            .raw("<details class=\"item\" id=\"")
            .text(&pick.id)
            .raw("\"><summary><b>")
            .text(&name)
            .raw("</b> – ")
            .text(&place)
            .raw(" · ")
            .text(&numbers)
            .raw(" ");
        if pick.provided {
            let provided = self.label("provided");
            self.html.badge("closed", &provided).raw(" ");
        }
        self.html
            .element("code", "class=\"soft\"", &pick.id)
            .raw("</summary>\n");
        if let Some(item) = &pick.forced_by {
            self.said("pick-forced-by", &[("item", item.as_str())]);
        }
        if !pick.without.is_empty() {
            let count = pick.without.len().to_string();
            let lead = self.with("pick-without", &[("count", &count)]);
            self.html.raw("<p>").text(&lead).raw(": ");
            self.targets(&pick.without);
            self.html.raw("</p>\n");
        }
        if !pick.needed_by.is_empty() {
            let label = self.label("pick-needed-by");
            self.html.raw("<p>").text(&label).raw(": ");
            self.anchors(&pick.needed_by);
            self.html.raw("</p>\n");
        }
        match &pick.alternative {
            Alternative::None => self.said("pick-no-alternative", &[]),
            Alternative::Unknown => self.said("pick-alternative-unknown", &[]),
            Alternative::Instead {
                picks,
                drops,
                more,
                exact,
            } => {
                let names: Vec<String> = picks.iter().map(|id| self.pick(id)).collect();
                let names = if names.is_empty() {
                    self.label("pick-nothing-instead")
                } else {
                    names.join(self.comma())
                };
                let more = format!("{more:+}");
                self.said(
                    "pick-alternative",
                    &[("picks", names.as_str()), ("more", more.as_str())],
                );
                if !drops.is_empty() {
                    let drops: Vec<String> = drops.iter().map(|id| self.pick(id)).collect();
                    self.labelled("pick-drops", &drops.join(self.comma()));
                }
                let key = if *exact {
                    "pick-exact"
                } else {
                    "pick-not-exact"
                };
                self.said(key, &[]);
            }
        }
        let parts = &pick.parts;
        let mut said = vec![format!("{} {}", self.label("part-effort"), parts.effort)];
        for (key, points) in [
            ("part-ram", parts.ram),
            ("part-flash", parts.flash),
            ("part-cpu", parts.cpu),
            ("part-gateway", parts.gateway),
            ("part-hardware", parts.hardware),
        ] {
            if points.thousandths() > 0 {
                said.push(format!("{} {points}", self.label(key)));
            }
        }
        let said = format!("{} = {}", said.join(" + "), pick.cost);
        self.labelled("cost", &said);
        self.html.close("details");
    }

    fn said(&mut self, key: &str, arguments: &[(&str, &str)]) {
        let said = self.with(key, arguments);
        self.html.element("p", "", &said);
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
