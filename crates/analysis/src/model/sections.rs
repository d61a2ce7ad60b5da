//! The sections of a model, one function for each kind.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::de::DeTable;

use super::fields::Fields;
use super::identifiers::{Expected, Kind, give};
use super::keys::Section;
use super::reader::{Reader, shown};
use super::{
    Asset, AssetKind, Assumption, Budget, Capabilities, Component, ComponentKind, ControlAction,
    Controller, Flow, Hazard, KeyFacts, Level, LinkProtection, Loss, Network, Phase, Physical,
    Platform, Privacy, Protocol, Scenario, Security, Sequence, UnsafeControlAction, Zone, check,
    schema, values,
};
use crate::diagnostic::Fault;
use crate::language::Text;

/// Most bytes of one payload when a flow does not say.
const DEFAULT_PAYLOAD: u32 = 4_096;

fn id(reader: &mut Reader<'_>, fields: &Fields<'_>, kind: Kind) -> Option<String> {
    let (id, span) = fields.required_text(reader, "id", "\"short-name\"")?;
    give(reader, id, span, kind)
}

pub(super) type Read<T> = Option<(String, T)>;

pub(super) fn zone(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<Zone> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let id = id(r, &f, Kind::Zone);
    let title = f.title(r, id.as_deref().unwrap_or(""));
    let physical = f.word(r, "physical").unwrap_or(Physical::Exposed);
    let network = f.word(r, "network").unwrap_or(Network::Public);
    let zone = Zone {
        title,
        physical,
        network,
    };
    Some((id?, zone))
}

pub(super) fn component(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<Component> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let kind = f.required_word(r, "kind");
    let id = id(r, &f, kind.map_or(Kind::UnreadComponent, Kind::Component));
    let title = f.title(r, id.as_deref().unwrap_or(""));
    let class = f.word(r, "class");
    let bought = bought(r, &f, kind);
    if kind == Some(ComponentKind::Device) && f.value("class").is_none() && !bought {
        let component = id.clone().unwrap_or_default();
        r.report(f.span(), Fault::DeviceWithoutClass { component });
    }
    let csa_class = f.listed_word(r, "csa_class").map(str::to_owned);
    let zone = f.required_reference(r, "zone", Expected::Zone);
    let count = f.number(r, "count").unwrap_or(1);
    let phase = f.word(r, "phase").unwrap_or(Phase::P2);
    let capabilities = capabilities(r, &f);
    let interfaces = f.words(r, "interfaces");
    let depends_on = f.references(r, "depends_on", Expected::Component);
    let hazards = f.references(r, "hazards", Expected::Hazard);
    let hosts = hosts(r, &f);
    let platform = platform(r, &f);
    let budget = budget(r, &f);
    let component = Component {
        title,
        kind: kind?,
        bought,
        class,
        csa_class,
        zone: zone?,
        count,
        phase,
        capabilities,
        interfaces,
        depends_on,
        hazards,
        hosts,
        platform,
        budget,
    };
    Some((id?, component))
}

/// Whether a component is bought; a person is not, and a system of someone else says so by its kind.
fn bought(r: &mut Reader<'_>, f: &Fields<'_>, kind: Option<ComponentKind>) -> bool {
    let bought = f.boolean(r, "bought").unwrap_or(false);
    if let Some(kind @ (ComponentKind::Human | ComponentKind::External)) = kind.filter(|_| bought) {
        let kind = kind.word();
        let fault = Fault::KeysDisagree {
            key: "bought".to_owned(),
            found: Text::new(
                format!("bought = true beside kind = \"{kind}\""),
                format!("kind = \"{kind}\" の節にある bought = true"),
            ),
            expected: Text::same(
                "kind = \"device\" | \"gateway\" | \"service\" | \"store\" | \"app\"",
            ),
        };
        r.report(
            f.value("bought").map_or(f.span(), toml::Spanned::span),
            fault,
        );
    }
    bought
}

fn capabilities(r: &mut Reader<'_>, f: &Fields<'_>) -> Capabilities {
    let Some(f) = f.below(r, "caps") else {
        return Capabilities::default();
    };
    Capabilities {
        ram_kib: f.number(r, "ram_kib"),
        flash_kib: f.number(r, "flash_kib"),
        rng: f.word(r, "rng"),
        secure_boot: f.boolean(r, "secure_boot"),
        tpm: f.boolean(r, "tpm"),
        battery: f.boolean(r, "battery"),
    }
}

fn platform(r: &mut Reader<'_>, f: &Fields<'_>) -> Platform {
    let Some(f) = f.below(r, "platform") else {
        return Platform::default();
    };
    Platform {
        os: f.word(r, "os"),
        languages: f.words(r, "languages"),
    }
}

