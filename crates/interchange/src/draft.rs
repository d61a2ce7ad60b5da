//! A model under construction: names for foreign things, then text of our own format.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::civil::Date;
use sekimori_analysis::diagnostic::Color;
use sekimori_analysis::language::{Language, Text};
use sekimori_analysis::model::{
    self, ComponentKind, DeviceClass, Level, LinkProtection, Protocol, Security, Stride, UnsafeKind,
};

use crate::document::shown;
use crate::import::Imported;
use crate::note::{Note, NoteKind};
use crate::refusal::Refusal;

/// Longest id that is made of a foreign name; a number may follow.
const MAX_ID: usize = 40;
/// Longest title.
const MAX_TITLE: usize = 200;
/// Most elements of one kind.
const MAX_ELEMENTS: usize = 20_000;
/// Ids of flows that topics use otherwise.
const RESERVED: [&str; 2] = ["cmd", "ack"];

/// A model under construction.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) zones: Vec<Zone>,
    pub(crate) components: Vec<Component>,
    assets: Vec<Asset>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) losses: Vec<Statement>,
    pub(crate) hazards: Vec<Statement>,
    pub(crate) controllers: Vec<Controller>,
    pub(crate) actions: Vec<Action>,
    pub(crate) unsafe_actions: Vec<UnsafeAction>,
    pub(crate) scenarios: Vec<Scenario>,
    pub(crate) assumptions: Vec<Assumption>,
    pub(crate) notes: Vec<Note>,
    given: BTreeSet<String>,
    /// The number that the next id gets whose wanted form is taken.
    next: BTreeMap<String, u32>,
    /// Where each asset stands in the list.
    asset_at: BTreeMap<String, usize>,
    by_foreign: BTreeMap<(&'static str, String), String>,
}

pub(crate) struct Zone {
    pub(crate) id: String,
    pub(crate) title: String,
}

pub(crate) struct Component {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) kind: ComponentKind,
    pub(crate) zone: String,
    pub(crate) hosts: Vec<String>,
}

pub(crate) struct Asset {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) cia: [Level; 3],
    pub(crate) personal: bool,
    pub(crate) stored_in: BTreeSet<String>,
}

pub(crate) struct Flow {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) assets: BTreeSet<String>,
    pub(crate) protocol: Protocol,
    pub(crate) security: Security,
    pub(crate) link: LinkProtection,
    pub(crate) port: Option<u16>,
}

/// A loss, or a hazard with the losses it leads to.
pub(crate) struct Statement {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) losses: BTreeSet<String>,
}

pub(crate) struct Controller {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) component: String,
    pub(crate) process: String,
    pub(crate) process_model: BTreeSet<String>,
}

pub(crate) struct Action {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) controller: String,
    pub(crate) flow: String,
    pub(crate) feedback: BTreeSet<String>,
}

pub(crate) struct UnsafeAction {
    pub(crate) id: String,
    pub(crate) action: String,
    pub(crate) kind: UnsafeKind,
    pub(crate) text: String,
    pub(crate) hazards: BTreeSet<String>,
    pub(crate) stride: BTreeSet<Stride>,
}

pub(crate) struct Scenario {
    pub(crate) id: String,
    pub(crate) uca: String,
    pub(crate) text: String,
    pub(crate) element: String,
    pub(crate) stride: Stride,
}

pub(crate) struct Assumption {
    pub(crate) id: String,
    pub(crate) text: String,
    pub(crate) review_by: Date,
}

impl Draft {
    pub(crate) fn new(title: &str) -> Self {
        let mut draft = Draft {
            title: title.to_owned(),
            ..Draft::default()
        };
        draft.id = slug(title).unwrap_or_else(|| "imported".to_owned());
        draft
    }

