//! What the model declares of places, others, flows, personal data and keys, as an answer to a control.

use super::{Answer, is, lacks, names};
use crate::checklist::keys::{KeySheet, Topic};
use crate::checklist::privacy::Sheet;
use crate::model::ComponentKind;
use crate::system::{System, is_bounded};

pub(super) fn environment(system: &System<'_>) -> Option<Answer> {
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

pub(super) fn externals(system: &System<'_>) -> Option<Answer> {
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

pub(super) fn flows(system: &System<'_>) -> Option<Answer> {
    let count = system.model.flows.len();
    is(
        format!("{count} flows are declared, each with sender, receiver, protocol and protection."),
        format!("フロー {count} 本を、送信元・宛先・プロトコル・保護とともに宣言している。"),
    )
}

pub(super) fn open_flows(system: &System<'_>) -> Option<Answer> {
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

pub(super) fn bounded(system: &System<'_>) -> Option<Answer> {
    let flows = system.model.flows.iter();
    let loose: Vec<&str> = flows
        .filter(|(_, flow)| !is_bounded(flow) && !flow.is_by_people())
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
pub(super) fn sheet(sheet: &Sheet, rules: &[&str]) -> Option<Answer> {
    if sheet.rows.is_empty() {
        return lacks(
            "No asset says whether it tells something about a person: write `personal` and `fields`.",
            "個人に関する資産かどうかが書かれていない。`personal` と `fields` に書く。",
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

pub(super) fn keys(topic: Topic, sheets: &[KeySheet]) -> Option<Answer> {
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
