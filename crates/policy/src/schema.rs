//! A subset of JSON Schema, compiled once and evaluated on a parsed payload.
//!
//! Every schema names its `type`: `object`, `number`, `integer`, `string` or `boolean`. An object may
//! have `properties`, `required` and `additionalProperties` (true, the default, or false); a number
//! `minimum` and `maximum`; a string `maxLength` (in characters); any scalar `enum`. `title` and
//! `description` are not kept. Every other keyword is an error, because a keyword that is read over
//! would be a check that nobody makes.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::json::{self, Number, Value};
use crate::reason::bounded;

/// What a payload must look like.
#[derive(Clone, Debug, PartialEq)]
pub struct Schema(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Object {
        properties: BTreeMap<String, Node>,
        required: BTreeSet<String>,
        additional: bool,
    },
    Number {
        whole: bool,
        minimum: Option<f64>,
        maximum: Option<f64>,
        choices: Vec<Value>,
    },
    String {
        max_length: Option<u32>,
        choices: Vec<Value>,
    },
    Boolean {
        choices: Vec<Value>,
    },
}

/// How a value differs from its schema.
#[derive(Clone, Debug, PartialEq)]
pub enum Mismatch {
    /// Another type.
    Type {
        /// What the schema asks for.
        expected: &'static str,
        /// What was sent.
        found: &'static str,
    },
    /// A required property is not there.
    Missing {
        /// Its name.
        property: String,
    },
    /// A property that the schema does not allow.
    Undeclared {
        /// Its name, cut to 128 bytes.
        property: String,
    },
    /// None of the values that `enum` lists.
    NotAChoice,
    /// Below `minimum`.
    Below {
        /// What was sent.
        observed: f64,
        /// Least value allowed.
        minimum: f64,
    },
    /// Above `maximum`.
    Above {
        /// What was sent.
        observed: f64,
        /// Greatest value allowed.
        maximum: f64,
    },
    /// More characters than `maxLength`.
    TooLong {
        /// How many it has.
        length: usize,
        /// How many it may have.
        limit: u32,
    },
}

/// Why a schema is not one that this platform would enforce; the text names the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    /// JSON Pointer to the place in the schema.
    pub pointer: String,
    /// What is wrong there, and what would be right.
    pub problem: String,
}

/// A mismatch and where it is.
pub(crate) struct Violation {
    pub(crate) pointer: String,
    pub(crate) mismatch: Mismatch,
}

impl Schema {
    /// Compiles a schema from JSON text.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] when the text is not JSON, or uses what the subset does not have.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        let value = json::parse(text.as_bytes()).map_err(|error| SchemaError {
            pointer: String::new(),
            problem: error.to_string(),
        })?;
        Self::compile(&value)
    }

    /// Compiles a schema from a JSON document.
    ///
    /// # Errors
    ///
    /// [`SchemaError`] when it uses what the subset does not have.
    pub fn compile(value: &Value) -> Result<Self, SchemaError> {
        compile(value, 0).map(Self)
    }

    /// The schema as a JSON document, with defaults left out.
    pub fn to_value(&self) -> Value {
        self.0.to_value()
    }

    pub(crate) fn check(&self, value: &Value) -> Result<(), Box<Violation>> {
        self.0.check(value)
    }
}

impl Node {
    fn check(&self, value: &Value) -> Result<(), Box<Violation>> {
        match (self, value) {
            (
                Self::Object {
                    properties,
                    required,
                    additional,
                },
                Value::Object(members),
            ) => {
                if let Some(property) = required.iter().find(|name| !members.contains_key(*name)) {
                    let property = property.clone();
                    return Err(here(Mismatch::Missing { property }));
                }
                for (name, member) in members {
                    match properties.get(name) {
                        Some(node) => node.check(member).map_err(|error| error.within(name))?,
                        None if *additional => {}
                        None => {
                            let property = bounded(name);
                            return Err(here(Mismatch::Undeclared { property }));
                        }
                    }
                }
                Ok(())
            }
            (
                Self::Number {
                    whole,
                    minimum,
                    maximum,
                    choices,
                },
                Value::Number(number),
            ) => {
                if *whole && !number.is_integer() {
                    return Err(self.type_mismatch(value));
                }
                let observed = number.as_f64();
                if let Some(minimum) = minimum.filter(|minimum| observed < *minimum) {
                    return Err(here(Mismatch::Below { observed, minimum }));
                }
                if let Some(maximum) = maximum.filter(|maximum| observed > *maximum) {
                    return Err(here(Mismatch::Above { observed, maximum }));
                }
                chosen(choices, value)
            }
            (
                Self::String {
                    max_length,
                    choices,
                },
                Value::String(text),
            ) => {
                let length = text.chars().count();
                match *max_length {
                    Some(limit) if u32::try_from(length).map_or(true, |length| length > limit) => {
                        Err(here(Mismatch::TooLong { length, limit }))
                    }
                    _ => chosen(choices, value),
                }
            }
            (Self::Boolean { choices }, Value::Boolean(_)) => chosen(choices, value),
            _ => Err(self.type_mismatch(value)),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Object { .. } => "object",
            Self::Number { whole: true, .. } => "integer",
            Self::Number { whole: false, .. } => "number",
            Self::String { .. } => "string",
            Self::Boolean { .. } => "boolean",
        }
    }

