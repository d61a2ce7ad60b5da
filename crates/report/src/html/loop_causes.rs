//! What the control structure leads to: causal scenarios, what comes before an attack, constraints,
//! and what each part can harm.

use sekimori_analysis::choose::State;
use sekimori_analysis::stpa::Scenario;

use super::Page;
use crate::words::state_word;

impl Page<'_> {
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
        let columns = self.labels(&["item", "element", "text", "risk", "status", "answers"]);
        self.html.table("scenarios", &caption, &columns);
        for scenario in scenarios {
            let name = match scenario.stride {
                Some(stride) => self.label(&format!("stride-{}", stride.word())),
                None => scenario.id.clone(),
            };
            self.row_head(&name, &scenario.id);
            let element = self.say(&scenario.title);
            let text = self.say(&scenario.text);
            self.cell(&element).html.element("td", "class=\"w\"", &text);
            let level = format!("level-{}", scenario.risk.level.word());
            self.mark(&level, &level);
            let solution = &self.analysis.solution;
            let state = solution.states.get(&scenario.id).copied();
            let word = state_word(state.unwrap_or(State::BelowThreshold));
            let target = solution.targets.iter().find(|t| t.id == scenario.id);
            let by = target.map_or_else(String::new, |target| target.by.join(", "));
            self.mark(word, &format!("state-{word}"));
            self.cell(if by.is_empty() { "–" } else { &by });
            self.html.close("tr");
        }
        self.html.end_table();
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
                    said.push(format!("{}: {text}", reached.hazard));
                }
                if harm.more > 0 {
                    said.push(self.with("and-more", &[("count", &harm.more.to_string())]));
                }
                self.cell(&if said.is_empty() {
                    "–".to_owned()
                } else {
                    said.join("; ")
                });
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
