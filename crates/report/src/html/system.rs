//! What threatens the system: the matrix, STRIDE, and the control structure.

use std::collections::BTreeMap;

use sekimori_analysis::choose::State;
use sekimori_analysis::jnsa::{Cell, Matrix};
use sekimori_analysis::knowledge::Origin;
use sekimori_analysis::model::{CellId, Phase};

use super::Page;
use crate::words::state_word;

impl Page<'_> {
    pub(super) fn matrices(&mut self) {
        let analysis = self.analysis;
        self.legend();
        for matrix in &analysis.matrices {
            self.matrix(matrix);
        }
        let own = self.label("own-mark");
        self.html.element("p", "class=\"soft\"", &own);
    }

    fn legend(&mut self) {
        let label = self.label("legend");
        self.html.raw("<p>").text(&label).raw(": ");
        for state in [
            State::Closed,
            State::Open,
            State::Accepted,
            State::Transferred,
            State::BelowThreshold,
            State::NotApplicable,
        ] {
            let word = state_word(state);
            let label = self.label(&format!("state-{word}"));
            self.html.badge(word, &label).raw(" ");
        }
        self.html.raw("</p>\n");
    }

    fn matrix(&mut self, matrix: &Matrix) {
        let title = self.say(&matrix.title);
        let class = self.label(&format!("class-{}", matrix.class.word()));
        let count = self.analysis.components.get(&matrix.component);
        let count = count.map_or(0, |component| component.count).to_string();
        let units = self.with("units", &[("count", &count)]);
        let caption = format!("{title} – {class}, {units}");
        self.html.element("h3", "", &title);
        let base = &self.analysis.knowledge;
        let mut columns = vec![self.label("threat")];
        for phase in Phase::ALL {
            let name = base.phases.get(phase).map(|text| self.say(text));
            let name = name.unwrap_or_else(|| phase.word().to_owned());
            columns.push(if *phase == matrix.phase_now {
                format!("{} {name} ({})", phase.word(), self.label("phase-now"))
            } else {
                format!("{} {name}", phase.word())
            });
        }
        self.html.table("heat", &caption, &columns);
        let cells: BTreeMap<&CellId, &Cell> = matrix.cells.iter().map(|c| (&c.id, c)).collect();
        for (id, threat) in &base.threats {
            let name = self.say(&threat.name);
            self.html
                .raw("<tr><th scope=\"row\">")
                .text(id)
                .raw(" ")
                .text(&name)
                .raw("</th>");
            for phase in Phase::ALL {
                let cell = CellId {
                    component: matrix.component.clone(),
                    threat: id.clone(),
                    phase: *phase,
                };
                match cells.get(&cell) {
                    Some(cell) => self.heat(cell),
                    None => {
                        self.cell("–");
                    }
                }
            }
            self.html.close("tr");
        }
        self.html.end_table();
    }

    /// One cell: state, risk, strength reached of strength needed, and what covers it.
    fn heat(&mut self, cell: &Cell) {
        let solution = &self.analysis.solution;
        let id = cell.id.to_string();
        let state = solution.states.get(&id).copied();
        let word = state_word(state.unwrap_or(State::NotApplicable));
        let label = self.label(&format!("state-{word}"));
        let class = format!("class=\"{word}\"");
        let target = solution.targets.iter().find(|target| target.id == id);
        self.html.open("td", &class).element("b", "", &label);
        if let Some(risk) = &cell.risk {
            let level = self.label(&format!("level-{}", risk.level.word()));
            let risk = self.label("risk");
            let is_own = cell.measures.values().all(|origin| *origin == Origin::Own);
            let star = if is_own { " *" } else { "" };
            self.html
                .raw("<br><small>")
                .text(&format!("{risk}: {level}{star}"))
                .raw("</small>");
        }
        if let Some(target) = target {
            let (reached, need) = (target.reached.to_string(), target.need.to_string());
            let strength = self.with("strength-of", &[("reached", &reached), ("need", &need)]);
            let by: Vec<&str> = target
                .by
                .iter()
                .filter_map(|pick| pick.split('@').next())
                .collect();
            self.html
                .raw("<br><small>")
                .text(&strength)
                .raw("<br>")
                .text(&by.join(", "))
                .raw("</small>");
        }
        self.html.raw("</td>");
    }

    pub(super) fn threats(&mut self) {
        let analysis = self.analysis;
        if analysis.threats.is_empty() {
            self.nothing();
            return;
        }
        let columns = self.labels(&["threat", "element", "text", "risk", "status", "answers"]);
        let caption = self.label("section-threats");
        self.html.table("threats", &caption, &columns);
        for threat in &analysis.threats {
            let stride = self.label(&format!("stride-{}", threat.stride.word()));
            self.html
                .raw("<tr><th scope=\"row\">")
                .text(&stride)
                .raw("<br>")
                .element("code", "class=\"soft\"", &threat.id)
                .raw("</th>");
            let kind = self.label(&format!("kind-{}", threat.element_kind));
            let element = format!("{} ({kind})", self.say(&threat.title));
            let text = self.say(&threat.text);
            let source = self.say(&threat.basis.source);
            self.cell(&element);
            self.html
                .raw("<td class=\"w\">")
                .text(&text)
                .raw("<br><small class=\"soft\">")
                .text(&format!("{}: {source}", threat.basis.rule))
                .raw("</small></td>");
            let level = format!("level-{}", threat.risk.level.word());
            let level_label = self.label(&level);
            let impact = self.label(&format!("level-{}", threat.risk.impact.word()));
            let likelihood = threat.risk.likelihood.to_string();
            let formula = self.with(
                "risk-formula",
                &[("likelihood", &likelihood), ("impact", &impact)],
            );
            self.html
                .raw("<td>")
                .badge(&level, &level_label)
                .raw("<br><small>")
                .text(&formula)
                .raw("</small></td>");
            let state = analysis.solution.states.get(&threat.id).copied();
            let word = state_word(state.unwrap_or(State::BelowThreshold));
            self.mark(word, &format!("state-{word}"));
            let target = analysis.solution.targets.iter().find(|t| t.id == threat.id);
            let by = target.map(|target| target.by.join(", "));
            self.cell(by.as_deref().filter(|by| !by.is_empty()).unwrap_or("–"));
            self.html.close("tr");
        }
        self.html.end_table();
    }

    pub(super) fn control(&mut self) {
        let analysis = self.analysis;
        self.control_figure();
        if analysis.stpa.unsafe_actions.is_empty() {
            self.nothing();
            return;
        }
        let columns = self.labels(&[
            "item",
            "text",
            "action",
            "flow",
            "feedback",
            "hazards",
            "losses",
            "guide-words",
            "threats",
        ]);
        let caption = self.label("section-control");
        self.html.table("control", &caption, &columns);
        for uca in &analysis.stpa.unsafe_actions {
            let kind = self.label(&format!("uca-{}", uca.kind.word()));
            let text = self.say(&uca.text);
            let join = |list: Vec<String>| {
                if list.is_empty() {
                    "–".to_owned()
                } else {
                    list.join(", ")
                }
            };
            let hazards = join(uca.hazards.iter().map(|h| self.say(&h.text)).collect());
            let losses = join(uca.losses.iter().map(|l| self.say(&l.text)).collect());
            let words = uca.stride.iter();
            let words = join(
                words
                    .map(|stride| self.label(&format!("stride-{}", stride.word())))
                    .collect(),
            );
            self.html
                .raw("<tr><th scope=\"row\">")
                .text(&uca.id)
                .raw("<br><span class=\"soft\">")
                .text(&kind)
                .raw("</span></th>");
            let action = format!("{} → {}", uca.controller, uca.process);
            self.html.element("td", "class=\"w\"", &text);
            self.cell(&format!("{} ({action})", uca.action))
                .cell(&uca.flow)
                .cell(&join(uca.feedback.clone()))
                .cell(&hazards)
                .cell(&losses)
                .cell(&words)
                .cell(&join(uca.threats.clone()));
            self.html.close("tr");
        }
        self.html.end_table();
        self.causes();
    }
}
