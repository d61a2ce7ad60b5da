//! Each common threat has a system that it touches and a near miss that it does not, and says why.

use std::collections::BTreeSet;

use jiff::civil::date;
use sekimori_analysis::cross_check::{Function, Hit, NEED, Quality, Touch, View, answers};
use sekimori_analysis::knowledge::Pillar;
use sekimori_analysis::model::Stride;
use sekimori_analysis::{Analysis, analyze, model};

/// A sensor that speaks with a gateway beside it; hardly anything touches it.
const QUIET: &str = r#"
[model]
format = "sekimori-model/0"
id = "quiet"
title = "Quiet"
title_ja = "静か"

[[zone]]
id = "house"
title = "House"
title_ja = "家"
network = "closed"

[[component]]
id = "sensor"
title = "Sensor"
title_ja = "センサー"
kind = "external" # sensor
zone = "house"

[[component]]
id = "gw"
title = "Gateway"
title_ja = "ゲートウェイ"
kind = "gateway"
zone = "house"

[[asset]]
id = "reading"
title = "Reading"
title_ja = "測定値"
c = "low"
i = "low"
a = "low"

[[flow]]
id = "report"
title = "Report"
title_ja = "報告"
from = "sensor"
to = "gw"
proto = "mqtt"
security = "tls13"

[[loss]]
id = "L1"
text = "Something is lost"
text_ja = "何かが失われる"
"#;

type Edit = (&'static str, &'static str);

const NO_OUTSIDER: Edit = ("kind = \"external\" # sensor", "kind = \"gateway\"");
const DEVICE: Edit = (
    "kind = \"external\" # sensor",
    "kind = \"device\"\nclass = \"mcu-board\"",
);
const APP: Edit = ("kind = \"external\" # sensor", "kind = \"app\"");
const PERSON: Edit = ("kind = \"external\" # sensor", "kind = \"human\"");
const SERVICE: Edit = ("kind = \"gateway\"", "kind = \"service\"");
const KEPT: Edit = ("a = \"low\"", "a = \"low\"\nstored_in = [\"gw\"]");
const PERSONAL: Edit = ("a = \"low\"", "a = \"low\"\npersonal = true");
const SECRET: Edit = ("c = \"low\"", "c = \"high\"");
const APART: Edit = (
    "[[component]]\nid = \"gw\"",
    "[[zone]]\nid = \"yard\"\ntitle = \"Yard\"\ntitle_ja = \"庭\"\n\n[[component]]\nid = \"gw\"",
);
const GW_APART: Edit = (
    "kind = \"gateway\"\nzone = \"house\"",
    "kind = \"gateway\"\nzone = \"yard\"",
);
const MONEY: Edit = (
    "text_ja = \"何かが失われる\"",
    "text_ja = \"失\"\ncategory = \"finance\"",
);
const CONTROL: Edit = (
    "[[loss]]",
    "[[controller]]\nid = \"C\"\ntitle = \"C\"\ntitle_ja = \"制御\"\ncomponent = \"gw\"\nprocess = \"sensor\"\n\n[[control_action]]\nid = \"A\"\ntitle = \"A\"\ntitle_ja = \"動作\"\ncontroller = \"C\"\nflow = \"report\"\n\n[[loss]]",
);
const OPEN_ZONE: Edit = ("network = \"closed\"", "network = \"public\"");

