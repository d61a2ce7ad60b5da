//! STRIDE threats by level, and the life-cycle matrix: a heat map, and behind it every cell with its measures,
//! coverage and gaps.

use std::collections::BTreeMap;

use sekimori_analysis::choose::State;
use sekimori_analysis::jnsa::{Cell, Matrix};
use sekimori_analysis::model::{CellId, Phase};

use super::Page;
use crate::facts::Fact;
use crate::words::state_word;

impl Page<'_> {
    pub(super) fn threats(&mut self) {
        let analysis = self.analysis;
        if analysis.threats.is_empty() {
            self.nothing();
            return;
        }
        let note = self.label("items-note");
        self.html.element("p", "class=\"soft\"", &note);
        let threats = analysis.threats.iter();
        let mut facts: Vec<(String, Fact)> = threats
            .filter_map(|threat| {
                let stride = self.label(&format!("stride-{}", threat.stride.word()));
                let kind = self.label(&format!("kind-{}", threat.element_kind));
                let element = self.named(&self.say(&threat.title), &kind);
                let fact = self.facts.get(&threat.id)?.clone();
                Some((format!("{stride} – {element}:"), fact))
            })
            .collect();
        facts.sort_by_cached_key(|(_, fact)| fact.urgency());
        self.items_by_level("threats", &facts);
    }

    pub(super) fn matrices(&mut self) {
        let analysis = self.analysis;
        if analysis.matrices.is_empty() {
            self.nothing();
            return;
        }
        self.legend();
        for matrix in &analysis.matrices {
            self.matrix(matrix);
        }
        let own = self.label("own-mark");
        self.html.element("p", "class=\"soft\"", &own);
        for matrix in &analysis.matrices {
            self.cells(matrix);
        }
    }

    fn legend(&mut self) {
        let label = self.label("legend");
        self.html.raw("<p>").text(&label).raw(": ");
        for state in [
            State::Closed,
            State::Open,
            State::Accepted,
            State::Transferred,
            State::Dismissed,
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
        let caption = format!("{title} – {class}{}{units}", self.comma());
        self.html.element("h3", "", &title);
        let base = &self.analysis.knowledge;
        let mut columns = vec![self.label("threat")];
        for phase in Phase::ALL {
            let name = self.phase(*phase);
            columns.push(if *phase == matrix.phase_now {
                format!("{name} – {}", self.label("phase-now"))
            } else {
                name
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

    /// `P2 In normal operation`.
    fn phase(&self, phase: Phase) -> String {
        let name = self.analysis.knowledge.phases.get(&phase);
        let name = name.map_or_else(String::new, |name| self.say(name));
        format!("{} {name}", phase.word()).trim_end().to_owned()
    }

    /// One cell of the map: state, risk, strength reached of strength needed, and the way to the rest.
    fn heat(&mut self, cell: &Cell) {
        let Some(fact) = self.facts.get(&cell.id.to_string()).cloned() else {
            return;
        };
        let word = state_word(fact.state);
        let label = self.label(&format!("state-{word}"));
        self.html.raw("<td class=\"").raw(word).raw("\">");
        if self.told.contains(&fact.id) {
            self.html
                .raw("<a href=\"#")
                .text(&fact.id)
                .raw("\"><b>")
                .text(&label)
                .raw("</b></a>");
        } else {
            self.html.element("b", "", &label);
        }
        if let Some(risk) = &cell.risk {
            let class = format!("level-{}", risk.level.word());
            let level = self.label(&class);
            let star = if fact.own_judgement { " *" } else { "" };
            let said = format!("{}: {level}{star}", self.label("risk"));
            self.html
                .raw("<br><small>")
                .badge(&class, &said)
                .raw("</small>");
        }
        if let Some(left) = fact.residual {
            let level = self.label(&format!("level-{}", left.chosen.word()));
            let said = format!("{}: {level}", self.label("remains-chosen"));
            self.html.raw("<br><small>").text(&said).raw("</small>");
        }
        if let Some(strength) = fact.strength {
            let strength = self.strength(strength);
            self.html.raw("<br><small>").text(&strength).raw("</small>");
        }
        self.html.raw("</td>");
    }

    /// Every cell by itself: measures, coverage, gaps, factors, source.
    fn cells(&mut self, matrix: &Matrix) {
        let title = self.say(&matrix.title);
        let title = self.with("cells-of", &[("name", &title)]);
        self.html.element("h3", "", &title);
        let analysis = self.analysis;
        for (id, threat) in &analysis.knowledge.threats {
            let name = self.say(&threat.name);
            let about = matrix.rows.get(id).map(|row| self.say(row));
            self.html.element("h4", "", &format!("{id} {name}"));
            if let Some(about) = about.filter(|about| !about.is_empty()) {
                self.html.element("p", "class=\"soft\"", &about);
            }
            let cells = matrix.cells.iter().filter(|cell| cell.threat == *id);
            let mut more = 0;
            for cell in cells {
                let id = cell.id.to_string();
                if !self.told.contains(&id) {
                    more += 1;
                } else if let Some(fact) = self.facts.get(&id).cloned() {
                    let phase = self.phase(cell.phase);
                    // The heading says the threat, the head the phase.
                    let fact = Fact {
                        text: String::new(),
                        ..fact
                    };
                    self.item(&phase, &fact);
                }
            }
            self.more(more);
        }
    }
}
