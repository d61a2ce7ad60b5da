//! Whether the results for the shipped systems are credible: levels that tell threats apart, an order with which an
//! engineer would agree, costs without an absurd pick, nothing left open for lack of answers, and what remains.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::{Date, date};
use sekimori_analysis::choose::State;
use sekimori_analysis::model::{self, Level, Protocol, Proven, Stride};
use sekimori_analysis::stride::Threat;
use sekimori_analysis::{Analysis, analyze};

const TODAY: Date = date(2026, 11, 20);
const SYSTEMS: [&str; 9] = [
    "cold-store",
    "openevse",
    "pinetime",
    "px4",
    "templates/drone",
    "templates/industrial-controller",
    "templates/network-camera",
    "templates/smart-tv",
    "templates/wearable",
];

fn text(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    std::fs::read_to_string(root.join(name).join("model.toml")).expect("readable")
}

fn analyzed(text: &str) -> Analysis {
    match model::parse("model.toml", text) {
        Ok(model) => analyze(&model, TODAY),
        Err(problems) => panic!("{problems}"),
    }
}

fn systems() -> impl Iterator<Item = (&'static str, Analysis)> {
    SYSTEMS.iter().map(|name| (*name, analyzed(&text(name))))
}

fn threat<'a>(analysis: &'a Analysis, id: &str) -> &'a Threat {
    let found = analysis.threats.iter().find(|threat| threat.id == id);
    found.unwrap_or_else(|| panic!("no threat {id}"))
}

/// Percent of the threats of each level.
fn shares<'a>(levels: impl Iterator<Item = Level> + 'a) -> BTreeMap<Level, f64> {
    let mut counts: BTreeMap<Level, u32> = BTreeMap::new();
    levels.for_each(|level| *counts.entry(level).or_default() += 1);
    let all: u32 = counts.values().sum();
    counts
        .into_iter()
        .map(|(level, count)| (level, 100.0 * f64::from(count) / f64::from(all)))
        .collect()
}

/// The same as the published page has it: low, medium, high, critical.
fn said<'a>(levels: impl Iterator<Item = Level> + 'a) -> String {
    let share = shares(levels);
    [Level::Low, Level::Medium, Level::High, Level::Critical]
        .map(|level| format!("{:.0}", share.get(&level).copied().unwrap_or(0.0)))
        .join(" / ")
}

#[test]
fn levels_tell_threats_apart() {
    let all: Vec<(&str, Analysis)> = systems().collect();
    let levels = all.iter().flat_map(|(_, analysis)| &analysis.threats);
    let share = shares(levels.map(|threat| threat.risk.level));
    for (level, least, most) in [
        (Level::Critical, 5.0, 25.0),
        (Level::High, 20.0, 42.0),
        (Level::Medium, 20.0, 45.0),
        (Level::Low, 10.0, 40.0),
    ] {
        let share = share.get(&level).copied().unwrap_or(0.0);
        assert!((least..=most).contains(&share), "{level:?}: {share:.1} %");
    }
    for (name, analysis) in &all {
        let share = shares(analysis.threats.iter().map(|threat| threat.risk.level));
        let critical = share.get(&Level::Critical).copied().unwrap_or(0.0);
        assert!(critical <= 25.0, "{name}: {critical:.1} % critical");
    }
}

#[test]
fn the_shares_that_the_published_page_gives_are_those_of_today() {
    for page in [
        include_str!("../../../docs/methods/risk.md"),
        include_str!("../../../docs/methods/risk.ja.md"),
    ] {
        for (name, analysis) in systems() {
            let name = name.rsplit('/').next().expect("a name");
            let row = format!("| {name} | ");
            let row = page.lines().find(|line| line.starts_with(&row));
            let row = row.unwrap_or_else(|| panic!("no row for {name}"));
            let residual = |threat: &Threat| analysis.solution.residual[&*threat.id];
            let threats = || analysis.threats.iter();
            let columns = [
                said(threats().map(|threat| threat.risk.level)),
                said(threats().map(|threat| residual(threat).in_place)),
                said(threats().map(|threat| residual(threat).chosen)),
            ];
            let today = format!("| {} | {} |", analysis.threats.len(), columns.join(" | "));
            assert!(row.ends_with(&today), "{row}: {today}");
        }
    }
}

