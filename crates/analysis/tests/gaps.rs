//! Gaps of the data sheet, of key management and of guidance: each is open in a model without, closed in one with.

use std::collections::BTreeSet;

use jiff::civil::date;
use sekimori_analysis::{Analysis, analyze, model};

/// A model without any gap of data or keys, whose device calls for no guidance that a line below could close.
const WHOLE: &str = r#"
[model]
format = "sekimori-model/0"
id = "band"
[[zone]]
id = "body"
[[zone]]
id = "office"
[[component]]
id = "band"
kind = "device"
class = "wearable"
zone = "body"
caps = { tpm = true, secure_boot = true, rng = "hw", battery = false, ram_kib = 256 }
platform = { os = "rtos", languages = ["rust"] }
[[component]]
id = "hub"
kind = "gateway"
zone = "office"
[[component]]
id = "sponsor"
kind = "external"
zone = "office"
[[asset]]
id = "pulse"
c = "high"
i = "high"
a = "low"
personal = true
fields = ["beats_per_minute"]
purpose = "Warning of a weak heart"
consent = "opt-in"
minimized = true
retention_days = 30
shared_with = ["sponsor"]
[[asset]]
id = "seed"
kind = "key"
c = "high"
i = "high"
a = "low"
stored_in = ["band"]
key = { origin = "device", storage = "tpm", rotation_days = 90, backup = false }
[[flow]]
id = "beats"
from = "band"
to = "sponsor"
via = "hub"
assets = ["pulse"]
proto = "mqtt"
security = "tls13"
sequence = "required"
[[statement]]
item = "CSA-11.13"
status = "process"
why = "One person answers for every key"
owner = "Mori"
until = 2027-03-31
"#;

fn analyzed(text: &str) -> Analysis {
    let model = model::parse("model.toml", text).unwrap_or_else(|problems| panic!("{problems}"));
    analyze(&model, date(2026, 11, 20))
}

/// The whole model with one piece of it written otherwise.
fn changed(from: &str, to: &str) -> Analysis {
    assert_eq!(WHOLE.matches(from).count(), 1, "{from}");
    analyzed(&WHOLE.replacen(from, to, 1))
}

fn data(analysis: &Analysis) -> BTreeSet<&str> {
    let gaps = analysis.privacy.rows.iter().flat_map(|row| &row.gaps);
    gaps.map(|gap| gap.id.as_str()).collect()
}

fn unsettled(analysis: &Analysis) -> BTreeSet<&str> {
    let questions = analysis.keys.iter().flat_map(|sheet| &sheet.questions);
    let open = questions.filter(|question| !question.is_settled());
    open.map(|question| question.id.as_str()).collect()
}

fn advice(analysis: &Analysis) -> BTreeSet<&str> {
    let advice = analysis.guidance.iter();
    advice.map(|advice| advice.id.as_str()).collect()
}

#[test]
fn each_gap_of_the_data_sheet_opens_and_closes_with_one_line() {
    let whole = analyzed(WHOLE);
    assert!(data(&whole).is_empty(), "{:?}", data(&whole));
    for (from, to, gap) in [
        ("fields = [\"beats_per_minute\"]\n", "", "fields"),
        ("purpose = \"Warning of a weak heart\"\n", "", "purpose"),
        ("consent = \"opt-in\"\n", "", "consent"),
        ("\"opt-in\"", "\"none\"", "consent"),
        ("\"opt-in\"", "\"opt-out\"", "opt-in"),
        ("minimized = true\n", "", "minimized"),
        ("minimized = true\n", "minimized = false\n", "minimized"),
        ("retention_days = 30\n", "", "retention"),
        ("shared_with = [\"sponsor\"]\n", "", "shared"),
        ("security = \"tls13\"", "security = \"none\"", "in-clear"),
    ] {
        let analysis = changed(from, to);
        let id = format!("pulse:PRIV-{gap}");
        assert_eq!(
            data(&analysis),
            BTreeSet::from([id.as_str()]),
            "{from} -> {to}"
        );
        let gap = analysis.privacy.rows[0].gaps[0].clone();
        assert!(
            !gap.controls.is_empty() && !gap.text.ja.is_empty(),
            "{gap:?}"
        );
    }
    // A contract or a law is a ground as well, and immediate deletion is a period.
    for (from, to) in [
        ("\"opt-in\"", "\"contract\""),
        ("\"opt-in\"", "\"law\""),
        ("retention_days = 30", "retention_days = 0"),
    ] {
        assert!(data(&changed(from, to)).is_empty(), "{to}");
    }
}

