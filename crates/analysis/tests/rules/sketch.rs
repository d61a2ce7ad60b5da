//! The smallest model in which given facts hold, so that every condition of every rule can be met and missed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use sekimori_analysis::knowledge::{Fact, Shape, Subject, Wanted};
use sekimori_analysis::model::{self, Model};

/// What holds; what is absent takes a value that no rule asks for.
pub(crate) type Facts = BTreeMap<Fact, Wanted>;

/// Id of the element that the rule is about.
pub(crate) const ELEMENT: &str = "it";

/// The model in which exactly these facts hold of [`ELEMENT`].
pub(crate) fn model(subject: Subject, facts: &Facts) -> Model {
    let text = if subject == Subject::Flow {
        flow(facts)
    } else {
        component(subject, facts)
    };
    model::parse("sketch", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// The same condition, not met.
pub(crate) fn flipped(fact: Fact, wanted: &Wanted) -> Wanted {
    match (wanted, fact.shape()) {
        (Wanted::Is(truth), _) => Wanted::Is(!truth),
        (Wanted::AnyOf(_), Shape::YesNo) => panic!("{fact:?} has no words"),
        (Wanted::AnyOf(words), Shape::Words(known)) => {
            // The last words of most vocabularies are the tamest; a gateway cannot be everywhere.
            let mut others = known.iter().rev().filter(|word| {
                let cannot_send = fact == Fact::Sender && **word == "gateway";
                !words.contains(**word) && !cannot_send
            });
            let other = others.next().expect("no rule asks for every word");
            Wanted::AnyOf(BTreeSet::from([(*other).to_owned()]))
        }
    }
}

struct Sketch<'f>(&'f Facts);

impl Sketch<'_> {
    fn is(&self, fact: Fact) -> bool {
        matches!(self.0.get(&fact), Some(Wanted::Is(true)))
    }

    fn is_or(&self, fact: Fact, default: bool) -> bool {
        match self.0.get(&fact) {
            Some(Wanted::Is(truth)) => *truth,
            _ => default,
        }
    }

    /// A protocol that is asked for; not one of the air where the flow shall be out of reach.
    fn protocol(&self) -> &str {
        let wanted = match self.0.get(&Fact::Protocol) {
            Some(Wanted::AnyOf(words)) => words,
            _ => return "https",
        };
        let is_on_air = |word: &str| ["ble", "lorawan", "zigbee"].contains(&word);
        let mut words = wanted.iter().map(String::as_str);
        let wired = words.find(|word| self.is(Fact::Reachable) || !is_on_air(word));
        wired.unwrap_or_else(|| self.word(Fact::Protocol, "https"))
    }

    fn word<'a>(&'a self, fact: Fact, default: &'a str) -> &'a str {
        match self.0.get(&fact) {
            Some(Wanted::AnyOf(words)) => words.first().map_or(default, String::as_str),
            _ => default,
        }
    }
}

const HEAD: &str = "[model]\nformat = \"sekimori-model/0\"\nid = \"sketch\"\ntitle = \"Sketch\"\ntitle_ja = \"下絵\"\n";

fn zones(out: &mut String, physical: &str, network: &str) {
    out.push_str(HEAD);
    for zone in ["here", "there"] {
        let _ = writeln!(
            out,
            "[[zone]]\nid = \"{zone}\"\nphysical = \"{physical}\"\nnetwork = \"{network}\""
        );
    }
}

fn part(out: &mut String, id: &str, kind: &str, zone: &str) {
    let _ = writeln!(
        out,
        "[[component]]\nid = \"{id}\"\nkind = \"{kind}\"\nzone = \"{zone}\""
    );
    if kind == "device" {
        out.push_str("class = \"mcu-board\"\n");
    }
}

fn asset(out: &mut String, kind: &str, is_personal: bool, keeper: &str) {
    let _ = writeln!(
        out,
        "[[asset]]\nid = \"thing\"\nc = \"high\"\ni = \"high\"\na = \"high\"\nkind = \"{kind}\"\npersonal = {is_personal}\nstored_in = [{keeper}]"
    );
}

