//! What a page owes its reader: every result names method, rule, element and source, leads to every factor of its risk, what
//! answers it and what is missing; every pick what would stand in for it; every control its state and its papers.

use std::collections::BTreeSet;

use jiff::civil::date;
use sekimori_analysis::choose::{Alternative, State, Wishes, compare};
use sekimori_analysis::documents::{Document, DocumentKind};
use sekimori_analysis::evidence::{Assessment, judge};
use sekimori_analysis::language::Language;
use sekimori_analysis::{Analysis, analyze, jnsa, model};
use sekimori_report::{Format, Report, render};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

fn analysis() -> Analysis {
    let model = model::parse("model.toml", TEXT).expect("sound");
    analyze(&model, date(2026, 11, 20))
}

fn text(report: &Report<'_>, format: Format, language: Language) -> String {
    let rendered = render(report, format, language).expect("a form of text");
    String::from_utf8(rendered.bytes).expect("UTF-8")
}

/// Text as it stands in a page.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let text = text.replace('>', "&gt;").replace('"', "&quot;");
    text.replace('\'', "&#39;")
}

/// The folded item of an id, from its beginning to its end.
fn item<'p>(page: &'p str, id: &str) -> &'p str {
    let begin = format!(" id=\"{id}\"><summary>");
    let (_, rest) = page
        .split_once(&begin)
        .unwrap_or_else(|| panic!("no item {id}"));
    rest.split("</details>").next().unwrap_or("")
}

/// The row of the reason that a link names at its beginning.
fn reason<'p>(page: &'p str, link: &str) -> &'p str {
    let name = link.split('"').next().unwrap_or("");
    let begin = format!(" id=\"why-{name}\">");
    let (_, rest) = page
        .split_once(&begin)
        .unwrap_or_else(|| panic!("no reason {name}"));
    rest.split("</tr>").next().unwrap_or("")
}

#[test]
fn every_threat_cell_and_scenario_names_source_factors_answers_and_gaps() {
    let analysis = analysis();
    for language in Language::ALL {
        let page = text(&Report::of(&analysis), Format::Html, language);
        let remains = match language {
            Language::English => "remains ",
            Language::Japanese => "残るリスク: 現状で",
        };
        let threats = analysis.threats.iter();
        let threats = threats.map(|t| (t.id.clone(), &*t.basis, Some(&t.risk)));
        let cells = analysis.matrices.iter().flat_map(|matrix| &matrix.cells);
        let cells = cells.map(|c| (c.id.to_string(), &*c.basis, c.risk.as_ref()));
        let scenarios = analysis.stpa.targets();
        let scenarios = scenarios.map(|s| (s.id.clone(), &*s.basis, Some(&s.risk)));
        let mut count = 0;
        for (id, basis, risk) in threats.chain(cells).chain(scenarios) {
            let item = item(&page, &id);
            let mut wanted = vec![basis.rule.clone(), basis.source.of(language).to_owned()];
            let mut factors = Vec::new();
            if let Some(risk) = risk {
                for factor in &risk.likelihood_factors {
                    factors.push(format!("{:+} {}", factor.points, factor.why.of(language)));
                }
                let impacts = risk.impact_factors.iter();
                factors.extend(impacts.map(|impact| impact.why.of(language).to_owned()));
            }
            assert_eq!(
                item.contains(remains),
                analysis.solution.residual.contains_key(id.as_str()),
                "{id}"
            );
            let target = analysis.solution.target(&id);
            if let Some(target) = target {
                wanted.extend(target.by.iter().map(|pick| format!("#{pick}")));
                let missing = target.missing.iter();
                wanted.extend(missing.map(|text| text.of(language).to_owned()));
            }
            for word in wanted {
                assert!(item.contains(&escaped(&word)), "{id} lacks {word}:\n{item}");
            }
            // Every factor stands where the item leads to.
            let reasons: String = item
                .split("href=\"#why-")
                .skip(1)
                .map(|rest| reason(&page, rest))
                .collect();
            for factor in factors {
                assert!(
                    reasons.contains(&escaped(&factor)),
                    "{id} leads to no {factor}:\n{reasons}"
                );
            }
            count += 1;
        }
        assert!(count > 200);
    }
}

#[test]
fn every_cell_tells_its_measures_whether_chosen_or_not() {
    let analysis = analysis();
    let page = text(&Report::of(&analysis), Format::Html, Language::English);
    let mut unused = 0;
    for cell in analysis.matrices.iter().flat_map(|matrix| &matrix.cells) {
        let item = item(&page, &cell.id.to_string());
        for measure in jnsa::coverage(cell, &analysis.solution).unused {
            assert!(
                item.contains(&format!("({measure})")),
                "{}: {measure}",
                cell.id
            );
            unused += 1;
        }
        for pick in jnsa::coverage(cell, &analysis.solution).chosen {
            assert!(
                item.contains(&format!("href=\"#{pick}\"")),
                "{}: {pick}",
                cell.id
            );
        }
    }
    assert!(unused > 20);
}

