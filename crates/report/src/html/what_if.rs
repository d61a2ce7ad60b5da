//! What if: the choice beside the one with the reader's wishes, or what a part of the money would close.

use sekimori_analysis::choose::{Comparison, Side, Wishes};

use super::Page;
use crate::stake;

impl Page<'_> {
    pub(super) fn what_if(&mut self) {
        match self.report.comparison {
            Some(comparison) => self.variants(comparison),
            None => self.parts_of_cost(),
        }
        let hint = self.label("what-if-hint");
        self.html.element("p", "class=\"soft\"", &hint);
    }

    /// What the first steps of the choice close: nobody asked for anything else.
    fn parts_of_cost(&mut self) {
        let parts = stake::parts(&self.analysis.solution);
        if parts.is_empty() {
            self.nothing();
            return;
        }
        let note = self.label("what-if-steps");
        self.html.element("p", "", &note);
        let columns = self.labels(&["variant", "cost", "picks", "axis-closed", "targets-closed"]);
        let caption = self.label("section-what-if");
        self.html.table("variants", &caption, &columns);
        for part in parts {
            let percent = part.percent.to_string();
            let name = self.with("variant-part", &[("percent", &percent)]);
            self.html.raw("<tr>").element("th", "scope=\"row\"", &name);
            self.number(part.cost)
                .number(part.picks)
                .number(format!("{} %", part.share))
                .number(part.targets);
            self.html.close("tr");
        }
        self.html.end_table();
    }

    /// Two choices side by side, then every difference.
    fn variants(&mut self, comparison: &Comparison) {
        let wishes = self.wishes(&comparison.wishes);
        self.html.element("p", "", &wishes);
        let columns = self.labels(&["variant", "variant-now", "variant-wished", "difference"]);
        let caption = self.label("section-what-if");
        self.html.table("variants", &caption, &columns);
        let (before, after) = (&comparison.before, &comparison.after);
        self.numbers("cost", [before.cost, after.cost].map(i128::from), "");
        let count = |number: usize| i128::try_from(number).unwrap_or(i128::MAX);
        self.numbers("picks", [before, after].map(|side| count(side.picks)), "");
        let share = |side: &Side| i128::from(side.share);
        self.numbers("axis-closed", [before, after].map(share), " %");
        self.numbers("open", [before, after].map(|side| count(side.open)), "");
        let name = self.label("proof");
        self.html.raw("<tr>").element("th", "scope=\"row\"", &name);
        for side in [before, after] {
            let proof = self.say(&side.proof.text());
            self.cell(&proof);
        }
        self.cell("–").html.close("tr");
        self.html.end_table();
        let picks = |list: &[sekimori_analysis::choose::PickView]| -> Vec<String> {
            list.iter()
                .map(|pick| format!("{} ({})", self.pick(&pick.id), pick.cost))
                .collect()
        };
        let lists = [
            ("variant-added", picks(&comparison.added)),
            ("variant-removed", picks(&comparison.removed)),
        ];
        for (key, list) in lists {
            self.list(key, &list);
        }
        for (key, targets) in [
            ("variant-opened", &comparison.opened),
            ("variant-closed", &comparison.closed),
        ] {
            let list: Vec<String> = targets.iter().map(|id| self.about(id)).collect();
            self.list(key, &list);
        }
        let texts = comparison.contradictions.iter();
        let texts: Vec<String> = texts.map(|text| self.say(text)).collect();
        self.list("variant-contradictions", &texts);
    }

    /// One row of two numbers and their difference.
    fn numbers(&mut self, key: &str, [before, after]: [i128; 2], unit: &str) {
        let name = self.label(key);
        self.html.raw("<tr>").element("th", "scope=\"row\"", &name);
        self.number(format!("{before}{unit}"))
            .number(format!("{after}{unit}"))
            .number(format!("{:+}{unit}", after - before));
        self.html.close("tr");
    }

    /// A heading with a count and one point for each entry; nothing when there is none.
    fn list(&mut self, key: &str, list: &[String]) {
        if list.is_empty() {
            return;
        }
        let label = self.label(key);
        self.html
            .element("h3", "", &format!("{label}: {}", list.len()))
            .raw("<ul>\n");
        for entry in list {
            self.html.raw("<li>").text(entry).raw("</li>\n");
        }
        self.html.raw("</ul>\n");
    }

    /// What a target is, with its id.
    fn about(&self, id: &str) -> String {
        match self.facts.get(id) {
            Some(fact) => self.named(&format!("{}: {}", fact.title, fact.text), id),
            None => id.to_owned(),
        }
    }

    fn wishes(&self, wishes: &Wishes) -> String {
        crate::words::wishes(wishes, &self.labels, self.language)
    }
}
