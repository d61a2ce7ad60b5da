//! One page for the manager: what is at risk, what remains, what it costs, what each unit of money
//! closes, and which decisions are due. It fits on one sheet of A4 whatever the model says: every list
//! is bounded, every text is shortened to its room, and what is left out is counted.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sekimori_analysis::Analysis;
use sekimori_analysis::choose::State;
use sekimori_analysis::evidence::Status;
use sekimori_analysis::language::{Language, Text};
use sekimori_analysis::model::{Cost, Level};

use crate::diagram::charts;
use crate::diagram::measure::width;
use crate::facts::Fact;
use crate::html::Html;
use crate::labels::Labels;
use crate::{Report, due, facts, stake};

const STYLE: &str = include_str!("management/style.css");

/// Effort points in one unit of money, for which the sheet says what it closes.
const UNIT: u64 = 10;

pub(crate) fn render(report: &Report<'_>, language: Language) -> String {
    let mut sheet = Sheet {
        report,
        analysis: report.analysis,
        facts: facts::of(report.analysis, language)
            .into_iter()
            .map(|fact| (fact.id.clone(), fact))
            .collect(),
        language,
        labels: Labels::new(language),
        html: Html::default(),
    };
    sheet.page();
    sheet.html.finish()
}

struct Sheet<'a> {
    report: &'a Report<'a>,
    analysis: &'a Analysis,
    facts: BTreeMap<String, Fact>,
    language: Language,
    labels: Labels,
    html: Html,
}

impl<'a> Sheet<'a> {
    fn page(&mut self) {
        let title = shorten(self.say(&self.analysis.title), 480);
        let name = self.label("management");
        let date = self.analysis.date.to_string();
        let lead = self.with("management-lead", &[("date", &date)]);
        self.html
            .raw("<!DOCTYPE html>\n<html lang=\"")
            .raw(self.language.tag())
            .raw("\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>")
            .text(&title)
            .raw(" – ")
            .text(&name)
            .raw("</title>\n<style>\n")
            .raw(STYLE)
            .raw("</style>\n</head>\n<body>\n<header>\n")
            .element("p", "class=\"kind\"", &name)
            .element("h1", "", &title)
            .element("p", "class=\"soft\"", &lead)
            .raw("</header>\n<main>\n");
        self.figures();
        self.html.raw("<div class=\"two\">\n");
        self.at_risk();
        self.remains();
        self.html.raw("</div>\n");
        self.cost();
        self.decisions();
        self.html.raw("</main>\n</body>\n</html>\n");
    }

    /// The five numbers that everything else explains.
    fn figures(&mut self) {
        let solution = &self.analysis.solution;
        let closed = solution.targets.iter().filter(|t| t.state == State::Closed);
        let share = percent(closed.count(), solution.targets.len());
        let grave = |target: &&sekimori_analysis::choose::Target| target.risk >= Some(Level::High);
        let open_grave = solution.open().filter(grave).count();
        let mut cards = vec![
            ("card-targets", solution.targets.len().to_string()),
            ("card-closed", format!("{share} %")),
            ("card-open", solution.open().count().to_string()),
            ("card-open-grave", open_grave.to_string()),
            ("card-spend", self.money(solution.cost)),
        ];
        if let Some(findings) = self.report.findings {
            let met = findings
                .iter()
                .filter(|finding| finding.status == Status::Met);
            let shown = percent(met.count(), findings.len());
            cards.insert(4, ("card-shown", format!("{shown} %")));
        }
        self.html.raw("<ul class=\"cards\">\n");
        for (key, number) in cards {
            let label = self.label(key);
            self.html
                .raw("<li>")
                .element("b", "", &number)
                .element("span", "", &label)
                .raw("</li>\n");
        }
        self.html.raw("</ul>\n");
    }