#[test]
fn the_open_command_stands_on_top() {
    // A drone without signing, a charger in the house, a watch's firmware over the radio.
    for (system, id, level) in [
        ("px4", "command:SR-F15", Level::Critical),
        ("openevse", "command:SR-F15", Level::Critical),
        ("pinetime", "dfu:SR-F15", Level::Critical),
    ] {
        let analysis = analyzed(&text(system));
        let found = &threat(&analysis, id).risk;
        assert_eq!(found.level, level, "{system} {id}");
        for other in &analysis.threats {
            let above = (other.risk.level, other.risk.points) > (found.level, found.points);
            assert!(!above, "{system}: {} is above {id}", other.id);
        }
    }
    let analysis = analyzed(&text("templates/industrial-controller"));
    let level = |id: &str| threat(&analysis, id).risk.level;
    assert!(level("open:SR-F15") > level("open:SR-F26"));
    assert!(level("open:SR-F18") >= level("download:SR-F14"));
}

#[test]
fn that_nobody_can_show_it_is_no_catastrophe() {
    for (name, analysis) in systems() {
        let threats = analysis.threats.iter();
        for threat in threats.filter(|threat| threat.stride == Stride::Repudiation) {
            let risk = &threat.risk;
            assert!(risk.level <= Level::High, "{name} {}", threat.id);
            // Only where the records themselves are what must be kept.
            let is_log = risk.impact_factor().en.contains("Records");
            assert!(risk.level < Level::High || is_log, "{name} {}", threat.id);
        }
    }
    let analysis = analyzed(&text("cold-store"));
    assert_eq!(
        threat(&analysis, "telemetry:SR-F3").risk.level,
        Level::Medium
    );
}

#[test]
fn silence_and_disclosure_do_not_inherit_what_only_a_command_can_do() {
    let analysis = analyzed(&text("px4"));
    let ground_station = &threat(&analysis, "ground-station:SR-A7").risk;
    let hazards = ground_station.impact_factors.iter();
    assert!(
        hazards
            .clone()
            .all(|impact| !impact.why.en.starts_with("hazard")),
        "{ground_station:?}"
    );
    // A television that is off listens to nobody.
    let analysis = analyzed(&text("templates/smart-tv"));
    let silent = &threat(&analysis, "tv:SR-D5").risk;
    assert!(silent.impact < threat(&analysis, "tv:SR-D2").risk.impact);
    // One step away counts one level less.
    let analysis = analyzed(&text("templates/wearable"));
    let phone = &threat(&analysis, "phone:SR-A9").risk;
    assert_eq!(phone.impact, Level::High, "the band's hazard is critical");
}

#[test]
fn protection_that_is_there_shows_in_what_remains_and_open_flows_are_worse() {
    let sound = text("cold-store");
    let flow = sound.find("id = \"lock\"").expect("the flow");
    let (before, after) = sound.split_at(flow);
    let open = format!(
        "{before}{}",
        after.replacen("security = \"tls13\"", "security = \"none\"", 1)
    );
    let (sound, open) = (analyzed(&sound), analyzed(&open));
    for id in ["lock:SR-F1", "lock:SR-F2"] {
        let level = |analysis: &Analysis| threat(analysis, id).risk.level;
        let there = |analysis: &Analysis| analysis.solution.residual[id].in_place;
        assert!(level(&open) > level(&sound), "{id}");
        assert!(there(&open) > there(&sound), "{id}");
        assert!(there(&sound) < level(&sound), "{id}");
    }
    // The demand stays, and the measure with it.
    let target = sound.solution.target("lock:SR-F2");
    assert!(target.is_some_and(|target| target.by.iter().any(|pick| **pick == *"CM-ENC@door")));
}