fn budget(r: &mut Reader<'_>, f: &Fields<'_>) -> Budget {
    let Some(f) = f.below(r, "budget") else {
        return Budget::default();
    };
    Budget {
        ram_kib: f.number(r, "ram_kib"),
        flash_kib: f.number(r, "flash_kib"),
        cpu_percent: f.number(r, "cpu_percent"),
    }
}

fn hosts(r: &mut Reader<'_>, f: &Fields<'_>) -> BTreeSet<String> {
    let mut hosts = BTreeSet::new();
    for (host, span) in f.strings(r, "hosts") {
        if values::is_host(host) {
            hosts.insert(host.to_owned());
        } else {
            let fault = Fault::InvalidValue {
                key: "hosts".to_owned(),
                found: format!("\"{}\"", shown(host)),
                expected: Text::new(
                    "a name, an address or a network, as \"mqtt.example.org\" or \"192.0.2.0/24\"",
                    "名前・アドレス・ネットワーク。例: \"mqtt.example.org\"、\"192.0.2.0/24\"",
                ),
            };
            r.report(span, fault);
        }
    }
    hosts
}

fn texts(r: &mut Reader<'_>, f: &Fields<'_>, key: &str) -> BTreeSet<String> {
    let texts = f.strings(r, key).into_iter();
    texts.map(|(text, _)| text.to_owned()).collect()
}

pub(super) fn asset(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<Asset> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let id = id(r, &f, Kind::Asset);
    let title = f.title(r, id.as_deref().unwrap_or(""));
    let (c, i, a) = (
        f.required_word(r, "c"),
        f.required_word(r, "i"),
        f.required_word(r, "a"),
    );
    let personal = f.boolean(r, "personal").unwrap_or(false);
    let stored_in = f.references(r, "stored_in", Expected::Component);
    let kind = f.word(r, "kind").unwrap_or(AssetKind::Data);
    let privacy = Privacy {
        fields: texts(r, &f, "fields"),
        purpose: f.bilingual(r, "purpose"),
        retention_days: f.number(r, "retention_days"),
        consent: f.word(r, "consent"),
        minimized: f.boolean(r, "minimized"),
        shared_with: f.references(r, "shared_with", Expected::Component),
    };
    let key = key_facts(r, &f, kind);
    let asset = Asset {
        title,
        c: c?,
        i: i?,
        a: a?,
        personal,
        stored_in,
        kind,
        privacy,
        key,
    };
    Some((id?, asset))
}

fn key_facts(r: &mut Reader<'_>, all: &Fields<'_>, kind: AssetKind) -> Option<KeyFacts> {
    let f = all.below(r, "key")?;
    if !matches!(kind, AssetKind::Key | AssetKind::Credential) {
        let kind = kind.word();
        let fault = Fault::KeysDisagree {
            key: "key".to_owned(),
            found: Text::new(
                format!("`key` beside kind = \"{kind}\""),
                format!("kind = \"{kind}\" の節にある `key`"),
            ),
            expected: Text::same("kind = \"key\" | \"credential\""),
        };
        r.report(f.span(), fault);
    }
    Some(KeyFacts {
        algorithm: f.text(r, "algorithm").map(|(text, _)| text.to_owned()),
        origin: f.word(r, "origin"),
        storage: f.word(r, "storage"),
        rotation_days: f.number(r, "rotation_days"),
        backup: f.boolean(r, "backup"),
    })
}

pub(super) fn flow(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<Flow> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let id = id(r, &f, Kind::Flow);
    let title = f.title(r, id.as_deref().unwrap_or(""));
    let from = f.required_reference(r, "from", Expected::Component);
    let to = f.required_reference(r, "to", Expected::Component);
    let via = f.reference(r, "via", Expected::Gateway);
    let ends = [from.as_deref(), to.as_deref(), via.as_deref()];
    check::ends(r, ends, f.span());
    let assets = f.references(r, "assets", Expected::Asset);
    let protocol = f.required_word(r, "proto");
    let security = f.required_word(r, "security");
    if security == Some(Security::Unknown)
        && let Some(value) = f.value("security")
    {
        r.report(value.span(), Fault::UnknownSecurity);
    }
    let link = link(r, &f, protocol);
    let sequence = f.word(r, "sequence").unwrap_or(Sequence::None);
    let schema = schema::read(r, &f);
    let ranges = values::ranges(r, &f);
    if f.value("schema").is_none() || schema.is_some() {
        schema::check_ranges(r, schema.as_ref(), &ranges);
    }
    let rate = values::rate(r, &f);
    let max_bytes = f.number(r, "max_bytes");
    let port = f.number(r, "port").and_then(|port| port.try_into().ok());
    let timeout_seconds = f.number(r, "timeout_seconds");
    let flow = Flow {
        title,
        from: from?,
        to: to?,
        via,
        assets,
        protocol: protocol?,
        security: security?,
        link,
        sequence,
        schema,
        range: ranges
            .into_iter()
            .map(|(field, bounds, _)| (field, bounds))
            .collect(),
        rate,
        max_bytes: max_bytes.unwrap_or(DEFAULT_PAYLOAD),
        port,
        timeout_seconds,
    };
    Some((id?, flow))
}

