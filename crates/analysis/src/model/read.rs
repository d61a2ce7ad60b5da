//! From TOML texts to a model: every section is read to its end, whatever is wrong in it.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fields::{Fields, wrong_type};
use super::identifiers::resolve;
use super::keys::{self, Section};
use super::reader::{Reader, shown};
use super::{MAX_BYTES, Model, Source, author, check, guard, header, sections};
use crate::diagnostic::{Fault, Gravity, Problems};
use crate::language::Text;

type Table<'d> = Spanned<DeTable<'d>>;

pub(super) fn parse_bytes(name: &str, bytes: &[u8]) -> Result<Model, Problems> {
    parse_files(&[(name, bytes)])
}

pub(super) fn parse_files(files: &[(&str, &[u8])]) -> Result<Model, Problems> {
    check_size(files.iter().map(|(name, bytes)| (*name, bytes.len())))?;
    let mut sources = Vec::new();
    let mut wrong = Vec::new();
    for (index, (name, bytes)) in files.iter().enumerate() {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                wrong.push((index, error.valid_up_to()));
                let good = bytes.get(..error.valid_up_to()).unwrap_or(&[]);
                std::str::from_utf8(good).unwrap_or("")
            }
        };
        sources.push(Source { name, text });
    }
    if wrong.is_empty() {
        return parse_sources(&sources);
    }
    let mut reader = Reader::new(&sources);
    for (index, at) in wrong {
        reader.turn_to(index);
        reader.report(at..at, Fault::NotText);
    }
    Err(reader.into_problems())
}

/// Refuses files that are together larger than a model may be.
pub(super) fn check_size<'n>(
    files: impl Iterator<Item = (&'n str, usize)>,
) -> Result<(), Problems> {
    let mut bytes: usize = 0;
    for (name, length) in files {
        bytes = bytes.saturating_add(length);
        if bytes > MAX_BYTES {
            let mut reader = Reader::new(&[Source { name, text: "" }]);
            reader.report(0..0, Fault::TooLarge { bytes });
            return Err(reader.into_problems());
        }
    }
    Ok(())
}

pub(super) fn parse_sources(sources: &[Source<'_>]) -> Result<Model, Problems> {
    check_size(sources.iter().map(|s| (s.name, s.text.len())))?;
    if sources.is_empty() {
        let (name, text) = ("model", "");
        return parse_sources(&[Source { name, text }]);
    }
    let mut reader = Reader::new(sources);
    let mut documents = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        reader.turn_to(index);
        documents.extend(open(&mut reader, source.text));
    }
    // What follows a syntax error cannot be judged fairly: report those alone.
    if documents.len() < sources.len() {
        return Err(reader.into_problems());
    }
    let mut model = Model::new("");
    let mut wholes = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        reader.turn_to(index);
        wholes.push(Fields::whole(&mut reader, document.get_ref()));
    }
    header::read(&mut reader, &wholes, &mut model);
    for (index, whole) in wholes.iter().enumerate() {
        reader.turn_to(index);
        parts(&mut reader, whole, &mut model);
    }
    author::check(&mut reader, &model, &wholes);
    resolve(&mut reader);
    check::control_structure(&mut reader, &model, &places(&wholes, "control_action"));
    check::dependencies(&mut reader, &model, &places(&wholes, "component"));
    let problems = reader.into_problems();
    // Errors are left out of the list only behind others.
    if problems.list.iter().any(|p| p.gravity == Gravity::Error) {
        return Err(problems);
    }
    model.warnings = problems;
    Ok(model)
}

fn open<'t>(reader: &mut Reader<'_>, text: &'t str) -> Option<Table<'t>> {
    if let Some(at) = guard::too_deep(text) {
        let most = guard::MOST;
        reader.report(at..at, Fault::TooDeep { most });
        return None;
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let said = shown(error.message().lines().next().unwrap_or("").trim());
        reader.report(span, Fault::Syntax { said });
    }
    errors.is_empty().then_some(document)
}

/// Reads everything but the sections that may stand once.
fn parts(reader: &mut Reader<'_>, all: &Fields<'_>, model: &mut Model) {
    let r = reader;
    each(r, all, "zone", &mut model.zones, sections::zone);
    let components = &mut model.components;
    each(r, all, "component", components, sections::component);
    each(r, all, "asset", &mut model.assets, sections::asset);
    each(r, all, "flow", &mut model.flows, sections::flow);
    each(r, all, "loss", &mut model.losses, sections::loss);
    each(r, all, "hazard", &mut model.hazards, sections::hazard);
    let controllers = &mut model.controllers;
    each(r, all, "controller", controllers, sections::controller);
    let actions = &mut model.control_actions;
    each(r, all, "control_action", actions, sections::control_action);
    let unsafe_actions = &mut model.unsafe_control_actions;
    each(
        r,
        all,
        "uca",
        unsafe_actions,
        sections::unsafe_control_action,
    );
    each(r, all, "scenario", &mut model.scenarios, sections::scenario);
    let assumptions = &mut model.assumptions;
    each(r, all, "assume", assumptions, sections::assumption);
    each(
        r,
        all,
        "statement",
        &mut model.statements,
        author::statement,
    );
    each(r, all, "decision", &mut model.decisions, author::decision);
    each(r, all, "rule", &mut model.rules, author::rule);
    each(r, all, "measure", &mut model.measures, author::measure);
}

