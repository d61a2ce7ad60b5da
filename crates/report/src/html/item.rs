//! One thing that needs protection, folded: in the summary what it is, inside where it comes from, every factor of
//! its risk (each reason by its name), what answers it, and what is missing.

use sekimori_analysis::choose::State;
use sekimori_analysis::jnsa::Gap;
use sekimori_analysis::model::Level;

use super::Page;
use crate::facts::Fact;
use crate::words::{filter_word, state_word};

impl Page<'_> {
    /// Items under a heading for each level, the gravest first, with how many there are.
    pub(super) fn items_by_level(&mut self, key: &str, facts: &[(String, Fact)]) {
        let name = self.label(key);
        for level in Level::ALL.iter().rev() {
            let of_level = facts.iter().filter(|(_, fact)| fact.risk == Some(*level));
            let of_level: Vec<&(String, Fact)> = of_level.collect();
            if of_level.is_empty() {
                continue;
            }
            let label = self.label(&format!("level-{}", level.word()));
            let count = of_level.len().to_string();
            let title = self.with(
                "items-of-level",
                &[("name", &name), ("level", &label), ("count", &count)],
            );
            let class = format!("class=\"lv-{}\"", level.word());
            self.html.element("h4", &class, &title);
            let mut more = 0;
            for (head, fact) in of_level {
                if self.told.contains(&fact.id) {
                    self.item(head, fact);
                } else {
                    more += 1;
                }
            }
            self.more(more);
        }
    }

    /// One item; `head` says what it is in a few words.
    pub(super) fn item(&mut self, head: &str, fact: &Fact) {
        let level = fact.risk.map_or("none", Level::word);
        self.html
            .raw("<details class=\"item lv-")
            .raw(level)
            .raw(" st-")
            .raw(filter_word(fact.state))
            .raw("\" id=\"")
            .text(&fact.id)
            .raw("\"><summary>");
        if fact.risk.is_some() {
            let label = self.label(&format!("level-{level}"));
            self.html.badge(&format!("level-{level}"), &label).raw(" ");
        }
        let word = state_word(fact.state);
        let state = self.label(&format!("state-{word}"));
        self.html
            .badge(word, &state)
            .raw(" <b>")
            .text(head)
            .raw("</b> ")
            .text(&fact.text)
            .raw(" ")
            .element("code", "class=\"soft\"", &fact.id)
            .raw("</summary>\n");
        self.inside(fact);
        self.html.close("details");
    }

    fn inside(&mut self, fact: &Fact) {
        self.basis(fact);
        if let Some(risk) = &fact.factors {
            self.risk(&fact.id, risk);
        }
        if let Some((need, reached)) = fact.strength {
            let strength = self.strength((need, reached));
            self.html.raw("<p>").text(&strength);
            if !fact.measures.is_empty() {
                self.html.raw(": ");
                self.picks(&fact.measures);
            }
            self.html.raw("</p>\n");
        }
        if fact.state == State::Open && !fact.missing.is_empty() {
            self.labelled("data-missing", &fact.missing);
        }
        match fact.gap {
            Gap::None => {}
            Gap::NotChosen { strength } => self.gap("gap-not-chosen", strength),
            Gap::NothingKnown { strength } => self.gap("gap-nothing-known", strength),
        }
        if !fact.unused.is_empty() {
            let names: Vec<String> = fact.unused.iter().map(|id| self.measure(id)).collect();
            self.labelled("data-unused", &names.join(self.comma()));
        }
    }

    /// Strength reached of strength needed.
    pub(super) fn strength(&self, (need, reached): (u32, u32)) -> String {
        let (need, reached) = (need.to_string(), reached.to_string());
        self.with("strength-of", &[("reached", &reached), ("need", &need)])
    }

    fn gap(&mut self, key: &str, strength: u32) {
        let said = self.with(key, &[("strength", &strength.to_string())]);
        self.html.element("p", "", &said);
    }

    /// Method, rule and the words of the source; the head says the element.
    fn basis(&mut self, fact: &Fact) {
        let method = self.label(&format!("method-{}", fact.method.word()));
        let mut said = vec![format!("{method} {}", fact.rule).trim_end().to_owned()];
        let own = self.label("own-judgement");
        if fact.own_judgement && !fact.source.contains(&own) {
            said.push(own);
        }
        let mut said = said.join(" · ");
        if !fact.source.is_empty() {
            said.push_str(" · ");
            said.push_str(&fact.source);
        }
        self.html.element("p", "class=\"soft\"", &said);
    }

    /// Chosen countermeasures by name, each with a link to where it explains itself.
    pub(super) fn picks(&mut self, picks: &[impl AsRef<str>]) {
        for (index, pick) in picks.iter().map(AsRef::as_ref).enumerate() {
            if index > 0 {
                let comma = self.comma();
                self.html.raw(comma);
            }
            let name = self.measure(pick.split('@').next().unwrap_or(pick));
            self.html
                .raw("<a href=\"#")
                .text(pick)
                .raw("\">")
                .text(&name)
                .raw("</a>");
        }
    }

    /// Links to other places of this page, by id.
    pub(super) fn anchors(&mut self, ids: &[impl AsRef<str>]) {
        for (index, id) in ids.iter().map(AsRef::as_ref).enumerate() {
            if index > 0 {
                self.html.raw(", ");
            }
            self.html
                .raw("<a href=\"#")
                .text(id)
                .raw("\">")
                .text(id)
                .raw("</a>");
        }
    }

    /// Links to targets; those that this page does not tell one by one stay text.
    pub(super) fn targets(&mut self, ids: &[impl AsRef<str>]) {
        for (index, id) in ids.iter().map(AsRef::as_ref).enumerate() {
            if index > 0 {
                self.html.raw(", ");
            }
            if self.told.contains(id) {
                self.anchors(&[id]);
            } else {
                self.html.text(id);
            }
        }
    }

    /// A countermeasure by name, with its id.
    pub(super) fn measure(&self, id: &str) -> String {
        self.named(&self.measure_name(id), id)
    }

    /// A countermeasure by name.
    pub(super) fn measure_name(&self, id: &str) -> String {
        let measure = self.analysis.knowledge.measures.get(id);
        measure.map_or_else(|| id.to_owned(), |measure| self.say(&measure.name))
    }

    /// A countermeasure at its place: `Mutual authentication – Sensor`.
    pub(super) fn pick(&self, id: &str) -> String {
        let known = self.analysis.solution.pick(id);
        let (measure, at) = match (known, id.split_once('@')) {
            (Some(pick), _) => (pick.measure.as_str(), pick.at.as_deref()),
            (None, Some((measure, at))) => (measure, (at != "all").then_some(at)),
            (None, None) => (id, None),
        };
        let name = format!("{} – {}", self.measure_name(measure), self.place(at));
        self.named(&name, id)
    }

    /// A name with its id behind it, when they differ.
    pub(super) fn named(&self, name: &str, id: &str) -> String {
        if name == id {
            return name.to_owned();
        }
        self.with("named", &[("name", name), ("id", id)])
    }

    /// A paragraph with a label before it.
    pub(super) fn labelled(&mut self, key: &str, text: &str) {
        let label = self.label(key);
        self.html
            .raw("<p>")
            .text(&label)
            .raw(": ")
            .text(text)
            .raw("</p>\n");
    }
}
