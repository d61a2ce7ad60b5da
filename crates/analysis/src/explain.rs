//! What an id stands for: a countermeasure, a candidate, a common threat, a rule, a threat of the matrix, an item, a
//! probe; with a model in hand, whatever a report of it prints, and what that hangs on.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::catalogue::{self, Candidate, Verdict};
use crate::cross_check;
use crate::knowledge::{Item, JnsaThreat, Knowledge, Measure, Probe, ProbeName, RegimeSet, Rule};
use crate::language::Text;
use crate::model::identifiers::edits;
use crate::stpa::{self, BeforeRule, Cause};

mod of_model;
pub(crate) mod words;

pub use of_model::Explainer;
use words::{
    check, effort, made_of, pillar, place, provided, status, strength, stride, subject, unsafe_kind,
};

/// What an id stands for, as labelled facts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The id.
    pub id: String,
    /// What kind of thing it is.
    pub kind: Text,
    /// Its name, or what it says.
    pub title: Text,
    /// What is known of it; a fact without a value is left out.
    pub facts: Vec<Fact>,
    /// What it hangs on by way of each requirement of the model; empty without a model.
    pub ways: Vec<Way>,
}

/// What something hangs on by way of one requirement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    /// Id of the requirement.
    pub requirement: String,
    /// What shall hold.
    pub shall: Text,
    /// Ids at the other ends, by kind.
    pub ends: Vec<Fact>,
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about.
    pub label: Text,
    /// At least one value.
    pub values: Vec<Text>,
}

/// Explains an id of this knowledge; [`None`] when nothing is called so.
pub fn explain(knowledge: &Knowledge, id: &str) -> Option<Explanation> {
    let (kind, title, facts) = if let Some(measure) = knowledge.measures.get(id) {
        let kind = Text::new("Countermeasure", "対策");
        (kind, measure.name.clone(), of_measure(knowledge, measure))
    } else if let Some(candidate) = catalogue::candidates().get(id) {
        let kind = Text::new("Candidate of a list", "一覧の候補");
        (
            kind,
            candidate.text.clone(),
            of_candidate(knowledge, candidate),
        )
    } else if let Some(threat) = cross_check::common_threat(id) {
        let kind = Text::new("Common threat", "よくある脅威");
        let answers = cross_check::answers(id);
        let answers = answers.iter().map(|id| named(knowledge, id)).collect();
        let facts = vec![
            fact("What happens", "何が起きるか", vec![threat.text]),
            fact("Source", "出典", vec![threat.document]),
            fact("Touches a system when", "関わる場合", threat.touches),
            fact("Otherwise", "そうでなければ", vec![threat.otherwise]),
            fact("Answered by", "応じる対策", answers),
        ];
        (kind, threat.name, facts)
    } else if let Some(rule) = knowledge.rules.iter().find(|rule| rule.id == id) {
        let kind = Text::new("STRIDE rule", "STRIDE の規則");
        (kind, rule.text.clone(), of_rule(knowledge, rule))
    } else if let Some(threat) = knowledge.threats.get(id) {
        let kind = Text::new("Threat of the JNSA matrix", "JNSA 一覧の脅威");
        (kind, threat.name.clone(), of_threat(knowledge, id, threat))
    } else if let Some(rule) = stpa::before_rules().iter().find(|rule| rule.id == id) {
        let kind = Text::new("Rule for what precedes an attack", "攻撃の前についての規則");
        (kind, rule.text.clone(), of_before(knowledge, rule))
    } else if let Some(cause) = stpa::causes().causes.iter().find(|cause| cause.id == id) {
        let kind = Text::new("Row of the STPA table", "STPA の表の行");
        (kind, cause.text.clone(), of_cause(knowledge, cause))
    } else if let Some(probe) = knowledge.probes.get(id) {
        let kind = Text::new("Probe", "プローブ");
        (kind, probe.text.clone(), of_probe(knowledge, id, probe))
    } else {
        let (set, item) = item(knowledge, id)?;
        let kind = Text::new("Item of a requirement set", "要件集の項目");
        (kind, item.text.clone(), of_item(knowledge, set, item))
    };
    Some(Explanation {
        id: id.to_owned(),
        kind,
        title,
        facts: facts
            .into_iter()
            .filter(|fact| !fact.values.is_empty())
            .collect(),
        ways: Vec::new(),
    })
}

/// Ids of the knowledge that were probably meant, the likeliest first; at most `most`.
pub fn nearest(knowledge: &Knowledge, id: &str, most: usize) -> Vec<String> {
    nearest_of(id, ids(knowledge).into_iter(), most)
}

