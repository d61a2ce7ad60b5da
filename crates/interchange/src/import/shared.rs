//! What several importers decide alike.

use sekimori_analysis::model::{ComponentKind, Level, LinkProtection, Protocol};

use crate::draft::Draft;

/// How many days an assumption holds that the source gives no date for.
pub(super) const REVIEW_DAYS: i64 = 180;

/// A level for a share of 100, as Open Threat Model rates.
pub(super) fn level_of_percent(percent: f64) -> Level {
    match percent {
        p if p.is_nan() || p <= 0.0 => Level::None,
        p if p <= 25.0 => Level::Low,
        p if p <= 50.0 => Level::Medium,
        p if p <= 75.0 => Level::High,
        _ => Level::Critical,
    }
}

/// What kind of component a word of the source means.
pub(super) fn kind_of_word(word: &str) -> Option<ComponentKind> {
    let word = word.to_ascii_lowercase();
    let any = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    if any(&[
        "iot", "sensor", "actuator", "plc", "embedded", "firmware", "device",
    ]) && !any(&["client-device", "user-device", "mobile"])
    {
        Some(ComponentKind::Device)
    } else if any(&[
        "database",
        "datastore",
        "data-store",
        "storage",
        "bucket",
        "file-server",
        "vault",
        "cache",
        "queue",
        "repository",
        "registry",
        "block-storage",
    ]) {
        Some(ComponentKind::Store)
    } else if any(&[
        "browser",
        "desktop",
        "mobile",
        "web-client",
        "client",
        "app-",
    ]) {
        Some(ComponentKind::App)
    } else if any(&["gateway"]) {
        Some(ComponentKind::Gateway)
    } else if any(&["human", "person", "user", "operator", "customer"]) {
        Some(ComponentKind::Human)
    } else if any(&["external", "third-party", "partner"]) {
        Some(ComponentKind::External)
    } else {
        None
    }
}

/// A protocol by its name in the source, and whether that name says protection.
pub(super) fn protocol_of_word(word: &str) -> (Protocol, bool) {
    let word = word.to_ascii_lowercase();
    let is_protected = [
        "encrypted",
        "tls",
        "dtls",
        "ssl",
        "https",
        "wss",
        "mqtts",
        "coaps",
        "ssh",
        "sftp",
        "ftps",
        "ldaps",
        "scp",
        "http/s",
    ]
    .iter()
    .any(|part| word.contains(part));
    let protocol = if word.contains("mqtt") {
        Protocol::Mqtt
    } else if word.contains("coap") {
        Protocol::Coap
    } else if word.contains("http") || word == "ws" || word == "wss" || word.contains("websocket") {
        Protocol::Https
    } else if word.contains("bluetooth") || word == "ble" {
        Protocol::Ble
    } else if word.contains("lora") {
        Protocol::Lorawan
    } else if word.contains("zigbee") {
        Protocol::Zigbee
    } else if word.contains("modbus") {
        Protocol::Modbus
    } else if word.contains("opc") {
        Protocol::Opcua
    } else if word.contains("serial") || word.contains("uart") {
        Protocol::Serial
    } else {
        Protocol::Other
    };
    (protocol, is_protected)
}

/// Protection below or beside a protocol, when one of these words of the source names it and the protocol can have it.
pub(super) fn link_of_words<'w>(
    words: impl IntoIterator<Item = &'w str>,
    protocol: Protocol,
) -> LinkProtection {
    let mut links = words.into_iter().map(link_of_word);
    let found = links.find(|link| *link != LinkProtection::None && link.suits(protocol));
    found.unwrap_or(LinkProtection::None)
}

fn link_of_word(word: &str) -> LinkProtection {
    let word = word.to_ascii_lowercase();
    if let Some(link) = LinkProtection::parse(&word) {
        return link;
    }
    let has = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    if has(&["ssh", "sftp", "scp"]) {
        LinkProtection::Ssh
    } else if has(&["ipsec", "wireguard", "vpn"]) {
        LinkProtection::Vpn
    } else if word.contains("macsec") {
        LinkProtection::Macsec
    } else {
        LinkProtection::None
    }
}

/// Says that plain HTTP became our only word for HTTP.
pub(super) fn note_protocol(draft: &mut Draft, flow: &str, word: &str, protocol: Protocol) {
    if protocol == Protocol::Other && !word.is_empty() {
        draft.leave(
            flow,
            format!(
                "protocol \"{}\" has no word of its own here: other",
                crate::document::shown(word)
            ),
            format!(
                "プロトコル「{}」に当たる語がない: other",
                crate::document::shown(word)
            ),
        );
    }
}
