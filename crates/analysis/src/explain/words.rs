//! Words of the catalogue for readers.

use crate::choose::State;
use crate::knowledge::{Check, ItemStatus, Measure, MeasureKind, Pillar, Place, Provided, Subject};
use crate::language::Text;
use crate::model::{Level, Stride, UnsafeKind};
use crate::trace::NodeKind;

pub(super) fn pillar(pillar: Pillar) -> Text {
    match pillar {
        Pillar::Certification => Text::new("certification: who is it?", "認証: 誰か"),
        Pillar::Network => Text::new("network: what passes?", "ネットワーク: 何を通すか"),
        Pillar::Refresh => Text::new(
            "refresh: back to a good state",
            "リフレッシュ: 正常な状態へ戻す",
        ),
        Pillar::Trace => Text::new("trace: what happened?", "痕跡: 何が起きたか"),
        Pillar::None => Text::new("outside of the four", "四つの外"),
    }
}

pub(super) fn place(place: Place) -> Text {
    match place {
        Place::Device => Text::new("on each device", "各機器"),
        Place::Gateway => Text::new("at the gateway", "ゲートウェイ"),
        Place::Vendor => Text::new("at the maker or operator", "メーカーまたは運用者"),
    }
}

pub(super) fn made_of(kind: MeasureKind) -> Text {
    match kind {
        MeasureKind::Function => Text::new("function, built in", "機能（組み込み）"),
        MeasureKind::Service => Text::new("service of the maker", "メーカーのサービス"),
        MeasureKind::Process => Text::new("process, done by people", "人が行う作業"),
        MeasureKind::Guidance => Text::new("guidance; closes nothing", "手引き（何も閉じない）"),
    }
}

pub(super) fn strength(strength: u32) -> Text {
    let (en, ja) = match strength {
        0 => ("guidance", "手引き"),
        1 => (
            "detection afterwards, or something people do",
            "事後の検知、または人の作業",
        ),
        2 => (
            "detection with response, or a hurdle",
            "対応を伴う検知、または障壁",
        ),
        _ => ("prevention", "防止"),
    };
    Text::new(format!("{strength}: {en}"), format!("{strength}: {ja}"))
}

pub(super) fn provided(provided: Provided) -> Text {
    let (en, ja) = match provided {
        Provided::Connected => (
            "where the device speaks with the gateway over MQTT and TLS 1.3",
            "機器が MQTT と TLS 1.3 でゲートウェイと話す場合",
        ),
        Provided::Mutual => (
            "where, besides, every other flow of it proves both ends",
            "加えて、ほかのフローもすべて両端を証明する場合",
        ),
        Provided::Bounded => (
            "where it also sends a flow with a schema or range",
            "加えて、スキーマか範囲を持つフローがある場合",
        ),
        Provided::Sequenced => (
            "where it also has a flow with a sequence",
            "加えて、通し番号を持つフローがある場合",
        ),
        Provided::Rated => (
            "where it also sends a flow with a rate",
            "加えて、頻度を定めたフローを送る場合",
        ),
        Provided::SecureBoot => ("where the boot loader verifies", "起動時に検証する場合"),
        Provided::Tpm => (
            "where keys have hardware of their own",
            "鍵専用のハードウェアがある場合",
        ),
        Provided::HardwareRandom => (
            "where random numbers come from hardware",
            "乱数がハードウェア由来の場合",
        ),
        Provided::Never => ("never by the platform", "プラットフォームは備えない"),
    };
    Text::new(en, ja)
}

pub(super) fn status(status: ItemStatus) -> Text {
    match status {
        ItemStatus::Mandatory => Text::new("mandatory", "必須"),
        ItemStatus::Recommended => Text::new("recommended", "推奨"),
    }
}

pub(super) fn check(check: Check) -> Text {
    match check {
        Check::Live => Text::new("the running system", "稼働中のシステム"),
        Check::Test => Text::new("a test", "試験"),
        Check::Document => Text::new("a document", "文書"),
        Check::Process => Text::new("how people work", "人の作業"),
    }
}

pub(super) fn stride(stride: Stride) -> Text {
    match stride {
        Stride::Spoofing => Text::new("spoofing", "なりすまし"),
        Stride::Tampering => Text::new("tampering", "改ざん"),
        Stride::Repudiation => Text::new("repudiation", "否認"),
        Stride::InformationDisclosure => Text::new("information disclosure", "情報漏えい"),
        Stride::DenialOfService => Text::new("denial of service", "サービス妨害"),
        Stride::ElevationOfPrivilege => Text::new("elevation of privilege", "権限昇格"),
    }
}

pub(super) fn subject(subject: Subject) -> Text {
    match subject {
        Subject::Flow => Text::new("flow", "フロー"),
        Subject::Device => Text::new("device", "機器"),
        Subject::Gateway => Text::new("gateway", "ゲートウェイ"),
        Subject::Service => Text::new("service", "サービス"),
        Subject::Store => Text::new("store", "保存先"),
        Subject::App => Text::new("app", "アプリ"),
        Subject::Human => Text::new("person", "人"),
        Subject::External => Text::new("system of someone else", "他者のシステム"),
    }
}

