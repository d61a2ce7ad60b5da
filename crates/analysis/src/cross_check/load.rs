//! Reads the compiled-in lists of ten threats.

use std::sync::OnceLock;

use serde::Deserialize;

use super::Condition;
use crate::catalogue::Source;
use crate::language::Text;

const FILES: [&str; 3] = [
    include_str!("../../knowledge/top10-ipa-organizations.toml"),
    include_str!("../../knowledge/top10-ipa-individuals.toml"),
    include_str!("../../knowledge/top10-bsi-control.toml"),
];

/// One list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct List {
    pub(super) source: Source,
    pub(super) document: Text,
    #[serde(rename = "basis")]
    _basis: String,
    pub(super) threat: Vec<TopThreat>,
}

/// One threat of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TopThreat {
    pub(super) id: String,
    pub(super) rank: u32,
    pub(super) name: Text,
    pub(super) text: Text,
    /// It touches a system for which any of these holds.
    pub(super) touch: Vec<TouchWhen>,
    /// Why it does not touch the others.
    pub(super) otherwise: Text,
}

/// Conditions, all of which must hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TouchWhen {
    pub(super) when: Vec<Condition>,
    pub(super) why: Text,
}

/// The three lists.
pub(super) fn lists() -> &'static [List] {
    static LISTS: OnceLock<Vec<List>> = OnceLock::new();
    LISTS.get_or_init(|| {
        read().expect("the compiled-in lists of threats are sound; a test reads them")
    })
}

fn read() -> Result<Vec<List>, toml::de::Error> {
    FILES.into_iter().map(toml::from_str).collect()
}
