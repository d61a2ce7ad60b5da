//! How a model and its analysis answer a control by themselves.
//!
//! Only what a model is the record of can be answered here: which threats were looked for, what was decided
//! and why, what is collected. What a model claims of hardware or people is no answer; a gap then says
//! what would be one.

use std::collections::BTreeSet;

use super::keys::{KeySheet, Topic};
use super::privacy::Sheet;
use crate::choose::Solution;
use crate::language::Text;
use crate::model::{Component, ComponentKind, ProgrammingLanguage, Protocol, Randomness, Stride};
use crate::requirements::Requirement;
use crate::stride::Threat;
use crate::system::{System, is_bounded};

/// Most names that an answer lists; the others are counted.
const MAX_NAMES: usize = 5;

/// Every name that a control may have in `answer`.
#[cfg(test)]
pub(super) const KNOWN: &[&str] = &[
    "bounded",
    "closed",
    "consent",
    "datasheet",
    "dependence",
    "entropy",
    "environment",
    "externals",
    "flows",
    "hardware",
    "key:destruction",
    "key:distribution",
    "key:generation",
    "key:owner",
    "key:revocation",
    "key:rotation",
    "key:storage",
    "languages",
    "languages-secrets",
    "languages-services",
    "layers",
    "minimal",
    "open-flows",
    "platform",
    "randomness",
    "regimes",
    "requirements",
    "safety",
    "secure-boot",
    "stride:gateway",
    "stride:spoofing",
    "threat-model",
    "tpm",
    "tradeoff",
];

/// What the methods found, for answers to point at.
pub(crate) struct Found<'a> {
    /// STRIDE threats.
    pub(crate) threats: &'a [Threat],
    /// Cells of the matrices.
    pub(crate) cells: usize,
    /// Unsafe control actions.
    pub(crate) unsafe_actions: usize,
    /// What was chosen.
    pub(crate) solution: &'a Solution,
    /// What shall hold.
    pub(crate) requirements: &'a [Requirement],
    /// The data sheet.
    pub(crate) sheet: &'a Sheet,
    /// The questions about keys.
    pub(crate) keys: &'a [KeySheet],
}

/// What a model says to a control.
pub(super) enum Answer {
    /// It answers it.
    Is(Text),
    /// It does not, and this is missing.
    Lacks(Text),
}

fn is(en: impl Into<String>, ja: impl Into<String>) -> Option<Answer> {
    Some(Answer::Is(Text::new(en, ja)))
}

fn lacks(en: impl Into<String>, ja: impl Into<String>) -> Option<Answer> {
    Some(Answer::Lacks(Text::new(en, ja)))
}

/// The answer with a name, as the knowledge files have it.
pub(super) fn answer(name: &str, system: &System<'_>, found: &Found<'_>) -> Option<Answer> {
    if let Some(topic) = name.strip_prefix("key:") {
        return keys(Topic::parse(topic)?, found.keys);
    }
    match name {
        "threat-model" => threat_model(found),
        "stride:spoofing" => spoofing(found),
        "stride:gateway" => gateway(system, found),
        "requirements" => requirements(found),
        "regimes" => regimes(system),
        "tradeoff" => tradeoff(found),
        "layers" => layers(system, found),
        "closed" => closed(found),
        "safety" => safety(system, found),
        "dependence" => dependence(system),
        "environment" => environment(system),
        "externals" => externals(system),
        "flows" => flows(system),
        "open-flows" => open_flows(system),
        "bounded" => bounded(system),
        "datasheet" => sheet(found.sheet, &[]),
        "consent" => sheet(found.sheet, &["consent", "opt-in"]),
        "minimal" => sheet(found.sheet, &["minimized", "retention", "fields"]),
        "hardware" => hardware(system),
        "tpm" => tpm(system),
        "secure-boot" => secure_boot(system),
        "randomness" => randomness(system),
        "entropy" => entropy(system),
        "platform" => platform(system),
        "languages" => languages(system, &[ComponentKind::Device, ComponentKind::Gateway]),
        "languages-services" => languages(system, &[ComponentKind::Service, ComponentKind::App]),
        "languages-secrets" => language_secrets(system),
        _ => None,
    }
}

/// `a, b, c and 4 more`, in both languages.
fn names<'a>(list: impl IntoIterator<Item = &'a str>) -> Text {
    let all: Vec<&str> = list.into_iter().collect();
    let shown = all.iter().take(MAX_NAMES).copied();
    let shown = shown.collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(MAX_NAMES) {
        0 => Text::same(shown),
        more => Text::new(
            format!("{shown} and {more} more"),
            format!("{shown} ほか {more} 件"),
        ),
    }
}