#[test]
fn what_remains_is_never_more_than_the_risk_and_enough_leaves_at_most_medium() {
    let mut closed = 0;
    for (name, analysis) in systems() {
        let solution = &analysis.solution;
        for threat in &analysis.threats {
            let left = solution.residual[threat.id.as_str()];
            let level = threat.risk.level;
            assert!(
                left.in_place <= level && left.chosen <= level,
                "{}",
                threat.id
            );
            let is_closed = solution.states[threat.id.as_str()] == State::Closed;
            // Where several weaknesses stand open at once, enough may leave more.
            if is_closed && threat.risk.points <= 7 {
                closed += 1;
                assert!(
                    left.chosen <= Level::Medium,
                    "{name} {}: {left:?}",
                    threat.id
                );
            }
        }
    }
    assert!(closed > 900, "{closed}");
}

#[test]
fn nothing_stays_open_for_lack_of_answers() {
    for (name, analysis) in systems() {
        let open: Vec<&str> = analysis.solution.open().map(|t| &*t.id).collect();
        assert_eq!(open, [""; 0], "{name}");
    }
}

/// That a service speaks with the gateway says nothing about who calls it over another flow.
#[test]
fn both_ends_count_as_proven_only_where_every_flow_proves_them() {
    let mut seen = 0;
    for (name, analysis) in systems() {
        let model = model::parse("model.toml", &text(name)).expect("sound");
        let picks = analysis.solution.picks.iter();
        for pick in picks.filter(|pick| pick.measure == "CM-MUTAUTH" && pick.provided) {
            let at = pick.at.as_deref().expect("it stands at a component");
            for (id, flow) in &model.flows {
                let ends = [Some(&flow.from), Some(&flow.to), flow.via.as_ref()];
                let is_decided = flow.protocol == Protocol::Mqtt;
                let is_about = ends.contains(&Some(&at.to_owned())) && !flow.is_by_people();
                let is_proven = flow.protection().proven == Proven::BothEnds;
                assert!(
                    !is_about || is_decided || is_proven,
                    "{name}: {} and {id}",
                    pick.id
                );
                seen += usize::from(is_about);
            }
        }
    }
    assert!(seen > 5, "{seen}");
}

#[test]
fn no_pick_costs_an_absurd_share_of_the_whole() {
    for (name, analysis) in systems() {
        let cost = analysis.solution.cost;
        for pick in &analysis.solution.picks {
            assert!(
                u64::from(pick.cost) * 10 <= cost,
                "{name}: {} costs {} of {cost}",
                pick.id,
                pick.cost
            );
        }
    }
}

#[test]
fn measures_are_put_where_they_make_sense() {
    for (name, analysis) in systems() {
        let model = model::parse("model.toml", &text(name)).expect("sound");
        for pick in &analysis.solution.picks {
            let at = pick.at.as_deref().unwrap_or_default();
            let Some(component) = model.components.get(at) else {
                continue;
            };
            let kind = component.kind.word();
            // Nothing can be built into people or into what others run.
            assert!(
                !["human", "external"].contains(&kind),
                "{name}: {}",
                pick.id
            );
            if ["CM-INTERLOCK", "CM-HANDOP"].contains(&pick.measure.as_str()) {
                let class = component.class.map(|class| class.word());
                assert_eq!(
                    (kind, class),
                    ("device", Some("mcu-board")),
                    "{name}: {}",
                    pick.id
                );
            }
        }
    }
}

#[test]
fn a_pick_does_not_claim_to_cover_what_stays_open() {
    let mut model = text("cold-store");
    for measure in ["CM-ENC", "CM-MUTAUTH", "CM-SECPROTO"] {
        model.push_str(&format!(
            "\n[[measure]]\nid = \"{measure}\"\nexcluded = \"not here\"\nexcluded_ja = \"使えない\"\n"
        ));
    }
    let analysis = analyzed(&model);
    let open: Vec<&str> = analysis.solution.open().map(|t| &*t.id).collect();
    assert!(open.contains(&"lock:SR-F2"), "{open:?}");
    let picks = &analysis.solution.picks;
    for pick in picks {
        let claims = pick.without.iter().find(|id| open.contains(&&***id));
        assert_eq!(claims, None, "{}", pick.id);
    }
    let missing = analysis
        .solution
        .open()
        .all(|target| target.missing.is_some());
    assert!(missing, "an open target says what is missing");
}