fn control(out: &mut String, (from, to): (&str, &str), flow: &str, feedback: &str) {
    let _ = writeln!(
        out,
        "[[controller]]\nid = \"mind\"\ncomponent = \"{from}\"\nprocess = \"{to}\"\n[[control_action]]\nid = \"act\"\ncontroller = \"mind\"\nflow = \"{flow}\"\nfeedback = [{feedback}]"
    );
}

fn flow(facts: &Facts) -> String {
    let sketch = Sketch(facts);
    let mut out = String::new();
    zones(&mut out, "locked", sketch.word(Fact::Network, "closed"));
    let sender = sketch.word(Fact::Sender, "device");
    part(&mut out, "from", sender, "here");
    if sketch.is(Fact::Radio) {
        out.push_str("interfaces = [\"wifi\"]\n");
    }
    let other = if sketch.is(Fact::Foreign) {
        "external"
    } else {
        "app"
    };
    let receiver = sketch.word(Fact::Receiver, other);
    let zone = if sketch.is(Fact::Crosses) || sketch.is(Fact::Reachable) {
        "there"
    } else {
        "here"
    };
    part(&mut out, "to", receiver, zone);
    part(&mut out, "middle", "gateway", "here");
    let is_personal = sketch.is(Fact::CarriesPersonal);
    let is_carrying = is_personal || facts.contains_key(&Fact::Carries);
    if is_carrying {
        asset(
            &mut out,
            sketch.word(Fact::Carries, "data"),
            is_personal,
            "",
        );
    }
    // The ways of protection that give just what is asked for.
    let (security, link) = match (
        sketch.is(Fact::Open) || sketch.is(Fact::Readable),
        sketch.word(Fact::Proven, "one-end"),
    ) {
        _ if facts.contains_key(&Fact::Link) => ("none", sketch.word(Fact::Link, "none")),
        (true, _) | (_, "nobody") => ("none", "none"),
        (_, "group") => ("none", "wpa2"),
        (_, "both-ends") => ("oscore", "none"),
        _ => ("tls13", "none"),
    };
    let protocol = if sketch.is(Fact::ByPeople) {
        "human"
    } else {
        sketch.protocol()
    };
    let link = if sketch.is(Fact::ByPeople) {
        "none"
    } else {
        link
    };
    let _ = writeln!(
        out,
        "[[flow]]\nid = \"{ELEMENT}\"\nfrom = \"from\"\nto = \"to\"\nproto = \"{protocol}\"\nsecurity = \"{}\"\nlink = \"{link}\"",
        sketch.word(Fact::Security, security)
    );
    let lines = [
        (sketch.is(Fact::Relayed), "via = \"middle\""),
        (is_carrying, "assets = [\"thing\"]"),
        (
            sketch.is_or(Fact::Sequenced, true),
            "sequence = \"required\"",
        ),
        (sketch.is_or(Fact::Rated, true), "rate = \"1/1m\""),
        (
            sketch.is_or(Fact::Bounded, true),
            "schema = { type = \"object\" }",
        ),
        (sketch.is_or(Fact::Timed, true), "timeout_seconds = 5"),
    ];
    for (_, line) in lines.iter().filter(|(holds, _)| *holds) {
        let _ = writeln!(out, "{line}");
    }
    let _ = writeln!(
        out,
        "[[flow]]\nid = \"other\"\nfrom = \"to\"\nto = \"from\"\nproto = \"https\"\nsecurity = \"tls13\""
    );
    let act = sketch.is(Fact::CarriesAction);
    let feedback = sketch.is(Fact::CarriesFeedback);
    if act || feedback {
        let flow = if act { ELEMENT } else { "other" };
        let feedback = if feedback { "\"it\"" } else { "\"other\"" };
        control(&mut out, ("from", "to"), flow, feedback);
    }
    out
}

