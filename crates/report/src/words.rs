//! The words of values that models do not write down, as keys and style classes have them, and the factors of a risk
//! in words.

use sekimori_analysis::Analysis;
use sekimori_analysis::choose::{State, Wishes};
use sekimori_analysis::documents::Worth;
use sekimori_analysis::language::Language;
use sekimori_analysis::model::Protocol;
use sekimori_analysis::risk::Risk;

use crate::Report;
use crate::labels::Labels;

/// Labels of the sentences that say how to read a report.
pub(crate) const METHOD: [&str; 5] = [
    "method-1",
    "method-2",
    "method-3",
    "method-4",
    "recorded-note",
];

/// Of which day a report is, and what it was concluded from.
pub(crate) fn generated(report: &Report<'_>, labels: &Labels) -> String {
    let key = match report.findings {
        Some(_) => "generated-observed",
        None => "generated",
    };
    labels.with(key, &[("date", report.analysis.date.to_string().into())])
}

/// The word of a state.
pub(crate) const fn state_word(state: State) -> &'static str {
    match state {
        State::NotApplicable => "not-applicable",
        State::BelowThreshold => "below-threshold",
        State::Accepted => "accepted",
        State::Transferred => "transferred",
        State::Dismissed => "dismissed",
        State::Closed => "closed",
        State::Open => "open",
    }
}

/// The word by which a reader filters states: three answers to the question what is left to do.
pub(crate) const fn filter_word(state: State) -> &'static str {
    match state {
        State::Open => "open",
        State::Closed => "closed",
        State::Accepted
        | State::Transferred
        | State::Dismissed
        | State::BelowThreshold
        | State::NotApplicable => "other",
    }
}

/// What stands between the parts of a list.
pub(crate) const fn comma(language: Language) -> &'static str {
    match language {
        Language::English => ", ",
        Language::Japanese => "、",
    }
}

/// `+6 the way in crosses a trust boundary, +1 …; actors: …`: every factor of a likelihood.
pub(crate) fn likelihood(
    risk: &Risk,
    analysis: &Analysis,
    labels: &Labels,
    language: Language,
) -> String {
    let factors = risk.likelihood_factors.iter();
    let factors = factors.map(|factor| format!("{:+} {}", factor.points, factor.why.of(language)));
    let mut said = factors.collect::<Vec<String>>().join(comma(language));
    let actors: Vec<&str> = risk
        .actors
        .iter()
        .filter_map(|actor| Some(analysis.knowledge.actors.get(&actor)?.name.of(language)))
        .collect();
    if !actors.is_empty() {
        let list = actors.join(comma(language));
        said.push_str(&labels.with("risk-actors", &[("list", list.into())]));
    }
    said
}

/// Every reason of an impact with its level, the worst first.
pub(crate) fn impact(risk: &Risk, labels: &Labels, language: Language) -> String {
    let reasons = risk.impact_factors.iter().map(|reason| {
        let level = labels.text(&format!("level-{}", reason.level.word()));
        format!("{level} – {}", reason.why.of(language))
    });
    let separator = match language {
        Language::English => "; ",
        Language::Japanese => "、",
    };
    reasons.collect::<Vec<String>>().join(separator)
}

/// What was wished for, in a sentence.
pub(crate) fn wishes(wishes: &Wishes, labels: &Labels, language: Language) -> String {
    let list = |names: &std::collections::BTreeSet<String>| {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.join(comma(language))
    };
    let mut said = Vec::new();
    for (key, names) in [
        ("wish-with", &wishes.with),
        ("wish-without", &wishes.without),
    ] {
        if !names.is_empty() {
            said.push(labels.with(key, &[("list", list(names).into())]));
        }
    }
    if let Some(budget) = wishes.budget {
        said.push(labels.with("wish-budget", &[("points", budget.to_string().into())]));
    }
    said.join(" ")
}

/// The label of what a document is worth.
pub(crate) const fn worth_key(worth: Worth) -> &'static str {
    match worth {
        Worth::Counts => "worth-counts",
        Worth::Against => "worth-against",
        Worth::TellsNothing => "worth-tells-nothing",
        Worth::Expired => "worth-expired",
        Worth::Withdrawn => "worth-withdrawn",
    }
}

/// What a reader calls a protocol: a name of its own is the same in every language.
pub(crate) fn protocol(protocol: Protocol, labels: &Labels) -> String {
    match protocol {
        Protocol::Human => labels.text("protocol-human"),
        Protocol::Other => labels.text("protocol-other"),
        Protocol::Serial => labels.text("protocol-serial"),
        Protocol::Lorawan => "LoRaWAN".to_owned(),
        Protocol::Zigbee => "Zigbee".to_owned(),
        Protocol::Modbus => "Modbus".to_owned(),
        Protocol::Opcua => "OPC UA".to_owned(),
        Protocol::Coap => "CoAP".to_owned(),
        abbreviated => abbreviated.word().to_uppercase(),
    }
}
