//! What was chosen, why, and what stays open.

use std::collections::BTreeMap;

use sekimori_analysis::choose::{Alternative, Pick, State};
use sekimori_analysis::knowledge::Pillar;

use super::Page;
use crate::facts::Fact;
use crate::words::{filter_word, state_word};

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
        let requirements = self.analysis.requirements.iter();
        let requirements: BTreeMap<(&str, Option<&str>), &String> = requirements
            .filter_map(|r| Some(((r.measure.as_deref()?, r.at.as_deref()), &r.id)))
            .collect();
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
                let place = (pick.measure.as_str(), pick.at.as_deref());
                self.chosen_pick(pick, requirements.get(&place).copied());
            }
        }
    }

    /// Targets that no threat asks for: items of requirement sets, whose words stand there, and limits of flows.
    pub(super) fn demands(&mut self) {
        let note = self.label("targets-note");
        self.html.element("p", "class=\"soft\"", &note);
        let mut facts: Vec<Fact> = self
            .facts
            .values()
            .filter(|fact| fact.factors.is_none() && fact.strength.is_some())
            .cloned()
            .collect();
        if facts.is_empty() {
            self.nothing();
            return;
        }
        facts.sort_by_cached_key(Fact::urgency);
        let count = facts.len();
        facts.retain(|fact| self.told.contains(&fact.id));
        let columns = self.labels(&["item", "element", "asked", "status", "met-by"]);
        let caption = self.label("section-targets");
        self.html.table("demands", &caption, &columns);
        for fact in &facts {
            self.html
                .raw("<tr class=\"st-")
                .raw(filter_word(fact.state))
                .raw("\" id=\"")
                .text(&fact.id)
                .raw("\"><th scope=\"row\">")
                .text(&fact.id)
                .raw("</th>");
            let asked = if fact.source.is_empty() {
                &fact.text
            } else {
                &fact.source
            };
            self.cell(&fact.title).cell(asked);
            let word = state_word(fact.state);
            let state = self.label(&format!("state-{word}"));
            let strength = fact.strength.unwrap_or_default();
            self.html.raw("<td>").badge(word, &state).raw("<br><small>");
            let strength = self.strength(strength);
            self.html.text(&strength).raw("</small></td><td>");
            self.picks(&fact.measures);
            if !fact.missing.is_empty() {
                let missing = format!("{}: {}", self.label("data-missing"), fact.missing);
                self.html.raw("<br>").text(&missing);
            }
            self.html.raw("</td>").close("tr");
        }
        self.html.end_table();
        self.more(count - facts.len());
    }

    /// A pick, folded: in the summary what it is and costs; inside what is required of it, why it is there, what opens without it, what
    /// would stand in for it, and what makes its cost.
    fn chosen_pick(&mut self, pick: &Pick, requirement: Option<&String>) {
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
        if let Some(requirement) = requirement {
            let label = self.label("requirement");
            self.html.raw("<p>").text(&label).raw(": ");
            self.anchors(std::slice::from_ref(requirement));
            self.html.raw("</p>\n");
        }
        if let Some(item) = &pick.forced_by {
            self.said("pick-forced-by", &[("item", &**item)]);
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
                let mut said = self.with(
                    "pick-alternative",
                    &[("picks", names.as_str()), ("more", more.as_str())],
                );
                if !drops.is_empty() {
                    let drops: Vec<String> = drops.iter().map(|id| self.pick(id)).collect();
                    let drops = drops.join(self.comma());
                    said.push_str(&self.with("pick-drops", &[("picks", &drops)]));
                }
                said.push_str(&self.label(if *exact {
                    "pick-exact"
                } else {
                    "pick-not-exact"
                }));
                self.html.element("p", "", &said);
            }
        }
        self.cost_of(pick);
        self.html.close("details");
    }

    /// What makes the cost of a pick, where it is more than effort.
    fn cost_of(&mut self, pick: &Pick) {
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
        if said.len() > 1 {
            let said = format!("{} = {}", said.join(" + "), pick.cost);
            self.labelled("cost", &said);
        }
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
