//! Why risks are as high as they are: each reason stands here once, under a short name that the results lead to.
//!
//! Many results share their reasons: everything on one flow is as easy to reach, and harms the same. Told at each of
//! them, they would be half of the page.

use std::collections::BTreeMap;

use sekimori_analysis::risk::Risk;

use super::Page;
use crate::words;

/// The reasons of every told result, by their words.
#[derive(Default)]
pub(super) struct Reasons {
    likelihood: BTreeMap<String, Reason>,
    impact: BTreeMap<String, Reason>,
}

struct Reason {
    /// Number behind the letter of its kind, in the order of the results.
    number: usize,
    /// How high it makes the likelihood or the impact.
    height: String,
    /// How many results have it.
    results: usize,
}

fn add(reasons: &mut BTreeMap<String, Reason>, said: String, height: String) {
    let number = reasons.len() + 1;
    let reason = reasons.entry(said).or_insert(Reason {
        number,
        height,
        results: 0,
    });
    reason.results += 1;
}

impl Page<'_> {
    /// Collects the reasons of everything that is told one by one.
    pub(super) fn collect_reasons(&mut self) {
        let mut reasons = Reasons::default();
        for fact in self.facts.values() {
            let Some(risk) = &fact.factors else { continue };
            if !self.told.contains(&fact.id) {
                continue;
            }
            let height = self.likelihood(risk);
            add(&mut reasons.likelihood, self.likelihood_words(risk), height);
            let height = self.impact(risk);
            add(&mut reasons.impact, self.impact_words(risk), height);
        }
        self.reasons = reasons;
    }

    /// Both tables.
    pub(super) fn reasons(&mut self) {
        let note = self.label("reasons-note");
        self.html.element("p", "class=\"soft\"", &note);
        let reasons = std::mem::take(&mut self.reasons);
        for (key, letter, reasons) in [
            ("reasons-likelihood", 'L', &reasons.likelihood),
            ("reasons-impact", 'I', &reasons.impact),
        ] {
            let caption = self.label(key);
            let columns = self.labels(&["reason", "height", "why", "results"]);
            self.html.table("reasons", &caption, &columns);
            let mut rows: Vec<(&String, &Reason)> = reasons.iter().collect();
            rows.sort_by_key(|(_, reason)| reason.number);
            for (said, reason) in rows {
                let name = format!("{letter}{}", reason.number);
                self.html
                    .raw("<tr id=\"why-")
                    .raw(&name)
                    .raw("\"><th scope=\"row\">")
                    .raw(&name)
                    .raw("</th>");
                self.cell(&reason.height);
                self.html.element("td", "class=\"w\"", said);
                self.number(reason.results);
                self.html.close("tr");
            }
            self.html.end_table();
        }
        self.reasons = reasons;
    }

    /// Likelihood and impact with a way to the reasons of each, what they make, and what remains of it.
    pub(super) fn risk(&mut self, id: &str, risk: &Risk) {
        let numbers = [
            self.reasons.likelihood.get(&self.likelihood_words(risk)),
            self.reasons.impact.get(&self.impact_words(risk)),
        ]
        .map(|reason| reason.map_or(0, |reason| reason.number));
        let heights = [self.likelihood(risk), self.impact(risk)];
        self.html.raw("<p>");
        for ((letter, number), height) in ['L', 'I'].into_iter().zip(numbers).zip(heights) {
            let name = format!("{letter}{number}");
            self.html
                .text(&height)
                .raw(" <a href=\"#why-")
                .raw(&name)
                .raw("\">")
                .raw(&name)
                .raw(if letter == 'L' { "</a> · " } else { "</a>" });
        }
        let level = self.label(&format!("level-{}", risk.level.word()));
        let result = self.with("risk-result", &[("level", &level)]);
        self.html.raw(" → ").text(&result);
        if let Some(left) = self.analysis.solution.residual.get(id) {
            let there = self.label(&format!("level-{}", left.in_place.word()));
            let chosen = self.label(&format!("level-{}", left.chosen.word()));
            let said = self.with("risk-remains", &[("there", &there), ("chosen", &chosen)]);
            self.html.raw(" · ").text(&said);
        }
        self.html.raw("</p>\n");
    }

    fn likelihood(&self, risk: &Risk) -> String {
        let (likelihood, points) = (risk.likelihood.to_string(), risk.points.to_string());
        self.with(
            "risk-likelihood",
            &[("likelihood", &likelihood), ("points", &points)],
        )
    }

    fn impact(&self, risk: &Risk) -> String {
        let impact = self.label(&format!("level-{}", risk.impact.word()));
        self.with("risk-impact", &[("impact", &impact)])
    }

    /// Points with the words of each factor, then the actors.
    fn likelihood_words(&self, risk: &Risk) -> String {
        words::likelihood(risk, self.analysis, &self.labels, self.language)
    }

    fn impact_words(&self, risk: &Risk) -> String {
        words::impact(risk, &self.labels, self.language)
    }
}