/// Protection below or beside a protocol that can have it.
fn link(r: &mut Reader<'_>, f: &Fields<'_>, protocol: Option<Protocol>) -> LinkProtection {
    let link = f.word(r, "link").unwrap_or(LinkProtection::None);
    if let Some(protocol) = protocol.filter(|protocol| !link.suits(*protocol)) {
        let suiting = LinkProtection::ALL.iter();
        let suiting = suiting.filter(|link| link.suits(protocol));
        let suiting: Vec<String> = suiting.map(|link| format!("\"{}\"", link.word())).collect();
        let (link, protocol) = (link.word(), protocol.word());
        let fault = Fault::KeysDisagree {
            key: "link".to_owned(),
            found: Text::new(
                format!("link = \"{link}\" beside proto = \"{protocol}\""),
                format!("proto = \"{protocol}\" の節にある link = \"{link}\""),
            ),
            expected: Text::same(suiting.join(" | ")),
        };
        r.report(f.value("link").map_or(f.span(), toml::Spanned::span), fault);
    }
    link
}

pub(super) fn loss(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<Loss> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let id = id(r, &f, Kind::Loss);
    let text = f.statement(r);
    let category = f.word(r, "category");
    let severity = f.word(r, "severity").unwrap_or(Level::High);
    let loss = Loss {
        text: text?,
        category,
        severity,
    };
    Some((id?, loss))
}

pub(super) fn hazard(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<Hazard> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let id = id(r, &f, Kind::Hazard);
    let text = f.statement(r);
    let losses = f.references(r, "losses", Expected::Loss);
    Some((
        id?,
        Hazard {
            text: text?,
            losses,
        },
    ))
}

pub(super) fn controller(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<Controller> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let id = id(r, &f, Kind::Controller);
    let title = f.title(r, id.as_deref().unwrap_or(""));
    let component = f.required_reference(r, "component", Expected::Component);
    let process = f.required_reference(r, "process", Expected::Component);
    let process_model = texts(r, &f, "process_model");
    let controller = Controller {
        title,
        component: component?,
        process: process?,
        process_model,
    };
    Some((id?, controller))
}

pub(super) fn control_action(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<ControlAction> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let id = id(r, &f, Kind::ControlAction);
    let title = f.title(r, id.as_deref().unwrap_or(""));
    let controller = f.required_reference(r, "controller", Expected::Controller);
    let flow = f.required_reference(r, "flow", Expected::Flow);
    let feedback = f.references(r, "feedback", Expected::Flow);
    let action = ControlAction {
        title,
        controller: controller?,
        flow: flow?,
        feedback,
    };
    Some((id?, action))
}

pub(super) fn unsafe_control_action(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<UnsafeControlAction> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let id = id(r, &f, Kind::UnsafeControlAction);
    let action = f.required_reference(r, "action", Expected::ControlAction);
    let kind = f.required_word(r, "type");
    let text = f.statement(r);
    let hazards = f.references(r, "hazards", Expected::Hazard);
    let stride = f.words(r, "stride");
    let uca = UnsafeControlAction {
        action: action?,
        kind: kind?,
        text: text?,
        hazards,
        stride,
    };
    Some((id?, uca))
}

pub(super) fn scenario(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<Scenario> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let id = id(r, &f, Kind::Scenario);
    let uca = f.required_reference(r, "uca", Expected::UnsafeControlAction);
    let text = f.statement(r);
    let element = f.required_reference(r, "element", Expected::Element);
    let stride = f.required_word(r, "stride");
    let scenario = Scenario {
        uca: uca?,
        text: text?,
        element: element?,
        stride: stride?,
    };
    Some((id?, scenario))
}

pub(super) fn assumption(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    section: &Section,
) -> Read<Assumption> {
    let f = Fields::open(r, table, span, &section.written(), section.keys);
    let id = id(r, &f, Kind::Assumption);
    let text = f.statement(r);
    let check = f.text(r, "check").map(|(check, _)| check.to_owned());
    let review_by = f.date(r, "review_by");
    let assumption = Assumption {
        text: text?,
        check,
        review_by: review_by?,
    };
    Some((id?, assumption))
}