    /// Losses, the worst first, with how many ways lead to them.
    fn at_risk(&mut self) {
        const ROWS: usize = 4;
        let heading = self.label("management-risk");
        self.html.raw("<section>").element("h2", "", &heading);
        let losses = stake::losses(self.analysis, self.language);
        let more = losses.len().saturating_sub(ROWS);
        // As many lines as the list may have, shared by what stands in it.
        let room = match losses.len() {
            0 | 1 => 1120,
            2 => 560,
            3 => 370,
            _ => 280,
        };
        self.html.raw("<ul class=\"list\">\n");
        for (level, text) in losses.into_iter().take(ROWS) {
            let word = format!("level-{}", level.word());
            let label = self.label(&word);
            let text = shorten(text, room);
            self.html
                .raw("<li>")
                .badge(&word, &label)
                .raw(" ")
                .text(&text)
                .raw("</li>\n");
        }
        self.html.raw("</ul>\n");
        self.more(more);
        self.risks();
        self.html.close("section");
    }

    /// The risks by level: as they are, with what is there already, with everything that was chosen.
    fn risks(&mut self) {
        let columns = ["risk", "risk-before", "risk-there", "risk-chosen"];
        self.head("numbers", &columns.map(|key| self.label(key)));
        for row in stake::risks(self.facts.values()) {
            let key = format!("level-{}", row.level.word());
            let label = self.label(&key);
            self.html.raw("<tr><td>").badge(&key, &label).raw("</td>");
            for number in [row.before, row.there, row.chosen] {
                self.html.element("td", "", &number.to_string());
            }
            self.html.raw("</tr>\n");
        }
        self.html.raw("</tbody></table>\n");
        let note = self.label("management-risks");
        self.html.element("p", "class=\"soft\"", &note);
    }

    /// What stays open, what was accepted, and what nobody has shown.
    fn remains(&mut self) {
        const ROWS: usize = 4;
        let heading = self.label("management-remains");
        self.html.raw("<section>").element("h2", "", &heading);
        let open = due::open(&self.facts);
        let more = open.len().saturating_sub(ROWS);
        let open: Vec<(Option<Level>, String)> = open
            .into_iter()
            .take(ROWS)
            .map(|fact| (fact.risk, due::about(fact, &self.labels)))
            .collect();
        if open.is_empty() {
            let nothing = self.label("management-nothing-open");
            self.html.element("p", "", &nothing);
        } else {
            self.html.raw("<ul class=\"list\">\n");
            for (risk, about) in open {
                let word = format!("level-{}", risk.unwrap_or(Level::None).word());
                let label = match risk {
                    Some(_) => self.label(&word),
                    None => self.label("item-mandatory"),
                };
                let said = shorten(&about, 280);
                self.html
                    .raw("<li>")
                    .badge(&word, &label)
                    .raw(" ")
                    .text(&said)
                    .raw("</li>\n");
            }
            self.html.raw("</ul>\n");
            self.more(more);
        }
        let states = self.analysis.solution.states.values();
        let count = |wanted: State| {
            let states = states.clone();
            states.filter(|state| **state == wanted).count().to_string()
        };
        let (accepted, transferred, dismissed, below) = (
            count(State::Accepted),
            count(State::Transferred),
            count(State::Dismissed),
            count(State::BelowThreshold),
        );
        let said = self.with(
            "management-taken",
            &[
                ("accepted", &accepted),
                ("transferred", &transferred),
                ("dismissed", &dismissed),
                ("below", &below),
            ],
        );
        self.html.element("p", "class=\"soft\"", &said);
        let findings = self.report.found().iter();
        let contradicted = findings.filter(|finding| finding.status == Status::Contradicted);
        let contradicted = contradicted.count();
        if contradicted > 0 {
            let count = contradicted.to_string();
            let said = self.with("contradicted-count", &[("count", &count)]);
            self.html.element("p", "class=\"over\"", &said);
        }
        let shown = self.label(match self.report.findings {
            Some(_) => "management-observed",
            None => "management-not-observed",
        });
        self.html
            .element("p", "class=\"soft\"", &shown)
            .close("section");
    }