/// Every id that [`explain`] knows.
fn ids(knowledge: &Knowledge) -> BTreeSet<&str> {
    let items = knowledge.regimes.values().flat_map(|set| &set.items);
    let rules = knowledge.rules.iter().map(|rule| &rule.id);
    let rules = rules.chain(stpa::before_rules().iter().map(|rule| &rule.id));
    let rules = rules.chain(stpa::causes().causes.iter().map(|cause| &cause.id));
    let ids = knowledge.measures.keys().chain(knowledge.threats.keys());
    let ids = ids.chain(knowledge.probes.keys());
    let ids = ids.chain(catalogue::candidates().keys()).chain(rules);
    let ids = ids.chain(items.map(|item| &item.id)).map(String::as_str);
    let mut ids: BTreeSet<&str> = ids.collect();
    for id in cross_check::common_ids() {
        ids.insert(id);
    }
    ids
}

/// The ids that contain what was asked for, then those a few edits away, whatever the case.
fn nearest_of<'i>(id: &str, known: impl Iterator<Item = &'i str>, most: usize) -> Vec<String> {
    /// Longest id that is compared letter by letter.
    const LONGEST: usize = 64;
    let wanted = id.to_lowercase();
    if wanted.is_empty() || wanted.len() > LONGEST {
        return Vec::new();
    }
    let allowed = (wanted.chars().count() / 3).max(1);
    let rank = |known: &str| {
        if known.to_lowercase().contains(&wanted) {
            return Some(0);
        }
        let is_near = known.len().abs_diff(wanted.len()) <= allowed;
        let edits = is_near.then(|| edits(&wanted, known))?;
        (edits <= allowed).then_some(edits)
    };
    let mut ranked: Vec<(usize, usize, &str)> = known
        .filter_map(|known| Some((rank(known)?, known.len(), known)))
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    let nearest = ranked.into_iter().take(most);
    nearest.map(|(.., known)| known.to_owned()).collect()
}

fn of_measure(knowledge: &Knowledge, measure: &Measure) -> Vec<Fact> {
    let rules = knowledge.rules.iter();
    let rules = rules.filter(|rule| rule.answers.contains(&measure.id));
    let cells = knowledge.board.iter();
    let cells = cells.filter(|(_, measures)| measures.contains(&measure.id));
    let items = measure.items.iter().filter_map(|id| {
        let (set, item) = item(knowledge, id)?;
        Some(joined(id, &set.name, &item.text))
    });
    let asked = catalogue::candidates().values().filter(|candidate| {
        matches!(&candidate.verdict, Verdict::Kept(measures) if measures.contains(&measure.id))
    });
    let asked = asked.map(|c| joined(&c.id, &c.source.name(), &c.text));
    let resources = &measure.resources;
    let takes = [
        (
            resources.ram_kib,
            ("", "KiB of memory"),
            ("メモリー ", "KiB"),
        ),
        (
            resources.flash_kib,
            ("", "KiB of storage"),
            ("保存領域 ", "KiB"),
        ),
        (
            resources.cpu_percent,
            ("", "% of the device's processor"),
            ("機器の処理時間 ", "%"),
        ),
        (
            resources.gateway_percent,
            ("", "% of the gateway's processor"),
            ("ゲートウェイの処理時間 ", "%"),
        ),
    ];
    let takes = takes.into_iter().filter(|(amount, ..)| *amount > 0);
    let takes = takes.map(|(amount, en, ja)| {
        let say = |(before, after)| format!("{before}{amount} {after}");
        Text::new(say(en), say(ja))
    });
    let names = |ids: &BTreeSet<String>| -> Vec<Text> {
        ids.iter().map(|id| named(knowledge, id)).collect()
    };
    let probes = |names: &[ProbeName]| -> Vec<Text> {
        names.iter().map(|name| probe(knowledge, name)).collect()
    };
    vec![
        fact("What shall hold", "満たすこと", vec![measure.shall.clone()]),
        fact("Pillar", "柱", vec![pillar(measure.pillar)]),
        fact("Where", "場所", vec![place(measure.place)]),
        fact("Made of", "種類", vec![made_of(measure.kind)]),
        fact(
            "Strength (own judgement)",
            "強さ（当方の判断）",
            vec![strength(measure.strength)],
        ),
        fact(
            "Effort points (own judgement)",
            "労力点（当方の判断）",
            vec![effort(measure)],
        ),
        fact(
            "Takes (own judgement)",
            "使う資源（当方の判断）",
            takes.collect(),
        ),
        fact("Needs", "前提", names(&measure.requires)),
        fact(
            "Cannot stand beside",
            "両立しない",
            names(&measure.conflicts),
        ),
        fact("Provided", "備わる条件", vec![provided(measure.provided)]),
        fact(
            "Seen at work by",
            "働きを示す観測",
            probes(&measure.observed),
        ),
        fact(
            "Refusals that show it",
            "示す拒否",
            probes(&measure.refused),
        ),
        fact(
            "Answers rules",
            "応じる規則",
            rules.map(|rule| lead(&rule.id, &rule.text)).collect(),
        ),
        fact(
            "Cells of the board's matrix",
            "一覧の欄（汎用ボード）",
            cells.map(|(cell, _)| in_cell(knowledge, cell)).collect(),
        ),
        fact("Serves items", "役立つ項目", items.collect()),
        fact("Asked for by", "求める一覧", asked.collect()),
    ]
}

