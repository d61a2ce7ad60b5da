//! From a model back to text: sections and keys in the order of the table of keys, nothing that
//! is a default.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::keys::{self, SECTIONS, Section};
use super::{
    Asset, Assumption, Component, ControlAction, Controller, Cost, Decision, FORMAT, Flow, Hazard,
    Loss, MeasureEdit, Model, PolicySettings, Rate, Scenario, Statement, UnsafeControlAction, Zone,
    values,
};
use crate::knowledge::{RuleChange, Wanted};

mod entry;

use entry::{Entry, key_text, number, quoted};

/// Writes a model as one text.
pub(super) fn model(model: &Model) -> String {
    let mut out = String::new();
    for section in SECTIONS {
        for entry in entries(model, section) {
            if !out.is_empty() {
                out.push('\n');
            }
            let _ = writeln!(out, "{}", section.written());
            out.push_str(&entry.lines());
        }
    }
    out
}

/// Everything that the model has of one section.
fn entries(model: &Model, section: &'static Section) -> Vec<Entry> {
    let new = || Entry::of(section);
    match section.name {
        "model" => vec![header(new(), model)],
        "cost" => vec![cost(new(), &model.cost)],
        "policy" => vec![policy(new(), &model.policy)],
        "zone" => each(&model.zones, new, zone),
        "component" => each(&model.components, new, component),
        "asset" => each(&model.assets, new, asset),
        "flow" => each(&model.flows, new, flow),
        "loss" => each(&model.losses, new, loss),
        "hazard" => each(&model.hazards, new, hazard),
        "controller" => each(&model.controllers, new, controller),
        "control_action" => each(&model.control_actions, new, control_action),
        "uca" => each(&model.unsafe_control_actions, new, unsafe_control_action),
        "scenario" => each(&model.scenarios, new, scenario),
        "assume" => each(&model.assumptions, new, assumption),
        "statement" => each(&model.statements, new, statement),
        "decision" => each(&model.decisions, new, decision),
        "rule" => each(&model.rules, new, rule),
        "measure" => each(&model.measures, new, measure),
        other => unreachable!("section `{other}` of the table is written"),
    }
    .into_iter()
    .filter(|entry| !entry.said.is_empty())
    .collect()
}

fn each<T>(
    things: &std::collections::BTreeMap<String, T>,
    new: impl Fn() -> Entry,
    write: impl Fn(Entry, &str, &T) -> Entry,
) -> Vec<Entry> {
    let things = things.iter();
    things.map(|(id, thing)| write(new(), id, thing)).collect()
}

fn header(entry: Entry, model: &Model) -> Entry {
    entry
        .text("format", FORMAT)
        .text("id", &model.id)
        .title(&model.id, &model.title)
        .list("regimes", model.regimes.iter().map(|regime| regime.word()))
        .text("risk_threshold", model.threshold.word())
        .optional_text("sector", model.sector.map(|sector| sector.word()))
        .list("actors", model.actors.iter().map(|actor| actor.word()))
        .raw("security_level", model.security_level.number())
}

fn cost(entry: Entry, cost: &Cost) -> Entry {
    let is_usual = cost.currency == Cost::default().currency;
    let mut entry = entry.text("currency", &cost.currency);
    if is_usual {
        entry = entry.raw("effort_point", cost.effort_point);
    } else {
        // Beside another currency the amount must be said, even when it is the usual one.
        let key = keys::find(entry.keys, "effort_point").expect("a key of the table");
        let amount = cost.effort_point.to_string();
        entry.said.push((key, key.name.to_owned(), amount));
    }
    entry
        .raw("ram_kib", cost.ram_kib)
        .raw("flash_kib", cost.flash_kib)
        .raw("cpu_percent", cost.cpu_percent)
        .raw("gateway_percent", cost.gateway_percent)
        .raw("unit", cost.unit)
}

