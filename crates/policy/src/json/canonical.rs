//! The one form of a document: RFC 8785.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::{Number, Repr, Value};

/// Writes the document in the form of RFC 8785: sorted keys, no spaces, shortest numbers.
pub fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value).expect("a String takes every write");
    out
}

fn write_value(out: &mut String, value: &Value) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Boolean(value) => write!(out, "{value}"),
        Value::Number(number) => write_number(out, *number),
        Value::String(text) => write_text(out, text),
        Value::Array(elements) => {
            out.write_char('[')?;
            for (at, element) in elements.iter().enumerate() {
                if at > 0 {
                    out.write_char(',')?;
                }
                write_value(out, element)?;
            }
            out.write_char(']')
        }
        Value::Object(members) => {
            // RFC 8785 section 3.2.3 sorts by UTF-16 code units, which differs from bytes beyond U+D7FF.
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.write_char('{')?;
            for (at, (key, member)) in sorted.into_iter().enumerate() {
                if at > 0 {
                    out.write_char(',')?;
                }
                write_text(out, key)?;
                out.write_char(':')?;
                write_value(out, member)?;
            }
            out.write_char('}')
        }
    }
}

/// RFC 8785 section 3.2.2.3: every number is a double.
fn write_number(out: &mut String, number: Number) -> fmt::Result {
    match number.0 {
        // Inside of 2^53 an integer's shortest form is the integer itself.
        Repr::Unsigned(integer) if integer < (1 << 53) => write!(out, "{integer}"),
        Repr::Negative(integer) if integer > -(1 << 53) => write!(out, "{integer}"),
        _ => write_double(out, number.as_f64()),
    }
}

/// A double as ECMAScript's `Number::toString` writes it: the shortest digits that read back as the same
/// double and, of two equally near, the even ones (which `{:e}` of `core` does not promise).
pub(super) fn write_double(out: &mut impl Write, number: f64) -> fmt::Result {
    let shortest = serde_json::to_string(&number).map_err(|_| fmt::Error)?;
    let (sign, unsigned) = match shortest.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", shortest.as_str()),
    };
    let (mantissa, exponent) = unsigned.split_once('e').unwrap_or((unsigned, "0"));
    let exponent: i32 = exponent.parse().map_err(|_| fmt::Error)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let significant = all.trim_start_matches('0');
    let digits = significant.trim_end_matches('0');
    if digits.is_empty() {
        return out.write_char('0');
    }
    // The value is 0.digits × 10^point.
    let places = |length: usize| i32::try_from(length).map_err(|_| fmt::Error);
    let point = places(whole.len())? + exponent - places(all.len() - significant.len())?;
    out.write_str(sign)?;
    match point {
        1..=21 => {
            let point = usize::try_from(point).map_err(|_| fmt::Error)?;
            match digits.split_at_checked(point) {
                Some((before, "")) => out.write_str(before),
                Some((before, after)) => write!(out, "{before}.{after}"),
                None => {
                    out.write_str(digits)?;
                    (digits.len()..point).try_for_each(|_| out.write_char('0'))
                }
            }
        }
        -5..=0 => {
            out.write_str("0.")?;
            (point..0).try_for_each(|_| out.write_char('0'))?;
            out.write_str(digits)
        }
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            write!(out, "{first}{dot}{rest}e{:+}", point - 1)
        }
    }
}

/// RFC 8785 section 3.2.2.2: only what must be escaped is.
fn write_text(out: &mut String, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\u{8}' => out.write_str("\\b")?,
            '\t' => out.write_str("\\t")?,
            '\n' => out.write_str("\\n")?,
            '\u{c}' => out.write_str("\\f")?,
            '\r' => out.write_str("\\r")?,
            '\0'..='\u{1f}' => write!(out, "\\u{:04x}", u32::from(character))?,
            _ => out.write_char(character)?,
        }
    }
    out.write_char('"')
}
