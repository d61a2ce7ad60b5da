//! The payload's schema: the subset of JSON Schema that the gateway enforces, and nothing else.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value as Json};
use toml::de::{DeTable, DeValue};

use super::fields::{Fields, Value};
use super::identifiers::similar;
use super::reader::{Reader, shown};
use super::values::number;
use crate::diagnostic::Fault;
use crate::language::Text;

/// Deepest nesting of objects.
const MAX_NESTING: usize = 8;
/// Most properties of one object, and most values of one `enum`.
const MAX_MEMBERS: usize = 64;
/// Longest name of a property and longest text of an `enum`, in bytes.
const MAX_TEXT: usize = 256;
/// Up to here a double holds every integer exactly.
const MAX_NUMBER: f64 = 9_007_199_254_740_991.0;

const TYPES: [&str; 5] = ["object", "number", "integer", "string", "boolean"];
const KEYWORDS: [&str; 10] = [
    "type",
    "title",
    "description",
    "properties",
    "required",
    "additionalProperties",
    "minimum",
    "maximum",
    "maxLength",
    "enum",
];

/// Reads `schema`; [`None`] when there is none or when it cannot be used.
pub(super) fn read(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Json> {
    let table = fields.table(reader, "schema")?;
    let span = fields.value("schema").map_or(0..0, Value::span);
    let schema = object(reader, table, span.clone(), "", 0)?;
    // The gateway has the last word: what it would not enforce is no schema.
    match sekimori_policy::Schema::parse(&schema.to_string()) {
        Ok(_) => Some(schema),
        Err(error) => {
            let wrong = Text::same(shown(&error.problem));
            refuse(reader, span, &error.pointer, wrong)
        }
    }
}

fn object(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    at: &str,
    depth: usize,
) -> Option<Json> {
    if depth >= MAX_NESTING {
        let wrong = Text::new("objects are nested too deeply", "入れ子が深すぎます");
        return refuse(reader, span, at, wrong);
    }
    let kind = match table.get("type") {
        None => {
            let wrong = Text::new("there is no `type`", "`type` がありません");
            return refuse(reader, span, at, wrong);
        }
        Some(value) => match value.get_ref().as_str() {
            Some(kind) if TYPES.contains(&kind) => kind,
            _ => {
                let types = TYPES.join(", ");
                let wrong = Text::new(
                    format!("`type` is none of {types}"),
                    format!("`type` が {types} のどれでもありません"),
                );
                return refuse(reader, value.span(), at, wrong);
            }
        },
    };
    let mut node = Node {
        out: Map::from_iter([("type".to_owned(), Json::from(kind))]),
        good: true,
    };
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let here = format!("{at}/{}", shown(name));
        let usable = match (name, kind) {
            ("type" | "title" | "description", _) => continue,
            ("properties", "object") => properties(reader, value, &here, depth),
            ("required", "object") => names(value).map(Json::from),
            ("additionalProperties", "object") => value.get_ref().as_bool().map(Json::from),
            ("minimum" | "maximum", "number" | "integer") => limit(value),
            ("maxLength", "string") => length(value),
            ("enum", "number" | "integer" | "string" | "boolean") => choices(value, kind),
            _ => {
                let wrong = unknown(name, kind);
                node.good = false;
                refuse::<()>(reader, key.span(), &here, wrong);
                continue;
            }
        };
        match usable {
            Some(Json::Null) => node.good = false,
            Some(json) => {
                node.out.insert(name.to_owned(), json);
            }
            None => {
                node.good = false;
                let wrong = Text::new(
                    format!("the value of `{name}` cannot be used"),
                    format!("`{name}` の値が使えません"),
                );
                refuse::<()>(reader, value.span(), &here, wrong);
            }
        }
    }
    node.check(reader, span, at);
    node.good.then_some(Json::Object(node.out))
}

struct Node {
    out: Map<String, Json>,
    good: bool,
}

impl Node {
    /// What the keywords of one object say together.
    fn check(&mut self, reader: &mut Reader<'_>, span: Range<usize>, at: &str) {
        let bound = |key: &str| self.out.get(key).and_then(Json::as_f64);
        if let (Some(low), Some(high)) = (bound("minimum"), bound("maximum"))
            && low > high
        {
            self.good = false;
            let wrong = Text::new(
                format!("minimum {low} is above maximum {high}"),
                format!("minimum {low} が maximum {high} を超えています"),
            );
            refuse::<()>(reader, span.clone(), at, wrong);
        }
        let declared = self.out.get("properties").and_then(Json::as_object);
        let closed = self.out.get("additionalProperties") == Some(&Json::Bool(false));
        let missing = self
            .out
            .get("required")
            .and_then(Json::as_array)
            .into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .find(|name| closed && !declared.is_some_and(|all| all.contains_key(*name)))
            .map(str::to_owned);
        if let Some(name) = missing {
            self.good = false;
            let wrong = Text::new(
                format!("`{name}` is required but not allowed"),
                format!("`{name}` は必須なのに許されていません"),
            );
            refuse::<()>(reader, span, at, wrong);
        }
    }
}

fn properties(reader: &mut Reader<'_>, value: &Value<'_>, at: &str, depth: usize) -> Option<Json> {
    let table = value.get_ref().as_table()?;
    if table.len() > MAX_MEMBERS {
        return None;
    }
    let mut out = BTreeMap::new();
    let mut good = true;
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let here = format!("{at}/{}", shown(name));
        let node = match value.get_ref().as_table() {
            Some(table) if name.len() <= MAX_TEXT => {
                object(reader, table, value.span(), &here, depth + 1)
            }
            _ => {
                let wrong = Text::new("not a schema", "スキーマではありません");
                refuse(reader, value.span(), &here, wrong)
            }
        };
        match node {
            Some(node) => {
                out.insert(name.to_owned(), node);
            }
            None => good = false,
        }
    }
    // Null says "already reported".
    Some(if good {
        Json::Object(out.into_iter().collect())
    } else {
        Json::Null
    })
}