/// Effort points; the second number only where it can come about.
pub(super) fn effort(measure: &Measure) -> Text {
    let (cost, kept) = (measure.cost, measure.cost_provided);
    if measure.provided == Provided::Never {
        return Text::same(cost.to_string());
    }
    Text::new(
        format!("{cost} from nothing, {kept} where provided"),
        format!("なければ {cost}、備わっていれば {kept}"),
    )
}

pub(super) fn unsafe_kind(kind: UnsafeKind) -> Text {
    match kind {
        UnsafeKind::NotProvided => Text::new("is not provided", "与えられない"),
        UnsafeKind::Provided => Text::new("is provided", "与えられる"),
        UnsafeKind::WrongTime => Text::new(
            "comes at the wrong time or in the wrong order",
            "時機や順序が違う",
        ),
        UnsafeKind::StoppedTooSoon => Text::new(
            "stops too soon or is applied too long",
            "早く止まる、または長く続く",
        ),
    }
}

pub(crate) fn level(level: Level) -> Text {
    let ja = match level {
        Level::None => "なし",
        Level::Low => "小",
        Level::Medium => "中",
        Level::High => "大",
        Level::Critical => "重大",
    };
    Text::new(level.word(), ja)
}

pub(crate) fn state(state: State) -> Text {
    match state {
        State::NotApplicable => Text::new("not applicable", "対象外"),
        State::BelowThreshold => Text::new("below the threshold", "しきい値未満"),
        State::Accepted => Text::new("accepted", "受容"),
        State::Transferred => Text::new("transferred", "移転"),
        State::Dismissed => Text::new("dismissed", "棄却"),
        State::Closed => Text::new("covered", "対策あり"),
        State::Open => Text::new("not covered", "対策不足"),
    }
}

/// What one such thing is called.
pub(super) fn kind(kind: NodeKind) -> Text {
    let (en, ja) = match kind {
        NodeKind::Zone => ("Zone", "区域"),
        NodeKind::Element => ("Part of the model", "モデルの部分"),
        NodeKind::Asset => ("Asset", "資産"),
        NodeKind::Loss => ("Loss", "損失"),
        NodeKind::Hazard => ("Hazard", "ハザード"),
        NodeKind::Controller => ("Controller", "制御器"),
        NodeKind::ControlAction => ("Control action", "制御動作"),
        NodeKind::UnsafeAction => ("Unsafe control action", "非安全制御動作"),
        NodeKind::Candidate => ("Candidate, to be judged", "候補（判断待ち）"),
        NodeKind::Gap => ("Gap in the control structure", "制御構造の不足"),
        NodeKind::Constraint => ("Safety constraint", "安全制約"),
        NodeKind::Rule => ("Rule", "規則"),
        NodeKind::Threat => ("STRIDE threat", "STRIDE の脅威"),
        NodeKind::Cell => ("Cell of the JNSA matrix", "JNSA 一覧の欄"),
        NodeKind::Scenario => ("Scenario", "シナリオ"),
        NodeKind::Target => ("Asked for at one place", "ある場所に求められること"),
        NodeKind::Common => ("Common threat", "よくある脅威"),
        NodeKind::Measure => ("Countermeasure", "対策"),
        NodeKind::Pick => ("Chosen countermeasure", "選んだ対策"),
        NodeKind::Assumption => ("Assumption", "前提"),
        NodeKind::Requirement => ("Requirement", "要件"),
        NodeKind::Clause => ("Clause of the policy", "ポリシーの条項"),
        NodeKind::Probe => ("Probe", "プローブ"),
        NodeKind::Item => ("Item of a requirement set", "要件集の項目"),
        NodeKind::Control => ("Control of the checklist", "チェックリストの管理策"),
        NodeKind::Advice => ("Guidance", "手引き"),
        NodeKind::Question => ("Question", "問い"),
    };
    Text::new(en, ja)
}

/// What several of them are called, as the label of a list.
pub(super) fn kinds(of: NodeKind) -> Text {
    let en = match of {
        NodeKind::Zone => "Zones",
        NodeKind::Element => "Parts of the model",
        NodeKind::Asset => "Assets",
        NodeKind::Loss => "Losses",
        NodeKind::Hazard => "Hazards",
        NodeKind::Controller => "Controllers",
        NodeKind::ControlAction => "Control actions",
        NodeKind::UnsafeAction => "Unsafe control actions",
        NodeKind::Candidate => "Candidates, to be judged",
        NodeKind::Gap => "Gaps in the control structure",
        NodeKind::Constraint => "Safety constraints",
        NodeKind::Rule => "Rules",
        NodeKind::Threat => "STRIDE threats",
        NodeKind::Cell => "Cells of the JNSA matrix",
        NodeKind::Scenario => "Scenarios",
        NodeKind::Target => "Asked for at one place",
        NodeKind::Common => "Common threats",
        NodeKind::Measure => "Countermeasures",
        NodeKind::Pick => "Chosen countermeasures",
        NodeKind::Assumption => "Assumptions",
        NodeKind::Requirement => "Requirements",
        NodeKind::Clause => "Clauses of the policy",
        NodeKind::Probe => "Probes",
        NodeKind::Item => "Items of requirement sets",
        NodeKind::Control => "Controls of the checklist",
        NodeKind::Advice => "Guidance",
        NodeKind::Question => "Questions",
    };
    Text::new(en, kind(of).ja)
}
