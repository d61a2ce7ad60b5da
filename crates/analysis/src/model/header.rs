//! The sections that may stand once: `[model]`, `[cost]` and `[policy]`.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::Fields;
use super::keys;
use super::reader::{Reader, shown};
use super::{
    Cost, Detect, FORMAT, Level, Model, Opening, PolicySettings, SecurityLevel, identifiers,
};
use crate::diagnostic::{Fault, Problems, WHOLE_FILE};
use crate::language::Text;

impl Model {
    /// A model that has an id and says nothing yet; everything that is not said is a default.
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        Model {
            title: Text::same(id.clone()),
            id,
            regimes: [].into(),
            threshold: Level::Medium,
            sector: None,
            actors: [].into(),
            security_level: SecurityLevel::default(),
            cost: Cost::default(),
            policy: PolicySettings::default(),
            zones: BTreeMap::new(),
            components: BTreeMap::new(),
            assets: BTreeMap::new(),
            flows: BTreeMap::new(),
            losses: BTreeMap::new(),
            hazards: BTreeMap::new(),
            controllers: BTreeMap::new(),
            control_actions: BTreeMap::new(),
            unsafe_control_actions: BTreeMap::new(),
            scenarios: BTreeMap::new(),
            assumptions: BTreeMap::new(),
            statements: BTreeMap::new(),
            decisions: BTreeMap::new(),
            rules: BTreeMap::new(),
            measures: BTreeMap::new(),
            warnings: Problems::default(),
        }
    }
}

/// Reads what may stand once, from whichever text has it.
pub(super) fn read(reader: &mut Reader<'_>, wholes: &[Fields<'_>], model: &mut Model) {
    match once(reader, wholes, "model") {
        Some(fields) => header(reader, &fields, model),
        None if wholes.iter().all(|whole| whole.value("model").is_none()) => {
            reader.turn_to(0);
            let fault = Fault::MissingKey {
                key: "model".to_owned(),
                section: WHOLE_FILE.to_owned(),
                example: format!("[model]  format = \"{FORMAT}\""),
            };
            reader.report(0..0, fault);
        }
        None => {}
    }
    if let Some(fields) = once(reader, wholes, "cost") {
        model.cost = cost(reader, &fields);
    }
    if let Some(fields) = once(reader, wholes, "policy") {
        model.policy = policy(reader, &fields);
    }
}

