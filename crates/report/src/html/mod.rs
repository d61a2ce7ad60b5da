//! The page: a frame with a table of contents, and one function for each section.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use sekimori_analysis::Analysis;
use sekimori_analysis::choose::State;
use sekimori_analysis::evidence::{Finding, ItemFinding, Status};
use sekimori_analysis::language::{Language, Text};

use crate::Report;
use crate::diagram::scene::Scene;
use crate::facts::{self, Fact};
use crate::labels::Labels;
use crate::papers;
use crate::words::{self, comma};

mod checklist;
mod control;
mod evidence;
mod item;
mod lists;
mod loop_causes;
mod protection;
mod reasons;
mod scope;
mod sheets;
mod summary;
mod threats;
mod what_if;
mod writer;

pub(crate) use writer::Html;

/// Results that are told one by one, what is open and the gravest first: more than this no browser opens gladly, and no person reads.
const MOST_TOLD: usize = 3_000;

const STYLE: &str = include_str!("style.css");

/// What every section needs.
struct Page<'a> {
    report: &'a Report<'a>,
    analysis: &'a Analysis,
    findings: &'a [Finding],
    items: Cow<'a, [ItemFinding]>,
    facts: BTreeMap<String, Fact>,
    /// Ids of the results that are told one by one.
    told: BTreeSet<String>,
    reasons: reasons::Reasons,
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
    let mut facts = facts::of(report.analysis, language);
    facts.sort_by_cached_key(|fact| (fact.state != State::Open, fact.urgency()));
    let told = facts.iter().take(MOST_TOLD);
    let told = told.map(|fact| fact.id.clone()).collect();
    let facts = facts.into_iter();
    let mut page = Page {
        report,
        analysis: report.analysis,
        findings: report.found(),
        items: report.items(),
        facts: facts.map(|fact| (fact.id.clone(), fact)).collect(),
        told,
        reasons: reasons::Reasons::default(),
        language,
        labels: Labels::new(language),
        html: Html::default(),
        scenes: BTreeMap::new(),
    };
    page.collect_reasons();
    page.frame();
    (page.html.finish(), page.scenes)
}

impl<'a> Page<'a> {
    fn frame(&mut self) {
        let sections: [Section<'a>; 24] = [
            ("summary", Page::summary),
            ("scope", Page::scope),
            ("open", Page::open),
            ("chosen", Page::chosen),
            ("what-if", Page::what_if),
            ("threats", Page::threats),
            ("matrix", Page::matrices),
            ("control", Page::control),
            ("reasons", Page::reasons),
            ("safety", Page::safety),
            ("lists", Page::cross_check),
            ("views", Page::lenses),
            ("targets", Page::demands),
            ("findings", Page::requirements),
            ("regimes", Page::regimes),
            ("checklist", Page::checklist),
            ("documents", Page::documents),
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
        let generated = words::generated(self.report, &self.labels);
        let tag = self.language.tag();
        let skip = self.label("skip");
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
            .raw("</header>\n");
        self.contents(&sections.map(|(id, _)| id));
        self.html.raw("<main id=\"main\">\n");
        for (id, write) in sections {
            let name = self.label(&format!("section-{id}"));
            self.html.section(id, &name);
            write(self);
            self.html.close("section");
        }
        self.html.raw("</main>\n</body>\n</html>\n");
    }

    /// Where everything is, and what of the long lists is shown. The filters are style alone: no script runs.
    fn contents(&mut self, sections: &[&str]) {
        let contents = self.label("contents");
        self.html
            .raw("<nav aria-label=\"")
            .text(&contents)
            .raw("\"><ul>\n");
        for id in sections {
            let name = self.label(&format!("section-{id}"));
            let link = format!("href=\"#{id}\"");
            self.html.raw("<li>").element("a", &link, &name);
            if let Some(count) = self.size_of(id) {
                self.html.raw(" <small class=\"soft\">");
                self.html.text(&count.to_string()).raw("</small>");
            }
            self.html.raw("</li>\n");
        }
        self.html.raw("</ul>\n");
        let legend = self.label("filter");
        self.html
            .raw("<fieldset>")
            .element("legend", "", &legend)
            .raw("<div>\n");
        let levels = ["critical", "high", "medium", "low", "none"];
        let levels = levels.map(|word| (word, format!("level-{word}")));
        let states = ["open", "closed", "other"].map(|word| (word, format!("filter-{word}")));
        for (word, key) in levels.into_iter().chain(states) {
            let label = self.label(&key);
            self.html
                .raw("<label><input type=\"checkbox\" checked id=\"show-")
                .raw(word)
                .raw("\"/> ")
                .text(&label)
                .raw("</label>\n");
        }
        self.html.raw("</div></fieldset></nav>\n");
    }

    /// How much stands in a section, where a number says something.
    fn size_of(&self, section: &str) -> Option<usize> {
        let analysis = self.analysis;
        Some(match section {
            "open" => analysis.solution.open().count(),
            "chosen" => analysis.solution.picks.len(),
            "threats" => analysis.threats.len(),
            "matrix" => analysis.matrices.iter().map(|m| m.cells.len()).sum(),
            "control" => analysis.stpa.targets().count(),
            "findings" => analysis.requirements.len(),
            "checklist" => {
                let steps = analysis.checklist.steps.iter();
                steps.map(|step| step.controls.len()).sum()
            }
            "documents" => papers::of(self.report).len(),
            _ => return None,
        })
    }

    /// How many are not told here, and where they are.
    fn more(&mut self, count: usize) {
        if count > 0 {
            let said = self.with("not-told", &[("count", &count.to_string())]);
            self.html.element("p", "class=\"soft\"", &said);
        }
    }

    fn method(&mut self) {
        for key in words::METHOD {
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

    /// What stands between the parts of a list.
    fn comma(&self) -> &'static str {
        comma(self.language)
    }

    /// A cell with several lines; a dash when there is none.
    fn lines(&mut self, lines: &[String]) -> &mut Self {
        self.html.raw("<td>");
        for (index, line) in lines.iter().enumerate() {
            if index > 0 {
                self.html.raw("<br>");
            }
            self.html.text(line);
        }
        self.html.raw(if lines.is_empty() {
            "–</td>"
        } else {
            "</td>"
        });
        self
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
            Some(id) => {
                let model = &self.analysis.source;
                let component = model.components.get(id).map(|known| &known.title);
                let title = component.or(model.flows.get(id).map(|flow| &flow.title));
                match title.map(|title| self.say(title)) {
                    Some(title) if !title.is_empty() => title,
                    _ => id.to_owned(),
                }
            }
        }
    }

    fn count_of(&self, status: Status) -> usize {
        let findings = self.findings.iter();
        findings.filter(|finding| finding.status == status).count()
    }
}
