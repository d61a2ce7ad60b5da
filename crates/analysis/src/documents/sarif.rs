//! Findings of analyzers. Source: OASIS SARIF 2.1.0, sections 3.14 (run), 3.20 (invocation), 3.27 (result),
//! 3.35 (suppression), 3.50 (rule configuration) and 3.52 (reference to a rule).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::fold::{Absorb, Fold};
use super::read::{Unreadable, name};
use super::{Content, Format, Summary, Verdict};
use crate::language::Text;

/// Most rules whose level is remembered, and most results that name a rule instead of a level.
const MAX_REMEMBERED: usize = 200_000;

#[derive(Deserialize)]
struct Log {
    version: String,
    runs: Fold<Runs>,
}

#[derive(Deserialize)]
struct Run {
    tool: Tool,
    #[serde(default)]
    invocations: Option<Fold<Invocations>>,
    #[serde(default)]
    results: Option<Fold<Results>>,
}

#[derive(Deserialize)]
struct Tool {
    driver: Driver,
    /// Packs of rules beside those of the driver.
    #[serde(default)]
    extensions: Option<Fold<Extensions>>,
}

#[derive(Deserialize)]
struct Extension {
    #[serde(default)]
    rules: Option<Fold<Rules>>,
}

/// The rules of all extensions, in their order.
#[derive(Default)]
struct Extensions {
    rules: Vec<Rules>,
}

impl Absorb for Extensions {
    type Item = Extension;

    fn absorb(&mut self, item: Extension) -> Result<(), &'static str> {
        if self.rules.len() >= MAX_REMEMBERED {
            return Err("too many extensions");
        }
        self.rules.push(item.rules.unwrap_or_default().0);
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    semantic_version: Option<String>,
    #[serde(default)]
    rules: Option<Fold<Rules>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    default_configuration: Option<Configuration>,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    level: Option<Level>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    None,
    Note,
    Warning,
    Error,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    #[serde(default)]
    execution_successful: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    #[serde(default)]
    rule_id: Option<String>,
    #[serde(default)]
    rule_index: Option<i64>,
    #[serde(default)]
    rule: Option<RuleReference>,
    #[serde(default)]
    level: Option<Level>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    baseline_state: Option<String>,
    #[serde(default)]
    suppressions: Option<Fold<Suppressions>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RuleReference {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    index: Option<i64>,
    /// Which extension has the rule; without it, the driver.
    #[serde(default)]
    tool_component: Option<ComponentReference>,
}

#[derive(Deserialize)]
struct ComponentReference {
    #[serde(default)]
    index: Option<i64>,
}

#[derive(Deserialize)]
struct Suppression {
    #[serde(default)]
    status: Option<String>,
}

/// Whether any suppression is in force.
#[derive(Default)]
struct Suppressions {
    any: bool,
}

impl Absorb for Suppressions {
    type Item = Suppression;

    fn absorb(&mut self, item: Suppression) -> Result<(), &'static str> {
        // One that is under review or was rejected suppresses nothing.
        self.any |= item.status.is_none_or(|status| status == "accepted");
        Ok(())
    }
}

#[derive(Default)]
struct Invocations {
    failed: bool,
}

impl Absorb for Invocations {
    type Item = Invocation;

    fn absorb(&mut self, item: Invocation) -> Result<(), &'static str> {
        self.failed |= item.execution_successful == Some(false);
        Ok(())
    }
}

#[derive(Default)]
struct Rules {
    count: u64,
    by_index: BTreeMap<i64, Level>,
    by_id: BTreeMap<String, Level>,
}

impl Absorb for Rules {
    type Item = Rule;

    fn absorb(&mut self, item: Rule) -> Result<(), &'static str> {
        let level = item.default_configuration.and_then(|c| c.level);
        if let Some(level) = level {
            if self.by_index.len() >= MAX_REMEMBERED {
                return Err("too many rules");
            }
            let index = i64::try_from(self.count).unwrap_or(i64::MAX);
            self.by_index.insert(index, level);
            if let Some(id) = item.id {
                self.by_id.insert(id, level);
            }
        }
        self.count = self.count.saturating_add(1);
        Ok(())
    }
}

/// Results by level; those that leave their level to their rule wait until the rules are known.
#[derive(Default)]
struct Results {
    levels: Levels,
    waiting: Vec<Waiting>,
}

/// What a result says of its rule.
struct Waiting {
    /// Which extension has it, where it is not the driver that does; negative where only a name says which.
    extension: Option<i64>,
    index: Option<i64>,
    id: Option<String>,
}

impl Waiting {
    /// The level of its rule: by its place in the driver or in the extension that is named, else by its id anywhere.
    fn level(&self, driver: &Rules, packs: &[Rules]) -> Option<Level> {
        let component = match self.extension {
            None => Some(driver),
            Some(number) => usize::try_from(number).ok().and_then(|n| packs.get(n)),
        };
        let by_index = || component?.by_index.get(&self.index?);
        let by_id = || {
            let id = self.id.as_deref()?;
            let mut all = std::iter::once(driver).chain(packs);
            all.find_map(|rules| rules.by_id.get(id))
        };
        by_index().or_else(by_id).copied()
    }
}

#[derive(Default)]
struct Levels {
    errors: u64,
    warnings: u64,
    notes: u64,
    suppressed: u64,
}

