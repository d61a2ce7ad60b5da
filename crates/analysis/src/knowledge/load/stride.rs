//! STRIDE rules.

use serde::Deserialize;

use super::super::Rule;
use super::parse;

const STRIDE: [&str; 3] = [
    include_str!("../../../knowledge/stride-flow.toml"),
    include_str!("../../../knowledge/stride-device.toml"),
    include_str!("../../../knowledge/stride-rest.toml"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StrideFile {
    #[serde(rename = "basis")]
    _basis: String,
    rule: Vec<Rule>,
}

/// Rules in the order of their files.
pub(super) fn read() -> Result<Vec<Rule>, String> {
    let mut rules: Vec<Rule> = Vec::new();
    for text in STRIDE {
        let file: StrideFile = parse("stride", text)?;
        for rule in file.rule {
            if rules.iter().any(|known| known.id == rule.id) {
                return Err(format!("{} twice", rule.id));
            }
            rules.push(rule);
        }
    }
    Ok(rules)
}
