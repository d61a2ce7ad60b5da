//! What holds of the choice for any model: it is enough, nothing in it is spare, more help never hurts.

#![expect(clippy::indexing_slicing, reason = "a test may stop at a wrong index")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, date};
use proptest::prelude::*;
use sekimori_analysis::choose::{Proof, Solution, State, Wishes, compare};
use sekimori_analysis::knowledge::{self, Enough, Measure};
use sekimori_analysis::model::{self, Level, Model};
use sekimori_analysis::{Analysis, analyze};

mod any;

const TODAY: Date = date(2026, 11, 20);

/// Any model in which devices have room for everything.
fn roomy(seed: u64) -> Model {
    let mut model = any::model(seed);
    for component in model.components.values_mut() {
        component.budget = model::Budget::default();
    }
    model
}

fn states(solution: &Solution, state: State) -> BTreeSet<&str> {
    let states = solution.states.iter().filter(|(_, is)| **is == state);
    states.map(|(id, _)| &**id).collect()
}

/// Whether picks are enough for a target, counted from what the catalogue says of each.
fn is_enough<'m>(enough: &Enough, by: impl Iterator<Item = &'m Measure> + Clone) -> bool {
    let strengths = by.clone().map(|measure| measure.strength);
    let pillars: BTreeSet<_> = by.clone().map(|measure| measure.pillar).collect();
    strengths.clone().sum::<u32>() >= enough.strength
        && by.count() >= enough.measures as usize
        && strengths.max().unwrap_or(0) >= enough.strongest
        && pillars.len() >= enough.pillars as usize
}

