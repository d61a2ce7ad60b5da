//! STRIDE rules.

use serde::Deserialize;

use super::super::Rule;
use super::parse;

const STRIDE: &str = include_str!("../../../knowledge/stride.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrideFile {
    #[serde(rename = "basis")]
    _basis: String,
    rule: Vec<Rule>,
}

/// Rules in the order of their file.
pub(super) fn read() -> Result<Vec<Rule>, String> {
    let file: StrideFile = parse("stride", STRIDE)?;
    Ok(file.rule)
}
