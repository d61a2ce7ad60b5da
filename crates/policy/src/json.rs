//! JSON from outside: bounded, and with one meaning only.
//!
//! An object that names a key twice is refused. Parsers disagree on which of the two counts, so that a
//! value could pass the range check here and another one be read behind it.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser;

mod canonical;

pub use canonical::canonical;

/// Deepest nesting of arrays and objects.
pub const MAX_DEPTH: u8 = 16;
/// Most values (members and elements, nested ones included) in one document from a device.
pub const MAX_VALUES: u32 = 4_096;

/// A JSON document whose objects have each key once.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// Any number; always finite.
    Number(Number),
    /// Text.
    String(String),
    /// A list.
    Array(Vec<Value>),
    /// Members by name.
    Object(BTreeMap<String, Value>),
}

/// A finite JSON number. Two numbers are equal when their values are.
#[derive(Clone, Copy, Debug)]
pub struct Number(Repr);

#[derive(Clone, Copy, Debug)]
enum Repr {
    Unsigned(u64),
    Negative(i64),
    Float(f64),
}

impl Number {
    /// The number as a double, rounded to the nearest. Integers up to 2⁵³ are exact.
    #[expect(
        clippy::cast_precision_loss,
        reason = "limits stay below 2^53, where rounding cannot cross one"
    )]
    pub fn as_f64(self) -> f64 {
        match self.0 {
            Repr::Unsigned(number) => number as f64,
            Repr::Negative(number) => number as f64,
            Repr::Float(number) => number,
        }
    }

    /// Whether the number has no fraction, as JSON Schema's `integer` asks: `1.0` is one.
    pub fn is_integer(self) -> bool {
        match self.0 {
            Repr::Unsigned(_) | Repr::Negative(_) => true,
            // Every double of this size is an integer; below it the cast is exact.
            Repr::Float(number) => is_whole(number),
        }
    }

    /// The number as a 32-bit count, when it is one.
    pub fn to_u32(self) -> Option<u32> {
        match self.0 {
            Repr::Unsigned(number) => u32::try_from(number).ok(),
            Repr::Negative(_) => None,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole and within range, so the cast is exact"
            )]
            Repr::Float(number) => (is_whole(number) && (0.0..=4_294_967_295.0).contains(&number))
                .then_some(number as u32),
        }
    }

    /// A number from a double; `None` when it is not finite.
    pub fn from_f64(number: f64) -> Option<Self> {
        number.is_finite().then_some(Self(Repr::Float(number)))
    }
}

/// Whether a finite double has no fraction (`f64::fract` needs `std`).
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "inside of the bound the cast is exact, or drops the fraction that is asked for"
)]
fn is_whole(number: f64) -> bool {
    const ALL_WHOLE: f64 = 4_503_599_627_370_496.0; // 2^52
    !(-ALL_WHOLE..=ALL_WHOLE).contains(&number) || (number as i64) as f64 == number
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(Repr::Unsigned(number))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        match (self.0, other.0) {
            (Repr::Unsigned(a), Repr::Unsigned(b)) => a == b,
            (Repr::Negative(a), Repr::Negative(b)) => a == b,
            (Repr::Unsigned(_), Repr::Negative(_)) | (Repr::Negative(_), Repr::Unsigned(_)) => {
                false
            }
            _ => self.as_f64() == other.as_f64(),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::Unsigned(number) => write!(f, "{number}"),
            Repr::Negative(number) => write!(f, "{number}"),
            Repr::Float(number) => canonical::write_double(f, number),
        }
    }
}

/// What is wrong with bytes that should be JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// Not JSON (RFC 8259), or a number that no double can hold.
    Syntax {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// One object names the same key twice.
    DuplicateKey,
    /// Arrays and objects nest deeper than [`MAX_DEPTH`].
    TooDeep,
    /// More values than allowed.
    TooMany,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax { line, column } => {
                write!(f, "syntax error at line {line}, column {column}")
            }
            Self::DuplicateKey => f.write_str("an object names the same key twice"),
            Self::TooDeep => write!(f, "nested deeper than {MAX_DEPTH}"),
            Self::TooMany => f.write_str("too many values"),
        }
    }
}

impl core::error::Error for JsonError {}

