//! The data sheet: what is collected, what for, with whose consent, for how long, and who gets it.
//!
//! Source: CSA 13 steps, step 4 (pages 47 to 51), in our own words.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::language::Text;
use crate::model::{Asset, ComponentKind, Consent};
use crate::system::System;

/// The data sheet of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// One row for each asset that tells something about a person or names its fields.
    pub rows: Vec<Row>,
}

/// What the model says of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Asset.
    pub asset: String,
    /// Name of the asset.
    pub title: Text,
    /// Whether it tells something about a person.
    pub personal: bool,
    /// Fields that are collected.
    pub fields: Vec<String>,
    /// What they are collected for.
    pub purpose: Option<Text>,
    /// On what ground: opt-in and so on.
    pub consent: Option<Text>,
    /// Whether only what the purpose needs is collected.
    pub minimized: Option<bool>,
    /// Days until it is deleted.
    pub retention_days: Option<u32>,
    /// Components that keep it.
    pub stored_in: Vec<String>,
    /// Components that flows bring it to.
    pub sent_to: Vec<String>,
    /// Components it is shared with on purpose.
    pub shared_with: Vec<String>,
    /// What is missing or contradicts itself.
    pub gaps: Vec<Gap>,
}

/// Something that the data sheet lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// `gps:PRIV-purpose` and the like.
    pub id: String,
    /// What is wrong and what to write.
    pub text: Text,
    /// Controls that ask for it.
    pub controls: Vec<String>,
}

/// The data sheet of a system.
pub(crate) fn of_system(system: &System<'_>) -> Sheet {
    let model = system.model;
    let mut sent_to: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut open: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, flow) in &model.flows {
        for asset in &flow.assets {
            sent_to.entry(asset).or_default().insert(&flow.to);
            if flow.is_readable() {
                open.entry(asset).or_default().insert(id);
            }
        }
    }
    let assets = model.assets.iter().filter(|(_, asset)| {
        let facts = &asset.privacy;
        is_personal(asset) || facts.purpose.is_some() || facts.consent.is_some()
    });
    let rows = assets.map(|(id, asset)| {
        let sent_to = sent_to.get(id.as_str()).cloned().unwrap_or_default();
        let open = open.get(id.as_str()).cloned().unwrap_or_default();
        Row {
            asset: id.clone(),
            title: asset.title.clone(),
            personal: asset.personal,
            fields: asset.privacy.fields.iter().cloned().collect(),
            purpose: asset.privacy.purpose.clone(),
            consent: asset.privacy.consent.map(ground),
            minimized: asset.privacy.minimized,
            retention_days: asset.privacy.retention_days,
            stored_in: asset.stored_in.iter().cloned().collect(),
            gaps: gaps(system, id, asset, &sent_to, &open),
            sent_to: sent_to.into_iter().map(str::to_owned).collect(),
            shared_with: asset.privacy.shared_with.iter().cloned().collect(),
        }
    });
    Sheet {
        rows: rows.collect(),
    }
}

/// What the ground for collecting is called.
fn ground(consent: Consent) -> Text {
    match consent {
        Consent::OptIn => Text::new("prior consent (opt-in)", "事前の同意（オプトイン）"),
        Consent::OptOut => Text::new(
            "until objection (opt-out)",
            "拒否されるまで（オプトアウト）",
        ),
        Consent::Contract => Text::new("a contract", "契約"),
        Consent::Law => Text::new("a law", "法令"),
        Consent::None => Text::new("none", "なし"),
    }
}

fn gaps(
    system: &System<'_>,
    id: &str,
    asset: &Asset,
    sent_to: &BTreeSet<&str>,
    open: &BTreeSet<&str>,
) -> Vec<Gap> {
    let facts = &asset.privacy;
    let mut gaps = Vec::new();
    let mut add = |rule: &str, controls: &[&str], en: String, ja: String| {
        gaps.push(Gap {
            id: format!("{id}:PRIV-{rule}"),
            text: Text::new(en, ja),
            controls: controls.iter().map(|id| (*id).to_owned()).collect(),
        });
    };
    if facts.fields.is_empty() {
        add(
            "fields",
            &["CSA-4.12", "CSA-4.29"],
            "It does not say which fields are collected: write `fields`.".to_owned(),
            "どの項目を集めるかが書かれていない。`fields` に書く。".to_owned(),
        );
    }
    if facts.purpose.is_none() {
        add(
            "purpose",
            &["CSA-4.12", "CSA-4.29"],
            "It does not say what the data is for: write `purpose`.".to_owned(),
            "何のために集めるかが書かれていない。`purpose` に書く。".to_owned(),
        );
    }
    match facts.consent {
        None => add(
            "consent",
            &["CSA-4.13", "CSA-4.27"],
            "It does not say on what ground the data is collected: write `consent`.".to_owned(),
            "どの根拠で集めるかが書かれていない。`consent` に書く。".to_owned(),
        ),
        Some(Consent::None) => add(
            "consent",
            &["CSA-4.13", "CSA-4.27"],
            "Nobody is asked before the data is collected.".to_owned(),
            "集める前に誰にも尋ねていない。".to_owned(),
        ),
        Some(Consent::OptOut) => add(
            "opt-in",
            &["CSA-4.27"],
            "The person has to object; storing and sharing personal data asks for prior consent."
                .to_owned(),
            "本人が拒否する方式である。個人データの保存・共有には事前の同意が求められる。"
                .to_owned(),
        ),
        Some(Consent::OptIn | Consent::Contract | Consent::Law) => {}
    }
    if facts.minimized != Some(true) {
        add(
            "minimized",
            &["CSA-4.7", "CSA-4.22"],
            "It does not say that only what the purpose needs is collected: review, then write `minimized = true`."
                .to_owned(),
            "目的に必要な分だけを集めると書かれていない。見直してから `minimized = true` と書く。".to_owned(),
        );
    }
    if facts.retention_days.is_none() {
        add(
            "retention",
            &["CSA-4.7"],
            "It does not say after how many days the data is deleted: write `retention_days`."
                .to_owned(),
            "何日後に削除するかが書かれていない。`retention_days` に書く。".to_owned(),
        );
    }
    let is_external = |to: &&&str| {
        let component = system.model.components.get(**to);
        component.is_some_and(|component| component.kind == ComponentKind::External)
    };
    let undeclared: Vec<&str> = sent_to
        .iter()
        .filter(is_external)
        .filter(|to| !facts.shared_with.contains(**to))
        .copied()
        .collect();
    if !undeclared.is_empty() {
        let list = undeclared.join(", ");
        add(
            "shared",
            &["CSA-4.12", "CSA-4.17"],
            format!("Flows bring it to {list}, which `shared_with` does not name."),
            format!("フローが {list} に届けているが、`shared_with` に書かれていない。"),
        );
    }
    if !open.is_empty() {
        let list = open.iter().copied().collect::<Vec<_>>().join(", ");
        add(
            "in-clear",
            &["CSA-4.20"],
            format!("It travels unprotected on {list}."),
            format!("{list} を保護なしで通っている。"),
        );
    }
    gaps
}

/// Whether an asset tells something about a person, or names the fields that it collects.
pub(crate) fn is_personal(asset: &Asset) -> bool {
    asset.personal || !asset.privacy.fields.is_empty()
}