/// Reads every `[[name]]`.
fn each<T>(
    reader: &mut Reader<'_>,
    all: &Fields<'_>,
    name: &str,
    into: &mut BTreeMap<String, T>,
    read: impl Fn(&mut Reader<'_>, &DeTable<'_>, Range<usize>, &Section) -> Option<(String, T)>,
) {
    let Some(value) = all.value(name) else {
        return;
    };
    let section = keys::section(name);
    let written = Text::same(format!("`{}`", section.written()));
    let DeValue::Array(items) = value.get_ref() else {
        wrong_type(reader, name, value, written);
        return;
    };
    for item in items.iter() {
        match item.get_ref().as_table() {
            Some(table) => into.extend(read(reader, table, item.span(), section)),
            None => wrong_type(reader, name, item, written.clone()),
        }
    }
}

/// Where the id of each `[[name]]` stands: its text, and its span in that text.
fn places(wholes: &[Fields<'_>], name: &str) -> check::Places {
    let mut places = check::Places::new();
    for (index, whole) in wholes.iter().enumerate() {
        let items = whole
            .value(name)
            .and_then(|value| value.get_ref().as_array());
        for item in items.into_iter().flat_map(|items| items.iter()) {
            let id = item.get_ref().as_table().and_then(|table| table.get("id"));
            if let Some(id) = id
                && let Some(text) = id.get_ref().as_str()
            {
                places
                    .entry(text.to_owned())
                    .or_insert_with(|| (index, id.span()));
            }
        }
    }
    places
}

pub(super) fn check_dates(model: &Model, sources: &[Source<'_>], today: Date) -> Problems {
    let mut reader = Reader::new(sources);
    let documents: Vec<Table<'_>> = sources
        .iter()
        .map(|source| match guard::too_deep(source.text) {
            Some(_) => DeTable::parse_recoverable("").0,
            None => DeTable::parse_recoverable(source.text).0,
        })
        .collect();
    let day = today.to_string();
    for (id, decision) in &model.decisions {
        if decision.until < today {
            let fault = Fault::DecisionExpired {
                until: decision.until.to_string(),
                today: day.clone(),
                owner: decision.owner.clone(),
                cell: id.clone(),
            };
            overdue(
                &mut reader,
                &documents,
                ["decision", "cell", id, "until"],
                fault,
            );
        }
    }
    for (id, statement) in &model.statements {
        if statement.until < today {
            let fault = Fault::StatementExpired {
                until: statement.until.to_string(),
                today: day.clone(),
                owner: statement.owner.clone(),
                item: id.clone(),
            };
            overdue(
                &mut reader,
                &documents,
                ["statement", "item", id, "until"],
                fault,
            );
        }
    }
    for (id, assumption) in &model.assumptions {
        if assumption.review_by < today {
            let fault = Fault::AssumptionDue {
                id: id.clone(),
                review_by: assumption.review_by.to_string(),
                today: day.clone(),
            };
            overdue(
                &mut reader,
                &documents,
                ["assume", "id", id, "review_by"],
                fault,
            );
        }
    }
    reader.into_problems()
}

/// Reports `fault` at the date of the section with this id; one that is only counted needs no place.
fn overdue(
    reader: &mut Reader<'_>,
    documents: &[Table<'_>],
    [section, key, id, date]: [&str; 4],
    fault: Fault,
) {
    let listed = if reader.is_listing(fault.gravity()) {
        documents
    } else {
        &[]
    };
    for (index, document) in listed.iter().enumerate() {
        let items = document.get_ref().get(section);
        let found = items
            .and_then(|value| value.get_ref().as_array())
            .into_iter()
            .flat_map(|items| items.iter())
            .filter_map(|item| item.get_ref().as_table())
            .find(|table| table.get(key).and_then(|v| v.get_ref().as_str()) == Some(id));
        if let Some(table) = found {
            reader.turn_to(index);
            reader.report(table.get(date).map_or(0..0, Spanned::span), fault);
            return;
        }
    }
    reader.report(0..0, fault);
}