fn of_candidate(knowledge: &Knowledge, candidate: &Candidate) -> Vec<Fact> {
    let realized = catalogue::realized_by(candidate);
    let realized = realized.iter().map(|id| named(knowledge, id)).collect();
    let verdict = match &candidate.verdict {
        Verdict::Kept(_) => Text::new("Kept.", "採用。"),
        Verdict::Excluded(reason) => {
            let why = reason.text();
            Text::new(
                format!("Excluded: {} That does not mean ineffective.", why.en),
                format!("除外: {}効果がないという意味ではない。", why.ja),
            )
        }
        Verdict::Duplicate(of) => {
            Text::new(format!("Says the same as {of}."), format!("{of} と同じ。"))
        }
    };
    vec![
        fact("List", "一覧", vec![candidate.source.name()]),
        fact("Whose words", "誰の言葉か", vec![candidate.source.note()]),
        fact(
            "Verdict (own judgement)",
            "判定（当方の判断）",
            vec![verdict],
        ),
        fact("Realized by", "実現する対策", realized),
    ]
}

fn of_rule(knowledge: &Knowledge, rule: &Rule) -> Vec<Fact> {
    let answers = rule.answers.iter().map(|id| named(knowledge, id));
    let on = rule.on.iter().map(|about| subject(*about));
    vec![
        fact("Kind of threat", "脅威の種類", vec![stride(rule.stride)]),
        fact("About", "対象", on.collect()),
        fact("Answered by", "応じる対策", answers.collect()),
    ]
}

fn of_before(knowledge: &Knowledge, rule: &BeforeRule) -> Vec<Fact> {
    let answers = rule.answers.iter().map(|id| named(knowledge, id));
    let phase = match rule.phase {
        stpa::Phase::Survey => Text::new("survey", "偵察"),
        stpa::Phase::Preparation => Text::new("preparation", "準備"),
        stpa::Phase::Attack => Text::new("attack", "攻撃"),
    };
    let (on, eases) = (rule.on.iter(), rule.eases.iter());
    vec![
        fact("When in an attack", "攻撃のどの段階か", vec![phase]),
        fact("About", "対象", on.map(|about| subject(*about)).collect()),
        fact(
            "Makes easier",
            "容易にする攻撃",
            eases.map(|word| stride(*word)).collect(),
        ),
        fact("Answered by", "応じる対策", answers.collect()),
    ]
}

fn of_cause(knowledge: &Knowledge, cause: &Cause) -> Vec<Fact> {
    let answers = cause.answers.iter().map(|id| named(knowledge, id));
    let kinds = cause.kinds.iter().map(|kind| unsafe_kind(*kind));
    vec![
        fact("Guide word", "手がかり語", vec![stride(cause.stride)]),
        fact(
            "Can cause that the action",
            "引き起こしうる形",
            kinds.collect(),
        ),
        fact("Answered by", "応じる対策", answers.collect()),
    ]
}

fn of_probe(knowledge: &Knowledge, id: &str, probe: &Probe) -> Vec<Fact> {
    let window = Text::new(
        format!("{} hours", probe.window),
        format!("{} 時間", probe.window),
    );
    let measures = knowledge.measures.values().filter(|measure| {
        let mut probes = measure.observed.iter().chain(&measure.refused);
        probes.any(|name| name.probe == id)
    });
    vec![
        fact(
            "An observation counts for",
            "観測が有効な時間",
            vec![window],
        ),
        fact(
            "Shows at work",
            "働きを示す対策",
            measures
                .map(|measure| lead(&measure.id, &measure.name))
                .collect(),
        ),
    ]
}

fn of_threat(knowledge: &Knowledge, id: &str, threat: &JnsaThreat) -> Vec<Fact> {
    let cells = knowledge.board.iter().filter(|((row, _), _)| row == id);
    let phases = cells.filter_map(|((_, phase), measures)| {
        let names = measures.iter().map(|id| named(knowledge, id));
        Some(Fact {
            label: knowledge.phases.get(phase)?.clone(),
            values: names.collect(),
        })
    });
    let mut facts = vec![fact(
        "What happens",
        "何が起きるか",
        vec![threat.text.clone()],
    )];
    facts.extend(phases);
    facts
}