/// Targets that are closed without one pick, or with all.
fn closed<'s>(analysis: &'s Analysis, without: Option<&str>) -> BTreeSet<&'s str> {
    let picks = analysis.solution.picks.iter();
    let measures: BTreeMap<&str, &Measure> = picks
        .map(|pick| (&*pick.id, &analysis.knowledge.measures[&pick.measure]))
        .collect();
    let targets = analysis.solution.targets.iter().filter(|target| {
        let by = target.by.iter().filter(|id| Some(&***id) != without);
        is_enough(&target.enough, by.map(|id| measures[&**id]))
    });
    targets.map(|target| &*target.id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_is_said_to_be_closed_is_and_nothing_chosen_is_spare(seed in any::<u64>()) {
        let analysis = analyze(&any::model(seed), TODAY);
        let all = closed(&analysis, None);
        prop_assert_eq!(&all, &states(&analysis.solution, State::Closed));
        for pick in &analysis.solution.picks {
            let rest = closed(&analysis, Some(&pick.id));
            let opened: BTreeSet<&str> = all.difference(&rest).copied().collect();
            let said: BTreeSet<&str> = pick.without.iter().map(|id| &**id).collect();
            prop_assert!(opened.is_subset(&said), "{}: {opened:?}, {said:?}", pick.id);
            // What stays open with it would be farther from being closed without it.
            let is_open = |id: &Arc<str>| analysis.solution.states.get(id) == Some(&State::Open);
            let helps_the_open = pick.helps.iter().any(is_open);
            let has_use = !said.is_empty() || !pick.needed_by.is_empty() || helps_the_open;
            prop_assert!(has_use, "{} is spare", pick.id);
        }
        let cost: u64 = analysis.solution.picks.iter().map(|pick| u64::from(pick.cost)).sum();
        prop_assert_eq!(cost, analysis.solution.cost);
    }

    #[test]
    fn a_measure_that_is_wished_for_opens_nothing(seed in any::<u64>(), which in any::<prop::sample::Index>()) {
        let model = roomy(seed);
        let base = knowledge::base();
        let ids: Vec<&String> = base.measures.keys().collect();
        let wish = (*which.get(&ids)).clone();
        let wishes = Wishes { with: BTreeSet::from([wish]), ..Wishes::default() };
        let compared = compare(&model, TODAY, &wishes);
        // Two that exclude each other cannot both be there, and that is said.
        if compared.contradictions.is_empty() && !excludes(&wishes) {
            prop_assert!(compared.opened.is_empty(), "{:?}", compared.opened);
            prop_assert!(compared.more >= 0 || !compared.before.proof.is_optimal());
        }
    }

    #[test]
    fn a_measure_more_in_the_catalogue_opens_nothing(seed in any::<u64>(), strength in 0_u32..4, cost in 1_u32..9) {
        let model = roomy(seed);
        let text = model::write(&model);
        let before = analyze(&model::parse("x", &text).expect("sound"), TODAY);
        let answers: Vec<String> = before.threats.iter().step_by(7).map(|t| format!("\"{}\"", t.rule)).collect();
        let answers: BTreeSet<String> = answers.into_iter().collect();
        let answers: Vec<String> = answers.into_iter().collect();
        let kind = if strength == 0 { "guidance" } else { "function" };
        let more = format!(
            "{text}\n[[measure]]\nid = \"CM-X-NEW\"\npillar = \"trace\"\nplace = \"device\"\nkind = \"{kind}\"\nname = \"New\"\n\
             shall = \"It is there.\"\ncost = {cost}\nstrength = {strength}\nanswers = [{}]\n",
            answers.join(", "),
        );
        let model = model::parse("x", &more);
        prop_assert!(model.is_ok(), "{}", model.unwrap_err());
        let after = analyze(&model.expect("sound"), TODAY);
        for id in states(&before.solution, State::Closed) {
            prop_assert_eq!(after.solution.states.get(id), Some(&State::Closed), "{} opened", id);
        }
        if before.solution.proof.is_optimal() && strength > 0 && states(&before.solution, State::Open) == states(&after.solution, State::Open) {
            prop_assert!(after.solution.lower_bound <= before.solution.cost);
        }
    }

    #[test]
    fn a_flow_more_closes_nothing(seed in any::<u64>(), from in any::<prop::sample::Index>(), to in any::<prop::sample::Index>()) {
        let model = roomy(seed);
        let ids: Vec<&String> = model.components.keys().collect();
        let (from, to) = (*from.get(&ids), *to.get(&ids));
        prop_assume!(from != to);
        let text = model::write(&model);
        let before = analyze(&model::parse("x", &text).expect("sound"), TODAY);
        let more = format!("{text}\n[[flow]]\nid = \"zz-more\"\nfrom = \"{from}\"\nto = \"{to}\"\nproto = \"https\"\nsecurity = \"none\"\n");
        let Ok(model) = model::parse("x", &more) else {
            return Ok(());
        };
        let after = analyze(&model, TODAY);
        for id in states(&before.solution, State::Open) {
            prop_assert!(after.solution.states.get(id) != Some(&State::Closed), "{} closed", id);
        }
    }

    #[test]
    fn a_larger_budget_closes_no_less(seed in any::<u64>(), budget in 0_u64..60, more in 1_u64..30) {
        let model = any::model(seed);
        let within = |budget: u64| {
            let wishes = Wishes { budget: Some(budget), ..Wishes::default() };
            compare(&model, TODAY, &wishes).after
        };
        let (less, more) = (within(budget), within(budget + more));
        if less.proof.is_optimal() && more.proof.is_optimal() {
            prop_assert!(less.closed <= more.closed, "{} > {}", less.closed, more.closed);
        }
        if let Proof::Budget { closed, at_most } = more.proof {
            prop_assert!(less.closed <= at_most && closed <= at_most);
        }
    }

    #[test]
    fn the_order_of_sections_changes_no_byte(seed in any::<u64>(), turn in 1_usize..40) {
        let text = model::write(&any::model(seed));
        let starts: Vec<usize> = text.match_indices("\n[[").map(|(at, _)| at + 1).collect();
        prop_assume!(!starts.is_empty());
        let mut sections: Vec<&str> = starts
            .iter()
            .zip(starts.iter().skip(1).chain([&text.len()]))
            .map(|(from, to)| &text[*from..*to])
            .collect();
        let turn = turn % sections.len();
        sections.rotate_left(turn);
        let turned = format!("{}{}", &text[..starts[0]], sections.join("\n"));
        let bytes = |text: &str| {
            let model = model::parse("x", text).map_err(|problems| problems.to_string());
            model.map(|model| serde_json::to_string(&analyze(&model, TODAY)).expect("serializable"))
        };
        let once = bytes(&text);
        prop_assert!(once.is_ok());
        prop_assert_eq!(&once, &bytes(&text));
        prop_assert_eq!(once, bytes(&turned));
    }

    #[test]
    fn the_cheapest_of_all_choices_is_chosen(tiny in tiny()) {
        let text = tiny.text();
        let model = model::parse("x", &text);
        prop_assert!(model.is_ok(), "{}", model.unwrap_err());
        let analysis = analyze(&model.expect("sound"), TODAY);
        prop_assert_eq!(analysis.solution.proof, Proof::Optimal);
        let (open, cost) = cheapest(&analysis);
        let found = analysis.solution.open().count();
        prop_assert_eq!((found, analysis.solution.cost), (open, cost));
    }
}