#[test]
fn every_pick_tells_what_opens_without_it_and_what_would_stand_in_for_it() {
    let analysis = analysis();
    let page = text(&Report::of(&analysis), Format::Html, Language::English);
    let mut with_alternative = 0;
    for pick in &analysis.solution.picks {
        let row = item(&page, &pick.id);
        for id in &pick.without {
            assert!(row.contains(&format!(">{id}</a>")), "{}: {id}", pick.id);
        }
        if let Alternative::Instead { picks, more, .. } = &pick.alternative {
            with_alternative += 1;
            assert!(
                row.contains(&format!("difference {more:+} points")),
                "{row}"
            );
            for other in picks {
                assert!(row.contains(&format!("({other})")), "{}: {other}", pick.id);
            }
        }
        let parts = &pick.parts;
        let parts = [
            parts.ram,
            parts.flash,
            parts.cpu,
            parts.gateway,
            parts.hardware,
        ];
        let is_more_than_effort = parts.iter().any(|points| points.thousandths() > 0);
        assert_eq!(
            row.contains(&format!("= {}</p>", pick.cost)),
            is_more_than_effort,
            "{row}"
        );
        // From a threat to its requirement leads its countermeasure: both name the same place.
        let requirements = analysis.requirements.iter();
        let mut requirements =
            requirements.filter(|r| r.measure.as_ref() == Some(&pick.measure) && r.at == pick.at);
        let requirement = requirements.next().expect("a requirement");
        assert!(requirements.next().is_none());
        assert!(
            row.contains(&format!("href=\"#{}\"", requirement.id)),
            "{row}"
        );
        for target in &analysis.solution.targets {
            let is_by = target.by.contains(&pick.id);
            assert_eq!(
                is_by,
                requirement.closes.contains(&target.id),
                "{}",
                pick.id
            );
        }
    }
    assert!(with_alternative > 0);
}

#[test]
fn what_is_open_is_told_first_and_within_reach() {
    let analysis = analysis();
    let page = text(&Report::of(&analysis), Format::Html, Language::English);
    let (_, section) = page.split_once("<section id=\"open\"").expect("a section");
    let section = section.split("</section>").next().unwrap_or("");
    for target in analysis.solution.open() {
        assert!(section.contains(&format!("href=\"#{}\"", target.id)));
    }
    // Items of one level follow each other, the open ones first.
    let (_, threats) = page
        .split_once("<section id=\"threats\"")
        .expect("a section");
    let threats = threats.split("</section>").next().unwrap_or("");
    let marks: Vec<(usize, bool)> = threats
        .split("<details class=\"item lv-")
        .skip(1)
        .map(|item| {
            let level = item.split(' ').next().unwrap_or("");
            let order = ["critical", "high", "medium", "low", "none"];
            let level = order.iter().position(|word| *word == level);
            (level.expect("a level"), !item.contains("st-open\""))
        })
        .collect();
    assert_eq!(marks.len(), analysis.threats.len());
    assert!(marks.is_sorted());
    for word in [
        "critical", "high", "medium", "low", "none", "open", "closed", "other",
    ] {
        assert!(page.contains(&format!("id=\"show-{word}\"")), "{word}");
        assert!(
            page.contains(&format!("body:has(#show-{word}:not(:checked))")),
            "{word}"
        );
    }
}

fn document(worth_until: &str) -> Document {
    serde_json::from_value(serde_json::json!({
        "id": "DOC-1",
        "sha256": "ab".repeat(32),
        "size": 10,
        "kind": DocumentKind::Document,
        "name": "partners.txt",
        "title": "Test partners <b>",
        "items": ["CSA-1.31"],
        "owner": "quality",
        "attached_at": "2026-11-01T00:00:00Z",
        "attached_by": "someone",
        "until": worth_until,
    }))
    .expect("a document")
}

fn judged(analysis: &Analysis, until: &str) -> Assessment {
    let now = "2026-11-20T12:00:00Z".parse().expect("a time");
    judge(analysis, &[], &[document(until)], now)
}

#[test]
fn every_control_has_its_state_and_documents_stand_with_hash_owner_and_last_day() {
    let analysis = analysis();
    for (until, state, worth) in [
        ("2027-01-31", "by a document", "counts"),
        ("2026-10-31", "open", "expired"),
    ] {
        let assessment = judged(&analysis, until);
        let report = Report::with_assessment(&analysis, &assessment);
        let page = text(&report, Format::Html, Language::English);
        for found in &assessment.controls {
            let begin = format!(" id=\"{}\"><th", found.control);
            let (_, row) = page.split_once(&begin).expect("a row");
            let row = row.split("</tr>").next().unwrap_or("");
            assert!(row.contains(&format!("badge control-{}\"", found.state.word())));
            assert!(row.contains(&escaped(&found.why.en)), "{}", found.why.en);
            if found.control == "CSA-1.31" {
                assert!(
                    row.contains(&"ab".repeat(6)) && row.contains(worth),
                    "{row}"
                );
                assert!(row.contains(state), "{row}");
            }
        }
        let (_, documents) = page
            .split_once("<section id=\"documents\"")
            .expect("a section");
        let documents = documents.split("</section>").next().unwrap_or("");
        for word in [
            &"ab".repeat(32),
            until,
            "quality",
            "CSA-1.31",
            worth,
            "partners &lt;b&gt;",
        ] {
            assert!(documents.contains(word), "{word}");
        }
        let markdown = text(&report, Format::Markdown, Language::English);
        assert!(markdown.contains(&"ab".repeat(32)));
    }
}

