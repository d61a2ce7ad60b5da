//! What shall hold at one place, where the catalogue's sentence would ask for something else than the place needs.

use std::collections::BTreeMap;

use crate::choose::Pick;
use crate::knowledge::{Measure, MeasureKind};
use crate::language::Text;
use crate::model::{Component, ComponentKind, Flow, LinkProtection, Protocol, Security};
use crate::system::System;

/// Encryption of all that a component sends and receives.
const ENCRYPTION: &str = "CM-ENC";
/// Most flows that a sentence names for one way of encryption.
const MOST_NAMED: usize = 8;

/// What shall hold for a chosen countermeasure.
pub(super) fn of_pick(system: &System<'_>, pick: &Pick, measure: &Measure) -> Text {
    let at = pick.at.as_deref().filter(|_| !pick.provided);
    let is_at_flow = |at: &&str| system.model.flows.contains_key(*at);
    let own = at.or_else(|| pick.at.as_deref().filter(is_at_flow));
    let own = own.filter(|_| measure.id == ENCRYPTION);
    let shall = own.and_then(|at| encryption(system, at));
    let shall = shall.unwrap_or_else(|| about(system, pick.at.as_deref(), &measure.shall));
    let is_built = measure.kind == MeasureKind::Function;
    if is_built && at.is_some_and(|at| system.is_bought(at)) {
        return Text::new(
            format!(
                "Ask the supplier to show that this holds, or choose another product: {}",
                shall.en
            ),
            format!(
                "次のことを供給者に示させるか、別の製品を選ぶこと。{}",
                shall.ja
            ),
        );
    }
    shall
}

/// The catalogue speaks of a device; elsewhere the sentence names what it is about.
fn about(system: &System<'_>, at: Option<&str>, shall: &Text) -> Text {
    let component = at.and_then(|at| system.model.components.get(at));
    let elsewhere = |component: &&Component| component.kind != ComponentKind::Device;
    let Some(component) = component.filter(elsewhere) else {
        return shall.clone();
    };
    let (en, ja) = (&component.title.en, &component.title.ja);
    let mut said = shall.clone();
    for subject in ["The device ", "A device "] {
        if let Some(rest) = shall.en.strip_prefix(subject) {
            said.en = format!("“{en}” {rest}");
        }
    }
    said.en = said.en.replace(" the device ", &format!(" “{en}” "));
    for particle in ["は", "が", "の", "を", "に"] {
        if let Some(rest) = shall.ja.strip_prefix(&format!("機器{particle}")) {
            said.ja = format!("「{ja}」{particle}{rest}");
        }
    }
    said
}

/// The flow, or every flow of the component, with the way to encrypt it; [`None`] when others could read none.
fn encryption(system: &System<'_>, at: &str) -> Option<Text> {
    let mut ways: BTreeMap<(&str, &str), Vec<&Text>> = BTreeMap::new();
    let itself = system.model.flows.get(at);
    let of_component = system.flows_of(at).iter().map(|(_, flow)| *flow);
    for flow in itself.into_iter().chain(of_component) {
        if !flow.is_by_people() {
            ways.entry(way(flow)).or_default().push(&flow.title);
        }
    }
    if ways.is_empty() {
        return None;
    }
    let (mut en, mut ja) = (Vec::new(), Vec::new());
    for ((way_en, way_ja), titles) in ways {
        let named = titles.iter().take(MOST_NAMED);
        let names_en: Vec<String> = named.clone().map(|t| format!("“{}”", t.en)).collect();
        let names_ja: String = named.map(|t| format!("「{}」", t.ja)).collect();
        let (more_en, more_ja) = match titles.len().saturating_sub(MOST_NAMED) {
            0 => (String::new(), String::new()),
            more => (format!(" and {more} more"), format!("ほか {more} 件")),
        };
        en.push(format!("{} by {way_en}{more_en}", names_en.join(", ")));
        ja.push(format!("{names_ja}{more_ja}は{way_ja}"));
    }
    Some(Text::new(
        format!(
            "Everything is encrypted on its way, and weaker modes are refused: {}.",
            en.join("; ")
        ),
        format!(
            "途中の通信を全て暗号化し、より弱い方式は拒むこと。{}で守る。",
            ja.join("、")
        ),
    ))
}

/// The protection that the model states, when it encrypts; else what the protocol can have (own judgement).
fn way(flow: &Flow) -> (&'static str, &'static str) {
    let stated = stated(flow).filter(|_| flow.protection().is_whole());
    stated.unwrap_or(match flow.protocol {
        Protocol::Mqtt | Protocol::Https => ("TLS 1.3", "TLS 1.3"),
        Protocol::Coap => ("OSCORE or DTLS 1.3", "OSCORE または DTLS 1.3"),
        Protocol::Ble => (
            "LE Secure Connections with confirmed pairing",
            "確認を伴うペアリングの LE Secure Connections",
        ),
        Protocol::Lorawan => (
            "LoRaWAN session keys of each device (OTAA)",
            "機器ごとの LoRaWAN セッション鍵（OTAA）",
        ),
        Protocol::Zigbee => (
            "Zigbee keys from an install code of each device",
            "機器ごとのインストールコードによる Zigbee の鍵",
        ),
        Protocol::Modbus => (
            "Modbus/TCP Security (TLS) or a tunnel",
            "Modbus/TCP Security（TLS）またはトンネル",
        ),
        Protocol::Opcua => ("OPC UA SignAndEncrypt", "OPC UA の SignAndEncrypt"),
        Protocol::Serial => (
            "messages with a keyed checksum and encryption, or a line that nobody can reach",
            "暗号化と鍵付き検査値を備えた電文、または誰の手も届かない配線",
        ),
        Protocol::Human | Protocol::Other => (
            "the encrypted mode of its protocol, or a tunnel",
            "そのプロトコルの暗号化方式またはトンネル",
        ),
    })
}

fn stated(flow: &Flow) -> Option<(&'static str, &'static str)> {
    let same = |name| Some((name, name));
    match flow.security {
        Security::Tls13 => same("TLS 1.3"),
        Security::Dtls12 => same("DTLS 1.2"),
        Security::Dtls13 => same("DTLS 1.3"),
        Security::Oscore => same("OSCORE"),
        Security::None | Security::Unknown => match flow.link {
            LinkProtection::None => None,
            LinkProtection::BleSecureConnections => same("LE Secure Connections"),
            // Encrypted, but with whoever was first: what the protocol can have is asked for.
            LinkProtection::BleJustWorks => None,
            LinkProtection::Zigbee => Some(("the mesh's own keys", "メッシュの鍵")),
            LinkProtection::Lorawan => Some(("LoRaWAN session keys", "LoRaWAN のセッション鍵")),
            LinkProtection::Wpa2 => same("WPA2"),
            LinkProtection::Wpa3 => same("WPA3"),
            LinkProtection::WpaEnterprise => Some(("WPA Enterprise", "WPA エンタープライズ")),
            LinkProtection::MavlinkSigning | LinkProtection::OpcuaSign => None,
            LinkProtection::OpcuaSignAndEncrypt => {
                Some(("OPC UA SignAndEncrypt", "OPC UA の SignAndEncrypt"))
            }
            LinkProtection::Vpn => same("VPN"),
            LinkProtection::Macsec => same("MACsec"),
            LinkProtection::Ssh => same("SSH"),
        },
    }
}