#[test]
fn each_question_about_a_key_is_settled_by_an_answer_without_concern() {
    let whole = analyzed(WHOLE);
    // Whether it can be erased is for a requirement to ask, and follows the choice.
    let settled_by_the_choice = BTreeSet::from(["seed:KEY-destruction"]);
    let open: BTreeSet<&str> = unsettled(&whole);
    assert!(open.is_subset(&settled_by_the_choice), "{open:?}");
    for (from, to, topics) in [
        (
            "origin = \"device\", ",
            "",
            &["generation", "distribution"][..],
        ),
        (
            "\"device\", s",
            "\"injected\", s",
            &["generation", "distribution"],
        ),
        (
            "\"device\", s",
            "\"external\", s",
            &["generation", "distribution"],
        ),
        (
            "assets = [\"pulse\"]",
            "assets = [\"pulse\", \"seed\"]",
            &[],
        ),
        ("storage = \"tpm\", ", "", &["storage"]),
        ("storage = \"tpm\"", "storage = \"flash\"", &["storage"]),
        ("tpm = true, ", "", &["storage"]),
        ("rotation_days = 90, ", "", &["rotation"]),
        ("rotation_days = 90", "rotation_days = 900", &["rotation"]),
        (", backup = false", "", &["backup"]),
        ("backup = false", "backup = true", &["backup"]),
        ("via = \"hub\"\n", "", &["revocation"]),
        ("2027-03-31", "2026-11-19", &["owner"]),
    ] {
        let analysis = changed(from, to);
        let opened = unsettled(&analysis);
        let opened: BTreeSet<&str> = opened.difference(&settled_by_the_choice).copied().collect();
        let wanted: Vec<String> = topics.iter().map(|t| format!("seed:KEY-{t}")).collect();
        let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
        assert_eq!(opened, wanted, "{from} -> {to}");
    }
    let unprotected = WHOLE
        .replace("assets = [\"pulse\"]", "assets = [\"seed\"]")
        .replace("security = \"tls13\"", "security = \"none\"");
    assert!(unsettled(&analyzed(&unprotected)).contains("seed:KEY-distribution"));
}

#[test]
fn guidance_follows_what_the_model_says_of_a_component() {
    let whole = analyzed(WHOLE);
    for (from, to, opened, closed) in [
        (
            "tpm = true",
            "tpm = false",
            "band:ADV-no-tpm",
            "band:ADV-tpm",
        ),
        (
            "secure_boot = true",
            "secure_boot = false",
            "band:ADV-no-secure-boot",
            "",
        ),
        ("\"hw\"", "\"none\"", "band:ADV-randomness", ""),
        ("battery = false", "battery = true", "band:ADV-battery", ""),
        ("ram_kib = 256", "ram_kib = 63", "band:ADV-small", ""),
        ("\"rtos\"", "\"linux\"", "band:ADV-linux", "band:ADV-rtos"),
        (
            "os = \"rtos\", ",
            "",
            "band:ADV-no-platform",
            "band:ADV-rtos",
        ),
        ("[\"rust\"]", "[\"c\"]", "band:ADV-c", "band:ADV-rust"),
        (
            "[\"rust\"]",
            "[\"python\"]",
            "band:ADV-dynamic",
            "band:ADV-rust",
        ),
        ("\"mqtt\"", "\"coap\"", "band:ADV-coap", "band:ADV-mqtt"),
        ("\"tls13\"", "\"none\"", "band:ADV-open", ""),
        (
            "zone = \"body\"\n",
            "zone = \"body\"\ninterfaces = [\"uart-debug\"]\n",
            "band:ADV-debug",
            "",
        ),
        (
            "zone = \"body\"\n",
            "zone = \"body\"\ninterfaces = [\"ble\"]\n",
            "band:ADV-ble",
            "",
        ),
    ] {
        assert!(!advice(&whole).contains(opened), "{opened}");
        let analysis = changed(from, to);
        assert!(
            advice(&analysis).contains(opened),
            "{from} -> {to}: {:?}",
            advice(&analysis)
        );
        if !closed.is_empty() {
            assert!(advice(&whole).contains(closed), "{closed}");
            assert!(!advice(&analysis).contains(closed), "{closed}");
        }
    }
}