fn policy(entry: Entry, policy: &PolicySettings) -> Entry {
    entry
        .optional("credential_days", policy.credential_days)
        .optional("renew_at_percent", policy.renew_at_percent)
        .optional("handshake_seconds", policy.handshake_seconds)
        .optional("idle_seconds", policy.idle_seconds)
        .list(
            "unauthenticated",
            policy
                .unauthenticated
                .iter()
                .flatten()
                .map(|part| part.word()),
        )
        .optional_text("contain", policy.contain.map(|contain| contain.word()))
        .below("detect", |table| {
            table
                .optional("refusals_per_minute", policy.detect.refusals_per_minute)
                .optional("silence_factor", policy.detect.silence_factor)
        })
}

fn zone(entry: Entry, id: &str, zone: &Zone) -> Entry {
    entry
        .text("id", id)
        .title(id, &zone.title)
        .text("physical", zone.physical.word())
        .text("network", zone.network.word())
}

fn component(entry: Entry, id: &str, component: &Component) -> Entry {
    let caps = &component.capabilities;
    let platform = &component.platform;
    let budget = &component.budget;
    entry
        .text("id", id)
        .title(id, &component.title)
        .text("kind", component.kind.word())
        .raw("bought", component.bought)
        .optional_text("class", component.class.map(|class| class.word()))
        .optional_text("csa_class", component.csa_class.as_deref())
        .text("zone", &component.zone)
        .raw("count", component.count)
        .text("phase", component.phase.word())
        .below("caps", |table| {
            table
                .optional("ram_kib", caps.ram_kib)
                .optional("flash_kib", caps.flash_kib)
                .optional_text("rng", caps.rng.map(|rng| rng.word()))
                .optional("secure_boot", caps.secure_boot)
                .optional("tpm", caps.tpm)
                .optional("battery", caps.battery)
        })
        .list("interfaces", component.interfaces.iter().map(|i| i.word()))
        .strings("depends_on", &component.depends_on)
        .strings("hazards", &component.hazards)
        .strings("hosts", &component.hosts)
        .below("platform", |table| {
            table
                .optional_text("os", platform.os.map(|os| os.word()))
                .list("languages", platform.languages.iter().map(|l| l.word()))
        })
        .below("budget", |table| {
            table
                .optional("ram_kib", budget.ram_kib)
                .optional("flash_kib", budget.flash_kib)
                .optional("cpu_percent", budget.cpu_percent)
        })
}

fn asset(entry: Entry, id: &str, asset: &Asset) -> Entry {
    let privacy = &asset.privacy;
    let entry = entry
        .text("id", id)
        .title(id, &asset.title)
        .text("c", asset.c.word())
        .text("i", asset.i.word())
        .text("a", asset.a.word())
        .raw("personal", asset.personal)
        .strings("stored_in", &asset.stored_in)
        .text("kind", asset.kind.word())
        .strings("fields", &privacy.fields)
        .optional_said("purpose", privacy.purpose.as_ref())
        .optional("retention_days", privacy.retention_days)
        .optional_text("consent", privacy.consent.map(|consent| consent.word()))
        .optional("minimized", privacy.minimized)
        .strings("shared_with", &privacy.shared_with);
    let Some(key) = &asset.key else {
        return entry;
    };
    let said = Entry {
        keys: keys::below(entry.keys, "key"),
        said: Vec::new(),
    }
    .optional_text("algorithm", key.algorithm.as_deref())
    .optional_text("origin", key.origin.map(|origin| origin.word()))
    .optional_text("storage", key.storage.map(|storage| storage.word()))
    .optional("rotation_days", key.rotation_days)
    .optional("backup", key.backup);
    entry.raw("key", said.inline())
}