fn component(subject: Subject, facts: &Facts) -> String {
    let sketch = Sketch(facts);
    let mut out = String::new();
    zones(
        &mut out,
        sketch.word(Fact::PhysicalAccess, "locked"),
        sketch.word(Fact::Network, "closed"),
    );
    subject_part(&mut out, subject, &sketch);
    let peer = if sketch.is(Fact::UsedByPeople) {
        "human"
    } else {
        "service"
    };
    let is_reached = sketch.is(Fact::Reached);
    part(
        &mut out,
        "peer",
        peer,
        if is_reached { "there" } else { "here" },
    );
    part(&mut out, "third", "store", "here");
    let is_received = sketch.is(Fact::ReceivesAsset);
    let is_personal = sketch.is(Fact::KeepsPersonal);
    let is_kept = is_personal || sketch.is(Fact::KeepsAsset) || facts.contains_key(&Fact::Keeps);
    if is_kept || is_received {
        let keeper = if is_kept { "\"it\"" } else { "" };
        asset(
            &mut out,
            sketch.word(Fact::Keeps, "data"),
            is_personal,
            keeper,
        );
    }
    let speaks = sketch.is(Fact::Speaks);
    if speaks || is_reached || is_received || sketch.is(Fact::UsedByPeople) {
        let assets = if is_received { "\"thing\"" } else { "" };
        let _ = writeln!(
            out,
            "[[flow]]\nid = \"talk\"\nfrom = \"peer\"\nto = \"it\"\nproto = \"https\"\nsecurity = \"tls13\"\nassets = [{assets}]"
        );
    }
    let (controls, controlled) = (sketch.is(Fact::Controls), sketch.is(Fact::Controlled));
    if controls || controlled {
        let ends = if controls {
            (ELEMENT, "third")
        } else {
            ("third", ELEMENT)
        };
        let _ = writeln!(
            out,
            "[[flow]]\nid = \"wire\"\nfrom = \"third\"\nto = \"peer\"\nproto = \"https\"\nsecurity = \"tls13\""
        );
        control(&mut out, ends, "wire", "");
    }
    out
}

fn subject_part(out: &mut String, subject: Subject, sketch: &Sketch<'_>) {
    let kind = subject.word();
    let _ = writeln!(
        out,
        "[[component]]\nid = \"{ELEMENT}\"\nkind = \"{kind}\"\nzone = \"here\""
    );
    if subject == Subject::Device {
        let _ = writeln!(out, "class = \"{}\"", sketch.word(Fact::Class, "mcu-board"));
    }
    if sketch.is(Fact::Bought) {
        out.push_str("bought = true\n");
    }
    if sketch.is(Fact::Many) {
        out.push_str("count = 2\n");
    }
    if sketch.is(Fact::Depends) {
        out.push_str("depends_on = [\"peer\"]\n");
    }
    let random = sketch.word(Fact::Random, "hw");
    let (boot, tpm, battery) = (
        sketch.is_or(Fact::SecureBoot, true),
        sketch.is_or(Fact::Tpm, true),
        sketch.is(Fact::Battery),
    );
    let _ = writeln!(
        out,
        "caps = {{ rng = \"{random}\", secure_boot = {boot}, tpm = {tpm}, battery = {battery} }}"
    );
    let (os, language) = (
        sketch.word(Fact::Os, "rtos"),
        sketch.word(Fact::Language, "rust"),
    );
    let _ = writeln!(
        out,
        "platform = {{ os = \"{os}\", languages = [\"{language}\"] }}"
    );
    let mut interfaces = BTreeSet::from([sketch.word(Fact::Interfaces, "other")]);
    if sketch.is(Fact::DebugPort) {
        interfaces.insert("jtag");
    }
    if sketch.is(Fact::ShortRangeRadio) {
        interfaces.insert("nfc");
    }
    let interfaces: Vec<&str> = interfaces.into_iter().collect();
    let _ = writeln!(out, "interfaces = {interfaces:?}");
}