/// Threat, edits after which it touches, and the edits of a near miss after which it does not.
const CASES: &[(&str, &[Edit], &[Edit])] = &[
    ("IPA-O1", &[SERVICE], &[]),
    ("IPA-O2", &[SECRET], &[("c = \"low\"", "c = \"medium\"")]),
    ("IPA-O3", &[], &[NO_OUTSIDER]),
    ("IPA-O3", &[DEVICE], &[NO_OUTSIDER]),
    ("IPA-O4", &[PERSON, APART, GW_APART], &[PERSON]),
    ("IPA-O5", &[PERSONAL], &[]),
    ("IPA-O5", &[SECRET], &[("c = \"low\"", "c = \"medium\"")]),
    ("IPA-O6", &[DEVICE], &[]),
    ("IPA-O6", &[SERVICE], &[]),
    ("IPA-O7", &[APART, GW_APART], &[APART]),
    ("IPA-O8", &[MONEY, PERSON], &[MONEY]),
    ("IPA-O9", &[("a = \"low\"", "a = \"high\"")], &[]),
    ("IPA-O9", &[CONTROL], &[]),
    ("IPA-O10", &[PERSON], &[]),
    ("IPA-O10", &[PERSONAL], &[]),
    ("IPA-P1", &[PERSON], &[]),
    ("IPA-P3", &[PERSONAL, SECRET], &[PERSONAL]),
    (
        "IPA-P4",
        &[(
            "a = \"low\"",
            "a = \"low\"\npersonal = true\nfields = [\"Card number\"]",
        )],
        &[(
            "a = \"low\"",
            "a = \"low\"\npersonal = true\nfields = [\"name\"]",
        )],
    ),
    (
        "IPA-P5",
        &[
            APP,
            (
                "a = \"low\"",
                "a = \"low\"\npersonal = true\nfields = [\"決済履歴\"]",
            ),
        ],
        &[(
            "a = \"low\"",
            "a = \"low\"\npersonal = true\nfields = [\"決済履歴\"]",
        )],
    ),
    ("IPA-P6", &[APP], &[PERSON]),
    (
        "IPA-P7",
        &[(
            "kind = \"external\" # sensor",
            "kind = \"device\"\nclass = \"mcu-board\"\nplatform = { os = \"android\" }",
        )],
        &[DEVICE],
    ),
    ("IPA-P8", &[SERVICE, PERSONAL, KEPT], &[PERSONAL, KEPT]),
    (
        "IPA-P9",
        &[(
            "a = \"low\"",
            "a = \"low\"\npersonal = true\nfields = [\"bank account\"]",
        )],
        &[(
            "a = \"low\"",
            "a = \"low\"\npersonal = true\nfields = [\"user account\"]",
        )],
    ),
    ("IPA-P10", &[APP], &[]),
    (
        "BSI-1",
        &[(
            "zone = \"house\"",
            "zone = \"house\"\ninterfaces = [\"sd-card\"]",
        )],
        &[(
            "zone = \"house\"",
            "zone = \"house\"\ninterfaces = [\"wifi\"]",
        )],
    ),
    ("BSI-1", &[APP], &[]),
    ("BSI-2", &[APART, GW_APART], &[APART]),
    ("BSI-3", &[PERSON], &[]),
    ("BSI-3", &[CONTROL], &[]),
    (
        "BSI-4",
        &[
            DEVICE,
            APART,
            (
                "kind = \"gateway\"\nzone = \"house\"",
                "kind = \"service\"\nzone = \"yard\"",
            ),
        ],
        &[DEVICE, SERVICE],
    ),
    ("BSI-5", &[PERSON], &[]),
    ("BSI-6", &[APART, GW_APART], &[APART]),
    (
        "BSI-6",
        &[(
            "zone = \"house\"",
            "zone = \"house\"\ninterfaces = [\"lora\"]",
        )],
        &[(
            "zone = \"house\"",
            "zone = \"house\"\ninterfaces = [\"ethernet\"]",
        )],
    ),
    ("BSI-7", &[DEVICE, CONTROL, OPEN_ZONE], &[DEVICE, CONTROL]),
    ("BSI-7", &[DEVICE, CONTROL, OPEN_ZONE], &[DEVICE, OPEN_ZONE]),
    ("BSI-8", &[APART, GW_APART], &[]),
    ("BSI-9", &[DEVICE], &[]),
    ("BSI-10", &[DEVICE], &[]),
    ("BSI-10", &[SERVICE], &[]),
];

/// A model says nothing that this could touch, and the hit says so.
const NEVER: &[&str] = &["IPA-P2"];

fn analyzed(edits: &[Edit]) -> Analysis {
    let mut text = QUIET.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let model = model::parse("model.toml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    analyze(&model, date(2026, 11, 20))
}

fn hit<'a>(view: &'a View, id: &str) -> &'a Hit {
    let mut hits = view.lists.iter().flat_map(|list| &list.hits);
    hits.find(|hit| hit.id == id)
        .unwrap_or_else(|| panic!("{id}"))
}

#[test]
fn every_threat_touches_a_system_and_misses_a_near_one() {
    for (id, touching, missing) in CASES {
        let analysis = analyzed(touching);
        let touched = hit(&analysis.cross_check, id);
        assert_ne!(touched.state, Touch::NotTouching, "{id} after {touching:?}");
        for reason in &touched.reasons {
            assert!(
                !reason.elements.is_empty() && !reason.conditions.is_empty(),
                "{id}"
            );
        }
        let analysis = analyzed(missing);
        let missed = hit(&analysis.cross_check, id);
        assert_eq!(missed.state, Touch::NotTouching, "{id} after {missing:?}");
        assert_eq!(missed.reasons.len(), 1, "{id} says why not");
        assert!(
            missed.reasons[0].conditions.is_empty() && missed.gaps.is_empty(),
            "{id}"
        );
    }
}

#[test]
fn no_threat_is_without_a_case() {
    let analysis = analyzed(&[]);
    let all = analysis
        .cross_check
        .lists
        .iter()
        .flat_map(|list| &list.hits);
    let all: BTreeSet<&str> = all.map(|hit| hit.id.as_str()).collect();
    let cases = CASES.iter().map(|(id, ..)| *id);
    assert_eq!(
        cases.chain(NEVER.iter().copied()).collect::<BTreeSet<_>>(),
        all
    );
    assert_eq!(all.len(), 30);
    for id in NEVER {
        assert_eq!(hit(&analysis.cross_check, id).state, Touch::NotTouching);
    }
}