fn flow(entry: Entry, id: &str, flow: &Flow) -> Entry {
    let ranges: Vec<String> = flow
        .range
        .iter()
        .map(|(field, [low, high])| {
            let field = key_text(field);
            format!("{field} = [{}, {}]", number(*low), number(*high))
        })
        .collect();
    let ranges = (!ranges.is_empty()).then(|| format!("{{ {} }}", ranges.join(", ")));
    let backlog = flow
        .rate
        .map(|rate| rate.backlog)
        .filter(|backlog| flow.rate.map(values::usual_backlog) != Some(*backlog));
    entry
        .text("id", id)
        .title(id, &flow.title)
        .text("from", &flow.from)
        .text("to", &flow.to)
        .optional_text("via", flow.via.as_deref())
        .strings("assets", &flow.assets)
        .text("proto", flow.protocol.word())
        .text("security", flow.security.word())
        .text("link", flow.link.word())
        .text("sequence", flow.sequence.word())
        .optional("schema", flow.schema.as_ref().map(json))
        .optional("range", ranges)
        .optional("rate", flow.rate.map(rate))
        .optional("backlog", backlog)
        .raw("max_bytes", flow.max_bytes)
        .optional("port", flow.port)
        .optional("timeout_seconds", flow.timeout_seconds)
}

fn rate(rate: Rate) -> String {
    let (length, unit) = match rate.per_seconds {
        seconds if seconds.is_multiple_of(86_400) => (seconds / 86_400, 'd'),
        seconds if seconds.is_multiple_of(3_600) => (seconds / 3_600, 'h'),
        seconds if seconds.is_multiple_of(60) && seconds > 60 => (seconds / 60, 'm'),
        seconds => (seconds, 's'),
    };
    format!("\"{}/{length}{unit}\"", rate.messages)
}

