//! From TOML text to a model: every section is read to its end, whatever is wrong in it.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fields::{Fields, Reader, shown, wrong_type};
use super::identifiers::{Expected, resolve};
use super::{Decision, FORMAT, Level, MAX_BYTES, Model, check, sections, values};
use crate::diagnostic::{Fault, Gravity, Problems};
use crate::knowledge;
use crate::language::Text;

const SECTIONS: [&str; 12] = [
    "model",
    "zone",
    "component",
    "asset",
    "flow",
    "loss",
    "hazard",
    "controller",
    "control_action",
    "uca",
    "assume",
    "decision",
];

type Table<'d> = Spanned<DeTable<'d>>;

pub(super) fn parse_bytes(name: &str, bytes: &[u8]) -> Result<Model, Problems> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(name, text),
        Err(error) => {
            let good = bytes.get(..error.valid_up_to()).unwrap_or(&[]);
            let good = std::str::from_utf8(good).unwrap_or("");
            let mut reader = Reader::new(good);
            reader.report(good.len()..good.len(), Fault::NotText);
            Err(reader.into_problems(name))
        }
    }
}

pub(super) fn parse(name: &str, text: &str) -> Result<Model, Problems> {
    if text.len() > MAX_BYTES {
        let mut reader = Reader::new("");
        reader.report(0..0, Fault::TooLarge { bytes: text.len() });
        return Err(reader.into_problems(name));
    }
    let mut reader = Reader::new(text);
    let Some(document) = open(&mut reader, text) else {
        return Err(reader.into_problems(name));
    };
    let model = read(&mut reader, &document);
    resolve(&mut reader);
    let sound = reader_is_sound(&mut reader, model.as_ref(), &document);
    let problems = reader.into_problems(name);
    match model {
        Some(mut model) if sound && problems.omitted == 0 && !has_error(&problems) => {
            model.warnings = problems;
            Ok(model)
        }
        _ => Err(problems),
    }
}

fn has_error(problems: &Problems) -> bool {
    problems.list.iter().any(|p| p.gravity == Gravity::Error)
}

/// The checks that need the whole model; they run only when its parts could be read.
fn reader_is_sound(reader: &mut Reader<'_>, model: Option<&Model>, document: &Table<'_>) -> bool {
    let Some(model) = model else {
        return false;
    };
    let spans = spans(document, "control_action");
    check::control_structure(reader, model, &spans);
    true
}

fn open<'t>(reader: &mut Reader<'_>, text: &'t str) -> Option<Table<'t>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let said = shown(error.message().lines().next().unwrap_or("").trim());
        reader.report(span, Fault::Syntax { said });
    }
    // What follows a syntax error cannot be judged fairly: report those alone.
    errors.is_empty().then_some(document)
}

fn read(reader: &mut Reader<'_>, document: &Table<'_>) -> Option<Model> {
    let all = Fields::open(reader, document.get_ref(), 0..0, "the file", &SECTIONS);
    let mut model = header(reader, &all);
    let zones = each(reader, &all, "zone", sections::zone);
    let components = each(reader, &all, "component", sections::component);
    let assets = each(reader, &all, "asset", sections::asset);
    let flows = each(reader, &all, "flow", sections::flow);
    let losses = each(reader, &all, "loss", sections::loss);
    let hazards = each(reader, &all, "hazard", sections::hazard);
    let controllers = each(reader, &all, "controller", sections::controller);
    let control_actions = each(reader, &all, "control_action", sections::control_action);
    let unsafe_control_actions = each(reader, &all, "uca", sections::unsafe_control_action);
    let assumptions = each(reader, &all, "assume", sections::assumption);
    let decisions = decisions(reader, &all);
    if let Some(model) = &mut model {
        model.zones = zones;
        model.components = components;
        model.assets = assets;
        model.flows = flows;
        model.losses = losses;
        model.hazards = hazards;
        model.controllers = controllers;
        model.control_actions = control_actions;
        model.unsafe_control_actions = unsafe_control_actions;
        model.assumptions = assumptions;
        model.decisions = decisions;
    }
    model
}

fn header(reader: &mut Reader<'_>, all: &Fields<'_>) -> Option<Model> {
    let Some(value) = all.value("model") else {
        let example = format!("[model]  format = \"{FORMAT}\"");
        reader.report(
            0..0,
            Fault::MissingKey {
                key: "model".to_owned(),
                section: "the file".to_owned(),
                example,
            },
        );
        return None;
    };
    let table = all.table(reader, "model")?;
    let fields = Fields::open(
        reader,
        table,
        value.span(),
        "[model]",
        &[
            "format",
            "id",
            "title",
            "title_ja",
            "regimes",
            "risk_threshold",
        ],
    );
    let format = fields.required_text(reader, "format", &format!("\"{FORMAT}\""));
    if let Some((found, span)) = format
        && found != FORMAT
    {
        let found = shown(found);
        reader.report(span, Fault::WrongFormat { found });
    }
    let id = fields.required_text(reader, "id", "\"my-system\"");
    let id = id.and_then(|(id, span)| super::identifiers::check(reader, id, span));
    let title = fields.title(reader, id.as_deref().unwrap_or(""));
    let regimes = fields.words(reader, "regimes");
    let threshold = fields.word(reader, "risk_threshold");
    Some(Model {
        id: id?,
        title,
        regimes,
        threshold: threshold.unwrap_or(Level::Medium),
        zones: BTreeMap::new(),
        components: BTreeMap::new(),
        assets: BTreeMap::new(),
        flows: BTreeMap::new(),
        losses: BTreeMap::new(),
        hazards: BTreeMap::new(),
        controllers: BTreeMap::new(),
        control_actions: BTreeMap::new(),
        unsafe_control_actions: BTreeMap::new(),
        assumptions: BTreeMap::new(),
        decisions: BTreeMap::new(),
        warnings: Problems::default(),
    })
}