fn threat_model(found: &Found<'_>) -> Option<Answer> {
    let (threats, cells, actions) = (found.threats.len(), found.cells, found.unsafe_actions);
    is(
        format!(
            "{threats} STRIDE threats, {cells} cells of the life-cycle matrix, {actions} unsafe control actions."
        ),
        format!(
            "STRIDE の脅威 {threats} 件、ライフサイクル表 {cells} マス、非安全なコントロールアクション {actions} 件。"
        ),
    )
}

fn spoofing(found: &Found<'_>) -> Option<Answer> {
    let threats = found.threats.iter();
    let count = threats
        .filter(|threat| threat.stride == Stride::Spoofing)
        .count();
    is(
        format!("Spoofing was looked for at every element; {count} ways were found."),
        format!("全要素でなりすましを調べ、{count} 件を見つけた。"),
    )
}

fn gateway(system: &System<'_>, found: &Found<'_>) -> Option<Answer> {
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

fn requirements(found: &Found<'_>) -> Option<Answer> {
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

fn regimes(system: &System<'_>) -> Option<Answer> {
    let list = names(system.model.regimes.iter().map(|regime| regime.word()));
    if system.model.regimes.is_empty() {
        return lacks(
            "The model names no requirement set: write  regimes.",
            "モデルに要件集の指定がない。regimes に書く。",
        );
    }
    is(
        format!("The model asks for {} and follows each item.", list.en),
        format!("モデルは {} を求め、項目ごとに追っている。", list.ja),
    )
}

fn tradeoff(found: &Found<'_>) -> Option<Answer> {
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

fn layers(system: &System<'_>, found: &Found<'_>) -> Option<Answer> {
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

fn closed(found: &Found<'_>) -> Option<Answer> {
    let open = found.solution.open().count();
    let all = found.solution.states.len();
    if open > 0 {
        return lacks(
            format!("{open} of {all} threats and cells are still open."),
            format!("脅威・マス {all} 件のうち {open} 件がまだ開いている。"),
        );
    }
    is(
        format!("None of {all} threats and cells is open; each says what closes it."),
        format!("脅威・マス {all} 件に開いたものはなく、何が塞ぐかが示されている。"),
    )
}

fn safety(system: &System<'_>, found: &Found<'_>) -> Option<Answer> {
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
        format!(
            "STPA-Sec: 損失 {losses} 件、ハザード {hazards} 件、非安全なコントロールアクション {actions} 件。"
        ),
    )
}

fn dependence(system: &System<'_>) -> Option<Answer> {
    let components = system.model.components.values();
    let count = components
        .filter(|one| !one.depends_on.is_empty() || !one.hazards.is_empty())
        .count();
    if count == 0 {
        return lacks(
            "No component says what depends on it: write  depends_on  or  hazards.",
            "何が依存しているかを書いたコンポーネントがない。depends_on または hazards に書く。",
        );
    }
    is(
        format!(
            "{count} components say what they depend on or harm; the safety impact follows it."
        ),
        format!("{count} 個のコンポーネントが依存先や危害を示し、安全への影響をたどれる。"),
    )
}

fn environment(system: &System<'_>) -> Option<Answer> {
    let zones = system.model.zones.iter();
    let list: Vec<String> = zones
        .map(|(id, zone)| format!("{id} ({})", zone.physical.word()))
        .collect();
    let list = names(list.iter().map(String::as_str));
    is(
        format!(
            "Each zone says who can touch what stands there: {}.",
            list.en
        ),
        format!("区域ごとに、誰が触れられるかを示している: {}。", list.ja),
    )
}

fn externals(system: &System<'_>) -> Option<Answer> {
    let components = system.model.components.iter();
    let list: Vec<&str> = components
        .filter(|(_, component)| component.kind == ComponentKind::External)
        .map(|(id, _)| id.as_str())
        .collect();
    if list.is_empty() {
        return is(
            "The model names no system of someone else.",
            "モデルに他者のシステムはない。",
        );
    }
    let list = names(list);
    is(
        format!(
            "The systems of others, with their zones and flows: {}.",
            list.en
        ),
        format!(
            "他者のシステムを区域とフローとともに記している: {}。",
            list.ja
        ),
    )
}

fn flows(system: &System<'_>) -> Option<Answer> {
    let count = system.model.flows.len();
    is(
        format!("{count} flows are declared, each with sender, receiver, protocol and protection."),
        format!("フロー {count} 本を、送信元・宛先・プロトコル・保護とともに宣言している。"),
    )
}

fn open_flows(system: &System<'_>) -> Option<Answer> {
    let flows = system.model.flows.iter();
    let open: Vec<&str> = flows
        .filter(|(_, flow)| flow.is_bare())
        .map(|(id, _)| id.as_str())
        .collect();
    if open.is_empty() {
        return is("No flow gives up protection.", "保護を省いたフローはない。");
    }
    let list = names(open);
    lacks(
        format!(
            "Unprotected flows: {}. Protect them, or state why they may stay so.",
            list.en
        ),
        format!(
            "保護のないフロー: {}。保護するか、そのままでよい理由を申告する。",
            list.ja
        ),
    )
}

fn bounded(system: &System<'_>) -> Option<Answer> {
    let flows = system.model.flows.iter();
    let loose: Vec<&str> = flows
        .filter(|(_, flow)| !is_bounded(flow) && flow.protocol != Protocol::Human)
        .map(|(id, _)| id.as_str())
        .collect();
    if loose.is_empty() {
        return is(
            "Every flow has a schema or a range.",
            "全フローにスキーマまたは範囲がある。",
        );
    }
    let list = names(loose);
    lacks(
        format!("Flows without schema and range: {}.", list.en),
        format!("スキーマも範囲もないフロー: {}。", list.ja),
    )
}

/// The data sheet, or those of its gaps that matter here.
fn sheet(sheet: &Sheet, rules: &[&str]) -> Option<Answer> {
    if sheet.rows.is_empty() {
        return lacks(
            "No asset says whether it tells something about a person: write  personal  and  fields.",
            "個人に関する資産かどうかが書かれていない。personal と fields に書く。",
        );
    }
    let gaps = sheet.rows.iter().flat_map(|row| &row.gaps);
    let matters = |id: &str| {
        let rule = id.rsplit_once(":PRIV-").map_or("", |(_, rule)| rule);
        rules.is_empty() || rules.contains(&rule)
    };
    let gaps: Vec<&str> = gaps
        .map(|gap| gap.id.as_str())
        .filter(|id| matters(id))
        .collect();
    let rows = sheet.rows.len();
    if gaps.is_empty() {
        return is(
            format!("The data sheet has {rows} rows and no such gap."),
            format!("データシートは {rows} 行あり、この点の欠けはない。"),
        );
    }
    let list = names(gaps);
    lacks(
        format!("Gaps of the data sheet: {}.", list.en),
        format!("データシートの欠け: {}。", list.ja),
    )
}

fn keys(topic: Topic, sheets: &[KeySheet]) -> Option<Answer> {
    if sheets.is_empty() {
        return lacks(
            "No asset is of kind key or credential.",
            "種類が key または credential の資産がない。",
        );
    }
    let questions = sheets.iter().flat_map(|sheet| &sheet.questions);
    let open: Vec<&str> = questions
        .filter(|question| question.topic == topic && !question.is_settled())
        .map(|question| question.id.as_str())
        .collect();
    if open.is_empty() {
        let count = sheets.len();
        return is(
            format!("The model answers it for all {count} keys and credentials."),
            format!("鍵・認証情報 {count} 件の全てについてモデルが答えている。"),
        );
    }
    let list = names(open);
    lacks(
        format!("Open questions of key management: {}.", list.en),
        format!("鍵管理の未回答の問い: {}。", list.ja),
    )
}

fn devices<'m>(system: &System<'m>, lacking: impl Fn(&Component) -> bool) -> Vec<&'m str> {
    let components = system.model.components.iter();
    components
        .filter(|(_, one)| one.kind == ComponentKind::Device && lacking(one))
        .map(|(id, _)| id.as_str())
        .collect()
}

fn hardware(system: &System<'_>) -> Option<Answer> {
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

fn tpm(system: &System<'_>) -> Option<Answer> {
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

fn secure_boot(system: &System<'_>) -> Option<Answer> {
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

fn randomness(system: &System<'_>) -> Option<Answer> {
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

fn entropy(system: &System<'_>) -> Option<Answer> {
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

fn platform(system: &System<'_>) -> Option<Answer> {
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

fn languages(system: &System<'_>, kinds: &[ComponentKind]) -> Option<Answer> {
    let components = || {
        let all = system.model.components.iter();
        all.filter(|(_, one)| kinds.contains(&one.kind))
    };
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

fn language_secrets(system: &System<'_>) -> Option<Answer> {
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
