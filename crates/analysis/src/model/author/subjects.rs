//! What needs the whole model: that decisions and statements are about something, and that rules and
//! countermeasures that are named exist.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Fault, Gravity};
use crate::knowledge::{self, Knowledge};
use crate::language::Text;
use crate::model::fields::Fields;
use crate::model::identifiers::{Expected, likely, similar};
use crate::model::reader::{Reader, shown};
use crate::model::{Model, RiskId, UnsafeKind};

/// Checks what every decision and statement is about, and what rules and countermeasures name.
pub(in crate::model) fn check(r: &mut Reader<'_>, model: &Model, wholes: &[Fields<'_>]) {
    let base = knowledge::base();
    named_knowledge(r, base);
    let subjects = LazyCell::new(|| Subjects::of(model, base));
    for (index, whole) in wholes.iter().enumerate() {
        r.turn_to(index);
        for (section, key) in [("decision", "cell"), ("statement", "item")] {
            let items = whole.value(section);
            let items = items.and_then(|value| value.get_ref().as_array());
            for item in items.into_iter().flat_map(|items| items.iter()) {
                let value = item.get_ref().as_table().and_then(|table| table.get(key));
                let Some(value) = value else { continue };
                let Some(id) = value.get_ref().as_str() else {
                    continue;
                };
                let missing = match section {
                    "decision" => model
                        .decisions
                        .get(id)
                        .and_then(|decision| subjects.missing(r, &decision.risk)),
                    _ => subjects.missing_item(r, id),
                };
                if let Some(missing) = missing {
                    let id = shown(id);
                    let expected = match section {
                        "decision" => Text::new(
                            "the id of something that the model has",
                            "モデルにあるものの id",
                        ),
                        _ => Text::new(
                            "the id of a control of the checklist, or of an item of a requirement set",
                            "チェックリストの管理策か、要件集の項目の id",
                        ),
                    };
                    let fault = Fault::SubjectGone {
                        id,
                        missing: missing.what,
                        expected,
                        similar: missing.similar,
                    };
                    r.report(value.span(), fault);
                }
            }
        }
    }
}

/// What is not there, and what may have been meant.
struct Missing {
    what: Text,
    similar: Option<String>,
}

/// What a decision or a statement can be about, beside the ids of the model.
struct Subjects<'m> {
    /// Rules of STRIDE that ship.
    rules: BTreeSet<&'m str>,
    /// Rules for what precedes an attack: no STRIDE rules, and can be decided about all the same.
    before: BTreeSet<&'m str>,
    /// Items of requirement sets.
    items: BTreeSet<&'m str>,
    /// Kinds of unsafe control action that somebody wrote about, by action and kind.
    written: BTreeMap<(&'m str, UnsafeKind), &'m str>,
}

impl<'m> Subjects<'m> {
    fn of(model: &'m Model, base: &'m Knowledge) -> Self {
        let before = crate::stpa::before_rules().iter();
        let items = base.regimes.values().flat_map(|set| &set.items);
        let mut written = BTreeMap::new();
        for (id, uca) in &model.unsafe_control_actions {
            let place = (uca.action.as_str(), uca.kind);
            written.entry(place).or_insert(id.as_str());
        }
        Subjects {
            rules: base.rules.iter().map(|rule| rule.id.as_str()).collect(),
            before: before.map(|rule| rule.id.as_str()).collect(),
            items: items.map(|item| item.id.as_str()).collect(),
            written,
        }
    }

    /// What of a decision's subject is not in the model.
    fn missing(&self, r: &Reader<'_>, subject: &RiskId) -> Option<Missing> {
        let ids = &r.identifiers;
        let no = |id: &str, expected: Expected| {
            let words = expected.words();
            (!ids.has(id, expected)).then(|| Missing {
                similar: worth_it(r, || likely(ids, id, expected)),
                what: Text::new(
                    format!("\"{}\" is not the id of {}", shown(id), words.en),
                    format!("\"{}\" は{}の id ではありません", shown(id), words.ja),
                ),
            })
        };
        match subject {
            RiskId::Cell(cell) => no(&cell.component, Expected::Device),
            RiskId::Threat { rule, .. } if self.items.contains(rule.as_str()) => Some(Missing {
                similar: None,
                what: Text::new(
                    format!(
                        "\"{rule}\" is an item of a requirement set: a set that binds leaves no choice; where it does not apply, say why in a [[statement]]"
                    ),
                    format!(
                        "\"{rule}\" は要件集の項目です。適用される要件集に受容の余地はなく、当てはまらない場合は [[statement]] に理由を書きます"
                    ),
                ),
            }),
            RiskId::Threat { element, rule } => no(element, Expected::Element).or_else(|| {
                let ships = [&self.rules, &self.before].map(|known| known.contains(rule.as_str()));
                (!ships.contains(&true) && !ids.has_apart("rule", rule)).then(|| Missing {
                    similar: worth_it(r, || similar(rule, self.rules.iter().copied())),
                    what: Text::new(
                        format!("there is no rule \"{}\"", shown(rule)),
                        format!("規則 \"{}\" はありません", shown(rule)),
                    ),
                })
            }),
            RiskId::Derived { uca, element, .. } => {
                no(uca, Expected::UnsafeControlAction).or_else(|| no(element, Expected::Element))
            }
            RiskId::Scenario(id) => no(id, Expected::Scenario),
            RiskId::Candidate { action, kind } => {
                no(action, Expected::ControlAction).or_else(|| {
                    let id = self.written.get(&(action.as_str(), *kind))?;
                    Some(Missing {
                        similar: None,
                        what: Text::new(
                            format!(
                                "\"{id}\" says how it is unsafe, so it is no candidate any more"
                            ),
                            format!("\"{id}\" に書かれているので、もう候補ではありません"),
                        ),
                    })
                })
            }
        }
    }

    /// Why a statement's item is none.
    fn missing_item(&self, r: &Reader<'_>, id: &str) -> Option<Missing> {
        let is_control = crate::checklist::is_control(id);
        (!is_control && !self.items.contains(id)).then(|| {
            let similar = worth_it(r, || similar(id, self.items.iter().copied()));
            let id = shown(id);
            let what = Text::new(
                format!("neither a control of the checklist nor an item of a requirement set is called \"{id}\""),
                format!("チェックリストにも要件集にも \"{id}\" はありません"),
            );
            Missing { what, similar }
        })
    }
}

/// What was probably meant, as long as somebody will read it: among ten thousand it takes a while to find.
fn worth_it(r: &Reader<'_>, similar: impl FnOnce() -> Option<String>) -> Option<String> {
    r.is_listing(Gravity::Warning).then(similar).flatten()
}

fn named_knowledge(r: &mut Reader<'_>, base: &Knowledge) {
    for (section, key, id, span) in r.take_named() {
        let mut rules = base.rules.iter().map(|rule| rule.id.as_str());
        let ships = match section {
            "rule" => rules.any(|known| known == id),
            _ => base.measures.contains_key(&id),
        };
        if ships || r.identifiers.has_apart(section, &id) {
            continue;
        }
        let similar = match section {
            _ if !r.is_listing(Gravity::Error) => None,
            "rule" => similar(&id, base.rules.iter().map(|rule| rule.id.as_str())),
            _ => similar(&id, base.measures.keys().map(String::as_str)),
        };
        let id = shown(&id);
        r.report_at(span, Fault::UnknownKnowledge { key, id, similar });
    }
}
