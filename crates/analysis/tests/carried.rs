//! How a flow is carried: what protects its link, whether people carry it, whether the radio reaches strangers; and
//! equipment that is bought.

use jiff::civil::date;
use sekimori_analysis::model::{self, LinkProtection, Model};
use sekimori_analysis::requirements::Duty;
use sekimori_analysis::{Analysis, analyze};

/// A sensor and an app in one zone, with one flow between them.
const PAIR: &str = r#"
[model]
format = "sekimori-model/0"
id = "pair"
title = "Pair"
[[zone]]
id = "z"
physical = "exposed"
network = "NETWORK"
[[component]]
id = "band"
kind = "device"
class = "wearable"
zone = "z"
[[component]]
id = "phone"
kind = "app"
zone = "z"
[[asset]]
id = "pulse"
c = "high"
i = "high"
a = "high"
[[flow]]
id = "talk"
title = "Talk"
title_ja = "会話"
from = "band"
to = "phone"
assets = ["pulse"]
proto = "PROTO"
security = "none"
link = "LINK"
"#;

fn pair(network: &str, protocol: &str, link: &str) -> Model {
    let text = PAIR
        .replace("NETWORK", network)
        .replace("PROTO", protocol)
        .replace("LINK", link);
    model::parse("pair.toml", &text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn analyzed(model: &Model) -> Analysis {
    analyze(model, date(2026, 11, 20))
}

fn rules(model: &Model, element: &str) -> Vec<String> {
    let threats = sekimori_analysis::stride::threats(model).into_iter();
    threats
        .filter(|threat| threat.element == element)
        .map(|threat| threat.rule)
        .collect()
}

fn fires(model: &Model, rule: &str) -> bool {
    rules(model, "talk").iter().any(|fired| fired == rule)
}

#[test]
fn a_radio_in_a_public_zone_is_open_to_anyone_in_range() {
    for rule in ["SR-F1", "SR-F2", "SR-F4", "SR-F5", "SR-F7"] {
        for protocol in ["ble", "zigbee", "lorawan"] {
            assert!(fires(&pair("public", protocol, "none"), rule), "{rule}");
            assert!(!fires(&pair("closed", protocol, "none"), rule), "{rule}");
        }
        // A cable within one zone is not for strangers.
        assert!(!fires(&pair("public", "serial", "none"), rule), "{rule}");
        // A radio by its link, whatever speaks over it.
        assert!(fires(&pair("public", "coap", "ble-just-works"), rule));
        assert!(!fires(&pair("public", "coap", "vpn"), rule), "{rule}");
    }
    let told = |network: &str| {
        let threats = sekimori_analysis::stride::threats(&pair(network, "ble", "none"));
        let threat = threats.into_iter().find(|t| t.id == "band:SR-D5");
        let factors = threat.expect("of every device").risk.likelihood_factors;
        factors
            .iter()
            .map(|factor| factor.why.en.clone())
            .collect::<Vec<_>>()
    };
    let in_range = "anyone in range of the radio reaches it".to_owned();
    assert!(told("public").contains(&in_range));
    assert!(!told("closed").contains(&in_range));
}

#[test]
fn a_protected_link_silences_what_it_answers_and_nothing_else() {
    // Reading, forging, proving.
    for (link, readable, forgeable, unproven) in [
        ("none", true, true, true),
        ("ble-just-works", false, false, true),
        ("ble-secure-connections", false, false, false),
    ] {
        let model = pair("public", "ble", link);
        assert_eq!(fires(&model, "SR-F10"), readable, "{link}");
        assert_eq!(fires(&model, "SR-F13"), forgeable, "{link}");
        assert_eq!(fires(&model, "SR-F30"), unproven, "{link}");
        // Jamming does not ask for keys.
        assert!(fires(&model, "SR-F38"), "{link}");
    }
    let signed = pair("public", "other", "mavlink-signing");
    assert!(fires(&signed, "SR-F10") && !fires(&signed, "SR-F13"));
    assert!(!fires(&signed, "SR-F30"));
}

#[test]
fn encryption_asks_for_what_each_flow_can_have() {
    const ONLY: &str = "[[measure]]\nid = \"CM-SECPROTO\"\nexcluded = \"to see the other\"\n";
    let shall = |model: &Model| {
        let text = format!("{}\n{ONLY}", model::write(model));
        let model =
            &model::parse("pair.toml", &text).unwrap_or_else(|problems| panic!("{problems}"));
        let requirements = analyzed(model).requirements;
        let found = requirements
            .into_iter()
            .find(|r| r.id.starts_with("REQ-ENC-"));
        found.expect("chosen against reading and changing").shall
    };
    let bare = shall(&pair("public", "ble", "none"));
    assert!(
        bare.en
            .contains("“Talk” by LE Secure Connections with confirmed pairing")
    );
    assert!(
        bare.ja
            .contains("「会話」は確認を伴うペアリングの LE Secure Connections")
    );
    let protected = shall(&pair("public", "zigbee", "zigbee"));
    assert!(
        protected.en.contains("“Talk” by the mesh's own keys"),
        "{}",
        protected.en
    );
    for text in [&bare.en, &protected.en] {
        assert!(!text.contains("TLS"), "{text}");
    }
    let oscore = PAIR
        .replace("NETWORK", "public")
        .replace("PROTO", "coap")
        .replace("LINK", "ble-just-works")
        .replace("security = \"none\"", "security = \"oscore\"");
    let oscore = model::parse("pair.toml", &oscore).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(shall(&oscore).en.contains("“Talk” by OSCORE."));
}

#[test]
fn nobody_replays_floods_or_taps_what_people_carry() {
    let text = PAIR
        .replace("NETWORK", "public")
        .replace("PROTO", "human")
        .replace("LINK", "none")
        .replace(
            "kind = \"app\"\nzone = \"z\"",
            "kind = \"human\"\nzone = \"y\"\n[[zone]]\nid = \"y\"",
        );
    let control = "[[hazard]]\nid = \"H\"\ntext = \"h\"\n[[controller]]\nid = \"c\"\ncomponent = \"band\"\nprocess = \"phone\"\n[[control_action]]\nid = \"act\"\ncontroller = \"c\"\nflow = \"talk\"\nfeedback = [\"talk\"]\n[[uca]]\nid = \"U\"\naction = \"act\"\ntype = \"provided\"\ntext = \"u\"\nhazards = [\"H\"]\n";
    let model = model::parse("pair.toml", &format!("{text}{control}"))
        .unwrap_or_else(|problems| panic!("{problems}"));
    let found = rules(&model, "talk");
    assert_eq!(
        found,
        ["SR-F11", "SR-F25", "SR-F26", "SR-F55", "SR-F56"],
        "only what can happen between people"
    );
    let analysis = analyzed(&model);
    let picks = analysis.solution.picks.iter();
    let on_flow = picks.filter(|pick| pick.at.as_deref() == Some("talk"));
    assert_eq!(on_flow.count(), 0, "people have no rate, range or sequence");
    let scenarios = analysis.stpa.scenarios.iter();
    for scenario in scenarios.filter(|scenario| scenario.element == "talk") {
        assert!(
            ["ST-A11", "ST-A12", "ST-A14", "ST-F6", "ST-F7", "ST-F8"]
                .contains(&scenario.basis.rule.as_str()),
            "{}: {}",
            scenario.id,
            scenario.basis.rule
        );
    }
    let before = analysis.stpa.before_attack.iter();
    assert!(before.clone().all(|scenario| scenario.element != "talk"));
    // No flow comes to the band from outside.
    assert!(before.clone().all(|scenario| scenario.id != "band:BA-S1"));
}

#[test]
fn every_kind_of_link_is_written_and_read_again() {
    for link in LinkProtection::ALL {
        let protocols = model::Protocol::ALL.iter();
        for protocol in protocols.filter(|protocol| link.suits(**protocol)) {
            let model = pair("public", protocol.word(), link.word());
            let again = model::parse("pair.toml", &model::write(&model));
            assert_eq!(again.ok().as_ref(), Some(&model), "{link:?} {protocol:?}");
        }
    }
}

const BOUGHT: &str = "[[component]]\nid = \"meter\"\ntitle = \"Meter\"\ntitle_ja = \"計器\"\nkind = \"device\"\nbought = true\nzone = \"z\"\n[[flow]]\nid = \"value\"\nfrom = \"meter\"\nto = \"phone\"\nassets = [\"pulse\"]\nproto = \"ble\"\nsecurity = \"none\"\n";

#[test]
fn what_is_bought_keeps_its_threats_and_its_supplier_is_asked() {
    let own = pair("public", "ble", "none");
    let text = PAIR
        .replace("NETWORK", "public")
        .replace("PROTO", "ble")
        .replace("LINK", "none");
    let model = model::parse("pair.toml", &format!("{text}{BOUGHT}"))
        .unwrap_or_else(|problems| panic!("{problems}"));
    let analysis = analyzed(&model);
    // The network asks the same of it as of what is built here, and only of it that its supplier mends it.
    assert_eq!(rules(&model, "talk"), rules(&own, "talk"));
    assert_eq!(rules(&model, "value"), rules(&model, "talk"));
    assert!(rules(&model, "meter").contains(&"SR-D61".to_owned()));
    assert!(!rules(&model, "band").contains(&"SR-D61".to_owned()));
    // No class, no matrix.
    let matrices: Vec<&str> = analysis
        .matrices
        .iter()
        .map(|m| m.component.as_str())
        .collect();
    assert_eq!(matrices, ["band"]);
    let supplier = analysis
        .requirements
        .iter()
        .find(|r| r.id == "REQ-SUPPLIER-meter");
    let supplier = supplier.expect("asked of people");
    assert_eq!(supplier.duty, Duty::People);
    assert!(supplier.shall.en.contains("SBOM") && supplier.shall.ja.contains("SBOM"));
    let asked = |at: &str| {
        let built = analysis.requirements.iter();
        let duties = built.filter(|r| r.at.as_deref() == Some(at) && r.measure.is_some());
        duties
            .map(|r| (r.duty, r.shall.en.starts_with("Ask the supplier")))
            .collect::<Vec<_>>()
    };
    assert!(!asked("meter").is_empty());
    for (duty, is_asked) in asked("meter") {
        assert_eq!(duty, Duty::People);
        assert!(is_asked);
    }
    assert!(
        asked("band")
            .iter()
            .any(|(duty, is_asked)| *duty == Duty::Maker && !is_asked)
    );
}

#[test]
fn words_that_cannot_be_are_refused_with_those_that_can() {
    for (from, to, said) in [
        (
            "link = \"LINK\"",
            "link = \"lorawan\"",
            "\"ble-secure-connections\"",
        ),
        (
            "zone = \"z\"\n[[asset]]",
            "zone = \"z\"\nbought = true\n[[asset]]",
            "",
        ),
        (
            "kind = \"app\"",
            "kind = \"human\"\nbought = true",
            "kind = \"device\"",
        ),
        ("class = \"wearable\"", "bought = false", "class"),
    ] {
        assert!(PAIR.contains(from), "{from}");
        let text = PAIR
            .replacen(from, to, 1)
            .replace("NETWORK", "public")
            .replace("PROTO", "ble")
            .replace("LINK", "none");
        let problems = model::parse("pair.toml", &text)
            .err()
            .map(|problems| problems.to_string());
        match problems {
            None => assert!(said.is_empty(), "{to}"),
            Some(problems) => assert!(!said.is_empty() && problems.contains(said), "{problems}"),
        }
    }
}

#[test]
fn the_published_table_of_protections_is_the_one_in_force() {
    use sekimori_analysis::model::{Protection, Proven, Security};
    let securities = Security::ALL
        .iter()
        .map(|word| (word.word(), word.protection()));
    let links = LinkProtection::ALL
        .iter()
        .map(|word| (word.word(), word.protection()));
    let words: Vec<(&str, Protection)> = securities.chain(links).collect();
    for (page, [yes, no], proven) in [
        (
            include_str!("../../../docs/methods/stride.md"),
            ["yes", "no"],
            [
                "nobody",
                "a group that shares a key",
                "one end",
                "both ends",
            ],
        ),
        (
            include_str!("../../../docs/methods/stride.ja.md"),
            ["○", "–"],
            ["なし", "鍵を共有する集団", "一方の端", "両端"],
        ),
    ] {
        let gives = |given: bool| if given { yes } else { no };
        for (word, protection) in &words {
            if !protection.confidential && !protection.intact {
                continue;
            }
            let named = format!("`{word}`");
            let rows = page.lines().filter(|line| line.starts_with("| `"));
            let row = rows.filter(|line| line.contains(&named)).find(|line| {
                let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
                let last = cells.last().map(|cell| cell.trim());
                cells.len() == 4
                    && cells[1] == gives(protection.confidential)
                    && cells[2] == gives(protection.intact)
                    && Proven::ALL
                        .iter()
                        .zip(proven)
                        .any(|(value, said)| *value == protection.proven && last == Some(said))
            });
            assert!(row.is_some(), "{word}");
        }
    }
}
