//! Small charts of recent values, drawn by the server.

use jiff::Timestamp;
use serde_json::Value;

/// Width of a chart in its own units.
const WIDTH: f64 = 240.0;
/// Height of a chart in its own units.
const HEIGHT: f64 = 44.0;
/// Room for the line's own width and the dot at its end.
const MARGIN: f64 = 4.0;

/// At most so many fields of one flow are charted.
pub(crate) const MAX_FIELDS: usize = 4;
/// At most so many characters of a payload are shown.
const MAX_SHOWN: usize = 120;

/// One value of a flow over time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Series {
    /// The field's name.
    pub(crate) field: String,
    /// The newest value.
    pub(crate) newest: String,
    pub(crate) low: String,
    pub(crate) high: String,
    /// How many values the chart shows.
    pub(crate) count: u64,
    /// Points of the line, `x,y x,y …`.
    pub(crate) line: String,
    /// Where the newest value lies.
    pub(crate) end: (String, String),
}

/// The numeric fields of payloads, as series; fields that the newest payload does not have are
/// left out.
pub(crate) fn series(messages: &[(Timestamp, Vec<u8>)]) -> Vec<Series> {
    let parsed: Vec<(Timestamp, Value)> = messages
        .iter()
        .filter_map(|(at, payload)| Some((*at, serde_json::from_slice(payload).ok()?)))
        .collect();
    let Some((_, Value::Object(newest))) = parsed.last() else {
        return Vec::new();
    };
    let numeric = newest.iter().filter(|(_, value)| value.is_number());
    numeric
        .take(MAX_FIELDS)
        .filter_map(|(field, _)| {
            let points: Vec<(Timestamp, f64)> = parsed
                .iter()
                .filter_map(|(at, value)| Some((*at, value.get(field)?.as_f64()?)))
                .collect();
            draw(field, &points)
        })
        .collect()
}

fn draw(field: &str, points: &[(Timestamp, f64)]) -> Option<Series> {
    let (first, last) = (points.first()?, points.last()?);
    let low = points
        .iter()
        .map(|(_, value)| *value)
        .fold(f64::INFINITY, f64::min);
    let high = points
        .iter()
        .map(|(_, value)| *value)
        .fold(f64::NEG_INFINITY, f64::max);
    let span = last.0.duration_since(first.0).as_secs_f64();
    let place = |(at, value): &(Timestamp, f64)| {
        let along = if span > 0.0 {
            at.duration_since(first.0).as_secs_f64() / span
        } else {
            1.0
        };
        // Halves, so that the difference of two very large values stays finite.
        let half = high / 2.0 - low / 2.0;
        let up = if half > 0.0 {
            (value / 2.0 - low / 2.0) / half
        } else {
            0.5
        };
        let x = MARGIN + along.clamp(0.0, 1.0) * (WIDTH - 2.0 * MARGIN);
        let y = HEIGHT - MARGIN - up.clamp(0.0, 1.0) * (HEIGHT - 2.0 * MARGIN);
        (format!("{x:.1}"), format!("{y:.1}"))
    };
    let line: Vec<String> = points
        .iter()
        .map(place)
        .map(|(x, y)| format!("{x},{y}"))
        .collect();
    Some(Series {
        field: shorten(field, 40),
        newest: number(last.1),
        low: number(low),
        high: number(high),
        count: u64::try_from(points.len()).unwrap_or(u64::MAX),
        line: line.join(" "),
        end: place(last),
    })
}

/// A value with as many digits as help.
fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 1e9 || (size > 0.0 && size < 1e-4) {
        return format!("{value:.3e}");
    }
    let shown = format!("{value:.4}");
    shown.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A payload on one line, shortened; bytes that are no text are counted.
pub(crate) fn shown(payload: &[u8]) -> String {
    match core::str::from_utf8(payload) {
        Ok(text) if !text.chars().any(char::is_control) => shorten(text, MAX_SHOWN),
        Ok(text) => shorten(&text.escape_debug().to_string(), MAX_SHOWN),
        Err(_) => format!("{} B", payload.len()),
    }
}

fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + seconds).expect("a time")
    }

    fn messages(payloads: &[&str]) -> Vec<(Timestamp, Vec<u8>)> {
        (0..)
            .zip(payloads)
            .map(|(n, payload)| (at(n), payload.as_bytes().to_vec()))
            .collect()
    }

    #[test]
    fn numbers_become_lines_and_the_rest_is_left_out() {
        let series = series(&messages(&[
            r#"{"temp_c": 4, "door": "open"}"#,
            r#"{"temp_c": 6.5}"#,
            "not json",
            r#"{"temp_c": 5, "door": "shut", "n": 1}"#,
        ]));
        let fields: Vec<_> = series.iter().map(|s| (s.field.as_str(), s.count)).collect();
        assert_eq!(fields, [("n", 1), ("temp_c", 3)]);
        let temperature = &series[1];
        assert_eq!(
            (&*temperature.newest, &*temperature.low, &*temperature.high),
            ("5", "4", "6.5")
        );
        assert_eq!(temperature.line, "4.0,40.0 81.3,4.0 236.0,25.6");
        assert_eq!(temperature.end, ("236.0".to_owned(), "25.6".to_owned()));
    }

    #[test]
    fn a_constant_value_lies_in_the_middle() {
        let series = series(&messages(&[r#"{"v":7}"#, r#"{"v":7}"#]));
        assert_eq!(series[0].line, "4.0,22.0 236.0,22.0");
    }

    #[test]
    fn payloads_are_shown_on_one_short_line() {
        assert_eq!(shown(br#"{"a":1}"#), r#"{"a":1}"#);
        assert_eq!(shown(b"a\nb"), "a\\nb");
        assert_eq!(shown(&[0xff, 0x00]), "2 B");
        assert_eq!(
            shown("é".repeat(200).as_bytes()).chars().count(),
            MAX_SHOWN + 1
        );
    }

    proptest! {
        #[test]
        fn every_point_lies_inside(values in proptest::collection::vec((any::<i32>(), any::<f64>()), 1..30)) {
            let mut points: Vec<_> = values
                .into_iter()
                .filter(|(_, value)| value.is_finite())
                .map(|(second, value)| (at(second.into()), value))
                .collect();
            points.sort_by_key(|(at, _)| *at);
            if let Some(series) = draw("v", &points) {
                for point in series.line.split(' ') {
                    let (x, y) = point.split_once(',').expect("a pair");
                    let (x, y): (f64, f64) = (x.parse().expect("x"), y.parse().expect("y"));
                    prop_assert!((0.0..=WIDTH).contains(&x) && (0.0..=HEIGHT).contains(&y), "{point}");
                }
            }
        }
    }
}