fn of_item(knowledge: &Knowledge, set: &RegimeSet, item: &Item) -> Vec<Fact> {
    let measures = knowledge.measures.values();
    let measures = measures.filter(|measure| measure.items.contains(&item.id));
    vec![
        fact("Requirement set", "要件集", vec![set.name.clone()]),
        fact("Version", "版", vec![set.version.clone()]),
        fact(
            "Place in the text",
            "原文の箇所",
            vec![Text::same(&item.r#ref)],
        ),
        fact("Status", "位置づけ", vec![status(item.status)]),
        fact("Checked by", "確かめ方", vec![check(item.check)]),
        fact(
            "Served by",
            "役立つ対策",
            measures
                .map(|measure| lead(&measure.id, &measure.name))
                .collect(),
        ),
    ]
}

fn item<'k>(knowledge: &'k Knowledge, id: &str) -> Option<(&'k RegimeSet, &'k Item)> {
    knowledge.regimes.values().find_map(|set| {
        let mut items = set.items.iter();
        items.find(|item| item.id == id).map(|item| (set, item))
    })
}

fn fact(en: &str, ja: &str, values: Vec<Text>) -> Fact {
    Fact {
        label: Text::new(en, ja),
        values,
    }
}

/// An id with what it says.
fn lead(id: &str, text: &Text) -> Text {
    Text::new(format!("{id}  {}", text.en), format!("{id}  {}", text.ja))
}

fn joined(id: &str, source: &Text, text: &Text) -> Text {
    Text::new(
        format!("{id}  {} ({})", text.en, source.en),
        format!("{id}  {}（{}）", text.ja, source.ja),
    )
}

fn named(knowledge: &Knowledge, id: &str) -> Text {
    match knowledge.measures.get(id) {
        Some(measure) => lead(id, &measure.name),
        None => Text::same(id),
    }
}

fn in_cell(knowledge: &Knowledge, (threat, phase): &(String, crate::model::Phase)) -> Text {
    let id = format!("{threat}:{}", phase.word());
    let threat = knowledge.threats.get(threat).map(|threat| &threat.name);
    let phase = knowledge.phases.get(phase);
    match threat.zip(phase) {
        Some((threat, phase)) => Text::new(
            format!("{id}  {}, {}", threat.en, phase.en),
            format!("{id}  {}、{}", threat.ja, phase.ja),
        ),
        None => Text::same(id),
    }
}

fn probe(knowledge: &Knowledge, name: &ProbeName) -> Text {
    let id = match &name.reason {
        Some(reason) => format!("{} ({reason})", name.probe),
        None => name.probe.clone(),
    };
    match knowledge.probes.get(&name.probe) {
        Some(probe) => lead(&id, &probe.text),
        None => Text::same(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge;

    #[test]
    fn every_kind_of_id_is_explained_in_both_languages() {
        let base = knowledge::base();
        for (id, kind) in [
            ("CM-ENC", "Countermeasure"),
            ("CSA-4.7", "Candidate of a list"),
            ("JM-05-P1-2", "Candidate of a list"),
            ("IPA-O1", "Common threat"),
            ("SR-F1", "STRIDE rule"),
            ("JT05", "Threat of the JNSA matrix"),
            ("ETSI-5.1-1", "Item of a requirement set"),
        ] {
            let explanation = explain(base, id).unwrap_or_else(|| panic!("{id}"));
            assert_eq!(explanation.kind.en, kind, "{id}");
            assert!(!explanation.facts.is_empty(), "{id}");
            for fact in &explanation.facts {
                let japanese = |text: &Text| text.ja.chars().any(|c| c > '\u{3000}');
                assert!(japanese(&fact.label) && !fact.values.is_empty(), "{id}");
            }
        }
        assert_eq!(explain(base, "CM-NONE"), None);
    }

    #[test]
    fn everything_that_has_an_id_is_explained() {
        let base = knowledge::base();
        let ids = base.measures.keys().chain(base.threats.keys());
        let ids = ids.chain(catalogue::candidates().keys());
        for id in ids.chain(base.rules.iter().map(|rule| &rule.id)) {
            let explanation = explain(base, id).unwrap_or_else(|| panic!("{id}"));
            assert_eq!(&explanation.id, id);
            assert!(!explanation.title.ja.is_empty(), "{id}");
        }
    }

    #[test]
    fn an_explanation_leads_back_to_who_asks() {
        let base = knowledge::base();
        let explanation = explain(base, "CM-ENC").expect("known");
        let asked = explanation
            .facts
            .iter()
            .find(|fact| fact.label.en == "Asked for by");
        let asked = asked.expect("by many");
        assert!(
            asked
                .values
                .iter()
                .any(|text| text.en.starts_with("CSA-1.19  "))
        );
        let excluded = explain(base, "IPA-P2-1").expect("known");
        let verdict = &excluded.facts[2].values[0];
        assert!(verdict.en.contains("does not mean ineffective"));
    }
}
