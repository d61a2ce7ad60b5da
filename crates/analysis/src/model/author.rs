//! What an author says beside the system: statements, decisions, rules and countermeasures.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::fields::{Fields, wrong_type};
use super::identifiers::{give_apart, similar};
use super::keys::Section;
use super::reader::{Reader, shown};
use super::{Decision, DecisionStatus, MeasureEdit, RiskId, Statement, StatementStatus, values};
use crate::diagnostic::Fault;
use crate::knowledge::{
    self, Fact, MeasureKind, Rule, RuleChange, RuleFault, Shape, Subject, Wanted,
};
use crate::language::Text;

mod subjects;

pub(super) use subjects::check;

type Read<T> = Option<(String, T)>;

/// How a new rule's id starts.
const NEW_RULE: &str = "X-";
/// How a new countermeasure's id starts.
const NEW_MEASURE: &str = "CM-X-";

pub(super) fn statement(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<Statement> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let item = f.required_text(r, "item", "\"CSA-4.7\"");
    let item = item.and_then(|(item, span)| give_apart(r, "statement", item, span));
    let status = f.required_word(r, "status");
    let why = f.bilingual(r, "why");
    if why.is_none()
        && matches!(
            status,
            Some(StatementStatus::NotApplicable | StatementStatus::Process)
        )
    {
        f.required_text(r, "why", "\"…\"");
    }
    let document = if status == Some(StatementStatus::Document) {
        f.required_text(r, "document", "\"…\"")
    } else {
        f.text(r, "document")
    };
    let owner = f.required_text(r, "owner", "\"…\"");
    let until = f.date(r, "until");
    let statement = Statement {
        status: status?,
        why,
        owner: owner?.0.to_owned(),
        until: until?,
        document: document.map(|(name, _)| name.to_owned()),
    };
    Some((item?, statement))
}

pub(super) fn decision(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<Decision> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let subject = f.required_text(r, "cell", "\"sensor:JT04:P2\"");
    let subject = subject.and_then(|(text, span)| {
        let subject = values::subject(r, text, span.clone())?;
        give_apart(r, "decision", text, span)?;
        Some(subject)
    });
    let status = f.required_word(r, "status");
    let why = f.bilingual(r, "why");
    if why.is_none() {
        f.required_text(r, "why", "\"…\"");
    }
    let owner = f.required_text(r, "owner", "\"…\"");
    let until = f.date(r, "until");
    let subject = subject?;
    if matches!(subject, RiskId::Candidate { .. }) {
        only_dismissed(r, &f, status);
    }
    let id = subject.to_string();
    let decision = Decision {
        risk: subject,
        status: status?,
        why: why?,
        owner: owner?.0.to_owned(),
        until: until?,
    };
    Some((id, decision))
}

/// A candidate is a question: it can be dismissed, or answered by an unsafe control action, and nothing else.
fn only_dismissed(r: &mut Reader<'_>, f: &Fields<'_>, status: Option<DecisionStatus>) {
    let Some(status) = status.filter(|status| *status != DecisionStatus::Dismissed) else {
        return;
    };
    let word = status.word();
    let fault = Fault::KeysDisagree {
        key: "status".to_owned(),
        found: Text::new(
            format!("status = \"{word}\" of something that nobody has called unsafe yet"),
            format!("まだ誰も安全でないと言っていないものに status = \"{word}\""),
        ),
        expected: Text::new(
            "status = \"dismissed\", or an `[[uca]]` whose scenarios can be decided about",
            "status = \"dismissed\"、または `[[uca]]` を書いてそのシナリオを判断する",
        ),
    };
    r.report(
        f.value("status")
            .map_or_else(|| f.span(), toml::Spanned::span),
        fault,
    );
}

pub(super) fn rule(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<RuleChange> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let base = knowledge::base();
    let ships = |id: &str| base.rules.iter().any(|rule| rule.id == id);
    let known = || base.rules.iter().map(|rule| rule.id.as_str());
    let id = changed_id(r, &f, "rule", NEW_RULE, ships, known);
    let disabled = f.boolean(r, "disabled").unwrap_or(false);
    if disabled {
        if let Some(id) = &id
            && !ships(id)
        {
            let span = f.value("disabled").map_or(0..0, toml::Spanned::span);
            r.report(
                span,
                Fault::KeysDisagree {
                    key: "disabled".to_owned(),
                    found: Text::new(
                        format!("\"{id}\" does not ship, so it cannot be switched off"),
                        format!("\"{id}\" は同梱されていないので無効にできません"),
                    ),
                    expected: Text::new(
                        "remove the section, or name a rule that ships",
                        "節を削るか、同梱の規則を挙げる",
                    ),
                },
            );
        }
        return Some((id?, RuleChange::Off));
    }
    let stride = f.required_word(r, "stride");
    let on: BTreeSet<Subject> = f.words(r, "on");
    if f.value("on").is_none() {
        f.required_text(r, "on", "[\"flow\"]");
    }
    let when = facts(r, &f);
    let reach = f.required_word(r, "reach");
    let raise = f.number(r, "raise").unwrap_or(0);
    let skill = f.number(r, "skill").unwrap_or(1);
    let steps = f.number(r, "steps").unwrap_or(0);
    let harms = f.text(r, "harms");
    let answers = measures(r, &f, "answers").unwrap_or_default();
    if f.value("answers").is_none() {
        f.required_text(r, "answers", "[\"CM-ENC\"]");
    }
    let text = f.statement(r);
    let source = f.bilingual(r, "source");
    let rule = Rule {
        id: id?,
        stride: stride?,
        on,
        when,
        reach: reach?,
        raise,
        skill,
        steps,
        intent: true,
        harms: harms.map(|(letters, _)| letters.to_owned()),
        answers: answers.into_iter().collect(),
        text: text?,
        source,
    };
    report_faults(r, &f, &rule);
    Some((rule.id.clone(), RuleChange::Set(Box::new(rule))))
}

