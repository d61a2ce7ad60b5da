//! Lists of components, and the weaknesses that they say are in them.
//!
//! Source: OWASP CycloneDX 1.2 to 1.6, JSON and XML: components, hashes, vulnerabilities with ratings and
//! analysis.

use serde::Deserialize;

use super::fold::{Absorb, Fold};
use super::read::{Unreadable, name};
use super::xml::{self, Part};
use super::{Content, Format, Summary, Verdict};
use crate::language::Text;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bom {
    bom_format: String,
    spec_version: String,
    #[serde(default)]
    metadata: Option<Metadata>,
    #[serde(default)]
    components: Option<Fold<Components>>,
    #[serde(default)]
    vulnerabilities: Option<Fold<Weaknesses>>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    tools: Option<Tools>,
}

/// A list up to version 1.4, an object with components since 1.5.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tools {
    List(Vec<Tool>),
    Listed {
        #[serde(default)]
        components: Vec<Tool>,
    },
}

#[derive(Deserialize)]
struct Tool {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    version: Option<String>,
}

#[derive(Deserialize)]
struct Component {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    hashes: Option<Fold<NotEmpty>>,
    #[serde(default)]
    components: Option<Fold<Components>>,
}

/// Whether a list has anything in it.
#[derive(Default)]
struct NotEmpty {
    any: bool,
}

impl Absorb for NotEmpty {
    type Item = serde::de::IgnoredAny;

    fn absorb(&mut self, _: serde::de::IgnoredAny) -> Result<(), &'static str> {
        self.any = true;
        Ok(())
    }
}

#[derive(Clone, Copy, Default)]
struct Components {
    count: u64,
    with_version: u64,
    with_hash: u64,
}

impl Components {
    fn add(&mut self, has_version: bool, has_hash: bool) {
        self.count = self.count.saturating_add(1);
        self.with_version = self.with_version.saturating_add(u64::from(has_version));
        self.with_hash = self.with_hash.saturating_add(u64::from(has_hash));
    }
}

impl Absorb for Components {
    type Item = Component;

    fn absorb(&mut self, item: Component) -> Result<(), &'static str> {
        let has_version = item.version.is_some_and(|version| !version.is_empty());
        self.add(has_version, item.hashes.is_some_and(|hashes| hashes.0.any));
        if let Some(Fold(inner)) = item.components {
            self.count = self.count.saturating_add(inner.count);
            self.with_version = self.with_version.saturating_add(inner.with_version);
            self.with_hash = self.with_hash.saturating_add(inner.with_hash);
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Weakness {
    #[serde(default)]
    ratings: Option<Fold<Ratings>>,
    #[serde(default)]
    analysis: Option<Judged>,
}

#[derive(Deserialize)]
struct Judged {
    #[serde(default)]
    state: Option<String>,
}

#[derive(Deserialize)]
struct Rating {
    #[serde(default)]
    severity: Option<String>,
}

#[derive(Default)]
struct Ratings {
    severe: bool,
}

impl Absorb for Ratings {
    type Item = Rating;

    fn absorb(&mut self, item: Rating) -> Result<(), &'static str> {
        self.severe |= item.severity.as_deref().is_some_and(is_severe);
        Ok(())
    }
}

#[derive(Clone, Copy, Default)]
struct Weaknesses {
    severe: u64,
    others: u64,
    settled: u64,
}

impl Weaknesses {
    fn add(&mut self, severe: bool, settled: bool) {
        let count = match (settled, severe) {
            (true, _) => &mut self.settled,
            (false, true) => &mut self.severe,
            (false, false) => &mut self.others,
        };
        *count = count.saturating_add(1);
    }
}

impl Absorb for Weaknesses {
    type Item = Weakness;

    fn absorb(&mut self, item: Weakness) -> Result<(), &'static str> {
        let state = item.analysis.and_then(|analysis| analysis.state);
        let severe = item.ratings.is_some_and(|ratings| ratings.0.severe);
        self.add(severe, state.as_deref().is_some_and(is_settled));
        Ok(())
    }
}

fn is_severe(severity: &str) -> bool {
    matches!(severity, "high" | "critical")
}

fn is_settled(state: &str) -> bool {
    matches!(
        state,
        "resolved" | "resolved_with_pedigree" | "false_positive" | "not_affected"
    )
}

/// Whether a JSON text says that it is CycloneDX.
pub(super) fn looks_like(text: &str) -> bool {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Probe {
        bom_format: Option<String>,
    }
    serde_json::from_str::<Probe>(text)
        .is_ok_and(|probe| probe.bom_format.as_deref() == Some("CycloneDX"))
}