#[test]
fn two_choices_show_every_difference() {
    let analysis = analysis();
    let model = model::parse("model.toml", TEXT).expect("sound");
    let wishes = Wishes {
        without: BTreeSet::from(["CM-ENC".to_owned()]),
        budget: Some(60),
        ..Wishes::default()
    };
    let comparison = compare(&model, date(2026, 11, 20), &wishes);
    assert!(!comparison.opened.is_empty() && !comparison.removed.is_empty());
    let report = Report::of(&analysis).comparing(&comparison);
    for format in [Format::Html, Format::Markdown] {
        let page = text(&report, format, Language::English);
        let removed = comparison.removed.iter().map(|pick| &pick.id);
        for id in removed.chain(&comparison.opened) {
            assert!(page.contains(&**id), "{id}");
        }
        for word in ["Ruled out: CM-ENC.", "Budget: 60 points.", "As wished"] {
            assert!(page.contains(word), "{word}");
        }
    }
    for format in Format::ALL
        .iter()
        .filter(|format| !format.shows_comparison())
    {
        let plain = render(&Report::of(&analysis), *format, Language::English);
        assert_eq!(
            render(&report, *format, Language::English),
            plain,
            "{}",
            format.word()
        );
    }
}

#[test]
fn without_wishes_the_page_says_what_parts_of_the_cost_close() {
    let analysis = analysis();
    let page = text(&Report::of(&analysis), Format::Html, Language::English);
    let (_, section) = page
        .split_once("<section id=\"what-if\"")
        .expect("a section");
    let section = section.split("</section>").next().unwrap_or("");
    for percent in [25, 50, 75, 100] {
        assert!(section.contains(&format!("{percent} % of the cost")));
    }
    let whole = analysis.solution.frontier.last().expect("steps");
    assert!(section.contains(&format!("{} %</td>", whole.share)));
    assert!(section.contains("--without"));
}

#[test]
fn the_page_stays_small() {
    let analysis = analysis();
    let open = analysis.solution.states.values();
    let results = open.filter(|state| **state != State::NotApplicable).count();
    for language in Language::ALL {
        let page = text(&Report::of(&analysis), Format::Html, language);
        // What stands in every page (catalogue, checklist, requirement sets), and one kilobyte for each result.
        let most = 450_000 + results * 1_000;
        assert!(page.len() < most, "{} of {most} bytes", page.len());
    }
}

#[test]
fn a_large_system_is_told_as_far_as_a_reader_can_follow() {
    let mut text = TEXT.to_owned();
    for index in 0..60 {
        text.push_str(&format!(
            "\n[[component]]\nid = \"extra-{index}\"\ntitle = \"Extra\"\ntitle_ja = \"追加\"\nkind = \"device\"\n\
             class = \"network-camera\"\nzone = \"field\"\ncount = 900\nphase = \"P2\"\n"
        ));
    }
    let model = model::parse("model.toml", &text).expect("sound");
    let analysis = analyze(&model, date(2026, 11, 20));
    assert!(analysis.solution.states.len() > 4_000);
    let page = self::text(&Report::of(&analysis), Format::Html, Language::English);
    assert!(page.len() < 12_000_000, "{} bytes", page.len());
    assert!(page.contains("more are in the forms json, csv and xlsx."));
    let ids: BTreeSet<&str> = page
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    for target in page.split("href=\"#").skip(1) {
        let id = target.split('"').next().unwrap_or("");
        assert!(ids.contains(id), "{id} is not there");
    }
    for target in analysis.solution.open() {
        assert!(
            ids.contains(&*target.id),
            "{} is open and not told",
            target.id
        );
    }
}

#[test]
fn what_remains_of_each_level_is_counted() {
    use sekimori_analysis::model::Level;
    let analysis = analysis();
    let page = text(&Report::of(&analysis), Format::Html, Language::English);
    let (_, table) = page
        .split_once("<table class=\"levels\">")
        .expect("a table");
    let table = table.split("</table>").next().unwrap_or("");
    let grave = [Level::Critical, Level::High];
    let left = analysis.solution.residual.values();
    for level in grave {
        let count = left.clone().filter(|left| left.chosen == level).count();
        let row = table
            .split("<tr>")
            .find(|row| row.contains(&format!("level-{}\"", level.word())));
        let Some(row) = row else {
            assert_eq!(count, 0);
            continue;
        };
        let last = row.rsplit("<td class=\"n\">").next().unwrap_or("");
        let last = last.split('<').next().unwrap_or("");
        assert_eq!(last, count.to_string(), "{}", level.word());
    }
    let csv = text(&Report::of(&analysis), Format::Csv, Language::English);
    let head = csv.lines().next().unwrap_or("");
    assert!(
        head.contains("Remains with what is there,Remains,"),
        "{head}"
    );
}
