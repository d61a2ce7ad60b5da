//! Coverage: the trace files of LCOV (geninfo) and the XML of Cobertura, which coverage.py and gcovr write too.

use super::read::{Unreadable, name};
use super::xml::{self, Part};
use super::{Content, Format, Summary, Verdict};
use crate::language::Text;

#[derive(Clone, Copy, Default)]
struct Lines {
    files: u64,
    lines: u64,
    lines_covered: u64,
    branches: u64,
    branches_covered: u64,
}

/// Numbers of the file that is being read.
#[derive(Clone, Copy, Default)]
struct Record {
    open: bool,
    seen: u64,
    seen_covered: u64,
    found: Option<u64>,
    hit: Option<u64>,
    branches: u64,
    branches_covered: u64,
}

pub(super) fn lcov(text: &str) -> Result<Summary, Unreadable> {
    let malformed = |line: usize, why: &str| {
        let line = line.saturating_add(1);
        Unreadable::malformed(Format::Lcov, format!("line {line}: {why}"))
    };
    let mut sum = Lines::default();
    let mut record = Record::default();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line == "end_of_record" {
            if !record.open {
                return Err(malformed(number, "a record ends that did not begin"));
            }
            add(&mut sum, record);
            record = Record::default();
            continue;
        }
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let count = || {
            let count = value.trim().parse::<u64>();
            count.map_err(|_| malformed(number, "a count is no number"))
        };
        match key {
            "SF" => record.open = true,
            "DA" => {
                record.seen = record.seen.saturating_add(1);
                let ran = value.split(',').nth(1).is_some_and(|times| {
                    // Some writers have negative counts, which mean that it did not run.
                    times.trim().parse::<i64>().is_ok_and(|times| times > 0)
                        || times.trim().parse::<u64>().is_ok_and(|times| times > 0)
                });
                record.seen_covered = record.seen_covered.saturating_add(u64::from(ran));
            }
            "LF" => record.found = Some(count()?),
            "LH" => record.hit = Some(count()?),
            "BRF" => record.branches = count()?,
            "BRH" => record.branches_covered = count()?,
            _ => {}
        }
    }
    if record.open {
        return Err(Unreadable::malformed(
            Format::Lcov,
            "the last record has no end",
        ));
    }
    summary(Format::Lcov, sum, None, None)
}

fn add(sum: &mut Lines, record: Record) {
    sum.files = sum.files.saturating_add(1);
    sum.lines = sum
        .lines
        .saturating_add(record.found.unwrap_or(record.seen));
    let hit = record.hit.unwrap_or(record.seen_covered);
    sum.lines_covered = sum.lines_covered.saturating_add(hit);
    sum.branches = sum.branches.saturating_add(record.branches);
    sum.branches_covered = sum.branches_covered.saturating_add(record.branches_covered);
}

pub(super) fn cobertura(text: &str) -> Result<Summary, Unreadable> {
    let mut said = Lines::default();
    let mut seen = Lines::default();
    let mut writer: Option<String> = None;
    let mut says = false;
    xml::each(text, |path, part| {
        let Part::Start(element) = part else {
            return Ok(());
        };
        let names: Vec<&str> = path.iter().rev().take(3).map(String::as_str).collect();
        match names.as_slice() {
            ["coverage"] => {
                writer = element.attribute("version");
                if let (Some(lines), Some(covered)) = (
                    element.number("lines-valid"),
                    element.number("lines-covered"),
                ) {
                    says = true;
                    said.lines = lines;
                    said.lines_covered = covered;
                    said.branches = element.number("branches-valid").unwrap_or(0);
                    said.branches_covered = element.number("branches-covered").unwrap_or(0);
                }
            }
            [other] => return Err(format!("the root element is {other:?}")),
            ["class", ..] => seen.files = seen.files.saturating_add(1),
            // A method lists its lines a second time.
            ["line", "lines", "class"] => {
                seen.lines = seen.lines.saturating_add(1);
                let ran = element.number("hits").is_some_and(|hits| hits > 0);
                seen.lines_covered = seen.lines_covered.saturating_add(u64::from(ran));
            }
            _ => {}
        }
        Ok(())
    })
    .map_err(|why| Unreadable::malformed(Format::Cobertura, why))?;
    let lines = if says {
        Lines {
            files: seen.files,
            ..said
        }
    } else {
        seen
    };
    // gcovr writes its name before its version, others the version alone.
    let writer = writer.as_deref().and_then(name).unwrap_or_default();
    let (tool, version) = match writer.rsplit_once(' ') {
        Some((tool, version)) => (name(tool), name(version)),
        None => (None, name(&writer)),
    };
    summary(Format::Cobertura, lines, tool, version)
}

fn summary(
    format: Format,
    lines: Lines,
    tool: Option<String>,
    version: Option<String>,
) -> Result<Summary, Unreadable> {
    if lines.lines_covered > lines.lines || lines.branches_covered > lines.branches {
        return Err(Unreadable::malformed(format, "more ran than there is"));
    }
    let content = Content::Coverage {
        files: lines.files,
        lines: lines.lines,
        lines_covered: lines.lines_covered,
        branches: lines.branches,
        branches_covered: lines.branches_covered,
    };
    let percent = content.line_percent().unwrap_or(0);
    let (covered, all) = (lines.lines_covered, lines.lines);
    let verdict = match covered {
        0 => Verdict::Inconclusive,
        _ => Verdict::Passed,
    };
    Ok(Summary {
        format,
        tool,
        version,
        verdict,
        content,
        why: Text::new(
            format!("{covered} of {all} lines ran ({percent} %)"),
            format!("{all} 行のうち {covered} 行を実行（{percent} %）"),
        ),
    })
}