/// JSON as an inline value of TOML. Payload schemas have no null.
fn json(value: &Json) -> String {
    match value {
        Json::Null => quoted("null"),
        Json::Bool(truth) => truth.to_string(),
        Json::Number(whole) if whole.is_i64() || whole.is_u64() => whole.to_string(),
        // A fraction stays one, even of zero: in JSON 1 and 1.0 are two values.
        Json::Number(float) => format!("{:?}", float.as_f64().unwrap_or(0.0)),
        Json::String(text) => quoted(text),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(json).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(members) if members.is_empty() => "{}".to_owned(),
        Json::Object(members) => {
            // What a node is comes first, for the reader's sake.
            let (first, rest): (Vec<_>, Vec<_>) =
                members.iter().partition(|(name, _)| *name == "type");
            let members: Vec<String> = first
                .into_iter()
                .chain(rest)
                .map(|(name, value)| format!("{} = {}", key_text(name), json(value)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
    }
}

fn loss(entry: Entry, id: &str, loss: &Loss) -> Entry {
    entry
        .text("id", id)
        .said("text", &loss.text)
        .optional_text("category", loss.category.map(|category| category.word()))
        .text("severity", loss.severity.word())
}

fn hazard(entry: Entry, id: &str, hazard: &Hazard) -> Entry {
    entry
        .text("id", id)
        .said("text", &hazard.text)
        .strings("losses", &hazard.losses)
}

fn controller(entry: Entry, id: &str, controller: &Controller) -> Entry {
    entry
        .text("id", id)
        .title(id, &controller.title)
        .text("component", &controller.component)
        .text("process", &controller.process)
        .strings("process_model", &controller.process_model)
}

fn control_action(entry: Entry, id: &str, action: &ControlAction) -> Entry {
    entry
        .text("id", id)
        .title(id, &action.title)
        .text("controller", &action.controller)
        .text("flow", &action.flow)
        .strings("feedback", &action.feedback)
}

fn unsafe_control_action(entry: Entry, id: &str, uca: &UnsafeControlAction) -> Entry {
    entry
        .text("id", id)
        .text("action", &uca.action)
        .text("type", uca.kind.word())
        .said("text", &uca.text)
        .strings("hazards", &uca.hazards)
        .list("stride", uca.stride.iter().map(|stride| stride.word()))
}

fn scenario(entry: Entry, id: &str, scenario: &Scenario) -> Entry {
    entry
        .text("id", id)
        .text("uca", &scenario.uca)
        .said("text", &scenario.text)
        .text("element", &scenario.element)
        .text("stride", scenario.stride.word())
}

fn assumption(entry: Entry, id: &str, assumption: &Assumption) -> Entry {
    entry
        .text("id", id)
        .said("text", &assumption.text)
        .optional_text("check", assumption.check.as_deref())
        .text("review_by", &assumption.review_by.to_string())
}

fn statement(entry: Entry, item: &str, statement: &Statement) -> Entry {
    entry
        .text("item", item)
        .text("status", statement.status.word())
        .optional_said("why", statement.why.as_ref())
        .text("owner", &statement.owner)
        .text("until", &statement.until.to_string())
        .optional_text("document", statement.document.as_deref())
}

fn decision(entry: Entry, id: &str, decision: &Decision) -> Entry {
    entry
        .text("cell", id)
        .text("status", decision.status.word())
        .said("why", &decision.why)
        .text("owner", &decision.owner)
        .text("until", &decision.until.to_string())
}

fn rule(entry: Entry, id: &str, change: &RuleChange) -> Entry {
    let entry = entry.text("id", id);
    let RuleChange::Set(rule) = change else {
        return entry.raw("disabled", true);
    };
    let facts: Vec<String> = rule
        .when
        .iter()
        .map(|(fact, wanted)| {
            let wanted = match wanted {
                Wanted::Is(truth) => truth.to_string(),
                Wanted::AnyOf(words) => {
                    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                    format!("[{}]", words.join(", "))
                }
            };
            format!("{} = {wanted}", fact.word())
        })
        .collect();
    let facts = (!facts.is_empty()).then(|| format!("{{ {} }}", facts.join(", ")));
    let answers = rule.answers.iter().cloned().collect();
    entry
        .text("stride", rule.stride.word())
        .list("on", rule.on.iter().map(|subject| subject.word()))
        .optional("when", facts)
        .text("reach", rule.reach.word())
        .raw("raise", rule.raise)
        .raw("skill", rule.skill)
        .raw("steps", rule.steps)
        .optional_text("harms", rule.harms.as_deref())
        .optional_strings("answers", Some(&answers))
        .said("text", &rule.text)
        .optional_said("source", rule.source.as_ref())
}

fn measure(entry: Entry, id: &str, edit: &MeasureEdit) -> Entry {
    entry
        .text("id", id)
        .optional_said("excluded", edit.excluded.as_ref())
        .optional_text("pillar", edit.pillar.map(|pillar| pillar.word()))
        .optional_text("place", edit.place.map(|place| place.word()))
        .optional_text("kind", edit.kind.map(|kind| kind.word()))
        .optional_said("name", edit.name.as_ref())
        .optional_said("shall", edit.shall.as_ref())
        .optional("cost", edit.cost)
        .optional("provided", edit.provided)
        .optional("strength", edit.strength)
        .optional("ram_kib", edit.ram_kib)
        .optional("flash_kib", edit.flash_kib)
        .optional("cpu_percent", edit.cpu_percent)
        .optional("gateway_percent", edit.gateway_percent)
        .optional("unit", edit.unit)
        .optional_strings("requires", edit.requires.as_ref())
        .optional_strings("conflicts", edit.conflicts.as_ref())
        .strings("answers", &edit.answers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::keys::Shape;

    #[test]
    fn defaults_of_the_table_are_the_defaults_of_the_parser() {
        let text = "[model]\nformat = \"sekimori-model/0\"\nid = \"m\"\n";
        let usual = super::super::parse("m", text).expect("sound");
        assert_eq!(model(&usual), text);
        for section in SECTIONS {
            for key in section.keys {
                assert!(
                    key.default.is_none() || !key.needed,
                    "{} {}",
                    section.name,
                    key.name
                );
                let is_list = matches!(
                    key.shape,
                    Shape::Words(_) | Shape::Texts | Shape::References(_) | Shape::Grammars(_)
                );
                assert!(key.default.is_none() || !is_list, "{}", key.name);
            }
        }
    }
}