    /// What is spent, on what, and what each part of it closes.
    fn cost(&mut self) {
        const ROWS: usize = 5;
        let solution = &self.analysis.solution;
        let heading = self.label("management-cost");
        let there = solution.picks.iter().filter(|pick| pick.provided).count();
        let to_build = self.to_build();
        let to_run = solution.cost.saturating_sub(to_build);
        let said = self.with(
            "management-spend",
            &[
                ("money", &self.money(solution.cost)),
                ("points", &solution.cost.to_string()),
                ("point", &self.money(1)),
                ("build", &self.money(to_build)),
                ("run", &self.money(to_run)),
                ("there", &there.to_string()),
            ],
        );
        let price = self.label(
            if self.analysis.source.cost.effort_point == Cost::default().effort_point {
                "management-usual-price"
            } else {
                "management-own-price"
            },
        );
        self.html
            .raw("<section>")
            .element("h2", "", &heading)
            .element("p", "", &said)
            .element("p", "class=\"soft\"", &price)
            .raw("<div class=\"two wide-left\">\n<div>\n");
        let (cost, closed) = (self.label("axis-money"), self.label("axis-closed"));
        let axes = charts::Axes {
            cost: &cost,
            closed: &closed,
        };
        let scene = charts::frontier(&solution.frontier, (430, 140), &axes, &|points| {
            self.money(points)
        });
        let caption = self.label("management-frontier");
        self.html
            .raw(&scene.svg(&caption, "frontier"))
            .element("p", "class=\"soft\"", &caption);
        self.parts();
        self.html.raw("</div>\n<div>\n");

        let mut dear: Vec<&sekimori_analysis::choose::Pick> = solution
            .picks
            .iter()
            .filter(|pick| !pick.provided)
            .collect();
        dear.sort_by(|a, b| b.cost.cmp(&a.cost).then(a.id.cmp(&b.id)));
        let heading = self.label("management-dear");
        self.html
            .element("h3", "", &heading)
            .raw("<ul class=\"list sums\">\n");
        for pick in dear.iter().take(ROWS) {
            let measure = self.analysis.knowledge.measures.get(&pick.measure);
            let name = measure.map_or(pick.measure.as_str(), |m| m.name.of(self.language));
            let place = pick.at.as_deref().and_then(|id| {
                let component = self.analysis.components.get(id)?;
                Some(component.title.of(self.language))
            });
            let said = match place {
                Some(place) => format!("{name} – {place}"),
                None => name.to_owned(),
            };
            let said = shorten(&said, 380);
            let money = self.money(u64::from(pick.cost));
            self.html
                .raw("<li><span>")
                .text(&said)
                .raw("</span> ")
                .element("b", "", &money)
                .raw("</li>\n");
        }
        self.html.raw("</ul>\n");
        self.more(dear.len().saturating_sub(ROWS));
        self.html.raw("</div>\n</div>\n").close("section");
    }

    /// What each quarter of the money closes, and what each unit of it.
    fn parts(&mut self) {
        let unit = self.money(UNIT);
        let columns = [
            self.label("axis-money"),
            self.label("part-closed"),
            self.with("part-unit", &[("unit", &unit)]),
        ];
        self.head("numbers", &columns);
        let (mut spent, mut closed) = (0, 0);
        for part in stake::parts(&self.analysis.solution) {
            let points = part.cost.saturating_sub(spent);
            let more = u64::from(part.share.saturating_sub(closed));
            let tenths = (more * 10 * UNIT).checked_div(points);
            let unit = tenths.map_or_else(
                || "–".to_owned(),
                |tenths| format!("{}.{} %", tenths / 10, tenths % 10),
            );
            (spent, closed) = (part.cost, part.share);
            let money = self.money(part.cost);
            self.html
                .raw("<tr>")
                .element("td", "", &money)
                .element("td", "", &format!("{} %", part.share))
                .element("td", "", &unit)
                .raw("</tr>\n");
        }
        self.html.raw("</tbody></table>\n");
    }