/// Reads one JSON document from a device, and nothing after it.
///
/// # Errors
///
/// [`JsonError`] names what is wrong: syntax, a key named twice, or a bound.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    parse_within(bytes, Limits::PAYLOAD)
}

/// Reads a document of the platform's own, which may be larger than a payload.
pub(crate) fn parse_own(bytes: &[u8]) -> Result<Value, JsonError> {
    parse_within(bytes, Limits::OWN)
}

fn parse_within(bytes: &[u8], mut limits: Limits) -> Result<Value, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let seed = Seed {
        depth: 0,
        limits: &mut limits,
    };
    let parsed = seed
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    parsed.map_err(|error| {
        limits.broken.unwrap_or(JsonError::Syntax {
            line: error.line(),
            column: error.column(),
        })
    })
}

impl Value {
    /// The value at a JSON Pointer (RFC 6901) or, without a leading `/`, the member of that name.
    pub fn at(&self, path: &str) -> Option<&Value> {
        let Some(pointer) = path.strip_prefix('/') else {
            return match self {
                Self::Object(members) => members.get(path),
                _ => None,
            };
        };
        pointer
            .split('/')
            .try_fold(self, |value, token| match value {
                Self::Object(members) => members.get(&*unescape(token)),
                Self::Array(elements) => elements.get(index(token)?),
                _ => None,
            })
    }

    /// The kind of value, in JSON Schema's words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// An array index as RFC 6901 section 4 writes it: no sign, no leading zero.
fn index(token: &str) -> Option<usize> {
    let digits = token.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (token == "0" || !token.starts_with('0')))
        .then(|| token.parse().ok())
        .flatten()
}

struct Limits {
    values: u32,
    depth: u8,
    broken: Option<JsonError>,
}

impl Limits {
    const PAYLOAD: Self = Self {
        values: MAX_VALUES,
        depth: MAX_DEPTH,
        broken: None,
    };
    /// A policy nests its schemas. Its size in bytes is bounded before it is parsed.
    const OWN: Self = Self {
        values: u32::MAX,
        depth: 48,
        broken: None,
    };

    fn refuse<E: de::Error>(&mut self, error: JsonError) -> E {
        self.broken.get_or_insert(error);
        E::custom(error)
    }
}

struct Seed<'a> {
    depth: u8,
    limits: &'a mut Limits,
}

impl Seed<'_> {
    fn inner(&mut self) -> Seed<'_> {
        Seed {
            depth: self.depth,
            limits: self.limits,
        }
    }

    fn descend<E: de::Error>(&mut self) -> Result<(), E> {
        if self.depth >= self.limits.depth {
            return Err(self.limits.refuse(JsonError::TooDeep));
        }
        self.depth += 1;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.limits.values.checked_sub(1) {
            Some(left) => self.limits.values = left,
            None => return Err(self.limits.refuse(JsonError::TooMany)),
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(Number(Repr::Unsigned(value))))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(Number(match u64::try_from(value) {
            Ok(value) => Repr::Unsigned(value),
            Err(_) => Repr::Negative(value),
        })))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        match Number::from_f64(value) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(E::custom("number is not finite")),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.into()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        self.descend()?;
        let mut elements = Vec::new();
        while let Some(element) = access.next_element_seed(self.inner())? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut access: A) -> Result<Value, A::Error> {
        self.descend()?;
        let mut members = BTreeMap::new();
        while let Some(key) = access.next_key::<String>()? {
            if members.contains_key(&key) {
                return Err(self.limits.refuse(JsonError::DuplicateKey));
            }
            let value = access.next_value_seed(self.inner())?;
            members.insert(key, value);
        }
        Ok(Value::Object(members))
    }
}

impl<'de> de::Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut limits = Limits::PAYLOAD;
        Seed {
            depth: 0,
            limits: &mut limits,
        }
        .deserialize(deserializer)
    }
}

impl ser::Serialize for Value {
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Number(Number(Repr::Unsigned(value))) => serializer.serialize_u64(*value),
            Self::Number(Number(Repr::Negative(value))) => serializer.serialize_i64(*value),
            Self::Number(Number(Repr::Float(value))) => serializer.serialize_f64(*value),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Object(members) => serializer.collect_map(members),
        }
    }
}