/// Whether a wish excludes a measure of the catalogue, or the other way round.
fn excludes(wishes: &Wishes) -> bool {
    let base = knowledge::base();
    base.measures.values().any(|measure| {
        let is_wished = wishes.with.contains(&measure.id);
        is_wished && !measure.conflicts.is_empty()
            || measure.conflicts.iter().any(|id| wishes.with.contains(id))
    })
}

/// Services with rules and measures of their own, and nothing else.
#[derive(Clone, Debug)]
struct Tiny {
    services: usize,
    /// What each rule is answered by, in bits.
    rules: Vec<u8>,
    /// Cost, strength, and which measure it needs.
    measures: Vec<(u32, u32, usize)>,
}

fn tiny() -> impl Strategy<Value = Tiny> {
    (
        1_usize..3,
        prop::collection::vec(1_u8..32, 1..5),
        prop::collection::vec((1_u32..9, 1_u32..4, 0_usize..12), 5),
    )
        .prop_map(|(services, rules, measures)| Tiny {
            services,
            rules,
            measures,
        })
}

impl Tiny {
    fn text(&self) -> String {
        let mut text = String::from(
            "[model]\nformat = \"sekimori-model/0\"\nid = \"tiny\"\ntitle = \"Tiny\"\nrisk_threshold = \"low\"\n\n\
             [[zone]]\nid = \"z\"\nphysical = \"exposed\"\nnetwork = \"public\"\n\n\
             [[asset]]\nid = \"a\"\nc = \"critical\"\ni = \"high\"\na = \"low\"\nstored_in = [\"s0\"]\n\n",
        );
        for service in 0..self.services {
            text += &format!(
                "[[component]]\nid = \"s{service}\"\nkind = \"service\"\nzone = \"z\"\n\n"
            );
        }
        for rule in &knowledge::base().rules {
            text += &format!("[[rule]]\nid = \"{}\"\ndisabled = true\n\n", rule.id);
        }
        for (index, (cost, strength, needs)) in self.measures.iter().enumerate() {
            let needs = match *needs < index {
                true => format!("requires = [\"CM-X-{needs}\"]\n"),
                false => String::new(),
            };
            text += &format!(
                "[[measure]]\nid = \"CM-X-{index}\"\npillar = \"trace\"\nplace = \"device\"\nkind = \"function\"\nname = \"M{index}\"\n\
                 shall = \"It is there.\"\ncost = {cost}\nstrength = {strength}\n{needs}\n"
            );
        }
        let strides = ["tampering", "information-disclosure", "denial-of-service"];
        for (index, bits) in self.rules.iter().enumerate() {
            let answers = (0..5).filter(|bit| bits & (1 << bit) != 0);
            let answers: Vec<String> = answers.map(|bit| format!("\"CM-X-{bit}\"")).collect();
            text += &format!(
                "[[rule]]\nid = \"X-{index}\"\nstride = \"{}\"\non = [\"service\"]\nreach = \"network\"\nanswers = [{}]\ntext = \"It breaks\"\n\n",
                strides[index % 3],
                answers.join(", "),
            );
        }
        text
    }
}

