//! What components are built of, hardware and programs, as an answer to a control.

use std::collections::BTreeSet;

use super::{Answer, is, lacks, names};
use crate::model::{Component, ComponentKind, ProgrammingLanguage, Randomness};
use crate::system::System;

fn devices<'m>(system: &System<'m>, lacking: impl Fn(&Component) -> bool) -> Vec<&'m str> {
    let components = system.model.components.iter();
    components
        .filter(|(_, one)| one.kind == ComponentKind::Device && lacking(one))
        .map(|(id, _)| id.as_str())
        .collect()
}

pub(super) fn hardware(system: &System<'_>) -> Option<Answer> {
    let unsaid = devices(system, |one| {
        let caps = &one.capabilities;
        caps.tpm.is_none() || caps.secure_boot.is_none() || caps.rng.is_none()
    });
    if unsaid.is_empty() {
        return is(
            "Every device says what its hardware offers: key storage, verified start, random numbers.",
            "全機器について、鍵保管・起動の検証・乱数源の有無を記している。",
        );
    }
    let list = names(unsaid);
    lacks(
        format!(
            "These do not say what their hardware offers (caps): {}.",
            list.en
        ),
        format!("ハードウェアの能力（caps）が書かれていない: {}。", list.ja),
    )
}

pub(super) fn tpm(system: &System<'_>) -> Option<Answer> {
    let unsaid = devices(system, |one| one.capabilities.tpm.is_none());
    if unsaid.is_empty() {
        return is(
            "Every device says whether it has one.",
            "全機器について有無を記している。",
        );
    }
    let list = names(unsaid);
    lacks(
        format!(
            "These do not say whether they have one (caps.tpm): {}.",
            list.en
        ),
        format!("有無（caps.tpm）が書かれていない: {}。", list.ja),
    )
}

pub(super) fn secure_boot(system: &System<'_>) -> Option<Answer> {
    let without = devices(system, |one| one.capabilities.secure_boot != Some(true));
    if without.is_empty() {
        return lacks(
            "The model says that every device verifies what it starts; that is a claim. Attach what shows it.",
            "モデルは全機器が起動を検証すると述べているが、主張にとどまる。示すものを添付する。",
        );
    }
    let list = names(without);
    lacks(
        format!(
            "These do not say that they verify what they start: {}.",
            list.en
        ),
        format!("起動の検証が書かれていない: {}。", list.ja),
    )
}

pub(super) fn randomness(system: &System<'_>) -> Option<Answer> {
    let without = devices(system, |one| {
        matches!(
            one.capabilities.rng,
            None | Some(Randomness::None | Randomness::Unknown)
        )
    });
    if without.is_empty() {
        return lacks(
            "Every device says where its random numbers come from; attach which way of TLS was chosen for each, and why.",
            "全機器の乱数源が書かれている。それぞれにどの TLS の方式を選んだかを、理由とともに添付する。",
        );
    }
    let list = names(without);
    lacks(
        format!(
            "These do not say where their random numbers come from (caps.rng): {}.",
            list.en
        ),
        format!("乱数源（caps.rng）が書かれていない: {}。", list.ja),
    )
}

pub(super) fn entropy(system: &System<'_>) -> Option<Answer> {
    let weak = devices(system, |one| {
        one.capabilities.rng != Some(Randomness::Hardware)
    });
    if weak.is_empty() {
        return lacks(
            "Every device has a hardware generator; attach the analysis of its entropy.",
            "全機器にハードウェア乱数源がある。エントロピーの分析を添付する。",
        );
    }
    let list = names(weak);
    lacks(
        format!("No hardware generator is stated for: {}.", list.en),
        format!("ハードウェア乱数源が書かれていない: {}。", list.ja),
    )
}

pub(super) fn platform(system: &System<'_>) -> Option<Answer> {
    let unsaid = devices(system, |one| one.platform.os.is_none());
    if !unsaid.is_empty() {
        let list = names(unsaid);
        return lacks(
            format!(
                "These do not say what they run on (platform.os): {}.",
                list.en
            ),
            format!(
                "何の上で動くか（platform.os）が書かれていない: {}。",
                list.ja
            ),
        );
    }
    let known: BTreeSet<&str> = system
        .model
        .components
        .values()
        .filter_map(|one| one.platform.os)
        .map(|os| os.word())
        .collect();
    let list = names(known);
    lacks(
        format!(
            "Platforms: {}. Attach the comparison of their security functions.",
            list.en
        ),
        format!("プラットフォーム: {}。安全機能の比較を添付する。", list.ja),
    )
}

pub(super) fn languages(system: &System<'_>, kinds: &[ComponentKind]) -> Option<Answer> {
    let components = || {
        let all = system.model.components.iter();
        all.filter(|(_, one)| kinds.contains(&one.kind))
    };
    if components().next().is_none() {
        return is(
            "The model has no program of this kind.",
            "モデルにこの種のプログラムはない。",
        );
    }
    let unsaid: Vec<&str> = components()
        .filter(|(_, one)| one.platform.languages.is_empty())
        .map(|(id, _)| id.as_str())
        .collect();
    if !unsaid.is_empty() {
        let list = names(unsaid);
        return lacks(
            format!(
                "These do not say what they are written in (platform.languages): {}.",
                list.en
            ),
            format!(
                "使用言語（platform.languages）が書かれていない: {}。",
                list.ja
            ),
        );
    }
    let known: BTreeSet<&str> = components()
        .flat_map(|(_, one)| {
            one.platform
                .languages
                .iter()
                .map(|language| language.word())
        })
        .collect();
    let list = names(known);
    lacks(
        format!(
            "Languages: {}. Attach what shows that their rules are followed.",
            list.en
        ),
        format!(
            "言語: {}。規則に従っていることを示すものを添付する。",
            list.ja
        ),
    )
}

pub(super) fn language_secrets(system: &System<'_>) -> Option<Answer> {
    use ProgrammingLanguage as L;
    let components = system.model.components.iter();
    let programs: Vec<_> = components
        .filter(|(_, one)| matches!(one.kind, ComponentKind::Device | ComponentKind::App))
        .collect();
    let unsaid: Vec<&str> = programs
        .iter()
        .filter(|(_, one)| one.platform.languages.is_empty())
        .map(|(id, _)| id.as_str())
        .collect();
    if !unsaid.is_empty() {
        let list = names(unsaid);
        return lacks(
            format!(
                "These do not say what they are written in (platform.languages): {}.",
                list.en
            ),
            format!(
                "使用言語（platform.languages）が書かれていない: {}。",
                list.ja
            ),
        );
    }
    let keeps = |language: &L| {
        matches!(
            language,
            L::Java | L::Python | L::JavaScript | L::Go | L::Other
        )
    };
    let affected: Vec<&str> = programs
        .iter()
        .filter(|(_, one)| one.platform.languages.iter().any(keeps))
        .map(|(id, _)| id.as_str())
        .collect();
    if affected.is_empty() {
        return is(
            "All are written in languages that can overwrite a secret.",
            "いずれも、秘密を上書きして消せる言語で書かれている。",
        );
    }
    let list = names(affected);
    lacks(
        format!(
            "Languages whose strings cannot be overwritten are used in: {}. State how secrets are kept out of them.",
            list.en
        ),
        format!(
            "文字列を上書きできない言語を使う: {}。秘密をどう扱うかを申告する。",
            list.ja
        ),
    )
}
