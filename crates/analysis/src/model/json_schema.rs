//! The JSON Schema of a model file, for editors: made from the table of keys that the parser reads by.
//!
//! Source: JSON Schema 2020-12, core and validation.

use serde_json::{Map, Value as Json, json};

use super::FORMAT;
use super::identifiers::RESERVED_FLOWS;
use super::keys::{Key, SECTIONS, Section, Shape, about_fact};
use crate::knowledge::{self, Fact};

/// Ids, as `identifiers` checks them.
const ID: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,46}$";
/// A day, as `fields` reads it.
const DAY: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$";

/// The schema document.
pub(super) fn document() -> Json {
    let mut properties = Map::new();
    for section in SECTIONS {
        let mut one = object(section.keys, rules_of(section));
        if let Json::Object(one) = &mut one {
            one.insert("description".to_owned(), described(section.about));
            if section.name == "rule" {
                unless_disabled(one);
            }
        }
        let property = if section.many {
            json!({ "type": "array", "items": one, "description": described(section.about) })
        } else {
            one
        };
        properties.insert(section.name.to_owned(), property);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:{}", FORMAT.replace('/', ":")),
        "title": FORMAT,
        "description": described((
            "A system model of Sekimori. References between ids are checked by `sekimori model check`, not here.",
            "Sekimori のシステムモデル。id の参照先は `sekimori model check` が調べる。ここでは調べない。",
        )),
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
        "$defs": { "payload": payload() },
    })
}

fn described((en, ja): (&str, &str)) -> Json {
    Json::from(format!("{en}\n\n{ja}"))
}

/// The schema of a table with these keys, and what its keys say together.
fn object(keys: &'static [Key], together: Vec<Json>) -> Json {
    let mut properties = Map::new();
    let mut required: Vec<&str> = Vec::new();
    let mut all = together;
    for key in keys {
        for name in key.names() {
            let mut schema = value(key);
            if let Json::Object(schema) = &mut schema {
                schema.insert("description".to_owned(), described(key.about));
                let default = key
                    .default
                    .and_then(|d| serde_json::from_str::<Json>(d).ok());
                schema.extend(default.map(|default| ("default".to_owned(), default)));
            }
            properties.insert(name, schema);
        }
        match key.shape {
            _ if !key.needed => {}
            // One of the two languages is enough.
            Shape::Said => all.push(one_of_both(key.name)),
            _ => required.push(key.name),
        }
    }
    let mut schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if let Json::Object(schema) = &mut schema {
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        if !all.is_empty() {
            schema.insert("allOf".to_owned(), Json::Array(all));
        }
    }
    schema
}

/// A rule that is off needs its id alone.
fn unless_disabled(rule: &mut Map<String, Json>) {
    let needed = rule.insert("required".to_owned(), json!(["id"]));
    let all = rule.remove("allOf");
    rule.insert(
        "if".to_owned(),
        json!({ "properties": { "disabled": { "const": true } }, "required": ["disabled"] }),
    );
    let otherwise = json!({ "required": needed, "allOf": all });
    rule.insert("else".to_owned(), otherwise);
}

fn one_of_both(name: &str) -> Json {
    json!({ "anyOf": [{ "required": [name] }, { "required": [format!("{name}_ja")] }] })
}

fn value(key: &Key) -> Json {
    let list = |items: Json| json!({ "type": "array", "items": items });
    match key.shape {
        Shape::Format => json!({ "const": FORMAT }),
        Shape::Id | Shape::Reference(_) => json!({ "type": "string", "pattern": ID }),
        Shape::References(_) => list(json!({ "type": "string", "pattern": ID })),
        Shape::Text | Shape::Said => json!({ "type": "string" }),
        Shape::Texts => list(json!({ "type": "string" })),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Words(words) => list(json!({ "enum": words })),
        Shape::Whole(low, high) => json!({ "type": "integer", "minimum": low, "maximum": high }),
        Shape::Points => json!({ "type": "number", "minimum": 0, "maximum": 1_000 }),
        Shape::Truth => json!({ "type": "boolean" }),
        Shape::Date => json!({ "type": "string", "pattern": DAY, "format": "date" }),
        Shape::Grammar(grammar) => json!({ "type": "string", "pattern": grammar.pattern() }),
        Shape::Grammars(grammar) => list(json!({ "type": "string", "pattern": grammar.pattern() })),
        Shape::Table(keys) => object(keys, Vec::new()),
        Shape::Schema => json!({ "$ref": "#/$defs/payload" }),
        Shape::Ranges => json!({
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": { "type": "number" },
                "minItems": 2,
                "maxItems": 2,
            },
        }),
        Shape::Facts => facts(),
    }
}

