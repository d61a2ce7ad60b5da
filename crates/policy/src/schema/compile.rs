//! From JSON to a schema that can be evaluated, with every limit checked once.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Node, SchemaError};
use crate::json::Value;
use crate::rules::bounds;

/// Deepest nesting of objects.
const MAX_NESTING: usize = 8;
/// Most properties in one object, and most values in one `enum`.
const MAX_MEMBERS: usize = 64;
/// Longest property name or `enum` text in bytes.
const MAX_TEXT: usize = 256;

pub(super) fn compile(value: &Value, nesting: usize) -> Result<Node, SchemaError> {
    let Value::Object(keywords) = value else {
        return problem(format!("must be an object, not {}", value.kind()));
    };
    if nesting > MAX_NESTING {
        return problem(format!("nested deeper than {MAX_NESTING}"));
    }
    let kind = match keywords.get("type") {
        Some(Value::String(kind)) => kind.as_str(),
        Some(_) => return problem("type must be one word".to_owned()),
        None => return problem("type is missing".to_owned()),
    };
    let allowed: &[&str] = match kind {
        "object" => &["properties", "required", "additionalProperties"],
        "number" | "integer" => &["minimum", "maximum", "enum"],
        "string" => &["maxLength", "enum"],
        "boolean" => &["enum"],
        _ => {
            return problem(format!(
                "type {kind:?} is not supported: use object, number, integer, string or boolean"
            ));
        }
    };
    for keyword in keywords.keys() {
        let known = matches!(keyword.as_str(), "type" | "title" | "description");
        if !known && !allowed.contains(&keyword.as_str()) {
            return problem(format!(
                "keyword {keyword:?} is not supported for {kind}: use {}",
                allowed.join(", ")
            ));
        }
    }
    let node = match kind {
        "object" => object(keywords, nesting)?,
        "string" => Node::String {
            max_length: max_length(keywords.get("maxLength"))?,
            choices: Vec::new(),
        },
        "boolean" => Node::Boolean {
            choices: Vec::new(),
        },
        _ => numeric(keywords, kind == "integer")?,
    };
    with_choices(node, keywords.get("enum"))
}

fn object(keywords: &BTreeMap<String, Value>, nesting: usize) -> Result<Node, SchemaError> {
    let mut properties = BTreeMap::new();
    match keywords.get("properties") {
        None => {}
        Some(Value::Object(members)) => {
            if members.len() > MAX_MEMBERS {
                return problem(format!("more than {MAX_MEMBERS} properties"));
            }
            for (name, schema) in members {
                if name.len() > MAX_TEXT {
                    return problem(format!("a property name is longer than {MAX_TEXT} B"));
                }
                let node = compile(schema, nesting + 1).map_err(|error| error.within(name))?;
                properties.insert(name.clone(), node);
            }
        }
        Some(_) => return problem("properties must be an object".to_owned()),
    }
    let additional = match keywords.get("additionalProperties") {
        None => true,
        Some(Value::Boolean(allowed)) => *allowed,
        Some(_) => return problem("additionalProperties must be true or false".to_owned()),
    };
    let mut required = BTreeSet::new();
    match keywords.get("required") {
        None => {}
        Some(Value::Array(names)) => {
            if names.len() > MAX_MEMBERS {
                return problem(format!("more than {MAX_MEMBERS} required properties"));
            }
            for name in names {
                let Value::String(name) = name else {
                    return problem("required must list names".to_owned());
                };
                if name.len() > MAX_TEXT {
                    return problem(format!("a property name is longer than {MAX_TEXT} B"));
                }
                if !additional && !properties.contains_key(name) {
                    return problem(format!("required {name:?} is not among the properties"));
                }
                required.insert(name.clone());
            }
        }
        Some(_) => return problem("required must be a list of names".to_owned()),
    }
    Ok(Node::Object {
        properties,
        required,
        additional,
    })
}

fn numeric(keywords: &BTreeMap<String, Value>, whole: bool) -> Result<Node, SchemaError> {
    let limit = |keyword: &str| match keywords.get(keyword) {
        None => Ok(None),
        Some(Value::Number(number)) if is_limit(number.as_f64()) => Ok(Some(number.as_f64())),
        Some(_) => problem(format!("{keyword} must be a number below 2^53")),
    };
    let (minimum, maximum) = (limit("minimum")?, limit("maximum")?);
    if let (Some(minimum), Some(maximum)) = (minimum, maximum)
        && minimum > maximum
    {
        return problem(format!("minimum {minimum} is above maximum {maximum}"));
    }
    Ok(Node::Number {
        whole,
        minimum,
        maximum,
        choices: Vec::new(),
    })
}

fn is_limit(number: f64) -> bool {
    (-bounds::LIMIT..=bounds::LIMIT).contains(&number)
}

fn max_length(value: Option<&Value>) -> Result<Option<u32>, SchemaError> {
    match value {
        None => Ok(None),
        Some(Value::Number(number)) => match number.to_u32() {
            Some(limit) if limit <= bounds::PAYLOAD_BYTES => Ok(Some(limit)),
            _ => problem(format!(
                "maxLength must be a whole number up to {}",
                bounds::PAYLOAD_BYTES
            )),
        },
        Some(_) => problem("maxLength must be a whole number".to_owned()),
    }
}

/// Adds the `enum`, whose values must be of the node's own type.
fn with_choices(mut node: Node, value: Option<&Value>) -> Result<Node, SchemaError> {
    let Some(value) = value else { return Ok(node) };
    let Value::Array(values) = value else {
        return problem("enum must be a list".to_owned());
    };
    if values.is_empty() || values.len() > MAX_MEMBERS {
        return problem(format!("enum must list 1 to {MAX_MEMBERS} values"));
    }
    for value in values {
        let fits = match value {
            Value::String(text) => text.len() <= MAX_TEXT,
            Value::Number(number) => is_limit(number.as_f64()),
            _ => true,
        };
        if !fits || node.check(value).is_err() {
            return problem("an enum value breaks the schema's own type or limits".to_owned());
        }
    }
    match &mut node {
        Node::Object { .. } => {}
        Node::Number { choices, .. } | Node::String { choices, .. } | Node::Boolean { choices } => {
            choices.clone_from(values);
        }
    }
    Ok(node)
}

fn problem<T>(problem: String) -> Result<T, SchemaError> {
    Err(SchemaError {
        pointer: String::new(),
        problem,
    })
}

impl SchemaError {
    fn within(mut self, property: &str) -> Self {
        let token = property.replace('~', "~0").replace('/', "~1");
        self.pointer = format!("/properties/{token}{}", self.pointer);
        self
    }
}
