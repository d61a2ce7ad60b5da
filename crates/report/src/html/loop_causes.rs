//! What the control structure asks and leads to: questions, causal scenarios, what comes before an attack,
//! constraints, and what each part can harm.

use sekimori_analysis::language::Text;
use sekimori_analysis::stpa::Scenario;

use super::Page;
use crate::facts::Fact;

impl Page<'_> {
    /// What the structure lacks, and the kinds of unsafe control action that nobody wrote about.
    pub(super) fn questions(&mut self) {
        let stpa = &self.analysis.stpa;
        if stpa.gaps.is_empty() && stpa.candidates.is_empty() {
            return;
        }
        let caption = self.label("questions");
        self.html.element("h3", "", &caption);
        let note = self.label("questions-note");
        self.html.element("p", "class=\"soft\"", &note);
        let columns = self.labels(&["item", "status", "text", "answer", "owner", "until"]);
        self.html.table("questions", &caption, &columns);
        for gap in &stpa.gaps {
            let (text, fix) = (self.say(&gap.text), self.say(&gap.fix));
            self.html.raw("<tr>");
            self.code(&gap.id).mark("gap", "question-gap").cell(&text);
            self.cell(&fix).cell("–").cell("–");
            self.html.close("tr");
        }
        for candidate in &stpa.candidates {
            let text = self.say(&candidate.text);
            self.html.raw("<tr>");
            self.code(&candidate.id);
            match &candidate.dismissed {
                Some(dismissal) => {
                    let why = self.say(&dismissal.why);
                    let until = dismissal.until.to_string();
                    self.mark("dismissed", "question-dismissed").cell(&text);
                    self.cell(&why).cell(&dismissal.owner).cell(&until);
                }
                None => {
                    let answer = self.label("question-answer");
                    self.mark("candidate", "question-candidate").cell(&text);
                    self.cell(&answer).cell("–").cell("–");
                }
            }
            self.html.close("tr");
        }
        self.html.end_table();
    }

    /// Scenarios of attacks, and of what an attacker learns and prepares before.
    pub(super) fn causes(&mut self) {
        let analysis = self.analysis;
        self.scenarios("scenarios", &analysis.stpa.scenarios);
        self.scenarios("before-attack", &analysis.stpa.before_attack);
        if analysis.stpa.constraints.is_empty() {
            return;
        }
        let caption = self.label("constraints");
        self.html.element("h3", "", &caption);
        let columns = self.labels(&["item", "shall", "hazards", "requirements"]);
        self.html.table("constraints", &caption, &columns);
        for constraint in &analysis.stpa.constraints {
            let text = self.say(&constraint.text);
            self.html.raw("<tr><th scope=\"row\">").text(&constraint.id);
            self.html.raw("</th>").element("td", "class=\"w\"", &text);
            self.cell(&joined(&constraint.hazards))
                .cell(&joined(&constraint.requirements));
            self.html.close("tr");
        }
        self.html.end_table();
    }

    fn scenarios(&mut self, key: &str, scenarios: &[Scenario]) {
        if scenarios.is_empty() {
            return;
        }
        let caption = self.label(key);
        self.html.element("h3", "", &caption);
        let mut facts: Vec<(String, Fact)> = scenarios
            .iter()
            .filter_map(|scenario| {
                let fact = self.facts.get(&scenario.id)?.clone();
                let element = self.say(&scenario.title);
                let head = match scenario.stride {
                    Some(stride) => {
                        let stride = self.label(&format!("stride-{}", stride.word()));
                        format!("{stride} – {element}:")
                    }
                    None => format!("{element}:"),
                };
                Some((head, fact))
            })
            .collect();
        facts.sort_by_cached_key(|(_, fact)| fact.urgency());
        self.items_by_level("scenario", &facts);
    }

    /// What the compromise or the failure of each part can harm.
    pub(super) fn safety(&mut self) {
        let analysis = self.analysis;
        let note = self.label("safety-note");
        self.html.element("p", "class=\"soft\"", &note);
        let columns = self.labels(&["element", "risk", "if-compromised", "if-failed"]);
        let caption = self.label("section-safety");
        self.html.table("safety", &caption, &columns);
        for impact in &analysis.safety {
            let name = self.say(&impact.title);
            self.row_head(&name, &impact.component);
            let level = format!("level-{}", impact.worst.word());
            self.mark(&level, &level);
            for harm in [&impact.compromise, &impact.failure] {
                let mut said: Vec<String> = Vec::new();
                for reached in &harm.hazards {
                    let hazards = &analysis.stpa.hazards;
                    let hazard = hazards.iter().find(|hazard| hazard.id == reached.hazard);
                    let text = hazard.map_or_else(String::new, |hazard| self.say(&hazard.text));
                    let level = self.label(&format!("level-{}", reached.severity.word()));
                    let way = reached.tell(|id| {
                        let component = analysis.components.get(id);
                        component.map_or_else(|| Text::same(id), |known| known.title.clone())
                    });
                    said.push(format!("{level} – {text} ← {}", self.say(&way)));
                }
                if harm.more > 0 {
                    said.push(self.with("and-more", &[("count", &harm.more.to_string())]));
                }
                self.lines(&said);
            }
            self.html.close("tr");
        }
        self.html.end_table();
    }
}

fn joined(list: &[String]) -> String {
    if list.is_empty() {
        "–".to_owned()
    } else {
        list.join(", ")
    }
}
