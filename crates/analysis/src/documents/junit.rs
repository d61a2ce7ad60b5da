//! Results of tests, in the XML that JUnit's first runners wrote and everybody copied. There is no standard;
//! what is read is what pytest, cargo-nextest, Maven Surefire and Jest have in common.

use super::read::{Unreadable, name};
use super::xml::{self, Part};
use super::{Content, Format, Summary, Verdict};
use crate::language::Text;

/// What is known of the test case that is being read.
#[derive(Clone, Copy, Default)]
struct Case {
    failed: bool,
    broke: bool,
    skipped: bool,
}

#[derive(Default)]
struct Counts {
    total: u64,
    failed: u64,
    errors: u64,
    skipped: u64,
    /// What suites say of themselves, which may include what no case shows.
    claimed: Option<(u64, u64)>,
    claimed_by_suites: (u64, u64),
    tool: Option<String>,
    case: Case,
}

pub(super) fn read(text: &str) -> Result<Summary, Unreadable> {
    let mut counts = Counts::default();
    xml::each(text, |path, part| visit(&mut counts, path, part))
        .map_err(|why| Unreadable::malformed(Format::Junit, why))?;
    let (failed, errors) = counts.claimed.unwrap_or(counts.claimed_by_suites);
    let failed = counts.failed.max(failed);
    let errors = counts.errors.max(errors);
    let bad = failed.saturating_add(errors);
    let total = counts.total;
    let skipped = counts.skipped;
    let passed = total.saturating_sub(bad).saturating_sub(skipped);
    let (verdict, why) = if bad > 0 {
        (
            Verdict::Failed,
            Text::new(
                format!("{bad} of {total} tests failed"),
                format!("試験 {total} 件のうち {bad} 件が不合格"),
            ),
        )
    } else if passed == 0 {
        (
            Verdict::Inconclusive,
            Text::new(
                format!("no test ran to its end ({skipped} skipped)"),
                format!("最後まで実行された試験がない（{skipped} 件は省略）"),
            ),
        )
    } else {
        (
            Verdict::Passed,
            Text::new(
                format!("{passed} tests passed, {skipped} skipped"),
                format!("試験 {passed} 件が合格、{skipped} 件は省略"),
            ),
        )
    };
    Ok(Summary {
        format: Format::Junit,
        tool: counts.tool,
        version: None,
        verdict,
        content: Content::Tests {
            total,
            passed,
            failed,
            errors,
            skipped,
        },
        why,
    })
}

fn visit(counts: &mut Counts, path: &[String], part: Part<'_>) -> Result<(), String> {
    let (last, parents) = match path.split_last() {
        Some((last, parents)) => (last.as_str(), parents),
        None => return Ok(()),
    };
    let parent = parents.last().map(String::as_str);
    match part {
        Part::Start(element) => {
            match (last, parent) {
                ("testsuites" | "testsuite", None) => {
                    counts.tool = element.attribute("name").as_deref().and_then(name);
                    let said = (element.number("failures"), element.number("errors"));
                    if let (Some(failures), errors) = said {
                        counts.claimed = Some((failures, errors.unwrap_or(0)));
                    }
                }
                ("testsuite", Some("testsuites")) => {
                    if counts.tool.is_none() {
                        counts.tool = element.attribute("name").as_deref().and_then(name);
                    }
                    let (failed, errors) = &mut counts.claimed_by_suites;
                    *failed = failed.saturating_add(element.number("failures").unwrap_or(0));
                    *errors = errors.saturating_add(element.number("errors").unwrap_or(0));
                }
                (_, None) => return Err(format!("the root element is {last:?}")),
                ("testcase", _) => {
                    counts.total = counts.total.saturating_add(1);
                    counts.case = Case::default();
                }
                // A run that failed and was repeated with success is no failure.
                ("failure", Some("testcase")) => counts.case.failed = true,
                ("error", Some("testcase")) => counts.case.broke = true,
                ("skipped", Some("testcase")) => counts.case.skipped = true,
                // A suite that could not be set up.
                ("error", Some("testsuite")) => counts.errors = counts.errors.saturating_add(1),
                _ => {}
            }
        }
        Part::End if last == "testcase" => {
            let case = counts.case;
            let count = match case {
                Case { failed: true, .. } => &mut counts.failed,
                Case { broke: true, .. } => &mut counts.errors,
                Case { skipped: true, .. } => &mut counts.skipped,
                _ => return Ok(()),
            };
            *count = count.saturating_add(1);
        }
        Part::End | Part::Text(_) => {}
    }
    Ok(())
}
