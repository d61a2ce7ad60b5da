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

/// A double as ECMAScript's `Number::toString` writes it.
pub(super) fn write_double(out: &mut impl Write, number: f64) -> fmt::Result {
    if number == 0.0 {
        return out.write_char('0');
    }
    // `{:e}` gives the shortest digits that read back as the same double: "-1.25e-7".
    let mut scientific = String::new();
    write!(scientific, "{number:e}")?;
    let (mantissa, exponent) = scientific.split_once('e').ok_or(fmt::Error)?;
    let exponent: i32 = exponent.parse().map_err(|_| fmt::Error)?;
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    out.write_str(sign)?;
    let digits = fraction.len();
    match exponent {
        0..=20 => {
            let places = usize::try_from(exponent).map_err(|_| fmt::Error)?;
            out.write_str(whole)?;
            if digits <= places {
                out.write_str(fraction)?;
                (digits..places).try_for_each(|_| out.write_char('0'))
            } else {
                let (before, after) = fraction.split_at(places);
                write!(out, "{before}.{after}")
            }
        }
        -6..=-1 => {
            out.write_str("0.")?;
            (exponent..-1).try_for_each(|_| out.write_char('0'))?;
            write!(out, "{whole}{fraction}")
        }
        _ => {
            let point = if fraction.is_empty() { "" } else { "." };
            write!(out, "{whole}{point}{fraction}e{exponent:+}")
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
