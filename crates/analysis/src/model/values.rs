//! Rates, ranges and cells: values with a grammar of their own.

use std::ops::Range;

use super::fields::{Fields, Value};
use super::reader::{Reader, shown};
use super::{Points, Rate, RiskId, Stride};
use crate::diagnostic::Fault;
use crate::knowledge;
use crate::language::Text;

/// Most messages in one period.
const MAX_MESSAGES: u32 = 1_000_000;
/// Longest period in seconds.
const MAX_PERIOD: u32 = 86_400;
/// Most messages that a device which was away may resend.
pub(super) const MAX_BACKLOG: u32 = 10_000;

/// Reads `rate` and `backlog`. Without a backlog it is one day's worth, at most [`MAX_BACKLOG`].
pub(super) fn rate(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Rate> {
    let backlog = fields.number(reader, "backlog");
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
    let rate = Rate {
        messages,
        per_seconds,
        backlog: 0,
    };
    Some(Rate {
        backlog: backlog.unwrap_or_else(|| usual_backlog(rate)),
        ..rate
    })
}

/// What a device may resend when the flow does not say: one day's worth, at most [`MAX_BACKLOG`].
pub(super) fn usual_backlog(rate: Rate) -> u32 {
    let day = u64::from(rate.messages) * u64::from(MAX_PERIOD) / u64::from(rate.per_seconds.max(1));
    u32::try_from(day).unwrap_or(MAX_BACKLOG).min(MAX_BACKLOG)
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

/// Effort points, when they have at most three decimals and are at most 1000.
pub(super) fn points(number: f64) -> Option<Points> {
    if !(0.0..=1_000.0).contains(&number) {
        return None;
    }
    let text = format!("{number:.3}");
    let is_same = (text.parse::<f64>().ok()? - number).abs() < 1e-9;
    let thousandths = text.replace('.', "").parse().ok()?;
    is_same.then(|| Points::from_thousandths(thousandths))
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

/// Reads what a decision is about: a cell, a STRIDE threat, a scenario or a candidate.
pub(super) fn subject(reader: &mut Reader<'_>, text: &str, span: Range<usize>) -> Option<RiskId> {
    let threats = &knowledge::base().threats;
    let wrong = match RiskId::parse(text) {
        Some(RiskId::Cell(cell)) if !threats.contains_key(&cell.threat) => no_threat(&cell.threat),
        Some(subject) => return Some(subject),
        None => match text.split(':').collect::<Vec<_>>().as_slice() {
            [_, threat, _] if !threats.contains_key(*threat) => no_threat(threat),
            [_, _, phase] => Text::new(
                format!("there is no phase \"{}\"; they are P1 to P5", shown(phase)),
                format!("段階 \"{}\" はありません。P1〜P5 です", shown(phase)),
            ),
            [_, rest] if rest.contains('@') => Text::new(
                format!("before the `@` stands none of {}", Stride::WORDS.join(", ")),
                format!(
                    "`@` の前が {} のどれでもありません",
                    Stride::WORDS.join("、")
                ),
            ),
            parts => Text::new(
                format!("{} part(s), or an empty one", parts.len()),
                format!("部分が {} つ、または空の部分があります", parts.len()),
            ),
        },
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

fn no_threat(threat: &str) -> Text {
    Text::new(
        format!(
            "there is no threat \"{}\"; they are JT01 to JT12",
            shown(threat)
        ),
        format!("脅威 \"{}\" はありません。JT01〜JT12 です", shown(threat)),
    )
}

/// Whether a text can be a name, an address or a network of a host.
pub(super) fn is_host(text: &str) -> bool {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    if let Ok(address) = address.parse::<std::net::IpAddr>() {
        let most = if address.is_ipv4() { 32 } else { 128 };
        return prefix.is_none_or(|prefix| digits(prefix).is_some_and(|bits| bits <= most));
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    let last = address.rsplit('.').next().unwrap_or("");
    prefix.is_none() && address.len() <= 253 && address.split('.').all(is_label) && !is_number(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_addresses_and_networks() {
        for (text, expected) in [
            ("mqtt.example.org", true),
            ("localhost", true),
            ("_mqtt._tcp.example", true),
            ("192.0.2.7", true),
            ("192.0.2.0/24", true),
            ("2001:db8::/32", true),
            ("2001:db8::1", true),
            ("192.0.2.0/33", false),
            ("192.0.2", false),
            ("192.0.2.256", false),
            ("example.org/24", false),
            ("-a.example", false),
            ("a..b", false),
            ("a b", false),
            ("https://example.org", false),
            ("", false),
            ("192.0.2.0/+8", false),
        ] {
            assert_eq!(is_host(text), expected, "{text}");
        }
    }

    #[test]
    fn points_have_three_decimals() {
        for (number, expected) in [
            (0.0, Some(0)),
            (0.02, Some(20)),
            (13.0, Some(13_000)),
            (0.1 + 0.2, Some(300)),
            (1_000.0, Some(1_000_000)),
            (0.0005, None),
            (-1.0, None),
            (1_000.5, None),
            (f64::NAN, None),
        ] {
            let expected = expected.map(Points::from_thousandths);
            assert_eq!(points(number), expected, "{number}");
        }
        assert_eq!(Points::from_thousandths(20).to_string(), "0.02");
        assert_eq!(Points::from_thousandths(13_000).to_string(), "13");
        assert_eq!(Points::default().to_string(), "0");
    }

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
