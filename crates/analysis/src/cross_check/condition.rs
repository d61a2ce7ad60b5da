//! Facts of a model that decide whether a common threat touches it.

use std::collections::BTreeSet;

use crate::model::{
    Asset, Component, ComponentKind, DeviceClass, Flow, Interface, Level, LossCategory, Network,
    OperatingSystem,
};
use crate::system::System;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// A fact of a model. It holds when at least one element fulfils it.
    Condition {
        /// A service or a store.
        Service = "service",
        /// A product in the field.
        Device = "device",
        /// An application that people use.
        App = "app",
        /// A person, or an application that people use.
        People = "people",
        /// A system of someone else.
        External = "external",
        /// A port for removable memory or USB.
        RemovableMedia = "removable-media",
        /// A wireless interface.
        Radio = "radio",
        /// A device with a screen and programs of its own, or an application.
        Screen = "screen",
        /// An asset whose confidentiality matters much.
        Confidential = "confidential",
        /// An asset that tells something about a person.
        Personal = "personal",
        /// A personal asset that a service or store keeps.
        PersonalInService = "personal-in-service",
        /// An asset that collects something about payment cards.
        CardData = "card-data",
        /// An asset that collects something about payments.
        PaymentData = "payment-data",
        /// An asset that collects something about bank accounts.
        BankData = "bank-data",
        /// A loss of money.
        Money = "money",
        /// An asset whose availability matters much.
        Available = "available",
        /// A control action.
        Controls = "controls",
        /// A flow between two zones that people do not carry.
        Crosses = "crosses",
        /// A flow from people to a service, gateway or device.
        SignIn = "sign-in",
        /// Such a flow between two zones.
        RemoteSignIn = "remote-sign-in",
        /// A flow from people or from others into a device or gateway of another zone.
        Maintenance = "maintenance",
        /// A device that takes part in control and stands in a zone with a public network.
        ControlReachable = "control-reachable",
        /// A service, store or other's system in another zone than a device.
        ServiceOutside = "service-outside",
    }
}

impl Condition {
    /// Ids of the elements of a system that fulfil the condition.
    pub(crate) fn elements(self, system: &System<'_>) -> BTreeSet<String> {
        let components = |test: &dyn Fn(&str, &Component) -> bool| {
            let all = system.model.components.iter();
            all.filter(|(id, component)| test(id, component))
                .map(|(id, _)| id.clone())
                .collect()
        };
        let flows = |test: &dyn Fn(&Flow, bool) -> bool| {
            let all = system.model.flows.iter();
            all.filter(|(id, flow)| test(flow, system.way(id).crosses))
                .map(|(id, _)| id.clone())
                .collect()
        };
        let kind = |id: &str| system.model.components.get(id).map(|c| c.kind);
        let assets = |test: &dyn Fn(&Asset) -> bool| {
            let all = system.model.assets.iter();
            all.filter(|(_, asset)| test(asset))
                .map(|(id, _)| id.clone())
                .collect()
        };
        let sign_in = |flow: &Flow| {
            kind(&flow.from).is_some_and(is_people) && !kind(&flow.to).is_some_and(is_people)
        };
        match self {
            Condition::Service => components(&|_, c| is_service(c.kind)),
            Condition::Device => components(&|_, c| c.kind == ComponentKind::Device),
            Condition::App => components(&|_, c| c.kind == ComponentKind::App),
            Condition::People => components(&|_, c| is_people(c.kind)),
            Condition::External => components(&|_, c| c.kind == ComponentKind::External),
            Condition::RemovableMedia => components(&|_, c| {
                let mut ports = c.interfaces.iter();
                ports.any(|port| matches!(port, Interface::SdCard | Interface::Usb))
            }),
            Condition::Radio => components(&|_, c| c.interfaces.iter().any(|i| is_radio(*i))),
            Condition::Screen => components(&|_, c| {
                let apps = matches!(
                    c.platform.os,
                    Some(OperatingSystem::Android | OperatingSystem::Windows)
                );
                apps || c.kind == ComponentKind::App || c.class == Some(DeviceClass::SmartTv)
            }),
            Condition::Confidential => assets(&|asset| asset.c >= Level::High),
            Condition::Personal => assets(&|asset| asset.personal),
            Condition::PersonalInService => assets(&|asset| {
                let mut keepers = asset.stored_in.iter();
                asset.personal && keepers.any(|id| kind(id).is_some_and(is_service))
            }),
            Condition::CardData => assets(&|asset| collects(asset, &["card", "カード"])),
            Condition::PaymentData => assets(&|asset| collects(asset, &["payment", "決済"])),
            Condition::BankData => assets(&|asset| collects(asset, &["bank", "銀行", "口座"])),
            Condition::Money => {
                let losses = system.model.losses.iter();
                losses
                    .filter(|(_, loss)| loss.category == Some(LossCategory::Finance))
                    .map(|(id, _)| id.clone())
                    .collect()
            }
            Condition::Available => assets(&|asset| asset.a >= Level::High),
            Condition::Controls => system.model.control_actions.keys().cloned().collect(),
            Condition::Crosses => flows(&|flow, crosses| crosses && !flow.is_by_people()),
            Condition::SignIn => flows(&|flow, _| sign_in(flow)),
            Condition::RemoteSignIn => flows(&|flow, crosses| crosses && sign_in(flow)),
            Condition::Maintenance => flows(&|flow, crosses| {
                let from = kind(&flow.from);
                let into = matches!(
                    kind(&flow.to),
                    Some(ComponentKind::Device | ComponentKind::Gateway)
                );
                let outsider = from.is_some_and(is_people) || from == Some(ComponentKind::External);
                outsider && into && crosses
            }),
            Condition::ControlReachable => components(&|id, c| {
                let zone = system.model.zones.get(&c.zone);
                let is_public = zone.is_some_and(|zone| zone.network == Network::Public);
                c.kind == ComponentKind::Device && is_public && controls(system, id)
            }),
            Condition::ServiceOutside => components(&|_, c| {
                let mut all = system.model.components.values();
                let apart =
                    |other: &Component| other.kind == ComponentKind::Device && other.zone != c.zone;
                (is_service(c.kind) || c.kind == ComponentKind::External) && all.any(apart)
            }),
        }
    }
}

/// Whether a component runs a controller, is under control, or carries an action or its feedback.
fn controls(system: &System<'_>, id: &str) -> bool {
    let mut controllers = system.model.controllers.values();
    controllers.any(|controller| controller.component == id || controller.process == id)
        || system
            .flows_of(id)
            .iter()
            .any(|(flow, _)| system.carries_action(flow) || system.carries_feedback(flow))
}

/// Whether a collected field of an asset has one of these words in its name.
fn collects(asset: &Asset, words: &[&str]) -> bool {
    let mut fields = asset.privacy.fields.iter();
    fields.any(|field| {
        let field = field.to_lowercase();
        words.iter().any(|word| field.contains(word))
    })
}

fn is_service(kind: ComponentKind) -> bool {
    matches!(kind, ComponentKind::Service | ComponentKind::Store)
}

fn is_people(kind: ComponentKind) -> bool {
    matches!(kind, ComponentKind::Human | ComponentKind::App)
}

fn is_radio(interface: Interface) -> bool {
    matches!(
        interface,
        Interface::Ble
            | Interface::Cellular
            | Interface::Lora
            | Interface::Nfc
            | Interface::Wifi
            | Interface::Zigbee
    )
}