/// Reads `when`: what is asked of which fact.
fn facts(r: &mut Reader<'_>, all: &Fields<'_>) -> BTreeMap<Fact, Wanted> {
    let mut facts = BTreeMap::new();
    let Some(table) = all.table(r, "when") else {
        return facts;
    };
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let Some(fact) = Fact::parse(name) else {
            let fault = Fault::UnknownKey {
                key: shown(name),
                section: "when".to_owned(),
                similar: similar(name, Fact::WORDS.iter().copied()),
                known: Fact::WORDS.join(", "),
            };
            r.report(key.span(), fault);
            continue;
        };
        let wanted = match (fact.shape(), value.get_ref()) {
            (Shape::YesNo, DeValue::Boolean(truth)) => Some(Wanted::Is(*truth)),
            (Shape::Words(_), DeValue::Array(items)) => items
                .iter()
                .map(|item| item.get_ref().as_str().map(str::to_owned))
                .collect::<Option<_>>()
                .map(Wanted::AnyOf),
            _ => None,
        };
        if let Some(wanted) = wanted {
            facts.insert(fact, wanted);
            continue;
        }
        let expected = match fact.shape() {
            Shape::YesNo => Text::new("true or false", "true か false"),
            Shape::Words(words) => Text::new(
                format!("a list of words out of {}", words.join(", ")),
                format!("{} から選んだ語の並び", words.join("、")),
            ),
        };
        wrong_type(r, name, value, expected);
    }
    facts
}

/// Reports what is wrong with a rule although it could be read.
fn report_faults(r: &mut Reader<'_>, f: &Fields<'_>, rule: &Rule) {
    let span = |key: &str| f.value(key).map_or_else(|| f.span(), toml::Spanned::span);
    // Which countermeasures there are is asked when everything was read.
    for fault in rule.faults(&knowledge::base().measures) {
        let (key, fault) = match fault {
            RuleFault::UnknownMeasure(_) => continue,
            RuleFault::NoSubject => (
                "on",
                Fault::MissingKey {
                    key: "on".to_owned(),
                    section: "[[rule]]".to_owned(),
                    example: "on = [\"flow\"]".to_owned(),
                },
            ),
            RuleFault::NotOfItsSubjects(fact) => (
                "when",
                Fault::KeysDisagree {
                    key: "when".to_owned(),
                    found: Text::new(
                        format!(
                            "`{}` can be said of none of `on`, or not of all",
                            fact.word()
                        ),
                        format!("`{}` は `on` の全てには当てはまりません", fact.word()),
                    ),
                    expected: Text::new(
                        "conditions about flows with on = [\"flow\"], conditions about components with kinds of component",
                        "フローの条件には on = [\"flow\"]、部品の条件には部品の種類",
                    ),
                },
            ),
            RuleFault::Impossible(fact, words) => {
                let Shape::Words(known) = fact.shape() else {
                    continue;
                };
                let word = words.join(", ");
                (
                    "when",
                    Fault::WrongWord {
                        key: fact.word().to_owned(),
                        similar: similar(&word, known.iter().copied()),
                        word: shown(&word),
                        known: known.join(", "),
                    },
                )
            }
            RuleFault::WrongHarms(harms) => (
                "harms",
                Fault::InvalidValue {
                    key: "harms".to_owned(),
                    found: format!("\"{}\"", shown(&harms)),
                    expected: Text::new(
                        "some of the letters c, i, a, p, as \"ci\"",
                        "c・i・a・p のうちの文字。例: \"ci\"",
                    ),
                },
            ),
        };
        // An absent `on` was reported as missing already.
        if key != "on" || f.value("on").is_some() {
            r.report(span(key), fault);
        }
    }
}

