//! Properties of a component, or of a whole model, that make a control or a piece of guidance concern it.

use serde::{Deserialize, Deserializer, de::Error};

use super::privacy::is_personal;
use crate::language::Text;
use crate::model::{
    Component, ComponentKind, Interface, OperatingSystem, ProgrammingLanguage, Protocol,
    Randomness, Sector, Security,
};
use crate::system::System;

/// One property, written `interface:ble` and the like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
    /// A component is of this kind.
    Kind(ComponentKind),
    /// It has this way in.
    Interface(Interface),
    /// A flow of it has this protocol.
    Protocol(Protocol),
    /// A flow of it has this protection.
    Security(Security),
    /// It runs on this.
    Os(OperatingSystem),
    /// It is written in this.
    Language(ProgrammingLanguage),
    /// The model is for this sector.
    Sector(Sector),
    /// It keeps or passes on something about a person.
    Personal,
    /// It runs on a battery.
    Battery,
    /// It keeps keys in hardware.
    Tpm,
    /// It does not say that it keeps keys in hardware.
    NoTpm,
    /// It does not say that it verifies what it starts.
    NoSecureBoot,
    /// It does not say that it has a hardware generator of random numbers.
    NoHardwareRandomness,
    /// It does not say what it runs on.
    NoPlatform,
    /// It has less than 64 KiB of memory.
    Small,
}

impl Property {
    fn parse(text: &str) -> Option<Self> {
        let (kind, word) = text.split_once(':').unwrap_or((text, ""));
        Some(match kind {
            "kind" => Property::Kind(ComponentKind::parse(word)?),
            "interface" => Property::Interface(Interface::parse(word)?),
            "protocol" => Property::Protocol(Protocol::parse(word)?),
            "security" => Property::Security(Security::parse(word)?),
            "os" => Property::Os(OperatingSystem::parse(word)?),
            "language" => Property::Language(ProgrammingLanguage::parse(word)?),
            "sector" => Property::Sector(Sector::parse(word)?),
            "personal" => Property::Personal,
            "battery" => Property::Battery,
            "tpm" => Property::Tpm,
            "no-tpm" => Property::NoTpm,
            "no-secure-boot" => Property::NoSecureBoot,
            "no-hardware-randomness" => Property::NoHardwareRandomness,
            "no-platform" => Property::NoPlatform,
            "small" => Property::Small,
            _ => return None,
        })
    }

    /// Whether a component has the property, as far as the model says.
    pub(crate) fn is_of(self, system: &System<'_>, id: &str, component: &Component) -> bool {
        let capabilities = &component.capabilities;
        let mut flows = system.flows_of(id).iter().map(|(_, flow)| flow);
        let is_device = component.kind == ComponentKind::Device;
        match self {
            Property::Kind(kind) => component.kind == kind,
            Property::Interface(interface) => component.interfaces.contains(&interface),
            Property::Protocol(protocol) => flows.any(|flow| flow.protocol == protocol),
            Property::Security(security) => flows.any(|flow| flow.security == security),
            Property::Os(os) => component.platform.os == Some(os),
            Property::Language(language) => component.platform.languages.contains(&language),
            Property::Sector(sector) => system.model.sector == Some(sector),
            Property::Personal => {
                let mut assets = system.model.assets.iter();
                assets.any(|(asset_id, asset)| {
                    is_personal(asset)
                        && (asset.stored_in.contains(id)
                            || flows.clone().any(|flow| flow.assets.contains(asset_id)))
                })
            }
            Property::Battery => capabilities.battery == Some(true),
            Property::Tpm => capabilities.tpm == Some(true),
            Property::NoTpm => is_device && capabilities.tpm != Some(true),
            Property::NoSecureBoot => is_device && capabilities.secure_boot != Some(true),
            Property::NoHardwareRandomness => {
                is_device && capabilities.rng != Some(Randomness::Hardware)
            }
            Property::NoPlatform => is_device && component.platform.os.is_none(),
            Property::Small => capabilities.ram_kib.is_some_and(|ram| ram < 64),
        }
    }

    /// Whether a model may have the property: it says so, or leaves it open.
    pub(crate) fn may_be_in(self, system: &System<'_>) -> bool {
        let model = system.model;
        let mut components = model.components.iter();
        match self {
            Property::Sector(sector) => model.sector.is_none_or(|said| said == sector),
            Property::Personal => model.assets.values().any(is_personal),
            // A device whose platform nobody stated may run on anything.
            Property::Os(_) => components.any(|(id, component)| {
                self.is_of(system, id, component)
                    || Property::NoPlatform.is_of(system, id, component)
            }),
            Property::Battery => components.any(|(_, component)| {
                component.kind == ComponentKind::Device
                    && component.capabilities.battery != Some(false)
            }),
            _ => components.any(|(id, component)| self.is_of(system, id, component)),
        }
    }

    /// What the property is called.
    pub(crate) fn name(self) -> Text {
        let same = |en: &str, ja: &str, word: &str| {
            Text::new(format!("{en} {word}"), format!("{ja} {word}"))
        };
        match self {
            Property::Kind(kind) => same("a component of kind", "種類", kind.word()),
            Property::Interface(interface) => {
                same("an interface", "インターフェース", interface.word())
            }
            Property::Protocol(protocol) => same("a flow over", "プロトコル", protocol.word()),
            Property::Security(security) => same("a flow with", "通信の保護", security.word()),
            Property::Os(os) => same("the platform", "プラットフォーム", os.word()),
            Property::Language(language) => same("the language", "言語", language.word()),
            Property::Sector(sector) => same("the sector", "分野", sector.word()),
            Property::Personal => Text::new("personal data", "個人に関するデータ"),
            Property::Battery => Text::new("a battery", "電池"),
            Property::Tpm => Text::new("keys in hardware", "ハードウェアの鍵保管"),
            Property::NoTpm => Text::new("no stated key hardware", "鍵用ハードウェアの記載なし"),
            Property::NoSecureBoot => {
                Text::new("no stated secure boot", "セキュアブートの記載なし")
            }
            Property::NoHardwareRandomness => Text::new(
                "no stated hardware generator of random numbers",
                "ハードウェア乱数源の記載なし",
            ),
            Property::NoPlatform => Text::new("no stated platform", "プラットフォームの記載なし"),
            Property::Small => Text::new("less than 64 KiB of memory", "メモリーが 64 KiB 未満"),
        }
    }
}

impl<'de> Deserialize<'de> for Property {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Property::parse(&text)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is no property of a model")))
    }
}

/// Why nothing of a model has any of these properties; [`None`] when something may.
pub(crate) fn why_none(properties: &[Property], system: &System<'_>) -> Option<Text> {
    if properties.is_empty() || properties.iter().any(|one| one.may_be_in(system)) {
        return None;
    }
    let names: Vec<Text> = properties.iter().map(|one| one.name()).collect();
    let list = |pick: fn(&Text) -> &str| -> Vec<&str> { names.iter().map(pick).collect() };
    Some(Text::new(
        format!(
            "The model has none of: {}.",
            list(|text| &text.en).join(", ")
        ),
        format!(
            "モデルに次のものがない: {}。",
            list(|text| &text.ja).join("、")
        ),
    ))
}
