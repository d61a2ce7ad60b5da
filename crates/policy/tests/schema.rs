//! The subset of JSON Schema: what it takes, what it refuses, and that it forgets nothing.

use proptest::prelude::*;
use sekimori_policy::Schema;
use sekimori_policy::json;

const TELEMETRY: &str = r#"{"type":"object","required":["temp_c"],"additionalProperties":false,
    "properties":{"temp_c":{"type":"number","minimum":-40,"maximum":60},
    "mode":{"type":"string","enum":["auto","off"],"maxLength":8},
    "door":{"type":"object","properties":{"a/b":{"type":"integer"},"open":{"type":"boolean"}}}}}"#;

#[test]
fn a_schema_outside_of_the_subset_is_an_error_and_not_read_over() {
    let bad = [
        ("[]", "schema: must be an object, not array"),
        ("{}", "schema: type is missing"),
        (
            r#"{"type":["number","null"]}"#,
            "schema: type must be one word",
        ),
        (
            r#"{"type":"array"}"#,
            "schema: type \"array\" is not supported: use object, number, integer, string or boolean",
        ),
        (
            r#"{"type":"string","pattern":"^a"}"#,
            "schema: keyword \"pattern\" is not supported for string: use maxLength, enum",
        ),
        (
            r#"{"type":"object","properties":{"t":{"type":"number","exclusiveMinimum":0}}}"#,
            "schema at \"/properties/t\": keyword \"exclusiveMinimum\" is not supported for number: \
             use minimum, maximum, enum",
        ),
        (
            r#"{"type":"object","additionalProperties":{"type":"number"}}"#,
            "schema: additionalProperties must be true or false",
        ),
        (
            r#"{"type":"object","additionalProperties":false,"required":["x"]}"#,
            "schema: required \"x\" is not among the properties",
        ),
        (
            r#"{"type":"number","minimum":2,"maximum":1}"#,
            "schema: minimum 2 is above maximum 1",
        ),
        (
            r#"{"type":"number","minimum":1e300}"#,
            "schema: minimum must be a number below 2^53",
        ),
        (
            r#"{"type":"number","maximum":"60"}"#,
            "schema: maximum must be a number below 2^53",
        ),
        (
            r#"{"type":"string","maxLength":-1}"#,
            "schema: maxLength must be a whole number up to 262144",
        ),
        (
            r#"{"type":"string","maxLength":1.5}"#,
            "schema: maxLength must be a whole number up to 262144",
        ),
        (
            r#"{"type":"string","enum":[]}"#,
            "schema: enum must list 1 to 64 values",
        ),
        (
            r#"{"type":"string","enum":["a",1]}"#,
            "schema: an enum value breaks the schema's own type or limits",
        ),
        (
            r#"{"type":"number","maximum":5,"enum":[6]}"#,
            "schema: an enum value breaks the schema's own type or limits",
        ),
        (
            r#"{"type":"number","type":"string"}"#,
            "schema: an object names the same key twice",
        ),
    ];
    for (text, expected) in bad {
        let error = Schema::parse(text).expect_err(text);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| {
        let mut text = String::from(r#"{"type":"number"}"#);
        for _ in 0..levels {
            text = format!(r#"{{"type":"object","properties":{{"a":{text}}}}}"#);
        }
        text
    };
    let compile = |levels| serde_json::from_str::<Schema>(&nested(levels));
    assert!(compile(7).is_ok());
    assert!(compile(9).is_err());
    assert!(compile(60).is_err());
}

#[test]
fn what_is_compiled_writes_itself_again_without_defaults() {
    let schema = Schema::parse(TELEMETRY).expect("within the subset");
    let text = json::canonical(&schema.to_value());
    assert_eq!(
        text,
        r#"{"additionalProperties":false,"properties":{"door":{"properties":{"a/b":{"type":"integer"},"open":{"type":"boolean"}},"type":"object"},"mode":{"enum":["auto","off"],"maxLength":8,"type":"string"},"temp_c":{"maximum":60,"minimum":-40,"type":"number"}},"required":["temp_c"],"type":"object"}"#
    );
    assert_eq!(Schema::parse(&text).expect("reads back"), schema);
    let same = Schema::parse(r#"{"title":"T","type":"object","additionalProperties":true}"#);
    assert_eq!(
        same,
        Schema::parse(r#"{"type":"object","required":[],"properties":{}}"#)
    );
}

proptest! {
    #[test]
    fn compiling_never_panics(text in r#"\{"type":"(object|number|string|x)"(,"(properties|required|enum|minimum|maxLength)":(1|-1|\[\]|\[1\]|\{\}|\{"a":\{"type":"number"\}\}|"x"|1e99)){0,3}\}"#) {
        if let Ok(schema) = Schema::parse(&text) {
            let again = Schema::compile(&schema.to_value()).expect("reads back");
            prop_assert_eq!(again, schema);
        }
    }
}