    /// An id of our own for something that the source calls `foreign`, or by the title when that is
    /// unreadable. `space` keeps apart what the source keeps apart.
    pub(crate) fn name(&mut self, space: &'static str, foreign: &str, title: &str) -> String {
        let readable = if is_machine_made(foreign) {
            None
        } else {
            slug(foreign)
        };
        let wanted = readable
            .or_else(|| slug(title))
            .unwrap_or_else(|| space.to_owned());
        let id = self.free(&wanted);
        if id != foreign && !is_machine_made(foreign) && !foreign.is_empty() {
            self.notes.push(Note {
                kind: NoteKind::Renamed,
                place: id.clone(),
                text: Text::new(
                    format!("was: {}", shown(foreign)),
                    format!("元の名前: {}", shown(foreign)),
                ),
            });
        }
        let key = (space, foreign.to_owned());
        self.by_foreign.entry(key).or_insert_with(|| id.clone());
        id
    }

    /// An id that nothing has yet: `wanted`, or `wanted` with a number.
    pub(crate) fn free(&mut self, wanted: &str) -> String {
        let mut id = wanted.to_owned();
        while RESERVED.contains(&id.as_str()) || self.given.contains(&id) {
            let number = self.next.entry(wanted.to_owned()).or_insert(2);
            id = format!("{wanted}-{number}");
            *number = number.saturating_add(1);
        }
        self.given.insert(id.clone());
        id
    }

    /// Adds an asset, whose id is new.
    pub(crate) fn add_asset(&mut self, asset: Asset) {
        self.asset_at.insert(asset.id.clone(), self.assets.len());
        self.assets.push(asset);
    }

    /// Notes that a component keeps the asset with this foreign name; whether there is such an asset.
    pub(crate) fn keep(&mut self, asset: &str, component: &str) -> bool {
        let id = self.known("asset", asset);
        let at = id.and_then(|id| self.asset_at.get(&id).copied());
        let Some(asset) = at.and_then(|at| self.assets.get_mut(at)) else {
            return false;
        };
        asset.stored_in.insert(component.to_owned());
        true
    }

    /// The id that [`name`](Self::name) gave.
    pub(crate) fn known(&self, space: &'static str, foreign: &str) -> Option<String> {
        self.by_foreign.get(&(space, foreign.to_owned())).cloned()
    }

    /// Lets the source's name for something stand for an id of ours.
    pub(crate) fn bind(&mut self, space: &'static str, foreign: &str, id: &str) {
        let key = (space, foreign.to_owned());
        self.by_foreign.entry(key).or_insert_with(|| id.to_owned());
    }

    pub(crate) fn assume(&mut self, place: &str, en: impl Into<String>, ja: impl Into<String>) {
        self.note(NoteKind::Assumed, place, en, ja);
    }

    pub(crate) fn leave(&mut self, place: &str, en: impl Into<String>, ja: impl Into<String>) {
        self.note(NoteKind::NotCarriedOver, place, en, ja);
    }

    fn note(&mut self, kind: NoteKind, place: &str, en: impl Into<String>, ja: impl Into<String>) {
        self.notes.push(Note {
            kind,
            place: shown(place),
            text: Text::new(en, ja),
        });
    }

    /// The zone for what the source puts nowhere; made when it is first needed.
    pub(crate) fn nowhere(&mut self) -> String {
        if let Some(id) = self.known("zone", "") {
            return id;
        }
        let id = self.free("unassigned");
        self.by_foreign.insert(("zone", String::new()), id.clone());
        self.zones.push(Zone {
            id: id.clone(),
            title: "Unassigned".to_owned(),
        });
        self.assume(
            &id,
            "the source puts these components in no zone; it counts as exposed",
            "元の文書で区域に属さない部品。誰でも触れられるものとして扱う",
        );
        id
    }

    /// A flow that the source calls protected or not, without saying how.
    pub(crate) fn security(&mut self, flow: &str, is_protected: bool) -> Security {
        if is_protected {
            self.assume(
                flow,
                "the source says protected, but not how; it counts as unprotected until `security` says tls13, dtls13 …",
                "元の文書は保護ありとするが方式が不明。security に tls13 などを書くまで保護なしとして扱う",
            );
            Security::Unknown
        } else {
            Security::None
        }
    }

