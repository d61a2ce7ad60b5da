//! JSON from outside has one meaning or none.

use proptest::prelude::*;
use sekimori_policy::json::{self, JsonError, MAX_DEPTH, MAX_VALUES, Number, Value};

fn number(text: &str) -> f64 {
    match json::parse(text.as_bytes()) {
        Ok(Value::Number(number)) => number.as_f64(),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn a_key_that_is_there_twice_is_refused_however_it_is_written() {
    let twice = [
        r#"{"temp_c":20,"temp_c":999}"#,
        r#"{"temp_c":20,"temp\u005fc":999}"#,
        r#"{"temp_c":20,"temp_c":20}"#,
        r#"{"outer":{"a":1,"b":2,"a":3}}"#,
        r#"{"list":[{"a":1,"a":1}]}"#,
        r#"{"":0,"":0}"#,
    ];
    for text in twice {
        assert_eq!(
            json::parse(text.as_bytes()),
            Err(JsonError::DuplicateKey),
            "{text}"
        );
    }
    // Another level is another object, and names differ by letter case.
    assert!(json::parse(br#"{"a":{"a":{"a":1}},"A":2}"#).is_ok());
}

#[test]
fn what_is_not_json_is_named_by_line_and_column() {
    let bad: [&[u8]; 22] = [
        b"",
        b" ",
        b"nul",
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"+1",
        b"01",
        b"1.",
        b".5",
        b"0x10",
        b"1e400",
        b"-1e400",
        b"{} {}",
        b"{}x",
        b"{\"a\":1,}",
        b"{'a':1}",
        b"[1,2",
        b"\xef\xbb\xbf{}",
        b"\"\xff\"",
        b"\"\\ud800\"",
        b"\"a\nb\"",
    ];
    for bytes in bad {
        let parsed = json::parse(bytes);
        assert!(
            matches!(parsed, Err(JsonError::Syntax { .. })),
            "{bytes:?}: {parsed:?}"
        );
    }
    let error = json::parse(b"{\n  \"a\": x}").expect_err("no JSON");
    assert_eq!(error.to_string(), "syntax error at line 2, column 8");
}

#[test]
fn nesting_ends_at_the_bound() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let depth = usize::from(MAX_DEPTH);
    assert!(json::parse(nested(depth).as_bytes()).is_ok());
    for levels in [depth + 1, 127, 128, 10_000] {
        let objects = "{\"a\":".repeat(levels);
        assert_eq!(
            json::parse(nested(levels).as_bytes()),
            Err(JsonError::TooDeep)
        );
        assert_eq!(json::parse(objects.as_bytes()), Err(JsonError::TooDeep));
    }
}

#[test]
fn the_number_of_values_ends_at_the_bound() {
    let list = |elements: usize| format!("[{}]", vec!["0"; elements].join(","));
    let most = usize::try_from(MAX_VALUES).expect("fits") - 1;
    assert!(json::parse(list(most).as_bytes()).is_ok());
    assert_eq!(
        json::parse(list(most + 1).as_bytes()),
        Err(JsonError::TooMany)
    );
}

#[test]
fn numbers_keep_their_value() {
    assert_eq!(number("1e300"), 1e300);
    assert_eq!(number("1e-400"), 0.0);
    assert_eq!(number("-0"), 0.0);
    assert_eq!(number("18446744073709551615"), 18_446_744_073_709_551_615.0);
    assert_eq!(number("18446744073709551616"), 18_446_744_073_709_551_616.0);
    assert_eq!(number("-9223372036854775808"), -9_223_372_036_854_775_808.0);
    let whole = |text: &str| match json::parse(text.as_bytes()) {
        Ok(Value::Number(number)) => number.is_integer(),
        other => panic!("{other:?}"),
    };
    for text in ["0", "-0", "1.0", "-3", "1e3", "1e300", "4503599627370497"] {
        assert!(whole(text), "{text}");
    }
    for text in ["0.5", "-1.25", "1e-5", "4503599627370495.5"] {
        assert!(!whole(text), "{text}");
    }
    assert_eq!(Number::from_f64(f64::NAN), None);
    assert_eq!(Number::from_f64(f64::INFINITY), None);
}

#[test]
fn a_pointer_finds_what_it_names() {
    let value = json::parse(br#"{"a":{"b/c":[10,{"m~n":true}]},"a/b":1,"":2}"#).expect("JSON");
    let at = |path: &str| value.at(path).map(json::canonical);
    assert_eq!(at("/a/b~1c/0").as_deref(), Some("10"));
    assert_eq!(at("/a/b~1c/1/m~0n").as_deref(), Some("true"));
    assert_eq!(at("a/b").as_deref(), Some("1"));
    assert_eq!(at("/").as_deref(), Some("2"));
    for path in [
        "/a/b~1c/00",
        "/a/b~1c/+0",
        "/a/b~1c/2",
        "/a/b~1c/-",
        "/x",
        "x",
        "/a/b/c",
    ] {
        assert_eq!(at(path), None, "{path}");
    }
}

/// Source of the pairs: RFC 8785 section 3.2.2 and appendix B, by their bit patterns.
#[test]
fn canonical_numbers_are_those_of_the_standard() {
    let cases: [(u64, &str); 21] = [
        (0x0000_0000_0000_0000, "0"),
        (0x8000_0000_0000_0000, "0"),
        (0x0000_0000_0000_0001, "5e-324"),
        (0x8000_0000_0000_0001, "-5e-324"),
        (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
        (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
        (0x4340_0000_0000_0000, "9007199254740992"),
        (0xc340_0000_0000_0000, "-9007199254740992"),
        (0x4430_0000_0000_0000, "295147905179352830000"),
        (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
        (0x44b5_2d02_c7e1_4af6, "1e+23"),
        (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
        (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
        (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
        (0x444b_1ae4_d6e2_ef50, "1e+21"),
        (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
        (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
        (0x41b3_de43_5555_5553, "333333333.3333332"),
        (0x41b3_de43_5555_5554, "333333333.33333325"),
        (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
    ];
    for (bits, expected) in cases {
        let number = Number::from_f64(f64::from_bits(bits)).expect("finite");
        assert_eq!(
            json::canonical(&Value::Number(number)),
            expected,
            "{bits:x}"
        );
    }
}

#[test]
fn canonical_text_is_that_of_the_standard() {
    // Source: RFC 8785 section 3.2.2.2 and 3.2.3 (keys sort by UTF-16 code units).
    let text = "{\"\\u20ac\":\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\
                \"\\ud83d\\ude02\":1,\"\\ufb33\":2,\"1\":[],\"\\r\":{}}";
    let value = json::parse(text.as_bytes()).expect("JSON");
    assert_eq!(
        json::canonical(&value),
        "{\"\\r\":{},\"1\":[],\"€\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\",\"😂\":1,\"\u{fb33}\":2}"
    );
}

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        (0..(1_u64 << 53)).prop_map(|number| Value::Number(number.into())),
        proptest::num::f64::NORMAL.prop_filter_map("finite", |number| Number::from_f64(number)
            .map(Value::Number)),
        ".*".prop_map(Value::String),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            proptest::collection::btree_map(".{0,8}", inner, 0..8).prop_map(Value::Object),
        ]
    })
}

proptest! {
    #[test]
    fn canonical_form_reads_back_and_is_one(value in documents()) {
        let text = json::canonical(&value);
        let read = json::parse(text.as_bytes()).expect("canonical JSON is JSON");
        prop_assert_eq!(&json::canonical(&read), &text);
        // serde_json's own reader sees the same document.
        let theirs: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let again = json::parse(theirs.to_string().as_bytes()).expect("JSON");
        prop_assert_eq!(json::canonical(&again), text);
    }

    #[test]
    fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        if let Ok(value) = json::parse(&bytes) {
            prop_assert!(json::parse(json::canonical(&value).as_bytes()).is_ok());
        }
    }

    #[test]
    fn parsing_almost_json_never_panics(text in r#"[\[\]{}",:0-9eE+\-.\\untrfalse ]{0,64}"#) {
        let _ = json::parse(text.as_bytes());
    }
}
