//! Rates, ranges and cells: values with a grammar of their own.

use std::collections::BTreeMap;
use std::ops::Range;

use super::fields::{Fields, Reader, Value, shown};
use super::words::Phase;
use super::{CellId, Rate};
use crate::diagnostic::Fault;
use crate::language::Text;

/// Most messages in one period.
const MAX_MESSAGES: u32 = 1_000_000;
/// Longest period in seconds.
const MAX_PERIOD: u32 = 86_400;
/// Most messages that a device which was away may resend.
pub(super) const MAX_BACKLOG: u32 = 10_000;

/// Reads `rate` and `backlog`. Without a backlog it is one day's worth, at most [`MAX_BACKLOG`].
pub(super) fn rate(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Rate> {
    let backlog = fields.number(reader, "backlog", 0, MAX_BACKLOG);
    let Some((text, span)) = fields.text(reader, "rate") else {
        if fields.value("rate").is_none()
            && let Some(value) = fields.value("backlog")
        {
            reader.report(value.span(), Fault::BacklogWithoutRate);
        }
        return None;
    };
    let Some((messages, per_seconds)) = parse_rate(text) else {
        let found = format!("\"{}\"", shown(text));
        reader.report(span, Fault::InvalidRate { found });
        return None;
    };
    let day = u64::from(messages) * u64::from(MAX_PERIOD) / u64::from(per_seconds);
    let day = u32::try_from(day).unwrap_or(MAX_BACKLOG).min(MAX_BACKLOG);
    Some(Rate {
        messages,
        per_seconds,
        backlog: backlog.unwrap_or(day),
    })
}

fn parse_rate(text: &str) -> Option<(u32, u32)> {
    let (messages, period) = text.split_once('/')?;
    let unit = match period.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let number = period.get(..period.len() - 1)?;
    let messages = digits(messages)?;
    let per_seconds = digits(number)?.checked_mul(unit)?;
    ((1..=MAX_MESSAGES).contains(&messages) && (1..=MAX_PERIOD).contains(&per_seconds))
        .then_some((messages, per_seconds))
}

/// A number written with digits alone: no sign, no space.
fn digits(text: &str) -> Option<u32> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// Reads `range`: bounds by the name of a field.
pub(super) fn ranges(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
) -> Vec<(String, [f64; 2], Range<usize>)> {
    let Some(table) = fields.table(reader, "range") else {
        return Vec::new();
    };
    let mut ranges = Vec::new();
    for (key, value) in table {
        match bounds(value) {
            Some(bounds) => {
                ranges.push((key.get_ref().to_string(), bounds, key.span()));
            }
            None => reader.report(
                value.span(),
                Fault::InvalidRange {
                    field: shown(key.get_ref()),
                    found: describe(value),
                },
            ),
        }
    }
    ranges
}

fn bounds(value: &Value<'_>) -> Option<[f64; 2]> {
    let list = value.get_ref().as_array()?;
    let mut numbers = list.iter().map(number);
    let low = numbers.next()??;
    let high = numbers.next()??;
    (numbers.next().is_none() && low <= high).then_some([low, high])
}

/// A finite number, whole or not.
pub(super) fn number(value: &Value<'_>) -> Option<f64> {
    let value = value.get_ref();
    let number = match (value.as_integer(), value.as_float()) {
        (Some(whole), _) if whole.radix() == 10 => whole.as_str().parse::<f64>().ok(),
        (_, Some(float)) => float.as_str().parse::<f64>().ok(),
        _ => None,
    }?;
    number.is_finite().then_some(number)
}

fn describe(value: &Value<'_>) -> String {
    match value.get_ref().as_array() {
        Some(list) => {
            let items: Vec<String> = list
                .iter()
                .take(4)
                .map(|item| number(item).map_or_else(|| "?".to_owned(), |n| n.to_string()))
                .collect();
            format!("[{}]", items.join(", "))
        }
        None => value.get_ref().type_str().to_owned(),
    }
}

/// Reads `component:threat:phase`.
pub(super) fn cell(
    reader: &mut Reader<'_>,
    text: &str,
    span: Range<usize>,
    threats: &BTreeMap<String, Text>,
) -> Option<CellId> {
    let wrong = match text.split(':').collect::<Vec<_>>().as_slice() {
        [component, threat, phase] => match (threats.contains_key(*threat), Phase::parse(phase)) {
            (true, Some(phase)) => {
                return Some(CellId {
                    component: (*component).to_owned(),
                    threat: (*threat).to_owned(),
                    phase,
                });
            }
            (false, _) => Text::new(
                format!(
                    "there is no threat \"{}\"; they are JT01 to JT12",
                    shown(threat)
                ),
                format!("脅威 \"{}\" はありません。JT01〜JT12 です", shown(threat)),
            ),
            (true, None) => Text::new(
                format!("there is no phase \"{}\"; they are P1 to P5", shown(phase)),
                format!("段階 \"{}\" はありません。P1〜P5 です", shown(phase)),
            ),
        },
        parts => Text::new(
            format!("{} part(s) instead of 3", parts.len()),
            format!("3 つであるべき部分が {} つ", parts.len()),
        ),
    };
    reader.report(
        span,
        Fault::InvalidCell {
            found: shown(text),
            wrong,
        },
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_messages_in_a_period() {
        for (text, expected) in [
            ("60/60s", Some((60, 60))),
            ("1/5m", Some((1, 300))),
            ("24/1d", Some((24, 86_400))),
            ("1/24h", Some((1, 86_400))),
            ("1/25h", None),
            ("0/60s", None),
            ("1/0s", None),
            ("-1/60s", None),
            ("+1/60s", None),
            (" 1/60s", None),
            ("1/60", None),
            ("1/秒", None),
            ("/", None),
            ("1/s", None),
            ("1/4294967295d", None),
            ("99999999999/1s", None),
        ] {
            assert_eq!(parse_rate(text), expected, "{text}");
        }
    }
}