/// The fewest open targets and the least cost for that, by trying every choice.
fn cheapest(analysis: &Analysis) -> (usize, u64) {
    let base = &analysis.knowledge;
    let asked: Vec<(&str, &[String], Enough)> = analysis
        .threats
        .iter()
        .filter(|threat| threat.risk.level >= analysis.threshold && threat.risk.level > Level::None)
        .map(|threat| {
            let enough = base.enough[&threat.risk.level];
            (threat.at.as_str(), &*threat.answers, enough)
        })
        .collect();
    assert_eq!(
        asked.len(),
        analysis.solution.targets.len(),
        "only these rules ask"
    );
    let all: Vec<(&str, &Measure)> = analysis
        .components
        .keys()
        .flat_map(|at| base.measures.values().map(move |m| (at.as_str(), m)))
        .filter(|(_, measure)| measure.id.starts_with("CM-X-"))
        .collect();
    let choices = (0_u32..1 << all.len()).filter_map(|bits| {
        let chosen: BTreeSet<(&str, &str)> = all
            .iter()
            .enumerate()
            .filter(|(index, _)| bits & (1 << index) != 0)
            .map(|(_, (at, measure))| (*at, measure.id.as_str()))
            .collect();
        let is_kept = chosen.iter().all(|(at, id)| {
            let needs = &base.measures[*id].requires;
            needs
                .iter()
                .all(|needed| chosen.contains(&(*at, needed.as_str())))
        });
        let open = asked.iter().filter(|(at, answers, enough)| {
            let by = answers
                .iter()
                .filter(|id| chosen.contains(&(*at, id.as_str())));
            !is_enough(enough, by.map(|id| &base.measures[id]))
        });
        let cost = chosen
            .iter()
            .map(|(_, id)| u64::from(base.measures[*id].cost));
        is_kept.then(|| (open.count(), cost.sum()))
    });
    choices.min().expect("nothing is a choice")
}

/// A gateway with a TPM, and two rules with the answers that they have.
fn equals(measures: &[(&str, u32)], rules: [&str; 2]) -> Vec<String> {
    let tiny = Tiny {
        services: 1,
        rules: Vec::new(),
        measures: Vec::new(),
    };
    let with_tpm = "kind = \"gateway\"\ncaps = { tpm = true }\n";
    // What precedes an attack on a gateway is of low risk here, and asks for nothing.
    let mut text = tiny
        .text()
        .replace("kind = \"service\"\n", with_tpm)
        .replace("risk_threshold = \"low\"", "risk_threshold = \"medium\"");
    for (id, cost) in measures {
        text += &format!(
            "[[measure]]\nid = \"{id}\"\npillar = \"trace\"\nplace = \"device\"\nkind = \"function\"\nname = \"M\"\n\
             shall = \"It is there.\"\ncost = {cost}\nprovided = {cost}\nstrength = 3\n\n"
        );
    }
    for (index, answers) in rules.iter().enumerate() {
        text += &format!(
            "[[rule]]\nid = \"X-{index}\"\nstride = \"tampering\"\non = [\"gateway\"]\nreach = \"network\"\nanswers = [{answers}]\ntext = \"It breaks\"\n\n"
        );
    }
    let model = model::parse("x", &text).unwrap_or_else(|problems| panic!("{problems}"));
    let analysis = analyze(&model, TODAY);
    assert_eq!(analysis.solution.targets.len(), 2);
    let picks = analysis.solution.picks.iter();
    picks.map(|pick| pick.measure.clone()).collect()
}

#[test]
fn of_equal_costs_what_is_there_already_comes_first_then_fewer_then_names() {
    let there = |cost: u32| {
        let both = "\"CM-SECELEM\", \"CM-ENCLOSURE\"";
        equals(&[("CM-ENCLOSURE", 4), ("CM-SECELEM", cost)], [both, both])
    };
    assert_eq!(there(4), ["CM-SECELEM"], "the gateway has it");
    assert_eq!(there(5), ["CM-ENCLOSURE"], "cost comes first");
    let fewer = [("CM-X-A", 2), ("CM-X-B", 2), ("CM-X-C", 4)];
    let rules = ["\"CM-X-A\", \"CM-X-C\"", "\"CM-X-B\", \"CM-X-C\""];
    assert_eq!(equals(&fewer, rules), ["CM-X-C"]);
    let named = [("CM-X-B", 4), ("CM-X-A", 4), ("CM-X-C", 4)];
    let all = "\"CM-X-C\", \"CM-X-A\", \"CM-X-B\"";
    assert_eq!(equals(&named, [all, all]), ["CM-X-A"]);
}