fn facts() -> Json {
    let properties: Map<String, Json> = Fact::ALL
        .iter()
        .map(|fact| {
            let mut schema = match fact.shape() {
                knowledge::Shape::YesNo => json!({ "type": "boolean" }),
                knowledge::Shape::Words(words) => {
                    json!({ "type": "array", "items": { "enum": words }, "minItems": 1 })
                }
            };
            if let Json::Object(schema) = &mut schema {
                let about = described(about_fact(*fact));
                schema.insert("description".to_owned(), about);
            }
            (fact.word().to_owned(), schema)
        })
        .collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

/// What the keys of a section say together.
fn rules_of(section: &Section) -> Vec<Json> {
    let when = |key: &str, schema: Json, then: Json| {
        json!({
            "if": { "properties": { key: schema }, "required": [key] },
            "then": then,
        })
    };
    match section.name {
        "cost" => vec![when(
            "currency",
            json!({ "not": { "const": "JPY" } }),
            json!({ "required": ["effort_point"] }),
        )],
        "component" => vec![
            when(
                "kind",
                json!({ "const": "device" }),
                json!({ "anyOf": [
                    { "required": ["class"] },
                    { "required": ["bought"], "properties": { "bought": { "const": true } } },
                ] }),
            ),
            when(
                "kind",
                json!({ "enum": ["human", "external"] }),
                json!({ "properties": { "bought": { "const": false } } }),
            ),
        ],
        "asset" => vec![json!({
            "if": { "required": ["key"] },
            "then": {
                "required": ["kind"],
                "properties": { "kind": { "enum": ["key", "credential"] } },
            },
        })],
        "flow" => vec![
            json!({ "properties": { "id": { "not": { "enum": RESERVED_FLOWS } } } }),
            json!({ "if": { "required": ["backlog"] }, "then": { "required": ["rate"] } }),
            when(
                "proto",
                json!({ "const": "human" }),
                json!({ "properties": { "link": { "const": "none" } } }),
            ),
        ],
        "statement" => vec![
            when(
                "status",
                json!({ "enum": ["not-applicable", "process"] }),
                one_of_both("why"),
            ),
            when(
                "status",
                json!({ "const": "document" }),
                json!({ "required": ["document"] }),
            ),
        ],
        "measure" => vec![when(
            "id",
            json!({ "pattern": "^CM-X-" }),
            json!({
                "required": ["pillar", "place", "kind", "cost", "strength"],
                "allOf": [one_of_both("name"), one_of_both("shall")],
            }),
        )],
        _ => Vec::new(),
    }
}

/// The subset of JSON Schema that a payload may use.
fn payload() -> Json {
    let of = |kind: &[&str], more: Json| {
        let mut properties = json!({
            "type": { "enum": kind },
            "title": { "type": "string" },
            "description": { "type": "string" },
        });
        if let (Json::Object(properties), Json::Object(more)) = (&mut properties, more) {
            properties.extend(more);
        }
        json!({
            "type": "object",
            "required": ["type"],
            "additionalProperties": false,
            "properties": properties,
        })
    };
    let bounds = |number: &str| json!({ "type": number });
    json!({
        "oneOf": [
            of(&["object"], json!({
                "properties": {
                    "type": "object",
                    "maxProperties": 64,
                    "additionalProperties": { "$ref": "#/$defs/payload" },
                },
                "required": { "type": "array", "maxItems": 64, "items": { "type": "string" } },
                "additionalProperties": { "type": "boolean" },
            })),
            of(&["number"], json!({
                "minimum": bounds("number"),
                "maximum": bounds("number"),
                "enum": { "type": "array", "minItems": 1, "maxItems": 64, "items": { "type": "number" } },
            })),
            of(&["integer"], json!({
                "minimum": bounds("number"),
                "maximum": bounds("number"),
                "enum": { "type": "array", "minItems": 1, "maxItems": 64, "items": { "type": "integer" } },
            })),
            of(&["string"], json!({
                "maxLength": { "type": "integer", "minimum": 0, "maximum": u32::MAX },
                "enum": { "type": "array", "minItems": 1, "maxItems": 64, "items": { "type": "string" } },
            })),
            of(&["boolean"], json!({
                "enum": { "type": "array", "minItems": 1, "maxItems": 64, "items": { "type": "boolean" } },
            })),
        ],
    })
}
