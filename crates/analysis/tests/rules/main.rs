//! Each STRIDE rule fires where all its conditions hold, and is silent as soon as any one of them does not.

#![expect(clippy::indexing_slicing, reason = "a test may stop at a wrong index")]

mod sketch;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use sekimori_analysis::knowledge::{
    Fact, FactorKey, Measure, Place, Reach, Rule, Shape, Subject, Wanted,
};
use sekimori_analysis::model::{ComponentKind, Level, Model, Phase, Stride};
use sekimori_analysis::{analyze, knowledge, model, stride};

const TEXT: &str = include_str!("../../../../examples/cold-store/model.toml");

fn fires(model: &Model, rule: &str, element: &str) -> bool {
    let threats = stride::threats(model);
    threats
        .iter()
        .any(|threat| threat.rule == rule && threat.element == element)
}

fn rules() -> impl Iterator<Item = &'static Rule> {
    knowledge::base().rules.iter()
}

#[test]
fn every_rule_fires_where_its_conditions_hold() {
    for rule in rules() {
        for subject in &rule.on {
            let model = sketch::model(*subject, &rule.when);
            assert!(
                fires(&model, &rule.id, sketch::ELEMENT),
                "{} on {subject:?}",
                rule.id
            );
        }
    }
}

#[test]
fn every_condition_of_every_rule_silences_it_when_it_does_not_hold() {
    let mut misses = 0;
    for rule in rules() {
        for subject in &rule.on {
            for (fact, wanted) in &rule.when {
                let mut missed = rule.when.clone();
                missed.insert(*fact, sketch::flipped(*fact, wanted));
                let model = sketch::model(*subject, &missed);
                let is_firing = fires(&model, &rule.id, sketch::ELEMENT);
                assert!(!is_firing, "{} on {subject:?} without {fact:?}", rule.id);
                misses += 1;
            }
        }
    }
    assert!(misses >= 190, "{misses} near misses only");
}

#[test]
fn every_rule_is_silent_about_what_it_is_not_about() {
    for rule in rules() {
        let others = Subject::ALL.iter().filter(|subject| {
            let facts = rule.when.keys();
            !rule.on.contains(*subject) && facts.clone().all(|fact| fact.concerns(**subject))
        });
        for subject in others {
            let model = sketch::model(*subject, &rule.when);
            assert!(
                !fires(&model, &rule.id, sketch::ELEMENT),
                "{} on {subject:?}",
                rule.id
            );
        }
    }
}

#[test]
fn every_fact_is_asked_for_by_some_rule_and_says_what_it_is() {
    let asked: BTreeSet<Fact> = rules().flat_map(|rule| rule.when.keys().copied()).collect();
    let unasked: Vec<&Fact> = Fact::ALL
        .iter()
        .filter(|fact| !asked.contains(fact))
        .collect();
    assert!(unasked.is_empty(), "{unasked:?}");
    for fact in Fact::ALL {
        let text = fact.text();
        assert!(
            text.ja.chars().any(|c| c > '\u{3000}') && text.en.ends_with('.'),
            "{fact:?}"
        );
    }
}

/// Whether those of these answers that fit are enough against a risk of a level; what makes sense on some classes of
/// device only does not count.
fn are_enough<'a>(
    answers: impl Iterator<Item = &'a String>,
    level: Level,
    fits: impl Fn(&Measure) -> bool,
) -> bool {
    let base = knowledge::base();
    let need = base.enough[&level];
    let measures: Vec<_> = answers
        .map(|id| &base.measures[id])
        .filter(|measure| measure.classes.is_empty() && measure.strength > 0)
        .filter(|measure| fits(measure))
        .collect();
    let pillars: BTreeSet<_> = measures.iter().map(|measure| measure.pillar).collect();
    let strengths = || measures.iter().map(|measure| measure.strength);
    strengths().sum::<u32>() >= need.strength
        && strengths().max() >= Some(need.strongest)
        && pillars.len() >= need.pillars as usize
}

fn makes_sense(measure: &Measure, on: ComponentKind) -> bool {
    measure.on.is_empty() || measure.on.contains(&on)
}

/// What the flow of a rule lacks is put to work at the flow itself, whatever its ends are.
fn is_at_the_flow(rule: &Rule, measure: &Measure) -> bool {
    let lacks = |fact: Fact| rule.when.get(&fact) == Some(&Wanted::Is(false));
    match measure.id.as_str() {
        "CM-RANGE" => lacks(Fact::Bounded),
        "CM-RATE" => lacks(Fact::Rated),
        "CM-REPLAY" => lacks(Fact::Sequenced),
        _ => false,
    }
}