    /// Refuses more elements than a model of a system has.
    pub(crate) fn check_counts(&self) -> Result<(), Refusal> {
        let most = [
            self.components.len(),
            self.flows.len(),
            self.assets.len(),
            self.zones.len(),
        ];
        if most.into_iter().max() <= Some(MAX_ELEMENTS) {
            return Ok(());
        }
        Err(Refusal::TooMany {
            what: Text::new(
                "components, flows, assets or zones",
                "部品、フロー、資産または区域",
            ),
            limit: MAX_ELEMENTS,
        })
    }

    /// Writes the text, and reads it back as a model.
    pub(crate) fn finish(mut self, left_behind: Vec<Note>) -> Result<Imported, Refusal> {
        self.check_counts()?;
        if self
            .components
            .iter()
            .any(|c| c.kind == ComponentKind::Device)
        {
            self.assume(
                "component.class",
                "every device is taken for a general-purpose board (mcu-board)",
                "機器は全て汎用マイコンボード（mcu-board）とした",
            );
        }
        let text = self.text();
        let parsed = model::parse("imported.toml", &text).map_err(|problems| Refusal::NoModel {
            problems: Text::new(
                problems.render(Language::English, Color::Plain),
                problems.render(Language::Japanese, Color::Plain),
            ),
        })?;
        let mut notes = self.notes;
        notes.extend(left_behind);
        notes.sort();
        notes.dedup();
        Ok(Imported {
            text,
            model: parsed,
            notes,
        })
    }

    fn text(&self) -> String {
        let mut out = Out::default();
        out.section("[model]");
        out.pair("format", model::FORMAT);
        out.pair("id", &self.id);
        if !self.title.trim().is_empty() {
            out.pair("title", &self.title);
        }
        for zone in &self.zones {
            out.section("[[zone]]");
            out.named(&zone.id, &zone.title);
        }
        for component in &self.components {
            out.section("[[component]]");
            out.named(&component.id, &component.title);
            out.pair("kind", component.kind.word());
            if component.kind == ComponentKind::Device {
                out.pair("class", DeviceClass::McuBoard.word());
            }
            out.pair("zone", &component.zone);
            out.list("hosts", component.hosts.iter().map(String::as_str));
        }
        for asset in &self.assets {
            out.section("[[asset]]");
            out.named(&asset.id, &asset.title);
            let [c, i, a] = asset.cia;
            for (key, level) in [("c", c), ("i", i), ("a", a)] {
                out.pair(key, level.word());
            }
            if asset.personal {
                out.line("personal = true");
            }
            out.list("stored_in", asset.stored_in.iter().map(String::as_str));
        }
        for flow in &self.flows {
            out.section("[[flow]]");
            out.named(&flow.id, &flow.title);
            out.pair("from", &flow.from);
            out.pair("to", &flow.to);
            out.list("assets", flow.assets.iter().map(String::as_str));
            out.pair("proto", flow.protocol.word());
            out.pair("security", flow.security.word());
            if flow.link != LinkProtection::None {
                out.pair("link", flow.link.word());
            }
            if let Some(port) = flow.port {
                out.line(&format!("port = {port}"));
            }
        }
        self.control(&mut out);
        for assumption in &self.assumptions {
            out.section("[[assume]]");
            out.pair("id", &assumption.id);
            out.pair("text", &assumption.text);
            out.pair("review_by", &assumption.review_by.to_string());
        }
        out.text
    }