pub(super) fn measure(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<MeasureEdit> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let base = knowledge::base();
    let ships = |id: &str| base.measures.contains_key(id);
    let known = || base.measures.keys().map(String::as_str);
    let id = changed_id(r, &f, "measure", NEW_MEASURE, ships, known);
    let excluded = f.bilingual(r, "excluded");
    let is_new = id.as_deref().is_some_and(|id| !ships(id));
    if is_new {
        for (key, example) in [
            ("pillar", "\"network\""),
            ("place", "\"device\""),
            ("kind", "\"function\""),
            ("name", "\"…\""),
            ("shall", "\"…\""),
            ("cost", "3"),
            ("strength", "2"),
        ] {
            let japanese = format!("{key}_ja");
            if f.value(key).is_none() && f.value(&japanese).is_none() {
                f.required_text(r, key, example);
            }
        }
    }
    let change = MeasureEdit {
        excluded,
        pillar: f.word(r, "pillar"),
        place: f.word(r, "place"),
        kind: f.word(r, "kind"),
        name: f.bilingual(r, "name"),
        shall: f.bilingual(r, "shall"),
        cost: f.number(r, "cost"),
        provided: f.number(r, "provided"),
        strength: f.number(r, "strength"),
        ram_kib: f.number(r, "ram_kib"),
        flash_kib: f.number(r, "flash_kib"),
        cpu_percent: f.number(r, "cpu_percent"),
        gateway_percent: f.number(r, "gateway_percent"),
        unit: f.points(r, "unit"),
        requires: measures(r, &f, "requires"),
        conflicts: measures(r, &f, "conflicts"),
        answers: answers(r, &f),
    };
    check_strength(r, &f, &change, id.as_deref());
    Some((id?, change))
}

/// Guidance, and only guidance, has strength 0.
fn check_strength(r: &mut Reader<'_>, f: &Fields<'_>, change: &MeasureEdit, id: Option<&str>) {
    let base = id.and_then(|id| knowledge::base().measures.get(id));
    let kind = change.kind.or(base.map(|measure| measure.kind));
    let strength = change.strength.or(base.map(|measure| measure.strength));
    let (Some(kind), Some(strength)) = (kind, strength) else {
        return;
    };
    if (kind == MeasureKind::Guidance) == (strength == 0) {
        return;
    }
    let key = if change.strength.is_some() {
        "strength"
    } else {
        "kind"
    };
    let word = kind.word();
    r.report(
        f.value(key).map_or(0..0, toml::Spanned::span),
        Fault::KeysDisagree {
            key: key.to_owned(),
            found: Text::new(
                format!("strength {strength} of a measure of kind \"{word}\""),
                format!("種類 \"{word}\" の対策で強さ {strength}"),
            ),
            expected: Text::new(
                "strength 0 for guidance, and 1 to 3 for everything else",
                "guidance なら強さ 0、それ以外は 1〜3",
            ),
        },
    );
}

/// The id of a rule or countermeasure: one that ships, or one that is marked as new.
fn changed_id<'k, I: Iterator<Item = &'k str>>(
    r: &mut Reader<'_>,
    f: &Fields<'_>,
    section: &'static str,
    prefix: &'static str,
    ships: impl Fn(&str) -> bool,
    known: impl Fn() -> I,
) -> Option<String> {
    let (id, span) = f.required_text(r, "id", &format!("\"{prefix}1\""))?;
    if !ships(id) {
        let is_new = id.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty());
        if !is_new {
            let fault = Fault::InvalidNewId {
                id: shown(id),
                prefix,
                similar: similar(id, known()),
            };
            r.report(span, fault);
            return None;
        }
        super::identifiers::check(r, id, span.clone())?;
    }
    give_apart(r, section, id, span)
}

/// Countermeasures that a key names; whether they exist is asked when everything was read.
fn measures(r: &mut Reader<'_>, f: &Fields<'_>, key: &str) -> Option<BTreeSet<String>> {
    f.value(key)?;
    let named = f.strings(r, key).into_iter();
    Some(
        named
            .map(|(id, span)| {
                r.refer_to_measure(key, id, span);
                id.to_owned()
            })
            .collect(),
    )
}

/// What a countermeasure answers: rules, and cells of threat and phase.
fn answers(r: &mut Reader<'_>, f: &Fields<'_>) -> BTreeSet<String> {
    let base = knowledge::base();
    let mut answers = BTreeSet::new();
    for (text, span) in f.strings(r, "answers") {
        let is_answer = match text.split_once(':') {
            Some((threat, phase)) => {
                base.threats.contains_key(threat) && super::Phase::parse(phase).is_some()
            }
            None => {
                r.refer_to_rule("answers", text, span);
                answers.insert(text.to_owned());
                continue;
            }
        };
        if is_answer {
            answers.insert(text.to_owned());
            continue;
        }
        let fault = Fault::InvalidValue {
            key: "answers".to_owned(),
            found: format!("\"{}\"", shown(text)),
            expected: Text::new(
                "a rule \"SR-F2\", or threat and phase of the matrix \"JT04:P2\"",
                "規則 \"SR-F2\"、または行列の脅威と段階 \"JT04:P2\"",
            ),
        };
        r.report(span, fault);
    }
    answers
}