    fn type_mismatch(&self, value: &Value) -> Box<Violation> {
        here(Mismatch::Type {
            expected: self.type_name(),
            found: value.kind(),
        })
    }

    fn to_value(&self) -> Value {
        let mut members = BTreeMap::new();
        let mut put = |key: &str, value: Option<Value>| {
            value.and_then(|value| members.insert(key.to_string(), value));
        };
        put("type", Some(Value::String(self.type_name().into())));
        let some_choices =
            |choices: &Vec<Value>| (!choices.is_empty()).then(|| Value::Array(choices.clone()));
        match self {
            Self::Object {
                properties,
                required,
                additional,
            } => {
                let nodes = properties
                    .iter()
                    .map(|(name, node)| (name.clone(), node.to_value()));
                let names = required.iter().cloned().map(Value::String);
                put(
                    "properties",
                    (!properties.is_empty()).then(|| Value::Object(nodes.collect())),
                );
                put(
                    "required",
                    (!required.is_empty()).then(|| Value::Array(names.collect())),
                );
                put(
                    "additionalProperties",
                    (!additional).then_some(Value::Boolean(false)),
                );
            }
            Self::Number {
                minimum,
                maximum,
                choices,
                ..
            } => {
                let number =
                    |limit: Option<f64>| limit.and_then(Number::from_f64).map(Value::Number);
                put("minimum", number(*minimum));
                put("maximum", number(*maximum));
                put("enum", some_choices(choices));
            }
            Self::String {
                max_length,
                choices,
            } => {
                put(
                    "maxLength",
                    max_length.map(|limit| Value::Number(u64::from(limit).into())),
                );
                put("enum", some_choices(choices));
            }
            Self::Boolean { choices } => put("enum", some_choices(choices)),
        }
        Value::Object(members)
    }
}

impl Violation {
    fn within(mut self: Box<Self>, property: &str) -> Box<Self> {
        let token = property.replace('~', "~0").replace('/', "~1");
        self.pointer = bounded(&alloc::format!("/{token}{}", self.pointer));
        self
    }
}

fn here(mismatch: Mismatch) -> Box<Violation> {
    Box::new(Violation {
        pointer: String::new(),
        mismatch,
    })
}

fn chosen(choices: &[Value], value: &Value) -> Result<(), Box<Violation>> {
    if choices.is_empty() || choices.contains(value) {
        Ok(())
    } else {
        Err(here(Mismatch::NotAChoice))
    }
}

mod compile;
use compile::compile;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type { expected, found } => write!(f, "expected {expected}, found {found}"),
            Self::Missing { property } => write!(f, "required property {property:?} is missing"),
            Self::Undeclared { property } => write!(f, "property {property:?} is not declared"),
            Self::NotAChoice => f.write_str("none of the values that the schema lists"),
            Self::Below { observed, minimum } => {
                write!(f, "{observed} is below the minimum {minimum}")
            }
            Self::Above { observed, maximum } => {
                write!(f, "{observed} is above the maximum {maximum}")
            }
            Self::TooLong { length, limit } => {
                write!(f, "{length} characters, at most {limit} are allowed")
            }
        }
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.pointer.is_empty() {
            write!(f, "schema: {}", self.problem)
        } else {
            write!(f, "schema at {:?}: {}", self.pointer, self.problem)
        }
    }
}

impl core::error::Error for SchemaError {}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::compile(&value).map_err(serde::de::Error::custom)
    }
}