/// The component of ours at which measures are put to work: a device first, never a person or another organization.
const OURS: [ComponentKind; 5] = [
    ComponentKind::Device,
    ComponentKind::Gateway,
    ComponentKind::Service,
    ComponentKind::Store,
    ComponentKind::App,
];

/// At which kinds of component a rule puts its measures to work.
fn workplaces(rule: &Rule) -> BTreeSet<ComponentKind> {
    let places = rule.on.iter().flat_map(|subject| match subject {
        Subject::Device => vec![ComponentKind::Device],
        Subject::Gateway => vec![ComponentKind::Gateway],
        Subject::Service => vec![ComponentKind::Service],
        Subject::Store => vec![ComponentKind::Store],
        Subject::App => vec![ComponentKind::App],
        Subject::Human | Subject::External => OURS.to_vec(),
        Subject::Flow => of_flow(rule),
    });
    places.collect()
}

/// Whose measures a flow gets: its device's, where it has one, else those of its end that is ours.
fn of_flow(rule: &Rule) -> Vec<ComponentKind> {
    let words = |fact: Fact| match rule.when.get(&fact) {
        Some(Wanted::AnyOf(words)) => Some(words.clone()),
        _ => None,
    };
    let is_one = |found: Option<BTreeSet<String>>, word: &str| {
        found.is_some_and(|words| words.len() == 1 && words.contains(word))
    };
    if is_one(words(Fact::Receiver), "device") || is_one(words(Fact::Sender), "device") {
        return vec![ComponentKind::Device];
    }
    // A server has no antenna.
    let radios = ["ble", "zigbee", "lorawan"];
    let protocols = words(Fact::Protocol);
    let on_air = protocols.is_some_and(|words| words.iter().all(|w| radios.contains(&w.as_str())));
    if on_air || rule.when.contains_key(&Fact::Link) {
        return vec![
            ComponentKind::Device,
            ComponentKind::Gateway,
            ComponentKind::App,
        ];
    }
    OURS.to_vec()
}

/// The highest level that something can have, whatever the model: where nothing makes it likely, it is never critical.
fn worst(reach: Reach, strides: &BTreeSet<Stride>, on: Option<Subject>, raise: u32) -> Level {
    let on_flow = on == Some(Subject::Flow);
    let table = &knowledge::base().risk;
    let points = |key: FactorKey| table.factors[&key].0;
    let way = match reach {
        Reach::Network => points(FactorKey::Crosses) + points(FactorKey::PublicNetwork),
        Reach::Hands => points(FactorKey::Exposed),
        Reach::People => points(FactorKey::People) + points(FactorKey::NoIntent),
    };
    let needs_no_way_in = [Stride::DenialOfService, Stride::Repudiation];
    let listens = strides.iter().any(|s| !needs_no_way_in.contains(s));
    let open = match (reach, listens, on_flow) {
        (Reach::Network, true, true) => points(FactorKey::Unprotected),
        (Reach::Network, true, false) => points(FactorKey::OpenWay),
        _ => 0,
    };
    let is_denial = strides.contains(&Stride::DenialOfService);
    let hardware = match (reach, on_flow, is_denial) {
        // What the small battery and memory of a device make easier.
        (Reach::Network, false, true) if on == Some(Subject::Device) => {
            points(FactorKey::Battery) + points(FactorKey::LittleMemory)
        }
        (Reach::Network, false, false) => {
            points(FactorKey::MemoryUnsafe).max(points(FactorKey::WeakRandom))
        }
        _ => 0,
    };
    let raise = i32::try_from(raise).expect("small") * table.raise;
    match table.likelihood(way + points(FactorKey::CapableActor) + open + hardware + raise) {
        3 => Level::Critical,
        _ => Level::High,
    }
}

/// What a threat to a component of this kind is about, as far as the formula is concerned.
fn subject(on: ComponentKind) -> Subject {
    match on {
        ComponentKind::Device => Subject::Device,
        _ => Subject::Service,
    }
}

