//! One page for the manager: what is at risk, what remains, what it costs, what each unit of money
//! closes, and which decisions are due. It fits on one sheet of A4 whatever the model says: every list
//! is bounded, every text is shortened to its room, and what is left out is counted.

use std::borrow::Cow;

use sekimori_analysis::Analysis;
use sekimori_analysis::choose::State;
use sekimori_analysis::evidence::Status;
use sekimori_analysis::language::{Language, Text};
use sekimori_analysis::model::Level;

use crate::Report;
use crate::diagram::charts;
use crate::diagram::measure::width;
use crate::html::Html;
use crate::labels::Labels;

mod due;

const STYLE: &str = include_str!("management/style.css");

/// Days ahead for which decisions are shown as due.
const AHEAD: i64 = 365;

pub(crate) fn render(report: &Report<'_>, language: Language) -> String {
    let mut sheet = Sheet {
        report,
        analysis: report.analysis,
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
        let mut losses: Vec<(Level, &str, &str)> = self
            .analysis
            .stpa
            .losses
            .iter()
            .map(|loss| (loss.severity, loss.id.as_str(), loss.text.of(self.language)))
            .collect();
        if losses.is_empty() {
            let assets = self.analysis.source.assets.iter();
            losses.extend(assets.map(|(id, asset)| {
                let worst = asset.c.max(asset.i).max(asset.a);
                (worst, id.as_str(), asset.title.of(self.language))
            }));
        }
        losses.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let more = losses.len().saturating_sub(ROWS);
        self.html.raw("<ul class=\"list\">\n");
        for (level, id, text) in losses.into_iter().take(ROWS) {
            let word = format!("level-{}", level.word());
            let label = self.label(&word);
            let text = shorten(if text.is_empty() { id } else { text }, 280);
            self.html
                .raw("<li>")
                .badge(&word, &label)
                .raw(" ")
                .text(&text)
                .raw("</li>\n");
        }
        self.html.raw("</ul>\n");
        self.more(more);
        let targets = &self.analysis.solution.targets;
        let by_level = self.counted(|level| {
            let targets = targets.iter();
            targets.filter(|target| target.risk == Some(level)).count()
        });
        if !by_level.is_empty() {
            let list = by_level.join(" · ");
            let said = self.with("management-levels", &[("list", &list)]);
            self.html.element("p", "class=\"soft\"", &said);
        }
        self.html.close("section");
    }

    /// What stays open, what was accepted, and what nobody has shown.
    fn remains(&mut self) {
        const ROWS: usize = 4;
        let heading = self.label("management-remains");
        self.html.raw("<section>").element("h2", "", &heading);
        let mut open: Vec<&sekimori_analysis::choose::Target> =
            self.analysis.solution.open().collect();
        open.sort_by(|a, b| b.risk.cmp(&a.risk).then(a.id.cmp(&b.id)));
        if open.is_empty() {
            let nothing = self.label("management-nothing-open");
            self.html.element("p", "", &nothing);
        } else {
            self.html.raw("<ul class=\"list\">\n");
            for target in open.iter().take(ROWS) {
                let word = format!("level-{}", target.risk.unwrap_or(Level::None).word());
                let label = match target.risk {
                    Some(_) => self.label(&word),
                    None => self.label("item-mandatory"),
                };
                let said = shorten(&self.about(&target.id), 280);
                self.html
                    .raw("<li>")
                    .badge(&word, &label)
                    .raw(" ")
                    .text(&said)
                    .raw("</li>\n");
            }
            self.html.raw("</ul>\n");
            self.more(open.len().saturating_sub(ROWS));
        }
        let residual = self.analysis.solution.residual.values();
        let left = self.counted(|level| {
            let left = residual.clone();
            left.filter(|left| left.chosen == level).count()
        });
        if !left.is_empty() {
            let said = self.with("management-left", &[("list", &left.join(" · "))]);
            self.html.element("p", "class=\"soft\"", &said);
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
        self.html
            .raw("<section>")
            .element("h2", "", &heading)
            .element("p", "", &said)
            .raw("<div class=\"two wide-left\">\n<div>\n");
        let (cost, closed) = (self.label("axis-money"), self.label("axis-closed"));
        let axes = charts::Axes {
            cost: &cost,
            closed: &closed,
        };
        let scene = charts::frontier(&solution.frontier, (430, 190), &axes, &|points| {
            self.money(points)
        });
        let caption = self.label("management-frontier");
        self.html
            .raw(&scene.svg(&caption, "frontier"))
            .element("p", "class=\"soft\"", &caption)
            .raw("</div>\n<div>\n");
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
            let said = shorten(&said, 200);
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

    /// Who has to decide what, and until when.
    fn decisions(&mut self) {
        const ROWS: usize = 6;
        let heading = self.label("management-decisions");
        self.html.raw("<section>").element("h2", "", &heading);
        let due = due::of(self.report, &self.labels, self.language, AHEAD);
        if due.is_empty() {
            let none = self.label("management-no-decision");
            self.html.element("p", "", &none).close("section");
            return;
        }
        self.html.raw("<table>\n<thead><tr>");
        for key in ["management-what", "owner", "management-when"] {
            let label = self.label(key);
            self.html.element("th", "scope=\"col\"", &label);
        }
        self.html.raw("</tr></thead>\n<tbody>\n");
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

    /// What the target of an id is about, in words.
    fn about(&self, id: &str) -> String {
        due::about(self.analysis, id, self.language)
    }

    /// Each level with its number, the worst first; levels without any are left out.
    fn counted(&self, count: impl Fn(Level) -> usize) -> Vec<String> {
        let levels = Level::ALL.iter().rev();
        levels
            .filter(|level| **level > Level::None && count(**level) > 0)
            .map(|level| {
                let label = self.label(&format!("level-{}", level.word()));
                format!("{label} {}", count(*level))
            })
            .collect()
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