pub(super) fn json(text: &str) -> Result<Summary, Unreadable> {
    let malformed = |why: &dyn std::fmt::Display| Unreadable::malformed(Format::CycloneDx, why);
    let bom: Bom = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    if bom.bom_format != "CycloneDX" || !bom.spec_version.starts_with("1.") {
        let why = format!(
            "{} {} instead of CycloneDX 1",
            bom.bom_format, bom.spec_version
        );
        return Err(malformed(&why));
    }
    let tool = match bom.metadata.and_then(|metadata| metadata.tools) {
        Some(Tools::List(list)) | Some(Tools::Listed { components: list }) => {
            list.into_iter().next()
        }
        None => None,
    };
    let (tool, version) = tool.map_or((None, None), |tool| (tool.name, tool.version));
    Ok(summary(
        bom.components.unwrap_or_default().0,
        bom.vulnerabilities.unwrap_or_default().0,
        tool.as_deref().and_then(name),
        version.as_deref().and_then(name),
    ))
}

/// What is known of the element of the XML that is being read.
#[derive(Default)]
struct Reading {
    components: Components,
    weaknesses: Weaknesses,
    /// One for each component that is open: whether a version and a hash were seen.
    open: Vec<(bool, bool)>,
    severe: bool,
    settled: bool,
    tool: Option<String>,
    version: Option<String>,
}

pub(super) fn xml(text: &str) -> Result<Summary, Unreadable> {
    let mut reading = Reading::default();
    xml::each(text, |path, part| visit(&mut reading, path, part))
        .map_err(|why| Unreadable::malformed(Format::CycloneDx, why))?;
    Ok(summary(
        reading.components,
        reading.weaknesses,
        reading.tool,
        reading.version,
    ))
}

fn visit(reading: &mut Reading, path: &[String], part: Part<'_>) -> Result<(), String> {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    match names.as_slice() {
        ["bom", "metadata", "tools", .., "tool" | "component", field] => {
            if let Part::Text(text) = part {
                match *field {
                    "name" if reading.tool.is_none() => reading.tool = name(text),
                    "version" if reading.version.is_none() => reading.version = name(text),
                    _ => {}
                }
            }
        }
        ["bom", "components", .., "components", "component"]
        | ["bom", "components", "component"] => match part {
            Part::Start(_) => reading.open.push((false, false)),
            Part::End => {
                if let Some((has_version, has_hash)) = reading.open.pop() {
                    reading.components.add(has_version, has_hash);
                }
            }
            Part::Text(_) => {}
        },
        ["bom", "components", .., "component", "version"] => {
            if let (Part::Text(text), Some(open)) = (part, reading.open.last_mut()) {
                open.0 |= !text.trim().is_empty();
            }
        }
        ["bom", "components", .., "component", "hashes", "hash"] => {
            if let Some(open) = reading.open.last_mut() {
                open.1 = true;
            }
        }
        ["bom", "vulnerabilities", "vulnerability"] => match part {
            Part::Start(_) => (reading.severe, reading.settled) = (false, false),
            Part::End => reading.weaknesses.add(reading.severe, reading.settled),
            Part::Text(_) => {}
        },
        [
            "bom",
            "vulnerabilities",
            "vulnerability",
            "ratings",
            "rating",
            "severity",
        ] => {
            if let Part::Text(text) = part {
                reading.severe |= is_severe(text.trim());
            }
        }
        [
            "bom",
            "vulnerabilities",
            "vulnerability",
            "analysis",
            "state",
        ] => {
            if let Part::Text(text) = part {
                reading.settled |= is_settled(text.trim());
            }
        }
        [root] if *root != "bom" => return Err(format!("the root element is {root:?}")),
        _ => {}
    }
    Ok(())
}

fn summary(
    components: Components,
    weaknesses: Weaknesses,
    tool: Option<String>,
    version: Option<String>,
) -> Summary {
    let (count, severe, others) = (components.count, weaknesses.severe, weaknesses.others);
    let (verdict, why) = if severe > 0 {
        (
            Verdict::Failed,
            Text::new(
                format!(
                    "{count} components with {severe} open weaknesses of high or critical severity"
                ),
                format!("部品 {count} 点に、深刻度が高い未解決の脆弱性が {severe} 件ある"),
            ),
        )
    } else if count == 0 {
        (
            Verdict::Inconclusive,
            Text::new("no component is listed", "部品が一つも載っていない"),
        )
    } else {
        (
            Verdict::Passed,
            Text::new(
                format!(
                    "{count} components, none with an open weakness of high severity; {others} others are open"
                ),
                format!(
                    "部品 {count} 点。深刻度が高い未解決の脆弱性はなく、その他の未解決は {others} 件"
                ),
            ),
        )
    };
    Summary {
        format: Format::CycloneDx,
        tool,
        version,
        verdict,
        content: Content::Components {
            components: count,
            with_version: components.with_version,
            with_hash: components.with_hash,
            severe,
            weaknesses: others,
            settled: weaknesses.settled,
        },
        why,
    }
}