    fn control(&self, out: &mut Out) {
        for loss in &self.losses {
            out.section("[[loss]]");
            out.pair("id", &loss.id);
            out.pair("text", &loss.text);
        }
        for hazard in &self.hazards {
            out.section("[[hazard]]");
            out.pair("id", &hazard.id);
            out.pair("text", &hazard.text);
            out.list("losses", hazard.losses.iter().map(String::as_str));
        }
        for controller in &self.controllers {
            out.section("[[controller]]");
            out.named(&controller.id, &controller.title);
            out.pair("component", &controller.component);
            out.pair("process", &controller.process);
            out.list(
                "process_model",
                controller.process_model.iter().map(String::as_str),
            );
        }
        for action in &self.actions {
            out.section("[[control_action]]");
            out.named(&action.id, &action.title);
            out.pair("controller", &action.controller);
            out.pair("flow", &action.flow);
            out.list("feedback", action.feedback.iter().map(String::as_str));
        }
        for uca in &self.unsafe_actions {
            out.section("[[uca]]");
            out.pair("id", &uca.id);
            out.pair("action", &uca.action);
            out.pair("type", uca.kind.word());
            out.pair("text", &uca.text);
            out.list("hazards", uca.hazards.iter().map(String::as_str));
            out.list("stride", uca.stride.iter().map(|stride| stride.word()));
        }
        for scenario in &self.scenarios {
            out.section("[[scenario]]");
            out.pair("id", &scenario.id);
            out.pair("uca", &scenario.uca);
            out.pair("element", &scenario.element);
            out.pair("stride", scenario.stride.word());
            out.pair("text", &scenario.text);
        }
    }
}

/// TOML under construction.
#[derive(Default)]
struct Out {
    text: String,
}

impl Out {
    fn section(&mut self, header: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.line(header);
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn pair(&mut self, key: &str, value: &str) {
        let _ = writeln!(self.text, "{key} = {}", quoted(value));
    }

    fn named(&mut self, id: &str, title: &str) {
        self.pair("id", id);
        if id != title && !title.trim().is_empty() {
            self.pair("title", title);
        }
    }

    /// Nothing when there is nothing to list.
    fn list<'t>(&mut self, key: &str, values: impl Iterator<Item = &'t str>) {
        let values: Vec<String> = values.map(quoted).collect();
        if !values.is_empty() {
            let _ = writeln!(self.text, "{key} = [{}]", values.join(", "));
        }
    }
}

/// A basic string on one line.
fn quoted(text: &str) -> String {
    let mut line = String::new();
    for word in text.split(|c: char| c.is_control() || c.is_whitespace()) {
        if word.is_empty() {
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let line: String = line.chars().take(MAX_TITLE).collect();
    let escaped = line.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// Lower-case words joined by hyphens; [`None`] when nothing of the name can be kept.
fn slug(name: &str) -> Option<String> {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() || (matches!(c, '_' | '.') && !out.is_empty()) {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if out.len() >= MAX_ID {
            break;
        }
    }
    let out = out.trim_end_matches(['-', '.', '_']).to_owned();
    // A name that is mostly not ASCII would leave a stump that says nothing.
    let kept = out.chars().filter(char::is_ascii_alphanumeric).count();
    let all = name.chars().filter(|c| c.is_alphanumeric()).count();
    (kept > 0 && kept.saturating_mul(2) >= all.min(MAX_ID)).then_some(out)
}

/// Whether a name was made by a program: a UUID or a long number.
fn is_machine_made(name: &str) -> bool {
    let digits = name.chars().filter(|c| c.is_ascii_hexdigit()).count();
    let rest = name.chars().filter(|c| !c.is_ascii_hexdigit());
    digits >= 20 && rest.into_iter().all(|c| matches!(c, '-' | '_' | '{' | '}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_made_of_names_where_names_can_be_read() {
        for (name, expected) in [
            ("Web Server", Some("Web-Server")),
            ("  --x..  ", Some("x")),
            ("温度センサー", None),
            ("温度センサーA", None),
            ("", None),
            ("a/b\\c", Some("a-b-c")),
        ] {
            assert_eq!(slug(name).as_deref(), expected, "{name}");
        }
        assert!(is_machine_made("2d84bfae-f1ed-49e5-8542-10a02f4a1c57"));
        assert!(!is_machine_made("web-server"));
    }

    #[test]
    fn no_two_things_get_the_same_id() {
        let mut draft = Draft::new("t");
        let names: Vec<String> = (0..3).map(|_| draft.name("component", "a", "A")).collect();
        assert_eq!(names, ["a", "a-2", "a-3"]);
        assert_eq!(draft.name("flow", "cmd", "Command"), "cmd-2");
        assert_eq!(draft.name("flow", "", "温度"), "flow");
    }
}