#[test]
fn the_answers_of_every_rule_are_enough_for_the_worst_risk_that_it_can_have() {
    let mut weak = Vec::new();
    for rule in rules() {
        let strides = BTreeSet::from([rule.stride]);
        for on in workplaces(rule) {
            let about = match rule.on.first() {
                Some(Subject::Flow) => Subject::Flow,
                _ => subject(on),
            };
            let level = worst(rule.reach, &strides, Some(about), rule.raise);
            let fits =
                |measure: &Measure| makes_sense(measure, on) || is_at_the_flow(rule, measure);
            if !are_enough(rule.answers.iter(), level, fits) {
                weak.push(format!("{} at a {} {level:?}", rule.id, on.word()));
            }
        }
    }
    for cause in &sekimori_analysis::stpa::causes().causes {
        use sekimori_analysis::stpa::Part;
        let strides = BTreeSet::from([cause.stride]);
        let places = match cause.r#where {
            Part::ActionRelay | Part::FeedbackRelay => &[ComponentKind::Gateway][..],
            _ => &OURS,
        };
        for on in places {
            let about = if cause.r#where.is_flow() {
                Subject::Flow
            } else {
                subject(*on)
            };
            let level = worst(cause.reach, &strides, Some(about), cause.unsequenced);
            if !are_enough(cause.answers.iter(), level, |m| makes_sense(m, *on)) {
                weak.push(format!("{} at a {} {level:?}", cause.id, on.word()));
            }
        }
    }
    assert_eq!(weak, [""; 0]);
}

#[test]
fn every_answer_makes_sense_where_its_rule_puts_it_to_work() {
    let base = knowledge::base();
    let mut idle = Vec::new();
    for rule in rules() {
        let places = workplaces(rule);
        for answer in &rule.answers {
            let measure = &base.measures[answer];
            if !places.iter().any(|on| makes_sense(measure, *on)) {
                idle.push(format!("{} {answer}", rule.id));
            }
        }
    }
    assert_eq!(idle, [""; 0]);
}

/// A device tells of itself: nothing of that shows how a gateway or a service is built.
#[test]
fn what_only_a_device_reports_of_itself_is_asked_of_devices_only() {
    let of_itself = ["device.", "update.", "integrity.", "buffer."];
    let mut found = 0;
    for measure in knowledge::base().measures.values() {
        let mut shown = measure.observed.iter().chain(&measure.refused);
        let by_itself = shown.any(|name| of_itself.iter().any(|of| name.probe.starts_with(of)));
        if measure.place == Place::Device && by_itself {
            let devices = BTreeSet::from([ComponentKind::Device]);
            assert_eq!(measure.on, devices, "{}", measure.id);
            found += 1;
        }
    }
    assert!(found >= 12, "{found}");
}

#[test]
fn every_cell_of_every_class_has_enough_for_the_worst_risk_that_it_can_have() {
    let base = knowledge::base();
    let mut weak = Vec::new();
    for (class, table) in &base.tables {
        assert_eq!(table.rows.len(), 12, "{class:?}");
        for ((threat, phase), cell) in &table.cells {
            let about = &base.threats[threat];
            // Where something is wrong already, or the device is about to leave, nothing is likely.
            let level = match phase {
                Phase::P3 | Phase::P5 => Level::High,
                _ => worst(about.reach, &about.stride, Some(Subject::Device), 0),
            };
            let fits = |measure: &Measure| makes_sense(measure, ComponentKind::Device);
            if !are_enough(cell.measures.keys(), level, fits) {
                weak.push(format!(
                    "{}:{threat}:{} {level:?}",
                    class.word(),
                    phase.word()
                ));
            }
        }
    }
    assert_eq!(weak, [""; 0]);
}

#[test]
fn denial_of_service_and_repudiation_get_as_much_care_as_the_rest() {
    let mut count: BTreeMap<Stride, usize> = BTreeMap::new();
    for rule in rules() {
        *count.entry(rule.stride).or_default() += 1;
    }
    for stride in [Stride::DenialOfService, Stride::Repudiation] {
        for (other, rules) in &count {
            let own = count[&stride];
            let enough = own >= *rules || *other == Stride::DenialOfService;
            assert!(enough, "{stride:?} has {own}, {other:?} {rules}");
        }
    }
    assert!(count.values().sum::<usize>() >= 150);
}

