//! An analysis and what was observed, as pages, documents and files for people and programs.
//!
//! Values go in, bytes come out: nothing here opens a socket or a clock, only PDF reads files (a font
//! of the machine), and the same analysis gives the same bytes. Every form is made from the same data, in Japanese and English,
//! and every text of the reports themselves stands in `locale/` in both. The crate refuses to know
//! how a threat is found or a countermeasure chosen, and where a report goes.
//!
//! ```
//! use sekimori_analysis::{analyze, language::Language, model};
//! use sekimori_report::{Format, Report, render};
//!
//! let text = include_str!("../../../examples/cold-store/model.toml");
//! let model = model::parse("model.toml", text).expect("the example has no problem");
//! let analysis = analyze(&model, jiff::civil::date(2026, 11, 20));
//! let page = render(&Report::of(&analysis), Format::Html, Language::Japanese)?;
//! assert_eq!(page.media_type, "text/html; charset=utf-8");
//! # Ok::<(), Box<sekimori_report::RenderError>>(())
//! ```

mod checklist;
mod csv;
mod cyclonedx;
mod diagram;
mod due;
mod facts;
mod format;
mod html;
mod json;
mod labels;
mod management;
mod markdown;
mod oscal;
mod papers;
#[cfg(feature = "pdf")]
mod pdf;
mod place;
mod sarif;
mod stake;
mod tables;
mod text;
mod tm_bom;
mod uuid;
mod words;
mod xlsx;

pub use format::{Format, RenderError, Rendered};

use sekimori_analysis::Analysis;
use std::borrow::Cow;

use sekimori_analysis::checklist::ControlFinding;
use sekimori_analysis::choose::Comparison;
use sekimori_analysis::evidence::{self, Assessment, Finding, ItemFinding};
use sekimori_analysis::language::Language;
use sekimori_analysis::model::Places;

/// What a report is about.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What the model says.
    pub analysis: &'a Analysis,
    /// What was observed of it; [`None`] for a report on a model alone.
    pub findings: Option<&'a [Finding]>,
    /// What was observed, attached and stated, with items and controls; [`None`] for less.
    pub assessment: Option<&'a Assessment>,
    /// The choice beside the one with a reader's wishes; [`None`] when nobody wished for another.
    pub comparison: Option<&'a Comparison>,
    /// Where the model's elements stand in its files; [`None`] when nobody knows.
    pub places: Option<&'a Places>,
}

impl<'a> Report<'a> {
    /// A report on a model alone: nothing was asked of a running system.
    #[must_use]
    pub const fn of(analysis: &'a Analysis) -> Self {
        Report {
            analysis,
            findings: None,
            assessment: None,
            comparison: None,
            places: None,
        }
    }

    /// A report on a model and on what was observed of it.
    #[must_use]
    pub const fn with_findings(analysis: &'a Analysis, findings: &'a [Finding]) -> Self {
        Report {
            analysis,
            findings: Some(findings),
            assessment: None,
            comparison: None,
            places: None,
        }
    }

    /// A report on a model and on everything that is known of the system.
    #[must_use]
    pub fn with_assessment(analysis: &'a Analysis, assessment: &'a Assessment) -> Self {
        Report {
            analysis,
            findings: Some(&assessment.findings),
            assessment: Some(assessment),
            comparison: None,
            places: None,
        }
    }

    /// The same report with two choices side by side. [`Format::shows_comparison`] says which forms have them.
    #[must_use]
    pub const fn comparing(self, comparison: &'a Comparison) -> Self {
        Report {
            comparison: Some(comparison),
            ..self
        }
    }

    /// The same report, pointing to the files of the model.
    #[must_use]
    pub const fn with_places(self, places: &'a Places) -> Self {
        Report {
            places: Some(places),
            ..self
        }
    }

    /// How it stands with the items of the requirement sets.
    pub(crate) fn items(&self) -> Cow<'a, [ItemFinding]> {
        match self.assessment {
            Some(assessment) => Cow::Borrowed(&assessment.items),
            None => Cow::Owned(evidence::items(self.analysis, self.found())),
        }
    }

    /// How it stands with the controls of the checklist: for a model alone, by what it says itself.
    pub(crate) fn controls(&self) -> Cow<'a, [ControlFinding]> {
        match self.assessment {
            Some(assessment) => Cow::Borrowed(&assessment.controls),
            None => Cow::Owned(evidence::controls(self.analysis)),
        }
    }

    /// What was observed, or nothing.
    pub(crate) fn found(&self) -> &'a [Finding] {
        self.findings.unwrap_or_default()
    }
}

/// Renders a report.
///
/// # Errors
///
/// [`RenderError`] when this form needs something that this machine does not have. The forms of
/// text never fail.
pub fn render(
    report: &Report<'_>,
    format: Format,
    language: Language,
) -> Result<Rendered, Box<RenderError>> {
    let bytes = match format {
        Format::Text => text::render(report, language).into_bytes(),
        Format::Html => html::render(report, language).into_bytes(),
        Format::Management => management::render(report, language).into_bytes(),
        #[cfg(feature = "pdf")]
        Format::Pdf => pdf::render(report, language)?,
        Format::Json => json::render(report, language).into_bytes(),
        Format::Csv => csv::render(report, language).into_bytes(),
        Format::Markdown => markdown::render(report, language).into_bytes(),
        Format::Xlsx => xlsx::render(report, language)?,
        Format::Sarif => sarif::render(report, language).into_bytes(),
        Format::TmBom => tm_bom::render(report, language).into_bytes(),
        Format::CycloneDx => cyclonedx::render(report, language).into_bytes(),
        Format::Oscal => oscal::render(report, language).into_bytes(),
    };
    Ok(Rendered {
        media_type: format.media_type(),
        file_extension: format.file_extension(),
        bytes,
    })
}