fn example() -> Analysis {
    let text = include_str!("../../../examples/cold-store/model.toml");
    let model = model::parse("model.toml", text).expect("the example has no problem");
    analyze(&model, date(2026, 11, 20))
}

#[test]
fn a_state_follows_from_what_was_chosen() {
    let analysis = example();
    let known = &analysis.knowledge.measures;
    for list in &analysis.cross_check.lists {
        assert_eq!(list.counts.values().sum::<usize>(), 10);
        for hit in &list.hits {
            let by: Vec<_> = hit.met_by.values().flatten().collect();
            let reached: u32 = by
                .iter()
                .map(|answer| known[&answer.measure].strength)
                .sum();
            assert_eq!(reached, hit.reached, "{}", hit.id);
            for answer in &by {
                assert!(!answer.picks.is_empty() && known[&answer.measure].strength > 0);
                assert!(answers(&hit.id).contains(answer.measure.as_str()));
            }
            for (pillar, gap) in &hit.gaps {
                assert!(!hit.met_by.contains_key(pillar), "{}", hit.id);
                assert!(gap.iter().all(|answer| answer.picks.is_empty()));
                assert!(gap.is_sorted_by_key(|answer| answer.cost), "{}", hit.id);
            }
            match hit.state {
                Touch::Open => assert!(by.is_empty(), "{}", hit.id),
                Touch::Met => assert!(hit.reached >= NEED, "{}", hit.id),
                Touch::Partly => assert!(
                    !by.is_empty() && (hit.reached < NEED || hit.met_by.len() < 2),
                    "{}",
                    hit.id
                ),
                Touch::NotTouching => assert!(hit.gaps.is_empty()),
            }
        }
    }
    let flood = hit(&analysis.cross_check, "BSI-6");
    assert_eq!(flood.state, Touch::Met);
    assert!(
        flood.met_by[&Pillar::Network]
            .iter()
            .any(|answer| answer.measure == "CM-FLOOD")
    );
    assert!(flood.reasons[0].elements.contains("telemetry"));
}

#[test]
fn guidance_answers_nothing() {
    let analysis = example();
    let intranet = hit(&analysis.cross_check, "BSI-2");
    assert!(
        answers("BSI-2").contains("CM-FWIDS"),
        "the advice is kept as guidance"
    );
    let mut all = intranet
        .met_by
        .values()
        .chain(intranet.gaps.values())
        .flatten();
    assert!(all.all(|answer| answer.measure != "CM-FWIDS"));
}

#[test]
fn the_three_views_count_what_was_chosen() {
    let analysis = example();
    let lenses = &analysis.cross_check.lenses;
    assert_eq!(lenses.stride.len(), Stride::ALL.len());
    assert_eq!(lenses.qualities.len(), Quality::ALL.len());
    assert_eq!(lenses.functions.len(), Function::ALL.len());
    let chosen: BTreeSet<&String> = analysis
        .solution
        .picks
        .iter()
        .map(|pick| &pick.measure)
        .collect();
    let rows = lenses.stride.values().chain(lenses.qualities.values());
    for row in rows.chain(lenses.functions.values()) {
        assert!(row.chosen.iter().all(|id| chosen.contains(id)));
        assert!(row.chosen.len() <= row.catalogue && row.chosen.len() <= row.picks);
        assert!(row.closed <= row.asked);
    }
    for measure in &chosen {
        assert!(
            lenses
                .stride
                .values()
                .any(|row| row.chosen.contains(*measure)),
            "{measure}"
        );
        assert!(
            lenses
                .qualities
                .values()
                .any(|row| row.chosen.contains(*measure)),
            "{measure}"
        );
        assert!(
            lenses
                .functions
                .values()
                .any(|row| row.chosen.contains(*measure)),
            "{measure}"
        );
    }
    let spoofing = &lenses.stride[&Stride::Spoofing];
    assert!(spoofing.chosen.contains("CM-MUTAUTH") && spoofing.asked > 0);
}

#[test]
fn every_reason_and_name_is_in_both_languages() {
    let japanese = |text: &str| text.chars().any(|c| c > '\u{3000}');
    for (_, touching, missing) in CASES {
        for edits in [touching, missing] {
            let analysis = analyzed(edits);
            for list in &analysis.cross_check.lists {
                assert!(japanese(&list.document.ja) && japanese(&list.name.ja));
                for hit in &list.hits {
                    let texts = hit.reasons.iter().map(|reason| &reason.text);
                    for text in texts.chain([&hit.name, &hit.text]) {
                        assert!(!text.en.is_empty() && japanese(&text.ja), "{}", hit.id);
                    }
                }
            }
        }
    }
}