#[test]
fn every_way_around_the_physical_protection_has_a_rule() {
    // Ways in by hand: what the element looks like, and the rule that sees it.
    let words = |word: &str| Wanted::AnyOf(BTreeSet::from([word.to_owned()]));
    for (facts, rule) in [
        (vec![(Fact::DebugPort, Wanted::Is(true))], "SR-D7"),
        (vec![(Fact::Interfaces, words("uart-debug"))], "SR-D55"),
        (vec![(Fact::Interfaces, words("sd-card"))], "SR-D14"),
        (
            vec![
                (Fact::Interfaces, words("usb")),
                (Fact::SecureBoot, Wanted::Is(false)),
            ],
            "SR-D15",
        ),
        (vec![(Fact::PhysicalAccess, words("exposed"))], "SR-D16"),
        (
            vec![
                (Fact::PhysicalAccess, words("exposed")),
                (Fact::SecureBoot, Wanted::Is(true)),
            ],
            "SR-D17",
        ),
        (
            vec![
                (Fact::PhysicalAccess, words("exposed")),
                (Fact::Keeps, words("firmware")),
                (Fact::Tpm, Wanted::Is(false)),
            ],
            "SR-D24",
        ),
        (
            vec![(Fact::Keeps, words("key")), (Fact::Tpm, Wanted::Is(false))],
            "SR-D35",
        ),
        (vec![(Fact::Keeps, words("key"))], "SR-D36"),
        (vec![(Fact::Interfaces, words("gpio"))], "SR-D19"),
        (vec![(Fact::PhysicalAccess, words("restricted"))], "SR-D56"),
    ] {
        let model = sketch::model(Subject::Device, &facts.into_iter().collect());
        assert!(fires(&model, rule, sketch::ELEMENT), "{rule}");
    }
}

#[test]
fn a_condition_that_can_never_hold_is_a_fault() {
    use sekimori_analysis::knowledge::RuleFault;
    let base = knowledge::base();
    let mut rule = rules().next().expect("there are rules").clone();
    assert_eq!(rule.faults(&base.measures), []);
    rule.answers = vec!["CM-NONSENSE".to_owned()];
    rule.harms = Some("cx".to_owned());
    rule.when = BTreeMap::from([
        (
            Fact::Protocol,
            Wanted::AnyOf(BTreeSet::from(["carrier-pigeon".to_owned()])),
        ),
        (Fact::Battery, Wanted::Is(true)),
    ]);
    assert_eq!(
        rule.faults(&base.measures),
        [
            RuleFault::UnknownMeasure("CM-NONSENSE".to_owned()),
            RuleFault::Impossible(Fact::Protocol, vec!["carrier-pigeon".to_owned()]),
            RuleFault::NotOfItsSubjects(Fact::Battery),
            RuleFault::WrongHarms("cx".to_owned()),
        ]
    );
    assert!(matches!(Fact::Protocol.shape(), Shape::Words(words) if words.contains(&"mqtt")));
}