fn names(value: &Value<'_>) -> Option<Vec<String>> {
    let list = value.get_ref().as_array()?;
    if list.len() > MAX_MEMBERS {
        return None;
    }
    let mut names: Vec<String> = list
        .iter()
        .map(|item| item.get_ref().as_str().map(str::to_owned))
        .collect::<Option<_>>()?;
    names.sort();
    names.dedup();
    Some(names)
}

fn limit(value: &Value<'_>) -> Option<Json> {
    let limit = number(value).filter(|limit| limit.abs() <= MAX_NUMBER)?;
    whole(value).or_else(|| serde_json::Number::from_f64(limit).map(Json::Number))
}

fn length(value: &Value<'_>) -> Option<Json> {
    whole(value).filter(|json| json.as_u64().is_some_and(|n| n <= u64::from(u32::MAX)))
}

fn whole(value: &Value<'_>) -> Option<Json> {
    let digits = value.get_ref().as_integer()?;
    i64::from_str_radix(digits.as_str(), digits.radix())
        .ok()
        .map(Json::from)
}

fn choices(value: &Value<'_>, kind: &str) -> Option<Json> {
    let list = value.get_ref().as_array()?;
    if list.is_empty() || list.len() > MAX_MEMBERS {
        return None;
    }
    list.iter()
        .map(|item| match (kind, item.get_ref()) {
            ("string", DeValue::String(text)) if text.len() <= MAX_TEXT => {
                Some(Json::from(text.as_ref()))
            }
            ("boolean", DeValue::Boolean(truth)) => Some(Json::from(*truth)),
            ("number", _) => limit(item),
            ("integer", _) => whole(item),
            _ => None,
        })
        .collect::<Option<Vec<Json>>>()
        .map(Json::from)
}

fn unknown(name: &str, kind: &str) -> Text {
    if KEYWORDS.contains(&name) {
        return Text::new(
            format!("`{name}` does not belong to type {kind}"),
            format!("`{name}` は型 {kind} には使えません"),
        );
    }
    let name = shown(name);
    match similar(&name, KEYWORDS.iter().copied()) {
        Some(meant) => Text::new(
            format!("`{name}` is not supported; did you mean `{meant}`?"),
            format!("`{name}` には対応していません。`{meant}` のことですか？"),
        ),
        None => Text::new(
            format!("`{name}` is not supported"),
            format!("`{name}` には対応していません"),
        ),
    }
}

fn refuse<T>(reader: &mut Reader<'_>, span: Range<usize>, at: &str, wrong: Text) -> Option<T> {
    let at = if at.is_empty() { "/" } else { at }.to_owned();
    reader.report(span, Fault::InvalidSchema { at, wrong });
    None
}

/// Checks that every range bounds a number that the schema has.
pub(super) fn check_ranges(
    reader: &mut Reader<'_>,
    schema: Option<&Json>,
    ranges: &[(String, [f64; 2], Range<usize>)],
) {
    let Some(schema) = schema else {
        return;
    };
    for (field, [low, high], span) in ranges {
        let node = find(schema, field);
        let kind = node
            .and_then(|node| node.get("type"))
            .and_then(Json::as_str);
        if !matches!(kind, Some("number" | "integer")) {
            reader.report(
                span.clone(),
                Fault::RangeWithoutNumber {
                    field: shown(field),
                    found: match kind {
                        Some(kind) => Text::new(
                            format!("the schema says type {kind}"),
                            format!("スキーマでの型は {kind}"),
                        ),
                        None => Text::new(
                            "the schema has no such property",
                            "スキーマにその項目がありません",
                        ),
                    },
                    similar: similar(field, numeric(schema).into_iter()),
                },
            );
            continue;
        }
        let bound = |key: &str| node.and_then(|node| node.get(key)).and_then(Json::as_f64);
        let (least, most) = (bound("minimum"), bound("maximum"));
        if least.is_some_and(|least| *low < least) || most.is_some_and(|most| *high > most) {
            let show = |bound: Option<f64>| bound.map_or_else(|| "…".to_owned(), |b| b.to_string());
            reader.report(
                span.clone(),
                Fault::RangeOutsideSchema {
                    field: shown(field),
                    found: format!("[{low}, {high}]"),
                    allowed: format!("[{}, {}]", show(least), show(most)),
                },
            );
        }
    }
}

/// The schema of a field, by the name of a top-level property or by JSON Pointer.
fn find<'s>(schema: &'s Json, field: &str) -> Option<&'s Json> {
    let property = |node: &'s Json, name: &str| node.get("properties")?.get(name);
    match field.strip_prefix('/') {
        None => property(schema, field),
        Some(path) => path.split('/').try_fold(schema, |node, part| {
            property(node, &part.replace("~1", "/").replace("~0", "~"))
        }),
    }
}

fn numeric(schema: &Json) -> Vec<&str> {
    schema
        .get("properties")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
        .filter(|(_, node)| {
            matches!(
                node.get("type").and_then(Json::as_str),
                Some("number" | "integer")
            )
        })
        .map(|(name, _)| name.as_str())
        .collect()
}
