//! Rules and countermeasures of a model's author take effect, in any file of the model.

use jiff::civil::date;
use sekimori_analysis::model::{self, Source};
use sekimori_analysis::{Analysis, analyze};

const TEXT: &str = include_str!("../../../examples/cold-store/model.toml");

/// The analysis of the example with a file of rules beside it.
fn with(rules: &str) -> Analysis {
    let sources = [
        Source {
            name: "model.toml",
            text: TEXT,
        },
        Source {
            name: "rules.toml",
            text: rules,
        },
    ];
    let model = model::parse_sources(&sources).unwrap_or_else(|problems| panic!("{problems}"));
    analyze(&model, date(2026, 11, 20))
}

fn has_threat(analysis: &Analysis, id: &str) -> bool {
    analysis.threats.iter().any(|threat| threat.id == id)
}

#[test]
fn a_rule_can_be_switched_off_replaced_and_added() {
    let usual = with("");
    assert!(has_threat(&usual, "lock:SR-F1"));
    let off = with("[[rule]]\nid = \"SR-F1\"\ndisabled = true\n");
    assert!(!has_threat(&off, "lock:SR-F1"));
    let rule = "stride = \"tampering\"\non = [\"device\"]\nreach = \"hands\"\nanswers = [\"CM-ENC\"]\ntext = \"Pried open\"\ntext_ja = \"こじ開けられる\"\n";
    let added = with(&format!("[[rule]]\nid = \"X-PRY\"\n{rule}"));
    assert!(has_threat(&added, "sensor:X-PRY") && has_threat(&added, "lock:SR-F1"));
    let replaced = with(&format!("[[rule]]\nid = \"SR-F1\"\n{rule}"));
    assert!(has_threat(&replaced, "sensor:SR-F1") && !has_threat(&replaced, "lock:SR-F1"));
}

#[test]
fn a_countermeasure_can_be_judged_anew_taken_out_and_added() {
    let answers = |analysis: &Analysis, id: &str| {
        let threat = analysis.threats.iter().find(|threat| threat.id == id);
        threat.expect("fires").answers.clone()
    };
    let usual = with("");
    assert!(answers(&usual, "lock:SR-F1").contains(&"CM-MUTAUTH".to_owned()));
    let out = with("[[measure]]\nid = \"CM-MUTAUTH\"\nexcluded = \"The radio cannot\"\n");
    assert!(!answers(&out, "lock:SR-F1").contains(&"CM-MUTAUTH".to_owned()));
    let dear = with("[[measure]]\nid = \"CM-MUTAUTH\"\ncost = 900\nprovided = 901\n");
    let judged = &dear.knowledge.measures["CM-MUTAUTH"];
    assert_eq!((judged.cost, judged.cost_provided), (900, 901));
    assert_eq!(judged.name, usual.knowledge.measures["CM-MUTAUTH"].name);
    let seal = "[[measure]]\nid = \"CM-X-SEAL\"\npillar = \"trace\"\nplace = \"device\"\nkind = \"function\"\nname = \"Seal\"\nname_ja = \"封印\"\nshall = \"A seal shows that the case was opened.\"\ncost = 1\nstrength = 3\nanswers = [\"SR-F1\", \"JT04:P2\"]\n";
    let added = with(seal);
    assert!(answers(&added, "lock:SR-F1").contains(&"CM-X-SEAL".to_owned()));
    let cells = added.matrices.iter().flat_map(|matrix| &matrix.cells);
    let with_seal = cells.filter(|cell| cell.measures.contains_key("CM-X-SEAL"));
    let ids: Vec<String> = with_seal.map(|cell| cell.id.to_string()).collect();
    assert_eq!(ids, ["door:JT04:P2", "sensor:JT04:P2"]);
}