    /// Who has to decide what, and until when.
    fn decisions(&mut self) {
        const ROWS: usize = 4;
        let heading = self.label("management-decisions");
        self.html.raw("<section>").element("h2", "", &heading);
        let due = due::of(self.report, &self.facts, &self.labels, self.language);
        if due.is_empty() {
            let none = self.label("management-no-decision");
            self.html.element("p", "", &none).close("section");
            return;
        }
        let columns = ["management-what", "owner", "management-when"];
        self.head("due", &columns.map(|key| self.label(key)));
        for entry in due.iter().take(ROWS) {
            let owner = match &entry.owner {
                Some(owner) => shorten(owner, 110),
                None => self.label("management-nobody"),
            };
            let when = match entry.until {
                Some(until) => until.to_string(),
                None => self.label("management-now"),
            };
            let class = if entry.is_over { "class=\"over\"" } else { "" };
            self.html
                .raw("<tr>")
                .element("td", "", &shorten(&entry.what, 700))
                .element("td", "", &owner)
                .element("td", class, &when)
                .raw("</tr>\n");
        }
        self.html.raw("</tbody></table>\n");
        self.more(due.len().saturating_sub(ROWS));
        self.html.close("section");
    }

    /// Opens a table with its column headings.
    fn head(&mut self, class: &str, columns: &[String]) {
        self.html
            .raw("<table class=\"")
            .raw(class)
            .raw("\">\n<thead><tr>");
        for column in columns {
            self.html.element("th", "scope=\"col\"", column);
        }
        self.html.raw("</tr></thead>\n<tbody>\n");
    }

    /// Points for what has to be built or done; the others put to work what is there already.
    fn to_build(&self) -> u64 {
        let picks = self.analysis.solution.picks.iter();
        picks
            .filter(|pick| !pick.provided)
            .map(|pick| u64::from(pick.cost))
            .sum()
    }

    /// Points as money of the model.
    fn money(&self, points: u64) -> String {
        let cost = &self.analysis.source.cost;
        let amount = points.saturating_mul(u64::from(cost.effort_point));
        let digits = amount.to_string();
        let mut grouped = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        format!("{} {grouped}", shorten(&cost.currency, 40))
    }

    fn more(&mut self, count: usize) {
        if count > 0 {
            let said = self.with("management-more", &[("count", &count.to_string())]);
            self.html.element("p", "class=\"soft\"", &said);
        }
    }

    fn label(&self, key: &str) -> String {
        self.labels.text(key)
    }

    fn with(&self, key: &str, arguments: &[(&str, &str)]) -> String {
        let arguments: Vec<(&str, Cow<'_, str>)> = arguments
            .iter()
            .map(|(name, value)| (*name, Cow::Borrowed(*value)))
            .collect();
        self.labels.with(key, &arguments)
    }

    fn say(&self, text: &'a Text) -> &'a str {
        text.of(self.language)
    }
}

fn percent(part: usize, whole: usize) -> usize {
    (part * 100).checked_div(whole).unwrap_or(100)
}

/// As much of a text as has room, at twelve units; what is left out is shown by an ellipsis.
fn shorten(text: &str, room: i32) -> String {
    const SIZE: i32 = 12;
    if width(text, SIZE) <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = width("…", SIZE);
    for character in text.chars() {
        used += width(character.encode_utf8(&mut [0; 4]), SIZE);
        if used > room {
            break;
        }
        kept.push(character);
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shortened_to_its_room_and_says_so() {
        assert_eq!(shorten("short", 100), "short");
        let short = shorten(&"冷蔵倉庫の温度".repeat(9), 100);
        assert!(short.ends_with('…') && width(&short, 12) <= 100, "{short}");
    }
}
