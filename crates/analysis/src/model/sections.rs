//! The sections of a model, one function for each kind.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use super::fields::{Fields, Reader, shown};
use super::identifiers::{Expected, Kind, give, similar};
use super::{
    Asset, Assumption, Capabilities, Component, ComponentKind, ControlAction, Controller, Flow,
    Hazard, Loss, Phase, Physical, Security, Sequence, UnsafeControlAction, Zone, check, schema,
    values,
};
use crate::diagnostic::Fault;

/// Most bytes of one payload, and what holds when a flow does not say.
const MAX_PAYLOAD: u32 = 256 * 1024;
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
    name: &str,
) -> Read<Zone> {
    let f = Fields::open(
        r,
        table,
        span,
        name,
        &["id", "title", "title_ja", "physical"],
    );
    let id = id(r, &f, Kind::Zone);
    let title = f.title(r, id.as_deref().unwrap_or(""));
    let physical = f.word(r, "physical").unwrap_or(Physical::Exposed);
    Some((id?, Zone { title, physical }))
}

pub(super) fn component(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    name: &str,
) -> Read<Component> {
    let known = [
        "id",
        "title",
        "title_ja",
        "kind",
        "class",
        "csa_class",
        "zone",
        "count",
        "phase",
        "caps",
        "interfaces",
    ];
    let f = Fields::open(r, table, span, name, &known);
    let kind = f.required_word(r, "kind");
    let id = id(r, &f, kind.map_or(Kind::UnreadComponent, Kind::Component));
    let title = f.title(r, id.as_deref().unwrap_or(""));
    let class = f.word(r, "class");
    if kind == Some(ComponentKind::Device) && f.value("class").is_none() {
        let component = id.clone().unwrap_or_default();
        r.report(f.span(), Fault::DeviceWithoutClass { component });
    }
    let csa_class = csa_class(r, &f);
    let zone = f.required_reference(r, "zone", Expected::Zone);
    let count = f.number(r, "count", 1, 1_000_000_000).unwrap_or(1);
    let phase = f.word(r, "phase").unwrap_or(Phase::P2);
    let capabilities = capabilities(r, &f);
    let interfaces = f.words(r, "interfaces");
    let component = Component {
        title,
        kind: kind?,
        class,
        csa_class,
        zone: zone?,
        count,
        phase,
        capabilities,
        interfaces,
    };
    Some((id?, component))
}

fn csa_class(r: &mut Reader<'_>, f: &Fields<'_>) -> Option<String> {
    let (class, span) = f.text(r, "csa_class")?;
    let known: Vec<String> = (1..=13).map(|n| format!("CSA-DC{n}")).collect();
    if !known.iter().any(|known| known == class) {
        let fault = Fault::WrongWord {
            key: "csa_class".to_owned(),
            word: shown(class),
            similar: similar(class, known.iter().map(String::as_str)),
            known: known.join(", "),
        };
        r.report(span, fault);
        return None;
    }
    Some(class.to_owned())
}

fn capabilities(r: &mut Reader<'_>, f: &Fields<'_>) -> Capabilities {
    let Some(table) = f.table(r, "caps") else {
        return Capabilities::default();
    };
    let span = f.value("caps").map_or(0..0, Spanned::span);
    let known = [
        "ram_kib",
        "flash_kib",
        "rng",
        "secure_boot",
        "tpm",
        "battery",
    ];
    let f = Fields::open(r, table, span, "caps", &known);
    Capabilities {
        ram_kib: f.number(r, "ram_kib", 0, u32::MAX),
        flash_kib: f.number(r, "flash_kib", 0, u32::MAX),
        rng: f.word(r, "rng"),
        secure_boot: f.boolean(r, "secure_boot"),
        tpm: f.boolean(r, "tpm"),
        battery: f.boolean(r, "battery"),
    }
}