fn with(added: &str) -> Model {
    let text = format!("{TEXT}\n{added}");
    model::parse("model.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn an_author_turns_a_rule_off_replaces_one_and_adds_one() {
    assert!(fires(&with(""), "SR-F2", "telemetry"));
    let off = with("[[rule]]\nid = \"SR-F2\"\ndisabled = true\n");
    assert!(!fires(&off, "SR-F2", "telemetry"));
    let replaced = with(
        "[[rule]]\nid = \"SR-F2\"\nstride = \"tampering\"\non = [\"flow\"]\nwhen = { protocol = [\"coap\"] }\nreach = \"network\"\nanswers = [\"CM-ENC\"]\ntext = \"Other\"\ntext_ja = \"別のもの\"\n",
    );
    assert!(!fires(&replaced, "SR-F2", "telemetry"));
    let added = with(
        "[[rule]]\nid = \"X-OURS\"\nstride = \"tampering\"\non = [\"device\"]\nwhen = { interfaces = [\"ble\"] }\nreach = \"hands\"\nanswers = [\"CM-PAIRING\"]\ntext = \"Ours\"\ntext_ja = \"自社のもの\"\n",
    );
    let threats = stride::threats(&added);
    let ours: Vec<&stride::Threat> = threats.iter().filter(|t| t.rule == "X-OURS").collect();
    assert_eq!(ours.len(), 1);
    assert_eq!(
        (ours[0].id.as_str(), ours[0].text.en.as_str()),
        ("sensor:X-OURS", "Ours")
    );
    assert!(ours[0].basis.own_judgement);
}

#[test]
fn a_measure_that_cannot_be_had_answers_nothing() {
    let model = with(
        "[[measure]]\nid = \"CM-REPLAY\"\nexcluded = \"not on this radio\"\nexcluded_ja = \"この無線では無理\"\n",
    );
    let analysis = analyze(&model, date(2026, 11, 20));
    let threats = analysis.threats.iter();
    let mut answers = threats.flat_map(|threat| threat.answers.iter());
    assert!(answers.all(|answer| answer != "CM-REPLAY"));
    let mut answers = analysis.stpa.targets().flat_map(|found| &found.answers);
    assert!(answers.all(|answer| answer != "CM-REPLAY"));
    assert!(
        analysis
            .solution
            .picks
            .iter()
            .all(|pick| pick.measure != "CM-REPLAY")
    );
}

const WEAK: (&str, &str) = (
    "rate = \"120/60s\" # one reading a second, with room for a late one\nbacklog = 3600",
    "#",
);

#[test]
fn a_weakness_asks_for_what_the_model_does_not_say() {
    let text = TEXT.replacen(WEAK.0, WEAK.1, 1);
    let model = model::parse("model.toml", &text).expect("sound");
    assert!(fires(&model, "SR-F8", "telemetry"));
    let analysis = analyze(&model, date(2026, 11, 20));
    let pick = analysis.solution.pick("CM-RATE@telemetry");
    assert_eq!(pick.map(|pick| pick.provided), Some(false));
    assert!(
        analysis
            .requirements
            .iter()
            .any(|r| r.id == "REQ-RATE-telemetry")
    );
}

#[test]
fn guidance_alone_leaves_every_target_open() {
    use sekimori_analysis::choose::{Wishes, compare};
    let measures = || knowledge::base().measures.values();
    assert!(measures().filter(|m| m.strength == 0).count() >= 4);
    let wishes = Wishes {
        without: measures()
            .filter(|m| m.strength > 0)
            .map(|m| m.id.clone())
            .collect(),
        ..Wishes::default()
    };
    let compared = compare(&with(""), date(2026, 11, 20), &wishes);
    assert_eq!((compared.after.picks, compared.after.closed), (0, 0));
    assert!(compared.before.closed > 0);
}

#[test]
fn the_published_pages_name_every_rule_every_fact_and_every_point_in_force() {
    let pages = [
        (
            include_str!("../../../../docs/methods/stride.md"),
            include_str!("../../../../docs/methods/risk.md"),
        ),
        (
            include_str!("../../../../docs/methods/stride.ja.md"),
            include_str!("../../../../docs/methods/risk.ja.md"),
        ),
    ];
    let base = knowledge::base();
    for (index, (stride, risk)) in pages.into_iter().enumerate() {
        let say = |text: &sekimori_analysis::language::Text| {
            if index == 0 {
                text.en.clone()
            } else {
                text.ja.clone()
            }
        };
        for rule in rules() {
            let row = format!("| {} |", rule.id);
            let row = stride.lines().find(|line| line.starts_with(&row));
            let answers = rule.answers.iter().map(|id| id.trim_start_matches("CM-"));
            let answers = answers.collect::<Vec<_>>().join(", ");
            let said = format!("{} | {answers} |", say(&rule.text));
            assert!(row.is_some_and(|row| row.contains(&said)), "{}", rule.id);
        }
        for fact in Fact::ALL {
            let row = format!("| `{}` |", fact.word());
            let row = stride.lines().find(|line| line.starts_with(&row));
            assert!(
                row.is_some_and(|row| row.contains(&say(&fact.text()))),
                "{fact:?}"
            );
        }
        for (key, (points, why)) in &base.risk.factors {
            let row = format!("| `{}` | ", key.word());
            let row = risk
                .lines()
                .find(|line| line.starts_with(&row))
                .expect("a row");
            let points = match points {
                0 => "0".to_owned(),
                points => format!("{points:+}"),
            };
            let is_rule = key.word() == "weakness";
            assert!(is_rule || row.contains(&format!("| {points} |")), "{key:?}");
            assert!(row.contains(&say(why)), "{key:?}");
        }
        for actor in base.actors.values() {
            assert!(risk.contains(&say(&actor.name)), "{actor:?}");
        }
        for (id, class) in &base.csa_classes {
            assert!(
                risk.contains(&format!("| {id} {} |", say(&class.name))),
                "{id}"
            );
        }
    }
}