/// Reads every `[[section]]`.
fn each<T>(
    reader: &mut Reader<'_>,
    all: &Fields<'_>,
    section: &str,
    read: impl Fn(&mut Reader<'_>, &DeTable<'_>, Range<usize>, &str) -> Option<(String, T)>,
) -> BTreeMap<String, T> {
    let mut out = BTreeMap::new();
    let Some(value) = all.value(section) else {
        return out;
    };
    let name = format!("[[{section}]]");
    let items: &[Spanned<DeValue<'_>>] = match value.get_ref() {
        DeValue::Array(items) => items,
        _ => {
            let expected = Text::new(format!("`{name}`"), format!("`{name}`"));
            wrong_type(reader, section, value, expected);
            return out;
        }
    };
    for item in items {
        match item.get_ref().as_table() {
            Some(table) => out.extend(read(reader, table, item.span(), &name)),
            None => {
                let expected = Text::new(format!("`{name}`"), format!("`{name}`"));
                wrong_type(reader, section, item, expected);
            }
        }
    }
    out
}

/// Where each `[[section]]` with an id stands.
fn spans(document: &Table<'_>, section: &str) -> BTreeMap<String, Range<usize>> {
    let list = document.get_ref().get(section);
    list.and_then(|value| value.get_ref().as_array())
        .into_iter()
        .flat_map(|items| items.iter())
        .filter_map(|item| {
            let id = item.get_ref().as_table()?.get("id")?;
            Some((id.get_ref().as_str()?.to_owned(), id.span()))
        })
        .collect()
}

fn decisions(reader: &mut Reader<'_>, all: &Fields<'_>) -> BTreeMap<super::CellId, Decision> {
    let mut out = BTreeMap::new();
    let mut first: BTreeMap<super::CellId, usize> = BTreeMap::new();
    let Some(list) = all.value("decision") else {
        return out;
    };
    let Some(items) = list.get_ref().as_array() else {
        let expected = Text::same("`[[decision]]`");
        wrong_type(reader, "decision", list, expected);
        return out;
    };
    for item in items.iter() {
        let Some(table) = item.get_ref().as_table() else {
            wrong_type(reader, "decision", item, Text::same("`[[decision]]`"));
            continue;
        };
        let known = ["cell", "status", "why", "why_ja", "owner", "until"];
        let f = Fields::open(reader, table, item.span(), "[[decision]]", &known);
        let cell = f.required_text(reader, "cell", "\"sensor:JT04:P2\"");
        let span = cell.as_ref().map_or(0..0, |(_, span)| span.clone());
        let cell = cell.and_then(|(text, span)| {
            values::cell(reader, text, span, &knowledge::base().threat_names())
        });
        if let Some(cell) = &cell {
            reader
                .identifiers
                .refer("cell", &cell.component, span.clone(), Expected::Device);
        }
        let status = f.required_word(reader, "status");
        let why = f.bilingual(reader, "why");
        if why.is_none() {
            f.required_text(reader, "why", "\"…\"");
        }
        let owner = f.required_text(reader, "owner", "\"…\"");
        let until = f.date(reader, "until");
        if let Some(cell) = &cell {
            if let Some(first) = first.get(cell) {
                let fault = Fault::DuplicateId {
                    id: cell.to_string(),
                    first: reader.source.line(*first),
                };
                reader.report(span.clone(), fault);
                continue;
            }
            first.insert(cell.clone(), span.start);
        }
        if let (Some(cell), Some(status), Some(why), Some((owner, _)), Some(until)) =
            (cell, status, why, owner, until)
        {
            let owner = owner.to_owned();
            out.insert(
                cell,
                Decision {
                    status,
                    why,
                    owner,
                    until,
                },
            );
        }
    }
    out
}

pub(super) fn check_dates(model: &Model, name: &str, text: &str, today: Date) -> Problems {
    let mut reader = Reader::new(text);
    let (document, _) = DeTable::parse_recoverable(text);
    let place = |section: &str, key: &str, is: &str| -> Range<usize> {
        document
            .get_ref()
            .get(section)
            .and_then(|value| value.get_ref().as_array())
            .into_iter()
            .flat_map(|items| items.iter())
            .filter_map(|item| item.get_ref().as_table())
            .find(|table| table.get(key).and_then(|v| v.get_ref().as_str()) == Some(is))
            .and_then(|table| table.get("until").or_else(|| table.get("review_by")))
            .map_or(0..0, Spanned::span)
    };
    for (cell, decision) in &model.decisions {
        if decision.until < today {
            let cell = cell.to_string();
            let fault = Fault::DecisionExpired {
                until: decision.until.to_string(),
                today: today.to_string(),
                owner: decision.owner.clone(),
                cell: cell.clone(),
            };
            reader.report(place("decision", "cell", &cell), fault);
        }
    }
    for (id, assumption) in &model.assumptions {
        if assumption.review_by < today {
            let fault = Fault::AssumptionDue {
                id: id.clone(),
                review_by: assumption.review_by.to_string(),
                today: today.to_string(),
            };
            reader.report(place("assume", "id", id), fault);
        }
    }
    reader.into_problems(name)
}
