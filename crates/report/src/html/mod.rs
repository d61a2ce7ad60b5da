//! The page: a frame with a table of contents, and one function for each section.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sekimori_analysis::Analysis;
use sekimori_analysis::evidence::{Finding, ItemFinding, Status};
use sekimori_analysis::language::{Language, Text};

use crate::Report;
use crate::diagram::scene::Scene;
use crate::labels::Labels;

mod checklist;
mod evidence;
mod lists;
mod loop_causes;
mod protection;
mod scope;
mod system;
mod writer;

pub(crate) use writer::Html;

const STYLE: &str = include_str!("style.css");

/// What every section needs.
struct Page<'a> {
    analysis: &'a Analysis,
    findings: &'a [Finding],
    items: Cow<'a, [ItemFinding]>,
    language: Language,
    labels: Labels,
    html: Html,
    scenes: BTreeMap<String, Scene>,
}

type Section<'a> = (&'static str, fn(&mut Page<'a>));

pub(crate) fn render(report: &Report<'_>, language: Language) -> String {
    render_with_scenes(report, language).0
}

/// The page, and its pictures by id, for whoever draws them with other means.
pub(crate) fn render_with_scenes(
    report: &Report<'_>,
    language: Language,
) -> (String, BTreeMap<String, Scene>) {
    let mut page = Page {
        analysis: report.analysis,
        findings: report.found(),
        items: report.items(),
        language,
        labels: Labels::new(language),
        html: Html::default(),
        scenes: BTreeMap::new(),
    };
    page.frame();
    (page.html.finish(), page.scenes)
}

impl<'a> Page<'a> {
    fn frame(&mut self) {
        let sections: [Section<'a>; 19] = [
            ("summary", Page::summary),
            ("scope", Page::scope),
            ("open", Page::open),
            ("findings", Page::requirements),
            ("regimes", Page::regimes),
            ("matrix", Page::matrices),
            ("chosen", Page::chosen),
            ("threats", Page::threats),
            ("control", Page::control),
            ("safety", Page::safety),
            ("lists", Page::cross_check),
            ("checklist", Page::checklist),
            ("privacy", Page::privacy),
            ("keys", Page::keys),
            ("guidance", Page::guidance),
            ("catalogue", Page::catalogue),
            ("decisions", Page::decisions),
            ("assumptions", Page::assumptions),
            ("method", Page::method),
        ];
        let title = self.say(&self.analysis.title);
        let report = self.label("report");
        let date = self.analysis.date.to_string();
        let generated = self.with("generated", &[("date", &date)]);
        let tag = self.language.tag();
        let (skip, contents) = (self.label("skip"), self.label("contents"));
        self.html
            .raw("<!DOCTYPE html>\n<html lang=\"")
            .raw(tag)
            .raw("\">\n<head>\n<meta charset=\"utf-8\">\n")
            .raw(
                "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
            )
            .text(&title)
            .raw(" – ")
            .text(&report)
            .raw("</title>\n<style>\n")
            .raw(STYLE)
            .raw("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">")
            .text(&skip)
            .raw("</a>\n<header>\n")
            .element("h1", "", &title)
            .element("p", "", &report)
            .element("p", "class=\"soft\"", &generated)
            .raw("</header>\n<nav aria-label=\"")
            .text(&contents)
            .raw("\"><ul>\n");
        for (id, _) in sections {
            let name = self.label(&format!("section-{id}"));
            let link = format!("href=\"#{id}\"");
            self.html
                .raw("<li>")
                .element("a", &link, &name)
                .raw("</li>\n");
        }
        self.html.raw("</ul></nav>\n<main id=\"main\">\n");
        for (id, write) in sections {
            let name = self.label(&format!("section-{id}"));
            self.html.section(id, &name);
            write(self);
            self.html.close("section");
        }
        self.html.raw("</main>\n</body>\n</html>\n");
    }

    fn method(&mut self) {
        for key in [
            "method-1",
            "method-2",
            "method-3",
            "method-4",
            "recorded-note",
        ] {
            let text = self.label(key);
            self.html.element("p", "", &text);
        }
    }

    fn label(&self, key: &str) -> String {
        self.labels.text(key)
    }

    fn labels(&self, keys: &[&str]) -> Vec<String> {
        keys.iter().map(|key| self.label(key)).collect()
    }

    fn with(&self, key: &str, arguments: &[(&str, &str)]) -> String {
        let arguments: Vec<(&str, Cow<'_, str>)> = arguments
            .iter()
            .map(|(name, value)| (*name, Cow::Borrowed(*value)))
            .collect();
        self.labels.with(key, &arguments)
    }

    fn say(&self, text: &Text) -> String {
        text.of(self.language).to_owned()
    }

    /// Opens a row, headed by a name with its id.
    fn row_head(&mut self, name: &str, id: &str) {
        self.html.raw("<tr><th scope=\"row\">").text(name);
        if name != id {
            self.html.raw("<br>").element("code", "class=\"soft\"", id);
        }
        self.html.raw("</th>");
    }

    /// A cell with text in it.
    fn cell(&mut self, text: &str) -> &mut Self {
        self.html.element("td", "", text);
        self
    }

    /// A cell with a number in it.
    fn number(&mut self, number: impl ToString) -> &mut Self {
        let number = number.to_string();
        self.html.element("td", "class=\"n\"", &number);
        self
    }

    /// A cell with an id in it.
    fn code(&mut self, id: &str) -> &mut Self {
        self.html.raw("<td>").element("code", "", id).raw("</td>");
        self
    }

    /// A cell with a colored word in it.
    fn mark(&mut self, class: &str, key: &str) -> &mut Self {
        let label = self.label(key);
        self.html.raw("<td>").badge(class, &label).raw("</td>");
        self
    }

    /// What a reader calls the place of a countermeasure.
    fn place(&self, at: Option<&str>) -> String {
        match at {
            None => self.label("everywhere"),
            Some(id) => match self.analysis.components.get(id) {
                Some(component) => self.say(&component.title),
                None => id.to_owned(),
            },
        }
    }

    fn count_of(&self, status: Status) -> usize {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.status == status).count()
    }
}
