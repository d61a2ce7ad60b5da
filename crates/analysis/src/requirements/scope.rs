//! Whether an item of a requirement set concerns a system, and the names under which people ask for a set.

use crate::knowledge::{Item, ItemOn, ItemWhen};
use crate::language::Text;
use crate::model::{Component, ComponentKind, Consent, Model, OperatingSystem, Regime};

impl Regime {
    /// The short name for the command line.
    pub const fn short(self) -> &'static str {
        match self {
            Regime::Cra => "cra",
            Regime::Etsi => "etsi",
            Regime::JcStar => "jc-star",
            Regime::Mic => "mic",
            Regime::Ir8259a => "nist",
            Regime::Csf => "csf",
            Regime::Sp800171 => "800-171",
            Regime::Iec62443 => "62443",
            Regime::Cpsf => "cpsf",
            Regime::OwaspIot => "owasp",
        }
    }

    /// The set with this short name, or with the word that models use.
    pub fn of_name(name: &str) -> Option<Self> {
        let mut all = Regime::ALL.iter().copied();
        all.find(|regime| regime.short() == name || regime.word() == name)
    }
}

/// Why an item does not concern this system; [`None`] when it does.
///
/// Which kind of component of IEC 62443-4-2 a component is, is our own judgement: what runs on Android or Windows,
/// or on Linux and is no product in the field, is a host; any other product in the field is an embedded device, the gateway a network device, and a program,
/// a store or an application a software application.
pub(crate) fn out_of_scope(model: &Model, item: &Item) -> Option<Text> {
    let level = model.security_level.number();
    if let Some(least) = item.level.filter(|least| *least > level) {
        return Some(Text::new(
            format!("Asked for from security level {least} on; the model says level {level}."),
            format!("水準 {least} から求められる。モデルの水準は {level} である。"),
        ));
    }
    if let Some(why) = item.when.and_then(|when| unmet(model, when)) {
        return Some(why);
    }
    let on = item.on?;
    let is_host = |component: &Component| match component.platform.os {
        Some(OperatingSystem::Android | OperatingSystem::Windows) => true,
        Some(OperatingSystem::Linux) => component.kind != ComponentKind::Device,
        _ => false,
    };
    let mut components = model.components.values();
    let concerned = components.any(|component| match on {
        ItemOn::Software => matches!(
            component.kind,
            ComponentKind::Service | ComponentKind::Store | ComponentKind::App
        ),
        ItemOn::Embedded => component.kind == ComponentKind::Device && !is_host(component),
        ItemOn::Host => is_host(component),
        ItemOn::Network => component.kind == ComponentKind::Gateway,
    });
    if concerned {
        return None;
    }
    Some(match on {
        ItemOn::Software => Text::new(
            "The model has no program or application.",
            "モデルにプログラムもアプリケーションもない。",
        ),
        ItemOn::Embedded => Text::new(
            "The model has no embedded device.",
            "モデルに組込み機器がない。",
        ),
        ItemOn::Host => Text::new(
            "The model has no general-purpose computer.",
            "モデルに汎用の計算機がない。",
        ),
        ItemOn::Network => Text::new(
            "The model has no network device.",
            "モデルにネットワーク機器がない。",
        ),
    })
}

/// Whether an item asks for a countermeasure, and not only for an answer by people.
pub(crate) fn demands(model: &Model, item: &Item) -> bool {
    item.when != Some(ItemWhen::Unjudged) && out_of_scope(model, item).is_none()
}

/// Why a condition does not hold.
fn unmet(model: &Model, when: ItemWhen) -> Option<Text> {
    let mut personal = model.assets.values().filter(|asset| asset.personal);
    match when {
        ItemWhen::Unjudged => None,
        ItemWhen::Personal => personal.next().is_none().then(|| {
            Text::new(
                "No asset of the model tells anything about a person.",
                "モデルに個人データの資産がない。",
            )
        }),
        ItemWhen::Consent => {
            let rests = |consent| matches!(consent, None | Some(Consent::OptIn | Consent::OptOut));
            let any = personal.any(|asset| rests(asset.privacy.consent));
            (!any).then(|| {
                Text::new(
                    "No asset of the model is collected on the ground of consent.",
                    "同意にもとづいて集める資産がモデルにない。",
                )
            })
        }
        ItemWhen::Debug => {
            let mut components = model.components.values();
            let any = components.any(|component| {
                let mut interfaces = component.interfaces.iter();
                interfaces.any(|interface| interface.is_debug())
            });
            (!any).then(|| {
                Text::new(
                    "No component of the model has a debug port.",
                    "デバッグ端子を持つ部品がモデルにない。",
                )
            })
        }
    }
}