/// Opens a section that may stand once, and leaves the text that has it in hand.
fn once<'d>(reader: &mut Reader<'_>, wholes: &[Fields<'d>], name: &str) -> Option<Fields<'d>> {
    let mut first: Option<(usize, usize, Fields<'d>)> = None;
    for (index, whole) in wholes.iter().enumerate() {
        let Some(value) = whole.value(name) else {
            continue;
        };
        reader.turn_to(index);
        if let Some((_, place, _)) = &first {
            let first = reader.place(*place);
            let section = name.to_owned();
            reader.report(value.span(), Fault::SectionTwice { section, first });
            continue;
        }
        let place = reader.everywhere(value.span()).start;
        let Some(table) = whole.table(reader, name) else {
            continue;
        };
        let section = keys::section(name);
        let written = section.written();
        let fields = Fields::open(reader, table, value.span(), &written, section.keys);
        first = Some((index, place, fields));
    }
    let (index, _, fields) = first?;
    reader.turn_to(index);
    Some(fields)
}

fn header(reader: &mut Reader<'_>, fields: &Fields<'_>, model: &mut Model) {
    let format = fields.required_text(reader, "format", &format!("\"{FORMAT}\""));
    if let Some((found, span)) = format
        && found != FORMAT
    {
        let found = shown(found);
        reader.report(span, Fault::WrongFormat { found });
    }
    let id = fields.required_text(reader, "id", "\"my-system\"");
    let id = id.and_then(|(id, span)| identifiers::check(reader, id, span));
    model.id = id.unwrap_or_default();
    model.title = fields.title(reader, &model.id);
    model.regimes = fields.words(reader, "regimes");
    model.threshold = fields
        .word(reader, "risk_threshold")
        .unwrap_or(Level::Medium);
    model.sector = fields.word(reader, "sector");
    model.actors = fields.words(reader, "actors");
    let level = fields.number(reader, "security_level");
    model.security_level = level
        .and_then(|level| SecurityLevel::new(u8::try_from(level).ok()?))
        .unwrap_or_default();
}

fn cost(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Cost {
    let usual = Cost::default();
    let currency = fields.text(reader, "currency");
    let effort_point = fields.number(reader, "effort_point");
    if let Some((currency, span)) = &currency {
        let is_code = currency.len() == 3 && currency.bytes().all(|b| b.is_ascii_uppercase());
        if !is_code {
            let fault = Fault::InvalidValue {
                key: "currency".to_owned(),
                found: format!("\"{}\"", shown(currency)),
                expected: Text::new(
                    "three capital letters, as \"JPY\" or \"EUR\"",
                    "大文字三文字。例: \"JPY\"、\"EUR\"",
                ),
            };
            reader.report(span.clone(), fault);
        } else if *currency != usual.currency && fields.value("effort_point").is_none() {
            let fault = Fault::KeysDisagree {
                key: "currency".to_owned(),
                found: Text::new(
                    format!("\"{currency}\" without `effort_point`, whose default is in JPY"),
                    format!("`effort_point` のない \"{currency}\"。その既定値は円です"),
                ),
                expected: Text::new(
                    format!("effort_point = (what one effort point costs in {currency})"),
                    format!("effort_point = （1 点あたりの {currency} の金額）"),
                ),
            };
            reader.report(span.clone(), fault);
        }
    }
    Cost {
        currency: currency.map_or(usual.currency, |(currency, _)| currency.to_owned()),
        effort_point: effort_point.unwrap_or(usual.effort_point),
        ram_kib: fields.points(reader, "ram_kib").unwrap_or(usual.ram_kib),
        flash_kib: fields
            .points(reader, "flash_kib")
            .unwrap_or(usual.flash_kib),
        cpu_percent: fields
            .points(reader, "cpu_percent")
            .unwrap_or(usual.cpu_percent),
        gateway_percent: fields
            .points(reader, "gateway_percent")
            .unwrap_or(usual.gateway_percent),
        unit: fields.points(reader, "unit").unwrap_or(usual.unit),
    }
}

fn policy(reader: &mut Reader<'_>, fields: &Fields<'_>) -> PolicySettings {
    let detect = fields.below(reader, "detect");
    PolicySettings {
        credential_days: fields.number(reader, "credential_days"),
        renew_at_percent: fields.number(reader, "renew_at_percent"),
        handshake_seconds: fields.number(reader, "handshake_seconds"),
        idle_seconds: fields.number(reader, "idle_seconds"),
        unauthenticated: opened(reader, fields),
        contain: fields.word(reader, "contain"),
        detect: detect.map_or_else(Detect::default, |detect| Detect {
            refusals_per_minute: detect.number(reader, "refusals_per_minute"),
            silence_factor: detect.number(reader, "silence_factor"),
        }),
    }
}

/// What is open to a peer without certificate; [`None`] when the author does not say.
fn opened(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<BTreeSet<Opening>> {
    let value = fields.value("unauthenticated")?;
    let opened: BTreeSet<Opening> = fields.words(reader, "unauthenticated");
    if value
        .get_ref()
        .as_array()
        .is_some_and(|list| list.is_empty())
    {
        let fault = Fault::InvalidValue {
            key: "unauthenticated".to_owned(),
            found: "[]".to_owned(),
            expected: Text::new(
                "at least one, as [\"trust-bundle\"]",
                "一つ以上。例: [\"trust-bundle\"]",
            ),
        };
        reader.report(value.span(), fault);
    }
    (!opened.is_empty()).then_some(opened)
}