pub(super) fn asset(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    name: &str,
) -> Read<Asset> {
    let known = [
        "id",
        "title",
        "title_ja",
        "c",
        "i",
        "a",
        "personal",
        "stored_in",
    ];
    let f = Fields::open(r, table, span, name, &known);
    let id = id(r, &f, Kind::Asset);
    let title = f.title(r, id.as_deref().unwrap_or(""));
    let (c, i, a) = (
        f.required_word(r, "c"),
        f.required_word(r, "i"),
        f.required_word(r, "a"),
    );
    let personal = f.boolean(r, "personal").unwrap_or(false);
    let stored_in = f.references(r, "stored_in", Expected::Component);
    let asset = Asset {
        title,
        c: c?,
        i: i?,
        a: a?,
        personal,
        stored_in,
    };
    Some((id?, asset))
}

pub(super) fn flow(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    name: &str,
) -> Read<Flow> {
    let known = [
        "id",
        "title",
        "title_ja",
        "from",
        "to",
        "via",
        "assets",
        "proto",
        "security",
        "sequence",
        "schema",
        "range",
        "rate",
        "backlog",
        "max_bytes",
    ];
    let f = Fields::open(r, table, span, name, &known);
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
    let sequence = f.word(r, "sequence").unwrap_or(Sequence::None);
    let schema = schema::read(r, &f);
    let ranges = values::ranges(r, &f);
    if f.value("schema").is_none() || schema.is_some() {
        schema::check_ranges(r, schema.as_ref(), &ranges);
    }
    let rate = values::rate(r, &f);
    let max_bytes = f.number(r, "max_bytes", 1, MAX_PAYLOAD);
    let flow = Flow {
        title,
        from: from?,
        to: to?,
        via,
        assets,
        protocol: protocol?,
        security: security?,
        sequence,
        schema,
        range: ranges
            .into_iter()
            .map(|(field, bounds, _)| (field, bounds))
            .collect(),
        rate,
        max_bytes: max_bytes.unwrap_or(DEFAULT_PAYLOAD),
    };
    Some((id?, flow))
}

pub(super) fn loss(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    name: &str,
) -> Read<Loss> {
    let f = Fields::open(r, table, span, name, &["id", "text", "text_ja"]);
    let id = id(r, &f, Kind::Loss);
    let text = f.statement(r);
    Some((id?, Loss { text: text? }))
}

pub(super) fn hazard(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    name: &str,
) -> Read<Hazard> {
    let f = Fields::open(r, table, span, name, &["id", "text", "text_ja", "losses"]);
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
    name: &str,
) -> Read<Controller> {
    let known = [
        "id",
        "title",
        "title_ja",
        "component",
        "process",
        "process_model",
    ];
    let f = Fields::open(r, table, span, name, &known);
    let id = id(r, &f, Kind::Controller);
    let title = f.title(r, id.as_deref().unwrap_or(""));
    let component = f.required_reference(r, "component", Expected::Component);
    let process = f.required_reference(r, "process", Expected::Component);
    let process_model = f.strings(r, "process_model");
    let controller = Controller {
        title,
        component: component?,
        process: process?,
        process_model: process_model
            .into_iter()
            .map(|(belief, _)| belief.to_owned())
            .collect(),
    };
    Some((id?, controller))
}

pub(super) fn control_action(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    name: &str,
) -> Read<ControlAction> {
    let known = ["id", "title", "title_ja", "controller", "flow", "feedback"];
    let f = Fields::open(r, table, span, name, &known);
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
    name: &str,
) -> Read<UnsafeControlAction> {
    let known = [
        "id", "action", "type", "text", "text_ja", "hazards", "stride",
    ];
    let f = Fields::open(r, table, span, name, &known);
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

pub(super) fn assumption(
    r: &mut Reader<'_>,
    table: &DeTable<'_>,
    span: Range<usize>,
    name: &str,
) -> Read<Assumption> {
    let known = ["id", "text", "text_ja", "check", "review_by"];
    let f = Fields::open(r, table, span, name, &known);
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
