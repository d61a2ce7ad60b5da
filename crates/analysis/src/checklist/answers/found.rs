//! What the methods found, as an answer to a control.

use std::collections::BTreeSet;

use super::{Answer, Found, is, lacks, names};
use crate::model::{ComponentKind, Stride};
use crate::system::System;

pub(super) fn threat_model(found: &Found<'_>) -> Option<Answer> {
    let (threats, cells, actions) = (found.threats.len(), found.cells, found.unsafe_actions);
    is(
        format!(
            "{threats} STRIDE threats, {cells} cells of the life-cycle matrix, {actions} unsafe control actions."
        ),
        format!(
            "STRIDE の脅威 {threats} 件、ライフサイクル一覧の欄 {cells} 件、非安全制御動作 {actions} 件。"
        ),
    )
}

pub(super) fn spoofing(found: &Found<'_>) -> Option<Answer> {
    let threats = found.threats.iter();
    let count = threats
        .filter(|threat| threat.stride == Stride::Spoofing)
        .count();
    is(
        format!("Spoofing was looked for at every element; {count} ways were found."),
        format!("全要素でなりすましを調べ、{count} 件を見つけた。"),
    )
}

pub(super) fn gateway(system: &System<'_>, found: &Found<'_>) -> Option<Answer> {
    let components = system.model.components.iter();
    let gateways: BTreeSet<&str> = components
        .filter(|(_, component)| component.kind == ComponentKind::Gateway)
        .map(|(id, _)| id.as_str())
        .collect();
    let threats = found.threats.iter();
    let count = threats
        .filter(|threat| gateways.contains(threat.element.as_str()))
        .count();
    is(
        format!("{count} threats to the gateway itself are named."),
        format!("ゲートウェイ自体への脅威を {count} 件挙げている。"),
    )
}

pub(super) fn requirements(found: &Found<'_>) -> Option<Answer> {
    let all = found.requirements.len();
    let enforced = found.requirements.iter();
    let enforced = enforced.filter(|one| !one.clauses.is_empty()).count();
    is(
        format!(
            "{all} requirements follow from the threats, {enforced} of them are clauses of the policy, and each has a finding."
        ),
        format!(
            "脅威から要件 {all} 件を導き、うち {enforced} 件はポリシーの条項である。どれにも所見がある。"
        ),
    )
}

pub(super) fn regimes(system: &System<'_>) -> Option<Answer> {
    let list = names(system.model.regimes.iter().map(|regime| regime.word()));
    if system.model.regimes.is_empty() {
        return lacks(
            "The model names no requirement set: write `regimes`.",
            "モデルに要件集の指定がない。`regimes` に書く。",
        );
    }
    is(
        format!("The model asks for {} and follows each item.", list.en),
        format!("モデルは {} を求め、項目ごとに追っている。", list.ja),
    )
}

pub(super) fn tradeoff(found: &Found<'_>) -> Option<Answer> {
    let (picks, cost) = (found.solution.picks.len(), found.solution.cost);
    is(
        format!(
            "The choice of {picks} countermeasures at {cost} points weighs effect against cost, and says how far from the best it can be."
        ),
        format!(
            "対策 {picks} 件（{cost} 点）の選択は効果と費用を比べ、最善からの隔たりも示している。"
        ),
    )
}

pub(super) fn layers(system: &System<'_>, found: &Found<'_>) -> Option<Answer> {
    let measures = &system.knowledge().measures;
    let picks = found.solution.picks.iter();
    let pillars: BTreeSet<&str> = picks
        .filter_map(|pick| measures.get(&pick.measure))
        .map(|measure| measure.pillar.word())
        .filter(|word| *word != "none")
        .collect();
    let list = names(pillars.iter().copied());
    if pillars.len() < 3 {
        return lacks(
            format!(
                "The chosen countermeasures are of few pillars: {}.",
                list.en
            ),
            format!("選んだ対策が少数の柱に偏っている: {}。", list.ja),
        );
    }
    is(
        format!(
            "The chosen countermeasures are of {} pillars: {}.",
            pillars.len(),
            list.en
        ),
        format!(
            "選んだ対策は {} 本の柱にわたる: {}。",
            pillars.len(),
            list.ja
        ),
    )
}

pub(super) fn closed(found: &Found<'_>) -> Option<Answer> {
    let open = found.solution.open().count();
    let all = found.solution.states.len();
    if open > 0 {
        return lacks(
            format!("{open} of {all} threats and cells are still open."),
            format!("脅威・欄 {all} 件のうち {open} 件がまだ開いている。"),
        );
    }
    is(
        format!("None of {all} threats and cells is open; each says what closes it."),
        format!("脅威・欄 {all} 件に開いたものはなく、何が塞ぐかが示されている。"),
    )
}

pub(super) fn safety(system: &System<'_>, found: &Found<'_>) -> Option<Answer> {
    let (losses, hazards) = (system.model.losses.len(), system.model.hazards.len());
    if losses == 0 || hazards == 0 {
        return lacks(
            "The model names no loss or no hazard.",
            "モデルに損失またはハザードがない。",
        );
    }
    let actions = found.unsafe_actions;
    is(
        format!("STPA-Sec: {losses} losses, {hazards} hazards, {actions} unsafe control actions."),
        format!("STPA-Sec: 損失 {losses} 件、ハザード {hazards} 件、非安全制御動作 {actions} 件。"),
    )
}

pub(super) fn dependence(system: &System<'_>) -> Option<Answer> {
    let components = system.model.components.values();
    let count = components
        .filter(|one| !one.depends_on.is_empty() || !one.hazards.is_empty())
        .count();
    if count == 0 {
        return lacks(
            "No component says what depends on it: write `depends_on` or `hazards`.",
            "何が依存しているかを書いた部品がない。`depends_on` または `hazards` に書く。",
        );
    }
    is(
        format!(
            "{count} components say what they depend on or harm; the safety impact follows it."
        ),
        format!("{count} 個の部品が依存先や危害を示し、安全への影響をたどれる。"),
    )
}