impl Levels {
    fn add(&mut self, level: Level) {
        let count = match level {
            Level::Error => &mut self.errors,
            Level::Warning => &mut self.warnings,
            Level::Note | Level::None => &mut self.notes,
        };
        *count = count.saturating_add(1);
    }
}

impl Absorb for Results {
    type Item = Found;

    fn absorb(&mut self, item: Found) -> Result<(), &'static str> {
        if item.baseline_state.as_deref() == Some("absent") {
            return Ok(());
        }
        if item.suppressions.is_some_and(|list| list.0.any) {
            self.levels.suppressed = self.levels.suppressed.saturating_add(1);
            return Ok(());
        }
        // A result of another kind than a failure has no level; the standard calls it none.
        let fails = item.kind.is_none_or(|kind| kind == "fail");
        if let Some(level) = item.level.or((!fails).then_some(Level::None)) {
            self.levels.add(level);
            return Ok(());
        }
        if self.waiting.len() >= MAX_REMEMBERED {
            return Err("too many results without a level");
        }
        let reference = item.rule.as_ref();
        let index = item.rule_index.or(reference.and_then(|rule| rule.index));
        let component = reference.and_then(|rule| rule.tool_component.as_ref());
        self.waiting.push(Waiting {
            extension: component.map(|component| component.index.unwrap_or(-1)),
            index: index.filter(|index| *index >= 0),
            id: item.rule_id.or(item.rule.and_then(|rule| rule.id)),
        });
        Ok(())
    }
}

/// All runs of a file.
#[derive(Default)]
struct Runs {
    count: u64,
    broken: u64,
    levels: Levels,
    tool: Option<String>,
    version: Option<String>,
}

impl Absorb for Runs {
    type Item = Run;

    fn absorb(&mut self, run: Run) -> Result<(), &'static str> {
        self.count = self.count.saturating_add(1);
        let driver = run.tool.driver;
        if self.tool.is_none() {
            self.tool = name(&driver.name);
            let version = driver.version.or(driver.semantic_version);
            self.version = version.as_deref().and_then(name);
        }
        // Without a list of results the tool did not get as far as looking.
        let failed = run.invocations.is_some_and(|list| list.0.failed);
        let Some(Fold(results)) = run.results else {
            self.broken = self.broken.saturating_add(1);
            return Ok(());
        };
        self.broken = self.broken.saturating_add(u64::from(failed));
        let rules = driver.rules.unwrap_or_default().0;
        let sum = &mut self.levels;
        sum.errors = sum.errors.saturating_add(results.levels.errors);
        sum.warnings = sum.warnings.saturating_add(results.levels.warnings);
        sum.notes = sum.notes.saturating_add(results.levels.notes);
        sum.suppressed = sum.suppressed.saturating_add(results.levels.suppressed);
        let packs = run.tool.extensions.unwrap_or_default().0.rules;
        for result in results.waiting {
            let level = result.level(&rules, &packs);
            sum.add(level.unwrap_or(Level::Warning));
        }
        Ok(())
    }
}

/// Whether a JSON text has what only SARIF has.
pub(super) fn looks_like(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Probe {
        version: Option<String>,
        runs: Option<serde::de::IgnoredAny>,
    }
    serde_json::from_str::<Probe>(text).is_ok_and(|probe| {
        probe.runs.is_some()
            && probe
                .version
                .is_some_and(|version| version.starts_with("2."))
    })
}

pub(super) fn read(text: &str) -> Result<Summary, Unreadable> {
    let malformed = |why: &dyn std::fmt::Display| Unreadable::malformed(Format::Sarif, why);
    let log: Log = serde_json::from_str(text).map_err(|error| malformed(&error))?;
    if !log.version.starts_with("2.1.") {
        let why = format!("version {} instead of 2.1.0", log.version);
        return Err(malformed(&why));
    }
    let runs = log.runs.0;
    let Levels {
        errors,
        warnings,
        notes,
        suppressed,
    } = runs.levels;
    let (verdict, why) = if errors > 0 {
        (
            Verdict::Failed,
            Text::new(
                format!("{errors} findings of level error, {warnings} warnings"),
                format!("エラー級の指摘 {errors} 件、警告 {warnings} 件"),
            ),
        )
    } else if runs.count == 0 || runs.broken > 0 {
        (
            Verdict::Inconclusive,
            Text::new(
                format!("{} of {} scans did not end well", runs.broken, runs.count),
                format!(
                    "検査 {} 回のうち {} 回が正常に終わっていない",
                    runs.count, runs.broken
                ),
            ),
        )
    } else {
        (
            Verdict::Passed,
            Text::new(
                format!(
                    "no finding of level error, {warnings} warnings, {notes} notes, {suppressed} suppressed"
                ),
                format!(
                    "エラー級の指摘なし。警告 {warnings} 件、注記 {notes} 件、抑止 {suppressed} 件"
                ),
            ),
        )
    };
    Ok(Summary {
        format: Format::Sarif,
        tool: runs.tool,
        version: runs.version,
        verdict,
        content: Content::Findings {
            runs: runs.count,
            errors,
            warnings,
            notes,
            suppressed,
            broken_runs: runs.broken,
        },
        why,
    })
}
